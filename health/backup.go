package health

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
)

// Backup looks how old the newest backup of a database is that was read back and found good.
type Backup struct {
	Catalogue *backups.Catalogue
	// Database is its configured name.
	Database string
	// Limit is the greatest age; the age counts from when the backup began.
	Limit time.Duration
	Now   func() time.Time
}

// Look reads the list of backups. A store that does not answer leaves the age unknown.
func (p Backup) Look(ctx context.Context) Result {
	entries, err := p.Catalogue.List(ctx, p.Database)
	if err != nil {
		r := Result{Outcome: Unknown, Say: "the list of backups could not be read"}
		if problem, ok := errors.AsType[*chat.Problem](err); ok {
			r.Say = sentence(problem.Say)
		}
		return r
	}
	unverified := int64(0)
	for _, e := range entries { // newest first
		if e.Database != p.Database {
			continue
		}
		if !e.Verified() {
			unverified++
			continue
		}
		age := p.Now().Sub(e.Started)
		r := Result{Outcome: OK, Say: "newest verified backup is " + chat.Span(age) + " old", Figures: []Figure{{"age", age.Seconds(), "s"}}}
		if age > p.Limit {
			r.Outcome, r.Say = Failed, r.Say+", more than "+chat.Span(p.Limit)
			if unverified > 0 {
				r.Say = sentence(r.Say, chat.Plural(unverified, "newer one")+" not verified")
			}
		}
		return r
	}
	if unverified > 0 {
		return Result{Outcome: Failed, Say: fmt.Sprintf("there is %s of %s, but none that was verified", chat.Plural(unverified, "backup"), chat.Literal(p.Database))}
	}
	return Result{Outcome: Failed, Say: "there is no backup of " + chat.Literal(p.Database)}
}
