package commands

import (
	"context"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentStatus() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "status", Usage: "[#incident] [status] [why]", Summary: "set how far it has come; going back needs a reason", Role: bot.Anyone, Run: p.statusWords},
		},
		actions: []bot.Action{
			{Name: "incident.statusform", Role: bot.Anyone, Run: p.statusOpen},
			{Name: "incident.status", Role: bot.Anyone, Run: p.statusPressed},
			{Name: "form:incident.status", Role: bot.Anyone, Run: p.statusSubmitted},
		},
	}
}

func (p Parts) statusWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.runsWords(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) == 0 {
		return p.statusForm(i)
	}
	return p.advance(ctx, r, i, incidents.Status(strings.ToLower(rest[0])), strings.Join(rest[1:], " "))
}

// advance sets the status; what is still missing of a resolved one is said at once.
func (p Parts) advance(ctx context.Context, r bot.Request, i incidents.Incident, to incidents.Status, reason string) (bot.Reply, error) {
	reply, err := p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error {
		return i.Advance(p.Desk.Rules(), act, to, reason)
	})
	if err != nil || to != incidents.Resolved {
		return reply, err
	}
	return p.resolved(ctx, i.Number)
}

func (p Parts) statusPressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(rest) == 0 {
		return p.statusForm(i)
	}
	return p.advance(ctx, r, i, incidents.Status(rest[0]), "")
}

func (p Parts) statusOpen(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.statusForm(i)
}

func (p Parts) statusForm(i incidents.Incident) (bot.Reply, error) {
	options := []chat.Option{}
	for _, s := range incidents.Statuses() {
		if s != i.Status && (s != incidents.Closed || i.Status == incidents.Resolved) {
			options = append(options, chat.Option{Value: string(s), Label: string(s)})
		}
	}
	return bot.Reply{Form: &chat.Form{
		ID: "incident.status", Title: "Status of " + i.Name(), Submit: "Set it", Meta: about(i),
		Intro: []chat.Part{chat.Text("It is *" + string(i.Status) + "* since " + chat.Time(i.Since) + ".")},
		Inputs: []chat.Input{
			{ID: "status", Label: "New status", Kind: chat.Radio, Options: options},
			reasonInput("Needed to go back; else what helped, if you like.", true),
		},
	}}, nil
}

func (p Parts) statusSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.advance(ctx, r, i, incidents.Status(answered(r, "status")), answered(r, "reason"))
}
