package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// helpWord is every command's word for its help, unless the command has a word of that name itself. helpAction is the
// button for the overview.
const (
	helpWord   = "help"
	helpAction = "help"
)

// noRoles says how to get at what is not listed.
const noRoles = "There is more for those with a role (operator, approver, admin). Whoever administers opsbot gives roles, in its configuration."

// routeHelp finds what to explain: everything, one command, or one word of it.
func (b *Bot) routeHelp(t *asked, words []string) (*asked, error) {
	t.role, t.run = Anyone, b.overview
	t.what = orElse(t.what, strings.Join(append([]string{helpWord}, words...), " "))
	t.request.Action = helpWord
	if len(words) == 0 {
		return t, nil
	}
	c, ok := b.command(words[0])
	if !ok {
		return t, chat.Unknown("command", words[0], b.names)
	}
	t.request.Action = c.Name + " " + helpWord
	t.run = b.helpOf(c)
	if len(words) == 1 || words[1] == helpWord {
		return t, nil
	}
	known := []string{}
	for _, w := range c.Words {
		if known = append(known, w.Name); w.Name == strings.ToLower(words[1]) {
			t.run = b.helpOfWord(c, w)
			return t, nil
		}
	}
	return t, chat.Unknown("word", words[1], known)
}

// command finds a command by its name as it was typed: with or without slash and prefix.
func (b *Bot) command(typed string) (Command, bool) {
	c, ok := b.commands[strings.TrimPrefix(strings.ToLower(strings.TrimPrefix(typed, "/")), b.o.Prefix)]
	return c, ok
}

// overview is the first level of help: in a line each, the commands that the person may use.
func (b *Bot) overview(ctx context.Context, r Request) (Reply, error) {
	return Reply{Message: &chat.Message{Summary: "What I can do", Private: true,
		Parts: append([]chat.Part{chat.Header("What I can do")}, b.overviewParts(ctx, r.User.ID)...)}}, nil
}

func (b *Bot) overviewParts(ctx context.Context, user string) []chat.Part {
	var lines []string
	all := true
	for _, name := range b.names {
		c := b.commands[name]
		open, hidden := b.usable(ctx, user, c)
		if len(open) > 0 {
			lines = append(lines, line("/"+name, "", c.Summary))
		}
		all = all && !hidden
	}
	parts := []chat.Part{chat.Text(strings.Join(lines, "\n")),
		chat.Note("`help` behind any of them says more, as in " + chat.Literal("/"+b.names[0]+" help") + ". In threads, mention me instead.")}
	if !all {
		parts = append(parts, chat.Note(noRoles))
	}
	return parts
}

// usable lists what of a command the person may use, and says whether something is left out.
func (b *Bot) usable(ctx context.Context, user string, c Command) (lines []string, hidden bool) {
	add := func(role Role, line string) {
		if b.May(ctx, user, role) != nil {
			hidden = true
			return
		}
		lines = append(lines, line)
	}
	name := "/" + c.Name
	add(c.Role, line(name, "", ""))
	for _, w := range c.Words {
		add(w.Role, line(name+" "+w.Name, w.Usage, w.Summary))
	}
	if c.Else != nil {
		add(c.Else.Role, line(name, c.Else.Usage, c.Else.Summary))
	}
	return lines, hidden
}

// helpOf is the second level: what a command is for, the words that the person may use, and examples.
func (b *Bot) helpOf(c Command) Handler {
	return func(ctx context.Context, r Request) (Reply, error) {
		name := "/" + c.Name
		m := &chat.Message{Summary: "Help for " + chat.Literal(name), Private: true, Parts: []chat.Part{
			chat.Header(chat.Literal(name)), chat.Text(chat.Escape(c.Summary))}}
		lines, hidden := b.usable(ctx, r.User.ID, c)
		if len(lines) == 0 {
			m.Parts = append(m.Parts, chat.Text("None of it is open to you. "+noRoles))
			return Reply{Message: m}, nil
		}
		m.Parts = append(m.Parts, chat.Text(strings.Join(lines, "\n")))
		if some := b.examples(ctx, r.User.ID, c); len(some) > 0 {
			m.Parts = append(m.Parts, chat.Text("*For example*\n"+strings.Join(some, "\n")))
		}
		if len(c.Words) > 0 {
			m.Parts = append(m.Parts, chat.Note("One word in detail: "+chat.Literal(name+" "+c.Words[0].Name+" help")+
				". In threads, where slash commands do not work, mention me: "+chat.Literal("@"+b.self(ctx)+" "+c.Name+" …")))
		}
		if hidden {
			m.Parts = append(m.Parts, chat.Note(noRoles))
		}
		return Reply{Message: m}, nil
	}
}

// helpOfWord is the third level: one word, with the role that it needs.
func (b *Bot) helpOfWord(c Command, w Word) Handler {
	return func(ctx context.Context, r Request) (Reply, error) {
		name := "/" + c.Name + " " + w.Name
		role := "Everybody in this workspace may use it."
		if w.Role != Anyone {
			role = "It needs the role " + chat.Literal(string(w.Role)) + ", which you have."
			if b.May(ctx, r.User.ID, w.Role) != nil {
				role = "It needs the role " + chat.Literal(string(w.Role)) + ", which you do not have. Whoever administers opsbot gives roles, in its configuration."
			}
		}
		m := &chat.Message{Summary: "Help for " + chat.Literal(name), Private: true, Parts: []chat.Part{
			chat.Header(chat.Literal(name)), chat.Text(line(name, w.Usage, w.Summary))}}
		var some []string
		for _, e := range c.Examples {
			if e == c.Name+" "+w.Name || strings.HasPrefix(e, c.Name+" "+w.Name+" ") {
				some = append(some, chat.Literal("/"+e))
			}
		}
		if len(some) > 0 {
			m.Parts = append(m.Parts, chat.Text("*For example*\n"+strings.Join(some, "\n")))
		}
		m.Parts = append(m.Parts, chat.Text(role), chat.Note("All of the command: "+chat.Literal("/"+c.Name+" help")))
		return Reply{Message: m}, nil
	}
}

func line(name, usage, summary string) string {
	s := chat.Literal(strings.TrimSpace(name + " " + usage))
	if summary != "" {
		s += "  " + chat.Escape(summary)
	}
	return s
}

// examples are those that the person may type.
func (b *Bot) examples(ctx context.Context, user string, c Command) []string {
	var some []string
	for _, e := range c.Examples {
		role := c.Role
		if words := strings.Fields(e); len(words) > 1 {
			if i := slices.IndexFunc(c.Words, func(w Word) bool { return w.Name == words[1] }); i >= 0 {
				role = c.Words[i].Role
			} else if c.Else != nil {
				role = c.Else.Role
			}
		}
		if b.May(ctx, user, role) == nil {
			some = append(some, chat.Literal("/"+e))
		}
	}
	return some
}

// self is the bot's name as people mention it.
func (b *Bot) self(ctx context.Context) string {
	id, err := b.slack.Identity(ctx)
	if err != nil {
		return "opsbot" // nobody gets this far before Identity has answered
	}
	return orElse(id.Name, "opsbot")
}

// withOverview has the commands listed below what a command answers.
func (b *Bot) withOverview(run Handler) Handler {
	return func(ctx context.Context, r Request) (Reply, error) {
		reply, err := run(ctx, r)
		if err == nil && reply.Message != nil {
			reply.Message.Parts = append(reply.Message.Parts, b.overviewParts(ctx, r.User.ID)...)
		}
		return reply, err
	}
}
