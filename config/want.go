package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/kampyn/opsbot/chat"
)

// Want is what a value is held to; every comparison must hold.
type Want struct {
	// Path is the name of a header, or a path into JSON such as data.items[0].id; "" where there is one value only.
	Path  string `yaml:",key"`
	Tests []Comparison
}

// Comparison is one of those below with what it compares with, as text. That of "fresh" is a Go duration.
type Comparison struct{ Op, Value string }

// comparisons are their names.
var comparisons = []string{"is", "not", "below", "above", "matches", "contains", "fresh"}

// jsonPath is a path into JSON: names with dots between them, and places in lists from 0.
var jsonPath = regexp.MustCompile(`^(?:[^.\[\]]+|\[[0-9]+\])(?:\.[^.\[\]]+|\[[0-9]+\])*$`)

// want reads "status: OK", which means that it is that, or "queue: {above: 0, below: 100}".
func (r *reader) want(path string, node ast.Node, v reflect.Value) {
	w := v.Interface().(Want)
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		for _, e := range r.entries(path, node) {
			r.comparison(&w, e)
		}
	default:
		if text, ok := r.text(path, node); ok {
			w.Tests = append(w.Tests, Comparison{"is", text})
		}
	}
	v.Set(reflect.ValueOf(w))
}

func (r *reader) comparison(w *Want, e entry) {
	value := r.resolve(e.path, e.value)
	if value == nil {
		if !r.broken[e.path] {
			r.report(e.path, e.token, "there is nothing to compare with", `write "null" for null`)
		}
		return
	}
	r.values[e.path] = value.GetToken()
	if !slices.Contains(comparisons, e.name) {
		if chat.Nearest(e.name, comparisons) != "" {
			r.unknown(e, comparisons)
		} else {
			r.report(e.path, e.token, "this is no comparison", "known: "+strings.Join(comparisons, ", ")+"; a value inside is written as a.b")
		}
		r.broken[parent(e.path)] = true
		return
	}
	text, ok := r.text(e.path, value)
	if !ok {
		return
	}
	switch e.name {
	case "below", "above":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			r.fault(e.path, quote(text)+" is no number", "")
		}
	case "matches":
		if _, err := regexp.Compile(text); err != nil {
			r.fault(e.path, patternFault(err), "")
		}
	case "fresh":
		age, err := parseDuration(text)
		if err != nil {
			r.fault(e.path, quote(text)+" is no duration", "write it like 20s, 30m, 1h30m or 7d")
		}
		r.between(e.path, age, time.Second, longest)
		text = age.String()
	}
	w.Tests = append(w.Tests, Comparison{e.name, text})
}

// compared holds that there is something to compare with; YAML's null says nothing at all.
func (r *reader) compared(at string, all []Want) {
	for _, w := range all {
		if path := at + "." + w.Path; len(w.Tests) == 0 {
			r.fault(path, "there is nothing to compare with", `write a value, "null" in quotes for null, or one of `+strings.Join(comparisons, ", "))
		}
	}
}

// patternFault says what is wrong with a regular expression, which is not secret.
func patternFault(err error) string {
	return "this is no regular expression: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

// statuses reads one number or a list of them.
func (r *reader) statuses(path string, node ast.Node, v reflect.Value) {
	if _, many := node.(*ast.SequenceNode); many {
		r.list(path, node, v)
		return
	}
	one := 0
	r.scalar(path, node, reflect.ValueOf(&one).Elem())
	v.Set(reflect.ValueOf(Statuses{one}))
}

// parsePercent reads 85% or 85.
func parsePercent(text string) (Percent, error) {
	p, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
	if err != nil || !(p > 0 && p <= 100) {
		return 0, fmt.Errorf("config: %q is no percentage", text)
	}
	return Percent(p), nil
}

var size = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([kMGT]?)B$`)

// parseBytes reads a size in powers of 1,000.
func parseBytes(text string) (Bytes, error) {
	parts := size.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("config: %q is no size", text)
	}
	value, err := strconv.ParseFloat(parts[1], 64)
	unit := map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[parts[2]]
	return Bytes(value * unit), err
}
