package mongo

// storagePage is the size that listings give to whatever holds something, as WiredTiger's smallest file.
const storagePage = 4096

func listDatabases(c *call) error {
	q, err := compileFilter(embedded(c.arg("filter")), nil)
	if err != nil {
		return err
	}
	nameOnly := truth(c.arg("nameOnly"))
	s := c.srv
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	total := 0.0
	c.w.beginArray("databases")
	for _, name := range s.cat.names() {
		size := s.cat.dbs[name].storage()
		d := build(func(w *builder) {
			w.str("name", name)
			if !nameOnly {
				w.f64("sizeOnDisk", size)
				w.boolean("empty", false)
			}
		})
		if q(d) {
			c.w.addDoc(d)
			total += size
		}
	}
	c.w.end()
	if !nameOnly {
		c.w.f64("totalSize", total)
	}
	return nil
}

// storage answers the bytes that a database would take on a disk.
func (d *database) storage() float64 {
	n := 0.0
	for _, col := range d.order {
		col.mu.RLock()
		n += float64(col.bytes+storagePage-1)/storagePage*storagePage + float64(storagePage*(1+len(col.indexes)))
		col.mu.RUnlock()
	}
	return float64(int64(n) / storagePage * storagePage)
}

func listCollections(c *call) error {
	q, err := compileFilter(embedded(c.arg("filter")), nil)
	if err != nil {
		return err
	}
	b, err := c.batchOf(embedded(c.arg("cursor")))
	if err != nil {
		return err
	}
	if lookup(embedded(c.arg("cursor")), "batchSize").Type == 0 {
		b.size = -1
	}
	nameOnly := truth(c.arg("nameOnly"))
	cur := &cursor{ns: c.db + ".$cmd.listCollections", limit: -1}
	s := c.srv
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	add := func(name, kind string, more func(w *builder)) {
		whole := build(func(w *builder) {
			w.str("name", name)
			w.str("type", kind)
			more(w)
		})
		if !q(whole) {
			return
		}
		if nameOnly {
			whole = build(func(w *builder) {
				w.str("name", name)
				w.str("type", kind)
			})
		}
		cur.list = append(cur.list, whole)
	}
	if d := s.cat.dbs[c.db]; d != nil {
		for _, col := range d.order {
			add(col.name, "collection", col.describe)
		}
	}
	for _, v := range s.cat.views(c.db) {
		db, name, err := splitNS(text(lookup(v, "_id")))
		switch buckets := s.cat.buckets(v); {
		case err != nil || db != c.db: // somebody has written nonsense into system.views
		case buckets != nil:
			add(name, "timeseries", func(w *builder) {
				w.doc("options", buckets.seriesOptions())
				w.beginDoc("info")
				w.boolean("readOnly", false)
				w.end()
			})
		default:
			add(name, "view", func(w *builder) { describeView(w, v) })
		}
	}
	return c.reply(cur, b)
}

func (col *collection) describe(w *builder) {
	col.mu.RLock()
	defer col.mu.RUnlock()
	w.doc("options", col.opts.shown)
	w.beginDoc("info")
	w.boolean("readOnly", false)
	w.binary("uuid", 4, col.uuid[:])
	w.end()
	if ix := col.index("_id_"); ix != nil {
		w.doc("idIndex", ix.spec)
	}
}

func describeView(w *builder, v document) {
	w.beginDoc("options")
	for name, e := range fields(v) {
		if name != "_id" {
			w.value(name, e)
		}
	}
	w.end()
	w.beginDoc("info")
	w.boolean("readOnly", true)
	w.end()
}

func listIndexes(c *call) error {
	name, err := c.target()
	if err != nil {
		return err
	}
	b, err := c.batchOf(embedded(c.arg("cursor")))
	if err != nil {
		return err
	}
	if lookup(embedded(c.arg("cursor")), "batchSize").Type == 0 {
		b.size = -1
	}
	s := c.srv
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	col := s.cat.collection(c.db, name)
	if col == nil {
		view := s.cat.view(c.db, name)
		switch {
		case view == nil:
			return fail(codeNamespaceNotFound, "ns does not exist: %s", c.ns(name))
		case s.cat.buckets(view) != nil:
			return c.reply(&cursor{ns: c.ns(name), limit: -1}, b)
		}
		return viewNotSupported(c.ns(name))
	}
	col.mu.RLock()
	defer col.mu.RUnlock()
	cur := &cursor{ns: c.ns(name), limit: -1}
	for _, ix := range col.indexes {
		cur.list = append(cur.list, ix.spec)
	}
	return c.reply(cur, b)
}
