package health

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/charts"
	"github.com/kampyn/opsbot/chat"
)

const (
	// singly is up to which span each look is drawn, hourly up to which hours are; beyond that it is days.
	singly = 50 * time.Hour
	hourly = 15 * 24 * time.Hour
)

// Picture shows how long looks took, when they failed, when there was maintenance and when nobody looked. Key and Comment
// are the caller's.
func (r Review) Picture() (bot.Picture, error) {
	lines := r.lines()
	png, err := lines.PNG()
	if err != nil {
		return bot.Picture{}, fmt.Errorf("health: draw the history of %s: %w", r.Check.Name, err)
	}
	return bot.Picture{Name: "health-" + r.Check.Name + "-" + r.From.In(r.Zone).Format(time.DateOnly) + ".png", Title: r.Check.Name + ", health",
		Alt: lines.Alt(), PNG: png}, nil
}

func (r Review) lines() charts.Lines {
	l := charts.Lines{Title: r.Check.Name, Subtitle: r.InAWord(), From: r.From.In(r.Zone), To: r.To.In(r.Zone)}
	took := charts.Plot{Title: "Time to answer", Unit: "s", None: "No good answer was measured"}
	if r.Check.Limit > 0 {
		took.Limit = charts.Level{Y: r.Check.Limit.Seconds(), Label: "limit " + chat.Span(r.Check.Limit)}
	}
	switch span := r.To.Sub(r.From); {
	case span <= singly && len(r.Samples) > 0:
		l.Gap = r.Check.gap()
		took.Curves = r.eachLook()
	case span <= hourly:
		// Hours and days that were rolled up stand in one line: what interrupts it are the absences.
		l.Gap = 37 * time.Hour
		took.Title += ", by hour"
		took.Curves = byStretch(r.Stretches, r.Zone)
	default:
		l.Gap = 37 * time.Hour
		took.Title += ", by day"
		days := r.Days(r.Zone)
		took.Curves = byStretch(days, r.Zone)
		l.Plots = append(l.Plots, charts.Plot{Title: "Looks that went well, by day", Unit: "%", None: "Nothing was measured", Curves: wentWell(days, r.Zone)})
	}
	l.Plots = append([]charts.Plot{took}, l.Plots...)
	for kind, spans := range map[charts.SpanKind][]Between{charts.Failing: r.Troubles, charts.Maintenance: r.Maintained, charts.Absent: r.Absent} {
		for _, s := range spans {
			l.Spans = append(l.Spans, charts.Span{Kind: kind, From: s.From, To: s.To})
		}
	}
	return l
}

// eachLook is how long each good look took; one that failed ends the line before it.
func (r Review) eachLook() []charts.Curve {
	curve := charts.Curve{Name: "answer"}
	for _, s := range r.Samples {
		value := s.Took.Seconds()
		if s.Outcome != OK {
			value = math.NaN()
		}
		curve.Points = append(curve.Points, charts.Moment{At: s.At.In(r.Zone), Value: value})
	}
	return []charts.Curve{curve}
}

func byStretch(all []Stretch, zone *time.Location) []charts.Curve {
	curves := []charts.Curve{{Name: "median"}, {Name: "95 % are faster", Shade: true}, {Name: "slowest"}}
	for _, s := range all {
		at := s.From.Add(s.To.Sub(s.From) / 2).In(zone)
		median, ok := s.Tally.Percentile(0.5)
		most, _ := s.Tally.Percentile(0.95)
		values := []float64{median.Seconds(), most.Seconds(), s.Tally.Slowest.Seconds()}
		for i := range curves {
			if !ok {
				values[i] = math.NaN()
			}
			curves[i].Points = append(curves[i].Points, charts.Moment{At: at, Value: values[i]})
		}
	}
	return curves
}

func wentWell(days []Stretch, zone *time.Location) []charts.Curve {
	curve := charts.Curve{Name: "went well"}
	for _, s := range days {
		value := math.NaN()
		if share, ok := s.Tally.Uptime(); ok {
			value = 100 * share
		}
		curve.Points = append(curve.Points, charts.Moment{At: s.From.Add(s.To.Sub(s.From) / 2).In(zone), Value: value})
	}
	return []charts.Curve{curve}
}

// InAWord is the review in a line of plain text: "up 99.93 % · median 120 ms · longest trouble 12 min".
func (r Review) InAWord() string {
	t := r.Tally()
	said := []string{"nothing was measured"}
	if up := t.Percent(); up != "" {
		said = []string{"up " + up}
	}
	if median, ok := t.Percentile(0.5); ok {
		said = append(said, "median "+chat.Span(median))
	}
	if worst, ok := r.Longest(r.From, r.To); ok {
		said = append(said, "longest trouble "+chat.Span(worst.To.Sub(worst.From)))
	}
	return strings.Join(said, " · ")
}

// Percent is the uptime in words: "99.93 %", never rounded up, so that 100 % means that nothing failed; "" if nothing is
// known.
func (t Tally) Percent() string {
	share, ok := t.Uptime()
	if !ok {
		return ""
	}
	return strconv.FormatFloat(math.Floor(share*10000)/100, 'f', -1, 64) + " %"
}
