// Package charts draws figures as PNG, to be read on a phone: 360 points wide at three pixels each, on a ground that is
// neither white nor transparent, so that it looks the same in light and dark. It knows nothing of what the numbers mean.
package charts

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Figure is panels above each other, which share a legend.
type Figure struct {
	// Title is a line of at most about 40 characters, Subtitle a smaller one of at most about 60.
	Title, Subtitle string
	// Legend names the series, the most important first. The series of a panel are those, in the same order.
	Legend []string
	Panels []Panel
}

// Panel is bars, dots, or both over one axis.
type Panel struct {
	// Title says what is to be seen, and in which unit.
	Title string
	// From and To are the ends of the horizontal axis, Ticks what is written below it; of many only some are. Axis says
	// what they are.
	From, To float64
	Ticks    []Tick
	Axis     string
	// Scale is how the vertical axis is divided.
	Scale Scale
	// Bars are counts in the series of the legend, each a list of which the first is drawn at 0, the next at 1, …, stacked
	// upon each other with the first series at the bottom. Dots are points.
	Bars [][]float64
	Dots [][]Point
	// Level is a dashed line across, explained beside the title, if there are words; both together are of about 50 characters.
	Level Level
	// None is written into a panel that would be empty.
	None string
}

// Tick is a place on an axis with what is written there.
type Tick struct {
	At    float64
	Label string
}

// Point is a dot's place.
type Point struct{ X, Y float64 }

// Level is a height with its meaning.
type Level struct {
	Y     float64
	Label string
}

// Scale is how the vertical axis is divided.
type Scale int

// The scales.
const (
	// Counts begins at 0 and has marks at whole numbers.
	Counts Scale = iota
	// Durations are in seconds and by their logarithm, from a minute on, with marks at round times. Whatever is shorter
	// is drawn at a minute.
	Durations
)

// Sizes of a figure in points.
const panelHeight = 165

// series are the colours that people tell apart whichever colours they see, in an order in which neighbours differ in
// lightness, too; each has a shape of its own for dots. After Okabe and Ito, Color Universal Design (2008),
// https://jfly.uni-koeln.de/color/
var series = []struct {
	colour color.NRGBA
	shape  draw.GlyphDrawer
}{
	{color.NRGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, draw.CircleGlyph{}},
	{color.NRGBA{R: 0xf0, G: 0xb4, B: 0x1c, A: 0xff}, draw.PyramidGlyph{}},
	{color.NRGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, draw.BoxGlyph{}},
	{color.NRGBA{R: 0x9a, G: 0xd0, B: 0xf0, A: 0xff}, diamond{}},
	{color.NRGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, draw.CircleGlyph{}},
	{color.NRGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, draw.PyramidGlyph{}},
	{color.NRGBA{R: 0x60, G: 0x60, B: 0x60, A: 0xff}, draw.BoxGlyph{}},
	{color.NRGBA{R: 0xf0, G: 0xe4, B: 0x42, A: 0xff}, diamond{}},
}

// PNG draws the figure.
func (f Figure) PNG() ([]byte, error) {
	for _, p := range f.Panels {
		if len(p.Bars) > len(f.Legend) || len(p.Dots) > len(f.Legend) {
			return nil, fmt.Errorf("charts: %q: %d series of bars and %d of dots, but %d are in the legend", p.Title, len(p.Bars), len(p.Dots), len(f.Legend))
		}
	}
	keys := f.keys()
	height := headHeight + vg.Length(len(keyRows(keys))*(textSize+7)+len(f.Panels)*(panelHeight+textSize+15)+2)
	sheet := newPage(height)
	sheet.head(f.Title, f.Subtitle, keys)
	for _, p := range f.Panels {
		sheet.section(p.Title, p.Level)
		drawn, err := p.plot()
		if err != nil {
			return nil, fmt.Errorf("charts: %q: %w", p.Title, err)
		}
		area := draw.Crop(sheet.Canvas, gutter, -margin, sheet.top-panelHeight, sheet.top-height)
		drawn.Draw(area)
		p.write(drawn, drawn.DataCanvas(area))
		sheet.top -= panelHeight + 4
	}
	return sheet.png()
}

// keys are the legend: a series' name beside its dot.
func (f Figure) keys() []key {
	var keys []key
	for n, name := range f.Legend {
		keys = append(keys, key{name, 14, func(c draw.Canvas, left, middle vg.Length) {
			for _, glyph := range glyphs(n, 4.5) {
				c.DrawGlyph(glyph, vg.Point{X: left + 5, Y: middle})
			}
		}})
	}
	return keys
}
