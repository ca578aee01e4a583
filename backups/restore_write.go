package backups

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// inFlight bounds the bytes of the inserts that are under way together; the driver holds each of them three times over.
const inFlight = 2 * insertBytes

func weight(bytes int64) int64 { return min(bytes, inFlight) }

// write makes the collections and inserts all documents, then waits until they are safe.
func (r *restore) write(ctx context.Context) error {
	for _, c := range r.collections {
		if err := r.create(ctx, c); err != nil {
			return err
		}
	}
	archive, err := r.open(ctx)
	if err != nil {
		return err
	}
	err = r.stream(ctx, archive)
	if drained := archive.drain(); drained != nil {
		err = drained // the store failed, and the archive only looked cut off
	}
	if err := errors.Join(err, archive.close()); err != nil {
		return err
	}
	if faults := archive.faults(); len(faults) > 0 {
		return &chat.Problem{
			Say: "The archive has changed since it was verified: " + faults[0],
			Try: "What was written of it is removed. Find out who changed it before you trust it.",
		}
	}
	return r.barrier(ctx)
}

// stream reads the archive and hands its documents to the workers in batches.
func (r *restore) stream(ctx context.Context, archive io.Reader) error {
	workers, ctx := errgroup.WithContext(ctx)
	batches := make(chan *insertion)
	flight := semaphore.NewWeighted(inFlight)
	for range r.o.Workers {
		workers.Go(func() error {
			for i := range batches {
				if err := ctx.Err(); err != nil {
					return err
				}
				documents, bytes := i.documents, i.bytes
				if err := r.insert(ctx, i); err != nil {
					return err
				}
				r.progress(documents, bytes)
				flight.Release(weight(bytes))
			}
			return nil
		})
	}
	workers.Go(func() error {
		defer close(batches)
		f := &filler{restore: r, ctx: ctx, batches: batches, flight: flight, open: map[archiveName]*insertion{}, targets: map[archiveName]*restored{}}
		for _, c := range r.collections {
			f.targets[nameOf(c.Collection)] = c
		}
		return readArchive(archive, archiveHandler{prelude: f.prelude, place: f.place, document: f.document, end: f.end})
	})
	return workers.Wait()
}

// filler sorts the documents of an archive into insertions.
type filler struct {
	restore *restore
	ctx     context.Context // of the one stream that it serves
	batches chan<- *insertion
	flight  *semaphore.Weighted // the bytes of insertions on their way
	open    map[archiveName]*insertion
	targets map[archiveName]*restored // what is restored, by its name in the archive
	skipped []byte
}

func (f *filler) prelude(archivePrelude) error { return nil }

func (f *filler) place(n archiveName, size int) ([]byte, error) {
	c := f.targets[n]
	if c == nil { // not chosen
		if cap(f.skipped) < size {
			f.skipped = make([]byte, max(size, 1<<16))
		}
		return f.skipped[:size], f.ctx.Err()
	}
	if i := f.open[n]; i != nil && !i.fits(size) {
		if err := f.flush(n); err != nil {
			return nil, err
		}
	}
	if f.open[n] == nil {
		capped, _ := c.options.Lookup("capped").BooleanOK()
		f.open[n] = newInsertion(c.target, c.written(), capped)
	}
	if i := f.open[n]; size > insertBytes && !i.ordered { // it is alone, and waits before it takes memory
		if err := f.reserve(int64(size)); err != nil {
			return nil, err
		}
		i.reserved = true
	}
	return f.open[n].place(size), nil
}

func (f *filler) document(n archiveName, doc []byte) error {
	i := f.open[n]
	if i == nil {
		return nil
	}
	i.placed(doc)
	if i.reserved {
		return f.flush(n)
	}
	return nil
}

// reserve waits until that many bytes may be on their way.
func (f *filler) reserve(bytes int64) error {
	if f.flight.Acquire(f.ctx, weight(bytes)) != nil {
		return context.Cause(f.ctx)
	}
	return nil
}

func (f *filler) end(n archiveName, _ uint64) error { return f.flush(n) }

// flush sends what is open of a collection. A capped one is written right here, so that its order stays.
func (f *filler) flush(n archiveName) error {
	i := f.open[n]
	if i == nil {
		return nil
	}
	delete(f.open, n)
	if i.ordered {
		documents, bytes := i.documents, i.bytes
		if err := f.restore.insert(f.ctx, i); err != nil {
			return err
		}
		f.restore.progress(documents, bytes)
		return nil
	}
	if !i.reserved {
		if err := f.reserve(i.bytes); err != nil {
			return err
		}
	}
	select {
	case f.batches <- i:
		return nil
	case <-f.ctx.Done():
		return context.Cause(f.ctx)
	}
}

// scan tallies all documents of a collection.
func scan(ctx context.Context, db *databases.Database, database, collection string, t *tally, progress func(documents, bytes int64)) (err error) {
	cursor, err := db.Scan(ctx, database, collection, insertDocuments)
	if err != nil {
		return err
	}
	defer func() {
		if closed := cursor.Close(); err == nil {
			err = closed
		}
	}()
	for {
		batch, err := cursor.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		before := *t
		err = eachDocument(batch, func(doc []byte) error {
			t.add(doc)
			return nil
		})
		if err != nil {
			return fmt.Errorf("backups: read %s.%s back: %w", database, collection, err)
		}
		progress(t.documents-before.documents, t.bytes-before.bytes)
	}
}
