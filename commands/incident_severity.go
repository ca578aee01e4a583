package commands

import (
	"context"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentSeverity() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "severity", Usage: "[#incident] [severity] [why]", Summary: "change how bad it is; people and reminders follow", Role: bot.Anyone, Run: p.severityWords},
		},
		actions: []bot.Action{
			{Name: "incident.severity", Role: bot.Anyone, Run: p.severityOpen},
			{Name: "form:incident.severity", Role: bot.Anyone, Run: p.severitySubmitted},
		},
	}
}

func (p Parts) severityWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.runsWords(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) == 0 {
		return p.severityForm(i)
	}
	return p.setSeverity(ctx, r, i, rest[0], strings.Join(rest[1:], " "))
}

func (p Parts) setSeverity(ctx context.Context, r bot.Request, i incidents.Incident, name, reason string) (bot.Reply, error) {
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error {
		return i.SetSeverity(p.Desk.Rules(), act, strings.ToLower(name), reason)
	})
}

func (p Parts) severityOpen(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.severityForm(i)
}

func (p Parts) severityForm(i incidents.Incident) (bot.Reply, error) {
	if err := i.CheckOpen(); err != nil {
		return bot.Reply{}, err
	}
	options := []chat.Option{}
	for _, s := range p.Desk.Rules().Severities {
		if s.Name != i.Severity {
			options = append(options, chat.Option{Value: s.Name, Label: s.Name, Hint: s.When})
		}
	}
	return bot.Reply{Form: &chat.Form{
		ID: "incident.severity", Title: "Severity of " + i.Name(), Submit: "Change it", Meta: about(i),
		Intro: []chat.Part{chat.Text("It is *" + chat.Escape(i.Severity) + "*.")},
		Inputs: []chat.Input{
			{ID: "severity", Label: "New severity", Kind: chat.Radio, Options: options},
			reasonInput("In a few words; the channel sees it.", false),
		},
	}}, nil
}

func (p Parts) severitySubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.setSeverity(ctx, r, i, answered(r, "severity"), answered(r, "reason"))
}
