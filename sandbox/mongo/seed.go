package mongo

import "time"

// seed makes what a server has before anybody writes to it: the oplog's first entries and the server's own collections.
func (s *Server) seed() error {
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	if s.opts.ReplicaSet != "-" {
		s.oplog = newOplog(s.opts.OplogBytes, s.opts.Now)
		if err := s.seedReplicaSet(); err != nil {
			return err
		}
	}
	versions, err := s.createCollection("admin", "system.version", nil, newUUID(), 2)
	if err != nil {
		return err
	}
	version := versionNumbers(s.opts.Version)
	w := writer{srv: s, col: versions}
	if err := w.insertReady(build(func(b *builder) {
		b.str("_id", "featureCompatibilityVersion")
		b.str("version", itoa(version[0])+"."+itoa(version[1]))
	})); err != nil {
		return err
	}
	startup, err := s.createCollection("local", "startup_log", build(func(b *builder) {
		b.boolean("capped", true)
		b.i32("size", 10485760)
	}), newUUID(), 2)
	if err != nil {
		return err
	}
	w = writer{srv: s, col: startup}
	return w.insertReady(build(func(b *builder) {
		b.str("_id", s.host)
		b.date("startTime", s.started)
	}))
}

func (s *Server) seedReplicaSet() error {
	s.cat.add(s.oplog.col)
	s.log(entry{op: "n", o: build(func(w *builder) { w.str("msg", "initiating set") })})
	replset, err := s.createCollection("local", "system.replset", nil, newUUID(), 2)
	if err != nil {
		return err
	}
	w := writer{srv: s, col: replset}
	if err := w.insertReady(build(s.replicaConfig)); err != nil {
		return err
	}
	if _, err := s.createCollection("config", "transactions", nil, newUUID(), 2); err != nil {
		return err
	}
	s.log(entry{op: "n", o: build(func(w *builder) { w.str("msg", "new primary") })})
	return nil
}

// freshTransactions brings config.transactions, which the server keeps for itself, up to date when it is about to be read.
func (c *call) freshTransactions(name string) {
	if c.db != "config" || name != "transactions" || !c.srv.replicated() || c.session != nil {
		return
	}
	s := c.srv
	var docs []document
	for _, sess := range s.sess.list() {
		if d := sess.record(); d != nil {
			docs = append(docs, d)
		}
	}
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	col := s.cat.collection("config", "transactions")
	if col == nil {
		return
	}
	col.mu.Lock()
	defer col.mu.Unlock()
	for _, d := range docs {
		id, old, found := col.find(lookup(d, "_id"))
		keys, err := col.keysOf(d, id)
		switch {
		case err != nil:
			s.opts.Log.Error("cannot show a session", "error", err)
		case found:
			col.change(id, old, d, keys)
		default:
			col.put(d, keys)
		}
	}
}

// expire removes documents whose time is over, again and again.
func (s *Server) expire() {
	for s.sleep(s.opts.TTL) {
		if s.params.ttl.Load() {
			s.expireOnce(s.opts.Now())
		}
	}
}

func (s *Server) expireOnce(now time.Time) {
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	for _, d := range s.cat.dbs {
		for _, col := range d.order {
			col.mu.Lock()
			s.expireIn(col, now)
			col.mu.Unlock()
		}
	}
}

// expireIn removes the expired documents of a collection, which is locked for writing.
func (s *Server) expireIn(col *collection, now time.Time) {
	for _, ix := range col.indexes {
		after, ok := number(lookup(ix.spec, "expireAfterSeconds"))
		if !ok || len(ix.paths) != 1 || col.opts.capped {
			continue
		}
		limit := dateValue(now.Add(-time.Duration(after) * time.Second))
		expired := rangeTest("$lte", limit, nil)
		var gone []match
		col.recs.ascend(nil, func(id int64, d document) bool {
			if (ix.partial == nil || ix.partial(d)) && anyAt(d, ix.paths[0], true, expired) {
				gone = append(gone, match{id, d})
			}
			return true
		})
		w := writer{srv: s, col: col}
		for _, m := range gone {
			if err := w.remove(m.id, m.doc); err != nil {
				s.opts.Log.Warn("cannot remove an expired document", "collection", col.ns(), "error", err)
			}
		}
	}
}
