package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// ChecklistProbe is what looks at an item: exactly one of its fields is set. A new kind is a field here, its check below, a
// file in checklists/ and a case in app/checklist_probes.go.
type ChecklistProbe struct {
	Backups   *BackupsProbe   `yaml:"backups"`
	Restores  *RestoresProbe  `yaml:"restores"`
	Health    *HealthProbe    `yaml:"health"`
	Disk      *DiskProbe      `yaml:"disk"`
	Incidents *IncidentsProbe `yaml:"incidents"`
	Actions   *ActionsProbe   `yaml:"actions"`
	CI        *CIProbe        `yaml:"ci"`
	Alerts    *AlertsProbe    `yaml:"alerts"`
	Date      *DateProbe      `yaml:"date"`
	HTTP      *HTTPCheck      `yaml:"http"`
	Command   *CommandProbe   `yaml:"command"`
}

// BackupsProbe wants the newest verified backup of each database to be young.
type BackupsProbe struct {
	YoungerThan time.Duration `yaml:"younger_than"`
	// Databases are all if none is named.
	Databases []string `yaml:"databases"`
}

// RestoresProbe wants a backup of each database, or of any of them, to have been restored and proven lately.
type RestoresProbe struct {
	YoungerThan time.Duration `yaml:"younger_than"`
	Databases   []string      `yaml:"databases"`
	Any         bool          `yaml:"any"`
}

// HealthProbe wants health checks to have been green over a span.
type HealthProbe struct {
	Over time.Duration `yaml:"over"`
	// Uptime is the share of looks that must have gone well.
	Uptime Percent `yaml:"uptime"`
	// Checks are all if none is named.
	Checks []string `yaml:"checks"`
}

// DiskProbe wants the file system of a path to be filled to less than a share.
type DiskProbe struct {
	Path  string  `yaml:"path"`
	Below Percent `yaml:"below"`
}

// IncidentsProbe wants no incident to be open.
type IncidentsProbe struct{}

// ActionsProbe wants no action item to be overdue.
type ActionsProbe struct{}

// CIProbe wants the workflows that ran on the newest commit of GitHub.Repo to have gone well.
type CIProbe struct {
	// Workflows are those that must have run; none means those that did.
	Workflows []string `yaml:"workflows"`
}

// AlertsProbe wants no alert of Dependabot to be open that is as severe or worse.
type AlertsProbe struct {
	Severity string `yaml:"severity"`
}

// DateProbe wants a day that is kept by a name to be young.
type DateProbe struct {
	// Name is one word, as databases are named.
	Name        string        `yaml:"name"`
	YoungerThan time.Duration `yaml:"younger_than"`
}

// CommandProbe wants a program to end with the exit code 0.
type CommandProbe struct {
	// Run are the absolute path of the program and its arguments. No shell reads them.
	Run []string `yaml:"run"`
	// Env is all of its environment, beside PATH. What it holds is shown nowhere.
	Env map[string]Secret `yaml:"env"`
	// Timeout is how long it may take.
	Timeout time.Duration `yaml:"timeout"`
}

// longestLook is how long a probe is waited for.
const longestLook = 20 * time.Second

// kind is the key of the field that is set, or the keys if it is not exactly one.
func (p *ChecklistProbe) kind() (known, set []string) {
	v := reflect.ValueOf(*p)
	for n := range v.NumField() {
		key := v.Type().Field(n).Tag.Get("yaml")
		known = append(known, key)
		if !v.Field(n).IsNil() {
			set = append(set, key)
		}
	}
	return known, set
}

// checklistProbe fills and checks the probe of an item; nil is none. One that is built in may lack what it looks at: then
// people are asked instead.
func (r *reader) checklistProbe(c *Config, path string, p *ChecklistProbe) {
	if p == nil {
		return
	}
	known, set := p.kind()
	if len(set) != 1 {
		for broken := range r.broken {
			if strings.HasPrefix(broken, path+".") {
				return // the key that was meant has been reported
			}
		}
		r.fault(path, fmt.Sprintf("there are %d probes", len(set)), "write exactly one: "+strings.Join(known, ", "))
		return
	}
	at := path + "." + set[0]
	needs := func(there bool, section string) bool {
		if !there && r.given(at) {
			r.fault(at, "there is no section "+section+" in this configuration", "add it, or leave the probe out")
		}
		return there
	}
	switch {
	case p.Backups != nil:
		r.youngerThan(at, &p.Backups.YoungerThan, 26*time.Hour)
		r.someDatabases(c, at+".databases", p.Backups.Databases)
	case p.Restores != nil:
		r.youngerThan(at, &p.Restores.YoungerThan, 31*24*time.Hour)
		r.someDatabases(c, at+".databases", p.Restores.Databases)
	case p.Health != nil:
		r.healthProbe(c.Health, at, p.Health)
		needs(c.Health != nil, "health")
	case p.Disk != nil:
		r.diskProbe(at, p.Disk)
	case p.Incidents != nil, p.Actions != nil:
		needs(c.Incidents != nil, "incidents")
	case p.CI != nil && needs(c.GitHub != nil, "github"):
		for n, w := range p.CI.Workflows {
			if strings.TrimSpace(w) == "" {
				r.fault(fmt.Sprintf("%s.workflows[%d]", at, n), "there is no name", "write the name of a workflow, as its file says it")
			}
		}
	case p.Alerts != nil && needs(c.GitHub != nil, "github"):
		orElse(r, at+".severity", &p.Alerts.Severity, "critical")
		r.named(at+".severity", p.Alerts.Severity, []string{"low", "medium", "high", "critical"})
	case p.Date != nil:
		r.youngerThan(at, &p.Date.YoungerThan, 92*24*time.Hour)
		if p.Date.Name == "" {
			r.missing(at+".name", "write a word by which the date is kept, such as secrets-rotated")
		} else if !databaseName.MatchString(p.Date.Name) {
			r.fault(at+".name", quote(p.Date.Name)+" cannot be a date's name", "use at most 40 lowercase letters, digits, - and _")
		}
	case p.HTTP != nil:
		r.http(at, p.HTTP)
	case p.Command != nil:
		r.commandProbe(at, p.Command)
	}
}

// youngerThan fills an age; a built-in one stands already.
func (r *reader) youngerThan(at string, age *time.Duration, standard time.Duration) {
	at += ".younger_than"
	if *age == 0 {
		orElse(r, at, age, standard)
	}
	r.between(at, *age, time.Minute, 2*longest)
}

func (r *reader) someDatabases(c *Config, at string, names []string) {
	for n, name := range names {
		r.database(c, fmt.Sprintf("%s[%d]", at, n), name)
	}
}

func (r *reader) healthProbe(h *Health, at string, p *HealthProbe) {
	if p.Over == 0 {
		orElse(r, at+".over", &p.Over, 24*time.Hour)
	}
	orElse(r, at+".uptime", &p.Uptime, 100)
	if h == nil {
		return
	}
	if r.given(at) || h.Keep.Raw >= p.Over {
		r.between(at+".over", p.Over, 10*time.Second, h.Keep.Raw)
	} else {
		p.Over = h.Keep.Raw // of a built-in one, so that less may be kept
	}
	names := []string{}
	for _, check := range h.Checks {
		names = append(names, check.Name)
	}
	for n, name := range p.Checks {
		r.named(fmt.Sprintf("%s.checks[%d]", at, n), name, names)
	}
}

func (r *reader) diskProbe(at string, p *DiskProbe) {
	orElse(r, at+".below", &p.Below, 80)
	switch {
	case p.Path == "":
		r.missing(at+".path", "write any path on the disk, such as /var/log")
	case !filepath.IsAbs(p.Path):
		r.fault(at+".path", quote(p.Path)+" is no absolute path", "write one like /var/log")
	}
}

func (r *reader) commandProbe(at string, p *CommandProbe) {
	orElse(r, at+".timeout", &p.Timeout, 10*time.Second)
	r.between(at+".timeout", p.Timeout, time.Second, longestLook)
	switch {
	case len(p.Run) == 0:
		r.missing(at+".run", "write the program and its arguments as a list, such as [/usr/local/bin/look, --all]")
	case !filepath.IsAbs(p.Run[0]):
		r.fault(at+".run[0]", chat.Redact(quote(p.Run[0]))+" is no absolute path", "write one like /usr/local/bin/look")
	}
	for n, arg := range p.Run {
		if strings.ContainsRune(arg, 0) {
			r.fault(fmt.Sprintf("%s.run[%d]", at, n), "there is a zero byte in it", "")
		}
	}
	for name, value := range p.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value.Reveal(), 0) {
			r.report(at+".env."+name, r.keys[at+".env."+name], quote(name)+" cannot be in an environment", "write NAME: value")
		}
	}
}
