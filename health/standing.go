package health

import (
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Status is what is known about a check.
type Status string

// The statuses. A check is Blind when it was not possible to look several times in a row, and Unseen before the first look.
const (
	Up     Status = "up"
	Down   Status = "down"
	Blind  Status = "unknown"
	Unseen Status = "new"
)

// Standing is how a check stands. Its key is the check's name.
type Standing struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Since is when the status began: with the first of the looks that made it.
	Since time.Time `json:"since"`
	// Fails, Passes and Blanks count the newest looks in a row that failed, went well, or could not be made; each began at
	// Turned.
	Fails  int       `json:"fails,omitempty"`
	Passes int       `json:"passes,omitempty"`
	Blanks int       `json:"blanks,omitempty"`
	Turned time.Time `json:"turned"`
	// Last are the newest results, oldest first, at most ten.
	Last []Result `json:"last"`
	// Slot is for when the newest look was due.
	Slot time.Time `json:"slot"`
	// Maintained says that the newest look fell into maintenance.
	Maintained bool `json:"maintained,omitempty"`
	Mute       Mute `json:"mute,omitzero"`
}

// Mute is a person's word that a check shall raise no alert until then.
type Mute struct {
	Until  time.Time `json:"until"`
	By     chat.User `json:"by"`
	Reason string    `json:"reason,omitempty"`
}

// Holds says that the mute is on.
func (m Mute) Holds(now time.Time) bool { return now.Before(m.Until) }

// Newest is the newest result; false before the first look.
func (s Standing) Newest() (Result, bool) {
	if len(s.Last) == 0 {
		return Result{}, false
	}
	return s.Last[len(s.Last)-1], true
}

// Wavers says that the newest looks speak against the status but are too few.
func (s Standing) Wavers() bool {
	return s.Status != Down && s.Fails > 0 || s.Status == Down && s.Passes > 0
}

const mostLast = 10

// take adds a result. Under maintenance it is kept but changes nothing, and the count begins anew afterwards.
func (s *Standing) take(c Check, r Result, slot time.Time, maintained bool) {
	if s.Status == "" {
		s.Check, s.Status, s.Since = c.Name, Unseen, r.At
	}
	s.Slot, s.Maintained = slot, maintained
	s.Last = append(s.Last, r)
	s.Last = s.Last[max(0, len(s.Last)-mostLast):]
	if maintained {
		s.Fails, s.Passes, s.Blanks = 0, 0, 0
		return
	}
	count := &s.Passes
	switch r.Outcome {
	case Failed:
		count = &s.Fails
	case Unknown:
		count = &s.Blanks
	}
	n := *count + 1
	if n == 1 {
		s.Turned = r.At
	}
	s.Fails, s.Passes, s.Blanks = 0, 0, 0
	*count = n
	switch {
	case s.Fails >= c.FailAfter:
		s.become(Down)
	case s.Passes > 0 && (s.Status != Down || s.Passes >= c.RecoverAfter):
		s.become(Up)
	case s.Blanks >= c.FailAfter && s.Status != Down: // what is down stays so until it is seen to be up
		s.become(Blind)
	}
}

func (s *Standing) become(status Status) {
	if s.Status != status {
		s.Status, s.Since = status, s.Turned
	}
}
