package backups

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// RestoreOptions say what is restored and where to. Only CertificateID is needed.
type RestoreOptions struct {
	// CertificateID names the certificate and the restore record: the ID of the run.
	CertificateID string
	// Namespaces are the chosen collections, each "db.collection" or "collection"; none means all.
	Namespaces []string
	// Rename maps MongoDB databases of the backup to the names that they get; what is not in it keeps its name.
	Rename map[string]string
	// Workers is how many inserts are under way at once; 0 means 4.
	Workers int
	// Progress is told now and then, from one goroutine at a time. Now is the clock, nil for the real one.
	Progress func(Progress)
	Now      func() time.Time
	// Target is the name that the certificate gives the deployment; "" means the database's configured one.
	Target string
}

// Restore writes a verified backup, or some of its collections, into MongoDB databases that hold nothing yet, reads
// everything back and answers the certificate, which is stored beside the backup too. A certificate whose OK is false
// is no error: it says what differs. The error says that there is no certificate; what was written until then is found
// by its restore record. Target databases that hold anything are refused before anything is written.
func Restore(ctx context.Context, store objects.Store, id string, db *databases.Database, o RestoreOptions) (Certificate, error) {
	r, err := newRestore(store, id, db, o)
	if err != nil {
		return Certificate{}, err
	}
	r.load = func(ctx context.Context) (Manifest, error) { return countingManifest(ctx, store, id) }
	r.open = func(ctx context.Context) (*storedArchive, error) { return openArchive(ctx, store, r.manifest) }
	if err := r.run(ctx); err != nil {
		return Certificate{}, explain(store, err)
	}
	return r.cert, nil
}

// newRestore fills in the defaults.
func newRestore(store objects.Store, backup string, db *databases.Database, o RestoreOptions) (*restore, error) {
	o.Workers = cmp.Or(max(o.Workers, 0), 4)
	o.Target = cmp.Or(o.Target, db.Name)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.CertificateID == "" || strings.Contains(o.CertificateID, "/") {
		return nil, fmt.Errorf("backups: %q is no certificate ID", o.CertificateID)
	}
	r := &restore{store: store, db: db.Primary(), o: o}
	r.cert = Certificate{ID: o.CertificateID, Backup: backup, Target: o.Target, Renamed: map[string]string{}, Started: o.Now().UTC()}
	return r, nil
}

// restore is one restore while it runs.
type restore struct {
	store    objects.Store
	db       *databases.Database
	o        RestoreOptions
	manifest Manifest
	server   databases.Server
	cert     Certificate
	record   RestoreRecord
	// load answers the manifest of what is restored, which must count; open reads its archive.
	load func(context.Context) (Manifest, error)
	open func(context.Context) (*storedArchive, error)

	collections []*restored // what has documents, ordered by namespace
	views       []*restored
	refused     refusals

	mu   sync.Mutex // guards the progress
	done Progress
	told time.Time
}

func (r *restore) run(ctx context.Context) error {
	if err := r.choose(ctx); err != nil {
		return err
	}
	if err := r.claim(ctx); err != nil {
		return err
	}
	if err := r.stages(ctx); err != nil {
		return err
	}
	if err := r.certify(ctx); err != nil {
		return err
	}
	r.record.Done = true
	if err := putSealed(ctx, r.store, recordKey(r.record.ID), r.record, false); err != nil {
		return err
	}
	if err := putSealed(ctx, r.store, certificateKey(r.manifest.ID, r.cert.ID), r.cert, false); err != nil {
		return err
	}
	return unmark(ctx, r.db, r.cert.ID, r.record.Databases())
}

// stages writes, reads back and indexes, and takes the time of each.
func (r *restore) stages(ctx context.Context) error {
	stages := []struct {
		name  string
		takes *time.Duration
		do    func(context.Context) error
	}{
		{"writing", &r.cert.Writing, r.write},
		{"comparing", &r.cert.Reading, r.readBack},
		{"indexing", &r.cert.Indexing, r.index},
	}
	for _, stage := range stages {
		r.enter(stage.name)
		started := time.Now()
		if err := stage.do(ctx); err != nil {
			return err
		}
		*stage.takes = time.Since(started)
	}
	return nil
}

// countingManifest reads the manifest of a backup that counts: it was verified.
func countingManifest(ctx context.Context, store objects.Store, id string) (Manifest, error) {
	m, err := readManifest(ctx, store, id)
	if err != nil {
		return m, err
	}
	var v Verification
	err = getSealed(ctx, store, Key(m.ID, VerificationName), &v)
	if errors.Is(err, objects.ErrNotFound) || err == nil && (!v.OK || v.Backup != m.ID) {
		return m, &chat.Problem{
			Say: fmt.Sprintf("The backup %s has not been verified, so it does not count.", chat.Literal(m.ID)),
			Try: "Verify it with `/backup verify " + m.ID + "`, or take another one.",
		}
	}
	return m, err
}

// choose loads the manifest and finds what is to be restored.
func (r *restore) choose(ctx context.Context) error {
	var err error
	if r.manifest, err = r.load(ctx); err != nil {
		return err
	}
	chosen, err := Choose(r.manifest, r.o.Namespaces)
	if err != nil {
		return err
	}
	r.cert.Whole = len(chosen) == len(r.manifest.Collections)
	for _, c := range chosen {
		target := cmp.Or(r.o.Rename[c.Database], c.Database)
		r.cert.Renamed[c.Database] = target
		options, err := fromJSON(c.Options)
		if err != nil {
			return fmt.Errorf("backups: the options of %s: %w", c.Namespace(), err)
		}
		made := &restored{Collection: c, target: target, as: c.Name, options: options}
		if c.Type == databases.TypeView {
			r.views = append(r.views, made)
		} else {
			r.collections = append(r.collections, made)
			r.done.Total += c.Documents
		}
	}
	return nil
}

// Choose answers the collections of a backup that are meant by the names, each "db.collection" or "collection"; all of
// them without names. A name that fits none is a *chat.Problem with the nearest.
func Choose(m Manifest, names []string) ([]Collection, error) {
	if len(names) == 0 {
		return m.Collections, nil
	}
	chosen := map[string]bool{}
	for _, name := range names {
		known := false
		var valid []string
		for _, c := range m.Collections {
			valid = append(valid, c.Name)
			if c.Namespace() == name || c.Name == name {
				chosen[c.Namespace()], known = true, true
			}
		}
		if !known {
			return nil, chat.Unknown("collection", name, valid)
		}
	}
	return slices.DeleteFunc(slices.Clone(m.Collections), func(c Collection) bool { return !chosen[c.Namespace()] }), nil
}

// reserved are names that no restore writes to.
var reserved = []string{"admin", "config", "local"}

// claim holds that the targets are empty, writes down that they are ours before anything is written there, and marks them.
func (r *restore) claim(ctx context.Context) error {
	targets := slices.Sorted(maps.Values(r.cert.Renamed))
	for i, name := range targets {
		switch {
		case slices.Contains(reserved, name):
			return &chat.Problem{Say: chat.Literal(name) + " belongs to the server itself and can't be a target.", Try: "Choose another name."}
		case len(name) > 63 || strings.ContainsAny(name, "/\\. \"$\x00"):
			// https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
			return &chat.Problem{
				Say: chat.Literal(name) + " can't be the name of a MongoDB database.",
				Try: "Use at most 63 letters, digits, _ and -.",
			}
		case i > 0 && targets[i-1] == name:
			return &chat.Problem{Say: "Two databases would be restored into " + chat.Literal(name) + ".", Try: "Give each its own name."}
		}
	}
	if err := r.empty(ctx, targets); err != nil {
		return err
	}
	var err error
	if r.server, err = r.db.Server(ctx); err != nil {
		return err
	}
	r.record = RestoreRecord{ID: r.cert.ID, Backup: r.manifest.ID, Target: r.o.Target, Renamed: r.cert.Renamed, At: r.cert.Started}
	if err := putSealed(ctx, r.store, recordKey(r.record.ID), r.record, false); err != nil {
		return err
	}
	err = r.empty(ctx, targets)
	if err == nil {
		err = r.mark(ctx, targets)
	}
	if err == nil {
		return nil
	}
	after := context.WithoutCancel(ctx) // what is there now is not ours
	if unmarked := unmark(after, r.db, r.cert.ID, targets); unmarked != nil {
		return errors.Join(err, unmarked)
	}
	return errors.Join(err, r.store.Delete(after, recordKey(r.record.ID)))
}

func (r *restore) empty(ctx context.Context, targets []string) error {
	for _, name := range targets {
		empty, err := r.db.IsEmpty(ctx, name)
		if err != nil {
			return err
		}
		if !empty {
			return r.taken(name)
		}
	}
	return nil
}

func (r *restore) taken(name string) error {
	return &chat.Problem{
		Say: fmt.Sprintf("The database %s on %s is not empty, so nothing is restored into it.", chat.Literal(name), chat.Literal(r.o.Target)),
		Try: "Choose a name that is not taken.",
	}
}

// enter begins a stage.
func (r *restore) enter(stage string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = Progress{Stage: stage, Total: r.done.Total}
	r.o.Progress(r.done)
}

func (r *restore) progress(documents, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done.Done += documents
	r.done.Bytes += bytes
	if r.done.Done == r.done.Total || time.Since(r.told) > 100*time.Millisecond {
		r.told = time.Now()
		r.o.Progress(r.done)
	}
}

// readBack reads what was written, before any index can delete of it.
func (r *restore) readBack(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(r.o.Workers)
	for _, c := range r.collections {
		work.Go(func() error {
			return scan(ctx, r.db, c.target, c.written(), &c.found, r.progress)
		})
	}
	return work.Wait()
}

// index builds indexes, then views, then what deletes documents.
func (r *restore) index(ctx context.Context) error {
	if err := r.buildIndexes(ctx, false); err != nil {
		return err
	}
	for _, v := range r.views {
		if err := r.createView(ctx, v); err != nil {
			return err
		}
	}
	if err := r.buildIndexes(ctx, true); err != nil {
		return err
	}
	return r.expireAgain(ctx)
}

// barrier waits until most members of the replica set have everything that was written so far: a write that changes
// nothing is acknowledged only after all before it.
func (r *restore) barrier(ctx context.Context) error {
	for _, c := range r.collections {
		if capped, _ := c.options.Lookup("capped").BooleanOK(); capped || c.Type == databases.TypeTimeSeries {
			continue
		}
		_, err := r.db.Run(ctx, c.target, bson.D{
			{Key: "delete", Value: c.as},
			{Key: "deletes", Value: bson.A{bson.D{
				{Key: "q", Value: bson.D{{Key: "_id", Value: primitive.NewObjectID()}}}, {Key: "limit", Value: 1},
			}}},
			{Key: "writeConcern", Value: bson.D{{Key: "w", Value: "majority"}}},
		})
		return err
	}
	return nil
}

// certify compares what was expected with what was found.
func (r *restore) certify(ctx context.Context) error {
	found := map[string]databases.Namespace{}
	for _, target := range r.cert.Renamed {
		now, err := r.db.Collections(ctx, target)
		if err != nil {
			return err
		}
		for _, n := range now {
			if isMark(n.Name) {
				continue
			}
			found[n.String()] = n
			if n.UUID != "" {
				r.record.UUIDs = append(r.record.UUIDs, n.UUID)
			}
		}
	}
	for _, c := range slices.Concat(r.collections, r.views) {
		row, err := r.row(ctx, c, found)
		if err != nil {
			return err
		}
		delete(found, c.namespace())
		r.cert.Rows = append(r.cert.Rows, row)
	}
	slices.SortFunc(r.cert.Rows, func(a, b Comparison) int { return cmp.Compare(a.Expected.Namespace(), b.Expected.Namespace()) })
	for _, name := range slices.Sorted(maps.Keys(found)) {
		r.cert.Remarks = append(r.cert.Remarks, name+" is there too, and is not from the backup.")
	}
	r.cert.Failures, r.cert.Samples = r.refused.total, r.refused.samples()
	r.cert.Finished = r.o.Now().UTC()
	r.cert.OK = r.cert.Failures == 0 && !slices.ContainsFunc(r.cert.Rows, func(c Comparison) bool { return len(c.Differences) > 0 })
	return nil
}

// row compares one collection.
func (r *restore) row(ctx context.Context, c *restored, found map[string]databases.Namespace) (Comparison, error) {
	row := Comparison{Expected: c.Collection}
	n, ok := found[c.namespace()]
	if !ok {
		row.Found = Collection{Database: c.target, Name: c.Name}
		row.Differences = append(c.notes, "it is missing")
		return row, nil
	}
	indexes, err := r.db.Indexes(ctx, n)
	if err != nil {
		return row, err
	}
	if row.Found, err = describe(n, indexes); err != nil {
		return row, err
	}
	row.Found.Name = c.Name
	if c.Type != databases.TypeView || c.Documents > 0 {
		row.Found.Documents, row.Found.Bytes = c.found.documents, c.found.bytes
	}
	row.Found.Digest = c.found.digest.String()
	different, err := differences(c.Collection, row.Found)
	if err != nil {
		return row, err
	}
	row.Differences = slices.Concat(c.notes, different)
	specs, err := c.specs()
	if err != nil {
		return row, err
	}
	for _, s := range specs {
		if s.ttl {
			r.cert.Remarks = append(r.cert.Remarks, fmt.Sprintf("The index %s of %s deletes documents from now on, as they grow old.", s.name, c.target+"."+c.Name))
		}
	}
	return row, nil
}
