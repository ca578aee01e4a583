package objects

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// unfinished is the subfolder for objects that are being written. It is on the same file system as the objects, so
// that a finished one can be moved into place in one step.
const unfinished = ".unfinished"

// maxName is the longest file name in bytes on common file systems.
const maxName = 255

// Folder is a Store in a folder of a local or mounted file system. Several processes may use one folder.
type Folder struct{ dir string }

var _ Store = (*Folder)(nil)

// NewFolder opens the folder dir, which is made if it is missing.
func NewFolder(dir string) (*Folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	f := &Folder{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, unfinished), 0o750); err != nil {
		return nil, f.fault("open the folder", dir, err)
	}
	return f, nil
}

// String is the folder's absolute path.
func (f *Folder) String() string { return f.dir }

// path is the file of a key.
func (f *Folder) path(key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	for part := range strings.SplitSeq(key, "/") {
		if len(part) > maxName {
			return "", fmt.Errorf("objects: the key %q has a part of more than %d bytes", key, maxName)
		}
	}
	if key == unfinished || strings.HasPrefix(key, unfinished+"/") {
		return "", fmt.Errorf("objects: the key %q begins with the reserved part %q", key, unfinished)
	}
	return filepath.Join(f.dir, filepath.FromSlash(key)), nil
}

// fault gives an error of the file system its meaning in the contract.
func (f *Folder) fault(doing, key string, err error) error {
	kind := error(nil)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		kind = ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		kind = ErrDenied
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		kind = ErrNotFound
		if _, gone := os.Stat(filepath.Join(f.dir, unfinished)); gone != nil {
			kind = ErrUnreachable // the whole folder has gone, such as an unmounted disk
		}
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ENOTCONN):
		kind = ErrUnreachable
	}
	if kind == nil {
		return fmt.Errorf("objects: %s %q: %w", doing, key, err)
	}
	return fmt.Errorf("%w (%s %q: %w)", kind, doing, key, err)
}

// Open implements Store.
func (f *Folder) Open(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	path, err := f.path(key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, f.fault("open", key, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, f.fault("open", key, err)
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fs.ErrNotExist
	case offset < 0 || offset > info.Size():
		err = offsetError(offset, info.Size())
	default:
		_, err = file.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(f.fault("open", key, err), file.Close())
	}
	return &folderReader{ctx: ctx, folder: f, key: key, file: file}, nil
}

func offsetError(offset, size int64) error {
	return fmt.Errorf("offset %d is outside of the %d bytes", offset, size)
}

// folderReader ends when its context does and gives errors their meaning.
type folderReader struct {
	ctx    context.Context
	folder *Folder
	key    string
	file   *os.File
}

func (r *folderReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.folder.fault("read", r.key, err)
	}
	n, err := r.file.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.folder.fault("read", r.key, err)
	}
	return n, err
}

func (r *folderReader) Close() error { return r.file.Close() }

// Stat implements Store.
func (f *Folder) Stat(ctx context.Context, key string) (Info, error) {
	path, err := f.path(key)
	if err != nil {
		return Info{}, err
	}
	if err := ctx.Err(); err != nil {
		return Info{}, f.fault("look at", key, err)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, f.fault("look at", key, err)
	}
	return Info{Key: key, Size: info.Size(), Modified: info.ModTime()}, nil
}

// List implements Store.
func (f *Folder) List(ctx context.Context, prefix string) ([]Info, error) {
	start := f.dir
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		if err := checkKey(prefix[:i]); err != nil {
			return nil, err
		}
		start = filepath.Join(f.dir, filepath.FromSlash(prefix[:i]))
	}
	if _, err := os.Stat(filepath.Join(f.dir, unfinished)); err != nil {
		return nil, f.fault("list", prefix, err)
	}
	var found []Info
	err := filepath.WalkDir(start, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case err != nil:
			return f.missingAmong(path, err)
		case entry.IsDir() && path == filepath.Join(f.dir, unfinished):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(f.dir, path)
		if err != nil {
			return err
		}
		key := filepath.ToSlash(rel)
		if !strings.HasPrefix(key, prefix) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return f.missingAmong(path, err)
		}
		found = append(found, Info{Key: key, Size: info.Size(), Modified: info.ModTime()})
		return nil
	})
	if err != nil {
		return nil, f.fault("list", prefix, err)
	}
	slices.SortFunc(found, func(a, b Info) int { return cmp.Compare(a.Key, b.Key) })
	return found, nil
}

// missingAmong lets a walk go on when something below the folder went away meanwhile.
func (f *Folder) missingAmong(path string, err error) error {
	if path != f.dir && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
		return nil
	}
	return err
}

// Delete implements Store. Folders that become empty go too.
func (f *Folder) Delete(ctx context.Context, key string) error {
	path, err := f.path(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return f.fault("delete", key, err)
	}
	info, err := os.Lstat(path)
	if err == nil && info.IsDir() {
		return nil // a part of other keys is no object
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		if err = f.fault("delete", key, err); errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	}
	parent := filepath.Dir(path)
	for ; parent != f.dir && os.Remove(parent) == nil; parent = filepath.Dir(parent) {
	}
	if err := syncDir(parent); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.fault("delete", key, err)
	}
	return nil
}

// AbortUnfinished implements Store. A writer that is still at work, here or in another process, fails at Commit.
func (f *Folder) AbortUnfinished(ctx context.Context, prefix string) (int, error) {
	dir := filepath.Join(f.dir, unfinished)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, f.fault("list unfinished under", prefix, err)
	}
	removed := 0
	for _, entry := range entries {
		key, ok := unfinishedKey(entry.Name())
		if !ok || !strings.HasPrefix(key, prefix) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return removed, f.fault("remove the unfinished", key, err)
		}
		err := os.Remove(filepath.Join(dir, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // committed or removed by somebody else meanwhile
		}
		if err != nil {
			return removed, f.fault("remove the unfinished", key, err)
		}
		removed++
	}
	return removed, nil
}

// syncDir makes changes of a folder's entries durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
