package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentUpdate() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "update", Usage: "[#incident] [text]", Summary: "tell the channel and everybody who follows what is new", Role: bot.Anyone, Run: p.updateWords},
		},
		actions: []bot.Action{
			{Name: "incident.update", Role: bot.Anyone, Run: p.updateOpen},
			{Name: "form:incident.update", Role: bot.Anyone, Run: p.updateSubmitted},
			{Name: "incident.snooze", Role: bot.Anyone, Run: p.snooze},
		},
	}
}

func (p Parts) updateWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.runsWords(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) == 0 {
		return p.updateForm(i)
	}
	return p.update(ctx, r, i, strings.Join(rest, " "))
}

func (p Parts) update(ctx context.Context, r bot.Request, i incidents.Incident, text string) (bot.Reply, error) {
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error { return i.Say(p.Desk.Rules(), act, text) })
}

func (p Parts) updateOpen(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.updateForm(i)
}

func (p Parts) updateForm(i incidents.Incident) (bot.Reply, error) {
	if err := i.CheckOpen(); err != nil {
		return bot.Reply{}, err
	}
	intro := "There has been no update yet."
	if i.Update.N > 0 {
		intro = fmt.Sprintf("The last one, by %s, %s:\n%s", i.Update.By.Mention(), chat.Time(i.Update.At), incidents.Quoted(i.Update.Text))
	}
	return bot.Reply{Form: &chat.Form{ID: "incident.update", Title: "Update on " + i.Name(), Submit: "Send", Meta: about(i),
		Intro: []chat.Part{chat.Text(intro)},
		Inputs: []chat.Input{{ID: "text", Label: "What is new", Kind: chat.TextArea,
			Hint: "What customers notice, what you do now, and what comes next. It goes to the channel and to everybody who follows."}}}}, nil
}

func (p Parts) updateSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.update(ctx, r, i, answered(r, "text"))
}

// snooze puts the update of a reminder off: its button holds when that was due and for how many minutes, 0 for ever.
func (p Parts) snooze(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(rest) != 2 {
		return bot.Reply{}, fmt.Errorf("commands: put an update off: %q", r.Value)
	}
	due, err := strconv.ParseInt(rest[0], 10, 64)
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: put an update off: %w", err)
	}
	minutes, err := strconv.Atoi(rest[1])
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: put an update off: %w", err)
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error {
		return i.Snooze(act, time.Unix(due, 0), time.Duration(minutes)*time.Minute)
	})
}
