package checklists

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
)

// Restores passes when a backup of each database was restored lately and proven equal. It reads the certificates, which lie
// beside the backups.
type Restores struct {
	// Catalogue answers the backups of a database, as (*backups.Catalogue).List does.
	Catalogue func(ctx context.Context, database string) ([]backups.Entry, error)
	// Databases are by their configured names; with Any a proof of one of them is enough.
	Databases []string
	Any       bool
	// YoungerThan is the oldest that a proof may be, counted from its end.
	YoungerThan time.Duration
	Now         func() time.Time
}

// Look implements Probe.
func (p Restores) Look(ctx context.Context) Evidence {
	var proven, wanting []string
	for _, database := range p.Databases {
		entries, err := p.Catalogue(ctx, database)
		if err != nil {
			return Evidence{Outcome: Unknown, Say: "The certificates of restores could not be read: " + inWords(err)}
		}
		good, failed := proofs(entries)
		switch since := chat.Span(p.Now().Sub(good)); {
		case failed.After(good):
			wanting = append(wanting, fmt.Sprintf("the last restore of %s, %s ago, was not equal", chat.Literal(database), chat.Span(p.Now().Sub(failed))))
		case good.IsZero():
			wanting = append(wanting, "no restore of "+chat.Literal(database)+" was ever proven")
		case p.Now().Sub(good) > p.YoungerThan:
			wanting = append(wanting, fmt.Sprintf("the last proof of %s is %s old", chat.Literal(database), since))
		default:
			proven = append(proven, fmt.Sprintf("restore of %s proven equal %s ago", chat.Literal(database), since))
		}
	}
	if len(wanting) == 0 || p.Any && len(proven) > 0 {
		return Evidence{Outcome: Passed, Say: some(proven)}
	}
	return Evidence{Outcome: Failed, Say: fmt.Sprintf("%s (at most %s)", some(slices.Concat(wanting, proven)), chat.Span(p.YoungerThan))}
}

// proofs answers when the newest good and the newest bad certificate of some backups were written; zero for none.
func proofs(entries []backups.Entry) (good, failed time.Time) {
	for _, e := range entries {
		for _, c := range e.Certificates {
			switch {
			case c.OK && c.Finished.After(good):
				good = c.Finished
			case !c.OK && c.Finished.After(failed):
				failed = c.Finished
			}
		}
	}
	return good, failed
}

// inWords is an error for people.
func inWords(err error) string {
	if p, ok := errors.AsType[*chat.Problem](err); ok {
		return p.Say
	}
	return chat.Escape(err.Error())
}
