package mongo

import (
	"slices"
	"strings"
)

// sortField is one field of a sort order.
type sortField struct {
	path string
	desc bool
}

// parseSort reads a sort document; natural is the direction of $natural, 0 without.
func parseSort(d document) (out []sortField, natural int, err error) {
	for path, v := range fields(d) {
		n, ok := number(v)
		switch {
		case v.Type == typeObject && lookup(v.Data, "$meta").Type != 0:
			continue
		case !ok || n != 1 && n != -1:
			return nil, 0, fail(codeBadValue, "bad sort specification")
		case path == "$natural":
			natural = int(n)
			continue
		}
		out = append(out, sortField{path: path, desc: n < 0})
	}
	return out, natural, nil
}

// sortKey is the key by which a document stands in the order: of an array the least element, or the greatest if the order descends.
func sortKey(d document, by []sortField, c *collator) string {
	b := make([]byte, 0, 32)
	for _, f := range by {
		var best []byte
		for _, v := range valuesAt(d, f.path) {
			k := appendKey(nil, v, c)
			if best == nil || strings.Compare(string(k), string(best)) < 0 != f.desc {
				best = k
			}
		}
		start := len(b)
		b = append(b, best...)
		if f.desc {
			for i := start; i < len(b); i++ {
				b[i] = ^b[i]
			}
		}
	}
	return string(b)
}

// valuesAt answers the values at a path, the elements of an array for the array; missing if there is none.
func valuesAt(d document, path string) []value {
	var out []value
	anyAt(d, path, true, func(v value) bool {
		if v.Type != typeArray {
			out = append(out, v)
		}
		return false
	})
	if len(out) == 0 {
		out = append(out, missing)
	}
	return out
}

func sortDocuments(docs []document, by []sortField, c *collator) {
	type keyed struct {
		key string
		d   document
	}
	all := make([]keyed, len(docs))
	for i, d := range docs {
		all[i] = keyed{sortKey(d, by, c), d}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	for i := range all {
		docs[i] = all[i].d
	}
}
