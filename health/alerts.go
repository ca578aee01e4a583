package health

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/state"
)

// alerts has alerts follow how checks stand.
type alerts struct {
	m       *Monitor
	records *state.Collection[Alert]
	engine  *converge.Engine[Alert]

	// open are the alerts of trouble that lasts, by check, as this process knows them.
	open map[string]Alert
}

func newAlerts(m *Monitor) *alerts {
	a := &alerts{m: m, records: state.NewCollection(m.o.Store, "health-alert", alertFields), open: map[string]Alert{}}
	a.engine = converge.New(converge.Options[Alert]{
		Kind: "alert", Records: a.records, Name: func(a Alert) string { return a.ID },
		State: func(a *Alert) *converge.State { return &a.State }, Lanes: a.lanes(), Slack: m.o.Slack, Leases: m.leases,
		Now: m.o.Now, Log: m.o.Log, Poll: m.o.Poll,
	})
	return a
}

// load reads which alerts are open. What is no more looked at has no trouble any more.
func (a *alerts) load(ctx context.Context) error {
	all, err := a.list(ctx, state.Query{OrderBy: "open"})
	if err != nil {
		return err
	}
	a.open = map[string]Alert{}
	for _, one := range all {
		if _, err := a.m.o.Rules.Check(one.Check); err != nil {
			if err := a.change(ctx, one, "forget", func(one *Alert) { one.recover(a.m.o.Now(), a.m.o.Now()) }); err != nil {
				return err
			}
			continue
		}
		a.open[one.Check] = one
	}
	return nil
}

func (a *alerts) list(ctx context.Context, q state.Query) ([]Alert, error) {
	entries, err := a.records.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("health: list alerts: %w", err)
	}
	all := make([]Alert, len(entries))
	for i, e := range entries {
		all[i] = e.Value
	}
	return all, nil
}

// follow raises, brings up to date and ends alerts as checks stand, after some were looked at, and answers which others
// have to be looked at before more can be said. It is called by one at a time.
func (a *alerts) follow(ctx context.Context, stand map[string]Standing, looked map[string]bool) ([]string, error) {
	if len(a.open) == 0 && !slices.ContainsFunc(slices.Collect(maps.Keys(looked)), func(name string) bool { return stand[name].Status == Down }) {
		return nil, nil
	}
	all, early := causes(a.m.o.Rules.Checks, stand)
	because := map[string][]string{}
	for _, c := range a.m.o.Rules.Checks {
		if all[c.Name].role == affected {
			because[all[c.Name].by] = append(because[all[c.Name].by], c.Name)
		}
	}
	var failed error
	for _, c := range a.m.o.Rules.Checks {
		if err := a.followOne(ctx, c, stand[c.Name], all[c.Name], because[c.Name], looked[c.Name]); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return early, failed
}

func (a *alerts) followOne(ctx context.Context, c Check, s Standing, why cause, because []string, looked bool) error {
	one, open := a.open[c.Name]
	now := a.m.o.Now()
	switch {
	case open && s.Status == Up:
		return a.change(ctx, one, "up/"+state.SortableTime(s.Since), func(one *Alert) { one.recover(s.Since, now) })
	case open && why.role == affected && one.CausedBy != why.by:
		return a.change(ctx, one, "", func(one *Alert) { one.CausedBy, one.Affected = why.by, nil })
	case open && why.role == root && (looked || one.CausedBy != "" || !slices.Equal(one.Affected, because)):
		return a.change(ctx, one, "", func(one *Alert) {
			one.CausedBy = ""
			one.Affected = because
			if newest, ok := s.Newest(); ok && newest.Outcome == Failed {
				one.saw(newest)
			}
		})
	case !open && why.role == root:
		return a.raise(ctx, c, s, because)
	}
	return nil
}

// change changes an open alert once for the request; "" is for what may be done again without harm.
func (a *alerts) change(ctx context.Context, one Alert, request string, learn func(*Alert)) error {
	if request != "" {
		request += "/" + one.ID
	}
	one, err := a.engine.Change(ctx, one.ID, request, func(one *Alert) error {
		learn(one)
		return nil
	})
	if err != nil {
		return fmt.Errorf("health: change the alert of %s: %w", one.Check, err)
	}
	a.open[one.Check] = one
	if !one.Open() {
		delete(a.open, one.Check)
	}
	return nil
}

// resumes is how soon trouble that comes back goes on with its alert, so that a check that flaps has one.
func resumes(c Check) time.Duration { return max(30*time.Minute, 6*c.Every) }

// raise makes an alert, or goes on with one that has just ended; not while the check is muted.
func (a *alerts) raise(ctx context.Context, c Check, s Standing, because []string) error {
	now := a.m.o.Now()
	fresh, _, err := a.m.standings.Get(ctx, c.Name) // a mute may have come from another process
	if err != nil || fresh.Mute.Holds(now) || fresh.Status != Down {
		return err
	}
	last, err := a.list(ctx, state.Query{OrderBy: "of " + c.Name, Descending: true, Limit: 1})
	if err != nil {
		return err
	}
	if len(last) > 0 && (last[0].Open() || s.Since.Sub(last[0].Ended) < resumes(c)) {
		return a.change(ctx, last[0], "down/"+state.SortableTime(s.Since), func(one *Alert) {
			one.resume(s, now)
			one.Affected = because
		})
	}
	one := raise(c, s, now)
	one.Affected = because
	if one.Changed, err = a.changed(ctx, c, one.Began); err != nil {
		return err
	}
	a.engine.Touch(&one)
	err = a.records.Insert(ctx, one.ID, one)
	if err != nil && !errors.Is(err, state.ErrExists) {
		return fmt.Errorf("health: raise the alert of %s: %w", c.Name, err)
	}
	a.open[c.Name] = one
	a.engine.Nudge()
	return nil
}

const (
	// lookBack is how long before trouble its cause is looked for, mostChanged how much of that is shown.
	lookBack    = 6 * time.Hour
	mostChanged = 4
)

// changed lists the newest things that may be the cause: each run once, nothing of incidents and of the check itself.
func (a *alerts) changed(ctx context.Context, c Check, began time.Time) ([]string, error) {
	found, err := a.m.o.Events.Query(ctx, events.Filter{Since: began.Add(-lookBack), Until: began, Limit: 200})
	if err != nil {
		return nil, fmt.Errorf("health: look for what changed: %w", err)
	}
	words := []string{"health.muted", "health.unmuted", "health.acknowledged"} // which change nothing of what is looked at
	var lines []string
	runs := map[string]bool{}
	for _, e := range found {
		if !incidents.IsChange(e) || e.Outcome == events.Refused || slices.Contains(words, e.What) || strings.HasPrefix(e.What, "incident.") || slices.Contains(e.On, "check/"+c.Name) || e.Run != "" && runs[e.Run] {
			continue
		}
		runs[e.Run] = true
		if lines = append(lines, chat.Time(e.At)+" "+e.Text); len(lines) == mostChanged {
			break
		}
	}
	return lines, nil
}

// Alerts lists the open alerts, the oldest first.
func (m *Monitor) Alerts(ctx context.Context) ([]Alert, error) {
	return m.alerts.list(ctx, state.Query{OrderBy: "open"})
}

// AlertsSince lists the alerts that were raised since then, the newest first, of one check or of all (""), at most that
// many (0: all).
func (m *Monitor) AlertsSince(ctx context.Context, check string, t time.Time, most int) ([]Alert, error) {
	field := "at"
	if check != "" {
		field = "of " + check
	}
	return m.alerts.list(ctx, state.Query{OrderBy: field, Descending: true, Limit: most,
		Where: []state.Condition{{Field: field, Op: state.GreaterEqual, Value: state.SortableTime(t)}}})
}

// Alert reads an alert by its ID, or answers a *chat.Problem.
func (m *Monitor) Alert(ctx context.Context, id string) (Alert, error) {
	one, _, err := m.alerts.records.Get(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return Alert{}, &chat.Problem{Say: "That alert is not known any more.", Try: "`/health` shows what is down now."}
	}
	if err != nil {
		return Alert{}, fmt.Errorf("health: read the alert %s: %w", id, err)
	}
	return one, nil
}

// Decide applies a person's decision about an alert once, and answers it as it then is. A *chat.Problem of decide changes
// nothing.
func (m *Monitor) Decide(ctx context.Context, id string, act Act, decide func(*Alert) error) (Alert, error) {
	if _, err := m.Alert(ctx, id); err != nil {
		return Alert{}, err
	}
	return m.alerts.engine.Change(ctx, id, act.Request, decide)
}

// MostMuted is how long a check can be muted at most.
const MostMuted = 30 * 24 * time.Hour

// Mute has a check raise no alert until then and call nobody; it is looked at all the same. A moment that has passed
// ends a mute.
func (m *Monitor) Mute(ctx context.Context, act Act, check string, until time.Time, reason string) (Standing, error) {
	c, err := m.o.Rules.Check(check)
	if err != nil {
		return Standing{}, err
	}
	if until.Sub(act.At) > MostMuted {
		return Standing{}, &chat.Problem{Say: "That is too long.", Try: "Mute for 30 days at most, or take the check out of the configuration."}
	}
	mute := Mute{Until: until.UTC(), By: act.By, Reason: reason}
	set := func(s *Standing) error {
		s.Mute = mute
		return nil
	}
	s, err := m.standings.Change(ctx, check, set)
	if errors.Is(err, state.ErrNotFound) {
		s = Standing{Check: c.Name, Status: Unseen, Since: act.At, Mute: mute}
		if err = m.standings.Insert(ctx, check, s); errors.Is(err, state.ErrExists) {
			s, err = m.standings.Change(ctx, check, set)
		}
	}
	if err != nil {
		return Standing{}, fmt.Errorf("health: mute %s: %w", check, err)
	}
	what, text := "muted", fmt.Sprintf("%s muted the check %s until %s", act.By.Mention(), chat.Literal(check), chat.Time(until))
	if !mute.Holds(act.At) {
		what, text = "unmuted", fmt.Sprintf("%s unmuted the check %s", act.By.Mention(), chat.Literal(check))
	}
	if reason != "" {
		text += ": " + chat.Escape(reason)
	}
	if _, err := m.o.Events.Append(ctx, events.Event{Key: "health/" + what + "/" + act.Request, At: act.At, Who: act.By, What: "health." + what,
		On: m.targets(c), Outcome: events.OK, Text: text + ".", Detail: map[string]string{events.Command: "health"}}); err != nil {
		return Standing{}, fmt.Errorf("health: note that %s was muted: %w", check, err)
	}
	open, err := m.Alerts(ctx)
	if err != nil {
		return Standing{}, err
	}
	for _, one := range open {
		if one.Check == check {
			_, err = m.Decide(ctx, one.ID, act, func(one *Alert) error {
				one.Mute = mute
				return nil
			})
		}
	}
	return s, err
}

func (m *Monitor) targets(c Check) []string {
	on := []string{"check/" + c.Name}
	if c.Service != "" {
		on = append(on, "service/"+c.Service)
	}
	return on
}
