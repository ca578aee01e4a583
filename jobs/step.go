package jobs

import (
	"context"
	"time"
)

// Step fires all that is due now, and answers when something is due next, zero if there is no schedule. It takes the place of
// Run under a clock that stands still meanwhile.
func (s *Scheduler) Step(ctx context.Context) (next time.Time, err error) {
	now := s.o.Now()
	for _, t := range s.schedules {
		at := now
		for !at.After(now) {
			if at, err = s.step(ctx, t); err != nil {
				return now, err
			}
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, nil
}
