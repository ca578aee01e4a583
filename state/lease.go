package state

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrTaken is the answer when somebody else holds a lease.
var ErrTaken = errors.New("state: somebody else holds the lease")

// ErrLost is the cause with which the context of a lease ends that could not be kept.
var ErrLost = errors.New("state: the lease was lost")

// Leases are rights to be the only one at something, across all processes that share a store.
type Leases struct {
	leases *Collection[Lease]
	owner  string
	ttl    time.Duration
}

// Lease is the right as it is stored. Token grows with each holder: a fencing token.
// https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
type Lease struct {
	Owner string    `json:"owner"`
	Token int64     `json:"token"`
	Until time.Time `json:"until"`
}

// NewLeases answers the leases that owner (see ThisProcess) takes; each lasts ttl beyond its last renewal.
func NewLeases(store Store, owner string, ttl time.Duration) *Leases {
	return &Leases{leases: NewCollection[Lease](store, "lease", nil), owner: owner, ttl: ttl}
}

// Take makes the owner the holder of the named lease and answers the context to work under, which ends with ErrLost
// when the lease is lost, and a function that gives the lease back and must be called. It answers ErrTaken while
// another process lives that holds it. One owner takes one name only once at a time.
func (l *Leases) Take(ctx context.Context, name string) (context.Context, func(), error) {
	taken := time.Now()
	token, err := l.claim(ctx, name, taken)
	if err != nil {
		return nil, nil, err
	}
	held, lose := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		l.keep(held, name, token, taken, lose)
	}()
	return held, func() {
		lose(context.Canceled)
		<-kept
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.ttl)
		defer cancel()
		// Should it fail, the lease ends by itself.
		_, _ = l.leases.Change(after, name, func(lease *Lease) error {
			if lease.Token != token {
				return ErrTaken
			}
			lease.Owner, lease.Until = "", time.Time{}
			return nil
		})
	}, nil
}

func (l *Leases) claim(ctx context.Context, name string, now time.Time) (int64, error) {
	fresh := Lease{Owner: l.owner, Token: 1, Until: now.Add(l.ttl)}
	err := l.leases.Insert(ctx, name, fresh)
	if err == nil {
		return fresh.Token, nil
	}
	if !errors.Is(err, ErrExists) {
		return 0, fmt.Errorf("state: take the lease %s: %w", name, err)
	}
	lease, err := l.leases.Change(ctx, name, func(lease *Lease) error {
		if lease.Owner != "" && now.Before(lease.Until) && !Gone(lease.Owner) {
			return ErrTaken
		}
		*lease = Lease{Owner: l.owner, Token: lease.Token + 1, Until: now.Add(l.ttl)}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("state: take the lease %s: %w", name, err)
	}
	return lease.Token, nil
}

// keep renews the lease until held ends. A lease that could not be renewed is given up an eighth of its time before
// others may take it.
func (l *Leases) keep(held context.Context, name string, token int64, renewed time.Time, lose context.CancelCauseFunc) {
	margin := l.ttl * 7 / 8
	expiry := time.AfterFunc(time.Until(renewed.Add(margin)), func() { lose(ErrLost) })
	defer expiry.Stop()
	tick := time.NewTicker(l.ttl / 4)
	defer tick.Stop()
	for {
		select {
		case <-held.Done():
			return
		case <-tick.C:
		}
		begun := time.Now()
		_, err := l.leases.Change(held, name, func(lease *Lease) error {
			if lease.Token != token {
				return ErrTaken
			}
			lease.Until = begun.Add(l.ttl)
			return nil
		})
		switch {
		case errors.Is(err, ErrTaken):
			lose(ErrLost)
			return
		case err == nil:
			expiry.Reset(time.Until(begun.Add(margin)))
		}
	}
}
