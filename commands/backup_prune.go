package commands

import (
	"context"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/jobs"
)

// backupPrune plans the removal of the backups that the retention does not keep.
func (p Parts) backupPrune(ctx context.Context, r bot.Request) (bot.Reply, error) {
	verdicts, err := p.Prune.Decide(ctx, r.Words)
	if err != nil {
		return bot.Reply{}, err
	}
	run, err := p.Prune.New(r.Words, verdicts)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.submit(ctx, r, run)
}

// backupPruneList shows every backup that a plan is about, with its reason; what is too long comes as a file.
func (p Parts) backupPruneList(ctx context.Context, r bot.Request) (bot.Reply, error) {
	run, err := p.Runner.Get(ctx, r.Value)
	if err != nil {
		return bot.Reply{}, err
	}
	list, err := jobs.PruneList(run)
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Reply{Message: &chat.Message{Summary: "Every backup of " + run.ID, Private: true, Uncut: "opsbot backup prune --dry-run", Parts: []chat.Part{
		chat.Text("Every backup, with the reason why it goes or stays, by the plan of " + chat.Literal(run.ID) + ":"), chat.Code(list),
	}}}, nil
}
