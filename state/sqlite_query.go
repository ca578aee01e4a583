package state

import (
	"slices"
	"strings"
)

// selection writes the query in SQL. The inner part walks one index over the fields (that of the first equality, else
// that of the order, else that of the first condition), looks the other fields up by record, and settles order and
// limit before the outer part reads the records themselves.
func selection(q Query) (string, []any) {
	b := &builder{}
	way := "ASC"
	if q.Descending {
		way = "DESC"
	}
	lead := leadField(q)
	order := "''"
	switch {
	case lead == "":
		b.add("SELECT d.id AS id, '' AS ord FROM records d WHERE d.kind = ?", q.Kind)
	case q.OrderBy == "" || q.OrderBy == lead:
		if q.OrderBy != "" {
			order = "d.value"
		}
		b.add("SELECT d.id AS id, "+order+" AS ord FROM fields d WHERE d.kind = ? AND d.name = ?", q.Kind, lead)
	default:
		b.add("SELECT d.id AS id, o.value AS ord FROM fields d CROSS JOIN fields o ON o.kind = ? AND o.id = d.id AND o.name = ?",
			q.Kind, q.OrderBy)
		b.add(" WHERE d.kind = ? AND d.name = ?", q.Kind, lead)
		order = "o.value"
	}
	for _, c := range q.Where {
		if c.Field == lead {
			b.add(" AND d.value "+string(c.Op)+" ?", c.Value)
			continue
		}
		b.add(" AND EXISTS (SELECT 1 FROM fields f WHERE f.kind = ? AND f.id = d.id AND f.name = ? AND f.value "+
			string(c.Op)+" ?)", q.Kind, c.Field, c.Value)
	}
	if order != "''" {
		b.add(" ORDER BY " + order + " " + way + ", d.id " + way)
	} else {
		b.add(" ORDER BY d.id " + way)
	}
	if q.Limit > 0 {
		b.add(" LIMIT ?", q.Limit)
	}
	inner := b.text.String()
	text := "SELECT r.id, r.version, r.fields, r.value FROM (" + inner + ") m" +
		" CROSS JOIN records r ON r.kind = ? AND r.id = m.id ORDER BY m.ord " + way + ", m.id " + way
	return text, append(b.args, q.Kind)
}

func leadField(q Query) string {
	if i := slices.IndexFunc(q.Where, func(c Condition) bool { return c.Op == Equal }); i >= 0 {
		return q.Where[i].Field
	}
	if q.OrderBy == "" && len(q.Where) > 0 {
		return q.Where[0].Field
	}
	return q.OrderBy
}

type builder struct {
	text strings.Builder
	args []any
}

func (b *builder) add(text string, args ...any) {
	b.text.WriteString(text)
	b.args = append(b.args, args...)
}
