package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/state"
)

// gathered are the values that a scrape gets: opsbot_incidents_open/sev1 is 1.
func gathered(t *testing.T, all []reading) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&readings{all, slog.New(slog.DiscardHandler)})
	families, err := registry.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			values[family.GetName()+"/"+metric.GetLabel()[0].GetValue()] = metric.GetGauge().GetValue()
		}
	}
	return values
}

func TestReadingsSayWhatTheRecordsHold(t *testing.T) {
	ctx := t.Context()
	store, err := state.OpenSQLite(ctx, filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	defer store.Close()
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	log, anna := events.New(store), chat.User{ID: "U1"}

	desk := incidents.New(incidents.Options{Store: store, Events: log, Now: now, Rules: incidents.Rules{Severities: []incidents.Severity{{Name: "sev1"}, {Name: "sev2"}}}})
	for n, drill := range []bool{false, true} {
		_, err = desk.Declare(ctx, incidents.Act{Request: fmt.Sprint("d", n), By: anna, At: at}, incidents.Declaration{Title: "shop is down", Severity: "sev2", Drill: drill})
		require.NoError(t, err)
	}
	lists := checklists.New(checklists.Options{Store: store, Events: log, Now: now, Rules: checklists.Rules{Templates: []checklists.Template{
		{Name: "daily", Title: "Daily checklist", DueIn: time.Hour, Items: []checklists.Item{{Text: "look"}}}, {Name: "weekly", Title: "Weekly checklist"}}}})
	_, err = lists.Start(ctx, checklists.Act{Request: "l1", By: anna, At: at}, "daily", "")
	require.NoError(t, err)

	monitor := health.New(health.Options{Store: store, Events: log, Now: now, Rules: health.Rules{Checks: []health.Check{{Name: "api"}, {Name: "redis"}, {Name: "disk"}, {Name: "new"}}}})
	standings := state.NewCollection[health.Standing](store, "health-standing", nil)
	for _, s := range []health.Standing{
		{Check: "api", Status: health.Up, Since: at, Last: []health.Result{{Took: time.Second, Outcome: health.OK}, {Took: 250 * time.Millisecond, Outcome: health.OK}}},
		{Check: "redis", Status: health.Down, Since: at.Add(-10 * time.Minute), Last: []health.Result{{Took: 5 * time.Second, Outcome: health.Failed}}},
		{Check: "disk", Status: health.Blind, Since: at, Last: []health.Result{{Took: time.Second, Outcome: health.Unknown}}},
		{Check: "of an old configuration", Status: health.Down, Since: at},
	} {
		require.NoError(t, standings.Insert(ctx, s.Check, s))
	}
	want := map[string]float64{
		"opsbot_incidents_open/sev1": 0, "opsbot_incidents_open/sev2": 1,
		"opsbot_checklists_open/daily": 1, "opsbot_checklists_open/weekly": 0, "opsbot_checklists_overdue/daily": 0, "opsbot_checklists_overdue/weekly": 0,
		"opsbot_health_check_up/api": 1, "opsbot_health_check_up/redis": 0,
		"opsbot_health_check_seconds/api": 0.25, "opsbot_health_check_seconds/redis": 5,
		"opsbot_health_check_failing_since_seconds/api": 0, "opsbot_health_check_failing_since_seconds/redis": 600,
		"opsbot_health_checks/up": 1, "opsbot_health_checks/down": 1, "opsbot_health_checks/unknown": 1, "opsbot_health_checks/new": 1,
	}
	require.Equal(t, want, gathered(t, recorded(desk, lists, monitor, now)))

	at = at.Add(time.Hour + time.Second)
	later := gathered(t, recorded(desk, lists, monitor, now))
	require.Equal(t, 1., later["opsbot_checklists_overdue/daily"])
	require.Equal(t, 4201., later["opsbot_health_check_failing_since_seconds/redis"])
	require.Empty(t, gathered(t, recorded(nil, nil, nil, now)), "what is switched off has no values")
}

func TestAReadingThatFailsLeavesTheOthers(t *testing.T) {
	one := func(name string, err error) reading {
		return reading{[]*prometheus.Desc{described(name, "of", "help")}, func(context.Context) ([]map[string]float64, error) {
			return []map[string]float64{{"x": 1}}, err
		}}
	}
	require.Equal(t, map[string]float64{"good/x": 1}, gathered(t, []reading{one("bad", errors.New("no")), one("good", nil)}))
}
