package mongo

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"
)

// defaultBatch is how many documents a first batch has when the command does not say.
const defaultBatch = 101

// cursors are those that clients may ask for more. They live until they are exhausted or killed.
type cursors struct {
	mu  sync.Mutex
	all map[int64]*cursor
}

func (cs *cursors) init() { cs.all = map[int64]*cursor{} }

// cursor gives the documents of a query batch by batch.
type cursor struct {
	mu       sync.Mutex // held by the command that uses it
	id       int64
	ns       string
	col      *collection // nil: the documents are in list
	scan     *scan
	list     []document
	fits     filter
	skip     int64
	limit    int64 // documents still to come; -1: all
	shape    func(id int64, d document) document
	tailable bool
	await    bool
	majority bool // of the oplog only what a majority has
}

// keep remembers a cursor and gives it an id.
func (cs *cursors) keep(cur *cursor) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for cur.id == 0 || cs.all[cur.id] != nil {
		cur.id = rand.Int64()
	}
	cs.all[cur.id] = cur
}

func (cs *cursors) get(id int64) *cursor {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.all[id]
}

// kill forgets a cursor and tells whether it was there.
func (cs *cursors) kill(id int64) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	_, ok := cs.all[id]
	delete(cs.all, id)
	return ok
}

// fill appends documents to the array that w has open, at most most of them (-1: as many as a reply holds), and tells whether the
// cursor came to its end, and how many documents there were.
func (cur *cursor) fill(s *Server, w *builder, most int64) (end bool, n int64, err error) {
	if cur.limit == 0 {
		return true, 0, nil
	}
	start := len(w.b)
	give := func(id int64, d document) verdict {
		switch {
		case most >= 0 && n >= most:
			return putBack
		case cur.fits != nil && !cur.fits(d):
			return taken
		case cur.skip > 0:
			cur.skip--
			return taken
		}
		if cur.shape != nil {
			d = cur.shape(id, d)
		}
		if n > 0 && len(w.b)-start+len(d) > maxDocument {
			return putBack
		}
		w.addDoc(d)
		n++
		if cur.limit > 0 {
			cur.limit--
			if cur.limit == 0 {
				return stop
			}
		}
		if most >= 0 && n >= most {
			return stop
		}
		return taken
	}
	if cur.col == nil {
		end = cur.fromList(give)
	} else if end, err = cur.fromCollection(s, give); err != nil {
		return false, 0, err
	}
	return end || cur.limit == 0, n, nil
}

func (cur *cursor) fromList(give func(id int64, d document) verdict) bool {
	for len(cur.list) > 0 {
		v := give(0, cur.list[0])
		if v != putBack {
			cur.list = cur.list[1:]
		}
		if v != taken {
			break
		}
	}
	return len(cur.list) == 0
}

func (cur *cursor) fromCollection(s *Server, give func(id int64, d document) verdict) (bool, error) {
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	cur.col.mu.RLock()
	defer cur.col.mu.RUnlock()
	if cur.col.gone != "" {
		return false, fail(codePlanKilled, "collection %s. UUID %s", cur.col.gone, showUUID(cur.col.uuid))
	}
	if first, _, ok := cur.col.recs.first(); cur.col.opts.capped && cur.scan.ix == nil && !cur.scan.back && cur.scan.from > 0 && ok && cur.scan.lost(first) {
		return false, fail(codeCappedPositionLost,
			"CollectionScan died due to position in capped collection being deleted. Last seen record id: RecordId(%d)", cur.scan.from)
	}
	past := false
	end := cur.scan.run(cur.col, func(id int64, d document) verdict {
		if cur.majority && uint64(id) > s.oplog.majorityTS() {
			if cur.scan.back {
				return taken
			}
			past = true
			return putBack
		}
		v := give(id, d)
		if v != putBack {
			cur.scan.read = true
		}
		return v
	})
	return (end || past) && !cur.tailable, nil
}

// lost tells whether the document that the scan met last has fallen out of a capped collection whose first record is first.
func (s *scan) lost(first int64) bool { return s.read && s.from < first }

// awaitMore waits until the collection has grown, for at most d, and tells whether it did.
func (cur *cursor) awaitMore(s *Server, since int64, d time.Duration) bool {
	cur.col.mu.Lock()
	if last, _, _ := cur.col.recs.last(); last > since || cur.col.gone != "" {
		cur.col.mu.Unlock()
		return true
	}
	grown := cur.col.wait()
	cur.col.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-grown:
		return true
	case <-t.C:
	case <-s.done:
	}
	return false
}

// batch is how a command wants its documents.
type batch struct {
	field  string // firstBatch or nextBatch
	size   int64  // -1: the default
	idLast bool
	single bool
}

// reply writes the cursor document of a reply and keeps the cursor if there is more to come.
func (c *call) reply(cur *cursor, b batch) error {
	w := c.w
	w.beginDoc("cursor")
	idAt := 0
	head := func() {
		w.i64("id", 0)
		idAt = len(w.b) - 8
		w.str("ns", cur.ns)
	}
	if !b.idLast {
		head()
	}
	w.beginArray(b.field)
	end, _, err := cur.fill(c.srv, w, b.size)
	if err != nil {
		return err
	}
	w.end()
	if b.idLast {
		head()
	}
	w.end()
	if end || b.single {
		if cur.id != 0 {
			c.srv.cursors.kill(cur.id)
		}
		return nil
	}
	if cur.id == 0 {
		c.srv.cursors.keep(cur)
	}
	binary.LittleEndian.PutUint64(w.b[idAt:], uint64(cur.id))
	return nil
}
