package checklists

import (
	"context"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Date passes while a day that is kept by a name is young. Until somebody has said one it is unknown.
type Date struct {
	Kept        *Kept
	Name        string
	YoungerThan time.Duration
	Now         func() time.Time
}

// Look implements Probe.
func (p Date) Look(ctx context.Context) Evidence {
	m, known, err := p.Kept.Get(ctx, p.Name)
	if err != nil {
		return Evidence{Outcome: Unknown, Say: "The day could not be read: " + inWords(err)}
	}
	if !known {
		return Evidence{Outcome: Unknown, Say: fmt.Sprintf("nobody has said yet when; tick it once it is done, or say `/checklist set %s 2026-01-31`", p.Name)}
	}
	day, err := time.Parse(time.DateOnly, m.Day)
	if err != nil {
		return Evidence{Outcome: Unknown, Say: "The day that is kept cannot be read."}
	}
	age := max(0, p.Now().Sub(day)).Truncate(24 * time.Hour)
	ago := chat.Span(age) + " ago"
	if age == 0 {
		ago = "today"
	}
	say := fmt.Sprintf("last on %s, %s, says %s", day.Format("2 Jan 2006"), ago, m.By.Mention())
	if age > p.YoungerThan {
		return Evidence{Outcome: Failed, Say: fmt.Sprintf("%s (at most %s)", say, chat.Span(p.YoungerThan))}
	}
	return Evidence{Outcome: Passed, Say: say}
}
