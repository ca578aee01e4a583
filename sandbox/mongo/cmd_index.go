package mongo

func createIndexes(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	specs, err := c.documents("indexes")
	if err != nil {
		return err
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	col := s.cat.collection(c.db, name)
	if col == nil && s.cat.view(c.db, name) != nil {
		return viewNotSupported(c.ns(name))
	}
	var def *collator
	if col != nil {
		def = col.opts.coll
	}
	var wanted []document
	for _, given := range specs {
		spec, err := normalSpec(given, def, truth(c.arg("ignoreUnknownIndexOptions")))
		if err != nil {
			return err
		}
		wanted = append(wanted, spec)
	}
	made := col == nil
	if made {
		if col, err = s.createCollection(c.db, name, nil, newUUID(), 2); err != nil {
			return err
		}
	}
	before := len(col.indexes)
	missing, err := absent(col, wanted)
	if err != nil {
		return err
	}
	if len(missing) == 0 {
		c.w.i32("numIndexesBefore", before)
		c.w.i32("numIndexesAfter", before)
		c.w.str("note", "all indexes already exist")
		return nil
	}
	if err := s.buildIndexes(col, missing); err != nil {
		return err
	}
	c.w.boolean("createdCollectionAutomatically", made)
	c.w.i32("numIndexesBefore", before)
	c.w.i32("numIndexesAfter", len(col.indexes))
	if s.replicated() {
		c.w.value("commitQuorum", orValue(c.arg("commitQuorum"), stringValue("votingMembers")))
	}
	return nil
}

// absent answers the specifications that the collection has not yet, and fails when one contradicts what is there.
func absent(col *collection, wanted []document) ([]document, error) {
	var out []document
	for _, spec := range wanted {
		have, err := conflicting(col, spec)
		if err != nil {
			return nil, err
		}
		if !have {
			out = append(out, spec)
		}
	}
	return out, nil
}

func conflicting(col *collection, spec document) (exists bool, err error) {
	name, key := text(lookup(spec, "name")), lookup(spec, "key")
	for _, ix := range col.indexes {
		sameKey := same(docValue(ix.keyDoc), key) || compareValues(docValue(ix.keyDoc), key, nil) == 0
		sameCollation := compareValues(lookup(ix.spec, "collation"), lookup(spec, "collation"), nil) == 0
		samePartial := compareValues(lookup(ix.spec, "partialFilterExpression"), lookup(spec, "partialFilterExpression"), nil) == 0
		switch {
		case sameKey && ix.isID():
			return true, nil
		case ix.name == name && (!sameKey || !sameCollation):
			return false, fail(codeIndexKeyConflict, "Index must have unique name.The existing index: %s has the same name as the requested index: %s",
				show(ix.spec), show(spec))
		case ix.name == name && !sameSpec(ix.spec, spec):
			return false, fail(codeIndexOptionsConflict, "Index with name: %s already exists with different options", name)
		case ix.name == name:
			return true, nil
		case isTextSpec(spec) && isTextSpec(ix.spec):
			return false, fail(codeIndexOptionsConflict, "Index: %s already exists with different options: %s", show(spec), show(ix.spec))
		case sameKey && sameCollation && samePartial:
			return false, fail(codeIndexOptionsConflict, "Index with name: %s already exists with a different name", name)
		}
	}
	return false, nil
}

func isTextSpec(spec document) bool { return lookupPath(spec, "key._fts").Type != 0 }

// buildIndexes adds indexes to a collection, all or none, and logs it the way the server does: one entry for each on an empty
// collection, a start and a commit on one with documents. The catalog is locked for writing.
func (s *Server) buildIndexes(col *collection, specs []document) error {
	buildID := newUUID()
	indexBuild := func(verb string, more func(w *builder)) {
		s.logCommand(col.db, &col.uuid, build(func(w *builder) {
			w.str(verb, col.name)
			w.binary("indexBuildUUID", 4, buildID[:])
			w.beginArray("indexes")
			for _, spec := range specs {
				w.addDoc(spec)
			}
			w.end()
			if more != nil {
				more(w)
			}
		}), nil)
	}
	empty := col.recs.len() == 0
	if !empty {
		indexBuild("startIndexBuild", nil)
	}
	had := len(col.indexes)
	for _, spec := range specs {
		err := error(nil)
		if _, err = absent(col, []document{spec}); err == nil {
			err = s.addIndex(col, spec, empty)
		}
		if err == nil {
			continue
		}
		col.indexes = col.indexes[:had]
		e := *asError(err)
		if !empty {
			indexBuild("abortIndexBuild", func(w *builder) {
				w.beginDoc("cause")
				w.boolean("ok", false)
				w.i32("code", e.Code)
				w.str("codeName", codeName(e.Code, e.CodeName))
				w.str("errmsg", e.Message)
				if e.more != nil {
					e.more(w)
				}
				w.end()
			})
		}
		e.Message = "Index build failed: " + showUUID(buildID) + ": Collection " + col.ns() + " ( " + showUUID(col.uuid) + " ) :: caused by :: " + e.Message
		return &e
	}
	if !empty {
		indexBuild("commitIndexBuild", nil)
	}
	return nil
}

// addIndex builds one index; log says whether it gets an entry of its own.
func (s *Server) addIndex(col *collection, spec document, log bool) error {
	ix, err := newIndex(spec)
	if err != nil {
		return err
	}
	col.recs.ascend(nil, func(id int64, d document) bool {
		var keys []string
		if keys, err = ix.keys(d); err != nil {
			return false
		}
		for _, k := range keys {
			if _, dup := ix.entries.get(k); dup && ix.unique {
				err = ix.duplicate(col.ns(), d, k)
				return false
			}
		}
		ix.add(keys, id)
		return true
	})
	if err != nil {
		return err
	}
	col.mu.Lock()
	col.indexes = append(col.indexes[:len(col.indexes):len(col.indexes)], ix)
	col.mu.Unlock()
	if log {
		s.logCommand(col.db, &col.uuid, build(func(w *builder) {
			w.str("createIndexes", col.name)
			w.copy(spec)
		}), nil)
	}
	return nil
}

func dropIndexes(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	col := s.cat.collection(c.db, name)
	if col == nil {
		if s.cat.view(c.db, name) != nil {
			return viewNotSupported(c.ns(name))
		}
		return fail(codeNamespaceNotFound, "ns not found %s", c.ns(name))
	}
	found, err := indexesToDrop(col, c.arg("index"))
	if err != nil {
		return err
	}
	c.w.i32("nIndexesWas", len(col.indexes))
	if text(c.arg("index")) == "*" {
		c.w.str("msg", "non-_id indexes dropped for collection")
	}
	s.dropIndexes(col, found)
	return nil
}

func indexesToDrop(col *collection, which value) ([]*index, error) {
	var out []*index
	switch {
	case text(which) == "*":
		for _, ix := range col.indexes {
			if !ix.isID() {
				out = append(out, ix)
			}
		}
	case which.Type == typeString:
		ix := col.index(text(which))
		if ix == nil {
			return nil, fail(codeIndexNotFound, "index not found with name [%s]", text(which))
		}
		out = append(out, ix)
	case which.Type == typeArray:
		for _, e := range fields(which.Data) {
			more, err := indexesToDrop(col, e)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
	default:
		for _, ix := range col.indexes {
			if which.Type == typeObject && compareValues(docValue(ix.keyDoc), which, nil) == 0 {
				out = append(out, ix)
			}
		}
		if len(out) == 0 {
			return nil, fail(codeIndexNotFound, "can't find index with key: %s", showValue(which))
		}
	}
	for _, ix := range out {
		if ix.isID() {
			return nil, fail(codeInvalidOptions, "cannot drop _id index")
		}
	}
	return out, nil
}

// dropIndexes takes indexes away and logs each. The catalog is locked for writing.
func (s *Server) dropIndexes(col *collection, gone []*index) {
	for _, ix := range gone {
		var left []*index
		for _, have := range col.indexes {
			if have != ix {
				left = append(left, have)
			}
		}
		col.mu.Lock()
		col.indexes = left
		col.mu.Unlock()
		s.logCommand(col.db, &col.uuid, build(func(w *builder) {
			w.str("dropIndexes", col.name)
			w.str("index", ix.name)
		}), ix.spec)
	}
}
