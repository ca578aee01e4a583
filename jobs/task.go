package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Task is a run in the hands of its worker. Its methods may be called by several goroutines. What they change reaches
// the store within about a second, and only as long as the worker has the lease.
type Task struct {
	r     *Runner
	id    string
	kind  Kind
	token int64
	// reference is the name of this attempt's faults, in the log and on the card.
	reference string
	// lease ends with ErrLeaseLost; work, which is below it, also when the work shall stop.
	lease, work         context.Context
	loseLease, stopWork context.CancelCauseFunc
	poke                chan struct{}
	keeper              sync.WaitGroup

	// storing is held while the run is on its way to the store, so that an older picture never follows a newer one. It
	// is taken before mu.
	storing sync.Mutex

	mu  sync.Mutex
	run Run
	// changes counts the updates; stored is the count that has reached the store.
	changes, stored int
	rates           map[int]sample
}

// sample is a step's bytes at some moment; rates are taken over a few seconds.
type sample struct {
	at    time.Time
	bytes int64
}

// Run answers the run as the worker knows it.
func (t *Task) Run() Run {
	t.mu.Lock()
	defer t.mu.Unlock()
	run := t.run
	run.Steps, run.Log = slices.Clone(run.Steps), slices.Clone(run.Log)
	return run
}

// Token answers the fencing token: it is larger than that of every worker who had the run before.
func (t *Task) Token() int64 { return t.token }

// logLines is how many lines of its log a run keeps.
const logLines = 200

// Log adds a line to the run's log and to the program's.
func (t *Task) Log(ctx context.Context, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.update(func() { addLine(&t.run, t.r.o.Now(), text) })
	t.r.o.Log.InfoContext(ctx, "run log", "run", t.id, "line", text)
}

func addLine(run *Run, at time.Time, text string) {
	run.Log = append(run.Log, Line{At: at, Text: text})
	if extra := len(run.Log) - logLines; extra > 0 {
		run.Log = run.Log[extra:]
	}
}

// SetSteps replaces the steps by new ones of these names, for work that learns only at its beginning what it consists of.
func (t *Task) SetSteps(names ...string) {
	t.update(func() {
		t.run.Steps = make([]Step, len(names))
		for i, name := range names {
			t.run.Steps[i] = Step{Name: name, Status: Queued}
		}
	})
}

// StartStep says that step i begins.
func (t *Task) StartStep(i int) {
	t.update(func() {
		t.run.Steps[i] = Step{Name: t.run.Steps[i].Name, Status: Running, Started: t.r.o.Now()}
		delete(t.rates, i)
	})
	t.look()
}

// Progress says how far step i is: what is being done, documents done and of how many (0: unknown), bytes done. It is
// cheap enough to be called for every batch.
func (t *Task) Progress(i int, stage string, done, total, bytes int64) {
	t.update(func() {
		s := &t.run.Steps[i]
		now := t.r.o.Now()
		last, known := t.rates[i]
		if !known || bytes < last.bytes {
			t.rates[i] = sample{now, bytes}
		} else if span := now.Sub(last.at); span >= 2*time.Second {
			s.Rate = float64(bytes-last.bytes) / span.Seconds()
			t.rates[i] = sample{now, bytes}
		}
		s.Stage, s.Done, s.Total, s.Bytes = stage, done, total, bytes
	})
}

// EndStep says that step i has succeeded, or failed with err. The note, in mrkdwn, says what came out; without one a
// failed step shows the problem. What is behind that goes to the log, under the reference of the attempt.
func (t *Task) EndStep(i int, err error, note string) {
	stopped := context.Cause(t.work) != nil // it was told to stop, which the card says above
	if err != nil && !stopped && note == "" {
		note = t.explain(i, err)
	}
	t.update(func() {
		s := &t.run.Steps[i]
		s.Status, s.Stage, s.Rate, s.Finished, s.Note = Succeeded, "", 0, t.r.o.Now(), note
		switch {
		case err != nil && stopped:
			s.Status = Cancelled
		case err != nil:
			s.Status = Failed
		}
	})
	t.look()
}

// explain says what went wrong in a step, and logs what is behind it.
func (t *Task) explain(i int, err error) string {
	var problem *chat.Problem
	known := errors.As(err, &problem)
	if known && problem.Err == nil {
		return problem.Say
	}
	t.mu.Lock()
	step := t.run.Steps[i].Name
	t.mu.Unlock()
	t.r.o.Log.Error("a step failed", "run", t.id, "step", step, "reference", t.reference, "error", err)
	if known {
		return problem.Say
	}
	return "it went wrong in a way that I did not expect; the log says how under " + chat.Literal(t.reference)
}

// SetResult stores what came out of the run, as JSON.
func (t *Task) SetResult(ctx context.Context, result any) error {
	text, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("jobs: store the result: %w", err)
	}
	return t.Checkpoint(ctx, func(run *Run) { run.Result = text })
}

// Checkpoint changes the stored run before it returns. It answers ErrLeaseLost, with nothing changed, when the worker
// has the lease no more. change may be called more than once.
func (t *Task) Checkpoint(ctx context.Context, change func(*Run)) error {
	t.storing.Lock()
	defer t.storing.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	run, err := t.store(ctx, t.run, change)
	if err == nil {
		t.run, t.stored = run, t.changes
	}
	if errors.Is(err, ErrLeaseLost) {
		t.loseLease(ErrLeaseLost)
	}
	return err
}

// update changes what the worker knows; the keeper stores it soon.
func (t *Task) update(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	t.changes++
}

// store writes the worker's part of the run, renews the lease and makes a further change, all fenced by the token. The
// other parts (cancellation, followers, card) belong to others.
func (t *Task) store(ctx context.Context, mine Run, change func(*Run)) (Run, error) {
	return t.r.change(ctx, mine.ID, func(run *Run) error {
		if run.Status != Running || run.Lease.Token != t.token {
			return ErrLeaseLost
		}
		run.Steps, run.Log, run.Result = slices.Clone(mine.Steps), slices.Clone(mine.Log), mine.Result
		run.Lease.Until = t.r.o.Now().Add(t.r.o.LeaseTTL)
		if change != nil {
			change(run)
		}
		return nil
	})
}

// look makes the keeper look at the run now.
func (t *Task) look() {
	select {
	case t.poke <- struct{}{}:
	default:
	}
}
