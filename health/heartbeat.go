package health

import (
	"context"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Heartbeat looks when somebody else's job has called its URL last, and what it said.
type Heartbeat struct {
	// Heard answers what is known of its calls.
	Heard func(ctx context.Context) (Heard, error)
	// Within is how long after a call the next one must come.
	Within time.Duration
	Now    func() time.Time
}

// Heard is what is known of the calls of one job.
type Heard struct {
	// Since is when the waiting began, with the first look at the check.
	Since time.Time `json:"since"`
	// At is when the job said last that it has ended, zero for never; Failed that it did not go well, Exit with which status
	// (0: it did not say). Began is when it said last that it begins.
	At     time.Time `json:"at,omitzero"`
	Failed bool      `json:"failed,omitempty"`
	Exit   int       `json:"exit,omitempty"`
	Began  time.Time `json:"began,omitzero"`
	// Took is how long the last run took that said when it began.
	Took time.Duration `json:"took,omitempty"`
	// Deaf is until when opsbot was away last and could hear nobody; zero for never.
	Deaf time.Time `json:"-"`
}

// Look asks for the last call. A job that has never called fails once the time for a call is over, too; one whose call
// may have come while opsbot was away is unknown until the time for the next one is over.
func (p Heartbeat) Look(ctx context.Context) Result {
	h, err := p.Heard(ctx)
	if err != nil {
		return Result{Outcome: Unknown, Say: "when it called last could not be read"}
	}
	now, last, r := p.Now(), h.At, Result{Outcome: OK}
	if last.IsZero() {
		last = h.Since
	}
	age := max(now.Sub(last), 0)
	if h.At.IsZero() {
		r.Outcome, r.Say = Unknown, "has not called yet"
	} else {
		r.Say = fmt.Sprintf("called %s ago", chat.Span(age))
		r.Figures = append(r.Figures, Figure{"age", age.Seconds(), "s"})
	}
	if h.Took > 0 {
		r.Figures = append(r.Figures, Figure{"run", h.Took.Seconds(), "s"})
	}
	switch {
	case age > p.Within && h.Deaf.After(last) && now.Sub(h.Deaf) <= p.Within:
		r.Outcome, r.Say = Unknown, r.Say+"; a call may have come while opsbot was away"
	case age > p.Within:
		r.Outcome, r.Say = Failed, r.Say+", more than "+chat.Span(p.Within)
		if h.At.IsZero() {
			r.Say = "has not called in the " + chat.Span(age) + " that it was waited for"
		}
		if h.Began.After(last) {
			r.Say += fmt.Sprintf("; a run began %s ago and has not ended", chat.Span(now.Sub(h.Began)))
		}
	case h.Failed:
		r.Outcome, r.Say = Failed, fmt.Sprintf("its run failed %s ago", chat.Span(age))
		if h.Exit != 0 {
			r.Say += fmt.Sprintf(" with exit status %d", h.Exit)
		}
	}
	return r
}
