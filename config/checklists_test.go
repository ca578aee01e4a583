package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kampyn/opsbot/config"
	"github.com/stretchr/testify/require"
)

func TestChecklistsAreOff(t *testing.T) {
	c, err := parse(minimal)
	require.NoError(t, err)
	require.Nil(t, c.Checklists)
}

func names(all []config.Template) (names []string) {
	for _, t := range all {
		names = append(names, t.Name)
	}
	return names
}

func TestChecklistsByDefault(t *testing.T) {
	c, err := parse(minimal + "backups: {timezone: Asia/Kolkata}\nincidents: {on_call: [S1AB]}\nchecklists: {}\n")
	require.NoError(t, err)
	l := c.Checklists
	require.Equal(t, "ops", l.Channel)
	require.Equal(t, config.QuietHours{From: 22 * 60, To: 7 * 60}, l.Nights)
	require.Equal(t, 15*time.Minute, l.LookEvery)
	require.Equal(t, []string{"daily", "weekly", "monthly", "quarterly", "deployment"}, names(l.Templates))
	for _, template := range l.Templates {
		require.Equal(t, "Asia/Kolkata", template.Timezone.String(), "that of backups")
		require.Equal(t, "ops", template.Channel)
		require.Equal(t, []string{"S1AB"}, template.Asks, "those on call")
		require.Equal(t, template.Name == "deployment", template.Versioned)
		require.Equal(t, template.Versioned, template.Schedule == "")
		for _, item := range template.Items {
			require.True(t, item.Required)
		}
	}
	require.Equal(t, 26*time.Hour, l.Templates[0].Items[2].Probe.Backups.YoungerThan)
	monthly := l.Templates[2]
	require.Equal(t, 48*time.Hour, monthly.RemindEvery)
	require.Equal(t, 3, monthly.Reminders)
}

// TestChecklistsExampleHoldsTheDefaults compares the example, whose daily list is said to be the built-in one.
func TestChecklistsExampleHoldsTheDefaults(t *testing.T) {
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	c, err := config.Parse(example, text, from(exampleEnv))
	require.NoError(t, err)
	standard, err := parse(minimal + "backups: {timezone: Asia/Kolkata}\nchecklists: {asks: [S0614TZR7]}\n")
	require.NoError(t, err)
	require.Equal(t, standard.Checklists.Templates, c.Checklists.Templates[:5])
	require.Equal(t, standard.Checklists.Nights, c.Checklists.Nights)
	require.Equal(t, standard.Checklists.LookEvery, c.Checklists.LookEvery)
}

func TestChecklistsAsWritten(t *testing.T) {
	c, err := parse(minimal + `checklists:
  channel: '#ops-lists'
  quiet_hours: {from: "00:00", to: "00:00"}
  templates:
    weekly: off
    daily: {schedule: "30 8 * * 1-5", asks: [U1AB], reminders: 0}
    monthly: {items: [{text: Look, link: https://a.example/x, owner: S2CD}, {text: Think, required: false}]}
    on-call: {schedule: "0 18 * * 5", timezone: Europe/Berlin, due_in: 1h, channel: C012AB, items: [{text: Hand over}]}
`)
	require.NoError(t, err)
	l := c.Checklists
	require.Equal(t, []string{"daily", "monthly", "quarterly", "deployment", "on-call"}, names(l.Templates))
	daily, monthly, own := l.Templates[0], l.Templates[1], l.Templates[4]
	require.Equal(t, "30 8 * * 1-5", daily.Schedule)
	require.Equal(t, "Daily checklist", daily.Title)
	require.Len(t, daily.Items, 3, "what is not written stays")
	require.Equal(t, []string{"U1AB"}, daily.Asks)
	require.Zero(t, daily.Reminders)
	require.Equal(t, "ops-lists", daily.Channel)
	require.Equal(t, []config.ChecklistItem{{Text: "Look", Link: "https://a.example/x", Required: true, Owner: "S2CD"}, {Text: "Think"}}, monthly.Items)
	require.Equal(t, "On call checklist", own.Title)
	require.Equal(t, "Europe/Berlin", own.Timezone.String())
	require.Equal(t, 20*time.Minute, own.RemindEvery)
	require.Equal(t, 3, own.Reminders)
}

func TestChecklistFaults(t *testing.T) {
	item := func(probe string) string {
		return "checklists: {templates: {daily: {items: [{text: a, probe: " + probe + "}]}}}"
	}
	const checked = "\nhealth: {checks: {api: {http: {url: https://api.example.com}}}}"
	const github = "\ngithub: {repo: kampyn/backend, token: abc}"
	const probe = "checklists.templates.daily.items[0].probe"
	many := strings.Repeat("{text: a}, ", 41)
	for _, c := range []struct{ text, path, say string }{
		{"checklists:", "checklists", "nothing below"},
		{"checklists: {channel: a b}", "checklists.channel", "neither a channel's name"},
		{"checklists: {asks: [anna]}", "checklists.asks[0]", "no id of a user"},
		{"checklists: {look_every: 1s}", "checklists.look_every", "out of range"},
		{"checklists: {templates: {daily: on}}", "checklists.templates.daily", "section with keys"},
		{"checklists: {templates: {mine: off}}", "checklists.templates.mine", "no built-in checklist"},
		{"checklists: {templates: {mine: {title: Mine}}}", "checklists.templates.mine.items", "missing"},
		{"checklists: {templates: {daily: {items: []}}}", "checklists.templates.daily.items", "missing"},
		{"checklists: {templates: {daily: {items: [" + many + "]}}}", "checklists.templates.daily.items", "too many"},
		{"checklists: {templates: {daily: {items: [{text: a}, {text: a}]}}}", "checklists.templates.daily.items[1].text", "twice"},
		{"checklists: {templates: {daily: {items: [{link: https://a.example}]}}}", "checklists.templates.daily.items[0].text", "missing"},
		{"checklists: {templates: {daily: {items: [{text: a, link: a.example}]}}}", "checklists.templates.daily.items[0].link", "no address"},
		{"checklists: {templates: {daily: {items: [{text: a, owner: ben}]}}}", "checklists.templates.daily.items[0].owner[0]", "no id"},
		{"checklists: {templates: {daily: {items: [{text: a, owned: b}]}}}", "checklists.templates.daily.items[0].owned", "unknown key"},
		{"checklists: {templates: {daily: {items: [a]}}}", "checklists.templates.daily.items[0]", "section with keys"},
		{item("{}"), probe, "0 probes"},
		{item("{backups: {}, incidents: {}}") + "\nincidents: {}", probe, "2 probes"},
		{item("{backup: {}}"), probe + ".backup", "unknown key"},
		{item("{incidents: {}}"), probe + ".incidents", "no section incidents"},
		{item("{actions: {}}"), probe + ".actions", "no section incidents"},
		{item("{incidents: {open: 1}}") + "\nincidents: {}", probe + ".incidents.open", "unknown key"},
		{item("{backups: {younger_than: 1s}}"), probe + ".backups.younger_than", "out of range"},
		{item("{backups: {databases: [ordrs]}}"), probe + ".backups.databases[0]", "there is no"},
		{item("{restores: {databases: [ordrs]}}"), probe + ".restores.databases[0]", "there is no"},
		{item("{restores: {younger_than: 0s}}"), probe + ".restores.younger_than", "out of range"},
		{item("{health: {}}"), probe + ".health", "no section health"},
		{item("{health: {over: 8d}}") + checked, probe + ".health.over", "out of range"},
		{item("{health: {checks: [apj]}}") + checked, probe + ".health.checks[0]", "there is no"},
		{item("{health: {uptime: 101%}}") + checked, probe + ".health.uptime", "percent"},
		{item("{disk: {}}"), probe + ".disk.path", "missing"},
		{item("{disk: {path: logs}}"), probe + ".disk.path", "no absolute path"},
		{item("{ci: {}}"), probe + ".ci", "no section github"},
		{item("{ci: {workflows: ['']}}") + github, probe + ".ci.workflows[0]", "no name"},
		{item("{alerts: {severity: critcal}}") + github, probe + ".alerts.severity", "there is no"},
		{item("{date: {}}"), probe + ".date.name", "missing"},
		{item("{date: {name: Secrets rotated}}"), probe + ".date.name", "cannot be a date's name"},
		{item("{http: {}}"), probe + ".http.url", "missing"},
		{item("{command: {}}"), probe + ".command.run", "missing"},
		{item("{command: {run: [look]}}"), probe + ".command.run[0]", "no absolute path"},
		{item("{command: {run: [/bin/look], timeout: 1m}}"), probe + ".command.timeout", "out of range"},
		{item("{command: {run: [/bin/look], env: {A=B: c}}}"), probe + ".command.env.A=B", "cannot be in an environment"},
		{"checklists: {templates: {daily: {schedule: often}}}", "checklists.templates.daily.schedule", "no cron line"},
		{"checklists: {templates: {daily: {schedule: '@every 5m'}}}", "checklists.templates.daily.schedule", "start of the program"},
		{"checklists: {templates: {deployment: {schedule: '@daily'}}}", "checklists.templates.deployment.schedule", "knows no version"},
		{"checklists: {templates: {daily: {due_in: 1s}}}", "checklists.templates.daily.due_in", "out of range"},
		{"checklists: {templates: {daily: {remind_every: 1m}}}", "checklists.templates.daily.remind_every", "out of range"},
		{"checklists: {templates: {daily: {reminders: 9}}}", "checklists.templates.daily.reminders", "out of range"},
		{"checklists: {templates: {daily: {title: daily}}}", "checklists.templates.daily.title", "cannot be a checklist's title"},
		{"checklists: {templates: {Mine: {items: [{text: a}]}}}", "checklists.templates.Mine", "cannot be a checklist's name"},
		{"checklists: {templates: {daily: {timezone: Mars}}}", "checklists.templates.daily.timezone", "no time zone"},
		{fmt.Sprintf("checklists: {templates: {daily: {items: [{text: %s}]}}}", strings.Repeat("a", 76)), "checklists.templates.daily.items[0].text", "76 characters"},
	} {
		t.Run(c.text[:min(len(c.text), 70)], func(t *testing.T) {
			_, err := parse(minimal + c.text + "\n")
			var problems *config.Problems
			require.ErrorAs(t, err, &problems)
			require.Len(t, *problems, 1, err)
			require.Equal(t, c.path, (*problems)[0].Path)
			require.Contains(t, (*problems)[0].Say, c.say)
		})
	}
}
