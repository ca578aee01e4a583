package backups

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/objects"
)

// Entry is one backup with all that is known of it.
type Entry struct {
	Manifest
	// Verification is nil until the backup was verified.
	Verification *Verification
	// Certificates are of its restores, newest first.
	Certificates []Certificate
	// Stored is the size in bytes of its objects in the store.
	Stored int64
	// Fault says why the manifest can't be read; then only ID, Database and Started are known.
	Fault string
}

// Verified says that the backup counts: it was read back whole and found good.
func (e Entry) Verified() bool { return e.Fault == "" && e.Verification != nil && e.Verification.OK }

// State says in a word what the backup is worth, for a table.
func (e Entry) State() string {
	switch {
	case e.Fault != "":
		return "DAMAGED"
	case e.Verification == nil:
		return "not verified"
	case e.Verification.OK:
		return "verified"
	}
	return "DAMAGED"
}

// Catalogue knows the backups of a store. The store is the truth: every question looks there, and what was read before
// is kept in memory under key, size and time of the object.
type Catalogue struct {
	store objects.Store

	mu    sync.Mutex
	cache map[cacheKey]any
}

// cacheKey tells versions of an object apart.
type cacheKey struct {
	key            string
	size, modified int64
}

// NewCatalogue makes the catalogue of a store. It may be used by several goroutines.
func NewCatalogue(store objects.Store) *Catalogue {
	return &Catalogue{store: store, cache: map[cacheKey]any{}}
}

// List answers the backups of a database by its configured name, newest first; "" means all databases.
func (c *Catalogue) List(ctx context.Context, database string) ([]Entry, error) {
	prefix := ""
	if database != "" {
		prefix = database + "/"
	}
	return c.list(ctx, prefix)
}

func (c *Catalogue) list(ctx context.Context, prefix string) ([]Entry, error) {
	found, err := c.store.List(ctx, prefix)
	if err != nil {
		return nil, explain(c.store, fmt.Errorf("backups: list: %w", err))
	}
	byID := map[string][]objects.Info{}
	for _, info := range found {
		if id, _, ok := idOf(info.Key); ok {
			byID[id] = append(byID[id], info)
		}
	}
	var (
		mu      sync.Mutex
		entries []Entry
	)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(8) // each is a few requests, and a store may be far away
	for id, infos := range byID {
		work.Go(func() error {
			e, ok, err := c.entry(ctx, id, infos)
			if err != nil || !ok {
				return err
			}
			mu.Lock()
			entries = append(entries, e)
			mu.Unlock()
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, explain(c.store, err)
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.ID, a.ID))
	})
	return entries, nil
}

// entry reads one backup; there is none without a manifest.
func (c *Catalogue) entry(ctx context.Context, id string, infos []objects.Info) (Entry, bool, error) {
	e := Entry{}
	found := false
	for _, info := range infos {
		e.Stored += info.Size
		_, name, _ := idOf(info.Key)
		var err error
		switch {
		case name == ManifestName:
			found = true
			if e.Manifest, err = cached[Manifest](ctx, c, info); err == nil && e.ID != id {
				err = errDamaged
			}
			if errors.Is(err, errDamaged) {
				e.Manifest, e.Fault, err = Manifest{ID: id}, "The manifest is damaged.", nil
				e.Database, e.Started, _ = splitID(id)
			}
		case name == VerificationName:
			var v Verification
			if v, err = cached[Verification](ctx, c, info); err == nil && v.Backup == id {
				e.Verification = &v
			}
		case strings.HasPrefix(name, certificates):
			var cert Certificate
			if cert, err = cached[Certificate](ctx, c, info); err == nil {
				e.Certificates = append(e.Certificates, cert)
			}
		}
		// What went away since it was listed, or is damaged, is as good as not there.
		if err != nil && !errors.Is(err, errDamaged) && !errors.Is(err, objects.ErrNotFound) {
			return Entry{}, false, err
		}
	}
	slices.SortFunc(e.Certificates, func(a, b Certificate) int { return b.Started.Compare(a.Started) })
	return e, found && e.ID == id, nil
}

// cached reads a sealed object, or takes it from memory when it has not changed.
func cached[T any](ctx context.Context, c *Catalogue, info objects.Info) (T, error) {
	at := cacheKey{info.Key, info.Size, info.Modified.UnixNano()}
	c.mu.Lock()
	known, ok := c.cache[at].(T)
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	var v T
	if err := getSealed(ctx, c.store, info.Key, &v); err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.cache) >= maxCached {
		clear(c.cache)
	}
	c.cache[at] = v
	return v, nil
}

// maxCached bounds the catalogue's memory. A manifest takes some kilobytes for each hundred collections.
const maxCached = 4096

// Get answers the backup with that ID; for an unknown one a *chat.Problem with the nearest.
func (c *Catalogue) Get(ctx context.Context, id string) (Entry, error) {
	if _, _, ok := splitID(id); ok && path.Clean(id) == id && !strings.ContainsAny(id, "/\\") {
		entries, err := c.list(ctx, Key(id, ""))
		if err != nil {
			return Entry{}, err
		}
		if len(entries) == 1 {
			return entries[0], nil
		}
	}
	all, err := c.List(ctx, "")
	if err != nil {
		return Entry{}, err
	}
	ids := make([]string, len(all))
	for i, e := range all {
		ids[i] = e.ID
	}
	return Entry{}, chat.Unknown("backup", id, ids)
}

// Resolve answers the backup that a person meant: an ID, or the configured name of a database or "latest" (with one
// database only, or as "latest <database>" or "<database>/latest"), which means the newest verified one.
func (c *Catalogue) Resolve(ctx context.Context, word string) (Entry, error) {
	word = strings.TrimSpace(word)
	if _, _, ok := splitID(word); ok {
		return c.Get(ctx, word)
	}
	database := strings.TrimSpace(strings.TrimPrefix(word, "latest"))
	database = strings.TrimSuffix(database, "/latest")
	all, err := c.List(ctx, "")
	if err != nil {
		return Entry{}, err
	}
	var databases, ids []string
	for _, e := range all {
		ids = append(ids, e.ID)
		if !slices.Contains(databases, e.Database) {
			databases = append(databases, e.Database)
		}
	}
	slices.Sort(databases)
	switch {
	case len(databases) == 0:
		return Entry{}, &chat.Problem{Say: "There is no backup yet.", Try: "Make one with `/backup now`."}
	case database == "" && len(databases) > 1:
		return Entry{}, &chat.Problem{
			Say: "There are backups of several databases.",
			Try: "Name one: " + strings.Join(literals(databases), ", ") + ".",
		}
	case database == "":
		database = databases[0]
	case !slices.Contains(databases, database):
		return Entry{}, chat.Unknown("backup", word, slices.Concat(databases, ids))
	}
	for _, e := range all {
		if e.Database == database && e.Verified() {
			return e, nil
		}
	}
	return Entry{}, &chat.Problem{
		Say: fmt.Sprintf("No backup of %s has been verified.", chat.Literal(database)),
		Try: "Verify one with `/backup verify`, or make a new one.",
	}
}

// Newest answers a backup by its ID, or the newest of a database by its configured name, verified or not.
func (c *Catalogue) Newest(ctx context.Context, word string) (Entry, error) {
	if _, _, ok := splitID(word); ok {
		return c.Get(ctx, word)
	}
	entries, err := c.List(ctx, word)
	if err != nil || len(entries) > 0 {
		return first(entries), err
	}
	return c.Resolve(ctx, word) // which says what there is instead
}

func first(entries []Entry) Entry {
	if len(entries) == 0 {
		return Entry{}
	}
	return entries[0]
}

func literals(words []string) []string {
	shown := make([]string, len(words))
	for i, w := range words {
		shown[i] = chat.Literal(w)
	}
	return shown
}

// readManifest reads the manifest of a backup. The error wraps errDamaged for one that is not as it was written.
func readManifest(ctx context.Context, store objects.Store, id string) (Manifest, error) {
	var m Manifest
	if _, _, ok := splitID(id); !ok || strings.ContainsAny(id, "/\\") {
		return m, chat.Unknown("backup", id, nil)
	}
	err := getSealed(ctx, store, Key(id, ManifestName), &m)
	switch {
	case errors.Is(err, objects.ErrNotFound):
		return m, &chat.Problem{
			Say: "There is no backup " + chat.Literal(id) + ".", Try: "`/backup list` shows what there is.", Err: err,
		}
	case err != nil:
		return m, err
	case m.ID != id:
		return m, fmt.Errorf("backups: %s is the manifest of %s: %w", id, m.ID, errDamaged)
	case m.Format != 1:
		return m, &chat.Problem{
			Say: fmt.Sprintf("The backup %s has the format %d, which this version of opsbot does not know.", chat.Literal(id), m.Format),
			Try: "Update opsbot.",
		}
	}
	return m, nil
}

// explain gives the errors of a store words for a person. Problems and the end of the context pass through.
func explain(store objects.Store, err error) error {
	if _, known := errors.AsType[*chat.Problem](err); known || err == nil {
		return err
	}
	p := &chat.Problem{Err: err}
	switch place := chat.Literal(store.String()); {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, objects.ErrDenied):
		p.Say = "The store " + place + " refused access."
		p.Try = "Check the keys in `storage`, and that they may read, write, list and delete there."
	case errors.Is(err, objects.ErrFull):
		p.Say = "The store " + place + " is full."
		p.Try = "Make room, or remove backups that are not needed. What was written of this one is gone."
	case errors.Is(err, objects.ErrUnreachable):
		p.Say = "The store " + place + " can't be reached."
		p.Try = "Is it up, and may this machine reach it?"
	case errors.Is(err, objects.ErrExists):
		p.Say = "There is an object of that name in the store " + place + " already."
		p.Try = "Run it again: a new run has a new name."
	default:
		return err
	}
	return p
}
