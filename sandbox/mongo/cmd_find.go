package mongo

import (
	"encoding/binary"
	"time"
)

const findArguments = " filter sort projection hint skip limit batchSize singleBatch comment maxTimeMS readConcern max min returnKey showRecordId " +
	"tailable awaitData oplogReplay noCursorTimeout allowPartialResults allowDiskUse collation ntoreturn term let runtimeConstants "

func findCommand(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	if err := c.checkFind(); err != nil {
		return err
	}
	b, err := c.batchOf(c.body)
	if err != nil {
		return err
	}
	b.idLast, b.single = true, truth(c.arg("singleBatch"))
	c.freshTransactions(name)
	c.srv.cat.mu.RLock()
	col := c.txn.read(c.srv.cat.collection(c.db, name))
	view := document(nil)
	if col == nil {
		view = c.srv.cat.view(c.db, name)
	}
	c.srv.cat.mu.RUnlock()
	switch {
	case view != nil:
		return c.findInView(name, view, b)
	case col == nil:
		b.idLast = false
		return c.reply(&cursor{ns: c.ns(name)}, b)
	}
	cur, err := c.openFind(col, name)
	if err != nil {
		return err
	}
	return c.reply(cur, b)
}

func (c *call) checkFind() error {
	if err := c.known(findArguments, func(field string) *Error {
		return fail(codeFailedToParse, "Failed to parse: %s. Unrecognized field '%s'.", c.withoutInternals(), field)
	}); err != nil {
		return err
	}
	if truth(c.arg("awaitData")) && !truth(c.arg("tailable")) {
		return fail(codeFailedToParse, "Cannot set 'awaitData' without also setting 'tailable'")
	}
	if v := c.arg("filter"); v.Type != 0 && v.Type != typeObject {
		return fail(codeFailedToParse, "Failed to parse: filter: %s. 'filter' field must be of BSON type object.", showValue(v))
	}
	return c.checkReadConcern()
}

func (c *call) checkReadConcern() error {
	switch text(lookup(embedded(c.arg("readConcern")), "level")) {
	case "snapshot":
		if c.txn == nil && versionNumbers(c.srv.opts.Version)[0] < 5 {
			return fail(codeInvalidOptions, "read concern level snapshot is only valid in a transaction")
		}
	case "linearizable":
		if c.srv.replicated() {
			c.srv.log(entry{op: "n", o: build(func(w *builder) { w.str("msg", "linearizable read") })})
		}
	}
	return nil
}

// batchOf reads the batch size; by default it is that of a first batch.
func (c *call) batchOf(d document) (batch, error) {
	b := batch{field: "firstBatch", size: defaultBatch}
	if v := lookup(d, "batchSize"); v.Type != 0 {
		n, ok := number(v)
		if !ok {
			return b, fail(codeFailedToParse, "'batchSize' must be a number")
		}
		if n < 0 {
			return b, fail(codeBadValue, "Batch size value must be non-negative, but received: %d", n)
		}
		b.size = n
	}
	return b, nil
}

// openFind makes the cursor of a find on a collection.
func (c *call) openFind(col *collection, name string) (*cursor, error) {
	q, err := c.newQuery(c.ns(name), col, embedded(c.arg("filter")), c.arg("collation"))
	if err != nil {
		return nil, err
	}
	q.hint, q.min, q.max = c.arg("hint"), embedded(c.arg("min")), embedded(c.arg("max"))
	if q.sort, q.natural, err = parseSort(embedded(c.arg("sort"))); err != nil {
		return nil, err
	}
	cur := &cursor{ns: c.ns(name), col: col, fits: q.fits, limit: -1}
	cur.majority = col.ns() == "local.oplog.rs" && c.srv.replicated() && text(lookup(embedded(c.arg("readConcern")), "level")) == "majority"
	cur.skip, _ = number(c.arg("skip"))
	if n, _ := number(c.arg("limit")); n != 0 {
		cur.limit = max(n, -n)
	}
	if truth(c.arg("tailable")) {
		if !col.opts.capped {
			return nil, fail(codeBadValue, "error processing query: ns=%sTree: $and\nSort: {}\nProj: {}\n tailable cursor requested on non capped collection", c.ns(name))
		}
		cur.tailable, cur.await = true, truth(c.arg("awaitData"))
	}
	if cur.shape, err = c.findShape(col, q); err != nil {
		return nil, err
	}
	c.srv.cat.mu.RLock()
	defer c.srv.cat.mu.RUnlock()
	col.mu.RLock()
	defer col.mu.RUnlock()
	sorted := false
	if cur.scan, sorted, err = q.plan(col); err != nil || sorted {
		return cur, err
	}
	cur.sortAll(col, q)
	return cur, nil
}

// sortAll reads everything and puts it in order, for want of an index that has it. col is locked.
func (cur *cursor) sortAll(col *collection, q *query) {
	ids := map[*byte]int64{}
	cur.scan.run(col, func(id int64, d document) verdict {
		if cur.fits(d) {
			cur.list = append(cur.list, d)
			ids[&d[0]] = id
		}
		return taken
	})
	sortDocuments(cur.list, q.sort, q.coll)
	cur.col, cur.fits = nil, nil
	if shape := cur.shape; shape != nil {
		cur.shape = func(_ int64, d document) document { return shape(ids[&d[0]], d) }
	}
}

// findShape answers how documents are changed on their way out, nil for not at all.
func (c *call) findShape(col *collection, q *query) (func(id int64, d document) document, error) {
	if truth(c.arg("returnKey")) {
		col.mu.RLock()
		ix, err := q.hinted(col)
		col.mu.RUnlock()
		if err != nil {
			return nil, err
		}
		return func(_ int64, d document) document {
			return build(func(w *builder) {
				if ix != nil {
					for _, path := range ix.paths {
						w.value(path, orValue(lookupPath(d, path), nullValue()))
					}
				}
			})
		}, nil
	}
	p, err := newProjection(embedded(c.arg("projection")))
	if err != nil {
		return nil, err
	}
	withID := truth(c.arg("showRecordId"))
	if p == nil && !withID {
		return nil, nil
	}
	return func(id int64, d document) document {
		if p != nil {
			d = p.apply(d)
		}
		if !withID {
			return d
		}
		return build(func(w *builder) {
			w.copy(d)
			w.i64("$recordId", id)
		})
	}, nil
}

func getMore(c *call) error {
	id, ok := number64(c.arg("getMore"))
	if !ok {
		return fail(codeTypeMismatch, "Field 'getMore' must be of type long in: %s", c.withoutInternals())
	}
	cur := c.srv.cursors.get(id)
	if cur == nil {
		return fail(codeCursorNotFound, "cursor id %d not found", id)
	}
	if ns := c.ns(text(c.arg("collection"))); ns != cur.ns {
		return fail(codeUnauthorized, "Requested getMore on namespace '%s', but cursor belongs to a different namespace %s", ns, cur.ns)
	}
	cur.mu.Lock()
	defer cur.mu.Unlock()
	b := batch{field: "nextBatch", size: -1, idLast: true}
	if n, ok := number(c.arg("batchSize")); ok && n > 0 {
		b.size = n
	}
	wait := time.Second
	if ms, ok := number(c.arg("maxTimeMS")); ok {
		wait = time.Duration(ms) * time.Millisecond
	}
	if err := c.nextBatch(cur, b, wait); err != nil {
		c.srv.cursors.kill(id)
		return err
	}
	return nil
}

// nextBatch writes the next batch; an awaiting cursor gives it time to come.
func (c *call) nextBatch(cur *cursor, b batch, wait time.Duration) error {
	w := c.w
	w.beginDoc("cursor")
	w.beginArray(b.field)
	deadline := time.Now().Add(wait)
	var end bool
	for {
		var n int64
		var err error
		if end, n, err = cur.fill(c.srv, w, b.size); err != nil {
			return err
		}
		left := time.Until(deadline)
		if n > 0 || end || !cur.await || left <= 0 {
			break
		}
		if cur.majority && c.srv.oplog.held.Load() {
			c.srv.sleep(min(left, 5*time.Millisecond))
		} else if !cur.awaitMore(c.srv, cur.scan.from, left) {
			break
		}
	}
	w.end()
	w.i64("id", 0)
	idAt := len(w.b) - 8
	w.str("ns", cur.ns)
	w.end()
	if end {
		c.srv.cursors.kill(cur.id)
		return nil
	}
	binary.LittleEndian.PutUint64(w.b[idAt:], uint64(cur.id))
	return nil
}

func killCursors(c *call) error {
	var killed, unknown []value
	for _, v := range fields(embedded(c.arg("cursors"))) {
		if id, ok := number64(v); ok && c.srv.cursors.kill(id) {
			killed = append(killed, v)
		} else {
			unknown = append(unknown, v)
		}
	}
	c.w.value("cursorsKilled", array(killed...))
	c.w.value("cursorsNotFound", array(unknown...))
	c.w.value("cursorsAlive", array())
	c.w.value("cursorsUnknown", array())
	return nil
}

// each visits the documents of a collection that fit, in natural or index order, until visit answers false. The collection is not
// locked by the caller.
func (c *call) each(name string, filterDoc document, visit func(d document) bool) error {
	c.freshTransactions(name)
	c.srv.cat.mu.RLock()
	col := c.txn.read(c.srv.cat.collection(c.db, name))
	c.srv.cat.mu.RUnlock()
	if col == nil {
		return nil
	}
	q, err := c.newQuery(c.ns(name), col, filterDoc, c.arg("collation"))
	if err != nil {
		return err
	}
	q.hint = c.arg("hint")
	c.srv.cat.mu.RLock()
	defer c.srv.cat.mu.RUnlock()
	col.mu.RLock()
	defer col.mu.RUnlock()
	s, _, err := q.plan(col)
	if err != nil {
		return err
	}
	s.run(col, func(_ int64, d document) verdict {
		if q.fits(d) && !visit(d) {
			return stop
		}
		return taken
	})
	return nil
}

func countCommand(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	if err := c.checkReadConcern(); err != nil {
		return err
	}
	if c.txn != nil {
		return fail(codeTxnNotSupported, "Cannot run 'count' in a multi-document transaction.")
	}
	skip, _ := number(c.arg("skip"))
	limit, _ := number(c.arg("limit"))
	limit = max(limit, -limit)
	var n int64
	view := c.viewOf(name)
	switch filterDoc := embedded(c.arg("query")); {
	case view != nil:
		docs, err := c.readView(view, filterDoc)
		if err != nil {
			return err
		}
		n = int64(len(docs))
	case len(filterDoc) <= 5 && c.arg("hint").Type == 0:
		n = c.size(name)
	default:
		if err := c.each(name, filterDoc, func(document) bool { n++; return limit == 0 || n < limit+skip }); err != nil {
			return err
		}
	}
	n = max(0, n-skip)
	if limit > 0 {
		n = min(n, limit)
	}
	c.w.count("n", n)
	if view != nil { // the server sends an int32 here
		c.w.i32("ok", 1)
		c.answered = true
	}
	return nil
}

func (c *call) viewOf(name string) document {
	c.srv.cat.mu.RLock()
	defer c.srv.cat.mu.RUnlock()
	if c.srv.cat.collection(c.db, name) != nil {
		return nil
	}
	return c.srv.cat.view(c.db, name)
}

// size is how many documents a collection has.
func (c *call) size(name string) int64 {
	c.freshTransactions(name)
	c.srv.cat.mu.RLock()
	defer c.srv.cat.mu.RUnlock()
	col := c.srv.cat.collection(c.db, name)
	if col == nil {
		return 0
	}
	col.mu.RLock()
	defer col.mu.RUnlock()
	return int64(col.recs.len())
}

func distinct(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	key := text(c.arg("key"))
	seen := map[string]bool{}
	var out []value
	visit := func(d document) bool {
		for _, v := range valuesAt(d, key) {
			if k := string(appendKey(nil, v, nil)); v.Type != 0 && !seen[k] {
				seen[k] = true
				out = append(out, v)
			}
		}
		return true
	}
	if view := c.viewOf(name); view != nil {
		docs, err := c.readView(view, embedded(c.arg("query")))
		if err != nil {
			return err
		}
		for _, d := range docs {
			visit(d)
		}
	} else if err := c.each(name, embedded(c.arg("query")), visit); err != nil {
		return err
	}
	c.w.value("values", array(out...))
	return nil
}
