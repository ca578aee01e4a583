package health

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/state"
)

// Affected answers for each check that is down because of another which one that is.
func (r Rules) Affected(standings map[string]Standing) map[string]string {
	all, _ := causes(r.Checks, standings)
	found := map[string]string{}
	for name, c := range all {
		if c.role == affected {
			found[name] = c.by
		}
	}
	return found
}

// Dependents are the checks that depend on one directly, in the order of the configuration.
func (r Rules) Dependents(name string) []string {
	var found []string
	for _, c := range r.Checks {
		if slices.Contains(c.DependsOn, name) {
			found = append(found, c.Name)
		}
	}
	return found
}

// Maintenance answers from when until when a check is under maintenance: the window that it is in at a moment, of
// several the one that ends last, or else the one that begins next. It answers false if there is none.
func (r Rules) Maintenance(check string, at time.Time) (from, to time.Time, found bool) {
	for _, w := range r.Windows {
		if len(w.Checks) > 0 && !slices.Contains(w.Checks, check) {
			continue
		}
		began := w.Next(at.Add(-w.For))
		if began.IsZero() {
			continue
		}
		ends := began.Add(w.For)
		switch within := !began.After(at); {
		case !found, within && (from.After(at) || ends.After(to)), !within && began.Before(from):
			from, to, found = began, ends, true
		}
	}
	return from, to, found
}

// Tallies are what was found of each check since then, from the full hour on.
func (m *Monitor) Tallies(ctx context.Context, since time.Time) (map[string]Tally, error) {
	hours, err := m.history.hours.Query(ctx, state.Query{OrderBy: "begins", Where: []state.Condition{
		{Field: "begins", Op: state.GreaterEqual, Value: state.SortableTime(since.UTC().Truncate(time.Hour))}}})
	if err != nil {
		return nil, fmt.Errorf("health: add up what was found: %w", err)
	}
	all := map[string]Tally{}
	for _, h := range hours {
		t := all[h.Value.Check]
		t.Add(h.Value.Tally)
		all[h.Value.Check] = t
	}
	return all, nil
}

// NextLook is when a check is looked at next.
func (c Check) NextLook(now time.Time) time.Time { return c.nextSlot(now) }

// OpenAlert finds the alert of a check that lasts; false if there is none.
func (m *Monitor) OpenAlert(ctx context.Context, check string) (Alert, bool, error) {
	open, err := m.Alerts(ctx)
	if err != nil {
		return Alert{}, false, err
	}
	for _, one := range open {
		if one.Check == check {
			return one, true, nil
		}
	}
	return Alert{}, false, nil
}
