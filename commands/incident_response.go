package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentResponse() incidentPart {
	tick := func(done bool) bot.Handler {
		return func(ctx context.Context, r bot.Request) (bot.Reply, error) { return p.tickPressed(ctx, r, done) }
	}
	return incidentPart{
		words: []bot.Word{
			{Name: "step", Usage: "[#incident] [number] [undo]", Summary: "tick a first step, or take that back", Role: bot.Anyone, Run: p.tickWords},
		},
		actions: []bot.Action{
			{Name: "incident.tick", Role: bot.Anyone, Run: tick(true)},
			{Name: "incident.untick", Role: bot.Anyone, Run: tick(false)},
		},
	}
}

func (p Parts) tickPressed(ctx context.Context, r bot.Request, done bool) (bot.Reply, error) {
	i, rest, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	n, err := strconv.Atoi(strings.Join(rest, ""))
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: which first step: %w", err)
	}
	return p.tick(ctx, r, i, n, done)
}

// tick ticks the step by its place from 0; whoever is in the channel helps.
func (p Parts) tick(ctx context.Context, r bot.Request, i incidents.Incident, n int, done bool) (bot.Reply, error) {
	if err := p.mayJoin(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error { return i.Tick(act, n, done) })
}

func (p Parts) tickWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) == 0 {
		return stepsOf(i), nil
	}
	n, err := strconv.Atoi(rest[0])
	undo := len(rest) == 2 && strings.EqualFold(rest[1], "undo")
	if err != nil || len(rest) > 1 && !undo {
		return bot.Reply{}, &chat.Problem{Say: chat.Literal(strings.Join(rest, " ")) + " names no first step.",
			Try: "Say its number, as in `/incident step 1`, or `/incident step 1 undo`."}
	}
	reply, err := p.tick(ctx, r, i, n-1, !undo)
	if err == nil && reply.Message == nil {
		reply = private("Noted; the card shows it.")
	}
	return reply, err
}

func stepsOf(i incidents.Incident) bot.Reply {
	lines := []string{}
	for n, s := range i.Response {
		line := fmt.Sprintf("%d. ☐ %s", n+1, chat.Escape(s.Text))
		if s.Done() {
			line = fmt.Sprintf("%d. ☑ %s — %s, %s", n+1, chat.Escape(s.Text), s.By.Mention(), chat.Time(s.At))
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return private(i.Called() + " has no first steps.")
	}
	return private("*First steps of " + i.Name() + "*\n" + strings.Join(lines, "\n"))
}
