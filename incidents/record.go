package incidents

import (
	"context"
	"fmt"
	"strconv"

	"github.com/kampyn/opsbot/events"
)

// record writes the moments of an incident into the log of events and onto its timeline, each once.
func (d *Desk) record() effect {
	return effect{
		name: "record",
		want: func(i Incident) string {
			if n := len(i.History); n > 0 && i.History[n-1].N > i.Logged {
				return strconv.Itoa(i.History[n-1].N)
			}
			return ""
		},
		do: func(ctx context.Context, w *work) error {
			for _, m := range w.Record.History {
				if m.N <= w.Record.Logged {
					continue
				}
				if err := d.recordMoment(ctx, w.Record, m); err != nil {
					return err
				}
			}
			last := w.Record.History[len(w.Record.History)-1].N
			return w.Note(ctx, func(i *Incident) {
				i.Logged = max(i.Logged, last)
				i.timelineChanged(d.o.Now())
			})
		},
	}
}

func (d *Desk) recordMoment(ctx context.Context, i Incident, m Moment) error {
	on := []string{fmt.Sprintf("incident/%d", i.Number)}
	for _, s := range i.Services {
		on = append(on, "service/"+s)
	}
	text := m.Text
	if i.Private {
		text = fmt.Sprintf("%s: something was decided by %s (%s); the incident is private.", i.Called(), m.By.Mention(), m.What)
	}
	if _, err := d.o.Events.Append(ctx, events.Event{
		Key: fmt.Sprintf("incident/%d/%d", i.Number, m.N), At: m.At, Who: m.By, What: "incident." + m.What, On: on, Text: text,
		Outcome: events.OK, Detail: map[string]string{events.Command: "incident"},
	}); err != nil {
		return err
	}
	return d.Enter(ctx, Entry{ID: fmt.Sprintf("moment/%d", m.N), Incident: i.Number, At: m.At, Source: FromDecision, By: m.By, Text: m.Text})
}
