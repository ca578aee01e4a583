package incidents

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/kampyn/opsbot/chat"
)

// spoken are the decisions that people need to see; all others are seen on the card only.
var spoken = []string{"status", "severity", "role", "update", "action", "post-mortem"}

// said says in the incident's channel what was decided, each decision once.
func (d *Desk) said() effect {
	return effect{
		name: "said",
		want: func(i Incident) string {
			if !i.inUse() {
				return ""
			}
			return newestOf(i, spoken...)
		},
		do: func(ctx context.Context, w *work) error {
			for _, m := range w.unsaid("said", spoken...) {
				if _, err := d.o.Slack.Post(ctx, w.Record.Place.Channel, momentMessage(w.Record, m)); err != nil {
					return err
				}
			}
			return nil
		},
		optional: "say in an incident's channel what was decided",
	}
}

// followed says updates and changes of the status to those who follow the announcement or what other channels were told,
// in its thread: that notifies them and nobody else. What a private incident is about stays in its channel.
func (d *Desk) followed() effect {
	return effect{
		name: "followed",
		want: func(i Incident) string {
			if i.Private || len(i.announced()) == 0 {
				return ""
			}
			return newestOf(i, "status", "update")
		},
		do: func(ctx context.Context, w *work) error {
			var failed error
			for _, m := range w.unsaid("followed", "status", "update") {
				for _, at := range w.Record.announced() {
					message := momentMessage(w.Record, m)
					message.Thread = at.TS
					_, err := d.o.Slack.Post(ctx, at.Channel, message)
					failed = errors.Join(failed, err)
				}
			}
			return failed
		},
		optional: "say in the threads of an incident's announcements what is new",
	}
}

// announced are the messages about the incident outside its channel.
func (i Incident) announced() []chat.Ref {
	var all []chat.Ref
	if !i.Place.Announcement.IsZero() {
		all = append(all, i.Place.Announcement)
	}
	for _, at := range i.Place.Told {
		if !at.IsZero() && !slices.Contains(all, at) {
			all = append(all, at)
		}
	}
	return all
}

// inUse says that the incident has a channel that one can write into.
func (i Incident) inUse() bool { return i.Place.Channel != "" && i.Place.Archived.IsZero() }

// newestOf answers the number of the newest moment of these kinds, or "".
func newestOf(i Incident, kinds ...string) string {
	for _, m := range slices.Backward(i.History) {
		if slices.Contains(kinds, m.What) {
			return strconv.Itoa(m.N)
		}
	}
	return ""
}

// unsaid are the moments of these kinds that the effect has not told of.
func (w *work) unsaid(name string, kinds ...string) []Moment {
	last := w.Record.told(name)
	var all []Moment
	for _, m := range w.Record.History {
		if m.N > last && slices.Contains(kinds, m.What) {
			all = append(all, m)
		}
	}
	return all
}

// told is the number of the last moment that the effect has told of.
func (i Incident) told(name string) int {
	n, err := strconv.Atoi(i.Effects[name])
	if err != nil {
		return 0
	}
	return n
}

// saidUpTo is the number of the newest moment up to which all were said that are to be.
func (i Incident) saidUpTo() int {
	for _, m := range i.History {
		if m.N > i.told("said") && slices.Contains(spoken, m.What) {
			return m.N - 1
		}
	}
	return math.MaxInt
}

// momentMessage says one decision in a line; an update stands out, with when the next one is due.
func momentMessage(i Incident, m Moment) chat.Message {
	line := map[string]string{"status": "🚦", "severity": "⚠️", "role": "👤", "update": "📣", "action": "📌", "post-mortem": "📝"}[m.What] + " " + m.Text
	message := chat.Message{Summary: i.Name() + ": " + m.Text, Parts: []chat.Part{chat.Text(line)}, Key: i.Key("moment/" + strconv.Itoa(m.N))}
	if m.What == "update" && m.At.Equal(i.Update.At) && !i.Update.Due.IsZero() {
		message.Parts = append(message.Parts, chat.Note("The next update is due "+chat.Time(i.Update.Due)+"."))
	}
	return message
}
