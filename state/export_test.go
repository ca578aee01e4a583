package state

import (
	"context"
	"fmt"
)

// LimitPages makes the file as full as a full disk would: it cannot grow beyond n pages.
func (s *SQLite) LimitPages(ctx context.Context, n int) error {
	_, err := s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", n))
	return err
}
