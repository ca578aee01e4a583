package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// newTask answers the task of a run that this process has just claimed, and keeps its lease until end is called.
// claimed is the moment before the claim.
func (r *Runner) newTask(run Run, kind Kind, claimed time.Time) *Task {
	t := &Task{r: r, id: run.ID, kind: kind, token: run.Lease.Token, run: run, reference: chat.NewReference(),
		rates: map[int]sample{}, poke: make(chan struct{}, 1)}
	t.lease, t.loseLease = context.WithCancelCause(context.Background())
	t.work, t.stopWork = context.WithCancelCause(t.lease)
	r.mu.Lock()
	r.tasks[run.ID] = t
	r.mu.Unlock()
	t.keeper.Go(func() { t.keep(claimed) })
	return t
}

// end gives the run out of this process's hands.
func (t *Task) end() {
	t.loseLease(context.Canceled)
	t.keeper.Wait()
	t.r.mu.Lock()
	delete(t.r.tasks, t.id)
	t.r.mu.Unlock()
	t.r.nudge()
}

// keep stores progress, renews the lease and looks for a cancellation until the lease's context ends. A lease that
// could not be renewed is given up an eighth of its time before others may take it, measured by this process's own
// clock, so that two workers never overlap.
func (t *Task) keep(renewed time.Time) {
	const storeEvery = time.Second
	margin := t.r.o.LeaseTTL * 7 / 8
	expiry := time.AfterFunc(time.Until(renewed.Add(margin)), func() { t.loseLease(ErrLeaseLost) })
	defer expiry.Stop()
	tick := time.NewTicker(min(t.r.o.Poll, t.r.o.Heartbeat))
	defer tick.Stop()
	failing := false
	for {
		poked := false
		select {
		case <-t.lease.Done():
			return
		case <-t.poke:
			poked = true
		case <-tick.C:
		}
		begun := time.Now()
		age := begun.Sub(renewed)
		t.mu.Lock()
		store := age >= t.r.o.Heartbeat || t.changes > t.stored && (age >= storeEvery || poked && age >= storeEvery/5)
		t.mu.Unlock()
		ctx, cancel := context.WithDeadline(t.lease, renewed.Add(margin))
		err := t.beat(ctx, store)
		cancel()
		switch {
		case errors.Is(err, ErrLeaseLost):
			t.loseLease(ErrLeaseLost)
			return
		case err != nil && !failing && t.lease.Err() == nil:
			t.r.o.Log.Warn("the lease could not be renewed; trying on", "run", t.id, "error", err)
		case err == nil && store:
			renewed = begun
			expiry.Reset(time.Until(renewed.Add(margin)))
		}
		failing = err != nil
	}
}

// beat stores the run, which renews the lease, or only reads it, and acts on what others have changed.
func (t *Task) beat(ctx context.Context, store bool) error {
	run, err := t.exchange(ctx, store)
	if err != nil {
		return err
	}
	if run.Status != Running || run.Lease.Token != t.token {
		return ErrLeaseLost
	}
	if run.Cancel != nil {
		t.stopWork(ErrCancelled)
	}
	return nil
}

func (t *Task) exchange(ctx context.Context, store bool) (Run, error) {
	if !store {
		run, _, err := t.r.runs.Get(ctx, t.id)
		return run, err
	}
	t.storing.Lock()
	defer t.storing.Unlock()
	t.mu.Lock()
	changes := t.changes
	t.mu.Unlock()
	run, err := t.store(ctx, t.Run(), nil)
	if err == nil {
		t.mu.Lock()
		t.stored = changes
		t.mu.Unlock()
	}
	return run, err
}
