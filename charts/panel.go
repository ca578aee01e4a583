package charts

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mostTicks is how many words fit below a panel.
const mostTicks = 6

// plot draws axes, bars and dots.
func (p Panel) plot() (*plot.Plot, error) {
	drawn := plot.New()
	drawn.BackgroundColor = color.Transparent
	drawn.X.Min, drawn.X.Max = p.From, p.To
	drawn.X.Label.Text = p.Axis
	drawn.X.Tick.Marker = plot.ConstantTicks(p.below())
	side := p.beside()
	drawn.Y.Tick.Marker = plot.ConstantTicks(nil) // write does that, in a gutter that is as wide in every panel
	drawn.Y.Min, drawn.Y.Max = side[0].Value, side[len(side)-1].Value
	if p.Scale == Durations {
		drawn.Y.Scale = plot.LogScale{}
	}
	for _, axis := range []*plot.Axis{&drawn.X, &drawn.Y} {
		axis.Padding = 2
		axis.Color, axis.Tick.Color = pale, pale
		axis.LineStyle.Width, axis.Tick.LineStyle.Width = 0.5, 0.5
		axis.Tick.Length = 3
		dress(&axis.Label.TextStyle, smallSize)
		dress(&axis.Tick.Label, smallSize)
	}
	drawn.Y.LineStyle.Width, drawn.Y.Tick.Length, drawn.Y.Padding = 0, 0, 0
	for _, t := range side {
		line := plotter.NewFunction(func(float64) float64 { return t.Value })
		line.LineStyle = draw.LineStyle{Color: grid, Width: 0.5}
		line.Samples = 2
		drawn.Add(line)
	}
	return drawn, p.addData(drawn)
}

// dress changes no alignment, which belongs to the axis.
func dress(s *text.Style, size vg.Length) {
	own := style(size, pale, false)
	s.Color, s.Font, s.Handler = own.Color, own.Font, own.Handler
}

// stack is the bars of a panel.
type stack struct {
	bars [][]float64
	wide vg.Length
}

// Plot draws the bars; those that are 0 leave nothing.
func (s stack) Plot(c draw.Canvas, drawn *plot.Plot) {
	xs, ys := drawn.Transforms(&c)
	var below []float64
	for n, values := range s.bars {
		for at, v := range values {
			if at == len(below) {
				below = append(below, 0)
			}
			if v <= 0 {
				continue
			}
			left, right := xs(float64(at))-s.wide/2, xs(float64(at))+s.wide/2
			bottom, top := ys(below[at]), ys(below[at]+v)
			corners := []vg.Point{{X: left, Y: bottom}, {X: left, Y: top}, {X: right, Y: top}, {X: right, Y: bottom}}
			c.FillPolygon(series[n%len(series)].colour, corners)
			c.StrokeLines(draw.LineStyle{Color: ink, Width: min(0.6, s.wide*0.1)}, append(corners, corners[0]))
			below[at] += v
		}
	}
}

func (p Panel) addData(drawn *plot.Plot) error {
	room := vg.Length(width-2*margin-gutter) / vg.Length(max(p.To-p.From, 1))
	drawn.Add(stack{p.Bars, min(max(room*0.7, 1.5), 28)})
	for n, points := range p.Dots {
		at := plotter.XYs{}
		for _, dot := range points {
			at = append(at, plotter.XY{X: dot.X, Y: p.height(dot.Y)})
		}
		if len(at) == 0 {
			continue
		}
		for _, glyph := range glyphs(n, 3.6) {
			dots, err := plotter.NewScatter(at)
			if err != nil {
				return err
			}
			dots.GlyphStyle = glyph
			drawn.Add(dots)
		}
	}
	return nil
}

// glyphs are a series' dot and, below it, its outline.
func glyphs(n int, radius vg.Length) []draw.GlyphStyle {
	s, shape := series[n%len(series)], series[(n+n/len(series))%len(series)].shape
	return []draw.GlyphStyle{{Color: ink, Radius: radius + 0.6, Shape: shape}, {Color: s.colour, Radius: radius - 0.1, Shape: shape}}
}

// diamond is a square that stands on its corner.
type diamond struct{}

// DrawGlyph draws it around a point.
func (diamond) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	r := s.Radius * 1.25
	c.SetColor(s.Color)
	var path vg.Path
	path.Move(vg.Point{X: at.X, Y: at.Y + r})
	path.Line(vg.Point{X: at.X + r, Y: at.Y})
	path.Line(vg.Point{X: at.X, Y: at.Y - r})
	path.Line(vg.Point{X: at.X - r, Y: at.Y})
	path.Close()
	c.Fill(path)
}

// write puts words beside and into the data: marks, totals above bars, that there is nothing; and the level's line.
func (p Panel) write(drawn *plot.Plot, area draw.Canvas) {
	xs, ys := drawn.Transforms(&area)
	for _, t := range p.beside() {
		s := style(smallSize, pale, false)
		s.XAlign, s.YAlign = text.XRight, text.YCenter
		area.FillText(s, vg.Point{X: area.Min.X - 4, Y: ys(t.Value) + 1.3}, t.Label)
	}
	if p.empty() {
		s := style(textSize, pale, false)
		s.XAlign, s.YAlign = text.XCenter, text.YCenter
		area.FillText(s, area.Center(), p.None)
		return
	}
	totals := p.totals()
	for n, total := range totals {
		if total == 0 || len(totals) > 20 {
			continue // there is no room above more
		}
		s := style(smallSize, ink, false)
		s.XAlign, s.YAlign = text.XCenter, text.YBottom
		area.FillText(s, vg.Point{X: xs(float64(n)), Y: ys(total) + 1}, strconv.FormatFloat(total, 'f', -1, 64))
	}
	if p.Level.Label == "" {
		return
	}
	y := ys(p.height(p.Level.Y))
	area.StrokeLine2(dashed, area.Min.X, y, area.Max.X, y)
}

func (p Panel) empty() bool {
	for _, dots := range p.Dots {
		if len(dots) > 0 {
			return false
		}
	}
	for _, total := range p.totals() {
		if total > 0 {
			return false
		}
	}
	return true
}

// totals are how high the bars are at each place.
func (p Panel) totals() []float64 {
	var totals []float64
	for _, values := range p.Bars {
		for n, v := range values {
			if n == len(totals) {
				totals = append(totals, 0)
			}
			totals[n] += v
		}
	}
	return totals
}

// height is where a value is drawn.
func (p Panel) height(y float64) float64 {
	if p.Scale == Durations {
		return max(y, 60)
	}
	return y
}

// below are the marks of the horizontal axis, with words at some of them only when there are many.
func (p Panel) below() []plot.Tick {
	every := (len(p.Ticks) + mostTicks - 1) / mostTicks
	var ticks []plot.Tick
	for n, t := range p.Ticks {
		mark := plot.Tick{Value: t.At}
		if n%every == 0 {
			mark.Label = t.Label
			ticks = append(ticks, mark)
		}
	}
	return ticks
}

// beside are the marks of the vertical axis, from its lower to its upper end.
func (p Panel) beside() []plot.Tick {
	if p.Scale == Durations {
		return p.durations()
	}
	most := 0.0
	for _, total := range p.totals() {
		most = max(most, total)
	}
	// A tenth more leaves room for the number above the highest bar.
	step := 1.0
	for _, next := range []float64{2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000} {
		if most*1.1 <= step*4 {
			break
		}
		step = next
	}
	var ticks []plot.Tick
	for v := 0.0; ; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)})
		if v >= most*1.1 && v > 0 {
			return ticks
		}
	}
}

// fine and coarse are round times in seconds.
var (
	fine = []float64{60, 2 * 60, 5 * 60, 10 * 60, 20 * 60, 30 * 60, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 16 * 3600, 24 * 3600, 2 * 24 * 3600, 4 * 24 * 3600,
		7 * 24 * 3600, 14 * 24 * 3600, 28 * 24 * 3600}
	coarse = []float64{60, 10 * 60, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600, 180 * 24 * 3600, 1000 * 24 * 3600, math.MaxInt32}
)

// durations are the round times around the dots and the level.
func (p Panel) durations() []plot.Tick {
	least, most := math.Inf(1), 0.0
	for _, dots := range p.Dots {
		for _, dot := range dots {
			least, most = min(least, p.height(dot.Y)), max(most, p.height(dot.Y))
		}
	}
	if most == 0 {
		least, most = 11*60, 20*3600
	}
	steps := around(fine, least, most)
	if len(steps) == 0 || len(steps) > mostTicks {
		steps = around(coarse, least, most)
	}
	var ticks []plot.Tick
	for _, s := range steps {
		ticks = append(ticks, plot.Tick{Value: s, Label: duration(s)})
	}
	return ticks
}

// around are the steps from the last one below least to the first one above most, at least two; none if most is beyond
// them.
func around(steps []float64, least, most float64) []float64 {
	from, to := 0, -1
	for n, s := range steps {
		if s < least {
			from = n
		}
		if s > most {
			to = n
			break
		}
	}
	if to < 0 {
		return nil
	}
	return steps[from : to+1]
}

// duration writes a round time.
func duration(seconds float64) string {
	switch {
	case seconds < 3600:
		return fmt.Sprintf("%.0f min", seconds/60)
	case seconds < 24*3600:
		return fmt.Sprintf("%.0f h", seconds/3600)
	}
	return fmt.Sprintf("%.0f d", seconds/24/3600)
}
