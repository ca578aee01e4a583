package incidents

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUpdates(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	say := func(act Act, text string) func(*Incident) error {
		return func(i *Incident) error { return i.Say(r, act, text) }
	}
	refused(t, i, "needs words", say(by(ben, 1), " \n "))
	refused(t, i, "2001 characters", say(by(ben, 1), strings.Repeat("ä", 2001)))
	require.NoError(t, say(by(ben, 10), " <!channel> 1 < 2, <@U0ANNA> looks ")(i))
	require.Equal(t, Update{Text: "<!channel> 1 < 2, <@U0ANNA> looks", By: ben, At: by(ben, 10).At, N: 1, Due: noon.Add(70 * time.Minute)}, i.Update)
	require.Equal(t, "Update by <@U0BEN>: &lt;!channel&gt; 1 &lt; 2, <@U0ANNA> looks", newest(t, i).Text)
	require.Contains(t, i.Milestones, Acknowledged)
	require.NoError(t, say(by(anna, 20), strings.Repeat("ä", 2000))(i))
	require.Equal(t, 2, i.Update.N)

	require.NoError(t, i.Advance(r, by(anna, 30), Resolved, ""))
	require.NoError(t, say(by(anna, 31), "Thanks to all.")(i), "what is resolved may be spoken about")
	require.Zero(t, i.Update.Due)
}

func TestPuttingUpdatesOff(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	snooze := func(act Act, due time.Time, d time.Duration) func(*Incident) error {
		return func(i *Incident) error { return i.Snooze(act, due, d) }
	}
	due := i.Update.Due
	refused(t, i, "at most 1 d", snooze(by(ben, 61), due, 25*time.Hour))
	refused(t, i, "at most 1 d", snooze(by(ben, 61), due, -time.Hour))
	require.NoError(t, snooze(by(ben, 61), due, 15*time.Minute)(i))
	require.Equal(t, noon.Add(76*time.Minute), i.Update.Due)
	refused(t, i, "settled already. The next one is due", snooze(by(anna, 61), due, time.Hour))
	refused(t, i, "settled already", snooze(by(anna, 61), due, 0))
	require.NoError(t, snooze(by(anna, 62), time.Time{}, 30*time.Minute)(i))
	require.NoError(t, snooze(by(anna, 63), i.Update.Due, 0)(i))
	require.True(t, i.Update.Stopped)
	require.Zero(t, i.Update.Due)
	refused(t, i, "stopped already by <@U0ANNA>", snooze(by(ben, 64), due, 0))
	refused(t, i, "stopped already", snooze(by(ben, 64), due, time.Hour))
	require.NoError(t, i.Say(r, by(ben, 65), "We look on."))
	require.Equal(t, noon.Add(125*time.Minute), i.Update.Due, "an update starts the reminders again")
	require.NoError(t, i.Advance(r, by(anna, 66), Resolved, ""))
	refused(t, i, "is resolved; no update is due", snooze(by(ben, 67), due, 0))
	refused(t, declared(t, "sev3"), "sev3 asks for none", snooze(by(ben, 1), time.Time{}, time.Hour))
}

func TestWhenToRemind(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	require.Equal(t, noon.Add(time.Hour), r.remindAt(*i))
	i.Update.Reminded = i.Update.Due
	require.Zero(t, r.remindAt(*i), "once for each time")
	i.Update.Due = time.Date(2026, 3, 14, 23, 0, 0, 0, time.UTC)
	require.Equal(t, time.Date(2026, 3, 15, 7, 0, 0, 0, time.UTC), r.remindAt(*i), "sev2 sleeps at night")
	i.Severity = "catastrophe"
	require.Equal(t, time.Date(2026, 3, 15, 7, 0, 0, 0, time.UTC), r.remindAt(*i))
	i.Severity = "sev1"
	require.Equal(t, i.Update.Due, r.remindAt(*i))
	for _, s := range []Status{Resolved, Closed} {
		i.Status = s
		require.Zero(t, r.remindAt(*i), "%s", s)
	}
}

func TestReminderSaysWhatBecameOfIt(t *testing.T) {
	r := someRules()
	for says, decide := range map[string]func(*Incident) error{
		"<@U0BEN> wrote the update. The next one is due": func(i *Incident) error { return i.Say(r, by(ben, 61), "We look on.") },
		"<@U0BEN> put the next update off to":            func(i *Incident) error { return i.Snooze(by(ben, 61), i.Update.Due, time.Hour) },
		"<@U0BEN> stopped the reminders":                 func(i *Incident) error { return i.Snooze(by(ben, 61), i.Update.Due, 0) },
		"<@U0BEN> set the status to *resolved*":          func(i *Incident) error { return i.Advance(r, by(ben, 61), Resolved, "") },
		"<@U0BEN> changed the severity to *sev3*":        func(i *Incident) error { return i.SetSeverity(r, by(ben, 61), "sev3", "nothing") },
	} {
		i := declared(t, "sev2")
		require.NoError(t, decide(i))
		require.Empty(t, i.Update.Fate, "no reminder stood yet")
		i = declared(t, "sev2")
		i.Update.Reminded = i.Update.Due
		require.NoError(t, decide(i))
		require.Contains(t, i.Update.Fate, says)
		fate := i.Update.Fate
		if i.Status.Over() {
			continue
		}
		require.NoError(t, i.Say(r, by(anna, 70), "On."))
		require.Equal(t, fate, i.Update.Fate, "what became of it is said once")
	}
	i := declared(t, "sev2")
	i.Update.Reminded = i.Update.Due
	require.NoError(t, i.SetSeverity(r, by(ben, 61), "sev1", "worse"))
	require.Empty(t, i.Update.Fate, "the update is as due as before")
	require.NoError(t, i.Advance(r, by(ben, 62), Identified, ""))
	require.Empty(t, i.Update.Fate)
}
