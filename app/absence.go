package app

import (
	"context"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/watch"
)

// dated are the parts of the bot that may have missed something while it was away; all but the scheduler may be nil.
type dated struct {
	scheduler *jobs.Scheduler
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
