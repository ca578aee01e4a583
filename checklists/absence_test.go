package checklists

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMissedReminders(t *testing.T) {
	o := newOffice(t, nil)
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	open, err := o.Open(t.Context())
	require.NoError(t, err)
	due := open[0].Due
	missed := func(from, to time.Time) []string {
		lines, err := o.Missed(t.Context(), from, to)
		require.NoError(t, err)
		return lines
	}
	require.Empty(t, missed(nine, due.Add(-time.Second)))
	lines := missed(nine, due.Add(time.Hour))
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], open[0].Called()+": a reminder was due ")
	o.at(due.Add(time.Hour))
	require.Len(t, o.said(true), 1)
	require.Equal(t, lines, missed(nine, due.Add(time.Hour)), "what was made up for just now was missed")
	require.Empty(t, missed(due.Add(time.Hour), due.Add(time.Hour+time.Second)))
}
