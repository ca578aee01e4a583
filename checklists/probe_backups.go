package checklists

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
)

// Backups passes when each database's newest verified backup is young enough.
type Backups struct {
	// Catalogue answers the backups of a database, newest first, as (*backups.Catalogue).List does.
	Catalogue func(ctx context.Context, database string) ([]backups.Entry, error)
	// Databases are by their configured names; there is at least one.
	Databases []string
	// YoungerThan is the oldest that a backup may be, counted from when it began.
	YoungerThan time.Duration
	Now         func() time.Time
}

// Look implements Probe.
func (b Backups) Look(ctx context.Context) Evidence {
	var oldest time.Time
	var eldest string
	var none, wrong []string
	for _, database := range b.Databases {
		at, err := b.newest(ctx, database)
		switch {
		case err != nil:
			return Evidence{Outcome: Unknown, Say: "The backups could not be listed: " + chat.Escape(chat.Redact(err.Error()))}
		case at.IsZero():
			none = append(none, chat.Literal(database))
		case b.Now().Sub(at) > b.YoungerThan:
			wrong = append(wrong, fmt.Sprintf("the newest verified one of %s is %s old", chat.Literal(database), chat.Span(b.Now().Sub(at))))
		case oldest.IsZero() || at.Before(oldest):
			oldest, eldest = at, database
		}
	}
	if len(none) > 0 {
		has := map[bool]string{true: " has", false: " have"}[len(none) == 1]
		wrong = append([]string{strings.Join(none, ", ") + has + " no verified backup"}, wrong...)
	}
	if len(wrong) > 0 {
		say := strings.Join(wrong, "; ")
		return Evidence{Outcome: Failed, Say: fmt.Sprintf("%s (at most %s)", say, chat.Span(b.YoungerThan))}
	}
	say := fmt.Sprintf("last backup of %s %s ago, verified", chat.Literal(eldest), chat.Span(b.Now().Sub(oldest)))
	if more := len(b.Databases) - 1; more > 0 {
		say += fmt.Sprintf("; %s younger", chat.Plural(int64(more), "other"))
	}
	return Evidence{Outcome: Passed, Say: say}
}

// newest answers when the newest verified backup began, zero if there is none.
func (b Backups) newest(ctx context.Context, database string) (time.Time, error) {
	all, err := b.Catalogue(ctx, database)
	if err != nil {
		return time.Time{}, err
	}
	for _, e := range all {
		if e.Verified() {
			return e.Started, nil
		}
	}
	return time.Time{}, nil
}
