package config_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kampyn/opsbot/config"
	"github.com/stretchr/testify/require"
)

func TestHealthIsOff(t *testing.T) {
	c, err := parse(minimal)
	require.NoError(t, err)
	require.Nil(t, c.Health)
}

func TestHealthByDefault(t *testing.T) {
	c, err := parse(minimal + "backups: {timezone: Asia/Kolkata}\nhealth: {checks: {api: {http: {url: \"https://api.example/health\"}}}}\n")
	require.NoError(t, err)
	h := c.Health
	standard := config.Pace{Every: 5 * time.Minute, Timeout: 10 * time.Second, Jitter: 30 * time.Second, FailAfter: 2, RecoverAfter: 2, Repeat: time.Hour}
	require.Equal(t, "ops", h.Channel)
	require.Equal(t, standard, h.Pace)
	require.Equal(t, standard, h.Checks[0].Pace)
	require.Equal(t, "http", h.Checks[0].Kind())
	require.Equal(t, "Asia/Kolkata", h.Timezone.String(), "that of backups")
	require.Equal(t, config.Keep{Raw: 7 * 24 * time.Hour, RolledUp: 400 * 24 * time.Hour}, h.Keep)
	require.Nil(t, h.DeadMan)
	require.Equal(t, 10, h.Checks[0].HTTP.Redirects)
	require.Equal(t, "GET", h.Checks[0].HTTP.Send.Method)
}

func TestHealthAsWritten(t *testing.T) {
	c, err := parse(minimal + `http: {listen: "127.0.0.1:0"}
incidents: {services: [api]}
health:
  channel: "#alerts"
  every: 10m
  timeout: 20s
  fail_after: 3
  repeat: 0
  tell: [S2CD]
  declare_after: 30m
  severity: sev2
  maintenance:
    sunday: {when: 0 3 * * 0, for: 2h, timezone: Europe/Berlin, checks: [api]}
    nightly: {when: "@daily", for: 10m}
  timezone: Asia/Kolkata
  dead_man: {url: "https://dead.example/sesame"}
  checks:
    api:
      http:
        url: "https://api.example/health?key=sesame"
        status: [200, 204]
        body:
          status: OK
          ready: true
          "items[0].id": {not: 3}
          queue: {above: 0, below: 1e3}
          version: {matches: '^2\.', contains: .3.}
          timestamp: {fresh: 7d}
        headers: {X-Ready: yes}
        text: {contains: OK}
        send: {method: POST, headers: {Authorization: "Bearer ${URI}"}, body: "{}"}
        ca: own.pem
      every: 1m
      repeat: 2h
      tell: []
      severity: sev1
      depends_on: [db, cache]
      service: api
    quick: {tcp: {address: "mail.example:25", greeting: ^220}, every: 5s}
    db: {mongodb: {database: orders, lag: 30s, connections: 80%}}
    other: {mongodb: {uri: "mongodb://bot:sesame@h/x"}}
    cache: {redis: {address: "cache.example:6379", password: sesame, memory: 90}}
    backup: {backup: {database: orders, younger_than: 26h}}
    report: {heartbeat: {token: sesame-sesame-sesame, within: 25h}}
    host: {machine: {cpu: 90%, memory: 90.5%, disks: {/: 85%, /var/lib: 90%}, network: 1.5MB}}
`)
	require.NoError(t, err)
	h := c.Health
	require.Equal(t, "alerts", h.Channel)
	api := h.Checks[0]
	require.Equal(t, config.Pace{Every: time.Minute, Timeout: 20 * time.Second, Jitter: 6 * time.Second, FailAfter: 3, RecoverAfter: 2,
		Repeat: 2 * time.Hour, DeclareAfter: 30 * time.Minute, Severity: "sev1"}, api.Pace)
	require.Equal(t, 5*time.Second, h.Checks[1].Timeout, "never longer than the interval")
	require.Zero(t, h.Checks[2].Repeat)
	require.Equal(t, []string{"S2CD"}, h.Checks[2].Tell)
	require.Equal(t, []string{"db", "cache"}, api.DependsOn)
	require.Equal(t, config.Statuses{200, 204}, api.HTTP.Status)
	one := func(op, value string) []config.Comparison { return []config.Comparison{{Op: op, Value: value}} }
	require.Equal(t, []config.Want{
		{Path: "status", Tests: one("is", "OK")}, {Path: "ready", Tests: one("is", "true")}, {Path: "items[0].id", Tests: one("not", "3")},
		{Path: "queue", Tests: []config.Comparison{{Op: "above", Value: "0"}, {Op: "below", Value: "1e3"}}},
		{Path: "version", Tests: []config.Comparison{{Op: "matches", Value: `^2\.`}, {Op: "contains", Value: ".3."}}},
		{Path: "timestamp", Tests: one("fresh", "168h0m0s")},
	}, api.HTTP.Body)
	require.Equal(t, []config.Want{{Path: "X-Ready", Tests: one("is", "yes")}}, api.HTTP.Headers)
	require.Equal(t, one("contains", "OK"), api.HTTP.Text.Tests)
	require.True(t, filepath.IsAbs(api.HTTP.CA))
	require.Contains(t, api.HTTP.Send.Headers["Authorization"].Reveal(), "Bearer mongodb://")
	require.Equal(t, config.Percent(90.5), h.Checks[7].Machine.Memory)
	require.Equal(t, map[string]config.Percent{"/": 85, "/var/lib": 90}, h.Checks[7].Machine.Disks)
	require.Equal(t, config.Bytes(1_500_000), h.Checks[7].Machine.Network)
	require.Equal(t, "Europe/Berlin", h.Maintenance[0].Timezone.String())
	require.Equal(t, "Asia/Kolkata", h.Maintenance[1].Timezone.String())
	require.Equal(t, time.Minute, h.DeadMan.Every)
	require.NotContains(t, fmt.Sprintf("%+v %#v", h, *h.Checks[4].Redis), "sesame")
	var found []string
	for _, check := range h.Checks {
		found = append(found, check.Kind())
	}
	require.Equal(t, []string{"http", "tcp", "mongodb", "mongodb", "redis", "backup", "heartbeat", "machine"}, found)
}

func TestHealthOfIncidents(t *testing.T) {
	for text, want := range map[string]string{
		"declare_after: 1h":                  `10:25: health.declare_after: it is not said which severity the incident has, write severity: sev1, or sev2, or sev3, or sev4`,
		"declare_after: 1h, severity: sev9":  `10:39: health.severity: "sev9" is not a value for this, did you mean "sev1"?`,
		"declare_after: 10s, severity: sev1": `10:25: health.declare_after: 10s is out of range, write 1m to 7d`,
	} {
		_, err := parse(minimal + "incidents: {services: [web]}\nhealth: {" + text + ", checks: {api: {machine: {}}}}\n")
		require.EqualError(t, err, "opsbot.yaml:"+want, text)
	}
	_, err := parse(minimal + "incidents: {services: [web]}\nhealth: {checks: {api: {machine: {}, service: wbe}}}\n")
	require.EqualError(t, err, `opsbot.yaml:10:47: health.checks.api.service: there is no "wbe", did you mean "web"?`)
}

func TestTooManyChecks(t *testing.T) {
	var checks []string
	for n := range 1001 {
		checks = append(checks, fmt.Sprintf("c%d: {machine: {}}", n))
	}
	_, err := parse(minimal + "health: {checks: {" + strings.Join(checks, ", ") + "}}\n")
	require.EqualError(t, err, "opsbot.yaml:9:10: health.checks: 1001 are too many, name at most 1,000")
}

func TestBrokenHealth(t *testing.T) {
	check := func(keys string) string { return "{checks: {api: {" + keys + "}}}" }
	http := func(keys string) string { return check(`http: {url: "https://a.example/", ` + keys + `}`) }
	with := func(keys string) string { return `{` + keys + `, checks: {api: {machine: {}}}}` }
	const listens = "\nhttp: {listen: \"127.0.0.1:0\"}"
	for name, test := range map[string]struct{ text, want string }{
		"nothing":               {"", `9:1: health: there is nothing below it, name checks below health.checks, or leave it out`},
		"no checks":             {"{}", `9:1: health.checks: missing, name at least one, such as api: {http: {url: https://api.example.com/health}}`},
		"no kind":               {check("every: 5m"), `9:19: health.checks.api: missing, say what is looked at: http, tcp, mongodb, redis, backup, heartbeat, machine`},
		"misspelt kind":         {check("htpp: {}"), `9:25: health.checks.api.htpp: unknown key, did you mean "http"?`},
		"two kinds":             {check(`machine: {}, tcp: {address: "a:1"}`), `9:19: health.checks.api: there is tcp and machine, keep one of them, and make another check for the other`},
		"empty kind":            {check("machine: "), `9:25: health.checks.api.machine: there is nothing below it`},
		"a check's name":        {"{checks: {My API: {machine: {}}}}", `9:19: health.checks.My API: "My API" cannot be a check's name, use at most 40 lowercase letters, digits, - and _`},
		"misspelt key":          {check("machine: {}, depend_on: []"), `9:38: health.checks.api.depend_on: unknown key, did you mean "depends_on"?`},
		"unknown check":         {check("machine: {}, depends_on: [apo]"), `9:51: health.checks.api.depends_on[0]: there is no "apo", did you mean "api"?`},
		"itself":                {check("machine: {}, depends_on: [api]"), `9:51: health.checks.api.depends_on[0]: it goes in a circle: api → api, leave one of them out`},
		"a circle":              {"{checks: {a: {machine: {}, depends_on: [b]}, b: {machine: {}, depends_on: [c]}, c: {machine: {}, depends_on: [a]}}}", `9:119: health.checks.c.depends_on[0]: it goes in a circle: a → b → c → a, leave one of them out`},
		"twice":                 {"{checks: {a: {machine: {}, depends_on: [b, b]}, b: {machine: {}}}}", `9:52: health.checks.a.depends_on[1]: "b" is there twice`},
		"no services":           {check("machine: {}, service: api"), `9:47: health.checks.api.service: there are no services in this configuration, name them as incidents.services, or leave it out`},
		"no incidents":          {with("declare_after: 1h"), `9:25: health.declare_after: there are no incidents in this configuration, write incidents: {} for them, or leave it out`},
		"severity of none":      {check("machine: {}, severity: sev1"), `9:48: health.checks.api.severity: there are no incidents in this configuration, write incidents: {} for them, or leave it out`},
		"hasty":                 {with("every: 1s"), `9:17: health.every: 1s is out of range, write 5s to 7d`},
		"hasty check":           {check("machine: {}, every: 1s"), `9:45: health.checks.api.every: 1s is out of range, write 5s to 7d`},
		"long timeout":          {check("machine: {}, every: 10s, timeout: 30s"), `9:59: health.checks.api.timeout: 30s is longer than the 10s from one look to the next, write less`},
		"jitter":                {check("machine: {}, every: 10s, jitter: 6s"), `9:58: health.checks.api.jitter: 6s is out of range, write 0s to 5s`},
		"never fails":           {check("machine: {}, fail_after: 0"), `9:50: health.checks.api.fail_after: 0 is out of range, write 1 to 100`},
		"repeat":                {with("repeat: 1s"), `9:18: health.repeat: 1s is out of range, write 1m to 7d`},
		"told":                  {with(`tell: ["@anna"]`), `9:17: health.tell[0]: "@anna" is no id of a user or a user group, open the profile and choose “Copy member ID”: it looks like U024BE7LH, a group's like S0614TZR7`},
		"channel":               {with("channel: My Alerts"), `9:19: health.channel: "My Alerts" is neither a channel's name nor its id, write lowercase letters, digits, - and _, or an id such as C024BE7LR`},
		"keep":                  {with("keep: {raw: 1m}"), `9:22: health.keep.raw: 1m0s is out of range, write 1h to 90d`},
		"time zone":             {with("timezone: India"), `9:20: health.timezone: "India" is no time zone, write one like Asia/Kolkata or UTC`},
		"dead man":              {with("dead_man: {url: nowhere}"), `9:26: health.dead_man.url: this is no URL of a web server, write one like https://api.example.com/health, without credentials`},
		"no dead man":           {with("dead_man: {every: 1m}"), `9:10: health.dead_man.url: missing, write one like https://api.example.com/health`},
		"window without begin":  {with("maintenance: {night: {for: 1h}}"), `9:24: health.maintenance.night.when: missing, write a cron line for its beginning, such as 0 3 * * 0 (at three every Sunday)`},
		"window without end":    {with("maintenance: {night: {when: 0 3 * * *}}"), `9:24: health.maintenance.night.for: missing, write how long it lasts, such as 2h`},
		"window's cron":         {with("maintenance: {night: {when: at night, for: 1h}}"), `9:38: health.maintenance.night.when: "at night" is no cron line (expected exactly 5 fields, found 2: [at night]), write one like 0 2 * * * (at two every night) or @daily`},
		"window's zone":         {with("maintenance: {night: {when: TZ=UTC 0 3 * * *, for: 1h}}"), `9:38: health.maintenance.night.when: the time zone stands in the line, write it as health.maintenance.night.timezone`},
		"window of no check":    {with("maintenance: {night: {when: 0 3 * * *, for: 1h, checks: [apu]}}"), `9:67: health.maintenance.night.checks[0]: there is no "apu", did you mean "api"?`},
		"windows as a list":     {with("maintenance: [{when: 0 3 * * *, for: 1h}]"), `9:23: health.maintenance: this must be a section with keys`},
		"no url":                {check("http: {}"), `9:25: health.checks.api.http.url: missing, write one like https://api.example.com/health`},
		"password in url":       {check(`http: {url: "https://me:sesame@a.example/"}`), `9:37: health.checks.api.http.url: this is no URL of a web server, write one like https://api.example.com/health, without credentials`},
		"status":                {http("status: 99"), `9:67: health.checks.api.http.status: 99 is out of range, write 100 to 599`},
		"status in a list":      {http("status: [200, 999]"), `9:73: health.checks.api.http.status[1]: 999 is out of range, write 100 to 599`},
		"status in words":       {http("status: fine"), `9:67: health.checks.api.http.status: "fine" is no whole number`},
		"path":                  {http("body: {a..b: 1}"), `9:66: health.checks.api.http.body.a..b: "a..b" is no path into JSON, write one like status or data.items[0].id`},
		"no comparison":         {http("body: {status: {}}"), `9:66: health.checks.api.http.body.status: there is nothing to compare with, write a value, "null" in quotes for null, or one of is, not, below, above, matches, contains, fresh`},
		"null":                  {http("body: {status: null}"), `9:66: health.checks.api.http.body.status: there is nothing to compare with, write a value, "null" in quotes for null, or one of is, not, below, above, matches, contains, fresh`},
		"misspelt comparison":   {http("body: {status: {mathces: x}}"), `9:75: health.checks.api.http.body.status.mathces: unknown key, did you mean "matches"?`},
		"deeper":                {http("body: {data: {status: OK}}"), `9:73: health.checks.api.http.body.data.status: this is no comparison, known: is, not, below, above, matches, contains, fresh; a value inside is written as a.b`},
		"a list":                {http("body: {status: [OK]}"), `9:74: health.checks.api.http.body.status: this must be a single value`},
		"pattern":               {http("body: {version: {matches: '('}}"), "9:85: health.checks.api.http.body.version.matches: this is no regular expression: missing closing ): `(`"},
		"no number":             {http("body: {queue: {below: many}}"), `9:81: health.checks.api.http.body.queue.below: "many" is no number`},
		"no age":                {http("body: {timestamp: {fresh: new}}"), `9:85: health.checks.api.http.body.timestamp.fresh: "new" is no duration, write it like 20s, 30m, 1h30m or 7d`},
		"header":                {http("headers: {X Y: 1}"), `9:69: health.checks.api.http.headers.X Y: "X Y" cannot be a header's name`},
		"method":                {http("send: {method: PSOT}"), `9:74: health.checks.api.http.send.method: "PSOT" is not a value for this, did you mean "POST"?`},
		"redirects":             {http("redirects: -1"), `9:70: health.checks.api.http.redirects: -1 is out of range, write 0 to 50`},
		"certificate of none":   {check(`http: {url: "http://a.example/", certificate: 14d}`), `9:71: health.checks.api.http.certificate: there is no certificate without TLS, use TLS, or leave it out`},
		"header with lines":     {http(`send: {headers: {X-A: "a\nsesame"}}`), `9:81: health.checks.api.http.send.headers.X-A: there is a line break in the header`},
		"address":               {check("tcp: {address: mail.example}"), `9:40: health.checks.api.tcp.address: "mail.example" is no host with a port, write one like redis.example.com:6379`},
		"no address":            {check("redis: {}"), `9:25: health.checks.api.redis.address: missing, write one like redis.example.com:6379`},
		"port":                  {check(`redis: {address: "a:70000"}`), `9:42: health.checks.api.redis.address: "a:70000" is no host with a port, write one like redis.example.com:6379`},
		"greeting":              {check(`tcp: {address: "a:1", greeting: "["}`), "9:57: health.checks.api.tcp.greeting: this is no regular expression: missing closing ]: `[`"},
		"unknown database":      {check("mongodb: {database: order}"), `9:45: health.checks.api.mongodb.database: there is no "order", did you mean "orders"?`},
		"no database":           {check("mongodb: {}"), `9:25: health.checks.api.mongodb: missing, name one of the databases, as database: orders, or write a uri`},
		"two databases":         {check(`mongodb: {database: orders, uri: "mongodb://h"}`), `9:25: health.checks.api.mongodb: there is both database and uri, keep one of them`},
		"uri":                   {check(`mongodb: {uri: "mongodb://bot:p@sesame@h"}`), `9:40: health.checks.api.mongodb.uri: this is no MongoDB connection string: in the user name and the password the characters : / ? # [ ] @ % must be percent-encoded`},
		"percent":               {check("machine: {cpu: 120%}"), `9:40: health.checks.api.machine.cpu: "120%" is no percentage, write it like 85%`},
		"bytes":                 {check("machine: {network: 100}"), `9:44: health.checks.api.machine.network: "100" is no size, write it like 500kB, 100MB or 2GB`},
		"disk":                  {check("machine: {disks: {var: 90%}}"), `9:48: health.checks.api.machine.disks.var: "var" is no absolute path, write one like /var/lib`},
		"backup of nothing":     {check("backup: {younger_than: 26h}"), `9:25: health.checks.api.backup.database: missing, name one of the databases`},
		"backup of any age":     {check("backup: {database: orders}"), `9:25: health.checks.api.backup.younger_than: missing, write the greatest age, such as 26h`},
		"short token":           {check("heartbeat: {token: sesame, within: 1h}") + listens, `9:44: health.checks.api.heartbeat.token: the token is not at least 16 letters, digits, - and _, make one with: openssl rand -hex 16`},
		"nobody listens":        {check("heartbeat: {token: sesame-sesame-sesame, within: 1h}"), `9:25: health.checks.api.heartbeat: nobody could call it: opsbot does not listen, write an address as http.listen`},
		"heartbeat of any time": {check("heartbeat: {token: sesame-sesame-sesame}") + listens, `9:25: health.checks.api.heartbeat.within: missing, write how long after a call the next one must come, such as 25h`},
		"one token for two":     {"{checks: {a: {heartbeat: {token: sesame-sesame-sesame, within: 1h}}, b: {heartbeat: {token: sesame-sesame-sesame, within: 1h}}}}" + listens, `9:101: health.checks.b.heartbeat.token: another check has the same token, make one with: openssl rand -hex 16`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(minimal + "health: " + test.text + "\n")
			require.Error(t, err)
			require.Equal(t, test.want, strings.ReplaceAll(err.Error(), "opsbot.yaml:", ""))
			require.NotContains(t, err.Error(), "sesame")
		})
	}
}
