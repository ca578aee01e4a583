package incidents

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

func TestWhen(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	const layout = "2006-01-02 15:04:05"
	for _, c := range []struct{ now, typed, at, rest string }{
		{"2026-11-25 14:30:00", "at 14:05 it broke", "2026-11-25 14:05:00", "it broke"},
		{"2026-11-25 14:30:00", "at 14:05:30 it broke", "2026-11-25 14:05:30", "it broke"},
		{"2026-11-25 14:30:00", "at 2:05pm it broke", "2026-11-25 14:05:00", "it broke"},
		{"2026-11-25 14:30:00", "at 12:05 am it broke", "2026-11-25 00:05:00", "it broke"},
		{"2026-11-25 14:30:00", "At 2026-11-24 23:59 it broke", "2026-11-24 23:59:00", "it broke"},
		{"2026-11-25 14:30:00", "at 2026-11-24T23:59 it broke", "2026-11-24 23:59:00", "it broke"},
		{"2026-11-25 14:30:00", "at yesterday 16:00 it broke", "2026-11-24 16:00:00", "it broke"},
		{"2026-11-25 14:30:00", "at 16:00 yesterday it broke", "2026-11-24 16:00:00", "it broke"},
		{"2026-11-25 00:10:00", "at 14:05 it broke", "2026-11-24 14:05:00", "it broke"},
		{"2026-11-25 14:30:00", "10m ago it broke", "2026-11-25 14:20:00", "it broke"},
		{"2026-11-25 14:30:00", "1h30m ago it broke", "2026-11-25 13:00:00", "it broke"},
		{"2026-11-25 14:30:00", "2 hours ago, it broke", "2026-11-25 12:30:00", "it broke"},
		{"2026-11-25 14:30:00", "at 14:30 it broke", "2026-11-25 14:30:00", "it broke"},
		{"2026-11-25 14:30:30", "at 14:31 it broke", "2026-11-25 14:30:30", "it broke"}, // a clock that is a little fast
		{"2026-03-29 12:00:00", "at 03:30 the clocks had changed", "2026-03-29 03:30:00", "the clocks had changed"},
		{"2026-11-25 14:30:00", "at first nothing", "2026-11-25 14:30:00", "at first nothing"},
		{"2026-11-25 14:30:00", "at 99.5% load", "2026-11-25 14:30:00", "at 99.5% load"},
		{"2026-11-25 14:30:00", "10m later it broke", "2026-11-25 14:30:00", "10m later it broke"},
		{"2026-11-25 14:30:00", "long ago it broke", "2026-11-25 14:30:00", "long ago it broke"},
		{"2026-11-25 14:30:00", "at", "2026-11-25 14:30:00", "at"},
		{"2026-11-25 14:30:00", "at 14:05", "2026-11-25 14:05:00", ""},
	} {
		now, err := time.ParseInLocation(layout, c.now, berlin)
		require.NoError(t, err)
		at, rest, err := When(strings.Fields(c.typed), now)
		require.NoError(t, err, c.typed)
		require.Equal(t, c.at, at.Format(layout), c.typed)
		require.Equal(t, c.rest, strings.Join(rest, " "), c.typed)
	}
	for typed, says := range map[string][2]string{
		"at 25:00 it broke":            {"`25:00` is no time.", "14:05"},
		"at 14:5 it broke":             {"`14:5` is no time.", "14:05"},
		"at 13:00pm it broke":          {"`13:00pm` is no time.", "14:05"},
		"at 2026-02-30 12:00 it broke": {"`2026-02-30 12:00` is no time.", "14:05"},
		"at 2026-11-25 it broke":       {"`2026-11-25` is no time.", "14:05"},
		"at 15:00 it broke":            {"15:00 is still to come today; it is 14:30 for you.", "`at 2026-11-24 15:00`"},
		"at 2026-11-25 15:00 it broke": {"2026-11-25 15:00 is in the future", "has passed"},
		"at today 15:00 it broke":      {"2026-11-25 15:00 is in the future", "has passed"},
	} {
		_, _, err := When(strings.Fields(typed), time.Date(2026, 11, 25, 14, 30, 0, 0, berlin))
		var problem *chat.Problem
		require.ErrorAs(t, err, &problem, typed)
		require.Contains(t, problem.Say, says[0])
		require.Contains(t, problem.Try, says[1])
	}
}
