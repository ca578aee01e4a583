package checkup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// shortOplog is the window below which a night's trouble is longer than what the oplog remembers.
const shortOplog = 24 * time.Hour

const withoutOplog = "Full backups do not need it; restoring to a moment between two of them would."

// oplog says how far back the deployment remembers its writes, or why that cannot be known.
func oplog(ctx context.Context, found *Rows, db *databases.Database, server databases.Server) {
	switch {
	case server.Sharded:
		found.Remark("oplog", "a router has none: each shard has its own", withoutOplog)
		return
	case server.ReplicaSet == "":
		found.Remark("oplog", "a standalone server has none", withoutOplog)
		return
	}
	o, err := db.Oplog(ctx)
	window := o.Last.Sub(o.First)
	switch {
	case databases.IsDenied(err):
		found.Remark("oplog", "the user may not read it, or the hosting does not offer it", "Give the user the role `backup`. "+withoutOplog)
	case err != nil:
		found.Remark("oplog", "could not be read: "+reasonOf(err), withoutOplog)
	case o.Last.IsZero():
		found.Remark("oplog", "is empty, or is not shown to this user", withoutOplog)
	case window < shortOplog && o.Growing:
		found.OK("oplog", "readable; it reaches back %s, and is not full yet", chat.Span(window))
	case window < shortOplog:
		found.Remark("oplog", fmt.Sprintf("readable; it reaches back %s", chat.Span(window)),
			"It should hold a day or more: enlarge it with `replSetResizeOplog`.")
	default:
		found.OK("oplog", "readable; it reaches back %s", chat.Span(window))
	}
}

// reasonOf is an error in a few words.
func reasonOf(err error) string {
	if problem, ok := errors.AsType[*chat.Problem](err); ok {
		return problem.Say
	}
	return chat.Escape(cut(err.Error(), 200))
}
