package bot

import (
	"sync"
	"time"
)

// arrivals are the envelopes that came of late, by ID. The first copy of an envelope is stored; the others, which may
// come over another socket at the same moment, share its fate instead of being stored against it.
type arrivals struct {
	now   func() time.Time
	mu    sync.Mutex
	all   map[string]*arrival
	swept time.Time
}

type arrival struct {
	at      time.Time
	settled chan struct{} // closed when err is known
	err     error
}

// rememberArrivals is longer than Slack repeats anything but events, which the store remembers.
const rememberArrivals = 10 * time.Minute

func newArrivals(now func() time.Time) *arrivals {
	return &arrivals{now: now, all: map[string]*arrival{}}
}

// settle calls insert for the first copy of an envelope and answers its error to every copy. An error is forgotten when
// final is false, so that the next copy is tried again.
func (a *arrivals) settle(id string, final bool, insert func() error) error {
	a.mu.Lock()
	if first, ok := a.all[id]; ok {
		a.mu.Unlock()
		<-first.settled
		return first.err
	}
	own := &arrival{at: a.now(), settled: make(chan struct{})}
	a.all[id] = own
	a.sweep(own.at)
	a.mu.Unlock()
	own.err = insert()
	close(own.settled)
	if own.err != nil && !final {
		a.mu.Lock()
		delete(a.all, id)
		a.mu.Unlock()
	}
	return own.err
}

// refused says that the envelope came of late and could not be stored.
func (a *arrivals) refused(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	first, ok := a.all[id]
	if !ok {
		return false
	}
	select {
	case <-first.settled:
		return first.err != nil
	default:
		return false
	}
}

// sweep forgets old arrivals, once a minute.
func (a *arrivals) sweep(now time.Time) {
	if now.Sub(a.swept) < time.Minute {
		return
	}
	a.swept = now
	for id, one := range a.all {
		if now.Sub(one.at) > rememberArrivals {
			delete(a.all, id)
		}
	}
}
