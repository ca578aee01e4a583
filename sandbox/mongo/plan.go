package mongo

import (
	"bytes"
	"slices"
	"strings"
)

// query is what find, count, distinct, update and delete ask for.
type query struct {
	ns      string
	q       document
	fits    filter
	coll    *collator
	sort    []sortField
	natural int // direction of $natural in sort or hint; 0: none
	hint    value
	min     document
	max     document
}

// newQuery compiles the filter and what goes with it. The collection's collation holds unless the command has one.
func (c *call) newQuery(ns string, col *collection, q document, collation value) (*query, error) {
	out := &query{ns: ns, q: q}
	var err error
	switch {
	case collation.Type != 0:
		if out.coll, err = newCollator(embedded(collation)); err != nil {
			return nil, err
		}
	case col != nil:
		out.coll = col.opts.coll
	}
	out.fits, err = compileFilter(q, out.coll)
	return out, err
}

// plan chooses how to walk over the collection, and whether the walk has the order that is asked for. col is locked.
func (q *query) plan(col *collection) (s *scan, sorted bool, err error) {
	if q.min != nil || q.max != nil {
		return q.planBounds(col)
	}
	ix, err := q.hinted(col)
	if err != nil {
		return nil, false, err
	}
	want := map[string]*bounds{}
	demands(q.q, want)
	if q.natural != 0 || len(col.indexes) == 0 {
		s = &scan{back: q.natural < 0}
		if b := want["ts"]; b != nil && b.lo.Type == typeTimestamp && col.opts.noID && !s.back && col.db == "local" {
			s.from, s.begun = int64(timestamp(b.lo))-1, true
		}
		return s, len(q.sort) == 0, nil
	}
	if ix == nil {
		ix = q.best(col, want)
	}
	if ix == nil {
		return &scan{}, len(q.sort) == 0, nil
	}
	s = &scan{ix: ix, ranges: q.ranges(ix, want)}
	if ix.multi {
		s.met = map[int64]bool{}
	}
	back, ordered := q.orderedBy(ix)
	if back {
		s.back = true
		slices.Reverse(s.ranges)
	}
	return s, ordered, nil
}

// best answers the index that helps most, nil for none.
func (q *query) best(col *collection, want map[string]*bounds) *index {
	var found *index
	most := 0
	for _, ix := range col.indexes {
		if ix.special || ix.partial != nil || ix.sparse || truth(lookup(ix.spec, "hidden")) || !sameCollation(ix.coll, q.coll) {
			continue
		}
		score := 0
		for i, path := range ix.paths {
			b := want[path]
			if b == nil || b.in == nil {
				if b != nil && i == 0 && (b.lo.Type != 0 || b.hi.Type != 0) {
					score += 4
				}
				break
			}
			score += 10
		}
		if score > 0 && ix.unique && score == 10*len(ix.paths) {
			score += 100
		}
		if _, ordered := q.orderedBy(ix); ordered && len(q.sort) > 0 && !ix.multi {
			score += 5
		}
		if score > most {
			found, most = ix, score
		}
	}
	return found
}

func sameCollation(a, b *collator) bool {
	return a == nil && b == nil || a != nil && b != nil && bytes.Equal(a.spec, b.spec)
}

// ranges answers the parts of an index where the wanted documents are.
func (q *query) ranges(ix *index, want map[string]*bounds) []keyRange {
	if ix.special || !sameCollation(ix.coll, q.coll) {
		return []keyRange{{}}
	}
	prefixes := []string{""}
	for i, path := range ix.paths {
		b := want[path]
		if b == nil || b.in == nil || i > 0 && ix.multi || len(prefixes)*len(b.in) > 10000 {
			if b != nil && i == 0 && !ix.desc[0] {
				if r, ok := b.keys(ix); ok {
					return []keyRange{r}
				}
			}
			break
		}
		var longer []string
		for _, p := range prefixes {
			for _, v := range b.in {
				longer = append(longer, p+ix.part(i, v))
			}
		}
		prefixes = longer
		if len(prefixes) == 0 {
			return nil // $in: []
		}
	}
	if prefixes[0] == "" {
		return []keyRange{{}}
	}
	slices.Sort(prefixes)
	var out []keyRange
	for _, p := range slices.Compact(prefixes) {
		out = append(out, keyRange{p, p + afterKey + afterKey + afterKey + afterKey})
	}
	return out
}

// part is the key of the ith field alone.
func (ix *index) part(i int, v value) string {
	b := appendKey(nil, v, ix.coll)
	if ix.desc[i] {
		for j := range b {
			b[j] = ^b[j]
		}
	}
	return string(b)
}

// orderedBy tells whether a walk over the index gives the wanted order, and whether backwards.
func (q *query) orderedBy(ix *index) (back, ordered bool) {
	if len(q.sort) == 0 {
		return false, true
	}
	if ix.special || ix.multi || len(q.sort) > len(ix.paths) || !sameCollation(ix.coll, q.coll) {
		return false, false
	}
	for i, f := range q.sort {
		if f.path != ix.paths[i] || i > 0 && (f.desc != ix.desc[i]) != back {
			return false, false
		}
		if i == 0 {
			back = f.desc != ix.desc[0]
		}
	}
	return back, true
}

// hinted answers the index that the hint names, and reads $natural.
func (q *query) hinted(col *collection) (*index, error) {
	switch q.hint.Type {
	case 0:
		return nil, nil
	case typeString:
		if ix := col.index(text(q.hint)); ix != nil {
			return ix, nil
		}
	case typeObject:
		if n, ok := number(lookup(q.hint.Data, "$natural")); ok {
			q.natural = int(n)
			return nil, nil
		}
		if len(q.hint.Data) <= 5 {
			return nil, nil
		}
		for _, ix := range col.indexes {
			if compareValues(docValue(ix.keyDoc), q.hint, nil) == 0 {
				return ix, nil
			}
		}
	}
	return nil, q.plannerError(codeBadValue, "hint provided does not correspond to an existing index")
}

// plannerError is the message of the query planner, tree and all.
func (q *query) plannerError(code int, why string) error {
	return fail(code, "error processing query: ns=%sTree: $and\nSort: {}\nProj: {}\n planner returned error :: caused by :: %s", q.ns, why)
}

// planBounds walks from min to before max over the hinted index.
func (q *query) planBounds(col *collection) (*scan, bool, error) {
	if q.hint.Type == 0 {
		return nil, false, q.plannerError(51173, "When using min()/max() a hint of which index to use must be provided")
	}
	ix, err := q.hinted(col)
	if err != nil {
		return nil, false, err
	}
	if q.natural != 0 {
		return nil, false, q.plannerError(codeNoPlans, "min and max are incompatible with $natural")
	}
	var r keyRange
	for _, bound := range []struct {
		d  document
		to *string
	}{{q.min, &r.lo}, {q.max, &r.hi}} {
		if bound.d == nil {
			continue
		}
		var vs []value
		for name, v := range fields(bound.d) {
			if ix == nil || len(vs) >= len(ix.paths) || ix.paths[len(vs)] != name {
				return nil, false, q.plannerError(51174, "The index chosen is not compatible with min/max")
			}
			vs = append(vs, v)
		}
		if ix == nil || len(vs) != len(ix.paths) {
			return nil, false, q.plannerError(51174, "The index chosen is not compatible with min/max")
		}
		*bound.to = ix.key(vs)
	}
	if q.min != nil && q.max != nil && strings.Compare(r.lo, r.hi) >= 0 {
		return nil, false, q.plannerError(51175, "The value provided for min() does not come before the value provided for max() in the hinted index")
	}
	s := &scan{ix: ix, ranges: []keyRange{r}}
	if ix.multi {
		s.met = map[int64]bool{}
	}
	var ordered bool
	s.back, ordered = q.orderedBy(ix)
	return s, ordered, nil
}
