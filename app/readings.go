package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
)

// readWithin is how long all readings together may take.
const readWithin = 3 * time.Second

// reading is gauges that are read from the records at once, whenever somebody asks.
type reading struct {
	gauges []*prometheus.Desc
	// read answers the values of each gauge by its label.
	read func(ctx context.Context) ([]map[string]float64, error)
}

// described is a gauge with one label.
func described(name, label, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{label}, nil)
}

// readings are a prometheus.Collector. A reading that fails is left out, and the others are shown all the same.
type readings struct {
	all []reading
	log *slog.Logger
}

// Describe implements prometheus.Collector.
func (r *readings) Describe(out chan<- *prometheus.Desc) {
	for _, one := range r.all {
		for _, gauge := range one.gauges {
			out <- gauge
		}
	}
}

// Collect implements prometheus.Collector.
func (r *readings) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	for _, one := range r.all {
		values, err := one.read(ctx)
		if err != nil {
			r.log.Warn("metrics could not be read", "first", fmt.Sprint(one.gauges[0]), "error", err)
			continue
		}
		for n, gauge := range one.gauges {
			for label, value := range values[n] {
				out <- prometheus.MustNewConstMetric(gauge, prometheus.GaugeValue, value, label)
			}
		}
	}
}

// recorded are the readings of incidents, checklists and health checks; what is nil is switched off and has no values.
func recorded(desk *incidents.Desk, lists *checklists.Desk, monitor *health.Monitor, now func() time.Time) []reading {
	return []reading{
		{[]*prometheus.Desc{described("opsbot_incidents_open", "severity", "Incidents that are not closed, without drills.")},
			func(ctx context.Context) ([]map[string]float64, error) { return readIncidents(ctx, desk) }},
		{[]*prometheus.Desc{described("opsbot_checklists_open", "template", "Checklists that are open."),
			described("opsbot_checklists_overdue", "template", "Checklists that are open past the time they were due.")},
			func(ctx context.Context) ([]map[string]float64, error) { return readLists(ctx, lists, now()) }},
		{[]*prometheus.Desc{described("opsbot_health_check_up", "check", "1 while a health check is up, 0 while it is down; no value while that is unknown."),
			described("opsbot_health_check_seconds", "check", "How long the newest look of a health check took."),
			described("opsbot_health_check_failing_since_seconds", "check", "For how long a health check has been down; 0 while it is not."),
			described("opsbot_health_checks", "status", "Health checks by how they stand.")},
			func(ctx context.Context) ([]map[string]float64, error) { return readHealth(ctx, monitor, now()) }},
	}
}

func readIncidents(ctx context.Context, desk *incidents.Desk) ([]map[string]float64, error) {
	if desk == nil {
		return make([]map[string]float64, 1), nil
	}
	all, err := desk.Open(ctx)
	if err != nil {
		return nil, err
	}
	open := map[string]float64{}
	for _, s := range desk.Rules().Severities {
		open[s.Name] = 0
	}
	for _, i := range all {
		if !i.Drill {
			open[i.Severity]++
		}
	}
	return []map[string]float64{open}, nil
}

func readLists(ctx context.Context, lists *checklists.Desk, now time.Time) ([]map[string]float64, error) {
	if lists == nil {
		return make([]map[string]float64, 2), nil
	}
	all, err := lists.Open(ctx)
	if err != nil {
		return nil, err
	}
	open, overdue := map[string]float64{}, map[string]float64{}
	for _, t := range lists.Rules().Templates {
		open[t.Name], overdue[t.Name] = 0, 0
	}
	for _, l := range all {
		open[l.Template.Name]++
		if !l.Due.IsZero() && now.After(l.Due) {
			overdue[l.Template.Name]++
		}
	}
	return []map[string]float64{open, overdue}, nil
}

func readHealth(ctx context.Context, monitor *health.Monitor, now time.Time) ([]map[string]float64, error) {
	if monitor == nil {
		return make([]map[string]float64, 4), nil
	}
	all, err := monitor.Standings(ctx)
	if err != nil {
		return nil, err
	}
	up, took, down := map[string]float64{}, map[string]float64{}, map[string]float64{}
	by := map[string]float64{string(health.Up): 0, string(health.Down): 0, string(health.Blind): 0, string(health.Unseen): 0}
	for name, s := range all {
		by[string(s.Status)]++
		switch s.Status {
		case health.Up:
			up[name], down[name] = 1, 0
		case health.Down:
			up[name], down[name] = 0, now.Sub(s.Since).Seconds()
		}
		if newest, ok := s.Newest(); ok && newest.Outcome != health.Unknown {
			took[name] = newest.Took.Seconds()
		}
	}
	return []map[string]float64{up, took, down, by}, nil
}
