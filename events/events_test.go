package events_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
	"github.com/kampyn/opsbot/state/statetest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.FixedZone("IST", 19800))

func fill(t *testing.T, log *events.Log, n int) {
	t.Helper()
	for i := range n {
		_, err := log.Append(t.Context(), events.Event{
			At: noon.Add(time.Duration(i) * time.Minute), Who: chat.User{ID: fmt.Sprintf("U%d", i%2), Name: "Ada <&>"},
			What: []string{"run.queued", "run.succeeded", "command"}[i%3], On: []string{fmt.Sprintf("database/d%d", i%2), "all"},
			Run: fmt.Sprintf("r-%d", i/3), Outcome: events.OK, Text: "something happened", Detail: map[string]string{"b": "2", "a": "1"}})
		require.NoError(t, err)
	}
}

func TestAppendChains(t *testing.T) {
	log := events.New(statetest.Memory())
	fill(t, log, 3)
	list, err := log.Query(t.Context(), events.Filter{Oldest: true})
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Empty(t, list[0].Prev)
	for i := range 2 {
		require.Equal(t, list[i].Hash, list[i+1].Prev)
		require.EqualValues(t, i+2, list[i+1].Seq)
	}
	require.Equal(t, noon.UTC().Truncate(time.Microsecond), list[0].At)
	_, err = log.Append(t.Context(), events.Event{})
	require.Error(t, err)
}

func TestKeyIsAppendedOnce(t *testing.T) {
	log := events.New(statetest.Memory())
	first, err := log.Append(t.Context(), events.Event{Key: "k", What: "a", Text: "first"})
	require.NoError(t, err)
	fill(t, log, 2)
	again, err := log.Append(t.Context(), events.Event{Key: "k", What: "b", Text: "second"})
	require.NoError(t, err)
	require.Equal(t, first, again)
	report, err := log.Verify(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, report.Events)
}

// Several logs on one file are what several processes are: they share nothing in memory.
func TestManyWritersKeepOneChain(t *testing.T) {
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	const writers, each = 6, 15
	var wait sync.WaitGroup
	for w := range writers {
		log := events.New(store)
		wait.Go(func() {
			for i := range each {
				for _, key := range []string{fmt.Sprintf("shared/%d", i), fmt.Sprintf("own/%d/%d", w, i)} {
					if _, err := log.Append(t.Context(), events.Event{Key: key, What: "test"}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	report, err := events.New(store).Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.OK(), report.Fault)
	require.EqualValues(t, each+writers*each, report.Events, "shared keys are there once")
}

func TestQuery(t *testing.T) {
	log := events.New(statetest.Memory())
	fill(t, log, 9)
	for _, test := range []struct {
		filter events.Filter
		want   []int64
	}{
		{events.Filter{}, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{events.Filter{Limit: 2}, []int64{9, 8}},
		{events.Filter{Oldest: true, Limit: 2}, []int64{1, 2}},
		{events.Filter{Who: "U1"}, []int64{8, 6, 4, 2}},
		{events.Filter{On: "database/d0"}, []int64{9, 7, 5, 3, 1}},
		{events.Filter{On: "all", Limit: 1}, []int64{9}},
		{events.Filter{On: "database"}, nil},
		{events.Filter{Run: "r-1"}, []int64{6, 5, 4}},
		{events.Filter{What: "run."}, []int64{8, 7, 5, 4, 2, 1}},
		{events.Filter{What: "run.succeeded", On: "database/d1"}, []int64{8, 2}},
		{events.Filter{Since: noon.Add(2 * time.Minute).Truncate(time.Microsecond), Until: noon.Add(4 * time.Minute)}, []int64{4, 3}},
		{events.Filter{On: "all", Since: noon.Add(7 * time.Minute).Truncate(time.Microsecond)}, []int64{9, 8}},
	} {
		list, err := log.Query(t.Context(), test.filter)
		require.NoError(t, err)
		var got []int64
		for _, e := range list {
			got = append(got, e.Seq)
		}
		require.Equal(t, test.want, got, "%+v", test.filter)
	}
}

func TestVerifyFindsEveryMeddling(t *testing.T) {
	alter := func(change func(*events.Event)) func(*testing.T, state.Store) {
		return func(t *testing.T, s state.Store) {
			r, err := s.Get(t.Context(), "event", "000000000000004")
			require.NoError(t, err)
			var e events.Event
			require.NoError(t, json.Unmarshal(r.Value, &e))
			change(&e)
			r.Value, err = json.Marshal(e)
			require.NoError(t, err)
			require.NoError(t, s.Update(t.Context(), r))
		}
	}
	for name, test := range map[string]struct {
		meddle func(*testing.T, state.Store)
		fault  string
	}{
		"nothing":  {func(*testing.T, state.Store) {}, ""},
		"text":     {alter(func(e *events.Event) { e.Text = "nothing happened" }), "was changed: its hash does not fit"},
		"person":   {alter(func(e *events.Event) { e.Who.ID = "U9" }), "was changed: its hash does not fit"},
		"moment":   {alter(func(e *events.Event) { e.At = e.At.Add(time.Second) }), "was changed: its hash does not fit"},
		"hash":     {alter(func(e *events.Event) { e.Hash = "0" }), "was changed: its hash does not fit"},
		"previous": {alter(func(e *events.Event) { e.Prev = "0" }), "does not follow the event before it"},
		"number":   {alter(func(e *events.Event) { e.Seq = 40 }), "says of itself that it is event 40"},
		"removed": {func(t *testing.T, s state.Store) {
			require.NoError(t, s.Delete(t.Context(), "event", "000000000000004", 0))
		}, "is missing"},
		"index": {func(t *testing.T, s state.Store) {
			r, err := s.Get(t.Context(), "event", "000000000000004")
			require.NoError(t, err)
			r.Fields["who"] = "U9"
			require.NoError(t, s.Update(t.Context(), r))
		}, "is indexed as something else than it is"},
		"garbage": {func(t *testing.T, s state.Store) {
			r, err := s.Get(t.Context(), "event", "000000000000004")
			require.NoError(t, err)
			r.Value = []byte(`"x"`)
			require.NoError(t, s.Update(t.Context(), r))
		}, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			store := statetest.Memory()
			fill(t, events.New(store), 7)
			test.meddle(t, store)
			report, err := events.New(store).Verify(t.Context())
			require.NoError(t, err)
			require.Contains(t, report.Fault, test.fault)
			if test.fault == "" {
				require.True(t, report.OK())
				require.EqualValues(t, 7, report.Events)
				return
			}
			require.EqualValues(t, 4, report.Broken)
			require.EqualValues(t, 3, report.Events)
		})
	}
}

func TestVerifyAgainstKnownMarks(t *testing.T) {
	store := statetest.Memory()
	log := events.New(store)
	empty, err := log.Verify(t.Context())
	require.NoError(t, err)
	fill(t, log, 5)
	noted, err := log.Verify(t.Context(), empty.Head)
	require.NoError(t, err)
	require.True(t, noted.OK())

	require.NoError(t, store.Delete(t.Context(), "event", "000000000000005", 0))
	unseen, err := log.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, unseen.OK(), "the chain alone cannot know of its end")
	seen, err := log.Verify(t.Context(), noted.Head)
	require.NoError(t, err)
	require.Contains(t, seen.Fault, "newest events were removed")
	require.EqualValues(t, 5, seen.Broken)

	_, err = events.New(store).Append(t.Context(), events.Event{What: "forged"})
	require.NoError(t, err)
	seen, err = log.Verify(t.Context(), noted.Head)
	require.NoError(t, err)
	require.Contains(t, seen.Fault, "the log was rewritten")
}
