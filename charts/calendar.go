package charts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot/vg"

	"github.com/kampyn/opsbot/chat"
)

// Calendar is what became of days: for each row the weeks from left to right, and the days of the week below each other.
// A row of which no week has more than one day takes a single line.
type Calendar struct {
	// Title and Subtitle are a line each and cut if they are too long.
	Title, Subtitle string
	// From is any moment of the first day, To of the last; days are those of From's location.
	From, To time.Time
	// Meanings are the legend, in its order.
	Meanings []Meaning
	Rows     []Row
}

// Meaning is what a sign stands for.
type Meaning struct {
	Sign Sign
	Name string
}

// Row is the days of one thing. Note stands at the right of the name, in a few words.
type Row struct {
	Name, Note string
	// Days that are not listed have no sign. Of several on one day the one whose sign is later in the list of signs is drawn.
	Days []Day
}

// Day is any moment of a day, with its sign.
type Day struct {
	At   time.Time
	Sign Sign
}

// Sign is a colour with a shape.
type Sign int

// The signs; Nothing is a dot.
const (
	Nothing Sign = iota
	Done
	Open
	Late
	Missed
)

const (
	weekday   = 28  // left of the weeks, for the names of the weekdays
	mostWeeks = 27  // side by side; more weeks go below each other
	mostHigh  = 950 // of all rows: beyond it, the names of the others are listed
)

// block is weeks of a row that stand side by side, one row's or a part of it.
type block struct {
	row      int
	first    time.Time // the Monday of the first week
	weeks    int
	weekdays []int // Monday is 0; none if a week is one line
	heading  bool
}

func (b block) lines() int { return max(len(b.weekdays), 1) }

// wide and high are the sizes of a cell.
func (b block) wide() vg.Length {
	return min(vg.Length(width-2*margin-weekday)/vg.Length(b.weeks), 52)
}

func (b block) high() vg.Length { return min(max(b.wide(), 10), 16) }

func (b block) height() vg.Length {
	height := vg.Length(b.lines())*b.high() + smallSize + 4 + 12
	if b.heading {
		height += textSize + 8
	}
	return height
}

// PNG draws the calendar. It fails if it ends before it begins, or has a sign without a meaning.
func (c Calendar) PNG() ([]byte, error) {
	if dayOf(c.To.In(c.From.Location())).Before(dayOf(c.From)) {
		return nil, fmt.Errorf("charts: %q ends at %s and begins at %s", c.Title, c.To, c.From)
	}
	for _, row := range c.Rows {
		for _, day := range row.Days {
			if c.meaning(day.Sign) == "" {
				return nil, fmt.Errorf("charts: %q: sign %d has no meaning", row.Name, day.Sign)
			}
		}
	}
	blocks, rest := c.blocks()
	keys := c.keys()
	height := headHeight + vg.Length(len(keyRows(keys))*(textSize+7)+smallSize+10)
	for _, b := range blocks {
		height += b.height()
	}
	if rest != "" || len(blocks) == 0 {
		height += textSize + 8
	}
	sheet := newPage(height)
	sheet.head(c.Title, c.Subtitle, keys)
	for _, b := range blocks {
		c.drawBlock(sheet, b)
	}
	if len(blocks) == 0 {
		rest = "Nothing to show"
	}
	if rest != "" {
		s := style(textSize, ink, false)
		sheet.FillText(s, vg.Point{X: margin, Y: sheet.top}, fitting(s, rest, width-2*margin))
		sheet.top -= textSize + 8
	}
	s := style(smallSize, pale, false)
	sheet.FillText(s, vg.Point{X: margin, Y: sheet.top}, fitting(s, c.days(), width-2*margin))
	return sheet.png()
}

// days names the days with their zone.
func (c Calendar) days() string {
	last := midnight(dayOf(c.To.In(c.From.Location())).AddDate(0, 0, 1), c.From.Location())
	return period(c.From, last) + " · " + zone(c.From, last)
}

// blocks are the rows as far as there is room, and what to say of the others.
func (c Calendar) blocks() ([]block, string) {
	last := dayOf(c.To.In(c.From.Location()))
	first := monday(dayOf(c.From))
	weeks := int(monday(last).Sub(first)/(7*24*time.Hour)) + 1
	parts := (weeks + mostWeeks - 1) / mostWeeks
	side := (weeks + parts - 1) / parts
	var all []block
	var height vg.Length
	for n, row := range c.Rows {
		weekdays := c.weekdays(row)
		var own []block
		for begin := 0; begin < weeks; begin += side {
			own = append(own, block{n, first.AddDate(0, 0, 7*begin), side, weekdays, begin == 0})
			height += own[len(own)-1].height()
		}
		if height > mostHigh && n > 0 {
			var names []string
			for _, left := range c.Rows[n:] {
				names = append(names, left.Name)
			}
			return all, fmt.Sprintf("and %d more: %s", len(names), strings.Join(names, ", "))
		}
		all = append(all, own...)
	}
	return all, ""
}

// weekdays are from the first to the last that a row ever uses, Monday to Friday at least; none if no week has
// two days.
func (c Calendar) weekdays(row Row) []int {
	first, last, several := 0, 4, false
	weeks := map[time.Time]time.Time{}
	for day := range c.signs(row) {
		place := weekdayOf(day)
		first, last = min(first, place), max(last, place)
		other, taken := weeks[monday(day)]
		several = several || taken && !other.Equal(day)
		weeks[monday(day)] = day
	}
	if !several {
		return nil
	}
	var all []int
	for n := first; n <= last; n++ {
		all = append(all, n)
	}
	return all
}

// signs are the days of a row within the calendar.
func (c Calendar) signs(row Row) map[time.Time]Sign {
	signs := map[time.Time]Sign{}
	for _, day := range row.Days {
		at := dayOf(day.At.In(c.From.Location()))
		if c.within(at) && day.Sign != Nothing {
			signs[at] = max(signs[at], day.Sign)
		}
	}
	return signs
}

func (c Calendar) within(day time.Time) bool {
	return !day.Before(dayOf(c.From)) && !day.After(dayOf(c.To.In(c.From.Location())))
}

// weekdayOf is 0 on a Monday.
func weekdayOf(day time.Time) int { return (int(day.Weekday()) + 6) % 7 }

// monday begins the week of a day.
func monday(day time.Time) time.Time { return day.AddDate(0, 0, -weekdayOf(day)) }

// meaning is "" for a sign that is not in the legend, unless it is Nothing.
func (c Calendar) meaning(s Sign) string {
	for _, m := range c.Meanings {
		if m.Sign == s {
			return m.Name
		}
	}
	if s == Nothing {
		return "no sign"
	}
	return ""
}

// Alt says in words what the calendar shows, in at most 1,000 characters.
func (c Calendar) Alt() string {
	var said sentences
	said.add(c.Title)
	said.add(c.Subtitle)
	said.add(c.days())
	for _, row := range c.Rows {
		said.add(c.sayRow(row))
	}
	if len(c.Rows) == 0 {
		said.add("Nothing to show")
	}
	return said.String()
}

// sayRow counts the days, and names those that ended badly.
func (c Calendar) sayRow(row Row) string {
	days := map[Sign][]time.Time{}
	for day, sign := range c.signs(row) {
		days[sign] = append(days[sign], day)
	}
	var counts []string
	for _, m := range c.Meanings {
		at := days[m.Sign]
		if len(at) == 0 {
			continue
		}
		words := chat.Count(int64(len(at))) + " " + m.Name
		if m.Sign == Missed {
			slices.SortFunc(at, time.Time.Compare)
			var dates []string
			for _, day := range at[:min(len(at), 5)] {
				dates = append(dates, day.Format("2 Jan"))
			}
			if len(at) > 5 {
				dates = append(dates, "and so on")
			}
			words += " (" + strings.Join(dates, ", ") + ")"
		}
		counts = append(counts, words)
	}
	if len(counts) == 0 {
		counts = []string{"none"}
	}
	if row.Note != "" {
		counts = append(counts, row.Note)
	}
	return row.Name + ": " + strings.Join(counts, ", ")
}
