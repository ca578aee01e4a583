package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) healthMute() healthPart {
	return healthPart{
		words: []bot.Word{
			{Name: "mute", Usage: "<check> [30m | 2h | 1d] [why]", Summary: "no alert and no calls for a while; it is looked at all the same", Role: bot.Operator, Run: p.muteWords},
			{Name: "unmute", Usage: "<check>", Summary: "end a mute", Role: bot.Operator, Run: p.unmute},
		},
		actions: []bot.Action{
			{Name: "health.muteform", Role: bot.Operator, Run: p.muteOpen},
			{Name: "health.unmute", Role: bot.Operator, Run: p.unmute},
			{Name: "form:health.mute", Role: bot.Operator, Run: p.muteSubmitted},
		},
	}
}

// muteSpans are offered where nobody types.
var muteSpans = []chat.Option{
	{Value: "15m", Label: "15 minutes"}, {Value: "1h", Label: "1 hour"}, {Value: "2h", Label: "2 hours"}, {Value: "4h", Label: "4 hours"},
	{Value: "8h", Label: "8 hours"}, {Value: "24h", Label: "1 day"}, {Value: "7d", Label: "7 days"},
}

// muteWords mutes at once, or asks for how long.
func (p Parts) muteWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if len(r.Words) == 0 {
		return p.muteForm("")
	}
	c, rest, _, err := p.checkOf(r, "mute")
	if err != nil {
		return bot.Reply{}, err
	}
	if len(rest) == 0 {
		return p.muteForm(c.Name)
	}
	span, reason, err := muteSpan(c.Name, rest)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.mute(ctx, r, c.Name, span, reason)
}

// muteSpan reads "2h", "1h30m", "2 hours" or "for 2 hours" and what stands behind it as the reason.
func muteSpan(check string, words []string) (time.Duration, string, error) {
	if strings.EqualFold(words[0], "for") && len(words) > 1 {
		words = words[1:]
	}
	for used := min(2, len(words)); used > 0; used-- {
		if span, ok := incidents.Span(strings.Join(words[:used], "")); ok && span > 0 {
			return span, strings.Join(words[used:], " "), nil
		}
	}
	return 0, "", &chat.Problem{Say: fmt.Sprintf("%s is no time to mute for.", chat.Literal(words[0])),
		Try: fmt.Sprintf("Say `/health mute %s 2h` with the reason behind it; minutes are `30m`, hours `2h`, days `1d`, 30 days at most.", check)}
}

func (p Parts) muteOpen(_ context.Context, r bot.Request) (bot.Reply, error) {
	return p.muteForm(r.Value)
}

// muteForm asks what is to be muted, for how long and why.
func (p Parts) muteForm(check string) (bot.Reply, error) {
	form := chat.Form{ID: "health.mute", Title: "Mute a check", Submit: "Mute", Intro: []chat.Part{
		chat.Text("It raises no alert and calls nobody meanwhile. It is looked at all the same, and `/health` shows it.")}}
	names := p.Health.Rules().Names()
	options := make([]chat.Option, len(names))
	for i, name := range names {
		options[i] = chat.Option{Value: name, Label: shorten(name, 74)}
	}
	form.Inputs = []chat.Input{
		{ID: "check", Label: "Check", Kind: chat.Select, Options: options, Initial: textOf(check)},
		{ID: "span", Label: "For how long", Kind: chat.Select, Options: muteSpans, Initial: []string{"1h"}},
		{ID: "reason", Label: "Why", Kind: chat.TextLine, Optional: true, Placeholder: "The network is rebuilt"},
	}
	return bot.Reply{Form: &form}, nil
}

func (p Parts) muteSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	check := first(r.Values["check"])
	span, _, err := muteSpan(check, []string{first(r.Values["span"])})
	if err != nil {
		return bot.Reply{}, err
	}
	return p.mute(ctx, r, check, span, first(r.Values["reason"]))
}

// mostReason is how many characters of a reason are kept.
const mostReason = 300

func (p Parts) mute(ctx context.Context, r bot.Request, check string, span time.Duration, reason string) (bot.Reply, error) {
	s, err := p.Health.Mute(ctx, healthAct(r), check, r.At.Add(span), shorten(strings.TrimSpace(reason), mostReason))
	if err != nil {
		return bot.Reply{}, err
	}
	text := fmt.Sprintf("🔕 %s is muted for %s, until %s: no alert, nobody is called. `/health unmute %s` ends that.",
		chat.Literal(check), chat.Span(span), chat.Time(s.Mute.Until), check)
	if needed := p.Health.Rules().Dependents(check); len(needed) > 0 {
		text += fmt.Sprintf("\nWhat is down because of it raises no alert either: %s.", chat.Plural(int64(len(needed)), "check")+" depend on it")
		if len(needed) == 1 {
			text = strings.TrimSuffix(text, "1 check depend on it.") + chat.Literal(needed[0]) + " depends on it."
		}
	}
	return private(text), nil
}

func (p Parts) unmute(ctx context.Context, r bot.Request) (bot.Reply, error) {
	c, _, ask, err := p.checkOf(r, "unmute")
	if err != nil || ask != nil {
		return deref(ask), err
	}
	return p.unmuted(ctx, r, c.Name)
}

// unmuted ends a mute.
func (p Parts) unmuted(ctx context.Context, r bot.Request, check string) (bot.Reply, error) {
	stand, err := p.Health.Standings(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if !stand[check].Mute.Holds(r.At) {
		return bot.Reply{}, &chat.Problem{Say: chat.Literal(check) + " is not muted.", Try: "`/health` shows which checks are."}
	}
	if _, err := p.Health.Mute(ctx, healthAct(r), check, r.At, ""); err != nil {
		return bot.Reply{}, err
	}
	text := fmt.Sprintf("🔔 %s is not muted any more.", chat.Literal(check))
	if stand[check].Status == health.Down {
		text += " It is down, so an alert follows with the next look."
	}
	return private(text), nil
}
