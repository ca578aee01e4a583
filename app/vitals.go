package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state"
)

const (
	// lookEvery is how often the object store is asked, and lately how old an answer may be.
	lookEvery, lately = time.Minute, 5 * time.Minute
	// turnWithin is how long the loop of the runs may take to come round.
	turnWithin = 2 * time.Minute
)

// vitals answer whether the process lives (/healthz), can do its work (/readyz), and in numbers (/metrics).
type vitals struct {
	a        *App
	runner   *jobs.Runner
	listener *bot.Bot
	monitor  *health.Monitor // nil without health checks
	probes   *state.Collection[time.Time]
	age      *prometheus.GaugeVec
	size     *prometheus.GaugeVec

	mu     sync.Mutex
	looked time.Time // when the object store last answered
	fault  error     // of the last look
}

func newVitals(a *App, runner *jobs.Runner, listener *bot.Bot, monitor *health.Monitor, records []reading) *vitals {
	v := &vitals{a: a, runner: runner, listener: listener, monitor: monitor, probes: state.NewCollection[time.Time](a.store, "vitals", nil), looked: a.Now(),
		age: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "opsbot_backup_newest_verified_timestamp_seconds",
			Help: "When the newest verified backup of a database was begun; 0 when there is none."}, []string{"database"}),
		size: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "opsbot_backup_newest_verified_bytes",
			Help: "What that backup takes in the object store."}, []string{"database"})}
	a.metrics.registry.MustRegister(v.age, v.size, &readings{records, a.Log})
	a.metrics.gauge("opsbot_slack_sockets", "Open connections to Slack.", func() float64 { return float64(listener.Sockets()) })
	a.metrics.gauge("opsbot_requests_waiting", "Requests that are stored and not done yet.", func() float64 { return float64(listener.Waiting()) })
	return v
}

// Run listens until ctx ends, for heartbeats too; it fails when it cannot.
func (v *vitals) Run(ctx context.Context, address string, heartbeats http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("app: listen for health and metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, v.lives()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { say(w, v.ready(r.Context())) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(v.a.metrics.registry, promhttp.HandlerOpts{}))
	mux.Handle(health.HeartbeatPath, heartbeats)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	v.a.Log.Info("health and metrics are answered", "address", listener.Addr().String())
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { v.look(ctx) })
	defer context.AfterFunc(ctx, func() { _ = server.Close() })() // who asks at the very end gets no answer
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("app: answer for health and metrics: %w", err)
	}
	return nil
}

// say answers "ok", or 503 with one reason in each line.
func say(w http.ResponseWriter, faults []string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if len(faults) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, strings.Join(faults, "\n"))
		return
	}
	fmt.Fprintln(w, "ok")
}

// lives names what only a restart can mend. That Slack or a store is away is no such thing.
func (v *vitals) lives() (faults []string) {
	if at := v.runner.Turned(); !at.IsZero() && time.Since(at) > turnWithin {
		faults = append(faults, "the loop of the runs has stood still since "+at.UTC().Format(time.RFC3339))
	}
	return faults
}

// ready names what keeps the work from being done.
func (v *vitals) ready(ctx context.Context) []string {
	faults := v.awake(ctx)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fault != nil && v.a.Now().Sub(v.looked) > lately {
		faults = append(faults, "the object store has not answered since "+v.looked.UTC().Format(time.RFC3339))
	}
	return faults
}

// awake names what keeps it from seeing and telling what goes wrong. Of an object store that is away it can tell.
func (v *vitals) awake(ctx context.Context) (faults []string) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := v.probes.Put(ctx, "readyz", time.Now().UTC()); err != nil {
		v.a.Log.Warn("the state cannot be written", "error", err)
		faults = append(faults, "the state cannot be written")
	}
	if v.listener.Sockets() == 0 {
		faults = append(faults, "no connection to Slack is open")
	}
	if v.monitor != nil {
		late, err := v.monitor.Late(ctx)
		switch {
		case err != nil:
			v.a.Log.Warn("whether health checks are looked at is not known", "error", err)
			faults = append(faults, "whether health checks are looked at is not known")
		case len(late) > 0:
			faults = append(faults, fmt.Sprintf("%s overdue to be looked at, such as %s", chat.Plural(int64(len(late)), "health check"), late[0]))
		}
	}
	return append(faults, v.lives()...)
}

// look asks the object store for the backups now and then.
func (v *vitals) look(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		v.once(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (v *vitals) once(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	entries, err := v.a.Catalogue.List(bounded, "")
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fault = err; err != nil {
		if ctx.Err() == nil {
			v.a.Log.Warn("the object store does not answer", "error", err)
		}
		return
	}
	v.looked = v.a.Now()
	for _, db := range v.a.Databases {
		at, size := 0.0, 0.0
		for _, e := range entries {
			if e.Database == db.Name && e.Verified() {
				at, size = float64(e.Started.Unix()), float64(e.Stored)
				break // newest first
			}
		}
		v.age.WithLabelValues(db.Name).Set(at)
		v.size.WithLabelValues(db.Name).Set(size)
	}
}
