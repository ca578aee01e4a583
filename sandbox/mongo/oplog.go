package mongo

import (
	"encoding/binary"
	"sync/atomic"
	"time"
)

// oplog is the log of all changes, local.oplog.rs: a capped collection whose record ids are the timestamps of its entries.
type oplog struct {
	col      *collection
	now      func() time.Time
	last     atomic.Uint64 // the newest timestamp given
	majority atomic.Uint64 // the newest timestamp that cannot be rolled back
	held     atomic.Bool   // the majority point stands still
}

// term is the election term; the set never elects anew.
const term = 1

func newOplog(bytes int64, now func() time.Time) *oplog {
	opts := collectionOptions{capped: true, size: bytes, noID: true, shown: build(func(w *builder) {
		w.boolean("capped", true)
		w.f64("size", float64(bytes))
		w.boolean("autoIndexId", false)
	})}
	return &oplog{col: newCollection("local", "oplog.rs", opts), now: now}
}

func (o *oplog) lastTS() uint64 { return o.last.Load() }

// majorityTS is the newest timestamp that a majority has, which with one member is the newest unless a fault holds it back.
func (o *oplog) majorityTS() uint64 {
	if o.held.Load() {
		return o.majority.Load()
	}
	return o.last.Load()
}

// tick answers the next timestamp: the time in seconds and a counter, greater than all before whatever the clock says.
// col.mu is held.
func (o *oplog) tick() uint64 {
	ts := max(uint64(o.now().Unix())<<32|1, o.last.Load()+1)
	return ts
}

// reserve takes a timestamp that no entry will have.
func (o *oplog) reserve() uint64 {
	o.col.mu.Lock()
	defer o.col.mu.Unlock()
	ts := o.tick()
	o.last.Store(ts)
	return ts
}

// entry is one entry of the oplog before it has a time.
type entry struct {
	op   string
	ns   string
	ui   *[16]byte
	o    document
	o2   document
	txn  *txnFields
	from bool // fromMigrate
	pre  uint64
	post uint64
}

// txnFields tie an entry to a session.
type txnFields struct {
	lsid   document // with uid
	number int64
	stmt   int // -1: a transaction's own entry
	prev   uint64
}

// append gives the entry its time and logs it. It answers the time, and where in the log's memory the entry's document lies.
func (o *oplog) append(e entry) (uint64, document) {
	o.col.mu.Lock()
	defer o.col.mu.Unlock()
	return o.appendLocked(e)
}

func (o *oplog) appendLocked(e entry) (uint64, document) {
	ts := o.tick()
	d, at := e.encode(ts, o.now())
	o.col.putAt(int64(ts), d, nil)
	for {
		id, old, full := o.col.overflow()
		if !full {
			break
		}
		o.col.remove(id, old)
	}
	o.last.Store(ts)
	return ts, d[at : at+len(e.o) : at+len(e.o)]
}

// encode writes the entry in the field order of the server and answers where its document begins.
func (e *entry) encode(ts uint64, wall time.Time) (document, int) {
	w := builder{b: make([]byte, 0, len(e.o)+len(e.o2)+256)}
	w.begin()
	if e.txn != nil {
		w.doc("lsid", e.txn.lsid)
		w.i64("txnNumber", e.txn.number)
	}
	w.str("op", e.op)
	w.str("ns", e.ns)
	if e.ui != nil {
		w.binary("ui", 4, e.ui[:])
	}
	w.name(typeObject, "o")
	at := len(w.b)
	w.b = append(w.b, e.o...)
	if e.o2 != nil {
		w.doc("o2", e.o2)
	}
	if e.pre != 0 {
		opTime(&w, "preImageOpTime", e.pre, term)
	}
	w.ts("ts", ts)
	if text(lookup(e.o, "msg")) != "initiating set" || e.op != "n" {
		w.i64("t", term)
	}
	w.date("wall", wall)
	w.i64("v", 2)
	if e.txn != nil {
		if e.txn.stmt >= 0 {
			w.i32("stmtId", e.txn.stmt)
		}
		prevTerm := int64(term)
		if e.txn.prev == 0 {
			prevTerm = -1
		}
		opTime(&w, "prevOpTime", e.txn.prev, prevTerm)
	}
	if e.post != 0 {
		opTime(&w, "postImageOpTime", e.post, term)
	}
	if e.from {
		w.boolean("fromMigrate", true)
	}
	w.end()
	return w.b, at
}

// opTime writes a point of the oplog: a time and the term in which it was.
func opTime(w *builder, name string, ts uint64, t int64) {
	w.beginDoc(name)
	w.ts("ts", ts)
	w.i64("t", t)
	w.end()
}

// bounds answers the times of the oldest and the newest entry, 0 for none.
func (o *oplog) bounds() (first, last uint64) {
	o.col.mu.RLock()
	defer o.col.mu.RUnlock()
	a, _, _ := o.col.recs.first()
	b, _, _ := o.col.recs.last()
	return uint64(a), uint64(b)
}

// log writes an entry if the server keeps an oplog; it answers the entry's time and document.
func (s *Server) log(e entry) (uint64, document) {
	if s.oplog == nil || len(e.ns) > 6 && e.ns[:6] == "local." {
		return 0, e.o
	}
	return s.oplog.append(e)
}

// logCommand writes an entry for a change of the catalog.
func (s *Server) logCommand(db string, ui *[16]byte, o, o2 document) uint64 {
	ts, _ := s.log(entry{op: "c", ns: db + ".$cmd", ui: ui, o: o, o2: o2})
	return ts
}

// stamp answers d with every top-level Timestamp(0,0) but an _id replaced by the current time, as the server does with new documents.
func (s *Server) stamp(d document) document {
	var out document
	at := 4
	for name, v := range fields(d) {
		at += 1 + len(name) + 1
		if v.Type == typeTimestamp && timestamp(v) == 0 && name != "_id" {
			if out == nil {
				out = append(document(nil), d...)
			}
			binary.LittleEndian.PutUint64(out[at:], s.clock())
		}
		at += len(v.Data)
	}
	if out == nil {
		return d
	}
	return out
}

// clock answers a new timestamp.
func (s *Server) clock() uint64 {
	if s.oplog != nil {
		return s.oplog.reserve()
	}
	return uint64(s.opts.Now().Unix())<<32 | uint64(s.connIDs.Add(1))&0xffff
}
