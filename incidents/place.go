package incidents

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/converge"

	"github.com/kampyn/opsbot/bot"
)

// channel makes the incident's channel, and never takes one over that was there before: what was meant is stored before
// Slack is asked, so that after a crash the channel of this very attempt is known by its name, maker and time.
func (d *Desk) channel() effect {
	return effect{
		name: "channel",
		want: func(Incident) string { return "made" },
		do: func(ctx context.Context, w *work) error {
			if w.Record.Place.Channel != "" {
				return nil
			}
			since := w.Record.Place.Meant // of an earlier attempt
			if since.IsZero() {
				name, now := d.channelName(w.Record), d.o.Now()
				if err := w.Note(ctx, func(i *Incident) { i.Place.Name, i.Place.Meant = name, now }); err != nil {
					return err
				}
			}
			made, err := d.o.Slack.CreateChannel(ctx, bot.NewChannel{Name: w.Record.Place.Name, Private: w.Record.Private, Since: since,
				Known: func(id string) bool { return d.isKnown(ctx, id) }})
			if err != nil {
				return d.noChannel(ctx, w, err)
			}
			return w.Change(ctx, func(i *Incident) { i.Place.Channel, i.Place.Name = made.ID, made.Name })
		},
	}
}

// channelName is inc-12-20261125-payments-failing.
func (d *Desk) channelName(i Incident) string {
	prefix := d.o.Rules.Prefix
	if i.Drill {
		prefix = d.o.Rules.DrillPrefix
	}
	zone := d.o.Rules.Location
	if zone == nil {
		zone = time.UTC
	}
	return bot.ChannelName(prefix, strconv.Itoa(i.Number), i.At.In(zone).Format("20060102"), unmarked(i.Title))
}

// isKnown says that a channel belongs to an incident already. If that cannot be read it counts as one that does, so
// that another is made.
func (d *Desk) isKnown(ctx context.Context, channel string) bool {
	_, known, err := d.In(ctx, channel)
	return known || err != nil
}

// noChannel tells who declared it, once, that there is no channel yet.
func (d *Desk) noChannel(ctx context.Context, w *work, err error) error {
	if ctx.Err() != nil {
		return err
	}
	say := w.Record.Called() + " is noted, but its channel could not be made: " + bot.Reason(err) + " That is tried again by itself."
	return errors.Join(err, d.tellDeclarer(ctx, w.Record, "no-channel", say))
}

// welcome tells who declared it where it is run.
func (d *Desk) welcome() effect {
	return effect{
		name: "welcome",
		want: func(i Incident) string { return i.Place.Channel },
		do: func(ctx context.Context, w *work) error {
			return d.tellDeclarer(ctx, w.Record, "welcome", w.Record.Called()+" is run in <#"+w.Record.Place.Channel+">: "+clip(w.Record.Title, mostTitle))
		},
		optional: "tell who declared an incident where it is run",
	}
}

// tellDeclarer says something once to who declared it, who may not be in Slack.
func (d *Desk) tellDeclarer(ctx context.Context, i Incident, thing, text string) error {
	if !inSlack(i.By) {
		return nil
	}
	_, err := d.o.Slack.Direct(ctx, i.By.ID, paragraph(text, i.Key(thing)))
	return err
}

// purpose says what the channel is for.
func (d *Desk) purpose() effect {
	return inChannel(effect{
		name: "purpose",
		want: purposeOf,
		do: func(ctx context.Context, w *work) error {
			return d.o.Slack.SetPurpose(ctx, w.Record.Place.Channel, purposeOf(w.Record))
		},
		optional: "set the purpose of an incident's channel",
	})
}

func purposeOf(i Incident) string {
	text := i.Called() + ": " + clip(i.Title, mostTitle)
	if i.Drill {
		text += " — an exercise, nothing is broken"
	}
	return text
}

// topic says how it stands, and leads to what is filed, or else to the card.
func (d *Desk) topic() effect {
	return inChannel(effect{
		name: "topic",
		want: topicOf,
		do: func(ctx context.Context, w *work) error {
			return d.o.Slack.SetTopic(ctx, w.Record.Place.Channel, topicOf(w.Record))
		},
		optional: "set the topic of an incident's channel",
	})
}

func topicOf(i Incident) string {
	words := []string{strings.ToUpper(i.Severity), string(i.Status), "no commander"}
	if c, ok := i.Roles[Commander]; ok {
		words[2] = "commander: " + c.Mention()
	}
	if i.Drill {
		words = append([]string{"DRILL"}, words...)
	}
	link := i.PostMortem.URL
	if link == "" {
		link = i.Place.CardLink
	}
	if link != "" {
		words = append(words, link)
	}
	return strings.Join(words, " | ")
}

// bookmarks put the card, the announcement and the post-mortem at the top of the channel.
func (d *Desk) bookmarks() effect {
	return inChannel(effect{
		name: "bookmarks",
		want: func(i Incident) string { return converge.Digest(bookmarksOf(i)) },
		do: func(ctx context.Context, w *work) error {
			for _, b := range bookmarksOf(w.Record) {
				if _, err := d.o.Slack.AddBookmark(ctx, w.Record.Place.Channel, b); err != nil {
					return err
				}
			}
			return nil
		},
		optional: "put bookmarks into an incident's channel",
	})
}

func bookmarksOf(i Incident) []bot.Bookmark {
	var all []bot.Bookmark
	for _, b := range []bot.Bookmark{
		{Title: "Card", Link: i.Place.CardLink, Emoji: ":pushpin:"},
		{Title: "Announcement", Link: i.Place.AnnouncementLink, Emoji: ":loudspeaker:"},
		{Title: "Post-mortem", Link: i.PostMortem.URL, Emoji: ":memo:"},
	} {
		if b.Link != "" {
			all = append(all, b)
		}
	}
	return all
}
