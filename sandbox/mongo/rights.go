package mongo

import (
	"maps"
	"slices"
	"strings"
)

// grant is one privilege of a role: some actions on a resource.
type grant struct {
	db      string // "" for every database but local and config
	cluster bool
	any     bool
	actions []string
}

var (
	readActions  = []string{"changeStream", "collStats", "dbHash", "dbStats", "find", "killCursors", "listCollections", "listIndexes", "planCacheRead"}
	writeActions = []string{"convertToCapped", "createCollection", "createIndex", "dropCollection", "dropIndex", "insert", "remove", "renameCollectionSameDB", "update"}
	adminActions = []string{"bypassDocumentValidation", "collMod", "collStats", "compact", "convertToCapped", "createCollection", "createIndex", "dbStats",
		"dropCollection", "dropDatabase", "dropIndex", "listCollections", "listIndexes", "reIndex", "validate"}
)

// roles are the built-in roles that a user of this server can have, as far as its commands ask for them.
// https://www.mongodb.com/docs/v4.4/reference/built-in-roles/
var roles = map[string][]grant{
	"readAnyDatabase":      {{actions: readActions}, {cluster: true, actions: []string{"listDatabases"}}},
	"readWriteAnyDatabase": {{actions: slices.Concat(readActions, writeActions)}, {cluster: true, actions: []string{"listDatabases"}}},
	"dbAdminAnyDatabase":   {{actions: adminActions}, {cluster: true, actions: []string{"listDatabases"}}},
	"backup": {
		{any: true, actions: []string{"listCollections", "listIndexes", "collStats"}}, {actions: []string{"find"}},
		{db: "local", actions: []string{"find"}}, {db: "config", actions: []string{"find"}},
		{cluster: true, actions: []string{"appendOplogNote", "getParameter", "listDatabases", "serverStatus"}},
	},
	"clusterMonitor": {
		{cluster: true, actions: []string{"getParameter", "inprog", "listDatabases", "replSetGetConfig", "replSetGetStatus", "serverStatus"}},
		{actions: []string{"collStats", "dbStats", "indexStats"}},
	},
	"root": {{any: true, actions: []string{"anyAction"}}},
}

// actionOf is the right that a command asks for. Commands that are missing here ask for none.
var actionOf = map[string]string{
	"find": "find", "count": "find", "distinct": "find", "aggregate": "find", "listCollections": "listCollections", "listIndexes": "listIndexes",
	"collStats": "collStats", "dbStats": "dbStats", "insert": "insert", "update": "update", "delete": "remove", "findAndModify": "update",
	"create": "createCollection", "drop": "dropCollection", "dropDatabase": "dropDatabase", "collMod": "collMod", "createIndexes": "createIndex",
	"dropIndexes": "dropIndex", "renameCollection": "renameCollectionSameDB", "convertToCapped": "convertToCapped", "validate": "validate",
}

// clusterActionOf is the same for commands that are about the deployment as a whole.
var clusterActionOf = map[string]string{
	"listDatabases": "listDatabases", "applyOps": "applyOps", "appendOplogNote": "appendOplogNote", "serverStatus": "serverStatus",
	"replSetGetStatus": "replSetGetStatus", "replSetGetConfig": "replSetGetConfig", "getParameter": "getParameter", "currentOp": "inprog",
}

// checkRoles answers what is wrong with the roles of the options.
func checkRoles(names []string) error {
	for _, name := range names {
		if roles[name] == nil {
			return fail(codeBadValue, "there is no role %s here, but %s", name, strings.Join(slices.Sorted(maps.Keys(roles)), ", "))
		}
	}
	return nil
}

// authorized holds a command against the roles of the signed-in user.
func (c *call) authorized() error {
	if c.conn.user == "" {
		return nil
	}
	action, ofCluster := actionOf[c.name], clusterActionOf[c.name]
	if action == "" && ofCluster == "" {
		return nil
	}
	past := truth(c.arg("bypassDocumentValidation"))
	if c.granted(action, ofCluster) && (!past || c.granted("bypassDocumentValidation", "")) {
		return nil
	}
	// Who may not list all databases gets those that it may read, unless it insists on all.
	if all := c.arg("authorizedDatabases"); c.name == "listDatabases" && (all.Type == 0 || truth(all)) {
		return nil
	}
	return fail(codeUnauthorized, "not authorized on %s to execute command { %s: 1 }", c.db, c.name)
}

// granted says that a role allows an action on the command's database, or one on the deployment.
func (c *call) granted(action, ofCluster string) bool {
	for _, name := range c.srv.userRoles() {
		for _, g := range roles[name] {
			switch {
			case ofCluster != "" && (g.any || g.cluster) && g.allows(ofCluster):
				return true
			case action != "" && (g.any || !g.cluster && g.covers(c.db)) && g.allows(action):
				return true
			}
		}
	}
	return false
}

func (g grant) covers(db string) bool {
	return g.db == db || g.db == "" && db != "local" && db != "config"
}

func (g grant) allows(action string) bool {
	return slices.Contains(g.actions, action) || slices.Contains(g.actions, "anyAction")
}

// privileges writes what connectionStatus tells of the user's rights.
func (s *Server) privileges(w *builder) {
	w.beginArray("authenticatedUserPrivileges")
	for _, name := range s.userRoles() {
		for _, g := range roles[name] {
			w.beginElement()
			w.beginDoc("resource")
			switch {
			case g.any:
				w.boolean("anyResource", true)
			case g.cluster:
				w.boolean("cluster", true)
			default:
				w.str("db", g.db)
				w.str("collection", "")
			}
			w.end()
			w.beginArray("actions")
			for _, action := range g.actions {
				w.add(stringValue(action))
			}
			w.end()
			w.end()
		}
	}
	w.end()
}

func (s *Server) userRoles() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.opts.Roles) == 0 {
		return []string{"root"}
	}
	return s.opts.Roles
}

// SetRoles gives the user other built-in roles; none means root.
func (s *Server) SetRoles(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Roles = names
}
