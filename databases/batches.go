package databases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	"go.mongodb.org/mongo-driver/x/mongo/driver"
)

// Batches reads a collection in whole batches as they came over the wire. One goroutine uses it at a time.
type Batches struct {
	db     *Database
	cursor *mongo.Cursor
	raw    *driver.BatchCursor
}

// Scan opens a cursor over all documents of a collection in natural order. It stays on the server where it began, which
// the URI's read preference chose, and does not time out there. A missing collection is empty.
func (d *Database) Scan(ctx context.Context, database, collection string, batchSize int32) (*Batches, error) {
	target, _, err := d.at(ctx, database)
	if err != nil {
		return nil, err
	}
	o := options.Find().SetBatchSize(batchSize)
	// The server keeps such a cursor for as long as its session lives, which every batch prolongs by half an hour.
	cursor, err := target.Collection(collection).Find(ctx, bson.D{}, o, options.Find().SetNoCursorTimeout(true))
	if code, _ := CodeOf(err); code == codeNotImplemented {
		cursor, err = target.Collection(collection).Find(ctx, bson.D{}, o)
	}
	if err != nil {
		return nil, d.problem("find", err)
	}
	// The only way to whole batches: the driver's own cursor hands out documents one by one, at half the speed.
	// It is deprecated as unstable, which the pinned version of the driver is not.
	raw := mongo.BatchCursorFromCursor(cursor)
	if raw == nil {
		return nil, errors.Join(errors.New("databases: the driver's cursor has no batches"), cursor.Close(ctx))
	}
	return &Batches{db: d, cursor: cursor, raw: raw}, nil
}

// Next answers the next batch, a BSON array of documents whose bytes belong to the caller, or io.EOF after the last.
func (b *Batches) Next(ctx context.Context) ([]byte, error) {
	for {
		more := b.raw.Next(ctx)
		if err := b.raw.Err(); err != nil {
			if answer, ok := errors.AsType[driver.Error](err); ok {
				err = mongo.CommandError{Code: answer.Code, Name: answer.Name, Message: answer.Message, Labels: answer.Labels, Wrapped: answer.Wrapped}
			}
			return nil, b.db.problem("getMore", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, b.db.problem("getMore", err)
		}
		switch {
		case more:
			return b.raw.Batch().Data, nil
		case b.raw.ID() == 0:
			return nil, io.EOF
		}
	}
}

// SetBatchSize says how many documents the batches from now on hold at most.
func (b *Batches) SetBatchSize(n int32) { b.raw.SetBatchSize(n) }

// Close releases the cursor on the server, also when the context of its reads has ended.
func (b *Batches) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := b.cursor.Close(ctx); err != nil {
		return fmt.Errorf("databases: %s: close a cursor: %w", b.db.Name, err)
	}
	return nil
}
