package jobs_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state/statetest"
)

// TestMissedIsTold has somebody else ask and say what was missed, while the schedules make up for it.
func TestMissedIsTold(t *testing.T) {
	w := newWorld(t)
	synctest.Test(t, func(t *testing.T) {
		var f fired
		store := statetest.Memory()
		schedules := []jobs.Schedule{
			hourly(&f, jobs.CatchUp),
			{Name: "reported", Spec: "*/30 * * * *", Missed: jobs.Report, Fire: f.fire},
			{Name: "weekly", Spec: "0 0 * * 0", Missed: jobs.CatchUp, Fire: f.fire},
		}
		scheduler(t, store, w.chat, "a", schedules...)()
		down := time.Now().Add(10 * time.Minute)
		time.Sleep(5*time.Hour + 20*time.Minute)
		up := time.Now()
		schedules = append(schedules, jobs.Schedule{Name: "new", Spec: "* * * * *", Missed: jobs.Report, Fire: f.fire})
		schedules[1].Spec = "*/20 * * * *"
		var s *jobs.Scheduler
		var told [][]string
		var err error
		var mu sync.Mutex
		again := func() {
			s, err = jobs.NewScheduler(jobs.SchedulerOptions{Store: store, Events: events.New(store), Poster: w.chat, OpsChannel: "ops", Owner: "b", Log: quiet,
				Told: func(ctx context.Context, at time.Time) (bool, error) {
					lines, err := s.Missed(ctx, down, up)
					mu.Lock()
					defer mu.Unlock()
					told = append(told, lines)
					return at.After(down), err
				}}, schedules...)
			require.NoError(t, err)
		}
		again()
		want := []string{"`hourly`: did not run 5 times, last <!date^946702800^{date_short_pretty} at {time}|2000-01-01 05:00 UTC>. That one is caught up now."}
		lines, err := s.Missed(t.Context(), down, up)
		require.NoError(t, err)
		require.Equal(t, want, lines, "what is new, or was changed, has missed nothing")

		schedules[1].Spec = "*/30 * * * *"
		again()
		want = append(want, "`reported`: did not run 10 times, last <!date^946702800^{date_short_pretty} at {time}|2000-01-01 05:00 UTC>. "+
			"Nothing makes up for it by itself; it runs next <!date^946704600^{date_short_pretty} at {time}|2000-01-01 05:30 UTC>.")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		pass(10 * time.Second)
		stop()
		require.NoError(t, <-ended)
		require.Len(t, told, 2)
		require.Contains(t, told, want, "the first to make up for something says so before it does")
		require.Equal(t, []string{"01 05:00 late"}, f.take())
		require.Empty(t, w.chat.messages(t, "ops"))
		list, err := events.New(store).Query(t.Context(), events.Filter{What: "schedule.missed"})
		require.NoError(t, err)
		require.Len(t, list, 2, "it is noted all the same")
	})
}
