package jobs_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/jobs"
)

// While the store is locked for longer than the lease lasts, the work is told, changes nothing more, and is done again.
func TestLeaseLost(t *testing.T) {
	w := newWorld(t)
	causes := make(chan error, 2)
	var attempts atomic.Int32
	begun := make(chan struct{}, 2)
	r := w.runner(t, []jobs.Kind{{Name: "backup", Retries: 1, Work: func(ctx context.Context, task *jobs.Task) error {
		begun <- struct{}{}
		if attempts.Add(1) > 1 {
			return nil
		}
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return context.Cause(ctx)
	}}}, func(o *jobs.Options) { o.LeaseTTL = 400 * time.Millisecond })
	start(t, r)
	run, err := r.Submit(t.Context(), backup("x"))
	require.NoError(t, err)
	<-begun

	unlock := w.lock(t)
	require.ErrorIs(t, <-causes, jobs.ErrLeaseLost)
	unlock()
	<-begun
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Succeeded, run.Status)
	require.EqualValues(t, 3, run.Lease.Token, "worker, recovery, worker")
}

// A worker whose lease was taken over changes nothing any more.
func TestFencing(t *testing.T) {
	w := newWorld(t)
	begun := make(chan *jobs.Task, 1)
	resume := make(chan struct{})
	late := make(chan error, 1)
	stale := w.runner(t, kind(func(ctx context.Context, task *jobs.Task) error {
		begun <- task
		<-resume
		late <- task.SetResult(context.WithoutCancel(ctx), "stale")
		return nil
	}), func(o *jobs.Options) { o.LeaseTTL = time.Hour })
	start(t, stale)
	run, err := stale.Submit(t.Context(), backup("x"))
	require.NoError(t, err)
	task := <-begun
	require.EqualValues(t, 1, task.Token())

	// To this runner the lease ended an hour ago.
	next := w.runner(t, kind(nop), func(o *jobs.Options) {
		o.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	})
	start(t, next)
	until(t, "it is taken over", func() bool {
		run, err = next.Get(t.Context(), run.ID)
		return err == nil && run.Status == jobs.Interrupted
	})
	close(resume)
	require.ErrorIs(t, <-late, jobs.ErrLeaseLost)
	run, err = next.Get(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, jobs.Interrupted, run.Status)
	require.Nil(t, run.Result)
}

func TestShutdown(t *testing.T) {
	begun := make(chan struct{}, 1)
	for name, test := range map[string]struct {
		work    func(context.Context, *jobs.Task) error
		retries int
		status  jobs.Status
		attempt int
	}{
		"within the grace": {func(context.Context, *jobs.Task) error { begun <- struct{}{}; return sleepFor(50 * time.Millisecond) }, 0, jobs.Succeeded, 1},
		"queued again":     {waiting(begun), 1, jobs.Queued, 0},
		"reported":         {waiting(begun), 0, jobs.Interrupted, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			kinds := kind(test.work)
			kinds[0].Retries = test.retries
			r := w.runner(t, kinds, func(o *jobs.Options) { o.Grace = 150 * time.Millisecond })
			stop := start(t, r)
			run, err := r.Submit(t.Context(), backup("x"))
			require.NoError(t, err)
			<-begun
			require.NoError(t, stop())
			run, err = r.Get(t.Context(), run.ID)
			require.NoError(t, err)
			require.Equal(t, test.status, run.Status)
			require.Equal(t, test.attempt, run.Attempt)
			require.Equal(t, test.status, run.Shown, "the card says so before the program ends")
			if test.status != jobs.Queued {
				return
			}
			next := w.runner(t, kind(nop))
			start(t, next)
			run = ended(t, next, run.ID)
			require.Equal(t, jobs.Succeeded, run.Status)
			require.Equal(t, 1, run.Attempt)
		})
	}
}

func sleepFor(d time.Duration) error {
	<-time.After(d)
	return nil
}
