package mongo

// accumulator gathers one value over the documents of a group.
type accumulator interface {
	add(v value) error
	result() value
}

var accumulators = map[string]func() accumulator{
	"$sum":      func() accumulator { return &sumOf{total: int32Value(0)} },
	"$count":    func() accumulator { return &sumOf{total: int32Value(0), count: true} },
	"$avg":      func() accumulator { return &sumOf{total: int32Value(0), average: true} },
	"$min":      func() accumulator { return &extreme{sign: -1} },
	"$max":      func() accumulator { return &extreme{sign: 1} },
	"$first":    func() accumulator { return &firstOf{} },
	"$last":     func() accumulator { return &firstOf{last: true} },
	"$push":     func() accumulator { return &listOf{} },
	"$addToSet": func() accumulator { return &listOf{seen: map[string]bool{}} },
}

type sumOf struct {
	total          value
	n              int
	count, average bool
}

func (s *sumOf) add(v value) (err error) {
	if s.count {
		v = int32Value(1)
	}
	if isNumber(v) {
		s.n++
		s.total, err = arithmetic(s.total, v, false)
	}
	return err
}

func (s *sumOf) result() value {
	switch {
	case !s.average:
		return s.total
	case s.n == 0:
		return nullValue()
	}
	return doubleValue(asDouble(s.total) / float64(s.n))
}

type extreme struct {
	sign int
	best value
}

func (e *extreme) add(v value) error {
	if v.Type != 0 && v.Type != typeNull && (e.best.Type == 0 || compareValues(v, e.best, nil)*e.sign > 0) {
		e.best = v
	}
	return nil
}

func (e *extreme) result() value { return orValue(e.best, nullValue()) }

type firstOf struct {
	v    value
	any  bool
	last bool
}

func (f *firstOf) add(v value) error {
	if f.last || !f.any {
		f.v, f.any = v, true
	}
	return nil
}

func (f *firstOf) result() value { return orValue(f.v, nullValue()) }

type listOf struct {
	list []value
	seen map[string]bool
}

func (l *listOf) add(v value) error {
	if v.Type == 0 {
		return nil
	}
	if l.seen != nil {
		key := string(appendKey(nil, v, nil))
		if l.seen[key] {
			return nil
		}
		l.seen[key] = true
	}
	l.list = append(l.list, v)
	return nil
}

func (l *listOf) result() value { return array(l.list...) }

// groupField is one computed field of $group.
type groupField struct {
	name string
	make func() accumulator
	e    expression
}

type group struct {
	id   value
	accs []accumulator
}

func stageGroup(docs []document, arg value) ([]document, error) {
	spec := embedded(arg)
	idSpec := lookup(spec, "_id")
	if idSpec.Type == 0 {
		return nil, fail(15955, "a group specification must include an _id")
	}
	id, err := compileExpression(idSpec)
	if err != nil {
		return nil, err
	}
	all, err := groupFields(spec)
	if err != nil {
		return nil, err
	}
	groups := map[string]*group{}
	var order []*group
	for _, d := range docs {
		v := orValue(id(d), nullValue())
		key := string(appendKey(nil, v, nil))
		g := groups[key]
		if g == nil {
			g = &group{id: v}
			for _, f := range all {
				g.accs = append(g.accs, f.make())
			}
			groups[key], order = g, append(order, g)
		}
		for i, f := range all {
			if err := g.accs[i].add(f.e(d)); err != nil {
				return nil, err
			}
		}
	}
	var out []document
	for _, g := range order {
		out = append(out, build(func(w *builder) {
			w.value("_id", g.id)
			for i, f := range all {
				w.value(f.name, g.accs[i].result())
			}
		}))
	}
	return out, nil
}

func groupFields(spec document) ([]groupField, error) {
	var all []groupField
	for name, v := range fields(spec) {
		if name == "_id" {
			continue
		}
		for op, arg := range fields(embedded(v)) {
			f := groupField{name: name, make: accumulators[op]}
			if f.make == nil {
				return nil, fail(15952, "unknown group operator '%s'", op)
			}
			var err error
			if f.e, err = compileExpression(arg); err != nil {
				return nil, err
			}
			all = append(all, f)
		}
	}
	return all, nil
}
