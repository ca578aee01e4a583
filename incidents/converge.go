package incidents

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/state"
)

// What people decide is in the record. What it means for Slack and GitHub is a list of effects: each says what it wants
// for an incident as it is, and brings that about. Effects are idempotent, so a process that dies between a call and
// the note of it only has it brought about once more. Those that wait for different services are in different lanes,
// so that GitHub being down holds up nothing in Slack.

// Lane is how far a group of effects has followed.
type Lane struct {
	// Due is when the lane looks next; zero when only a change can give it something to do.
	Due time.Time `json:"due,omitzero"`
	// Failures counts the attempts in a row that did not get through.
	Failures int `json:"failures,omitempty"`
}

type lane struct {
	name    string
	effects []effect
	// next is when time alone gives the lane something to do; zero for never.
	next func(Incident) time.Time
}

// effect is one thing in Slack or on GitHub that follows from an incident.
type effect struct {
	name string
	// want says, as a short text, what is to be; "" means nothing. It is done when it was brought about with this text.
	want func(Incident) string
	// do brings it about; what it learns (an ID, an address) it stores with the work's note.
	do func(ctx context.Context, w *work) error
	// optional, in plain words ("pin the card"), says that the incident is run without it if Slack refuses it.
	optional string
}

// work is one incident in the hands of one lane.
type work struct {
	d    *Desk
	lane string
	i    Incident
}

// note stores what an effect has learnt. It does not count as a change that others follow.
func (w *work) note(ctx context.Context, learn func(*Incident)) error {
	i, err := w.d.incidents.Change(ctx, recordID(w.i.Number), func(i *Incident) error {
		learn(i)
		return nil
	})
	if err == nil {
		w.i = i
	}
	return err
}

// change stores what an effect has found out and what other effects follow, such as an address to be shown on the card.
func (w *work) change(ctx context.Context, learn func(*Incident)) error {
	err := w.note(ctx, func(i *Incident) {
		learn(i)
		w.d.dirty(i)
	})
	w.d.nudge()
	return err
}

// together bounds how many incidents are worked on at once.
const together = 8

// Run brings about what is due, until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	if d.o.Slack == nil {
		return errors.New("incidents: nothing can be brought about without Slack")
	}
	var working sync.WaitGroup
	defer working.Wait()
	slots := make(chan struct{}, together)
	tick := time.NewTicker(d.o.Poll)
	defer tick.Stop()
	failing := false
	for {
		for _, l := range d.lanes {
			due, err := d.query(ctx, state.Query{OrderBy: "due " + l.name, Limit: 100,
				Where: []state.Condition{{Field: "due " + l.name, Op: state.LessEqual, Value: state.SortableTime(d.o.Now())}}})
			if err != nil && !failing && ctx.Err() == nil {
				d.o.Log.Warn("could not read which incidents are due; trying on", "error", err)
			}
			failing = err != nil
			for _, i := range due {
				d.begin(ctx, &working, slots, l, i.Number)
			}
		}
		d.remindOfActions(ctx, &working)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-d.poke:
		}
	}
}

// nudge has Run look at once.
func (d *Desk) nudge() {
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// begin works on an incident's lane, unless this process is at it already or has its hands full.
func (d *Desk) begin(ctx context.Context, working *sync.WaitGroup, slots chan struct{}, l lane, number int) {
	key := fmt.Sprintf("incident/%d/%s", number, l.name)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[key] {
		return
	}
	select {
	case slots <- struct{}{}:
	default:
		return
	}
	d.busy[key] = true
	working.Go(func() {
		err := d.converge(ctx, key, l, number)
		if err != nil && ctx.Err() == nil && !errors.Is(err, state.ErrTaken) {
			d.o.Log.Warn("an incident could not be brought up to date; trying on", "incident", number, "lane", l.name, "error", err)
		}
		d.mu.Lock()
		delete(d.busy, key)
		d.mu.Unlock()
		<-slots
		if err == nil { // otherwise it waits for the next poll
			d.nudge()
		}
	})
}

// converge brings about all that one lane wants, then says when it looks again.
func (d *Desk) converge(ctx context.Context, key string, l lane, number int) error {
	ctx, release, err := d.leases.Take(ctx, key)
	if err != nil {
		return err
	}
	defer release()
	i, err := d.Get(ctx, number)
	if err != nil {
		return err
	}
	w := &work{d: d, lane: l.name, i: i}
	var failed error
	for _, e := range l.effects {
		if err := w.bringAbout(ctx, e); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	before := i
	return errors.Join(failed, w.note(ctx, func(i *Incident) { d.lookAgain(i, l, before, failed) }))
}

// lookAgain says when the lane has something to do again: after a pause if something failed, unless a person has decided
// something since the incident was read; at once if it has changed; else when time gives it something to do.
func (d *Desk) lookAgain(i *Incident, l lane, before Incident, failed error) {
	state := i.Lanes[l.name]
	var later *laterError
	errors.As(failed, &later)
	switch {
	case later != nil && later.settling:
		state.Due = later.until
	case failed != nil && i.Decisions != before.Decisions:
		return // it is due already
	case failed != nil:
		pause := min(time.Second<<min(state.Failures, 8), 5*time.Minute)
		if later != nil {
			pause = max(pause, later.until.Sub(d.o.Now()))
		}
		pause += time.Duration(rand.Int64N(int64(pause)/4 + 1))
		state = Lane{Due: d.o.Now().Add(pause), Failures: state.Failures + 1}
	case i.Rev != before.Rev:
		return // it is due already
	default:
		state = Lane{Due: l.next(*i)}
	}
	if i.Lanes == nil {
		i.Lanes = map[string]Lane{}
	}
	i.Lanes[l.name] = state
}

// laterError says that a service wants to be left alone until then. settling is for what an earlier process has left: it
// is no failure, so the pauses do not grow.
type laterError struct {
	until    time.Time
	err      error
	settling bool
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// bringAbout does what the effect wants, unless that is done.
func (w *work) bringAbout(ctx context.Context, e effect) error {
	want := e.want(w.i)
	if want == "" || w.i.Effects[e.name] == want || ctx.Err() != nil {
		return nil
	}
	err := e.do(ctx, w)
	if err != nil && e.optional != "" && ctx.Err() == nil {
		w.d.o.Slack.Try(ctx, e.optional, err)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", strings.ReplaceAll(e.name, "-", " "), err)
	}
	return w.note(ctx, func(i *Incident) {
		if i.Effects == nil {
			i.Effects = map[string]string{}
		}
		i.Effects[e.name] = want
	})
}
