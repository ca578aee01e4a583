package app

import (
	"os"
	"slices"

	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/github"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
)

// proofs are what checklists' probes look through. What is nil leaves the items of built-in probes that need it to people;
// the configuration was held to having what others need.
type proofs struct {
	desk    *incidents.Desk
	repo    *github.Repo
	monitor *health.Monitor
	kept    *checklists.Kept
}

// checklistProbe makes what looks at an item; nil if people do.
func (a *App) checklistProbe(p *config.ChecklistProbe, through proofs) checklists.Probe {
	switch {
	case p == nil:
		return nil
	case p.Backups != nil && len(a.Databases) > 0:
		return checklists.Backups{Catalogue: a.Catalogue.List, Databases: a.named(p.Backups.Databases), YoungerThan: p.Backups.YoungerThan, Now: a.Now}
	case p.Restores != nil && len(a.Databases) > 0:
		return checklists.Restores{Catalogue: a.Catalogue.List, Databases: a.named(p.Restores.Databases), Any: p.Restores.Any,
			YoungerThan: p.Restores.YoungerThan, Now: a.Now}
	case p.Health != nil && through.monitor != nil:
		m := through.monitor
		return checklists.Health{Past: m.Past, Standings: m.Standings, Checks: checksOf(m.Rules(), p.Health.Checks), Over: p.Health.Over,
			Uptime: float64(p.Health.Uptime), Now: a.Now}
	case p.Disk != nil:
		return checklists.Disk{Path: p.Disk.Path, Below: float64(p.Disk.Below)}
	case p.Incidents != nil && through.desk != nil:
		return checklists.Incidents{Open: through.desk.Open}
	case p.Actions != nil && through.desk != nil:
		return checklists.Actions{Open: through.desk.WithOpenActions, Now: a.Now}
	case p.CI != nil && through.repo != nil:
		return checklists.CI{Repo: through.repo, Workflows: p.CI.Workflows}
	case p.Alerts != nil && through.repo != nil:
		return checklists.Alerts{Repo: through.repo, Severity: p.Alerts.Severity}
	case p.Date != nil:
		return checklists.Date{Kept: through.kept, Name: p.Date.Name, YoungerThan: p.Date.YoungerThan, Now: a.Now}
	case p.HTTP != nil:
		target, look := (&sights{now: a.Now}).http(p.HTTP)
		return checklists.HTTP{Ask: look, Target: target}
	case p.Command != nil:
		return command(p.Command)
	}
	return nil
}

// named are the databases of a probe: all if it names none.
func (a *App) named(names []string) []string {
	if len(names) > 0 {
		return names
	}
	for _, d := range a.Config.Databases {
		names = append(names, d.Name)
	}
	return names
}

// checksOf are the named health checks, all if none is.
func checksOf(rules health.Rules, names []string) []health.Check {
	return slices.DeleteFunc(slices.Clone(rules.Checks), func(c health.Check) bool {
		return len(names) > 0 && !slices.Contains(names, c.Name)
	})
}

// command runs with what the configuration gives it and PATH, not with opsbot's own environment, which holds tokens.
func command(c *config.CommandProbe) checklists.Command {
	probe := checklists.Command{Args: c.Run, Timeout: c.Timeout}
	if c.Env["PATH"].IsEmpty() {
		probe.Env = append(probe.Env, "PATH="+os.Getenv("PATH"))
	}
	for name, value := range c.Env {
		probe.Env = append(probe.Env, name+"="+value.Reveal())
		probe.Hide = append(probe.Hide, value.Reveal())
	}
	return probe
}

// reads says what checklists read of GitHub.
func (u *Checkup) reads() (runs, alerts bool) {
	if u.c.Checklists == nil || u.faulty("checklists") != "" {
		return false, false
	}
	for _, t := range u.c.Checklists.Templates {
		for _, i := range t.Items {
			runs = runs || i.Probe != nil && i.Probe.CI != nil
			alerts = alerts || i.Probe != nil && i.Probe.Alerts != nil
		}
	}
	return runs, alerts
}
