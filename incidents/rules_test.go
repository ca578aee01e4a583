package incidents

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

func TestSeverities(t *testing.T) {
	r := someRules()
	require.True(t, r.Worse("sev1", "sev2"))
	require.False(t, r.Worse("sev2", "sev2"))
	require.True(t, r.Worse("sev3", "catastrophe"), "what is not known any more is the least")
	require.False(t, r.Worse("catastrophe", "sev3"))
	require.Equal(t, Severity{Name: "catastrophe"}, r.severityOf(Incident{Severity: "catastrophe"}))
	_, err := r.Severity("SEV1")
	require.ErrorContains(t, err, "Did you mean `sev1`")
	r.Services = nil
	require.NoError(t, r.checkServices([]string{"anything"}), "without a list all services are known")
}

func TestQuietHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(s string) time.Time {
		parsed, err := time.ParseInLocation("2006-01-02 15:04", s, berlin)
		require.NoError(t, err)
		return parsed
	}
	night := Quiet{From: 22 * time.Hour, To: 7 * time.Hour, Location: berlin}
	siesta := Quiet{From: 13 * time.Hour, To: 14*time.Hour + 30*time.Minute, Location: berlin}
	early := Quiet{From: 0, To: 6 * time.Hour, Location: berlin}
	for _, c := range []struct {
		quiet       Quiet
		asked, want string
	}{
		{night, "2026-06-10 12:00", "2026-06-10 12:00"},
		{night, "2026-06-10 21:59", "2026-06-10 21:59"},
		{night, "2026-06-10 22:00", "2026-06-11 07:00"},
		{night, "2026-06-10 23:59", "2026-06-11 07:00"},
		{night, "2026-06-11 00:00", "2026-06-11 07:00"},
		{night, "2026-06-11 06:59", "2026-06-11 07:00"},
		{night, "2026-06-11 07:00", "2026-06-11 07:00"},
		{night, "2026-03-28 22:30", "2026-03-29 07:00"}, // the night that has an hour less
		{night, "2026-03-29 03:30", "2026-03-29 07:00"},
		{night, "2026-10-24 23:00", "2026-10-25 07:00"}, // and the one that has an hour more
		{night, "2026-12-31 23:00", "2027-01-01 07:00"},
		{siesta, "2026-06-10 12:59", "2026-06-10 12:59"},
		{siesta, "2026-06-10 14:29", "2026-06-10 14:30"},
		{siesta, "2026-06-10 14:30", "2026-06-10 14:30"},
		{early, "2026-06-10 00:00", "2026-06-10 06:00"},
		{early, "2026-06-10 23:59", "2026-06-10 23:59"},
		{Quiet{From: time.Hour, To: time.Hour, Location: berlin}, "2026-06-10 01:00", "2026-06-10 01:00"},
	} {
		require.True(t, c.quiet.After(at(c.asked)).Equal(at(c.want)), "%s: %s", c.asked, c.quiet.After(at(c.asked)))
		require.True(t, c.quiet.After(at(c.asked).UTC()).Equal(at(c.want)), "asked in another zone")
	}
	twice := time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC) // the second 02:30 of that night
	require.True(t, night.After(twice).Equal(at("2026-10-25 07:00")))
	require.Equal(t, noon, Quiet{From: 1, To: 2}.After(noon), "without a time zone nothing is quiet")
}
