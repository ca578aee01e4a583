package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// actionsListed is how many actions one page shows, each with its menu.
const actionsListed = 20

// The lists in which an action stands, as its buttons know them; any other word is the day of a morning's message.
const (
	ofOne = "one"
	ofAll = "all"
	alone = "alone"
)

// actionsWords lists what is open of all incidents, or all of the one that is named.
func (p Parts) actionsWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if len(r.Words) == 0 {
		m, err := p.allActions(ctx, r, 0)
		return bot.Reply{Message: m}, err
	}
	i, rest, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) > 0 {
		return bot.Reply{}, &chat.Problem{Say: "I do not know what " + chat.Literal(rest[0]) + " means here.",
			Try: "`/incident actions` shows those of all incidents, `/incident actions #12` those of one; `/incident action` adds one."}
	}
	return bot.Reply{Message: p.actionsOf(i, 0)}, nil
}

// actionsPressed shows those of one incident, or another page of a list: "12", "12 20", "all 20".
func (p Parts) actionsPressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	var from int
	if _, err := fmt.Sscanf(r.Value, ofAll+" %d", &from); err == nil {
		m, err := p.allActions(ctx, r, from)
		return bot.Reply{Update: m}, err
	}
	i, rest, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(rest) == 0 {
		return bot.Reply{Message: p.actionsOf(i, 0)}, nil
	}
	if from, err = strconv.Atoi(rest[0]); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: actions: %w", err)
	}
	return bot.Reply{Update: p.actionsOf(i, from)}, nil
}

// actionsRead asks GitHub what became of them, without waiting for it.
func (p Parts) actionsRead(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	if _, err = p.Desk.Change(ctx, i.Number, act(r), func(i *incidents.Incident) error { i.ReadBack++; return nil }); err != nil {
		return bot.Reply{}, err
	}
	return private("GitHub is asked what became of the actions of " + i.Name() + "; the card shows it."), nil
}

// line is an action of an incident.
type line struct {
	of     incidents.Incident
	action incidents.Action
}

// allActions lists what is open of all incidents that the person may read, those that are due first.
func (p Parts) allActions(ctx context.Context, r bot.Request, from int) (*chat.Message, error) {
	all, err := p.Desk.WithOpenActions(ctx)
	if err != nil {
		return nil, err
	}
	var lines []line
	may := p.reader(ctx, r)
	for _, i := range all {
		if !may(i) {
			continue
		}
		for _, a := range i.OpenActions() {
			lines = append(lines, line{i, a})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		switch x, y := a.action.Due, b.action.Due; {
		case x.IsZero() != y.IsZero() && x.IsZero():
			return 1
		case x.IsZero() != y.IsZero():
			return -1
		default:
			return x.Compare(y)
		}
	})
	return p.drawActions("Open actions of all incidents", lines, from, ofAll), nil
}

// actionsOf lists the actions of one incident, the open ones first.
func (p Parts) actionsOf(i incidents.Incident, from int) *chat.Message {
	var lines, rest []line
	for _, a := range i.Actions {
		if a.Open() {
			lines = append(lines, line{i, a})
		} else {
			rest = append(rest, line{i, a})
		}
	}
	m := p.drawActions("Actions of "+i.Name(), append(lines, rest...), from, ofOne)
	buttons := chat.Actions{{Action: "incident.action", Value: about(i), Label: "Add action…", Style: chat.Primary}}
	if slices.ContainsFunc(i.Actions, func(a incidents.Action) bool { return a.Filed.Number > 0 }) {
		buttons = append(buttons, chat.Button{Action: "incident.action.read", Value: about(i), Label: "Look on GitHub"})
	}
	m.Parts = append(m.Parts, buttons)
	return m
}

func (p Parts) drawActions(title string, lines []line, from int, where string) *chat.Message {
	from = max(0, min(from, len(lines)-1))
	to := min(from+actionsListed, len(lines))
	parts := []chat.Part{chat.Header(title)}
	if len(lines) == 0 {
		parts = append(parts, chat.Text("There are none. `/incident action @ben by friday alert on the queue's length` adds one."))
	}
	for _, l := range lines[from:to] {
		parts = append(parts, chat.Item{Text: p.Desk.ActionLine(l.of, l.action), Beside: menuOf(l.of, l.action, fmt.Sprintf("%s %d", where, from))})
	}
	page := func(first int, label string) chat.Button {
		value := fmt.Sprintf("%s %d", ofAll, first)
		if where == ofOne {
			value = fmt.Sprintf("%d %d", lines[0].of.Number, first)
		}
		return chat.Button{Action: "incident.actions", Value: value, Label: label}
	}
	pages := chat.Actions{}
	if from > 0 {
		pages = append(pages, page(max(0, from-actionsListed), "◀ Before"))
	}
	if to < len(lines) {
		pages = append(pages, page(to, fmt.Sprintf("%d more ▶", len(lines)-to)))
	}
	if len(pages) > 0 {
		parts = append(parts, pages)
	}
	return &chat.Message{Summary: title + ": " + strconv.Itoa(len(lines)), Parts: parts, Private: true}
}

// actionsAnew draws the list again in which a button was pressed.
func (p Parts) actionsAnew(ctx context.Context, r bot.Request, i incidents.Incident, n int, where []string) (bot.Reply, error) {
	if len(where) == 0 {
		return private(p.Desk.ActionLine(i, i.Actions[n-1])), nil
	}
	from := 0
	if len(where) > 1 {
		var err error
		if from, err = strconv.Atoi(where[1]); err != nil {
			return bot.Reply{}, fmt.Errorf("commands: actions: %w", err)
		}
	}
	switch where[0] {
	case ofOne:
		return bot.Reply{Update: p.actionsOf(i, from)}, nil
	case ofAll:
		m, err := p.allActions(ctx, r, from)
		return bot.Reply{Update: m}, err
	case alone:
		line := p.Desk.ActionLine(i, i.Actions[n-1])
		return bot.Reply{Update: &chat.Message{Summary: line, Parts: []chat.Part{chat.Text(line)}}}, nil
	}
	m, err := p.Desk.Morning(ctx, where[0])
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Reply{Update: &m}, nil
}
