package backups

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// markPrefix begins the name of an empty collection that stands in a database while a restore is under way there. A
// name alone does not say whose a database is: people drop and make databases, and one deployment can be configured
// under two names.
const markPrefix = "opsbot.restore."

// stagedPrefix begins the names under which a restore in place keeps collections beside those that they will replace.
// It has no dot, since not every server renames a collection with one.
const stagedPrefix = "opsbot_restore_"

func stagedName(id string, i int) string { return fmt.Sprintf("%s%s_%d", stagedPrefix, id, i) }

// isMark says that a collection is there for the time of a restore only.
func isMark(name string) bool {
	return strings.HasPrefix(name, markPrefix) || strings.HasPrefix(name, stagedPrefix)
}

func markOf(id string) string { return markPrefix + id }

// mark makes the targets the restore's own. Of two that want the same one at the same time at most one gets it.
func (r *restore) mark(ctx context.Context, targets []string) error {
	for _, name := range targets {
		if _, err := r.db.Run(ctx, name, bson.D{{Key: "create", Value: markOf(r.cert.ID)}}); err != nil {
			return err
		}
	}
	for _, name := range targets {
		found, err := r.db.Collections(ctx, name)
		if err != nil {
			return err
		}
		if len(found) > 1 {
			return r.taken(name)
		}
	}
	return nil
}

func unmark(ctx context.Context, db *databases.Database, id string, targets []string) error {
	for _, name := range targets {
		_, err := db.Run(ctx, name, bson.D{{Key: "drop", Value: markOf(id)}})
		if err != nil && !databases.IsMissing(err) {
			return err
		}
	}
	return nil
}

// DropUnfinished removes what a restore that came to no end has left, by its ID: the databases that hold its mark, then
// its record. A database without the mark was never written to by it, or was made anew by somebody since, and stays;
// so does a certified one.
func DropUnfinished(ctx context.Context, store objects.Store, db *databases.Database, id string) error {
	var r RestoreRecord
	err := getSealed(ctx, store, recordKey(id), &r)
	if errors.Is(err, errDamaged) || errors.Is(err, objects.ErrNotFound) {
		return nil // it gives no right to drop anything
	}
	if err != nil {
		return explain(store, err)
	}
	_, err = store.Stat(ctx, certificateKey(r.Backup, id))
	if err != nil && !errors.Is(err, objects.ErrNotFound) {
		return explain(store, fmt.Errorf("backups: look at the certificate of %s: %w", id, err))
	}
	certified := err == nil
	keep := certified
	for _, name := range r.Databases() {
		found, err := db.Primary().Collections(ctx, name)
		if err != nil {
			return err
		}
		mine := func(n databases.Namespace) bool { return n.Name == markOf(id) }
		others := func(n databases.Namespace) bool { return strings.HasPrefix(n.Name, markPrefix) && !mine(n) }
		switch {
		case !slices.ContainsFunc(found, mine):
			continue
		case certified || slices.ContainsFunc(found, others):
			keep = true
			err = unmark(ctx, db, id, []string{name})
		default:
			err = db.DropDatabase(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	if keep {
		return nil
	}
	if err := store.Delete(ctx, recordKey(id)); err != nil {
		return explain(store, fmt.Errorf("backups: remove the record of %s: %w", id, err))
	}
	return nil
}

// Holds says whether a database of the record is there and is still the one that the restore made.
func (r RestoreRecord) Holds(ctx context.Context, db *databases.Database, name string) (bool, error) {
	found, err := db.Primary().Collections(ctx, name)
	if err != nil {
		return false, err
	}
	ours := func(n databases.Namespace) bool {
		return n.Name == markOf(r.ID) || r.Done && (len(r.UUIDs) == 0 || slices.Contains(r.UUIDs, n.UUID))
	}
	return slices.ContainsFunc(found, ours), nil
}
