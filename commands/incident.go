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
	"github.com/kampyn/opsbot/incidents"
)

// incidentPart is what one file adds to /incident.
type incidentPart struct {
	words     []bot.Word
	actions   []bot.Action
	shortcuts []bot.Shortcut
	events    []bot.Event
	uses      []bot.Use
}

func (p Parts) incident() bot.Command {
	c := bot.Command{
		Name:    "incident",
		Summary: "Declare, run and close incidents",
		Usage:   "[severity] [title] | list | show [#incident] | …",
		Examples: []string{"incident", "incident sev2 payments failing", "incident drill sev3 disk full", "incident list", "incident show #12",
			"incident note at 14:05 the queue is empty again", "incident timeline"},
		Role: bot.Anyone,
		Run:  p.incidentOpen,
		Uses: []bot.Use{bot.UseChannels, bot.UsePrivateChannels, bot.UsePins, bot.UseBookmarks, bot.UseUserGroups},
	}
	for _, part := range []incidentPart{
		p.incidentDeclare(), p.incidentList(), p.incidentStatus(), p.incidentSeverity(), p.incidentRole(), p.incidentUpdate(), p.incidentResponse(),
		p.incidentMilestone(), p.incidentResolve(), p.incidentClose(), p.incidentTimeline(), p.incidentNote(), p.incidentPostMortem(),
		p.incidentAction(), p.incidentReport(),
	} {
		c.Words = append(c.Words, part.words...)
		c.Actions = append(c.Actions, part.actions...)
		c.Shortcuts = append(c.Shortcuts, part.shortcuts...)
		c.On = append(c.On, part.events...)
		c.Uses = append(c.Uses, part.uses...)
	}
	words := slices.Clone(c.Words)
	c.Else = &bot.Word{Usage: "[drill] [private] <severity> <title>", Summary: "declare one at once", Role: bot.Anyone,
		Run: func(ctx context.Context, r bot.Request) (bot.Reply, error) { return p.incidentWords(ctx, r, words) }}
	c.Actions = append(c.Actions, bot.Action{Name: "incident.which", Role: bot.Anyone,
		Run: func(ctx context.Context, r bot.Request) (bot.Reply, error) { return chosen(ctx, r, words) }})
	return c
}

// incidentOpen is the panel of the incident whose channel it is, or the form that declares one.
func (p Parts) incidentOpen(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, here, err := p.Desk.In(ctx, r.Channel)
	if err != nil {
		return bot.Reply{}, err
	}
	if here {
		return p.incidentPanel(ctx, i)
	}
	return p.declareOpen(ctx, r)
}

// question is what was asked before it was known which incident, or which checklist, is meant.
type question struct {
	Number int      `json:"i"`
	Word   string   `json:"w"`
	Words  []string `json:"a,omitempty"`
}

// which finds the incident that is meant: the one that the first word names, or the one whose channel it is. Otherwise
// it answers what to ask back. rest are the words without the incident's.
func (p Parts) which(ctx context.Context, r bot.Request) (i incidents.Incident, rest []string, ask *bot.Reply, err error) {
	i, here, err := p.Desk.In(ctx, r.Channel)
	if err != nil {
		return i, nil, nil, err
	}
	if len(r.Words) > 0 {
		// In an incident's channel a bare number belongs to what is said.
		if n, ok := incidents.Parse(r.Words[0]); ok && (!here || strings.HasPrefix(r.Words[0], "#")) {
			i, err = p.Desk.Get(ctx, n)
			if err == nil {
				err = p.mayRead(ctx, r, i)
			}
			return i, r.Words[1:], nil, err
		}
	}
	if here {
		return i, r.Words, nil, nil
	}
	ask, err = p.askWhich(ctx, r)
	return i, nil, ask, err
}

// askWhich offers the open incidents, so that one press goes on with what was asked.
func (p Parts) askWhich(ctx context.Context, r bot.Request) (*bot.Reply, error) {
	word := strings.TrimPrefix(r.Action, "incident ")
	open, err := p.Desk.Open(ctx)
	if err != nil {
		return nil, err
	}
	buttons, may := chat.Actions{}, p.reader(ctx, r)
	for _, i := range open {
		if len(buttons) == 10 {
			break
		}
		if !may(i) {
			continue
		}
		value, err := json.Marshal(question{Number: i.Number, Word: word, Words: r.Words})
		if err != nil {
			return nil, fmt.Errorf("commands: %w", err)
		}
		if len(value) <= 2000 { // a button's value holds no more
			buttons = append(buttons, chat.Button{Action: "incident.which", Value: string(value), Label: shorten(i.Name()+" "+i.Title, 69)})
		}
	}
	if len(buttons) == 0 {
		return nil, &chat.Problem{Say: "This is no incident's channel, and I do not know which incident is meant.",
			Try: fmt.Sprintf("Say it in the incident's channel, or with its number: `/incident %s #12`. `/incident list` shows them.", word)}
	}
	text := fmt.Sprintf("Which incident is meant? Or say it with its number: `/incident %s %s`.", word, open[0].Name())
	return &bot.Reply{Message: &chat.Message{Summary: text, Private: true, Parts: []chat.Part{chat.Text(text), buttons}}}, nil
}

// chosen goes on with what was asked, for the incident or checklist that was chosen.
func chosen(ctx context.Context, r bot.Request, words []bot.Word) (bot.Reply, error) {
	var q question
	if err := json.Unmarshal([]byte(r.Value), &q); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: %s: %w", r.Action, err)
	}
	for _, w := range words {
		if w.Name != q.Word {
			continue
		}
		if err := r.May(ctx, w.Role); err != nil {
			return bot.Reply{}, err
		}
		r.Action, r.Value = strings.TrimSuffix(r.Action, ".which")+" "+w.Name, ""
		r.Words = append([]string{"#" + strconv.Itoa(q.Number)}, q.Words...)
		return w.Run(ctx, r)
	}
	return bot.Reply{}, fmt.Errorf("commands: %s: unknown word %q", r.Action, q.Word)
}

// mayRun says who may decide about an incident: whoever is involved in operations, declared it or has a role in it.
func (p Parts) mayRun(ctx context.Context, r bot.Request, i incidents.Incident) error {
	if err := p.mayRead(ctx, r, i); err != nil {
		return err
	}
	if i.Involves(r.User.ID) {
		return nil
	}
	if err := r.May(ctx, bot.Involved); err != nil {
		return &chat.Problem{Say: "Only operators, approvers, who declared the " + i.Kind() + " and those with a role in it can decide that.",
			Try: "Take a role on the card, or ask one of them."}
	}
	return nil
}

// act is the decision that a request carries.
func act(r bot.Request) incidents.Act {
	return incidents.Act{Request: r.ID, By: r.User, At: r.At}
}
