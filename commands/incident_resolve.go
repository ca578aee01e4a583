package commands

import (
	"context"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentResolve() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "resolve", Usage: "[#incident] [what was done]", Summary: "it is over: asks for the cause, the impact and what was done", Role: bot.Anyone, Run: p.resolveWords},
		},
		actions: []bot.Action{
			{Name: "incident.resolve", Role: bot.Anyone, Run: p.resolveOpen},
			{Name: "form:incident.resolve", Role: bot.Anyone, Run: p.resolveSubmitted},
		},
	}
}

// resolveWords resolves at once if it is said what was done, and else opens the form.
func (p Parts) resolveWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.runsWords(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) == 0 {
		return p.resolveForm(i)
	}
	done := strings.Join(rest, " ")
	return p.resolve(ctx, r, i, incidents.Findings{Done: done}, done)
}

func (p Parts) resolveOpen(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.resolveForm(i)
}

// resolveForm asks for the findings and shows what was found before. Nothing of it holds up a resolution.
func (p Parts) resolveForm(i incidents.Incident) (bot.Reply, error) {
	if err := i.CheckOpen(); err != nil {
		return bot.Reply{}, err
	}
	form := chat.Form{ID: "incident.resolve", Title: "Resolve " + i.Name(), Submit: "Resolve", Meta: about(i)}
	intro := "What you do not know yet can be added later. All of it goes into the post-mortem."
	if i.Status.Over() {
		form.Title, form.Submit = "Findings of "+i.Name(), "Save"
	}
	if missing := i.Findings.Missing(); len(missing) > 0 {
		intro = "Still missing: " + allOf(missing) + ". " + intro
	}
	form.Intro = []chat.Part{chat.Text(intro)}
	for _, q := range []struct{ id, label, hint, said string }{
		{"cause", "Root cause", "Why did it happen?", i.Findings.Cause},
		{"impact", "Impact on customers", "Who noticed what, and for how long?", i.Findings.Impact},
		{"done", "What was done", "What ended it?", i.Findings.Done},
		{"well", "What went well", "", i.Findings.Well},
		{"badly", "What went badly", "", i.Findings.Badly},
	} {
		form.Inputs = append(form.Inputs, chat.Input{ID: q.id, Label: q.label, Hint: q.hint, Kind: chat.TextArea, Optional: true, Initial: textOf(q.said)})
	}
	return bot.Reply{Form: &form}, nil
}

func (p Parts) resolveSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.resolve(ctx, r, i, incidents.Findings{Cause: answered(r, "cause"), Impact: answered(r, "impact"), Done: answered(r, "done"),
		Well: answered(r, "well"), Badly: answered(r, "badly")}, "")
}

// resolve keeps the findings, and resolves the incident unless it is resolved.
func (p Parts) resolve(ctx context.Context, r bot.Request, i incidents.Incident, f incidents.Findings, reason string) (bot.Reply, error) {
	if _, err := p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error {
		if err := i.Find(act, f); err != nil || i.Status.Over() {
			return err
		}
		return i.Advance(p.Desk.Rules(), act, incidents.Resolved, reason)
	}); err != nil {
		return bot.Reply{}, err
	}
	return p.resolved(ctx, i.Number)
}

// resolved says what is still missing of a resolved incident, and what comes next.
func (p Parts) resolved(ctx context.Context, number int) (bot.Reply, error) {
	i, err := p.Desk.Get(ctx, number)
	if err != nil {
		return bot.Reply{}, err
	}
	m := &chat.Message{Summary: i.Called() + " is resolved.", Private: true}
	next := "When all is followed up, `/incident close` closes it."
	if err := p.Desk.Rules().CheckPostMortem(i); err != nil {
		next = err.Error()
	}
	text, button := "All that the post-mortem needs is there. ", "Edit the findings…"
	if missing := i.Findings.Missing(); len(missing) > 0 {
		text, button = "Still missing: "+allOf(missing)+". ", "Add the findings…"
	}
	m.Parts = []chat.Part{chat.Text("✅ *" + m.Summary + "* " + text + next),
		chat.Actions{{Action: "incident.resolve", Value: about(i), Label: button}}}
	return bot.Reply{Message: m}, nil
}

// allOf is "a, b and c".
func allOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
