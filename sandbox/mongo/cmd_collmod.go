package mongo

func collMod(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	col := s.cat.collection(c.db, name)
	if col != nil {
		return s.modifyCollection(col, c.body, c.w)
	}
	view := s.cat.view(c.db, name)
	if view == nil {
		return fail(codeNamespaceNotFound, "ns does not exist")
	}
	if buckets := s.cat.buckets(view); buckets != nil { // the options of a time series are those of its buckets
		return s.modifyCollection(buckets, c.body, c.w)
	}
	return s.modifyView(c.db, name, c.body)
}

func (s *Server) modifyView(db, name string, d document) error {
	views := s.cat.collection(db, "system.views")
	id, old, _ := views.find(stringValue(db + "." + name))
	now := build(func(w *builder) {
		for field, v := range fields(old) {
			if given := lookup(d, field); given.Type != 0 && field != "_id" {
				v = given
			}
			w.value(field, v)
		}
	})
	w := writer{srv: s, col: views}
	return w.update(id, old, now, now)
}

// modifyCollection changes options and indexes and logs it; what changed is written to reply, unless that is nil. The catalog is locked
// for writing.
func (s *Server) modifyCollection(col *collection, d document, reply *builder) error {
	if reply == nil {
		reply = &builder{}
		reply.begin()
	}
	oldOptions := build(func(w *builder) {
		w.binary("uuid", 4, col.uuid[:])
		w.copy(col.opts.shown)
	})
	var indexPart, o2 document
	if spec := embedded(lookup(d, "index")); spec != nil {
		var err error
		if indexPart, o2, err = s.modifyIndex(col, spec, reply); err != nil {
			return err
		}
	}
	changed := build(func(w *builder) {
		for _, name := range []string{"validator", "validationLevel", "validationAction", "expireAfterSeconds", "changeStreamPreAndPostImages"} {
			if v := lookup(d, name); v.Type != 0 {
				w.value(name, v)
			}
		}
	})
	if len(changed) > 5 {
		opts, err := col.opts.with(withValidation(changed, col.opts.shown))
		if err != nil {
			return err
		}
		col.opts = opts
	}
	s.logCommand(col.db, &col.uuid, build(func(w *builder) {
		w.str("collMod", col.name)
		if indexPart != nil {
			w.doc("index", indexPart)
		}
		w.copy(changed)
	}), build(func(w *builder) {
		w.doc("collectionOptions_old", oldOptions)
		w.copy(o2)
	}))
	return nil
}

// withValidation adds the level and action that a validator has by default.
func withValidation(changed, old document) document {
	return build(func(w *builder) {
		w.copy(changed)
		for name, def := range map[string]string{"validationLevel": "strict", "validationAction": "error"} {
			if lookup(changed, "validator").Type != 0 && lookup(changed, name).Type == 0 && lookup(old, name).Type == 0 {
				w.str(name, def)
			}
		}
	})
}

// modifyIndex hides an index or changes when its documents expire. It answers what the oplog says of the new and the old state.
func (s *Server) modifyIndex(col *collection, spec document, reply *builder) (o, o2 document, err error) {
	ix, err := indexToModify(col, spec)
	if err != nil {
		return nil, nil, err
	}
	now := ix.spec
	expire, hidden := lookup(spec, "expireAfterSeconds"), lookup(spec, "hidden")
	oldExpire, wasHidden := lookup(ix.spec, "expireAfterSeconds"), truth(lookup(ix.spec, "hidden"))
	if expire.Type != 0 {
		n, ok := number(expire)
		if !ok || oldExpire.Type == 0 {
			return nil, nil, fail(codeInvalidOptions, "no expireAfterSeconds field to update")
		}
		expire = int64Value(n)
		now = replaceField(now, "expireAfterSeconds", expire)
		reply.value("expireAfterSeconds_old", oldAsLong(oldExpire))
		reply.value("expireAfterSeconds_new", expire)
	}
	changesHidden := hidden.Type != 0 && truth(hidden) != wasHidden
	if changesHidden {
		if now = without(now, "hidden"); truth(hidden) {
			now = build(func(w *builder) { w.copy(now); w.boolean("hidden", true) })
		}
		reply.boolean("hidden_old", wasHidden)
		reply.boolean("hidden_new", truth(hidden))
	}
	ix.spec = now
	o = build(func(w *builder) {
		w.str("name", ix.name)
		if expire.Type != 0 {
			w.value("expireAfterSeconds", expire)
		}
		if changesHidden {
			w.boolean("hidden", truth(hidden))
		}
	})
	o2 = build(func(w *builder) {
		if expire.Type != 0 {
			w.value("expireAfterSeconds_old", oldAsLong(oldExpire))
		}
		if changesHidden {
			w.boolean("hidden_old", wasHidden)
		}
	})
	if expire.Type == 0 && !changesHidden {
		return nil, nil, nil
	}
	return o, o2, nil
}

func indexToModify(col *collection, spec document) (*index, error) {
	name, key := lookup(spec, "name"), lookup(spec, "keyPattern")
	switch {
	case name.Type != 0:
		if ix := col.index(text(name)); ix != nil {
			return ix, nil
		}
		return nil, fail(codeIndexNotFound, "cannot find index %s for ns %s", text(name), col.ns())
	case key.Type == typeObject:
		for _, ix := range col.indexes {
			if compareValues(docValue(ix.keyDoc), key, nil) == 0 {
				return ix, nil
			}
		}
		return nil, fail(codeIndexNotFound, "cannot find index %s for ns %s", show(key.Data), col.ns())
	}
	return nil, fail(codeInvalidOptions, "must specify either index name or key pattern")
}

func oldAsLong(v value) value {
	n, _ := number(v)
	return int64Value(n)
}

func replaceField(d document, name string, v value) document {
	return build(func(w *builder) {
		for field, have := range fields(d) {
			if field == name {
				have = v
			}
			w.value(field, have)
		}
	})
}
