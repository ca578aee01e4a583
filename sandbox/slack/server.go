// Package slack is a Slack workspace to try and test against: the Web API, Socket Mode and a web page, in memory and
// in one process. A bot that is pointed at APIURL cannot tell it from Slack. People act through Person or the page;
// Faults makes the server misbehave the way Slack and networks do.
//
// Shapes and error codes follow https://docs.slack.dev.
package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Options are the settings of a server. The zero value is good for tests.
type Options struct {
	// Addr is where to listen; 127.0.0.1:0 by default.
	Addr string
	// Log gets what the server has to say; nothing is logged by default.
	Log *slog.Logger
	// Now is the clock of timestamps, expiries and rate limits; time.Now by default.
	Now func() time.Time
	// Limits switches the rate tiers of the methods on: calls beyond them are answered with 429.
	Limits bool
	// AckTimeout is how long a person and an event wait for an acknowledgement; 3 s by default, as in Slack.
	AckTimeout time.Duration
	// TriggerLife is how long after a command or a press a form can be opened; 3 s by default, as in Slack.
	TriggerLife time.Duration
	// EventRetries are the waits before each new delivery of an unacknowledged event; at once, 1 min and 5 min by
	// default. https://docs.slack.dev/apis/events-api/#retries
	EventRetries []time.Duration
	// PingEvery is the interval of WebSocket pings; 5 s by default.
	PingEvery time.Duration
	// Team is the workspace's name, "Sandbox" by default; AppName is the first app's, "opsbot" by default.
	Team, AppName string
	// Record is a folder that gets a file of all that apps send and the server accepts, each thing once, without
	// tokens. Left empty, the environment variable SANDBOX_SLACK_RECORD names it, or there is none.
	Record string
}

// Server is a running workspace. All methods are safe for concurrent use.
//
// One mutex guards the whole state. Methods whose names begin in lower case expect it to be held, unless they say
// otherwise; exported ones take it.
type Server struct {
	opts     Options
	log      *slog.Logger
	listener net.Listener
	http     *http.Server
	ctx      context.Context // ends when the server closes; goroutines started for a request end with it
	cancel   context.CancelFunc
	running  sync.WaitGroup
	faults   *Faults
	recorder *recorder // nil when nothing is recorded

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change of what a person can see
	version uint64        // counts those changes
	state
}

// Start listens and serves until Close.
func Start(o Options) (*Server, error) {
	setDefaults(&o)
	recorder, err := newRecorder(o.Record)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the workspace: %w", err), recorder.close())
	}
	s := &Server{opts: o, log: o.Log, recorder: recorder, listener: listener, changed: make(chan struct{}), state: newState()}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.faults = &Faults{s: s}
	s.teamID, s.teamName = s.newID("T"), o.Team
	s.addUser("slackbot", userOptions{bot: true, id: "USLACKBOT"})
	s.addApp(o.AppName)
	s.http = &http.Server{Handler: s.counted(s.routes()), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)}
	s.running.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the workspace stopped serving", "error", err)
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
	if o.AckTimeout == 0 {
		o.AckTimeout = 3 * time.Second
	}
	if o.TriggerLife == 0 {
		o.TriggerLife = 3 * time.Second
	}
	if o.EventRetries == nil {
		o.EventRetries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if o.PingEvery == 0 {
		o.PingEvery = 5 * time.Second
	}
	if o.Team == "" {
		o.Team = "Sandbox"
	}
	if o.AppName == "" {
		o.AppName = "opsbot"
	}
	if o.Record == "" {
		o.Record = os.Getenv(RecordVariable)
	}
}

// Close cuts every connection and waits until all work has ended.
func (s *Server) Close() error {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	err := s.http.Close()
	s.mu.Lock()
	for _, a := range s.apps {
		for _, c := range a.sockets {
			c.cut()
		}
	}
	s.mu.Unlock()
	s.running.Wait()
	if err = errors.Join(err, s.recorder.close()); err != nil {
		return fmt.Errorf("close the workspace: %w", err)
	}
	return nil
}

// counted lets Close wait for the requests that are being served.
func (s *Server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		closed := s.ctx.Err() != nil
		if !closed {
			s.running.Add(1)
		}
		s.mu.Unlock()
		if closed {
			http.Error(w, "the workspace is closed", http.StatusServiceUnavailable)
			return
		}
		defer s.running.Done()
		next.ServeHTTP(w, r)
	})
}

// URL is the address of the web page, "http://127.0.0.1:PORT".
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// APIURL is the address of the Web API, with the slash at its end that Slack's clients want.
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// BotToken is the first app's bot token (xoxb-…).
func (s *Server) BotToken() string { return s.firstApp().BotToken }

// AppToken is the first app's app-level token (xapp-…), for Socket Mode.
func (s *Server) AppToken() string { return s.firstApp().AppToken }

// BotUserID is the user id of the first app's bot.
func (s *Server) BotUserID() string { return s.firstApp().UserID }

// TeamID is the id of the workspace.
func (s *Server) TeamID() string { return s.teamID }

// Faults are the ways in which this server can be made to misbehave.
func (s *Server) Faults() *Faults { return s.faults }

func (s *Server) firstApp() App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apps[0].App
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveMethod)
	mux.HandleFunc("GET /link/", s.serveSocket)
	mux.HandleFunc("POST /response/{id}", s.serveResponseURL)
	mux.HandleFunc("POST /upload/v1/{id}", s.serveUpload)
	mux.HandleFunc("GET /files-pri/{id}/{name}", s.serveDownload)
	s.routePage(mux)
	return mux
}
