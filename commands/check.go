package commands

import (
	"context"

	"github.com/kampyn/opsbot/bot"
)

// opsCheck tries what opsbot needs. It is a run like any other, so its card is edited while it works.
func (p Parts) opsCheck(ctx context.Context, r bot.Request) (bot.Reply, error) {
	return p.submit(ctx, r, p.Check.New())
}
