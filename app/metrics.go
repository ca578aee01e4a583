package app

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state"
)

// metrics is what /metrics shows; docs/metrics.md explains each. No label takes values that people or servers choose
// freely, so their number stays small.
type metrics struct {
	registry  *prometheus.Registry
	runs      *prometheus.CounterVec
	durations *prometheus.HistogramVec
	envelopes *prometheus.CounterVec
	acks      prometheus.Histogram
	calls     *prometheus.CounterVec
	writes    *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		runs:      counter("opsbot_runs_total", "Runs that have ended, by kind and outcome.", "kind", "outcome"),
		envelopes: counter("opsbot_slack_envelopes_total", "Envelopes from Slack: stored, copy (known already), refused or ignored.", "type", "result"),
		calls:     counter("opsbot_slack_calls_total", "Calls of Slack's Web API: ok, limited (429) or failed.", "method", "result"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "opsbot_run_seconds",
			Help: "How long runs took from their start.", Buckets: prometheus.ExponentialBuckets(1, 4, 9)}, []string{"kind"}),
		acks: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "opsbot_slack_ack_seconds",
			Help: "From reading an envelope to its acknowledgement.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 13)}),
		writes: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "opsbot_state_write_seconds",
			Help: "How long changes of the state took until they were durable.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 13)}, []string{"operation"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "opsbot_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": Version}})
	build.Set(1)
	m.registry.MustRegister(m.runs, m.durations, m.envelopes, m.acks, m.calls, m.writes, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// gauge shows what value answers whenever it is asked.
func (m *metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

func (m *metrics) ended(run jobs.Run) {
	m.runs.WithLabelValues(run.Kind, string(run.Status)).Inc()
	if !run.Started.IsZero() {
		m.durations.WithLabelValues(run.Kind).Observe(run.Finished.Sub(run.Started).Seconds())
	}
}

func (m *metrics) settled(kind, result string, took time.Duration) {
	m.envelopes.WithLabelValues(kind, result).Inc()
	if result == "stored" {
		m.acks.Observe(took.Seconds())
	}
}

func (m *metrics) called(method, result string) { m.calls.WithLabelValues(method, result).Inc() }

// timed is a store whose writes are measured.
type timed struct {
	state.Store
	writes *prometheus.HistogramVec
}

func (s *timed) measure(operation string, do func() error) error {
	begun := time.Now()
	err := do()
	if !errors.Is(err, context.Canceled) {
		s.writes.WithLabelValues(operation).Observe(time.Since(begun).Seconds())
	}
	return err
}

// Insert implements state.Store, as the others do.
func (s *timed) Insert(ctx context.Context, records ...state.Record) error {
	return s.measure("insert", func() error { return s.Store.Insert(ctx, records...) })
}

func (s *timed) Update(ctx context.Context, r state.Record) error {
	return s.measure("update", func() error { return s.Store.Update(ctx, r) })
}

func (s *timed) Delete(ctx context.Context, kind, id string, version int64) error {
	return s.measure("delete", func() error { return s.Store.Delete(ctx, kind, id, version) })
}
