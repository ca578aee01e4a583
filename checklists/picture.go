package checklists

import (
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/charts"
	"github.com/kampyn/opsbot/chat"
)

// Picture shows the report as a calendar: for each template what became of the list of each day. Days are those on which the
// lists were due to be posted, where their templates are; the months are drawn in From's location. Key and Comment are the
// caller's.
func (r Report) Picture() (bot.Picture, error) {
	c := r.calendar()
	png, err := c.PNG()
	if err != nil {
		return bot.Picture{}, fmt.Errorf("checklists: draw the report: %w", err)
	}
	last := r.To.Add(-time.Nanosecond)
	return bot.Picture{Name: "checklists-" + r.From.Format(time.DateOnly) + ".png",
		Title: "Checklists, " + r.From.Format("2 Jan 2006") + " to " + last.Format("2 Jan 2006"), Alt: c.Alt(), PNG: png}, nil
}

func (r Report) calendar() charts.Calendar {
	c := charts.Calendar{
		Title: "Checklists", Subtitle: r.Total.Say(), From: r.From, To: r.To.Add(-time.Nanosecond),
		Meanings: []charts.Meaning{
			{Sign: charts.Done, Name: "done on time"}, {Sign: charts.Late, Name: "done late"}, {Sign: charts.Missed, Name: "closed unfinished"},
			{Sign: charts.Open, Name: "in progress"}, {Sign: charts.Nothing, Name: "not posted"},
		},
	}
	for _, t := range r.ByTemplate {
		row := charts.Row{Name: t.Title, Note: fmt.Sprintf("%d of %d on time", t.OnTime, t.Lists-t.Open)}
		if t.Lists == t.Open {
			row.Note = ""
		}
		for _, l := range r.Lists {
			if l.Template.Name == t.Name {
				y, month, d := l.For.Date()
				row.Days = append(row.Days, charts.Day{At: time.Date(y, month, d, 12, 0, 0, 0, r.From.Location()), Sign: l.sign()})
			}
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

func (l List) sign() charts.Sign {
	switch {
	case l.Status == Open:
		return charts.Open
	case l.Status == Unfinished:
		return charts.Missed
	case l.OnTime():
		return charts.Done
	}
	return charts.Late
}

// Say is the tally in words: "28 lists: 25 done on time, 1 late, 2 unfinished".
func (t Tally) Say() string {
	if t.Lists == 0 {
		return "There were none"
	}
	var said []string
	for _, c := range []struct {
		n    int
		name string
	}{{t.OnTime, "done on time"}, {t.Late, "done late"}, {t.Unfinished, "closed unfinished"}, {t.Open, "open"}} {
		if c.n > 0 {
			said = append(said, fmt.Sprintf("%d %s", c.n, c.name))
		}
	}
	return chat.Plural(int64(t.Lists), "list") + ": " + strings.Join(said, ", ")
}
