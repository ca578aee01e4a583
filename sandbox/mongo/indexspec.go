package mongo

import (
	"sort"
	"strings"
)

// indexOptions are the fields that an index specification may have.
const indexOptions = " v key name ns unique sparse background expireAfterSeconds partialFilterExpression collation storageEngine hidden " +
	"weights default_language language_override textIndexVersion 2dsphereIndexVersion bits min max bucketSize wildcardProjection dropDups " +
	"_id safe coarsestIndexedLevel finestIndexedLevel textIndexVersion clustered prepareUnique columnstoreProjection "

var indexPlugins = map[string]bool{"text": true, "2d": true, "2dsphere": true, "hashed": true, "geoHaystack": true}

// normalSpec checks an index specification and completes it as the server does (IndexCatalogImpl::_fixIndexSpec): v, unique, hidden,
// key, name, then the rest in the order given, then what the kind of index adds.
func normalSpec(given document, def *collator, ignoreUnknown bool) (document, error) {
	if err := checkSpec(given, ignoreUnknown); err != nil {
		return nil, err
	}
	key := embedded(lookup(given, "key"))
	textKey, isText := textIndexKey(key)
	spec := build(func(w *builder) {
		version := 2
		if n, ok := number(lookup(given, "v")); ok {
			version = int(n)
		}
		w.i32("v", version)
		for _, flag := range []string{"unique", "hidden"} {
			if truth(lookup(given, flag)) {
				w.boolean(flag, true)
			}
		}
		w.doc("key", textKey)
		if isIDKey(key) {
			w.str("name", "_id_")
		} else {
			w.value("name", lookup(given, "name"))
		}
		for name, v := range fields(given) {
			if strings.Contains(" v unique hidden key name ns _id dropDups ", " "+name+" ") ||
				!strings.Contains(indexOptions, " "+name+" ") || isText && strings.Contains(textOptions, " "+name+" ") {
				continue
			}
			if name == "collation" {
				if c, err := newCollator(embedded(v)); err == nil && c != nil {
					w.doc("collation", c.spec)
				}
				continue
			}
			w.value(name, v)
		}
		if lookup(given, "collation").Type == 0 && def != nil && version > 1 {
			w.doc("collation", def.spec)
		}
		addKindOptions(w, given, key, isText)
	})
	_, err := newCollator(embedded(lookup(given, "collation")))
	return spec, err
}

const textOptions = " weights default_language language_override textIndexVersion "

func addKindOptions(w *builder, given, key document, isText bool) {
	for _, dir := range fields(key) {
		if text(dir) == "2dsphere" && lookup(given, "2dsphereIndexVersion").Type == 0 {
			w.i32("2dsphereIndexVersion", 3)
			break
		}
	}
	if !isText {
		return
	}
	weights := map[string]value{}
	for name, v := range fields(embedded(lookup(given, "weights"))) {
		weights[name] = v
	}
	for name, dir := range fields(key) {
		if _, set := weights[name]; text(dir) == "text" && !set && name != "_fts" {
			weights[name] = int32Value(1)
		}
	}
	var names []string
	for name := range weights {
		names = append(names, name)
	}
	sort.Strings(names)
	w.beginDoc("weights")
	for _, name := range names {
		w.value(name, weights[name])
	}
	w.end()
	w.value("default_language", orValue(lookup(given, "default_language"), stringValue("english")))
	w.value("language_override", orValue(lookup(given, "language_override"), stringValue("language")))
	w.value("textIndexVersion", orValue(lookup(given, "textIndexVersion"), int32Value(3)))
}

func orValue(v, def value) value {
	if v.Type == 0 {
		return def
	}
	return v
}

// textIndexKey rewrites the text fields of a key to _fts and _ftsx.
func textIndexKey(key document) (document, bool) {
	isText := false
	out := build(func(w *builder) {
		for name, dir := range fields(key) {
			switch {
			case text(dir) != "text" || name == "_fts":
				w.value(name, dir)
				isText = isText || name == "_fts"
			case !isText:
				isText = true
				w.str("_fts", "text")
				w.i32("_ftsx", 1)
			}
		}
	})
	return out, isText
}

func checkSpec(given document, ignoreUnknown bool) error {
	bad := func(code int, format string, args ...any) error {
		e := fail(code, format, args...)
		e.Message = "Error in specification " + show(given) + " :: caused by :: " + e.Message
		return e
	}
	key := embedded(lookup(given, "key"))
	if key == nil {
		return bad(codeFailedToParse, "The 'key' field is a required property of an index specification")
	}
	for name, dir := range fields(key) {
		n, isNumber := number(dir)
		switch {
		case isNumber && n == 0 && (dir.Type != typeDouble || dir.Double() == 0) && dir.Type != typeDecimal:
			return bad(codeCannotCreateIndex, "Values in the index key pattern cannot be 0.")
		case dir.Type == typeString && !indexPlugins[text(dir)]:
			return bad(codeCannotCreateIndex, "Unknown index plugin '%s'", text(dir))
		case !isNumber && dir.Type != typeString:
			return bad(codeCannotCreateIndex, "Values in v:2 index key pattern cannot be of type %s. Only numbers > 0, numbers < 0, and strings are allowed.", typeName(dir))
		case name == "":
			return bad(codeCannotCreateIndex, "Index keys cannot be an empty field.")
		}
	}
	if len(key) <= 5 {
		return bad(codeCannotCreateIndex, "Index keys cannot be empty.")
	}
	for name := range fields(given) {
		if !ignoreUnknown && !strings.Contains(indexOptions, " "+name+" ") {
			return bad(codeInvalidIndexOption, "The field '%s' is not valid for an index specification. Specification: %s", name, show(given))
		}
	}
	if lookup(given, "name").Type != typeString && !isIDKey(key) {
		return bad(codeFailedToParse, "The 'name' field is a required property of an index specification")
	}
	if n, _ := number(lookup(given, "v")); n == 1 && lookup(given, "collation").Type != 0 {
		return bad(codeCannotCreateIndex, "Invalid index specification %s; cannot create an index with the 'collation' option and v=1", show(given))
	}
	return nil
}

// idIndexSpec is the specification of the index on _id.
func idIndexSpec(version int, c *collator) document {
	return build(func(w *builder) {
		w.i32("v", version)
		w.beginDoc("key")
		w.i32("_id", 1)
		w.end()
		w.str("name", "_id_")
		if c != nil {
			w.doc("collation", c.spec)
		}
	})
}

// sameSpec tells whether two specifications say the same, in whatever order.
func sameSpec(a, b document) bool {
	n := 0
	for name, v := range fields(a) {
		other := lookup(b, name)
		if name == "background" {
			continue
		}
		if other.Type == 0 || compareValues(v, other, nil) != 0 {
			return false
		}
		n++
	}
	m := 0
	for name := range fields(b) {
		if name != "background" {
			m++
		}
	}
	return n == m
}
