package commands

import (
	"context"

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
