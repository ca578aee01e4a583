package incidents

import (
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/charts"
	"github.com/kampyn/opsbot/chat"
)

// Picture shows a report: incidents per week by severity, and below it how long each took to be mitigated. Key and
// Comment are the caller's.
func (r Report) Picture() (bot.Picture, error) {
	png, err := r.figure().PNG()
	if err != nil {
		return bot.Picture{}, fmt.Errorf("incidents: draw the report: %w", err)
	}
	return bot.Picture{Name: "incidents-" + r.Period.From.Format(time.DateOnly) + ".png", Title: "Incidents, " + r.Period.days(),
		Alt: r.Alt(), PNG: png}, nil
}

// days are the first and the last day.
func (p Period) days() string {
	last := p.Until.Add(-time.Nanosecond)
	from := p.From.Format("2 Jan")
	if p.From.Year() != last.Year() {
		from = p.From.Format("2 Jan 2006")
	}
	return from + " to " + last.Format("2 Jan 2006")
}

// Title is the name of the period with its days.
func (p Period) Title() string {
	if strings.Contains(p.Name, p.From.Format(time.DateOnly)) {
		return p.days()
	}
	return p.Name + ", " + p.days()
}

func (r Report) figure() charts.Figure {
	weeks := charts.Panel{Title: "Incidents per week (number)", From: -0.5, To: float64(len(r.Weeks)) - 0.5, None: "No incidents",
		Axis: "week from Monday"}
	took := charts.Panel{Title: "Time to mitigate (min, h, d)", From: weeks.From, To: weeks.To, Scale: charts.Durations,
		Axis: "day of declaration", None: "Nothing was mitigated yet"}
	if r.Incidents.All == 0 {
		took.None = weeks.None
	}
	for n, week := range r.Weeks {
		weeks.Ticks = append(weeks.Ticks, charts.Tick{At: float64(n) - 0.5, Label: week.From.Format("2 Jan")})
	}
	took.Ticks = weeks.Ticks
	for _, name := range r.Severities {
		var bars []float64
		for _, week := range r.Weeks {
			bars = append(bars, float64(week.N[name]))
		}
		var dots []charts.Point
		for _, p := range r.Mitigated {
			if p.Severity == name {
				dots = append(dots, charts.Point{X: r.place(p.At), Y: p.Took.Seconds()})
			}
		}
		weeks.Bars, took.Dots = append(weeks.Bars, bars), append(took.Dots, dots)
	}
	if m := r.Incidents.Mitigate; m.N >= LeastMedian {
		took.Level = charts.Level{Y: m.Median.Seconds(), Label: "median " + chat.Span(m.Median)}
	}
	return charts.Figure{Title: "Incidents by severity", Subtitle: upper(r.Period.Title()), Legend: r.Severities, Panels: []charts.Panel{weeks, took}}
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// place is where a moment is among the weeks: the middle of the first one is at 0.
func (r Report) place(at time.Time) float64 {
	const week = 7 * 24 * time.Hour
	return float64(at.Sub(r.Weeks[0].From))/float64(week) - 0.5
}

// Alt says in words what the picture shows, in at most 1,000 characters.
func (r Report) Alt() string {
	s := r.Incidents
	if s.All == 0 {
		return fmt.Sprintf("Charts without data: there were no incidents from %s.", r.Period.days())
	}
	text := fmt.Sprintf("%s from %s: %s. ", chat.Plural(int64(s.All), "incident"), r.Period.days(), counts(s.BySeverity))
	if m := s.Mitigate; m.N == 0 {
		text += "None has been mitigated yet."
	} else {
		text += fmt.Sprintf("Time from impact to mitigation of %d: ", m.N)
		if m.N >= LeastMedian {
			text += "median " + chat.Span(m.Median) + ", "
		}
		text += "longest " + chat.Span(m.Longest) + "."
	}
	weeks := " Per week, from each Monday: "
	quiet := 0
	for _, week := range r.Weeks {
		var by []Count
		for _, name := range r.Severities {
			if n := week.N[name]; n > 0 {
				by = append(by, Count{name, n})
			}
		}
		if len(by) == 0 {
			quiet++
			continue
		}
		said := fmt.Sprintf("%s %s; ", week.From.Format("2 Jan"), counts(by))
		if len(text)+len(weeks)+len(said) > 900 {
			return text + weeks + "and so on."
		}
		weeks += said
	}
	if quiet > 0 {
		weeks += "none in " + chat.Plural(int64(quiet), "other week") + "; "
	}
	return text + strings.TrimSuffix(weeks, "; ") + "."
}

// counts writes "2 sev1, 5 sev2".
func counts(all []Count) string {
	said := []string{}
	for _, c := range all {
		said = append(said, fmt.Sprintf("%d %s", c.N, c.Name))
	}
	return strings.Join(said, ", ")
}
