package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/state"
)

// Options are what a Monitor works with.
type Options struct {
	Store  state.Store
	Events *events.Log
	// Slack is nil on the command line, where nothing is looked at.
	Slack *bot.Slack
	// Desk is nil when incidents are off.
	Desk  *incidents.Desk
	Rules Rules
	Now   func() time.Time
	Log   *slog.Logger
	// Poll is how often the store is asked for alerts that are due; 0 means 1 s. LeaseTTL is how long another process
	// waits for one that has fallen silent; 0 means 30 s.
	Poll, LeaseTTL time.Duration
}

// Monitor looks at all checks, each at its own times, keeps what they find, and has alerts follow. Of several processes
// one looks; another takes over when it is gone.
type Monitor struct {
	o         Options
	standings *state.Collection[Standing]
	history   *history
	leases    *state.Leases
	alerts    *alerts
	// began is when this process began.
	began time.Time

	mu sync.Mutex
	// stand is how all checks stand, due when each is looked at next, and busy which are being looked at now.
	stand map[string]Standing
	due   map[string]time.Time
	busy  map[string]bool
	// looked are the checks with results that alerts have not followed yet.
	looked map[string]bool
	// woken ends the sleep until the next look, kept the one until the next result.
	woken, kept chan struct{}
}

// New answers a monitor; Run then looks.
func New(o Options) *Monitor {
	o.LeaseTTL = cmp.Or(o.LeaseTTL, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	m := &Monitor{
		o:         o,
		standings: state.NewCollection[Standing](o.Store, "health-standing", nil),
		history:   newHistory(o.Store, o.Rules.Zone()),
		leases:    state.NewLeases(o.Store, state.ThisProcess(), o.LeaseTTL),
		began:     o.Now(),
		busy:      map[string]bool{},
		looked:    map[string]bool{},
		woken:     make(chan struct{}, 1),
		kept:      make(chan struct{}, 1),
	}
	m.alerts = newAlerts(m)
	return m
}

// Rules are what the configuration decides.
func (m *Monitor) Rules() Rules { return m.o.Rules }

// Run looks at what is due and brings alerts about, until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	if m.o.Slack == nil {
		return errors.New("health: nothing can be said without Slack")
	}
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { _ = m.alerts.engine.Run(ctx) }) // it only ends with ctx
	failing := false
	for ctx.Err() == nil {
		err := m.watch(ctx)
		if err != nil && !failing && ctx.Err() == nil && !errors.Is(err, state.ErrTaken) {
			m.o.Log.Warn("health checks are held up; trying on", "error", err)
		}
		failing = err != nil && !errors.Is(err, state.ErrTaken)
		pause(ctx, time.Second)
	}
	return nil
}

// watch looks at what is due as long as this process is the one that does.
func (m *Monitor) watch(ctx context.Context) error {
	ctx, release, err := m.leases.Take(ctx, "health")
	if err != nil {
		return err
	}
	defer release()
	var looking sync.WaitGroup
	defer looking.Wait()
	if err := m.load(ctx); err != nil {
		return err
	}
	looking.Go(func() { m.keepFollowing(ctx) })
	var rolled time.Time
	for ctx.Err() == nil {
		if now := m.o.Now(); now.Sub(rolled) > rollEvery {
			rolled = now
			looking.Go(func() { m.rollUp(ctx) })
		}
		sleep := longestSleep
		if next := m.begin(ctx, &looking); !next.IsZero() {
			sleep = min(max(next.Sub(m.o.Now()), 0), longestSleep)
		}
		select {
		case <-ctx.Done():
		case <-m.woken:
		case <-time.After(sleep):
		}
	}
	return context.Cause(ctx)
}

const (
	// longestSleep is after how long the clock is looked at again: it may have been set, or the machine have slept.
	longestSleep = 10 * time.Second
	rollEvery    = time.Hour
	// mostRolled is how many hours are rolled up at once.
	mostRolled = 5000
	// graceOfLook is how long a look may take to return after its time is up, before it is left to itself.
	graceOfLook = time.Second
)

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// load reads how the checks stood, when this process begins to look.
func (m *Monitor) load(ctx context.Context) error {
	stand, err := m.Standings(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stand, m.due = map[string]Standing{}, map[string]time.Time{}
	now := m.o.Now()
	for _, c := range m.o.Rules.Checks {
		m.stand[c.Name] = stand[c.Name]
		m.looked[c.Name] = true // what a process before has not followed to the end
		m.due[c.Name] = c.nextSlot(now)
		if newest := c.slot(now); newest.After(stand[c.Name].Slot) {
			m.due[c.Name] = now // the newest that was missed is made up for
		}
	}
	return m.alerts.load(ctx)
}

// begin starts all looks that are due and answers when the next one is, zero if there is none.
func (m *Monitor) begin(ctx context.Context, looking *sync.WaitGroup) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.o.Now()
	var next time.Time
	for _, c := range m.o.Rules.Checks {
		if !m.due[c.Name].After(now) {
			m.due[c.Name] = c.nextSlot(now)
			slot, busy := c.slot(now), m.busy[c.Name]
			m.busy[c.Name] = true
			looking.Go(func() { m.look(ctx, c, slot, busy) })
		}
		if due := m.due[c.Name]; next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}

// look looks once and keeps what was found. busy says that the look before has not come back.
func (m *Monitor) look(ctx context.Context, c Check, slot time.Time, busy bool) {
	began := m.o.Now()
	r := Result{Outcome: Failed, Say: "the look before this one has not come back yet"}
	if !busy {
		r = m.lookInTime(ctx, c)
	}
	if ctx.Err() != nil {
		return // what was broken off says nothing about the check
	}
	r.At = began
	if err := m.keep(ctx, c, r, slot); err != nil && ctx.Err() == nil {
		m.o.Log.Warn("a result of a health check was lost", "check", c.Name, "error", err)
	}
}

// lookInTime cuts a look that takes too long.
func (m *Monitor) lookInTime(ctx context.Context, c Check) Result {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	came := make(chan Result, 1)
	began := time.Now()
	go func() {
		r := m.lookSafely(ctx, c)
		m.mu.Lock()
		delete(m.busy, c.Name)
		m.mu.Unlock()
		came <- r
	}()
	cut := time.NewTimer(c.Timeout + graceOfLook)
	defer cut.Stop()
	select {
	case r := <-came:
		if r.Took == 0 {
			r.Took = time.Since(began)
		}
		return r
	case <-cut.C:
		return Result{Outcome: Failed, Took: time.Since(began), Say: fmt.Sprintf("no answer within %s", chat.Span(c.Timeout))}
	}
}

// lookSafely makes a result of a look that breaks.
func (m *Monitor) lookSafely(ctx context.Context, c Check) (r Result) {
	defer func() {
		if fault := recover(); fault != nil {
			reference := chat.NewReference()
			m.o.Log.Error("a health check broke", "check", c.Name, "reference", reference, "error", fmt.Sprint(fault))
			r = Result{Outcome: Unknown, Say: "opsbot itself could not look (reference " + reference + ")"}
		}
	}()
	return c.Look(ctx)
}

// keep stores a result, for alerts to follow.
func (m *Monitor) keep(ctx context.Context, c Check, r Result, slot time.Time) error {
	maintained := m.o.Rules.maintained(c.Name, r.At)
	take := func(s *Standing) error {
		s.take(c, r, slot, maintained)
		return nil
	}
	s, err := m.standings.Change(ctx, c.Name, take)
	if errors.Is(err, state.ErrNotFound) {
		_ = take(&s) // it has no errors
		if err = m.standings.Insert(ctx, c.Name, s); errors.Is(err, state.ErrExists) {
			s, err = m.standings.Change(ctx, c.Name, take) // somebody has just muted it
		}
	}
	if err != nil {
		return fmt.Errorf("health: keep how %s stands: %w", c.Name, err)
	}
	m.mu.Lock()
	m.stand[c.Name] = s
	m.looked[c.Name] = true
	m.mu.Unlock()
	wake(m.kept)
	return m.history.add(ctx, c.Name, r, maintained)
}

// keepFollowing has alerts follow what was found, all that has come in together.
func (m *Monitor) keepFollowing(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		err := m.follow(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			m.o.Log.Warn("alerts are held up; trying on", "error", err)
		}
		if failing = err != nil; failing {
			pause(ctx, time.Second)
			continue
		}
		select {
		case <-ctx.Done():
		case <-m.kept:
		}
	}
}

// follow has alerts follow once.
func (m *Monitor) follow(ctx context.Context) error {
	m.mu.Lock()
	stand, looked := maps.Clone(m.stand), m.looked
	m.looked = map[string]bool{}
	m.mu.Unlock()
	early, err := m.alerts.follow(ctx, stand, looked)
	m.lookEarly(early)
	if err != nil {
		m.mu.Lock()
		maps.Copy(m.looked, looked)
		m.mu.Unlock()
	}
	return err
}

func wake(sleeper chan struct{}) {
	select {
	case sleeper <- struct{}{}:
	default:
	}
}

// lookEarly has checks looked at now rather than at their time.
func (m *Monitor) lookEarly(names []string) {
	if len(names) == 0 {
		return
	}
	m.mu.Lock()
	for _, name := range names {
		if !m.busy[name] {
			m.due[name] = m.o.Now()
		}
	}
	m.mu.Unlock()
	wake(m.woken)
}

func (m *Monitor) rollUp(ctx context.Context) {
	now := m.o.Now()
	if err := m.history.rollUp(ctx, now.Add(-m.o.Rules.KeepResults), now.Add(-m.o.Rules.Keep), mostRolled); err != nil && ctx.Err() == nil {
		m.o.Log.Warn("the figures of health checks could not be rolled up; trying on in an hour", "error", err)
	}
}

// Step does all that is due now, one round of looks and what follows, without Run. It is for clocks that stand still
// meanwhile, and answers when the next look is due, zero
// if there is nothing to look at.
func (m *Monitor) Step(ctx context.Context) (time.Time, error) {
	if m.stand == nil {
		if err := m.load(ctx); err != nil {
			return time.Time{}, err
		}
	}
	var looking sync.WaitGroup
	next := m.begin(ctx, &looking)
	looking.Wait()
	if err := m.follow(ctx); err != nil {
		return next, err
	}
	return next, m.alerts.engine.Step(ctx)
}

// Standings are how all checks of the configuration stand, by name; one that was never looked at is Unseen.
func (m *Monitor) Standings(ctx context.Context) (map[string]Standing, error) {
	entries, err := m.standings.Query(ctx, state.Query{})
	if err != nil {
		return nil, fmt.Errorf("health: read how checks stand: %w", err)
	}
	all := map[string]Standing{}
	for _, c := range m.o.Rules.Checks {
		all[c.Name] = Standing{Check: c.Name, Status: Unseen}
	}
	for _, e := range entries {
		if _, known := all[e.ID]; known && e.Value.Status != "" {
			all[e.ID] = e.Value
		}
	}
	return all, nil
}

// Past is what is known of a check between two moments.
func (m *Monitor) Past(ctx context.Context, check string, from, to time.Time) (Past, error) {
	return m.history.read(ctx, check, from, to)
}
