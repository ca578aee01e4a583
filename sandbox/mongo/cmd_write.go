package mongo

// writeErrors collects the errors of a command that writes several things.
type writeErrors struct {
	list []indexedError
}

type indexedError struct {
	index int
	err   *Error
}

func (e *writeErrors) add(i int, err error) { e.list = append(e.list, indexedError{i, asError(err)}) }

// endWrite appends what follows the counts in the reply of a write: errors, and the state of the replica set.
func (c *call) endWrite(errs writeErrors, before func(w *builder)) error {
	if c.txn != nil && len(errs.list) > 0 {
		e := errs.list[0].err
		if e.Code == codeWriteConflict {
			return e
		}
		c.session.abort(c.srv)
	}
	w := c.w
	if before != nil {
		before(w)
	}
	if len(errs.list) > 0 {
		w.beginArray("writeErrors")
		for _, e := range errs.list {
			w.beginElement()
			w.i32("index", e.index)
			w.i32("code", e.err.Code)
			if e.err.more != nil {
				e.err.more(w)
			}
			w.str("errmsg", e.err.Message)
			w.end()
		}
		w.end()
	}
	if c.srv.replicated() && c.txn == nil {
		opTime(w, "opTime", c.srv.oplog.lastTS(), term)
		w.oid("electionId", electionID)
	}
	return nil
}

// checkBatch holds a write command to the limits on its size.
func checkBatch(n int) error {
	if n < 1 || n > maxWriteBatch {
		return fail(codeInvalidLength, "Write batch sizes must be between 1 and %d. Got %d operations.", maxWriteBatch, n)
	}
	return nil
}

func insertCommand(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	docs, err := c.documents("documents")
	if err != nil {
		return err
	}
	if err := checkBatch(len(docs)); err != nil {
		return err
	}
	for _, d := range docs {
		if len(d) > maxInternal {
			return tooLarge(d)
		}
	}
	if name, docs, err = c.toBuckets(name, docs); err != nil {
		return err
	}
	var errs writeErrors
	n := 0
	ordered := c.ordered()
	err = c.writing(name, true, func(w *writer) error {
		for i, d := range docs {
			if err := w.insert(d); err != nil {
				errs.add(i, err)
				if ordered {
					break
				}
				continue
			}
			n++
		}
		return nil
	})
	if err != nil {
		if asError(err).Code != codeViewNotSupported {
			return err
		}
		errs.add(0, err)
	}
	c.w.count("n", int64(n))
	c.srv.count.insert.Add(int64(n))
	return c.endWrite(errs, nil)
}

func tooLarge(d document) error {
	first := ""
	for name, v := range fields(d) {
		first = name + ": " + showValue(v)
		break
	}
	return fail(codeObjectTooLarge, "BSONObj size: %d (0x%X) is invalid. Size must be between 0 and %d(16MB) First element: %s", len(d), len(d), maxInternal, first)
}

// ordered tells whether the command stops at its first error.
func (c *call) ordered() bool {
	v := c.arg("ordered")
	return v.Type == 0 || truth(v)
}

// writing runs do with a writer on the collection, which it locks, and creates if create says so; without, do is not run when there is
// no collection.
func (c *call) writing(name string, create bool, do func(w *writer) error) error {
	col, err := c.collectionToWrite(name, create)
	if err != nil || col == nil {
		return err
	}
	defer c.srv.cat.mu.RUnlock()
	w := &writer{srv: c.srv, col: col, stmt: c.stmt, bypass: truth(c.arg("bypassDocumentValidation"))}
	col.mu.Lock()
	defer col.mu.Unlock()
	if c.txn != nil {
		w.txn, w.col = c.txn, c.txn.write(col)
	}
	return do(w)
}

// collectionToWrite answers the collection with the catalog locked for reading; nil, and nothing locked, when there is none.
func (c *call) collectionToWrite(name string, create bool) (*collection, error) {
	s := c.srv
	for {
		s.cat.mu.RLock()
		if col := s.cat.collection(c.db, name); col != nil {
			return col, nil
		}
		view := s.cat.view(c.db, name)
		s.cat.mu.RUnlock()
		if view != nil {
			return nil, viewNotSupported(c.ns(name))
		}
		if !create {
			return nil, nil
		}
		s.cat.mu.Lock()
		err := error(nil)
		if s.cat.collection(c.db, name) == nil {
			_, err = s.createCollection(c.db, name, nil, newUUID(), 2)
		}
		s.cat.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
}

func deleteCommand(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	deletes, err := c.documents("deletes")
	if err != nil {
		return err
	}
	if err := checkBatch(len(deletes)); err != nil {
		return err
	}
	var errs writeErrors
	total, ordered := 0, c.ordered()
	err = c.writing(name, false, func(w *writer) error {
		for i, d := range deletes {
			n, err := c.deleteOne(w, d)
			total += n
			if err != nil {
				errs.add(i, err)
				if ordered {
					break
				}
			}
		}
		return nil
	})
	if err != nil {
		if asError(err).Code != codeViewNotSupported {
			return err
		}
		errs.add(0, err)
	}
	c.w.count("n", int64(total))
	c.srv.count.delete.Add(int64(total))
	return c.endWrite(errs, nil)
}

func (c *call) deleteOne(w *writer, d document) (int, error) {
	limit, ok := number(lookup(d, "limit"))
	if !ok || limit != 0 && limit != 1 {
		return 0, fail(codeFailedToParse, "The limit field in delete objects must be 0 or 1. Got %d", limit)
	}
	if w.col.opts.capped {
		return 0, fail(codeIllegalOperation, "cannot remove from a capped collection: %s", w.col.ns())
	}
	found, err := c.matches(w.col, embedded(lookup(d, "q")), nil, lookup(d, "hint"), lookup(d, "collation"), limit == 1)
	if err != nil {
		return 0, err
	}
	for n, m := range found {
		if err := w.remove(m.id, m.doc); err != nil {
			return n, err
		}
	}
	return len(found), nil
}

// match is a document that a write is about.
type match struct {
	id  int64
	doc document
}

// matches finds what a write is about; col is locked.
func (c *call) matches(col *collection, filterDoc, sortDoc document, hint, collation value, one bool) ([]match, error) {
	q, err := c.newQuery(col.ns(), col, filterDoc, collation)
	if err != nil {
		return nil, err
	}
	q.hint = hint
	if q.sort, q.natural, err = parseSort(sortDoc); err != nil {
		return nil, err
	}
	s, sorted, err := q.plan(col)
	if err != nil {
		return nil, err
	}
	var out []match
	s.run(col, func(id int64, d document) verdict {
		if q.fits(d) {
			out = append(out, match{id, d})
			if one && sorted {
				return stop
			}
		}
		return taken
	})
	if !sorted && len(out) > 1 {
		best, least := 0, ""
		for i, m := range out {
			if k := sortKey(m.doc, q.sort, q.coll); i == 0 || k < least {
				best, least = i, k
			}
		}
		out = out[best : best+1]
	}
	return out, nil
}
