package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/jobs"
)

// Run is the bot: it speaks to Slack and listens, works on runs and fires schedules, until ctx ends. greeted, when not
// nil, is called once Slack has greeted the first connection.
func (a *App) Run(ctx context.Context, greeted func()) error {
	c := a.Config
	slack := a.voice()
	runner, err := a.Runner(slack)
	if err != nil {
		return err
	}
	repo, err := a.repository()
	if err != nil {
		return err
	}
	desk := a.desk(slack, repo)
	missing := &dated{desk: desk}
	watcher := a.watch(slack, missing)
	heartbeats := a.heartbeats(watcher)
	monitor := a.monitor(ctx, slack, desk, heartbeats)
	lists := a.lists(slack, proofs{desk: desk, repo: repo, monitor: monitor, kept: checklists.NewKept(a.store)})
	scheduler, err := a.scheduler(runner, slack, watcher.Tells, listSchedules(lists)...)
	if err != nil {
		return err
	}
	missing.scheduler, missing.monitor, missing.lists = scheduler, monitor, lists
	parts := a.parts(slack, runner, scheduler)
	parts.Desk, parts.Health, parts.Lists = desk, monitor, lists
	options := answers(c, parts)
	options.Slack, options.Store, options.Events, options.About = slack, a.store, a.Events, a.About
	options.Settled, options.Log, options.Now, options.StoreWithin = a.metrics.settled, a.Log, a.Now, a.StoreWithin
	listener, err := bot.New(options)
	if err != nil {
		return err
	}
	works := []func(context.Context) error{runner.Run, scheduler.Run, listener.Run, watcher.Run}
	if desk != nil {
		works = append(works, desk.Run)
	}
	if monitor != nil {
		works = append(works, monitor.Run)
	}
	if lists != nil {
		works = append(works, lists.Run)
	}
	v := newVitals(a, runner, listener, monitor, recorded(desk, lists, monitor, a.Now))
	if address := c.HTTP.Listen; address != "" {
		works = append(works, func(ctx context.Context) error { return v.Run(ctx, address, heartbeats) })
	}
	if d := a.deadMan(slack, v.awake); d != nil {
		works = append(works, d.Run)
	}
	if err := watcher.Beat(ctx); err != nil { // before anything makes up for what was missed
		a.Log.Warn("opsbot cannot note that it lives; trying on", "error", err)
	}
	return together(ctx, slack, listener, greeted, works)
}

// voice speaks to Slack, and reports in the ops channel what Slack refuses it.
func (a *App) voice() *bot.Slack {
	var slack *bot.Slack
	slack = bot.NewSlack(bot.SlackOptions{
		BotToken: a.Config.Slack.BotToken.Reveal(), AppToken: a.Config.Slack.AppToken.Reveal(), APIURL: a.Config.Slack.APIURL,
		Store: a.store, Called: a.metrics.called, Log: a.Log, Now: a.Now,
		Report: func(ctx context.Context, text string) {
			m := chat.Message{Summary: text, Parts: []chat.Part{chat.Note(text)}, Key: fmt.Sprintf("report/%x", sha256.Sum256([]byte(text)))} // the key: not again after a restart
			if _, err := slack.Post(ctx, a.Config.Slack.Channels.Ops, m); err != nil {
				a.Log.Warn("could not report", "text", text, "error", err)
			}
		},
	})
	return slack
}

// together runs the long-lived parts. Slack outlives the others, because their last words go through it.
func together(ctx context.Context, slack *bot.Slack, listener *bot.Bot, greeted func(), works []func(context.Context) error) error {
	speaking, quiet := context.WithCancel(context.WithoutCancel(ctx))
	defer quiet()
	voice := make(chan error, 1)
	go func() { voice <- slack.Run(speaking) }()
	group, running := errgroup.WithContext(ctx)
	for _, work := range works {
		group.Go(func() error { return work(running) })
	}
	group.Go(func() error {
		select {
		case <-listener.Greeted():
			if greeted != nil {
				greeted()
			}
		case <-running.Done():
		}
		return nil
	})
	err := group.Wait()
	quiet()
	if e := <-voice; err == nil {
		err = e
	}
	return err
}

func (a *App) parts(slack *bot.Slack, runner *jobs.Runner, scheduler *jobs.Scheduler) commands.Parts {
	return commands.Parts{
		Runner: runner, Scheduler: scheduler, Catalogue: a.Catalogue, Databases: a.Databases, Store: a.Objects,
		Events: a.Events, SendFile: slack.SendFile, ShowPicture: slack.ShowPicture, AuditWords: a.AuditWords(""),
		Backup: a.Backup, Verify: a.Verify, Restore: a.Restore, Drop: a.Drop, InPlace: a.InPlace, Prune: a.Prune, Check: a.Check,
		Version: Version, Now: a.Now,
	}
}

func roles(given config.Roles) map[bot.Role][]string {
	out := map[bot.Role][]string{}
	for name, members := range given {
		out[bot.Role(name)] = members
	}
	return out
}

// scheduler fires the scheduled backups beside other schedules. A firing is the request of its run, so it is submitted once
// whatever happens.
func (a *App) scheduler(runner *jobs.Runner, slack *bot.Slack, told func(context.Context, time.Time) (bool, error), schedules ...jobs.Schedule) (*jobs.Scheduler, error) {
	b := a.Config.Backups
	if b.Full != "" {
		missed := jobs.CatchUp
		if b.Missed == config.Report {
			missed = jobs.Report
		}
		schedules = append(schedules, jobs.Schedule{
			Name: "Backup of all databases", Spec: b.Full, Location: b.Timezone, Missed: missed,
			Fire: func(ctx context.Context, at time.Time, late bool) error {
				run, err := a.Backup.New(nil)
				if err != nil {
					return err
				}
				run.Request = "schedule/full/" + at.UTC().Format(time.RFC3339)
				run.By = chat.User{Name: "the schedule"}
				run.Source = jobs.FromSchedule
				if late {
					run.Title += ", late: opsbot was away at " + chat.Time(at)
				}
				_, err = runner.Submit(ctx, run)
				return err
			},
		})
	}
	return jobs.NewScheduler(jobs.SchedulerOptions{
		Store: a.store, Events: a.Events, Poster: slack, OpsChannel: a.Config.Slack.Channels.Ops, Told: told, Now: a.Now, Log: a.Log,
	}, schedules...)
}
