// Package statetest holds every implementation of state.Store to the same contract.
package statetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/state"
)

// Run holds the stores that open answers to the contract. Each call of open answers an empty store, which open closes
// when its test ends.
func Run(t *testing.T, open func(t *testing.T) state.Store) {
	for name, test := range map[string]func(*testing.T, state.Store){
		"insert and get":                 testInsert,
		"insert several":                 testInsertSeveral,
		"update by version":              testUpdate,
		"delete by version":              testDelete,
		"keys of many alphabets":         testOddKeys,
		"refused records":                testRefused,
		"big values":                     testBig,
		"query compares":                 testCompare,
		"query orders":                   testOrder,
		"query sees changed fields":      testChangedFields,
		"query is as of one moment":      testOneMoment,
		"one insert of many wins":        testInsertRace,
		"every update wins exactly once": testUpdateRace,
		"a context that is over":         testContext,
		"collection":                     testCollection,
		"a collection under contention":  testChangeRace,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, open(t))
		})
	}
}

func testInsert(t *testing.T, s state.Store) {
	ctx := t.Context()
	_, err := s.Get(ctx, "run", "a")
	require.ErrorIs(t, err, state.ErrNotFound)

	in := state.Record{Kind: "run", ID: "a", Version: 7, Fields: map[string]string{"status": "queued", "empty": ""}, Value: []byte(`{"x":1}`)}
	require.NoError(t, s.Insert(ctx, in))
	out, err := s.Get(ctx, "run", "a")
	require.NoError(t, err)
	in.Version = 1
	require.Equal(t, in, out)

	require.ErrorIs(t, s.Insert(ctx, in), state.ErrExists)
	require.NoError(t, s.Insert(ctx, state.Record{Kind: "lock", ID: "a", Value: []byte("2")}), "another kind, another key")
	out, err = s.Get(ctx, "run", "a")
	require.NoError(t, err)
	require.Equal(t, in, out, "a refused insert changes nothing")
}

func testInsertSeveral(t *testing.T, s state.Store) {
	ctx := t.Context()
	record := func(id string) state.Record {
		return state.Record{Kind: "several", ID: id, Fields: map[string]string{"name": id}, Value: []byte(`1`)}
	}
	byName := func() []string { return ids(t, s, state.Query{Kind: "several", OrderBy: "name"}) }
	require.NoError(t, s.Insert(ctx), "nothing to insert")
	require.NoError(t, s.Insert(ctx, record("b"), record("a")))
	require.Equal(t, []string{"a", "b"}, byName())
	require.ErrorIs(t, s.Insert(ctx, record("c"), record("a"), record("d")), state.ErrExists)
	require.Equal(t, []string{"a", "b"}, byName(), "all or none")
	require.ErrorIs(t, s.Insert(ctx, record("c"), record("c")), state.ErrExists)
	require.Error(t, s.Insert(ctx, record("c"), record("")))
	require.Equal(t, []string{"a", "b"}, byName())
	// Those of others, which may share the flush, stand whatever becomes of this one.
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			mine := fmt.Sprint("x", 100+i)
			if err := s.Insert(ctx, record(mine), record(mine+" too")); err != nil {
				t.Error(err)
			}
		})
		wait.Go(func() {
			if err := s.Insert(ctx, record(fmt.Sprint("y", i)), record("a")); !errors.Is(err, state.ErrExists) {
				t.Errorf("inserted what is there: %v", err)
			}
		})
	}
	wait.Wait()
	require.Len(t, byName(), 2+40)
}

func testUpdate(t *testing.T, s state.Store) {
	ctx := t.Context()
	r := state.Record{Kind: "run", ID: "a", Version: 1, Value: []byte("1")}
	require.ErrorIs(t, s.Update(ctx, r), state.ErrNotFound)
	require.NoError(t, s.Insert(ctx, r))
	for version, want := range map[int64]error{0: state.ErrConflict, 2: state.ErrConflict, -1: state.ErrConflict} {
		r.Version = version
		require.ErrorIs(t, s.Update(ctx, r), want)
	}
	r = state.Record{Kind: "run", ID: "a", Version: 1, Fields: map[string]string{"status": "running"}, Value: []byte("2")}
	require.NoError(t, s.Update(ctx, r))
	out, err := s.Get(ctx, "run", "a")
	require.NoError(t, err)
	r.Version = 2
	require.Equal(t, r, out)
	r.Version = 1
	require.ErrorIs(t, s.Update(ctx, r), state.ErrConflict, "a version serves once")
}

func testDelete(t *testing.T, s state.Store) {
	ctx := t.Context()
	require.ErrorIs(t, s.Delete(ctx, "run", "a", 0), state.ErrNotFound)
	r := state.Record{Kind: "run", ID: "a", Fields: map[string]string{"status": "queued"}, Value: []byte("1")}
	require.NoError(t, s.Insert(ctx, r))
	require.ErrorIs(t, s.Delete(ctx, "run", "a", 2), state.ErrConflict)
	require.NoError(t, s.Delete(ctx, "run", "a", 1))
	require.ErrorIs(t, s.Delete(ctx, "run", "a", 1), state.ErrNotFound)
	require.Empty(t, ids(t, s, state.Query{Kind: "run", Where: where("status", state.Equal, "queued")}))

	require.NoError(t, s.Insert(ctx, r), "a deleted key is free again")
	require.NoError(t, s.Delete(ctx, "run", "a", 0))
}

func testOddKeys(t *testing.T, s state.Store) {
	ctx := t.Context()
	odd := []string{" ", "a b", "ünïcode", "日本語", "🔥", "'; DROP TABLE records; --", "a/b:c", `"quoted"`, "line\nbreak", "%_*?", "$set", "a.b", "\\"}
	for i, id := range odd {
		r := state.Record{Kind: "odd " + id, ID: id, Fields: map[string]string{id: id, "same": "x"}, Value: []byte(strconv.Itoa(i))}
		require.NoError(t, s.Insert(ctx, r))
		r.Kind = "odd"
		require.NoError(t, s.Insert(ctx, r))
	}
	for i, id := range odd {
		r, err := s.Get(ctx, "odd "+id, id)
		require.NoError(t, err, id)
		require.Equal(t, strconv.Itoa(i), string(r.Value))
		require.Equal(t, map[string]string{id: id, "same": "x"}, r.Fields)
		require.Equal(t, []string{id}, ids(t, s, state.Query{Kind: "odd", Where: where(id, state.Equal, id)}))
		require.Equal(t, []string{id}, ids(t, s, state.Query{Kind: "odd", OrderBy: id}))
	}
	sorted := slices.Sorted(slices.Values(odd))
	require.Equal(t, sorted, ids(t, s, state.Query{Kind: "odd"}), "ids sort bytewise")
	require.Equal(t, sorted, ids(t, s, state.Query{Kind: "odd", Where: where("same", state.Equal, "x")}))
}

func testRefused(t *testing.T, s state.Store) {
	for _, r := range []state.Record{
		{ID: "a"}, {Kind: "run"}, {Kind: "run", ID: "a\x00b"}, {Kind: "run", ID: "\xff"},
		{Kind: "run", ID: "a", Fields: map[string]string{"": "x"}},
		{Kind: "run", ID: "a", Fields: map[string]string{"x": "\xfe"}},
	} {
		require.Error(t, s.Insert(t.Context(), r))
		require.Error(t, s.Update(t.Context(), r))
	}
	require.Empty(t, ids(t, s, state.Query{Kind: "run"}))
	_, err := s.Query(t.Context(), state.Query{})
	require.Error(t, err)
	_, err = s.Query(t.Context(), state.Query{Kind: "run", Where: where("a", "LIKE", "b")})
	require.Error(t, err)
}

func testBig(t *testing.T, s state.Store) {
	value := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	value = append(append([]byte{'"'}, value...), '"')
	require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "big", ID: "a", Value: value}))
	r, err := s.Get(t.Context(), "big", "a")
	require.NoError(t, err)
	require.True(t, bytes.Equal(value, r.Value))
	found, err := s.Query(t.Context(), state.Query{Kind: "big"})
	require.NoError(t, err)
	require.True(t, bytes.Equal(value, found[0].Value))
}

// five inserts a to e, with sizes 1 to 5; c has no status, d no size.
func five(t *testing.T, s state.Store) {
	t.Helper()
	for i, id := range []string{"a", "b", "c", "d", "e"} {
		fields := map[string]string{"size": strconv.Itoa(i + 1), "status": []string{"new", "old"}[i%2], "all": "x"}
		delete(fields, map[string]string{"c": "status", "d": "size"}[id])
		require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "thing", ID: id, Fields: fields, Value: []byte("0")}))
	}
	require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "other", ID: "a",
		Fields: map[string]string{"size": "1", "status": "new", "all": "x"}, Value: []byte("0")}))
}

func testCompare(t *testing.T, s state.Store) {
	five(t, s)
	both := func(a, b []state.Condition) []state.Condition { return append(a, b...) }
	for _, test := range []struct {
		where []state.Condition
		want  []string
	}{
		{nil, []string{"a", "b", "c", "d", "e"}},
		{where("size", state.Equal, "2"), []string{"b"}},
		{where("size", state.Less, "3"), []string{"a", "b"}},
		{where("size", state.LessEqual, "3"), []string{"a", "b", "c"}},
		{where("size", state.Greater, "3"), []string{"e"}},
		{where("size", state.GreaterEqual, "3"), []string{"c", "e"}},
		{where("size", state.GreaterEqual, ""), []string{"a", "b", "c", "e"}},
		{where("status", state.Equal, "new"), []string{"a", "e"}},
		{where("none", state.Equal, ""), nil},
		{where("none", state.Less, "z"), nil},
		{both(where("size", state.Greater, "1"), where("size", state.Less, "5")), []string{"b", "c"}},
		{both(where("size", state.Greater, "1"), where("status", state.Equal, "new")), []string{"e"}},
		{both(where("status", state.Equal, "new"), where("status", state.Equal, "old")), nil},
		{both(where("all", state.Equal, "x"), where("status", state.Equal, "old")), []string{"b", "d"}},
		{both(where("all", state.Greater, ""), where("status", state.Less, "o")), []string{"a", "e"}},
	} {
		require.Equal(t, test.want, ids(t, s, state.Query{Kind: "thing", Where: test.where}), "%v", test.where)
		reversed := slices.Clone(test.want)
		slices.Reverse(reversed)
		require.Equal(t, reversed, ids(t, s, state.Query{Kind: "thing", Where: test.where, Descending: true}), "%v", test.where)
	}
}

func testOrder(t *testing.T, s state.Store) {
	five(t, s)
	for _, test := range []struct {
		query state.Query
		want  []string
	}{
		{state.Query{OrderBy: "size"}, []string{"a", "b", "c", "e"}},
		{state.Query{OrderBy: "size", Descending: true, Limit: 2}, []string{"e", "c"}},
		{state.Query{OrderBy: "status"}, []string{"a", "e", "b", "d"}},
		{state.Query{OrderBy: "status", Descending: true}, []string{"d", "b", "e", "a"}},
		{state.Query{OrderBy: "all", Descending: true, Limit: 3}, []string{"e", "d", "c"}},
		{state.Query{Where: where("status", state.Equal, "new"), OrderBy: "size", Descending: true}, []string{"e", "a"}},
		{state.Query{Where: where("status", state.Equal, "old"), OrderBy: "size"}, []string{"b"}},
		{state.Query{Where: where("status", state.Equal, "old"), OrderBy: "status", Descending: true}, []string{"d", "b"}},
		{state.Query{Where: where("size", state.Greater, "1"), OrderBy: "size", Descending: true, Limit: 2}, []string{"e", "c"}},
		{state.Query{Where: where("size", state.Greater, "1"), OrderBy: "status", Limit: 9}, []string{"e", "b"}},
		{state.Query{Limit: 2}, []string{"a", "b"}},
		{state.Query{Limit: 2, Descending: true}, []string{"e", "d"}},
		{state.Query{OrderBy: "none"}, nil},
	} {
		test.query.Kind = "thing"
		require.Equal(t, test.want, ids(t, s, test.query), "%+v", test.query)
	}
}

func testChangedFields(t *testing.T, s state.Store) {
	ctx := t.Context()
	r := state.Record{Kind: "run", ID: "a", Fields: map[string]string{"status": "queued", "at": "1", "kept": "k"}, Value: []byte("0")}
	require.NoError(t, s.Insert(ctx, r))
	r.Version, r.Fields = 1, map[string]string{"status": "done", "kept": "k", "new": "n"}
	require.NoError(t, s.Update(ctx, r))
	for field, value := range map[string]string{"status": "done", "kept": "k", "new": "n"} {
		require.Equal(t, []string{"a"}, ids(t, s, state.Query{Kind: "run", Where: where(field, state.Equal, value)}), field)
	}
	require.Empty(t, ids(t, s, state.Query{Kind: "run", Where: where("status", state.Equal, "queued")}))
	require.Empty(t, ids(t, s, state.Query{Kind: "run", Where: where("at", state.Equal, "1")}))
	require.Empty(t, ids(t, s, state.Query{Kind: "run", OrderBy: "at"}))
}

// testOneMoment moves a mark from record to record, each time by setting the new one first: a query that mixed two
// moments could miss it.
func testOneMoment(t *testing.T, s state.Store) {
	ctx := t.Context()
	const records = 30
	mark := func(i int, version int64, value string) error {
		return s.Update(ctx, state.Record{Kind: "mark", ID: fmt.Sprintf("%02d", i), Version: version,
			Fields: map[string]string{"mark": value}, Value: []byte(`"` + value + `"`)})
	}
	for i := range records {
		require.NoError(t, s.Insert(ctx, state.Record{Kind: "mark", ID: fmt.Sprintf("%02d", i), Fields: map[string]string{"mark": "no"}, Value: []byte(`"no"`)}))
	}
	require.NoError(t, mark(0, 1, "yes"))
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 1; i < records && err == nil; i++ {
			if err = mark(i, 1, "yes"); err == nil {
				err = mark(i-1, 2, "no")
			}
		}
		done <- err
	}()
	for {
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default:
		}
		found, err := s.Query(ctx, state.Query{Kind: "mark", Where: where("mark", state.Equal, "yes")})
		require.NoError(t, err)
		require.NotEmpty(t, found)
		require.LessOrEqual(t, len(found), 2)
		for _, r := range found {
			require.Equal(t, `"yes"`, string(r.Value), "fields and value belong together")
		}
	}
}

func testInsertRace(t *testing.T, s state.Store) {
	const keys, racers = 5, 20
	var mu sync.Mutex
	won := map[string]int{}
	race(t, racers, func(racer int) error {
		for k := range keys {
			id := strconv.Itoa(k)
			err := s.Insert(t.Context(), state.Record{Kind: "race", ID: id, Value: []byte(strconv.Itoa(racer))})
			switch {
			case err == nil:
				mu.Lock()
				won[id]++
				mu.Unlock()
			case !errors.Is(err, state.ErrExists):
				return err
			}
		}
		return nil
	})
	require.Equal(t, map[string]int{"0": 1, "1": 1, "2": 1, "3": 1, "4": 1}, won)
}

func testUpdateRace(t *testing.T, s state.Store) {
	const racers, rounds = 16, 5
	require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "race", ID: "x", Value: []byte("0")}))
	race(t, racers, func(int) error {
		for wins := 0; wins < rounds; {
			r, err := s.Get(t.Context(), "race", "x")
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(r.Value))
			if err != nil {
				return err
			}
			r.Value = []byte(strconv.Itoa(n + 1))
			switch err := s.Update(t.Context(), r); {
			case err == nil:
				wins++
			case !errors.Is(err, state.ErrConflict):
				return err
			}
		}
		return nil
	})
	r, err := s.Get(t.Context(), "race", "x")
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(racers*rounds), string(r.Value), "no update was lost")
	require.EqualValues(t, racers*rounds+1, r.Version)
}

func testContext(t *testing.T, s state.Store) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	r := state.Record{Kind: "run", ID: "a", Value: []byte("1")}
	require.ErrorIs(t, s.Insert(ctx, r), context.DeadlineExceeded)
	require.NoError(t, s.Insert(t.Context(), r), "the first insert did not happen")
	r.Version = 1
	require.ErrorIs(t, s.Update(ctx, r), context.DeadlineExceeded)
	require.ErrorIs(t, s.Delete(ctx, "run", "a", 0), context.DeadlineExceeded)
	_, err := s.Get(ctx, "run", "a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = s.Query(ctx, state.Query{Kind: "run"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	out, err := s.Get(t.Context(), "run", "a")
	require.NoError(t, err)
	require.EqualValues(t, 1, out.Version)
}

func ids(t *testing.T, s state.Store, q state.Query) []string {
	t.Helper()
	found, err := s.Query(t.Context(), q)
	require.NoError(t, err)
	var got []string
	for _, r := range found {
		require.Equal(t, q.Kind, r.Kind)
		got = append(got, r.ID)
	}
	return got
}

func where(field string, op state.Op, value string) []state.Condition {
	return []state.Condition{{Field: field, Op: op, Value: value}}
}
