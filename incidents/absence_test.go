package incidents

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

func TestMissedReminders(t *testing.T) {
	r := newRoom(t, "sev1", someRules())
	missed := func(from, to time.Duration) []string {
		lines, err := r.desk.Missed(t.Context(), noon.Add(from), noon.Add(to))
		require.NoError(t, err)
		return lines
	}
	due := r.get().Update.Due
	update := "Incident #1: an update was due " + chat.Time(due) + ". Who is to write it is reminded now."
	leader := "Incident #1 has no commander; that was to be asked for " + chat.Time(noon.Add(nobodyAfter)) + ", and is now."
	require.Empty(t, missed(0, time.Minute))
	require.Equal(t, []string{leader}, missed(time.Minute, 10*time.Minute))
	require.Equal(t, []string{update, leader}, missed(time.Minute, 2*time.Hour))
	require.Equal(t, []string{update}, missed(10*time.Minute, 2*time.Hour))
	require.Empty(t, missed(due.Sub(noon), 2*time.Hour), "it was due before")
	r.at(2 * time.Hour)
	r.one("An update is due.")
	require.Equal(t, []string{update, leader}, missed(time.Minute, 2*time.Hour), "what was made up for just now was missed")
	r.decide(r.anna, func(i *Incident, _ Act) error { i.Private = true; return nil })
	require.Contains(t, missed(10*time.Minute, 2*time.Hour)[0], "A private incident: an update was due")
}

func TestMissedMornings(t *testing.T) {
	rules := someRules()
	rules.ActionsDaily = 5
	r := newRoom(t, "sev1", rules)
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, rules.zone()) }
	for _, test := range []struct{ fromDay, fromHour, toDay, toHour, want int }{
		{2, 9, 2, 17, 0},  // Monday: there is an hour left
		{2, 9, 2, 18, 1},  // all of it
		{2, 11, 2, 19, 0}, // they had come up
		{2, 9, 5, 9, 3},
		{6, 19, 9, 9, 0}, // over a weekend
	} {
		require.Equal(t, test.want, r.desk.missedMornings(at(test.fromDay, test.fromHour), at(test.toDay, test.toHour)), "%v", test)
	}
}
