package mongo

import (
	"regexp"
	"strings"
)

// filter tells whether a document fits a query.
type filter func(d document) bool

// compileFilter reads a query. Strings are compared by c.
func compileFilter(q document, c *collator) (filter, error) {
	var all []filter
	for name, v := range fields(q) {
		f, err := compileField(name, v, c)
		if err != nil {
			return nil, err
		}
		if f != nil {
			all = append(all, f)
		}
	}
	return every(all), nil
}

func every(all []filter) filter {
	if len(all) == 1 {
		return all[0]
	}
	return func(d document) bool {
		for _, f := range all {
			if !f(d) {
				return false
			}
		}
		return true
	}
}

func compileField(name string, v value, c *collator) (filter, error) {
	switch name {
	case "$and", "$or", "$nor":
		return compileBoolean(name, v, c)
	case "$comment":
		return nil, nil
	case "$expr":
		return compileExpr(v)
	case "$jsonSchema":
		if v.Type != typeObject {
			return nil, fail(codeTypeMismatch, "$jsonSchema must be an object")
		}
		s, err := compileSchema(v.Data)
		if err != nil {
			return nil, err
		}
		return func(d document) bool { return s.fits(docValue(d)) }, nil
	case "$alwaysTrue":
		return func(document) bool { return true }, nil
	case "$alwaysFalse":
		return func(document) bool { return false }, nil
	}
	if strings.HasPrefix(name, "$") {
		return nil, fail(codeBadValue, "unknown top level operator: %s", name)
	}
	if v.Type == typeRegex {
		t, err := regexTest(v)
		return onPath(name, t, err)
	}
	if isOperators(v) {
		return compileOperators(name, v.Data, c)
	}
	return onPath(name, equalTest(v, c), nil)
}

func compileBoolean(name string, v value, c *collator) (filter, error) {
	if v.Type != typeArray {
		return nil, fail(codeBadValue, "%s must be an array", name)
	}
	var parts []filter
	for _, e := range fields(v.Data) {
		if e.Type != typeObject {
			return nil, fail(codeBadValue, "$or/$and/$nor entries need to be full objects")
		}
		f, err := compileFilter(e.Data, c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, f)
	}
	if len(parts) == 0 {
		return nil, fail(codeBadValue, "$and/$or/$nor must be a nonempty array")
	}
	if name == "$and" {
		return every(parts), nil
	}
	return func(d document) bool {
		for _, f := range parts {
			if f(d) {
				return name == "$or"
			}
		}
		return name == "$nor"
	}, nil
}

// isOperators tells whether v is a document of operators such as {$gt: 1}.
func isOperators(v value) bool {
	if v.Type != typeObject {
		return false
	}
	for name := range fields(v.Data) {
		return strings.HasPrefix(name, "$") && name != "$ref" && name != "$id" && name != "$db"
	}
	return false
}

// compileOperators reads what stands behind a field: {$gt: 1, $lt: 5}.
func compileOperators(path string, ops document, c *collator) (filter, error) {
	var all []filter
	for op, v := range fields(ops) {
		f, err := compileOperator(path, op, v, ops, c)
		if err != nil {
			return nil, err
		}
		if f != nil {
			all = append(all, f)
		}
	}
	return every(all), nil
}

func compileOperator(path, op string, v value, ops document, c *collator) (filter, error) {
	switch op {
	case "$ne", "$nin", "$not":
		return compileNegation(path, op, v, c)
	case "$exists":
		want := truth(v)
		return func(d document) bool {
			return anyAt(d, path, false, func(v value) bool { return v.Type != 0 }) == want
		}, nil
	case "$elemMatch":
		return compileElemMatch(path, v, c)
	case "$size":
		n, ok := number(v)
		if !ok {
			return nil, fail(codeFailedToParse, "Failed to parse $size. Expected a number in: $size: %s", showValue(v))
		}
		return onPathWhole(path, func(v value) bool { return v.Type == typeArray && int64(countFields(v.Data)) == n })
	case "$all":
		return compileAll(path, v, c)
	case "$options", "$comment":
		return nil, nil
	}
	t, err := leafTest(op, v, ops, c)
	return onPath(path, t, err)
}

func compileNegation(path, op string, v value, c *collator) (filter, error) {
	var f filter
	var err error
	switch {
	case op == "$ne":
		f, err = onPath(path, equalTest(v, c), nil)
	case op == "$nin":
		f, err = compileOperator(path, "$in", v, nil, c)
	case v.Type == typeRegex:
		t, bad := regexTest(v)
		f, err = onPath(path, t, bad)
	case isOperators(v):
		f, err = compileOperators(path, v.Data, c)
	default:
		return nil, fail(codeBadValue, "$not needs a regex or a document")
	}
	if err != nil {
		return nil, err
	}
	return func(d document) bool { return !f(d) }, nil
}

func compileElemMatch(path string, v value, c *collator) (filter, error) {
	if v.Type != typeObject {
		return nil, fail(codeBadValue, "$elemMatch needs an Object")
	}
	var fits test
	if isOperators(v) && !isBoolean(v.Data) {
		f, err := compileOperators("v", v.Data, c)
		if err != nil {
			return nil, err
		}
		fits = func(e value) bool { return f(build(func(w *builder) { w.value("v", e) })) }
	} else {
		f, err := compileFilter(v.Data, c)
		if err != nil {
			return nil, err
		}
		fits = func(e value) bool { return (e.Type == typeObject || e.Type == typeArray) && f(e.Data) }
	}
	return onPathWhole(path, func(v value) bool {
		if v.Type != typeArray {
			return false
		}
		for _, e := range fields(v.Data) {
			if fits(e) {
				return true
			}
		}
		return false
	})
}

func isBoolean(d document) bool {
	for name := range fields(d) {
		return name == "$and" || name == "$or" || name == "$nor"
	}
	return false
}

func compileAll(path string, v value, c *collator) (filter, error) {
	if v.Type != typeArray {
		return nil, fail(codeBadValue, "$all needs an array")
	}
	var all []filter
	for _, e := range fields(v.Data) {
		f, err := compileField(path, e, c)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if len(all) == 0 {
		return func(document) bool { return false }, nil
	}
	return every(all), nil
}

// test looks at one value; the type of a missing one is 0.
type test func(v value) bool

// onPath makes a filter of a test of the values at a path, the elements of an array being values too.
func onPath(path string, t test, err error) (filter, error) {
	if err != nil {
		return nil, err
	}
	if !strings.Contains(path, ".") {
		return func(d document) bool { return anyOf(lookup(d, path), true, t) }, nil
	}
	return func(d document) bool { return anyAt(d, path, true, t) }, nil
}

// onPathWhole is onPath without looking into an array at the end of the path.
func onPathWhole(path string, t test) (filter, error) {
	return func(d document) bool { return anyAt(d, path, false, t) }, nil
}

// anyAt tells whether any value at the path passes the test. Arrays on the way are looked through.
func anyAt(d document, path string, elements bool, t test) bool {
	head, rest, more := strings.Cut(path, ".")
	v := lookup(d, head)
	if !more {
		return anyOf(v, elements, t)
	}
	switch v.Type {
	case typeObject:
		return anyAt(v.Data, rest, elements, t)
	case typeArray:
		return anyInArray(v, rest, elements, t)
	}
	return t(missing)
}

func anyInArray(arr value, path string, elements bool, t test) bool {
	head, rest, more := strings.Cut(path, ".")
	if isPosition(head) {
		switch e := lookup(arr.Data, head); {
		case e.Type != 0 && !more && anyOf(e, elements, t):
			return true
		case more && e.Type == typeObject && anyAt(e.Data, rest, elements, t):
			return true
		case more && e.Type == typeArray && anyInArray(e, rest, elements, t):
			return true
		}
	}
	for _, e := range fields(arr.Data) {
		if e.Type == typeObject && anyAt(e.Data, path, elements, t) {
			return true
		}
	}
	return false
}

func anyOf(v value, elements bool, t test) bool {
	if v.Type == typeArray && elements {
		for _, e := range fields(v.Data) {
			if t(e) {
				return true
			}
		}
	}
	return t(v)
}

// regexTest compiles a regular expression in BSON.
func regexTest(v value) (test, error) {
	pattern, options := v.Regex()
	re, err := compileRegex(pattern, options)
	if err != nil {
		return nil, err
	}
	return func(e value) bool {
		return (e.Type == typeString || e.Type == typeSymbol) && re.MatchString(text(e)) || same(e, v)
	}, nil
}

func compileRegex(pattern, options string) (*regexp.Regexp, error) {
	flags := ""
	for _, o := range options {
		switch o {
		case 'i', 'm', 's':
			flags += string(o)
		case 'x':
			pattern = strings.Join(strings.Fields(pattern), "")
		case 'u', 'l':
		default:
			return nil, fail(51108, "invalid flag in regex options: %c", o)
		}
	}
	if flags != "" {
		pattern = "(?" + flags + ")" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fail(51091, "Regular expression is invalid: %v", err)
	}
	return re, nil
}
