package commands

import (
	"context"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/jobs"
)

// proposeInPlace plans a restore over what is there.
func (p Parts) proposeInPlace(ctx context.Context, r bot.Request, q jobs.RestoreRequest) (bot.Reply, error) {
	run, err := p.InPlace.New(ctx, q)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.submit(ctx, r, run)
}

// restoreFinish plans what is left of a restore in place that stopped in the middle.
func (p Parts) restoreFinish(ctx context.Context, r bot.Request) (bot.Reply, error) {
	return p.goOn(ctx, r, "finish", p.InPlace.Finish)
}

// restoreBack plans the way back from a restore in place.
func (p Parts) restoreBack(ctx context.Context, r bot.Request) (bot.Reply, error) {
	return p.goOn(ctx, r, "back", p.InPlace.Back)
}

func (p Parts) goOn(ctx context.Context, r bot.Request, verb string, plan func(context.Context, jobs.Run) (jobs.Run, error)) (bot.Reply, error) {
	id, err := p.runWordOf(r, "restore "+verb)
	if err != nil {
		return bot.Reply{}, err
	}
	old, err := p.Runner.Get(ctx, id)
	if err != nil {
		return bot.Reply{}, err
	}
	run, err := plan(ctx, old)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.submit(ctx, r, run)
}
