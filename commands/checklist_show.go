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

// listShow shows one list: the one that is named or whose thread it is, or the only one that is open.
func (p Parts) listShow(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if r.Value != "" {
		r.Words = []string{"#" + r.Value}
	}
	if len(r.Words) > 0 {
		l, err := p.listNamed(ctx, r.Words[0])
		return listCopy(l), err
	}
	if l, here, err := p.listHere(ctx, r); err != nil || here {
		return listCopy(l), err
	}
	open, err := p.Lists.Open(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(open) != 1 {
		return p.checklistPanel(ctx, r)
	}
	return listCopy(open[0]), nil
}

// listCopy shows one person what the list's message shows, with the way to that.
func listCopy(l checklists.List) bot.Reply {
	return bot.Reply{Message: copyOf(l)}
}

func copyOf(l checklists.List) *chat.Message {
	card := l.Card()
	card.Private = true
	if l.Link != "" {
		card.Parts = append(card.Parts, chat.Note(fmt.Sprintf("%s stands in <#%s>: <%s|go there>.", l.Name(), l.Place.Channel, l.Link)))
	}
	return &card
}

// listNamed finds a list by its number, or the open one of a checklist, else its newest.
func (p Parts) listNamed(ctx context.Context, word string) (checklists.List, error) {
	if n, err := strconv.Atoi(strings.TrimPrefix(word, "#")); err == nil {
		return p.Lists.Get(ctx, n)
	}
	t, err := p.Lists.Rules().Find(strings.ToLower(word))
	if err != nil {
		return checklists.List{}, err
	}
	newest, err := p.Lists.History(ctx, t.Name, 1)
	if err != nil {
		return checklists.List{}, err
	}
	if len(newest) == 0 {
		return checklists.List{}, &chat.Problem{Say: fmt.Sprintf("There has been no list of %s yet.", chat.Literal(t.Name)), Try: startHint(t)}
	}
	return newest[0], nil
}

func startHint(t checklists.Template) string {
	if t.Versioned {
		return fmt.Sprintf("`/checklist start %s v1.4.2` starts one for a version.", t.Name)
	}
	return fmt.Sprintf("`/checklist start %s` starts one.", t.Name)
}

// listHere finds the list in whose thread something is said.
func (p Parts) listHere(ctx context.Context, r bot.Request) (checklists.List, bool, error) {
	if r.Thread == "" {
		return checklists.List{}, false, nil
	}
	const back = 200 // lists; nobody answers in older threads
	all, err := p.Lists.History(ctx, "", back)
	if err != nil {
		return checklists.List{}, false, err
	}
	for _, l := range all {
		if (l.Place == chat.Ref{Channel: r.Channel, TS: r.Thread}) {
			return l, true, nil
		}
	}
	return checklists.List{}, false, nil
}
