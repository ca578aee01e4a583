package checklists

import (
	"context"
	"time"
)

// posting is a list that is to come.
type posting struct {
	at, opened time.Time
	late       bool
}

// due are the lists that the calendar of a place says for half past two each night, or for as much later as its clocks jump.
// Of those that fall into an absence the last one comes at its end.
func due(first time.Time, location *time.Location) []posting {
	var all []posting
	last := first.Add(30 * 24 * time.Hour)
	for day := first.Add(-24 * time.Hour); day.Before(last.Add(24 * time.Hour)); day = day.Add(24 * time.Hour) {
		at := halfPastTwo(day, location)
		if !at.After(first) || !at.Before(last) {
			continue
		}
		p := posting{at: at, opened: at}
		for _, span := range away(first) {
			if at.After(span[0]) && at.Before(span[1]) {
				p.opened, p.late = span[1], true
			}
		}
		if n := len(all) - 1; n >= 0 && p.late && all[n].opened.Equal(p.opened) {
			all[n] = p
			continue
		}
		all = append(all, p)
	}
	return all
}

// halfPastTwo is two and a half hours after midnight, or when the clocks show it if they were put back before.
func halfPastTwo(day time.Time, location *time.Location) time.Time {
	at := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, location).Add(150 * time.Minute)
	if clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute; clock < 150*time.Minute {
		at = at.Add(150*time.Minute - clock)
	}
	return at
}

// fire opens the lists of a template, as the wiring does.
func fire(o *office, template string) func(context.Context, time.Time, bool) error {
	return func(ctx context.Context, at time.Time, late bool) error { return o.Scheduled(ctx, template, at, late) }
}
