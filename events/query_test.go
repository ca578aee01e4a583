package events_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
	"github.com/kampyn/opsbot/state/statetest"
)

func TestPagesAndNames(t *testing.T) {
	log := events.New(statetest.Memory())
	for i := range 20 { // all at one moment, which must not confuse the pages
		_, err := log.Append(t.Context(), events.Event{At: noon, Who: chat.User{ID: "U1", Name: "Ada King"}, What: "command",
			On: []string{"backup/orders-20261123T022501Z-x7k2"}, Outcome: events.OK, Detail: map[string]string{events.Command: "backup"}})
		require.NoError(t, err)
		_, err = log.Append(t.Context(), events.Event{At: noon, Who: chat.User{ID: "U2", Name: "Ben"}, What: "command",
			On: []string{"scratch/orders/orders_x"}, Outcome: []events.Outcome{events.OK, events.Refused}[i%2]})
		require.NoError(t, err)
	}
	for _, test := range []struct {
		filter events.Filter
		want   int
	}{
		{events.Filter{}, 40}, {events.Filter{About: "orders"}, 40}, {events.Filter{About: "orders_x"}, 20},
		{events.Filter{Named: "king"}, 20}, {events.Filter{Command: "backup", Who: "U1", About: "orders"}, 20},
		{events.Filter{Command: "backup", Who: "U2"}, 0}, {events.Filter{Outcome: events.Refused, Named: "ben"}, 10},
	} {
		var all []int64
		test.filter.Limit = 7
		for {
			page, err := log.Query(t.Context(), test.filter)
			require.NoError(t, err)
			for _, e := range page {
				all = append(all, e.Seq)
			}
			if len(page) < 7 {
				break
			}
			test.filter.Before = page[6].Place()
		}
		require.Len(t, all, test.want, "%+v", test.filter)
		require.True(t, slices.IsSortedFunc(all, func(a, b int64) int { return int(b - a) }), "newest first")
	}
}

// BenchmarkMillion asks a log of a million events for a page, in the ways that people ask, and verifies it. A first run
// of several minutes fills the log.
//
//	go test ./events -run '^$' -bench Million -benchtime 20x -timeout 1h
func BenchmarkMillion(b *testing.B) {
	const million = 1_000_000
	store, err := state.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "state.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	log := events.New(store)
	begun := time.Now()
	var wait sync.WaitGroup
	for w := range 512 {
		wait.Go(func() {
			for i := w; i < million; i += 512 {
				_, err := log.Append(b.Context(), events.Event{At: noon.Add(time.Duration(i) * time.Second), Key: fmt.Sprint("command/", i),
					Who: chat.User{ID: fmt.Sprint("U", i%97), Name: fmt.Sprint("person", i%97)}, What: "command", Outcome: events.OK,
					On: []string{fmt.Sprint("database/d", i%6)}, Text: "asked for `/backup now`", Detail: map[string]string{events.Command: "backup"}})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	b.Logf("filled in %s", time.Since(begun))
	for name, f := range map[string]events.Filter{
		"newest":                    {Limit: 16},
		"person":                    {Who: "U5", Limit: 16},
		"person, command, database": {Who: "U5", Command: "backup", About: "d3", Limit: 16},
		"a day of long ago":         {Since: noon.Add(time.Hour), Until: noon.Add(24 * time.Hour), Limit: 16},
		"deep page":                 {Before: events.Event{At: noon.Add(500_000 * time.Second)}.Place(), Limit: 16},
		"nothing fits":              {Who: "U5", Outcome: events.Refused, Limit: 16},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := log.Query(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("verify", func(b *testing.B) {
		for range 1 {
			report, err := log.Verify(b.Context())
			require.NoError(b, err)
			require.EqualValues(b, million, report.Events)
		}
		b.ReportMetric(b.Elapsed().Seconds(), "s-for-all")
	})
}
