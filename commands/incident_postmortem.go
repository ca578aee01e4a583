package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentPostMortem() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "postmortem", Usage: "[#incident]", Summary: "file what happened on GitHub, or show where it is", Role: bot.Anyone, Run: p.postMortemWords},
		},
		actions: []bot.Action{{Name: "incident.postmortem", Role: bot.Anyone, Run: p.postMortemPressed}},
	}
}

func (p Parts) postMortemWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	return p.postMortem(ctx, r, i, incidents.Undecided)
}

// postMortemPressed files it; the buttons of a private incident say for whom.
func (p Parts) postMortemPressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	readers := incidents.Undecided
	if len(rest) > 0 {
		readers = incidents.Readers(rest[0])
	}
	return p.postMortem(ctx, r, i, readers)
}

func (p Parts) postMortem(ctx context.Context, r bot.Request, i incidents.Incident, readers incidents.Readers) (bot.Reply, error) {
	if i.PostMortem.File != "" {
		text, err := p.Desk.PostMortem(ctx, i)
		if err != nil {
			return bot.Reply{}, err
		}
		m := incidents.FileMessage(i, text)
		m.Private = true
		return bot.Reply{Message: &m}, nil
	}
	if err := p.mayRun(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	rules, a := p.Desk.Rules(), act(r)
	changed, err := p.Desk.Change(ctx, i.Number, a, func(i *incidents.Incident) error {
		if rules.AsksForReaders(*i) && readers == incidents.Undecided && i.CheckFiling() == nil {
			return errAsk
		}
		return i.FilePostMortem(rules, a, readers)
	})
	switch {
	case errors.Is(err, errAsk):
		return askReaders(i, rules), nil
	case err != nil:
		return bot.Reply{}, err
	case changed.PostMortem.Fault != "":
		return private("It could not be filed yet: " + changed.PostMortem.Fault + " It is tried again now, and then by itself."), nil
	}
	return private("The post-mortem of " + changed.Name() + " is being filed; the card shows it as soon as it is there."), nil
}

// errAsk says that nothing is decided before somebody was asked.
var errAsk = errors.New("commands: it has to be asked who may read the post-mortem")

// askReaders asks who may read the post-mortem of a private incident.
func askReaders(i incidents.Incident, rules incidents.Rules) bot.Reply {
	text := fmt.Sprintf("%s is private. On GitHub whoever may read *%s* would read its post-mortem and its actions. Where is it to go?", i.Called(), chat.Escape(rules.Repository))
	return bot.Reply{Message: &chat.Message{Summary: text, Private: true, Parts: []chat.Part{chat.Text(text), chat.Actions{
		{Action: "incident.postmortem", Value: about(i) + " " + string(incidents.Channel), Label: "Keep it in this channel", Style: chat.Primary},
		{Action: "incident.postmortem", Value: about(i) + " " + string(incidents.Repository), Label: "File it on GitHub", Style: chat.Danger},
	}}}}
}
