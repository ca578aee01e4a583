package charts

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// picture is what a chart draws, after the checks that hold for all.
func picture(t *testing.T, chart interface{ PNG() ([]byte, error) }) *image.RGBA {
	t.Helper()
	file, err := chart.PNG()
	require.NoError(t, err)
	again, err := chart.PNG()
	require.NoError(t, err)
	require.True(t, bytes.Equal(file, again), "the same values are the same file")
	decoded, err := png.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	pixels, opaque := decoded.(*image.RGBA) // the kind that has no transparency in the file
	require.True(t, opaque, "it looks the same on a dark ground")
	require.Equal(t, 1080, pixels.Rect.Dx())
	return pixels
}

// columns are how many pixels of a colour are in each column of a picture.
func columns(pixels *image.RGBA, c color.NRGBA) []int {
	counted := make([]int, pixels.Rect.Dx())
	for y := range pixels.Rect.Dy() {
		for x := range counted {
			if r := pixels.RGBAAt(x, y); r.R == c.R && r.G == c.G && r.B == c.B {
				counted[x]++
			}
		}
	}
	return counted
}

func sum(counts []int) int {
	all := 0
	for _, n := range counts {
		all += n
	}
	return all
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	place, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return place
}

// day is lines of a point every five minutes, of 0.2 s, of a day.
func day(t *testing.T) Lines {
	from := time.Date(2026, 11, 25, 0, 0, 0, 0, berlin(t))
	l := Lines{Title: "api", From: from, To: from.Add(24 * time.Hour), Gap: 12 * time.Minute}
	var points []Moment
	for n := range 288 {
		points = append(points, Moment{from.Add(time.Duration(n) * 5 * time.Minute), 0.2})
	}
	l.Plots = []Plot{{Title: "Latency", Unit: "s", None: "nothing", Curves: []Curve{{Points: points}}}}
	return l
}

// column is the pixel of an hour of such a day.
func column(hour float64) int {
	return int(3 * (gutter + hour/24*(width-margin-gutter)))
}

func TestNoLineCrossesAnAbsence(t *testing.T) {
	own := line(0).Color.(color.NRGBA)
	whole := day(t)
	require.Positive(t, sum(columns(picture(t, whole), own)[column(6)+3:column(7)-3]))

	without := day(t)
	without.Plots[0].Curves[0].Points = append(without.Plots[0].Curves[0].Points[:72:72], without.Plots[0].Curves[0].Points[84:]...)
	got := columns(picture(t, without), own)
	require.Zero(t, sum(got[column(6)+3:column(7)-3]), "from 6 to 7 nothing was measured")
	require.Positive(t, sum(got[column(5):column(6)-3]))
	require.Positive(t, sum(got[column(7)+3:column(8)]))

	unlooked := day(t)
	unlooked.Gap = 24 * time.Hour
	unlooked.Plots[0].Curves[0].Points = without.Plots[0].Curves[0].Points
	unlooked.Spans = []Span{{Absent, whole.From.Add(6*time.Hour + 20*time.Minute), whole.From.Add(6*time.Hour + 40*time.Minute)}}
	require.Zero(t, sum(columns(picture(t, unlooked), own)[column(6)+3:column(7)-3]), "nobody looked, however long a gap may be")

	broken := day(t)
	for n := 73; n < 84; n++ {
		broken.Plots[0].Curves[0].Points[n].Value = math.NaN()
	}
	require.Zero(t, sum(columns(picture(t, broken), own)[column(6)+3:column(7)-6]), "what is no number ends the line")
}

func TestSpansAreWhereTheyWere(t *testing.T) {
	l := day(t)
	l.Plots[0].Curves = nil
	l.Spans = []Span{{Failing, l.From.Add(6 * time.Hour), l.From.Add(9 * time.Hour)}, {Failing, l.From.Add(12 * time.Hour), l.From.Add(12*time.Hour + time.Second)},
		{Failing, l.From.Add(-time.Hour), l.From.Add(-time.Minute)}}
	got := columns(picture(t, l), failing)
	for hour, want := range map[float64]bool{6.2: true, 8.8: true, 12: true, 11.8: false, 12.3: false, 15: false} {
		require.Equal(t, want, got[column(hour)] > 10, "%v h", hour)
	}
	l.Spans = []Span{{Maintenance, l.From.Add(15 * time.Hour), l.From.Add(30 * time.Hour)}}
	pixels := picture(t, l)
	require.Zero(t, sum(columns(pixels, failing)))
	tint := columns(pixels, tints[Maintenance])
	require.Zero(t, tint[column(14)])
	require.Greater(t, tint[column(16)], 3*plotHeight/2)
}

func TestSpansThatTouchAreOne(t *testing.T) {
	l := day(t)
	at := func(hour int) time.Time { return l.From.Add(time.Duration(hour) * time.Hour) }
	l.Spans = []Span{{Failing, at(5), at(6)}, {Maintenance, at(5), at(7)}, {Failing, at(3), at(5)}, {Failing, at(4), at(5)}, {Failing, at(22), at(40)}, {Failing, at(25), at(26)}}
	require.Equal(t, []Span{{Failing, at(3), at(6)}, {Failing, at(22), at(24)}, {Maintenance, at(5), at(7)}}, l.merged())
	require.Contains(t, l.Alt(), "Failing 2 times, 5 h in all, the longest for 3 h from 25 Nov 03:00. Maintenance once, for 2 h from 25 Nov 05:00.")
}

func TestOnePointIsADotAndNoneSaysSo(t *testing.T) {
	l := day(t)
	own := line(0).Color.(color.NRGBA)
	l.Plots[0].Curves[0].Points = []Moment{{l.From.Add(12 * time.Hour), 3}}
	got := columns(picture(t, l), own)
	require.Positive(t, got[column(12)])
	require.Equal(t, sum(got), sum(got[column(11):column(13)]))
	require.Contains(t, l.Alt(), "Latency: 3 s.")
	l.Plots[0].Curves = nil
	require.Zero(t, sum(columns(picture(t, l), own)))
	require.Equal(t, "api. 25 Nov 2026, Europe/Berlin (CET). Latency: nothing.", l.Alt())
	l.Plots = nil
	picture(t, l)
}

func TestLinesThatCannotBeDrawn(t *testing.T) {
	l := day(t)
	l.Gap = 0
	_, err := l.PNG()
	require.ErrorContains(t, err, "no gap")
	l.To = l.From
	_, err = l.PNG()
	require.ErrorContains(t, err, "ends at")
}

func TestManyPointsKeepTheirExtremes(t *testing.T) {
	l := day(t)
	var points []Moment
	for n := range 86400 {
		points = append(points, Moment{l.From.Add(time.Duration(n) * time.Second), 10})
	}
	points[40000].Value, points[40001].Value = 100, -5
	p := Plot{Unit: "%", Curves: []Curve{{Points: points}}}
	f := frame{lines: l, plot: p, scale: p.scale()}
	f.Rectangle.Max.X, f.Rectangle.Max.Y = 300, 100
	thin := f.thin(points)
	require.Less(t, len(thin), 4*900+4)
	least, most := f.y(100), f.y(-5)
	for n, at := range thin {
		least, most = min(least, at.Y), max(most, at.Y)
		require.True(t, n == 0 || at.X >= thin[n-1].X, "in the order of time")
	}
	require.Equal(t, f.y(100), most)
	require.Equal(t, f.y(-5), least)
}

func TestShadesLieWhereBothCurvesAre(t *testing.T) {
	l := day(t)
	first := l.Plots[0].Curves[0].Points
	upper := Curve{Name: "p95", Shade: true}
	for _, m := range first[:144] {
		upper.Points = append(upper.Points, Moment{m.At, 0.4})
	}
	l.Plots[0].Curves = append(l.Plots[0].Curves, upper)
	pixels := picture(t, l)
	middle := func(hour float64) color.RGBA { // between 0.2 and 0.4 s of an axis to 0.5 s
		return pixels.RGBAAt(column(hour), pixels.Rect.Dy()-3*(smallSize+8+26)-3*plotHeight*3/5)
	}
	require.Equal(t, color.RGBA(ground), middle(18.5))
	require.NotEqual(t, color.RGBA(ground), middle(6.5))
}

func TestCurvesAreToldApart(t *testing.T) {
	seen := map[string]bool{}
	for n := range len(pens) * len(dashes) {
		look := fmt.Sprint(line(n).Color, line(n).Dashes)
		require.False(t, seen[look], "curve %d looks like an earlier one", n)
		seen[look] = true
	}
}

func TestAltFitsAndSaysWhatIsAboveTheLimit(t *testing.T) {
	l := day(t)
	l.Plots[0].Curves[0].Points[7].Value = 0.9
	l.Plots[0].Limit = Level{0.5, "limit 500 ms"}
	require.Equal(t, "api. 25 Nov 2026, Europe/Berlin (CET). Latency: from 200 ms to 900 ms, last 200 ms, 1 of 288 points above the limit (limit 500 ms).", l.Alt())
	for range 40 {
		l.Plots[0].Curves = append(l.Plots[0].Curves, Curve{Name: strings.Repeat("ä", 60), Points: l.Plots[0].Curves[0].Points})
	}
	require.Len(t, []rune(l.Alt()), mostWords)
}
