package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

const (
	// callAgain is how soon a call that failed is made again, and how soon it is looked again whether opsbot is well.
	callAgain = 10 * time.Second
	// tellAfter is how many calls in a row must fail before that is told.
	tellAfter = 3
	// tellWithin bounds how long telling may hold up the calls.
	tellWithin = 10 * time.Second
)

// DeadManOptions are what a DeadMan works with; all but Log are required.
type DeadManOptions struct {
	Store   state.Store
	Poster  Poster
	Channel string
	// Service is the host of the URL; the rest of it is secret.
	Service string
	// Every is how often it is called.
	Every time.Duration
	// Call calls the URL and answers "", or in plain words and without the URL's secrets why that did not work.
	Call func(ctx context.Context) (fault string)
	// Well answers what keeps opsbot from its work; nothing while it is well.
	Well func(ctx context.Context) (faults []string)
	Now  func() time.Time
	Log  *slog.Logger
}

// DeadMan calls a service outside as long as opsbot is well, so that the service raises the alarm when it is not: also when
// its machine or its network is gone. Each process calls for itself: opsbot is dead when none of them is well, and if
// only one called, its troubles would be taken for those of all.
type DeadMan struct {
	o      DeadManOptions
	called *state.Collection[called]

	// next is when it is called next, failed how many calls in a row have failed, and ill whether opsbot was not well.
	next   time.Time
	failed int
	ill    bool
}

// called is the one record of all processes.
type called struct {
	// Taken is when a call got through last.
	Taken time.Time `json:"taken"`
	// Failing is since when none does, once that is to be told.
	Failing time.Time `json:"failing,omitzero"`
}

const calledID = "dead-man"

// NewDeadMan answers one; Run then calls.
func NewDeadMan(o DeadManOptions) *DeadMan {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &DeadMan{o: o, called: state.NewCollection[called](o.Store, "dead-man", nil)}
}

// Run calls until ctx ends.
func (d *DeadMan) Run(ctx context.Context) error {
	tick := time.NewTicker(turnEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := d.Step(ctx); err != nil && ctx.Err() == nil {
			d.o.Log.Warn("how the dead-man URL takes calls could not be noted or told; trying on", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

// Step calls if that is due and opsbot is well. Run does this by itself.
func (d *DeadMan) Step(ctx context.Context) error {
	now := d.o.Now().Round(0) // by the clock on the wall, also after the machine has slept
	if now.Before(d.next) && d.next.Sub(now) <= d.o.Every {
		return nil
	}
	d.next = now.Add(min(callAgain, d.o.Every))
	faults := d.o.Well(ctx)
	if ill := len(faults) > 0; ill != d.ill {
		d.ill = ill
		if ill {
			d.o.Log.Warn("the dead-man URL is not called, since opsbot is not well", "faults", strings.Join(faults, "; "))
		}
	}
	if d.ill || ctx.Err() != nil {
		return nil
	}
	fault := d.o.Call(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case fault == "":
		d.next, d.failed = now.Add(d.o.Every), 0
		return d.taken(ctx, now)
	}
	d.failed++
	d.o.Log.Warn("the dead-man URL could not be called; trying on", "service", d.o.Service, "error", fault)
	return d.refused(ctx, now, fault)
}

// taken notes that a call got through. If it was told that none does, that message says so now.
func (d *DeadMan) taken(ctx context.Context, now time.Time) error {
	known, _, err := d.called.Get(ctx, calledID)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return fmt.Errorf("watch: read the calls of the dead-man URL: %w", err)
	}
	if !known.Failing.IsZero() {
		m := d.message(known.Failing)
		m.Summary = fmt.Sprintf("The dead-man URL at %s takes calls again.", chat.Literal(d.o.Service))
		m.Parts = []chat.Part{chat.Note(fmt.Sprintf("✅ %s It did not from %s to %s.", m.Summary, chat.Time(known.Failing), chat.Time(now)))}
		if err := d.tell(ctx, m, true); err != nil {
			return err
		}
	}
	if err := d.called.Put(ctx, calledID, called{Taken: now.UTC()}); err != nil {
		return fmt.Errorf("watch: note a call of the dead-man URL: %w", err)
	}
	return nil
}

// refused tells once that calls do not get through, if none of any process does.
func (d *DeadMan) refused(ctx context.Context, now time.Time, fault string) error {
	if d.failed < tellAfter {
		return nil
	}
	fresh := called{Failing: now.UTC().Truncate(time.Microsecond)}
	err := d.called.Insert(ctx, calledID, fresh)
	if errors.Is(err, state.ErrExists) {
		fresh, err = d.called.Change(ctx, calledID, func(c *called) error {
			if c.Failing.IsZero() && now.Sub(c.Taken).Abs() >= d.o.Every {
				c.Failing = fresh.Failing
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("watch: note the calls of the dead-man URL: %w", err)
	}
	if fresh.Failing.IsZero() {
		return nil // another process gets through
	}
	m := d.message(fresh.Failing)
	m.Summary = fmt.Sprintf("The dead-man URL at %s takes no calls.", chat.Literal(d.o.Service))
	m.Parts = []chat.Part{chat.Text(fmt.Sprintf("⚠️ *%s* The last one: %s. opsbot is well and goes on calling; that service will say that it is not. "+
		"Is `health.dead_man.url` still right, and may this machine reach it?", m.Summary, fault))}
	return d.tell(ctx, m, false)
}

func (d *DeadMan) message(since time.Time) chat.Message {
	return chat.Message{Key: "dead-man/" + state.SortableTime(since)}
}

func (d *DeadMan) tell(ctx context.Context, m chat.Message, edit bool) error {
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	at, err := d.o.Poster.Post(ctx, d.o.Channel, m)
	if err == nil && edit {
		err = d.o.Poster.Edit(ctx, at, m)
	}
	if err != nil {
		return fmt.Errorf("watch: tell about the dead-man URL: %w", err)
	}
	return nil
}
