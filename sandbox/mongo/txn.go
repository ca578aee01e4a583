package mongo

import "slices"

const (
	txnOpen = iota
	txnPrepared
	txnCommitted
	txnAborted

	statePrepared  = "prepared"
	stateCommitted = "committed"
	stateAborted   = "aborted"
)

// txn is a transaction: copies of the collections it has written to, and the changes that its commit applies to the originals.
type txn struct {
	number  int64
	state   int
	copies  map[*collection]*collection // by the original
	bases   map[*collection]*collection // by the copy
	changes []change
	prev    uint64 // time of the last entry logged by prepare
}

// change is one write of a transaction.
type change struct {
	base          *collection
	entry         entry
	id            value
	before, after document
}

func (c *call) enterTransaction(n int64) error {
	sess := c.session
	switch {
	case truth(c.arg("startTransaction")):
		if n == sess.number && (sess.txn != nil || sess.write != nil) {
			return fail(codeConflictingUpdate, "Cannot start a transaction at given transaction number %d a transaction with the same number is in state TransactionState::InProgress", n)
		}
		if sess.txn != nil && sess.txn.state == txnOpen {
			sess.abort(c.srv)
		}
		sess.number, sess.write = n, nil
		sess.txn = &txn{number: n, copies: map[*collection]*collection{}, bases: map[*collection]*collection{}}
	case sess.txn == nil || sess.txn.number != n:
		return fail(codeNoSuchTransaction, "Given transaction number %d does not match any in-progress transactions. The active transaction number is %d",
			n, sess.number).labelled("TransientTransactionError")
	case sess.txn.state == txnAborted:
		return fail(codeNoSuchTransaction, "Transaction %d has been aborted.", n).labelled("TransientTransactionError")
	case sess.txn.state == txnCommitted && c.name != "commitTransaction":
		return fail(codeTransactionCommitted, "Transaction %d has been committed.", n)
	}
	c.txn = sess.txn
	return nil
}

// read answers the collection as the transaction sees it.
func (t *txn) read(col *collection) *collection {
	if t == nil || col == nil || t.copies[col] == nil {
		return col
	}
	return t.copies[col]
}

// write answers the transaction's own copy of a collection, which is locked for reading at least.
func (t *txn) write(col *collection) *collection {
	own := t.copies[col]
	if own == nil {
		own = col.clone()
		t.copies[col], t.bases[own] = own, col
	}
	return own
}

func (t *txn) add(own *collection, e entry, before, after document) {
	id := lookup(e.o, "_id")
	if e.o2 != nil {
		id = lookup(e.o2, "_id")
	}
	t.changes = append(t.changes, change{base: t.bases[own], entry: e, id: id, before: before, after: after})
}

// abort forgets the transaction's changes. The session is locked.
func (sess *session) abort(s *Server) {
	t := sess.txn
	if t == nil || t.state == txnCommitted || t.state == txnAborted {
		return
	}
	if t.state == txnPrepared {
		s.cat.mu.Lock()
		s.release(t)
		ts := s.logTxn(sess, build(func(w *builder) { w.i32("abortTransaction", 1) }), t)
		s.cat.mu.Unlock()
		sess.last = lastWrite{number: t.number, ts: ts, state: stateAborted}
	}
	t.state, t.changes, t.copies, t.bases = txnAborted, nil, nil, nil
}

func preparedKey(u [16]byte, id value) string { return string(appendKey(u[:], id, nil)) }

func (s *Server) release(t *txn) {
	for _, ch := range t.changes {
		delete(s.sess.prepared, preparedKey(ch.base.uuid, ch.id))
	}
}

// apply makes the changes of a transaction in the collections, all or none. The catalog is locked for writing.
func (s *Server) apply(t *txn) error {
	if err := s.conflicts(t); err != nil {
		return err
	}
	trial := map[*collection]*collection{}
	for _, ch := range t.changes {
		col := trial[ch.base]
		if col == nil {
			col = ch.base.clone()
			trial[ch.base] = col
		}
		if err := ch.apply(col); err != nil {
			return err
		}
	}
	for base, col := range trial {
		base.adopt(col)
	}
	return nil
}

// conflicts fails when somebody else has changed what the transaction changed.
func (s *Server) conflicts(t *txn) error {
	seen := map[string]bool{}
	for _, ch := range t.changes {
		key := preparedKey(ch.base.uuid, ch.id)
		if ch.base.gone != "" || s.sess.prepared[key] && t.state != txnPrepared {
			return writeConflict()
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		if _, now, _ := ch.base.find(ch.id); !sameMemory(now, ch.before) {
			return writeConflict()
		}
	}
	return nil
}

func sameMemory(a, b document) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (ch *change) apply(col *collection) error {
	id, old, found := col.find(ch.id)
	switch {
	case ch.entry.op == "d" && found:
		col.remove(id, old)
	case ch.after != nil && found:
		keys, err := col.keysOf(ch.after, id)
		if err != nil {
			return err
		}
		col.change(id, old, ch.after, keys)
	case ch.after != nil:
		keys, err := col.keysOf(ch.after, -1)
		if err != nil {
			return err
		}
		col.put(ch.after, keys)
	}
	return nil
}

// logTxn writes one entry of a transaction.
func (s *Server) logTxn(sess *session, o document, t *txn) uint64 {
	ts, _ := s.log(entry{op: "c", ns: "admin.$cmd", o: o, txn: &txnFields{lsid: sess.lsid, number: t.number, stmt: -1, prev: t.prev}})
	t.prev = ts
	return ts
}

// logChanges writes the changes of a transaction, in several entries if one would be too large, and answers the times of the first and the last.
func (s *Server) logChanges(sess *session, t *txn, prepare bool) (first, last uint64) {
	limit := int(s.params.txnOps.Load())
	for rest := t.changes; ; {
		n, size := 0, 0
		for n < len(rest) && n < limit && (n == 0 || size+len(rest[n].entry.o)+256 <= maxDocument) {
			size += len(rest[n].entry.o) + len(rest[n].entry.o2) + 128
			n++
		}
		part := rest[:n]
		rest = rest[n:]
		whole := len(part) == len(t.changes)
		last = s.logTxn(sess, build(func(w *builder) {
			w.beginArray("applyOps")
			for _, ch := range part {
				w.addDoc(ch.entry.operation())
			}
			w.end()
			if len(rest) > 0 {
				w.boolean("partialTxn", true)
				return
			}
			if prepare {
				w.boolean("prepare", true)
			}
			if !whole {
				w.i64("count", int64(len(t.changes)))
			}
		}), t)
		if first == 0 {
			first = last
		}
		if len(rest) == 0 {
			return first, last
		}
	}
}

// operation is the entry as a member of applyOps.
func (e *entry) operation() document {
	return build(func(w *builder) {
		w.str("op", e.op)
		w.str("ns", e.ns)
		if e.ui != nil {
			w.binary("ui", 4, e.ui[:])
		}
		w.doc("o", e.o)
		if e.o2 != nil {
			w.doc("o2", e.o2)
		}
	})
}

func commitTransaction(c *call) error {
	sess, t := c.session, c.txn
	if t == nil {
		return fail(codeInvalidOptions, "commitTransaction must be run within a transaction")
	}
	if t.state == txnCommitted {
		return nil
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	if err := s.apply(t); err != nil {
		if t.state == txnOpen {
			t.state, t.changes = txnAborted, nil
		}
		return asError(err).labelled("TransientTransactionError")
	}
	ts := uint64(0)
	switch {
	case t.state == txnPrepared:
		s.release(t)
		ts = s.logTxn(sess, build(func(w *builder) {
			w.i32("commitTransaction", 1)
			w.value("commitTimestamp", orValue(c.arg("commitTimestamp"), timestampValue(t.prev)))
		}), t)
	case len(t.changes) > 0:
		_, ts = s.logChanges(sess, t, false)
	}
	if ts != 0 {
		sess.last = lastWrite{number: t.number, ts: ts, state: stateCommitted}
	}
	t.state, t.changes, t.copies, t.bases = txnCommitted, nil, nil, nil
	return nil
}

func abortTransaction(c *call) error {
	if c.txn == nil {
		return fail(codeInvalidOptions, "abortTransaction must be run within a transaction")
	}
	c.session.abort(c.srv)
	return nil
}

// prepareTransaction logs the changes without making them, as a shard does in a two-phase commit.
func prepareTransaction(c *call) error {
	t := c.txn
	if t == nil || t.state != txnOpen {
		return fail(codeInvalidOptions, "prepareTransaction must be run within a transaction")
	}
	c.srv.cat.mu.Lock()
	defer c.srv.cat.mu.Unlock()
	if err := c.srv.conflicts(t); err != nil {
		return err
	}
	for _, ch := range slices.Clone(t.changes) {
		c.srv.sess.prepared[preparedKey(ch.base.uuid, ch.id)] = true
	}
	first, last := c.srv.logChanges(c.session, t, true)
	c.session.last = lastWrite{number: t.number, ts: last, state: statePrepared, start: first}
	t.state = txnPrepared
	c.w.ts("prepareTimestamp", last)
	return nil
}
