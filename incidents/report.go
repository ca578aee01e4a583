package incidents

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/state"
)

// Report is what the incidents of a period come to.
type Report struct {
	Period Period
	// Incidents are the real ones, Drills the others, which count nowhere else.
	Incidents, Drills Stats
	// Weeks are those of the period, each from Monday, with the real incidents; Mitigated, how long those took that
	// have been mitigated, in the order of their declaration.
	Weeks     []Week
	Mitigated []Point
	// Severities are those of the configuration, the worst first, then those that only incidents know.
	Severities []string
}

// Stats are the numbers of some incidents.
type Stats struct {
	// All are Going (the trouble has not ended), Resolved (but not closed) and Closed. Private ones are among them.
	All, Going, Resolved, Closed, Private int
	// BySeverity is in the order of Report.Severities, without those that have none; ByService has the most first. An
	// incident counts for each of its services, and for "" when none was named.
	BySeverity, ByService []Count
	// Acknowledge is from the detection on, Mitigate and Resolve are from the beginning of the impact on.
	Acknowledge, Mitigate, Resolve Times
	// Filed and Missing are the post-mortems: a missing one is asked for by the severity, and the trouble has ended.
	Filed, Missing int
	// OpenActions are to be done, OverdueActions among them should have been; DoneActions are done.
	OpenActions, OverdueActions, DoneActions int
}

// Count is how often something is there.
type Count struct {
	Name string
	N    int
}

// Times is how long something took.
type Times struct {
	// N were measured; in Waiting others it has not come to pass or is not known.
	N, Waiting int
	// Median and P90 are nearest-rank percentiles, so each is the time of a real incident; see percentile. Median is
	// there from LeastMedian measured ones on, P90 from LeastP90 on: below that, a 90th percentile is the longest.
	// Longest is there from one on.
	Median, P90, Longest time.Duration
}

// How many have to be measured for a percentile to say anything.
const (
	LeastMedian = 3
	LeastP90    = 10
)

// Week is how many incidents were declared in a week, by severity.
type Week struct {
	From time.Time
	N    map[string]int
}

// Point is how long one incident took.
type Point struct {
	At       time.Time
	Severity string
	Took     time.Duration
}

// Report counts the incidents that were declared in a period, by the records as they are now.
func (d *Desk) Report(ctx context.Context, p Period) (Report, error) {
	all, err := d.query(ctx, state.Query{OrderBy: "at", Where: []state.Condition{
		{Field: "at", Op: state.GreaterEqual, Value: state.SortableTime(p.From)},
		{Field: "at", Op: state.Less, Value: state.SortableTime(p.Until)}}})
	if err != nil {
		return Report{}, err
	}
	return d.o.Rules.report(all, p, d.o.Now()), nil
}

// report counts incidents that are in the order of their declaration.
func (r Rules) report(all []Incident, p Period, now time.Time) Report {
	report := Report{Period: p, Weeks: weeks(p), Severities: r.severityNames(all)}
	var real, drills []Incident
	for _, i := range all {
		if i.Drill {
			drills = append(drills, i)
			continue
		}
		real = append(real, i)
		for n := len(report.Weeks) - 1; n >= 0; n-- {
			if !i.At.Before(report.Weeks[n].From) || n == 0 {
				report.Weeks[n].N[i.Severity]++
				break
			}
		}
		if took, known := i.Took(Began, WasMitigated); known {
			report.Mitigated = append(report.Mitigated, Point{At: i.At, Severity: i.Severity, Took: took})
		}
	}
	report.Incidents = r.stats(real, report.Severities, now)
	report.Drills = r.stats(drills, report.Severities, now)
	return report
}

// severityNames are those of the configuration, then those that only incidents know, by name.
func (r Rules) severityNames(all []Incident) []string {
	names, old := []string{}, map[string]bool{}
	for _, s := range r.Severities {
		names = append(names, s.Name)
	}
	for _, i := range all {
		if !slices.Contains(names, i.Severity) {
			old[i.Severity] = true
		}
	}
	return append(names, slices.Sorted(maps.Keys(old))...)
}

// weeks are those that a period has a part of.
func weeks(p Period) []Week {
	y, m, d := p.From.Date()
	monday := d - (int(p.From.Weekday())+6)%7
	var all []Week
	for n := 0; ; n++ {
		from := time.Date(y, m, monday+7*n, 0, 0, 0, 0, p.From.Location())
		if n > 0 && !from.Before(p.Until) {
			return all
		}
		all = append(all, Week{From: from, N: map[string]int{}})
	}
}

func (r Rules) stats(all []Incident, severities []string, now time.Time) Stats {
	s := Stats{All: len(all)}
	bySeverity, byService := map[string]int{}, map[string]int{}
	for _, i := range all {
		bySeverity[i.Severity]++
		s.count(r, i, now)
		services := slices.Clone(i.Services)
		if len(services) == 0 {
			services = []string{""}
		}
		slices.Sort(services)
		for _, name := range slices.Compact(services) {
			byService[name]++
		}
	}
	for _, name := range severities {
		if n := bySeverity[name]; n > 0 {
			s.BySeverity = append(s.BySeverity, Count{name, n})
		}
	}
	for name, n := range byService {
		s.ByService = append(s.ByService, Count{name, n})
	}
	slices.SortFunc(s.ByService, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name)) })
	s.Acknowledge = measure(all, Detected, Acknowledged)
	s.Mitigate = measure(all, Began, WasMitigated)
	s.Resolve = measure(all, Began, WasResolved)
	return s
}

// count adds what one incident is by itself.
func (s *Stats) count(r Rules, i Incident, now time.Time) {
	switch i.Status {
	case Closed:
		s.Closed++
	case Resolved:
		s.Resolved++
	default:
		s.Going++
	}
	if i.Private {
		s.Private++
	}
	switch {
	case i.PostMortem.Number > 0 || !i.PostMortem.At.IsZero():
		s.Filed++
	case r.severityOf(i).PostMortem && i.Status.Over():
		s.Missing++
	}
	for _, a := range i.Actions {
		if !a.Done.IsZero() {
			s.DoneActions++
		}
		if a.Open() {
			s.OpenActions++
			if !a.Due.IsZero() && a.Due.Before(now) {
				s.OverdueActions++
			}
		}
	}
}

// measure takes the time between two milestones of those incidents that have both.
func measure(all []Incident, from, to Milestone) Times {
	var took []time.Duration
	for _, i := range all {
		if d, known := i.Took(from, to); known {
			took = append(took, d)
		}
	}
	slices.Sort(took)
	t := Times{N: len(took), Waiting: len(all) - len(took)}
	if t.N > 0 {
		t.Longest = took[t.N-1]
	}
	if t.N >= LeastMedian {
		t.Median = percentile(took, 50)
	}
	if t.N >= LeastP90 {
		t.P90 = percentile(took, 90)
	}
	return t
}

// percentile is the nearest-rank percentile of sorted values, the least one that p percent of all do not exceed: the
// first of the nine definitions in Hyndman and Fan, Sample Quantiles in Statistical Packages, The American Statistician
// 50 (1996), https://doi.org/10.1080/00031305.1996.10473566. It does not interpolate between values.
func percentile(sorted []time.Duration, p int) time.Duration {
	rank := (p*len(sorted) + 99) / 100 // rounded up
	return sorted[max(rank, 1)-1]
}
