package mongo

import (
	"strconv"
	"strings"
)

// mutable is a document or array taken apart, so that parts of it can be changed; what is not touched keeps its bytes.
type mutable struct {
	array bool
	list  []part
}

type part struct {
	name string
	v    value
	sub  *mutable // the value taken apart, if it was opened
}

func openDocument(d document, array bool) *mutable {
	m := &mutable{array: array}
	for name, v := range fields(d) {
		m.list = append(m.list, part{name: name, v: v})
	}
	return m
}

// encode puts the document together again; the elements of an array are numbered anew.
func (m *mutable) encode() document {
	return build(func(w *builder) {
		for i := range m.list {
			name := m.list[i].name
			if m.array {
				name = strconv.Itoa(i)
			}
			w.value(name, m.list[i].value())
		}
	})
}

func (p *part) value() value {
	if p.sub == nil {
		return p.v
	}
	t := typeObject
	if p.sub.array {
		t = typeArray
	}
	return value{Type: t, Data: p.sub.encode()}
}

// open takes the value apart; nil when it is neither document nor array.
func (p *part) open() *mutable {
	if p.sub == nil && (p.v.Type == typeObject || p.v.Type == typeArray) {
		p.sub = openDocument(p.v.Data, p.v.Type == typeArray)
	}
	return p.sub
}

func (m *mutable) field(name string) *part {
	if m.array {
		if i, err := strconv.ParseUint(name, 10, 31); err == nil && int(i) < len(m.list) {
			return &m.list[i]
		}
		return nil
	}
	for i := range m.list {
		if m.list[i].name == name {
			return &m.list[i]
		}
	}
	return nil
}

// get answers the value at a path; missing if there is none.
func (m *mutable) get(path string) value {
	head, rest, more := strings.Cut(path, ".")
	p := m.field(head)
	if p == nil {
		return missing
	}
	if !more {
		return p.value()
	}
	if sub := p.open(); sub != nil {
		return sub.get(rest)
	}
	return missing
}

// maxPadding is how many elements an update may add to an array to reach an index (kMaxPaddingAllowed).
const maxPadding = 1500000

// set puts v at a path, making documents on the way as needed.
func (m *mutable) set(path string, v value) error {
	head, rest, more := strings.Cut(path, ".")
	p := m.field(head)
	if p != nil && more {
		sub := p.open()
		if sub == nil {
			next, _, _ := strings.Cut(rest, ".")
			return fail(codePathNotViable, "Cannot create field '%s' in element {%s: %s}", next, head, showValue(p.v))
		}
		return sub.set(rest, v)
	}
	if more {
		made := &mutable{}
		if err := made.set(rest, v); err != nil {
			return err
		}
		v = docValue(made.encode())
	}
	if p != nil {
		p.v, p.sub = v, nil
		return nil
	}
	if m.array {
		i, err := strconv.ParseUint(head, 10, 31)
		if err != nil {
			return fail(codePathNotViable, "Cannot create field '%s' in element {%s}", head, showDoc(m.encode(), true))
		}
		if int(i) > len(m.list)+maxPadding {
			return fail(2, "can't backfill more than %d elements", maxPadding)
		}
		for len(m.list) < int(i) {
			m.list = append(m.list, part{v: nullValue()})
		}
	}
	m.list = append(m.list, part{name: head, v: v})
	return nil
}

// unset takes the value at a path away and tells whether it was there; an element of an array becomes null.
func (m *mutable) unset(path string) bool {
	head, rest, more := strings.Cut(path, ".")
	p := m.field(head)
	switch {
	case p == nil:
		return false
	case more:
		sub := p.open()
		return sub != nil && sub.unset(rest)
	case m.array:
		p.v, p.sub = nullValue(), nil
		return true
	}
	for i := range m.list {
		if m.list[i].name == head {
			m.list = append(m.list[:i], m.list[i+1:]...)
			break
		}
	}
	return true
}
