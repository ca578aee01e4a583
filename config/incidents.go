package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Incidents say how incidents are declared, run and followed up.
type Incidents struct {
	// ChannelPrefix begins the names of incidents' channels, DrillPrefix those of drills; they differ and have at most
	// 20 characters that Slack takes.
	ChannelPrefix string `yaml:"channel_prefix"`
	DrillPrefix   string `yaml:"drill_prefix"`
	// Severities are in the order of the file, the worst first; there is at least one.
	Severities []Severity `yaml:"severities"`
	// Services are what can be affected, named as databases are; there may be none.
	Services []string `yaml:"services"`
	// OnCall are Slack ids of users (U…, W…) and user groups (S…) who are invited to every incident.
	OnCall []string `yaml:"on_call"`
	// FirstResponse is what is done first, in order, to be ticked off.
	FirstResponse []string `yaml:"first_response"`
	// Stakeholders is a channel's id, or its name without #, or "" for none.
	Stakeholders string `yaml:"stakeholders"`
	// LookBack is how far before an incident its possible causes are looked for; 0 means not at all.
	LookBack time.Duration `yaml:"look_back"`
	// ArchiveAfter is how long after closing a channel is archived; 0 means never.
	ArchiveAfter time.Duration `yaml:"archive_after"`
	// Nights are when low severities are silent.
	Nights   QuietHours     `yaml:"quiet_hours"`
	Timezone *time.Location `yaml:"timezone"`
	// ActionsDaily is how many overdue action items are brought up on a working day at most; 0 means none.
	ActionsDaily int `yaml:"actions_daily"`
}

// Severity is how bad an incident is, and what follows from it.
type Severity struct {
	// Name is one lowercase word of at most 20 characters, such as sev1.
	Name string `yaml:",key"`
	// When says in one sentence of at most 75 characters when to choose it.
	When string `yaml:"when"`
	// UpdateEvery is how often an update is due; 0 means that nobody is reminded.
	UpdateEvery time.Duration `yaml:"update_every"`
	// Invite are invited beyond Incidents.OnCall.
	Invite []string `yaml:"invite"`
	// Tell are TellSecurity, TellStakeholders or both.
	Tell []string `yaml:"tell"`
	// PostMortem means that the incident cannot be closed without one.
	PostMortem bool `yaml:"post_mortem"`
	// Nights means that reminders come in quiet hours, too.
	Nights bool `yaml:"nights"`
}

// The values of Severity.Tell: the channels Channels.Security and Incidents.Stakeholders.
const (
	TellSecurity     = "security"
	TellStakeholders = "stakeholders"
)

// QuietHours are those of each day from one time to another, over midnight if To is the earlier one. There are none if
// both are the same.
type QuietHours struct {
	From Clock `yaml:"from"`
	To   Clock `yaml:"to"`
}

// Clock is a time of the day in minutes after midnight, 0 to 1439.
type Clock int

// String is HH:MM.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// firstResponse is for those who name no other.
func firstResponse() []string {
	return []string{"Triage, and set the severity", "Tell the stakeholders and the security team", "Isolate the affected systems, if needed"}
}

// severities are for those who name no others.
func severities() []Severity {
	return []Severity{
		{Name: "sev1", When: "Nobody can order or pay, or data is lost or in the wrong hands.", UpdateEvery: 30 * time.Minute,
			Tell: []string{TellSecurity, TellStakeholders}, PostMortem: true, Nights: true},
		{Name: "sev2", When: "Many customers cannot order or pay, or see wrong orders.", UpdateEvery: time.Hour,
			Tell: []string{TellStakeholders}, PostMortem: true},
		{Name: "sev3", When: "A part is slow or broken, but orders come through.", UpdateEvery: 4 * time.Hour},
		{Name: "sev4", When: "Customers notice nothing yet, but it must be looked after."},
	}
}

// orElse sets what the file does not say.
func orElse[T any](r *reader, path string, value *T, standard T) {
	if !r.given(path) {
		*value = standard
	}
}

func (r *reader) checkIncidents(c *Config) {
	const at = "incidents."
	i := c.Incidents
	if i == nil {
		if r.keys["incidents"] != nil {
			r.fault("incidents", "there is nothing below it", "write incidents: {} for all defaults, or leave it out")
		}
		return
	}
	orElse(r, at+"channel_prefix", &i.ChannelPrefix, "inc")
	orElse(r, at+"drill_prefix", &i.DrillPrefix, "drill")
	orElse(r, at+"severities", &i.Severities, severities())
	orElse(r, at+"first_response", &i.FirstResponse, firstResponse())
	orElse(r, at+"look_back", &i.LookBack, 6*time.Hour)
	orElse(r, at+"archive_after", &i.ArchiveAfter, 7*24*time.Hour)
	orElse(r, at+"quiet_hours.from", &i.Nights.From, 22*60)
	orElse(r, at+"quiet_hours.to", &i.Nights.To, 7*60)
	orElse(r, at+"timezone", &i.Timezone, c.Backups.Timezone)
	orElse(r, at+"actions_daily", &i.ActionsDaily, 5)

	r.channelPrefixes(i)
	r.severities(i)
	r.services(i.Services)
	r.people(at+"on_call", i.OnCall)
	r.firstResponse(i.FirstResponse)
	r.channel(at+"stakeholders", &i.Stakeholders, "")
	r.between(at+"look_back", i.LookBack, 0, 7*24*time.Hour)
	r.between(at+"archive_after", i.ArchiveAfter, 0, 365*24*time.Hour)
	r.number(at+"actions_daily", i.ActionsDaily, 0, 50)
}

// channelPrefix is what can begin a channel's name and leaves enough of its 80 characters for the rest.
// https://docs.slack.dev/reference/methods/conversations.create
var channelPrefix = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9_-]{0,18}[a-z0-9])?$`)

func (r *reader) channelPrefixes(i *Incidents) {
	const channel, drill = "incidents.channel_prefix", "incidents.drill_prefix"
	for path, prefix := range map[string]string{channel: i.ChannelPrefix, drill: i.DrillPrefix} {
		if !channelPrefix.MatchString(prefix) {
			r.fault(path, quote(prefix)+" cannot begin a channel's name",
				"use at most 20 lowercase letters, digits, - and _, without - or _ at either end")
		}
	}
	if i.ChannelPrefix == i.DrillPrefix && !r.broken[channel] {
		path := drill
		if !r.given(drill) {
			path = channel
		}
		r.fault(path, "incidents and drills both begin with "+quote(i.DrillPrefix), "choose another, so that nobody takes one for the other")
	}
}

// Slack's limits on choices: 100 options of 75 characters in a menu, 10 radio buttons or ticks, whose text has as many.
// https://docs.slack.dev/reference/block-kit/composition-objects/option-object
// https://docs.slack.dev/reference/block-kit/block-elements/checkboxes-element
const (
	mostChoices   = 100
	mostButtons   = 10
	longestChoice = 75
)

// severityName is one word, as people type it.
var severityName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,19}$`)

func (r *reader) severities(i *Incidents) {
	const at = "incidents.severities"
	switch n := len(i.Severities); {
	case n == 0:
		r.missing(at, "name at least one, or leave it out for sev1 to sev4")
	case n > mostButtons:
		r.fault(at, fmt.Sprintf("%d are too many", n), fmt.Sprintf("name at most %d", mostButtons))
	}
	if !r.given(at) {
		return // the built-in ones may tell stakeholders who are not there
	}
	for _, s := range i.Severities {
		path := at + "." + s.Name
		if !severityName.MatchString(s.Name) {
			r.report(path, r.keys[path], quote(s.Name)+" cannot be a severity's name", "use at most 20 lowercase letters, digits, - and _, first a letter")
		}
		if strings.TrimSpace(s.When) == "" {
			r.missing(path+".when", "say in one sentence when to choose it")
		}
		r.choice(path+".when", s.When)
		if s.UpdateEvery != 0 {
			r.between(path+".update_every", s.UpdateEvery, time.Minute, 7*24*time.Hour)
		}
		r.people(path+".invite", s.Invite)
		r.tell(path+".tell", s.Tell, i.Stakeholders != "" || r.broken["incidents.stakeholders"])
	}
}

func (r *reader) tell(path string, tell []string, stakeholders bool) {
	for i, whom := range tell {
		path := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case whom != TellSecurity && whom != TellStakeholders:
			say, try := oneOf(whom, TellSecurity, TellStakeholders)
			r.fault(path, say, try)
		case slices.Contains(tell[:i], whom):
			r.fault(path, quote(whom)+" is there twice", "")
		case whom == TellStakeholders && !stakeholders:
			r.fault(path, "the stakeholders have no channel", "name it as incidents.stakeholders")
		}
	}
}

func (r *reader) services(names []string) {
	const at = "incidents.services"
	if len(names) > mostChoices {
		r.fault(at, fmt.Sprintf("%d are too many", len(names)), fmt.Sprintf("name at most %d", mostChoices))
	}
	for i, name := range names {
		path := fmt.Sprintf("%s[%d]", at, i)
		if !databaseName.MatchString(name) {
			r.fault(path, quote(name)+" cannot be a service's name", "use at most 40 lowercase letters, digits, - and _")
		} else if slices.Contains(names[:i], name) {
			r.fault(path, quote(name)+" is there twice", "")
		}
	}
}

func (r *reader) firstResponse(steps []string) {
	const at = "incidents.first_response"
	if len(steps) > mostButtons {
		r.fault(at, fmt.Sprintf("%d steps are too many", len(steps)), fmt.Sprintf("write at most %d", mostButtons))
	}
	for i, step := range steps {
		path := fmt.Sprintf("%s[%d]", at, i)
		if strings.TrimSpace(step) == "" {
			r.fault(path, "the step is empty", "say what is to be done")
		}
		r.choice(path, step)
	}
}

// choice holds that a text fits a choice in Slack's forms.
func (r *reader) choice(path, text string) {
	if n := utf8.RuneCountInString(text); n > longestChoice {
		r.fault(path, fmt.Sprintf("%d characters are too many", n), fmt.Sprintf("Slack shows at most %d of a choice", longestChoice))
	}
	if strings.ContainsAny(strings.TrimSpace(text), "\r\n") {
		r.fault(path, "there is a line break in it", "write one line")
	}
}
