package health

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// day1 is a day with trouble, maintenance and an absence.
func day1(t *testing.T) *ward {
	t.Helper()
	w := newWard(t, func(w *ward) {
		w.o.Rules.KeepResults, w.o.Rules.Keep = 12*time.Hour, 400*24*time.Hour
		w.o.Rules.Checks[0].Every = 10 * time.Minute
		w.o.Rules.Checks[0].Limit = 500 * time.Millisecond
		w.o.Rules.Windows = []Window{{For: time.Hour, Next: func(after time.Time) time.Time {
			if from := noon.Add(6 * time.Hour); after.Before(from) {
				return from
			}
			return time.Time{}
		}}}
	}, "api")
	w.pass(2 * time.Hour)
	w.fails("api", "answered 503 instead of 200")
	w.pass(30 * time.Minute)
	w.heals("api")
	w.pass(5 * time.Hour)
	w.mu.Lock()
	w.clock = w.clock.Add(3 * time.Hour)
	w.mu.Unlock()
	w.restart()
	w.pass(13*time.Hour + 30*time.Minute)
	return w
}

// What single looks say, and what is left of it once they are rolled up.
func TestReview(t *testing.T) {
	w := day1(t)
	end := w.now()
	r, err := w.Review(t.Context(), "api", noon, end)
	require.NoError(t, err)
	require.Len(t, r.Troubles, 1)
	require.WithinDuration(t, noon.Add(2*time.Hour), r.Troubles[0].From, 11*time.Minute)
	require.Equal(t, 30*time.Minute, r.Troubles[0].To.Sub(r.Troubles[0].From))
	require.Len(t, r.Maintained, 1)
	require.WithinDuration(t, noon.Add(6*time.Hour), r.Maintained[0].From, 11*time.Minute)
	require.InDelta(t, time.Hour, r.Maintained[0].To.Sub(r.Maintained[0].From), float64(11*time.Minute))
	require.Len(t, r.Absent, 1)
	require.InDelta(t, 3*time.Hour, r.Absent[0].To.Sub(r.Absent[0].From), float64(11*time.Minute))
	require.Equal(t, 3, r.Tally().Failed)
	require.Contains(t, r.InAWord(), "longest trouble 30 min")
	_, found := r.Longest(noon.Add(3*time.Hour), end)
	require.False(t, found)
	picture, err := r.Picture()
	require.NoError(t, err)
	require.Contains(t, picture.Alt, "Failing once, for 30 min")
	require.Contains(t, picture.Alt, "Maintenance once, for 1 h")
	require.Contains(t, picture.Alt, "Not measured once")

	before, err := w.Review(t.Context(), "api", noon.Add(-12*time.Hour), end)
	require.NoError(t, err)
	require.Len(t, before.Absent, 2, "before the first look nobody looked")

	w.pass(14 * time.Hour)
	w.rollUp(t.Context())
	old, err := w.Review(t.Context(), "api", noon, end)
	require.NoError(t, err)
	require.Empty(t, old.Samples)
	require.Len(t, old.Troubles, 1, "the alert remembers it")
	require.Equal(t, r.Troubles[0], old.Troubles[0])
	require.Equal(t, []Between{{From: noon.Add(6 * time.Hour), To: noon.Add(7 * time.Hour)}}, old.Maintained)
	require.Len(t, old.Absent, 1)
	require.InDelta(t, 3*time.Hour, old.Absent[0].To.Sub(old.Absent[0].From), float64(time.Hour))
	_, err = old.Picture()
	require.NoError(t, err)
	all, err := w.Review(t.Context(), "api", noon, w.now())
	require.NoError(t, err)
	require.Len(t, all.Troubles, 1)
	_, err = all.Picture()
	require.NoError(t, err)
	_, err = w.Review(t.Context(), "apu", noon, end)
	require.ErrorContains(t, err, "apu")
}

func TestPercentIsNotRoundedUp(t *testing.T) {
	require.Equal(t, "100 %", Tally{Good: 7}.Percent())
	require.Equal(t, "99.99 %", Tally{Good: 99_999, Failed: 1}.Percent())
	require.Equal(t, "99.5 %", Tally{Good: 199, Failed: 1}.Percent())
	require.Equal(t, "", Tally{Unknown: 3, Maintained: 2}.Percent())
}

// The window that a check is in, or the next one.
func TestWhichMaintenance(t *testing.T) {
	daily := func(hour int, length time.Duration, checks ...string) Window {
		return Window{For: length, Checks: checks, Next: func(after time.Time) time.Time {
			at := time.Date(after.Year(), after.Month(), after.Day(), hour, 0, 0, 0, time.UTC)
			if !at.After(after) {
				at = at.Add(24 * time.Hour)
			}
			return at
		}}
	}
	rules := Rules{Windows: []Window{daily(22, time.Hour), daily(14, 2*time.Hour, "api"), daily(15, 3*time.Hour, "api")}}
	for _, c := range []struct {
		check    string
		at       int
		from, to int
	}{{"api", 12, 14, 16}, {"api", 14, 14, 16}, {"api", 15, 15, 18}, {"api", 17, 15, 18}, {"api", 18, 22, 23}, {"orders", 12, 22, 23}, {"orders", 22, 22, 23}} {
		from, to, found := rules.Maintenance(c.check, time.Date(2026, 3, 5, c.at, 30, 0, 0, time.UTC))
		require.True(t, found)
		require.Equal(t, []int{c.from, c.to}, []int{from.Hour(), to.Hour()}, "%s at %d:30", c.check, c.at)
		require.Equal(t, 5, from.Day())
	}
	_, _, found := Rules{Windows: []Window{daily(14, time.Hour, "api")}}.Maintenance("orders", noon)
	require.False(t, found)
}
