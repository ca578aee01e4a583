package mongo

// collStatsStage is what $collStats answers.
func (c *call) collStatsStage(name string, arg document) (document, error) {
	w := &builder{}
	w.begin()
	w.str("ns", c.ns(name))
	w.str("host", c.srv.host)
	w.date("localTime", c.srv.opts.Now())
	if s := lookup(arg, "storageStats"); s.Type != 0 {
		scale, _ := number(lookup(embedded(s), "scale"))
		w.beginDoc("storageStats")
		if err := c.collStats(w, name, max(1, scale), false); err != nil {
			return nil, err
		}
		w.end()
	}
	if lookup(arg, "count").Type != 0 {
		w.count("count", c.size(name))
	}
	w.end()
	return w.b, nil
}

// indexStatsStage is what $indexStats answers: every index, never used.
func (c *call) indexStatsStage(name string) []document {
	s := c.srv
	s.cat.mu.RLock()
	defer s.cat.mu.RUnlock()
	col := s.cat.collection(c.db, name)
	if col == nil {
		return nil
	}
	col.mu.RLock()
	defer col.mu.RUnlock()
	var out []document
	for _, ix := range col.indexes {
		out = append(out, build(func(w *builder) {
			w.str("name", ix.name)
			w.doc("key", ix.keyDoc)
			w.str("host", s.host)
			w.beginDoc("accesses")
			w.i64("ops", 0)
			w.date("since", s.started)
			w.end()
			w.doc("spec", ix.spec)
		}))
	}
	return out
}
