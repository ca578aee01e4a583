// Package watch has opsbot watch itself: it notices that it was away, says once what did not happen meanwhile, and tells a
// service outside as long as all is well.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

const (
	// Limit is the longest absence of which nothing is said: an upgrade or a restart of the machine takes less, and most
	// checks are looked at every five minutes.
	Limit = 5 * time.Minute
	// beatEvery is how often each process notes that opsbot lives; an absence is known to that exactness.
	beatEvery = 30 * time.Second
	// leap is by how much the clock may go on between two turns of Run before that is looked into at once.
	leap = time.Minute
	// turnEvery is how often Run looks at the clock, and sayAgain after how long it says again what it could not say.
	turnEvery, sayAgain = time.Second, 5 * time.Second
	// keepAway is how many absences are remembered, for those who ask whether a moment fell into one.
	keepAway = 20
)

// Poster is where absences and faults are said; *bot.Slack is one.
type Poster interface {
	// Post posts a message, once for each Message.Key.
	Post(ctx context.Context, channel string, m chat.Message) (chat.Ref, error)
	// Edit replaces a message.
	Edit(ctx context.Context, at chat.Ref, m chat.Message) error
}

// Kind is a kind of things that have their times, such as schedules.
type Kind struct {
	// Title is the plural that begins a sentence: "Schedules".
	Title string
	// Missed answers what was due after from and up to to and did not happen, or is late, and what becomes of it: lines of
	// mrkdwn, the most important first.
	Missed func(ctx context.Context, from, to time.Time) ([]string, error)
}

// Options are what a Watch works with; all but Log are required.
type Options struct {
	Store   state.Store
	Events  *events.Log
	Poster  Poster
	Channel string
	Kinds   []Kind
	Now     func() time.Time
	Log     *slog.Logger
}

// Watch notices absences. Any number of processes watch together: opsbot is away while none of them runs.
type Watch struct {
	o      Options
	pulses *state.Collection[pulse]
	leases *state.Leases

	mu sync.Mutex
	// began is when this process began to watch, beaten when it noted last that it lives, turned when Run looked at the
	// clock last, said when it said last what was to be said, and unsaid whether something is left.
	began, beaten, turned, said time.Time
	unsaid                      bool
}

// pulse is the one record that all processes keep together.
type pulse struct {
	// Beat is when a process noted last that it lives.
	Beat time.Time `json:"beat"`
	// Stopped says that this was its last word before it was stopped.
	Stopped bool `json:"stopped,omitempty"`
	// Away are the newest absences, the oldest first.
	Away []Absence `json:"away,omitempty"`
}

// Absence is a time in which no process of opsbot did its work.
type Absence struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	How  How       `json:"how"`
	// Lists are what did not happen meanwhile.
	Lists []List `json:"lists,omitempty"`
	Said  bool   `json:"said,omitempty"`
}

// List is what did not happen of one kind.
type List struct {
	Title string   `json:"title"`
	Lines []string `json:"lines"`
}

// How says why it was away, as far as it can know.
type How string

// The ways to be away: it was stopped in order, it ended otherwise, or its process lived on and stood still.
const (
	Stopped How = "stopped"
	Died    How = "died"
	Stalled How = "stalled"
)

const (
	pulseID = "opsbot"
	lease   = "watch/absence"
)

// New answers a watch. Its first Beat should come before anything of the process that has its times.
func New(o Options) *Watch {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Watch{o: o, pulses: state.NewCollection[pulse](o.Store, "pulse", nil), leases: state.NewLeases(o.Store, state.ThisProcess(), 30*time.Second),
		began: o.Now().UTC().Truncate(time.Microsecond), unsaid: true}
}

// Run watches until ctx ends, and notes that opsbot was stopped then.
func (w *Watch) Run(ctx context.Context) error {
	var saying sync.WaitGroup
	saying.Go(func() { w.keep(ctx, "say that opsbot was away", w.speak) }) // it may wait for Slack for hours
	w.keep(ctx, "note that opsbot lives", w.live)
	saying.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := w.Stop(last); err != nil {
		w.o.Log.Warn("opsbot could not note that it was stopped", "error", err)
	}
	return nil
}

// keep does something at every turn until ctx ends, and logs once when it begins to fail.
func (w *Watch) keep(ctx context.Context, what string, do func(context.Context) error) {
	tick := time.NewTicker(turnEvery)
	defer tick.Stop()
	for failing := false; ctx.Err() == nil; {
		err := do(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			w.o.Log.Warn("opsbot cannot keep watch over itself; trying on", "what", what, "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Step does what is due now: it notes that opsbot lives, and says that it was away. Run does this by itself; for clocks
// that stand still meanwhile it is called whenever time has passed.
func (w *Watch) Step(ctx context.Context) error {
	return errors.Join(w.live(ctx), w.speak(ctx))
}

// live notes that opsbot lives if that is due, or if the clock has leapt.
func (w *Watch) live(ctx context.Context) error {
	now := w.now()
	w.mu.Lock()
	due := now.Sub(w.beaten).Abs() >= beatEvery || now.Sub(w.turned) > leap
	w.turned = now
	w.mu.Unlock()
	if !due {
		return nil
	}
	return w.Beat(ctx)
}

// speak says what is to be said, if it was not just tried.
func (w *Watch) speak(ctx context.Context) error {
	now := w.now()
	w.mu.Lock()
	due := w.unsaid && now.Sub(w.said).Abs() >= sayAgain
	if due {
		w.said = now
	}
	w.mu.Unlock()
	if !due {
		return nil
	}
	return w.say(ctx)
}

// Beat notes that opsbot lives. If it was away until now, it notes that with what did not happen meanwhile, which Step
// then says. Of several processes that come back at once one notes it.
func (w *Watch) Beat(ctx context.Context) error {
	p, _, err := w.pulses.Get(ctx, pulseID)
	if errors.Is(err, state.ErrNotFound) {
		p = pulse{Beat: w.now()} // the first start of all
		if err = w.pulses.Insert(ctx, pulseID, p); errors.Is(err, state.ErrExists) {
			p, _, err = w.pulses.Get(ctx, pulseID)
		}
	}
	if err != nil {
		return fmt.Errorf("watch: read when opsbot lived last: %w", err)
	}
	var away *Absence
	if now := w.now(); now.Sub(p.Beat) > Limit {
		away = w.absence(ctx, p, now)
	}
	p, err = w.pulses.Change(ctx, pulseID, func(p *pulse) error {
		now := w.now()
		if away != nil && p.Beat.Equal(away.From) {
			now = away.To
			p.Away = append(p.Away, *away)
			p.Away = p.Away[max(0, len(p.Away)-keepAway):]
		}
		if now.After(p.Beat) || p.Beat.Sub(now) > Limit { // much later than now: the clock was set back
			p.Beat = now
		}
		p.Stopped = false
		return nil
	})
	if err != nil {
		return fmt.Errorf("watch: note that opsbot lives: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beaten = w.now()
	for _, a := range p.Away {
		w.unsaid = w.unsaid || !a.Said
	}
	return nil
}

// now is the time as it reads back from the store.
func (w *Watch) now() time.Time { return w.o.Now().UTC().Truncate(time.Microsecond) }

// Stop notes that this process was stopped in order.
func (w *Watch) Stop(ctx context.Context) error {
	_, err := w.pulses.Change(ctx, pulseID, func(p *pulse) error {
		if now := w.now(); now.After(p.Beat) && now.Sub(p.Beat) <= Limit {
			p.Beat, p.Stopped = now, true
		}
		return nil
	})
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return fmt.Errorf("watch: note that opsbot was stopped: %w", err)
	}
	return nil
}

// Tells answers whether a moment falls into an absence that is said, or will be. Others then need not say it.
func (w *Watch) Tells(ctx context.Context, at time.Time) (bool, error) {
	if err := w.Beat(ctx); err != nil { // it may just be over
		return false, err
	}
	p, _, err := w.pulses.Get(ctx, pulseID)
	if err != nil {
		return false, fmt.Errorf("watch: read absences: %w", err)
	}
	for _, a := range p.Away {
		if at.After(a.From) && !at.After(a.To) {
			return true, nil
		}
	}
	return false, nil
}

// Back answers when opsbot came back from its last absence; zero if it knows of none.
func (w *Watch) Back(ctx context.Context) (time.Time, error) {
	p, _, err := w.pulses.Get(ctx, pulseID)
	switch {
	case errors.Is(err, state.ErrNotFound):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("watch: read absences: %w", err)
	case len(p.Away) == 0:
		return time.Time{}, nil
	}
	return p.Away[len(p.Away)-1].To, nil
}
