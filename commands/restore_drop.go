package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// restoreDrop plans the removal of one database that a restore has made; without a name it lists them.
func (p Parts) restoreDrop(ctx context.Context, r bot.Request) (bot.Reply, error) {
	words := wanted(r)
	if len(words) == 0 {
		return p.scratchList(ctx)
	}
	if len(words) > 1 {
		return bot.Reply{}, &chat.Problem{Say: "One database at a time, please.", Try: chat.Typed("/restore drop "+words[0]) + " plans the first one."}
	}
	run, err := p.Drop.New(ctx, words[0])
	if err != nil {
		return bot.Reply{}, err
	}
	return p.submit(ctx, r, run)
}

func (p Parts) scratchList(ctx context.Context) (bot.Reply, error) {
	all, err := p.Drop.Scratch(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(all) == 0 {
		return private("No database made by a restore is left."), nil
	}
	lines := []string{}
	buttons := chat.Actions{}
	for _, s := range all {
		lines = append(lines, fmt.Sprintf("• %s on %s, made %s ago from %s", chat.Literal(s.Name), chat.Literal(s.Database),
			chat.Span(p.Now().Sub(s.At)), chat.Literal(s.Backup)))
		if len(buttons) < 5 {
			buttons = append(buttons, chat.Button{Action: "restore.drop", Value: s.Name, Label: "Drop " + s.Name + "…"})
		}
	}
	return bot.Reply{Message: &chat.Message{
		Summary: chat.Plural(int64(len(all)), "database") + " made by restores", Private: true,
		Parts: []chat.Part{chat.Header("Databases made by restores"), chat.Text(strings.Join(lines, "\n")), buttons},
	}}, nil
}
