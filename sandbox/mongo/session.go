package mongo

import (
	"crypto/sha256"
	"sync"
	"time"
)

// sessions remembers the logical sessions: their last retryable write and their transaction.
type sessions struct {
	mu       sync.Mutex
	all      map[string]*session
	prepared map[string]bool // documents that prepared transactions hold; guarded by the catalog's lock
}

// session is one logical session. mu is held by the command that works in it.
type session struct {
	mu     sync.Mutex
	lsid   document // with uid, as the oplog shows it
	number int64    // the txnNumber last used
	write  *statement
	txn    *txn
	last   lastWrite
}

// lastWrite is what config.transactions tells of a session.
type lastWrite struct {
	number int64
	ts     uint64
	state  string // of a transaction
	start  uint64 // first entry of a prepared transaction
}

// statement is a retryable write.
type statement struct {
	session *session
	number  int64
	next    int
	prev    uint64
	done    bool
	reply   []byte // the fields of the reply, for when the write is sent again
}

func (s *sessions) init() { s.all, s.prepared = map[string]*session{}, map[string]bool{} }

// get answers the session of an lsid, which it makes known.
func (s *sessions) get(lsid document, user string) *session {
	uid := sha256.Sum256([]byte(user))
	full := build(func(w *builder) {
		w.value("id", lookup(lsid, "id"))
		if given := lookup(lsid, "uid"); given.Type != 0 {
			w.value("uid", given)
		} else {
			w.binary("uid", 0, uid[:])
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.all[string(full)]
	if have == nil {
		have = &session{lsid: full, number: -1}
		s.all[string(full)] = have
	}
	return have
}

// list answers the sessions that have written.
func (s *sessions) list() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*session
	for _, sess := range s.all {
		out = append(out, sess)
	}
	return out
}

// enterSession finds the session, transaction or retryable write that the command belongs to. It answers the reply of a write that was
// done before. leaveSession goes with it.
func (c *call) enterSession(cmd command) (replay []byte, err error) {
	lsid, number := embedded(c.arg("lsid")), c.arg("txnNumber")
	if lsid == nil || number.Type == 0 {
		return nil, nil
	}
	if !c.srv.replicated() {
		return nil, fail(codeIllegalOperation, "Transaction numbers are only allowed on a replica set member or mongos")
	}
	n, ok := number64(number)
	if !ok || n < 0 {
		return nil, fail(codeInvalidOptions, "Transaction number must be a number of 0 or more")
	}
	sess := c.srv.sess.get(lsid, c.conn.user)
	sess.mu.Lock()
	if n < sess.number {
		sess.mu.Unlock()
		return nil, fail(codeTransactionTooOld, "Cannot start transaction %d on session %s because a newer transaction %d has already started on this session.",
			n, show(sess.lsid), sess.number)
	}
	c.session = sess
	if auto := c.arg("autocommit"); auto.Type == typeBool && !truth(auto) {
		err = c.enterTransaction(n)
	} else if cmd.write {
		replay = c.enterWrite(n)
	}
	if err != nil {
		c.leaveSession()
	}
	return replay, err
}

func number64(v value) (int64, bool) {
	if v.Type != typeInt64 && v.Type != typeInt32 {
		return 0, false
	}
	return number(v)
}

func (c *call) enterWrite(n int64) []byte {
	sess := c.session
	if n == sess.number && sess.write != nil && sess.write.done {
		return sess.write.reply
	}
	if n > sess.number && sess.txn != nil {
		sess.abort(c.srv)
	}
	sess.number = n
	sess.write = &statement{session: sess, number: n}
	c.stmt = sess.write
	return nil
}

func (c *call) leaveSession() {
	if c.session != nil {
		c.session.mu.Unlock()
		c.session = nil
	}
}

// rememberReply keeps what the handler wrote since start, for a retry.
func (c *call) rememberReply(start int) {
	if c.stmt != nil {
		c.stmt.done = true
		c.stmt.reply = append([]byte(nil), c.w.b[start:]...)
	}
}

// failedInSession ends the transaction in which a command failed.
func (c *call) failedInSession(err error) error {
	if c.txn == nil {
		return err
	}
	e := asError(err)
	if c.txn.state == txnOpen {
		c.session.abort(c.srv)
	}
	if e.Code == codeWriteConflict || e.Code == codeNoSuchTransaction {
		e = e.labelled("TransientTransactionError")
	}
	return e
}

// fields answers what the entry of the next write of the statement carries.
func (s *statement) fields() *txnFields {
	if s == nil {
		return nil
	}
	return &txnFields{lsid: s.session.lsid, number: s.number, stmt: s.next, prev: s.prev}
}

func (s *statement) logged(ts uint64) {
	if s == nil {
		return
	}
	s.next++
	s.prev = ts
	s.session.last = lastWrite{number: s.number, ts: ts}
}

// record is the document that config.transactions holds for the session, nil for none.
func (sess *session) record() document {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	last := sess.last
	if last.ts == 0 {
		return nil
	}
	return build(func(w *builder) {
		w.doc("_id", sess.lsid)
		w.i64("txnNum", last.number)
		if last.state == statePrepared {
			opTime(w, "startOpTime", last.start, term)
		}
		opTime(w, "lastWriteOpTime", last.ts, term)
		w.date("lastWriteDate", time.Unix(int64(last.ts>>32), 0))
		if last.state != "" {
			w.str("state", last.state)
		}
	})
}
