package watch_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/watch"
)

// guard is a service outside that counts calls and can be made to refuse them.
type guard struct {
	*httptest.Server
	calls  atomic.Int64
	status atomic.Int64
}

const secretPath = "/6f1c-secret-of-the-url"

func newGuard(t *testing.T) *guard {
	t.Helper()
	g := &guard{}
	g.status.Store(http.StatusOK)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == secretPath {
			g.calls.Add(1)
		}
		w.WriteHeader(int(g.status.Load()))
	}))
	t.Cleanup(g.Close)
	return g
}

func (w *world) deadMan(g *guard, faults *[]string) *watch.DeadMan {
	probe := health.HTTP{URL: g.URL + secretPath, Now: time.Now}
	return watch.NewDeadMan(watch.DeadManOptions{Store: w.store, Poster: w.voice(nil), Channel: "ops", Service: "guard.example", Every: time.Minute, Now: w.now,
		Call: func(ctx context.Context) string {
			if r := probe.Look(ctx); r.Outcome != health.OK {
				return r.Say
			}
			return ""
		},
		Well: func(context.Context) []string { return *faults }})
}

// goOn lets time pass while they call.
func (w *world) goOn(d time.Duration, all ...*watch.DeadMan) {
	w.t.Helper()
	for end := w.now().Add(d); w.now().Before(end); w.pass(time.Second) {
		for _, one := range all {
			require.NoError(w.t, one.Step(w.t.Context()))
		}
	}
}

func TestDeadManIsCalledWhileWell(t *testing.T) {
	w, g := newWorld(t), newGuard(t)
	var faults []string
	one := w.deadMan(g, &faults)
	w.goOn(5*time.Minute, one)
	require.Equal(t, int64(5), g.calls.Load())
	faults = []string{"no connection to Slack is open"}
	w.goOn(time.Hour, one)
	require.Equal(t, int64(5), g.calls.Load(), "its silence is the alarm")
	faults = nil
	w.goOn(callAgain+time.Second, one)
	require.Equal(t, int64(6), g.calls.Load(), "at once when it is well again")
	require.Empty(t, w.said())
	w.pass(-24 * time.Hour)
	w.goOn(time.Minute, one)
	require.Equal(t, int64(7), g.calls.Load(), "a clock that was set back holds nothing up")
}

const callAgain = 10 * time.Second

func TestDeadManThatRefuses(t *testing.T) {
	w, g := newWorld(t), newGuard(t)
	var faults []string
	one, two := w.deadMan(g, &faults), w.deadMan(g, &faults)
	w.goOn(5*time.Minute, one, two)
	g.status.Store(http.StatusNotFound)
	w.goOn(15*time.Second, one, two)
	require.Empty(t, w.said(), "a call or two that fail are nothing")
	w.goOn(time.Hour, one, two)
	require.Equal(t, []string{"The dead-man URL at `guard.example` takes no calls."}, w.said())
	drawn := string(w.server.Messages(w.ops)[0].Blocks)
	require.Contains(t, drawn, "answered 404")
	require.NotContains(t, drawn, "secret")
	again := w.deadMan(g, &faults)
	w.goOn(10*time.Minute, again)
	require.Len(t, w.said(), 1, "nor again after a restart")
	g.status.Store(http.StatusOK)
	w.goOn(time.Minute, again)
	require.Equal(t, []string{"The dead-man URL at `guard.example` takes calls again."}, w.said())
	g.status.Store(http.StatusServiceUnavailable)
	w.goOn(10*time.Minute, again)
	require.Len(t, w.said(), 2, "another time is another message")
}

func TestDeadManOfWhichOneGetsThrough(t *testing.T) {
	w, g, closed := newWorld(t), newGuard(t), newGuard(t)
	closed.status.Store(http.StatusForbidden)
	var faults []string
	w.goOn(30*time.Minute, w.deadMan(g, &faults), w.deadMan(closed, &faults))
	require.Empty(t, w.said(), "the service hears from opsbot")
	require.Equal(t, int64(30), g.calls.Load())
}
