package charts

import (
	"image/color"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// month is a calendar of November 2026, in which the change of the clock is a month ago.
func month(t *testing.T) Calendar {
	place := berlin(t)
	return Calendar{Title: "Lists", From: time.Date(2026, 11, 1, 23, 59, 0, 0, place), To: time.Date(2026, 11, 30, 0, 0, 0, 0, place),
		Meanings: []Meaning{{Done, "on time"}, {Late, "late"}, {Missed, "unfinished"}, {Open, "in progress"}, {Nothing, "not due"}}}
}

func TestEachSignHasItsColourAndMark(t *testing.T) {
	c := month(t)
	c.Rows = []Row{{Name: "daily"}}
	legend := picture(t, c)
	for _, sign := range []Sign{Done, Late, Missed, Open} {
		c.Rows = []Row{{Name: "daily", Days: []Day{{c.To, sign}}}}
		pixels := picture(t, c)
		own, mark := signColours[sign], color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
		if sign == Late || sign == Open {
			mark = ink
		}
		require.Greater(t, sum(columns(pixels, own)), sum(columns(legend, own))+400, "sign %d", sign)
		require.Greater(t, sum(columns(pixels, mark)), sum(columns(legend, mark))+100, "sign %d has a shape, too", sign)
	}
	c.Rows[0].Days[0].At = c.To.AddDate(0, 0, 1)
	before := sum(columns(picture(t, c), signColours[Open]))
	c.Rows[0].Days = nil
	require.Equal(t, sum(columns(picture(t, c), signColours[Open])), before, "a day after the last one is not drawn")
}

func TestTheWorstOfADayIsDrawn(t *testing.T) {
	c := month(t)
	row := Row{Days: []Day{{c.To, Missed}, {c.To.Add(time.Hour), Done}, {c.From, Done}, {c.From, Nothing}}}
	require.Equal(t, map[time.Time]Sign{dayOf(c.To): Missed, dayOf(c.From): Done}, c.signs(row))
}

func TestDaysAreThoseOfThePlace(t *testing.T) {
	c := month(t)
	late := time.Date(2026, 11, 9, 23, 30, 0, 0, time.UTC) // the 10th in Berlin
	require.Equal(t, map[time.Time]Sign{time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC): Done}, c.signs(Row{Days: []Day{{late, Done}}}))
	c.From, c.To = time.Date(2026, 10, 19, 1, 0, 0, 0, c.From.Location()), time.Date(2026, 11, 1, 1, 0, 0, 0, c.From.Location())
	blocks, _ := Calendar{From: c.From, To: c.To, Rows: []Row{{}}}.blocks()
	require.Equal(t, 2, blocks[0].weeks, "the change of the clock makes no third week")
}

func TestOneDayAWeekTakesOneLine(t *testing.T) {
	c := month(t)
	day := func(n int) Day { return Day{time.Date(2026, 11, n, 9, 0, 0, 0, c.From.Location()), Done} }
	require.Empty(t, c.weekdays(Row{}))
	require.Empty(t, c.weekdays(Row{Days: []Day{day(2), day(9), day(17)}}))
	require.Equal(t, []int{0, 1, 2, 3, 4}, c.weekdays(Row{Days: []Day{day(2), day(3)}}))
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6}, c.weekdays(Row{Days: []Day{day(2), day(8)}}), "the 8th is a Sunday")
	b := block{first: monday(dayOf(c.From)), weeks: 6}
	signs := c.signs(Row{Days: []Day{day(11)}})
	at, ok := c.dayAt(b, signs, 2, 0)
	require.True(t, ok)
	require.Equal(t, 11, at.Day())
	at, ok = c.dayAt(b, signs, 0, 0)
	require.True(t, ok)
	require.Equal(t, 1, at.Day(), "the first within the calendar")
}

func TestLongCalendarsStayLegible(t *testing.T) {
	c := month(t)
	c.From = c.To.AddDate(0, 0, -400)
	for at := c.From; !at.After(c.To); at = at.AddDate(0, 0, 1) {
		if len(c.Rows) == 0 {
			c.Rows = []Row{{Name: strings.Repeat("long ", 30), Note: strings.Repeat("note ", 30)}}
		}
		c.Rows[0].Days = append(c.Rows[0].Days, Day{at, Done})
	}
	for range 60 {
		c.Rows = append(c.Rows, Row{Name: "another", Days: c.Rows[0].Days})
	}
	pixels := picture(t, c)
	require.Less(t, pixels.Rect.Dy(), 3300)
	blocks, rest := c.blocks()
	require.Greater(t, float64(blocks[0].wide()), 10.)
	require.Contains(t, rest, "more: another, another")
	require.Len(t, []rune(c.Alt()), mostWords)
}

func TestCalendarInWords(t *testing.T) {
	c := month(t)
	c.Subtitle = "November"
	day := func(n int, s Sign) Day { return Day{time.Date(2026, 11, n, 9, 0, 0, 0, c.From.Location()), s} }
	c.Rows = []Row{{Name: "daily", Note: "2 of 4 on time", Days: []Day{day(2, Done), day(3, Done), day(5, Missed), day(4, Missed)}}, {Name: "weekly"}}
	require.Equal(t, "Lists. November. 1–30 Nov 2026 · Europe/Berlin (CET). daily: 2 on time, 2 unfinished (4 Nov, 5 Nov), 2 of 4 on time. weekly: none.", c.Alt())
	c.Rows = nil
	picture(t, c)
	require.Contains(t, c.Alt(), "Nothing to show.")
}

func TestCalendarsThatCannotBeDrawn(t *testing.T) {
	c := month(t)
	c.Meanings = c.Meanings[:1]
	c.Rows = []Row{{Name: "daily", Days: []Day{{c.From, Missed}}}}
	_, err := c.PNG()
	require.ErrorContains(t, err, "no meaning")
	c.To = c.From.AddDate(0, 0, -1)
	_, err = c.PNG()
	require.ErrorContains(t, err, "ends at")
	c.To = c.From
	c.Rows = nil
	picture(t, c)
}
