package health

import (
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

// endIf stops a phase that came to its end; one that failed is told as the one that hung.
func (s *stopwatch) endIf(name string, well bool) {
	if well {
		s.end(name)
	}
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
