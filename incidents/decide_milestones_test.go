package incidents

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCorrectingMilestones(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	correct := func(m Milestone, at time.Time, reason string) func(*Incident) error {
		return func(i *Incident) error { return i.Correct(by(ben, 60), m, at, reason) }
	}
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

	refused(t, i, "I don't know the milestone", correct("lunch", noon, "hungry"))
	refused(t, i, "needs a reason", correct(Began, minute(-5), " "))
	refused(t, i, "Give a date and a time", correct(Began, time.Time{}, "the log says so"))
	refused(t, i, "in the future", correct(Acknowledged, minute(61), "soon"))
	refused(t, i, "has not been mitigated yet", correct(WasMitigated, minute(5), "it was"))
	refused(t, i, "has not been resolved yet", correct(WasResolved, minute(5), "it was"))
	refused(t, i, "would then come after “detected”", correct(Began, minute(1), "the log says so"))
	refused(t, i, "would then come before “impact began”", correct(Detected, minute(-1), "the log says so"))
	refused(t, i, "already (the declaration", correct(Began, noon, "the log says so"))

	require.NoError(t, correct(Began, minute(-20), "the log <says> so")(i))
	require.Equal(t, Mark{At: minute(-20), Source: "corrected by <@U0BEN>", By: ben, Reason: "the log <says> so"}, i.Milestones[Began])
	require.Contains(t, newest(t, i).Text, "the log &lt;says&gt; so")
	require.NoError(t, correct(Detected, minute(-10), "a customer called")(i))
	require.NoError(t, correct(Acknowledged, minute(2), "by telephone")(i), "also one that was not seen yet")

	require.NoError(t, i.Advance(r, by(anna, 30), Resolved, ""))
	require.NoError(t, correct(WasMitigated, minute(20), "the graph")(i))
	refused(t, i, "would then come after “mitigated”", correct(Acknowledged, minute(21), "by telephone"))
	refused(t, i, "would then come before “mitigated”", correct(WasResolved, minute(19), "the graph"))
	require.NoError(t, i.Advance(r, by(anna, 40), Closed, ""))
	require.NoError(t, correct(WasResolved, minute(25), "the graph")(i), "the truth may be found out after closing")
	took, known := i.Took(Began, WasResolved)
	require.True(t, known)
	require.Equal(t, 45*time.Minute, took)
}

func TestATimeToTheMinuteIsTakenWithinIt(t *testing.T) {
	i := declared(t, "sev2")
	began := noon.Add(-30 * time.Second) // 11:59:30
	i.Milestones[Began] = Mark{At: began}
	i.Milestones[Detected] = Mark{At: began}
	require.NoError(t, i.Correct(by(ben, 5), Acknowledged, noon.Add(-time.Minute), "at once"))
	require.Equal(t, began, i.Milestones[Acknowledged].At)
}

func TestNoDurationBetweenWhatIsNotKnown(t *testing.T) {
	i := declared(t, "sev2")
	_, known := i.Took(Detected, WasResolved)
	require.False(t, known)
	i.Milestones[WasResolved] = Mark{At: noon.Add(-time.Hour)}
	_, known = i.Took(Detected, WasResolved)
	require.False(t, known, "nor of what is out of order")
}
