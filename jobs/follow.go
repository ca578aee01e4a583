package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

func eventKey(id string, n int) string { return "run/" + id + "/" + strconv.Itoa(n) }

// Follow has the person told in a direct message when the run has ended. Following twice is harmless; a run that has
// ended gets a *chat.Problem that says how.
func (r *Runner) Follow(ctx context.Context, id, user string) error {
	_, err := r.change(ctx, id, func(run *Run) error {
		if run.Status.Ended() {
			return &chat.Problem{Say: "It has ended already: " + howEnded(*run)}
		}
		if !slices.Contains(run.Followers, user) {
			run.Followers = append(run.Followers, user)
		}
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return r.unknownRun(ctx, id)
	}
	return err
}

// Watch waits for the end of a run and calls seen, which may be nil, with the run as it is first and after each change.
func (r *Runner) Watch(ctx context.Context, id string, seen func(Run)) (Run, error) {
	version := int64(0)
	for {
		run, err := r.Get(ctx, id)
		if err != nil {
			return Run{}, err
		}
		if run.version != version && seen != nil {
			seen(run)
		}
		version = run.version
		if run.Status.Ended() {
			return run, nil
		}
		if err := sleep(ctx, r.o.Poll); err != nil {
			return run, fmt.Errorf("jobs: watch %s: %w", id, err)
		}
	}
}

// RunOnly works on that one run in this process, for the command line. If another process has the run, or it waits for
// its targets or for approval, it waits; a run whose process has died it takes over. When ctx is done the run is stopped as by Run: Grace, ErrShutdown,
// then queued again or interrupted. It answers the run as it ended, or as it is with the error of ctx.
func (r *Runner) RunOnly(ctx context.Context, id string) (Run, error) {
	for {
		run, err := r.Get(ctx, id)
		if err != nil {
			return Run{}, err
		}
		if run.Status.Ended() {
			return run, nil
		}
		if run.Status == Proposed && !r.o.Now().Before(run.Plan.Expires) {
			if err := r.expire(ctx, id); err != nil {
				return run, err
			}
			continue
		}
		if run.Status == Running && r.orphaned(run) {
			if task := r.takeOver(ctx, run); task != nil {
				r.revive(ctx, task)
				continue
			}
		}
		if run.Status == Queued {
			if task := r.claim(ctx, id); task != nil {
				if err := r.workUntil(ctx, task); err != nil {
					return Run{}, err
				}
				if ctx.Err() != nil {
					run, err := r.Get(context.WithoutCancel(ctx), id)
					if err == nil && !run.Status.Ended() {
						err = fmt.Errorf("jobs: %s: %w", id, ctx.Err())
					}
					return run, err
				}
				continue
			}
		}
		if err := sleep(ctx, r.o.Poll); err != nil {
			return run, fmt.Errorf("jobs: %s: %w", id, err)
		}
	}
}

// workUntil does one attempt and stops it when ctx is done.
func (r *Runner) workUntil(ctx context.Context, task *Task) error {
	hard, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	var work sync.WaitGroup
	ended := make(chan struct{})
	work.Go(func() {
		defer close(ended)
		r.attempt(hard, task)
	})
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return r.stop(stop, &work)
	}
}

// tell tells the followers of an ended run.
func (r *Runner) tell(ctx context.Context, run Run) error {
	var errs []error
	text := howEnded(run)
	for _, user := range run.Followers {
		_, err := r.o.Poster.Direct(ctx, user, chat.Message{Summary: text, Parts: []chat.Part{chat.Text(icon(run) + " " + text)},
			Key: "run/" + run.ID + "/ended/" + user})
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("tell the followers: %w", err)
	}
	_, err := r.change(ctx, run.ID, func(run *Run) error {
		run.Told = true
		return nil
	})
	return err
}
