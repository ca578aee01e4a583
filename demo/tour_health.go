package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kampyn/opsbot/sandbox/backend"
)

// health tells how the API fails and recovers: one alert for it and for all that needs it, from the first word to the last.
func (g *guide) health() {
	g.tell(
		g.says(g.Chitra, "/health"),
		g.hears(g.Chitra, `🟢 .api. up for`, `🟢 .admin. up for`),
		func() error {
			fmt.Fprintln(g.Out, "\nthe API begins to answer 503, after a while …")
			g.NewTurn()
			g.Backend.Set(backend.Fault{Status: http.StatusServiceUnavailable, Delay: 300 * time.Millisecond})
			return nil
		},
		g.sees(`🔴 api is down`, `503`, `Since .* so far`, `Last answers`, `Where the time went`, `\[Acknowledge\]`, `\[Declare an incident\]`),
		g.becomes(`Also down because of it.*admin`),
		g.presses(g.Chitra, "Acknowledge"),
		g.hears(g.Chitra, `operator`),
		g.presses(g.Anna, "Acknowledge"),
		g.becomes(`anna is at it`),
		g.says(g.Chitra, "/health"),
		g.hears(g.Chitra, `🔴 .api. down for`, `👀 @anna`, "🟠 .admin. down for .*because of .api."),
		g.presses(g.Ben, "Declare an incident"),
		g.gets(g.Ben, `The health check api fails`),
		g.gets(g.Ben, `It began .*by the health check`),
		g.submits(g.Ben),
		g.hears(g.Ben, `Incident #\d+ is noted as .sev2.`),
		g.becomes(`Incident #\d+ was declared for it`),
		func() error {
			fmt.Fprintln(g.Out, "\nthe API is well again …")
			g.Backend.Set(backend.Fault{})
			return nil
		},
		g.becomes(`🟢 api is well again`, `Down for .\d+ s`, `anna is at it`, `Incident #\d+`),
		g.check("what needs the API is well again, too", g.recovered("admin")),
		g.check("in the channel all of it was one message, and what needs the API had none", func() error { return g.once(`(admin|api).? is (down|well again)`) }),
		g.says(g.Chitra, "/health history api 24h"),
		g.hears(g.Chitra, `api: the last 24 hours`, `Up \d+`),
	)
}

// recovered asks about a health check until it is up: it is looked at a little later than the one that it depends on.
func (g *guide) recovered(check string) func() error {
	return func() error {
		defer func(was time.Duration) { g.Patience = was }(g.Patience)
		g.Patience = 5 * time.Second
		for range int(patience / g.Patience) {
			if err := g.Says(g.Chitra, "/health show "+check); err != nil {
				return err
			}
			if g.Hears(g.Chitra, check+`: up for`) == nil {
				return nil
			}
		}
		return errors.New(check + " is still down")
	}
}
