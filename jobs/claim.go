package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// claim makes this process the worker of a queued run: first its targets are (still) the run's own, then one
// compare-and-set makes it running with a new token. It answers nil if that did not come about: another process was
// faster, a target is not free yet, or this process does not know the kind.
func (r *Runner) claim(ctx context.Context, id string) *Task {
	r.mu.Lock()
	_, mine := r.tasks[id]
	r.mu.Unlock()
	run, err := r.Get(ctx, id)
	kind, known := r.kinds[run.Kind]
	if err == nil && (mine || !known || run.Status != Queued) {
		return nil
	}
	if err == nil {
		err = r.hold(ctx, run)
	}
	var claimed time.Time
	if err == nil {
		run, err = r.change(ctx, id, func(run *Run) error {
			if run.Status != Queued {
				return errChanged
			}
			claimed = time.Now()
			run.Attempt++
			run.Lease = Lease{Owner: r.o.Owner, Token: run.Lease.Token + 1, Until: r.o.Now().Add(r.o.LeaseTTL)}
			if run.Started.IsZero() {
				run.Started = r.o.Now()
			}
			r.enter(run, Running, run.By, run.Title+" has started.")
			return nil
		})
	}
	var busy *Busy
	var problem *chat.Problem
	switch {
	case err == nil:
		t := r.newTask(run, kind, claimed)
		r.settle(ctx, run)
		return t
	case errors.Is(err, errChanged):
		// Somebody was faster, and may have ended it before its targets were taken here.
		r.dropUnused(ctx, id)
	case errors.As(err, &busy), errors.As(err, &problem):
		// It comes when its targets are free.
	case ctx.Err() == nil:
		r.o.Log.Warn("a queued run could not be claimed", "run", id, "error", err)
	}
	return nil
}

// orphaned says that nobody works on the running run any more: its lease has ended, or its process has.
func (r *Runner) orphaned(run Run) bool {
	r.mu.Lock()
	_, mine := r.tasks[run.ID]
	r.mu.Unlock()
	return !mine && (r.o.Now().After(run.Lease.Until) || state.Gone(run.Lease.Owner))
}

// takeOver gives this process the lease on an orphaned run, so that it can be cleaned up. It answers nil if another
// process was faster or the worker has come back.
func (r *Runner) takeOver(ctx context.Context, orphan Run) *Task {
	var taken time.Time
	run, err := r.change(ctx, orphan.ID, func(run *Run) error {
		if run.Status != Running || run.Lease.Token != orphan.Lease.Token || !r.orphaned(*run) {
			return errChanged
		}
		taken = time.Now()
		run.Lease = Lease{Owner: r.o.Owner, Token: run.Lease.Token + 1, Until: r.o.Now().Add(r.o.LeaseTTL)}
		run.Cleaning = true
		addLine(run, r.o.Now(), "The process that worked on this run has ended.")
		return nil
	})
	if err != nil {
		if !errors.Is(err, errChanged) && ctx.Err() == nil {
			r.o.Log.Warn("an interrupted run could not be taken over", "run", orphan.ID, "error", err)
		}
		return nil
	}
	r.o.Log.Info("took over a run whose process has ended", "run", run.ID, "attempt", run.Attempt, "owner", orphan.Lease.Owner)
	return r.newTask(run, r.kinds[run.Kind], taken)
}
