package mongo

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// modifier is one operator applied to one path.
type modifier struct {
	op   string
	path string
	arg  value
}

var updateOperators = map[string]func(u *update, m modifier) error{
	"$set": (*update).opSet, "$unset": (*update).opUnset, "$inc": (*update).opArithmetic, "$mul": (*update).opArithmetic,
	"$min": (*update).opExtreme, "$max": (*update).opExtreme, "$push": (*update).opPush, "$addToSet": (*update).opAddToSet,
	"$pull": (*update).opPull, "$pullAll": (*update).opPull, "$pop": (*update).opPop, "$rename": (*update).opRename,
	"$currentDate": (*update).opCurrentDate, "$setOnInsert": (*update).opSetOnInsert, "$bit": (*update).opBit,
}

// updater is a compiled update: a replacement, or modifiers in the order in which they work.
type updater struct {
	replacement document
	modifiers   []modifier
	coll        *collator
	filters     map[string]filter // arrayFilters by identifier
	lenient     bool              // paths that lead through scalars are passed over, as applyOps does
}

// update is an updater at work on one document.
type update struct {
	*updater
	srv     *Server
	root    *mutable
	fits    filter // the query, for the positional operator
	before  document
	insert  bool
	set     []modifier // what the oplog says
	removed []string
}

func newUpdater(spec value, arrayFilters value, c *collator) (*updater, error) {
	u := &updater{coll: c}
	if spec.Type != typeObject {
		return nil, fail(codeFailedToParse, "Update argument must be either an object or an array")
	}
	for name, v := range fields(spec.Data) {
		if !strings.HasPrefix(name, "$") {
			u.replacement = spec.Data
			return u, nil
		}
		if name == "$v" {
			if n, _ := number(v); n != 1 {
				return nil, fail(40682, "Unrecognized value for '$v' (UpdateSemantics) field: %d", n)
			}
			continue
		}
		if updateOperators[name] == nil {
			return nil, fail(codeFailedToParse, "Unknown modifier: %s. Expected a valid update modifier or pipeline-style update specified as an array", name)
		}
		if v.Type != typeObject {
			return nil, fail(codeFailedToParse, "Modifiers operate on fields but we found type %s instead. For example: {$mod: {<field>: ...}} not {%s: %s}",
				typeName(v), name, showValue(v))
		}
		for path, arg := range fields(v.Data) {
			u.modifiers = append(u.modifiers, modifier{name, path, arg})
		}
	}
	if len(u.modifiers) == 0 && len(spec.Data) <= 5 {
		u.replacement = spec.Data
		return u, nil
	}
	slices.SortStableFunc(u.modifiers, func(a, b modifier) int { return comparePaths(a.path, b.path) })
	if err := u.conflicts(); err != nil {
		return nil, err
	}
	return u, u.compileFilters(arrayFilters)
}

func comparePaths(a, b string) int {
	return slices.Compare(strings.Split(a, "."), strings.Split(b, "."))
}

func (u *updater) conflicts() error {
	for i := 1; i < len(u.modifiers); i++ {
		a, b := u.modifiers[i-1].path, u.modifiers[i].path
		if a == b || strings.HasPrefix(b, a+".") {
			return fail(codeConflictingUpdate, "Updating the path '%s' would create a conflict at '%s'", b, a)
		}
	}
	return nil
}

func (u *updater) compileFilters(list value) error {
	u.filters = map[string]filter{}
	for _, e := range fields(embedded(list)) {
		for name := range fields(embedded(e)) {
			id, _, _ := strings.Cut(name, ".")
			f, err := compileFilter(embedded(e), u.coll)
			if err != nil {
				return err
			}
			u.filters[id] = f
			break
		}
	}
	return nil
}

// apply answers the document after the update and what the oplog says of the change; the document before is nil for an upsert.
func (u *updater) apply(s *Server, before document, fits filter, insert bool) (now, change document, err error) {
	if u.replacement != nil {
		now, err = u.replace(s, before)
		return now, now, err
	}
	x := &update{updater: u, srv: s, root: openDocument(before, false), before: before, insert: insert, fits: fits}
	for _, m := range u.modifiers {
		paths, err := x.expand(x.root, "", m.path)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range paths {
			if err := updateOperators[m.op](x, modifier{m.op, p, m.arg}); err != nil {
				if u.lenient && asError(err).Code == codePathNotViable {
					continue
				}
				return nil, nil, err
			}
		}
	}
	now = x.root.encode()
	if id := lookup(before, "_id"); !same(id, lookup(now, "_id")) && id.Type != 0 {
		return nil, nil, fail(codeImmutableField, "Performing an update on the path '_id' would modify the immutable field '_id'")
	}
	if bytes.Equal(now, before) {
		return before, nil, nil
	}
	return now, x.change(), nil
}

// replace answers the replacement with the _id that the document has.
func (u *updater) replace(s *Server, before document) (document, error) {
	for name := range fields(u.replacement) {
		if strings.HasPrefix(name, "$") {
			return nil, fail(codeDollarPrefixed, "The dollar ($) prefixed field '%s' in '%s' is not valid for storage.", name, name)
		}
	}
	id, given := lookup(before, "_id"), lookup(u.replacement, "_id")
	if id.Type == 0 || same(id, given) {
		return s.idFirst(u.replacement)
	}
	if given.Type != 0 && compareValues(id, given, nil) != 0 {
		return nil, fail(codeImmutableField, "After applying the update, the (immutable) field '_id' was found to have been altered to _id: %s", showValue(given))
	}
	return s.stamp(build(func(w *builder) {
		w.value("_id", id)
		for name, v := range fields(u.replacement) {
			if name != "_id" {
				w.value(name, v)
			}
		}
	})), nil
}

// change is the update in the form in which it can be repeated: {$v: 1, $set: …, $unset: …}.
func (u *update) change() document {
	return build(func(w *builder) {
		w.i32("$v", 1)
		if len(u.set) > 0 {
			w.beginDoc("$set")
			for _, m := range u.set {
				w.value(m.path, m.arg)
			}
			w.end()
		}
		if len(u.removed) > 0 {
			w.beginDoc("$unset")
			for _, path := range u.removed {
				w.boolean(path, true)
			}
			w.end()
		}
	})
}

// put sets a path, in the document and in what the oplog says, unless the value is there already.
func (u *update) put(path string, v value) error {
	if have := u.root.get(path); have.Type != 0 && same(have, v) {
		return nil
	}
	if err := u.root.set(path, v); err != nil {
		return err
	}
	u.set = append(u.set, modifier{path: path, arg: v})
	return nil
}

// expand answers the paths that a path with $, $[] or $[identifier] stands for.
func (u *update) expand(at *mutable, done, path string) ([]string, error) {
	head, rest, more := strings.Cut(path, ".")
	if !strings.HasPrefix(head, "$") {
		next := join(done, head)
		if !more {
			return []string{next}, nil
		}
		var sub *mutable
		if at != nil {
			if p := at.field(head); p != nil {
				sub = p.open()
			}
		}
		return u.expand(sub, next, rest)
	}
	if at == nil || !at.array {
		return nil, fail(codeBadValue, "The path '%s' must exist in the document in order to apply array updates.", done)
	}
	var out []string
	for i := range at.list {
		if fit, err := u.positionFits(head, done, at.list[i].value()); err != nil {
			return nil, err
		} else if !fit {
			continue
		}
		next := join(done, itoa(i))
		if !more {
			out = append(out, next)
		} else {
			deeper, err := u.expand(at.list[i].open(), next, rest)
			if err != nil {
				return nil, err
			}
			out = append(out, deeper...)
		}
		if head == "$" {
			return out, nil
		}
	}
	if head == "$" {
		return nil, fail(codeBadValue, "The positional operator did not find the match needed from the query.")
	}
	return out, nil
}

// positionFits tells whether an element of the array at path is meant by $, $[] or $[identifier].
func (u *update) positionFits(head, path string, v value) (bool, error) {
	switch id := strings.TrimSuffix(strings.TrimPrefix(head, "$["), "]"); {
	case head == "$[]":
		return true, nil
	case head == "$":
		alone := openDocument(u.before, false)
		if err := alone.set(path, array(v)); err != nil {
			return false, err
		}
		return u.fits != nil && u.fits(alone.encode()), nil
	case u.filters[id] == nil:
		return false, fail(codeBadValue, "No array filter found for identifier '%s' in path '%s'", id, join(path, head))
	default:
		return u.filters[id](build(func(w *builder) { w.value(id, v) })), nil
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (u *update) opSet(m modifier) error { return u.put(m.path, m.arg) }

func (u *update) opSetOnInsert(m modifier) error {
	if u.insert {
		return u.put(m.path, m.arg)
	}
	return nil
}

func (u *update) opUnset(m modifier) error {
	if u.root.unset(m.path) {
		if now := u.root.get(m.path); now.Type != 0 {
			u.set = append(u.set, modifier{path: m.path, arg: now})
		} else {
			u.removed = append(u.removed, m.path)
		}
	}
	return nil
}

func (u *update) opRename(m modifier) error {
	v := u.root.get(m.path)
	if v.Type == 0 {
		return nil
	}
	if m.arg.Type != typeString || text(m.arg) == m.path {
		return fail(codeBadValue, "The source and target field for $rename must differ: %s: %s", m.path, showValue(m.arg))
	}
	if err := u.opUnset(m); err != nil {
		return err
	}
	return u.put(text(m.arg), v)
}

func (u *update) opCurrentDate(m modifier) error {
	if m.arg.Type == typeObject && text(lookup(m.arg.Data, "$type")) == "timestamp" {
		return u.put(m.path, timestampValue(u.srv.clock()))
	}
	return u.put(m.path, dateValue(u.srv.opts.Now().Truncate(time.Millisecond)))
}

func (u *update) opExtreme(m modifier) error {
	have := u.root.get(m.path)
	if cmp := compareValues(m.arg, have, u.coll); have.Type == 0 || m.op == "$min" && cmp < 0 || m.op == "$max" && cmp > 0 {
		return u.put(m.path, m.arg)
	}
	return nil
}
