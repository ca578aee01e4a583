package checklists

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCalendar counts a quarter in Berlin, in which the clocks change: a list stands on the day on which it was due where its
// template is, whatever day it is elsewhere.
func TestCalendar(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	kiritimati, err := time.LoadLocation("Pacific/Kiritimati") // UTC+14: its morning is the day before in Berlin
	require.NoError(t, err)
	from, to := time.Date(2026, 8, 27, 0, 0, 0, 0, berlin), time.Date(2026, 11, 25, 12, 0, 0, 0, berlin)
	daily, weekly := Template{Name: "daily", Title: "Daily checklist"}, Template{Name: "weekly", Title: "Weekly checklist"}
	r := Rules{Templates: []Template{daily, weekly, {Name: "quarterly", Title: "Quarterly checklist"}}}
	var all []List
	add := func(template Template, at time.Time, status Status, late bool) {
		l := List{Number: len(all) + 1, Template: template, For: at, Opened: at, Due: at.Add(3 * time.Hour), Status: status}
		if l.Complete = l.Due.Add(-time.Hour); late {
			l.Complete = l.Due.Add(time.Hour)
		}
		all = append(all, l)
	}
	for n := 0; n <= 90; n++ {
		day, status := from.AddDate(0, 0, n), Done
		switch {
		case n == 18 || n == 60:
			status = Unfinished
		case n == 90:
			status = Open
		}
		add(daily, time.Date(day.Year(), day.Month(), day.Day(), 9, 0, 0, 0, kiritimati), status, n%17 == 3)
		if day.Weekday() == time.Monday {
			add(weekly, time.Date(day.Year(), day.Month(), day.Day(), 10, 0, 0, 0, berlin), Done, false)
		}
	}
	report := r.report(from, to, all)
	require.Len(t, report.ByTemplate, 2, "templates without lists are left out")
	require.Equal(t, "104 lists: 95 done on time, 6 done late, 2 closed unfinished, 1 open", report.Total.Say())

	picture, err := report.Picture()
	require.NoError(t, err)
	require.Equal(t, "Checklists, 27 Aug 2026 to 25 Nov 2026", picture.Title)
	require.Contains(t, picture.Alt, "104 lists")
	require.Contains(t, picture.Alt, "Daily checklist: 82 done on time, 6 done late, 2 closed unfinished (14 Sep, 26 Oct), 1 in progress, 82 of 90 on time")
	require.Contains(t, picture.Alt, "Weekly checklist: 13 done on time")
	require.Contains(t, picture.Alt, "Berlin")
	drawn, err := png.DecodeConfig(bytes.NewReader(picture.PNG))
	require.NoError(t, err)
	require.GreaterOrEqual(t, drawn.Width, 1000)
	if folder := os.Getenv("OPSBOT_SCREENSHOTS"); folder != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "checklists-calendar.png"), picture.PNG, 0o600))
	}

	none := r.report(from, to, nil)
	require.Equal(t, "There were none", none.Total.Say())
	picture, err = none.Picture()
	require.NoError(t, err)
	require.Contains(t, picture.Alt, "Nothing to show")
}
