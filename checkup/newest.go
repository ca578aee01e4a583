package checkup

import (
	"context"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
)

// Newest says how old the newest backup of each database is that was read back and found good. Older than two rounds of
// the schedule is worth a remark; every is zero without one.
func Newest(catalogue *backups.Catalogue, databases []string, every time.Duration, now func() time.Time) Probe {
	return Probe{Section: backupsTitle, Within: 45 * time.Second, Run: func(ctx context.Context, found *Rows) {
		if every == 0 {
			every = 24 * time.Hour
		}
		all, err := catalogue.List(ctx, "")
		if err != nil {
			found.Skip("newest", "because the list of backups could not be read")
			return
		}
		newest, unverified := map[string]backups.Entry{}, map[string]int{}
		for _, e := range all { // newest first
			if _, known := newest[e.Database]; !known && e.Verified() {
				newest[e.Database] = e
			} else if !known {
				unverified[e.Database]++
			}
		}
		for _, name := range databases {
			e, ok := newest[name]
			age := now().Sub(e.Started)
			switch {
			case !ok && unverified[name] > 0:
				found.Remark(name, fmt.Sprintf("has %s, but none that was verified", chat.Plural(int64(unverified[name]), "backup")), "Type `/backup verify`, or take one: `/backup now "+name+"`.")
			case !ok:
				found.Remark(name, "has no backup yet", "Take one: `/backup now "+name+"`.")
			case age > 2*every:
				found.Remark(name, "newest verified backup is "+chat.Span(age)+" old", "Take one: `/backup now "+name+"`, and see `/jobs` for what failed.")
			default:
				found.OK(name, "newest verified backup is %s old", chat.Span(age))
			}
		}
	}}
}
