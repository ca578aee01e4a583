package mongo

import (
	"sync"
	"sync/atomic"
)

// parameters are what setParameter changes, and the lock of fsync.
type parameters struct {
	txnOps atomic.Int64 // operations in one entry of a transaction
	ttl    atomic.Bool

	mu    sync.Mutex
	locks int
	free  chan struct{} // closed when the last lock goes
}

func (p *parameters) init() {
	p.txnOps.Store(unlimited)
	p.ttl.Store(true)
}

// writable waits while fsync has locked the server against writes.
func (p *parameters) writable(s *Server) error {
	p.mu.Lock()
	free := p.free
	p.mu.Unlock()
	if free == nil {
		return nil
	}
	select {
	case <-free:
		return nil
	case <-s.done:
		return fail(11600, "interrupted at shutdown")
	}
}

func fsync(c *call) error {
	p := &c.srv.params
	if !truth(c.arg("lock")) {
		c.w.i32("numFiles", 1)
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.locks++; p.free == nil {
		p.free = make(chan struct{})
	}
	c.w.str("info", "now locked against writes, use db.fsyncUnlock() to unlock")
	c.w.i64("lockCount", int64(p.locks))
	c.w.str("seeAlso", "http://dochub.mongodb.org/core/fsynccommand")
	return nil
}

func fsyncUnlock(c *call) error {
	p := &c.srv.params
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.locks == 0 {
		return fail(codeIllegalOperation, "fsyncUnlock called when not locked")
	}
	if p.locks--; p.locks == 0 {
		close(p.free)
		p.free = nil
	}
	c.w.str("info", "fsyncUnlock completed")
	c.w.i64("lockCount", int64(p.locks))
	return nil
}

// values answers the parameters that can be asked for.
func (s *Server) parameterValues() map[string]value {
	version := versionNumbers(s.opts.Version)
	return map[string]value{
		"featureCompatibilityVersion": docValue(build(func(w *builder) {
			w.str("version", itoa(version[0])+"."+itoa(version[1]))
		})),
		"authSchemaVersion": int32Value(5),
		"ttlMonitorEnabled": boolValue(s.params.ttl.Load()),
		"maxNumberOfTransactionOperationsInSingleOplogEntry": int32Value(int(min(s.params.txnOps.Load(), 1<<31-1))),
		"authenticationMechanisms":                           array(stringValue(mechanism)),
		"enableTestCommands":                                 boolValue(true),
		"internalQueryExecMaxBlockingSortBytes":              int32Value(100 << 20),
	}
}

func getParameter(c *call) error {
	known := c.srv.parameterValues()
	if text(c.arg("getParameter")) == "*" {
		for name, v := range known {
			c.w.value(name, v)
		}
		return nil
	}
	found := false
	for name := range fields(c.body) {
		if v, ok := known[name]; ok {
			c.w.value(name, v)
			found = true
		}
	}
	if !found {
		c.w.f64("ok", 0)
		c.w.str("errmsg", "no option found to get")
		c.answered = true
	}
	return nil
}

func setParameter(c *call) error {
	known := c.srv.parameterValues()
	for name, v := range fields(c.body) {
		was, ok := known[name]
		if !ok {
			continue
		}
		switch name {
		case "ttlMonitorEnabled":
			c.srv.params.ttl.Store(truth(v))
		case "maxNumberOfTransactionOperationsInSingleOplogEntry":
			n, _ := number(v)
			if n < 1 {
				return fail(codeBadValue, "Invalid value for parameter %s: %d is not greater than or equal to 1", name, n)
			}
			c.srv.params.txnOps.Store(n)
		default:
			return fail(codeIllegalOperation, "not allowed to change [%s] at runtime", name)
		}
		c.w.value("was", was)
		return nil
	}
	return fail(codeInvalidOptions, "attempted to set unrecognized parameter, use help:true to see options")
}

func getCmdLineOpts(c *call) error {
	c.w.value("argv", array(stringValue("mongod")))
	c.w.beginDoc("parsed")
	if c.srv.replicated() {
		c.w.beginDoc("replication")
		c.w.str("replSet", c.srv.opts.ReplicaSet)
		c.w.end()
	}
	c.w.end()
	return nil
}

func hostInfo(c *call) error {
	c.w.beginDoc("system")
	c.w.date("currentTime", c.srv.opts.Now())
	c.w.str("hostname", c.srv.host)
	c.w.i32("cpuAddrSize", 64)
	c.w.i32("memSizeMB", 1024)
	c.w.i32("numCores", 2)
	c.w.str("cpuArch", "x86_64")
	c.w.end()
	c.w.beginDoc("os")
	c.w.str("type", "Linux")
	c.w.end()
	return nil
}

func currentOp(c *call) error {
	c.w.value("inprog", array())
	return nil
}

func whatsMyURI(c *call) error {
	c.w.str("you", c.conn.net.RemoteAddr().String())
	return nil
}

func appendOplogNote(c *call) error {
	if !c.srv.replicated() {
		return fail(76, "Must have replication set up to run \"appendOplogNote\"")
	}
	data := embedded(c.arg("data"))
	if data == nil {
		return fail(codeNoSuchKey, "Missing expected field \"data\"")
	}
	c.srv.log(entry{op: "n", o: data})
	return nil
}

func startSession(c *call) error {
	id := newUUID()
	c.w.beginDoc("id")
	c.w.binary("id", 4, id[:])
	c.w.end()
	c.w.i32("timeoutMinutes", 30)
	return nil
}

// endSessions aborts what the sessions have open.
func endSessions(c *call) error {
	for _, v := range fields(embedded(c.arg(c.name))) {
		if lookup(embedded(v), "id").Type != typeBinary {
			continue
		}
		sess := c.srv.sess.get(v.Data, c.conn.user)
		sess.mu.Lock()
		if sess.txn != nil && sess.txn.state == txnOpen {
			sess.abort(c.srv)
		}
		sess.mu.Unlock()
	}
	return nil
}

func usersInfo(c *call) error {
	c.w.beginArray("users")
	if c.srv.scram != nil {
		c.w.beginElement()
		c.w.str("_id", "admin."+c.srv.scram.name)
		c.w.str("user", c.srv.scram.name)
		c.w.str("db", "admin")
		c.w.beginArray("roles")
		c.w.beginElement()
		c.w.str("role", "root")
		c.w.str("db", "admin")
		c.w.end()
		c.w.end()
		c.w.end()
	}
	c.w.end()
	return nil
}

func rolesInfo(c *call) error {
	c.w.value("roles", array())
	return nil
}

func validateCommand(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	s := c.srv
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	col := s.cat.collection(c.db, name)
	if col == nil {
		return fail(codeNamespaceNotFound, "Collection '%s' does not exist to validate.", c.ns(name))
	}
	col.mu.RLock()
	defer col.mu.RUnlock()
	c.w.str("ns", col.ns())
	c.w.i32("nInvalidDocuments", 0)
	c.w.count("nrecords", int64(col.recs.len()))
	c.w.i32("nIndexes", len(col.indexes))
	c.w.beginDoc("keysPerIndex")
	for _, ix := range col.indexes {
		c.w.count(ix.name, int64(ix.entries.len()))
	}
	c.w.end()
	c.w.boolean("valid", true)
	c.w.value("warnings", array())
	c.w.value("errors", array())
	return nil
}

// mergeUsers takes over the users and roles that mongorestore has put into temporary collections.
func mergeUsers(c *call) error {
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	for _, kind := range []struct{ arg, to string }{{"tempUsersCollection", "system.users"}, {"tempRolesCollection", "system.roles"}} {
		from := text(c.arg(kind.arg))
		if from == "" {
			continue
		}
		db, name, err := splitNS(from)
		if err != nil {
			return err
		}
		source, target := s.cat.collection(db, name), s.cat.collection("admin", kind.to)
		if source == nil {
			continue
		}
		if target == nil {
			if target, err = s.createCollection("admin", kind.to, nil, newUUID(), 2); err != nil {
				return err
			}
		}
		w := writer{srv: s, col: target}
		source.recs.ascend(nil, func(_ int64, d document) bool {
			if id, old, found := target.find(lookup(d, "_id")); found {
				err = w.update(id, old, d, d)
			} else {
				err = w.insertReady(d)
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
