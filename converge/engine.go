package converge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/state"
)

// Lane is a group of effects that are brought about one after the other.
type Lane[T any] struct {
	Name    string
	Effects []Effect[T]
	// Next is when time alone gives the lane something to do; zero for never. nil means never.
	Next func(T) time.Time
}

// Effect is one thing that follows from a record.
type Effect[T any] struct {
	Name string
	// Want says, as a short text, what is to be; "" means nothing. It is done when it was brought about with this text.
	Want func(T) string
	// Do brings it about; what it learns (an ID, an address) it stores with the work's Note or Change.
	Do func(ctx context.Context, w *Work[T]) error
	// Optional, in plain words ("pin the card"), says that one does without it if Slack refuses it.
	Optional string
}

// Options are what an Engine works with. All but Log, Poll and Beside are required.
type Options[T any] struct {
	// Kind names the records in leases, log and the keys of messages: "incident".
	Kind    string
	Records *state.Collection[T]
	// Name is what people call the record, as messages' keys have it: "12".
	Name func(T) string
	// State is the one that the record embeds.
	State  func(*T) *State
	Lanes  []Lane[T]
	Slack  *bot.Slack
	Leases *state.Leases
	Now    func() time.Time
	Log    *slog.Logger
	// Poll is how often the store is asked for what is due; 0 means 1 s.
	Poll time.Duration
	// Beside, if any, is called at each poll. What it begins there it adds to the group.
	Beside func(ctx context.Context, working *sync.WaitGroup)
}

// together bounds how many records are worked on at once.
const together = 8

// Engine changes records and brings about what follows.
type Engine[T any] struct {
	o    Options[T]
	poke chan struct{}
	mu   sync.Mutex
	busy map[string]bool // by record and lane, in this process
}

// New answers an engine; Run then brings about what is due.
func New[T any](o Options[T]) *Engine[T] {
	o.Poll = cmp.Or(o.Poll, time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine[T]{o: o, poke: make(chan struct{}, 1), busy: map[string]bool{}}
}

// Change applies a decision once, whatever becomes of this process afterwards, and answers the record as it then is. A
// request that was applied before answers the record as it is now. An error of decide changes nothing, and is answered.
func (e *Engine[T]) Change(ctx context.Context, id, request string, decide func(*T) error) (T, error) {
	changed, err := e.o.Records.Change(ctx, id, func(r *T) error {
		s := e.o.State(r)
		if !s.apply(request) {
			return errApplied
		}
		if err := decide(r); err != nil {
			return err
		}
		s.Decisions++
		s.Lanes = nil // what failed before may go well now
		e.Touch(r)
		return nil
	})
	if errors.Is(err, errApplied) {
		now, _, err := e.o.Records.Get(ctx, id)
		return now, err
	}
	if err == nil {
		e.Nudge()
	}
	return changed, err
}

var errApplied = errors.New("converge: this request was applied before")

// Touch has every lane look at the record at once, when it is stored.
func (e *Engine[T]) Touch(r *T) {
	s := e.o.State(r)
	s.Rev++
	for _, l := range e.o.Lanes {
		s.set(l.Name, Progress{Due: e.o.Now(), Failures: s.Lanes[l.Name].Failures})
	}
}

// Nudge has Run look at once.
func (e *Engine[T]) Nudge() {
	select {
	case e.poke <- struct{}{}:
	default:
	}
}

// Rests says that no lane has anything to do for the record by then.
func (e *Engine[T]) Rests(r T, by time.Time) bool {
	s := e.o.State(&r)
	for _, l := range e.o.Lanes {
		if due := s.Lanes[l.Name].Due; !due.IsZero() && !due.After(by) {
			return false
		}
	}
	return true
}

// Run brings about what is due, until ctx ends.
func (e *Engine[T]) Run(ctx context.Context) error {
	var working sync.WaitGroup
	defer working.Wait()
	slots := make(chan struct{}, together)
	tick := time.NewTicker(e.o.Poll)
	defer tick.Stop()
	failing := false
	for {
		for _, l := range e.o.Lanes {
			due, err := e.due(ctx, l)
			if err != nil && !failing && ctx.Err() == nil {
				e.o.Log.Warn("could not read what is due; trying on", "kind", e.o.Kind, "error", err)
			}
			failing = err != nil
			for _, r := range due {
				e.begin(ctx, &working, slots, l, r.ID, e.o.Name(r.Value))
			}
		}
		if e.o.Beside != nil {
			e.o.Beside(ctx, &working)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-e.poke:
		}
	}
}

func (e *Engine[T]) due(ctx context.Context, l Lane[T]) ([]state.Entry[T], error) {
	return e.o.Records.Query(ctx, state.Query{OrderBy: "due " + l.Name, Limit: 100,
		Where: []state.Condition{{Field: "due " + l.Name, Op: state.LessEqual, Value: state.SortableTime(e.o.Now())}}})
}

// Step brings about what is due now, one after the other and without Run, until nothing is. It is for clocks that stand
// still meanwhile; what fails is due later by that clock, and is answered.
func (e *Engine[T]) Step(ctx context.Context) error {
	var failed error
	for again := true; again && ctx.Err() == nil; {
		again = false
		for _, l := range e.o.Lanes {
			due, err := e.due(ctx, l)
			if err != nil {
				return err
			}
			for _, r := range due {
				again = true
				if err := e.Converge(ctx, r.ID, l); err != nil {
					failed = errors.Join(failed, err)
					if errors.Is(err, state.ErrTaken) {
						return failed
					}
				}
			}
		}
	}
	return failed
}

// Due answers when some lane looks next at some record, zero for never. It goes with Step.
func (e *Engine[T]) Due(ctx context.Context) (time.Time, error) {
	var first time.Time
	for _, l := range e.o.Lanes {
		next, err := e.o.Records.Query(ctx, state.Query{OrderBy: "due " + l.Name, Limit: 1})
		if err != nil {
			return time.Time{}, err
		}
		for _, r := range next {
			if due := e.o.State(&r.Value).Lanes[l.Name].Due; first.IsZero() || due.Before(first) {
				first = due
			}
		}
	}
	return first, nil
}

// begin works on a record's lane, unless this process is at it already or has its hands full.
func (e *Engine[T]) begin(ctx context.Context, working *sync.WaitGroup, slots chan struct{}, l Lane[T], id, name string) {
	key := e.o.Kind + "/" + id + "/" + l.Name
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[key] {
		return
	}
	select {
	case slots <- struct{}{}:
	default:
		return
	}
	e.busy[key] = true
	working.Go(func() {
		err := e.Converge(ctx, id, l)
		if err != nil && ctx.Err() == nil && !errors.Is(err, state.ErrTaken) {
			e.o.Log.Warn("Slack or GitHub could not be brought up to date; trying on", "record", e.o.Kind+"/"+name, "lane", l.Name, "error", err)
		}
		e.mu.Lock()
		delete(e.busy, key)
		e.mu.Unlock()
		<-slots
		if err == nil { // otherwise it waits for the next poll
			e.Nudge()
		}
	})
}

// Converge brings about all that one lane wants for a record, then stores when it looks again. It answers
// state.ErrTaken while another process is at it. Run does this by itself.
func (e *Engine[T]) Converge(ctx context.Context, id string, l Lane[T]) error {
	ctx, release, err := e.o.Leases.Take(ctx, e.o.Kind+"/"+id+"/"+l.Name)
	if err != nil {
		return err
	}
	defer release()
	r, _, err := e.o.Records.Get(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return nil // it was forgotten meanwhile
	}
	if err != nil {
		return err
	}
	w := &Work[T]{Record: r, Lane: l.Name, id: id, e: e}
	var failed error
	for _, effect := range l.Effects {
		if err := w.bringAbout(ctx, effect); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	before := *e.o.State(&r)
	return errors.Join(failed, w.Note(ctx, func(r *T) { e.lookAgain(r, l, before, failed) }))
}

// lookAgain says when the lane has something to do again: after a pause if something failed, unless a person has decided
// something since the record was read; at once if it has changed; else when time gives it something to do.
func (e *Engine[T]) lookAgain(r *T, l Lane[T], before State, failed error) {
	s := e.o.State(r)
	p := s.Lanes[l.Name]
	var later *LaterError
	errors.As(failed, &later)
	switch {
	case later != nil && later.Settling:
		p.Due = later.Until
	case failed != nil && s.Decisions != before.Decisions:
		return // it is due already
	case failed != nil:
		pause := min(time.Second<<min(p.Failures, 8), 5*time.Minute)
		if later != nil {
			pause = max(pause, later.Until.Sub(e.o.Now()))
		}
		pause += time.Duration(rand.Int64N(int64(pause)/4 + 1))
		p = Progress{Due: e.o.Now().Add(pause), Failures: p.Failures + 1}
	case s.Rev != before.Rev:
		return // it is due already
	case l.Next == nil:
		p = Progress{}
	default:
		p = Progress{Due: l.Next(*r)}
	}
	s.set(l.Name, p)
}

// LaterError says that a service wants to be left alone until then. Settling is for what an earlier process has left: it
// is no failure, so the pauses do not grow.
type LaterError struct {
	Until    time.Time
	Err      error
	Settling bool
}

func (e *LaterError) Error() string { return e.Err.Error() }
func (e *LaterError) Unwrap() error { return e.Err }

// Work is one record in the hands of one lane.
type Work[T any] struct {
	// Record is as it was read or noted last.
	Record T
	Lane   string

	id string
	e  *Engine[T]
}

// Note stores what an effect has learnt. It does not count as a change that others follow.
func (w *Work[T]) Note(ctx context.Context, learn func(*T)) error {
	r, err := w.e.o.Records.Change(ctx, w.id, func(r *T) error {
		learn(r)
		return nil
	})
	if err == nil {
		w.Record = r
	}
	return err
}

// Change stores what an effect has found out and what other effects follow, such as an address to be shown on a card.
func (w *Work[T]) Change(ctx context.Context, learn func(*T)) error {
	err := w.Note(ctx, func(r *T) {
		learn(r)
		w.e.Touch(r)
	})
	w.e.Nudge()
	return err
}

// bringAbout does what the effect wants, unless that is done.
func (w *Work[T]) bringAbout(ctx context.Context, effect Effect[T]) error {
	want := effect.Want(w.Record)
	if want == "" || w.e.o.State(&w.Record).Effects[effect.Name] == want || ctx.Err() != nil {
		return nil
	}
	err := effect.Do(ctx, w)
	if err != nil && effect.Optional != "" && ctx.Err() == nil {
		w.e.o.Slack.Try(ctx, effect.Optional, err)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", strings.ReplaceAll(effect.Name, "-", " "), err)
	}
	return w.Note(ctx, func(r *T) { w.e.o.State(r).BroughtAbout(effect.Name, want) })
}
