package app

import (
	"context"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/jobs"
)

// lists is where checklists are looked after; nil when they are switched off. Without Slack, on the command line, what
// follows from its decisions is left to the bot.
func (a *App) lists(slack *bot.Slack) *checklists.Desk {
	if a.Config.Checklists == nil {
		return nil
	}
	return checklists.New(checklists.Options{Store: a.store, Events: a.Events, Slack: slack, Rules: checklistRules(a.Config.Checklists), Now: a.Now, Log: a.Log})
}

// checklistRules are what the configuration decides about checklists.
func checklistRules(c *config.Checklists) checklists.Rules {
	rules := checklists.Rules{
		Probes: map[string]checklists.Probe{}, LookEvery: c.LookEvery,
		Quiet: incidents.Quiet{From: sinceMidnight(c.Nights.From), To: sinceMidnight(c.Nights.To), Location: c.Timezone},
	}
	for _, t := range c.Templates {
		template := checklists.Template{
			Name: t.Name, Title: t.Title, Schedule: t.Schedule, Location: t.Timezone, Channel: t.Channel, Asks: t.Asks,
			DueIn: t.DueIn, RemindEvery: t.RemindEvery, Reminders: t.Reminders, Versioned: t.Versioned,
		}
		for _, i := range t.Items {
			template.Items = append(template.Items, checklists.Item{Text: i.Text, Link: i.Link, Optional: !i.Required, Owner: i.Owner})
		}
		rules.Templates = append(rules.Templates, template)
	}
	return rules
}

// listSchedules open the lists that are due. A firing is the request of its list, so it opens one whatever happens; one that
// was missed is caught up once.
func listSchedules(desk *checklists.Desk) []jobs.Schedule {
	if desk == nil {
		return nil
	}
	var all []jobs.Schedule
	for _, t := range desk.Rules().Templates {
		if t.Schedule == "" {
			continue
		}
		all = append(all, jobs.Schedule{
			Name: "Checklist " + t.Name, Spec: t.Schedule, Location: t.Location, Missed: jobs.CatchUp,
			Fire: func(ctx context.Context, at time.Time, late bool) error { return desk.Scheduled(ctx, t.Name, at, late) },
		})
	}
	return all
}
