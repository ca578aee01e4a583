package mongo

import "strings"

// outcome is what one update did.
type outcome struct {
	matched, modified int
	upserted          value
	before, after     document
}

func updateCommand(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	updates, err := c.documents("updates")
	if err != nil {
		return err
	}
	if err := checkBatch(len(updates)); err != nil {
		return err
	}
	create := false
	for _, u := range updates {
		create = create || truth(lookup(u, "upsert"))
	}
	var errs writeErrors
	var total outcome
	var upserted []value
	ordered := c.ordered()
	each := func(w *writer) error {
		for i, u := range updates {
			one, err := c.updateOne(w, u)
			total.matched, total.modified = total.matched+one.matched, total.modified+one.modified
			if one.upserted.Type != 0 {
				total.matched++
				upserted = append(upserted, docValue(build(func(w *builder) {
					w.i32("index", i)
					w.value("_id", one.upserted)
				})))
			}
			if err != nil {
				errs.add(i, err)
				if ordered {
					break
				}
			}
		}
		return nil
	}
	if err = c.writing(name, create, each); err != nil {
		if asError(err).Code != codeViewNotSupported {
			return err
		}
		errs.add(0, err)
	}
	c.w.count("n", int64(total.matched))
	c.w.count("nModified", int64(total.modified))
	c.srv.count.update.Add(int64(total.modified))
	if len(upserted) == 0 {
		return c.endWrite(errs, nil)
	}
	return c.endWrite(errs, func(w *builder) { w.value("upserted", array(upserted...)) })
}

// updateOne executes one member of updates.
func (c *call) updateOne(w *writer, d document) (outcome, error) {
	u, err := newUpdater(lookup(d, "u"), lookup(d, "arrayFilters"), w.col.opts.coll)
	if err != nil {
		return outcome{}, err
	}
	multi := truth(lookup(d, "multi"))
	if multi && u.replacement != nil {
		return outcome{}, fail(codeFailedToParse, "multi update is not supported for replacement-style update")
	}
	return c.modify(w, u, modification{q: embedded(lookup(d, "q")), upsert: truth(lookup(d, "upsert")), multi: multi,
		hint: lookup(d, "hint"), collation: lookup(d, "collation")})
}

// modification says which documents an update is for.
type modification struct {
	q, sort         document
	upsert, multi   bool
	hint, collation value
	image           func(w *writer, before, after document) // called before a change is made
}

func (c *call) modify(w *writer, u *updater, m modification) (out outcome, err error) {
	found, err := c.matches(w.col, m.q, m.sort, m.hint, m.collation, !m.multi)
	if err != nil {
		return out, err
	}
	if len(found) == 0 && m.upsert {
		return c.upsert(w, u, m)
	}
	if !m.multi && len(found) > 1 {
		found = found[:1]
	}
	fits, err := compileFilter(m.q, u.coll)
	if err != nil {
		return out, err
	}
	for _, f := range found {
		now, change, err := u.apply(w.srv, f.doc, fits, false)
		if err != nil {
			return out, err
		}
		out.before, out.after = f.doc, now
		if change == nil || string(now) == string(f.doc) {
			out.matched++
			continue
		}
		if m.image != nil {
			m.image(w, f.doc, now)
		}
		if err := w.update(f.id, f.doc, now, change); err != nil {
			return out, err
		}
		out.matched, out.modified = out.matched+1, out.modified+1
	}
	return out, nil
}

// upsert inserts the document that the query and the update describe.
func (c *call) upsert(w *writer, u *updater, m modification) (out outcome, err error) {
	seed := &mutable{}
	if u.replacement == nil {
		if err := equalities(m.q, seed); err != nil {
			return out, err
		}
	} else if id := lookup(m.q, "_id"); id.Type != 0 && !isOperators(id) {
		if err := seed.set("_id", id); err != nil {
			return out, err
		}
	}
	before := seed.encode()
	now, change, err := u.apply(w.srv, before, nil, true)
	if err != nil {
		return out, err
	}
	if change == nil {
		now = before
	}
	if now, err = w.srv.newDocument(now); err != nil {
		return out, err
	}
	if err := w.insertReady(now); err != nil {
		return out, err
	}
	out.after, out.upserted = now, lookup(now, "_id")
	return out, nil
}

// equalities puts into m the values that a query demands by equality.
func equalities(q document, m *mutable) error {
	for name, v := range fields(q) {
		switch {
		case name == "$and":
			for _, e := range fields(embedded(v)) {
				if err := equalities(embedded(e), m); err != nil {
					return err
				}
			}
		case strings.HasPrefix(name, "$") || v.Type == typeRegex:
		case isOperators(v):
			if eq := lookup(v.Data, "$eq"); eq.Type != 0 {
				if err := m.set(name, eq); err != nil {
					return err
				}
			}
		default:
			if err := m.set(name, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func findAndModify(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	remove, upsert := truth(c.arg("remove")), truth(c.arg("upsert"))
	if remove == (c.arg("update").Type != 0) {
		return fail(codeFailedToParse, "Either an update or remove=true must be specified")
	}
	var out outcome
	err = c.writing(name, upsert, func(w *writer) error {
		if remove {
			out, err = c.findAndRemove(w)
			return err
		}
		u, err := newUpdater(c.arg("update"), c.arg("arrayFilters"), w.col.opts.coll)
		if err != nil {
			return err
		}
		out, err = c.modify(w, u, modification{q: embedded(c.arg("query")), sort: embedded(c.arg("sort")), upsert: upsert, hint: c.arg("hint"),
			collation: c.arg("collation"), image: c.keepImage(truth(c.arg("new")))})
		return err
	})
	if err != nil {
		return err
	}
	return c.writeFound(out, remove)
}

func (c *call) findAndRemove(w *writer) (out outcome, err error) {
	found, err := c.matches(w.col, embedded(c.arg("query")), embedded(c.arg("sort")), c.arg("hint"), c.arg("collation"), true)
	if err != nil || len(found) == 0 {
		return out, err
	}
	c.keepImage(false)(w, found[0].doc, nil)
	if err := w.remove(found[0].id, found[0].doc); err != nil {
		return out, err
	}
	return outcome{matched: 1, before: found[0].doc}, nil
}

// keepImage logs the document that a retryable findAndModify answers, so that the answer can be given again.
func (c *call) keepImage(after bool) func(w *writer, before, now document) {
	return func(w *writer, before, now document) {
		if c.stmt == nil || c.txn != nil {
			return
		}
		image := before
		if after {
			image = now
		}
		fields := c.stmt.fields()
		ts, _ := c.srv.log(entry{op: "n", ns: w.col.ns(), ui: &w.col.uuid, o: image, txn: fields})
		if after {
			w.post = ts
		} else {
			w.pre = ts
		}
	}
}

func (c *call) writeFound(out outcome, remove bool) error {
	w := c.w
	w.beginDoc("lastErrorObject")
	shown := out.before
	switch {
	case remove:
		w.i32("n", out.matched)
	case out.upserted.Type != 0:
		w.i32("n", 1)
		w.boolean("updatedExisting", false)
		w.value("upserted", out.upserted)
	default:
		w.i32("n", out.matched)
		w.boolean("updatedExisting", out.matched > 0)
	}
	w.end()
	if truth(c.arg("new")) {
		shown = out.after
	}
	p, err := newProjection(embedded(orValue(c.arg("fields"), c.arg("projection"))))
	if err != nil {
		return err
	}
	switch {
	case shown == nil:
		w.null("value")
	case p != nil:
		w.doc("value", p.apply(shown))
	default:
		w.doc("value", shown)
	}
	return nil
}
