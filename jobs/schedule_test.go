package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state"
	"github.com/kampyn/opsbot/state/statetest"
)

// In these tests the clock is synctest's: it begins on 2000-01-01 at midnight UTC, and time passes only while everybody
// waits.

// fired notes what was fired, by schedule, as "15:04" with a mark when it was late.
type fired struct {
	mu   sync.Mutex
	list []string
}

func (f *fired) fire(_ context.Context, at time.Time, late bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := at.UTC().Format("02 15:04")
	if late {
		text += " late"
	}
	f.list = append(f.list, text)
	return nil
}

func (f *fired) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.list
	f.list = nil
	return list
}

// scheduler starts one and answers how to stop it, as a process that ends.
func scheduler(t *testing.T, store state.Store, poster jobs.Poster, owner string, schedules ...jobs.Schedule) (stop func()) {
	t.Helper()
	s, err := jobs.NewScheduler(jobs.SchedulerOptions{Store: store, Events: events.New(store), Poster: poster, OpsChannel: "ops",
		Owner: owner, Log: quiet}, schedules...)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	synctest.Wait()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func hourly(f *fired, missed jobs.Policy) jobs.Schedule {
	return jobs.Schedule{Name: "hourly", Spec: "0 * * * *", Missed: missed, Fire: f.fire}
}

func pass(d time.Duration) {
	time.Sleep(d) // the fake clock of the bubble
	synctest.Wait()
}

func TestScheduleFires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fired
		defer scheduler(t, statetest.Memory(), nil, "a", hourly(&f, jobs.CatchUp))()
		pass(59 * time.Minute)
		require.Empty(t, f.take(), "the first start catches nothing up")
		pass(2*time.Hour + 2*time.Minute)
		require.Equal(t, []string{"01 01:00", "01 02:00", "01 03:00"}, f.take())
	})
}

func TestScheduleFiresOnceInManyProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fired
		store := statetest.Memory()
		for i := range 5 {
			defer scheduler(t, store, nil, fmt.Sprint("process ", i), hourly(&f, jobs.CatchUp))()
		}
		pass(4*time.Hour + time.Minute)
		require.Equal(t, []string{"01 01:00", "01 02:00", "01 03:00", "01 04:00"}, f.take())
	})
}

func TestMissedFirings(t *testing.T) {
	for _, test := range []struct {
		policy jobs.Policy
		down   time.Duration
		want   []string
		says   string
		notice bool
	}{
		{jobs.CatchUp, 10 * time.Minute, nil, "", false},
		{jobs.CatchUp, 80 * time.Minute, []string{"01 02:00 late"}, "was missed 1 time while opsbot was not running, the last time", false},
		{jobs.CatchUp, 5 * time.Hour, []string{"01 06:00 late"}, "was missed 5 times", false},
		{jobs.Report, 5 * time.Hour, nil, "was missed 5 times while opsbot was not running, the last time", true},
		{jobs.CatchUp, 5*time.Hour - 30*time.Minute + 10*time.Second, []string{"01 06:00"}, "was missed 4 times", false},
		{jobs.Report, 5*time.Hour - 30*time.Minute + 10*time.Second, []string{"01 06:00"}, "was missed 4 times", true},
		{jobs.CatchUp, 100 * 24 * time.Hour, []string{"10 01:00 late"}, "was missed more than 1,000 times", false},
	} {
		t.Run(fmt.Sprint(test.policy, " ", test.down), func(t *testing.T) {
			w := newWorld(t)
			synctest.Test(t, func(t *testing.T) {
				var f fired
				store := statetest.Memory()
				stop := scheduler(t, store, w.chat, "a", hourly(&f, test.policy))
				pass(90 * time.Minute)
				stop()
				require.Equal(t, []string{"01 01:00"}, f.take())
				time.Sleep(test.down)
				for i := range 2 { // two processes come up again
					defer scheduler(t, store, w.chat, fmt.Sprint(i), hourly(&f, test.policy))()
				}
				pass(10 * time.Second)
				require.Equal(t, test.want, f.take())

				list, err := events.New(store).Query(t.Context(), events.Filter{What: "schedule."})
				require.NoError(t, err)
				said := w.chat.messages(t, "ops")
				if test.says == "" {
					require.Empty(t, list)
					require.Empty(t, said)
					return
				}
				require.Len(t, list, 1)
				require.Equal(t, "schedule.missed", list[0].What)
				require.Contains(t, list[0].Text, test.says)
				if !test.notice {
					require.Empty(t, said)
					return
				}
				require.Len(t, said, 1)
				require.Contains(t, said[0], test.says)
			})
		})
	}
}

// A process dies after it has taken a firing and before that was done: another one does it.
func TestFiringOfADeadProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fired
		store := statetest.Memory()
		dying := hourly(&f, jobs.Report)
		dying.Fire = func(ctx context.Context, _ time.Time, _ bool) error {
			<-ctx.Done()
			return ctx.Err()
		}
		stop := scheduler(t, store, nil, "dead", dying)
		pass(time.Hour + 5*time.Second)
		stop()
		defer scheduler(t, store, nil, "next", hourly(&f, jobs.CatchUp))()
		require.Empty(t, f.take(), "it could still be alive")
		pass(3 * time.Minute)
		require.Equal(t, []string{"01 01:00 late"}, f.take())
		pass(time.Hour)
		require.Equal(t, []string{"01 02:00"}, f.take())
	})
}

func TestFiringThatFails(t *testing.T) {
	w := newWorld(t)
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var failure error
		calls := 0
		fail := func(err error) {
			mu.Lock()
			defer mu.Unlock()
			failure = err
		}
		called := func(want int) {
			mu.Lock()
			defer mu.Unlock()
			require.Equal(t, want, calls)
		}
		failing := jobs.Schedule{Name: "night", Spec: "@every 10m", Missed: jobs.CatchUp, Fire: func(context.Context, time.Time, bool) error {
			mu.Lock()
			defer mu.Unlock()
			calls++
			return failure
		}}
		store := statetest.Memory()
		defer scheduler(t, store, w.chat, "a", failing)()
		fail(&jobs.Busy{Run: jobs.Run{ID: "r-22222"}, Target: "database/a"})
		pass(10*time.Minute + 10*time.Second)
		called(1) // what was foreseen is not tried again
		fail(errors.New("secret"))
		pass(10 * time.Minute)
		called(4)
		fail(nil)
		pass(10 * time.Minute)
		called(5)

		w.chat.down.Store(true)
		fail(errors.New("secret"))
		pass(10 * time.Minute)
		require.Len(t, w.chat.messages(t, "ops"), 2)
		w.chat.down.Store(false)
		pass(10 * time.Second)
		said := w.chat.messages(t, "ops")
		require.Len(t, said, 3)
		all := strings.Join(said, "\n")
		require.Contains(t, all, "could not begin its work. Another run, `r-22222`, is at work on `database/a`.")
		require.NotContains(t, all, "secret")
		list, err := events.New(store).Query(t.Context(), events.Filter{What: "schedule.failed"})
		require.NoError(t, err)
		require.Len(t, list, 3)
	})
}

func TestChangedScheduleCatchesNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fired
		store := statetest.Memory()
		stop := scheduler(t, store, nil, "a", hourly(&f, jobs.CatchUp))
		pass(30 * time.Minute)
		stop()
		time.Sleep(5 * time.Hour)
		changed := hourly(&f, jobs.CatchUp)
		changed.Spec = "15 * * * *"
		defer scheduler(t, store, nil, "a", changed)()
		pass(50 * time.Minute)
		require.Equal(t, []string{"01 06:15"}, f.take())
	})
}

func TestOldFiringsAreForgotten(t *testing.T) {
	if testing.Short() {
		t.Skip("a month of firings, one at a time")
	}
	synctest.Test(t, func(t *testing.T) {
		var f fired
		store := statetest.Memory()
		defer scheduler(t, store, nil, "a", hourly(&f, jobs.CatchUp))()
		pass(30 * 24 * time.Hour)
		require.Len(t, f.take(), 30*24)
		kept, err := store.Query(t.Context(), state.Query{Kind: "firing"})
		require.NoError(t, err)
		require.InDelta(t, 7*24, len(kept), 2)
	})
}

func TestSchedulerRefuses(t *testing.T) {
	store := statetest.Memory()
	good := jobs.Schedule{Name: "a", Spec: "0 2 * * *", Missed: jobs.Report, Fire: func(context.Context, time.Time, bool) error { return nil }}
	for want, change := range map[string]func(*jobs.Schedule){
		"needs a name of its own":   func(s *jobs.Schedule) { s.Name = "" },
		"something to do":           func(s *jobs.Schedule) { s.Fire = nil },
		"a policy for missed":       func(s *jobs.Schedule) { s.Missed = "" },
		"`99 2 * * *` is no schedu": func(s *jobs.Schedule) { s.Spec = "99 2 * * *" },
	} {
		bad := good
		change(&bad)
		_, err := jobs.NewScheduler(jobs.SchedulerOptions{Store: store, Events: events.New(store)}, bad)
		require.ErrorContains(t, err, want)
	}
	_, err := jobs.NewScheduler(jobs.SchedulerOptions{Store: store, Events: events.New(store)}, good, good)
	require.ErrorContains(t, err, "a name of its own")
	var p *chat.Problem
	_, err = jobs.ParseSpec("tomorrow", time.UTC)
	require.ErrorAs(t, err, &p)
}

func TestNext(t *testing.T) {
	store := statetest.Memory()
	zone, err := time.LoadLocation("Asia/Kolkata")
	require.NoError(t, err)
	now := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	fire := func(context.Context, time.Time, bool) error { return nil }
	s, err := jobs.NewScheduler(jobs.SchedulerOptions{Store: store, Events: events.New(store), Now: func() time.Time { return now }},
		jobs.Schedule{Name: "monthly", Spec: "0 4 1 * *", Missed: jobs.Report, Fire: fire},
		jobs.Schedule{Name: "nightly", Spec: "0 2 * * *", Location: zone, Missed: jobs.Report, Fire: fire},
		jobs.Schedule{Name: "never", Spec: "0 0 31 2 *", Missed: jobs.Report, Fire: fire},
		jobs.Schedule{Name: "hourly", Spec: "0 * * * *", Missed: jobs.Report, Fire: fire})
	require.NoError(t, err)
	var got []string
	for _, u := range s.Next(t.Context()) {
		got = append(got, u.Name+" "+u.At.UTC().Format("01-02 15:04"))
	}
	require.Equal(t, []string{"hourly 11-23 23:00", "nightly 11-24 20:30", "monthly 12-01 04:00"}, got)
}

// On 2026-03-29 in Berlin 02:00 to 03:00 is left out; on 2026-10-25 it comes twice.
func TestClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, test := range []struct {
		spec, from string
		want       []string
	}{
		{"30 2 * * *", "2026-03-27T12:00:00Z", []string{"03-28 02:30 CET", "03-29 03:30 CEST", "03-30 02:30 CEST"}},
		{"30 2 * * 0", "2026-03-23T12:00:00Z", []string{"03-29 03:30 CEST", "04-05 02:30 CEST"}},
		{"0 3 * * *", "2026-03-28T12:00:00Z", []string{"03-29 03:00 CEST", "03-30 03:00 CEST"}},
		{"30 2 * * *", "2026-10-24T12:00:00Z", []string{"10-25 02:30 CEST", "10-26 02:30 CET"}},
		{"0 2 * * *", "2026-10-24T12:00:00Z", []string{"10-25 02:00 CEST", "10-26 02:00 CET"}},
		{"0 3 * * *", "2026-10-24T12:00:00Z", []string{"10-25 03:00 CET", "10-26 03:00 CET"}},
		{"0 * * * *", "2026-10-24T23:30:00Z", []string{"10-25 02:00 CEST", "10-25 02:00 CET", "10-25 03:00 CET"}},
		{"0 * * * *", "2026-03-29T00:30:00Z", []string{"03-29 03:00 CEST", "03-29 04:00 CEST"}},
	} {
		plan, err := jobs.ParseSpec(test.spec, berlin)
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339, test.from)
		require.NoError(t, err)
		var got []string
		for range test.want {
			at = plan.Next(at)
			got = append(got, at.In(berlin).Format("01-02 15:04 MST"))
		}
		require.Equal(t, test.want, got, test.spec)
	}
	utc, err := jobs.ParseSpec("CRON_TZ=UTC 30 2 * * *", berlin)
	require.NoError(t, err)
	require.Equal(t, "02:30", utc.Next(time.Now()).UTC().Format("15:04"), "a zone in the line wins")
}
