package health

import (
	"context"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Heartbeat looks when somebody else's job has called its URL last.
type Heartbeat struct {
	// Last answers that time, zero when there was no call yet.
	Last func(ctx context.Context) (time.Time, error)
	// Within is how long after a call the next one must come.
	Within time.Duration
	// Since is when the waiting began, which counts as long as there was no call; zero leaves it unknown.
	Since time.Time
	Now   func() time.Time
}

// Look asks for the last call.
func (p Heartbeat) Look(ctx context.Context) Result {
	last, err := p.Last(ctx)
	if err != nil {
		return Result{Outcome: Unknown, Say: "when it called last could not be read"}
	}
	now := p.Now()
	if last.IsZero() {
		if p.Since.IsZero() || now.Sub(p.Since) <= p.Within {
			return Result{Outcome: Unknown, Say: "has not called yet"}
		}
		return Result{Outcome: Failed, Say: "has not called in the " + chat.Span(now.Sub(p.Since)) + " that it was waited for"}
	}
	age := max(now.Sub(last), 0)
	r := Result{Outcome: OK, Say: "called " + chat.Span(age) + " ago", Figures: []Figure{{"age", age.Seconds(), "s"}}}
	if age > p.Within {
		r.Outcome, r.Say = Failed, fmt.Sprintf("called %s ago, more than %s", chat.Span(age), chat.Span(p.Within))
	}
	return r
}
