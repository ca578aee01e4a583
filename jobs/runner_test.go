package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/jobs"
)

func TestRunSucceeds(t *testing.T) {
	w := newWorld(t)
	r := w.runner(t, kind(func(ctx context.Context, task *jobs.Task) error {
		require.EqualValues(t, 1, task.Token())
		task.StartStep(0)
		task.Log(ctx, "reading %d documents", 10)
		task.Progress(0, "reading", 10, 10, 1000)
		task.EndStep(0, nil, "10 documents")
		return task.SetResult(ctx, map[string]int{"documents": 10})
	}))
	start(t, r)
	run, err := r.Submit(t.Context(), backup("req"))
	require.NoError(t, err)
	require.Regexp(t, `^r-[2-9a-z]{5}$`, run.ID)

	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Succeeded, run.Status)
	require.Equal(t, 1, run.Attempt)
	require.JSONEq(t, `{"documents":10}`, string(run.Result))
	require.Equal(t, "reading 10 documents", run.Log[0].Text)
	require.Equal(t, jobs.Succeeded, run.Steps[0].Status)
	require.EqualValues(t, 10, run.Steps[0].Done)
	require.False(t, run.Unclean)
	w.shows(t, run, "✅ Backup of orders: succeeded")
	until(t, "everything is told", func() bool {
		run, err = r.Get(t.Context(), run.ID)
		return err == nil && run.Shown == jobs.Succeeded && run.Logged == len(run.History)
	})
	require.Equal(t, []string{"queued", "started", "succeeded"}, whats(t, w.store(t), run.ID))
	require.EqualValues(t, 1, w.chat.posts.Load())
}

func TestSubmitTwice(t *testing.T) {
	w := newWorld(t)
	a, b := w.runner(t, kind(nop)), w.runner(t, kind(nop))
	const racers = 12
	var wait sync.WaitGroup
	ids := make([]string, racers)
	for i := range racers {
		wait.Go(func() {
			run, err := []*jobs.Runner{a, b}[i%2].Submit(context.Background(), backup("same"))
			if err != nil {
				t.Error(err)
			}
			ids[i] = run.ID
		})
	}
	wait.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	list, err := a.List(t.Context(), jobs.Filter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func nop(context.Context, *jobs.Task) error { return nil }

func TestSubmitRefuses(t *testing.T) {
	r := newWorld(t).runner(t, kind(nop))
	unknown := backup("")
	unknown.Kind = "restoer"
	_, err := r.Submit(t.Context(), unknown)
	require.ErrorContains(t, err, `unknown kind "restoer"`)
	late := planned("", 1)
	late.Plan.Expires = time.Now().Add(-time.Second)
	_, err = r.Submit(t.Context(), late)
	require.ErrorContains(t, err, "no time left")
	none := planned("", 0)
	none.Plan.Confirm = ""
	_, err = r.Submit(t.Context(), none)
	require.ErrorContains(t, err, "needs approvals or a word")
	other := planned("", 1)
	other.Plan.Args, other.Args = json.RawMessage(`{"x":1}`), json.RawMessage(`{"x":2}`)
	require.NoError(t, other.Plan.Seal())
	_, err = r.Submit(t.Context(), other)
	require.ErrorContains(t, err, "other arguments")
}

func TestOneRunAtATimePerTarget(t *testing.T) {
	w := newWorld(t)
	begun := make(chan struct{}, 1)
	r := w.runner(t, kind(waiting(begun)))
	start(t, r)
	first, err := r.Submit(t.Context(), backup("1", "database/a", "database/b"))
	require.NoError(t, err)
	<-begun

	other := w.runner(t, kind(nop))
	_, err = other.Submit(t.Context(), backup("2", "database/c", "database/b"))
	var busy *jobs.Busy
	require.ErrorAs(t, err, &busy)
	require.Equal(t, first.ID, busy.Run.ID)
	p := problem(t, err)
	require.Contains(t, p.Say, "Backup of `orders` (`"+first.ID+"`, asked for by <@UADA>) is running")
	require.Equal(t, "run.follow", p.Follow[0].Action)
	require.Equal(t, first.ID, p.Follow[0].Value)

	free, err := other.Submit(t.Context(), backup("3", "database/c"))
	require.NoError(t, err, "a refused run holds nothing")
	<-begun
	_, err = r.Cancel(t.Context(), free.ID, bo)
	require.NoError(t, err)
	_, err = r.Cancel(t.Context(), first.ID, bo)
	require.NoError(t, err)
	ended(t, r, first.ID)
	ended(t, r, free.ID)
	again, err := other.Submit(t.Context(), backup("2", "database/c", "database/b"))
	require.NoError(t, err, "what was refused can be asked for again")
	<-begun
	_, err = r.Cancel(t.Context(), again.ID, bo)
	require.NoError(t, err)
	ended(t, r, again.ID)
}

// Many ask for overlapping targets at the same moment: no target ever has two runs at work.
func TestTargetsUnderContention(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	working := map[string]int{}
	work := func(_ context.Context, task *jobs.Task) error {
		for _, d := range []int{1, -1} {
			mu.Lock()
			for _, target := range task.Run().Targets {
				if working[target] += d; working[target] > 1 {
					t.Errorf("two runs at work on %s", target)
				}
			}
			mu.Unlock()
		}
		return nil
	}
	runners := []*jobs.Runner{w.runner(t, kind(work)), w.runner(t, kind(work))}
	for _, r := range runners {
		start(t, r)
	}
	var wait sync.WaitGroup
	var accepted atomic.Int32
	for i := range 24 {
		wait.Go(func() {
			run := backup(fmt.Sprint(i), fmt.Sprintf("database/%d", i%3), fmt.Sprintf("database/%d", (i+1)%3))
			run, err := runners[i%2].Submit(context.Background(), run)
			var busy *jobs.Busy
			switch {
			case err == nil:
				accepted.Add(1)
				if run, err := runners[0].Watch(context.Background(), run.ID, nil); err != nil || run.Status != jobs.Succeeded {
					t.Errorf("%s %s: %v", run.ID, run.Status, err)
				}
			case !errors.As(err, &busy):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	require.Positive(t, accepted.Load())
}

func TestFailures(t *testing.T) {
	for name, test := range map[string]struct {
		work   func(context.Context, *jobs.Task) error
		reason string
		try    string
	}{
		"a problem": {func(context.Context, *jobs.Task) error {
			return fmt.Errorf("backup: %w", &chat.Problem{Say: "The bucket is full.", Try: "Make room.", Err: errors.New("507")})
		}, "^The bucket is full.$", `^Make room\. \(reference E-[A-Z2-7]{5}\)$`},
		"another error": {func(context.Context, *jobs.Task) error { return errors.New("secret detail") }, `\(reference E-[A-Z2-7]{5}\)`, "Look there, then retry.$"},
		"a panic":       {func(context.Context, *jobs.Task) error { panic("secret detail") }, `\(reference E-[A-Z2-7]{5}\)`, "Look there, then retry.$"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			cleaned := 0
			r := w.runner(t, []jobs.Kind{{Name: "backup", Work: func(ctx context.Context, task *jobs.Task) error {
				task.StartStep(0)
				return test.work(ctx, task)
			}, Clean: func(_ context.Context, run jobs.Run) error {
				cleaned++
				require.Equal(t, jobs.Running, run.Status)
				return nil
			}}})
			start(t, r)
			run, err := r.Submit(t.Context(), backup("x"))
			require.NoError(t, err)
			run = ended(t, r, run.ID)
			require.Equal(t, jobs.Failed, run.Status)
			require.Regexp(t, test.reason, run.Reason)
			require.NotContains(t, run.Reason, "secret")
			require.Regexp(t, test.try, run.Try)
			require.Equal(t, 1, cleaned)
			require.Equal(t, jobs.Failed, run.Steps[0].Status)
			w.shows(t, run, "❌")

			again, err := r.Retry(t.Context(), run.ID, bo, "again")
			require.NoError(t, err)
			require.Equal(t, run.ID, again.RetryOf)
			require.Equal(t, bo, again.By)
			ended(t, r, again.ID)
		})
	}
}

// What cannot be removed at once is removed later, and meanwhile nobody else gets in the way.
func TestCleaningIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	var broken atomic.Bool
	broken.Store(true)
	var tries atomic.Int32
	kinds := []jobs.Kind{{Name: "backup", Work: func(context.Context, *jobs.Task) error { return errors.New("no") },
		Clean: func(context.Context, jobs.Run) error {
			tries.Add(1)
			if broken.Load() {
				return errors.New("the store is away")
			}
			return nil
		}}}
	short := func(o *jobs.Options) { o.LeaseTTL = 200 * time.Millisecond }
	r := w.runner(t, kinds, short)
	stop := start(t, r)
	run, err := r.Submit(t.Context(), backup("x"))
	require.NoError(t, err)
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Failed, run.Status)
	require.True(t, run.Unclean)
	require.GreaterOrEqual(t, tries.Load(), int32(3))
	require.NoError(t, stop())

	broken.Store(false)
	next := w.runner(t, kinds, short)
	start(t, next)
	until(t, "it is clean", func() bool {
		run, err = next.Get(t.Context(), run.ID)
		return err == nil && !run.Unclean
	})
	require.Equal(t, jobs.Failed, run.Status)
}

func TestCancel(t *testing.T) {
	w := newWorld(t)
	begun := make(chan struct{}, 1)
	cleaned := make(chan struct{}, 1)
	kinds := []jobs.Kind{{Name: "backup", Work: waiting(begun), Clean: func(context.Context, jobs.Run) error {
		cleaned <- struct{}{}
		return nil
	}}}
	worker := w.runner(t, kinds, func(o *jobs.Options) { o.Parallel = 1 })
	other := w.runner(t, kinds)
	start(t, worker)

	running, err := other.Submit(t.Context(), backup("1", "a"))
	require.NoError(t, err)
	<-begun
	queued, err := other.Submit(t.Context(), backup("2", "b"))
	require.NoError(t, err)
	queued, err = other.Cancel(t.Context(), queued.ID, bo)
	require.NoError(t, err)
	require.Equal(t, jobs.Cancelled, queued.Status)
	require.Equal(t, "Cancelled by <@UBO> before it began.", queued.Reason)

	running, err = other.Cancel(t.Context(), running.ID, bo)
	require.NoError(t, err, "the owner is another process")
	require.Equal(t, bo, running.Cancel.By)
	running = ended(t, other, running.ID)
	require.Equal(t, jobs.Cancelled, running.Status)
	require.Equal(t, "Cancelled by <@UBO>.", running.Reason)
	<-cleaned

	_, err = other.Cancel(t.Context(), running.ID, bo)
	require.Contains(t, problem(t, err).Say, "was cancelled ")
	_, err = other.Cancel(t.Context(), "r-none", bo)
	require.Contains(t, problem(t, err).Say, "I don't know the run `r-none`.")
	w.shows(t, running, "🚫")
	w.shows(t, queued, "🚫")
	require.Equal(t, []string{"queued", "started", "cancelling", "cancelled"}, whats(t, w.store(t), running.ID))
}

func TestUnknownRun(t *testing.T) {
	r := newWorld(t).runner(t, kind(nop))
	_, err := r.Get(t.Context(), "r-aaaaa")
	require.Equal(t, "There has been no run yet.", problem(t, err).Try)
	run, err := r.Submit(t.Context(), backup(""))
	require.NoError(t, err)
	for _, wrong := range []string{run.ID[2:], run.ID + "x", "r_" + run.ID[2:]} {
		_, err = r.Get(t.Context(), wrong)
		require.Equal(t, "Did you mean `"+run.ID+"`?", problem(t, err).Try, wrong)
	}
}

// Two runners over one file do each of many runs exactly once.
func TestTwoRunnersDoEachRunOnce(t *testing.T) {
	w := newWorld(t)
	const runs = 50
	var mu sync.Mutex
	done := map[string]int{}
	work := func(_ context.Context, task *jobs.Task) error {
		mu.Lock()
		defer mu.Unlock()
		done[task.Run().ID]++
		return nil
	}
	a, b := w.runner(t, kind(work)), w.runner(t, kind(work))
	want := map[string]int{}
	for i := range runs {
		run, err := a.Submit(t.Context(), backup(fmt.Sprint(i), fmt.Sprintf("database/%d", i)))
		require.NoError(t, err)
		want[run.ID] = 1
	}
	start(t, a)
	start(t, b)
	for id := range want {
		require.Equal(t, jobs.Succeeded, ended(t, b, id).Status)
	}
	require.Equal(t, want, done)
	until(t, "all is told", func() bool {
		list, err := a.List(t.Context(), jobs.Filter{})
		for _, run := range list {
			if run.Shown != jobs.Succeeded || run.Logged != 3 {
				return false
			}
		}
		return err == nil && len(list) == runs
	})
	require.EqualValues(t, runs, w.chat.posts.Load(), "one card each")
}

func TestList(t *testing.T) {
	w := newWorld(t)
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	kinds := append(kind(nop), jobs.Kind{Name: "verify", Work: nop})
	r := w.runner(t, kinds, func(o *jobs.Options) { o.Now = func() time.Time { now = now.Add(time.Minute); return now } })
	var ids []string
	for i := range 6 {
		run := backup("", fmt.Sprintf("database/%d", i))
		run.Kind = []string{"backup", "verify"}[i%2]
		run, err := r.Submit(t.Context(), run)
		require.NoError(t, err)
		ids = append(ids, run.ID)
	}
	_, err := r.Cancel(t.Context(), ids[2], ada)
	require.NoError(t, err)
	third, err := r.Get(t.Context(), ids[2])
	require.NoError(t, err)
	for _, test := range []struct {
		filter jobs.Filter
		want   []int
	}{
		{jobs.Filter{}, []int{5, 4, 3, 2, 1, 0}},
		{jobs.Filter{Limit: 2}, []int{5, 4}},
		{jobs.Filter{Statuses: []jobs.Status{jobs.Cancelled}}, []int{2}},
		{jobs.Filter{Statuses: []jobs.Status{jobs.Cancelled, jobs.Queued}, Limit: 4}, []int{5, 4, 3, 2}},
		{jobs.Filter{Kind: "verify"}, []int{5, 3, 1}},
		{jobs.Filter{Target: "database/4"}, []int{4}},
		{jobs.Filter{Target: "database/4", Kind: "verify"}, nil},
		{jobs.Filter{Since: third.At}, []int{5, 4, 3, 2}},
	} {
		list, err := r.List(t.Context(), test.filter)
		require.NoError(t, err)
		var got []int
		for _, run := range list {
			for i, id := range ids {
				if id == run.ID {
					got = append(got, i)
				}
			}
		}
		require.Equal(t, test.want, got, "%+v", test.filter)
	}
	active, err := r.Active(t.Context())
	require.NoError(t, err)
	require.Len(t, active, 5)
}

func TestRunOnly(t *testing.T) {
	w := newWorld(t)
	terminal := func(o *jobs.Options) { o.Poster = nil }
	r := w.runner(t, kind(nop), terminal)
	run, err := r.Submit(t.Context(), backup("x"))
	require.NoError(t, err)
	run, err = r.RunOnly(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, jobs.Succeeded, run.Status)
	require.Empty(t, w.chat.summary(run))

	bot := w.runner(t, kind(nop))
	stop := start(t, bot)
	w.shows(t, run, "succeeded")
	require.NoError(t, stop())

	begun := make(chan struct{}, 1)
	stuck := w.runner(t, kind(waiting(begun)), terminal, func(o *jobs.Options) { o.Grace = 0 })
	run, err = stuck.Submit(t.Context(), backup("y"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	run, err = stuck.RunOnly(ctx, run.ID)
	require.NoError(t, err)
	require.Equal(t, jobs.Interrupted, run.Status)
}
