package health

import (
	"context"
	"slices"
	"time"
)

// Review is what is known of a check between two moments, and when something was the matter with it.
type Review struct {
	Past
	Check Check
	// Zone is that of days.
	Zone *time.Location
	// Troubles are when it failed: by single looks as far back as they are kept, by its alerts before. Maintained is when
	// looks fell into maintenance: of days of which only figures are left, when there is maintenance by the rules of today.
	// Absent is when nobody looked, to the hour for such days.
	Troubles, Maintained, Absent []Between
}

// Between is a part of time.
type Between struct{ From, To time.Time }

// longestAlert is how long before a review an alert may have begun that still lasted in it.
const longestAlert = 60 * 24 * time.Hour

// Review answers what is known of a check between two moments.
func (m *Monitor) Review(ctx context.Context, check string, from, to time.Time) (Review, error) {
	c, err := m.o.Rules.Check(check)
	if err != nil {
		return Review{}, err
	}
	past, err := m.Past(ctx, check, from, to)
	if err != nil {
		return Review{}, err
	}
	r := Review{Past: past, Check: c, Zone: m.o.Rules.Zone()}
	known := to
	if len(past.Samples) > 0 {
		known = past.Samples[0].At
	}
	if known.After(from) {
		alerts, err := m.AlertsSince(ctx, check, from.Add(-longestAlert), 0)
		if err != nil {
			return Review{}, err
		}
		for _, one := range slices.Backward(alerts) {
			for _, t := range one.stretches(to) {
				r.Troubles = append(r.Troubles, t.within(from, known)...)
			}
		}
	}
	r.maintainedDays(m.o.Rules.Windows, known)
	r.walk()
	return r, nil
}

// maintainedDays finds the maintenance of days of which only figures are left, before a moment.
func (r *Review) maintainedDays(windows []Window, before time.Time) {
	for _, s := range r.Stretches {
		if len(s.Hours) == 0 || s.Tally.Maintained == 0 {
			continue
		}
		for _, w := range windows {
			if len(w.Checks) > 0 && !slices.Contains(w.Checks, r.Check.Name) {
				continue
			}
			for at := w.Next(s.From.Add(-w.For)); !at.IsZero() && at.Before(s.To); at = w.Next(at) {
				for _, day := range (Between{From: at, To: at.Add(w.For)}).within(s.From, s.To) {
					r.Maintained = append(r.Maintained, day.within(r.From, before)...)
				}
			}
		}
	}
}

// stretches are when the trouble lasted, as far as is known.
func (a Alert) stretches(now time.Time) []Between {
	var all []Between
	down := false
	for _, moment := range a.History {
		switch {
		case moment.What == "down" && !down:
			all, down = append(all, Between{From: moment.At, To: now}), true
		case moment.What == "up" && down:
			all[len(all)-1].To, down = moment.At, false
		}
	}
	if len(all) > 0 {
		all[0].From = a.Began
		if !a.Open() {
			all[len(all)-1].To = a.Ended
		}
	}
	return all
}

// within is the part that lies between two moments, if any.
func (b Between) within(from, to time.Time) []Between {
	if b.From.Before(from) {
		b.From = from
	}
	if b.To.After(to) {
		b.To = to
	}
	if !b.To.After(b.From) {
		return nil
	}
	return []Between{b}
}

// gap is from which distance on two looks have nothing to say about the time between them.
func (c Check) gap() time.Duration { return 2*c.Every + c.Every/2 + c.Jitter }

// walk goes through the single looks. What one says holds until the next one, unless that is too far away.
func (r *Review) walk() {
	r.absences()
	last := Sample{}
	add := func(to *[]Between, from, until time.Time) {
		if n := len(*to); n > 0 && (*to)[n-1].To.Equal(from) {
			(*to)[n-1].To = until
			return
		}
		*to = append(*to, Between{From: from, To: until})
	}
	holds := func(until time.Time) {
		if last.At.IsZero() {
			return
		}
		if most := last.At.Add(r.Check.Every); until.Sub(last.At) > r.Check.gap() {
			until = most
		}
		if until.After(r.To) {
			until = r.To
		}
		switch {
		case last.Maintained:
			add(&r.Maintained, last.At, until)
		case last.Outcome == Failed:
			add(&r.Troubles, last.At, until)
		}
	}
	for _, s := range r.Samples {
		holds(s.At)
		if s.Outcome == Unknown && !s.Maintained && last.Outcome == Failed && !last.Maintained && s.At.Sub(last.At) <= r.Check.gap() {
			s.Outcome = Failed // one that could not look ends no trouble
		}
		last = s
	}
	holds(r.To)
}

// absences finds when nobody looked.
func (r *Review) absences() {
	known := r.From
	seen := func(from, to time.Time, gap time.Duration) {
		if from.Sub(known) > gap {
			r.Absent = append(r.Absent, Between{From: known, To: from})
		}
		if to.After(known) {
			known = to
		}
	}
	for _, s := range r.Stretches {
		slices.SortFunc(s.Hours, time.Time.Compare)
		for _, hour := range s.Hours {
			seen(hour, hour.Add(time.Hour), r.Check.gap())
		}
	}
	for _, s := range r.Samples {
		seen(s.At, s.At, r.Check.gap())
	}
	seen(r.To, r.To, r.Check.gap())
}

// Longest is the longest trouble between two moments, as far as it lies there; false if there was none.
func (r Review) Longest(from, to time.Time) (longest Between, found bool) {
	for _, t := range r.Troubles {
		for _, part := range t.within(from, to) {
			if !found || part.To.Sub(part.From) > longest.To.Sub(longest.From) {
				longest, found = part, true
			}
		}
	}
	return longest, found
}
