package objects_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/objects/objectstest"
	"github.com/stretchr/testify/require"
)

func folder(t *testing.T) (*objects.Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "made", "on demand")
	f, err := objects.NewFolder(dir)
	require.NoError(t, err)
	return f, dir
}

func TestFolder(t *testing.T) {
	objectstest.Run(t, func(t *testing.T) objects.Store {
		f, _ := folder(t)
		return f
	})
}

// files are the paths of all files below dir, also the hidden ones.
func files(t *testing.T, dir string) []string {
	t.Helper()
	found := []string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	}))
	return found
}

func TestFolderLayout(t *testing.T) {
	f, dir := folder(t)
	require.Equal(t, dir, f.String())
	require.NoError(t, upload(f, "orders/2026/archive.zst", []byte("x"), objects.CreateOptions{}))
	require.Equal(t, []string{"orders/2026/archive.zst"}, files(t, dir), "a key is a path")

	w, err := f.Create(t.Context(), "orders/2026/manifest.json", objects.CreateOptions{})
	require.NoError(t, err)
	require.Len(t, files(t, dir), 2)
	require.True(t, strings.HasPrefix(files(t, dir)[0], ".unfinished/"))
	for _, key := range []string{".unfinished", ".unfinished/x"} {
		require.Error(t, upload(f, key, nil, objects.CreateOptions{}))
	}
	// A second process on the same folder finds what a dead one has left.
	other, err := objects.NewFolder(dir)
	require.NoError(t, err)
	n, err := other.AbortUnfinished(t.Context(), "orders/2026/")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.ErrorContains(t, w.Commit(t.Context()), "removed by somebody else")

	require.NoError(t, f.Delete(t.Context(), "orders/2026/archive.zst"))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "empty folders go with their last object")
}

func TestFolderKeyInsideOfAKey(t *testing.T) {
	f, dir := folder(t)
	require.NoError(t, upload(f, "a/b", []byte("x"), objects.CreateOptions{}))
	for _, key := range []string{"a", "a/b/c", "a/b/c/d"} {
		for _, ifAbsent := range []bool{false, true} {
			require.Error(t, upload(f, key, []byte("y"), objects.CreateOptions{IfAbsent: ifAbsent}), key)
		}
	}
	require.Equal(t, []string{"a/b"}, files(t, dir))
	require.Error(t, upload(f, strings.Repeat("k", 300), nil, objects.CreateOptions{}))
}

// TestFolderThatComesAndGoes: one writer's folder is removed by another's Delete.
func TestFolderThatComesAndGoes(t *testing.T) {
	f, dir := folder(t)
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for round := range 50 {
				key := fmt.Sprintf("deep/er/%d", i)
				errs[i] = errors.Join(errs[i], upload(f, key, []byte("x"), objects.CreateOptions{IfAbsent: round%2 == 0}),
					f.Delete(t.Context(), key))
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Empty(t, files(t, dir))
}

func TestFolderVanishes(t *testing.T) {
	f, dir := folder(t)
	require.NoError(t, upload(f, "a", []byte("x"), objects.CreateOptions{}))
	require.NoError(t, os.Rename(dir, dir+"-unmounted"))
	_, open := f.Open(t.Context(), "a", 0)
	_, stat := f.Stat(t.Context(), "a")
	_, list := f.List(t.Context(), "")
	_, below := f.List(t.Context(), "x/y")
	_, abort := f.AbortUnfinished(t.Context(), "")
	for _, err := range []error{open, stat, list, below, abort, f.Delete(t.Context(), "a"), upload(f, "b", nil, objects.CreateOptions{})} {
		require.ErrorIs(t, err, objects.ErrUnreachable)
		require.NotErrorIs(t, err, objects.ErrNotFound)
	}
}

func TestFolderDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may do everything")
	}
	f, dir := folder(t)
	require.NoError(t, upload(f, "a/b", []byte("x"), objects.CreateOptions{}))
	require.NoError(t, os.Chmod(filepath.Join(dir, ".unfinished"), 0o500))
	require.NoError(t, os.Chmod(filepath.Join(dir, "a/b"), 0))
	require.ErrorIs(t, upload(f, "c", nil, objects.CreateOptions{}), objects.ErrDenied)
	_, err := f.Open(t.Context(), "a/b", 0)
	require.ErrorIs(t, err, objects.ErrDenied)
	_, err = objects.NewFolder(filepath.Join(dir, ".unfinished", "deeper"))
	require.ErrorIs(t, err, objects.ErrDenied)
}

// TestFolderOnASmallDisk fills a file system of its own, and then makes it read-only.
func TestFolderOnASmallDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("a file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	f, err := objects.NewFolder(dir)
	require.NoError(t, err)
	require.NoError(t, upload(f, "kept", noise(1<<20), objects.CreateOptions{}))
	require.ErrorIs(t, upload(f, "large", noise(3<<20), objects.CreateOptions{}), objects.ErrFull)
	require.Equal(t, []string{"kept"}, files(t, dir), "nothing is left behind")
	require.NoError(t, upload(f, "small", noise(1000), objects.CreateOptions{}), "there is space again")

	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	require.ErrorIs(t, upload(f, "x", nil, objects.CreateOptions{}), objects.ErrDenied)
	require.ErrorIs(t, f.Delete(t.Context(), "kept"), objects.ErrDenied)
	require.Equal(t, noise(1000), download(t, f, "small"))
}

func TestFolderReaderEndsWithItsContext(t *testing.T) {
	f, _ := folder(t)
	require.NoError(t, upload(f, "k", noise(100_000), objects.CreateOptions{}))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := f.Open(ctx, "k", 0)
	require.NoError(t, err)
	defer r.Close()
	_, err = io.ReadFull(r, make([]byte, 10))
	require.NoError(t, err)
	cancel()
	_, err = io.Copy(io.Discard, r)
	require.ErrorIs(t, err, ctx.Err())
}
