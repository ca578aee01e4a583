package mongo

import (
	"strings"

	"go.mongodb.org/mongo-driver/bson/primitive"
)

// writer changes one collection and logs what it does. The collection is locked for writing, or belongs to a transaction.
type writer struct {
	srv    *Server
	col    *collection
	txn    *txn        // what the changes wait in, nil outside of a transaction
	stmt   *statement  // the retryable write that the changes are part of
	bypass bool        // documents are not validated
	as     func(entry) // takes the entries in the place of the oplog
	from   bool        // the entries are marked fromMigrate
	pre    uint64      // time of the entry with the image before the change
	post   uint64      // time of the entry with the image after the change
}

// insert stores a new document.
func (w *writer) insert(d document) error {
	d, err := w.srv.newDocument(d)
	if err != nil {
		return err
	}
	return w.insertReady(d)
}

// insertReady stores a new document as it is.
func (w *writer) insertReady(d document) error {
	if err := w.free(lookup(d, "_id")); err != nil {
		return err
	}
	if !w.bypass {
		if err := w.col.opts.check(d, nil); err != nil {
			return err
		}
	}
	keys, err := w.col.keysOf(d, -1)
	if err != nil {
		return err
	}
	d = w.log(entry{op: "i", o: d}, nil, d)
	w.col.put(d, keys)
	for {
		id, old, full := w.col.overflow()
		if !full {
			return nil
		}
		w.col.remove(id, old)
	}
}

// update puts now in the place of old; change is what the oplog says about it.
func (w *writer) update(id int64, old, now, change document) error {
	docID := lookup(old, "_id")
	if err := w.free(docID); err != nil {
		return err
	}
	if len(now) > maxDocument {
		return fail(codeObjectTooLarge, "Resulting document after update is larger than %d", maxDocument)
	}
	if w.col.opts.capped && len(now) != len(old) {
		return fail(codeCappedSize, "Cannot change the size of a document in a capped collection: %d != %d", len(old), len(now))
	}
	if !w.bypass {
		if err := w.col.opts.check(now, old); err != nil {
			return err
		}
	}
	keys, err := w.col.keysOf(now, id)
	if err != nil {
		return err
	}
	w.log(entry{op: "u", o: change, o2: idDocument(docID)}, old, now)
	w.col.change(id, old, now, keys)
	return nil
}

// remove deletes a document.
func (w *writer) remove(id int64, old document) error {
	docID := lookup(old, "_id")
	if err := w.free(docID); err != nil {
		return err
	}
	if w.col.opts.capped {
		return fail(codeIllegalOperation, "cannot remove from a capped collection: %s", w.col.ns())
	}
	w.log(entry{op: "d", o: idDocument(docID)}, old, nil)
	w.col.remove(id, old)
	return nil
}

// free fails when a prepared transaction holds the document.
func (w *writer) free(id value) error {
	if len(w.srv.sess.prepared) > 0 && w.txn == nil && w.srv.sess.prepared[preparedKey(w.col.uuid, id)] {
		return writeConflict()
	}
	return nil
}

func writeConflict() *Error { return fail(codeWriteConflict, "WriteConflict") }

// log writes the entry of a change and answers the document as it is to be stored.
func (w *writer) log(e entry, before, after document) document {
	e.ns, e.ui, e.from, e.pre, e.post = w.col.ns(), &w.col.uuid, w.from, w.pre, w.post
	switch {
	case w.txn != nil:
		w.txn.add(w.col, e, before, after)
		return e.o
	case w.as != nil:
		w.as(e)
		return e.o
	}
	e.txn = w.stmt.fields()
	ts, d := w.srv.log(e)
	w.stmt.logged(ts)
	if e.op == "i" {
		return d
	}
	return e.o
}

func idDocument(id value) document {
	return build(func(w *builder) { w.value("_id", id) })
}

// newDocument answers d as it will be stored: _id first, made if it is missing, empty timestamps filled in.
func (s *Server) newDocument(d document) (document, error) {
	if len(d) > maxDocument {
		return nil, fail(codeBadValue, "object to insert too large. size in bytes: %d, max size: %d", len(d), maxDocument)
	}
	first := true
	for name := range fields(d) {
		if strings.HasPrefix(name, "$") {
			return nil, fail(codeBadValue, "Document can't have $ prefixed field names: %s", name)
		}
	}
	for name, v := range fields(d) {
		if name == "_id" && first {
			return s.stamp(d), checkID(v)
		}
		first = false
	}
	return s.idFirst(d)
}

// idFirst moves _id to the front, where the server wants it.
func (s *Server) idFirst(d document) (document, error) {
	id := lookup(d, "_id")
	if err := checkID(id); err != nil {
		return nil, err
	}
	return s.stamp(build(func(w *builder) {
		if id.Type == 0 {
			w.oid("_id", primitive.NewObjectID())
		} else {
			w.value("_id", id)
		}
		for name, v := range fields(d) {
			if name != "_id" {
				w.value(name, v)
			}
		}
	})), nil
}

func checkID(id value) error {
	switch id.Type {
	case typeArray:
		return fail(codeBadValue, "can't use an array for _id")
	case typeRegex:
		return fail(codeBadValue, "can't use a regex for _id")
	case typeUndefined:
		return fail(codeBadValue, "can't use a undefined for _id")
	}
	return nil
}
