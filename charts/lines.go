package charts

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lines is what was measured over time: plots above each other over one axis, which is marked at round times of the
// location of From.
type Lines struct {
	// Title and Subtitle are a line each and cut if they are too long.
	Title, Subtitle string
	From, To        time.Time
	// Gap is how far apart two points of a curve may be for a line between them; nothing is drawn across a longer absence.
	Gap   time.Duration
	Plots []Plot
	// Spans are marked in every plot. They may overlap and reach beyond From and To.
	Spans []Span
}

// Plot is curves of one unit.
type Plot struct {
	// Title says what was measured. Unit is "s" (values are seconds, the marks are ms, s, min and so on, and by their
	// logarithm where they differ much), "%", "bytes", or any other word or none, which then stands beside the title.
	Title, Unit string
	// Curves are at best no more than four.
	Curves []Curve
	// Limit is a dashed line across, explained beside the title, if there are words.
	Limit Level
	// None is written into a plot that would be empty.
	None string
}

// Curve is a series of points. Shade fills the area down to the curve before it.
type Curve struct {
	Name   string
	Points []Moment
	Shade  bool
}

// Moment is a value at its time. One that is no number ends the line before it.
type Moment struct {
	At    time.Time
	Value float64
}

// Span is from when until when something was so.
type Span struct {
	Kind     SpanKind
	From, To time.Time
}

// SpanKind is what a span means.
type SpanKind int

// The kinds of spans.
const (
	Failing SpanKind = iota
	Maintenance
	// Absent is when nobody looked; no line crosses it.
	Absent
)

// spanNames are the words of the legend.
var spanNames = [...]string{Failing: "failing", Maintenance: "maintenance", Absent: "not measured"}

const (
	plotHeight  = 150
	stripHeight = 7 // of the signs for spans along the bottom of a plot
	plotRoom    = textSize + 11 + plotHeight + 26
)

// PNG draws the lines. It fails without a span of time, a gap and names for what is to be told apart.
func (l Lines) PNG() ([]byte, error) {
	if !l.To.After(l.From) {
		return nil, fmt.Errorf("charts: %q ends at %s and begins at %s", l.Title, l.To, l.From)
	}
	for _, p := range l.Plots {
		for _, c := range p.Curves {
			if l.Gap <= 0 && len(c.Points) > 1 {
				return nil, fmt.Errorf("charts: %q: no gap is given", l.Title)
			}
		}
	}
	l.Spans = l.merged()
	keys := l.keys()
	height := headHeight + vg.Length(len(keyRows(keys))*(textSize+7)+len(l.Plots)*plotRoom+smallSize+8)
	sheet := newPage(height)
	sheet.head(l.Title, l.Subtitle, keys)
	for _, p := range l.Plots {
		sheet.section(p.heading(), p.Limit)
		frame := frame{Canvas: draw.Canvas{Canvas: sheet.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: gutter, Y: sheet.top - plotHeight}, Max: vg.Point{X: width - margin, Y: sheet.top}}},
			lines: l, plot: p, scale: p.scale()}
		frame.draw()
		sheet.top -= plotHeight + 26
	}
	caption := style(smallSize, pale, false)
	sheet.FillText(caption, vg.Point{X: gutter, Y: sheet.top + 6}, fitting(caption, period(l.From, l.To)+" · "+zone(l.From, l.To), width-margin-gutter))
	return sheet.png()
}

// heading is the title with a unit that the marks do not have.
func (p Plot) heading() string {
	if p.Unit == "" || p.Unit == "s" || p.Unit == "%" || p.Unit == "bytes" {
		return p.Title
	}
	return fmt.Sprintf("%s (%s)", p.Title, p.Unit)
}

// merged are the spans inside of the time that is shown, in order, those of a kind that touch as one.
func (l Lines) merged() []Span {
	spans := slices.Clone(l.Spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.From.Compare(b.From)) })
	var all []Span
	for _, s := range spans {
		if s.From.Before(l.From) {
			s.From = l.From
		}
		if s.To.After(l.To) {
			s.To = l.To
		}
		if s.To.Before(s.From) {
			continue // before or after what is shown
		}
		if n := len(all) - 1; n >= 0 && all[n].Kind == s.Kind && !s.From.After(all[n].To) {
			if s.To.After(all[n].To) {
				all[n].To = s.To
			}
			continue
		}
		all = append(all, s)
	}
	return all
}

// of are the spans of a kind.
func of(kind SpanKind, spans []Span) []Span {
	return slices.DeleteFunc(slices.Clone(spans), func(s Span) bool { return s.Kind != kind })
}

// keys are the legend: curves by their names, however many plots have one, and the kinds of spans that there are.
func (l Lines) keys() []key {
	var keys []key
	names := l.names()
	for n, name := range names {
		if len(names) == 1 && len(l.Plots) == 1 && name == "" {
			break
		}
		keys = append(keys, key{name, 24, func(c draw.Canvas, left, middle vg.Length) {
			c.StrokeLine2(line(n), left, middle, left+20, middle)
		}})
	}
	for kind, name := range spanNames {
		if len(of(SpanKind(kind), l.Spans)) == 0 {
			continue
		}
		keys = append(keys, key{name, 22, func(c draw.Canvas, left, middle vg.Length) {
			sign(c, SpanKind(kind), vg.Rectangle{Min: vg.Point{X: left, Y: middle - stripHeight/2.}, Max: vg.Point{X: left + 18, Y: middle + stripHeight/2.}})
		}})
	}
	return keys
}

// names are the names of the curves, which have the colour of their place among these in every plot.
func (l Lines) names() []string {
	var names []string
	for _, p := range l.Plots {
		for _, c := range p.Curves {
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

// pens draw curves: colours that people tell apart whichever colours they see (after Okabe and Ito, darkened where they
// were too pale for a thin line), and dashes for those who see none.
var pens = []struct {
	colour color.NRGBA
	wide   vg.Length
	dashes int
}{
	{color.NRGBA{R: 0x00, G: 0x5f, B: 0x9e, A: 0xff}, 1.6, 0},
	{color.NRGBA{R: 0x3f, G: 0x9f, B: 0xd6, A: 0xff}, 1.2, 0},
	{color.NRGBA{R: 0x9a, G: 0x6a, B: 0x00, A: 0xff}, 1, 1},
	{color.NRGBA{R: 0x00, G: 0x80, B: 0x5c, A: 0xff}, 1.2, 2},
	{color.NRGBA{R: 0xa8, G: 0x4a, B: 0x86, A: 0xff}, 1.2, 3},
	{color.NRGBA{R: 0x50, G: 0x50, B: 0x50, A: 0xff}, 1.2, 4},
}

var dashes = [][]vg.Length{nil, {2, 1.5}, {5, 2}, {6, 2, 1.5, 2}, {1, 1}}

// line is how the nth curve is drawn; no two of the first 30 are alike.
func line(n int) draw.LineStyle {
	p := pens[n%len(pens)]
	return draw.LineStyle{Color: p.colour, Width: p.wide, Dashes: dashes[(p.dashes+n/len(pens))%len(dashes)]}
}

// runs are the stretches of a curve between From and To that are drawn as one line, each point once.
func (l Lines) runs(c Curve) [][]Moment {
	points := slices.Clone(c.Points)
	slices.SortStableFunc(points, func(a, b Moment) int { return a.At.Compare(b.At) })
	var runs [][]Moment
	var last Moment
	joined := false
	for _, p := range points {
		if p.At.Before(l.From) || p.At.After(l.To) {
			continue
		}
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			joined = false
			continue
		}
		if !joined || p.At.Sub(last.At) > l.Gap || l.absent(last.At, p.At) {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], p)
		last, joined = p, true
	}
	return runs
}

// absent says whether nobody looked for a while between two moments.
func (l Lines) absent(from, to time.Time) bool {
	return slices.ContainsFunc(l.Spans, func(s Span) bool { return s.Kind == Absent && s.From.Before(to) && s.To.After(from) })
}
