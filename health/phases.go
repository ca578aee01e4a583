package health

import (
	"net/http/httptrace"
	"slices"
	"sync"
	"time"
)

// stopwatch measures the phases of a look. Phases of one name add up, as those of several redirects do.
type stopwatch struct {
	mu     sync.Mutex
	start  time.Time
	phases []Phase
	open   map[string]time.Time
	last   string // the phase that began last
}

func newStopwatch() *stopwatch { return &stopwatch{start: time.Now(), open: map[string]time.Time{}} }

// begin starts a phase, unless it has begun already, as connects to both of two addresses do.
func (s *stopwatch) begin(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, running := s.open[name]; !running {
		s.open[name], s.last = time.Now(), name
	}
}

// end stops a phase; one that is not running is left as it is.
func (s *stopwatch) end(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop(name)
}

func (s *stopwatch) stop(name string) {
	began, running := s.open[name]
	if !running {
		return
	}
	delete(s.open, name)
	i := slices.IndexFunc(s.phases, func(p Phase) bool { return p.Name == name })
	if i < 0 {
		i, s.phases = len(s.phases), append(s.phases, Phase{Name: name})
	}
	s.phases[i].Took += time.Since(began)
}

// done stops everything. It answers the phases, how long all took, and the phase that was still running, or "".
func (s *stopwatch) done() (phases []Phase, took time.Duration, hung string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, running := s.open[s.last]; running {
		hung = s.last
	}
	for name := range s.open {
		s.stop(name)
	}
	return slices.Clone(s.phases), time.Since(s.start), hung
}

// trace measures DNS and connect. A phase that failed goes on until the look is over, and so is the one that hung.
func (s *stopwatch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { s.begin("DNS") },
		DNSDone: func(info httptrace.DNSDoneInfo) {
			if info.Err == nil {
				s.end("DNS")
			}
		},
		ConnectStart: func(_, _ string) { s.begin("connect") },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				s.end("connect")
			}
		},
	}
}
