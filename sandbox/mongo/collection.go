package mongo

import (
	"crypto/rand"
	"sync"
)

// collection holds documents in the order in which they came. Whoever reads takes mu for reading, whoever writes for writing.
type collection struct {
	mu      sync.RWMutex
	db      string
	name    string
	uuid    [16]byte
	opts    collectionOptions
	recs    tree[int64, document]
	next    int64 // the record id last given
	bytes   int64
	indexes []*index // indexes[0] is that of _id, if there is one
	gone    string   // why cursors on it end: "dropped" or "renamed from … to …"
	grown   chan struct{}
}

func newCollection(db, name string, opts collectionOptions) *collection {
	col := &collection{db: db, name: name, opts: opts, uuid: newUUID()}
	return col
}

func newUUID() (u [16]byte) {
	_, _ = rand.Read(u[:]) // never fails, see crypto/rand
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}

func (col *collection) ns() string { return col.db + "." + col.name }

// clone answers a copy that can be changed without the original; it shares the documents.
func (col *collection) clone() *collection {
	c := &collection{db: col.db, name: col.name, uuid: col.uuid, opts: col.opts, recs: col.recs.clone(), next: col.next, bytes: col.bytes}
	for _, ix := range col.indexes {
		own := *ix
		own.entries = ix.entries.clone()
		c.indexes = append(c.indexes, &own)
	}
	return c
}

// keysOf answers the keys of d in every index, and fails when a unique one has one of them for another record than self.
func (col *collection) keysOf(d document, self int64) ([][]string, error) {
	all := make([][]string, len(col.indexes))
	for i, ix := range col.indexes {
		keys, err := ix.keys(d)
		if err != nil {
			return nil, err
		}
		all[i] = keys
		if !ix.unique {
			continue
		}
		for _, k := range keys {
			if id, taken := ix.entries.get(k); taken && id != self {
				return nil, ix.duplicate(col.ns(), d, k)
			}
		}
	}
	return all, nil
}

// put stores a document under a new record id. keys are those of keysOf.
func (col *collection) put(d document, keys [][]string) int64 {
	col.next++
	return col.putAt(col.next, d, keys)
}

func (col *collection) putAt(id int64, d document, keys [][]string) int64 {
	col.next = max(col.next, id)
	col.recs.set(id, d)
	col.bytes += int64(len(d))
	for i, ix := range col.indexes {
		ix.add(keys[i], id)
	}
	if col.grown != nil {
		close(col.grown)
		col.grown = nil
	}
	return id
}

// change puts another document in the place of record id.
func (col *collection) change(id int64, old, now document, keys [][]string) {
	for i, ix := range col.indexes {
		before, err := ix.keys(old)
		if err == nil { // what is stored has had its keys
			ix.remove(before, id)
		}
		ix.add(keys[i], id)
	}
	col.recs.set(id, now)
	col.bytes += int64(len(now) - len(old))
}

func (col *collection) remove(id int64, old document) {
	for _, ix := range col.indexes {
		if keys, err := ix.keys(old); err == nil {
			ix.remove(keys, id)
		}
	}
	if col.recs.delete(id) {
		col.bytes -= int64(len(old))
	}
}

// overflow answers the record that a full capped collection gives up next, false when it is not overfull.
func (col *collection) overflow() (int64, document, bool) {
	if !col.opts.capped || col.bytes <= col.opts.size && (col.opts.max <= 0 || int64(col.recs.len()) <= col.opts.max) || col.recs.len() <= 1 {
		return 0, nil, false
	}
	return col.recs.first()
}

// find answers the record whose _id is id.
func (col *collection) find(id value) (int64, document, bool) {
	if len(col.indexes) == 0 {
		return 0, nil, false
	}
	rec, ok := col.indexes[0].entries.get(string(appendKey(nil, id, col.indexes[0].coll)))
	if !ok {
		return 0, nil, false
	}
	d, ok := col.recs.get(rec)
	return rec, d, ok
}

func (col *collection) index(name string) *index {
	for _, ix := range col.indexes {
		if ix.name == name {
			return ix
		}
	}
	return nil
}

// wait answers a channel that is closed when the next document arrives. mu is held for writing.
func (col *collection) wait() <-chan struct{} {
	if col.grown == nil {
		col.grown = make(chan struct{})
	}
	return col.grown
}

// end tells cursors and waiting readers that the collection is no more what it was.
func (col *collection) end(why string) {
	col.gone = why
	if col.grown != nil {
		close(col.grown)
		col.grown = nil
	}
}
