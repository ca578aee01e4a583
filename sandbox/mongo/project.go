package mongo

import "strings"

// projection picks fields of documents, or leaves some out, or computes new ones.
type projection struct {
	keepID  bool
	exclude bool
	root    *projectionNode
}

// projectionNode is what happens to the fields of a document: true in whole, or what happens below them.
type projectionNode struct {
	names []string // in the order given
	whole map[string]bool
	subs  map[string]*projectionNode
	exprs map[string]expression
}

// newProjection reads a projection; nil for an empty one.
func newProjection(d document) (*projection, error) {
	if len(d) <= 5 {
		return nil, nil
	}
	p := &projection{keepID: true, exclude: true, root: newProjectionNode()}
	decided := false
	for path, v := range fields(d) {
		_, plain := number(v)
		plain = plain || v.Type == typeBool
		if path == "_id" && plain {
			p.keepID = truth(v)
			continue
		}
		if include := !plain || truth(v); !decided {
			p.exclude, decided = !include, true
		} else if include == p.exclude {
			kind := map[bool]string{true: "exclusion", false: "inclusion"}
			return nil, fail(31254, "Cannot do %s on field %s in %s projection", kind[!include], path, kind[include])
		}
		if err := p.root.add(path, v, plain); err != nil {
			return nil, err
		}
	}
	if !decided { // only _id was named
		p.exclude = !p.keepID
	}
	return p, nil
}

func newProjectionNode() *projectionNode {
	return &projectionNode{whole: map[string]bool{}, subs: map[string]*projectionNode{}, exprs: map[string]expression{}}
}

func (n *projectionNode) add(path string, v value, plain bool) error {
	head, rest, more := strings.Cut(path, ".")
	switch {
	case more:
		if n.subs[head] == nil {
			n.subs[head] = newProjectionNode()
		}
		return n.subs[head].add(rest, v, plain)
	case plain:
		n.whole[head] = true
	case v.Type == typeObject && !isOperators(v):
		n.subs[head] = newProjectionNode()
		for name, e := range fields(v.Data) {
			_, number := number(e)
			if err := n.subs[head].add(name, e, number || e.Type == typeBool); err != nil {
				return err
			}
		}
	default:
		e, err := compileExpression(v)
		if err != nil {
			return err
		}
		n.exprs[head] = e
		n.names = append(n.names, head)
	}
	return nil
}

func (p *projection) apply(d document) document {
	return build(func(w *builder) {
		if !p.exclude {
			if id := lookup(d, "_id"); p.keepID && id.Type != 0 {
				w.value("_id", id)
			}
		}
		for name, v := range fields(d) {
			if name == "_id" {
				if p.exclude && p.keepID {
					w.value(name, v)
				}
				continue
			}
			p.field(w, p.root, name, v)
		}
		for _, name := range p.root.names {
			if v := p.root.exprs[name](d); v.Type != 0 {
				w.value(name, v)
			}
		}
	})
}

func (p *projection) field(w *builder, n *projectionNode, name string, v value) {
	sub := n.subs[name]
	switch {
	case n.whole[name] && p.exclude || n.exprs[name] != nil:
	case n.whole[name]:
		w.value(name, v)
	case sub != nil && (v.Type == typeObject || v.Type == typeArray):
		w.value(name, p.nested(sub, v))
	case p.exclude:
		w.value(name, v)
	}
}

func (p *projection) nested(n *projectionNode, v value) value {
	if v.Type == typeArray {
		var out []value
		for _, e := range fields(v.Data) {
			if e.Type == typeObject || e.Type == typeArray {
				out = append(out, p.nested(n, e))
			} else if p.exclude {
				out = append(out, e)
			}
		}
		return array(out...)
	}
	return docValue(build(func(w *builder) {
		for name, e := range fields(v.Data) {
			p.field(w, n, name, e)
		}
		for _, name := range n.names {
			if e := n.exprs[name](v.Data); e.Type != 0 {
				w.value(name, e)
			}
		}
	}))
}
