package mongo

import (
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// collator compares strings by the rules of a language. nil stands for the simple collation: bytes.
type collator struct {
	spec    document
	collate *collate.Collator
}

// newCollator reads a collation document; nil for none and for the simple one. The rules are those of golang.org/x/text, which come
// close to the server's ICU; the specification is kept as the server would show it.
func newCollator(d document) (*collator, error) {
	if d == nil {
		return nil, nil
	}
	locale := text(lookup(d, "locale"))
	if locale == "simple" {
		return nil, nil
	}
	tag, err := language.Parse(locale)
	if locale == "" || err != nil {
		return nil, fail(codeBadValue, "Field 'locale' is invalid in: %s", show(d))
	}
	var options []collate.Option
	switch strength, ok := number(lookup(d, "strength")); {
	case ok && strength == 1 && !truth(lookup(d, "caseLevel")):
		options = append(options, collate.IgnoreCase, collate.IgnoreDiacritics, collate.IgnoreWidth)
	case ok && strength == 1:
		options = append(options, collate.IgnoreDiacritics)
	case ok && strength == 2:
		options = append(options, collate.IgnoreCase, collate.IgnoreWidth)
	}
	if truth(lookup(d, "numericOrdering")) {
		options = append(options, collate.Numeric)
	}
	return &collator{spec: fullCollation(d), collate: collate.New(tag, options...)}, nil
}

// fullCollation fills a collation in with the server's defaults, in the server's order.
func fullCollation(d document) document {
	defaults := build(func(w *builder) {
		w.value("locale", lookup(d, "locale"))
		w.boolean("caseLevel", false)
		w.str("caseFirst", "off")
		w.i32("strength", 3)
		w.boolean("numericOrdering", false)
		w.str("alternate", "non-ignorable")
		w.str("maxVariable", "punct")
		w.boolean("normalization", false)
		w.boolean("backwards", text(lookup(d, "locale")) == "fr_CA")
		w.str("version", "57.1")
	})
	return build(func(w *builder) {
		for name, v := range fields(defaults) {
			given := lookup(d, name)
			switch n, ok := number(given); {
			case name == "strength" && ok:
				w.i32(name, int(n))
			case given.Type != 0 && name != "version":
				w.value(name, given)
			default:
				w.value(name, v)
			}
		}
	})
}

// key answers the bytes by which s sorts. A collator of golang.org/x/text keeps buffers, so it is not shared between goroutines.
func (c *collator) key(s string) []byte {
	var b collate.Buffer
	own := *c.collate
	return own.KeyFromString(&b, s)
}
