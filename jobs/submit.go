package jobs

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// Submit stores a new run: proposed if it has a plan, else queued. It sets ID, At, Status and what follows from them;
// the caller sets Kind, Title, Targets, Request, By, Source, Channel, Args, Steps and Plan (which is sealed here if it is
// not). Submitting a Request again answers the run of the first time. If another run has one of the targets the error
// is a *Busy. When the run is returned, it will be done or reported, whatever happens to this process.
func (r *Runner) Submit(ctx context.Context, run Run) (Run, error) {
	ctx, cancel := context.WithTimeout(ctx, inFlight/2)
	defer cancel()
	if err := r.complete(&run); err != nil {
		return Run{}, err
	}
	id, before, err := r.reserve(ctx, run.Request)
	if err != nil || before != nil {
		return deref(before), err
	}
	run.ID = id
	if run.Status == Queued {
		if err := r.hold(ctx, run); err != nil {
			return Run{}, err
		}
	}
	if err := r.runs.Insert(ctx, id, run); err != nil {
		if errors.Is(err, state.ErrExists) {
			// The same request came twice at the same time; the other one was faster.
			if before, err := r.stored(ctx, id, run.Request); err != nil || before != nil {
				return deref(before), err
			}
		}
		r.drop(ctx, id, run.Targets)
		return Run{}, fmt.Errorf("jobs: submit: %w", err)
	}
	run = r.settle(ctx, run)
	r.nudge()
	return run, nil
}

func deref(run *Run) Run {
	if run == nil {
		return Run{}
	}
	return *run
}

// complete fills in what every new run has, and refuses what cannot become one.
func (r *Runner) complete(run *Run) error {
	if _, known := r.kinds[run.Kind]; !known {
		return fmt.Errorf("jobs: submit: unknown kind %q", run.Kind)
	}
	if len(run.Args) == 0 {
		run.Args = json.RawMessage("null")
	}
	run.At, run.Status = r.o.Now(), Queued
	run.Attempt, run.Log, run.History, run.Lease = 0, nil, nil, Lease{}
	for i := range run.Steps {
		run.Steps[i].Status = Queued
	}
	text := run.Title + " was asked for by " + run.By.Mention() + "."
	if run.Plan == nil {
		r.enter(run, Queued, run.By, text)
		return nil
	}
	plan := *run.Plan
	run.Plan = &plan
	if plan.Hash == "" {
		plan.Args = run.Args
		if len(plan.Basis) == 0 {
			plan.Basis = json.RawMessage("null")
		}
		if err := plan.Seal(); err != nil {
			return err
		}
	}
	if err := binding(*run); err != nil {
		return err
	}
	if !r.o.Now().Before(plan.Expires) {
		return errors.New("jobs: submit: the plan has no time left to be approved in")
	}
	if plan.Needs == 0 && plan.Confirm == "" {
		return errors.New("jobs: submit: a plan needs approvals or a word to confirm it")
	}
	r.enter(run, Proposed, run.By, run.Title+" was proposed by "+run.By.Mention()+".")
	return nil
}

// binding checks that the plan is the one that was sealed and that it is about this run's arguments.
func binding(run Run) error {
	if !run.Plan.Intact() {
		return errors.New("jobs: the plan is not the one that was sealed")
	}
	var sealed, given bytes.Buffer
	if err := errors.Join(json.Compact(&sealed, run.Plan.Args), json.Compact(&given, run.Args)); err != nil {
		return fmt.Errorf("jobs: the arguments are no JSON: %w", err)
	}
	if !bytes.Equal(sealed.Bytes(), given.Bytes()) {
		return errors.New("jobs: the plan is about other arguments than the run")
	}
	return nil
}

// reserve answers the ID that belongs to the request, or the run that was stored for it before.
func (r *Runner) reserve(ctx context.Context, request string) (id string, before *Run, err error) {
	id, err = r.newID(ctx)
	if err != nil || request == "" {
		return id, nil, err
	}
	err = r.requests.Insert(ctx, request, id)
	if err == nil {
		return id, nil, nil
	}
	if !errors.Is(err, state.ErrExists) {
		return "", nil, fmt.Errorf("jobs: submit: %w", err)
	}
	if id, _, err = r.requests.Get(ctx, request); err != nil {
		return "", nil, fmt.Errorf("jobs: submit: %w", err)
	}
	before, err = r.stored(ctx, id, request)
	return id, before, err
}

// stored answers the run if it is there and was asked for by the request; nil if it is not there.
func (r *Runner) stored(ctx context.Context, id, request string) (*Run, error) {
	run, _, err := r.runs.Get(ctx, id)
	switch {
	case errors.Is(err, state.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("jobs: submit: %w", err)
	case request == "" || run.Request != request:
		// Two requests drew the same ID at the same moment.
		return nil, fmt.Errorf("jobs: submit: the ID %s is taken by another run", id)
	}
	return &run, nil
}

// letters are easy to tell apart when read aloud or typed.
const letters = "23456789abcdefghjkmnpqrstvwxyz"

func (r *Runner) newID(ctx context.Context) (string, error) {
	for {
		random := make([]byte, 5)
		if _, err := rand.Read(random); err != nil {
			return "", fmt.Errorf("jobs: %w", err)
		}
		for i, b := range random {
			random[i] = letters[int(b)%len(letters)]
		}
		id := "r-" + string(random)
		_, _, err := r.runs.Get(ctx, id)
		if errors.Is(err, state.ErrNotFound) {
			return id, nil
		}
		if err != nil {
			return "", fmt.Errorf("jobs: %w", err)
		}
	}
}

// Get answers a run, or a *chat.Problem that names the nearest ID.
func (r *Runner) Get(ctx context.Context, id string) (Run, error) {
	run, version, err := r.runs.Get(ctx, id)
	run.version = version
	if errors.Is(err, state.ErrNotFound) {
		return Run{}, r.unknownRun(ctx, id)
	}
	if err != nil {
		return Run{}, fmt.Errorf("jobs: %w", err)
	}
	return run, nil
}

func (r *Runner) unknownRun(ctx context.Context, id string) error {
	recent, err := r.query(ctx, state.Query{OrderBy: "at", Descending: true, Limit: 200})
	if err != nil {
		return err
	}
	ids := make([]string, len(recent))
	for i, run := range recent {
		ids[i] = run.ID
	}
	problem := &chat.Problem{Say: "I don't know the run " + chat.Typed(id) + "."}
	near := cmp.Or(chat.Nearest(id, ids), chat.Nearest("r-"+id, ids))
	switch {
	case near != "":
		problem.Try = "Did you mean " + chat.Literal(near) + "?"
	case len(recent) > 0:
		problem.Try = "The newest is " + chat.Literal(recent[0].ID) + ": " + recent[0].Title + "."
	default:
		problem.Try = "There has been no run yet."
	}
	return problem
}

// Filter selects runs; its zero value selects all.
type Filter struct {
	Statuses     []Status
	Kind, Target string
	// Since and Before bound when the runs were asked for: Since ≤ At < Before.
	Since, Before time.Time
	// Limit is the largest number answered; 0 means all.
	Limit int
}

// List answers the selected runs, newest first.
func (r *Runner) List(ctx context.Context, f Filter) ([]Run, error) {
	order := "at"
	if f.Target != "" {
		order = "target " + f.Target
	}
	q := state.Query{OrderBy: order, Descending: true, Limit: f.Limit}
	if !f.Since.IsZero() {
		q.Where = append(q.Where, state.Condition{Field: order, Op: state.GreaterEqual, Value: state.SortableTime(f.Since)})
	}
	if !f.Before.IsZero() {
		q.Where = append(q.Where, state.Condition{Field: order, Op: state.Less, Value: state.SortableTime(f.Before)})
	}
	if f.Kind != "" {
		q.Where = append(q.Where, is("kind", f.Kind)...)
	}
	if len(f.Statuses) == 0 {
		return r.query(ctx, q)
	}
	var list []Run
	for _, s := range f.Statuses {
		one := q
		one.Where = append(slices.Clone(q.Where), is("status", string(s))...)
		found, err := r.query(ctx, one)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	slices.SortStableFunc(list, func(a, b Run) int { return b.At.Compare(a.At) })
	// A run that changed its status between two queries can be there twice.
	seen := map[string]bool{}
	list = slices.DeleteFunc(list, func(run Run) bool {
		twice := seen[run.ID]
		seen[run.ID] = true
		return twice
	})
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[:f.Limit]
	}
	return list, nil
}

// Active answers the runs that are proposed, queued or running, newest first.
func (r *Runner) Active(ctx context.Context) ([]Run, error) {
	return r.query(ctx, state.Query{Where: is("active", "1"), OrderBy: "at", Descending: true})
}

// Retry submits the run again as a new one, for the person who asks. Only a run that did not succeed can be repeated,
// and none that needs a plan: what it was approved for is over.
func (r *Runner) Retry(ctx context.Context, id string, by chat.User, request string) (Run, error) {
	old, err := r.Get(ctx, id)
	if err != nil {
		return Run{}, err
	}
	switch {
	case old.Plan != nil:
		return Run{}, &chat.Problem{Say: old.Title + " (" + chat.Literal(id) + ") needs an approved plan, and an approval serves once.",
			Try: "Ask for it anew, so that a new plan is made."}
	case !old.Status.Ended():
		return Run{}, &chat.Problem{Say: chat.Literal(id) + " has not ended: it is " + string(old.Status) + ".", Try: "Cancel it first.",
			Follow: []chat.Button{{Action: "run.follow", Value: id, Label: "Tell me when it has ended"}}}
	case old.Status == Succeeded:
		return Run{}, &chat.Problem{Say: chat.Literal(id) + " has succeeded; there is nothing to retry.", Try: "Ask for a new run instead."}
	}
	again := Run{Kind: old.Kind, Title: old.Title, Targets: old.Targets, Args: old.Args, Steps: make([]Step, len(old.Steps))}
	for i, s := range old.Steps {
		again.Steps[i] = Step{Name: s.Name}
	}
	if renew := r.kinds[old.Kind].Again; renew != nil {
		if again, err = renew(old); err != nil {
			return Run{}, err
		}
	}
	again.Request, again.By, again.Source, again.Channel, again.RetryOf = request, by, old.Source, old.Channel, id
	return r.Submit(ctx, again)
}
