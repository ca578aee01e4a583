package statetest

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/state"
)

type counter struct {
	Name  string
	Count int
}

func counters(s state.Store) *state.Collection[counter] {
	return state.NewCollection(s, "counter", func(c counter) map[string]string {
		return map[string]string{"count": strconv.Itoa(c.Count)}
	})
}

func testCollection(t *testing.T, s state.Store) {
	ctx := t.Context()
	c := counters(s)
	require.NoError(t, c.Insert(ctx, "a", counter{"one", 1}))
	require.ErrorIs(t, c.Insert(ctx, "a", counter{}), state.ErrExists)
	value, version, err := c.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, counter{"one", 1}, value)
	require.EqualValues(t, 1, version)

	require.NoError(t, c.Update(ctx, "a", counter{"two", 2}, 1))
	require.ErrorIs(t, c.Update(ctx, "a", counter{"three", 3}, 1), state.ErrConflict)
	changed, err := c.Change(ctx, "a", func(c *counter) error { c.Count++; return nil })
	require.NoError(t, err)
	require.Equal(t, counter{"two", 3}, changed)
	stop := errors.New("stop")
	_, err = c.Change(ctx, "a", func(c *counter) error { c.Count = 99; return stop })
	require.ErrorIs(t, err, stop)
	_, err = c.Change(ctx, "none", func(*counter) error { return nil })
	require.ErrorIs(t, err, state.ErrNotFound)

	require.NoError(t, c.Put(ctx, "a", counter{"four", 4}))
	require.NoError(t, c.Put(ctx, "b", counter{"five", 5}))
	found, err := c.Query(ctx, state.Query{OrderBy: "count", Descending: true})
	require.NoError(t, err)
	require.Equal(t, []state.Entry[counter]{{ID: "b", Version: 1, Value: counter{"five", 5}}, {ID: "a", Version: 4, Value: counter{"four", 4}}}, found)
	require.NoError(t, c.Delete(ctx, "a", 4))
	_, _, err = c.Get(ctx, "a")
	require.ErrorIs(t, err, state.ErrNotFound)
}

func testChangeRace(t *testing.T, s state.Store) {
	const racers, rounds = 8, 5
	c := counters(s)
	require.NoError(t, c.Insert(t.Context(), "a", counter{}))
	race(t, racers, func(int) error {
		for range rounds {
			if _, err := c.Change(t.Context(), "a", func(c *counter) error { c.Count++; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	value, _, err := c.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, racers*rounds, value.Count)
}

// race runs n racers at the same time and fails the test with their errors.
func race(t *testing.T, n int, run func(racer int) error) {
	t.Helper()
	var wait sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wait.Go(func() { errs[i] = run(i) })
	}
	wait.Wait()
	require.NoError(t, errors.Join(errs...))
}
