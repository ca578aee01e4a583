package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	"github.com/kampyn/opsbot/chat"
)

// reader fills a Config from a YAML tree. The struct tags are the schema: `yaml:"name"` is a key, `yaml:",key"` takes
// the name under which an element of an ordered mapping stands, `yaml:",inline"` is a struct whose keys belong to its own,
// `yaml:",off"` is set where "off" stands in its place.
type reader struct {
	file, dir string
	env       func(string) (string, bool)
	problems  Problems
	keys      map[string]*token.Token // where a path's key stands
	values    map[string]*token.Token // where its value stands
	broken    map[string]bool         // paths with a problem already
	anchors   map[string]ast.Node
}

// report adds a problem about path at a token; nil means wherever the path, or the nearest one above it, stands.
func (r *reader) report(path string, at *token.Token, say, try string) {
	for above := path; at == nil && above != ""; {
		if at = r.values[above]; at == nil {
			at = r.keys[above]
		}
		if at == nil {
			above = parent(above)
		}
	}
	problem := Problem{File: r.file, Path: path, Line: 1, Column: 1, Say: say, Try: try}
	if at != nil && at.Position != nil {
		problem.Line, problem.Column = at.Position.Line, at.Position.Column
	}
	r.problems = append(r.problems, problem)
	r.broken[path] = true
}

// parent is the path without its last part.
func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

// given says that the file has a value for path.
func (r *reader) given(path string) bool { return r.values[path] != nil }

func (r *reader) document(body ast.Node, c *Config) {
	if body = r.resolve("", body); body != nil {
		r.structure("", body, reflect.ValueOf(c).Elem())
	}
}

// resolve follows anchors and aliases. It answers nil for null, and for what it has reported.
func (r *reader) resolve(path string, node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.AnchorNode:
		r.anchors[n.Name.GetToken().Value] = n.Value
		return r.resolve(path, n.Value)
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		target, ok := r.anchors[name]
		if !ok {
			r.report(path, n.GetToken(), fmt.Sprintf("there is no anchor &%s above", name), "")
			return nil
		}
		delete(r.anchors, name) // an alias inside of its own anchor finds nothing
		defer func() { r.anchors[name] = target }()
		return r.resolve(path, target)
	case *ast.TagNode:
		r.report(path, n.GetToken(), "tags such as "+n.GetToken().Value+" are not understood", "leave it out")
		return nil
	case *ast.NullNode, nil:
		return nil
	}
	return node
}

// value reads node into v, whose type says how.
func (r *reader) value(path string, node ast.Node, v reflect.Value) {
	if node = r.resolve(path, node); node == nil {
		return
	}
	r.values[path] = node.GetToken()
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		r.values[path] = r.keys[path] // a section stands where its name does
	}
	switch v.Interface().(type) {
	case Secret, time.Duration, slog.Level, *time.Location:
		r.scalar(path, node, v)
		return
	case Want:
		r.want(path, node, v)
		return
	case Statuses:
		r.statuses(path, node, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.structure(path, node, v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.structure(path, node, v.Elem())
	case reflect.Map:
		r.mapping(path, node, v)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct && tagged(v.Type().Elem(), ",key") >= 0 {
			r.ordered(path, node, v)
		} else {
			r.list(path, node, v)
		}
	default:
		r.scalar(path, node, v)
	}
}

// entry is one key of a mapping with its value.
type entry struct {
	name  string
	path  string
	token *token.Token
	value ast.Node
}

// entries are the keys of a mapping, or none when it is not one.
func (r *reader) entries(path string, node ast.Node) []entry {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		r.report(path, node.GetToken(), "this must be a section with keys", "")
	}
	var found []entry
	for _, pair := range pairs {
		at := pair.Key.GetToken()
		if _, scalar := pair.Key.(ast.ScalarNode); !scalar {
			r.report(path, at, "the key "+strconv.Quote(at.Value)+" is not understood", "write plain keys")
			continue
		}
		e := entry{name: at.Value, path: strings.TrimPrefix(path+"."+at.Value, "."), token: at, value: pair.Value}
		r.keys[e.path] = at
		found = append(found, e)
	}
	return found
}

// tagged is the number of the field with that tag, or -1.
func tagged(typ reflect.Type, tag string) int {
	for i := range typ.NumField() {
		if typ.Field(i).Tag.Get("yaml") == tag {
			return i
		}
	}
	return -1
}

// structure reads a mapping into a struct, whose tags are the only keys.
func (r *reader) structure(path string, node ast.Node, v reflect.Value) {
	if i := tagged(v.Type(), ",off"); i >= 0 {
		if scalar, ok := node.(ast.ScalarNode); ok && slices.Contains([]string{"off", "false"}, scalar.GetToken().Value) {
			v.Field(i).SetBool(true)
			return
		}
	}
	fields := map[string]reflect.Value{}
	names := keys(v, fields)
	for _, e := range r.entries(path, node) {
		field, ok := fields[e.name]
		if !ok {
			r.unknown(e, names)
			continue
		}
		r.value(e.path, e.value, field)
	}
}

// keys puts the fields of a struct under their names, with those of structs that are inline, and answers the names.
func keys(v reflect.Value, fields map[string]reflect.Value) (names []string) {
	for i := range v.NumField() {
		switch name := v.Type().Field(i).Tag.Get("yaml"); name {
		case "", ",key", ",off":
		case ",inline":
			names = append(names, keys(v.Field(i), fields)...)
		default:
			fields[name], names = v.Field(i), append(names, name)
		}
	}
	return names
}

func (r *reader) unknown(e entry, names []string) {
	try := "known: " + strings.Join(names, ", ")
	if near := chat.Nearest(e.name, names); near != "" {
		try = fmt.Sprintf("did you mean %q?", near)
		// What was meant is not missing, too.
		r.broken[strings.TrimSuffix(e.path, e.name)+near] = true
	}
	r.report(e.path, e.token, "unknown key", try)
}

// roles are the only keys of Config.Roles.
var roles = []string{"operator", "approver", "admin"}

// mapping reads a mapping whose keys are not known beforehand, but for the roles.
func (r *reader) mapping(path string, node ast.Node, v reflect.Value) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, e := range r.entries(path, node) {
		if v.Type() == reflect.TypeFor[Roles]() && !slices.Contains(roles, e.name) {
			r.unknown(e, roles)
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		r.value(e.path, e.value, element)
		v.SetMapIndex(reflect.ValueOf(e.name), element)
	}
}

// ordered reads a mapping into a slice of structs that know their key.
func (r *reader) ordered(path string, node ast.Node, v reflect.Value) {
	for _, e := range r.entries(path, node) {
		element := reflect.New(v.Type().Elem()).Elem()
		element.Field(tagged(element.Type(), ",key")).SetString(e.name)
		r.value(e.path, e.value, element)
		v.Set(reflect.Append(v, element))
	}
}

func (r *reader) list(path string, node ast.Node, v reflect.Value) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.report(path, node.GetToken(), "this must be a list", "write [one, two]")
		return
	}
	for i, item := range sequence.Values {
		element := reflect.New(v.Type().Elem()).Elem()
		r.value(fmt.Sprintf("%s[%d]", path, i), item, element)
		v.Set(reflect.Append(v, element))
	}
}
