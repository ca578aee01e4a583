package incidents

import (
	"context"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// archives are what becomes of the channel after the incident is closed.
func (d *Desk) archives() []effect {
	return []effect{d.archiveNotice(), d.archive(), d.unarchive()}
}

// archiveAt is when the channel is archived; zero for never.
func (r Rules) archiveAt(i Incident) time.Time {
	if i.Status != Closed || r.ArchiveAfter <= 0 || i.Place.Channel == "" || !i.Place.Archived.IsZero() {
		return time.Time{}
	}
	return i.Closing.Add(r.ArchiveAfter)
}

// archiveNext is when time alone gives something to do: the channel is to be archived, or is looked at to see whether
// somebody has opened it again.
func (d *Desk) archiveNext(i Incident) time.Time {
	if i.wantsUnarchiving() {
		return d.o.Now().Add(lookEvery)
	}
	at := d.o.Rules.archiveAt(i)
	switch {
	case at.IsZero() || at.After(d.o.Now()):
		return at
	case i.Effects["archive"] == stamp(i.Closing): // Slack has refused it for good
		return time.Time{}
	}
	return d.o.Now().Add(lookEvery) // the post-mortem is still to be filed
}

// lookEvery is how often it is tried again.
const lookEvery = 5 * time.Minute

// archiveNotice says beforehand what becomes of the channel.
func (d *Desk) archiveNotice() effect {
	return d.tells("archive notice", func(i Incident) (key, text string) {
		at := d.o.Rules.archiveAt(i)
		if at.IsZero() {
			return "", ""
		}
		text = fmt.Sprintf("🗄️ This channel will be archived %s; nothing in it is lost.", chat.Time(at))
		if n := len(i.OpenActions()); n > 0 {
			text += " " + chat.Plural(int64(n), "open action") + " will be followed up nevertheless."
		}
		return stamp(i.Closing), text
	})
}

// archive closes the channel once all that is to be said in it was said.
func (d *Desk) archive() effect {
	return effect{
		name: "archive",
		want: func(i Incident) string {
			at := d.o.Rules.archiveAt(i)
			if at.IsZero() || at.After(d.o.Now()) || i.PostMortem.Wanted && !i.PostMortem.Exists() {
				return ""
			}
			return stamp(i.Closing)
		},
		do: func(ctx context.Context, w *work) error {
			at := w.Record.Place.Channel
			text := fmt.Sprintf("🗄️ This channel is archived now. Should the trouble come back: `/incident reopen %s` with a reason, or declare a new one.", w.Record.Name())
			_, err := d.o.Slack.Post(ctx, at, paragraph(text, w.Record.Key("archive/"+stamp(w.Record.Closing))))
			if err == nil {
				err = d.o.Slack.Archive(ctx, at)
			}
			if code := bot.Code(err); err != nil && code != "is_archived" && code != "already_archived" && code != "channel_not_found" {
				return err
			}
			return w.Change(ctx, func(i *Incident) { i.Place.Archived = d.o.Now() })
		},
		optional: "archive an incident's channel",
	}
}

// wantsUnarchiving says that the channel is needed again.
func (i Incident) wantsUnarchiving() bool { return !i.Place.Archived.IsZero() && i.Status != Closed }

// unarchive tells people to open the channel of an incident that was opened again: bots cannot.
// https://docs.slack.dev/reference/methods/conversations.unarchive
func (d *Desk) unarchive() effect {
	return effect{
		name: "unarchive",
		want: func(i Incident) string {
			if !i.wantsUnarchiving() {
				return ""
			}
			return stamp(d.o.Now()) // each time anew, until it is open
		},
		do: func(ctx context.Context, w *work) error {
			channel, err := d.o.Slack.ChannelInfo(ctx, w.Record.Place.Channel)
			if err != nil {
				return err
			}
			if !channel.Archived {
				return w.Change(ctx, func(i *Incident) { i.Place.Archived = time.Time{} })
			}
			text := fmt.Sprintf("%s was opened again, but its channel <#%s> is archived, and Slack does not let bots unarchive. Open the channel in Slack, press *Unarchive* at its bottom, and invite opsbot if it has left; it goes on there by itself.",
				w.Record.Called(), w.Record.Place.Channel)
			key := w.Record.Key("unarchive/" + stamp(w.Record.Since))
			if who := w.Record.reopenedBy(); inSlack(who) {
				_, err = d.o.Slack.Direct(ctx, who.ID, paragraph(text, key))
			}
			if at := w.Record.Place.Announcement; err == nil && !at.IsZero() {
				m := paragraph(text, key)
				m.Thread = at.TS
				_, err = d.o.Slack.Post(ctx, at.Channel, m)
			}
			return err
		},
		optional: "say that an incident's channel is to be unarchived",
	}
}

// reopenedBy is who set the status last.
func (i Incident) reopenedBy() chat.User {
	for n := len(i.History) - 1; n >= 0; n-- {
		if i.History[n].What == "status" {
			return i.History[n].By
		}
	}
	return chat.User{}
}
