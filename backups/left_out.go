package backups

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// LeftOut is what was there when a backup was taken and is not in it.
type LeftOut struct {
	// Users and Roles are defined on the databases of the backup; Counted is false when the server did not tell.
	Users   int64 `json:"users"`
	Roles   int64 `json:"roles"`
	Counted bool  `json:"counted"`
	// Collections are namespaces of the server's own inside of the databases, such as system.profile.
	Collections []string `json:"collections,omitempty"`
}

// leave finds out what the backup leaves out. It is told for information only, so what the server refuses is not known.
func (f *full) leave(ctx context.Context) error {
	left := &LeftOut{Counted: true}
	names := []string{}
	for _, n := range f.namespaces {
		if !slices.Contains(names, n.Database) {
			names = append(names, n.Database)
		}
	}
	for _, name := range names {
		system, err := f.db.SystemCollections(ctx, name)
		for _, collection := range system {
			left.Collections = append(left.Collections, name+"."+collection)
		}
		if err == nil {
			var users, roles int64
			users, roles, err = f.db.Accounts(ctx, name)
			left.Users, left.Roles = left.Users+users, left.Roles+roles
		}
		left.Counted = left.Counted && err == nil
	}
	f.manifest.LeftOut = left
	return ctx.Err()
}

// accounts says it of users and roles.
func (m Manifest) accounts() string {
	switch l := m.LeftOut; {
	case l == nil || !l.Counted:
		return "users and roles"
	case l.Users+l.Roles == 0:
		return "users and roles (none is defined on it)"
	default:
		return chat.Plural(l.Users, "user") + " and " + chat.Plural(l.Roles, "role") + " that are defined on it"
	}
}

// Lacks says in one short line of mrkdwn what is not in the backup.
func (m Manifest) Lacks() string {
	return "Not in it: " + m.accounts() + ", the oplog, the server's own databases and settings."
}

// LacksInFull is Lacks point by point, in mrkdwn.
func (m Manifest) LacksInFull() []string {
	accounts := m.accounts() + ". Take them along with `mongodump --dumpDbUsersAndRoles`."
	if m.LeftOut == nil || !m.LeftOut.Counted {
		accounts = "users and roles; how many there are the server did not tell (it takes the right to view them)."
	}
	points := []string{
		accounts,
		"the oplog: the backup cannot be restored to a point in time, and its collections were read one after the other, not at one moment.",
		"`admin`, `config` and `local`: server parameters, and the settings of the replica set and of sharding.",
	}
	if l := m.LeftOut; l != nil && len(l.Collections) > 0 {
		shown := l.Collections[:min(len(l.Collections), 10)]
		more := ""
		if rest := len(l.Collections) - len(shown); rest > 0 {
			more = fmt.Sprintf(" and %d more", rest)
		}
		points = append(points, strings.Join(literals(shown), ", ")+more+": the server makes them by itself.")
	}
	return points
}
