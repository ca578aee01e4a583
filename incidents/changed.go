package incidents

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
)

const (
	mostChanges   = 12  // shown in the channel
	mostEntered   = 50  // on the timeline
	mostLookedAt  = 500 // events
	mostChangeRow = 250 // characters
)

// changed looks through what is on record for what may be the cause, and posts it once.
func (d *Desk) changed() effect {
	return inChannel(effect{
		name: "changed",
		want: func(Incident) string {
			if d.o.Rules.LookBack <= 0 {
				return ""
			}
			return "posted"
		},
		do: func(ctx context.Context, w *work) error {
			from := earliest(w.Record.At, w.Record.Milestones[Began].At).Add(-d.o.Rules.LookBack)
			changes, err := d.changes(ctx, w.Record, from)
			if err != nil {
				return err
			}
			for _, e := range changes[:min(len(changes), mostEntered)] {
				if err := d.Enter(ctx, Entry{ID: fmt.Sprintf("event/%d", e.Seq), Incident: w.Record.Number, At: e.At, Source: FromRecord, By: e.Who, Text: e.Text}); err != nil {
					return err
				}
			}
			m := whatChanged(changes, w.Record, w.Record.At.Sub(from))
			m.Key = w.Record.Key("changed")
			_, err = d.o.Slack.Post(ctx, w.Record.Place.Channel, m)
			return err
		},
	})
}

// changes are the events between then and the declaration that may be a cause: what touches the affected services first,
// then the newest first. Of each run and each other incident only the newest counts.
func (d *Desk) changes(ctx context.Context, i Incident, from time.Time) ([]events.Event, error) {
	found, err := d.o.Events.Query(ctx, events.Filter{Since: from, Until: i.At, Limit: mostLookedAt})
	if err != nil {
		return nil, err
	}
	var all []events.Event
	seen := map[string]bool{}
	for _, e := range found {
		subject := cmp.Or(e.Run, incidentOf(e))
		if subject == "" {
			subject = fmt.Sprint(e.Seq)
		}
		if seen[subject] || !IsChange(e) {
			continue
		}
		if tellable, err := d.tellable(ctx, i, e); err != nil {
			return nil, err
		} else if tellable {
			seen[subject] = true
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b events.Event) int {
		return cmp.Compare(touches(b, i), touches(a, i))
	})
	return all, nil
}

// IsChange says that an event may be the cause of trouble: it leaves out what only asks, plans or answers.
func IsChange(e events.Event) bool {
	switch e.What {
	case "run.started", "run.succeeded", "run.failed", "run.cancelled", "run.interrupted":
		// A check that went well has changed nothing and points to nothing.
		return e.Detail[events.Command] != "check" || e.Outcome == events.Failure
	case "incident.declared", "incident.status", "command", "terminal":
		return strings.HasPrefix(e.What, "incident.")
	}
	for _, other := range []string{"run.", "incident.", "approval.", "checklist."} {
		if strings.HasPrefix(e.What, other) {
			return false
		}
	}
	return true
}

// incidentOf is the target "incident/12" of an event; "" if it is about none.
func incidentOf(e events.Event) string {
	for _, target := range e.On {
		if strings.HasPrefix(target, "incident/") {
			return target
		}
	}
	return ""
}

// tellable says that an event may be told in the incident's channel: nothing about itself, private incidents, or drills.
func (d *Desk) tellable(ctx context.Context, i Incident, e events.Event) (bool, error) {
	about, ok := strings.CutPrefix(incidentOf(e), "incident/")
	if !ok {
		return true, nil
	}
	number, ok := Parse(about)
	if !ok || number == i.Number {
		return false, nil
	}
	other, err := d.Get(ctx, number)
	if _, gone := errors.AsType[*chat.Problem](err); gone {
		return false, nil
	}
	return err == nil && !other.Private && !other.Drill, err
}

// touches is 1 if the event is about one of the affected services or a database of that name.
func touches(e events.Event, i Incident) int {
	for _, target := range e.On {
		for part := range strings.SplitSeq(target, "/") {
			if slices.Contains(i.Services, part) {
				return 1
			}
		}
	}
	return 0
}

// whatChanged draws the changes.
func whatChanged(changes []events.Event, i Incident, span time.Duration) chat.Message {
	title := fmt.Sprintf("What changed in the %s before", chat.Span(span))
	if len(changes) == 0 {
		return paragraph("*"+title+":* nothing that is on my record: no run, no restore, no failed check, no other incident.", "")
	}
	var lines []string
	for n, e := range changes {
		if n == mostChanges {
			break
		}
		mark := "• "
		if touches(e, i) > 0 {
			mark = "👉 "
		}
		lines = append(lines, mark+chat.Time(e.At)+" · "+cutMrkdwn(e.Text, mostChangeRow))
	}
	parts := []chat.Part{chat.Text("*" + title + "*"), chat.Text(strings.Join(lines, "\n"))}
	note := "All of it: `/audit`"
	if touches(changes[0], i) > 0 { // those that do come first
		note = "👉 touches an affected service. " + note
	}
	if more := len(changes) - len(lines); more > 0 {
		note = fmt.Sprintf("And %d more. %s", more, note)
	}
	return chat.Message{Summary: title + ": " + chat.Plural(int64(len(changes)), "thing"), Parts: append(parts, chat.Note(note))}
}
