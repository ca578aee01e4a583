package checkup

import (
	"context"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Schedule is when something is done by itself.
type Schedule struct {
	Name, Spec string
	Zone       *time.Location
	// Next is the first moment after a given one; nil for a schedule that is switched off.
	Next func(time.Time) time.Time
}

const backupsTitle = "Backups"

// Schedules says when each schedule fires next, in its own time zone.
func Schedules(all []Schedule, now func() time.Time) Probe {
	return Probe{Section: backupsTitle, Run: func(_ context.Context, found *Rows) {
		for _, s := range all {
			if s.Next == nil {
				found.Remark(s.Name, "no schedule: backups are taken only when somebody asks", "Set `backups.full`, such as `0 2 * * *`.")
				continue
			}
			at := s.Next(now().In(s.Zone))
			found.OK(s.Name, "%s in %s: next %s, in %s", chat.Literal(s.Spec), s.Zone, at.Format("Mon 2 Jan 15:04"), chat.Span(at.Sub(now())))
		}
	}}
}
