package incidents

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Missed answers, in one line of mrkdwn for each, which reminders of incidents came due between two moments at which nobody
// reminded: they come late. Of private incidents neither number nor title is told.
func (d *Desk) Missed(ctx context.Context, from, to time.Time) ([]string, error) {
	open, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	within := func(at time.Time) bool { return at.After(from) && !at.After(to) }
	var lines []string
	for _, i := range open {
		if !i.inUse() {
			continue
		}
		// It may have been made up for just now, and was missed all the same.
		update, led := i, i
		update.Update.Reminded, led.Effects = time.Time{}, nil
		if within(d.o.Rules.remindAt(update)) {
			lines = append(lines, fmt.Sprintf("%s: an update was due %s. Who is to write it is reminded now.", i.openly(), chat.Time(i.Update.Due)))
		}
		if at := d.askLeaderAt(led); within(at) {
			lines = append(lines, fmt.Sprintf("%s has no commander; that was to be asked for %s, and is now.", i.openly(), chat.Time(at)))
		}
	}
	days := d.missedMornings(from, to)
	if days == 0 {
		return lines, nil
	}
	all, err := d.WithOpenActions(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(all, func(i Incident) bool { return len(i.overdue(to)) > 0 }) {
		lines = append(lines, fmt.Sprintf("Overdue actions were not brought up on %s. They are on the next one.", chat.Plural(int64(days), "working day")))
	}
	return lines, nil
}

// openly is what everybody may hear of an incident.
func (i Incident) openly() string {
	if i.Private {
		return "A private " + i.Kind()
	}
	return i.Called()
}

// missedMornings counts the working days on which overdue actions could be brought up at no time.
func (d *Desk) missedMornings(from, to time.Time) (days int) {
	if d.o.Rules.ActionsDaily == 0 {
		return 0
	}
	zone := d.o.Rules.zone()
	for day := from.In(zone); !day.After(to); day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone) {
		begins := time.Date(day.Year(), day.Month(), day.Day(), morningFrom, 0, 0, 0, zone)
		ends := time.Date(day.Year(), day.Month(), day.Day(), morningTo, 0, 0, 0, zone)
		if workingDay(day) && from.Before(begins) && !to.Before(ends) {
			days++
		}
	}
	return days
}
