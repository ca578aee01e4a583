package mongo

import (
	"strings"
)

// expression computes a value from a document; missing for none.
type expression func(d document) value

// compileExpression reads an aggregation expression, of which the common operators are known.
func compileExpression(v value) (expression, error) {
	switch v.Type {
	case typeString:
		return fieldExpression(v)
	case typeArray:
		return listExpression(v)
	case typeObject:
		for name, arg := range fields(v.Data) {
			if strings.HasPrefix(name, "$") {
				return operatorExpression(name, arg)
			}
			break
		}
		return objectExpression(v)
	}
	return func(document) value { return v }, nil
}

func fieldExpression(v value) (expression, error) {
	path, isField := strings.CutPrefix(text(v), "$")
	if !isField {
		return func(document) value { return v }, nil
	}
	if name, isVariable := strings.CutPrefix(path, "$"); isVariable {
		root, rest, _ := strings.Cut(name, ".")
		if root != "ROOT" && root != "CURRENT" {
			return nil, fail(17276, "Use of undefined variable: %s", root)
		}
		path = rest
		if rest == "" {
			return func(d document) value { return docValue(d) }, nil
		}
	}
	return func(d document) value { return pathValue(docValue(d), path) }, nil
}

// pathValue follows a path; in an array it answers an array of what it finds in the elements.
func pathValue(v value, path string) value {
	head, rest, more := strings.Cut(path, ".")
	switch v.Type {
	case typeObject:
		v = lookup(v.Data, head)
		if !more || v.Type == 0 {
			return v
		}
		return pathValue(v, rest)
	case typeArray:
		var out []value
		for _, e := range fields(v.Data) {
			if found := pathValue(e, path); found.Type != 0 && e.Type == typeObject {
				out = append(out, found)
			}
		}
		return array(out...)
	}
	return missing
}

func listExpression(v value) (expression, error) {
	all, err := expressions(v)
	return func(d document) value {
		out := make([]value, len(all))
		for i, e := range all {
			out[i] = orValue(e(d), nullValue())
		}
		return array(out...)
	}, err
}

func objectExpression(v value) (expression, error) {
	var names []string
	var parts []expression
	for name, e := range fields(v.Data) {
		part, err := compileExpression(e)
		if err != nil {
			return nil, err
		}
		names, parts = append(names, name), append(parts, part)
	}
	return func(d document) value {
		return docValue(build(func(w *builder) {
			for i, part := range parts {
				if v := part(d); v.Type != 0 {
					w.value(names[i], v)
				}
			}
		}))
	}, nil
}

// expressions compiles the arguments of an operator, which may stand alone or in an array.
func expressions(v value) ([]expression, error) {
	list := []value{v}
	if v.Type == typeArray {
		list = nil
		for _, e := range fields(v.Data) {
			list = append(list, e)
		}
	}
	var out []expression
	for _, e := range list {
		part, err := compileExpression(e)
		if err != nil {
			return nil, err
		}
		out = append(out, part)
	}
	return out, nil
}

// operators compute from the values of their arguments.
var operators = map[string]func(args []value) value{
	"$eq":       func(a []value) value { return boolValue(cmpArgs(a) == 0) },
	"$ne":       func(a []value) value { return boolValue(cmpArgs(a) != 0) },
	"$gt":       func(a []value) value { return boolValue(cmpArgs(a) > 0) },
	"$gte":      func(a []value) value { return boolValue(cmpArgs(a) >= 0) },
	"$lt":       func(a []value) value { return boolValue(cmpArgs(a) < 0) },
	"$lte":      func(a []value) value { return boolValue(cmpArgs(a) <= 0) },
	"$cmp":      func(a []value) value { return int32Value(cmpArgs(a)) },
	"$and":      func(a []value) value { return boolValue(countTrue(a) == len(a)) },
	"$or":       func(a []value) value { return boolValue(countTrue(a) > 0) },
	"$not":      func(a []value) value { return boolValue(countTrue(a) == 0) },
	"$ifNull":   ifNull,
	"$cond":     cond,
	"$add":      func(a []value) value { return fold(a, false) },
	"$multiply": func(a []value) value { return fold(a, true) },
	"$concat":   concat,
	"$size": func(a []value) value {
		return int32Value(countFields(embedded(a[0])))
	},
	"$type":     func(a []value) value { return stringValue(typeName(a[0])) },
	"$toUpper":  func(a []value) value { return stringValue(strings.ToUpper(text(a[0]))) },
	"$toLower":  func(a []value) value { return stringValue(strings.ToLower(text(a[0]))) },
	"$bsonSize": func(a []value) value { return int32Value(len(a[0].Data)) },
	"$first":    func(a []value) value { return lookup(embedded(a[0]), "0") },
	"$in": func(a []value) value {
		for _, e := range fields(embedded(a[len(a)-1])) {
			if compareValues(e, a[0], nil) == 0 {
				return boolValue(true)
			}
		}
		return boolValue(false)
	},
}

func operatorExpression(name string, arg value) (expression, error) {
	if name == "$literal" {
		return func(document) value { return arg }, nil
	}
	op := operators[name]
	if op == nil {
		return nil, fail(168, "Unrecognized expression '%s'", name)
	}
	if name == "$cond" && arg.Type == typeObject {
		arg = array(lookup(arg.Data, "if"), lookup(arg.Data, "then"), lookup(arg.Data, "else"))
	}
	args, err := expressions(arg)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, fail(16020, "Expression %s takes arguments", name)
	}
	return func(d document) value {
		vs := make([]value, len(args))
		for i, a := range args {
			vs[i] = a(d)
		}
		return op(vs)
	}, nil
}

func cmpArgs(a []value) int {
	if len(a) < 2 {
		return 1
	}
	if a[0].Type == 0 || a[1].Type == 0 { // a missing value comes before null
		return btoi(a[0].Type != 0) - btoi(a[1].Type != 0)
	}
	return compareValues(a[0], a[1], nil)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func countTrue(a []value) int {
	n := 0
	for _, v := range a {
		n += btoi(truth(v))
	}
	return n
}

func ifNull(a []value) value {
	for _, v := range a {
		if v.Type != 0 && v.Type != typeNull && v.Type != typeUndefined {
			return v
		}
	}
	return a[len(a)-1]
}

func cond(a []value) value {
	if len(a) < 3 {
		return missing
	}
	if truth(a[0]) {
		return a[1]
	}
	return a[2]
}

// fold adds or multiplies; anything that is no number makes null.
func fold(a []value, times bool) value {
	sum := int32Value(btoi(times))
	for _, v := range a {
		if !isNumber(v) {
			return nullValue()
		}
		next, err := arithmetic(sum, v, times)
		if err != nil {
			return nullValue()
		}
		sum = next
	}
	return sum
}

func concat(a []value) value {
	var s strings.Builder
	for _, v := range a {
		if v.Type != typeString {
			return nullValue()
		}
		s.WriteString(text(v))
	}
	return stringValue(s.String())
}

// compileExpr is $expr: documents for which the expression is true.
func compileExpr(v value) (filter, error) {
	e, err := compileExpression(v)
	if err != nil {
		return nil, err
	}
	return func(d document) bool { return truth(e(d)) }, nil
}
