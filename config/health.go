package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Health says what is looked at all the time, and who is told.
type Health struct {
	// Channel is where alerts go, an id or a name without #; Channels.Ops when the file does not say.
	Channel string `yaml:"channel"`
	// Pace holds for every check that says nothing else.
	Pace `yaml:",inline"`
	// Maintenance are times in which nothing is told.
	Maintenance []Maintenance  `yaml:"maintenance"`
	Timezone    *time.Location `yaml:"timezone"`
	Keep        Keep           `yaml:"keep"`
	// DeadMan is nil for none.
	DeadMan *DeadMan `yaml:"dead_man"`
	// Checks are in the order of the file.
	Checks []Check `yaml:"checks"`
}

// Pace is how often something is looked at, and what follows from what is seen. In a Check it is complete: what the file
// leaves out there is that of Health.
type Pace struct {
	Every   time.Duration `yaml:"every"`
	Timeout time.Duration `yaml:"timeout"`
	// Jitter is how much later than planned a look may begin; a tenth of Every when the file does not say.
	Jitter time.Duration `yaml:"jitter"`
	// FailAfter is how many looks in a row must fail, RecoverAfter how many must succeed.
	FailAfter    int `yaml:"fail_after"`
	RecoverAfter int `yaml:"recover_after"`
	// Repeat is how often it is said again while it is down; 0 means never.
	Repeat time.Duration `yaml:"repeat"`
	// Tell are Slack ids of users and user groups who are mentioned.
	Tell []string `yaml:"tell"`
	// DeclareAfter is how long after an alert an incident is declared by itself, of that Severity; 0 means never.
	DeclareAfter time.Duration `yaml:"declare_after"`
	Severity     string        `yaml:"severity"`
}

// Maintenance is a time that comes again and again, in which what fails is expected to.
type Maintenance struct {
	// Name is how people call it, as databases are named.
	Name string `yaml:",key"`
	// When is a cron line for its beginning; ParseCron reads it.
	When string `yaml:"when"`
	// For is how long it lasts.
	For      time.Duration  `yaml:"for"`
	Timezone *time.Location `yaml:"timezone"`
	// Checks are names; none means all.
	Checks []string `yaml:"checks"`
}

// Keep is how long results are kept one by one, and rolled up.
type Keep struct {
	Raw      time.Duration `yaml:"raw"`
	RolledUp time.Duration `yaml:"rolled_up"`
}

// DeadMan is a URL of somebody else who raises the alarm when it is not called any more.
type DeadMan struct {
	URL   Secret        `yaml:"url"`
	Every time.Duration `yaml:"every"`
}

// Check is one thing that is looked at: exactly one of the kinds is set.
type Check struct {
	// Name is how people call it, as databases are named.
	Name string `yaml:",key"`
	Pace `yaml:",inline"`
	// DependsOn are names of checks; if one of them is down, this one is affected rather than the cause.
	DependsOn []string `yaml:"depends_on"`
	// Service is one of Incidents.Services, or "".
	Service string `yaml:"service"`

	HTTP      *HTTPCheck      `yaml:"http"`
	TCP       *TCPCheck       `yaml:"tcp"`
	MongoDB   *MongoDBCheck   `yaml:"mongodb"`
	Redis     *RedisCheck     `yaml:"redis"`
	Backup    *BackupCheck    `yaml:"backup"`
	Heartbeat *HeartbeatCheck `yaml:"heartbeat"`
	Machine   *MachineCheck   `yaml:"machine"`
}

// kinds are the keys of the kinds of checks.
var kinds = []string{"http", "tcp", "mongodb", "redis", "backup", "heartbeat", "machine"}

// Kind is the key of its kind: "http".
func (c *Check) Kind() string {
	for i, set := range []bool{c.HTTP != nil, c.TCP != nil, c.MongoDB != nil, c.Redis != nil, c.Backup != nil, c.Heartbeat != nil, c.Machine != nil} {
		if set {
			return kinds[i]
		}
	}
	return ""
}

const (
	mostChecks = 1000
	// longest bounds what is about days: windows, certificates, heartbeats.
	longest = 365 * 24 * time.Hour
)

func (r *reader) checkHealth(c *Config) {
	const at = "health."
	h := c.Health
	if h == nil {
		if r.keys["health"] != nil {
			r.fault("health", "there is nothing below it", "name checks below health.checks, or leave it out")
		}
		return
	}
	r.channel("health.channel", &h.Channel, c.Slack.Channels.Ops)
	orElse(r, at+"timezone", &h.Timezone, c.Backups.Timezone)
	orElse(r, at+"keep.raw", &h.Keep.Raw, 7*24*time.Hour)
	orElse(r, at+"keep.rolled_up", &h.Keep.RolledUp, 400*24*time.Hour)
	r.between(at+"keep.raw", h.Keep.Raw, time.Hour, 90*24*time.Hour)
	r.between(at+"keep.rolled_up", h.Keep.RolledUp, 24*time.Hour, 10*longest)
	if h.DeadMan != nil {
		orElse(r, at+"dead_man.every", &h.DeadMan.Every, time.Minute)
		r.between(at+"dead_man.every", h.DeadMan.Every, 10*time.Second, 24*time.Hour)
		r.web(at+"dead_man.url", h.DeadMan.URL)
	}
	r.pace("health", &h.Pace, Pace{
		Every: 5 * time.Minute, Timeout: 10 * time.Second, FailAfter: 2, RecoverAfter: 2, Repeat: time.Hour,
	}, c.Incidents)

	names := []string{}
	for _, check := range h.Checks {
		names = append(names, check.Name)
	}
	if len(names) > mostChecks {
		r.fault("health.checks", fmt.Sprintf("%d are too many", len(names)), fmt.Sprintf("name at most %s", chat.Count(mostChecks)))
	}
	if len(names) == 0 {
		r.missing("health.checks", "name at least one, such as api: {http: {url: https://api.example.com/health}}")
	}
	for i := range h.Checks {
		r.oneCheck(c, &h.Checks[i], names)
	}
	r.circles(h.Checks)
	r.tokens(h.Checks)
	if len(h.Maintenance) > 100 {
		r.fault(at+"maintenance", fmt.Sprintf("%d are too many", len(h.Maintenance)), "write at most 100")
	}
	for i := range h.Maintenance {
		r.maintenance("health.maintenance."+h.Maintenance[i].Name, &h.Maintenance[i], h.Timezone, names)
	}
}

// pace fills in what the file does not say, and checks what it says.
func (r *reader) pace(at string, p *Pace, standard Pace, incidents *Incidents) {
	at += "."
	orElse(r, at+"every", &p.Every, standard.Every)
	orElse(r, at+"timeout", &p.Timeout, min(standard.Timeout, p.Every))
	jitter := p.Every / 10
	if at != "health." && r.given("health.jitter") {
		jitter = min(standard.Jitter, p.Every/2)
	}
	orElse(r, at+"jitter", &p.Jitter, jitter)
	orElse(r, at+"fail_after", &p.FailAfter, standard.FailAfter)
	orElse(r, at+"recover_after", &p.RecoverAfter, standard.RecoverAfter)
	orElse(r, at+"repeat", &p.Repeat, standard.Repeat)
	orElse(r, at+"tell", &p.Tell, standard.Tell)
	orElse(r, at+"declare_after", &p.DeclareAfter, standard.DeclareAfter)
	orElse(r, at+"severity", &p.Severity, standard.Severity)

	own := func(key string, holds func(path string)) {
		if at == "health." || r.given(at+key) { // what is inherited was checked where it stands
			holds(at + key)
		}
	}
	span := func(key string, d, low, high time.Duration) {
		own(key, func(path string) { r.between(path, d, low, high) })
	}
	span("every", p.Every, 5*time.Second, 7*24*time.Hour)
	span("timeout", p.Timeout, time.Second, 5*time.Minute)
	if p.Timeout > p.Every {
		own("timeout", func(path string) {
			r.fault(path, fmt.Sprintf("%s is longer than the %s from one look to the next", short(p.Timeout), short(p.Every)), "write less")
		})
	}
	span("jitter", p.Jitter, 0, max(p.Every/2, 0))
	own("fail_after", func(path string) { r.number(path, p.FailAfter, 1, 100) })
	own("recover_after", func(path string) { r.number(path, p.RecoverAfter, 1, 100) })
	if p.Repeat != 0 {
		span("repeat", p.Repeat, time.Minute, 7*24*time.Hour)
	}
	own("tell", func(path string) { r.people(path, p.Tell) })
	if p.DeclareAfter != 0 {
		span("declare_after", p.DeclareAfter, time.Minute, 7*24*time.Hour)
	}
	r.declares(at, p, incidents)
}

// declares holds that incidents can be declared as they are asked for.
func (r *reader) declares(at string, p *Pace, incidents *Incidents) {
	if incidents == nil {
		for _, key := range []string{"declare_after", "severity"} {
			if r.given(at+key) && (key == "severity" || p.DeclareAfter != 0) {
				r.fault(at+key, "there are no incidents in this configuration", "write incidents: {} for them, or leave it out")
			}
		}
		return
	}
	names := []string{}
	for _, s := range incidents.Severities {
		names = append(names, s.Name)
	}
	switch {
	case r.given(at+"severity") && !slices.Contains(names, p.Severity) && !r.broken["incidents.severities"]:
		say, try := oneOf(p.Severity, names...)
		r.fault(at+"severity", say, try)
	case r.given(at+"declare_after") && p.DeclareAfter != 0 && p.Severity == "":
		r.fault(at+"declare_after", "it is not said which severity the incident has", "write severity: "+strings.Join(names, ", or "))
	}
}

func (r *reader) maintenance(at string, m *Maintenance, zone *time.Location, checks []string) {
	if !databaseName.MatchString(m.Name) {
		r.report(at, r.keys[at], quote(m.Name)+" cannot be a name here", "use at most 40 lowercase letters, digits, - and _")
	}
	orElse(r, at+".timezone", &m.Timezone, zone)
	if m.When == "" {
		r.missing(at+".when", "write a cron line for its beginning, such as 0 3 * * 0 (at three every Sunday)")
	} else {
		r.cronLine(at+".when", m.When, at+".timezone")
	}
	if !r.given(at + ".for") {
		r.missing(at+".for", "write how long it lasts, such as 2h")
	} else {
		r.between(at+".for", m.For, time.Minute, 7*24*time.Hour)
	}
	for i, name := range m.Checks {
		r.named(fmt.Sprintf("%s.checks[%d]", at, i), name, checks)
	}
}

// named holds that a name is one of those that there are.
func (r *reader) named(path, name string, names []string) bool {
	if slices.Contains(names, name) {
		return true
	}
	if near := chat.Nearest(name, names); near != "" {
		r.fault(path, "there is no "+quote(name), fmt.Sprintf("did you mean %q?", near))
	} else {
		r.fault(path, "there is no "+quote(name), "known: "+strings.Join(names[:min(len(names), 20)], ", "))
	}
	return false
}

// circles holds that no check depends on itself, over others or not. Each circle is told once.
func (r *reader) circles(checks []Check) {
	byName := map[string]*Check{}
	for i := range checks {
		byName[checks[i].Name] = &checks[i]
	}
	done := map[string]bool{}
	var visit func(name string, above []string)
	visit = func(name string, above []string) {
		if i := slices.Index(above, name); i >= 0 {
			at := above[len(above)-1]
			path := fmt.Sprintf("health.checks.%s.depends_on[%d]", at, slices.Index(byName[at].DependsOn, name))
			r.fault(path, "it goes in a circle: "+strings.Join(append(above[i:len(above):len(above)], name), " → "), "leave one of them out")
			return
		}
		if byName[name] == nil || done[name] {
			return
		}
		for _, on := range byName[name].DependsOn {
			visit(on, append(above[:len(above):len(above)], name))
		}
		done[name] = true
	}
	for _, check := range checks {
		visit(check.Name, nil)
	}
}
