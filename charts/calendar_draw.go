package charts

import (
	"image/color"
	"strconv"
	"time"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// signColours are told apart whichever colours people see (after Okabe and Ito), and differ in lightness; the shape upon
// each says the same to those who see none.
var signColours = [...]color.NRGBA{
	Nothing: grid,
	Done:    {R: 0x00, G: 0x8a, B: 0x65, A: 0xff},
	Open:    {R: 0xff, G: 0xff, B: 0xff, A: 0xff},
	Late:    {R: 0xf0, G: 0xb4, B: 0x1c, A: 0xff},
	Missed:  {R: 0xb8, G: 0x1d, B: 0x24, A: 0xff},
}

func (c Calendar) keys() []key {
	var keys []key
	for _, m := range c.Meanings {
		keys = append(keys, key{m.Name, 17, func(canvas draw.Canvas, left, middle vg.Length) {
			drawSign(canvas, m.Sign, vg.Rectangle{Min: vg.Point{X: left, Y: middle - 6}, Max: vg.Point{X: left + 12, Y: middle + 6}})
		}})
	}
	return keys
}

// drawBlock draws names of the months above, of the weekdays beside, and a cell for each day.
func (c Calendar) drawBlock(sheet *page, b block) {
	row := c.Rows[b.row]
	if b.heading {
		sheet.noted(row.Name, row.Note)
	}
	signs := c.signs(row)
	left := vg.Length(margin + weekday)
	c.months(sheet, b, left)
	sheet.top -= smallSize + 4
	side := style(smallSize-1, pale, false)
	side.YAlign = text.YCenter
	for line := range b.lines() {
		bottom := sheet.top - b.high()
		if len(b.weekdays) > 0 {
			name := time.Weekday((b.weekdays[line] + 1) % 7).String()[:3]
			sheet.FillText(side, vg.Point{X: margin, Y: bottom + b.high()/2 + 1}, name)
		}
		for week := range b.weeks {
			x := left + vg.Length(week)*b.wide()
			cell := vg.Rectangle{Min: vg.Point{X: x + 0.5, Y: bottom + 0.5}, Max: vg.Point{X: x + b.wide() - 0.5, Y: bottom + b.high() - 0.5}}
			if day, ok := c.dayAt(b, signs, week, line); ok {
				drawDay(sheet.Canvas, day, signs[day], cell, len(b.weekdays) > 0)
			}
		}
		sheet.top = bottom
	}
	sheet.top -= 12
}

// dayAt is the day of a cell. That of a whole week is the one with a sign, or else the first that is within the calendar.
func (c Calendar) dayAt(b block, signs map[time.Time]Sign, week, line int) (time.Time, bool) {
	first := b.first.AddDate(0, 0, 7*week)
	if len(b.weekdays) > 0 {
		day := first.AddDate(0, 0, b.weekdays[line])
		return day, c.within(day)
	}
	var found time.Time
	for n := range 7 {
		day := first.AddDate(0, 0, n)
		if _, due := signs[day]; due {
			return day, true
		}
		if found.IsZero() && c.within(day) {
			found = day
		}
	}
	return found, !found.IsZero()
}

// noted writes the name of a row and a note at its right.
func (p *page) noted(name, note string) {
	s := style(smallSize, pale, false)
	s.XAlign = text.XRight
	note = fitting(s, note, width/2)
	p.FillText(s, vg.Point{X: width - margin, Y: p.top}, note)
	bold := style(textSize, ink, true)
	p.FillText(bold, vg.Point{X: margin, Y: p.top}, fitting(bold, name, width-2*margin-8-s.Width(note)))
	p.top -= textSize + 8
}

// months writes a month's name above the week of its first day, and the first one's at the left if there is room.
func (c Calendar) months(sheet *page, b block, left vg.Length) {
	s := style(smallSize, pale, false)
	type name struct {
		x    vg.Length
		text string
	}
	var names []name
	for day, n := b.first, 0; n < 7*b.weeks; day, n = day.AddDate(0, 0, 1), n+1 {
		if !c.within(day) || day.Day() != 1 && len(names) > 0 {
			continue
		}
		here := name{left + vg.Length(n/7)*b.wide(), day.Format("Jan")}
		if last := len(names) - 1; last >= 0 && names[last].x == here.x && b.wide() > 40 {
			names[last].text += "/" + here.text
			continue
		}
		names = append(names, here)
	}
	for n, month := range names {
		end := month.x + s.Width(month.text)
		if end < width-2 && (n+1 == len(names) || end+4 < names[n+1].x) {
			sheet.FillText(s, vg.Point{X: month.x, Y: sheet.top}, month.text)
		}
	}
}

// drawDay draws a cell, with the number of the day if there is room; a week in which nothing is has none.
func drawDay(c draw.Canvas, day time.Time, sign Sign, cell vg.Rectangle, one bool) {
	size := cell.Size()
	if size.X < 30 {
		drawSign(c, sign, cell)
		return
	}
	number := style(smallSize-1, pale, false)
	number.XAlign, number.YAlign = text.XRight, text.YCenter
	if one || sign != Nothing {
		c.FillText(number, vg.Point{X: cell.Min.X + size.X/2 - 3, Y: cell.Min.Y + size.Y/2 + 1}, strconv.Itoa(day.Day()))
	}
	cell.Min.X += size.X / 2
	cell.Max.X = cell.Min.X + size.Y
	drawSign(c, sign, cell)
}

// drawSign fills a square of the rectangle, in its middle.
func drawSign(c draw.Canvas, sign Sign, r vg.Rectangle) {
	size := min(r.Size().X, r.Size().Y)
	middle := vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2}
	at := func(x, y vg.Length) vg.Point { return vg.Point{X: middle.X + x*size, Y: middle.Y + y*size} }
	box := []vg.Point{at(-0.5, -0.5), at(-0.5, 0.5), at(0.5, 0.5), at(0.5, -0.5), at(-0.5, -0.5)}
	white := draw.LineStyle{Color: color.White, Width: size * 0.15}
	dark := draw.LineStyle{Color: ink, Width: max(size*0.1, 0.6)}
	if sign == Nothing {
		c.DrawGlyph(draw.GlyphStyle{Color: color.NRGBA{R: 0xb8, G: 0xb8, B: 0xb4, A: 0xff}, Radius: size * 0.12, Shape: draw.CircleGlyph{}}, middle)
		return
	}
	c.FillPolygon(signColours[sign], box)
	switch sign {
	case Done: // a tick
		c.StrokeLines(white, []vg.Point{at(-0.28, 0), at(-0.08, -0.22), at(0.28, 0.24)})
	case Open: // an empty box with a dot
		c.StrokeLines(dark, []vg.Point{at(-0.45, -0.45), at(-0.45, 0.45), at(0.45, 0.45), at(0.45, -0.45), at(-0.45, -0.45)})
		c.DrawGlyph(draw.GlyphStyle{Color: ink, Radius: size * 0.16, Shape: draw.CircleGlyph{}}, middle)
	case Late: // the hands of a clock
		dark.Width = size * 0.14
		c.StrokeLines(dark, []vg.Point{at(-0.05, 0.34), at(-0.05, -0.08), at(0.26, -0.08)})
	case Missed: // a cross
		c.StrokeLine2(white, at(-0.25, 0).X, at(0, -0.25).Y, at(0.25, 0).X, at(0, 0.25).Y)
		c.StrokeLine2(white, at(-0.25, 0).X, at(0, 0.25).Y, at(0.25, 0).X, at(0, -0.25).Y)
	}
}
