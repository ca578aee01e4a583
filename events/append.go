package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kampyn/opsbot/state"
)

// addition is an event on its way into the log.
type addition struct {
	ctx   context.Context
	event Event
	err   error
	done  chan struct{}
}

const (
	// mostAtOnce bounds how many events share one insert.
	mostAtOnce = 256
	// writeWithin bounds one insert, which serves several callers and so ends with the last of their contexts only.
	writeWithin = time.Minute
)

// Append adds the event and answers it with Seq, Prev and Hash set, and with At if that was zero. If its Key was
// appended before, it answers the event of then. An error of the context leaves open whether the event was added.
//
// The place in the chain is the unique key of the record, so of two processes that append at once one begins again,
// and the chain never forks. Within a process, events that come while an insert is under way share the next one, since
// a chain cannot grow at two places at once.
func (l *Log) Append(ctx context.Context, e Event) (Event, error) {
	if e.What == "" {
		return Event{}, errors.New("events: an event needs to say what happened")
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	// What is stored must read back as it was hashed.
	e.At = e.At.UTC().Truncate(time.Microsecond)
	a := &addition{ctx: ctx, event: e, done: make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, a)
	l.mu.Unlock()
	select {
	case <-a.done:
	case l.turn <- struct{}{}:
		for !isDone(a) { // there may be more before it than one insert takes
			l.add(l.next())
		}
		<-l.turn
	case <-ctx.Done():
		return Event{}, fmt.Errorf("events: append %s: %w", e.What, ctx.Err())
	}
	return a.event, a.err
}

func isDone(a *addition) bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// next takes the additions that have waited longest.
func (l *Log) next() []*addition {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.waiting), mostAtOnce)
	batch := slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	return batch
}

// add appends those additions that are still wanted and settles all.
func (l *Log) add(batch []*addition) {
	wanted := []*addition{}
	for _, a := range batch {
		if a.err = a.ctx.Err(); a.err == nil {
			wanted = append(wanted, a)
		}
	}
	ctx, cancel := together(wanted)
	defer cancel()
	if err := l.chain(ctx, wanted); err != nil {
		for _, a := range wanted {
			a.err = err
		}
	}
	for _, a := range batch {
		if a.err != nil {
			a.event = Event{}
		}
		close(a.done)
	}
}

// together is a context that ends when all of the additions' have ended.
func together(all []*addition) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	stops := []func() bool{}
	var left atomic.Int64
	left.Store(int64(len(all)))
	for _, a := range all {
		stops = append(stops, context.AfterFunc(a.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		}))
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}

// chain gives each addition its place behind the head and inserts them together, again and again while other
// processes are faster.
func (l *Log) chain(ctx context.Context, batch []*addition) error {
	for {
		links, head, err := l.forge(ctx, batch)
		if err != nil || len(links) == 0 {
			return err
		}
		err = l.events.InsertAll(ctx, links, func(e Event) string { return id(e.Seq) })
		if err == nil {
			l.head = head
			return nil
		}
		if !errors.Is(err, state.ErrExists) {
			return fmt.Errorf("events: append %s: %w", links[0].What, err)
		}
		if err := l.readHead(ctx); err != nil {
			return err
		}
	}
}

// forge answers the links that the batch adds to the chain, and what the head will be. Of an equal key only the first
// becomes a link.
func (l *Log) forge(ctx context.Context, batch []*addition) (links []Event, head Mark, err error) {
	head = l.head
	byKey := map[string]Event{}
	for _, a := range batch {
		if a.event.Key != "" {
			// The head was read before this look, so an equal key that comes after it takes the next place first.
			old, known := byKey[a.event.Key]
			if !known {
				if old, err = l.byKey(ctx, a.event.Key); err != nil {
					return nil, head, err
				}
			}
			if old.Seq > 0 {
				a.event = old
				continue
			}
		}
		e := a.event
		e.Seq, e.Prev = head.Seq+1, head.Hash
		if e.Hash, err = e.digest(); err != nil {
			return nil, head, err
		}
		a.event, head = e, Mark{Seq: e.Seq, Hash: e.Hash}
		byKey[e.Key] = e
		links = append(links, e)
	}
	return links, head, nil
}

func (l *Log) byKey(ctx context.Context, key string) (Event, error) {
	found, err := l.events.Query(ctx, state.Query{Where: []state.Condition{{Field: "key", Op: state.Equal, Value: key}}, Limit: 1})
	if err != nil {
		return Event{}, fmt.Errorf("events: look for %s: %w", key, err)
	}
	if len(found) == 0 {
		return Event{}, nil
	}
	return found[0].Value, nil
}

func (l *Log) readHead(ctx context.Context) error {
	found, err := l.events.Query(ctx, state.Query{Descending: true, Limit: 1})
	if err != nil {
		return fmt.Errorf("events: read the end of the log: %w", err)
	}
	if len(found) > 0 {
		l.head = Mark{Seq: found[0].Value.Seq, Hash: found[0].Value.Hash}
	}
	return nil
}
