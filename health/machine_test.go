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
