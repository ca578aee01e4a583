package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// migrations lead from an empty file to the present schema. A step that was released is never changed; new ones are
// added at the end.
var migrations = []string{
	`CREATE TABLE records (
		kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, fields TEXT NOT NULL, value BLOB,
		UNIQUE (kind, id));
	CREATE TABLE fields (
		kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
		PRIMARY KEY (kind, id, name)) WITHOUT ROWID;
	CREATE UNIQUE INDEX fields_by_value ON fields (kind, name, value, id);`,
}

// migrate brings the file to the present schema, or answers why it cannot be used. Processes that start together wait
// for each other.
func migrate(ctx context.Context, conn *sql.Conn) (err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	end := "ROLLBACK"
	defer func() {
		// The end must come even when ctx is over, or the connection keeps the lock.
		_, endErr := conn.ExecContext(context.WithoutCancel(ctx), end)
		err = errors.Join(err, endErr)
	}()
	const table = "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, at TEXT NOT NULL)"
	if _, err := conn.ExecContext(ctx, table); err != nil {
		return err
	}
	var applied int
	if err := conn.QueryRowContext(ctx, "SELECT coalesce(max(number), 0) FROM migrations").Scan(&applied); err != nil {
		return err
	}
	if applied > len(migrations) {
		return fmt.Errorf("the file was written by a newer version of opsbot (schema %d, this one knows up to %d): run that version",
			applied, len(migrations))
	}
	for i := applied; i < len(migrations); i++ {
		if _, err := conn.ExecContext(ctx, migrations[i]); err != nil {
			return fmt.Errorf("migration %d: %w", i+1, err)
		}
		if _, err := conn.ExecContext(ctx, "INSERT INTO migrations VALUES (?, ?)", i+1, SortableTime(time.Now())); err != nil {
			return fmt.Errorf("migration %d: %w", i+1, err)
		}
	}
	end = "COMMIT"
	return nil
}
