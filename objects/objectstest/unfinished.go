package objectstest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kampyn/opsbot/objects"
	"github.com/stretchr/testify/require"
)

// begun is a writer that has written enough for every store to have begun.
func begun(t *testing.T, s objects.Store, key string) objects.Writer {
	t.Helper()
	w, err := s.Create(deadline(t), key, objects.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(w.Abort)
	_, err = w.Write(pattern(8, 9*mebibyte))
	require.NoError(t, err)
	return w
}

func testAbortUnfinished(t *testing.T, s objects.Store) {
	ctx := deadline(t)
	require.NoError(t, put(t, s, "b/orders-1/archive", []byte("committed"), objects.CreateOptions{}))
	begun(t, s, "b/orders-1/manifest")
	begun(t, s, "b/orders-1/deep/er")
	begun(t, s, "b/orders-1/deep/er")
	other := begun(t, s, "b/orders-2/archive")
	begun(t, s, "b/orders-1%2F")

	n, err := s.AbortUnfinished(ctx, "b/orders-1/")
	require.NoError(t, err)
	require.Equal(t, 3, n)
	noneUnder(t, s, "b/orders-1/")
	noneUnder(t, s, "none")

	require.NoError(t, other.Commit(ctx), "a writer outside of the prefix goes on")
	equal(t, pattern(8, 9*mebibyte), get(t, s, "b/orders-2/archive", 0))
	n, err = s.AbortUnfinished(ctx, "b/orders-1%")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	noneUnder(t, s, "")
	require.Equal(t, []string{"b/orders-1/archive", "b/orders-2/archive"}, keys(t, s, ""))
}

// noneUnder waits until nothing unfinished is left: a part that was under way may bring an aborted upload back.
func noneUnder(t *testing.T, s objects.Store, prefix string) {
	t.Helper()
	require.Eventually(t, func() bool {
		n, err := s.AbortUnfinished(t.Context(), prefix)
		return err == nil && n == 0
	}, 20*time.Second, 10*time.Millisecond)
}

func testAbortedWriter(t *testing.T, s objects.Store) {
	w := begun(t, s, "dead/one")
	n, err := s.AbortUnfinished(deadline(t), "dead/")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Error(t, w.Commit(deadline(t)))
	noneUnder(t, s, "")
	require.Empty(t, keys(t, s, ""))
}

func testConcurrent(t *testing.T, s objects.Store) {
	const workers = 8
	// Something stays in the folder: servers that keep keys as paths may trip over a folder that comes and goes.
	require.NoError(t, put(t, s, "shared/passing/stays", nil, objects.CreateOptions{}))
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() { errs[i] = churn(t, s, i) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Len(t, keys(t, s, "shared/"), workers+1)
	for i := range workers {
		equal(t, pattern(uint64(i), 10_000), get(t, s, fmt.Sprintf("shared/%d/kept", i), 0))
	}
}

// churn writes, lists and deletes in a folder that others use as well.
func churn(t *testing.T, s objects.Store, worker int) error {
	ctx := deadline(t)
	for round := range 10 {
		key := fmt.Sprintf("shared/passing/%d-%d", worker, round)
		if err := put(t, s, key, pattern(uint64(worker), 500), objects.CreateOptions{IfAbsent: round%2 == 0}); err != nil {
			return err
		}
		infos, err := s.List(ctx, "shared/")
		if err != nil {
			return err
		}
		for _, info := range infos {
			if !strings.HasPrefix(info.Key, "shared/") {
				return fmt.Errorf("List answered %q", info.Key)
			}
		}
		if err := s.Delete(ctx, key); err != nil {
			return err
		}
	}
	return put(t, s, fmt.Sprintf("shared/%d/kept", worker), pattern(uint64(worker), 10_000), objects.CreateOptions{})
}
