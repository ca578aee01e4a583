package objects

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// folderWriter writes a hidden file and moves it into place.
type folderWriter struct {
	ctx      context.Context
	folder   *Folder
	key      string
	path     string
	temp     *os.File
	ifAbsent bool
	err      error // the first failure; nothing is written after it
	over     bool  // committed or aborted
}

// Names of unfinished files are the key, with slashes escaped, and a random suffix.
var (
	keyEscaper   = strings.NewReplacer("%", "%25", "/", "%2F")
	keyUnescaper = strings.NewReplacer("%25", "%", "%2F", "/")
)

func unfinishedName(key string) string { return keyEscaper.Replace(key) + "~" + rand.Text() }

// unfinishedKey is the key that an unfinished file is for.
func unfinishedKey(name string) (string, bool) {
	i := strings.LastIndexByte(name, '~')
	if i < 0 {
		return "", false
	}
	return keyUnescaper.Replace(name[:i]), true
}

// Create implements Store.
func (f *Folder) Create(ctx context.Context, key string, o CreateOptions) (Writer, error) {
	path, err := f.path(key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, f.fault("create", key, err)
	}
	name := unfinishedName(key)
	if len(name) > maxName {
		return nil, fmt.Errorf("objects: the key %q is too long for a folder", key)
	}
	file, err := os.OpenFile(filepath.Join(f.dir, unfinished, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, f.fault("create", key, err)
	}
	return &folderWriter{ctx: ctx, folder: f, key: key, path: path, temp: file, ifAbsent: o.IfAbsent}, nil
}

func (w *folderWriter) Write(p []byte) (int, error) {
	if w.over {
		return 0, fmt.Errorf("objects: write %q: %w", w.key, os.ErrClosed)
	}
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	if w.err != nil {
		return 0, w.fault(w.err)
	}
	n, err := w.temp.Write(p)
	if err != nil {
		w.err = err
		return n, w.fault(err)
	}
	return n, nil
}

func (w *folderWriter) fault(err error) error { return w.folder.fault("write", w.key, err) }

// Commit implements Writer.
func (w *folderWriter) Commit(ctx context.Context) error {
	if w.over {
		return fmt.Errorf("objects: commit %q: %w", w.key, os.ErrClosed)
	}
	defer w.Abort()
	for _, err := range []error{w.err, w.ctx.Err(), ctx.Err()} {
		if err != nil {
			return w.fault(err)
		}
	}
	if err := w.temp.Sync(); err != nil {
		return w.fault(err)
	}
	if err := w.publish(); err != nil {
		return err
	}
	w.over = true
	if err := w.temp.Close(); err != nil {
		return w.fault(err)
	}
	return nil
}

// publish gives the file its name. Delete in another goroutine or process may remove an empty folder that was just
// made for it, hence the attempts.
func (w *folderWriter) publish() error {
	const attempts = 20
	var err error
	for range attempts {
		err = makeDirs(w.folder.dir, filepath.Dir(w.path))
		switch {
		case err != nil:
		case w.ifAbsent:
			err = os.Link(w.temp.Name(), w.path)
		default:
			err = os.Rename(w.temp.Name(), w.path)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		if _, gone := os.Lstat(w.temp.Name()); gone != nil {
			return fmt.Errorf("objects: write %q: the unfinished object was removed by somebody else", w.key)
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist) && w.ifAbsent:
		return fmt.Errorf("%w (%q)", ErrExists, w.key)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist), errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("objects: write %q: in a folder no key can also be a part of another: %w", w.key, err)
	case err != nil:
		return w.fault(err)
	}
	if w.ifAbsent {
		if err := os.Remove(w.temp.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return w.fault(err)
		}
	}
	if err := syncDir(filepath.Dir(w.path)); err != nil {
		return w.fault(err)
	}
	return nil
}

// makeDirs makes dir below root, durably.
func makeDirs(root, dir string) error {
	if dir == root {
		return nil
	}
	err := os.Mkdir(dir, 0o750)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeDirs(root, filepath.Dir(dir)); err != nil {
			return err
		}
		if err = os.Mkdir(dir, 0o750); errors.Is(err, fs.ErrExist) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// Abort implements Writer.
func (w *folderWriter) Abort() {
	if w.over {
		return
	}
	w.over = true
	// What cannot be removed now is found by AbortUnfinished; there is nobody here to tell.
	_ = w.temp.Close()
	_ = os.Remove(w.temp.Name())
}
