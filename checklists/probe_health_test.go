package checklists

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/health"
)

// clinic is a monitor with a store that looks at api and orders every five minutes, by a clock that the test sets.
type clinic struct {
	*health.Monitor
	t     *testing.T
	clock *clock
	finds map[string]health.Outcome
	probe Health
}

func newClinic(t *testing.T, windows ...health.Window) *clinic {
	t.Helper()
	o := newOffice(t, nil)
	c := &clinic{t: t, clock: o.clock, finds: map[string]health.Outcome{"api": health.OK, "orders": health.OK}}
	rules := health.Rules{Channel: "ops", KeepResults: 7 * 24 * time.Hour, Keep: 30 * 24 * time.Hour, Windows: windows}
	for _, name := range []string{"api", "orders"} {
		rules.Checks = append(rules.Checks, health.Check{Name: name, Kind: "http", Every: 5 * time.Minute, Jitter: 30 * time.Second, Timeout: 10 * time.Second,
			FailAfter: 2, RecoverAfter: 2, Look: func(context.Context) health.Result { return health.Result{Outcome: c.finds[name], Say: "seen"} }})
	}
	c.Monitor = health.New(health.Options{Store: o.Desk.o.Store, Events: o.Desk.o.Events, Slack: o.slack, Rules: rules, Now: o.clock.Now})
	c.probe = Health{Past: c.Past, Standings: c.Standings, Checks: rules.Checks, Over: 2 * time.Hour, Uptime: 100, Now: o.clock.Now}
	return c
}

// pass lets time pass, a minute after the other.
func (c *clinic) pass(d time.Duration) {
	c.t.Helper()
	for end := c.clock.Now().Add(d); c.clock.Now().Before(end); c.clock.set(c.clock.Now().Add(time.Minute)) {
		_, err := c.Step(c.t.Context())
		require.NoError(c.t, err)
	}
}

func (c *clinic) look(outcome Outcome, say string) {
	c.t.Helper()
	found := c.probe.Look(c.t.Context())
	require.Equal(c.t, outcome, found.Outcome, found.Say)
	require.Regexp(c.t, say, found.Say)
}

func TestHealthProbe(t *testing.T) {
	c := newClinic(t)
	c.look(Unknown, "^`api` was never seen to be well, `orders` was never seen to be well over 2 h$")
	c.pass(time.Hour)
	c.look(Unknown, "^`api` was not seen 1[0-2] times of 2[34], `orders` was not seen")
	c.pass(time.Hour)
	c.look(Passed, "^2 checks green over 2 h, (4[89]|50) looks$")

	c.finds["api"] = health.Failed
	c.pass(5 * time.Minute)
	c.finds["api"] = health.OK
	c.pass(30 * time.Minute)
	c.look(Failed, "^`api` failed 1 time, last <!date.* over 2 h$")
	c.probe.Uptime = 95
	c.look(Passed, "green")
	c.probe.Uptime = 100
	c.pass(2 * time.Hour)
	c.look(Passed, "green")

	c.finds["orders"] = health.Unknown
	c.pass(5 * time.Minute)
	c.finds["orders"] = health.OK
	c.look(Unknown, "^`orders` was not seen 1 time of 2[3-5] over 2 h$")
	c.probe.Checks = c.probe.Checks[:1]
	c.look(Passed, "^1 check green")

	c.finds["api"] = health.Failed
	c.pass(15 * time.Minute)
	c.look(Failed, "^`api` is down since <!date")
	c.probe.Uptime = 1
	c.look(Failed, "^`api` is down since <!date")
}

func TestHealthProbeKnowsWhenNobodyLooked(t *testing.T) {
	c := newClinic(t)
	c.pass(2 * time.Hour)
	c.look(Passed, "green")
	c.clock.set(c.clock.Now().Add(20 * time.Minute))
	c.look(Unknown, "^`api` was not seen [34] times")
	c.pass(time.Hour)
	c.look(Unknown, "^`api` was not seen [34] times")
	c.pass(2 * time.Hour)
	c.look(Passed, "green")
	c.probe.Past = func(context.Context, string, time.Time, time.Time) (health.Past, error) {
		return health.Past{}, errors.New("the store is closed")
	}
	c.look(Unknown, "could not be read: the store is closed")
}

func TestHealthProbeLeavesOutMaintenance(t *testing.T) {
	from := nine.Add(30 * time.Minute)
	c := newClinic(t, health.Window{For: 30 * time.Minute, Checks: []string{"orders"}, Next: func(at time.Time) time.Time {
		if at.After(from) {
			return time.Time{}
		}
		return from
	}})
	c.pass(35 * time.Minute)
	c.finds["orders"] = health.Failed
	c.pass(20 * time.Minute)
	c.finds["orders"] = health.OK
	c.pass(65 * time.Minute)
	c.look(Passed, "^2 checks green over 2 h, 4[2-5] looks$")
}
