package backups

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/bson"
	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// FullOptions say how a full backup is made. Only ID is needed.
type FullOptions struct {
	// ID names the backup, from NewID; Tool goes into the manifest and the archive: "opsbot 0.1.0".
	ID, Tool string
	// TakenFor goes into the manifest, too.
	TakenFor string
	// Readers is how many collections are read at once; 0 means 4.
	Readers int
	// Level of compression; 0 means the fastest.
	Level zstd.EncoderLevel
	// Progress is told, from one goroutine at a time, after each batch. Now is the clock, nil for the real one.
	Progress func(Progress)
	Now      func() time.Time
}

func (o *FullOptions) defaults() {
	o.Readers = cmp.Or(max(o.Readers, 0), 4)
	o.Level = cmp.Or(o.Level, zstd.SpeedFastest)
	o.Tool = cmp.Or(o.Tool, "opsbot")
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Full backs up everything that the database means into the store and answers the manifest, which is written last.
// Whatever goes wrong in any reader, in the store or with the context is an error, and nothing of the backup stays
// behind. Memory is bounded by a few batches of at most 16 MB for each reader.
func Full(ctx context.Context, db *databases.Database, store objects.Store, o FullOptions) (Manifest, error) {
	o.defaults()
	if DatabaseOf(o.ID) == o.ID {
		return Manifest{}, fmt.Errorf("backups: %q is no backup ID", o.ID)
	}
	f := &full{db: db, store: store, o: o}
	if err := f.survey(ctx); err != nil {
		return Manifest{}, explain(store, err)
	}
	if err := f.write(ctx); err != nil {
		return Manifest{}, explain(store, err)
	}
	return f.manifest, nil
}

// full is one backup while it is made.
type full struct {
	db       *databases.Database
	store    objects.Store
	o        FullOptions
	manifest Manifest

	namespaces []databases.Namespace
	indexes    [][]bson.Raw // of each namespace
	estimate   databases.Estimate
	tallies    []tally // of each namespace, each written by its reader alone

	done Progress
}

// survey finds out what there is to read.
func (f *full) survey(ctx context.Context) error {
	f.manifest = Manifest{Format: 1, ID: f.o.ID, Database: f.db.Name, Scope: f.db.Scope(), Tool: f.o.Tool, TakenFor: f.o.TakenFor, Started: f.o.Now().UTC()}
	server, err := f.db.Server(ctx)
	if err != nil {
		return err
	}
	f.manifest.Server, f.manifest.ReplicaSet = server.Version, server.ReplicaSet
	if f.namespaces, err = f.db.Namespaces(ctx); err != nil {
		return err
	}
	if f.estimate, err = f.db.EstimateOf(ctx, f.namespaces); err != nil {
		return err
	}
	f.indexes = make([][]bson.Raw, len(f.namespaces))
	f.tallies = make([]tally, len(f.namespaces))
	for i, n := range f.namespaces {
		if n.Type == databases.TypeTimeSeries && !n.Buckets {
			return &chat.Problem{
				Say: fmt.Sprintf("The time series %s is kept in a way that this version of the server hides from a backup.", chat.Literal(n.String())),
				Try: "Back this deployment up with the server's own tools.",
			}
		}
		if f.indexes[i], err = f.db.Indexes(ctx, n); err != nil {
			if databases.IsMissing(err) {
				return f.changed(n, "was dropped")
			}
			return err
		}
	}
	f.done = Progress{Stage: "reading", Total: f.estimate.Documents}
	f.o.Progress(f.done)
	return f.leave(ctx)
}

func (f *full) changed(n databases.Namespace, how string) error {
	return &chat.Problem{
		Say: fmt.Sprintf("The collection %s %s while the backup was made, so there is no backup.", chat.Literal(n.String()), how),
		Try: "Try again when no collection is dropped, renamed or replaced.",
	}
}

// write streams the archive, then the manifest.
func (f *full) write(ctx context.Context) (err error) {
	key := Key(f.o.ID, ArchiveName)
	w, err := f.store.Create(ctx, key, objects.CreateOptions{
		SizeHint: max(f.estimate.StorageBytes, f.estimate.Bytes/3), IfAbsent: true, ContentType: "application/zstd",
	})
	if err != nil {
		return fmt.Errorf("backups: write %s: %w", key, err)
	}
	defer w.Abort()
	out := &sink{to: w, sum: sha256.New()}
	if err := f.compress(ctx, out); err != nil {
		return err
	}
	if err := f.unchanged(ctx); err != nil {
		return err
	}
	if err := w.Commit(ctx); err != nil {
		return fmt.Errorf("backups: write %s: %w", key, err)
	}
	defer func() {
		if err != nil && !errors.Is(err, objects.ErrExists) {
			err = errors.Join(err, removeAll(context.WithoutCancel(ctx), f.store, f.o.ID))
		}
	}()
	stored, err := f.store.Stat(ctx, key)
	if err != nil {
		return fmt.Errorf("backups: look at %s: %w", key, err)
	}
	if stored.Size != out.size {
		return fmt.Errorf("backups: the store has %d bytes of %s instead of %d", stored.Size, key, out.size)
	}
	f.manifest.Objects = []Object{{Key: key, Size: out.size, SHA256: hex.EncodeToString(out.sum.Sum(nil))}}
	if err := f.complete(); err != nil {
		return err
	}
	return putSealed(ctx, f.store, Key(f.o.ID, ManifestName), f.manifest, true)
}

// compress writes the archive through zstd.
func (f *full) compress(ctx context.Context, out *sink) error {
	zw, err := zstd.NewWriter(out, zstd.WithEncoderLevel(f.o.Level), zstd.WithEncoderConcurrency(2), zstd.WithEncoderCRC(true))
	if err != nil {
		return fmt.Errorf("backups: start zstd: %w", err)
	}
	archive := &archiveWriter{w: zw}
	err = f.prelude(archive)
	if err == nil {
		err = f.read(ctx, archive)
	}
	// The encoder works in goroutines of its own, so it is closed in every case, and its last error counts.
	if closed := zw.Close(); err == nil && closed != nil {
		err = fmt.Errorf("backups: write the archive: %w", closed)
	}
	return err
}

func (f *full) prelude(archive *archiveWriter) error {
	entries := make([]archiveEntry, len(f.namespaces))
	for i, n := range f.namespaces {
		e, err := entryOf(n, f.indexes[i])
		if err != nil {
			return err
		}
		entries[i] = e
	}
	header := archiveHeader{
		Collections: int32(min(f.o.Readers, len(entries))), Version: archiveVersion, Server: f.manifest.Server, Tool: f.o.Tool,
	}
	if err := archive.prelude(header, entries); err != nil {
		return fmt.Errorf("backups: write the archive: %w", err)
	}
	return nil
}

// read reads all collections, the largest first, several at once; one goroutine writes what they send.
func (f *full) read(ctx context.Context, archive *archiveWriter) error {
	order := make([]int, len(f.namespaces))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return -cmp.Compare(f.estimate.Of[f.namespaces[a].String()].Bytes, f.estimate.Of[f.namespaces[b].String()].Bytes)
	})
	readers, reading := errgroup.WithContext(ctx)
	readers.SetLimit(f.o.Readers)
	pieces := make(chan piece)
	// A slot is held from the request of a batch until the batch is written: that bounds the memory.
	slots := make(chan struct{}, f.o.Readers+2)
	written := make(chan error, 1)
	stop, cancel := context.WithCancelCause(reading)
	defer cancel(nil)
	go func() {
		err := f.put(archive, pieces, slots)
		if err != nil {
			cancel(err)
			for range pieces { // until the readers have noticed
			}
		}
		written <- err
	}()
	for _, i := range order {
		if stop.Err() != nil {
			break
		}
		readers.Go(func() error {
			r := reader{full: f, index: i, pieces: pieces, slots: slots}
			return r.run(stop)
		})
	}
	err := readers.Wait()
	close(pieces)
	if failed := <-written; failed != nil {
		return failed // it came first: the readers only stopped because of it
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// put writes the pieces in the order in which they come.
func (f *full) put(archive *archiveWriter, pieces <-chan piece, slots <-chan struct{}) error {
	for p := range pieces {
		var err error
		if p.last {
			err = archive.end(p.name, p.crc, p.empty)
		} else {
			err = archive.documents(p.name, p.batch)
			<-slots
			f.progress(p)
		}
		if err != nil {
			return fmt.Errorf("backups: write the archive: %w", err)
		}
	}
	return nil
}

func (f *full) progress(p piece) {
	f.done.Done += p.documents
	f.done.Bytes += p.bytes
	f.done.Total = max(f.done.Total, f.done.Done)
	f.o.Progress(f.done)
}

// unchanged holds that every collection that was read is still the same one.
func (f *full) unchanged(ctx context.Context) error {
	now, err := f.db.Namespaces(ctx)
	if err != nil {
		return err
	}
	for _, n := range f.namespaces {
		i := slices.IndexFunc(now, func(m databases.Namespace) bool { return m.Database == n.Database && m.Name == n.Name })
		switch {
		case i < 0:
			return f.changed(n, "was dropped or renamed")
		case now[i].UUID != n.UUID || now[i].Type != n.Type:
			return f.changed(n, "was replaced")
		}
	}
	return nil
}

// complete fills the manifest with what was read.
func (f *full) complete() error {
	m := &f.manifest
	for i, n := range f.namespaces {
		c, err := describe(n, f.indexes[i])
		if err != nil {
			return err
		}
		t := &f.tallies[i]
		c.Documents, c.Bytes, c.Digest = t.documents, t.bytes, t.digest.String()
		c.CRC = fmt.Sprintf("%016x", t.crc)
		m.Collections = append(m.Collections, c)
		m.Documents += t.documents
		m.Bytes += t.bytes
		if believed := f.estimate.Of[n.String()].Documents; t.documents < believed-believed/10 {
			m.Remarks = append(m.Remarks, fmt.Sprintf("The server counted %d documents in %s at the start; %d were read.", believed, n, t.documents))
		}
	}
	m.Finished = f.o.Now().UTC()
	return nil
}

// sink counts and sums what goes into the store.
type sink struct {
	to   objects.Writer
	sum  hash.Hash
	size int64
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.sum.Write(p[:n])
	s.size += int64(n)
	return n, err
}
