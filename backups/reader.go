package backups

import (
	"context"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/databases"
)

// batchBytes is what a batch should weigh: large enough that a round trip costs little, small enough that several fit
// into memory. Servers never send more than 16 MB.
const batchBytes = 4 << 20

// piece is one batch of a collection on its way into the archive, or the collection's end.
type piece struct {
	name             archiveName
	batch            []byte
	documents, bytes int64

	last, empty bool
	crc         uint64
}

// reader reads one collection. One goroutine asks for batches while another checks and sums the one before.
type reader struct {
	full   *full
	index  int
	pieces chan<- piece
	slots  chan struct{}

	average atomic.Int64 // bytes of a document
}

func (r *reader) run(ctx context.Context) error {
	n := r.full.namespaces[r.index]
	name := archiveName{n.Database, n.DataName()}
	t := &r.full.tallies[r.index]
	if n.Type != databases.TypeView {
		if err := r.documents(ctx, n, name, t); err != nil {
			return err
		}
		uuid, found, err := r.full.db.Identity(ctx, n)
		switch {
		case err != nil:
			return err
		case !found:
			return r.full.changed(n, "was dropped or renamed")
		case uuid != n.UUID:
			return r.full.changed(n, "was replaced")
		}
	}
	return r.send(ctx, piece{name: name, last: true, empty: t.documents == 0, crc: t.crc})
}

func (r *reader) send(ctx context.Context, p piece) error {
	select {
	case r.pieces <- p:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *reader) documents(ctx context.Context, n databases.Namespace, name archiveName, t *tally) error {
	if size := r.full.estimate.Of[n.String()]; size.Documents > 0 {
		r.average.Store(size.Bytes / size.Documents)
	}
	work, ctx := errgroup.WithContext(ctx)
	batches := make(chan []byte)
	work.Go(func() error {
		defer close(batches)
		return r.fetch(ctx, n, batches)
	})
	work.Go(func() error {
		for batch := range batches {
			p := piece{name: name, batch: batch}
			if err := p.check(t); err != nil {
				return fmt.Errorf("backups: the server sent from %s: %w", n, err)
			}
			if p.documents > 0 {
				r.average.Store(p.bytes / p.documents)
			}
			if err := r.send(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	return work.Wait()
}

// check holds that a batch is sound and adds its documents to the tally.
func (p *piece) check(t *tally) error {
	return eachDocument(p.batch, func(doc []byte) error {
		if err := checkDocument(doc); err != nil {
			return err
		}
		t.add(doc)
		t.crc = crc64.Update(t.crc, crcTable, doc)
		p.documents++
		p.bytes += int64(len(doc))
		return nil
	})
}

// fetch drains the collection's cursor.
func (r *reader) fetch(ctx context.Context, n databases.Namespace, batches chan<- []byte) (err error) {
	if err := r.slot(ctx); err != nil {
		return err
	}
	cursor, err := r.full.db.Scan(ctx, n.Database, n.DataName(), r.batchSize())
	if err != nil {
		<-r.slots
		return err
	}
	defer func() {
		// A cursor that can't be closed matters only if everything else went well.
		if closed := cursor.Close(); err == nil {
			err = closed
		}
	}()
	for {
		batch, err := cursor.Next(ctx)
		if err != nil {
			<-r.slots
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		select {
		case batches <- batch: // the slot goes with it
		case <-ctx.Done():
			<-r.slots
			return context.Cause(ctx)
		}
		if err := r.slot(ctx); err != nil {
			return err
		}
		cursor.SetBatchSize(r.batchSize())
	}
}

func (r *reader) slot(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// batchSize is how many documents make a batch.
func (r *reader) batchSize() int32 {
	average := r.average.Load()
	if average <= 0 {
		average = 1 << 12
	}
	return int32(min(max(batchBytes/average, 1), 1<<17))
}
