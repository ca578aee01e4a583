package checklists

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Missed answers, in one line of mrkdwn for each, which reminders of open lists came due between two moments at which nobody
// reminded: they come late. Lists that were to be posted meanwhile are the schedules' to tell.
func (d *Desk) Missed(ctx context.Context, from, to time.Time) ([]string, error) {
	open, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, l := range open {
		// One that was made up for just now was missed all the same.
		l.Reminders = slices.DeleteFunc(slices.Clone(l.Reminders), func(r Reminder) bool { return r.At.After(from) })
		if at := d.o.Rules.remindAt(l); at.After(from) && !at.After(to) {
			lines = append(lines, fmt.Sprintf("%s: a reminder was due %s and comes now. Left: %s.", l.Called(), chat.Time(at), listed(l.Left())))
		}
	}
	return lines, nil
}
