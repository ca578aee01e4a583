package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Checklists say what is posted to be looked at, when, and who is reminded.
type Checklists struct {
	// Channel is where lists are posted whose template names no other, Asks are who is then asked, Timezone that of their
	// schedules.
	Channel  string         `yaml:"channel"`
	Asks     []string       `yaml:"asks"`
	Timezone *time.Location `yaml:"timezone"`
	// Nights are when nobody is reminded.
	Nights QuietHours `yaml:"quiet_hours"`
	// LookEvery is how often probes are looked at while a list is open.
	LookEvery time.Duration `yaml:"look_every"`
	// Templates are the built-in ones that are not switched off, as the file changes them, then the file's own.
	Templates []Template `yaml:"templates"`
}

// Template is what lists are made from.
type Template struct {
	// Name is one lowercase word of at most 20 characters. Off switches a built-in one off: "daily: off".
	Name string `yaml:",key"`
	Off  bool   `yaml:",off"`
	// Title begins with a capital letter and has at most 60 characters.
	Title string `yaml:"title"`
	// Schedule is a cron line, or "" if only people start it.
	Schedule string         `yaml:"schedule"`
	Timezone *time.Location `yaml:"timezone"`
	Channel  string         `yaml:"channel"`
	// Asks are Slack ids of users (U…, W…) and user groups (S…) who are reminded.
	Asks []string `yaml:"asks"`
	// DueIn is how long after its opening it is due; 0 means that nobody is reminded.
	DueIn time.Duration `yaml:"due_in"`
	// RemindEvery is the time between reminders, Reminders how many there are at most.
	RemindEvery time.Duration `yaml:"remind_every"`
	Reminders   int           `yaml:"reminders"`
	// Versioned means that it is started for a version, which is then ready to deploy.
	Versioned bool `yaml:"versioned"`
	// Items are at least one, with different texts.
	Items []ChecklistItem `yaml:"items"`
}

// ChecklistItem is one thing to be looked at.
type ChecklistItem struct {
	// Text is one line of at most 75 characters.
	Text string `yaml:"text"`
	// Link is an address, or "".
	Link     string `yaml:"link"`
	Required bool   `yaml:"required"`
	// Owner is the Slack id of a user or user group, or "".
	Owner string `yaml:"owner"`
	// Probe looks at it in the place of people; nil if they do.
	Probe *ChecklistProbe `yaml:"probe"`
}

// Bounds of checklists: what Slack shows in one message, and what people bear.
const (
	mostItems     = 40
	mostReminders = 5
	longestTitle  = 60
)

func (r *reader) checkChecklists(c *Config) {
	const at = "checklists."
	l := c.Checklists
	if l == nil {
		if r.keys["checklists"] != nil {
			r.fault("checklists", "there is nothing below it", "write checklists: {} for all defaults, or leave it out")
		}
		return
	}
	r.channel(at+"channel", &l.Channel, c.Slack.Channels.Ops)
	if c.Incidents != nil {
		orElse(r, at+"asks", &l.Asks, c.Incidents.OnCall)
	}
	orElse(r, at+"timezone", &l.Timezone, c.Backups.Timezone)
	orElse(r, at+"quiet_hours.from", &l.Nights.From, 22*60)
	orElse(r, at+"quiet_hours.to", &l.Nights.To, 7*60)
	orElse(r, at+"look_every", &l.LookEvery, 15*time.Minute)
	r.people(at+"asks", l.Asks)
	r.between(at+"look_every", l.LookEvery, time.Minute, 24*time.Hour)
	l.Templates = r.templates(l.Templates)
	for n := range l.Templates {
		r.template(c, &l.Templates[n])
	}
}

// templates puts what the file says over the built-in ones.
func (r *reader) templates(own []Template) []Template {
	const at = "checklists.templates."
	var all []Template
	for _, standard := range builtin() {
		n := slices.IndexFunc(own, func(t Template) bool { return t.Name == standard.Name })
		if n < 0 {
			all = append(all, standard)
			continue
		}
		if t := own[n]; !t.Off {
			r.standard(at+t.Name, &t, standard)
			all = append(all, t)
		}
		own = slices.Delete(own, n, n+1)
	}
	for _, t := range own {
		if t.Off {
			r.fault(at+t.Name, "there is no built-in checklist of that name to switch off", "leave it out")
			continue
		}
		all = append(all, t)
	}
	return all
}

// standard fills what the file does not say of a built-in template.
func (r *reader) standard(path string, t *Template, s Template) {
	orElse(r, path+".title", &t.Title, s.Title)
	orElse(r, path+".schedule", &t.Schedule, s.Schedule)
	orElse(r, path+".due_in", &t.DueIn, s.DueIn)
	orElse(r, path+".remind_every", &t.RemindEvery, s.RemindEvery)
	orElse(r, path+".reminders", &t.Reminders, s.Reminders)
	orElse(r, path+".versioned", &t.Versioned, s.Versioned)
	orElse(r, path+".items", &t.Items, s.Items)
}

var templateTitle = regexp.MustCompile(`^\p{Lu}[^\r\n<>&*_~\x60]*$`)

func (r *reader) template(c *Config, t *Template) {
	l := c.Checklists
	path := "checklists.templates." + t.Name
	if !severityName.MatchString(t.Name) {
		r.report(path, r.keys[path], quote(t.Name)+" cannot be a checklist's name", "use at most 20 lowercase letters, digits, - and _, first a letter")
	}
	if !r.given(path + ".title") {
		t.Title = title(t)
	}
	if !templateTitle.MatchString(t.Title) || utf8.RuneCountInString(t.Title) > longestTitle {
		r.fault(path+".title", quote(t.Title)+" cannot be a checklist's title", fmt.Sprintf("write at most %d characters, first a capital letter", longestTitle))
	}
	orElse(r, path+".timezone", &t.Timezone, l.Timezone)
	r.channel(path+".channel", &t.Channel, l.Channel)
	orElse(r, path+".asks", &t.Asks, l.Asks)
	if r.given(path + ".asks") {
		r.people(path+".asks", t.Asks)
	}
	r.cronLine(path+".schedule", t.Schedule, path+".timezone")
	if t.Versioned && t.Schedule != "" {
		r.fault(path+".schedule", "a schedule knows no version", "leave out the schedule, or versioned: true")
	}
	if t.DueIn != 0 {
		r.between(path+".due_in", t.DueIn, time.Minute, 90*24*time.Hour)
		if t.RemindEvery == 0 {
			orElse(r, path+".remind_every", &t.RemindEvery, max(t.DueIn/3, 5*time.Minute))
		}
		r.between(path+".remind_every", t.RemindEvery, 5*time.Minute, 30*24*time.Hour)
		if t.Reminders == 0 {
			orElse(r, path+".reminders", &t.Reminders, 3)
		}
	}
	r.number(path+".reminders", t.Reminders, 0, mostReminders)
	r.checklistItems(c, path+".items", t.Items)
}

// title is "Release checklist" for "release", unless it has one.
func title(t *Template) string {
	if t.Title != "" || t.Name == "" {
		return t.Title
	}
	return strings.ToUpper(t.Name[:1]) + strings.NewReplacer("-", " ", "_", " ").Replace(t.Name[1:]) + " checklist"
}

func (r *reader) checklistItems(c *Config, at string, items []ChecklistItem) {
	switch n := len(items); {
	case n == 0:
		r.missing(at, "name at least one item")
	case n > mostItems:
		r.fault(at, fmt.Sprintf("%d items are too many", n), fmt.Sprintf("write at most %d", mostItems))
	}
	for n := range items {
		item, path := &items[n], fmt.Sprintf("%s[%d]", at, n)
		if r.given(at) {
			orElse(r, path+".required", &item.Required, true)
		}
		item.Text = strings.TrimSpace(item.Text)
		if item.Text == "" {
			r.missing(path+".text", "say what is to be looked at")
		} else if slices.ContainsFunc(items[:n], func(i ChecklistItem) bool { return i.Text == item.Text }) {
			r.fault(path+".text", quote(item.Text)+" is there twice", "")
		}
		r.choice(path+".text", item.Text)
		if item.Link != "" && (!isWeb(item.Link) || strings.ContainsAny(item.Link, "|<>")) {
			r.fault(path+".link", "this is no address of a web page", "write one like https://grafana.example.org/d/health")
		}
		if item.Owner != "" {
			r.people(path+".owner", []string{item.Owner})
		}
		r.checklistProbe(c, path+".probe", item.Probe)
	}
}

// builtin are the checklists of the handbook.
func builtin() []Template {
	const day = 24 * time.Hour
	items := func(texts ...string) (all []ChecklistItem) {
		for _, text := range texts {
			all = append(all, ChecklistItem{Text: text, Required: true})
		}
		return all
	}
	all := []Template{
		{Name: "daily", Title: "Daily checklist", Schedule: "0 9 * * *", DueIn: 3 * time.Hour, RemindEvery: time.Hour, Reminders: 3,
			Items: items("The system is healthy", "Logs are reviewed", "Backups are verified")},
		{Name: "weekly", Title: "Weekly checklist", Schedule: "0 10 * * 1", DueIn: 2 * day, RemindEvery: day, Reminders: 3,
			Items: items("Dependencies are updated", "Monitoring alerts are reviewed")},
		{Name: "monthly", Title: "Monthly checklist", Schedule: "0 10 1 * *", DueIn: 7 * day, RemindEvery: 2 * day, Reminders: 3,
			Items: items("A restore of a backup is tested", "Security settings are reviewed")},
		{Name: "quarterly", Title: "Quarterly checklist", Schedule: "0 10 1 1,4,7,10 *", DueIn: 14 * day, RemindEvery: 3 * day, Reminders: 3,
			Items: items("Secrets are rotated", "User access is reviewed", "Documentation is updated")},
		{Name: "deployment", Title: "Deployment checklist", Versioned: true,
			Items: items("All tests pass (unit, integration, E2E)", "Staging matches production", "Database migrations are applied",
				"A rollback plan is in place", "Monitoring is enabled")},
	}
	probes := func(template, item int, p ChecklistProbe) { all[template].Items[item].Probe = &p }
	probes(0, 0, ChecklistProbe{Health: &HealthProbe{}})
	probes(0, 2, ChecklistProbe{Backups: &BackupsProbe{}})
	probes(2, 0, ChecklistProbe{Restores: &RestoresProbe{Any: true}})
	probes(3, 0, ChecklistProbe{Date: &DateProbe{Name: "secrets-rotated"}})
	probes(4, 0, ChecklistProbe{CI: &CIProbe{}})
	return all
}
