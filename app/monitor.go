package app

import (
	"context"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
)

// monitor is what looks at the configured checks; nil when there are none. What it opens by itself is closed with the app.
func (a *App) monitor(ctx context.Context, slack *bot.Slack, desk *incidents.Desk, heartbeats *health.Heartbeats) *health.Monitor {
	if a.Config.Health == nil {
		return nil
	}
	s := &sights{databases: a.Databases, catalogue: a.Catalogue, now: a.Now, heard: heartbeats.Heard}
	a.onStop("health checks", func() error { return s.close(context.WithoutCancel(ctx)) })
	return health.New(health.Options{
		Store: a.store, Events: a.Events, Slack: slack, Desk: desk, Rules: s.healthRules(ctx, a.Config.Health), Now: a.Now, Log: a.Log,
	})
}
