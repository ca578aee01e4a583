package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// Kind is one kind of job: how it is done, and what happens when it is interrupted.
type Kind struct {
	Name string
	// Work does the job. Its context ends with one of the causes ErrCancelled, ErrLeaseLost and ErrShutdown; Work then
	// returns soon. An error that is a *chat.Problem is shown as it is.
	Work func(ctx context.Context, t *Task) error
	// Clean removes what an attempt left that did not succeed; nil if there is never anything. It may be called more
	// than once for the same attempt, also when the attempt had not begun to write anything.
	Clean func(ctx context.Context, r Run) error
	// Left says, after Clean, what came of an attempt that did not succeed, or whose end was not noted; nil if there is
	// nothing to say. It may be called more than once.
	Left func(ctx context.Context, r Run) (Left, error)
	// Check compares the plan's basis with reality just before Work begins; nil if there is nothing to compare. Its
	// error fails the run with nothing done, so that Clean is not called either.
	Check func(ctx context.Context, r Run) error
	// Retries is how many times an interrupted run is queued again by itself. With 0 it is reported as interrupted.
	Retries int
	// Again makes the run that repeats one which did not succeed; nil repeats it with the same arguments.
	Again func(old Run) (Run, error)
	// Details adds parts to the card, Buttons adds buttons; both may be nil.
	Details func(r Run) []chat.Part
	Buttons func(r Run) []chat.Button
	// Local says that Run leaves it to RunOnly of the process that asked for it, which has what nobody else has.
	Local bool
}

// Left is what came of an attempt that was not seen to its end.
type Left struct {
	// Result becomes the run's, unless it is nil.
	Result json.RawMessage
	// Done says that all was done and proven, and that only noting it did not come about: the run has succeeded.
	Done bool
}

// The causes with which the context of a run's work ends.
var (
	ErrCancelled = errors.New("jobs: the run was cancelled")
	ErrLeaseLost = errors.New("jobs: the lease on the run was lost")
	ErrShutdown  = errors.New("jobs: the program is shutting down")
)

// Poster says things in chat; *bot.Slack is one.
type Poster interface {
	// Post posts a message. Posting the same Message.Key again answers with the first message, whatever it now says.
	Post(ctx context.Context, channel string, m chat.Message) (chat.Ref, error)
	// Edit replaces a message. It returns when this state or a newer one was delivered.
	Edit(ctx context.Context, at chat.Ref, m chat.Message) error
	// Direct posts to one person, with Message.Key as in Post.
	Direct(ctx context.Context, userID string, m chat.Message) (chat.Ref, error)
}

// Options are what a Runner needs; Store and Events are required.
type Options struct {
	Store  state.Store
	Events *events.Log
	// Poster draws the cards. Without it, as on the command line, they are left to the running bot.
	Poster Poster
	Kinds  []Kind
	// Owner names this process in leases. The default lets others see at once that this process has ended.
	Owner string
	// LeaseTTL is how long a lease lasts without a heartbeat (8 s); Heartbeat is how often it is renewed (TTL/4).
	LeaseTTL, Heartbeat time.Duration
	// Poll is how often the store is asked for news from other processes (500 ms).
	Poll time.Duration
	// Grace is how long running work may go on when the program is asked to stop.
	Grace time.Duration
	// OpsChannel gets the cards of runs that name no channel.
	OpsChannel string
	// Parallel is how many runs this process works on at the same time (4).
	Parallel int
	// Buttons adds buttons to the cards of all kinds of runs; nil adds none.
	Buttons func(Run) []chat.Button
	// Ended is told of each run whose end this process has recorded; nil means that nobody counts.
	Ended func(Run)
	// Now is the clock that people see (time.Now).
	Now func() time.Time
	Log *slog.Logger
}

// Runner keeps the runs and works on them. All of its methods may be called at any time, from any number of processes
// that share the store.
type Runner struct {
	o        Options
	kinds    map[string]Kind
	runs     *state.Collection[Run]
	requests *state.Collection[string]
	locks    *state.Collection[lock]
	cards    cards

	wake chan struct{}
	mu   sync.Mutex
	// tasks are the runs that this process works on.
	tasks map[string]*Task
	// later says when an ended run may be cleaned again.
	later map[string]time.Time
	// turned is when the loop of Run last came round.
	turned atomic.Int64
}

// Turned is when the loop of Run last came round, whether or not it could read the runs; zero before the first time.
func (r *Runner) Turned() time.Time {
	if at := r.turned.Load(); at > 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// New answers a Runner.
func New(o Options) (*Runner, error) {
	if o.Store == nil || o.Events == nil {
		return nil, errors.New("jobs: a runner needs a store and an event log")
	}
	o.Owner = cmp.Or(o.Owner, state.ThisProcess())
	o.LeaseTTL = cmp.Or(o.LeaseTTL, 8*time.Second)
	o.Heartbeat = cmp.Or(o.Heartbeat, o.LeaseTTL/4)
	o.Poll = cmp.Or(o.Poll, 500*time.Millisecond)
	o.Parallel = cmp.Or(o.Parallel, 4)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Ended == nil {
		o.Ended = func(Run) {}
	}
	r := &Runner{o: o, kinds: map[string]Kind{}, tasks: map[string]*Task{}, later: map[string]time.Time{},
		runs:     state.NewCollection(o.Store, "run", fields),
		requests: state.NewCollection[string](o.Store, "run request", nil),
		locks:    state.NewCollection[lock](o.Store, "run lock", nil),
		wake:     make(chan struct{}, 1),
	}
	r.cards.r, r.cards.state = r, map[string]*cardState{}
	for _, k := range o.Kinds {
		if k.Name == "" || k.Work == nil {
			return nil, fmt.Errorf("jobs: the kind %q needs a name and work", k.Name)
		}
		if _, twice := r.kinds[k.Name]; twice {
			return nil, fmt.Errorf("jobs: the kind %q is there twice", k.Name)
		}
		r.kinds[k.Name] = k
	}
	return r, nil
}

// fields are what the store can find runs by. "sync" marks those whose events, card or followers are behind.
func fields(r Run) map[string]string {
	at := state.SortableTime(r.At)
	f := map[string]string{"status": string(r.Status), "kind": r.Kind, "at": at}
	if !r.Status.Ended() {
		f["active"] = "1"
	} else if r.Unclean {
		f["unclean"] = "1"
	}
	if r.Logged < r.moments() || r.Shown != r.Status || r.Status.Ended() && len(r.Followers) > 0 && !r.Told {
		f["sync"] = "1"
	}
	for _, target := range r.Targets {
		f["target "+target] = at
	}
	return f
}

// moments is the N of the newest moment.
func (r Run) moments() int {
	if len(r.History) == 0 {
		return 0
	}
	return r.History[len(r.History)-1].N
}

// note adds a moment to the run's history.
func (r *Runner) note(run *Run, what string, by chat.User, text string) {
	const most = 50
	run.History = append(run.History, Moment{N: run.moments() + 1, What: what, At: r.o.Now(), By: by, Text: text})
	for len(run.History) > most && run.History[0].N <= run.Logged {
		run.History = run.History[1:]
	}
}

// enter puts the run into a status and notes that.
func (r *Runner) enter(run *Run, s Status, by chat.User, text string) {
	run.Status, run.Cleaning = s, false
	if s.Ended() {
		run.Finished = r.o.Now()
	}
	what := string(s)
	if s == Running {
		what = "started"
	}
	r.note(run, what, by, text)
}

// self is who acts when the program acts by itself.
var self = chat.User{Name: "opsbot"}

// nudge makes the loop look at the store now instead of at the next poll.
func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// stopTime is how long work may take to return after its context has ended.
const stopTime = 10 * time.Second

// Run is the bot's loop: it works on queued runs, takes over those whose process died, lets proposals expire and keeps
// cards, followers and events up to date. When ctx is done it begins nothing new, gives running work the grace time,
// then ends its context with ErrShutdown. It answers an error if work did not return even then.
func (r *Runner) Run(ctx context.Context) error {
	hard, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	var work sync.WaitGroup
	r.cards.begin(ctx)
	poll := time.NewTicker(r.o.Poll)
	defer poll.Stop()
	failing := false
	for ctx.Err() == nil {
		err := r.sweep(ctx, hard, &work)
		r.turned.Store(time.Now().UnixNano())
		if err != nil && !failing && ctx.Err() == nil {
			r.o.Log.Error("the runs cannot be read; trying on", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-poll.C:
		}
	}
	err := r.stop(stop, &work)
	r.cards.finish(context.WithoutCancel(ctx))
	return err
}

// stop waits for the work of this process, softly and then hard.
func (r *Runner) stop(stop context.CancelCauseFunc, work *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-time.After(r.o.Grace):
	}
	stop(ErrShutdown)
	select {
	case <-done:
		return nil
	case <-time.After(stopTime):
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var left []string
	for id := range r.tasks {
		left = append(left, id)
	}
	return fmt.Errorf("jobs: work did not stop within %v of being told to: %v", stopTime, left)
}

// sweep looks once at everything that is not at rest. Work that it begins runs under hard.
func (r *Runner) sweep(ctx, hard context.Context, work *sync.WaitGroup) error {
	active, err := r.query(ctx, state.Query{Where: is("active", "1"), OrderBy: "at"})
	if err != nil {
		return err
	}
	for _, run := range active {
		r.advance(ctx, hard, run, work)
		r.cards.refresh(run)
	}
	behind, err := r.query(ctx, state.Query{Where: is("sync", "1"), OrderBy: "at", Descending: true, Limit: 200})
	if err != nil {
		return err
	}
	for _, run := range behind {
		if run.Logged < run.moments() {
			run = r.settle(ctx, run)
		}
		r.cards.refresh(run)
	}
	unclean, err := r.query(ctx, state.Query{Where: is("unclean", "1")})
	if err != nil {
		return err
	}
	for _, run := range unclean {
		r.cleanLater(ctx, hard, run, work)
	}
	return nil
}

// advance does with an active run what is due.
func (r *Runner) advance(ctx, hard context.Context, run Run, work *sync.WaitGroup) {
	switch {
	case run.Status == Proposed && !r.o.Now().Before(run.Plan.Expires):
		if err := r.expire(ctx, run.ID); err != nil {
			r.o.Log.Warn("a proposal could not be closed", "run", run.ID, "error", err)
		}
	case run.Status == Queued && r.kinds[run.Kind].Local:
		r.abandon(ctx, run)
	case run.Status == Queued && r.free():
		if task := r.claim(ctx, run.ID); task != nil {
			work.Go(func() { r.attempt(hard, task) })
		}
	case run.Status == Running && r.orphaned(run):
		if task := r.takeOver(ctx, run); task != nil {
			work.Go(func() { r.revive(hard, task) })
		}
	}
}

// abandon closes a local run that nobody has begun in time: the process that asked for it has gone.
func (r *Runner) abandon(ctx context.Context, run Run) {
	since := run.At
	if run.Plan != nil {
		since = run.Plan.Expires
	}
	if r.o.Now().Before(since.Add(startWithin)) {
		return
	}
	if _, err := r.Cancel(ctx, run.ID, self); err != nil {
		r.o.Log.Warn("a run that nobody begins could not be closed", "run", run.ID, "error", err)
	}
}

// free says whether this process may begin one more run.
func (r *Runner) free() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tasks) < r.o.Parallel
}

func is(field, value string) []state.Condition {
	return []state.Condition{{Field: field, Op: state.Equal, Value: value}}
}

func (r *Runner) query(ctx context.Context, q state.Query) ([]Run, error) {
	found, err := r.runs.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	list := make([]Run, len(found))
	for i, e := range found {
		list[i] = e.Value
		list[i].version = e.Version
	}
	return list, nil
}

// change changes the stored run by compare-and-set, and answers it with its new version unknown.
func (r *Runner) change(ctx context.Context, id string, change func(*Run) error) (Run, error) {
	return r.runs.Change(ctx, id, change)
}
