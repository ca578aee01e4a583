package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
)

// What people write to items: notes, and reasons for an override.

// writing is how one of the two is asked for.
type writing struct {
	form, title, submit, field, label, hint, what string
	rule                                          func(l *checklists.List, act checklists.Act, item int, text string) error
	// can says of which items.
	can func(checklists.Entry) bool
}

func writingOf(r bot.Request) writing {
	if strings.HasSuffix(r.Action, "override") {
		return writing{form: "checklist.override", title: "Override", submit: "Override", field: "reason", label: "Reason",
			hint: "It stays on the list, with your name. The item counts as done until opsbot finds it well.",
			what: "override an item", rule: (*checklists.List).Outweigh, can: checklists.Entry.CanOverride}
	}
	return writing{form: "checklist.note", title: "Note", submit: "Add", field: "note", label: "Note", hint: "It stays on the list, with your name.",
		what: "write to it", rule: (*checklists.List).Note, can: func(checklists.Entry) bool { return true }}
}

// writeWords writes what was said to an item, and else opens the form.
func (p Parts) writeWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	l, rest, err := p.listOf(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	w := writingOf(r)
	if len(rest) == 0 {
		return p.writeForm(ctx, r, l, w, 0)
	}
	n, err := itemOf(l, rest[0])
	if err != nil {
		return bot.Reply{}, err
	}
	if len(rest) == 1 {
		return p.writeForm(ctx, r, l, w, n)
	}
	l, err = p.changeList(ctx, r, l.Number, w.what, func(l *checklists.List, act checklists.Act) error {
		return w.rule(l, act, n, strings.Join(rest[1:], " "))
	})
	if err != nil {
		return bot.Reply{}, err
	}
	return afterWords(r, l), nil
}

func (p Parts) writePressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	number, err := strconv.Atoi(r.Value)
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: %s: %w", r.Action, err)
	}
	l, err := p.Lists.Get(ctx, number)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.writeForm(ctx, r, l, writingOf(r), 0)
}

// writeForm asks for the text, and for the item unless that is known.
func (p Parts) writeForm(ctx context.Context, r bot.Request, l checklists.List, w writing, item int) (bot.Reply, error) {
	if err := l.CheckOpen(); err != nil {
		return bot.Reply{}, err
	}
	if err := p.mayTick(ctx, r, l.Template, w.what); err != nil {
		return bot.Reply{}, err
	}
	var options []chat.Option
	for n, e := range l.Items {
		if w.can(e) {
			options = append(options, chat.Option{Value: strconv.Itoa(n + 1), Label: e.Text})
		}
	}
	if len(options) == 0 || item > 0 && !w.can(l.Items[item-1]) {
		say := "Nothing of " + l.Called() + " can be overridden."
		if item > 0 {
			say = "“" + chat.Spoken(l.Items[item-1].Text) + "” of " + l.Called() + " cannot be overridden."
		}
		return bot.Reply{}, &chat.Problem{Say: say, Try: "Only what opsbot has looked at and not found well can be; people tick the rest."}
	}
	choose := chat.Input{ID: "item", Label: "Item", Kind: chat.Select, Options: options}
	switch {
	case item > 0:
		choose.Initial = []string{strconv.Itoa(item)}
	case len(options) == 1:
		choose.Initial = []string{options[0].Value}
	}
	return bot.Reply{Form: &chat.Form{ID: w.form, Title: w.title + " · " + l.Name(), Submit: w.submit, Meta: strconv.Itoa(l.Number),
		Intro:  []chat.Part{chat.Text("*" + l.Called() + "*")},
		Inputs: []chat.Input{choose, {ID: w.field, Label: w.label, Kind: chat.TextArea, Hint: w.hint}}}}, nil
}

// written takes in a form.
func (p Parts) written(ctx context.Context, r bot.Request) (bot.Reply, error) {
	number, err := strconv.Atoi(r.Meta)
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: %s: %w", r.Action, err)
	}
	item, err := strconv.Atoi(answered(r, "item"))
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: %s: %w", r.Action, err)
	}
	w := writingOf(r)
	l, err := p.changeList(ctx, r, number, w.what, func(l *checklists.List, act checklists.Act) error {
		return w.rule(l, act, item, answered(r, w.field))
	})
	if err != nil {
		return bot.Reply{}, err
	}
	if r.Channel != "" && r.Channel == l.Place.Channel {
		return bot.Reply{}, nil // it stands there
	}
	return afterWords(r, l), nil
}
