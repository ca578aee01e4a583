package app

import (
	"slices"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/github"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/jobs"
)

// desk is where incidents are looked after; nil when they are switched off. Without Slack, on the command line, what
// follows from its decisions is left to the bot.
func (a *App) desk(slack *bot.Slack, repo *github.Repo) *incidents.Desk {
	c := a.Config
	if c.Incidents == nil {
		return nil
	}
	o := incidents.Options{
		Store: a.store, Events: a.Events, Slack: slack, Objects: a.Objects, Rules: incidentRules(c), Now: a.Now, Log: a.Log,
	}
	if repo != nil {
		o.GitHub, o.Labels = repo, c.GitHub.Labels
	}
	return incidents.New(o)
}

// repository is that of GitHub; nil without one. All that ask there share it, and with it what is known of its limits.
func (a *App) repository() (*github.Repo, error) {
	g := a.Config.GitHub
	if g == nil {
		return nil, nil
	}
	return github.New(github.Options{Repo: g.Repo, Token: g.Token.Reveal(), APIURL: g.APIURL, Now: a.Now})
}

// incidentRules are what the configuration decides about incidents.
func incidentRules(c *config.Config) incidents.Rules {
	i := c.Incidents
	rules := incidents.Rules{
		Services: i.Services, OnCall: i.OnCall, FirstResponse: i.FirstResponse, Prefix: i.ChannelPrefix, DrillPrefix: i.DrillPrefix,
		Announce: c.Slack.Channels.Incidents, Security: c.Slack.Channels.Security, Stakeholders: i.Stakeholders,
		LookBack: i.LookBack, ArchiveAfter: i.ArchiveAfter, Location: i.Timezone, ActionsDaily: i.ActionsDaily,
		Quiet: incidents.Quiet{From: sinceMidnight(i.Nights.From), To: sinceMidnight(i.Nights.To), Location: i.Timezone},
	}
	if c.GitHub != nil {
		rules.Repository = c.GitHub.Repo
	}
	for _, s := range i.Severities {
		rules.Severities = append(rules.Severities, incidents.Severity{
			Name: s.Name, When: s.When, UpdateEvery: s.UpdateEvery, Invite: s.Invite,
			Security: slices.Contains(s.Tell, config.TellSecurity), Stakeholders: slices.Contains(s.Tell, config.TellStakeholders),
			PostMortem: s.PostMortem, Nights: s.Nights,
		})
	}
	return rules
}

func sinceMidnight(c config.Clock) time.Duration { return time.Duration(c) * time.Minute }

// runButtons offer to declare an incident for a run that went wrong.
func (a *App) runButtons() func(jobs.Run) []chat.Button {
	if a.Config.Incidents == nil {
		return nil
	}
	return commands.DeclareButtons
}
