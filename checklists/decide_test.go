package checklists

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

var (
	nine = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	anna = chat.User{ID: "U1ANNA", Name: "anna"}
	ben  = chat.User{ID: "U2BEN", Name: "ben"}
)

func by(who chat.User, minutes int) Act {
	return Act{By: who, At: nine.Add(time.Duration(minutes) * time.Minute)}
}

func daily() Template {
	return Template{Name: "daily", Title: "Daily checklist", Channel: "ops", Asks: []string{"S1"}, DueIn: 3 * time.Hour,
		RemindEvery: time.Hour, Reminders: 3, Items: []Item{
			{Text: "Backups are verified", Probe: "backups"}, {Text: "Review logs"}, {Text: "Look at alerts"},
			{Text: "Water the plants", Optional: true},
		}}
}

func opened(t *testing.T, template Template, version string) List {
	t.Helper()
	l, err := Rules{}.open(by(anna, 0), template, version)
	require.NoError(t, err)
	l.Number = 7
	return l
}

// refused holds that a decision is refused in these words and changes nothing.
func refused(t *testing.T, l *List, say string, decide func(*List) error) {
	t.Helper()
	before := l.Card()
	var problem *chat.Problem
	require.ErrorAs(t, decide(l), &problem)
	require.Contains(t, problem.Say, say)
	require.NotEmpty(t, problem.Try)
	require.Equal(t, before, l.Card())
}

func TestTickAndUntick(t *testing.T) {
	l := opened(t, daily(), "")
	require.NoError(t, l.Tick(by(anna, 5), 2))
	require.Equal(t, Tick{By: anna, At: nine.Add(5 * time.Minute)}, l.Items[1].Tick)
	refused(t, &l, "ticked already by <@U1ANNA>", func(l *List) error { return l.Tick(by(ben, 6), 2) })
	refused(t, &l, "ticks itself", func(l *List) error { return l.Tick(by(ben, 6), 1) })
	refused(t, &l, "has no item 9", func(l *List) error { return l.Tick(by(ben, 6), 9) })
	refused(t, &l, "not ticked by anybody", func(l *List) error { return l.Untick(by(ben, 6), 3) })
	require.NoError(t, l.Untick(by(ben, 7), 2))
	require.False(t, l.Items[1].Ticked())
	require.Equal(t, []string{"ticked", "unticked"}, whats(l))
}

func whats(l List) (all []string) {
	for _, m := range l.History {
		all = append(all, m.What)
	}
	return all
}

func TestProbesTickAndUntick(t *testing.T) {
	l := opened(t, daily(), "")
	look := func(minutes int, o Outcome) {
		l.Found(map[int]Evidence{1: {Outcome: o, Say: "seen", At: nine}, 2: {Outcome: Passed}}, 0, nine.Add(time.Duration(minutes)*time.Minute))
	}
	refused(t, &l, "not been looked at yet", func(l *List) error { return l.Outweigh(by(ben, 1), 1, "why not") })
	look(1, Unknown)
	require.False(t, l.Items[0].Ticked(), "who cannot know has not passed")
	look(2, Passed)
	require.True(t, l.Items[0].Ticked())
	require.False(t, l.Items[1].Ticked(), "only what has a probe ticks itself")
	refused(t, &l, "has passed", func(l *List) error { return l.Outweigh(by(ben, 3), 1, "why not") })
	look(16, Passed)
	look(31, Failed)
	require.False(t, l.Items[0].Ticked())
	require.Equal(t, nine.Add(31*time.Minute), l.Items[0].Fell)
	require.Equal(t, []string{"ticked", "unticked"}, whats(l), "what has not changed is not written down")

	refused(t, &l, "reason is empty", func(l *List) error { return l.Outweigh(by(ben, 32), 1, "  ") })
	refused(t, &l, "looked at by people", func(l *List) error { return l.Outweigh(by(ben, 32), 2, "because") })
	require.NoError(t, l.Outweigh(by(ben, 32), 1, "The disk is being replaced."))
	require.True(t, l.Items[0].Settled())
	require.False(t, l.Items[0].Ticked())
	refused(t, &l, "overrode", func(l *List) error { return l.Outweigh(by(anna, 33), 1, "me too") })
	look(46, Failed)
	require.True(t, l.Items[0].Overridden(), "it stands while the probe goes on to fail")
	look(61, Passed)
	require.False(t, l.Items[0].Overridden())
	require.Equal(t, "The disk is being replaced.", l.Items[0].Override.Reason, "it stays to be read")
	look(76, Failed)
	require.False(t, l.Items[0].Settled(), "an override is for the failure that it was written about")
}

func TestFinish(t *testing.T) {
	l := opened(t, daily(), "")
	refused(t, &l, "“Backups are verified”, “Review logs”, “Look at alerts”", func(l *List) error { return l.Finish(by(anna, 1)) })
	require.NoError(t, l.Tick(by(anna, 2), 2))
	require.NoError(t, l.Tick(by(anna, 2), 3))
	l.Found(map[int]Evidence{1: {Outcome: Failed, Say: "too old"}}, 0, nine)
	refused(t, &l, "“Backups are verified”", func(l *List) error { return l.Finish(by(anna, 3)) })
	require.Zero(t, l.Complete)
	require.NoError(t, l.Outweigh(by(ben, 4), 1, "known"))
	require.Equal(t, nine.Add(4*time.Minute), l.Complete, "the optional one is not waited for")
	require.NoError(t, l.Finish(by(ben, 5)))
	require.Equal(t, Done, l.Status)
	require.True(t, l.OnTime())
	for name, decide := range map[string]func(*List) error{
		"finish": func(l *List) error { return l.Finish(by(anna, 6)) }, "tick": func(l *List) error { return l.Tick(by(anna, 6), 4) },
		"untick": func(l *List) error { return l.Untick(by(anna, 6), 2) }, "again": func(l *List) error { return l.Again(by(anna, 6)) },
		"note": func(l *List) error { return l.Note(by(anna, 6), 2, "x") }, "override": func(l *List) error { return l.Outweigh(by(anna, 6), 1, "x") },
	} {
		t.Run(name, func(t *testing.T) { refused(t, &l, "is done since", decide) })
	}
	l.Found(map[int]Evidence{1: {Outcome: Passed}}, 0, nine)
	require.Equal(t, Failed, l.Items[0].Evidence.Outcome, "what was found stays as it was when it was closed")
}

func TestClosedByTheNext(t *testing.T) {
	next := opened(t, daily(), "")
	next.Number, next.Opened = 8, nine.Add(24*time.Hour)

	l := opened(t, daily(), "")
	other := next
	other.Template.Name = "weekly"
	l.CloseFor(other)
	require.Equal(t, Open, l.Status)
	l.CloseFor(next)
	require.Equal(t, Unfinished, l.Status)
	require.Contains(t, l.standing(), "#8. Left: “Backups are verified”, “Review logs”, “Look at alerts”.")
	require.NotContains(t, l.standing(), "plants")
	refused(t, &l, "closed unfinished", func(l *List) error { return l.Tick(by(anna, 9), 2) })

	l = opened(t, daily(), "")
	require.NoError(t, l.Tick(by(anna, 2), 2))
	require.NoError(t, l.Tick(by(anna, 2), 3))
	l.Found(map[int]Evidence{1: {Outcome: Passed}}, 0, nine.Add(200*time.Minute))
	l.CloseFor(next)
	require.Equal(t, Done, l.Status, "nothing was left; only nobody said so")
	require.False(t, l.OnTime(), "the backups came after it was due")
}

func TestDeploymentIsForAVersion(t *testing.T) {
	template := Template{Name: "deployment", Title: "Deployment checklist", Versioned: true, Items: []Item{{Text: "Tests pass"}}}
	for _, version := range []string{"", "  ", "a version whose name is so long that nobody could ever remember it"} {
		_, err := Rules{}.open(by(anna, 0), template, version)
		require.Error(t, err, version)
	}
	_, err := Rules{}.open(by(anna, 0), daily(), "v1")
	require.Error(t, err)

	l := opened(t, template, " v1.4.2\n")
	require.Equal(t, "v1.4.2", l.Version)
	refused(t, &l, "still wants “Tests pass”", func(l *List) error { return l.Finish(by(anna, 1)) })
	require.False(t, l.Ready())
	require.NoError(t, l.Tick(by(anna, 2), 1))
	require.False(t, l.Ready(), "somebody has to say so")
	require.NoError(t, l.Finish(by(ben, 3)))
	require.True(t, l.Ready())
	require.Contains(t, l.standing(), "*Ready to deploy* `v1.4.2`: <@U2BEN>, "+chat.Time(nine.Add(3*time.Minute)))
}

func TestNotes(t *testing.T) {
	l := opened(t, daily(), "")
	refused(t, &l, "note is empty", func(l *List) error { return l.Note(by(anna, 1), 1, " ") })
	require.NoError(t, l.Note(by(anna, 1), 2, "see <@U2BEN> & <!channel>"))
	require.Contains(t, l.personLine(l.Items[1]), "see <@U2BEN> &amp; &lt;!channel&gt;", "nobody calls everybody")
	require.False(t, l.Items[1].Ticked())
}
