package incidents

import (
	"context"
	"slices"
	"sync"

	"github.com/kampyn/opsbot/chat"
)

// MayRead says whether a person may read an incident: everybody, unless it is private.
func (d *Desk) MayRead(ctx context.Context, i Incident, who chat.User) (bool, error) {
	if !i.Private || i.Involves(who.ID) {
		return true, nil
	}
	if i.Place.Channel == "" || d.o.Slack == nil {
		return false, nil
	}
	members, err := d.o.Slack.Members(ctx, i.Place.Channel)
	return slices.Contains(members, who.ID), err
}

// Reader answers whether a person may read an incident, as MayRead does, with one call to Slack for all of them, made
// when the first is in question. When Slack does not tell, that is reported and the person may not.
func (d *Desk) Reader(ctx context.Context, who chat.User) func(Incident) bool {
	channels := sync.OnceValue(func() []string {
		if d.o.Slack == nil {
			return nil
		}
		found, err := d.o.Slack.PrivateChannelsOf(ctx, who.ID)
		d.o.Slack.Try(ctx, "see who is in the channels of private incidents", err)
		return found
	})
	return func(i Incident) bool {
		return !i.Private || i.Involves(who.ID) || i.Place.Channel != "" && slices.Contains(channels(), i.Place.Channel)
	}
}

// Involves says whether a person declared it or has a role in it.
func (i Incident) Involves(user string) bool {
	for _, holder := range i.Roles {
		if holder.ID == user {
			return true
		}
	}
	return i.By.ID == user
}
