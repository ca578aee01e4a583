package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// readers is how many queries can run at the same time; more wait for one of them.
const readers = 4

// SQLite is a Store in one file. Any number of goroutines, and several processes of one machine, can share it: the
// write-ahead log lets all of them read while one writes. The file must not lie on a network file system.
// https://www.sqlite.org/wal.html
type SQLite struct {
	path  string
	write *sql.DB
	conn  *sql.Conn
	read  *sql.DB
	get   *sql.Stmt
	tx    statements

	ops       chan *op
	committed chan struct{}
	closing   chan struct{}
	once      sync.Once
	wait      sync.WaitGroup
	closeErr  error
}

// OpenSQLite opens the file at path, and makes it (readable by its owner only) and its folder when they are missing.
// It refuses a file that a newer version of the program has written.
func OpenSQLite(ctx context.Context, path string) (*SQLite, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := prepareFile(abs); err != nil {
		return nil, fmt.Errorf("state: open %s: %w", path, err)
	}
	s := &SQLite{path: path, ops: make(chan *op), committed: make(chan struct{}, 1), closing: make(chan struct{})}
	if err := s.open(ctx, abs); err != nil {
		// The first error says what is wrong; what closing a half-opened file says adds nothing.
		_ = s.closeFiles()
		return nil, fmt.Errorf("state: open %s: %w", path, err)
	}
	s.wait.Go(s.writeLoop)
	s.wait.Go(s.checkpointLoop)
	return s, nil
}

// prepareFile makes the file without ever opening one that exists: closing it again would take away the locks that
// this process holds on it. https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
func prepareFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.Chmod(path, 0o600)
	}
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	// The names must survive a power cut as well as the contents do.
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil // a parent that we may not read was there before us
	}
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *SQLite) open(ctx context.Context, path string) error {
	source := func(pragmas ...string) string {
		q := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)"}, pragmas...)}
		return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
	}
	var err error
	if s.write, err = sql.Open("sqlite", source("synchronous(FULL)", "wal_autocheckpoint(0)")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if s.conn, err = s.write.Conn(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, s.conn); err != nil {
		return err
	}
	// From here on the writer waits for the lock by itself, so that it can stop when nobody waits for it any more.
	if _, err := s.conn.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return err
	}
	if err := s.tx.prepare(ctx, s.conn); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", source("query_only(1)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	s.get, err = s.read.PrepareContext(ctx, "SELECT version, fields, value FROM records WHERE kind = ? AND id = ?")
	return err
}

// Close waits for the writes that have begun, ends all others with ErrClosed, and closes the file.
func (s *SQLite) Close() error {
	s.once.Do(func() {
		close(s.closing)
		s.wait.Wait()
		s.closeErr = s.closeFiles()
	})
	return s.closeErr
}

func (s *SQLite) closeFiles() error {
	var errs []error
	if s.get != nil {
		errs = append(errs, s.get.Close())
	}
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.tx.close(), s.conn.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	return errors.Join(errs...)
}

// Get implements Store.
func (s *SQLite) Get(ctx context.Context, kind, id string) (Record, error) {
	r := Record{Kind: kind, ID: id}
	var fields string
	err := s.get.QueryRowContext(ctx, kind, id).Scan(&r.Version, &fields, &r.Value)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Record{}, fmt.Errorf("%w: %s %s", ErrNotFound, kind, id)
	case err != nil:
		return Record{}, s.explain(err, "read "+kind+" "+id)
	}
	if r.Fields, err = decodeFields(fields); err != nil {
		return Record{}, fmt.Errorf("state: read %s %s: %w", kind, id, err)
	}
	return r, nil
}

// Query implements Store.
func (s *SQLite) Query(ctx context.Context, q Query) ([]Record, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	text, args := selection(q)
	rows, err := s.read.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.explain(err, "query "+q.Kind)
	}
	defer rows.Close()
	var found []Record
	for rows.Next() {
		r := Record{Kind: q.Kind}
		var fields string
		if err := rows.Scan(&r.ID, &r.Version, &fields, &r.Value); err != nil {
			return nil, s.explain(err, "query "+q.Kind)
		}
		if r.Fields, err = decodeFields(fields); err != nil {
			return nil, fmt.Errorf("state: query %s: %s: %w", q.Kind, r.ID, err)
		}
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain(err, "query "+q.Kind)
	}
	return found, nil
}

func decodeFields(text string) (map[string]string, error) {
	var fields map[string]string
	err := json.Unmarshal([]byte(text), &fields)
	return fields, err
}

// explain says in plain words what SQLite's codes mean for the one who runs the program.
func (s *SQLite) explain(err error, doing string) error {
	select {
	case <-s.closing:
		return fmt.Errorf("%w: %s: %w", ErrClosed, doing, err)
	default:
	}
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return fmt.Errorf("state: %s: %w", doing, err)
	}
	hint := map[int]string{
		sqlite3.SQLITE_FULL:     "the disk is full",
		sqlite3.SQLITE_READONLY: "the file or its folder cannot be written",
		sqlite3.SQLITE_CANTOPEN: "the file or its folder cannot be opened",
		sqlite3.SQLITE_IOERR:    "the disk failed to read or write",
		sqlite3.SQLITE_CORRUPT:  "the file is damaged",
		sqlite3.SQLITE_NOTADB:   "the file is no state of opsbot",
		sqlite3.SQLITE_BUSY:     "another process keeps the file locked",
	}[failed.Code()&0xff]
	if hint == "" {
		return fmt.Errorf("state: %s in %s: %w", doing, s.path, err)
	}
	return fmt.Errorf("state: %s: %s: %s: %w", doing, s.path, hint, err)
}

func isBusy(err error) bool {
	var failed *sqlite.Error
	return errors.As(err, &failed) && failed.Code()&0xff == sqlite3.SQLITE_BUSY
}

// checkpointLoop copies the log into the file beside the writes, so that no write has to wait for that.
func (s *SQLite) checkpointLoop() {
	// The sizes are in pages of 4 KiB. A log that outgrows the second one under constant load is emptied at the cost
	// of a short wait.
	const worthIt, tooLong = 200, 16000
	for {
		select {
		case <-s.closing:
			return
		case <-s.committed:
		}
		var busy, logged, done int
		mode := "PASSIVE"
		for range 2 {
			// A checkpoint that fails is tried again after the next write; the log keeps everything until then.
			row := s.read.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")")
			if err := row.Scan(&busy, &logged, &done); err != nil || logged < tooLong {
				break
			}
			mode = "RESTART"
		}
		pause := 50 * time.Millisecond
		if logged < worthIt {
			pause = time.Second
		}
		select {
		case <-s.closing:
			return
		case <-time.After(pause):
		}
	}
}
