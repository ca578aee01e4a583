package mongo

import "go.mongodb.org/mongo-driver/bson/primitive"

// bucketsPrefix precedes the name of a time series in the name of the collection that holds its data.
const bucketsPrefix = "system.buckets."

// createTimeSeries makes the two parts of a time series as MongoDB 5.0 and later do: the collection of buckets, and the view that
// unpacks them. Every measurement gets a bucket of its own, which is legal, if wasteful. The catalog is locked for writing.
func (s *Server) createTimeSeries(db, name string, opts document) error {
	series := embedded(lookup(opts, "timeseries"))
	if lookup(series, "timeField").Type != typeString {
		return fail(40414, "BSON field 'timeseries.timeField' is missing but a required field")
	}
	full := build(func(w *builder) {
		w.copy(series)
		if lookup(series, "granularity").Type == 0 && lookup(series, "bucketMaxSpanSeconds").Type == 0 {
			w.str("granularity", "seconds")
		}
		if lookup(series, "bucketMaxSpanSeconds").Type == 0 {
			w.i32("bucketMaxSpanSeconds", 3600)
		}
	})
	_, err := s.createCollection(db, bucketsPrefix+name, build(func(w *builder) {
		w.boolean("clusteredIndex", true)
		w.doc("timeseries", full)
		for _, option := range []string{"expireAfterSeconds", "storageEngine", "collation"} {
			if v := lookup(opts, option); v.Type != 0 {
				w.value(option, v)
			}
		}
	}), newUUID(), 2)
	if err != nil {
		return err
	}
	return s.createView(db, name, build(func(w *builder) {
		w.str("viewOn", bucketsPrefix+name)
		w.value("pipeline", array(docValue(build(func(w *builder) {
			w.beginDoc("$_internalUnpackBucket")
			for _, field := range []string{"timeField", "metaField", "bucketMaxSpanSeconds"} {
				if v := lookup(full, field); v.Type != 0 {
					w.value(field, v)
				}
			}
			w.end()
		}))))
	}), nil)
}

// buckets answers the collection behind a time series, nil when the view is none.
func (c *catalog) buckets(view document) *collection {
	db, name, err := splitNS(text(lookup(view, "_id")))
	if err != nil || text(lookup(view, "viewOn")) != bucketsPrefix+name {
		return nil
	}
	return c.collection(db, bucketsPrefix+name)
}

// seriesOptions are the options of a time series as listCollections shows them.
func (col *collection) seriesOptions() document {
	return without(col.opts.shown, "clusteredIndex")
}

// toBuckets answers the name under which the documents of an insert are stored, and how they are stored: those of a time series as buckets.
func (c *call) toBuckets(name string, docs []document) (string, []document, error) {
	c.srv.cat.mu.RLock()
	defer c.srv.cat.mu.RUnlock()
	if c.srv.cat.collection(c.db, name) != nil {
		return name, docs, nil
	}
	view := c.srv.cat.view(c.db, name)
	if view == nil {
		return name, docs, nil
	}
	col := c.srv.cat.buckets(view)
	if col == nil {
		return name, docs, nil
	}
	series := embedded(lookup(col.opts.shown, "timeseries"))
	var out []document
	for _, d := range docs {
		b, err := bucket(d, text(lookup(series, "timeField")), text(lookup(series, "metaField")))
		if err != nil {
			return "", nil, err
		}
		out = append(out, b)
	}
	return col.name, out, nil
}

// bucket wraps one measurement.
func bucket(d document, timeField, metaField string) (document, error) {
	if lookup(d, timeField).Type != typeDate {
		return nil, fail(codeBadValue, "'%s' must be present and contain a valid BSON UTC datetime value", timeField)
	}
	if lookup(d, "_id").Type == 0 {
		d = build(func(w *builder) { w.copy(d); w.oid("_id", primitive.NewObjectID()) })
	}
	data := func(w *builder, write func(w *builder, name string, v value)) {
		for name, v := range fields(d) {
			if name != metaField {
				write(w, name, v)
			}
		}
	}
	return build(func(w *builder) {
		w.oid("_id", primitive.NewObjectID())
		w.beginDoc("control")
		w.i32("version", 1)
		for _, bound := range []string{"min", "max"} {
			w.beginDoc(bound)
			data(w, (*builder).value)
			w.end()
		}
		w.end()
		if meta := lookup(d, metaField); metaField != "" && meta.Type != 0 {
			w.value("meta", meta)
		}
		w.beginDoc("data")
		data(w, func(w *builder, name string, v value) {
			w.beginDoc(name)
			w.value("0", v)
			w.end()
		})
		w.end()
	}), nil
}

// stageUnpack turns buckets into measurements; it knows the form that is not compressed.
func stageUnpack(docs []document, arg value) ([]document, error) {
	timeField, metaField := text(lookup(embedded(arg), "timeField")), text(lookup(embedded(arg), "metaField"))
	var out []document
	for _, d := range docs {
		if n, _ := number(lookupPath(d, "control.version")); n != 1 {
			return nil, fail(codeNotSupported, "buckets of version %d are not supported", n)
		}
		data := embedded(lookup(d, "data"))
		for i := range fields(embedded(lookup(data, timeField))) {
			out = append(out, build(func(w *builder) {
				if meta := lookup(d, "meta"); meta.Type != 0 {
					w.value(metaField, meta)
				}
				for name, column := range fields(data) {
					if v := lookup(embedded(column), i); v.Type != 0 {
						w.value(name, v)
					}
				}
			}))
		}
	}
	return out, nil
}
