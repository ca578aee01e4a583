// Package converge has the world follow what is decided. A decision changes a record by a pure rule, once for each
// request; effects then bring Slack, or another service, to where the record says. Each effect says what it wants for a
// record as it is and brings that about idempotently, so a process that dies between a call and the note of it only has
// it brought about once more. Effects that wait for different services are in different lanes, so that one that is down
// holds up nothing in the other.
package converge

import (
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// Act is a person's decision: by whom, when, and the request it came with, which counts once.
type Act struct {
	Request string
	By      chat.User
	At      time.Time
}

// State is what a record carries about what follows from it. Records embed it.
type State struct {
	// Applied are the newest requests that changed it, so that one that comes again changes nothing.
	Applied []string `json:"applied,omitempty"`
	// Rev grows with each change, Decisions with those by a person alone. Lanes is how far each lane has followed.
	Rev       int64               `json:"rev"`
	Decisions int64               `json:"decisions,omitempty"`
	Lanes     map[string]Progress `json:"lanes,omitempty"`
	// Effects are what was brought about last, by the effect's name.
	Effects map[string]string `json:"effects,omitempty"`
}

// Progress is how far a lane has followed.
type Progress struct {
	// Due is when the lane looks next; zero when only a change can give it something to do.
	Due time.Time `json:"due,omitzero"`
	// Failures counts the attempts in a row that did not get through.
	Failures int `json:"failures,omitempty"`
}

// Index adds to the fields of a record when each lane is due, for the engine to ask.
func (s State) Index(fields map[string]string) {
	for name, lane := range s.Lanes {
		if !lane.Due.IsZero() {
			fields["due "+name] = state.SortableTime(lane.Due)
		}
	}
}

// LaneDue has one lane look at the record now.
func (s *State) LaneDue(lane string, now time.Time) {
	s.set(lane, Progress{Due: now})
}

// BroughtAbout notes what an effect has brought about, or means to.
func (s *State) BroughtAbout(name, what string) {
	if s.Effects == nil {
		s.Effects = map[string]string{}
	}
	s.Effects[name] = what
}

func (s *State) set(lane string, p Progress) {
	if s.Lanes == nil {
		s.Lanes = map[string]Progress{}
	}
	s.Lanes[lane] = p
}

// mostApplied is how many requests a record remembers.
const mostApplied = 100

// apply says that the request has not changed the record before; from now on it has. "" is none that could come again.
func (s *State) apply(request string) bool {
	if request == "" {
		return true
	}
	if slices.Contains(s.Applied, request) {
		return false
	}
	s.Applied = append(s.Applied, request)
	s.Applied = s.Applied[max(0, len(s.Applied)-mostApplied):]
	return true
}
