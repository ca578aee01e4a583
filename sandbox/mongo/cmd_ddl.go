package mongo

import (
	"strings"
)

// createCollection makes a collection and logs it. The catalog is locked for writing, the name is free.
func (s *Server) createCollection(db, name string, opts document, uuid [16]byte, idVersion int) (*collection, error) {
	if err := s.cat.checkName(db, name); err != nil {
		return nil, err
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	col := newCollection(db, name, o)
	col.uuid = uuid
	if !o.noID {
		ix, err := newIndex(idIndexSpec(idVersion, o.coll))
		if err != nil {
			return nil, err
		}
		col.indexes = append(col.indexes, ix)
	}
	s.cat.add(col)
	s.logCommand(db, &col.uuid, build(func(w *builder) {
		w.str("create", name)
		w.copy(o.shown)
		if !o.noID {
			w.doc("idIndex", col.indexes[0].spec)
		}
	}), nil)
	return col, nil
}

func createCommand(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	if err := c.known(createArguments, func(field string) *Error {
		return fail(40415, "BSON field 'create.%s' is an unknown field.", field)
	}); err != nil {
		return err
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	if s.cat.collection(c.db, name) != nil || s.cat.view(c.db, name) != nil {
		return fail(codeNamespaceExists, "Collection already exists. NS: %s", c.ns(name))
	}
	switch {
	case c.arg("viewOn").Type != 0:
		return s.createView(c.db, name, c.body, nil)
	case c.arg("timeseries").Type != 0 && !strings.HasPrefix(name, bucketsPrefix):
		return s.createTimeSeries(c.db, name, c.body)
	}
	_, err = s.createCollection(c.db, name, c.body, newUUID(), 2)
	return err
}

// createView puts a view into system.views. The catalog is locked for writing.
func (s *Server) createView(db, name string, opts document, as func(entry)) error {
	if err := s.cat.checkName(db, name); err != nil {
		return err
	}
	views, err := s.systemViews(db)
	if err != nil {
		return err
	}
	collation, err := newCollator(embedded(lookup(opts, "collation")))
	if err != nil {
		return err
	}
	w := writer{srv: s, col: views, as: as}
	return w.insertReady(build(func(b *builder) {
		b.str("_id", db+"."+name)
		b.value("viewOn", lookup(opts, "viewOn"))
		b.value("pipeline", orValue(lookup(opts, "pipeline"), array()))
		if collation != nil {
			b.doc("collation", collation.spec)
		}
	}))
}

func (s *Server) systemViews(db string) (*collection, error) {
	if views := s.cat.collection(db, "system.views"); views != nil {
		return views, nil
	}
	return s.createCollection(db, "system.views", nil, newUUID(), 2)
}

func dropCommand(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	if col := s.cat.collection(c.db, name); col != nil {
		c.w.i32("nIndexesWas", len(col.indexes))
		c.w.str("ns", col.ns())
		s.dropCollection(col)
		return nil
	}
	dropped, err := s.dropView(c.db, name)
	if err != nil {
		return err
	}
	if !dropped {
		return fail(codeNamespaceNotFound, "ns not found")
	}
	c.w.str("ns", c.ns(name))
	return nil
}

// dropCollection takes a collection away and logs it. The catalog is locked for writing.
func (s *Server) dropCollection(col *collection) {
	s.cat.remove(col)
	s.logCommand(col.db, &col.uuid, build(func(w *builder) { w.str("drop", col.name) }), build(func(w *builder) {
		w.count("numRecords", int64(col.recs.len()))
	}))
	col.mu.Lock()
	col.end("dropped")
	col.mu.Unlock()
}

func (s *Server) dropView(db, name string) (bool, error) {
	views := s.cat.collection(db, "system.views")
	if views == nil {
		return false, nil
	}
	id, d, ok := views.find(stringValue(db + "." + name))
	if !ok {
		return false, nil
	}
	buckets := s.cat.buckets(d)
	w := writer{srv: s, col: views}
	if err := w.remove(id, d); err != nil {
		return true, err
	}
	if buckets != nil {
		s.dropCollection(buckets)
	}
	return true, nil
}

func dropDatabase(c *call) error {
	if c.db == "admin" || c.db == "config" || c.db == "local" {
		return fail(codeIllegalOperation, "Dropping the '%s' database is prohibited.", c.db)
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	if s.cat.dbs[c.db] == nil {
		return nil
	}
	c.w.str("dropped", c.db)
	s.dropDatabase(c.db)
	return nil
}

// dropDatabase drops what a database holds, then logs its end. The catalog is locked for writing.
func (s *Server) dropDatabase(db string) {
	d := s.cat.dbs[db]
	if d == nil {
		return
	}
	for len(d.order) > 0 {
		s.dropCollection(d.order[len(d.order)-1])
	}
	s.logCommand(db, nil, build(func(w *builder) { w.i32("dropDatabase", 1) }), nil)
}

func renameCollection(c *call) error {
	from, to := text(c.arg("renameCollection")), text(c.arg("to"))
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	fromDB, fromName, err := splitNS(from)
	if err != nil {
		return err
	}
	toDB, toName, err := splitNS(to)
	if err != nil {
		return err
	}
	col := s.cat.collection(fromDB, fromName)
	if col == nil {
		if s.cat.view(fromDB, fromName) != nil {
			return fail(codeViewNotSupported, "cannot rename view: %s", from)
		}
		return fail(codeNamespaceNotFound, "Source collection %s does not exist", from)
	}
	if from == to {
		return fail(codeIllegalOperation, "Can't rename a collection to itself")
	}
	if s.cat.view(toDB, toName) != nil {
		return fail(codeNamespaceExists, "a view already exists with that name: %s", to)
	}
	drop := c.arg("dropTarget")
	if target := s.cat.collection(toDB, toName); target != nil && !truth(drop) {
		return fail(codeNamespaceExists, "target namespace exists")
	}
	if fromDB != toDB {
		return s.renameAcross(col, toDB, toName)
	}
	return s.rename(col, toName, truth(c.arg("stayTemp")))
}

// rename gives a collection another name in its database; a collection of that name goes. The catalog is locked for writing.
func (s *Server) rename(col *collection, to string, stayTemp bool) error {
	if err := s.cat.checkName(col.db, to); err != nil {
		return err
	}
	target := s.cat.collection(col.db, to)
	var o2 document
	o := build(func(w *builder) {
		w.str("renameCollection", col.ns())
		w.str("to", col.db+"."+to)
		w.boolean("stayTemp", stayTemp)
		if target != nil {
			w.binary("dropTarget", 4, target.uuid[:])
			o2 = build(func(w *builder) { w.count("numRecords", int64(target.recs.len())) })
		}
	})
	if target != nil {
		s.cat.remove(target)
		target.mu.Lock()
		target.end("dropped")
		target.mu.Unlock()
	}
	s.logCommand(col.db, &col.uuid, o, o2)
	s.moveTo(col, to, stayTemp)
	return nil
}

// moveTo puts a collection under another name. Cursors on the old name end.
func (s *Server) moveTo(col *collection, to string, stayTemp bool) {
	now := col.clone()
	now.name = to
	if !stayTemp && lookup(now.opts.shown, "temp").Type != 0 {
		now.opts.shown = without(now.opts.shown, "temp")
	}
	s.cat.remove(col)
	s.cat.add(now)
	col.mu.Lock()
	col.end("renamed from '" + col.ns() + "' to '" + now.ns() + "'")
	col.mu.Unlock()
}

func without(d document, drop string) document {
	return build(func(w *builder) {
		for name, v := range fields(d) {
			if name != drop {
				w.value(name, v)
			}
		}
	})
}

// renameAcross copies a collection into another database and drops it, as the server does.
func (s *Server) renameAcross(col *collection, toDB, to string) error {
	if err := s.cat.checkName(toDB, to); err != nil {
		return err
	}
	temp := "tmp" + randomName() + ".renameCollection"
	made, err := s.createCollection(toDB, temp, build(func(w *builder) {
		w.copy(col.opts.shown)
		w.boolean("temp", true)
	}), newUUID(), 2)
	if err != nil {
		return err
	}
	for _, ix := range col.indexes {
		if !ix.isID() {
			if err := s.addIndex(made, ix.spec, true); err != nil {
				return err
			}
		}
	}
	w := writer{srv: s, col: made, bypass: true, from: true}
	col.recs.ascend(nil, func(_ int64, d document) bool {
		err = w.insertReady(d)
		return err == nil
	})
	if err != nil {
		return err
	}
	if err := s.rename(made, to, false); err != nil {
		return err
	}
	s.dropCollection(col)
	return nil
}

// convertToCapped copies a collection into a capped one that takes its place; indexes are lost.
func convertToCapped(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	return s.copyCapped(c.db, name, name, c.arg("size"))
}

func cloneCollectionAsCapped(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	to := text(c.arg("toCollection"))
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	if s.cat.collection(c.db, to) != nil {
		return fail(codeNamespaceExists, "cloneCollectionAsCapped failed - destination collection %s.%s already exists.", c.db, to)
	}
	return s.copyCapped(c.db, name, to, c.arg("size"))
}

func (s *Server) copyCapped(db, name, to string, size value) error {
	col := s.cat.collection(db, name)
	if col == nil {
		return fail(codeNamespaceNotFound, "source collection %s.%s does not exist", db, name)
	}
	temp := to
	if to == name {
		temp = "tmp" + randomName() + ".convertToCapped." + name
	}
	made, err := s.createCollection(db, temp, build(func(w *builder) {
		w.boolean("capped", true)
		w.value("size", size)
		w.boolean("temp", to == name)
	}), newUUID(), 2)
	if err != nil {
		return err
	}
	w := writer{srv: s, col: made, bypass: true}
	col.recs.ascend(nil, func(_ int64, d document) bool {
		err = w.insertReady(d)
		return err == nil
	})
	if err != nil || to != name {
		return err
	}
	return s.rename(made, name, false)
}

// randomName answers five letters, as the server takes them for temporary collections.
func randomName() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var b strings.Builder
	u := newUUID()
	for _, x := range u[:5] {
		b.WriteByte(letters[int(x)%len(letters)])
	}
	return b.String()
}
