package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// revive cleans up after a run whose process has died, and queues it again or reports it.
func (r *Runner) revive(hard context.Context, t *Task) {
	defer t.end()
	_, known := r.kinds[t.Run().Kind]
	var left Left
	why := "The process that worked on it has ended."
	if !known {
		why = "The process that worked on it has ended, and this version of opsbot does not know how to go on."
	} else if found, err := r.clean(hard, t); err != nil {
		if hard.Err() != nil || t.lease.Err() != nil {
			return // the next one to find it begins again
		}
		t.unclean(err)
	} else {
		left = found
	}
	r.finish(t, func(run *Run) {
		run.Lease.Owner, run.Lease.Until = "", time.Time{}
		if left.Done {
			r.judge(run, nil, nil, explanation{})
			return
		}
		if run.Cancel != nil {
			r.cancelled(run)
			return
		}
		r.interrupt(run, why)
	})
}

// Recover does once what Run does all the time with runs whose process has died: it cleans up after them and queues
// them again or reports them. The command line calls it, because no bot may be running. It answers those runs.
func (r *Runner) Recover(ctx context.Context) ([]Run, error) {
	active, err := r.query(ctx, state.Query{Where: is("status", string(Running)), OrderBy: "at"})
	if err != nil {
		return nil, err
	}
	var revived []Run
	for _, run := range active {
		if !r.orphaned(run) {
			continue
		}
		if task := r.takeOver(ctx, run); task != nil {
			r.revive(ctx, task)
			if run, err = r.Get(ctx, run.ID); err != nil {
				return revived, err
			}
			revived = append(revived, run)
		}
	}
	return revived, nil
}

// cleanLater tries again to remove what an ended run has left, at most once a minute, while nobody else has its targets.
func (r *Runner) cleanLater(ctx, hard context.Context, run Run, work interface{ Go(func()) }) {
	const pause = time.Minute
	kind, known := r.kinds[run.Kind]
	r.mu.Lock()
	due := known && time.Now().After(r.later[run.ID]) && r.o.Now().Sub(run.Finished) > r.o.LeaseTTL
	if due {
		r.later[run.ID] = time.Now().Add(pause)
	}
	r.mu.Unlock()
	if !due {
		return
	}
	// The lease keeps others from the targets although the run has ended; see take.
	leased, err := r.change(ctx, run.ID, func(run *Run) error {
		if !run.Unclean || !run.Status.Ended() || r.o.Now().Before(run.Lease.Until) {
			return errChanged
		}
		run.Lease = Lease{Owner: r.o.Owner, Token: run.Lease.Token + 1, Until: r.o.Now().Add(cleanTime + inFlight)}
		return nil
	})
	if err != nil {
		return // it is another process's turn, or the store's fault is reported by the loop
	}
	work.Go(func() {
		var left Left
		err := r.hold(hard, leased)
		if err == nil && kind.Clean != nil {
			ctx, cancel := context.WithTimeout(hard, cleanTime)
			left, err = cleanWith(ctx, kind, leased, r.o.LeaseTTL/8)
			cancel()
		}
		var busy *Busy
		if err != nil && !errors.As(err, &busy) {
			r.o.Log.Warn("what an ended run left was not removed; that is tried again", "run", run.ID, "error", err)
		}
		_, storeErr := r.change(context.WithoutCancel(hard), run.ID, func(run *Run) error {
			if run.Lease.Token != leased.Lease.Token {
				return errChanged
			}
			run.Unclean, run.Lease.Owner, run.Lease.Until = err != nil, "", time.Time{}
			if err == nil {
				if left.Result != nil {
					run.Result = left.Result
				}
				run.Shown = "" // the card still says that there is something to remove
			}
			return nil
		})
		r.drop(hard, run.ID, run.Targets)
		if storeErr != nil && !errors.Is(storeErr, errChanged) {
			r.o.Log.Warn("the end of cleaning up was not stored", "run", run.ID, "error", storeErr)
		}
	})
}

// settle does what follows from a change of status: events, and the end of the locks. What fails here is done by the
// loop later, of this process or of another. It answers the run as it is then.
func (r *Runner) settle(ctx context.Context, run Run) Run {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime/2)
	defer cancel()
	for _, m := range run.History {
		if m.N <= run.Logged {
			continue
		}
		if _, err := r.o.Events.Append(ctx, r.event(run, m)); err != nil {
			r.o.Log.Warn("an event was not stored; that is tried again", "run", run.ID, "what", m.What, "error", err)
			return run
		}
		if run.Status.Ended() && m.What == string(run.Status) {
			r.o.Ended(run)
		}
	}
	if run.Status.Ended() {
		r.drop(ctx, run.ID, run.Targets)
	}
	logged := run.moments()
	changed, err := r.change(ctx, run.ID, func(run *Run) error {
		run.Logged = max(run.Logged, logged)
		return nil
	})
	if err != nil {
		if !errors.Is(err, state.ErrClosed) {
			r.o.Log.Warn("a run was not marked as logged; that is tried again", "run", run.ID, "error", err)
		}
		return run
	}
	return changed
}

func (r *Runner) event(run Run, m Moment) events.Event {
	outcome := map[string]events.Outcome{string(Succeeded): events.OK, string(Failed): events.Failure, string(Interrupted): events.Failure,
		string(Cancelled): events.Cancelled, "declined": events.Refused, "expired": events.Refused}[m.What]
	detail := map[string]string{events.Command: run.Kind, "source": string(run.Source)}
	if run.Plan != nil {
		detail["plan"] = run.Plan.Hash
	}
	return events.Event{At: m.At, Key: eventKey(run.ID, m.N), Who: m.By, What: "run." + m.What, On: run.Targets, Run: run.ID,
		Outcome: outcome, Text: m.Text, Detail: detail}
}
