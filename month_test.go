package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/jobs"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
)

// month is October 2026 by a clock that jumps from one thing to the next. In Sydney the clocks go forward on the 4th, in
// Berlin they go back on the 25th.
type month struct {
	t     *testing.T
	store state.Store
	slack *slacksandbox.Server
	voice *bot.Slack
	clock time.Time
	anna  chat.User

	lists     []checklists.Template
	checks    []health.Check
	scheduler *jobs.Scheduler
	desk      *checklists.Desk
	monitor   *health.Monitor
	looks     map[string][]time.Time
}

var (
	monthBegins = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	monthEnds   = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	// away is when opsbot was not there, restarted when it began anew at once.
	away = [][2]time.Time{
		{time.Date(2026, 10, 8, 1, 7, 0, 0, time.UTC), time.Date(2026, 10, 8, 10, 0, 0, 0, time.UTC)},
		{time.Date(2026, 10, 17, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 20, 8, 0, 0, 0, time.UTC)},
	}
	restarted = []time.Time{
		time.Date(2026, 10, 3, 16, 30, 0, 0, time.UTC), // as the list of Sydney comes on its day with 23 hours
		time.Date(2026, 10, 12, 7, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC),
	}
	monthQuiet = incidents.Quiet{From: 22 * time.Hour, To: 7 * time.Hour, Location: time.UTC}
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	require.NoError(t, err)
	return location
}

func newMonth(t *testing.T) *month {
	t.Helper()
	server, err := slacksandbox.Start(slacksandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	m := &month{t: t, slack: server, clock: monthBegins, anna: chat.User{ID: server.AddUser("anna"), Name: "anna"}, looks: map[string][]time.Time{}}
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	m.store = store
	m.voice = bot.NewSlack(bot.SlackOptions{BotToken: server.BotToken(), AppToken: server.AppToken(), APIURL: server.APIURL(), Store: store, EditEvery: time.Millisecond})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- m.voice.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	for _, l := range []struct {
		name, spec, zone string
		due, every       time.Duration
		reminders        int
	}{
		{"kolkata", "0 9 * * *", "Asia/Kolkata", 8 * time.Hour, 2 * time.Hour, 2},
		{"berlin", "30 2 * * *", "Europe/Berlin", 10 * time.Hour, time.Hour, 1},
		{"sydney", "30 2 * * *", "Australia/Sydney", 4 * time.Hour, 5 * time.Hour, 2},
		{"newyork", "0 9 * * 1", "America/New_York", 24 * time.Hour, 12 * time.Hour, 3},
	} {
		server.AddChannel(l.name, m.anna.ID)
		m.lists = append(m.lists, checklists.Template{Name: l.name, Title: "List of " + l.name, Schedule: l.spec, Location: zone(t, l.zone), Channel: l.name,
			Asks: []string{m.anna.ID}, DueIn: l.due, RemindEvery: l.every, Reminders: l.reminders, Items: []checklists.Item{{Text: "Look at the dashboards"}, {Text: "Read the logs"}}})
	}
	server.AddChannel("ops", m.anna.ID)
	for name, every := range map[string]time.Duration{"api": 15 * time.Minute, "orders": time.Hour} {
		m.checks = append(m.checks, health.Check{Name: name, Kind: "http", Every: every, Jitter: every / 10, Timeout: time.Minute, FailAfter: 2, RecoverAfter: 2,
			Look: func(context.Context) health.Result {
				m.looks[name] = append(m.looks[name], m.clock)
				return health.Result{Outcome: health.OK, Say: "answered 200", Took: time.Millisecond}
			}})
	}
	m.start()
	return m
}

// start is what a process begins with.
func (m *month) start() {
	m.t.Helper()
	now := func() time.Time { return m.clock }
	log := events.New(m.store)
	m.desk = checklists.New(checklists.Options{Store: m.store, Events: log, Slack: m.voice, Now: now, Rules: checklists.Rules{Templates: m.lists, Quiet: monthQuiet}})
	m.monitor = health.New(health.Options{Store: m.store, Events: log, Slack: m.voice, Now: now,
		Rules: health.Rules{Checks: m.checks, Channel: "ops", KeepResults: 60 * 24 * time.Hour, Keep: 400 * 24 * time.Hour}})
	var schedules []jobs.Schedule
	for _, l := range m.lists {
		schedules = append(schedules, jobs.Schedule{Name: l.Name, Spec: l.Schedule, Location: l.Location, Missed: jobs.CatchUp,
			Fire: func(ctx context.Context, at time.Time, late bool) error {
				return m.desk.Scheduled(ctx, l.Name, at, late)
			}})
	}
	var err error
	m.scheduler, err = jobs.NewScheduler(jobs.SchedulerOptions{Store: m.store, Events: log, Now: now}, schedules...)
	require.NoError(m.t, err)
}

// step does all that is due now, people's part of it too, and answers when something is due next.
func (m *month) step() time.Time {
	m.t.Helper()
	ctx := m.t.Context()
	next, err := m.scheduler.Step(ctx)
	require.NoError(m.t, err)
	m.tick()
	require.NoError(m.t, m.desk.Step(ctx))
	look, err := m.monitor.Step(ctx)
	require.NoError(m.t, err)
	due, err := m.desk.Due(ctx)
	require.NoError(m.t, err)
	for _, at := range []time.Time{look, due} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return next
}

// tick is anna doing every third list as it comes.
func (m *month) tick() {
	m.t.Helper()
	open, err := m.desk.Open(m.t.Context())
	require.NoError(m.t, err)
	for _, l := range open {
		if l.Number%3 != 0 || l.Items[0].Ticked() {
			continue
		}
		act := checklists.Act{Request: fmt.Sprint("done ", l.Number), By: m.anna, At: m.clock}
		_, err := m.desk.Change(m.t.Context(), l.Number, act, func(l *checklists.List) error {
			for n := range l.Items {
				if err := l.Tick(act, n+1); err != nil {
					return err
				}
			}
			return l.Finish(act)
		})
		require.NoError(m.t, err)
	}
}

// pass lets the month pass.
func (m *month) pass() {
	m.t.Helper()
	for m.clock.Before(monthEnds) {
		next := m.step()
		require.True(m.t, next.After(m.clock), "%s: nothing moves", m.clock)
		for _, at := range restarted {
			if m.clock.Before(at) && !next.Before(at) {
				next = at
				m.start()
			}
		}
		for _, gone := range away {
			if m.clock.Before(gone[0]) && next.After(gone[0]) {
				next = gone[1]
				m.start()
			}
		}
		m.clock = next
	}
}

// opening is one list as it must come, reckoned by hand and not by the scheduler.
type opening struct {
	meant, opens time.Time
	late         bool
	reminders    []time.Time
}

// presentAt is the moment itself, or the end of the absence that it falls into.
func presentAt(at time.Time) time.Time {
	for _, gone := range away {
		if at.After(gone[0]) && at.Before(gone[1]) {
			return gone[1]
		}
	}
	return at
}

func expected(l checklists.Template) (all []opening, missed int) {
	for day := 0; day <= 32; day++ {
		local := time.Date(2026, 9, 30+day, 0, 0, 0, 0, l.Location)
		var at time.Time
		switch y, m, d := local.Date(); {
		case l.Name == "newyork" && local.Weekday() != time.Monday:
			continue
		case l.Name == "newyork", l.Name == "kolkata":
			at = time.Date(y, m, d, 9, 0, 0, 0, l.Location)
		case l.Name == "sydney" && m == 10 && d == 4: // 02:30 is left out: it comes as it would have without the change
			at = time.Date(2026, 10, 3, 16, 30, 0, 0, time.UTC)
		case l.Name == "berlin" && m == 10 && d == 25: // 02:30 comes twice: the first one counts
			at = time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
		default:
			at = time.Date(y, m, d, 2, 30, 0, 0, l.Location)
		}
		if !at.After(monthBegins) || !at.Before(monthEnds) {
			continue
		}
		o := opening{meant: at, opens: presentAt(at)}
		o.late = !o.opens.Equal(at)
		if n := len(all); o.late && n > 0 && all[n-1].opens.Equal(o.opens) {
			all[n-1] = o // only the newest of those that were missed is caught up
			missed++
			continue
		}
		all = append(all, o)
	}
	return all, missed
}

// remind reckons when a list is reminded of until it is closed.
func (o *opening) remind(l checklists.Template, closed time.Time) {
	at := monthQuiet.After(o.opens.Add(l.DueIn))
	for range l.Reminders {
		if at = presentAt(at); !at.Before(closed) || !at.Before(monthEnds) {
			return
		}
		o.reminders = append(o.reminders, at)
		at = monthQuiet.After(at.Add(l.RemindEvery))
	}
}

// TestMonth lets a month pass with four time zones, the clocks changed both ways, three restarts and two absences: every
// checklist, every reminder and every look comes exactly once and at its time.
func TestMonth(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of looks are stored one after the other; nothing in it happens at once")
	}
	t.Parallel()
	m := newMonth(t)
	m.pass()
	lists, err := m.desk.Since(t.Context(), monthBegins, 0)
	require.NoError(t, err)
	slices.Reverse(lists)
	var table strings.Builder
	rows := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(rows, "checklist\tcame on time\tcaught up\tmissed\tdone\tunfinished\topen\treminders\tmessages")
	for _, l := range m.lists {
		m.holds(rows, l, slices.DeleteFunc(slices.Clone(lists), func(one checklists.List) bool { return one.Template.Name != l.Name }))
	}
	_, _ = fmt.Fprintln(rows, "\ncheck\tlooks\texpected\ttwice\tleft out\tearliest\tlatest")
	for _, c := range m.checks {
		m.looked(rows, c)
	}
	require.NoError(t, rows.Flush())
	t.Log("\n" + table.String())
}

// holds compares the lists of one template with what must be, and writes its row.
func (m *month) holds(rows *tabwriter.Writer, l checklists.Template, lists []checklists.List) {
	m.t.Helper()
	want, missed := expected(l)
	require.Len(m.t, lists, len(want), l.Name)
	count := map[checklists.Status]int{}
	late, reminders := 0, 0
	for n, got := range lists {
		require.Equal(m.t, want[n].meant.UTC(), got.For.UTC(), l.Name)
		require.Equal(m.t, want[n].opens.UTC(), got.Opened.UTC(), l.Name)
		require.Equal(m.t, want[n].late, got.Late, l.Name)
		closed := monthEnds
		if n+1 < len(want) {
			closed = want[n+1].opens
		}
		if got.Number%3 == 0 {
			closed = got.Opened
		}
		want[n].remind(l, closed)
		require.Len(m.t, got.Reminders, len(want[n].reminders), "%s of %s", l.Name, got.For)
		for k, r := range got.Reminders {
			require.Equal(m.t, want[n].reminders[k].UTC(), r.At.UTC(), l.Name)
		}
		count[got.Status]++
		reminders += len(got.Reminders)
		if got.Late {
			late++
		}
	}
	messages := m.slack.Messages(m.slack.Channel(l.Name))
	require.Len(m.t, messages, len(lists)+reminders, "%s: one message for each list and each reminder", l.Name)
	_, _ = fmt.Fprintf(rows, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", l.Name, len(lists)-late, late, missed,
		count[checklists.Done], count[checklists.Unfinished], count[checklists.Open], reminders, len(messages))
}

// looked holds the looks at one check to its interval, and writes its row.
func (m *month) looked(rows *tabwriter.Writer, c health.Check) {
	m.t.Helper()
	looks := m.looks[c.Name]
	past, err := m.monitor.Past(m.t.Context(), c.Name, monthBegins, monthEnds.Add(time.Hour))
	require.NoError(m.t, err)
	require.Equal(m.t, len(looks), len(past.Samples), "each look is kept once")
	// Each has a moment of its own in each interval; an absence leaves out those within it, but the newest, which is made up
	// for on return.
	var twice, left, want int
	earliest, latest := c.Every, time.Duration(0)
	for n, at := range looks {
		if n == 0 {
			continue
		}
		gap := at.Sub(looks[n-1])
		returned := slices.ContainsFunc(away, func(gone [2]time.Time) bool { return at.Equal(gone[1]) || looks[n-1].Equal(gone[1]) })
		switch {
		case returned || n == 1: // the first look comes with the start
			continue
		case gap < c.Every-c.Jitter:
			twice++
		case gap > c.Every+c.Jitter:
			left++
		}
		earliest, latest = min(earliest, gap), max(latest, gap)
	}
	present := monthEnds.Sub(monthBegins)
	for _, gone := range away {
		present -= gone[1].Sub(gone[0])
	}
	want = int(present / c.Every)
	require.InDelta(m.t, want, len(looks), float64(2*len(away)+2), c.Name)
	require.Zero(m.t, twice, "%s was looked at twice", c.Name)
	require.Zero(m.t, left, "%s was left out", c.Name)
	_, _ = fmt.Fprintf(rows, "%s\t%d\t%d±%d\t%d\t%d\t%s\t%s\n", c.Name, len(looks), want, 2*len(away)+2, twice, left, chat.Span(earliest), chat.Span(latest))
}
