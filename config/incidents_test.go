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

func TestIncidentsAreOff(t *testing.T) {
	c, err := parse(minimal)
	require.NoError(t, err)
	require.Nil(t, c.Incidents)
}

func TestIncidentsByDefault(t *testing.T) {
	c, err := parse(minimal + "backups: {timezone: Asia/Kolkata}\nincidents: {}\n")
	require.NoError(t, err)
	i := c.Incidents
	require.Equal(t, "inc", i.ChannelPrefix)
	require.Equal(t, "drill", i.DrillPrefix)
	require.Len(t, i.Severities, 4)
	require.Equal(t, config.Severity{Name: "sev1", When: i.Severities[0].When, UpdateEvery: 30 * time.Minute,
		Tell: []string{config.TellSecurity, config.TellStakeholders}, PostMortem: true, Nights: true}, i.Severities[0])
	require.Equal(t, config.Severity{Name: "sev4", When: i.Severities[3].When}, i.Severities[3])
	require.Len(t, i.FirstResponse, 3)
	require.Empty(t, i.Services)
	require.Empty(t, i.OnCall)
	require.Empty(t, i.Stakeholders)
	require.Equal(t, 6*time.Hour, i.LookBack)
	require.Equal(t, 7*24*time.Hour, i.ArchiveAfter)
	require.Equal(t, config.QuietHours{From: 22 * 60, To: 7 * 60}, i.Nights)
	require.Equal(t, "Asia/Kolkata", i.Timezone.String(), "that of backups")
	require.Equal(t, 5, i.ActionsDaily)
}

// TestIncidentsExampleHoldsTheDefaults compares the example, which says that its severities are the built-in ones.
func TestIncidentsExampleHoldsTheDefaults(t *testing.T) {
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	c, err := config.Parse(example, text, from(exampleEnv))
	require.NoError(t, err)
	standard, err := parse(minimal + "incidents: {}\n")
	require.NoError(t, err)
	c.Incidents.Severities[0].Invite = nil
	require.Equal(t, standard.Incidents.Severities, c.Incidents.Severities)
	require.Equal(t, standard.Incidents.FirstResponse, c.Incidents.FirstResponse)
	require.Equal(t, standard.Incidents.Nights, c.Incidents.Nights)
	require.Equal(t, standard.Incidents.ArchiveAfter, c.Incidents.ArchiveAfter)
}

func TestIncidentsAsWritten(t *testing.T) {
	c, err := parse(minimal + `incidents:
  severities:
    worse: {when: All is lost., update_every: 10m, invite: [U1AB, S2CD], tell: [stakeholders], nights: true}
    bad: {when: It is not.}
  first_response: []
  stakeholders: "#bosses"
  look_back: 0
  archive_after: 0
  quiet_hours: {from: 23:30, to: "6:00"}
  timezone: Europe/Berlin
  actions_daily: 0
`)
	require.NoError(t, err)
	i := c.Incidents
	require.Equal(t, []config.Severity{
		{Name: "worse", When: "All is lost.", UpdateEvery: 10 * time.Minute, Invite: []string{"U1AB", "S2CD"}, Tell: []string{"stakeholders"}, Nights: true},
		{Name: "bad", When: "It is not."},
	}, i.Severities)
	require.Empty(t, i.FirstResponse)
	require.Equal(t, "bosses", i.Stakeholders)
	require.Zero(t, i.LookBack)
	require.Zero(t, i.ArchiveAfter)
	require.Zero(t, i.ActionsDaily)
	require.Equal(t, "23:30 06:00", i.Nights.From.String()+" "+i.Nights.To.String())
	require.Equal(t, "Europe/Berlin", i.Timezone.String())
}

func TestBrokenIncidents(t *testing.T) {
	severity := func(keys string) string { return "{severities: {sev1: {when: Now., " + keys + "}}}" }
	for name, test := range map[string]struct{ text, want string }{
		"nothing":              {"", `9:1: incidents: there is nothing below it, write incidents: {} for all defaults, or leave it out`},
		"no section":           {"on", `9:12: incidents: this must be a section with keys`},
		"unknown key":          {"{oncall: []}", `9:13: incidents.oncall: unknown key, did you mean "on_call"?`},
		"prefix":               {"{channel_prefix: Inc}", `9:29: incidents.channel_prefix: "Inc" cannot begin a channel's name, use at most 20 lowercase letters, digits, - and _, without - or _ at either end`},
		"prefix with a dash":   {"{drill_prefix: drill-}", `9:27: incidents.drill_prefix: "drill-" cannot begin a channel's name, use at most 20 lowercase letters, digits, - and _, without - or _ at either end`},
		"no prefix":            {`{channel_prefix: ""}`, `9:29: incidents.channel_prefix: "" cannot begin a channel's name, use at most 20 lowercase letters, digits, - and _, without - or _ at either end`},
		"long prefix":          {"{channel_prefix: abcdefghijklmnopqrstu}", `9:29: incidents.channel_prefix: "abcdefghijklmnopqrstu" cannot begin a channel's name, use at most 20 lowercase letters, digits, - and _, without - or _ at either end`},
		"drills alike":         {"{drill_prefix: inc}", `9:27: incidents.drill_prefix: incidents and drills both begin with "inc", choose another, so that nobody takes one for the other`},
		"incidents alike":      {"{channel_prefix: drill}", `9:29: incidents.channel_prefix: incidents and drills both begin with "drill", choose another, so that nobody takes one for the other`},
		"no severities":        {"{severities: {}}", `9:13: incidents.severities: missing, name at least one, or leave it out for sev1 to sev4`},
		"severities as a list": {"{severities: [sev1]}", `9:25: incidents.severities: this must be a section with keys`},
		"a severity's name":    {"{severities: {Sev 1: {when: Now.}}}", `9:26: incidents.severities.Sev 1: "Sev 1" cannot be a severity's name, use at most 20 lowercase letters, digits, - and _, first a letter`},
		"no when":              {"{severities: {sev1: {nights: true}}}", `9:26: incidents.severities.sev1.when: missing, say in one sentence when to choose it`},
		"misspelt when":        {"{severities: {sev1: {whne: Now.}}}", `9:33: incidents.severities.sev1.whne: unknown key, did you mean "when"?`},
		"long when":            {"{severities: {sev1: {when: " + strings.Repeat("é", 76) + "}}}", `9:39: incidents.severities.sev1.when: 76 characters are too many, Slack shows at most 75 of a choice`},
		"lines":                {`{severities: {sev1: {when: "a\nb"}}}`, `9:39: incidents.severities.sev1.when: there is a line break in it, write one line`},
		"hasty updates":        {severity("update_every: 10s"), `9:59: incidents.severities.sev1.update_every: 10s is out of range, write 1m to 7d`},
		"no duration":          {severity("update_every: 1 hour"), `9:59: incidents.severities.sev1.update_every: "1 hour" is no duration, write it like 20s, 30m, 1h30m or 7d`},
		"invited":              {severity("invite: [anna]"), `9:54: incidents.severities.sev1.invite[0]: "anna" is no id of a user or a user group, open the profile and choose “Copy member ID”: it looks like U024BE7LH, a group's like S0614TZR7`},
		"told":                 {severity("tell: [securty]"), `9:52: incidents.severities.sev1.tell[0]: "securty" is not a value for this, did you mean "security"?`},
		"told by another word": {severity("tell: [boss]"), `9:52: incidents.severities.sev1.tell[0]: "boss" is not a value for this, known: security, stakeholders`},
		"told twice":           {severity("tell: [security, security]"), `9:62: incidents.severities.sev1.tell[1]: "security" is there twice`},
		"nobody to tell":       {severity("tell: [stakeholders]"), `9:52: incidents.severities.sev1.tell[0]: the stakeholders have no channel, name it as incidents.stakeholders`},
		"a word for a boolean": {severity("post_mortem: always"), `9:58: incidents.severities.sev1.post_mortem: "always" is neither true nor false`},
		"a service":            {"{services: [api, Order Service]}", `9:29: incidents.services[1]: "Order Service" cannot be a service's name, use at most 40 lowercase letters, digits, - and _`},
		"a service twice":      {"{services: [api, api]}", `9:29: incidents.services[1]: "api" is there twice`},
		"services as a word":   {"{services: api}", `9:23: incidents.services: this must be a list, write [one, two]`},
		"on call":              {`{on_call: ["@oncall"]}`, `9:23: incidents.on_call[0]: "@oncall" is no id of a user or a user group, open the profile and choose “Copy member ID”: it looks like U024BE7LH, a group's like S0614TZR7`},
		"an empty step":        {`{first_response: [" "]}`, `9:30: incidents.first_response[0]: the step is empty, say what is to be done`},
		"many steps":           {"{first_response: [" + strings.Repeat("a, ", 10) + "a]}", `9:29: incidents.first_response: 11 steps are too many, write at most 10`},
		"stakeholders":         {"{stakeholders: The Board}", `9:27: incidents.stakeholders: "The Board" is neither a channel's name nor its id, write lowercase letters, digits, - and _, or an id such as C024BE7LR`},
		"look back":            {"{look_back: 8d}", `9:24: incidents.look_back: 192h0m0s is out of range, write 0s to 7d`},
		"archive":              {"{archive_after: -1h}", `9:28: incidents.archive_after: -1h0m0s is out of range, write 0s to 365d`},
		"days and hours":       {"{archive_after: 1d12h}", `9:28: incidents.archive_after: "1d12h" is no duration, write it like 20s, 30m, 1h30m or 7d`},
		"quiet hours":          {`{quiet_hours: {from: "25:00"}}`, `9:33: incidents.quiet_hours.from: "25:00" is no time of the day, write it like 22:00`},
		"a number for a time":  {`{quiet_hours: {to: 7}}`, `9:31: incidents.quiet_hours.to: "7" is no time of the day, write it like 22:00`},
		"time zone":            {"{timezone: India}", `9:23: incidents.timezone: "India" is no time zone, write one like Asia/Kolkata or UTC`},
		"action items":         {"{actions_daily: 51}", `9:28: incidents.actions_daily: 51 is out of range, write 0 to 50`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(minimal + "incidents: " + test.text + "\n")
			require.EqualError(t, err, "opsbot.yaml:"+test.want)
		})
	}
}

func TestTooManyOfIncidents(t *testing.T) {
	var services, severities []string
	for n := range 101 {
		services = append(services, fmt.Sprintf("s%d", n))
	}
	for n := range 11 {
		severities = append(severities, fmt.Sprintf("s%d: {when: Now.}", n))
	}
	_, err := parse(minimal + "incidents:\n  services: [" + strings.Join(services, ", ") + "]\n  severities: {" + strings.Join(severities, ", ") + "}\n")
	require.EqualError(t, err, "opsbot.yaml:10:13: incidents.services: 101 are too many, name at most 100\n"+
		"opsbot.yaml:11:3: incidents.severities: 11 are too many, name at most 10")
}
