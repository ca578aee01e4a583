package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentClose() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "close", Usage: "[#incident]", Summary: "file it away; the worst need their post-mortem first", Role: bot.Anyone, Run: p.closeWords},
			{Name: "reopen", Usage: "[#incident] [why]", Summary: "it is not over after all", Role: bot.Anyone, Run: p.reopenWords},
		},
		actions: []bot.Action{
			{Name: "incident.close", Role: bot.Anyone, Run: p.closePressed},
			{Name: "incident.reopen", Role: bot.Anyone, Run: p.reopenOpen},
			{Name: "form:incident.reopen", Role: bot.Anyone, Run: p.reopenSubmitted},
		},
	}
}

func (p Parts) closeWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.runsWords(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	return p.advance(ctx, r, i, incidents.Closed, strings.Join(rest, " "))
}

func (p Parts) closePressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.advance(ctx, r, i, incidents.Closed, "")
}

func (p Parts) reopenWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.runsWords(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) == 0 {
		return p.reopenForm(i)
	}
	return p.reopen(ctx, r, i, strings.Join(rest, " "))
}

// reopen goes back to investigating.
func (p Parts) reopen(ctx context.Context, r bot.Request, i incidents.Incident, reason string) (bot.Reply, error) {
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error {
		if err := mayReopen(*i); err != nil {
			return err
		}
		return i.Advance(p.Desk.Rules(), act, incidents.Investigating, reason)
	})
}

func mayReopen(i incidents.Incident) error {
	if i.Status.Over() {
		return nil
	}
	return &chat.Problem{Say: fmt.Sprintf("%s is open: it is %s.", i.Called(), i.Status), Try: "`/incident status` sets how far it has come."}
}

func (p Parts) reopenOpen(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.reopenForm(i)
}

func (p Parts) reopenForm(i incidents.Incident) (bot.Reply, error) {
	if err := mayReopen(i); err != nil {
		return bot.Reply{}, err
	}
	return bot.Reply{Form: &chat.Form{ID: "incident.reopen", Title: "Reopen " + i.Name(), Submit: "Reopen", Meta: about(i),
		Inputs: []chat.Input{reasonInput("What is back, or was overlooked? The channel sees it.", false)}}}, nil
}

func (p Parts) reopenSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.reopen(ctx, r, i, answered(r, "reason"))
}
