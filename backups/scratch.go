package backups

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// RestoreRecord says which MongoDB databases a restore made. It is stored before the first write there, apart from the
// backup, so that only what opsbot made itself is ever dropped as scratch.
type RestoreRecord struct {
	// ID is that of the restore's certificate and run.
	ID     string `json:"id"`
	Backup string `json:"backup"`
	// Target is the configured name of the deployment; Renamed maps the backup's databases to those that were made.
	Target  string            `json:"target"`
	Renamed map[string]string `json:"renamed"`
	At      time.Time         `json:"at"`
	// Done says that everything was written; UUIDs are those of the collections that were there then, by which a
	// database of the same name that somebody made later is told apart. Some servers have none.
	Done  bool     `json:"done,omitempty"`
	UUIDs []string `json:"uuids,omitempty"`
}

// Databases are those that the restore made, ordered by name.
func (r RestoreRecord) Databases() []string { return slices.Sorted(maps.Values(r.Renamed)) }

// RestoreRecords answers the records of a deployment's restores whose databases were not dropped since, newest first;
// "" means all deployments.
func RestoreRecords(ctx context.Context, store objects.Store, target string) ([]RestoreRecord, error) {
	found, err := store.List(ctx, restores)
	if err != nil {
		return nil, explain(store, fmt.Errorf("backups: list restores: %w", err))
	}
	var records []RestoreRecord
	for _, info := range found {
		if _, _, ok := idOf(info.Key); ok || strings.HasPrefix(info.Key, journals) {
			continue // an object of a backup, of a database with that name, or what gives no right to drop
		}
		var r RestoreRecord
		err := getSealed(ctx, store, info.Key, &r)
		if errors.Is(err, errDamaged) || errors.Is(err, objects.ErrNotFound) {
			continue // it gives no right to drop anything
		}
		if err != nil {
			return nil, explain(store, err)
		}
		if target == "" || r.Target == target {
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b RestoreRecord) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	return records, nil
}

// DropScratch drops MongoDB databases that a restore made: new ones beside the old, or those of a restore that never
// came to its certificate. A name that no record gives the right to is a *chat.Problem, and then none is dropped. A
// database that is gone already is no error.
func DropScratch(ctx context.Context, store objects.Store, db *databases.Database, names []string) error {
	records, err := RestoreRecords(ctx, store, db.Name)
	if err != nil {
		return err
	}
	for _, name := range names {
		ours, err := madeByRestore(ctx, store, db, records, name)
		if err != nil {
			return explain(store, err)
		}
		if !ours {
			return &chat.Problem{
				Say: fmt.Sprintf("The database %s on %s was not made by a restore, so it is not dropped.", chat.Literal(name), chat.Literal(db.Name)),
				Try: scratchNames(records),
			}
		}
	}
	for _, name := range names {
		if err := db.DropDatabase(ctx, name); err != nil {
			return err
		}
	}
	for _, r := range records {
		if err := forget(ctx, store, db, r, names); err != nil {
			return explain(store, err)
		}
	}
	return nil
}

func scratchNames(records []RestoreRecord) string {
	var known []string
	for _, r := range records {
		known = append(known, r.Databases()...)
	}
	if len(known) == 0 {
		return "There is no scratch database."
	}
	return chat.Unknown("scratch database", "", known).Try
}

func madeByRestore(ctx context.Context, store objects.Store, db *databases.Database, records []RestoreRecord, name string) (bool, error) {
	there, err := db.Exists(ctx, name)
	if err != nil {
		return false, err
	}
	for _, r := range records {
		for from, to := range r.Renamed {
			if to != name {
				continue
			}
			if there {
				ours, err := r.Holds(ctx, db, name)
				if err != nil {
					return false, err
				}
				if !ours {
					continue
				}
			}
			if from != to {
				return true, nil
			}
			// A database that was restored under its own name and certified is no scratch any more.
			_, err := store.Stat(ctx, certificateKey(r.Backup, r.ID))
			if errors.Is(err, objects.ErrNotFound) {
				return true, nil
			}
			if err != nil {
				return false, fmt.Errorf("backups: look at the certificate of %s: %w", r.ID, err)
			}
		}
	}
	return false, nil
}

// forget removes a record of which a database was dropped, once none of its databases is left.
func forget(ctx context.Context, store objects.Store, db *databases.Database, r RestoreRecord, dropped []string) error {
	made := r.Databases()
	if !slices.ContainsFunc(made, func(name string) bool { return slices.Contains(dropped, name) }) {
		return nil
	}
	for _, name := range made {
		if slices.Contains(dropped, name) {
			continue
		}
		if there, err := db.Exists(ctx, name); err != nil || there {
			return err
		}
	}
	if err := store.Delete(ctx, recordKey(r.ID)); err != nil {
		return fmt.Errorf("backups: remove the record of %s: %w", r.ID, err)
	}
	return nil
}
