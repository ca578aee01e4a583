package bot

import (
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Queued answers how many things wait to be sent in a channel.
func (s *Slack) Queued(channel string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.senderOf(channel).queue)
}

// Edited answers how many states of a message were asked for.
func (s *Slack) Edited(at chat.Ref) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.senderOf(at.Channel).edits[at.TS]; e != nil {
		return e.version
	}
	return 0
}

// Arrivals lets tests try what is otherwise a race between sockets.
type Arrivals struct{ *arrivals }

func NewArrivals(now func() time.Time) Arrivals { return Arrivals{newArrivals(now)} }

func (a Arrivals) Settle(id string, final bool, insert func() error) error {
	return a.settle(id, final, insert)
}

func (a Arrivals) Refused(id string) bool { return a.refused(id) }
