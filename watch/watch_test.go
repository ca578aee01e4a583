package watch_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
	"github.com/kampyn/opsbot/watch"
)

// world is a workspace and a state, by a clock that stands still unless it is moved.
type world struct {
	t      *testing.T
	server *slack.Server
	ops    string
	store  *state.SQLite
	events *events.Log

	mu    sync.Mutex
	clock time.Time
	asked []string
}

var noon = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := slack.Start(slack.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return &world{t: t, server: server, ops: server.AddChannel("ops", server.AddUser("anna")), store: store, events: events.New(store), clock: noon}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// voice speaks to the workspace over a client until the test ends.
func (w *world) voice(client *http.Client) *bot.Slack {
	voice := bot.NewSlack(bot.SlackOptions{BotToken: w.server.BotToken(), AppToken: w.server.AppToken(), APIURL: w.server.APIURL(),
		Store: w.store, EditEvery: time.Millisecond, FlushWithin: time.Millisecond, HTTPClient: client})
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- voice.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		require.NoError(w.t, <-ended)
	})
	return voice
}

func (w *world) options(poster watch.Poster) watch.Options {
	return watch.Options{Store: w.store, Events: w.events, Poster: poster, Channel: "ops", Now: w.now,
		Kinds: []watch.Kind{
			{Title: "Schedules", Missed: func(_ context.Context, from, to time.Time) ([]string, error) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.asked = append(w.asked, from.Format(time.TimeOnly)+" to "+to.Format(time.TimeOnly))
				return []string{"`backup`: did not run 2 times."}, nil
			}},
			{Title: "Reminders", Missed: func(context.Context, time.Time, time.Time) ([]string, error) { return nil, nil }},
		}}
}

// start is a process that comes up.
func (w *world) start() *watch.Watch {
	w.t.Helper()
	one := watch.New(w.options(w.voice(nil)))
	require.NoError(w.t, one.Beat(w.t.Context()))
	require.NoError(w.t, one.Step(w.t.Context()))
	return one
}

// live lets time pass while processes run.
func (w *world) live(d time.Duration, all ...*watch.Watch) {
	w.t.Helper()
	for end := w.now().Add(d); w.now().Before(end); {
		w.pass(min(10*time.Second, end.Sub(w.now())))
		for _, one := range all {
			require.NoError(w.t, one.Step(w.t.Context()))
		}
	}
}

func (w *world) said() []string {
	w.t.Helper()
	var texts []string
	for _, m := range w.server.Messages(w.ops) {
		texts = append(texts, m.Text)
	}
	return texts
}

func (w *world) noted() int {
	w.t.Helper()
	list, err := w.events.Query(w.t.Context(), events.Filter{What: "opsbot.absent"})
	require.NoError(w.t, err)
	return len(list)
}

func TestFirstStartIsNoAbsence(t *testing.T) {
	w := newWorld(t)
	one := w.start()
	w.live(time.Hour, one)
	require.Empty(t, w.said())
}

func TestShortRestartIsSilent(t *testing.T) {
	w := newWorld(t)
	w.live(time.Minute, w.start())
	w.pass(watch.Limit - 31*time.Second)
	w.live(time.Minute, w.start())
	require.Empty(t, w.said())
	require.Zero(t, w.noted())
}

func TestAbsence(t *testing.T) {
	for _, test := range []struct {
		name  string
		leave func(*world, *watch.Watch)
		back  func(*world, *watch.Watch) *watch.Watch
		says  string
		why   string
	}{
		{"stopped", func(w *world, one *watch.Watch) {
			w.pass(7 * time.Second)
			require.NoError(w.t, one.Stop(w.t.Context()))
		},
			func(w *world, _ *watch.Watch) *watch.Watch { return w.start() }, "opsbot was away for 2 h.", "It had been stopped."},
		{"died", func(w *world, _ *watch.Watch) { w.pass(7 * time.Second) },
			func(w *world, _ *watch.Watch) *watch.Watch { return w.start() }, "opsbot was away for 2 h.", "It had not been stopped"},
		{"slept", func(*world, *watch.Watch) {},
			func(_ *world, one *watch.Watch) *watch.Watch { return one }, "opsbot was away for 2 h.", "Its process lived on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			one := w.start()
			w.live(time.Hour, one)
			test.leave(w, one)
			w.pass(2 * time.Hour)
			two := test.back(w, one)
			w.live(time.Hour, two)
			require.Equal(t, []string{test.says + " Missed: schedules."}, w.said())
			drawn := w.server.Messages(w.ops)[0]
			require.Contains(t, string(drawn.Blocks), test.why)
			require.Contains(t, string(drawn.Blocks), "did not run 2 times")
			require.NotContains(t, string(drawn.Blocks), "Reminders", "nothing of it was missed")
			require.Equal(t, 1, w.noted())
			require.NoError(t, two.Stop(t.Context()))
			w.pass(10 * time.Minute)
			w.start()
			require.Len(t, w.said(), 2, "another absence is another message")
		})
	}
}

func TestClockSetBack(t *testing.T) {
	w := newWorld(t)
	one := w.start()
	w.live(time.Hour, one)
	w.pass(-3 * time.Hour)
	w.live(time.Minute, one)
	require.Empty(t, w.said(), "that is no absence")
	w.pass(10 * time.Minute)
	w.live(time.Minute, w.start())
	require.Len(t, w.said(), 1, "one that comes then is told")
}

func TestTwoProcesses(t *testing.T) {
	w := newWorld(t)
	one, two := w.start(), w.start()
	w.live(time.Hour, one, two)
	w.live(time.Hour, two)
	require.Empty(t, w.said(), "one of them was there")
	w.pass(time.Hour)
	var all sync.WaitGroup
	for range 4 {
		again := watch.New(w.options(w.voice(nil)))
		all.Go(func() {
			if err := errors.Join(again.Beat(t.Context()), again.Step(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.live(time.Minute, w.start())
	require.Len(t, w.said(), 1)
	require.Equal(t, 1, w.noted())
}

func TestTells(t *testing.T) {
	w := newWorld(t)
	w.live(time.Minute, w.start())
	before := w.now()
	w.pass(time.Hour)
	again := watch.New(w.options(w.voice(nil)))
	for at, want := range map[time.Time]bool{before: false, before.Add(time.Minute): true, before.Add(time.Hour): true, before.Add(time.Hour + 1): false} {
		tells, err := again.Tells(t.Context(), at)
		require.NoError(t, err)
		require.Equal(t, want, tells, at)
	}
	require.Equal(t, []string{"12:01:00 to 13:01:00"}, w.asked)
}

// dying is a process's way to Slack: its last call arrives there, but the process does not live to see the answer.
type dying struct {
	left atomic.Int64
	die  func()
}

var errDead = errors.New("this process is dead")

func (d *dying) RoundTrip(r *http.Request) (*http.Response, error) {
	left := d.left.Add(-1)
	if left < 0 {
		return nil, errDead
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if left > 0 || err != nil {
		return answer, err
	}
	d.die()
	return nil, errors.Join(errDead, answer.Body.Close())
}

func TestCrashAnywhere(t *testing.T) {
	for calls := int64(1); ; calls++ {
		w := newWorld(t)
		w.live(time.Minute, w.start())
		w.pass(time.Hour)
		ctx, stop := context.WithCancel(t.Context())
		way := &dying{die: stop}
		way.left.Store(calls)
		mortal := watch.New(w.options(w.voice(&http.Client{Transport: way})))
		require.NoError(t, mortal.Beat(ctx))
		err := mortal.Step(ctx)
		died := ctx.Err() != nil
		stop()
		if died {
			require.Error(t, err)
		}
		w.pass(time.Minute)
		w.live(time.Minute, w.start())
		require.Len(t, w.said(), 1, "after a crash at call %d", calls)
		require.Equal(t, 1, w.noted())
		if !died {
			require.Greater(t, calls, int64(1), "it has to die at least once")
			return
		}
	}
}

func TestSlackAway(t *testing.T) {
	w := newWorld(t)
	w.live(time.Minute, w.start())
	w.pass(time.Hour)
	w.server.Faults().ServerError("chat.postMessage", 1, 500)
	one := watch.New(w.options(w.voice(nil)))
	require.NoError(t, one.Beat(t.Context()))
	w.live(time.Minute, one)
	require.Len(t, w.said(), 1)
}
