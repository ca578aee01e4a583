package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) healthHistory() healthPart {
	return healthPart{
		words: []bot.Word{{Name: "history", Usage: "<check> [24h | 7d | 12w | 2026-03 | 2026-01-01..2026-03-31]",
			Summary: "uptime, how long answers took and the longest trouble, with a chart", Role: bot.Anyone, Run: p.healthReviewed}},
		actions: []bot.Action{
			{Name: "health.history", Role: bot.Anyone, Run: p.healthReviewed},
			{Name: "health.chart", Role: bot.Anyone, Run: p.healthCharted},
		},
	}
}

// usualReview is how far back a history goes when nothing was said.
const usualReview = "7d"

// reviewed is which history a button shows, with the request that it first came with: it is shown once for each.
type reviewed struct {
	Check   string `json:"c"`
	From    int64  `json:"f"`
	Until   int64  `json:"u"`
	Name    string `json:"n"`
	Request string `json:"r"`
}

// healthReviewed answers the person alone; the picture is for the channel, as Slack shows none to one person there.
func (p Parts) healthReviewed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	c, words, ask, err := p.checkOf(r, "history")
	if err != nil || ask != nil {
		return deref(ask), err
	}
	period, err := incidents.PeriodWords{Command: "/health history " + c.Name, Usual: usualReview}.Parse(words, p.Now().In(p.Health.Rules().Zone()))
	if err != nil {
		return bot.Reply{}, err
	}
	review, err := p.Health.Review(ctx, c.Name, period.From, period.Until)
	if err != nil {
		return bot.Reply{}, err
	}
	m := reviewMessage(review, period)
	if r.Channel != "" && len(review.Stretches) > 0 {
		value, err := json.Marshal(reviewed{Check: c.Name, From: period.From.UnixNano(), Until: period.Until.UnixNano(), Name: period.Name, Request: r.ID})
		if err != nil {
			return bot.Reply{}, fmt.Errorf("commands: %w", err)
		}
		m.Parts = append(m.Parts, chat.Actions{{Action: "health.chart", Value: string(value), Label: "Show the chart in the channel", Style: chat.Primary}})
	}
	return bot.Reply{Message: &m}, nil
}

// healthCharted posts the history with its chart, once. Where no picture can be shown it posts the words.
func (p Parts) healthCharted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	var a reviewed
	if err := json.Unmarshal([]byte(r.Value), &a); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: which history: %w", err)
	}
	zone := p.Health.Rules().Zone()
	period := incidents.Period{From: time.Unix(0, a.From).In(zone), Until: time.Unix(0, a.Until).In(zone), Name: a.Name}
	review, err := p.Health.Review(ctx, a.Check, period.From, period.Until)
	if err != nil {
		return bot.Reply{}, err
	}
	picture, err := review.Picture()
	if err != nil {
		return bot.Reply{}, err
	}
	shown := reviewMessage(review, period)
	picture.Key = "health-history/" + a.Request
	picture.Comment = fmt.Sprintf("*%s: %s*\n%s\n```\n%s\n```\n_%s_\n_Asked for by %s_", chat.Escape(a.Check), period.Title(), reviewText(review), reviewTable(review),
		tableNote(review), r.User.Mention())
	err = p.ShowPicture(ctx, r.Channel, r.Thread, picture)
	if bot.Unavailable(err) {
		words := reviewMessage(review, period)
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

func reviewMessage(review health.Review, period incidents.Period) chat.Message {
	title := review.Check.Name + ": " + period.Title()
	m := chat.Message{Summary: title + ": " + review.InAWord(), Private: true, Parts: []chat.Part{chat.Header(title), chat.Text(reviewText(review))}}
	if len(review.Stretches) > 0 {
		m.Parts = append(m.Parts, chat.Code(reviewTable(review)), chat.Note(tableNote(review)))
	}
	return m
}

// reviewText is a history in words of mrkdwn.
func reviewText(review health.Review) string {
	t := review.Tally()
	if len(review.Stretches) == 0 {
		return "Nobody looked in that time."
	}
	lines := []string{}
	if up := t.Percent(); up != "" {
		lines = append(lines, fmt.Sprintf("*Up %s*: %s of %s went well", up, chat.Count(int64(t.Good)), chat.Plural(int64(t.Good+t.Failed), "look")))
	}
	if median, ok := t.Percentile(0.5); ok {
		p95, _ := t.Percentile(0.95)
		p99, _ := t.Percentile(0.99)
		lines = append(lines, fmt.Sprintf("Answers took %s (median), 95 %% up to %s, 99 %% up to %s, the slowest %s", chat.Span(median), chat.Span(p95), chat.Span(p99), chat.Span(t.Slowest)))
	}
	if worst, ok := review.Longest(review.From, review.To); ok {
		lines = append(lines, fmt.Sprintf("Longest trouble: *%s*, from %s", chat.Span(worst.To.Sub(worst.From)), chat.Time(worst.From)))
	} else {
		lines = append(lines, "No look failed")
	}
	if t.Maintained > 0 {
		lines = append(lines, chat.Plural(int64(t.Maintained), "look")+" in maintenance do not count")
	}
	if t.Unknown > 0 {
		lines = append(lines, fmt.Sprintf("%s could not be made and do not count", chat.Plural(int64(t.Unknown), "look")))
	}
	var away time.Duration
	for _, a := range review.Absent {
		away += a.To.Sub(a.From)
	}
	if away > 0 {
		lines = append(lines, "Not looked at for "+chat.Span(away)+" in all")
	}
	return strings.Join(lines, "\n")
}

// mostDayRows is how many days a table lists; a longer time is listed by week.
const mostDayRows = 15

// reviewTable is a history by day, or by week if it is long, 35 characters wide, as much as a phone shows in a line.
func reviewTable(review health.Review) string {
	rows, head := review.Days(review.Zone), "day"
	if review.To.Sub(review.From) > mostDayRows*24*time.Hour+time.Hour {
		rows, head = review.Weeks(review.Zone), "week"
	}
	table := fmt.Sprintf("%-6s%6s%6s%6s%6s%5s", head, "up %", "p50", "p95", "p99", "down")
	for _, s := range rows {
		cell := func(share float64) string {
			if d, ok := s.Tally.Percentile(share); ok {
				return briefly(d)
			}
			return "–"
		}
		down := "–"
		if worst, ok := review.Longest(s.From, s.To); ok {
			down = briefly(worst.To.Sub(worst.From))
		}
		up := strings.TrimSuffix(s.Tally.Percent(), " %")
		if up == "" {
			up = "–"
		}
		table += fmt.Sprintf("\n%-6s%6s%6s%6s%6s%5s", s.From.In(review.Zone).Format("2 Jan"), up, cell(0.5), cell(0.95), cell(0.99), down)
	}
	return table
}

// briefly is brief for what may take less than a minute: 4ms, 1.2s, 42s, 5m.
func briefly(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return brief(d)
}

func tableNote(review health.Review) string {
	return fmt.Sprintf("up: looks that went well, outside maintenance · p50, p95, p99: so many per cent of the good answers came within that time (to about 5 %%) · "+
		"down: longest trouble · days of %s", review.Zone)
}
