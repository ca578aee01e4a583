// Package backend is a small API to check and deploy: it answers as the backend of the first users does, or as badly as
// a test wants.
package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"
)

// Options are the settings of a server. The zero value is good for tests.
type Options struct {
	// Addr is where to listen; 127.0.0.1:0 by default.
	Addr string
	// Version is what the server says it is; "1.0.0" by default.
	Version string
	// Now is the clock of timestamps and of the uptime; time.Now by default.
	Now func() time.Time
	// Log gets what the server has to say; nothing is logged by default.
	Log *slog.Logger
}

// Fault is how the server misbehaves. The zero value is a healthy one.
type Fault struct {
	// Path is the only one that is touched, such as "/api/health"; "" is all of them.
	Path string
	// Delay passes before the answer.
	Delay time.Duration
	// Status is answered instead of 200, Body instead of the good one.
	Status int
	Body   string
	// Stale is how old the timestamp of /api/health is.
	Stale time.Duration
	// Hang never answers: until the client gives up or the server closes.
	Hang bool
	// Reset closes the connection with a TCP reset.
	Reset bool
	// Endless sends a body without an end.
	Endless bool
	// Circle redirects to itself.
	Circle bool
}

// Server is a running API. All methods are safe for concurrent use.
type Server struct {
	opts    Options
	ctx     context.Context // ends when the server closes
	cancel  context.CancelFunc
	running sync.WaitGroup
	http    *http.Server
	url     string
	ca      *authority

	mu      sync.Mutex
	fault   Fault
	version string
	started time.Time
	asked   map[string]int
}

// Start listens and serves until Close.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Version == "" {
		o.Version = "1.0.0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the backend: %w", err)
	}
	s := &Server{opts: o, url: "http://" + listener.Addr().String(), ca: ca, version: o.Version, started: o.Now(), asked: map[string]int{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)}
	s.serve(listener)
	return s, nil
}

func (s *Server) serve(listener net.Listener) {
	s.running.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.opts.Log.Error("the backend stopped serving", "error", err)
		}
	})
}

// Close ends every request and waits until nothing listens any more.
func (s *Server) Close() error {
	s.cancel()
	err := s.http.Close()
	s.running.Wait()
	if err != nil {
		return fmt.Errorf("close the backend: %w", err)
	}
	return nil
}

// URL is the address of the server, "http://127.0.0.1:PORT".
func (s *Server) URL() string { return s.url }

// Set lets the server misbehave from now on; Fault{} mends it.
func (s *Server) Set(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Deploy makes the server another version that has just started.
func (s *Server) Deploy(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version, s.started = version, s.opts.Now()
}

// Asked is how many requests a path has seen.
func (s *Server) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", s.health)
	mux.HandleFunc("GET /admin/system/health", s.system)
	own := http.NewServeMux()
	s.addPage(own)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := own.Handler(r); pattern != "" {
			own.ServeHTTP(w, r)
			return
		}
		s.mu.Lock()
		s.asked[r.URL.Path]++
		f := s.fault
		s.mu.Unlock()
		if f.Path != "" && f.Path != r.URL.Path {
			f = Fault{}
		}
		if !s.misbehave(w, r, f) {
			mux.ServeHTTP(w, r)
		}
	})
}

// misbehave answers as a fault says; it is false when the good answer is still wanted.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, f Fault) bool {
	if f.Delay > 0 {
		late := time.NewTimer(f.Delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
	}
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
		panic(http.ErrAbortHandler) // what net/http offers for ending without an answer
	case f.Reset:
		reset(w)
	case f.Circle:
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	case f.Endless:
		w.Header().Set("Content-Type", "application/json")
		for s.ctx.Err() == nil {
			if _, err := io.WriteString(w, `{"status":"OK","status":"OK","status":"OK","status":"OK"}`); err != nil {
				break // the client has had enough
			}
		}
	case f.Status != 0 || f.Body != "":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(max(f.Status, http.StatusOK))
		_, _ = io.WriteString(w, f.Body) // a client that has gone away needs no answer
	default:
		return false
	}
	return true
}

// reset closes the connection so that the client sees a reset: with what is unsent thrown away.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no connection of its own
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // the connection ends either way
	}
	_ = conn.Close() // that it fails is what is wanted
}

// health answers as GET /api/health does: seconds of uptime, and the time it is.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	now := s.opts.Now()
	body := map[string]any{"status": "OK", "timestamp": now.Add(-s.fault.Stale).UTC().Format("2006-01-02T15:04:05.000Z"), "uptime": now.Sub(s.started).Seconds()}
	s.mu.Unlock()
	answer(w, body)
}

// system answers as GET /admin/system/health does.
func (s *Server) system(w http.ResponseWriter, _ *http.Request) {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	s.mu.Lock()
	body := map[string]any{"status": "OK", "version": s.version, "uptime": s.opts.Now().Sub(s.started).Seconds(),
		"memory": map[string]any{"rss": memory.Sys, "heapTotal": memory.HeapSys, "heapUsed": memory.HeapAlloc},
		"cpu":    map[string]any{"cores": runtime.NumCPU(), "user": 1_200_000, "system": 300_000}}
	s.mu.Unlock()
	answer(w, body)
}

func answer(w http.ResponseWriter, body map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away needs no answer
}
