// Package github is a GitHub to try and test against: the part of its REST API that deals with issues, comments,
// labels and the state of a repository, and web pages for people, in memory and in one process. A client that is
// pointed at APIURL cannot tell it from GitHub. People act through Person or the pages; Faults makes the server
// misbehave the way GitHub and networks do.
//
// Shapes, rights and errors follow https://docs.github.com/en/rest?apiVersion=2022-11-28.
package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options are the settings of a server. The zero value is good for tests.
type Options struct {
	// Addr is where to listen; 127.0.0.1:0 by default.
	Addr string
	// Log gets what the server has to say; nothing is logged by default.
	Log *slog.Logger
	// Now is the clock of timestamps, limits and expiries; time.Now by default.
	Now func() time.Time
	// SearchDelay is how long a new or changed issue takes to reach the search index: 2 s by default, none when
	// negative. GitHub promises no time, so whoever must know what there is has to list, not to search.
	SearchDelay time.Duration
	// CoreLimit is how many requests a user has an hour, SearchLimit how many searches a minute; 5,000 and 30 by default.
	// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
	CoreLimit, SearchLimit int
	// SecondaryLimits also holds users to 80 new contents a minute, 500 an hour, and 900 points a minute.
	SecondaryLimits bool
	// Traffic is called after each request to the API, one at a time; it must not call the server.
	Traffic func(Request)
}

// Server is a running GitHub. All methods are safe for concurrent use.
//
// One mutex guards the whole state. Methods whose names begin in lower case expect it to be held, unless they say
// otherwise; exported ones take it.
type Server struct {
	opts     Options
	log      *slog.Logger
	listener net.Listener
	http     *http.Server
	ctx      context.Context // ends when the server closes
	cancel   context.CancelFunc
	running  sync.WaitGroup
	faults   *Faults
	pages    *pages
	traffic  sync.Mutex // held while Options.Traffic runs

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change of what a person can see
	version uint64        // counts those changes
	state
}

// Start listens and serves until Close.
func Start(o Options) (*Server, error) {
	setDefaults(&o)
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for GitHub: %w", err)
	}
	s := &Server{opts: o, log: o.Log, listener: listener, changed: make(chan struct{}), state: newState()}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.faults = &Faults{now: o.Now}
	s.pages = newPages()
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)}
	s.running.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("GitHub stopped serving", "error", err)
		}
	})
	return s, nil
}

func setDefaults(o *Options) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch {
	case o.SearchDelay == 0:
		o.SearchDelay = 2 * time.Second
	case o.SearchDelay < 0:
		o.SearchDelay = 0
	}
	if o.CoreLimit == 0 {
		o.CoreLimit = 5000
	}
	if o.SearchLimit == 0 {
		o.SearchLimit = 30
	}
}

// Close ends every request and waits until nothing runs any more.
func (s *Server) Close() error {
	s.cancel()
	err := s.http.Close()
	s.running.Wait()
	if err != nil {
		return fmt.Errorf("close GitHub: %w", err)
	}
	return nil
}

// URL is the address of the pages, "http://127.0.0.1:PORT".
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// apiPath is where the API is, as on a GitHub server of one's own.
const apiPath = "/api/v3"

// APIURL is the address of the API, with the slash at its end that clients want.
func (s *Server) APIURL() string { return s.URL() + apiPath + "/" }

// Faults are the ways in which this server can be made to misbehave.
func (s *Server) Faults() *Faults { return s.faults }

func (s *Server) routes() http.Handler {
	pages := http.NewServeMux()
	s.routePages(pages)
	people := s.local(pages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, apiPath+"/") {
			s.serveAPI(w, r)
			return
		}
		people.ServeHTTP(w, r)
	})
}

// now is the time of what happens, in the whole seconds that GitHub keeps.
func (s *Server) now() time.Time { return s.opts.Now().UTC().Truncate(time.Second) }

// touch tells everyone who waits that something visible has changed.
func (s *Server) touch() {
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait calls look under the lock, again after every change, until it is satisfied or ctx ends. The lock is not held by
// the caller.
func (s *Server) wait(ctx context.Context, look func() bool) error {
	for {
		s.mu.Lock()
		done, changed := look(), s.changed
		s.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.ctx.Done():
			return fmt.Errorf("GitHub was closed: %w", s.ctx.Err())
		}
	}
}
