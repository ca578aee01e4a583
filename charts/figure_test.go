package charts

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawn are how many pixels of the picture have each colour.
func drawn(t *testing.T, f Figure) map[color.NRGBA]int {
	t.Helper()
	file, err := f.PNG()
	require.NoError(t, err)
	picture, err := png.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	pixels, opaque := picture.(*image.RGBA) // the kind that has no transparency in the file
	require.True(t, opaque, "it looks the same on a dark ground")
	require.Equal(t, 1080, pixels.Rect.Dx())
	require.Less(t, pixels.Rect.Dy(), 3*1080)
	counted := map[color.NRGBA]int{}
	for n := 0; n < len(pixels.Pix); n += 4 {
		counted[color.NRGBA{R: pixels.Pix[n], G: pixels.Pix[n+1], B: pixels.Pix[n+2], A: pixels.Pix[n+3]}]++
	}
	return counted
}

func TestBarsHaveTheirColoursAndHeights(t *testing.T) {
	f := Figure{Title: "T", Legend: []string{"a", "b"}, Panels: []Panel{{From: -0.5, To: 2.5, None: "nothing", Bars: [][]float64{{0, 0, 2}, {0, 0, 4}}}}}
	got := drawn(t, f)
	a, b := float64(got[series[0].colour]), float64(got[series[1].colour])
	require.InDelta(t, 2, b/a, 0.1, "four are twice as high as two")
	f.Panels[0].Bars = [][]float64{{0, 0, 0}, {0, 0, 0}}
	require.Less(t, drawn(t, f)[series[0].colour], int(a/20), "only the legend has the colour")
}

func TestDotsAreWhereTheirTimeIs(t *testing.T) {
	p := Panel{From: 0, To: 1, Scale: Durations, None: "nothing", Dots: [][]Point{{{X: 0.5, Y: 0}, {X: 0.5, Y: 7200}}}}
	marks := p.beside()
	require.Equal(t, "1 min", marks[0].Label, "what took no time is drawn at a minute")
	require.Equal(t, "6 h", marks[len(marks)-1].Label)
	require.Positive(t, drawn(t, Figure{Legend: []string{"a"}, Panels: []Panel{p}})[series[0].colour])
	p.Dots[0][0].Y = 3601
	require.Equal(t, []string{"1 h", "2 h", "4 h"}, labels(p))
	p.Dots[0][1].Y = 400 * 24 * 3600
	require.Equal(t, []string{"1 h", "6 h", "1 d", "7 d", "30 d", "180 d", "1000 d"}, labels(p))
	p.Dots = nil
	require.Equal(t, []string{"10 min", "1 h", "6 h", "1 d"}, labels(p))
}

func labels(p Panel) []string {
	var all []string
	for _, t := range p.beside() {
		all = append(all, t.Label)
	}
	return all
}

func TestMarksOfCountsLeaveRoomAbove(t *testing.T) {
	for most, want := range map[float64]string{0: "0 1", 1: "0 1 2", 3: "0 1 2 3 4", 6: "0 2 4 6 8", 200: "0 100 200 300", 90000: "0 10000"} {
		got := strings.Join(labels(Panel{Bars: [][]float64{{most}}}), " ")
		require.True(t, strings.HasPrefix(got, want), "%v: %s", most, got)
	}
}

func TestLongLegendsWrapAndAreCut(t *testing.T) {
	f := Figure{Title: "T", Legend: []string{strings.Repeat("long ", 60), "b", strings.Repeat("w", 30), strings.Repeat("w", 30)}}
	rows := keyRows(f.keys())
	require.Len(t, rows, 3)
	require.Contains(t, rows[0][0].name, "…")
	for range 20 {
		f.Legend = append(f.Legend, "another")
	}
	f.Panels = []Panel{{From: 0, To: 60, Bars: make([][]float64, len(f.Legend)), Dots: [][]Point{{}, {{X: 1, Y: 2}}}}}
	drawn(t, f)
	f.Panels[0].Bars = make([][]float64, len(f.Legend)+1)
	_, err := f.PNG()
	require.ErrorContains(t, err, "in the legend")
}

func TestSeriesAreToldApart(t *testing.T) {
	seen := map[any]bool{}
	for n := range 4 * len(series) {
		g := glyphs(n, 3)[1]
		require.False(t, seen[[2]any{g.Color, g.Shape}], "series %d looks like an earlier one", n)
		seen[[2]any{g.Color, g.Shape}] = true
	}
}

func TestFewWordsStandBelowManyWeeks(t *testing.T) {
	p := Panel{}
	for n := range 53 {
		p.Ticks = append(p.Ticks, Tick{float64(n), "1 Jan"})
	}
	require.LessOrEqual(t, len(p.below()), mostTicks)
	p.Ticks = p.Ticks[:5]
	require.Len(t, p.below(), 5)
}
