package checkup

import (
	"fmt"

	"github.com/kampyn/opsbot/chat"
)

// The free space in bytes below which a disk is as good as full, and below which that is near.
const (
	fullBelow   = 100 << 20
	scarceBelow = 5 << 30
)

// folder looks at the disk of a folder of backups.
func folder(found *Rows, dir, state string) {
	d, err := diskOf(dir)
	if err != nil {
		found.Skip("space", "because the system does not tell: "+chat.Escape(err.Error()))
		return
	}
	space(found, "space", d, "Backups need room: use a larger disk, or remove old ones.")
	s, err := diskOf(nearestFolder(state))
	if err == nil && s.device == d.device {
		found.Remark("disk", "backups lie on the same disk as the state of opsbot", "When the disk dies both are gone: keep a copy of the folder elsewhere.")
	} else if err == nil {
		found.OK("disk", "backups lie on another disk than the state of opsbot")
	}
}

func space(found *Rows, name string, d disk, try string) {
	say := fmt.Sprintf("%s free of %s", chat.Bytes(d.free), chat.Bytes(d.total))
	switch {
	case d.total == 0:
		found.Skip(name, "because the file system has no size")
	case d.free < fullBelow:
		found.Fail(name, say, try)
	case d.free < scarceBelow:
		found.Remark(name, say, try)
	default:
		found.OK(name, "%s", say)
	}
}
