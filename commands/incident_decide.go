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

// decision is a rule applied to an incident for the person who asked.
type decision func(i *incidents.Incident, act incidents.Act) error

// decide applies a rule once for the request. In the incident's own channel what was decided is said or shown by what
// follows from it; elsewhere the person is answered.
func (p Parts) decide(ctx context.Context, r bot.Request, i incidents.Incident, rule decision) (bot.Reply, error) {
	a := act(r)
	changed, err := p.Desk.Change(ctx, i.Number, a, func(i *incidents.Incident) error { return rule(i, a) })
	if err != nil {
		return bot.Reply{}, err
	}
	if r.Channel != "" && r.Channel == changed.Place.Channel {
		return bot.Reply{}, nil
	}
	return private(changed.Name() + ": " + changed.History[len(changed.History)-1].Text), nil
}

// pressed finds the incident that a button or a form is about: its number comes first in the button's value or in the
// form's Meta. rest are the words behind it.
func (p Parts) pressed(ctx context.Context, r bot.Request) (incidents.Incident, []string, error) {
	from := r.Value
	if strings.HasPrefix(r.Action, "form:") {
		from = r.Meta
	}
	words := strings.Fields(from)
	if len(words) == 0 {
		return incidents.Incident{}, nil, fmt.Errorf("commands: %s without an incident", r.Action)
	}
	number, err := strconv.Atoi(words[0])
	if err != nil {
		return incidents.Incident{}, nil, fmt.Errorf("commands: %s: %w", r.Action, err)
	}
	i, err := p.Desk.Get(ctx, number)
	if err != nil {
		return i, nil, err
	}
	return i, words[1:], p.mayRead(ctx, r, i)
}

// runs finds the incident that a button or form is about, for who may decide about it.
func (p Parts) runs(ctx context.Context, r bot.Request) (incidents.Incident, []string, error) {
	i, rest, err := p.pressed(ctx, r)
	if err == nil {
		err = p.mayRun(ctx, r, i)
	}
	return i, rest, err
}

// runsWords is which, for who may decide about the incident.
func (p Parts) runsWords(ctx context.Context, r bot.Request) (incidents.Incident, []string, *bot.Reply, error) {
	i, rest, ask, err := p.which(ctx, r)
	if err == nil && ask == nil {
		err = p.mayRun(ctx, r, i)
	}
	return i, rest, ask, err
}

// mayJoin says who may acknowledge and take a role: whoever is in the incident's channel, or may decide about it.
func (p Parts) mayJoin(ctx context.Context, r bot.Request, i incidents.Incident) error {
	if err := p.mayRead(ctx, r, i); err != nil {
		return err
	}
	if r.Channel != "" && r.Channel == i.Place.Channel || p.mayRun(ctx, r, i) == nil {
		return nil
	}
	where := "its channel"
	if i.Place.Channel != "" {
		where = "<#" + i.Place.Channel + ">"
	}
	return &chat.Problem{Say: "Only those in the channel of " + i.Name() + " can do that.", Try: "Go to " + where + " and do it there."}
}

// answered is what a form's input was filled with, without white space around it.
func answered(r bot.Request, input string) string { return strings.TrimSpace(first(r.Values[input])) }

// about is the Meta of a form, and a button's value.
func about(i incidents.Incident) string { return strconv.Itoa(i.Number) }

// reasonInput asks for a reason.
func reasonInput(hint string, optional bool) chat.Input {
	return chat.Input{ID: "reason", Label: "Reason", Kind: chat.TextLine, Hint: hint, Optional: optional}
}
