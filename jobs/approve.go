package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// Approve adds a person's yes to the plan with that hash. The last one that was needed queues the run. Who may not, or
// comes too late, gets a *chat.Problem, or *Busy while another run has one of the targets; then nothing has changed.
func (r *Runner) Approve(ctx context.Context, id, hash string, by chat.User) (Run, error) {
	approve := func(run *Run) error {
		if err := r.mayApprove(*run, hash, by); err != nil {
			return err
		}
		run.Plan.Approvals = append(run.Plan.Approvals, Approval{By: by, At: r.o.Now(), Hash: hash})
		r.note(run, "approved", by, fmt.Sprintf("%s was approved by %s (%d of %d).", run.Title, by.Mention(), len(run.Plan.Approvals), run.Plan.Needs))
		if run.Plan.decided() {
			r.enter(run, Queued, by, run.Title+" has all the approvals that it needs.")
		}
		return nil
	}
	return r.decide(ctx, id, approve)
}

// Confirm notes that the requester has typed Plan.Confirm exactly, which nobody else can. A plan that needs no approval
// by others is queued by it.
func (r *Runner) Confirm(ctx context.Context, id, typed string, by chat.User) (Run, error) {
	confirm := func(run *Run) error {
		if err := r.open(*run); err != nil {
			return err
		}
		switch {
		case run.Plan.Confirm == "":
			return &chat.Problem{Say: "This plan is approved by others, not confirmed.", Try: fmt.Sprintf("It needs %s.", chat.Plural(int64(run.Plan.Needs), "approval"))}
		case !samePerson(run.By, by):
			return &chat.Problem{Say: "Only " + run.By.Mention() + ", who proposed it, can confirm this plan."}
		case run.Plan.Confirmed != nil:
			return &chat.Problem{Say: "You have confirmed this plan already, " + chat.Time(run.Plan.Confirmed.At) + ".", Try: "It waits for the approval of somebody else."}
		case typed != run.Plan.Confirm:
			return &chat.Problem{Say: chat.Typed(typed) + " is not what has to be typed.", Try: "Type exactly " + chat.Literal(run.Plan.Confirm) + "."}
		}
		run.Plan.Confirmed = &Approval{By: by, At: r.o.Now(), Hash: run.Plan.Hash}
		r.note(run, "confirmed", by, run.Title+" was confirmed by "+by.Mention()+".")
		if run.Plan.decided() {
			r.enter(run, Queued, by, run.Title+" was confirmed.")
		}
		return nil
	}
	return r.decide(ctx, id, confirm)
}

// decide changes a proposed run. If that queues it, its targets are taken before.
func (r *Runner) decide(ctx context.Context, id string, change func(*Run) error) (Run, error) {
	ctx, cancel := context.WithTimeout(ctx, inFlight/2)
	defer cancel()
	for {
		run, err := r.decideOnce(ctx, id, change)
		if errors.Is(err, errChanged) {
			continue
		}
		if err != nil {
			return Run{}, err
		}
		run = r.settle(ctx, run)
		r.nudge()
		return run, nil
	}
}

// decideOnce answers errChanged if another decision at the same moment made this one the last that was needed.
func (r *Runner) decideOnce(ctx context.Context, id string, change func(*Run) error) (Run, error) {
	run, err := r.Get(ctx, id)
	if err != nil {
		return Run{}, err
	}
	trial := run
	if run.Plan != nil {
		plan := *run.Plan
		plan.Approvals = slices.Clone(plan.Approvals)
		trial.Plan = &plan
	}
	trial.History = slices.Clone(run.History)
	if err := change(&trial); err != nil {
		return Run{}, err
	}
	if trial.Status == Queued {
		if err := r.hold(ctx, run); err != nil {
			return Run{}, err
		}
	}
	changed, err := r.change(ctx, id, func(run *Run) error {
		if err := change(run); err != nil {
			return err
		}
		if run.Status == Queued && trial.Status != Queued {
			return errChanged
		}
		return nil
	})
	if err != nil {
		r.dropUnused(ctx, id)
	}
	return changed, err
}

// open says why the plan can no longer be decided on.
func (r *Runner) open(run Run) error {
	switch {
	case run.Plan == nil:
		return &chat.Problem{Say: run.Title + " (" + chat.Literal(run.ID) + ") needs no approval."}
	case run.Status == Proposed && r.o.Now().Before(run.Plan.Expires):
		return nil
	case run.Status == Proposed:
		return &chat.Problem{Say: "The time to approve this plan ended " + chat.Time(run.Plan.Expires) + ".", Try: "Ask for it anew."}
	case run.Status.Ended():
		return &chat.Problem{Say: "This plan is closed: " + howEnded(run)}
	}
	var who []string
	for _, a := range run.Plan.Approvals {
		who = append(who, a.By.Mention()+", "+chat.Time(a.At))
	}
	if len(who) == 0 {
		return &chat.Problem{Say: "This plan was already confirmed; the run is " + string(run.Status) + "."}
	}
	return &chat.Problem{Say: "This plan was already approved by " + strings.Join(who, " and ") + "; the run is " + string(run.Status) + "."}
}

func (r *Runner) mayApprove(run Run, hash string, by chat.User) error {
	if err := r.open(run); err != nil {
		return err
	}
	if !run.Plan.Intact() || hash != run.Plan.Hash {
		return &chat.Problem{Say: "This approval is for another plan than the one that is proposed now.", Try: "Look at the plan again and approve that one."}
	}
	switch {
	case run.Plan.Needs == 0:
		return &chat.Problem{Say: "This plan is not approved by others.", Try: run.By.Mention() + " confirms it by typing " + chat.Literal(run.Plan.Confirm) + "."}
	case by.ID == "":
		return &chat.Problem{Say: "I can't tell who approves: an approval needs a person with an ID."}
	case samePerson(run.By, by):
		return &chat.Problem{Say: "You proposed this plan, so somebody else has to approve it."}
	case !run.Plan.Typed():
		return &chat.Problem{Say: run.By.Mention() + ", who proposed this plan, has not confirmed it yet.",
			Try: "They press Confirm and type " + chat.Literal(run.Plan.Confirm) + "; then approve it."}
	}
	for _, a := range run.Plan.Approvals {
		if samePerson(a.By, by) {
			return &chat.Problem{Say: "You have approved this plan already, " + chat.Time(a.At) + ".", Try: fmt.Sprintf("It still needs %s by somebody else.",
				chat.Plural(int64(run.Plan.Needs-len(run.Plan.Approvals)), "approval"))}
		}
	}
	return nil
}

// samePerson compares by ID; people without one are told apart by their names only.
func samePerson(a, b chat.User) bool {
	if a.ID == "" && b.ID == "" {
		return a.Name == b.Name
	}
	return a.ID == b.ID
}

// Decline closes a proposed run without doing it; the requester can, too. The reason may be empty.
func (r *Runner) Decline(ctx context.Context, id string, by chat.User, reason string) (Run, error) {
	return r.decide(ctx, id, func(run *Run) error {
		if err := r.open(*run); err != nil {
			return err
		}
		run.Reason = "Declined by " + by.Mention() + "."
		if reason != "" {
			run.Reason = "Declined by " + by.Mention() + ": " + chat.Escape(reason)
		}
		r.note(run, "declined", by, run.Title+" was declined by "+by.Mention()+".")
		r.enter(run, Cancelled, by, run.Reason)
		return nil
	})
}

// expire closes a proposal whose time is over.
func (r *Runner) expire(ctx context.Context, id string) error {
	run, err := r.change(ctx, id, func(run *Run) error {
		if run.Status != Proposed {
			return errChanged
		}
		run.Reason, run.Try = "Nobody approved the plan before "+chat.Time(run.Plan.Expires)+".", "Ask for it anew."
		if !run.Plan.Typed() {
			run.Reason = run.By.Mention() + " did not confirm the plan before " + chat.Time(run.Plan.Expires) + "."
		}
		r.note(run, "expired", self, run.Reason)
		r.enter(run, Cancelled, self, run.Reason)
		return nil
	})
	if errors.Is(err, errChanged) {
		return nil
	}
	if err != nil {
		return err
	}
	r.settle(ctx, run)
	return nil
}

// errChanged says that the run is no longer what it was when it was looked at.
var errChanged = errors.New("jobs: the run has changed meanwhile")

// Cancel stops a run: at once if it has not begun, else by asking whoever works on it. Asking twice is harmless. A run
// that has ended gets a *chat.Problem that says how.
func (r *Runner) Cancel(ctx context.Context, id string, by chat.User) (Run, error) {
	run, err := r.change(ctx, id, func(run *Run) error {
		switch {
		case run.Status.Ended():
			return &chat.Problem{Say: "There is nothing to cancel: " + howEnded(*run)}
		case run.Status == Running && run.Cancel == nil:
			run.Cancel = &Cancellation{By: by, At: r.o.Now()}
			r.note(run, "cancelling", by, by.Mention()+" asked to stop "+run.Title+".")
		case run.Status != Running:
			run.Cancel = &Cancellation{By: by, At: r.o.Now()}
			run.Reason = "Cancelled by " + by.Mention() + " before it began."
			r.enter(run, Cancelled, by, run.Reason)
		}
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return Run{}, r.unknownRun(ctx, id)
	}
	if err != nil {
		return Run{}, err
	}
	run = r.settle(ctx, run)
	r.mu.Lock()
	task := r.tasks[id]
	r.mu.Unlock()
	if task != nil {
		task.look()
	}
	r.nudge()
	return run, nil
}

// howEnded says in one sentence how a run ended.
func howEnded(run Run) string {
	text := run.Title + " (" + chat.Literal(run.ID) + ") " + map[Status]string{Succeeded: "succeeded", Failed: "failed",
		Cancelled: "was cancelled", Interrupted: "was interrupted"}[run.Status] + " " + chat.Time(run.Finished) + "."
	if run.Reason != "" {
		text += " " + run.Reason
	}
	return text
}
