package commands

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentRole() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "role", Usage: "[#incident] [commander|communications|scribe] [@who|nobody]", Summary: "take a role, hand it over, or give it up", Role: bot.Anyone, Run: p.roleWords},
			{Name: "ack", Usage: "[#incident]", Summary: "say that you have seen it", Role: bot.Anyone, Run: p.acknowledgeWords},
		},
		actions: []bot.Action{
			{Name: "incident.acknowledge", Role: bot.Anyone, Run: p.acknowledgePressed},
			{Name: "incident.take", Role: bot.Anyone, Run: p.rolePressed},
			{Name: "incident.drop", Role: bot.Anyone, Run: p.roleDropped},
			{Name: "incident.roles", Role: bot.Anyone, Run: p.rolesPressed},
		},
	}
}

func (p Parts) acknowledgeWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	return p.acknowledge(ctx, r, i)
}

func (p Parts) acknowledgePressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.acknowledge(ctx, r, i)
}

func (p Parts) acknowledge(ctx context.Context, r bot.Request, i incidents.Incident) (bot.Reply, error) {
	if err := p.mayJoin(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error { return i.Acknowledge(act) })
}

func (p Parts) roleWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) == 0 {
		return rolesOf(i), nil
	}
	role := incidents.Role(strings.ToLower(rest[0]))
	if len(rest) == 1 {
		return p.take(ctx, r, i, role, "")
	}
	who := rest[1]
	switch {
	case len(rest) > 2:
		return bot.Reply{}, &chat.Problem{Say: "A role goes to one person.", Try: fmt.Sprintf("As in `/incident role %s @ben`.", rest[0])}
	case strings.EqualFold(who, "nobody"):
		return p.drop(ctx, r, i, role)
	case strings.EqualFold(who, "me"):
		return p.take(ctx, r, i, role, "")
	}
	return p.give(ctx, r, i, role, who)
}

func (p Parts) rolesPressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return rolesOf(i), nil
}

// take gives the role to who asks, from the person with the ID over if somebody has it.
func (p Parts) take(ctx context.Context, r bot.Request, i incidents.Incident, role incidents.Role, over string) (bot.Reply, error) {
	if err := p.mayJoin(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error { return i.Take(act, role, act.By, over) })
}

func (p Parts) rolePressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(rest) == 0 {
		return bot.Reply{}, fmt.Errorf("commands: a role is taken without its name")
	}
	return p.take(ctx, r, i, incidents.Role(rest[0]), strings.Join(rest[1:], ""))
}

// give makes somebody else, whom the word mentions, the holder of a role.
func (p Parts) give(ctx context.Context, r bot.Request, i incidents.Incident, role incidents.Role, word string) (bot.Reply, error) {
	if err := p.mayRun(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	found := onePerson.FindStringSubmatch(word)
	if found == nil {
		return bot.Reply{}, &chat.Problem{Say: "I do not know who " + chat.Literal(word) + " is.",
			Try: fmt.Sprintf("Name the person with @, as in `/incident role %s @ben`; leave the name out to take it yourself.", role)}
	}
	who, err := p.Desk.Person(ctx, found[1])
	if err != nil {
		return bot.Reply{}, err
	}
	over := i.Roles[role].ID // whoever is named instead of the one that can be seen to have it
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error { return i.Take(act, role, who, over) })
}

// onePerson is one person as Slack writes them: <@U012AB3CD|ben>.
var onePerson = regexp.MustCompile(`^<@([UW][0-9A-Z]+)(?:\|[^>]*)?>$`)

func (p Parts) roleDropped(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.drop(ctx, r, i, incidents.Role(strings.Join(rest, "")))
}

func (p Parts) drop(ctx context.Context, r bot.Request, i incidents.Incident, role incidents.Role) (bot.Reply, error) {
	if err := p.mayRun(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error { return i.Drop(act, role) })
}

// rolesOf shows who has which role, with the buttons to take them.
func rolesOf(i incidents.Incident) bot.Reply {
	lines, buttons := []string{}, chat.Actions{}
	for _, role := range incidents.Roles() {
		who := "nobody"
		if holder, taken := i.Roles[role]; taken {
			who = holder.Mention()
		}
		lines = append(lines, fmt.Sprintf("*%s*: %s", role, who))
		buttons = append(buttons, i.TakeButton(role))
	}
	parts := []chat.Part{chat.Text(strings.Join(lines, "\n"))}
	if i.Status != incidents.Closed {
		parts = append(parts, buttons, chat.Note("`/incident role commander @ben` hands one over, `/incident role commander nobody` gives it up."))
	}
	return bot.Reply{Message: &chat.Message{Summary: "The roles of " + i.Name(), Private: true, Parts: parts}}
}
