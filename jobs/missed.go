package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// dues are firings that are due at one moment: how many, the oldest and the newest. Of very many it only knows that there
// were at least mostDue.
type dues struct {
	count         int
	first, newest time.Time
}

const mostDue = 1000

// due answers the firings after from and up to now.
func (t timetable) due(from, now time.Time) (d dues) {
	for at := t.cron.Next(from); !at.IsZero() && !at.After(now); at = t.cron.Next(at) {
		if d.count++; d.count == 1 {
			d.first = at
		}
		if d.newest = at; d.count == mostDue {
			d.newest = t.newest(now)
			break
		}
	}
	return d
}

// newest answers the newest firing up to now, if there were many.
func (t timetable) newest(now time.Time) (newest time.Time) {
	for span := time.Minute; ; span *= 2 {
		if at := t.cron.Next(now.Add(-span)); !at.IsZero() && !at.After(now) {
			for next := at; !next.IsZero() && !next.After(now); next = t.cron.Next(next) {
				newest = next
			}
			return newest
		}
	}
}

// late says that the newest is too late to count as on time.
func (d dues) late(now time.Time) bool { return now.Sub(d.newest) > lateAfter }

// missed counts those that do not happen on time.
func (d dues) missed(now time.Time) int {
	if d.count > 0 && !d.late(now) {
		return d.count - 1
	}
	return d.count
}

// times is "3 times", or "more than 1,000 times".
func (d dues) times(now time.Time) string {
	times := chat.Plural(int64(d.missed(now)), "time")
	if d.count >= mostDue {
		times = "more than " + times
	}
	return times
}

// missed stores that firings were missed, and answers what is to be said about it.
func (s *Scheduler) missed(ctx context.Context, t timetable, d dues, now time.Time) (string, error) {
	late := d.late(now)
	text := fmt.Sprintf("The schedule %s was missed %s while opsbot was not running", chat.Literal(t.Name), d.times(now))
	if late {
		text += ", the last time " + chat.Time(d.newest)
	}
	text += "."
	notice := text
	if late && t.Missed == CatchUp {
		text += " The last one is caught up."
	}
	if t.Missed == CatchUp {
		notice = "" // the run that catches up has a card of its own
	}
	if s.o.Told != nil { // also if there is nothing to say: who says it wants to know before this goes on
		told, err := s.o.Told(ctx, d.first)
		if err != nil {
			return "", err
		}
		if told {
			notice = ""
		}
	}
	return notice, s.note(ctx, t, d.newest, "schedule.missed", events.Refused, text)
}

// Missed answers, in one line of mrkdwn for each schedule, which firings fell between two moments at which nobody kept
// time, and what becomes of them: of those that are caught up, the newest one is.
func (s *Scheduler) Missed(ctx context.Context, from, to time.Time) ([]string, error) {
	var lines []string
	for _, t := range s.schedules {
		p, _, err := s.progress.Get(ctx, t.Name)
		if errors.Is(err, state.ErrNotFound) {
			continue // it is new
		}
		if err != nil {
			return nil, fmt.Errorf("jobs: read how far the schedule %s is: %w", t.Name, err)
		}
		if p.Spec != t.Spec || p.Zone != t.Location.String() || !p.Known.Before(to) {
			continue // it was another one then
		}
		start := from
		if p.Last.After(from) && !p.Last.After(to) {
			start = p.Last // that one was dealt with just before
		}
		d := t.due(start, to)
		if d.missed(to) == 0 {
			continue
		}
		line := fmt.Sprintf("%s: did not run %s, ", chat.Literal(t.Name), d.times(to))
		switch {
		case !d.late(to):
			line += fmt.Sprintf("first %s. It runs now, on time.", chat.Time(d.first))
		case t.Missed == CatchUp:
			line += fmt.Sprintf("last %s. That one is caught up now.", chat.Time(d.newest))
		default:
			line += fmt.Sprintf("last %s. Nothing makes up for it by itself; it runs next %s.", chat.Time(d.newest), chat.Time(t.cron.Next(to)))
		}
		lines = append(lines, line)
	}
	return lines, nil
}
