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
		Usage:    "[check | help [command [word]]]",
		Examples: []string{"ops", "ops check", "ops help", "ops help backup now"},
		Role:     bot.Anyone,
		Run:      p.opsOverview,
		Overview: true,
		Words: []bot.Word{
			{Name: "check", Summary: "try every token, right and server, and say what to mend", Role: bot.Operator, Run: p.opsCheck},
			{Name: "version", Summary: "which opsbot this is", Role: bot.Anyone, Run: p.opsVersion},
		},
		Actions: []bot.Action{
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
		{Action: "help", Label: "Help"},
	})
	return bot.Reply{Message: &chat.Message{Summary: "How things stand", Parts: parts, Private: true}}, nil
}

func (p Parts) opsVersion(context.Context, bot.Request) (bot.Reply, error) {
	return private("opsbot " + chat.Escape(p.Version)), nil
}
