package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state/statetest"
)

func TestAuditFilter(t *testing.T) {
	log := events.New(statetest.Memory())
	_, err := log.Append(t.Context(), events.Event{What: "command", Who: chat.User{ID: "U0ANNA1", Name: "Anna Rao"}, On: []string{"scratch/orders/orders_march"}})
	require.NoError(t, err)
	ist := time.FixedZone("IST", 19800)
	now := time.Date(2026, 11, 25, 18, 30, 0, 0, ist) // a Wednesday
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, ist) }
	words := commands.AuditWords{Log: log, Commands: commands.Names(), Databases: []string{"orders", "users"}, Me: "U0BEN01", Zone: ist, Now: now}
	for typed, want := range map[string]events.Filter{
		"": {},
		"<@U0ANNA1|anna> backup orders since yesterday": {Who: "U0ANNA1", Command: "backup", About: "orders", Since: day(24)},
		"@anna backups":                       {Named: "anna", Command: "backup"},
		"U0ANNA1":                             {Who: "U0ANNA1"},
		"what did anna do":                    {},
		"me 24h":                              {Who: "U0BEN01", Since: now.Add(-24 * time.Hour)},
		"everything in the last 3 days":       {Since: now.Add(-72 * time.Hour)},
		"2026-11-01..2026-11-07":              {Since: day(1), Until: day(8)},
		"yesterday":                           {Since: day(24), Until: day(25)},
		"refused on monday":                   {Outcome: events.Refused, Since: day(23), Until: day(24)},
		"from 2026-11-03 to 2026-11-04":       {Since: day(3), Until: day(5)},
		"before 2026-11-03":                   {Until: day(3)},
		"since 2026-11-25T10:15 until today":  {Since: day(25).Add(10*time.Hour + 15*time.Minute), Until: day(26)},
		"restore orders_march r-4k7q2 failed": {Command: "restore", About: "orders_march", Run: "r-4k7q2", Outcome: events.Failure},
		"terminal since 2 hours ago":          {What: "terminal", Since: now.Add(-2 * time.Hour)},
	} {
		got, err := words.Filter(t.Context(), split(typed))
		if typed == "what did anna do" {
			require.ErrorContains(t, err, "`do`") // no filler of ours: it is told
			continue
		}
		require.NoError(t, err, typed)
		require.True(t, want.Since.Equal(got.Since), "%s: since %s", typed, got.Since)
		require.True(t, want.Until.Equal(got.Until), "%s: until %s", typed, got.Until)
		want.Since, want.Until, got.Since, got.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		require.Equal(t, want, got, typed)
	}
	for typed, want := range map[string]string{
		"ordrs":                  "Did you mean `orders`?",
		"@ana":                   "Did you mean `anna`?",
		"since":                  "Since or until when?",
		"since yesturday":        "Did you mean `yesterday`?",
		"refsed":                 "Did you mean `refused`?",
		"2026-11-07..2026-11-01": "ends before it begins",
		"2026-13-01..2026-14-01": "`2026-13-01..2026-14-01`",
	} {
		_, err := words.Filter(t.Context(), split(typed))
		require.ErrorContains(t, err, want, typed)
	}
}

func split(typed string) []string { return strings.Fields(typed) }
