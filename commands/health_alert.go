package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/health"
)

// healthAlert is what the message of an alert offers, beside acknowledging it.
func (p Parts) healthAlert() healthPart {
	return healthPart{actions: []bot.Action{{Name: "health.mute", Role: bot.Operator, Run: p.alertMuted}}}
}

// alertMuted mutes the check of an alert for as long as was chosen; "off" ends a mute.
func (p Parts) alertMuted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	one, err := p.Health.Alert(ctx, r.Value)
	if err != nil {
		return bot.Reply{}, err
	}
	if !one.Open() {
		return bot.Reply{}, &chat.Problem{Say: wellSince(one), Try: fmt.Sprintf("To mute it all the same: `/health mute %s 2h`.", one.Check)}
	}
	picked := first(r.Picked)
	if picked == "off" {
		return p.unmuted(ctx, r, one.Check)
	}
	span, _, err := muteSpan(one.Check, []string{picked})
	if err != nil {
		return bot.Reply{}, err
	}
	reply, err := p.mute(ctx, r, one.Check, span, "")
	if err == nil && r.Message == one.Place {
		return bot.Reply{}, nil // the message says it
	}
	return reply, err
}

func wellSince(one health.Alert) string {
	return fmt.Sprintf("%s is well again since %s.", chat.Literal(one.Check), chat.Time(one.Ended))
}

// forAlert is what is known about the trouble of an alert.
func (p Parts) forAlert(ctx context.Context, id string) (declaring, error) {
	one, err := p.declarable(ctx, id, "")
	if err != nil {
		return declaring{}, err
	}
	d := p.Health.Declaration(one)
	known := declaring{Alert: one.ID, From: d.From, Began: d.Began, Source: d.Source, title: shorten(d.Title, mostTitle), seen: shorten(d.Seen, mostFilled), severity: d.Severity}
	for _, service := range d.Services {
		if slices.Contains(p.Desk.Rules().Services, service) {
			known.services = append(known.services, service)
		}
	}
	return known, nil
}

// declarable finds an alert for which an incident can be declared, or says why not. A request that has declared one
// already may do so again, as the incident is the same.
func (p Parts) declarable(ctx context.Context, id, request string) (health.Alert, error) {
	if p.Health == nil {
		return health.Alert{}, &chat.Problem{Say: "Health checks are switched off now.", Try: "Declare it with `/incident`."}
	}
	one, err := p.Health.Alert(ctx, id)
	switch {
	case err != nil:
		return one, err
	case request != "" && slices.Contains(one.Applied, request):
		return one, nil
	case one.Incident > 0:
		return one, &chat.Problem{Say: fmt.Sprintf("Incident #%d was declared for it already.", one.Incident), Try: fmt.Sprintf("`/incident show #%d` leads to it.", one.Incident)}
	case !one.Open() && request == "":
		return one, &chat.Problem{Say: wellSince(one), Try: "If it was worth an incident all the same, declare it with `/incident`."}
	}
	return one, nil
}

// declaredFor notes on an alert which incident was declared for it.
func (p Parts) declaredFor(ctx context.Context, r bot.Request, id string, number int) error {
	act := healthAct(r)
	_, err := p.Health.Decide(ctx, id, act, func(a *health.Alert) error {
		a.Declared(act, number)
		return nil
	})
	return err
}

// mostDown is how many alerts stand above the form that declares an incident.
const mostDown = 5

// downNow are the open alerts, for whoever is about to declare an incident; nil if there are none.
func (p Parts) downNow(ctx context.Context, but string) ([]chat.Part, error) {
	if p.Health == nil {
		return nil, nil
	}
	open, err := p.Health.Alerts(ctx)
	if err != nil {
		return nil, err
	}
	open = slices.DeleteFunc(open, func(one health.Alert) bool { return one.CausedBy != "" || one.ID == but })
	if len(open) == 0 {
		return nil, nil
	}
	lines := []string{"*Health checks that are down now*"}
	for _, one := range open[:min(len(open), mostDown)] {
		lines = append(lines, fmt.Sprintf("🔴 *%s* since %s · %s", chat.Escape(one.Check), chat.Time(one.Began), attended(one)))
	}
	if more := len(open) - mostDown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more: `/health`", more))
	}
	return []chat.Part{chat.Text(strings.Join(lines, "\n"))}, nil
}
