package mongo

import (
	"sort"
	"sync/atomic"
	"time"
)

// opCounters count documents and commands since the start.
type opCounters struct {
	insert, query, update, delete, getmore, command atomic.Int64
}

// add counts a command; writes count what they write themselves.
func (n *opCounters) add(name string) {
	switch name {
	case "find":
		n.query.Add(1)
	case "getMore":
		n.getmore.Add(1)
	case "insert", "update", "delete":
	default:
		n.command.Add(1)
	}
}

func collStats(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	scale, _ := number(c.arg("scale"))
	return c.collStats(c.w, name, max(1, scale), true)
}

// collStats writes the statistics of a collection, zeros for one that is not there.
func (c *call) collStats(w *builder, name string, scale int64, withNS bool) error {
	s := c.srv
	c.freshTransactions(name)
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	col := s.cat.collection(c.db, name)
	if col == nil && s.cat.view(c.db, name) != nil {
		return viewNotSupported(c.ns(name))
	}
	if withNS {
		w.str("ns", c.ns(name))
	}
	if col == nil {
		for _, field := range []string{"size", "count", "storageSize", "totalSize", "nindexes", "totalIndexSize"} {
			w.i32(field, 0)
		}
		w.beginDoc("indexSizes")
		w.end()
		w.count("scaleFactor", scale)
		return nil
	}
	col.mu.RLock()
	defer col.mu.RUnlock()
	n := int64(col.recs.len())
	storage := (col.bytes/storagePage + 1) * storagePage
	w.count("size", col.bytes/scale)
	w.count("count", n)
	if n > 0 {
		w.count("avgObjSize", col.bytes/n)
	}
	w.count("storageSize", storage/scale)
	w.i32("freeStorageSize", 0)
	w.boolean("capped", col.opts.capped)
	if col.opts.capped {
		limit := col.opts.max
		if limit <= 0 {
			limit = -1
		}
		w.count("max", limit)
		w.size("maxSize", col.opts.size/scale)
		w.i32("sleepCount", 0)
		w.i32("sleepMS", 0)
	}
	col.indexStats(w, storage, scale)
	return nil
}

func (col *collection) indexStats(w *builder, storage, scale int64) {
	w.i32("nindexes", len(col.indexes))
	w.value("indexBuilds", array())
	total := int64(len(col.indexes)) * storagePage
	w.count("totalIndexSize", total/scale)
	w.count("totalSize", (storage+total)/scale)
	w.beginDoc("indexSizes")
	for _, ix := range col.indexes {
		w.count(ix.name, storagePage/scale)
	}
	w.end()
	w.count("scaleFactor", scale)
}

func dbStats(c *call) error {
	s := c.srv
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	d := s.cat.dbs[c.db]
	c.w.str("db", c.db)
	if d == nil {
		for _, field := range []string{"collections", "views", "objects", "avgObjSize", "dataSize", "storageSize", "totalSize", "indexes", "indexSize"} {
			c.w.i32(field, 0)
		}
		c.w.i32("scaleFactor", 1)
		for _, field := range []string{"fileSize", "fsUsedSize", "fsTotalSize"} {
			c.w.i32(field, 0)
		}
		return nil
	}
	var objects, bytes, storage, indexes int64
	for _, col := range d.order {
		col.mu.RLock()
		objects, bytes, indexes = objects+int64(col.recs.len()), bytes+col.bytes, indexes+int64(len(col.indexes))
		storage += (col.bytes/storagePage + 1) * storagePage
		col.mu.RUnlock()
	}
	scale := 1.0
	if n, ok := number(c.arg("scale")); ok && n > 0 {
		scale = float64(n)
	}
	c.w.count("collections", int64(len(d.order)))
	c.w.count("views", int64(len(s.cat.views(c.db))))
	c.w.count("objects", objects)
	c.w.f64("avgObjSize", float64(bytes)/float64(max(1, objects)))
	c.w.f64("dataSize", float64(bytes)/scale)
	c.w.f64("storageSize", float64(storage)/scale)
	c.w.count("indexes", indexes)
	c.w.f64("indexSize", float64(indexes*storagePage)/scale)
	c.w.f64("totalSize", float64(storage+indexes*storagePage)/scale)
	c.w.f64("scaleFactor", scale)
	c.w.f64("fsUsedSize", 1<<36)
	c.w.f64("fsTotalSize", 1<<38)
	return nil
}

func serverStatus(c *call) error {
	s, w := c.srv, c.w
	up := s.opts.Now().Sub(s.started)
	w.str("host", s.host)
	w.str("version", s.opts.Version)
	w.str("process", "mongod")
	w.f64("uptime", up.Truncate(time.Second).Seconds())
	w.i64("uptimeMillis", up.Milliseconds())
	w.date("localTime", s.opts.Now())
	w.beginDoc("connections")
	w.i32("current", s.connections())
	w.i32("available", 16000-s.connections())
	w.count("totalCreated", s.connIDs.Load())
	w.end()
	w.beginDoc("opcounters")
	for _, n := range []struct {
		name string
		n    *atomic.Int64
	}{{"insert", &s.count.insert}, {"query", &s.count.query}, {"update", &s.count.update}, {"delete", &s.count.delete},
		{"getmore", &s.count.getmore}, {"command", &s.count.command}} {
		w.i64(n.name, n.n.Load())
	}
	w.end()
	if s.replicated() {
		if truth(c.arg("oplog")) {
			first, last := s.oplog.bounds()
			w.beginDoc("oplog")
			w.ts("latestOptime", last)
			w.ts("earliestOptime", first)
			w.end()
		}
		w.beginDoc("repl")
		s.describe(w, false)
		w.i32("rbid", 1)
		w.end()
	}
	w.beginDoc("storageEngine")
	w.str("name", "wiredTiger")
	w.boolean("supportsCommittedReads", true)
	w.boolean("readOnly", false)
	w.boolean("persistent", true)
	w.end()
	s.wiredTiger(w)
	w.beginDoc("mem")
	w.i32("bits", 64)
	w.i32("resident", 64)
	w.i32("virtual", 1024)
	w.boolean("supported", true)
	w.end()
	return nil
}

// wiredTiger writes the figures by which clients tell how hard the server works.
func (s *Server) wiredTiger(w *builder) {
	w.beginDoc("wiredTiger")
	w.beginDoc("cache")
	w.f64("maximum bytes configured", 1<<30)
	w.i32("bytes currently in the cache", int(s.faults.cacheBytes()))
	w.i32("tracked dirty bytes in the cache", int(s.faults.dirtyBytes()))
	w.i32("pages evicted by application threads", 0)
	w.end()
	w.beginDoc("concurrentTransactions")
	for _, kind := range []string{"write", "read"} {
		w.beginDoc(kind)
		w.i32("out", 0)
		w.i32("available", 128)
		w.i32("totalTickets", 128)
		w.end()
	}
	w.end()
	w.end()
}

func replSetGetStatus(c *call) error {
	s, w := c.srv, c.w
	if !s.replicated() {
		return fail(76, "not running with --replSet")
	}
	last, majority := s.oplog.lastTS(), s.oplog.majorityTS()
	at := func(ts uint64) time.Time { return time.Unix(int64(ts>>32), 0) }
	state, name := 1, "PRIMARY"
	if s.faults.isSecondary() {
		state, name = 2, "SECONDARY"
	}
	w.str("set", s.opts.ReplicaSet)
	w.date("date", s.opts.Now())
	w.i32("myState", state)
	w.i64("term", term)
	w.str("syncSourceHost", "")
	w.i32("syncSourceId", -1)
	w.i64("heartbeatIntervalMillis", 2000)
	for _, field := range []string{"majorityVoteCount", "writeMajorityCount", "votingMembersCount", "writableVotingMembersCount"} {
		w.i32(field, 1)
	}
	w.beginDoc("optimes")
	opTime(w, "lastCommittedOpTime", majority, term)
	w.date("lastCommittedWallTime", at(majority))
	opTime(w, "readConcernMajorityOpTime", majority, term)
	w.date("readConcernMajorityWallTime", at(majority))
	opTime(w, "appliedOpTime", last, term)
	opTime(w, "durableOpTime", last, term)
	w.date("lastAppliedWallTime", at(last))
	w.date("lastDurableWallTime", at(last))
	w.end()
	w.ts("lastStableRecoveryTimestamp", majority)
	w.beginArray("members")
	w.beginElement()
	w.i32("_id", 0)
	w.str("name", s.host)
	w.f64("health", 1)
	w.i32("state", state)
	w.str("stateStr", name)
	w.i32("uptime", int(s.opts.Now().Sub(s.started).Seconds()))
	opTime(w, "optime", last, term)
	w.date("optimeDate", at(last))
	w.str("syncSourceHost", "")
	w.i32("syncSourceId", -1)
	w.str("infoMessage", "")
	w.ts("electionTime", uint64(s.started.Unix())<<32|1)
	w.date("electionDate", s.started.Truncate(time.Second))
	w.i32("configVersion", 1)
	w.i32("configTerm", term)
	w.boolean("self", true)
	w.str("lastHeartbeatMessage", "")
	w.end()
	s.otherMembers(w, last)
	w.end()
	return nil
}

// otherMembers writes the members that a test has made up.
func (s *Server) otherMembers(w *builder, last uint64) {
	for i, m := range s.faults.others() {
		w.beginElement()
		w.i32("_id", i+1)
		w.str("name", m.Name)
		up := 1.0
		if m.State == 8 { // DOWN
			up = 0
		}
		w.f64("health", up)
		w.i32("state", m.State)
		w.str("stateStr", m.Str)
		w.date("optimeDate", time.Unix(int64(last>>32), 0).Add(-m.Lag))
		w.end()
	}
}

func replSetGetConfig(c *call) error {
	s, w := c.srv, c.w
	if !s.replicated() {
		return fail(76, "not running with --replSet")
	}
	w.beginDoc("config")
	s.replicaConfig(w)
	w.end()
	return nil
}

// replicaConfig writes the configuration of the set, which local.system.replset holds too.
func (s *Server) replicaConfig(w *builder) {
	w.str("_id", s.opts.ReplicaSet)
	w.i32("version", 1)
	w.i32("term", term)
	w.i64("protocolVersion", 1)
	w.boolean("writeConcernMajorityJournalDefault", true)
	w.beginArray("members")
	w.beginElement()
	w.i32("_id", 0)
	w.str("host", s.host)
	for _, flag := range []string{"arbiterOnly", "buildIndexes", "hidden"} {
		w.boolean(flag, flag == "buildIndexes")
	}
	w.f64("priority", 1)
	w.beginDoc("tags")
	w.end()
	w.i64("slaveDelay", 0)
	w.i32("votes", 1)
	w.end()
	w.end()
	w.beginDoc("settings")
	w.boolean("chainingAllowed", true)
	w.i32("heartbeatIntervalMillis", 2000)
	w.i32("heartbeatTimeoutSecs", 10)
	w.i32("electionTimeoutMillis", 10000)
	w.i32("catchUpTimeoutMillis", -1)
	w.i32("catchUpTakeoverDelayMillis", 30000)
	w.beginDoc("getLastErrorModes")
	w.end()
	w.beginDoc("getLastErrorDefaults")
	w.i32("w", 1)
	w.i32("wtimeout", 0)
	w.end()
	w.oid("replicaSetId", s.setID)
	w.end()
}

func connectionStatus(c *call) error {
	w := c.w
	w.beginDoc("authInfo")
	w.beginArray("authenticatedUsers")
	if c.conn.user != "" {
		w.beginElement()
		w.str("user", c.srv.scram.name)
		w.str("db", "admin")
		w.end()
	}
	w.end()
	w.beginArray("authenticatedUserRoles")
	if c.conn.user != "" {
		for _, role := range c.srv.userRoles() {
			w.beginElement()
			w.str("role", role)
			w.str("db", "admin")
			w.end()
		}
	}
	w.end()
	switch {
	case !truth(c.arg("showPrivileges")):
	case c.conn.user == "":
		w.value("authenticatedUserPrivileges", array())
	default:
		c.srv.privileges(w)
	}
	w.end()
	return nil
}

func listCommands(c *call) error {
	var names []string
	for name := range commands {
		names = append(names, name)
	}
	sort.Strings(names)
	c.w.beginDoc("commands")
	for _, name := range names {
		c.w.beginDoc(name)
		c.w.boolean("adminOnly", commands[name].adminOnly)
		c.w.boolean("requiresAuth", !commands[name].open)
		c.w.end()
	}
	c.w.end()
	return nil
}
