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

// Sizes in points; a point is three pixels.
const (
	width      = 360
	margin     = 12
	dpi        = 216
	titleSize  = 15
	textSize   = 11
	smallSize  = 10
	gutter     = 42 // left of what is drawn, for the marks of its vertical axis
	headHeight = margin + titleSize + 8 + textSize + 10
)

// The inks: dark on a ground just off white.
var (
	ground = color.NRGBA{R: 0xf7, G: 0xf7, B: 0xf5, A: 0xff}
	ink    = color.NRGBA{R: 0x1d, G: 0x1c, B: 0x1d, A: 0xff}
	pale   = color.NRGBA{R: 0x5a, G: 0x5a, B: 0x5e, A: 0xff}
	grid   = color.NRGBA{R: 0xdd, G: 0xdd, B: 0xd8, A: 0xff}
)

// dashed is the line of a level.
var dashed = draw.LineStyle{Color: ink, Width: 0.8, Dashes: []vg.Length{4, 3}}

// page is a card that is drawn from the top down: what is above top is done.
type page struct {
	draw.Canvas
	pixels *vgimg.Canvas
	top    vg.Length
}

func newPage(height vg.Length) *page {
	pixels := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(ground))
	return &page{Canvas: draw.New(pixels), pixels: pixels, top: height - margin}
}

// head writes title, subtitle and legend: headHeight and a line for each of keyRows.
func (p *page) head(title, subtitle string, keys []key) {
	p.FillText(style(titleSize, ink, true), vg.Point{X: margin, Y: p.top}, fitting(style(titleSize, ink, true), title, width-2*margin))
	p.top -= titleSize + 6
	p.FillText(style(textSize, pale, false), vg.Point{X: margin, Y: p.top}, fitting(style(textSize, pale, false), subtitle, width-2*margin))
	p.top -= textSize + 10
	for _, row := range keyRows(keys) {
		for _, e := range row {
			e.sample(p.Canvas, e.x, p.top-textSize/2-2)
			p.FillText(style(textSize, ink, false), vg.Point{X: e.x + e.wide, Y: p.top}, e.name)
		}
		p.top -= textSize + 7
	}
	p.top -= 4
}

// section writes what is below it and, at the right, what its level means: 22 points.
func (p *page) section(title string, level Level) {
	right := vg.Length(width - margin)
	if level.Label != "" {
		s := style(smallSize, ink, false)
		s.XAlign = text.XRight
		label := fitting(s, level.Label, width/2)
		p.FillText(s, vg.Point{X: right, Y: p.top}, label)
		right -= s.Width(label)
		p.StrokeLine2(dashed, right-22, p.top-smallSize*0.65, right-4, p.top-smallSize*0.65)
		right -= 28
	}
	p.FillText(style(textSize, ink, true), vg.Point{X: margin, Y: p.top}, fitting(style(textSize, ink, true), title, right-margin))
	p.top -= textSize + 11
}

func (p *page) png() ([]byte, error) {
	var out bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: p.pixels}).WriteTo(&out); err != nil {
		return nil, fmt.Errorf("charts: %w", err)
	}
	return out.Bytes(), nil
}

// key is a name in the legend, with a sample beside it that takes wide points.
type key struct {
	name   string
	wide   vg.Length
	sample func(c draw.Canvas, left, middle vg.Length)
}

// entry is where a key stands.
type entry struct {
	key
	x vg.Length
}

// keyRows sets the keys in rows that fit.
func keyRows(keys []key) [][]entry {
	const gap = 12
	var rows [][]entry
	x := vg.Length(width)
	for _, k := range keys {
		s := style(textSize, ink, false)
		k.name = fitting(s, k.name, width-2*margin-k.wide)
		wide := k.wide + s.Width(k.name)
		if x+wide > width-margin {
			rows, x = append(rows, nil), margin
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], entry{k, x})
		x += wide + gap
	}
	return rows
}

// fitting cuts words that are wider than that.
func fitting(s text.Style, words string, wide vg.Length) string {
	letters := []rune(words)
	for len(letters) > 1 && s.Width(string(letters)) > wide {
		letters = append(letters[:len(letters)-2], '…')
	}
	return string(letters)
}

// style is the text style of that size, hung from its upper left corner.
func style(size vg.Length, c color.Color, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = weight.WeightBold
	}
	return text.Style{Color: c, Font: f, YAlign: text.YTop, Handler: plot.DefaultTextHandler}
}
