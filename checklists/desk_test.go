package checklists

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
)

// office is a desk that works in a Slack workspace of its own, by a clock that the test sets.
type office struct {
	*Desk
	t      *testing.T
	server *slack.Server
	slack  *bot.Slack
	anna   chat.User
	group  string
	clock  *clock
	// backups is what the probe of that name finds.
	backups atomic.Pointer[Evidence]
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

type probe func(context.Context) Evidence

func (p probe) Look(ctx context.Context) Evidence { return p(ctx) }

// newOffice has the channel ops, a user group that is asked, and the daily checklist.
func newOffice(t *testing.T, prepare func(*Rules)) *office {
	t.Helper()
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return newOfficeWith(t, store, prepare)
}

func newOfficeWith(t *testing.T, store state.Store, prepare func(*Rules)) *office {
	t.Helper()
	server, err := slack.Start(slack.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	o := &office{t: t, server: server, clock: &clock{now: nine}}
	o.anna = chat.User{ID: server.AddUser("anna"), Name: "anna"}
	o.group = server.AddUserGroup("oncall", o.anna.ID)
	server.AddChannel("ops", o.anna.ID)
	o.find(Passed, "last backup of `orders` 5 h ago, verified")
	template := daily()
	template.Asks = []string{o.group}
	rules := Rules{Templates: []Template{template}, LookFor: time.Minute,
		Probes: map[string]Probe{"backups": probe(func(context.Context) Evidence { return *o.backups.Load() })}}
	if prepare != nil {
		prepare(&rules)
	}
	o.slack = bot.NewSlack(bot.SlackOptions{BotToken: server.BotToken(), AppToken: server.AppToken(), APIURL: server.APIURL(),
		Store: store, EditEvery: time.Millisecond})
	o.run(o.slack.Run)
	o.Desk = New(Options{Store: store, Events: events.New(store), Slack: o.slack, Rules: rules, Now: o.clock.Now, Poll: 10 * time.Millisecond})
	return o
}

// run has something run until the test ends.
func (o *office) run(f func(context.Context) error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(o.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	o.t.Cleanup(func() {
		stop()
		require.NoError(o.t, <-ended)
	})
}

// find sets what the probe finds.
func (o *office) find(outcome Outcome, say string) {
	o.backups.Store(&Evidence{Outcome: outcome, Say: say})
}

// at sets the clock and has all come about that is due then.
func (o *office) at(t time.Time) {
	o.t.Helper()
	o.clock.set(t)
	require.NoError(o.t, o.Step(o.t.Context()))
}

// decide has anna decide something about a list.
func (o *office) decide(number int, request string, decide func(*List, Act) error) List {
	o.t.Helper()
	act := Act{Request: request, By: o.anna, At: o.clock.Now()}
	l, err := o.Change(o.t.Context(), number, act, func(l *List) error { return decide(l, act) })
	require.NoError(o.t, err)
	require.NoError(o.t, o.Step(o.t.Context()))
	return l
}

// said are the bot's messages in the channel: what stands there, or only what is in threads.
func (o *office) said(threads bool) (all []string) {
	for _, m := range o.server.Messages(o.server.Channel("ops")) {
		inThread := m.ThreadTS != "" && m.ThreadTS != m.TS
		if m.User == o.server.BotUserID() && m.Subtype == "" && !m.Deleted && inThread == threads {
			all = append(all, m.Plain())
		}
	}
	return all
}

func (o *office) logged() (all []string) {
	o.t.Helper()
	found, err := o.o.Events.Query(o.t.Context(), events.Filter{})
	require.NoError(o.t, err)
	for _, e := range found {
		all = append(all, e.What)
	}
	slices.Reverse(all)
	return all
}

func TestAListFromItsPostingToItsEnd(t *testing.T) {
	o := newOffice(t, nil)
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	said := o.said(false)
	require.Len(t, said, 1)
	require.Contains(t, said[0], "Wed 25 Nov 2026")
	require.Contains(t, said[0], "last backup of `orders` 5 h ago, verified")
	require.Contains(t, said[0], "1 of 4")
	require.Empty(t, o.said(true))

	l, err := o.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Contains(t, l.Link, l.Place.Channel)
	o.decide(1, "a", func(l *List, act Act) error { return l.Choose(act, l.group(0), []int{2, 3}) })
	o.decide(1, "a", func(l *List, act Act) error { return l.Untick(act, 2) }) // the request comes again
	require.Contains(t, o.said(false)[0], "3 of 4")

	o.find(Failed, "the newest backup of `orders` is 30 h old")
	o.at(nine.Add(14 * time.Minute))
	require.Contains(t, o.said(false)[0], "3 of 4", "it is looked at every 15 minutes")
	o.at(nine.Add(15 * time.Minute))
	require.Contains(t, o.said(false)[0], "30 h old")
	require.Contains(t, o.said(false)[0], "it had passed until")
	o.decide(1, "b", func(l *List, act Act) error { return l.Outweigh(act, 1, "The bucket moves today.") })
	require.Contains(t, o.said(false)[0], "✋ *overridden* by")
	o.find(Passed, "all is well")
	o.decide(1, "c", func(l *List, act Act) error { return l.Again(act) })
	require.Contains(t, o.said(false)[0], "all is well", "it is looked at as soon as somebody wants that")
	o.decide(1, "d", func(l *List, act Act) error { return l.Finish(act) })
	o.at(nine.Add(48 * time.Hour))

	said = o.said(false)
	require.Len(t, said, 1)
	require.Contains(t, said[0], "Done")
	require.Contains(t, said[0], "The bucket moves today.")
	require.NotContains(t, said[0], "Check again")
	require.Empty(t, o.said(true), "nobody is reminded of what is done")
	require.Equal(t, []string{"checklist.opened", "checklist.ticked", "checklist.ticked", "checklist.ticked", "checklist.unticked",
		"checklist.overridden", "checklist.again", "checklist.ticked", "checklist.done"}, o.logged())
	open, err := o.Open(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
}

func TestReminders(t *testing.T) {
	o := newOffice(t, func(r *Rules) {
		r.Quiet.From, r.Quiet.To, r.Quiet.Location = 14*time.Hour, 16*time.Hour, time.UTC
	})
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	o.at(nine.Add(3*time.Hour - time.Second))
	require.Empty(t, o.said(true))
	o.at(nine.Add(3 * time.Hour))
	require.Len(t, o.said(true), 1)
	require.Contains(t, o.said(true)[0], "is due now")
	require.Contains(t, o.said(true)[0], "oncall", "the people asked are named")
	require.Contains(t, o.said(false)[0], "Overdue")
	o.at(nine.Add(4 * time.Hour))
	require.Len(t, o.said(false), 2, "the second is for all in the channel")
	require.Contains(t, o.said(false)[1], "is still open")
	o.at(nine.Add(5 * time.Hour))
	o.at(nine.Add(7*time.Hour - time.Second))
	require.Len(t, o.said(false), 2, "the third waits for the end of quiet hours")
	o.at(nine.Add(7 * time.Hour))
	require.Len(t, o.said(false), 3)
	o.at(nine.Add(20 * time.Hour))
	require.Len(t, o.said(false), 3, "three are the most")
	require.Len(t, o.said(true), 1)

	o.decide(1, "a", func(l *List, act Act) error {
		return errors.Join(l.Tick(act, 2), l.Tick(act, 3), l.Finish(act))
	})
	for _, text := range append(o.said(false)[1:], o.said(true)...) {
		require.Contains(t, text, "was due")
		require.Contains(t, text, "Done by")
		require.NotContains(t, text, "oncall")
	}
}

func TestRemindersAfterAnAbsence(t *testing.T) {
	o := newOffice(t, nil)
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	o.at(nine.Add(10 * time.Hour))
	require.Len(t, o.said(true), 1)
	require.Len(t, o.said(false), 1, "those that would have come meanwhile do not come at once")
	o.at(nine.Add(11 * time.Hour))
	require.Len(t, o.said(false), 2)
}

func TestTheNextOneClosesIt(t *testing.T) {
	o := newOffice(t, nil)
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	tomorrow := nine.Add(24 * time.Hour)
	o.clock.set(tomorrow.Add(3 * time.Hour))
	for range 2 { // as if the process had died before it could note that
		require.NoError(t, o.Scheduled(t.Context(), "daily", tomorrow, true))
	}
	o.at(tomorrow.Add(3 * time.Hour))
	said := o.said(false)
	require.Len(t, said, 2)
	require.Contains(t, said[0], "*Unfinished*: closed")
	require.Contains(t, said[0], "Left: “Review logs”, “Look at alerts”.")
	require.Contains(t, said[1], "Posted late: opsbot was away")
	require.NotContains(t, said[1], "Overdue", "it is due three hours after it came")
	open, err := o.Open(t.Context())
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, 2, open[0].Number)
	require.True(t, open[0].For.Equal(tomorrow))
}

func TestATemplateThatIsGone(t *testing.T) {
	o := newOffice(t, nil)
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	options := o.o
	options.Rules.Templates = nil
	o.Desk = New(options)
	o.run(o.Run)
	require.Eventually(t, func() bool {
		return strings.Contains(o.said(false)[0], "as there is no such checklist any more. Left: “Review logs”")
	},
		10*time.Second, 10*time.Millisecond)
}

func TestPeopleStart(t *testing.T) {
	o := newOffice(t, func(r *Rules) {
		r.Templates = append(r.Templates, Template{Name: "deployment", Title: "Deployment checklist", Channel: "ops", Versioned: true,
			Items: []Item{{Text: "All tests pass"}}})
	})
	start := func(request, template, version string) (List, error) {
		return o.Start(t.Context(), Act{Request: request, By: o.anna, At: o.clock.Now()}, template, version)
	}
	_, err := start("a", "dayly", "")
	require.ErrorContains(t, err, "Did you mean `daily`?")
	l, err := start("b", "deployment", "v1.4.2")
	require.NoError(t, err)
	again, err := start("b", "deployment", "v1.4.2")
	require.NoError(t, err)
	require.Equal(t, l.Number, again.Number, "a request opens one list")
	_, err = start("c", "deployment", "v1.4.2")
	require.ErrorContains(t, err, "is open already")
	next, err := start("d", "deployment", "v1.5.0")
	require.NoError(t, err)
	o.at(nine)
	o.decide(next.Number, "e", func(l *List, act Act) error { return l.Tick(act, 1) })
	o.decide(next.Number, "f", func(l *List, act Act) error { return l.Finish(act) })
	said := o.said(false)
	require.Len(t, said, 2)
	require.Contains(t, said[0], "Unfinished")
	require.Contains(t, said[1], "*Ready to deploy* `v1.5.0`")

	var started sync.WaitGroup
	var opened atomic.Int64
	for n := range 8 {
		started.Go(func() {
			if _, err := start(fmt.Sprint("at once ", n), "daily", ""); err == nil {
				opened.Add(1)
			}
		})
	}
	started.Wait()
	require.EqualValues(t, 1, opened.Load(), "who starts at once starts one")
}

func TestProbesThatHangOrPanic(t *testing.T) {
	release := make(chan struct{})
	o := newOffice(t, func(r *Rules) {
		r.LookFor = 50 * time.Millisecond
		r.Templates[0].Items = []Item{{Text: "A", Probe: "hangs"}, {Text: "B", Probe: "panics"}, {Text: "C", Probe: "gone"},
			{Text: "D", Probe: "backups"}, {Text: "E", Probe: "obeys"}, {Text: "F", Probe: "odd"}}
		r.Probes["hangs"] = probe(func(context.Context) Evidence { <-release; return Evidence{Outcome: Passed} })
		r.Probes["panics"] = probe(func(context.Context) Evidence { panic("oh") })
		r.Probes["odd"] = probe(func(context.Context) Evidence { return Evidence{Outcome: "fine"} })
		r.Probes["obeys"] = probe(func(ctx context.Context) Evidence {
			<-ctx.Done()
			return Evidence{Outcome: Unknown, Say: "the server did not answer in time"}
		})
	})
	t.Cleanup(func() { close(release) })
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	l, err := o.Get(t.Context(), 1)
	require.NoError(t, err)
	for n, say := range []string{"No answer within 50 ms", "fault", "not configured", "verified", "did not answer in time", ""} {
		e := l.Items[n]
		require.Contains(t, e.Evidence.Say, say)
		require.Equal(t, n == 3, e.Ticked(), e.Text)
		require.True(t, e.Evidence.At.Equal(nine))
	}
	o.at(nine.Add(15 * time.Minute))
	l, err = o.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Contains(t, l.Items[0].Evidence.Say, "has not ended yet", "it is not begun a second time")
}

func TestTheMessageComesBack(t *testing.T) {
	o := newOffice(t, nil)
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	l, err := o.Get(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, o.slack.Delete(t.Context(), l.Place))
	act := Act{By: o.anna, At: nine}
	_, err = o.Change(t.Context(), 1, act, func(l *List) error { return l.Tick(act, 2) })
	require.NoError(t, err)
	require.Error(t, o.Step(t.Context()), "the edit finds nothing")
	o.at(nine.Add(10 * time.Minute))
	require.Len(t, o.said(false), 1)
	require.Contains(t, o.said(false)[0], "2 of 4")
}

func TestReport(t *testing.T) {
	o := newOffice(t, nil)
	for day := range 4 {
		at := nine.Add(time.Duration(day) * 24 * time.Hour)
		o.clock.set(at)
		require.NoError(t, o.Scheduled(t.Context(), "daily", at, false))
		o.at(at)
		if day == 0 || day == 2 {
			o.at(at.Add(time.Duration(day*2) * time.Hour))
			o.decide(day+1, fmt.Sprint(day), func(l *List, act Act) error {
				return errors.Join(l.Tick(act, 2), l.Tick(act, 3), l.Finish(act))
			})
		}
	}
	r, err := o.Report(t.Context(), nine, nine.Add(30*24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, Tally{Lists: 4, OnTime: 1, Late: 1, Unfinished: 1, Open: 1}, r.Total)
	require.Equal(t, []Tally{{Name: "daily", Title: "Daily checklist", Lists: 4, OnTime: 1, Late: 1, Unfinished: 1, Open: 1}}, r.ByTemplate)
	require.Equal(t, []Skipped{
		{Template: "Daily checklist", Text: "Water the plants", Times: 3, Of: 3}, {Template: "Daily checklist", Text: "Review logs", Times: 1, Of: 3},
		{Template: "Daily checklist", Text: "Look at alerts", Times: 1, Of: 3},
	}, r.Skipped)
	require.Len(t, r.Lists, 4)
	r, err = o.Report(t.Context(), nine.Add(time.Hour), nine.Add(30*time.Hour))
	require.NoError(t, err)
	require.Len(t, r.Lists, 1)
	history, err := o.History(t.Context(), "daily", 2)
	require.NoError(t, err)
	require.Equal(t, []int{4, 3}, []int{history[0].Number, history[1].Number})
	require.True(t, strings.HasPrefix(history[0].Summary(), "Daily checklist #4: 1 of 4"))
}
