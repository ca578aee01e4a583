package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/jobs"
)

func planned(request string, needs int) jobs.Run {
	run := backup(request, "database/scratch")
	run.Args = json.RawMessage(`{"target": "scratch <&>"}`)
	run.Title = "Restore into `scratch`"
	run.Plan = &jobs.Plan{Title: "Restore `orders`", Needs: needs, Expires: time.Now().Add(time.Hour),
		Basis: json.RawMessage(`{"documents": 10}`), Facts: []chat.Field{{Label: "Documents", Value: "10"}}, Losses: []string{"nothing"}}
	if needs == 0 {
		run.Plan.Confirm = "scratch"
	}
	return run
}

// A plan can want both: the requester types, then another one approves.
func TestTypedAndApproved(t *testing.T) {
	w := newWorld(t)
	r := w.runner(t, kind(func(context.Context, *jobs.Task) error { return nil }))
	run := planned("", 1)
	run.Plan.Confirm = "kampyn_orders"
	run, err := r.Submit(t.Context(), run)
	require.NoError(t, err)
	_, err = r.Approve(t.Context(), run.ID, run.Plan.Hash, bo)
	require.Contains(t, problem(t, err).Say, "has not confirmed it yet")
	_, err = r.Confirm(t.Context(), run.ID, "kampyn_orders", bo)
	require.Contains(t, problem(t, err).Say, "can confirm this plan")
	_, err = r.Confirm(t.Context(), run.ID, "orders", ada)
	require.Contains(t, problem(t, err).Say, "is not what has to be typed")
	typed, err := r.Confirm(t.Context(), run.ID, "kampyn_orders", ada)
	require.NoError(t, err)
	require.Equal(t, jobs.Proposed, typed.Status)
	require.True(t, typed.Plan.Intact())
	_, err = r.Confirm(t.Context(), run.ID, "kampyn_orders", ada)
	require.Contains(t, problem(t, err).Say, "confirmed this plan already")
	_, err = r.Approve(t.Context(), run.ID, run.Plan.Hash, ada)
	require.Contains(t, problem(t, err).Say, "somebody else")
	approved, err := r.Approve(t.Context(), run.ID, run.Plan.Hash, bo)
	require.NoError(t, err)
	require.Equal(t, jobs.Queued, approved.Status)
}

func TestApprove(t *testing.T) {
	w := newWorld(t)
	worked := make(chan string, 10)
	var now time.Time
	var mu sync.Mutex
	clock := func(o *jobs.Options) {
		o.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}
	}
	now = time.Now()
	r := w.runner(t, kind(func(_ context.Context, task *jobs.Task) error {
		worked <- task.Run().ID
		return nil
	}), clock)
	propose := func(needs int) jobs.Run {
		run, err := r.Submit(t.Context(), planned("", needs))
		require.NoError(t, err)
		require.Equal(t, jobs.Proposed, run.Status)
		return run
	}
	approve := func(run jobs.Run, by chat.User) (jobs.Run, error) {
		return r.Approve(t.Context(), run.ID, run.Plan.Hash, by)
	}
	refused := func(err error, say string) {
		t.Helper()
		require.Contains(t, problem(t, err).Say, say)
	}

	two := propose(2)
	_, err := approve(two, ada)
	refused(err, "You proposed this plan, so somebody else has to approve it.")
	_, err = approve(two, chat.User{Name: "somebody"})
	refused(err, "I can't tell who approves")
	_, err = r.Approve(t.Context(), two.ID, strings.Repeat("0", 64), bo)
	refused(err, "for another plan than the one that is proposed now")
	_, err = r.Confirm(t.Context(), two.ID, "scratch", ada)
	refused(err, "approved by others, not confirmed")
	once, err := approve(two, bo)
	require.NoError(t, err)
	require.Equal(t, jobs.Proposed, once.Status)
	_, err = approve(two, bo)
	refused(err, "You have approved this plan already, ")
	twice, err := approve(two, cleo)
	require.NoError(t, err)
	require.Equal(t, jobs.Queued, twice.Status)
	_, err = approve(two, chat.User{ID: "UDAN"})
	refused(err, "already approved by <@UBO>, ")

	other := propose(1)
	_, err = approve(other, bo)
	refused(err, "waits to start") // two has the target
	still, err := r.Get(t.Context(), other.ID)
	require.NoError(t, err)
	require.Equal(t, jobs.Proposed, still.Status)
	require.Empty(t, still.Plan.Approvals)

	start(t, r)
	require.Equal(t, two.ID, <-worked)
	require.Equal(t, jobs.Succeeded, ended(t, r, two.ID).Status)
	_, err = approve(two, bo)
	refused(err, "This plan is closed: Restore into `scratch` (`"+two.ID+"`) succeeded ")
	_, err = r.Retry(t.Context(), two.ID, bo, "")
	refused(err, "an approval serves once")

	declined, err := r.Decline(t.Context(), other.ID, bo, "not <now>")
	require.NoError(t, err)
	require.Equal(t, jobs.Cancelled, declined.Status)
	require.Equal(t, "Declined by <@UBO>: not &lt;now&gt;", declined.Reason)
	_, err = approve(other, bo)
	refused(err, "Declined by <@UBO>")

	alone := propose(0)
	_, err = approve(alone, bo)
	refused(err, "This plan is not approved by others.")
	_, err = r.Confirm(t.Context(), alone.ID, "scratch", bo)
	refused(err, "Only <@UADA>, who proposed it, can confirm this plan.")
	_, err = r.Confirm(t.Context(), alone.ID, "Scratch", ada)
	refused(err, "`Scratch` is not what has to be typed.")
	_, err = r.Confirm(t.Context(), alone.ID, "scratch", ada)
	require.NoError(t, err)
	require.Equal(t, alone.ID, <-worked)
	ended(t, r, alone.ID)

	late := propose(1)
	mu.Lock()
	now = now.Add(2 * time.Hour)
	mu.Unlock()
	_, err = approve(late, bo)
	require.NotNil(t, problem(t, err), "the time is over")
	expired := ended(t, r, late.ID)
	require.Equal(t, jobs.Cancelled, expired.Status)
	require.Contains(t, expired.Reason, "Nobody approved the plan before")

	plain, err := r.Submit(t.Context(), backup(""))
	require.NoError(t, err)
	_, err = r.Approve(t.Context(), plain.ID, "", bo)
	refused(err, "needs no approval")
	require.Equal(t, []string{"proposed", "approved", "approved", "queued", "started", "succeeded"}, whats(t, w.store(t), two.ID))
}

// TestApprovedLongAgo: a plan that was approved before the program was away for long is not carried out.
func TestApprovedLongAgo(t *testing.T) {
	w := newWorld(t)
	var late atomic.Bool
	r := w.runner(t, kind(func(context.Context, *jobs.Task) error {
		t.Error("it was carried out")
		return nil
	}), func(o *jobs.Options) {
		o.Now = func() time.Time {
			if late.Load() {
				return time.Now().Add(3 * time.Hour)
			}
			return time.Now()
		}
	})
	run, err := r.Submit(t.Context(), planned("", 1))
	require.NoError(t, err)
	_, err = r.Approve(t.Context(), run.ID, run.Plan.Hash, bo)
	require.NoError(t, err)
	late.Store(true)
	start(t, r)
	failed := ended(t, r, run.ID)
	require.Equal(t, jobs.Failed, failed.Status)
	require.Contains(t, failed.Reason, "approved too long ago")
}

func TestApprovalsAtTheSameMoment(t *testing.T) {
	w := newWorld(t)
	a, b := w.runner(t, kind(nop)), w.runner(t, kind(nop))
	run, err := a.Submit(t.Context(), planned("", 1))
	require.NoError(t, err)
	var wait sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	for i := range 10 {
		wait.Go(func() {
			by := chat.User{ID: "U" + string(rune('A'+i))}
			_, err := []*jobs.Runner{a, b}[i%2].Approve(context.Background(), run.ID, run.Plan.Hash, by)
			mu.Lock()
			defer mu.Unlock()
			var p *chat.Problem
			if err == nil {
				accepted++
			} else if !errors.As(err, &p) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	require.Equal(t, 1, accepted)
	start(t, b)
	require.Equal(t, jobs.Succeeded, ended(t, a, run.ID).Status, "it has its targets")
}

// A plan that no longer fits reality fails with nothing done, so nothing is cleaned either.
func TestCheckStopsThePlan(t *testing.T) {
	w := newWorld(t)
	r := w.runner(t, []jobs.Kind{{Name: "backup",
		Work:  func(context.Context, *jobs.Task) error { t.Error("it was done"); return nil },
		Clean: func(context.Context, jobs.Run) error { t.Error("it was cleaned"); return nil },
		Check: func(_ context.Context, run jobs.Run) error {
			require.JSONEq(t, `{"documents":10}`, string(run.Plan.Basis))
			return &chat.Problem{Say: "The target is not empty any more.", Try: "Ask for it anew."}
		}}})
	start(t, r)
	run, err := r.Submit(t.Context(), planned("", 1))
	require.NoError(t, err)
	_, err = r.Approve(t.Context(), run.ID, run.Plan.Hash, bo)
	require.NoError(t, err)
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Failed, run.Status)
	require.Equal(t, "The target is not empty any more.", run.Reason)
}

// Each of two needed approvals comes at the same moment as the other: together they are enough.
func TestBothApprovalsAtTheSameMoment(t *testing.T) {
	w := newWorld(t)
	a, b := w.runner(t, kind(nop)), w.runner(t, kind(nop))
	for range 10 {
		run := planned("", 2)
		run, err := a.Submit(t.Context(), run)
		require.NoError(t, err)
		var wait sync.WaitGroup
		for r, by := range map[*jobs.Runner]chat.User{a: bo, b: cleo} {
			wait.Go(func() {
				if _, err := r.Approve(context.Background(), run.ID, run.Plan.Hash, by); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		run, err = a.RunOnly(t.Context(), run.ID)
		require.NoError(t, err)
		require.Equal(t, jobs.Succeeded, run.Status)
		require.Len(t, run.Plan.Approvals, 2)
	}
}
