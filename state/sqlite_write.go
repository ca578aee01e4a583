package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// op is one change on its way to the file.
type op struct {
	doing   string
	do      func(*statements) error
	state   atomic.Int32
	err     error
	done    chan struct{}
	arrived time.Time
}

// An op is the caller's until the writer flushes it: up to then the caller can take it back.
const (
	waiting int32 = iota
	flushing
	abandoned
)

const (
	// largestBatch bounds how many changes share one flush.
	largestBatch = 1024
	// longestWait is how long a change without a deadline waits for another process to give up its lock.
	longestWait = 30 * time.Second
)

// Insert implements Store. When it ends with its context's error, the record was not inserted and will not be: once
// the flush to the disk has begun, Insert waits for its outcome instead. The same holds for Update and Delete.
func (s *SQLite) Insert(ctx context.Context, records ...Record) error {
	if err := CheckAll(records); err != nil || len(records) == 0 {
		return err
	}
	r := records[0]
	if len(records) == 1 {
		return s.change(ctx, "insert "+r.Kind+" "+r.ID, func(tx *statements) error { return tx.insertRecord(r) })
	}
	doing := fmt.Sprintf("insert %d records from %s %s on", len(records), r.Kind, r.ID)
	return s.change(ctx, doing, func(tx *statements) error { return tx.insertAll(records) })
}

// Update implements Store.
func (s *SQLite) Update(ctx context.Context, r Record) error {
	if err := r.Check(); err != nil {
		return err
	}
	return s.change(ctx, "update "+r.Kind+" "+r.ID, func(tx *statements) error { return tx.updateRecord(r) })
}

// Delete implements Store.
func (s *SQLite) Delete(ctx context.Context, kind, id string, version int64) error {
	return s.change(ctx, "delete "+kind+" "+id, func(tx *statements) error { return tx.deleteRecord(kind, id, version) })
}

func (s *SQLite) change(ctx context.Context, doing string, do func(*statements) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("state: %s: %w", doing, err)
	}
	o := &op{doing: doing, do: do, done: make(chan struct{}), arrived: time.Now()}
	select {
	case s.ops <- o:
	case <-s.closing:
		return fmt.Errorf("%w: %s", ErrClosed, doing)
	case <-ctx.Done():
		return fmt.Errorf("state: %s: %w", doing, ctx.Err())
	}
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
	}
	if o.state.CompareAndSwap(waiting, abandoned) {
		return fmt.Errorf("state: %s: %w", doing, ctx.Err())
	}
	<-o.done
	return o.err
}

// writeLoop is the only writer of this process. Changes that arrive while a flush is under way share the next one,
// because the flush is what takes the time.
func (s *SQLite) writeLoop() {
	for {
		var batch []*op
		select {
		case <-s.closing:
			return
		case o := <-s.ops:
			batch = append(batch, o)
		}
	more:
		for len(batch) < largestBatch {
			select {
			case o := <-s.ops:
				batch = append(batch, o)
			default:
				break more
			}
		}
		s.store(batch)
		select {
		case s.committed <- struct{}{}:
		default:
		}
	}
}

// store writes the batch in one transaction. If that fails, each change gets a transaction of its own, so that only
// those fail that have to.
func (s *SQLite) store(batch []*op) {
	err := s.transaction(batch)
	if err != nil && len(batch) > 1 {
		for _, o := range batch {
			s.store([]*op{o})
		}
		return
	}
	for _, o := range batch {
		if err != nil {
			o.err = s.explain(err, o.doing)
		}
		close(o.done)
	}
}

// transaction carries out those changes that are still wanted. The outcome of each is in its err; the answer is an
// error of the transaction itself, after which nothing has changed.
func (s *SQLite) transaction(batch []*op) error {
	for {
		if err := s.begin(batch); err != nil {
			return err
		}
		again, err := s.fill(batch)
		if err == nil && !again {
			_, err = s.tx.commit.Exec()
		}
		if err == nil && !again {
			return nil
		}
		// SQLite may have rolled back by itself already, then there is nothing left to roll back.
		_, rollbackErr := s.tx.rollback.Exec()
		if err != nil {
			return err
		}
		if rollbackErr != nil {
			return rollbackErr
		}
	}
}

// fill does the changes inside the open transaction and marks them as past recall. It asks for another round when a
// change was taken back after it had been done.
func (s *SQLite) fill(batch []*op) (again bool, err error) {
	for _, o := range batch {
		if o.state.Load() == abandoned {
			o.do = nil
			continue
		}
		o.err = o.do(&s.tx)
		if o.err != nil && !errors.Is(o.err, ErrExists) && !errors.Is(o.err, ErrNotFound) && !errors.Is(o.err, ErrConflict) {
			return false, o.err
		}
	}
	for _, o := range batch {
		if o.do != nil && !o.state.CompareAndSwap(waiting, flushing) && o.state.Load() == abandoned {
			again = true
		}
	}
	return again, nil
}

// errUnwanted ends a transaction that nobody waits for.
var errUnwanted = errors.New("nobody waits for this any more")

// begin takes the write lock. It polls, because SQLite's own waiting would neither end with the callers' contexts nor
// come to an end in time while other processes write much.
func (s *SQLite) begin(batch []*op) error {
	pause := time.Millisecond
	for {
		_, err := s.tx.begin.Exec()
		if err == nil || !isBusy(err) {
			return err
		}
		wanted := false
		for _, o := range batch {
			wanted = wanted || o.state.Load() != abandoned && time.Since(o.arrived) < longestWait
		}
		if !wanted {
			return errors.Join(errUnwanted, err)
		}
		select {
		case <-s.closing:
			return ErrClosed
		case <-time.After(pause):
			pause = min(pause*2, 5*time.Millisecond)
		}
	}
}

// statements are what the writer does, prepared once.
type statements struct {
	begin, commit, rollback                   *sql.Stmt
	mark, back, forget                        *sql.Stmt // a savepoint: set, go back to it, let go of it
	insert, update, remove, current           *sql.Stmt
	insertField, removeField, removeAllFields *sql.Stmt
}

func (t *statements) prepare(ctx context.Context, conn *sql.Conn) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&t.begin, "BEGIN IMMEDIATE"},
		{&t.commit, "COMMIT"},
		{&t.rollback, "ROLLBACK"},
		{&t.mark, "SAVEPOINT several"},
		{&t.back, "ROLLBACK TO several"},
		{&t.forget, "RELEASE several"},
		{&t.insert, "INSERT INTO records (kind, id, version, fields, value) VALUES (?, ?, 1, ?, ?) ON CONFLICT DO NOTHING"},
		{&t.current, "SELECT version, fields FROM records WHERE kind = ? AND id = ?"},
		{&t.update, "UPDATE records SET version = version + 1, fields = ?, value = ? WHERE kind = ? AND id = ?"},
		{&t.remove, "DELETE FROM records WHERE kind = ? AND id = ?"},
		{&t.insertField, "INSERT INTO fields (kind, id, name, value) VALUES (?, ?, ?, ?)"},
		{&t.removeField, "DELETE FROM fields WHERE kind = ? AND id = ? AND name = ?"},
		{&t.removeAllFields, "DELETE FROM fields WHERE kind = ? AND id = ?"},
	} {
		stmt, err := conn.PrepareContext(ctx, p.text)
		if err != nil {
			return fmt.Errorf("prepare %s: %w", p.text, err)
		}
		*p.stmt = stmt
	}
	return nil
}

func (t *statements) close() error {
	var errs []error
	for _, stmt := range []*sql.Stmt{t.begin, t.commit, t.rollback, t.mark, t.back, t.forget, t.insert, t.update, t.remove, t.current,
		t.insertField, t.removeField, t.removeAllFields} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}

// insertAll adds all records or none, without touching what other changes did in the same transaction.
func (t *statements) insertAll(records []Record) error {
	if _, err := t.mark.Exec(); err != nil {
		return err
	}
	for _, r := range records {
		err := t.insertRecord(r)
		if err == nil {
			continue
		}
		if _, undone := t.back.Exec(); undone != nil {
			return fmt.Errorf("go back to a savepoint: %w", undone) // ends the whole transaction
		}
		if _, undone := t.forget.Exec(); undone != nil {
			return fmt.Errorf("leave a savepoint: %w", undone)
		}
		return err
	}
	_, err := t.forget.Exec()
	return err
}

func (t *statements) insertRecord(r Record) error {
	fields, err := encodeFields(r.Fields)
	if err != nil {
		return err
	}
	result, err := t.insert.Exec(r.Kind, r.ID, fields, r.Value)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return fmt.Errorf("%w: %s %s", ErrExists, r.Kind, r.ID)
	}
	for name, value := range r.Fields {
		if _, err := t.insertField.Exec(r.Kind, r.ID, name, value); err != nil {
			return err
		}
	}
	return nil
}

// version answers the stored fields if the stored version is the wished one; 0 wishes for any.
func (t *statements) version(kind, id string, wished int64) (map[string]string, error) {
	var version int64
	var text string
	err := t.current.QueryRow(kind, id).Scan(&version, &text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("%w: %s %s", ErrNotFound, kind, id)
	case err != nil:
		return nil, err
	case wished != 0 && version != wished:
		return nil, fmt.Errorf("%w: %s %s is at version %d, not %d", ErrConflict, kind, id, version, wished)
	}
	return decodeFields(text)
}

func (t *statements) updateRecord(r Record) error {
	if r.Version == 0 {
		return fmt.Errorf("%w: %s %s has no version 0", ErrConflict, r.Kind, r.ID)
	}
	old, err := t.version(r.Kind, r.ID, r.Version)
	if err != nil {
		return err
	}
	fields, err := encodeFields(r.Fields)
	if err != nil {
		return err
	}
	if _, err := t.update.Exec(fields, r.Value, r.Kind, r.ID); err != nil {
		return err
	}
	for name, value := range old {
		if now, kept := r.Fields[name]; kept && now == value {
			continue
		}
		if _, err := t.removeField.Exec(r.Kind, r.ID, name); err != nil {
			return err
		}
	}
	for name, value := range r.Fields {
		if was, had := old[name]; had && was == value {
			continue
		}
		if _, err := t.insertField.Exec(r.Kind, r.ID, name, value); err != nil {
			return err
		}
	}
	return nil
}

func (t *statements) deleteRecord(kind, id string, version int64) error {
	if _, err := t.version(kind, id, version); err != nil {
		return err
	}
	if _, err := t.removeAllFields.Exec(kind, id); err != nil {
		return err
	}
	_, err := t.remove.Exec(kind, id)
	return err
}

func encodeFields(fields map[string]string) (string, error) {
	if fields == nil {
		return "{}", nil
	}
	text, err := json.Marshal(fields)
	return string(text), err
}
