package health

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
)

// ward is a workspace in which checks are looked at by a clock that stands still between steps.
type ward struct {
	t      testing.TB
	server *slack.Server
	o      Options
	*Monitor
	anna, ben chat.User

	mu    sync.Mutex
	clock time.Time
	finds map[string]Result
	looks map[string]int
}

// alone leaves a test out of short runs, which look for races: hundreds of looks one after the other have none.
func alone(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("nothing in it happens at once")
	}
}

var noon = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)

// newWard has checks of these names, looked at every minute; change may alter the options.
func newWard(t testing.TB, change func(*ward), names ...string) *ward {
	t.Helper()
	server, err := slack.Start(slack.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	w := &ward{t: t, server: server, clock: noon, finds: map[string]Result{}, looks: map[string]int{}}
	w.anna = chat.User{ID: server.AddUser("anna"), Name: "anna"}
	w.ben = chat.User{ID: server.AddUser("ben"), Name: "ben"}
	server.AddChannel("ops", w.anna.ID)
	server.AddChannel("incidents", w.anna.ID)
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	voice := bot.NewSlack(bot.SlackOptions{BotToken: server.BotToken(), AppToken: server.AppToken(), APIURL: server.APIURL(), Store: store, EditEvery: time.Millisecond})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- voice.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	w.o = Options{Store: store, Events: events.New(store), Slack: voice, Now: w.now,
		Rules: Rules{Channel: "ops", KeepResults: 7 * 24 * time.Hour, Keep: 400 * 24 * time.Hour}}
	for _, name := range names {
		w.o.Rules.Checks = append(w.o.Rules.Checks, Check{Name: name, Kind: "http", Every: time.Minute, Timeout: time.Second, FailAfter: 2, RecoverAfter: 2,
			Repeat: time.Hour, Tell: []string{w.ben.ID}, Look: func(context.Context) Result { return w.find(name) }})
	}
	if change != nil {
		change(w)
	}
	w.Monitor = New(w.o)
	return w
}

func (w *ward) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *ward) find(name string) Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks[name]++
	if r, ok := w.finds[name]; ok {
		return r
	}
	return Result{Outcome: OK, Say: "answered 200", Took: 40 * time.Millisecond}
}

// fails has a check fail from now on, saying so; heals ends that.
func (w *ward) fails(name, say string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finds[name] = Result{Outcome: Failed, Say: say, Took: 1500 * time.Millisecond,
		Phases: []Phase{{"connect", time.Millisecond}, {"first byte", 1490 * time.Millisecond}}}
}

func (w *ward) heals(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.finds, name)
}

// pass lets time pass, from one look to the next.
func (w *ward) pass(d time.Duration) {
	w.t.Helper()
	end := w.now().Add(d)
	for {
		next, err := w.Step(w.t.Context())
		require.NoError(w.t, err)
		w.mu.Lock()
		w.clock = next
		over := next.After(end)
		if over {
			w.clock = end
		}
		w.mu.Unlock()
		if over {
			_, err := w.Step(w.t.Context())
			require.NoError(w.t, err)
			return
		}
	}
}

// restart is another process with the same store.
func (w *ward) restart() { w.Monitor = New(w.o) }

// said are the bot's messages in a channel as people read them, threads too.
func (w *ward) said(channel string) []string {
	var all []string
	for _, m := range w.server.Messages(w.server.Channel(channel)) {
		all = append(all, m.Plain())
	}
	return all
}

func (w *ward) act(request string) Act { return Act{Request: request, By: w.anna, At: w.now()} }

func (w *ward) only() Alert {
	w.t.Helper()
	open, err := w.Alerts(w.t.Context())
	require.NoError(w.t, err)
	require.Len(w.t, open, 1)
	return open[0]
}

// Trouble is one message from its beginning to its end, whatever restarts meanwhile.
func TestOneMessageForTrouble(t *testing.T) {
	alone(t)
	t.Parallel()
	w := newWard(t, nil, "api")
	w.pass(5 * time.Minute)
	require.Empty(t, w.said("ops"))

	w.fails("api", "answered 503 instead of 200")
	w.pass(time.Minute)
	require.Empty(t, w.said("ops"), "one failure is not enough")
	w.pass(time.Minute)
	require.Len(t, w.said("ops"), 1)
	require.Contains(t, w.said("ops")[0], "api is down")
	require.Contains(t, w.said("ops")[0], "answered 503 instead of 200")
	require.Contains(t, w.said("ops")[0], "first byte 1.5 s")
	require.Contains(t, w.said("ops")[0], "@ben")

	w.restart()
	w.pass(3 * time.Minute)
	require.Len(t, w.said("ops"), 1)
	require.Contains(t, w.said("ops")[0], "failed 5 times")

	one, err := w.Decide(t.Context(), w.only().ID, w.act("ack"), func(a *Alert) error { return a.Acknowledge(w.act("ack")) })
	require.NoError(t, err)
	require.Equal(t, w.anna, one.Acked.By)
	_, err = w.Decide(t.Context(), one.ID, Act{Request: "ack 2", By: w.ben, At: w.now()}, func(a *Alert) error { return a.Acknowledge(Act{By: w.ben, At: w.now()}) })
	require.ErrorContains(t, err, "is at it since")
	w.pass(3 * time.Hour)
	require.Len(t, w.said("ops"), 1, "who is at it is not called again")
	require.Contains(t, w.said("ops")[0], "@anna is at it")

	w.heals("api")
	w.pass(time.Minute)
	require.Contains(t, w.said("ops")[0], "api is down", "one look that goes well is not enough")
	w.pass(time.Minute)
	w.restart()
	w.pass(10 * time.Minute)
	require.Len(t, w.said("ops"), 2)
	require.Contains(t, w.said("ops")[0], "api is well again")
	require.Contains(t, w.said("ops")[0], "Down for *3 h 5 min*")
	require.Contains(t, w.said("ops")[1], "It was down for 3 h 5 min. @anna")
	open, err := w.Alerts(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)

	found, err := w.o.Events.Query(t.Context(), events.Filter{})
	require.NoError(t, err)
	var what []string
	for _, e := range found {
		what = append(what, e.What)
	}
	require.Equal(t, []string{"health.up", "health.acknowledged", "health.down"}, what)
}

// People are called again while nobody is at it, once after an absence, and not while it is muted.
func TestCalledAgain(t *testing.T) {
	alone(t)
	t.Parallel()
	w := newWard(t, nil, "api")
	w.fails("api", "no answer")
	w.pass(2*time.Hour + 5*time.Minute)
	require.Len(t, w.said("ops"), 3)
	require.Contains(t, w.said("ops")[2], "still down, for 2 h")
	require.Contains(t, w.said("ops")[2], "@ben")

	w.mu.Lock()
	w.clock = w.clock.Add(8 * time.Hour)
	w.mu.Unlock()
	w.restart()
	w.pass(10 * time.Minute)
	require.Len(t, w.said("ops"), 4)

	_, err := w.Mute(t.Context(), w.act("mute"), "api", w.now().Add(4*time.Hour), "the network is rebuilt")
	require.NoError(t, err)
	w.pass(3 * time.Hour)
	require.Len(t, w.said("ops"), 4)
	require.Contains(t, w.said("ops")[0], "the network is rebuilt")
	w.pass(2 * time.Hour)
	require.Len(t, w.said("ops"), 5)
	require.NotContains(t, w.said("ops")[0], "rebuilt")

	_, err = w.Mute(t.Context(), w.act("long"), "api", w.now().Add(31*24*time.Hour), "")
	require.ErrorContains(t, err, "too long")
	_, err = w.Mute(t.Context(), w.act("wrong"), "apu", w.now(), "")
	require.ErrorContains(t, err, "apu")
}

// A check that is muted when it goes down has no message, and gets one when the mute ends.
func TestMutedBefore(t *testing.T) {
	alone(t)
	t.Parallel()
	w := newWard(t, nil, "api")
	_, err := w.Mute(t.Context(), w.act("mute"), "api", w.now().Add(time.Hour), "")
	require.NoError(t, err)
	w.fails("api", "no answer")
	w.pass(59 * time.Minute)
	require.Empty(t, w.said("ops"))
	w.pass(3 * time.Minute)
	require.Len(t, w.said("ops"), 1)
}

// A check that flaps has one message.
func TestFlaps(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil, "api")
	for range 4 {
		w.fails("api", "no answer")
		w.pass(3 * time.Minute)
		w.heals("api")
		w.pass(5 * time.Minute)
	}
	require.Len(t, w.said("ops"), 1)
	require.Contains(t, w.said("ops")[0], "with 3 recoveries in between")
	w.pass(40 * time.Minute)
	w.fails("api", "no answer")
	w.pass(3 * time.Minute)
	require.Len(t, w.said("ops"), 2, "much later it is another trouble")
}

// Of trouble that spreads, only the root has a message, whichever was seen first.
func TestRoot(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(w *ward) {
		w.o.Rules.Checks[0].DependsOn = []string{"api"}
		w.o.Rules.Checks[1].DependsOn = []string{"orders"}
	}, "shop", "api", "orders", "cache")
	w.pass(2 * time.Minute)
	for _, name := range []string{"shop", "api", "orders"} {
		w.fails(name, "no answer")
	}
	w.pass(4 * time.Minute)
	require.Len(t, w.said("ops"), 1)
	require.Contains(t, w.said("ops")[0], "orders is down")
	require.Regexp(t, `Also down because of it\*: .?shop.?, .?api`, w.said("ops")[0])

	w.heals("orders")
	w.pass(4 * time.Minute)
	require.Len(t, w.said("ops"), 2, "what is still down now has a cause of its own")
	require.Contains(t, w.said("ops")[0], "orders is well again")
	require.Contains(t, w.said("ops")[1], "api is down")
	w.heals("api")
	w.heals("shop")
	w.pass(4 * time.Minute)
	require.Len(t, w.said("ops"), 2)
	require.Contains(t, w.said("ops")[1], "api is well again")
}

// Under maintenance nothing is raised, and what fails afterwards is counted anew.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(w *ward) {
		w.o.Rules.Windows = []Window{{For: time.Hour, Next: func(after time.Time) time.Time {
			if after.Before(noon) {
				return noon
			}
			return time.Time{}
		}}}
	}, "api")
	w.fails("api", "no answer")
	w.pass(59 * time.Minute)
	require.Empty(t, w.said("ops"))
	past, err := w.Past(t.Context(), "api", noon, w.now())
	require.NoError(t, err)
	require.Equal(t, Tally{Maintained: 59}, func() Tally { t := past.Tally(); t.Maintained = min(t.Maintained, 59); return t }())
	w.pass(3 * time.Minute)
	require.Len(t, w.said("ops"), 1)
}

// An incident is declared by itself when nobody is at it for too long, and hears of the recovery.
func TestDeclaredByItself(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(w *ward) {
		w.o.Desk = incidents.New(incidents.Options{Store: w.o.Store, Events: w.o.Events, Slack: w.o.Slack, Now: w.now, Rules: incidents.Rules{
			Severities: []incidents.Severity{{Name: "sev1", When: "all is lost"}}, Services: []string{"payments"}, Prefix: "inc", DrillPrefix: "drill", Announce: "incidents"}})
		c := &w.o.Rules.Checks[0]
		c.DeclareAfter, c.Severity, c.Service = 30*time.Minute, "sev1", "payments"
	}, "api")
	w.fails("api", "no answer")
	w.pass(29 * time.Minute)
	require.Zero(t, w.only().Incident)
	w.pass(4 * time.Minute)
	require.Equal(t, 1, w.only().Incident)
	require.Contains(t, w.said("ops")[0], "Incident #1")
	i, err := w.o.Desk.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []string{"payments"}, i.Services)
	require.Contains(t, i.Milestones[incidents.Began].Source, "health check")
	require.WithinDuration(t, noon, i.Milestones[incidents.Began].At, 2*time.Minute)

	w.heals("api")
	w.pass(5 * time.Minute)
	timeline, err := w.o.Desk.Timeline(t.Context(), 1, 0)
	require.NoError(t, err)
	require.True(t, strings.Contains(timeline[len(timeline)-1].Text, "is well again"), "%v", timeline)
	require.Len(t, w.said("ops"), 1, "it was the incident that called people")
}

// Of two processes one looks and alerts.
func TestTwoMonitors(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(w *ward) {
		w.o.Now, w.o.Poll = time.Now, 10*time.Millisecond
		w.o.Rules.Checks[0].Every = 50 * time.Millisecond
	}, "api")
	w.fails("api", "no answer")
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range 2 {
		m := New(w.o)
		running.Go(func() { _ = m.Run(ctx) })
	}
	require.Eventually(t, func() bool { return len(w.said("ops")) > 0 }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return w.only().Fails > 5 }, 20*time.Second, 10*time.Millisecond)
	stop()
	running.Wait()
	require.Len(t, w.said("ops"), 1)
	found, err := w.o.Events.Query(t.Context(), events.Filter{})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// A look that panics is unknown, and the others go on.
func TestALookThatBreaks(t *testing.T) {
	w := newWard(t, func(w *ward) {
		w.o.Rules.Checks[0].Look = func(context.Context) Result { panic("a mistake") }
	}, "api", "orders")
	w.pass(5 * time.Minute)
	stand, err := w.Standings(t.Context())
	require.NoError(t, err)
	require.Equal(t, Blind, stand["api"].Status)
	newest, _ := stand["api"].Newest()
	require.Regexp(t, `^opsbot itself could not look \(reference E-\w+\)$`, newest.Say)
	require.Equal(t, Up, stand["orders"].Status)
	require.Empty(t, w.said("ops"))
}
