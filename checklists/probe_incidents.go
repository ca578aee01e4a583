package checklists

import (
	"context"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// Incidents passes when no incident is open. Drills do not count; of private ones no more is said than their number.
type Incidents struct {
	// Open lists the open ones, as (*incidents.Desk).Open does.
	Open func(context.Context) ([]incidents.Incident, error)
}

// Look implements Probe.
func (p Incidents) Look(ctx context.Context) Evidence {
	all, err := p.Open(ctx)
	if err != nil {
		return Evidence{Outcome: Unknown, Say: "The incidents could not be listed: " + chat.Escape(chat.Redact(err.Error()))}
	}
	const most = 3
	var names []string
	n := 0
	for _, i := range all {
		if i.Drill || i.Status.Over() {
			continue
		}
		if n++; n > most {
			continue
		}
		name := i.Name()
		if !i.Private {
			name += " " + chat.Clip(i.Title, 40)
		}
		names = append(names, name)
	}
	switch {
	case n == 0:
		return Evidence{Outcome: Passed, Say: "no incident is open"}
	case n > most:
		names = append(names, fmt.Sprintf("%d more", n-most))
	}
	return Evidence{Outcome: Failed, Say: chat.Plural(int64(n), "incident") + " open: " + strings.Join(names, ", ")}
}
