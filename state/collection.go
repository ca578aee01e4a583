package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Collection keeps values of one type as the records of one kind.
type Collection[T any] struct {
	store  Store
	kind   string
	fields func(T) map[string]string
}

// Entry is a stored value with its key and version.
type Entry[T any] struct {
	ID      string
	Version int64
	Value   T
}

// NewCollection answers the collection of a kind. fields says what a query can ask about a value; nil means nothing.
func NewCollection[T any](store Store, kind string, fields func(T) map[string]string) *Collection[T] {
	if fields == nil {
		fields = func(T) map[string]string { return nil }
	}
	return &Collection[T]{store: store, kind: kind, fields: fields}
}

// Insert adds the value, or answers ErrExists.
func (c *Collection[T]) Insert(ctx context.Context, id string, value T) error {
	r, err := c.Record(id, value)
	if err != nil {
		return err
	}
	return c.store.Insert(ctx, r)
}

// InsertAll adds all values or none: then it answers ErrExists. id says under which key each is.
func (c *Collection[T]) InsertAll(ctx context.Context, values []T, id func(T) string) error {
	records := make([]Record, len(values))
	for i, value := range values {
		var err error
		if records[i], err = c.Record(id(value), value); err != nil {
			return err
		}
	}
	return c.store.Insert(ctx, records...)
}

// Get reads a value and its version, or answers ErrNotFound.
func (c *Collection[T]) Get(ctx context.Context, id string) (T, int64, error) {
	r, err := c.store.Get(ctx, c.kind, id)
	if err != nil {
		var none T
		return none, 0, err
	}
	e, err := c.entry(r)
	return e.Value, e.Version, err
}

// Update replaces the value if its version is still version; else it answers ErrConflict or ErrNotFound.
func (c *Collection[T]) Update(ctx context.Context, id string, value T, version int64) error {
	r, err := c.Record(id, value)
	if err != nil {
		return err
	}
	r.Version = version
	return c.store.Update(ctx, r)
}

// Put stores the value whether or not there is one already.
func (c *Collection[T]) Put(ctx context.Context, id string, value T) error {
	return retry(ctx, func() error {
		err := c.Insert(ctx, id, value)
		if !errors.Is(err, ErrExists) {
			return err
		}
		old, err := c.store.Get(ctx, c.kind, id)
		if errors.Is(err, ErrNotFound) {
			return ErrConflict
		}
		if err != nil {
			return err
		}
		return c.Update(ctx, id, value, old.Version)
	})
}

// Change reads the value, lets change alter it, and stores it if nobody else has changed it meanwhile; otherwise it
// begins again, up to 20 times, then it answers ErrConflict. So change may be called more than once. An error of
// change stops it with nothing stored. It answers the value as stored.
func (c *Collection[T]) Change(ctx context.Context, id string, change func(*T) error) (T, error) {
	var value T
	err := retry(ctx, func() error {
		var version int64
		var err error
		if value, version, err = c.Get(ctx, id); err != nil {
			return err
		}
		if err := change(&value); err != nil {
			return err
		}
		return c.Update(ctx, id, value, version)
	})
	return value, err
}

// Delete removes the value if its version is version (0: whatever it is).
func (c *Collection[T]) Delete(ctx context.Context, id string, version int64) error {
	return c.store.Delete(ctx, c.kind, id, version)
}

// Query answers the values that q selects; its kind is set by the collection.
func (c *Collection[T]) Query(ctx context.Context, q Query) ([]Entry[T], error) {
	q.Kind = c.kind
	records, err := c.store.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry[T], len(records))
	for i, r := range records {
		if entries[i], err = c.entry(r); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// Record is the value as a record to insert, for those who insert records of several kinds at once.
func (c *Collection[T]) Record(id string, value T) (Record, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return Record{}, fmt.Errorf("state: write %s %s: %w", c.kind, id, err)
	}
	return Record{Kind: c.kind, ID: id, Fields: c.fields(value), Value: text}, nil
}

func (c *Collection[T]) entry(r Record) (Entry[T], error) {
	e := Entry[T]{ID: r.ID, Version: r.Version}
	if err := json.Unmarshal(r.Value, &e.Value); err != nil {
		return e, fmt.Errorf("state: read %s %s: %w", r.Kind, r.ID, err)
	}
	return e, nil
}

// retry calls try until it ends with something else than ErrConflict. The pauses grow and are random, so that those
// who collided do not collide again.
func retry(ctx context.Context, try func() error) error {
	var err error
	for attempt := range 20 {
		if err = try(); !errors.Is(err, ErrConflict) {
			return err
		}
		pause := time.Duration(1+rand.IntN(1<<min(attempt+1, 6))) * time.Millisecond
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
	return err
}
