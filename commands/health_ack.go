package commands

import (
	"context"
	"fmt"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/health"
)

func (p Parts) healthAck() healthPart {
	return healthPart{
		words:   []bot.Word{{Name: "ack", Usage: "<check>", Summary: "say that you are at it; nobody is called again", Role: bot.Operator, Run: p.ackWords}},
		actions: []bot.Action{{Name: "health.ack", Role: bot.Operator, Run: p.ackPressed}},
	}
}

// ackWords acknowledges the alert of a check; without one it says why there is none.
func (p Parts) ackWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if len(r.Words) == 0 {
		return p.askAck(ctx)
	}
	c, _, _, err := p.checkOf(r, "ack")
	if err != nil {
		return bot.Reply{}, err
	}
	one, open, err := p.Health.OpenAlert(ctx, c.Name)
	if err != nil {
		return bot.Reply{}, err
	}
	if open && one.CausedBy == "" {
		return p.takeAlert(ctx, r, one.ID)
	}
	return bot.Reply{}, p.nothingToAck(ctx, c.Name)
}

// askAck offers the alerts that nobody has acknowledged.
func (p Parts) askAck(ctx context.Context) (bot.Reply, error) {
	open, err := p.Health.Alerts(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	buttons := chat.Actions{}
	for _, one := range open {
		if one.Acked.At.IsZero() && one.CausedBy == "" && len(buttons) < 10 {
			buttons = append(buttons, chat.Button{Action: "health.ack", Value: one.ID, Label: shorten(one.Check, 69)})
		}
	}
	if len(buttons) == 0 {
		return bot.Reply{}, &chat.Problem{Say: "There is no alert that nobody is at.", Try: "`/health` shows how all checks stand."}
	}
	text := "Which alert do you acknowledge?"
	return bot.Reply{Message: &chat.Message{Summary: text, Private: true, Parts: []chat.Part{chat.Text(text), buttons}}}, nil
}

func (p Parts) nothingToAck(ctx context.Context, check string) error {
	w, err := p.ward(ctx)
	if err != nil {
		return err
	}
	name := chat.Literal(check)
	if by := w.because[check]; by != "" {
		return &chat.Problem{Say: fmt.Sprintf("%s is down because of %s, which has the alert.", name, chat.Literal(by)), Try: fmt.Sprintf("Acknowledge that: `/health ack %s`.", by)}
	}
	switch {
	case w.stand[check].Mute.Holds(w.now):
		return &chat.Problem{Say: name + " is muted, so it has no alert.", Try: fmt.Sprintf("`/health unmute %s` ends that.", check)}
	case w.stand[check].Status == health.Down:
		return &chat.Problem{Say: fmt.Sprintf("%s is %s, and has no alert yet.", name, w.state(check)), Try: "It comes as soon as it is clear whether something else is the cause, and not during maintenance."}
	}
	return &chat.Problem{Say: fmt.Sprintf("%s has no alert: %s.", name, w.state(check)), Try: "There is nothing to acknowledge."}
}

// ackPressed acknowledges an alert; its message shows that, so the person is answered only where it does not stand.
func (p Parts) ackPressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	return p.takeAlert(ctx, r, r.Value)
}

func (p Parts) takeAlert(ctx context.Context, r bot.Request, id string) (bot.Reply, error) {
	act := healthAct(r)
	one, err := p.Health.Decide(ctx, id, act, func(a *health.Alert) error { return a.Acknowledge(act) })
	if err != nil {
		return bot.Reply{}, err
	}
	if !r.Message.IsZero() && r.Message == one.Place {
		return bot.Reply{}, nil
	}
	text := fmt.Sprintf("👀 You are at %s: nobody is called again, and the alert says so.", chat.Literal(one.Check))
	if one.Link != "" {
		text += " <" + one.Link + "|The alert>"
	}
	return private(text), nil
}
