package checkup

import (
	"context"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// mostRead bounds how many collections of a deployment one document is read of.
const mostRead = 300

// reading proves the rights that a backup needs by using them.
func reading(ctx context.Context, found *Rows, db *databases.Database) {
	const name = "right to back up"
	all, err := db.Namespaces(ctx)
	if err != nil {
		found.Error(name, err)
		return
	}
	tried, views := 0, 0
	var denied []string
	for _, n := range all {
		if n.Type == databases.TypeView {
			views++
			continue
		}
		if tried == mostRead {
			break
		}
		tried++
		_, err := db.Indexes(ctx, n)
		if err == nil {
			err = db.CanRead(ctx, n)
		}
		switch {
		case err == nil, databases.IsMissing(err):
		case databases.IsDenied(err):
			denied = append(denied, chat.Literal(n.String()))
		default:
			found.Error(name, err)
			return
		}
	}
	shown := chat.Plural(int64(len(all)-views), "collection")
	if tried < len(all)-views {
		shown = fmt.Sprintf("the first %d of %s", tried, shown)
	}
	if len(denied) > 0 {
		found.Fail(name, fmt.Sprintf("%d of %s may not be read: %s", len(denied), shown, some(denied)), "Give the user the built-in role `backup`.")
		return
	}
	found.OK(name, "listed, and read one document of each: %s", shown)
}

// What a restore does to the database that it makes, and one in place to the database that is there; what is asked of the
// deployment for documents that a plain insert changes, and to see which programs are connected.
// https://www.mongodb.com/docs/manual/reference/privilege-actions/
var (
	restoreActions = []string{"createCollection", "insert", "bypassDocumentValidation", "createIndex", "collMod", "dropCollection", "dropDatabase", "remove", "find", "listCollections", "listIndexes"}
	inPlaceActions = []string{"createCollection", "insert", "bypassDocumentValidation", "createIndex", "collMod", "dropCollection", "renameCollectionSameDB", "remove", "find", "listCollections", "listIndexes"}
	verbatimAction = "applyOps"
	programsAction = "inprog"
)

// restoring compares the rights that the server tells with those that a restore needs. Nothing is written.
func restoring(ctx context.Context, found *Rows, db *databases.Database) {
	const name = "right to restore"
	rights, err := db.Rights(ctx)
	if err != nil {
		found.Error(name, err)
		return
	}
	switch missing := rights.Missing("", restoreActions...); {
	case rights.User == "":
		found.OK(name, "nothing is forbidden")
		found.Remark("access", "nobody signs in: whoever reaches the server may do everything", "Switch access control on, and give opsbot a user of its own.")
	case !rights.Told():
		found.Skip(name, "because the server does not tell what its user "+chat.Literal(rights.User)+" may do")
	case len(missing) > 0:
		found.Fail(name, fmt.Sprintf("the user %s may not do this in a new database: %s", chat.Literal(rights.User), strings.Join(missing, ", ")),
			"Give it `readWriteAnyDatabase` and `dbAdminAnyDatabase`, or do not count on restores into this deployment.")
	case len(rights.MissingCluster(verbatimAction)) > 0:
		found.Remark(name, "yes, but not for documents that a plain insert would change: the right "+chat.Literal(verbatimAction)+" is missing",
			"Such documents are rare, and the certificate counts them. A role of your own with `anyAction` on `anyResource` includes it.")
	default:
		found.OK(name, "the user %s may make and fill a new database", chat.Literal(rights.User))
	}
	if rights.User != "" && rights.Told() {
		replacing(found, db, rights)
	}
}

// replacing is restoring for a restore in place.
func replacing(found *Rows, db *databases.Database, rights databases.Rights) {
	const name = "right in place"
	user, where := chat.Literal(rights.User), "any database"
	if db.Scope() != "" {
		where = chat.Literal(db.Scope())
	}
	switch missing := rights.Missing(db.Scope(), inPlaceActions...); {
	case len(missing) > 0:
		found.Fail(name, fmt.Sprintf("the user %s may not do this in %s: %s", user, where, strings.Join(missing, ", ")),
			"Give it `readWrite` and `dbAdmin` there, or do not count on restores in place.")
	case len(rights.MissingCluster(programsAction)) > 0:
		found.Remark(name, "yes, but plans can't say which programs are connected: the right "+chat.Literal(programsAction)+" is missing",
			"Give it `clusterMonitor`, or look yourself who writes before you approve.")
	default:
		found.OK(name, "the user %s may replace collections in %s", user, where)
	}
}
