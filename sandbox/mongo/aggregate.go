package mongo

import (
	"math/rand/v2"
)

func aggregate(c *call) error {
	cursorArg := c.arg("cursor")
	if cursorArg.Type == 0 && c.arg("explain").Type == 0 {
		return fail(codeFailedToParse, "The 'cursor' option is required, except for aggregate with the explain argument")
	}
	pipeline := c.arg("pipeline")
	if pipeline.Type != typeArray {
		return fail(codeTypeMismatch, "'pipeline' option must be specified as an array")
	}
	b, err := c.batchOf(embedded(cursorArg))
	if err != nil {
		return err
	}
	if err := c.checkReadConcern(); err != nil {
		return err
	}
	b.idLast = true
	name, whole := "$cmd.aggregate", c.arg("aggregate").Type != typeString
	if !whole {
		name = text(c.arg("aggregate"))
	}
	docs, rest, err := c.source(name, pipeline, whole)
	if err != nil {
		return err
	}
	if docs, err = runStages(docs, rest); err != nil {
		return err
	}
	return c.reply(&cursor{ns: c.ns(name), list: docs, limit: -1}, b)
}

// source answers the documents with which a pipeline starts, and the stages that are left.
func (c *call) source(name string, pipeline value, whole bool) ([]document, []value, error) {
	var stages []value
	for _, s := range fields(pipeline.Data) {
		stages = append(stages, s)
	}
	first := document(nil)
	if len(stages) > 0 {
		first = embedded(stages[0])
	}
	switch v := lookup(first, "$collStats"); {
	case v.Type != 0:
		d, err := c.collStatsStage(name, embedded(v))
		return []document{d}, stages[1:], err
	case lookup(first, "$indexStats").Type != 0:
		return c.indexStatsStage(name), stages[1:], nil
	case lookup(first, "$listLocalSessions").Type != 0, lookup(first, "$currentOp").Type != 0:
		return nil, stages[1:], nil
	case lookup(first, "$changeStream").Type != 0:
		return nil, nil, fail(codeNotSupported, "change streams are not supported")
	case whole:
		return nil, stages, nil
	}
	if view := c.viewOf(name); view != nil {
		docs, err := c.readView(view, nil)
		return docs, stages, err
	}
	var docs []document
	q := lookup(first, "$match")
	if q.Type == typeObject {
		stages = stages[1:]
	}
	err := c.each(name, embedded(q), func(d document) bool { docs = append(docs, d); return true })
	return docs, stages, err
}

// readView answers the documents of a view that fit a query.
func (c *call) readView(view document, q document) ([]document, error) {
	return c.readViewAt(view, q, 0)
}

func (c *call) readViewAt(view, q document, depth int) ([]document, error) {
	docs, err := c.underlying(text(lookup(view, "viewOn")), depth)
	if err != nil {
		return nil, err
	}
	var stages []value
	for _, s := range fields(embedded(lookup(view, "pipeline"))) {
		stages = append(stages, s)
	}
	if len(q) > 5 {
		stages = append(stages, docValue(build(func(w *builder) { w.doc("$match", q) })))
	}
	return runStages(docs, stages)
}

// underlying reads the collection or view on which a view stands.
func (c *call) underlying(name string, depth int) ([]document, error) {
	if depth > 20 {
		return nil, fail(165, "View depth too deep or view cycle detected; maximum depth is 20")
	}
	if view := c.viewOf(name); view != nil {
		return c.readViewAt(view, nil, depth+1)
	}
	var docs []document
	err := c.each(name, nil, func(d document) bool { docs = append(docs, d); return true })
	return docs, err
}

// findInView answers a find on a view.
func (c *call) findInView(name string, view document, b batch) error {
	docs, err := c.readView(view, embedded(c.arg("filter")))
	if err != nil {
		return err
	}
	by, _, err := parseSort(embedded(c.arg("sort")))
	if err != nil {
		return err
	}
	if len(by) > 0 {
		sortDocuments(docs, by, nil)
	}
	p, err := newProjection(embedded(c.arg("projection")))
	if err != nil {
		return err
	}
	cur := &cursor{ns: c.ns(name), list: docs, limit: -1}
	cur.skip, _ = number(c.arg("skip"))
	if n, _ := number(c.arg("limit")); n != 0 {
		cur.limit = max(n, -n)
	}
	if p != nil {
		cur.shape = func(_ int64, d document) document { return p.apply(d) }
	}
	return c.reply(cur, b)
}

// runStages runs the documents through a pipeline.
func runStages(docs []document, stages []value) ([]document, error) {
	for _, s := range stages {
		if s.Type != typeObject || countFields(s.Data) != 1 {
			return nil, fail(40323, "A pipeline stage specification object must contain exactly one field.")
		}
		for op, arg := range fields(s.Data) {
			run := pipelineStages[op]
			if run == nil {
				return nil, fail(40324, "Unrecognized pipeline stage name: '%s'", op)
			}
			var err error
			if docs, err = run(docs, arg); err != nil {
				return nil, err
			}
		}
	}
	return docs, nil
}

var pipelineStages = map[string]func(docs []document, arg value) ([]document, error){
	"$match": stageMatch, "$sort": stageSort, "$limit": stageLimit, "$skip": stageSkip, "$project": stageProject, "$unset": stageUnset,
	"$addFields": stageAddFields, "$set": stageAddFields, "$count": stageCount, "$sample": stageSample, "$group": stageGroup,
	"$unwind": stageUnwind, "$replaceRoot": stageReplaceRoot, "$replaceWith": stageReplaceRoot, "$_internalUnpackBucket": stageUnpack,
}

func stageMatch(docs []document, arg value) ([]document, error) {
	f, err := compileFilter(embedded(arg), nil)
	if err != nil {
		return nil, err
	}
	var out []document
	for _, d := range docs {
		if f(d) {
			out = append(out, d)
		}
	}
	return out, nil
}

func stageSort(docs []document, arg value) ([]document, error) {
	by, _, err := parseSort(embedded(arg))
	out := append([]document(nil), docs...)
	sortDocuments(out, by, nil)
	return out, err
}

func stageLimit(docs []document, arg value) ([]document, error) {
	n, ok := number(arg)
	if !ok || n <= 0 {
		return nil, fail(15958, "the limit must be positive")
	}
	return docs[:min(n, int64(len(docs)))], nil
}

func stageSkip(docs []document, arg value) ([]document, error) {
	n, ok := number(arg)
	if !ok || n < 0 {
		return nil, fail(15956, "Argument to $skip cannot be negative")
	}
	return docs[min(n, int64(len(docs))):], nil
}

func mapDocuments(docs []document, f func(d document) document) []document {
	out := make([]document, 0, len(docs))
	for _, d := range docs {
		out = append(out, f(d))
	}
	return out
}

func stageProject(docs []document, arg value) ([]document, error) {
	p, err := newProjection(embedded(arg))
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, fail(51272, "Invalid $project :: caused by :: projection specification must have at least one field")
	}
	return mapDocuments(docs, p.apply), nil
}

func stageUnset(docs []document, arg value) ([]document, error) {
	list := arg
	if arg.Type == typeString {
		list = array(arg)
	}
	return stageProject(docs, docValue(build(func(w *builder) {
		for _, e := range fields(embedded(list)) {
			w.i32(text(e), 0)
		}
	})))
}

func stageAddFields(docs []document, arg value) ([]document, error) {
	type computed struct {
		path string
		e    expression
	}
	var all []computed
	for path, v := range fields(embedded(arg)) {
		e, err := compileExpression(v)
		if err != nil {
			return nil, err
		}
		all = append(all, computed{path, e})
	}
	var out []document
	for _, d := range docs {
		m := openDocument(d, false)
		for _, f := range all {
			if v := f.e(d); v.Type != 0 {
				if err := m.set(f.path, v); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, m.encode())
	}
	return out, nil
}

func stageCount(docs []document, arg value) ([]document, error) {
	if text(arg) == "" {
		return nil, fail(40156, "the count field must be a non-empty string")
	}
	if len(docs) == 0 {
		return nil, nil
	}
	return []document{build(func(w *builder) { w.count(text(arg), int64(len(docs))) })}, nil
}

func stageSample(docs []document, arg value) ([]document, error) {
	n, ok := number(lookup(embedded(arg), "size"))
	if !ok || n < 0 {
		return nil, fail(28747, "size argument to $sample must be a positive number")
	}
	out := append([]document(nil), docs...)
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(n, int64(len(out)))], nil
}

func stageUnwind(docs []document, arg value) ([]document, error) {
	path, keep := text(arg), false
	if arg.Type == typeObject {
		path, keep = text(lookup(arg.Data, "path")), truth(lookup(arg.Data, "preserveNullAndEmptyArrays"))
	}
	if len(path) < 2 || path[0] != '$' {
		return nil, fail(28818, "path option to $unwind stage should be prefixed with a '$': %s", path)
	}
	path = path[1:]
	var out []document
	for _, d := range docs {
		v := lookupPath(d, path)
		if v.Type != typeArray {
			if keep || v.Type != 0 && v.Type != typeNull {
				out = append(out, d)
			}
			continue
		}
		for _, e := range fields(v.Data) {
			m := openDocument(d, false)
			if err := m.set(path, e); err != nil {
				return nil, err
			}
			out = append(out, m.encode())
		}
	}
	return out, nil
}

func stageReplaceRoot(docs []document, arg value) ([]document, error) {
	if n := lookup(embedded(arg), "newRoot"); n.Type != 0 {
		arg = n
	}
	e, err := compileExpression(arg)
	if err != nil {
		return nil, err
	}
	var out []document
	for _, d := range docs {
		v := e(d)
		if v.Type != typeObject {
			return nil, fail(40228, "'newRoot' expression must evaluate to an object, but resulting value was: %s", showValue(v))
		}
		out = append(out, v.Data)
	}
	return out, nil
}
