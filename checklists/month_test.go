package checklists

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state/statetest"
)

// zones are where the month is lived through; two of them change their clocks in it, each way once.
func zones() []string {
	return []string{"Asia/Kolkata", "Europe/Berlin", "America/New_York", "UTC"}
}

// away are the spans in which no process runs, from the first day of the month on.
func away(first time.Time) [][2]time.Time {
	day := 24 * time.Hour
	return [][2]time.Time{
		{first.Add(4*day + 8*time.Hour), first.Add(6*day + 3*time.Hour)},
		{first.Add(13*day + 11*time.Hour), first.Add(13*day + 14*time.Hour)},
	}
}

// TestAMonth lives through a month on a clock of its own, once with the clocks going forward and once back, with two absences
// and three restarts: each list comes once and on time, is reminded of once if nobody has finished it, and is closed by the
// next one.
func TestAMonth(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred lists are posted")
	}
	for _, first := range []time.Time{time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 17, 0, 0, 0, 0, time.UTC)} {
		t.Run(first.Format("January"), func(t *testing.T) {
			o := newOfficeWith(t, statetest.Memory(), func(r *Rules) {
				r.Templates = nil
				for n, zone := range zones() {
					location, err := time.LoadLocation(zone)
					require.NoError(t, err)
					r.Templates = append(r.Templates, Template{Name: fmt.Sprint("zone", n), Title: zone, Channel: "ops", Location: location,
						Schedule: "30 2 * * *", DueIn: 3 * time.Hour, RemindEvery: time.Hour, Reminders: 1, Items: []Item{{Text: "Look"}}})
				}
			})
			o.live(first)
			o.holdMonth(first)
		})
	}
}

// live goes from one moment at which something is due to the next, for 30 days. Lists with an even number are finished an
// hour after they came.
func (o *office) live(first time.Time) {
	o.t.Helper()
	scheduler := o.scheduler()
	restarts := []time.Time{first.Add(50 * time.Hour), first.Add(222*time.Hour + 31*time.Minute), first.Add(500 * time.Hour)}
	for now := first; now.Before(first.Add(30 * 24 * time.Hour)); {
		for _, span := range away(first) {
			if !now.Before(span[0]) && now.Before(span[1]) {
				now = span[1]
				restarts = append(restarts, now)
			}
		}
		if n := slices.IndexFunc(restarts, func(at time.Time) bool { return !at.After(now) }); n >= 0 {
			restarts = slices.Delete(restarts, n, n+1)
			o.Desk = New(o.o)
			scheduler = o.scheduler()
		}
		o.clock.set(now)
		next, err := scheduler.Step(o.t.Context())
		require.NoError(o.t, err)
		require.NoError(o.t, o.Step(o.t.Context()))
		open, err := o.Open(o.t.Context())
		require.NoError(o.t, err)
		for _, l := range open {
			done := l.Opened.Add(time.Hour)
			if l.Number%2 == 0 && !done.After(now) {
				o.decide(l.Number, "done", func(l *List, act Act) error {
					if err := l.Tick(act, 1); err != nil {
						return err
					}
					return l.Finish(act)
				})
				continue
			}
			for _, at := range []time.Time{done, o.o.Rules.remindAt(l)} {
				if at.After(now) && at.Before(next) {
					next = at
				}
			}
		}
		for _, span := range away(first) { // a process that goes away does not choose the moment
			if now.Before(span[0]) && next.After(span[0]) {
				next = span[0]
			}
		}
		now = next
	}
}

// scheduler is that of a process that starts.
func (o *office) scheduler() *jobs.Scheduler {
	o.t.Helper()
	var all []jobs.Schedule
	for _, s := range o.o.Rules.Templates {
		all = append(all, jobs.Schedule{Name: s.Name, Spec: s.Schedule, Location: s.Location, Missed: jobs.CatchUp, Fire: fire(o, s.Name)})
	}
	scheduler, err := jobs.NewScheduler(jobs.SchedulerOptions{Store: o.o.Store, Events: o.o.Events, Now: o.clock.Now}, all...)
	require.NoError(o.t, err)
	return scheduler
}

// holdReminder wants one reminder as soon as the list is due, or at the end of an absence unless the next list came then.
func (o *office) holdReminder(first time.Time, l List) {
	o.t.Helper()
	at := l.Due
	for _, span := range away(first) {
		if at.After(span[0]) && at.Before(span[1]) {
			at = span[1]
		}
	}
	if at.Equal(l.Closed) {
		require.Empty(o.t, l.Reminders)
		return
	}
	require.Len(o.t, l.Reminders, 1)
	require.True(o.t, l.Reminders[0].At.Equal(at), "the list for %s was reminded of %s", l.For, l.Reminders[0].At)
}

// holdMonth compares what came with what the calendars of the zones say, and prints it.
func (o *office) holdMonth(first time.Time) {
	o.t.Helper()
	var table strings.Builder
	posted := 0
	for _, template := range o.o.Rules.Templates {
		lists, err := o.History(o.t.Context(), template.Name, 0)
		require.NoError(o.t, err)
		slices.Reverse(lists)
		posted += len(lists)
		wanted := due(first, template.Location)
		require.Len(o.t, lists, len(wanted), template.Title)
		late, reminded, finished := 0, 0, 0
		for n, l := range lists {
			require.True(o.t, l.For.Equal(wanted[n].at), "%s: %s came for %s", template.Title, l.For, wanted[n].at)
			require.True(o.t, l.Opened.Equal(wanted[n].opened), "%s: the list for %s came %s", template.Title, l.For, l.Opened)
			require.Equal(o.t, wanted[n].late, l.Late)
			require.False(o.t, l.Place.IsZero())
			if l.Late {
				late++
			}
			reminded += len(l.Reminders)
			switch {
			case l.Number%2 == 0 && l.Status == Done:
				finished++
				require.Empty(o.t, l.Reminders, "nobody is reminded of what is done")
			case n < len(lists)-1:
				require.Equal(o.t, Unfinished, l.Status, "%s: the list for %s", template.Title, l.For)
				require.True(o.t, l.Closed.Equal(wanted[n+1].opened))
				o.holdReminder(first, l)
			}
		}
		fmt.Fprintf(&table, "%-18s %3d lists, %d late, %2d finished, %2d reminders\n", template.Title, len(lists), late, finished, reminded)
	}
	messages := 0
	for _, m := range o.server.Messages(o.server.Channel("ops")) {
		if m.User == o.server.BotUserID() && (m.ThreadTS == "" || m.ThreadTS == m.TS) && !m.Deleted {
			messages++
		}
	}
	require.Equal(o.t, posted, messages, "each list is one message")
	o.t.Logf("30 days from %s\n%s", first.Format(time.DateOnly), table.String())
}
