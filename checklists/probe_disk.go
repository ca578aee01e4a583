package checklists

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v4/disk"

	"github.com/kampyn/opsbot/chat"
)

// Disk passes while the file system of a path, such as that of the logs, is filled to less than a share of its space and of
// its inodes.
type Disk struct {
	// Path is any in it.
	Path string
	// Below is in percent.
	Below float64
}

// Look implements Probe. A file system that hangs is left to itself by the desk.
func (p Disk) Look(ctx context.Context) Evidence {
	use, err := disk.UsageWithContext(ctx, p.Path)
	if err != nil {
		return Evidence{Outcome: Unknown, Say: fmt.Sprintf("%s could not be looked at: %s", chat.Literal(p.Path), chat.Escape(err.Error()))}
	}
	if use.Total == 0 {
		return Evidence{Outcome: Unknown, Say: chat.Literal(p.Path) + " is on a file system that has no size"}
	}
	say := fmt.Sprintf("the disk of %s is %.0f%% full, %s free", chat.Literal(p.Path), use.UsedPercent, chat.Bytes(int64(use.Free)))
	e := Evidence{Outcome: Passed, Say: say}
	if use.UsedPercent >= p.Below {
		e = Evidence{Outcome: Failed, Say: fmt.Sprintf("%s (must be below %g%%)", say, p.Below)}
	}
	if use.InodesTotal > 0 && use.InodesUsedPercent >= p.Below {
		e = Evidence{Outcome: Failed, Say: fmt.Sprintf("%s; %.0f%% of its inodes are used (must be below %g%%)", say, use.InodesUsedPercent, p.Below)}
	}
	return e
}
