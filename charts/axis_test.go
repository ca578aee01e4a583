package charts

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// marks are the words below an axis.
func marks(from, to time.Time) string {
	var all []string
	for _, t := range timeTicks(from, to) {
		all = append(all, t.label)
	}
	return strings.Join(all, " ")
}

func TestMarksAreRoundLocalTimes(t *testing.T) {
	place := berlin(t)
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 7, 0, place)
	}
	for _, c := range []struct {
		from, to time.Time
		want     string
	}{
		{at(11, 25, 9, 3), at(11, 25, 9, 7), "09:04 09:05 09:06 09:07"},
		{at(11, 25, 9, 3), at(11, 25, 10, 3), "09:10 09:20 09:30 09:40 09:50 10:00"},
		{at(11, 24, 15, 20), at(11, 25, 15, 20), "18:00 25 Nov 06:00 12:00"},
		{at(11, 18, 9, 0), at(11, 25, 9, 0), "19 Nov 20 Nov 21 Nov 22 Nov 23 Nov 24 Nov 25 Nov"},
		{at(10, 26, 9, 0), at(11, 25, 9, 0), "2 Nov 9 Nov 16 Nov 23 Nov"},
		{at(11, 24, 9, 0), at(11, 24, 9, 0).AddDate(0, 0, 400), "2027 Mar May Jul Sep Nov"},
		{at(1, 2, 9, 0), at(1, 2, 9, 0).AddDate(5, 0, 0), "2027 2028 2029 2030 2031"},
		// The clock goes back at 3:00 on 25 October, and forward at 2:00 on 29 March.
		{at(10, 25, 0, 30), at(10, 25, 4, 30), "01:00 02:00 02:00 03:00 04:00"},
		{at(3, 29, 0, 30), at(3, 29, 5, 30), "01:00 03:00 04:00 05:00"},
		{at(10, 24, 12, 0), at(10, 26, 1, 0), "18:00 25 Oct 06:00 12:00 18:00 26 Oct"},
	} {
		require.Equal(t, c.want, marks(c.from, c.to), "%s to %s", c.from, c.to)
	}
	for _, tick := range timeTicks(at(10, 20, 0, 0), at(10, 27, 0, 0)) {
		require.Zero(t, tick.at.Hour(), "a day begins at midnight before and after the change")
	}
	lordHowe, err := time.LoadLocation("Australia/Lord_Howe") // its summer is half an hour
	require.NoError(t, err)
	change := time.Date(2026, 10, 4, 0, 0, 0, 0, lordHowe)
	require.Equal(t, "4 Oct 01:00 03:00 04:00", marks(change, change.Add(4*time.Hour)))
}

func TestDaysAndZonesAreNamed(t *testing.T) {
	place := berlin(t)
	from := time.Date(2026, 10, 20, 9, 0, 0, 0, place)
	for to, want := range map[time.Time]string{
		time.Date(2026, 10, 21, 0, 0, 0, 0, place): "20 Oct 2026", time.Date(2026, 10, 27, 1, 0, 0, 0, place): "20–27 Oct 2026",
		time.Date(2026, 11, 2, 1, 0, 0, 0, place): "20 Oct – 2 Nov 2026", time.Date(2027, 1, 2, 1, 0, 0, 0, place): "20 Oct 2026 – 2 Jan 2027",
	} {
		require.Equal(t, want, period(from, to))
	}
	require.Equal(t, "Europe/Berlin (CEST)", zone(from, from.AddDate(0, 0, 2)))
	require.Equal(t, "Europe/Berlin (CEST, from 25 Oct CET)", zone(from, from.AddDate(0, 0, 7)))
	require.Equal(t, "Europe/Berlin (CEST/CET)", zone(from, from.AddDate(1, 0, 7)))
	require.Equal(t, "UTC", zone(from.UTC(), from.AddDate(1, 0, 0)))
	istanbul, err := time.LoadLocation("Europe/Istanbul")
	require.NoError(t, err)
	require.Equal(t, "Europe/Istanbul (UTC+03)", zone(from.In(istanbul), from.AddDate(1, 0, 0)))
}

func TestMarksOfValues(t *testing.T) {
	of := func(unit string, values ...float64) string {
		p := Plot{Unit: unit, Curves: []Curve{{}}}
		for _, v := range values {
			p.Curves[0].Points = append(p.Curves[0].Points, Moment{Value: v})
		}
		var all []string
		for _, tick := range p.scale().ticks {
			all = append(all, tick.Label)
		}
		return strings.Join(all, ", ")
	}
	for want, got := range map[string]string{
		"0, 50 ms, 100 ms, 150 ms, 200 ms, 250 ms":              of("s", 0.1, 0.2),
		"50 ms, 100 ms, 200 ms, 500 ms, 1 s, 2 s, 5 s":          of("s", 0.06, 3),
		"0.1 ms, 1 ms, 10 ms, 100 ms, 1 s, 10 s, 1 min, 10 min": of("s", 0, 1000),
		"0, 20 s, 40 s, 1 min, 80 s":                            of("s", 20, 70),
		"0 %, 20 %, 40 %, 60 %, 80 %, 100 %":                    of("%", 80, 100),
		"99 %, 99.2 %, 99.4 %, 99.6 %, 99.8 %, 100 %":           of("%", 99.9, 100),
		"92 %, 94 %, 96 %, 98 %, 100 %":                         of("%", 92.5, 100),
		"0 B, 500 MB, 1 GB, 1.5 GB, 2 GB":                       of("bytes", 1.9e9),
		"0, 5000, 10k, 15k, 20k":                                of("", 18000),
		"-20, 0, 20, 40, 60, 80":                                of("days", -3, 60),
		"0, 0.5, 1, 1.5":                                        of(""),
		"0, 200G, 400G, 600G, 800G, 1T":                         of("", 5e11, 0.9e12),
	} {
		require.Equal(t, want, got)
	}
	require.Equal(t, "Certificate (days)", Plot{Title: "Certificate", Unit: "days"}.heading())
	require.Equal(t, "Latency", Plot{Title: "Latency", Unit: "s"}.heading())
	for _, extreme := range [][]float64{{1e-9}, {1e300}, {-1e300, 1e300}, {1e12, 1e12}} {
		for _, unit := range []string{"s", "%", "bytes", ""} {
			require.NotEmpty(t, of(unit, extreme...))
		}
	}
}

func TestValuesInWords(t *testing.T) {
	for want, got := range map[string]string{
		"2.5 ms": Plot{Unit: "s"}.say(0.0025), "1.5 s": Plot{Unit: "s"}.say(1.5), "99.9 %": Plot{Unit: "%"}.say(99.9),
		"1.90 GB": Plot{Unit: "bytes"}.say(1.9e9), "12 days": Plot{Unit: "days"}.say(12), "0.3333": Plot{}.say(1 / 3.), "-7": Plot{}.say(-7),
	} {
		require.Equal(t, want, got)
	}
}
