package commands

import (
	"context"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

func (p Parts) ops() bot.Command {
	return bot.Command{
		Name:     "ops",
		Summary:  "What opsbot can do, and how things stand",
		Usage:    "[help]",
		Examples: []string{"ops", "ops help"},
		Role:     bot.Anyone,
		Run:      p.opsOverview,
		Words: []bot.Word{
			{Name: "help", Summary: "all commands with examples", Role: bot.Anyone, Run: p.opsHelp},
			{Name: "version", Summary: "which opsbot this is", Role: bot.Anyone, Run: p.opsVersion},
		},
		Actions: []bot.Action{
			{Name: "ops.help", Role: bot.Anyone, Run: p.opsHelp},
			{Name: "jobs.list", Role: bot.Anyone, Run: p.jobsOverview},
			{Name: "backup.open", Role: bot.Anyone, Run: p.backupPanel},
		},
	}
}

// opsOverview says how things stand: backups, what runs, what waits for a decision, what is coming.
func (p Parts) opsOverview(ctx context.Context, _ bot.Request) (bot.Reply, error) {
	entries, err := p.Catalogue.List(ctx, "")
	if err != nil {
		return bot.Reply{}, err
	}
	active, err := p.Runner.Active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	lines := []string{}
	for _, db := range p.Databases {
		lines = append(lines, p.newestLine(db.Name, entries))
	}
	parts := []chat.Part{chat.Header("How things stand"), chat.Text(strings.Join(lines, "\n"))}
	lines = nil
	for _, run := range active {
		lines = append(lines, p.runLine(run))
	}
	if len(lines) > 0 {
		parts = append(parts, chat.Text("*Now*\n"+strings.Join(lines, "\n")))
	}
	if lines = p.upcomingLines(ctx); len(lines) > 0 {
		parts = append(parts, chat.Text("*Coming up*\n"+strings.Join(lines, "\n")))
	}
	parts = append(parts, chat.Actions{
		{Action: "backup.open", Label: "Backups"},
		{Action: "restore.open", Label: "Restore…"},
		{Action: "jobs.list", Label: "Jobs"},
		{Action: "ops.help", Label: "Help"},
	})
	return bot.Reply{Message: &chat.Message{Summary: "How things stand", Parts: parts, Private: true}}, nil
}

func (p Parts) opsHelp(context.Context, bot.Request) (bot.Reply, error) {
	parts := []chat.Part{chat.Header("What I can do")}
	for _, c := range All(p) {
		lines := []string{chat.Literal("/"+c.Name) + " " + chat.Escape(c.Usage), c.Summary}
		for _, e := range c.Examples {
			lines = append(lines, "      "+chat.Literal("/"+e))
		}
		parts = append(parts, chat.Text(strings.Join(lines, "\n")))
	}
	parts = append(parts, chat.Note("The same words work when you mention me, also in threads. `help` after a command tells more about it."))
	return bot.Reply{Message: &chat.Message{Summary: "What opsbot can do", Parts: parts, Private: true}}, nil
}

func (p Parts) opsVersion(context.Context, bot.Request) (bot.Reply, error) {
	return private("opsbot " + chat.Escape(p.Version)), nil
}
