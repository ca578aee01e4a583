package commands

import (
	"context"
	"sync"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// mayRead keeps private incidents to those who are in their channel, declared them or have a role in them, and admins.
func (p Parts) mayRead(ctx context.Context, r bot.Request, i incidents.Incident) error {
	if !i.Private || r.May(ctx, bot.Admin) == nil {
		return nil
	}
	may, err := p.Desk.MayRead(ctx, i, r.User)
	if err != nil {
		return err
	}
	if !may {
		return &chat.Problem{Say: i.Called() + " is private.", Try: "Ask somebody in its channel to invite you."}
	}
	return nil
}

// reader is mayRead for many incidents.
func (p Parts) reader(ctx context.Context, r bot.Request) func(incidents.Incident) bool {
	may := p.Desk.Reader(ctx, r.User)
	admin := sync.OnceValue(func() bool { return r.May(ctx, bot.Admin) == nil })
	return func(i incidents.Incident) bool { return !i.Private || admin() || may(i) }
}
