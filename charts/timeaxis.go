package charts

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// mostTimes is how many words fit below a plot.
const mostTimes = 7

// timeTick is a mark of a time axis.
type timeTick struct {
	at    time.Time
	label string
}

// every is a distance between marks: one of its fields.
type every struct{ minutes, days, months int }

var everies = []every{
	{minutes: 1}, {minutes: 2}, {minutes: 5}, {minutes: 10}, {minutes: 15}, {minutes: 30}, {minutes: 60}, {minutes: 120}, {minutes: 180}, {minutes: 360}, {minutes: 720},
	{days: 1}, {days: 2}, {days: 7}, {days: 14}, {months: 1}, {months: 2}, {months: 3}, {months: 6}, {months: 12}, {months: 24}, {months: 60},
}

// timeTicks are round times of the location of from: at most mostTimes, at distances that people count in.
func timeTicks(from, to time.Time) []timeTick {
	var ticks []timeTick
	for _, e := range everies {
		// Distances that are far too short are not even tried.
		if to.Sub(from) > (mostTimes+1)*(time.Duration(e.minutes)*time.Minute+time.Duration(e.days+31*e.months)*24*time.Hour) {
			continue
		}
		if ticks = e.within(from, to); len(ticks) <= mostTimes {
			break
		}
	}
	return ticks
}

// within are the marks from one moment to another.
func (e every) within(from, to time.Time) []timeTick {
	if e.minutes > 0 {
		return e.clock(from, to)
	}
	var ticks []timeTick
	for day, last := dayOf(from), dayOf(to.In(from.Location())); !day.After(last); day = day.AddDate(0, 0, 1) {
		month := day.Year()*12 + int(day.Month()) - 1
		// 1 January 1970 was a Thursday: with three more days weeks begin on Mondays.
		since := int(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Unix()/86400) + 3
		at := midnight(day, from.Location())
		switch {
		case at.Before(from) || at.After(to):
		case e.days > 0 && since%e.days == 0:
			ticks = append(ticks, timeTick{at, day.Format("2 Jan")})
		case e.months > 0 && day.Day() == 1 && month%e.months == 0:
			label := day.Format("Jan")
			if day.Month() == time.January || e.months >= 12 {
				label = day.Format("2006")
			}
			ticks = append(ticks, timeTick{at, label})
		}
	}
	return ticks
}

// clock are the marks within days. Where the clock goes back an hour comes twice, where it goes forward one is missing:
// so it is moments that are walked through, and the clock is read at each.
func (e every) clock(from, to time.Time) []timeTick {
	// All zones of today are a multiple of 15 minutes from UTC.
	step := time.Duration(min(e.minutes, 15)) * time.Minute
	if e.minutes == 10 {
		step = 5 * time.Minute
	}
	var ticks []timeTick
	for at := from.Truncate(step); !at.After(to); at = at.Add(step) {
		minute := at.Hour()*60 + at.Minute()
		if at.Before(from) || at.Second() != 0 || minute%e.minutes != 0 {
			continue
		}
		label := at.Format("15:04")
		if minute == 0 {
			label = at.Format("2 Jan")
		}
		ticks = append(ticks, timeTick{at, label})
	}
	return ticks
}

// dayOf is noon of a moment's day in UTC: a day to count with, whatever the clocks of its place do.
func dayOf(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, time.UTC)
}

// midnight is when a day begins in a place.
func midnight(day time.Time, place *time.Location) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, place)
}

// period writes the days from one moment until another: 25 Nov 2026, 18–25 Nov 2026, 27 Aug – 25 Nov 2026.
func period(from, to time.Time) string {
	last := to.In(from.Location()).Add(-time.Nanosecond)
	if last.Before(from) {
		last = from
	}
	switch {
	case dayOf(from).Equal(dayOf(last)):
		return last.Format("2 Jan 2006")
	case from.Year() != last.Year():
		return from.Format("2 Jan 2006") + " – " + last.Format("2 Jan 2006")
	case from.Month() != last.Month():
		return from.Format("2 Jan") + " – " + last.Format("2 Jan 2006")
	}
	return from.Format("2") + "–" + last.Format("2 Jan 2006")
}

// zone names the location of from and how its clocks differ from UTC: Europe/Berlin (CEST, from 25 Oct CET).
func zone(from, to time.Time) string {
	place := from.Location().String()
	words, names := abbreviation(from), []string{abbreviation(from)}
	for at, changes := from, 0; ; changes++ {
		_, end := at.ZoneBounds()
		if end.IsZero() || !end.Before(to) {
			break
		}
		at = end
		if name := abbreviation(at); !slices.Contains(names, name) {
			names = append(names, name)
			words += fmt.Sprintf(", from %s %s", at.Format("2 Jan"), name)
		}
		if changes > 0 {
			words = strings.Join(names, "/")
		}
	}
	if place == "Local" || place == "" || place == words {
		return words
	}
	return fmt.Sprintf("%s (%s)", place, words)
}

// abbreviation is a zone's, or its distance from UTC where it has none.
func abbreviation(at time.Time) string {
	name, _ := at.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") || name == "" {
		return "UTC" + strings.TrimSuffix(at.Format("-07:00"), ":00")
	}
	return name
}
