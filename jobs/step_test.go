package jobs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state/statetest"
)

// TestStepsThroughTwoDays drives schedules by a clock that stands still but for the test's own steps.
func TestStepsThroughTwoDays(t *testing.T) {
	store := statetest.Memory()
	now := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	var morning, noon fired
	s, err := jobs.NewScheduler(jobs.SchedulerOptions{Store: store, Events: events.New(store), Log: quiet, Now: func() time.Time { return now }},
		jobs.Schedule{Name: "morning", Spec: "30 2 * * *", Location: berlin, Missed: jobs.CatchUp, Fire: morning.fire},
		jobs.Schedule{Name: "noon", Spec: "0 12 * * *", Missed: jobs.CatchUp, Fire: noon.fire})
	require.NoError(t, err)
	for end := now.Add(48 * time.Hour); now.Before(end); {
		next, err := s.Step(t.Context())
		require.NoError(t, err)
		require.True(t, next.After(now))
		now = next
	}
	require.Equal(t, []string{"25 00:30", "26 01:30"}, morning.take(), "once in the night in which the clocks go back")
	require.Equal(t, []string{"25 12:00"}, noon.take())

	now = now.Add(50 * time.Hour)
	_, err = s.Step(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"28 12:00 late"}, noon.take()[:1], "of those that were missed the last one is caught up")
}
