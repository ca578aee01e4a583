package mongo

import "strings"

// scan is a walk over a collection that can be left and taken up again while others write. A document that is there all the time is
// met once; in natural order always, in the order of an index unless its key moves against the walk.
type scan struct {
	ix     *index     // nil: natural order
	back   bool       // the walk goes backwards
	ranges []keyRange // of the index, in the direction of the walk
	from   int64      // natural order: the last record met
	begun  bool
	read   bool           // something was met, so that a capped collection may lose it
	key    string         // the last index entry met
	met    map[int64]bool // records met through an index that has several entries for one
}

// keyRange is the part of an index from lo to before hi; an empty hi is the end.
type keyRange struct{ lo, hi string }

// verdict is what a visitor makes of a document.
type verdict int

const (
	taken   verdict = iota // go on
	stop                   // enough; the document was taken
	putBack                // enough; the document comes again next time
)

// afterKey comes after all entries whose key is k, since no key is the beginning of another.
const afterKey = "\xff\xff\xff\xff\xff\xff\xff\xff\xff"

// run visits the documents after those it has visited before and tells whether it came to the end. col is locked.
func (s *scan) run(col *collection, visit func(id int64, d document) verdict) (end bool) {
	if s.ix == nil {
		return s.natural(col, visit)
	}
	for len(s.ranges) > 0 {
		if !s.inRange(col, s.ranges[0], visit) {
			return false
		}
		s.ranges, s.begun = s.ranges[1:], false
	}
	return true
}

func (s *scan) natural(col *collection, visit func(id int64, d document) verdict) (end bool) {
	end = true
	step := func(id int64, d document) bool {
		if s.begun && id == s.from {
			return true
		}
		v := visit(id, d)
		if v != putBack {
			s.from, s.begun = id, true
		}
		end = v == taken
		return end
	}
	switch start := s.from; {
	case s.back && s.begun:
		col.recs.descend(&start, step)
	case s.back:
		col.recs.descend(nil, step)
	default:
		col.recs.ascend(&start, step)
	}
	return end
}

func (s *scan) inRange(col *collection, r keyRange, visit func(id int64, d document) verdict) (end bool) {
	end = true
	step := func(k string, id int64) bool {
		if s.begun && k == s.key || s.back && r.hi != "" && k >= r.hi {
			return true
		}
		if !s.back && r.hi != "" && k >= r.hi || s.back && k < r.lo {
			return false
		}
		if s.met != nil && s.met[id] {
			return true
		}
		d, ok := col.recs.get(id)
		if !ok {
			return true
		}
		v := visit(id, d)
		if v != putBack {
			s.key, s.begun = k, true
			if s.met != nil {
				s.met[id] = true
			}
		}
		end = v == taken
		return end
	}
	// The index as it is now: the collection may have been copied, or its indexes replaced, since the scan began.
	ix := col.index(s.ix.name)
	if ix == nil {
		return true
	}
	start := r.lo
	switch {
	case s.back && s.begun:
		ix.entries.descend(&s.key, step)
	case s.back && r.hi != "":
		ix.entries.descend(&r.hi, step)
	case s.back:
		ix.entries.descend(nil, step)
	default:
		if s.begun {
			start = s.key
		}
		ix.entries.ascend(&start, step)
	}
	return end
}

// bounds are what a query demands of one field.
type bounds struct {
	in     []value // one of these; nil: not known
	lo, hi value   // within one class of types
	loOpen bool
	hiOpen bool
}

// demands collects the bounds that the top level of a query sets.
func demands(q document, into map[string]*bounds) {
	for name, v := range fields(q) {
		if name == "$and" {
			for _, e := range fields(embedded(v)) {
				demands(embedded(e), into)
			}
			continue
		}
		if strings.HasPrefix(name, "$") {
			continue
		}
		b := into[name]
		if b == nil {
			b = &bounds{}
			into[name] = b
		}
		if !isOperators(v) {
			b.equal(v)
			continue
		}
		for op, e := range fields(v.Data) {
			b.demand(op, e)
		}
	}
}

func (b *bounds) equal(v value) {
	if indexable(v) && b.in == nil {
		b.in = []value{v}
	}
}

// indexable tells whether all that equals v stands under its key in an index.
func indexable(v value) bool {
	return v.Type != typeNull && v.Type != typeUndefined && v.Type != typeArray && v.Type != typeRegex
}

func (b *bounds) demand(op string, v value) {
	ranged := indexable(v) && v.Type != typeMinKey && v.Type != typeMaxKey
	switch op {
	case "$eq":
		b.equal(v)
	case "$in":
		var in []value
		for _, e := range fields(embedded(v)) {
			if !indexable(e) {
				return
			}
			in = append(in, e)
		}
		if b.in == nil {
			b.in = append([]value{}, in...)
		}
	case "$gt", "$gte":
		if ranged && b.lo.Type == 0 {
			b.lo, b.loOpen = v, op == "$gt"
		}
	case "$lt", "$lte":
		if ranged && b.hi.Type == 0 {
			b.hi, b.hiOpen = v, op == "$lt"
		}
	}
}

// keys answers the range of index keys between the bounds, for an ascending field.
func (b *bounds) keys(ix *index) (keyRange, bool) {
	var r keyRange
	switch {
	case b.lo.Type != 0:
		r.lo = string(appendKey(nil, b.lo, ix.coll))
		r.hi = string([]byte{class(b.lo.Type) + 1})
		if b.loOpen {
			r.lo += afterKey
		}
	case b.hi.Type != 0:
		r.lo = string([]byte{class(b.hi.Type)})
	default:
		return r, false
	}
	if b.hi.Type != 0 && !ix.multi && (b.lo.Type == 0 || class(b.hi.Type) == class(b.lo.Type)) {
		r.hi = string(appendKey(nil, b.hi, ix.coll))
		if !b.hiOpen {
			r.hi += afterKey
		}
	} else if b.lo.Type == 0 {
		r.hi = string([]byte{class(b.hi.Type) + 1})
	}
	return r, true
}
