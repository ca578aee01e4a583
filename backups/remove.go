package backups

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/objects"
)

// Discard removes what an unfinished backup left: uploads that were begun, and objects. A finished one is refused.
func Discard(ctx context.Context, store objects.Store, id string) error {
	_, err := store.Stat(ctx, Key(id, ManifestName))
	switch {
	case err == nil:
		return fmt.Errorf("backups: %s is finished and is not discarded", id)
	case !errors.Is(err, objects.ErrNotFound):
		return explain(store, fmt.Errorf("backups: look at %s: %w", id, err))
	}
	return explain(store, removeAll(ctx, store, id))
}

// Locked says that the store itself keeps an object of a backup, whoever asks.
type Locked struct {
	Backup, Key string
	// Until is when that ends; zero for a hold without an end.
	Until time.Time
}

func (l *Locked) Error() string {
	if l.Until.IsZero() {
		return fmt.Sprintf("backups: %s is held by the store", l.Key)
	}
	return fmt.Sprintf("backups: %s is locked until %s", l.Key, l.Until.UTC().Format(time.RFC3339))
}

// Remove deletes a backup: its manifest first, so that one that is removed by half is no backup. A missing one is no
// error. If the store keeps any of its objects locked at that moment the error is a *Locked, and nothing is deleted.
func Remove(ctx context.Context, store objects.Store, id string, now time.Time) error {
	if _, _, ok := splitID(id); !ok {
		return fmt.Errorf("backups: %q is no backup ID", id)
	}
	found, err := store.List(ctx, Key(id, ""))
	if err != nil {
		return explain(store, fmt.Errorf("backups: list %s: %w", id, err))
	}
	for _, listed := range found {
		info, err := store.Stat(ctx, listed.Key)
		switch {
		case errors.Is(err, objects.ErrNotFound):
		case err != nil:
			return explain(store, fmt.Errorf("backups: look at %s: %w", listed.Key, err))
		case info.Held:
			return &Locked{Backup: id, Key: info.Key}
		case info.LockedUntil.After(now):
			return &Locked{Backup: id, Key: info.Key, Until: info.LockedUntil}
		}
	}
	return explain(store, removeAll(ctx, store, id))
}

// FinishRemovals deletes what is left of those of the backups that were removed by half: they have objects, and no
// manifest. The others stay as they are.
func FinishRemovals(ctx context.Context, store objects.Store, ids []string) error {
	left := map[string]bool{} // whether it has a manifest, of what has objects
	seen := map[string]bool{}
	for _, id := range ids {
		database := DatabaseOf(id)
		if seen[database] {
			continue
		}
		seen[database] = true
		found, err := store.List(ctx, database+"/")
		if err != nil {
			return explain(store, fmt.Errorf("backups: list: %w", err))
		}
		for _, info := range found {
			if of, name, ok := idOf(info.Key); ok {
				left[of] = left[of] || name == ManifestName
			}
		}
	}
	for _, id := range ids {
		if whole, some := left[id]; some && !whole {
			if err := removeAll(ctx, store, id); err != nil {
				return explain(store, err)
			}
		}
	}
	return nil
}

func removeAll(ctx context.Context, store objects.Store, id string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, _, ok := splitID(id); !ok {
		return fmt.Errorf("backups: %q is no backup ID", id)
	}
	if err := store.Delete(ctx, Key(id, ManifestName)); err != nil {
		return fmt.Errorf("backups: remove the manifest of %s: %w", id, err)
	}
	if _, err := store.AbortUnfinished(ctx, Key(id, "")); err != nil {
		return fmt.Errorf("backups: remove unfinished uploads of %s: %w", id, err)
	}
	left, err := store.List(ctx, Key(id, ""))
	if err != nil {
		return fmt.Errorf("backups: list %s: %w", id, err)
	}
	for _, info := range left {
		if err := store.Delete(ctx, info.Key); err != nil {
			return fmt.Errorf("backups: remove %s: %w", info.Key, err)
		}
	}
	return nil
}
