package incidents

import (
	"context"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
)

// card has the card stand in the channel as the incident is.
func (d *Desk) card() effect {
	return inChannel(effect{
		name: "card",
		want: func(i Incident) string { return converge.Digest(d.Card(i)) },
		do: func(ctx context.Context, w *work) error {
			return w.Show(ctx, "card", w.Record.Place.Channel, w.Record.Place.Card, d.Card(w.Record), func(i *Incident, at chat.Ref) {
				i.Place.Card, i.Place.CardLink = at, ""
			})
		},
	})
}

// pin pins the card, anew when there is another.
func (d *Desk) pin() effect {
	return inChannel(effect{
		name:     "pin",
		want:     func(i Incident) string { return i.Place.Card.TS },
		do:       func(ctx context.Context, w *work) error { return d.o.Slack.Pin(ctx, w.Record.Place.Card) },
		optional: "pin an incident's card",
	})
}

// links learns where people find the card and the announcement, for those that lead there.
func (d *Desk) links() effect {
	return effect{
		name: "links",
		want: func(i Incident) string {
			if i.Place.Card.IsZero() && i.Place.Announcement.IsZero() {
				return ""
			}
			return i.Place.Card.TS + " " + i.Place.Announcement.TS + " " + i.From.TS
		},
		do: func(ctx context.Context, w *work) error {
			card, err := d.link(ctx, w.Record.Place.Card, w.Record.Place.CardLink)
			if err != nil {
				return err
			}
			announcement, err := d.link(ctx, w.Record.Place.Announcement, w.Record.Place.AnnouncementLink)
			if err != nil {
				return err
			}
			from := w.Record.Place.FromLink
			if w.Record.From.TS != "" {
				from, err = d.link(ctx, w.Record.From, from)
				d.o.Slack.Try(ctx, "read the address of the message that an incident was declared for", err)
			}
			return w.Change(ctx, func(i *Incident) {
				i.Place.CardLink, i.Place.AnnouncementLink, i.Place.FromLink = card, announcement, from
			})
		},
		optional: "read the addresses of an incident's messages",
	}
}

func (d *Desk) link(ctx context.Context, at chat.Ref, known string) (string, error) {
	if at.IsZero() || known != "" {
		return known, nil
	}
	return d.o.Slack.Link(ctx, at)
}
