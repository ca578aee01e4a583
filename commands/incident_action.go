package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentAction() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "action", Usage: "[#incident] [@who] [by friday] [what]", Summary: "add what is to be done afterwards, as an issue of its own", Role: bot.Anyone, Run: p.actionWords},
			{Name: "actions", Usage: "[#incident]", Summary: "what is still to be done after all incidents, or after one", Role: bot.Anyone, Run: p.actionsWords},
		},
		actions: []bot.Action{
			{Name: "incident.action", Role: bot.Anyone, Run: p.actionOpen},
			{Name: "form:incident.action", Role: bot.Anyone, Run: p.actionSubmitted},
			{Name: "incident.actions", Role: bot.Anyone, Run: p.actionsPressed},
			{Name: "incident.action.menu", Role: bot.Anyone, Run: p.actionMenu},
			{Name: "incident.action.done", Role: bot.Anyone, Run: p.actionDone},
			{Name: "incident.action.later", Role: bot.Anyone, Run: p.actionLater},
			{Name: "incident.action.read", Role: bot.Anyone, Run: p.actionsRead},
			{Name: "form:incident.action.change", Role: bot.Anyone, Run: p.actionChanged},
		},
	}
}

// actionWords adds what was said, and else opens the form.
func (p Parts) actionWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if err := p.mayJoin(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	if len(rest) == 0 {
		return actionForm(i), nil
	}
	asked, err := p.Desk.Rules().ReadAction(rest, r.At)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.addAction(ctx, r, i, asked)
}

func (p Parts) addAction(ctx context.Context, r bot.Request, i incidents.Incident, asked incidents.Asked) (bot.Reply, error) {
	who, err := p.inCharge(ctx, asked.Who)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error {
		_, err := i.AddAction(act, asked.Text, who, asked.Due)
		return err
	})
}

// inCharge is the person with an ID; nobody without one.
func (p Parts) inCharge(ctx context.Context, id string) (chat.User, error) {
	if id == "" {
		return chat.User{}, nil
	}
	return p.Desk.Person(ctx, id)
}

func (p Parts) actionOpen(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.pressed(ctx, r)
	if err == nil {
		err = p.mayJoin(ctx, r, i)
	}
	if err != nil {
		return bot.Reply{}, err
	}
	return actionForm(i), nil
}

func actionForm(i incidents.Incident) bot.Reply {
	what := chat.Input{ID: "text", Label: "What is to be done?", Kind: chat.TextLine, Placeholder: "Alert on the length of the queue", Hint: "It becomes the title of an issue."}
	return bot.Reply{Form: &chat.Form{ID: "incident.action", Title: "Action for " + i.Name(), Submit: "Add", Meta: about(i),
		Inputs: append([]chat.Input{what}, chargeInputs(incidents.Action{})...)}}
}

// chargeInputs ask who does it, and by when.
func chargeInputs(a incidents.Action) []chat.Input {
	who := chat.Input{ID: "who", Label: "Who does it?", Kind: chat.Person, Optional: true, Initial: textOf(a.Who.ID)}
	due := chat.Input{ID: "due", Label: "By when?", Kind: chat.Date, Optional: true, Hint: "Once the day has passed it is brought up on working days."}
	if !a.Due.IsZero() {
		due.Initial = []string{a.Due.Format(time.DateOnly)}
	}
	return []chat.Input{who, due}
}

// charge reads the answers to chargeInputs.
func (p Parts) charge(ctx context.Context, r bot.Request) (who chat.User, due time.Time, err error) {
	if day := answered(r, "due"); day != "" {
		due, err = p.Desk.Rules().ReadDay(day, r.At)
		if problem, ok := errors.AsType[*chat.Problem](err); ok {
			problem.Fields = map[string]string{"due": problem.Say + " " + problem.Try}
		}
		if err != nil {
			return who, due, err
		}
	}
	who, err = p.inCharge(ctx, answered(r, "who"))
	return who, due, err
}

func (p Parts) actionSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	who, due, err := p.charge(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error {
		_, err := i.AddAction(act, answered(r, "text"), who, due)
		return err
	})
}

// action finds the one that a button or a form is about, for who may decide about it: whoever does it, has added it, is
// in the incident's channel, or may decide about the incident. rest says in which list the button stands.
func (p Parts) action(ctx context.Context, r bot.Request) (i incidents.Incident, a incidents.Action, rest []string, err error) {
	i, words, err := p.pressed(ctx, r)
	if err != nil {
		return i, a, nil, err
	}
	if len(words) == 0 {
		return i, a, nil, fmt.Errorf("commands: %s without an action", r.Action)
	}
	n, err := strconv.Atoi(words[0])
	if err != nil {
		return i, a, nil, fmt.Errorf("commands: %s: %w", r.Action, err)
	}
	if a, err = i.Action(n); err != nil {
		return i, a, nil, err
	}
	if a.Who.ID != r.User.ID && a.By.ID != r.User.ID {
		err = p.mayJoin(ctx, r, i)
	}
	return i, a, words[1:], err
}

// settle applies a rule to an action and draws the list anew in which the button stands.
func (p Parts) settle(ctx context.Context, r bot.Request, rule func(*incidents.Incident, incidents.Act, int) error) (bot.Reply, error) {
	i, a, rest, err := p.action(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	at := act(r)
	if i, err = p.Desk.Change(ctx, i.Number, at, func(i *incidents.Incident) error { return rule(i, at, a.N) }); err != nil {
		return bot.Reply{}, err
	}
	return p.actionsAnew(ctx, r, i, a.N, rest)
}

func (p Parts) actionDone(ctx context.Context, r bot.Request) (bot.Reply, error) {
	return p.settle(ctx, r, (*incidents.Incident).DoAction)
}

func (p Parts) actionLater(ctx context.Context, r bot.Request) (bot.Reply, error) {
	return p.settle(ctx, r, p.Desk.Rules().PostponeAction)
}

// actionMenu does what was chosen from the menu of an action.
func (p Parts) actionMenu(ctx context.Context, r bot.Request) (bot.Reply, error) {
	rules := map[string]func(*incidents.Incident, incidents.Act, int) error{
		"done": (*incidents.Incident).DoAction, "undo": (*incidents.Incident).UndoAction, "drop": (*incidents.Incident).DropAction,
		"later": p.Desk.Rules().PostponeAction,
	}
	chosen := first(r.Picked)
	if chosen != "change" {
		rule, ok := rules[chosen]
		if !ok {
			return bot.Reply{}, fmt.Errorf("commands: an action cannot become %q", chosen)
		}
		return p.settle(ctx, r, rule)
	}
	i, a, _, err := p.action(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Reply{Form: &chat.Form{ID: "incident.action.change", Title: fmt.Sprintf("Action %d of %s", a.N, i.Name()), Submit: "Save",
		Meta: fmt.Sprintf("%d %d", i.Number, a.N), Intro: []chat.Part{chat.Text(p.Desk.ActionLine(i, a))}, Inputs: chargeInputs(a)}}, nil
}

func (p Parts) actionChanged(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, a, _, err := p.action(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	who, due, err := p.charge(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error { return i.AssignAction(act, a.N, who, due) })
}

// menuOf is what can become of an action. where says in which list it stands.
func menuOf(i incidents.Incident, a incidents.Action, where string) chat.Button {
	options := []chat.Option{{Value: "done", Label: "Done"}, {Value: "later", Label: "One week later"},
		{Value: "change", Label: "Change who and when…"}, {Value: "drop", Label: "Will not be done"}}
	if !a.Open() {
		options = []chat.Option{{Value: "undo", Label: "To be done after all"}}
	}
	return chat.Button{Action: "incident.action.menu", Value: strings.TrimSpace(fmt.Sprintf("%d %d %s", i.Number, a.N, where)), Label: "What becomes of it",
		Pick: &chat.Pick{Kind: chat.Menu, Options: options}}
}
