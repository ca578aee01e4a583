package incidents

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

// at moves the office's clock to a moment.
func (o *office) at(t time.Time) { o.ahead.Store(int64(time.Until(t))) }

func TestOverdueActionsAreBroughtUpOnWorkingDays(t *testing.T) {
	o := newOffice(t, nil)
	friday := time.Now().UTC().Truncate(24 * time.Hour)
	for friday.Weekday() != time.Friday {
		friday = friday.AddDate(0, 0, 1)
	}
	o.at(friday.AddDate(0, 0, 1).Add(11 * time.Hour)) // Saturday
	o.run(o.Run)
	number := o.declare(Declaration{Title: "Payments fail", Severity: "sev3"}).Number
	for n, text := range []string{"The newest", "The oldest", "The second"} {
		due := o.Rules().EndOfDay(friday.AddDate(0, 0, []int{0, -3, -2}[n]))
		o.change(number, text, func(i *Incident, act Act) error { _, err := i.AddAction(act, text, o.anna, due); return err })
	}
	secret := o.change(number, "none", func(i *Incident, act Act) error {
		_, err := i.AddAction(act, "No day", chat.User{}, time.Time{})
		return err
	})
	require.Len(t, secret.OpenActions(), 4)
	incidents := o.server.Channel("incidents")
	brought := func() int { return o.heard(incidents, "Overdue actions") }

	require.Never(t, func() bool { return brought() > 0 }, 300*time.Millisecond, 20*time.Millisecond)
	o.at(friday.AddDate(0, 0, 3).Add(9*time.Hour + 59*time.Minute))
	require.Never(t, func() bool { return brought() > 0 }, 300*time.Millisecond, 20*time.Millisecond)
	monday := friday.AddDate(0, 0, 3).Add(10*time.Hour + time.Minute)
	o.at(monday)
	require.Eventually(t, func() bool { return brought() == 1 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, o.heard(incidents, "The oldest"))
	require.Equal(t, 1, o.heard(incidents, "The second"))
	require.Equal(t, 0, o.heard(incidents, "The newest"), "the limit is two, the longest overdue first")
	require.Equal(t, 1, o.heard(incidents, "And 1 more action"))
	require.Equal(t, 0, o.heard(incidents, "No day"))

	// Another process on the same day says nothing again; the next day does.
	other := New(o.o)
	o.run(other.Run)
	require.Never(t, func() bool { return brought() > 1 }, 300*time.Millisecond, 20*time.Millisecond)
	o.change(number, "done", func(i *Incident, act Act) error { return i.DoAction(act, 2) })
	o.change(number, "later", func(i *Incident, act Act) error { return o.Rules().PostponeAction(i, act, 3) })
	m, err := o.Morning(t.Context(), monday.Format(time.DateOnly))
	require.NoError(t, err)
	require.Equal(t, "After incidents, 1 overdue action", m.Summary, "only what is put off is still open")
	o.at(monday.AddDate(0, 0, 1))
	require.Eventually(t, func() bool { return brought() == 2 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, o.heard(incidents, "The newest"))
}

func TestAChannelIsArchivedAfterItsTime(t *testing.T) {
	o := newOffice(t, nil)
	o.run(o.Run)
	number := o.declare(Declaration{Title: "Payments fail", Severity: "sev3"}).Number
	i := o.until(number, func(i Incident) bool { return i.Place.CardLink != "" })
	o.resolve(number)
	o.change(number, "close", func(i *Incident, act Act) error { return i.Advance(o.Rules(), act, Closed, "") })
	o.until(number, func(i Incident) bool { return i.Effects["archive notice"] != "" })
	require.Equal(t, 1, o.heard(i.Place.Channel, "This channel will be archived"))
	o.ahead.Store(int64(6 * 24 * time.Hour))
	require.Never(t, func() bool { i, _ := o.Get(t.Context(), number); return !i.Place.Archived.IsZero() }, 300*time.Millisecond, 20*time.Millisecond)
	o.ahead.Store(int64(7*24*time.Hour + time.Minute))
	o.until(number, func(i Incident) bool { return !i.Place.Archived.IsZero() })
	made, err := o.slack.ChannelInfo(t.Context(), i.Place.Channel)
	require.NoError(t, err)
	require.True(t, made.Archived)
	require.Equal(t, 1, o.heard(i.Place.Channel, "is archived now"))

	// Opened again, it says who has to do what, and goes on once that is done.
	o.change(number, "reopen", func(i *Incident, act Act) error {
		return i.Advance(o.Rules(), act, Investigating, "the errors are back")
	})
	o.until(number, func(i Incident) bool { return i.Effects["unarchive"] != "" })
	replies, _, err := o.slack.Replies(t.Context(), i.Place.Announcement, 50)
	require.NoError(t, err)
	told := 0
	for _, r := range replies {
		if strings.Contains(r.Text, "does not let bots unarchive") {
			told++
		}
	}
	require.Equal(t, 1, told)
	o.server.SetArchived(i.Place.Channel, false)
	o.ahead.Add(int64(2 * lookEvery))
	o.until(number, func(i Incident) bool { return i.Place.Archived.IsZero() })
	require.Eventually(t, func() bool { return o.heard(i.Place.Channel, "the errors are back") > 0 }, 10*time.Second, 10*time.Millisecond)
}
