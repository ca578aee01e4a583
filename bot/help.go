package bot

import (
	"context"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// helpWord is every command's word for its help, unless the command has a word of that name itself.
const helpWord = "help"

// helpOf answers "help": what a command is for, the words that the person may use, and examples.
func (b *Bot) helpOf(c Command) Handler {
	return func(ctx context.Context, r Request) (Reply, error) {
		name := "/" + c.Name
		m := &chat.Message{Summary: "Help for " + chat.Literal(name), Private: true, Parts: []chat.Part{
			chat.Header(chat.Literal(name)), chat.Text(chat.Escape(c.Summary))}}
		var lines []string
		if b.May(ctx, r.User.ID, c.Role) == nil {
			lines = append(lines, line(name, c.Usage, ""))
		}
		for _, w := range c.Words {
			if b.May(ctx, r.User.ID, w.Role) == nil {
				lines = append(lines, line(name+" "+w.Name, w.Usage, w.Summary))
			}
		}
		if c.Else != nil && b.May(ctx, r.User.ID, c.Else.Role) == nil {
			lines = append(lines, line(name, c.Else.Usage, c.Else.Summary))
		}
		if len(lines) == 0 {
			m.Parts = append(m.Parts, chat.Text("None of it is open to you. Ask an administrator for a role."))
			return Reply{Message: m}, nil
		}
		m.Parts = append(m.Parts, chat.Text(strings.Join(lines, "\n")))
		if len(c.Examples) > 0 {
			m.Parts = append(m.Parts, chat.Text("*For example*\n"+strings.Join(examples(c), "\n")))
		}
		m.Parts = append(m.Parts, chat.Note("In threads, where slash commands do not work, mention me instead: `@opsbot "+c.Name+" …`"))
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

func examples(c Command) []string {
	all := make([]string, len(c.Examples))
	for i, e := range c.Examples {
		all[i] = chat.Literal("/" + e)
	}
	return all
}

// overview answers a mention without a command: all commands in a line each.
func (b *Bot) overview(context.Context, Request) (Reply, error) {
	var lines []string
	for _, name := range b.names {
		lines = append(lines, line("/"+name, "", b.commands[name].Summary))
	}
	return Reply{Message: &chat.Message{Summary: "What I can do", Private: true, Parts: []chat.Part{
		chat.Header("What I can do"), chat.Text(strings.Join(lines, "\n")),
		chat.Note("`help` behind any of them says more. Mention me with a command to use it in a thread."),
	}}}, nil
}
