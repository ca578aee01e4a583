// Package objectstest holds every implementation of objects.Store to the contract.
package objectstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kampyn/opsbot/objects"
	"github.com/stretchr/testify/require"
)

const mebibyte = 1 << 20

// Run runs the suite. open answers an empty store; each test has its own, and may leave objects in it.
func Run(t *testing.T, open func(t *testing.T) objects.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, objects.Store){
		"round trips":                       testRoundTrips,
		"nothing before Commit":             testNothingBeforeCommit,
		"Abort leaves nothing":              testAbort,
		"a cancelled upload leaves nothing": testCancelled,
		"a cancelled Commit leaves nothing": testCancelledCommit,
		"IfAbsent has one winner":           testIfAbsent,
		"overwrite":                         testOverwrite,
		"odd keys":                          testOddKeys,
		"refused keys":                      testRefusedKeys,
		"List orders and filters":           testListOrder,
		"List pages":                        testListPages,
		"Open at an offset":                 testOffsets,
		"missing objects":                   testMissing,
		"AbortUnfinished":                   testAbortUnfinished,
		"an aborted writer cannot commit":   testAbortedWriter,
		"concurrent use":                    testConcurrent,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// pattern is n bytes of noise that depends on seed only.
func pattern(seed uint64, n int) []byte {
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(n)})
	b := make([]byte, n)
	_, _ = source.Read(b) // never fails
	return b
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// put stores content in one Write.
func put(t *testing.T, s objects.Store, key string, content []byte, o objects.CreateOptions) error {
	t.Helper()
	ctx := deadline(t)
	w, err := s.Create(ctx, key, o)
	if err != nil {
		return err
	}
	defer w.Abort()
	n, err := w.Write(content)
	if err != nil {
		return err
	}
	if n != len(content) {
		return fmt.Errorf("wrote %d bytes of %d", n, len(content))
	}
	return w.Commit(ctx)
}

func get(t *testing.T, s objects.Store, key string, offset int64) []byte {
	t.Helper()
	r, err := s.Open(deadline(t), key, offset)
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return content
}

// equal compares without printing megabytes.
func equal(t *testing.T, want, have []byte) {
	t.Helper()
	require.Len(t, have, len(want), "length")
	require.True(t, string(want) == string(have), "the content differs")
}

func keys(t *testing.T, s objects.Store, prefix string) []string {
	t.Helper()
	infos, err := s.List(deadline(t), prefix)
	require.NoError(t, err)
	found := []string{}
	for _, info := range infos {
		found = append(found, info.Key)
	}
	return found
}

// nothingLeft requires that the store is as empty as it was, uploads included.
func nothingLeft(t *testing.T, s objects.Store) {
	t.Helper()
	require.Empty(t, keys(t, s, ""))
	n, err := s.AbortUnfinished(deadline(t), "")
	require.NoError(t, err)
	require.Zero(t, n, "unfinished uploads")
}

func testRoundTrips(t *testing.T, s objects.Store) {
	for _, size := range []int{0, 1, 5*mebibyte - 1, 5 * mebibyte, 5*mebibyte + 1, 8 * mebibyte, 8*mebibyte + 1} {
		key := fmt.Sprintf("round/%d", size)
		content := pattern(1, size)
		before := time.Now().Add(-time.Minute)
		require.NoError(t, put(t, s, key, content, objects.CreateOptions{SizeHint: int64(size)}))
		equal(t, content, get(t, s, key, 0))
		info, err := s.Stat(deadline(t), key)
		require.NoError(t, err)
		require.Equal(t, key, info.Key)
		require.EqualValues(t, size, info.Size)
		require.WithinRange(t, info.Modified, before, time.Now().Add(time.Minute))
	}
	streamed := pattern(2, 40*mebibyte)
	ctx := deadline(t)
	w, err := s.Create(ctx, "round/streamed", objects.CreateOptions{ContentType: "application/zstd"})
	require.NoError(t, err)
	defer w.Abort()
	for rest, step := streamed, 1; len(rest) > 0; step = step*3%(5*mebibyte) + 1 {
		n, err := w.Write(rest[:min(step, len(rest))])
		require.NoError(t, err)
		require.Equal(t, min(step, len(rest)), n)
		rest = rest[n:]
	}
	require.NoError(t, w.Commit(ctx))
	w.Abort()
	equal(t, streamed, get(t, s, "round/streamed", 0))
	nothing, err := s.AbortUnfinished(ctx, "")
	require.NoError(t, err)
	require.Zero(t, nothing)
}

func testNothingBeforeCommit(t *testing.T, s objects.Store) {
	ctx := deadline(t)
	w, err := s.Create(ctx, "a/late", objects.CreateOptions{})
	require.NoError(t, err)
	defer w.Abort()
	content := pattern(3, 17*mebibyte)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.Empty(t, keys(t, s, ""))
	_, err = s.Stat(ctx, "a/late")
	require.ErrorIs(t, err, objects.ErrNotFound)
	_, err = s.Open(ctx, "a/late", 0)
	require.ErrorIs(t, err, objects.ErrNotFound)
	require.NoError(t, w.Commit(ctx))
	require.Equal(t, []string{"a/late"}, keys(t, s, ""))
	equal(t, content, get(t, s, "a/late", 0))
	require.Error(t, w.Commit(ctx), "a second Commit")
	_, err = w.Write([]byte("x"))
	require.Error(t, err, "Write after Commit")
	equal(t, content, get(t, s, "a/late", 0))
}

func testAbort(t *testing.T, s objects.Store) {
	for _, size := range []int{0, 100, 17 * mebibyte} {
		w, err := s.Create(deadline(t), "aborted", objects.CreateOptions{})
		require.NoError(t, err)
		_, err = w.Write(pattern(4, size))
		require.NoError(t, err)
		w.Abort()
		w.Abort()
		require.Error(t, w.Commit(deadline(t)), "Commit after Abort")
		nothingLeft(t, s)
	}
}

func testCancelled(t *testing.T, s objects.Store) {
	ctx, cancel := context.WithCancel(deadline(t))
	w, err := s.Create(ctx, "cancelled", objects.CreateOptions{})
	require.NoError(t, err)
	_, err = w.Write(pattern(5, 17*mebibyte))
	require.NoError(t, err)
	cancel()
	_, err = w.Write([]byte("more"))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, w.Commit(deadline(t)), context.Canceled)
	w.Abort()
	nothingLeft(t, s)
	_, err = s.Create(ctx, "cancelled", objects.CreateOptions{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Open(ctx, "cancelled", 0)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Stat(ctx, "cancelled")
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.List(ctx, "")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, s.Delete(ctx, "cancelled"), context.Canceled)
}

func testCancelledCommit(t *testing.T, s objects.Store) {
	for _, size := range []int{100, 17 * mebibyte} {
		ctx, cancel := context.WithCancel(deadline(t))
		w, err := s.Create(deadline(t), "cancelled", objects.CreateOptions{})
		require.NoError(t, err)
		_, err = w.Write(pattern(6, size))
		require.NoError(t, err)
		cancel()
		require.ErrorIs(t, w.Commit(ctx), context.Canceled)
		nothingLeft(t, s)
	}
}

func testIfAbsent(t *testing.T, s objects.Store) {
	for _, size := range []int{1000, 9 * mebibyte} {
		key := fmt.Sprintf("race/%d", size)
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = put(t, s, key, pattern(uint64(i), size), objects.CreateOptions{IfAbsent: true}) })
		}
		wg.Wait()
		winner := -1
		for i, err := range errs {
			if err == nil {
				require.Equal(t, -1, winner, "two winners")
				winner = i
				continue
			}
			require.ErrorIs(t, err, objects.ErrExists)
		}
		require.NotEqual(t, -1, winner, "no winner: %v", errors.Join(errs...))
		equal(t, pattern(uint64(winner), size), get(t, s, key, 0))
	}
	require.Len(t, keys(t, s, ""), 2)
	n, err := s.AbortUnfinished(deadline(t), "")
	require.NoError(t, err)
	require.Zero(t, n, "the losers left something behind")
}

func testOverwrite(t *testing.T, s objects.Store) {
	require.NoError(t, put(t, s, "k", []byte("first, and longer"), objects.CreateOptions{}))
	require.NoError(t, put(t, s, "k", []byte("second"), objects.CreateOptions{}))
	require.Equal(t, "second", string(get(t, s, "k", 0)))
	require.ErrorIs(t, put(t, s, "k", []byte("third"), objects.CreateOptions{IfAbsent: true}), objects.ErrExists)
	require.Equal(t, "second", string(get(t, s, "k", 0)))
	require.Equal(t, []string{"k"}, keys(t, s, ""))
}

func testOddKeys(t *testing.T, s objects.Store) {
	odd := []string{
		"a b/c  d", "plus+plus", "percent%20%", "ünïcödé/日本語/🍛", "quote'\"", "a&b=c?d#e", "semi;colon:at@", "~tilde~",
		"dots.../.hidden", "<tag>", "(1)[2]{3}", "comma,dollar$star*", strings.Repeat("long-", 30) + "key",
	}
	for i, key := range odd {
		require.NoError(t, put(t, s, key, []byte(fmt.Sprint(i)), objects.CreateOptions{}), key)
	}
	require.ElementsMatch(t, odd, keys(t, s, ""))
	for i, key := range odd {
		require.Equal(t, fmt.Sprint(i), string(get(t, s, key, 0)), key)
		require.Equal(t, []string{key}, keys(t, s, key))
		w, err := s.Create(deadline(t), key, objects.CreateOptions{})
		require.NoError(t, err)
		w.Abort()
		require.NoError(t, s.Delete(deadline(t), key))
	}
	nothingLeft(t, s)
}

func testRefusedKeys(t *testing.T, s objects.Store) {
	for _, key := range []string{
		"", "/", "/etc/passwd", "a//b", "a/", "..", "../a", "a/../../b", "a/./b", ".", "a\x00b", "a\nb", "a\\b", "\xff",
		strings.Repeat("k", 2000),
	} {
		ctx := deadline(t)
		_, err := s.Create(ctx, key, objects.CreateOptions{})
		require.Error(t, err, "Create %q", key)
		_, err = s.Open(ctx, key, 0)
		require.Error(t, err, "Open %q", key)
		_, err = s.Stat(ctx, key)
		require.Error(t, err, "Stat %q", key)
		require.Error(t, s.Delete(ctx, key), "Delete %q", key)
	}
	nothingLeft(t, s)
}

func testListOrder(t *testing.T, s objects.Store) {
	sorted := []string{"B", "a!", "a-b", "a-b.c/d", "a.b", "a/a", "a/b/c", "a0", "aa", "b", "é"}
	for _, i := range rand.Perm(len(sorted)) {
		require.NoError(t, put(t, s, sorted[i], []byte(sorted[i]), objects.CreateOptions{}))
	}
	require.Equal(t, sorted, keys(t, s, ""))
	require.Equal(t, []string{"a/a", "a/b/c"}, keys(t, s, "a/"))
	require.Equal(t, []string{"a-b", "a-b.c/d"}, keys(t, s, "a-"))
	require.Equal(t, []string{"a/b/c"}, keys(t, s, "a/b"))
	require.Empty(t, keys(t, s, "c"))
	require.Empty(t, keys(t, s, "a/b/c/"))
	require.Empty(t, keys(t, s, "none/such/"))
	infos, err := s.List(deadline(t), "a-b.")
	require.NoError(t, err)
	require.Len(t, infos, 1)
	require.EqualValues(t, len("a-b.c/d"), infos[0].Size)
	require.WithinDuration(t, time.Now(), infos[0].Modified, time.Minute)
}

func testListPages(t *testing.T, s objects.Store) {
	const n = 1050
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for worker := range errs {
		wg.Go(func() {
			for i := worker; i < n; i += len(errs) {
				if err := put(t, s, fmt.Sprintf("many/%04d", i), []byte{1}, objects.CreateOptions{}); err != nil {
					errs[worker] = err
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	found := keys(t, s, "many/")
	require.Len(t, found, n)
	for i, key := range found {
		require.Equal(t, fmt.Sprintf("many/%04d", i), key)
	}
}

func testOffsets(t *testing.T, s objects.Store) {
	content := pattern(7, 100_000)
	require.NoError(t, put(t, s, "o", content, objects.CreateOptions{}))
	for _, offset := range []int{0, 1, 4096, 99_999, 100_000} {
		equal(t, content[offset:], get(t, s, "o", int64(offset)))
	}
	for _, offset := range []int64{-1, 100_001, 1 << 40} {
		_, err := s.Open(deadline(t), "o", offset)
		require.Error(t, err, "offset %d", offset)
		require.NotErrorIs(t, err, objects.ErrNotFound)
	}
	r, err := s.Open(deadline(t), "o", 10)
	require.NoError(t, err)
	_, err = io.ReadFull(r, make([]byte, 100))
	require.NoError(t, err)
	require.NoError(t, r.Close(), "Close before the end")
	_, err = r.Read(make([]byte, 1))
	require.Error(t, err, "Read after Close")
}

func testMissing(t *testing.T, s objects.Store) {
	require.NoError(t, put(t, s, "a/b", []byte("x"), objects.CreateOptions{}))
	for _, key := range []string{"a", "a/b/c", "a/c", "b", "A/B"} {
		_, err := s.Stat(deadline(t), key)
		require.ErrorIs(t, err, objects.ErrNotFound, "Stat %s", key)
		_, err = s.Open(deadline(t), key, 0)
		require.ErrorIs(t, err, objects.ErrNotFound, "Open %s", key)
		_, err = s.Open(deadline(t), key, 5)
		require.ErrorIs(t, err, objects.ErrNotFound, "Open %s", key)
		require.NoError(t, s.Delete(deadline(t), key), "Delete %s", key)
	}
	require.Equal(t, "x", string(get(t, s, "a/b", 0)))
}
