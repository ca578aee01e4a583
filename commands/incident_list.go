package commands

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// incidentsListed is how many incidents one page shows.
const incidentsListed = 15

func (p Parts) incidentList() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "list", Summary: "the open incidents, worst first, and the newest closed ones", Role: bot.Anyone, Run: p.incidentListed},
			{Name: "show", Usage: "[#incident]", Summary: "one incident with all its buttons", Role: bot.Anyone, Run: p.incidentShow},
		},
		actions: []bot.Action{
			{Name: "incident.list", Role: bot.Anyone, Run: p.incidentListed},
			{Name: "incident.show", Role: bot.Anyone, Run: p.incidentShow},
		},
	}
}

// incidentListed shows a page; a button's value is how many open ones come before it.
func (p Parts) incidentListed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	open, err := p.Desk.Open(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	recent, err := p.Desk.Since(ctx, p.Now().Add(-30*24*time.Hour), 100)
	if err != nil {
		return bot.Reply{}, err
	}
	first := 0
	if r.Action == "incident.list" {
		if first, err = strconv.Atoi(cmp.Or(r.Value, "0")); err != nil {
			return bot.Reply{}, fmt.Errorf("commands: list incidents: %w", err)
		}
	}
	first = max(0, min(first, len(open)-1))
	lines := p.incidentLines(ctx, r, open[first:min(first+incidentsListed, len(open))])
	parts := []chat.Part{chat.Header("Open incidents"), chat.Text(cmp.Or(lines, "Nothing is open."))}
	if more := incidentPages(first, len(open)); len(more) > 0 {
		parts = append(parts, more)
	}
	closed := []incidents.Incident{}
	for _, i := range recent {
		if i.Status == incidents.Closed && len(closed) < 5 {
			closed = append(closed, i)
		}
	}
	if len(closed) > 0 {
		parts = append(parts, chat.Text("*Closed lately*\n"+p.incidentLines(ctx, r, closed)))
	}
	parts = append(parts, chat.Note("Declare one with `/incident sev2 what is wrong`."))
	m := &chat.Message{Summary: chat.Plural(int64(len(open)), "open incident"), Parts: parts, Private: true}
	if r.Action == "incident.list" {
		return bot.Reply{Update: m}, nil
	}
	return bot.Reply{Message: m}, nil
}

// incidentPages leads to the pages before and after.
func incidentPages(first, all int) chat.Actions {
	pages := chat.Actions{}
	if first > 0 {
		pages = append(pages, chat.Button{Action: "incident.list", Value: strconv.Itoa(max(0, first-incidentsListed)), Label: "◀ Before"})
	}
	if first+incidentsListed < all {
		pages = append(pages, chat.Button{Action: "incident.list", Value: strconv.Itoa(first + incidentsListed),
			Label: fmt.Sprintf("%d more ▶", all-first-incidentsListed)})
	}
	return pages
}

// incidentLines writes a line for each incident; of those that the person may not read it says only that they are.
func (p Parts) incidentLines(ctx context.Context, r bot.Request, all []incidents.Incident) string {
	lines, may := []string{}, p.reader(ctx, r)
	for _, i := range all {
		if !may(i) {
			lines = append(lines, fmt.Sprintf("🔒 *%s* %s · private", i.Name(), i.Severity))
			continue
		}
		lines = append(lines, p.incidentLine(i))
	}
	return strings.Join(lines, "\n")
}

// incidentLine is an incident in a line.
func (p Parts) incidentLine(i incidents.Incident) string {
	line := fmt.Sprintf("%s *%s* %s · %s · *%s* · %s", incidents.Icon(p.Desk.Rules(), i), i.Name(), i.Severity, chat.Escape(i.Title), i.Status,
		chat.Span(p.Now().Sub(i.At)))
	if i.Drill {
		line += " · drill"
	}
	if who, ok := i.Roles[incidents.Commander]; ok {
		line += " · " + who.Mention()
	}
	if i.Place.Channel != "" {
		line += " · <#" + i.Place.Channel + ">"
	}
	return line
}

func (p Parts) incidentShow(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if r.Value != "" {
		r.Words = []string{"#" + r.Value}
	}
	i, _, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	return p.incidentPanel(ctx, i)
}

func deref(ask *bot.Reply) bot.Reply {
	if ask == nil {
		return bot.Reply{}
	}
	return *ask
}

// incidentPanel shows one person what the card shows.
func (p Parts) incidentPanel(_ context.Context, i incidents.Incident) (bot.Reply, error) {
	card := p.Desk.Card(i)
	card.Key, card.Private = "", true
	return bot.Reply{Message: &card}, nil
}
