package mongo

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// index keeps the records of a collection in the order of some fields. Indexes of special kinds (text, geographic, hashed, wildcard)
// are listed but keep nothing.
type index struct {
	spec    document // as listIndexes shows it
	name    string
	keyDoc  document
	paths   []string
	desc    []bool
	special bool
	unique  bool
	sparse  bool
	partial filter // nil: all documents
	coll    *collator
	multi   bool // some document has had several keys
	entries tree[string, int64]
}

// newIndex reads a complete specification, as normalIndex makes them.
func newIndex(spec document) (*index, error) {
	ix := &index{spec: spec, name: text(lookup(spec, "name")), keyDoc: embedded(lookup(spec, "key")), sparse: truth(lookup(spec, "sparse"))}
	ix.unique = truth(lookup(spec, "unique")) || isIDKey(ix.keyDoc)
	for name, dir := range fields(ix.keyDoc) {
		ix.paths = append(ix.paths, name)
		n, isNumber := number(dir)
		ix.desc = append(ix.desc, isNumber && (n < 0 || n == 0 && dir.Type == typeDouble && dir.Double() < 0))
		if !isNumber || name == "$**" || strings.HasSuffix(name, ".$**") {
			ix.special = true
		}
	}
	var err error
	if ix.coll, err = newCollator(embedded(lookup(spec, "collation"))); err != nil {
		return nil, err
	}
	if p := embedded(lookup(spec, "partialFilterExpression")); p != nil {
		if ix.partial, err = compileFilter(p, ix.coll); err != nil {
			return nil, err
		}
	}
	return ix, nil
}

func isIDKey(key document) bool {
	n := 0
	for name, dir := range fields(key) {
		if d, ok := number(dir); n > 0 || name != "_id" || !ok || d != 1 {
			return false
		}
		n++
	}
	return n == 1
}

func (ix *index) isID() bool { return ix.name == "_id_" }

// keys answers the entries that d has in the index, each once.
func (ix *index) keys(d document) ([]string, error) {
	if ix.special || ix.partial != nil && !ix.partial(d) {
		return nil, nil
	}
	if len(ix.paths) == 1 && !strings.Contains(ix.paths[0], ".") {
		v := lookup(d, ix.paths[0])
		if v.Type == 0 && ix.sparse {
			return nil, nil
		}
		if v.Type != typeArray {
			return []string{ix.key([]value{v})}, nil
		}
	}
	var out []string
	seen := map[string]bool{}
	g := keyGen{paths: ix.paths, sparse: ix.sparse, emit: func(vs []value) {
		if k := ix.key(vs); !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}}
	err := g.walk(d, make([]value, len(ix.paths)), append([]string(nil), ix.paths...), make([]bool, len(ix.paths)))
	return out, err
}

// key is the sort key of the values, the descending ones turned round.
func (ix *index) key(vs []value) string {
	b := make([]byte, 0, 32)
	for i, v := range vs {
		start := len(b)
		b = appendKey(b, v, ix.coll)
		if ix.desc[i] {
			for j := start; j < len(b); j++ {
				b[j] = ^b[j]
			}
		}
	}
	return string(b)
}

// entry is the key under which a record stands: unique indexes have one record for a key, others one entry for every record.
func (ix *index) entry(k string, id int64) string {
	if ix.unique {
		return k
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(id))
	return k + string(b[:])
}

func (ix *index) add(keys []string, id int64) {
	ix.multi = ix.multi || len(keys) > 1
	for _, k := range keys {
		ix.entries.set(ix.entry(k, id), id)
	}
}

func (ix *index) remove(keys []string, id int64) {
	for _, k := range keys {
		if have, ok := ix.entries.get(ix.entry(k, id)); ok && have == id {
			ix.entries.delete(ix.entry(k, id))
		}
	}
}

// duplicate is the error for a document whose key k is taken.
func (ix *index) duplicate(ns string, d document, k string) *Error {
	vs := ix.valuesOf(d, k)
	keyValue := build(func(w *builder) {
		for i, v := range vs {
			if v.Type == 0 {
				v = nullValue()
			}
			w.value(ix.paths[i], v)
		}
	})
	collation := ""
	if ix.coll != nil {
		collation = " collation: " + show(ix.coll.spec)
	}
	e := fail(codeDuplicateKey, "E11000 duplicate key error collection: %s index: %s%s dup key: %s", ns, ix.name, collation, show(keyValue))
	e.more = func(w *builder) {
		w.doc("keyPattern", ix.keyDoc)
		w.doc("keyValue", keyValue)
	}
	return e
}

// valuesOf answers the values of d that made the key k.
func (ix *index) valuesOf(d document, k string) []value {
	found := make([]value, len(ix.paths))
	g := keyGen{paths: ix.paths, emit: func(vs []value) {
		if ix.key(vs) == k {
			copy(found, vs)
		}
	}}
	if err := g.walk(d, make([]value, len(ix.paths)), append([]string(nil), ix.paths...), make([]bool, len(ix.paths))); err != nil {
		return found // d has had its keys before
	}
	return found
}

// keyGen finds the key values of a document: one list of values for each element of the array that it may meet on the way.
// The rules are those of btree_key_generator.cpp of the server.
type keyGen struct {
	paths  []string
	sparse bool
	emit   func(vs []value)
}

// walk follows what is left of the paths (rest) in d; fixed tells which values are known already.
func (g *keyGen) walk(d document, vs []value, rest []string, fixed []bool) error {
	var arr value
	var through []int
	vs, rest, fixed = append([]value(nil), vs...), append([]string(nil), rest...), append([]bool(nil), fixed...)
	for i := range vs {
		if fixed[i] {
			continue
		}
		v, left := followPath(d, rest[i])
		if v.Type != typeArray {
			vs[i], fixed[i] = v, true
			continue
		}
		if len(through) > 0 && (len(arr.Data) == 0 || &arr.Data[0] != &v.Data[0]) {
			return fail(codeParallelArrays, "cannot index parallel arrays [%s] [%s]", g.paths[i], g.paths[through[0]])
		}
		arr, rest[i], through = v, left, append(through, i)
	}
	if len(through) == 0 {
		if !g.sparse || anyPresent(vs) {
			g.emit(vs)
		}
		return nil
	}
	return g.expand(arr, through, vs, rest, fixed)
}

func (g *keyGen) expand(arr value, through []int, vs []value, rest []string, fixed []bool) error {
	empty := true
	for _, e := range fields(arr.Data) {
		empty = false
		own, known := append([]value(nil), vs...), append([]bool(nil), fixed...)
		for _, i := range through {
			if rest[i] == "" {
				own[i], known[i] = e, true
			}
		}
		inner := document(nil)
		if e.Type == typeObject {
			inner = e.Data
		}
		if err := g.walk(inner, own, rest, known); err != nil {
			return err
		}
	}
	if empty {
		for _, i := range through {
			vs[i], fixed[i] = missing, true
			if rest[i] == "" {
				vs[i] = value{Type: typeUndefined}
			}
		}
		return g.walk(nil, vs, rest, fixed)
	}
	return nil
}

func anyPresent(vs []value) bool {
	for _, v := range vs {
		if v.Type != 0 {
			return true
		}
	}
	return false
}

func isPosition(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil
}

// followPath goes along path until its end or an array that has to be looked through, and answers what it found and what is left of
// the path. A number in the path takes its place in an array.
func followPath(d document, path string) (value, string) {
	v := docValue(d)
	for path != "" {
		head, rest, _ := strings.Cut(path, ".")
		if v.Type != typeObject && (v.Type != typeArray || !isPosition(head) || lookup(v.Data, head).Type == 0) {
			break
		}
		v, path = lookup(v.Data, head), rest
	}
	if path != "" && v.Type != typeArray {
		return missing, ""
	}
	return v, path
}
