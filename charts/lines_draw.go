package charts

import (
	"image/color"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// frame is a plot on its place of the page.
type frame struct {
	draw.Canvas
	lines Lines
	plot  Plot
	scale scale
}

// How spans are seen: dark signs in the strip along the bottom, where a short one is a point wide at least, and a tint
// over the whole height as long as they were.
var (
	failing = color.NRGBA{R: 0xb8, G: 0x1d, B: 0x24, A: 0xff}
	tints   = [...]color.NRGBA{
		Failing:     {R: 0xf6, G: 0xd9, B: 0xd6, A: 0xff},
		Maintenance: {R: 0xea, G: 0xea, B: 0xe6, A: 0xff},
		Absent:      {R: 0xf0, G: 0xf0, B: 0xed, A: 0xff},
	}
)

func (f frame) draw() {
	f.tint()
	f.grid()
	curves := f.curves()
	if len(curves) == 0 {
		s := style(textSize, pale, false)
		s.XAlign, s.YAlign = text.XCenter, text.YCenter
		f.FillText(s, f.Center(), fitting(s, f.plot.None, f.Size().X))
	}
	for _, c := range curves {
		c.shade(f)
	}
	// The first curve matters most and is on top.
	for _, c := range slices.Backward(curves) {
		c.stroke(f)
	}
	if f.plot.Limit.Label != "" {
		y := f.y(f.plot.Limit.Y)
		f.StrokeLine2(dashed, f.Min.X, y, f.Max.X, y)
	}
	f.strip()
}

// bottom is where the values begin, above the strip if there are spans.
func (f frame) bottom() vg.Length {
	if len(f.lines.Spans) == 0 {
		return f.Min.Y
	}
	return f.Min.Y + stripHeight + 2
}

func (f frame) x(at time.Time) vg.Length {
	return f.X(float64(at.Sub(f.lines.From)) / float64(f.lines.To.Sub(f.lines.From)))
}

func (f frame) y(value float64) vg.Length {
	return f.bottom() + (f.Max.Y-f.bottom())*vg.Length(f.scale.part(value))
}

func (f frame) tint() {
	for _, kind := range []SpanKind{Absent, Maintenance, Failing} {
		for _, s := range of(kind, f.lines.Spans) {
			fill(f.Canvas, tints[kind], f.place(s, 0, f.bottom(), f.Max.Y))
		}
	}
}

func (f frame) strip() {
	for _, kind := range []SpanKind{Absent, Maintenance, Failing} {
		for _, s := range of(kind, f.lines.Spans) {
			sign(f.Canvas, kind, f.place(s, 1, f.Min.Y, f.Min.Y+stripHeight))
		}
	}
}

// place is where a span is, of a width of at least that.
func (f frame) place(s Span, least, bottom, top vg.Length) vg.Rectangle {
	left, right := f.x(s.From), f.x(s.To)
	if more := least - (right - left); more > 0 {
		left = min(max(left-more/2, f.Min.X), f.Max.X-least)
		right = left + least
	}
	return vg.Rectangle{Min: vg.Point{X: left, Y: bottom}, Max: vg.Point{X: right, Y: top}}
}

// sign fills the rectangle with what stands for a kind: dark, hatched, or framed.
func sign(c draw.Canvas, kind SpanKind, r vg.Rectangle) {
	outline := draw.LineStyle{Color: pale, Width: 0.5}
	switch kind {
	case Failing:
		fill(c, failing, r)
		return
	case Maintenance:
		fill(c, tints[Maintenance], r)
		high := r.Max.Y - r.Min.Y
		for left := r.Min.X - high; left < r.Max.X; left += 3 {
			// From the bottom to the top at 45°, cut at both sides.
			from, to := max(left, r.Min.X), min(left+high, r.Max.X)
			if to > from {
				c.StrokeLine2(draw.LineStyle{Color: pale, Width: 0.8}, from, r.Min.Y+from-left, to, r.Min.Y+to-left)
			}
		}
	case Absent:
		fill(c, ground, r)
	}
	c.StrokeLines(outline, []vg.Point{r.Min, {X: r.Min.X, Y: r.Max.Y}, r.Max, {X: r.Max.X, Y: r.Min.Y}, r.Min})
}

func fill(c draw.Canvas, colour color.Color, r vg.Rectangle) {
	c.FillPolygon(colour, []vg.Point{r.Min, {X: r.Min.X, Y: r.Max.Y}, r.Max, {X: r.Max.X, Y: r.Min.Y}})
}

// grid draws the axes with their marks and words.
func (f frame) grid() {
	thin := draw.LineStyle{Color: grid, Width: 0.5}
	side := style(smallSize, pale, false)
	side.XAlign, side.YAlign = text.XRight, text.YCenter
	for _, t := range f.scale.ticks {
		y := f.y(t.At)
		f.StrokeLine2(thin, f.Min.X, y, f.Max.X, y)
		f.FillText(side, vg.Point{X: f.Min.X - 4, Y: y + 1.3}, t.Label)
	}
	axis := draw.LineStyle{Color: pale, Width: 0.5}
	f.StrokeLine2(axis, f.Min.X, f.Min.Y, f.Max.X, f.Min.Y)
	below := style(smallSize, pale, false)
	below.XAlign = text.XCenter
	for _, t := range timeTicks(f.lines.From, f.lines.To) {
		x := f.x(t.at)
		f.StrokeLine2(thin, x, f.Min.Y, x, f.Max.Y)
		f.StrokeLine2(axis, x, f.Min.Y, x, f.Min.Y-3)
		half := below.Width(t.label) / 2
		f.FillText(below, vg.Point{X: min(x, width-2-half), Y: f.Min.Y - 4}, t.label)
	}
}

// drawnCurve is where a curve is, run by run, and the area down to the one before it.
type drawnCurve struct {
	line   draw.LineStyle
	runs   [][]vg.Point
	shades [][]vg.Point
}

// curves are those that have a point.
func (f frame) curves() []drawnCurve {
	names := f.lines.names()
	var all []drawnCurve
	for n, c := range f.plot.Curves {
		drawn := drawnCurve{line: line(slices.Index(names, c.Name))}
		for _, run := range f.lines.runs(c) {
			drawn.runs = append(drawn.runs, f.thin(run))
			if c.Shade && n > 0 {
				drawn.shades = append(drawn.shades, f.between(run, f.plot.Curves[n-1])...)
			}
		}
		if len(drawn.runs) > 0 {
			all = append(all, drawn)
		}
	}
	return all
}

// thin is where the points are; of many within a pixel the first, the lowest, the highest and the last are enough.
func (f frame) thin(run []Moment) []vg.Point {
	const pixel = 72. / dpi
	var points, column []vg.Point
	flush := func() {
		if len(column) <= 4 {
			points = append(points, column...)
		} else {
			low, high := 0, 0
			for n, p := range column {
				if p.Y < column[low].Y {
					low = n
				}
				if p.Y > column[high].Y {
					high = n
				}
			}
			for _, n := range slices.Compact(slices.Sorted(slices.Values([]int{0, low, high, len(column) - 1}))) {
				points = append(points, column[n])
			}
		}
		column = column[:0]
	}
	for _, m := range run {
		p := vg.Point{X: f.x(m.At), Y: f.y(m.Value)}
		if len(column) > 0 && math.Floor(float64(p.X/pixel)) != math.Floor(float64(column[0].X/pixel)) {
			flush()
		}
		column = append(column, p)
	}
	flush()
	return points
}

// between are the areas between a run and what the curve below has at the same moments.
func (f frame) between(run []Moment, lower Curve) [][]vg.Point {
	var areas [][]vg.Point
	for _, low := range f.lines.runs(lower) {
		at := map[time.Time]bool{}
		for _, m := range low {
			at[m.At.UTC()] = true
		}
		both := map[time.Time]bool{}
		high := slices.DeleteFunc(slices.Clone(run), func(m Moment) bool { return !at[m.At.UTC()] })
		for _, m := range high {
			both[m.At.UTC()] = true
		}
		low = slices.DeleteFunc(low, func(m Moment) bool { return !both[m.At.UTC()] })
		if len(low) < 2 {
			continue
		}
		back := f.thin(low)
		slices.Reverse(back)
		areas = append(areas, append(f.thin(high), back...))
	}
	return areas
}

func (c drawnCurve) shade(f frame) {
	for _, area := range c.shades {
		// Half-way to the ground, and the ground shines through: the tints of spans stay to be seen.
		own := c.line.Color.(color.NRGBA)
		own.A = 0x38
		f.FillPolygon(own, area)
	}
}

func (c drawnCurve) stroke(f frame) {
	for _, run := range c.runs {
		if len(run) == 1 {
			f.DrawGlyph(draw.GlyphStyle{Color: c.line.Color, Radius: c.line.Width * 1.2, Shape: draw.CircleGlyph{}}, run[0])
			continue
		}
		f.StrokeLines(c.line, run)
	}
}
