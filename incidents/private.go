package incidents

import (
	"context"
	"slices"

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

// Involves says whether a person declared it or has a role in it.
func (i Incident) Involves(user string) bool {
	for _, holder := range i.Roles {
		if holder.ID == user {
			return true
		}
	}
	return i.By.ID == user
}
