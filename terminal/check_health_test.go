package terminal_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func (c *clinic) brokenHealth(t *testing.T, nowhere string) []broken {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"OK"}`) }))
	t.Cleanup(api.Close)
	const end = ", labels: [bug]}"
	with := func(keys string) string { return end + "\nhealth: {" + keys + "}" }
	check := func(keys string) string { return with("checks: {api: {" + keys + "}}") }
	return []broken{
		{name: "health", old: end, new: check(`http: {url: "` + api.URL + `/health", body: {status: OK}}`), line: "✓ api +GET `127.0.0.1:\\d+`: answered 200 after "},
		{name: "an unwell server", old: end, new: check(`http: {url: "` + api.URL + `", body: {status: UP}}`), line: "! api +GET `.*`: `status` is `OK` instead of `UP` → If that is well as it is, mend `health.checks.api`; else look after it"},
		{name: "no server", old: end, new: check(`tcp: {address: "` + nowhere + `"}`), line: "! api +`.*`: nothing listens there: the connection was refused → "},
		{name: "no Redis", old: end, new: check(`redis: {address: "` + nowhere + `", password: sesame}`), line: "! api +Redis at `.*`: nothing listens there"},
		{name: "health of a database", old: end, new: check("mongodb: {database: orders, lag: 10s}"), line: "✓ api +MongoDB of `orders`: answered after .*, 1 member, "},
		{name: "health by a URI", old: end, new: check(`mongodb: {uri: "` + c.orderURI + `"}`), line: "✓ api +MongoDB: answered after "},
		{name: "age of backups", old: end, new: check("backup: {database: orders, younger_than: 1h}"), line: "! api +the backups of `orders`: there is no backup of `orders`"},
		{name: "a heartbeat", old: end, new: check("heartbeat: {token: sesame-sesame-sesame, within: 1h}") + "\nhttp: {listen: \"127.0.0.1:9464\"}", line: "– api +calls are heard by the running opsbot only"},
		{name: "the machine", old: end, new: check("machine: {disks: {/: 100%}}"), line: "✓ api +this machine: CPU \\d+%, .*disk `/` \\d+%"},
		{name: "authorities that are gone", old: end, new: check(`http: {url: "https://127.0.0.1/", ca: gone.pem}`), line: "– api +the authorities of `ca` cannot be read from `.*gone.pem`"},
		{name: "channel of alerts", old: end, new: with("channel: opps, checks: {api: {machine: {}}}"), line: "✗ #opps +there is no channel .* It is `health.channel`", fails: 1},
		{name: "guest told", old: end, new: with("tell: [" + c.guest + "], checks: {api: {machine: {}}}"), line: "✗ " + c.guest + " +gus is a guest, and can do nothing about an alert → Take the id out of `health.tell`", fails: 1},
		{name: "faulty health", old: end, new: check("machine: {cpu: lots}"), line: "– everything +because of `health.checks.api.machine.cpu` in line 15", fails: 1},
	}
}
