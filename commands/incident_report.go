package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// servicesReported is how many services a report names; the others it counts.
const servicesReported = 8

func (p Parts) incidentReport() incidentPart {
	return incidentPart{
		words: []bot.Word{{Name: "report", Usage: "[30d | 12w | 6m | 2026-03 | 2026-01-01..2026-03-31]",
			Summary: "how many incidents there were, and how long they took", Role: bot.Anyone, Run: p.incidentReported}},
		actions: []bot.Action{{Name: "incident.report", Role: bot.Anyone, Run: p.incidentReportShown}},
	}
}

// asked is which report a button shows, with the request that it first came with: it is shown once for each.
type asked struct {
	From    int64  `json:"f"`
	Until   int64  `json:"u"`
	Name    string `json:"n"`
	Request string `json:"r"`
}

// incidentReported answers the person alone; the picture is for the channel, as Slack shows none to one person there.
func (p Parts) incidentReported(ctx context.Context, r bot.Request) (bot.Reply, error) {
	period, err := incidents.ParsePeriod(r.Words, p.incidentNow())
	if err != nil {
		return bot.Reply{}, err
	}
	report, err := p.Desk.Report(ctx, period)
	if err != nil {
		return bot.Reply{}, err
	}
	m := reportMessage(report)
	if r.Channel != "" {
		value, err := json.Marshal(asked{From: period.From.UnixNano(), Until: period.Until.UnixNano(), Name: period.Name, Request: r.ID})
		if err != nil {
			return bot.Reply{}, fmt.Errorf("commands: %w", err)
		}
		m.Parts = append(m.Parts, chat.Actions{{Action: "incident.report", Value: string(value), Label: "Show in channel"}})
	}
	return bot.Reply{Message: &m}, nil
}

// incidentNow is now where days begin and end for incidents.
func (p Parts) incidentNow() time.Time {
	now := p.Now()
	if where := p.Desk.Rules().Location; where != nil {
		now = now.In(where)
	}
	return now
}

// incidentReportShown posts the report with its picture, once. Where no picture can be shown it posts the words.
func (p Parts) incidentReportShown(ctx context.Context, r bot.Request) (bot.Reply, error) {
	var a asked
	if err := json.Unmarshal([]byte(r.Value), &a); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: which report: %w", err)
	}
	where := p.incidentNow().Location()
	report, err := p.Desk.Report(ctx, incidents.Period{From: time.Unix(0, a.From).In(where), Until: time.Unix(0, a.Until).In(where), Name: a.Name})
	if err != nil {
		return bot.Reply{}, err
	}
	picture, err := report.Picture()
	if err != nil {
		return bot.Reply{}, err
	}
	picture.Key, picture.Comment = "incident-report/"+a.Request, reportText(report)+"\n_Asked for by "+r.User.Mention()+"_"
	shown := reportMessage(report)
	err = p.ShowPicture(ctx, r.Channel, r.Thread, picture)
	if bot.Unavailable(err) {
		words := reportMessage(report)
		words.Private, words.Key = false, picture.Key
		words.Parts = append(words.Parts, chat.Note("The chart cannot be shown: Slack takes no files from me. `/ops check` says why."))
		shown.Parts = append(shown.Parts, chat.Note("Shown in the channel, without its chart: Slack takes no files from me."))
		return bot.Reply{Message: &words, Update: &shown}, nil
	}
	if err != nil {
		return bot.Reply{}, err
	}
	shown.Parts = append(shown.Parts, chat.Note("Shown in the channel."))
	return bot.Reply{Update: &shown}, nil
}

// reportMessage is a report for one person.
func reportMessage(report incidents.Report) chat.Message {
	m := chat.Message{Summary: reportSummary(report), Private: true, Parts: []chat.Part{chat.Header("Incidents: " + report.Period.Title())}}
	above, table, below, note := reportPieces(report)
	m.Parts = append(m.Parts, chat.Text(above))
	if table != "" {
		m.Parts = append(m.Parts, chat.Code(table))
	}
	if below != "" {
		m.Parts = append(m.Parts, chat.Text(below))
	}
	if note != "" {
		m.Parts = append(m.Parts, chat.Note(note))
	}
	return m
}

// reportText is the same as one text in mrkdwn, to stand above a picture.
func reportText(report incidents.Report) string {
	above, table, below, note := reportPieces(report)
	text := "*Incidents: " + report.Period.Title() + "*\n" + above
	if table != "" {
		text += "\n```\n" + table + "\n```"
	}
	if below != "" {
		text += "\n" + below
	}
	if note != "" {
		text += "\n_" + note + "_"
	}
	return text
}

// reportSummary is the report in a line.
func reportSummary(report incidents.Report) string {
	text := chat.Plural(int64(report.Incidents.All), "incident") + ", " + report.Period.Title()
	if m := report.Incidents.Mitigate; m.N >= incidents.LeastMedian {
		text += ": mitigated after " + chat.Span(m.Median) + " (median)"
	}
	return text
}

func reportPieces(report incidents.Report) (above, table, below, note string) {
	s := report.Incidents
	lines := []string{"There were none."}
	if s.All > 0 {
		lines = []string{howMany(s, "incident"), "*By severity:* " + counted(s.BySeverity, len(s.BySeverity)), "*By service:* " + counted(s.ByService, servicesReported)}
		table = timesTable(s)
		note = "Acknowledged from detection on, mitigated and resolved from the beginning of the impact on; n were measured. " +
			fmt.Sprintf("Percentiles are by nearest rank; a median takes %d times at least, a 90th percentile %d.", incidents.LeastMedian, incidents.LeastP90)
	}
	var more []string
	if s.Filed+s.Missing > 0 {
		more = append(more, fmt.Sprintf("*Post-mortems:* %d filed, %d missing", s.Filed, s.Missing))
	}
	if s.OpenActions+s.DoneActions > 0 {
		more = append(more, fmt.Sprintf("*Actions:* %d open, %d of them overdue, %d done", s.OpenActions, s.OverdueActions, s.DoneActions))
	}
	if d := report.Drills; d.All > 0 {
		more = append(more, "*Counted apart:* "+howMany(d, "drill")+afterwards(d))
	}
	return strings.Join(lines, "\n"), table, strings.Join(more, "\n"), note
}

// howMany says "3 incidents: 1 going on, 2 closed. 1 of them is private."
func howMany(s incidents.Stats, noun string) string {
	var states []string
	for _, state := range []struct {
		n    int
		name string
	}{{s.Going, "going on"}, {s.Resolved, "resolved, not closed"}, {s.Closed, "closed"}} {
		if state.n > 0 {
			states = append(states, fmt.Sprintf("%d %s", state.n, state.name))
		}
	}
	text := chat.Plural(int64(s.All), noun) + ": " + strings.Join(states, ", ") + "."
	switch s.Private {
	case 0:
	case 1:
		text += " 1 of them is private."
	default:
		text += fmt.Sprintf(" %d of them are private.", s.Private)
	}
	return text
}

// afterwards says how long drills took, as far as that can be said.
func afterwards(s incidents.Stats) string {
	if s.Mitigate.N < incidents.LeastMedian {
		return ""
	}
	return " Mitigated after " + chat.Span(s.Mitigate.Median) + " (median)."
}

// counted writes counts in a line, at most that many, the others together.
func counted(all []incidents.Count, most int) string {
	var said []string
	rest := 0
	for n, c := range all {
		name := chat.Escape(c.Name)
		if name == "" {
			name = "none named"
		}
		if n < most {
			said = append(said, fmt.Sprintf("%s %d", name, c.N))
		} else {
			rest++
		}
	}
	if rest > 0 {
		said = append(said, "and "+chat.Plural(int64(rest), "other"))
	}
	return strings.Join(said, " · ")
}

// timesTable is at most 35 characters wide, as much as a phone shows in a line.
func timesTable(s incidents.Stats) string {
	table := fmt.Sprintf("%-11s%3s%7s%6s%8s", "", "n", "median", "90 %", "longest")
	for _, row := range []struct {
		name  string
		times incidents.Times
	}{{"acknowledge", s.Acknowledge}, {"mitigate", s.Mitigate}, {"resolve", s.Resolve}} {
		cell := func(least int, d time.Duration) string {
			if row.times.N < least {
				return "–"
			}
			return brief(d)
		}
		table += fmt.Sprintf("\n%-11s%3d%7s%6s%8s", row.name, row.times.N, cell(incidents.LeastMedian, row.times.Median),
			cell(incidents.LeastP90, row.times.P90), cell(1, row.times.Longest))
	}
	return table
}

// brief writes a duration in at most six characters: 42s, 5m, 2h05, 3d04h, 123d.
func brief(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < day:
		return fmt.Sprintf("%dh%02d", d/time.Hour, d%time.Hour/time.Minute)
	case d < 10*day:
		return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
	}
	return fmt.Sprintf("%dd", d/day)
}
