package app

import (
	"context"
	"net/url"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/watch"
)

// dated are the parts of the bot that may have missed something while it was away; all but the scheduler may be nil.
type dated struct {
	scheduler *jobs.Scheduler
	monitor   *health.Monitor
	desk      *incidents.Desk
	lists     *checklists.Desk
}

// watch notices that opsbot was away. What it asks d for is there once it beats.
func (a *App) watch(slack *bot.Slack, d *dated) *watch.Watch {
	return watch.New(watch.Options{
		Store: a.store, Events: a.Events, Poster: slack, Channel: a.Config.Slack.Channels.Ops, Now: a.Now, Log: a.Log,
		Kinds: []watch.Kind{
			{Title: "Schedules", Missed: d.scheduled},
			{Title: "Reminders", Missed: d.reminders},
			{Title: "Health checks", Missed: d.looks},
		},
	})
}

func (d *dated) scheduled(ctx context.Context, from, to time.Time) ([]string, error) {
	return d.scheduler.Missed(ctx, from, to)
}

func (d *dated) reminders(ctx context.Context, from, to time.Time) (lines []string, err error) {
	if d.desk != nil {
		if lines, err = d.desk.Missed(ctx, from, to); err != nil {
			return nil, err
		}
	}
	if d.lists == nil {
		return lines, nil
	}
	more, err := d.lists.Missed(ctx, from, to)
	return append(lines, more...), err
}

func (d *dated) looks(ctx context.Context, from, to time.Time) ([]string, error) {
	if d.monitor == nil {
		return nil, nil
	}
	return d.monitor.Missed(ctx, from, to)
}

// heartbeats hear those whose checks are configured.
func (a *App) heartbeats(watcher *watch.Watch) *health.Heartbeats {
	tokens := map[string]string{}
	if a.Config.Health != nil {
		for _, c := range a.Config.Health.Checks {
			if c.Heartbeat != nil {
				tokens[c.Name] = c.Heartbeat.Token.Reveal()
			}
		}
	}
	return health.NewHeartbeats(a.store, tokens, a.Now, watcher.Back, a.Log)
}

// deadManTimeout is how long the service outside may take to answer.
const deadManTimeout = 10 * time.Second

// deadMan calls the URL of the configuration while nothing keeps opsbot from its work; nil if there is none.
func (a *App) deadMan(slack *bot.Slack, well func(context.Context) []string) *watch.DeadMan {
	h := a.Config.Health
	if h == nil || h.DeadMan == nil {
		return nil
	}
	service := "its service"
	if u, err := url.Parse(h.DeadMan.URL.Reveal()); err == nil {
		service = u.Host // the rest may be secret
	}
	call := health.HTTP{URL: h.DeadMan.URL.Reveal(), Redirects: 5, Now: time.Now} // certificates are real, whatever clock is set here
	return watch.NewDeadMan(watch.DeadManOptions{
		Store: a.store, Poster: slack, Channel: a.Config.Slack.Channels.Ops, Service: service, Every: h.DeadMan.Every, Well: well,
		Call: func(ctx context.Context) string {
			ctx, cancel := context.WithTimeout(ctx, deadManTimeout)
			defer cancel()
			if r := call.Look(ctx); r.Outcome != health.OK {
				return r.Say
			}
			return ""
		},
		Now: a.Now, Log: a.Log,
	})
}
