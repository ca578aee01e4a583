package backups

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// InPlace is the journal of a restore in place: what it replaces, and how far it is. It is stored before anything is
// written, before each replacement, and at the end, so that whatever happens it can be said what stands where.
type InPlace struct {
	// ID is that of the run and of the certificate; Backup is what is restored; Target is the deployment's name.
	ID     string `json:"id"`
	Backup string `json:"backup"`
	Target string `json:"target"`
	// Before is the backup that was taken first: the way back. "" means none.
	Before string    `json:"before,omitempty"`
	At     time.Time `json:"at"`
	// Compared is when everything lay beside and was found equal; Began and Swapped are the first and the last replacement.
	Compared time.Time `json:"compared,omitzero"`
	Began    time.Time `json:"began,omitzero"`
	Swapped  time.Time `json:"swapped,omitzero"`
	// Swaps are in the order in which they are made.
	Swaps []Swap `json:"swaps"`
	// Done says that the certificate was stored.
	Done bool `json:"done,omitempty"`
}

// Swap is one collection, view or time series that a restore in place replaces.
type Swap struct {
	Database string `json:"db"`
	Name     string `json:"name"`
	// Type is that in the backup; Options are a view's own.
	Type    string `json:"type"`
	Options string `json:"options,omitempty"`
	// Staged is its name while it lies beside; "" for what is only made or removed.
	Staged string `json:"staged,omitempty"`
	// OldType and OldUUID are of what stood there before, "" for nothing or not known; UUID is that of the restored one.
	OldType string `json:"old_type,omitempty"`
	OldUUID string `json:"old_uuid,omitempty"`
	UUID    string `json:"uuid,omitempty"`
	// Remove says that what an earlier restore made here is taken away, if it is still that with UUID.
	Remove bool  `json:"remove,omitempty"`
	State  Stand `json:"state"`
}

// Namespace is "db.collection".
func (s Swap) Namespace() string { return s.Database + "." + s.Name }

// Stand says what stands in the place of a collection.
type Stand string

// The stands. Begun is one whose replacement was under way when the journal was last written; after Settle there is
// none any more.
const (
	StandsOld        Stand = "old"
	StandsBegun      Stand = "begun"
	StandsRestored   Stand = "restored"
	StandsIncomplete Stand = "incomplete"
	StandsAbsent     Stand = "absent"
	StandsOther      Stand = "other"
)

// Of answers the swaps with one of these stands.
func (j InPlace) Of(stands ...Stand) []Swap {
	var found []Swap
	for _, s := range j.Swaps {
		if slices.Contains(stands, s.State) {
			found = append(found, s)
		}
	}
	return found
}

// Touched says that something was replaced, or may have been.
func (j InPlace) Touched() bool { return len(j.Of(StandsOld)) < len(j.Swaps) }

// NoteInPlace stores a journal.
func NoteInPlace(ctx context.Context, store objects.Store, j InPlace) error {
	return explain(store, putSealed(ctx, store, journalKey(j.ID), j, false))
}

// ReadInPlace reads a journal by its ID. ok is false when there is none, or a damaged one, which says nothing.
func ReadInPlace(ctx context.Context, store objects.Store, id string) (j InPlace, ok bool, err error) {
	err = getSealed(ctx, store, journalKey(id), &j)
	if errors.Is(err, errDamaged) || errors.Is(err, objects.ErrNotFound) {
		return InPlace{}, false, nil
	}
	return j, err == nil, explain(store, err)
}

// CertificateOf reads the certificate of a restore; ok is false when none was stored.
func CertificateOf(ctx context.Context, store objects.Store, backup, id string) (c Certificate, ok bool, err error) {
	err = getSealed(ctx, store, certificateKey(backup, id), &c)
	if errors.Is(err, errDamaged) || errors.Is(err, objects.ErrNotFound) {
		return Certificate{}, false, nil
	}
	return c, err == nil, explain(store, err)
}

// SettleInPlace looks at what a restore in place that came to no end has left, notes what stands where, and removes
// the collections that lie beside, by the names that the journal gives them, and a backup that was not finished. It
// replaces nothing. Without a journal there is nothing to settle, and ok is false. It may be called again.
func SettleInPlace(ctx context.Context, store objects.Store, db *databases.Database, id string) (j InPlace, ok bool, err error) {
	if j, ok, err = ReadInPlace(ctx, store, id); err != nil || !ok {
		return j, ok, err
	}
	db = db.Primary()
	for i := range j.Swaps {
		s := &j.Swaps[i]
		if s.State, err = stands(ctx, db, *s); err != nil {
			return j, true, err
		}
	}
	if err := NoteInPlace(ctx, store, j); err != nil {
		return j, true, err
	}
	if err := dropStaged(ctx, db, j); err != nil {
		return j, true, err
	}
	if j.Before != "" {
		_, err := store.Stat(ctx, Key(j.Before, ManifestName))
		if errors.Is(err, objects.ErrNotFound) {
			j.Before, err = "", Discard(ctx, store, j.Before)
		}
		if err != nil {
			return j, true, explain(store, fmt.Errorf("backups: look at %s: %w", j.Before, err))
		}
	}
	if j.Touched() {
		return j, true, NoteInPlace(ctx, store, j)
	}
	if err := store.Delete(ctx, journalKey(id)); err != nil {
		return j, true, explain(store, fmt.Errorf("backups: remove the journal of %s: %w", id, err))
	}
	return j, true, nil
}

// dropStaged removes what lies beside. Nobody but this restore makes collections of such names.
func dropStaged(ctx context.Context, db *databases.Database, j InPlace) error {
	for _, s := range j.Swaps {
		if !strings.HasPrefix(s.Staged, stagedPrefix+j.ID+"_") {
			continue
		}
		if err := db.DropCollection(ctx, s.Database, s.Staged); err != nil {
			return err
		}
	}
	return nil
}

// look finds one namespace of a database.
func look(ctx context.Context, db *databases.Database, database, name string) (n databases.Namespace, there bool, err error) {
	found, err := db.Collections(ctx, database)
	if err != nil {
		return n, false, err
	}
	i := slices.IndexFunc(found, func(n databases.Namespace) bool { return n.Name == name })
	if i < 0 {
		return n, false, nil
	}
	return found[i], true, nil
}

// stands says what stands in the place of a swap now.
func stands(ctx context.Context, db *databases.Database, s Swap) (Stand, error) {
	now, there, err := look(ctx, db, s.Database, s.Name)
	if err != nil {
		return s.State, err
	}
	begun := s.State == StandsBegun
	switch {
	case s.Remove && !there:
		return StandsRestored, nil
	case s.Remove:
		return StandsOld, nil
	case !there && s.OldType == "" && s.State != StandsRestored:
		return StandsOld, nil // as before: nothing
	case !there:
		return StandsAbsent, nil
	case s.Type == databases.TypeView:
		return viewStands(now, s)
	case s.rewritten() && (begun || s.State == StandsIncomplete):
		if now.UUID != "" && now.UUID == s.OldUUID && s.Type == databases.TypeTimeSeries {
			return StandsOld, nil
		}
		return StandsIncomplete, nil
	case now.UUID != "" && now.UUID == s.UUID:
		return StandsRestored, nil
	case now.UUID != "" && now.UUID == s.OldUUID && now.Type == s.OldType:
		return StandsOld, nil
	case now.Type == databases.TypeView && s.OldType == databases.TypeView:
		return StandsOld, nil
	case now.UUID != "":
		return StandsOther, nil
	case !begun:
		return s.State, nil
	}
	// Without UUIDs the renaming tells: once it was done, nothing lies beside any more.
	_, beside, err := look(ctx, db, s.Database, s.Staged)
	if beside {
		return StandsOld, err
	}
	return StandsRestored, err
}

func viewStands(now databases.Namespace, s Swap) (Stand, error) {
	if now.Type != s.Type {
		return StandsOld, nil
	}
	c, err := describe(now, nil)
	if err != nil {
		return s.State, err
	}
	same, err := sameText(c.Options, s.Options)
	switch {
	case err != nil:
		return s.State, err
	case same && s.State != StandsOld:
		return StandsRestored, nil
	case s.OldType == databases.TypeView || s.State == StandsOld:
		return StandsOld, nil
	}
	return StandsOther, nil
}

func sameText(a, b string) (bool, error) {
	left, err := canonicalJSON(a)
	if err != nil {
		return false, err
	}
	right, err := canonicalJSON(b)
	return left == right, err
}

// rewritten says that the documents are copied into place, since the server does not rename such a collection.
func (s Swap) rewritten() bool {
	return s.Type == databases.TypeTimeSeries || strings.HasPrefix(s.Name, "system.")
}
