package health

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/state"
)

// Each look comes once and at its time, whichever process computes it.
func TestSlots(t *testing.T) {
	for _, c := range []Check{
		{Name: "api", Every: 5 * time.Minute, Jitter: 30 * time.Second}, {Name: "db", Every: time.Second}, {Name: "x", Every: 24 * time.Hour, Jitter: time.Hour},
	} {
		t.Run(c.Name, func(t *testing.T) {
			at := noon
			for range 1000 {
				next := c.nextSlot(at)
				require.True(t, next.After(at))
				require.LessOrEqual(t, next.Sub(at), c.Every+c.Jitter)
				require.Equal(t, next, c.slot(next))
				require.Equal(t, next, c.slot(c.nextSlot(next).Add(-1)))
				require.Equal(t, 1, c.slots(at, next))
				require.Equal(t, next, c.nextSlot(at.Add(next.Sub(at)/2)))
				at = next
			}
			require.Equal(t, 1000, c.slots(noon, at))
			require.Zero(t, c.slots(at, at))
		})
	}
	spread := map[time.Time]int{}
	for n := range 300 {
		c := Check{Name: fmt.Sprint("check-", n), Every: 5 * time.Minute}
		spread[c.nextSlot(noon).Truncate(time.Minute)]++
	}
	for minute, n := range spread {
		require.Less(t, n, 90, minute)
	}
}

func TestStanding(t *testing.T) {
	c := Check{Name: "api", FailAfter: 2, RecoverAfter: 3}
	for looks, want := range map[string]Status{
		"g": Up, "f": Unseen, "ff": Down, "gf": Up, "gff": Down, "gfgf": Up, "ffg": Down, "ffgg": Down, "ffggg": Up, "ffggfg": Down,
		"u": Unseen, "uu": Blind, "uug": Up, "ffuu": Down, "fuf": Unseen, "gmfmf": Up, "fmf": Unseen,
	} {
		t.Run(looks, func(t *testing.T) {
			var s Standing
			maintained := false
			at := noon
			for _, look := range looks {
				if look == 'm' {
					maintained = true
					s.take(c, Result{At: at, Outcome: Failed}, at, maintained)
					maintained = false
					continue
				}
				s.take(c, Result{At: at, Outcome: map[rune]Outcome{'g': OK, 'f': Failed, 'u': Unknown}[look]}, at, maintained)
				at = at.Add(time.Minute)
			}
			require.Equal(t, want, s.Status)
		})
	}
	var s Standing
	for n := range 3 {
		s.take(c, Result{At: noon.Add(time.Duration(n) * time.Minute), Outcome: Failed}, noon, false)
	}
	require.Equal(t, noon, s.Since, "it is down since the first look that failed")
}

func TestTallies(t *testing.T) {
	var a, b Tally
	for n := range 100 {
		into := &a
		if n%2 == 0 {
			into = &b
		}
		into.add(Result{Outcome: OK, Took: time.Duration(n+1) * time.Millisecond}, false)
	}
	b.add(Result{Outcome: Failed, Took: time.Hour}, false)
	b.add(Result{Outcome: Failed, Took: time.Hour}, true)
	b.add(Result{Outcome: Unknown}, false)
	a.Add(b)
	require.Equal(t, 100, a.Good)
	for share, want := range map[float64]time.Duration{0.5: 50 * time.Millisecond, 0.95: 95 * time.Millisecond, 0.99: 99 * time.Millisecond, 1: 100 * time.Millisecond} {
		got, ok := a.Percentile(share)
		require.True(t, ok)
		require.InEpsilon(t, want, got, 0.06)
	}
	up, ok := a.Uptime()
	require.True(t, ok)
	require.InDelta(t, 100.0/101, up, 1e-9)
	_, ok = Tally{Unknown: 3}.Uptime()
	require.False(t, ok)
}

// Figures of days are the same whether or not they were rolled up, also when that was broken off.
func TestRollUp(t *testing.T) {
	alone(t)
	t.Parallel()
	w := newWard(t, nil, "api")
	ctx := t.Context()
	for n := range 20 * 24 {
		r := Result{At: noon.Add(time.Duration(n) * time.Hour), Outcome: OK, Took: time.Duration(n+1) * time.Millisecond}
		if n%10 == 0 {
			r.Outcome = Failed
		}
		require.NoError(t, w.history.add(ctx, "api", r, false))
	}
	end := noon.Add(20 * 24 * time.Hour)
	before, err := w.Past(ctx, "api", noon, end)
	require.NoError(t, err)
	require.Len(t, before.Samples, 20*24)
	old, err := w.history.hours.Query(ctx, state.Query{OrderBy: "of api"})
	require.NoError(t, err)
	require.NoError(t, w.history.intoDay(ctx, old[0].Value)) // and died before it was forgotten
	during, err := w.Past(ctx, "api", noon, end)
	require.NoError(t, err)
	require.Equal(t, before.Tally(), during.Tally())
	for range 3 {
		require.NoError(t, w.history.rollUp(ctx, end.Add(-7*24*time.Hour), end.Add(-400*24*time.Hour), 200))
	}
	after, err := w.Past(ctx, "api", noon, end)
	require.NoError(t, err)
	require.Equal(t, before.Tally(), after.Tally())
	require.Len(t, after.Samples, 7*24)
	require.Equal(t, before.Days(time.UTC), after.Days(time.UTC))
	require.Len(t, after.Weeks(time.UTC), 4)
	require.NoError(t, w.history.rollUp(ctx, end.Add(-7*24*time.Hour), end.Add(-10*24*time.Hour), 200))
	short, err := w.Past(ctx, "api", noon, end)
	require.NoError(t, err)
	require.Len(t, short.Days(time.UTC), 10)
}
