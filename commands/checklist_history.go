package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
)

// listsListed is how many lists one page shows.
const listsListed = 15

// listHistory shows the newest lists, of one checklist if it is named.
func (p Parts) listHistory(ctx context.Context, r bot.Request) (bot.Reply, error) {
	name := ""
	if len(r.Words) > 0 {
		t, err := p.Lists.Rules().Find(strings.ToLower(r.Words[0]))
		if err != nil {
			return bot.Reply{}, err
		}
		name = t.Name
	}
	m, err := p.historyPage(ctx, name, 0)
	return bot.Reply{Message: m}, err
}

// listOlder turns a page: its button holds how many lists come before it, and whose.
func (p Parts) listOlder(ctx context.Context, r bot.Request) (bot.Reply, error) {
	count, name, _ := strings.Cut(r.Value, " ")
	skip, err := strconv.Atoi(count)
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: older checklists: %w", err)
	}
	m, err := p.historyPage(ctx, name, max(skip, 0))
	return bot.Reply{Update: m}, err
}

func (p Parts) historyPage(ctx context.Context, name string, skip int) (*chat.Message, error) {
	all, err := p.Lists.History(ctx, name, skip+listsListed+1)
	if err != nil {
		return nil, err
	}
	page := all[min(skip, len(all)):min(skip+listsListed, len(all))]
	title := "Checklists so far"
	if name != "" {
		title = "Lists of " + name
	}
	lines := []string{}
	for _, l := range page {
		lines = append(lines, historyLine(l))
	}
	if len(lines) == 0 {
		lines = append(lines, "There are none.")
	}
	parts := []chat.Part{chat.Header(title), chat.Text(strings.Join(lines, "\n"))}
	turn := chat.Actions{}
	if skip > 0 {
		turn = append(turn, chat.Button{Action: "checklist.older", Value: fmt.Sprint(max(0, skip-listsListed), " ", name), Label: "◀ Newer"})
	}
	if len(all) > skip+listsListed {
		turn = append(turn, chat.Button{Action: "checklist.older", Value: fmt.Sprint(skip+listsListed, " ", name), Label: "Older ▶"})
	}
	if len(turn) > 0 {
		parts = append(parts, turn)
	}
	parts = append(parts, chat.Note("`/checklist show #12` shows one in full."))
	return &chat.Message{Summary: title, Parts: parts, Private: true}, nil
}

// historyLine is a list and what became of it.
func historyLine(l checklists.List) string {
	line := fmt.Sprintf("*%s* %s", l.Name(), l.Template.Title)
	if l.Version != "" {
		line += " for " + chat.Literal(l.Version)
	}
	line += " · " + l.For.Format("Mon 2 Jan 2006") + " · "
	overridden := 0
	for _, e := range l.Items {
		if e.Overridden() {
			overridden++
		}
	}
	said := ""
	if overridden > 0 {
		said = fmt.Sprintf(" · %d overridden", overridden)
	}
	how := "done by " + l.ClosedBy.Mention() + ", " + chat.Time(l.Closed)
	if l.Next > 0 {
		how = "complete " + chat.Time(l.Complete)
	}
	switch {
	case l.Status == checklists.Open:
		return "🔵 " + line + fmt.Sprintf("open, %d of %d", l.Settled(), len(l.Items)) + said
	case l.Status == checklists.Unfinished:
		return "⚠️ " + line + "unfinished, left " + leftOf(l) + said
	case l.Ready() && l.Next == 0:
		return "✅ " + line + "ready to deploy, " + l.ClosedBy.Mention() + ", " + chat.Time(l.Closed) + said
	case l.OnTime():
		return "✅ " + line + how + said
	}
	return "🟠 " + line + "late, " + how + said
}

// leftOf names the first items that were left.
func leftOf(l checklists.List) string {
	const most = 2
	var names []string
	left := l.Left()
	for _, e := range left[:min(len(left), most)] {
		names = append(names, "“"+chat.Spoken(e.Text)+"”")
	}
	text := strings.Join(names, ", ")
	if len(left) > most {
		text += fmt.Sprintf(" and %d more", len(left)-most)
	}
	return text
}
