package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kampyn/opsbot/incidents"
)

// readWithin is how long a reading may take.
const readWithin = 3 * time.Second

// reading is a gauge with one label that is read from the records whenever somebody asks.
type reading struct {
	desc *prometheus.Desc
	read func(ctx context.Context) (map[string]float64, error)
}

func newReading(name, help, label string, read func(ctx context.Context) (map[string]float64, error)) reading {
	return reading{prometheus.NewDesc(name, help, []string{label}, nil), read}
}

// readings are a prometheus.Collector. A reading that fails is left out, and the others are shown all the same.
type readings struct {
	all []reading
	log *slog.Logger
}

// Describe implements prometheus.Collector.
func (r *readings) Describe(out chan<- *prometheus.Desc) {
	for _, one := range r.all {
		out <- one.desc
	}
}

// Collect implements prometheus.Collector.
func (r *readings) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	for _, one := range r.all {
		values, err := one.read(ctx)
		if err != nil {
			r.log.Warn("a metric could not be read", "metric", one.desc.String(), "error", err)
			continue
		}
		for label, value := range values {
			out <- prometheus.MustNewConstMetric(one.desc, prometheus.GaugeValue, value, label)
		}
	}
}

// openIncidents counts those that are not closed, without drills, by severity; desk may be nil.
func openIncidents(desk *incidents.Desk) reading {
	return newReading("opsbot_incidents_open", "Incidents that are not closed, without drills.", "severity", func(ctx context.Context) (map[string]float64, error) {
		open := map[string]float64{}
		if desk == nil {
			return open, nil
		}
		for _, s := range desk.Rules().Severities {
			open[s.Name] = 0
		}
		all, err := desk.Open(ctx)
		if err != nil {
			return nil, err
		}
		for _, i := range all {
			if !i.Drill {
				open[i.Severity]++
			}
		}
		return open, nil
	})
}
