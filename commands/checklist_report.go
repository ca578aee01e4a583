package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/incidents"
)

// itemsReported is how many items a report names as skipped, and as overridden.
const itemsReported = 6

// listReport answers the person alone; the picture is for the channel, as Slack shows none to one person there.
func (p Parts) listReport(ctx context.Context, r bot.Request) (bot.Reply, error) {
	period, err := incidents.PeriodWords{Command: "/checklist report", Usual: incidents.UsualPeriod}.Parse(r.Words, p.listNow())
	if err != nil {
		return bot.Reply{}, err
	}
	report, err := p.Lists.Report(ctx, period.From, period.Until)
	if err != nil {
		return bot.Reply{}, err
	}
	m := listReportMessage(report, period)
	if r.Channel != "" {
		value, err := json.Marshal(asked{From: period.From.UnixNano(), Until: period.Until.UnixNano(), Name: period.Name, Request: r.ID})
		if err != nil {
			return bot.Reply{}, fmt.Errorf("commands: %w", err)
		}
		m.Parts = append(m.Parts, chat.Actions{{Action: "checklist.picture", Value: string(value), Label: "Show in channel"}})
	}
	return bot.Reply{Message: &m}, nil
}

// listNow is now where the days of reports begin and end: in the time zone of checklists.
func (p Parts) listNow() time.Time {
	now := p.Now()
	if where := p.Lists.Rules().Quiet.Location; where != nil {
		now = now.In(where)
	}
	return now
}

// listReportShown posts the report with its calendar, once. Where no picture can be shown it posts the words.
func (p Parts) listReportShown(ctx context.Context, r bot.Request) (bot.Reply, error) {
	var a asked
	if err := json.Unmarshal([]byte(r.Value), &a); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: which report: %w", err)
	}
	where := p.listNow().Location()
	period := incidents.Period{From: time.Unix(0, a.From).In(where), Until: time.Unix(0, a.Until).In(where), Name: a.Name}
	report, err := p.Lists.Report(ctx, period.From, period.Until)
	if err != nil {
		return bot.Reply{}, err
	}
	picture, err := report.Picture()
	if err != nil {
		return bot.Reply{}, err
	}
	picture.Key, picture.Comment = "checklist-report/"+a.Request, listReportText(report, period)+"\n_Asked for by "+r.User.Mention()+"_"
	shown := listReportMessage(report, period)
	err = p.ShowPicture(ctx, r.Channel, r.Thread, picture)
	if bot.Unavailable(err) {
		words := listReportMessage(report, period)
		words.Private, words.Key = false, picture.Key
		words.Parts = append(words.Parts, chat.Note("The calendar cannot be shown: Slack takes no files from me. `/ops check` says why."))
		shown.Parts = append(shown.Parts, chat.Note("Shown in the channel, without its calendar: Slack takes no files from me."))
		return bot.Reply{Message: &words, Update: &shown}, nil
	}
	if err != nil {
		return bot.Reply{}, err
	}
	shown.Parts = append(shown.Parts, chat.Note("Shown in the channel."))
	return bot.Reply{Update: &shown}, nil
}

// listReportMessage is a report for one person.
func listReportMessage(report checklists.Report, period incidents.Period) chat.Message {
	m := chat.Message{Summary: "Checklists, " + period.Title() + ": " + report.Total.Say(), Private: true,
		Parts: []chat.Part{chat.Header("Checklists: " + period.Title()), chat.Text(report.Total.Say() + ".")}}
	if report.Total.Lists > 0 {
		m.Parts = append(m.Parts, chat.Code(tallyTable(report)))
	}
	for _, text := range listReportItems(report) {
		m.Parts = append(m.Parts, chat.Text(text))
	}
	return m
}

// listReportText is the same as one text in mrkdwn, to stand above a picture.
func listReportText(report checklists.Report, period incidents.Period) string {
	text := "*Checklists: " + period.Title() + "*\n" + report.Total.Say() + "."
	if report.Total.Lists > 0 {
		text += "\n```\n" + tallyTable(report) + "\n```"
	}
	return strings.Join(append([]string{text}, listReportItems(report)...), "\n")
}

// tallyTable is at most 35 characters wide, as much as a phone shows in a line.
func tallyTable(report checklists.Report) string {
	table := fmt.Sprintf("%-11s%7s%5s%7s%5s", "", "on time", "late", "unfin.", "open")
	for _, t := range report.ByTemplate {
		table += fmt.Sprintf("\n%-11s%7d%5d%7d%5d", shorten(t.Name, 10), t.OnTime, t.Late, t.Unfinished, t.Open)
	}
	return table
}

// listReportItems are the items that were skipped most and those that were overridden, a paragraph for each.
func listReportItems(report checklists.Report) []string {
	var texts []string
	for _, kind := range []struct {
		title string
		items []checklists.Skipped
	}{{"*Most skipped*", report.Skipped}, {"*Overridden*", report.Overridden}} {
		if len(kind.items) == 0 {
			continue
		}
		lines := []string{kind.title}
		for _, s := range kind.items[:min(len(kind.items), itemsReported)] {
			lines = append(lines, fmt.Sprintf("• %s (%s): %d of %d", chat.Spoken(s.Text), s.Template, s.Times, s.Of))
		}
		if left := len(kind.items) - itemsReported; left > 0 {
			lines = append(lines, fmt.Sprintf("and %d more", left))
		}
		texts = append(texts, strings.Join(lines, "\n"))
	}
	return texts
}
