package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/checkup"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/jobs"
)

// lists is where checklists are looked after; nil when they are switched off. Without Slack, on the command line, what
// follows from its decisions is left to the bot.
func (a *App) lists(slack *bot.Slack, through proofs) *checklists.Desk {
	if a.Config.Checklists == nil {
		return nil
	}
	rules := a.checklistRules(a.Config.Checklists, through)
	return checklists.New(checklists.Options{Store: a.store, Events: a.Events, Slack: slack, Rules: rules, Now: a.Now, Log: a.Log})
}

// checklistRules are what the configuration decides about checklists.
func (a *App) checklistRules(c *config.Checklists, through proofs) checklists.Rules {
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
			item := checklists.Item{Text: i.Text, Link: i.Link, Optional: !i.Required, Owner: i.Owner}
			if probe := a.checklistProbe(i.Probe, through); probe != nil {
				// By its words, so that a list that is open is looked at as the configuration now says.
				item.Probe = t.Name + "/" + i.Text
				rules.Probes[item.Probe] = probe
				if i.Probe.Date != nil {
					item.Keeps = i.Probe.Date.Name
				}
			}
			template.Items = append(template.Items, item)
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
			Name: checklists.ScheduleName(t.Name), Spec: t.Schedule, Location: t.Location, Missed: jobs.CatchUp,
			Fire: func(ctx context.Context, at time.Time, late bool) error { return desk.Scheduled(ctx, t.Name, at, late) },
		})
	}
	return all
}

// listPlaces are the channels in which checklists are posted; a section with faults has none.
func (u *Checkup) listPlaces() []checkup.Place {
	l := u.c.Checklists
	if l == nil || u.faulty("checklists") != "" {
		return nil
	}
	var places []checkup.Place
	for _, t := range l.Templates {
		key := "checklists.templates." + t.Name + ".channel"
		if t.Channel == l.Channel {
			key = "checklists.channel"
		}
		if !slices.ContainsFunc(places, func(p checkup.Place) bool { return p.Channel == t.Channel }) {
			places = append(places, checkup.Place{Channel: t.Channel, Key: key})
		}
	}
	return places
}

// checklists has no rows for those who have switched them off.
func (u *Checkup) checklists(s *checkup.Slack) {
	l := u.c.Checklists
	if l == nil {
		return
	}
	if why := u.faulty("checklists"); why != "" {
		u.add(checkup.Skip("Checklists", "everything", why))
		return
	}
	var asked []checkup.Place
	for _, t := range l.Templates {
		path := "checklists.templates." + t.Name
		for _, id := range t.Asks {
			key := path + ".asks"
			if slices.Contains(l.Asks, id) {
				key = "checklists.asks"
			}
			asked = append(asked, checkup.Place{Channel: id, Key: key})
		}
		for n, i := range t.Items {
			if i.Owner != "" {
				asked = append(asked, checkup.Place{Channel: i.Owner, Key: fmt.Sprintf("%s.items[%d].owner", path, n)})
			}
		}
	}
	u.add(s.Called(checkup.ToChecklists(), asked))
}
