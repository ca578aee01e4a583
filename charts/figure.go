// Package charts draws figures as PNG, to be read on a phone: 360 points wide at three pixels each, on a ground that is
// neither white nor transparent, so that it looks the same in light and dark. It knows nothing of what the numbers mean.
package charts

import (
	"bytes"
	"fmt"
	"image/color"

	weight "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
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

// Sizes in points; a point is three pixels.
const (
	width       = 360
	margin      = 12
	dpi         = 216
	titleSize   = 15
	textSize    = 11
	smallSize   = 10
	panelHeight = 165
	gutter      = 42 // left of a panel, for the marks of its vertical axis
)

// The inks: dark on a ground just off white.
var (
	ground = color.NRGBA{R: 0xf7, G: 0xf7, B: 0xf5, A: 0xff}
	ink    = color.NRGBA{R: 0x1d, G: 0x1c, B: 0x1d, A: 0xff}
	pale   = color.NRGBA{R: 0x5a, G: 0x5a, B: 0x5e, A: 0xff}
	grid   = color.NRGBA{R: 0xdd, G: 0xdd, B: 0xd8, A: 0xff}
)

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
	rows := f.legendRows()
	height := vg.Length(margin + titleSize + 8 + textSize + 10 + len(rows)*(textSize+7) + len(f.Panels)*(panelHeight+textSize+15) + 2)
	pixels := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(ground))
	page := draw.New(pixels)
	top := height - margin
	page.FillText(style(titleSize, ink, true), vg.Point{X: margin, Y: top}, f.Title)
	top -= titleSize + 6
	page.FillText(style(textSize, pale, false), vg.Point{X: margin, Y: top}, f.Subtitle)
	top -= textSize + 10
	top = drawLegend(page, top, rows)
	for _, p := range f.Panels {
		drawTitle(page, top, p)
		top -= textSize + 11
		drawn, err := p.plot()
		if err != nil {
			return nil, fmt.Errorf("charts: %q: %w", p.Title, err)
		}
		area := draw.Crop(page, gutter, -margin, top-panelHeight, top-height)
		drawn.Draw(area)
		p.write(drawn, drawn.DataCanvas(area))
		top -= panelHeight + 4
	}
	var out bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: pixels}).WriteTo(&out); err != nil {
		return nil, fmt.Errorf("charts: %w", err)
	}
	return out.Bytes(), nil
}

// drawTitle writes what a panel shows and, at the right, what its level means.
func drawTitle(page draw.Canvas, top vg.Length, p Panel) {
	page.FillText(style(textSize, ink, true), vg.Point{X: margin, Y: top}, p.Title)
	if p.Level.Label == "" {
		return
	}
	s := style(smallSize, ink, false)
	s.XAlign = text.XRight
	page.FillText(s, vg.Point{X: width - margin, Y: top}, p.Level.Label)
	left := width - margin - s.Width(p.Level.Label)
	page.StrokeLine2(dashed, left-22, top-smallSize*0.65, left-4, top-smallSize*0.65)
}

// entry is a name in the legend, and where it stands.
type entry struct {
	series int
	name   string
	x      vg.Length
}

// legendRows sets the names in rows that fit.
func (f Figure) legendRows() [][]entry {
	const swatch, gap = 14, 12
	var rows [][]entry
	x := vg.Length(width)
	for n, name := range f.Legend {
		name = fitting(name, width-2*margin-swatch)
		wide := swatch + style(textSize, ink, false).Width(name)
		if x+wide > width-margin {
			rows, x = append(rows, nil), margin
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], entry{n, name, x})
		x += wide + gap
	}
	return rows
}

// fitting cuts a name that is wider than that.
func fitting(name string, wide vg.Length) string {
	letters := []rune(name)
	for len(letters) > 1 && style(textSize, ink, false).Width(string(letters)) > wide {
		letters = append(letters[:len(letters)-2], '…')
	}
	return string(letters)
}

func drawLegend(page draw.Canvas, top vg.Length, rows [][]entry) vg.Length {
	for _, row := range rows {
		for _, e := range row {
			for _, glyph := range glyphs(e.series, 4.5) {
				page.DrawGlyph(glyph, vg.Point{X: e.x + 5, Y: top - textSize/2 - 2})
			}
			page.FillText(style(textSize, ink, false), vg.Point{X: e.x + 14, Y: top}, e.name)
		}
		top -= textSize + 7
	}
	return top - 4
}

// style is the text style of that size, hung from its upper left corner.
func style(size vg.Length, c color.Color, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = weight.WeightBold
	}
	return text.Style{Color: c, Font: f, YAlign: text.YTop, Handler: plot.DefaultTextHandler}
}
