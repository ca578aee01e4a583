package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
)

// startWords starts the checklist that is named, and shows which there are if none is.
func (p Parts) startWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if len(r.Words) == 0 {
		return p.checklistPanel(ctx, r)
	}
	return p.startNamed(ctx, r, strings.ToLower(r.Words[0]), strings.Join(r.Words[1:], " "))
}

func (p Parts) startPressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	return p.startNamed(ctx, r, r.Value, "")
}

// startNamed starts a list, or asks for the version that it is for.
func (p Parts) startNamed(ctx context.Context, r bot.Request, name, version string) (bot.Reply, error) {
	t, err := p.Lists.Rules().Find(name)
	if err != nil {
		return bot.Reply{}, err
	}
	if err := p.mayTick(ctx, r, t, "start it"); err != nil {
		return bot.Reply{}, err
	}
	if t.Versioned && version == "" {
		return bot.Reply{Form: &chat.Form{ID: "checklist.start", Title: shorten(t.Title, 23), Submit: "Start", Meta: t.Name, Inputs: []chat.Input{
			{ID: "version", Label: "Which version is it for?", Kind: chat.TextLine, Placeholder: "v1.4.2"},
		}}}, nil
	}
	return p.startList(ctx, r, t, version)
}

func (p Parts) startSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	t, err := p.Lists.Rules().Find(r.Meta)
	if err != nil {
		return bot.Reply{}, err
	}
	if err := p.mayTick(ctx, r, t, "start it"); err != nil {
		return bot.Reply{}, err
	}
	reply, err := p.startList(ctx, r, t, answered(r, "version"))
	if problem, ok := errors.AsType[*chat.Problem](err); ok {
		problem.Fields = map[string]string{"version": problem.Say}
	}
	return reply, err
}

func (p Parts) startList(ctx context.Context, r bot.Request, t checklists.Template, version string) (bot.Reply, error) {
	l, err := p.Lists.Start(ctx, listAct(r), t.Name, version)
	if err != nil {
		return bot.Reply{}, err
	}
	return private(fmt.Sprintf("%s is started. It stands in %s.", l.Called(), channelName(t.Channel))), nil
}
