package jobs

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/kampyn/opsbot/chat"
)

// ParseSpec answers when a cron line of five fields (or @daily, @every 1h, …) fires in a time zone. A line that names
// its hours fires once on each day that it is due, also on the days on which the clocks change: a time that is left out
// fires as much later as the clocks jump, a time that comes twice fires the first time only.
func ParseSpec(spec string, zone *time.Location) (cron.Schedule, error) {
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		return nil, &chat.Problem{Say: chat.Literal(spec) + " is no schedule.",
			Try: "A schedule has five fields: minute, hour, day of the month, month, day of the week, such as " + chat.Literal("0 2 * * *") + ".",
			Err: fmt.Errorf("parse the schedule: %w", err)}
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return parsed, nil
	}
	if fields.Location == time.Local { // none was named in the line
		fields.Location = zone
	}
	const star = 1 << 63 // https://github.com/robfig/cron/blob/v3.0.1/spec.go#L50
	if fields.Hour&star != 0 {
		return fields, nil
	}
	return daily{fields}, nil
}

// daily is a schedule that names its hours.
type daily struct{ *cron.SpecSchedule }

// Next implements cron.Schedule.
func (d daily) Next(t time.Time) time.Time {
	t = t.In(d.Location)
	next := d.SpecSchedule.Next(t)
	if left, out := d.leftOut(t, next); out {
		return left
	}
	// With the clocks put back by the difference of the offsets, the same time was there before.
	_, now := next.Zone()
	_, before := next.Add(-3 * time.Hour).Zone()
	if back := time.Duration(before-now) * time.Second; !next.IsZero() && back > 0 {
		if first := next.Add(-back); first.Format(time.DateTime) == next.Format(time.DateTime) {
			return d.Next(next)
		}
	}
	return next
}

// leftOut answers the time between t and next that the clocks jump over, as the moment at which it would have been.
func (d daily) leftOut(t, next time.Time) (time.Time, bool) {
	name, offset := t.Zone()
	unchanged := *d.SpecSchedule
	unchanged.Location = time.FixedZone(name, offset)
	at := unchanged.Next(t)
	if at.IsZero() || !next.IsZero() && !at.Before(next) {
		return time.Time{}, false
	}
	at = at.In(d.Location)
	_, after := at.Zone()
	jump := time.Duration(after-offset) * time.Second
	if _, before := at.Add(-jump).Zone(); jump <= 0 || before != offset {
		return time.Time{}, false
	}
	return at, true
}
