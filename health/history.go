package health

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/state"
)

// Sample is one result as the history keeps it.
type Sample struct {
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took"`
	Outcome Outcome       `json:"outcome"`
	// Maintained says that it fell into maintenance.
	Maintained bool `json:"maintained,omitempty"`
}

// hour holds the results of one check in one hour of UTC. Its key is the check's name and the hour.
type hour struct {
	Check   string    `json:"check"`
	Begins  time.Time `json:"begins"`
	Tally   Tally     `json:"tally"`
	Samples []Sample  `json:"samples"`
}

// day holds the figures of one check on one day of the zone; Hours are those that have been added.
type day struct {
	Check  string      `json:"check"`
	Begins time.Time   `json:"begins"`
	Tally  Tally       `json:"tally"`
	Hours  []time.Time `json:"hours"`
}

func (h hour) key() string { return h.Check + "/" + state.SortableTime(h.Begins) }
func (d day) key() string  { return d.Check + "/" + d.Begins.Format(time.DateOnly) }

// history keeps results: each for a while, then the figures of days.
type history struct {
	hours *state.Collection[hour]
	days  *state.Collection[day]
	zone  *time.Location
}

func newHistory(store state.Store, zone *time.Location) *history {
	return &history{zone: zone,
		hours: state.NewCollection(store, "health-hour", func(h hour) map[string]string {
			return map[string]string{"of " + h.Check: state.SortableTime(h.Begins), "begins": state.SortableTime(h.Begins)}
		}),
		days: state.NewCollection(store, "health-day", func(d day) map[string]string {
			return map[string]string{"of " + d.Check: state.SortableTime(d.Begins), "begins": state.SortableTime(d.Begins)}
		}),
	}
}

// add keeps one result.
func (h *history) add(ctx context.Context, check string, r Result, maintained bool) error {
	into := hour{Check: check, Begins: r.At.UTC().Truncate(time.Hour)}
	include := func(into *hour) error {
		into.Tally.add(r, maintained)
		into.Samples = append(into.Samples, Sample{At: r.At.UTC(), Took: r.Took, Outcome: r.Outcome, Maintained: maintained})
		return nil
	}
	_, err := h.hours.Change(ctx, into.key(), include)
	if errors.Is(err, state.ErrNotFound) {
		_ = include(&into) // it has no errors
		if err = h.hours.Insert(ctx, into.key(), into); errors.Is(err, state.ErrExists) {
			_, err = h.hours.Change(ctx, into.key(), include)
		}
	}
	if err != nil {
		return fmt.Errorf("health: keep a result of %s: %w", check, err)
	}
	return nil
}

// rollUp adds hours that began before old to their days and forgets them, up to most of them, and days that began
// before ancient. It may be broken off anywhere and begun again.
func (h *history) rollUp(ctx context.Context, old, ancient time.Time, most int) error {
	before := func(t time.Time) state.Query {
		return state.Query{OrderBy: "begins", Limit: most, Where: []state.Condition{{Field: "begins", Op: state.Less, Value: state.SortableTime(t)}}}
	}
	past, err := h.hours.Query(ctx, before(old))
	if err != nil {
		return fmt.Errorf("health: roll up: %w", err)
	}
	for _, e := range past {
		if err := h.intoDay(ctx, e.Value); err != nil {
			return fmt.Errorf("health: roll up %s: %w", e.ID, err)
		}
		if err := h.hours.Delete(ctx, e.ID, e.Version); err != nil && !errors.Is(err, state.ErrNotFound) {
			return fmt.Errorf("health: roll up %s: %w", e.ID, err)
		}
	}
	gone, err := h.days.Query(ctx, before(ancient))
	if err != nil {
		return fmt.Errorf("health: forget old days: %w", err)
	}
	for _, e := range gone {
		if err := h.days.Delete(ctx, e.ID, 0); err != nil && !errors.Is(err, state.ErrNotFound) {
			return fmt.Errorf("health: forget %s: %w", e.ID, err)
		}
	}
	return nil
}

func (h *history) intoDay(ctx context.Context, old hour) error {
	into := day{Check: old.Check, Begins: dayOf(old.Begins, h.zone)}
	err := h.days.Insert(ctx, into.key(), into)
	if err != nil && !errors.Is(err, state.ErrExists) {
		return err
	}
	_, err = h.days.Change(ctx, into.key(), func(d *day) error {
		if slices.ContainsFunc(d.Hours, old.Begins.Equal) {
			return nil
		}
		d.Hours = append(d.Hours, old.Begins)
		d.Tally.Add(old.Tally)
		return nil
	})
	return err
}

// dayOf is when the day of a moment began in a zone.
func dayOf(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// Stretch is a part of a check's past: an hour, or a day whose hours are not known any more.
type Stretch struct {
	From, To time.Time
	Tally    Tally
	// Hours are those of a day in which somebody looked.
	Hours []time.Time
}

// Past is what is known of a check between two moments.
type Past struct {
	From, To time.Time
	// Samples are the single results as far back as they are kept, oldest first.
	Samples []Sample
	// Stretches are hours and, before them, days, oldest first. The first may begin before From.
	Stretches []Stretch
}

// Tally adds all stretches up.
func (p Past) Tally() Tally {
	var all Tally
	for _, s := range p.Stretches {
		all.Add(s.Tally)
	}
	return all
}

// Days groups the stretches by the days of a zone, oldest first; days without any look are left out.
func (p Past) Days(zone *time.Location) []Stretch {
	return p.group(func(t time.Time) (time.Time, time.Time) {
		from := dayOf(t, zone)
		return from, dayOf(from.Add(36*time.Hour), zone)
	})
}

// Weeks groups them by weeks, which begin on Monday.
func (p Past) Weeks(zone *time.Location) []Stretch {
	return p.group(func(t time.Time) (time.Time, time.Time) {
		y, m, d := t.In(zone).Date()
		d -= (int(t.In(zone).Weekday()) + 6) % 7
		return time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+7, 0, 0, 0, 0, zone)
	})
}

func (p Past) group(span func(time.Time) (from, to time.Time)) []Stretch {
	var all []Stretch
	for _, s := range p.Stretches {
		from, to := span(s.From)
		if n := len(all); n == 0 || !all[n-1].From.Equal(from) {
			all = append(all, Stretch{From: from, To: to})
		}
		all[len(all)-1].Tally.Add(s.Tally)
	}
	return all
}

// read answers what is known of a check between two moments.
func (h *history) read(ctx context.Context, check string, from, to time.Time) (Past, error) {
	p := Past{From: from, To: to}
	between := func(from time.Time) state.Query {
		return state.Query{OrderBy: "of " + check, Where: []state.Condition{
			{Field: "of " + check, Op: state.GreaterEqual, Value: state.SortableTime(from)},
			{Field: "of " + check, Op: state.Less, Value: state.SortableTime(to)}}}
	}
	days, err := h.days.Query(ctx, between(dayOf(from, h.zone)))
	if err != nil {
		return p, fmt.Errorf("health: read the past of %s: %w", check, err)
	}
	rolled := map[time.Time]bool{}
	for _, d := range days {
		p.Stretches = append(p.Stretches, Stretch{From: d.Value.Begins, To: dayOf(d.Value.Begins.Add(36*time.Hour), h.zone), Tally: d.Value.Tally, Hours: d.Value.Hours})
		for _, h := range d.Value.Hours {
			rolled[h.UTC()] = true
		}
	}
	hours, err := h.hours.Query(ctx, between(from.UTC().Truncate(time.Hour)))
	if err != nil {
		return p, fmt.Errorf("health: read the past of %s: %w", check, err)
	}
	for _, e := range hours {
		if !rolled[e.Value.Begins.UTC()] { // otherwise it is about to be forgotten
			p.Stretches = append(p.Stretches, Stretch{From: e.Value.Begins, To: e.Value.Begins.Add(time.Hour), Tally: e.Value.Tally})
		}
		for _, s := range e.Value.Samples {
			if !s.At.Before(from) && s.At.Before(to) {
				p.Samples = append(p.Samples, s)
			}
		}
	}
	return p, nil
}
