package checklists

import (
	"context"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// Actions passes when no action item of an incident is overdue. Of what private incidents left no more is said
// than how many.
type Actions struct {
	// Open lists the incidents that have actions to be done, as (*incidents.Desk).WithOpenActions does.
	Open func(context.Context) ([]incidents.Incident, error)
	Now  func() time.Time
}

// Look implements Probe.
func (p Actions) Look(ctx context.Context) Evidence {
	all, err := p.Open(ctx)
	if err != nil {
		return Evidence{Outcome: Unknown, Say: "The action items could not be listed: " + chat.Escape(err.Error())}
	}
	now, open, private := p.Now(), int64(0), 0
	var overdue []string
	for _, i := range all {
		for _, a := range i.Actions {
			if !a.Open() {
				continue
			}
			open++
			switch {
			case a.Due.IsZero() || !a.Due.Before(now):
			case i.Private:
				private++
			default:
				line := fmt.Sprintf("%s: %s, since %s", i.Name(), chat.Clip(a.Text, 40), chat.Span(now.Sub(a.Due)))
				if a.Who.Mention() != "" {
					line += ", " + a.Who.Mention()
				}
				overdue = append(overdue, line)
			}
		}
	}
	if private > 0 {
		overdue = append(overdue, chat.Plural(int64(private), "one")+" of private incidents")
	}
	if len(overdue) > 0 {
		return Evidence{Outcome: Failed, Say: "overdue: " + some(overdue)}
	}
	return Evidence{Outcome: Passed, Say: "no action item is overdue, " + chat.Plural(open, "one") + " to be done"}
}
