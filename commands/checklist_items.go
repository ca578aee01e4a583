package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
)

// What people do to a list: by the elements of its message, which has come before any form, or in words.

func (p Parts) checklistItems() ([]bot.Word, []bot.Action) {
	words := []bot.Word{
		{Name: "tick", Usage: "[#n] <item…>", Summary: "tick items, by their numbers or by some of their words", Role: bot.Anyone, Run: p.listTickWords},
		{Name: "untick", Usage: "[#n] <item…>", Summary: "take ticks back, or an override", Role: bot.Anyone, Run: p.listTickWords},
		{Name: "note", Usage: "[#n] [item] [text]", Summary: "write something to an item", Role: bot.Anyone, Run: p.writeWords},
		{Name: "override", Usage: "[#n] [item] [reason]", Summary: "outweigh what opsbot found, with a reason that stays", Role: bot.Anyone, Run: p.writeWords},
		{Name: "again", Usage: "[#n]", Summary: "have opsbot look at its items now", Role: bot.Anyone, Run: p.finishWords},
		{Name: "done", Usage: "[#n]", Summary: "close a list of which nothing required is left", Role: bot.Anyone, Run: p.finishWords},
	}
	actions := []bot.Action{
		{Name: "checklist.tick", Role: bot.Anyone, Run: p.ticked},
		{Name: "checklist.again", Role: bot.Anyone, Run: p.finishPressed},
		{Name: "checklist.done", Role: bot.Anyone, Run: p.finishPressed},
		{Name: "checklist.note", Role: bot.Anyone, Run: p.writePressed},
		{Name: "checklist.override", Role: bot.Anyone, Run: p.writePressed},
		{Name: "form:checklist.note", Role: bot.Anyone, Run: p.written},
		{Name: "form:checklist.override", Role: bot.Anyone, Run: p.written},
	}
	return words, actions
}

// listRule is a rule of checklists, applied for the person who asked.
type listRule func(l *checklists.List, act checklists.Act) error

func listAct(r bot.Request) checklists.Act {
	return checklists.Act{Request: r.ID, By: r.User, At: r.At}
}

// changeList applies a rule once for the request, if the person may do that. The list's message follows by itself.
func (p Parts) changeList(ctx context.Context, r bot.Request, number int, what string, rule listRule) (checklists.List, error) {
	l, err := p.Lists.Get(ctx, number)
	if err != nil {
		return l, err
	}
	if err := p.mayTick(ctx, r, l.Template, what); err != nil {
		return l, err
	}
	act := listAct(r)
	return p.Lists.Change(ctx, number, act, func(l *checklists.List) error { return rule(l, act) })
}

// afterPress draws a copy of the list anew in which something was pressed. The list's own message follows by itself.
func afterPress(r bot.Request, l checklists.List) bot.Reply {
	if r.Message == l.Place {
		return bot.Reply{}
	}
	return bot.Reply{Update: copyOf(l)}
}

// afterWords says what was done, and how far the list is now.
func afterWords(r bot.Request, l checklists.List) bot.Reply {
	var said []string
	for _, m := range l.History {
		if m.By.ID == r.User.ID && m.At.Equal(r.At) {
			said = append(said, m.Text)
		}
	}
	return private(strings.Join(append(said, l.Summary()+"."), "\n"))
}

// ticked takes in what was chosen in a group of checkboxes.
func (p Parts) ticked(ctx context.Context, r bot.Request) (bot.Reply, error) {
	number, group, chosen, err := checklists.ParseGroup(r.Value, r.Picked)
	if err != nil {
		return bot.Reply{}, err
	}
	l, err := p.changeList(ctx, r, number, "tick it", func(l *checklists.List, act checklists.Act) error { return l.Choose(act, group, chosen) })
	if err != nil {
		return bot.Reply{}, err
	}
	return afterPress(r, l), nil
}

// listOf finds the list that is meant: the first word names it, or it is said in its thread, or only one is open.
// Otherwise it asks back. rest are the words behind.
func (p Parts) listOf(ctx context.Context, r bot.Request) (l checklists.List, rest []string, err error) {
	if len(r.Words) > 0 {
		word := strings.ToLower(r.Words[0])
		named := strings.HasPrefix(word, "#")
		for _, t := range p.Lists.Rules().Templates {
			named = named || t.Name == word
		}
		if named {
			l, err = p.listNamed(ctx, word)
			return l, r.Words[1:], err
		}
	}
	l, here, err := p.listHere(ctx, r)
	if err != nil || here {
		return l, r.Words, err
	}
	open, err := p.Lists.Open(ctx)
	switch {
	case err != nil:
		return l, nil, err
	case len(open) == 0:
		return l, nil, &chat.Problem{Say: "No checklist is open.", Try: "`/checklist` shows which can be started."}
	case len(open) == 1:
		return open[0], r.Words, nil
	}
	return l, nil, askWhichList(r, open)
}

// askWhichList offers the open lists, so that one press goes on with what was asked.
func askWhichList(r bot.Request, open []checklists.List) error {
	word := strings.TrimPrefix(r.Action, "checklist ")
	problem := &chat.Problem{Say: fmt.Sprintf("%d checklists are open. Which is meant?", len(open)),
		Try: fmt.Sprintf("Or say it with its number, as in `/checklist %s #%d`.", word, open[0].Number)}
	for _, l := range open[:min(len(open), 10)] {
		value, err := json.Marshal(question{Number: l.Number, Word: word, Words: r.Words})
		if err != nil {
			return fmt.Errorf("commands: %w", err)
		}
		if len(value) <= 2000 { // a button's value holds no more
			problem.Follow = append(problem.Follow, chat.Button{Action: "checklist.which", Value: string(value),
				Label: shorten(strings.TrimSpace(l.Template.Title+" "+l.Name()+" "+l.Version), 69)})
		}
	}
	return problem
}

// itemOf finds the item that is meant by a number, or by words that stand in its text alone.
func itemOf(l checklists.List, said string) (int, error) {
	if n, err := strconv.Atoi(said); err == nil && n >= 1 && n <= len(l.Items) {
		return n, nil
	}
	var found []int
	said = strings.ToLower(said)
	for n, e := range l.Items {
		text := strings.ToLower(e.Text)
		if text == said {
			return n + 1, nil
		}
		if strings.Contains(text, said) {
			found = append(found, n+1)
		}
	}
	switch {
	case said != "" && len(found) == 1:
		return found[0], nil
	case said != "" && len(found) > 1:
		return 0, &chat.Problem{Say: fmt.Sprintf("%s stands in %d items of %s.", chat.Typed(said), len(found), l.Called()),
			Try: "Say its number:\n" + numberedItems(l, found)}
	}
	all := make([]int, len(l.Items))
	for n := range all {
		all[n] = n + 1
	}
	problem := &chat.Problem{Say: fmt.Sprintf("%s has no item %s.", l.Called(), chat.Typed(said)), Try: "Its items are:\n" + numberedItems(l, all)}
	if said == "" {
		problem.Say = "Which item of " + l.Called() + " is meant?"
	}
	return 0, problem
}

func numberedItems(l checklists.List, numbers []int) string {
	lines := []string{}
	for _, n := range numbers {
		lines = append(lines, fmt.Sprintf("%d  %s", n, chat.Spoken(l.Items[n-1].Text)))
	}
	return strings.Join(lines, "\n")
}

// listTickWords ticks or unticks one item or several, all or none.
func (p Parts) listTickWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	l, rest, err := p.listOf(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	rule, what := (*checklists.List).Tick, "tick it"
	if r.Action == "checklist untick" {
		rule, what = (*checklists.List).Untick, "untick it"
	}
	said := []string{strings.Join(rest, " ")}
	if len(rest) > 1 && !slices.ContainsFunc(rest, func(w string) bool { _, err := strconv.Atoi(strings.Trim(w, ",")); return err != nil }) {
		said = rest
	}
	var items []int
	for _, words := range said {
		n, err := itemOf(l, strings.Trim(words, ","))
		if err != nil {
			return bot.Reply{}, err
		}
		items = append(items, n)
	}
	l, err = p.changeList(ctx, r, l.Number, what, func(l *checklists.List, act checklists.Act) error {
		for _, n := range items {
			if err := rule(l, act, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return bot.Reply{}, err
	}
	return afterWords(r, l), nil
}

// finishRule is what "again" and "done" do, by the word or the button.
func finishRule(r bot.Request) (rule listRule, what string) {
	if strings.HasSuffix(r.Action, "again") {
		return (*checklists.List).Again, "have it looked at again"
	}
	return (*checklists.List).Finish, "finish it"
}

func (p Parts) finishWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	l, rest, err := p.listOf(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(rest) > 0 {
		return bot.Reply{}, chat.Unknown("checklist", rest[0], p.templateNames())
	}
	rule, what := finishRule(r)
	if l, err = p.changeList(ctx, r, l.Number, what, rule); err != nil {
		return bot.Reply{}, err
	}
	if strings.HasSuffix(r.Action, "again") {
		return private(fmt.Sprintf("Looking again at what opsbot can look at of %s.", l.Called())), nil
	}
	return afterWords(r, l), nil
}

func (p Parts) templateNames() []string {
	var names []string
	for _, t := range p.Lists.Rules().Templates {
		names = append(names, t.Name)
	}
	return names
}

func (p Parts) finishPressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	number, err := strconv.Atoi(r.Value)
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: %s: %w", r.Action, err)
	}
	rule, what := finishRule(r)
	l, err := p.changeList(ctx, r, number, what, rule)
	if err != nil {
		return bot.Reply{}, err
	}
	return afterPress(r, l), nil
}
