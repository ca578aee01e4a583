package health_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/health"
)

func TestMachineWithinItsLimits(t *testing.T) {
	m := health.NewMachine(health.Limits{CPU: 100, Memory: 100, Disks: []health.Disk{{Path: t.TempDir(), Limit: 100}}, Network: math.MaxInt64})
	r := look(t, m.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, "^CPU \\d+%, (no network|network .*/s), memory \\d+%, disk `/.*` \\d+%$", r.Say)
	require.Positive(t, figure(t, r, "memory"))
	require.InDelta(t, 50, figure(t, r, "CPU"), 50)
	for range 2 { // one right after the other, as "check now" does
		require.InDelta(t, 50, figure(t, look(t, m.Look, time.Minute), "CPU"), 50)
	}
}

func TestMachineOverItsLimits(t *testing.T) {
	folder := t.TempDir()
	m := health.NewMachine(health.Limits{Memory: 0.001, Disks: []health.Disk{{Path: folder, Limit: 0.001}, {Path: folder + "/none"}}})
	r := look(t, m.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Regexp(t, "^memory \\d+%, more than 0.001%, disk `.*` \\d+%, more than 0.001%, disk `.*", r.Say)
	r = look(t, health.NewMachine(health.Limits{Disks: []health.Disk{{Path: "/none"}}}).Look, time.Minute)
	require.Equal(t, "disk `/none`: no such file or directory", r.Say)
}

func TestMachineStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := health.NewMachine(health.Limits{}).Look(ctx)
	require.Equal(t, health.Unknown, r.Outcome)
	require.Equal(t, "the look was broken off", r.Say)
}

func TestHeartbeat(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		last, since time.Time
		fault       error
		outcome     health.Outcome
		say         string
	}{
		{last: now.Add(-time.Hour), outcome: health.OK, say: "called 1 h ago"},
		{last: now.Add(time.Minute), outcome: health.OK, say: "called 0 s ago"},
		{last: now.Add(-25 * time.Hour), outcome: health.OK, say: "called 1 d 1 h ago"},
		{last: now.Add(-26 * time.Hour), outcome: health.Failed, say: "called 1 d 2 h ago, more than 1 d 1 h"},
		{outcome: health.Unknown, say: "has not called yet"},
		{since: now.Add(-time.Hour), outcome: health.Unknown, say: "has not called yet"},
		{since: now.Add(-30 * time.Hour), outcome: health.Failed, say: "has not called in the 1 d 6 h that it was waited for"},
		{fault: context.DeadlineExceeded, outcome: health.Unknown, say: "when it called last could not be read"},
	} {
		p := health.Heartbeat{Within: 25 * time.Hour, Since: test.since, Now: func() time.Time { return now },
			Last: func(context.Context) (time.Time, error) { return test.last, test.fault }}
		r := look(t, p.Look, time.Minute)
		require.Equal(t, test.outcome, r.Outcome)
		require.Equal(t, test.say, r.Say)
	}
}
