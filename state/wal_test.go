package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/state"
)

// The log is copied into the file beside the writes and begun anew, so that it does not grow for ever.
func TestLogStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	size := func(name string) int64 {
		info, err := os.Stat(name)
		require.NoError(t, err)
		return info.Size()
	}
	var total, before int64
	// A log that readers hold is made to begin anew at 16,000 pages of 4 KiB, which is after 32 rounds.
	for round := range 60 {
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() {
				r := state.Record{Kind: "k", ID: fmt.Sprint(round, "/", i), Value: make([]byte, 100_000)}
				if err := s.Insert(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		total += 20 * 100_000
		require.Eventually(t, func() bool { return size(path) > total }, 10*time.Second, 5*time.Millisecond, "the log is copied")
		log := size(path + "-wal")
		if log == before {
			return // this round's 2 MB went to where earlier ones had been
		}
		before = log
	}
	t.Fatal("the log was never begun anew")
}
