package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// attempt does the work of a claimed run and stores how it ended. It returns when nothing of it is left in this
// process.
func (r *Runner) attempt(hard context.Context, t *Task) {
	defer t.end()
	defer context.AfterFunc(hard, func() { t.stopWork(ErrShutdown) })()
	err := r.perform(hard, t)
	// What the work was told is what it answered to; a wish that comes while it is cleaned up comes too late.
	cause := context.Cause(t.work)
	if err != nil {
		left, cleanErr := r.clean(hard, t)
		if cleanErr != nil && t.lease.Err() == nil {
			t.unclean(cleanErr)
		}
		if left.Done {
			r.o.Log.Warn("work ended with an error after everything was done", "run", t.id, "error", err)
			err = nil
		}
	}
	if lost := context.Cause(t.lease); lost != nil {
		r.o.Log.Error("the lease was lost; whoever has it now decides on the run", "run", t.id, "error", err)
		return
	}
	reason := t.reason(err, cause)
	r.finish(t, func(run *Run) { r.judge(run, err, cause, reason) })
}

// unclean says that what the attempt left is still there.
func (t *Task) unclean(err error) {
	t.r.o.Log.Error("what the attempt left was not removed; that is tried again later", "run", t.id, "reference", t.reference, "error", err)
	t.update(func() {
		addLine(&t.run, t.r.o.Now(), "What this attempt left could not be removed; that is tried again later (reference "+t.reference+").")
	})
}

// perform prepares and does the work.
func (r *Runner) perform(hard context.Context, t *Task) error {
	run := t.Run()
	if run.Unclean {
		if _, err := r.clean(hard, t); err != nil {
			return &chat.Problem{Say: "What an earlier attempt left could not be removed.", Try: "Look into the log, then retry.", Err: err}
		}
	}
	if run.Plan != nil {
		if err := r.recheck(t.work, run, t.kind); err != nil {
			return err
		}
	}
	// From here on there may be something to clean, so that must be known before anything is done.
	if err := t.Checkpoint(t.work, func(run *Run) { run.Unclean = true }); err != nil {
		return err
	}
	return safely(func() error { return t.kind.Work(t.work, t) })
}

// startWithin is how long after the end of its plan's time an approved run may still begin: what was decided then is
// not meant for whenever the program runs again.
const startWithin = time.Hour

// recheck makes sure that the plan is the approved one and still fits reality.
func (r *Runner) recheck(ctx context.Context, run Run, kind Kind) error {
	if at := run.Plan.Expires.Add(startWithin); r.o.Now().After(at) {
		return &chat.Problem{Say: "This plan was approved too long ago: it should have begun by " + chat.Time(at) + ".",
			Try: "Ask for it anew, so that it is looked at again."}
	}
	if err := binding(run); err != nil {
		return &chat.Problem{Say: "The plan is not the one that was approved; nothing was done.", Try: "Ask for it anew.", Err: err}
	}
	var who []chat.User
	for _, a := range run.Plan.Approvals {
		if a.Hash == run.Plan.Hash && !samePerson(a.By, run.By) {
			who = append(who, a.By)
		}
	}
	if len(who) < run.Plan.Needs || !run.Plan.Typed() || run.Plan.Confirmed != nil && !samePerson(run.Plan.Confirmed.By, run.By) {
		return &chat.Problem{Say: "The plan does not have the approvals that it needs; nothing was done.", Try: "Ask for it anew."}
	}
	if kind.Check == nil {
		return nil
	}
	return safely(func() error { return kind.Check(ctx, run) })
}

// panicked is a panic as an error.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func safely(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value, debug.Stack()}
		}
	}()
	return do()
}

// cleanTime is how long cleaning up may take.
const cleanTime = time.Minute

// clean removes what an attempt left, if it can have left anything, in up to three tries. When the program shuts down
// it may take half of the time that is left to the work. It answers what came of the attempt.
func (r *Runner) clean(hard context.Context, t *Task) (left Left, err error) {
	run := t.Run()
	if !run.Unclean {
		return left, nil
	}
	ctx, cancel := context.WithTimeout(t.lease, cleanTime)
	defer cancel()
	defer context.AfterFunc(hard, func() {
		select {
		case <-ctx.Done():
		case <-time.After(stopTime / 2):
			cancel()
		}
	})()
	if t.kind.Clean != nil {
		if err := t.Checkpoint(ctx, func(run *Run) { run.Cleaning = true }); err != nil {
			return left, err
		}
		if left, err = cleanWith(ctx, t.kind, run, r.o.LeaseTTL/8); err != nil {
			return left, err
		}
	}
	return left, t.Checkpoint(ctx, func(run *Run) {
		run.Unclean, run.Cleaning = false, false
		if left.Result != nil {
			run.Result = left.Result
		}
	})
}

func cleanWith(ctx context.Context, kind Kind, run Run, pause time.Duration) (left Left, err error) {
	for try := range 3 {
		if try > 0 && sleep(ctx, pause) != nil {
			break
		}
		err = safely(func() error {
			if err := kind.Clean(ctx, run); err != nil || kind.Left == nil {
				return err
			}
			left, err = kind.Left(ctx, run)
			return err
		})
		if err == nil {
			return left, nil
		}
	}
	return left, fmt.Errorf("clean up: %w", err)
}

// explanation is what people read about a run that did not succeed.
type explanation struct{ reason, try string }

// reason turns an error of work into words. What is behind them goes to the log, under a reference that both carry.
func (t *Task) reason(err, cause error) explanation {
	var problem *chat.Problem
	switch {
	case err == nil, errors.Is(cause, ErrCancelled), errors.Is(cause, ErrShutdown):
		return explanation{}
	case errors.As(err, &problem) && problem.Err == nil:
		t.r.o.Log.Warn("the run failed", "run", t.id, "error", err)
		return explanation{problem.Say, problem.Try}
	}
	t.r.o.Log.Error("the run failed", "run", t.id, "reference", t.reference, "error", err)
	if problem != nil {
		return explanation{problem.Say, strings.TrimSpace(problem.Try + " (reference " + t.reference + ")")}
	}
	return explanation{"Something went wrong inside opsbot (reference " + t.reference + ").",
		"The log has the details under that reference. Look there, then retry."}
}

// judge sets the status after an attempt.
func (r *Runner) judge(run *Run, err, cause error, why explanation) {
	run.Lease.Owner, run.Lease.Until = "", time.Time{}
	switch {
	case err == nil:
		run.Unclean = false
		run.Reason, run.Try = "", ""
		closeSteps(run, Succeeded, r.o.Now())
		r.enter(run, Succeeded, run.By, run.Title+" has succeeded.")
	case run.Cancel != nil && (errors.Is(cause, ErrCancelled) || errors.Is(cause, ErrShutdown)):
		r.cancelled(run)
	case errors.Is(cause, ErrShutdown):
		// To be stopped by its own program is no failure of the run.
		run.Attempt--
		r.interrupt(run, "opsbot was stopped while this was running.")
	default:
		closeSteps(run, Failed, r.o.Now())
		run.Reason, run.Try = why.reason, why.try
		r.enter(run, Failed, run.By, run.Title+" has failed: "+why.reason)
	}
}

func (r *Runner) cancelled(run *Run) {
	closeSteps(run, Cancelled, r.o.Now())
	run.Reason, run.Try = "Cancelled by "+run.Cancel.By.Mention()+".", ""
	r.enter(run, Cancelled, run.Cancel.By, run.Title+" was cancelled by "+run.Cancel.By.Mention()+".")
}

// interrupt queues the run again if its kind has a retry left, or reports it.
func (r *Runner) interrupt(run *Run, why string) {
	if retries := r.kinds[run.Kind].Retries; retries > 0 && run.Attempt <= retries {
		run.Result = nil
		for i, s := range run.Steps {
			run.Steps[i] = Step{Name: s.Name, Status: Queued}
		}
		addLine(run, r.o.Now(), why+" It is queued again.")
		r.enter(run, Queued, self, run.Title+" is queued again: "+why)
		return
	}
	closeSteps(run, Interrupted, r.o.Now())
	run.Reason, run.Try = why, "Look at what was done, then retry."
	if run.Plan != nil {
		run.Try = "Look at what was done, then ask for it anew."
	}
	r.enter(run, Interrupted, self, run.Title+" was interrupted: "+why)
}

// closeSteps ends the steps that were under way in the status of the run.
func closeSteps(run *Run, s Status, at time.Time) {
	for i := range run.Steps {
		if step := &run.Steps[i]; step.Status == Running {
			step.Status, step.Stage, step.Rate, step.Finished = s, "", 0, at
		}
	}
}

// finish stores the outcome, for as long as it takes or until the lease is lost: then the run is recovered as if the
// process had died.
func (r *Runner) finish(t *Task, end func(*Run)) {
	for pause := 50 * time.Millisecond; ; pause = min(pause*2, time.Second) {
		err := t.Checkpoint(t.lease, end)
		if err == nil {
			break
		}
		if context.Cause(t.lease) != nil || sleep(t.lease, pause) != nil {
			r.o.Log.Error("the outcome could not be stored", "run", t.id, "error", err)
			return
		}
	}
	run := r.settle(context.Background(), t.Run())
	r.o.Log.Info("run ended", "run", run.ID, "kind", run.Kind, "status", run.Status, "attempt", run.Attempt, "took", run.Finished.Sub(run.Started))
}
