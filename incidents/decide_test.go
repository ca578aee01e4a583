package incidents

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

var (
	anna = chat.User{ID: "U0ANNA", Name: "anna"}
	ben  = chat.User{ID: "U0BEN", Name: "ben"}
	noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
)

// someRules are three severities that differ in all that follows from one.
func someRules() Rules {
	return Rules{
		Severities: []Severity{
			{Name: "sev1", When: "All is down.", UpdateEvery: 30 * time.Minute, Security: true, Stakeholders: true, PostMortem: true, Nights: true},
			{Name: "sev2", When: "Much is down.", UpdateEvery: time.Hour, Stakeholders: true},
			{Name: "sev3", When: "Little is down."},
		},
		Services:      []string{"shop", "payments"},
		OnCall:        []string{"S0ONCALL"},
		FirstResponse: []string{"Triage & tell", "Isolate"},
		Quiet:         Quiet{From: 22 * time.Hour, To: 7 * time.Hour, Location: time.UTC},
		Location:      time.UTC,
	}
}

// by is a decision some minutes after noon.
func by(who chat.User, minutes int) Act {
	return Act{By: who, At: noon.Add(time.Duration(minutes) * time.Minute)}
}

// declared is an incident of that severity, declared by anna at noon.
func declared(t *testing.T, severity string) *Incident {
	t.Helper()
	i, err := someRules().declare(by(anna, 0), Declaration{Title: "Payments fail", Severity: severity, Services: []string{"payments"}})
	require.NoError(t, err)
	i.Number = 12
	return &i
}

// refused says that the decision was answered with a problem that says so, and changed nothing.
func refused(t *testing.T, i *Incident, says string, decide func(*Incident) error) {
	t.Helper()
	before := asJSON(t, i)
	err := decide(i)
	var problem *chat.Problem
	require.True(t, errors.As(err, &problem), "%v", err)
	require.Contains(t, err.Error(), says)
	require.Equal(t, before, asJSON(t, i), "a refused decision changed the incident")
}

func newest(t *testing.T, i *Incident) Moment {
	t.Helper()
	require.NotEmpty(t, i.History)
	return i.History[len(i.History)-1]
}

func TestDeclaring(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	require.Equal(t, Investigating, i.Status)
	require.Equal(t, noon.Add(time.Hour), i.Update.Due)
	require.Len(t, i.Response, 2)
	require.Equal(t, noon, i.Milestones[Began].At)
	require.Contains(t, i.Milestones[Began].Source, "nothing earlier is known")
	require.Equal(t, "declared", newest(t, i).What)
	require.Zero(t, declared(t, "sev3").Update.Due)

	seen, err := r.declare(by(anna, 0), Declaration{Title: "x", Severity: "sev1", Began: noon.Add(-5 * time.Minute), Source: "the check of the shop"})
	require.NoError(t, err)
	require.Equal(t, Mark{At: noon.Add(-5 * time.Minute), Source: "the check of the shop"}, seen.Milestones[Began])
	require.Equal(t, seen.Milestones[Began], seen.Milestones[Detected])

	for says, what := range map[string]Declaration{
		"needs a title":              {Severity: "sev1", Title: " \n"},
		"at most 120":                {Severity: "sev1", Title: string(make([]byte, 121))},
		"Did you mean `sev1`":        {Severity: "sev11", Title: "x"},
		"I don't know the service":   {Severity: "sev1", Title: "x", Services: []string{"shop", "moon"}},
		"I don't know the severity ": {Title: "x"},
	} {
		_, err := r.declare(by(anna, 0), what)
		require.ErrorContains(t, err, says)
	}
	late, err := r.declare(by(anna, 0), Declaration{Title: "x", Severity: "sev1", Began: noon.Add(time.Minute), Source: "a clock that is wrong"})
	require.NoError(t, err)
	require.Equal(t, noon, late.Milestones[Began].At, "what lies after the declaration is not believed")
}

func TestEveryTransition(t *testing.T) {
	r := someRules()
	for n, from := range Statuses() {
		for m, to := range Statuses() {
			i := declared(t, "sev2")
			if from != Investigating {
				require.NoError(t, i.Advance(r, by(anna, 1), Resolved, ""))
			}
			i.Status = from
			with := func(reason string) func(*Incident) error {
				return func(i *Incident) error { return i.Advance(r, by(ben, 2), to, reason) }
			}
			switch {
			case from == to:
				refused(t, i, string(to)+" already", with("because"))
			case m < n:
				refused(t, i, "needs a reason", with("  "))
				require.NoError(t, with("it is <b>back")(i))
				require.Equal(t, to, i.Status)
				require.Equal(t, by(ben, 2).At, i.Since)
				require.Equal(t, "<@U0BEN> set the status from *"+string(from)+"* to *"+string(to)+"*: it is &lt;b&gt;back", newest(t, i).Text)
			case to == Closed && from != Resolved:
				refused(t, i, "only a resolved one", with("enough"))
			default:
				require.NoError(t, with("")(i))
				require.Equal(t, to, i.Status)
			}
		}
	}
	refused(t, declared(t, "sev2"), "Did you mean `mitigated`", func(i *Incident) error { return i.Advance(r, by(ben, 1), "mitigatd", "") })
}

func TestStatusMovesMilestonesAndUpdates(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	require.NotContains(t, i.Milestones, Acknowledged)
	require.NoError(t, i.Advance(r, by(ben, 5), Identified, ""))
	require.Equal(t, by(ben, 5).At, i.Milestones[Acknowledged].At)
	require.Equal(t, noon.Add(time.Hour), i.Update.Due, "a status is no update")
	require.NoError(t, i.Advance(r, by(ben, 10), Resolved, "gone"))
	require.Equal(t, by(ben, 10).At, i.Milestones[WasMitigated].At, "what is resolved is mitigated")
	require.Equal(t, "<@U0BEN> set the status to resolved", i.Milestones[WasResolved].Source)
	require.Zero(t, i.Update.Due)
	took, known := i.Took(Detected, WasResolved)
	require.True(t, known)
	require.Equal(t, 10*time.Minute, took)

	require.NoError(t, i.Advance(r, by(anna, 12), Closed, ""))
	require.Equal(t, by(anna, 12).At, i.Closing)
	require.NoError(t, i.Advance(r, by(anna, 13), Resolved, "closed too soon"))
	require.Zero(t, i.Closing)
	require.Contains(t, i.Milestones, WasResolved)

	require.NoError(t, i.Advance(r, by(anna, 14), Mitigated, "half of it is back"))
	require.NotContains(t, i.Milestones, WasResolved)
	require.Equal(t, by(ben, 10).At, i.Milestones[WasMitigated].At)
	require.Equal(t, by(anna, 14).At.Add(time.Hour), i.Update.Due)
	require.NoError(t, i.Advance(r, by(anna, 15), Investigating, "all of it is back"))
	require.NotContains(t, i.Milestones, WasMitigated)
	require.Equal(t, by(anna, 14).At.Add(time.Hour), i.Update.Due, "going back puts no update off")
	require.NoError(t, i.Advance(r, by(anna, 30), Mitigated, ""))
	require.Equal(t, by(anna, 30).At, i.Milestones[WasMitigated].At)
}

func TestGoingBackStartsStoppedReminders(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	require.NoError(t, i.Advance(r, by(anna, 1), Mitigated, ""))
	require.NoError(t, i.Snooze(by(anna, 2), time.Time{}, 0))
	require.NoError(t, i.Advance(r, by(anna, 3), Identified, "it is worse"))
	require.False(t, i.Update.Stopped)
	require.Equal(t, by(anna, 3).At.Add(time.Hour), i.Update.Due)
}

func TestClosingNeedsThePostMortemOfUpperSeverities(t *testing.T) {
	r := someRules()
	i := declared(t, "sev1")
	require.NoError(t, i.Advance(r, by(anna, 1), Resolved, ""))
	closing := func(i *Incident) error { return i.Advance(r, by(anna, 2), Closed, "") }
	refused(t, i, "before its post-mortem is filed", closing)
	i.PostMortem.Wanted = true
	refused(t, i, "It is being filed", closing)
	i.PostMortem.Fault = "GitHub is down."
	refused(t, i, "GitHub is down. That is tried again by itself.", closing)
	i.PostMortem.Number = 7
	require.NoError(t, closing(i))

	lowered := declared(t, "sev1")
	require.NoError(t, lowered.SetSeverity(r, by(anna, 1), "sev3", "nobody noticed"))
	require.NoError(t, lowered.Advance(r, by(anna, 1), Resolved, ""))
	require.NoError(t, closing(lowered))
	gone := declared(t, "sev1")
	gone.Severity = "catastrophe"
	require.NoError(t, gone.Advance(r, by(anna, 1), Resolved, ""))
	require.NoError(t, closing(gone), "a severity that nobody knows any more asks for nothing")
}

func TestSeverity(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	set := func(name, reason string, minutes int) func(*Incident) error {
		return func(i *Incident) error { return i.SetSeverity(r, by(ben, minutes), name, reason) }
	}
	refused(t, i, "sev2 already", set("sev2", "why not", 1))
	refused(t, i, "needs a reason", set("sev1", " ", 1))
	refused(t, i, "Did you mean `sev1`", set("sev0", "very bad", 1))

	require.NoError(t, set("sev1", "cards <@U0ANNA> & all", 10)(i))
	require.Equal(t, "<@U0BEN> changed the severity from *sev2* to *sev1*: cards <@U0ANNA> &amp; all", newest(t, i).Text)
	require.Equal(t, noon.Add(40*time.Minute), i.Update.Due, "sev1 asks for updates more often")
	require.NoError(t, set("sev2", "it was less", 20)(i))
	require.Equal(t, noon.Add(80*time.Minute), i.Update.Due)
	require.NoError(t, set("sev1", "it was more", 70)(i))
	require.Equal(t, noon.Add(80*time.Minute), i.Update.Due, "what got worse puts no update off")
	require.NoError(t, set("sev3", "it is nothing", 71)(i))
	require.Zero(t, i.Update.Due)

	i.Update.Stopped = true
	require.NoError(t, set("sev2", "it is something", 72)(i))
	require.False(t, i.Update.Stopped)
	require.Equal(t, noon.Add(132*time.Minute), i.Update.Due)
	i.Update.Stopped, i.Update.Due = true, time.Time{}
	require.NoError(t, set("sev3", "it is not", 73)(i))
	require.True(t, i.Update.Stopped)

	require.NoError(t, i.Advance(r, by(anna, 80), Resolved, ""))
	require.NoError(t, set("sev2", "in hindsight", 81)(i))
	require.Zero(t, i.Update.Due, "no update is due of what is resolved")
	require.NoError(t, i.Advance(r, by(anna, 82), Closed, ""))
	refused(t, i, "was closed", set("sev3", "in hindsight", 83))

	gone := declared(t, "sev2")
	gone.Severity = "catastrophe"
	require.NoError(t, set("sev3", "that one is not used any more", 5)(gone))
	require.Equal(t, "sev3", gone.Severity)
}

func TestFindingsKeepWhatWasSaid(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	require.Equal(t, []string{"the root cause", "the impact on customers", "what was done"}, i.Findings.Missing())
	require.NoError(t, i.Find(by(anna, 1), Findings{Cause: " a full disk ", Well: "the alert"}))
	require.NoError(t, i.Find(by(ben, 2), Findings{Impact: "none", Done: "\n"}))
	require.Equal(t, Findings{Cause: "a full disk", Impact: "none", Well: "the alert"}, i.Findings)
	require.Equal(t, []string{"what was done"}, i.Findings.Missing())
	moments := len(i.History)
	require.NoError(t, i.Find(by(ben, 3), Findings{Impact: "none"}))
	require.Len(t, i.History, moments, "nothing new, nothing to tell")
	require.NoError(t, i.Advance(r, by(anna, 4), Resolved, ""))
	require.NoError(t, i.Advance(r, by(anna, 5), Closed, ""))
	refused(t, i, "was closed", func(i *Incident) error { return i.Find(by(ben, 6), Findings{Done: "much"}) })
}

func TestHistoryKeepsWhatIsNotRecorded(t *testing.T) {
	i := declared(t, "sev2")
	for n := range 60 {
		i.note(by(anna, n), "test", "x")
	}
	require.Len(t, i.History, 61, "nothing is recorded yet")
	i.Logged = 61
	i.note(by(anna, 61), "test", "x")
	require.Len(t, i.History, 40)
	require.Equal(t, 62, newest(t, i).N)
}
