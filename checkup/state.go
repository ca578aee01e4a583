package checkup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kampyn/opsbot/chat"
)

// disk is what holds a folder. Sizes are bytes; remote names the kind of file system of one on another machine.
type disk struct {
	free, total int64
	device      uint64
	remote      string
}

// nearestFolder is the folder of a file, or the nearest thing above it that exists: opsbot makes the folders between.
func nearestFolder(file string) string {
	dir := filepath.Dir(file)
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

// State tries the folder of the SQLite file in which opsbot remembers. The file itself is not opened.
func State(file string) Probe {
	return Probe{Section: "State", Run: func(_ context.Context, found *Rows) {
		dir := nearestFolder(file)
		info, err := os.Stat(file)
		switch {
		case err == nil && info.IsDir():
			found.Fail("file", chat.Literal(file)+" is a folder", "Name a file with `state.sqlite`.")
			return
		case err == nil:
			writable(found, file)
		case errors.Is(err, fs.ErrNotExist):
			found.OK("file", "%s will be made at the first start", chat.Literal(file))
		default:
			found.Fail("file", chat.Escape(err.Error()), "Let the user that opsbot runs as read it.")
		}
		// SQLite makes other files beside its own.
		trial, err := os.CreateTemp(dir, ".opsbot-check-*")
		if err == nil {
			err = errors.Join(trial.Close(), os.Remove(trial.Name()))
		}
		if err != nil {
			found.Fail("folder", "nothing can be written to "+chat.Literal(dir)+": "+chat.Escape(reason(err)), "Let the user that opsbot runs as write there, or mend `state.sqlite`.")
		} else {
			found.OK("folder", "%s is writable", chat.Literal(dir))
		}
		onDisk(found, dir)
	}}
}

func writable(found *Rows, file string) {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		found.Fail("file", chat.Literal(file)+" cannot be written: "+chat.Escape(reason(err)), "Let the user that opsbot runs as write it.")
		return
	}
	found.OK("file", "%s is there and writable", chat.Literal(file))
}

func onDisk(found *Rows, dir string) {
	d, err := diskOf(dir)
	switch {
	case err != nil:
		found.Skip("disk", "because the system does not tell: "+chat.Escape(reason(err)))
		return
	case d.remote != "":
		found.Remark("disk", "the state lies on a network disk ("+d.remote+")", "SQLite wants a local disk: locks over the network lose data. Move `state.sqlite`.")
	default:
		found.OK("disk", "local")
	}
	space(found, "space", d, "A full disk stops opsbot: make room.")
}

// reason is an error of the file system without the path.
func reason(err error) string {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
