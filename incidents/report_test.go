package incidents

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

// thursday is 2026-03-26.
var thursday = time.Date(2026, 3, 26, 15, 30, 0, 0, time.UTC)

func TestPeriods(t *testing.T) {
	for said, want := range map[string]string{
		"":                       "2026-02-24 2026-03-26 the last 30 days",
		"30d":                    "2026-02-24 2026-03-26 the last 30 days",
		"30 days":                "2026-02-24 2026-03-26 the last 30 days",
		"1d":                     "2026-03-25 2026-03-26 the last day",
		"12W":                    "2026-01-01 2026-03-26 the last 12 weeks",
		"1m":                     "2026-02-26 2026-03-26 the last month",
		"6m":                     "2025-09-26 2026-03-26 the last 6 months",
		"1 year":                 "2025-03-26 2026-03-26 the last year",
		"2026-02":                "2026-02-01 2026-03-01 February 2026",
		"2026-03":                "2026-03-01 2026-03-26 March 2026",
		"2026-01-01..2026-02-28": "2026-01-01 2026-03-01 2026-01-01 to 2026-02-28",
		"2026-1-1 to 2026-12-31": "2026-01-01 2026-03-26 2026-01-01 to 2026-12-31",
		"2026-01-05…2026-01-05":  "2026-01-05 2026-01-06 2026-01-05 to 2026-01-05",
	} {
		p, err := ParsePeriod(strings.Fields(said), thursday)
		require.NoError(t, err, said)
		require.Equal(t, want, p.From.Format(time.DateOnly)+" "+p.Until.Format(time.DateOnly)+" "+p.Name, said)
		require.Zero(t, p.From.Hour(), said)
	}
	p, err := ParsePeriod([]string{"1m"}, time.Date(2026, 3, 31, 1, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, "2026-02-28", p.From.Format(time.DateOnly), "February has no 31st")
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	p, err = ParsePeriod([]string{"2026-03-29..2026-03-29"}, time.Date(2026, 4, 1, 0, 0, 0, 0, berlin))
	require.NoError(t, err)
	require.Equal(t, 23*time.Hour, p.Until.Sub(p.From), "the day on which the clocks go forward")
}

func TestWrongPeriodsLeadToTheNearest(t *testing.T) {
	for said, want := range map[string]string{
		"yesterday":              "`yesterday` is no time that I know 30d",
		"30x":                    "`30x` is no time that I know 30d",
		"12 wks":                 "`12 wks` is no time that I know 12w",
		"`6` mths":               "`'6' mths` is no time that I know 6d",
		"9999":                   "`9999` is no time that I know 30d",
		"0d":                     "a day at least 1d",
		"400d":                   "a year at most 366d",
		"99999999999999999999w":  "a year at most 52w",
		"13m":                    "a year at most 12m",
		"2y":                     "a year at most 1y",
		"2026-13":                "`2026-13` is no month 2026-03",
		"2025-00":                "`2025-00` is no month 2025-01",
		"2026-02-30..2026-03-01": "`2026-02-30` is no day 2026-02-28..2026-03-01",
		"2026-03-01..2026-00-99": "`2026-00-99` is no day 2026-03-01..2026-01-31",
		"2026-03-09..2026-03-01": "ends before it begins 2026-03-01..2026-03-09",
		"2020-01-01..2026-03-01": "a year at most 2025-03-01..2026-03-01",
		"2027-01":                "has not come yet 30d",
		"#12":                    "`#12` is no time that I know 12d",
	} {
		_, err := ParsePeriod(strings.Fields(said), thursday)
		var problem *chat.Problem
		require.True(t, errors.As(err, &problem), "%s: %v", said, err)
		words := strings.Fields(want)
		require.Contains(t, problem.Say, strings.Join(words[:len(words)-1], " "), said)
		require.Contains(t, problem.Try, "`/incident report "+words[len(words)-1]+"`", said)
		if words := strings.Fields(want); !strings.Contains(want, "2026-00") { // whose nearest is out of order, too
			_, err = ParsePeriod([]string{words[len(words)-1]}, thursday)
			require.NoError(t, err, "what is offered for %s", said)
		}
	}
}

// ago is an incident of some days before thursday that took that many minutes to be acknowledged, mitigated and
// resolved; less than none is not yet.
func ago(days int, severity string, acknowledged, mitigated, resolved int) Incident {
	at := thursday.AddDate(0, 0, -days)
	i := Incident{Severity: severity, At: at, Status: Investigating, Services: []string{"shop"},
		Milestones: map[Milestone]Mark{Began: {At: at}, Detected: {At: at}}}
	for m, minutes := range map[Milestone]int{Acknowledged: acknowledged, WasMitigated: mitigated, WasResolved: resolved} {
		if minutes >= 0 {
			i.Milestones[m] = Mark{At: at.Add(time.Duration(minutes) * time.Minute)}
		}
	}
	if resolved >= 0 {
		i.Status = Resolved
	}
	return i
}

func reported(t *testing.T, all ...Incident) Report {
	t.Helper()
	p, err := ParsePeriod(nil, thursday)
	require.NoError(t, err)
	return someRules().report(all, p, thursday)
}

func TestReportCounts(t *testing.T) {
	closed := ago(9, "sev1", 1, 20, 40)
	closed.Status, closed.Services, closed.PostMortem.Number = Closed, []string{"shop", "payments", "shop"}, 7
	closed.Actions = []Action{{Due: thursday.Add(-time.Hour)}, {Due: thursday.Add(time.Hour)}, {}, {Done: thursday}, {Dropped: true, Due: thursday.Add(-time.Hour)}}
	secret := ago(8, "sev1", 2, 30, 50)
	secret.Private, secret.Services = true, nil
	going := ago(2, "sev1", 3, -1, -1)
	old := ago(2, "p0", 4, -1, -1)
	drill := ago(1, "sev1", 1, 2, 3)
	drill.Drill, drill.Actions = true, []Action{{}}
	r := reported(t, closed, secret, ago(7, "sev3", -1, 10, 60), going, old, drill)

	s := r.Incidents
	require.Equal(t, []int{5, 2, 2, 1, 1}, []int{s.All, s.Going, s.Resolved, s.Closed, s.Private})
	require.Equal(t, []Count{{"sev1", 3}, {"sev3", 1}, {"p0", 1}}, s.BySeverity)
	require.Equal(t, []Count{{"shop", 4}, {"", 1}, {"payments", 1}}, s.ByService)
	require.Equal(t, []int{1, 1}, []int{s.Filed, s.Missing}, "the secret one lacks its own; the open one may still come; sev3 needs none")
	require.Equal(t, []int{3, 1, 1}, []int{s.OpenActions, s.OverdueActions, s.DoneActions})
	require.Equal(t, Times{N: 4, Waiting: 1, Median: 2 * time.Minute, Longest: 4 * time.Minute}, s.Acknowledge)
	require.Equal(t, Times{N: 3, Waiting: 2, Median: 20 * time.Minute, Longest: 30 * time.Minute}, s.Mitigate)
	require.Equal(t, []int{1, 0, 1}, []int{r.Drills.All, r.Drills.Going, r.Drills.Resolved})
	require.Equal(t, 1, r.Drills.OpenActions)
	require.Equal(t, Times{N: 1, Longest: 2 * time.Minute}, r.Drills.Mitigate, "two would say nothing")
	require.Len(t, r.Mitigated, 3)

	require.Len(t, r.Weeks, 5)
	require.Equal(t, time.Monday, r.Weeks[0].From.Weekday())
	require.Equal(t, []int{0, 0, 0, 1, 2}, []int{r.Weeks[0].N["sev1"], r.Weeks[1].N["sev1"], r.Weeks[2].N["sev1"], r.Weeks[4].N["sev1"], r.Weeks[3].N["sev1"]})
	total := 0
	for _, w := range r.Weeks {
		for _, n := range w.N {
			total += n
		}
	}
	require.Equal(t, 5, total, "no incident is in no week or in two")
}

func TestPercentilesAreTimesOfRealIncidents(t *testing.T) {
	var took []time.Duration
	for n := 1; n <= 20; n++ {
		took = append(took, time.Duration(n))
	}
	for n, want := range map[int][2]time.Duration{1: {1, 1}, 2: {1, 2}, 3: {2, 3}, 4: {2, 4}, 9: {5, 9}, 10: {5, 9}, 11: {6, 10}, 20: {10, 18}} {
		require.Equal(t, want, [2]time.Duration{percentile(took[:n], 50), percentile(took[:n], 90)}, n)
	}
	none := reported(t).Incidents
	require.Zero(t, none.Mitigate)
	var ten []Incident
	for n := range 10 {
		ten = append(ten, ago(3, "sev2", n, n, n))
	}
	require.Zero(t, reported(t, ten[:9]...).Incidents.Resolve.P90, "a 90th percentile of nine is the longest")
	require.Equal(t, 8*time.Minute, reported(t, ten...).Incidents.Resolve.P90)
	require.Zero(t, reported(t, ten[:2]...).Incidents.Resolve.Median)
}

func TestAltSaysWhatThePictureShows(t *testing.T) {
	require.Contains(t, reported(t).Alt(), "there were no incidents from 24 Feb to 26 Mar 2026")
	require.Equal(t, "2 incidents from 24 Feb to 26 Mar 2026: 1 sev1, 1 sev2. Time from impact to mitigation of 1: longest 1 h 30 min. "+
		"Per week, from each Monday: 9 Mar 1 sev1; 23 Mar 1 sev2; none in 3 other weeks.",
		reported(t, ago(15, "sev1", 1, 90, -1), ago(1, "sev2", 1, -1, -1)).Alt())
	var many []Incident
	for n := 365; n >= 0; n-- {
		many = append(many, ago(n, fmt.Sprintf("a-name-of-20-letter%d", n%9), 1, n, n))
	}
	p, err := ParsePeriod([]string{"1y"}, thursday)
	require.NoError(t, err)
	alt := someRules().report(many, p, thursday).Alt()
	require.LessOrEqual(t, len(alt), 1000)
	require.Contains(t, alt, "and so on")
}
