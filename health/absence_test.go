package health

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMissedLooks(t *testing.T) {
	w := newWard(t, nil, "api", "orders", "redis")
	w.pass(10 * time.Minute)
	from := w.now()
	lines, err := w.Missed(t.Context(), from, from.Add(2*time.Hour))
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.True(t, strings.HasPrefix(lines[0], "360 looks of 3 checks did not take place: `api`, `orders`, `redis`. "), lines[0])

	// What was looked at after opsbot was known to live last was looked at.
	lines, err = w.Missed(t.Context(), from.Add(-30*time.Second), from.Add(2*time.Hour))
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.True(t, strings.HasPrefix(lines[0], "360 looks"), lines[0])

	nightly := func(after time.Time) time.Time {
		begins := time.Date(2026, 3, 5, 13, 0, 0, 0, time.UTC)
		for !begins.After(after) {
			begins = begins.Add(24 * time.Hour)
		}
		return begins
	}
	w.o.Rules.Windows = []Window{
		{Next: nightly, For: 30 * time.Minute, Checks: []string{"api"}},
		{Next: func(after time.Time) time.Time { return nightly(after.Add(-15 * time.Minute)).Add(15 * time.Minute) }, For: 25 * time.Minute},
	}
	w.o.Rules.Checks = append(w.o.Rules.Checks, Check{Name: "new", Every: time.Minute})
	w.restart()
	lines, err = w.Missed(t.Context(), from, from.Add(2*time.Hour))
	require.NoError(t, err)
	require.Len(t, lines, 1)
	// Of 120 looks each, api has no 40 (13:00 to 13:40, in which both windows are one), the others no 25.
	require.True(t, strings.HasPrefix(lines[0], "270 looks of 3 checks"), lines[0])

	lines, err = w.Missed(t.Context(), from, from.Add(2*time.Second))
	require.NoError(t, err)
	for _, line := range lines {
		require.NotContains(t, line, "3 checks")
	}
}

// TestMaintenanceAsItIsCounted holds the counting of looks to what a look at each moment would say.
func TestMaintenanceAsItIsCounted(t *testing.T) {
	every := func(d, phase time.Duration) func(time.Time) time.Time {
		return func(after time.Time) time.Time { return after.Add(-phase).Truncate(d).Add(d + phase) }
	}
	rules := Rules{Windows: []Window{
		{Next: every(time.Hour, 0), For: 10 * time.Minute},
		{Next: every(97*time.Minute, 5*time.Minute), For: 25 * time.Minute},
		{Next: every(3*time.Hour, 0), For: 4 * time.Minute, Checks: []string{"other"}},
	}}
	c := Check{Name: "api", Every: 7 * time.Minute, Jitter: time.Minute}
	for shift := range 200 {
		from := noon.Add(time.Duration(shift) * 53 * time.Second)
		to := from.Add(5*time.Hour + time.Duration(shift)*time.Minute)
		want := 0
		for at := c.nextSlot(from); !at.After(to); at = c.nextSlot(at) {
			if !rules.maintained(c.Name, at) {
				want++
			}
		}
		require.Equal(t, want, rules.due(c, from, to), "shifted by %d", shift)
	}
}

func TestLateLooks(t *testing.T) {
	w := newWard(t, nil, "api", "orders")
	late := func() []string {
		names, err := w.Late(t.Context())
		require.NoError(t, err)
		return names
	}
	w.pass(10 * time.Minute)
	require.Empty(t, late())
	jump := func(d time.Duration) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.clock = w.clock.Add(d)
	}
	jump(70 * time.Second)
	require.Empty(t, late(), "another process may take its time to take over")
	jump(10 * time.Minute)
	require.Equal(t, []string{"api", "orders"}, late())
	w.restart()
	require.Empty(t, late(), "what this process was not there for")
	jump(10 * time.Minute)
	require.Equal(t, []string{"api", "orders"}, late(), "nobody looks")
	w.pass(time.Minute)
	require.Empty(t, late())
}
