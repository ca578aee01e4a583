package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// lock says which run has a target for itself. Its key is the target. It counts as long as that run is queued or
// running; what is left of it afterwards is taken over by whoever comes next.
type lock struct {
	Run   string    `json:"run"`
	Owner string    `json:"owner"`
	At    time.Time `json:"at"`
}

// Busy is the error that another run has one of the targets. errors.As finds a *chat.Problem in it.
type Busy struct {
	Run    Run
	Target string
}

func (b *Busy) Error() string {
	return fmt.Sprintf("jobs: the run %s has %s", b.Run.ID, b.Target)
}

// As makes errors.As find the problem.
func (b *Busy) As(target any) bool {
	problem, ok := target.(**chat.Problem)
	if ok {
		*problem = b.Problem()
	}
	return ok
}

// Problem says what is running, for whom and how far it is, and offers to follow it.
func (b *Busy) Problem() *chat.Problem {
	run := b.Run
	say := "Another run, " + chat.Literal(run.ID) + ", is at work on " + chat.Literal(b.Target) + "."
	if run.Title != "" {
		doing := "is " + string(run.Status)
		if run.Status == Queued {
			doing = "waits to start"
		}
		say = fmt.Sprintf("%s (%s, asked for by %s) %s", run.Title, chat.Literal(run.ID), run.By.Mention(), doing)
		if far := howFar(run); far != "" {
			say += ", " + far
		}
		say += "; only one run at a time can have " + chat.Literal(b.Target) + "."
	}
	return &chat.Problem{Say: say, Try: "Ask again when it has ended.",
		Follow: []chat.Button{{Action: "run.follow", Value: run.ID, Label: "Tell me when it has ended"}}}
}

// inFlight is how long a lock may wait for its run to be stored or approved. Submit and Approve stop before that.
const inFlight = 30 * time.Second

// hold takes all targets for the run, or none and answers *Busy. Targets are taken in one order by all, so that of two
// who want the same ones at least one gets them.
func (r *Runner) hold(ctx context.Context, run Run) error {
	targets := slices.Sorted(slices.Values(run.Targets))
	var taken []string
	for _, target := range slices.Compact(targets) {
		fresh, err := r.take(ctx, target, run.ID)
		if err != nil {
			r.drop(ctx, run.ID, taken)
			return err
		}
		if fresh {
			taken = append(taken, target)
		}
	}
	return nil
}

// take takes one target; fresh says that the run did not have it already.
func (r *Runner) take(ctx context.Context, target, id string) (fresh bool, err error) {
	mine := lock{Run: id, Owner: r.o.Owner, At: r.o.Now()}
	for patience := 20; ; {
		err := r.locks.Insert(ctx, target, mine)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, state.ErrExists) {
			return false, fmt.Errorf("jobs: lock %s: %w", target, err)
		}
		held, version, err := r.locks.Get(ctx, target)
		if errors.Is(err, state.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("jobs: lock %s: %w", target, err)
		}
		if held.Run == id {
			return false, nil
		}
		holder, _, err := r.runs.Get(ctx, held.Run)
		if err != nil && !errors.Is(err, state.ErrNotFound) {
			return false, fmt.Errorf("jobs: lock %s: %w", target, err)
		}
		pending := (holder.ID == "" || holder.Status == Proposed) && r.o.Now().Sub(held.At) < inFlight && !state.Gone(held.Owner)
		if pending && patience > 0 {
			// It is about to be queued, or given up, within milliseconds.
			patience--
			if err := sleep(ctx, 50*time.Millisecond); err != nil {
				return false, err
			}
			continue
		}
		cleaning := holder.Unclean && r.o.Now().Before(holder.Lease.Until)
		if pending || cleaning || holder.Status == Queued || holder.Status == Running {
			holder.ID = held.Run
			return false, &Busy{Run: holder, Target: target}
		}
		err = r.locks.Update(ctx, target, mine, version)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, state.ErrConflict) && !errors.Is(err, state.ErrNotFound) {
			return false, fmt.Errorf("jobs: lock %s: %w", target, err)
		}
	}
}

// drop gives the targets back as far as the run has them. What fails is no more than a lock that the next one takes over.
func (r *Runner) drop(ctx context.Context, id string, targets []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime/2)
	defer cancel()
	for _, target := range targets {
		held, version, err := r.locks.Get(ctx, target)
		if err == nil && held.Run == id {
			err = r.locks.Delete(ctx, target, version)
		}
		if err != nil && !errors.Is(err, state.ErrNotFound) && !errors.Is(err, state.ErrConflict) {
			r.o.Log.Warn("a lock was not given back", "run", id, "target", target, "error", err)
		}
	}
}

// dropUnused gives the targets back if the run does not need them (any more).
func (r *Runner) dropUnused(ctx context.Context, id string) {
	run, _, err := r.runs.Get(context.WithoutCancel(ctx), id)
	if err == nil && run.Status != Queued && run.Status != Running {
		r.drop(ctx, id, run.Targets)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
