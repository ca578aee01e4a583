package mongo

import (
	"regexp"
	"unicode/utf8"
)

// schema is a JSON schema as $jsonSchema takes it.
// https://www.mongodb.com/docs/v4.4/reference/operator/query/jsonSchema/
type schema struct {
	types      test
	enum       []value
	number     []func(v value) bool
	minLen     int64
	maxLen     int64
	pattern    *regexp.Regexp
	required   []string
	properties map[string]*schema
	closed     bool // no other properties
	items      *schema
	minItems   int64
	maxItems   int64
	unique     bool
	all        []*schema
	anyOf      []*schema
	oneOf      []*schema
	not        *schema
}

const unlimited = int64(^uint64(0) >> 1)

func compileSchema(d document) (*schema, error) {
	s := &schema{maxLen: unlimited, maxItems: unlimited}
	for name, v := range fields(d) {
		if err := s.keyword(name, v, d); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *schema) keyword(name string, v value, d document) (err error) {
	n, _ := number(v)
	switch name {
	case "bsonType", "type":
		s.types, err = typeTest(jsonType(name, v))
	case "enum":
		for _, e := range fields(embedded(v)) {
			s.enum = append(s.enum, e)
		}
	case "minimum", "maximum", "multipleOf":
		s.number = append(s.number, numberRule(name, v, d))
	case "minLength":
		s.minLen = n
	case "maxLength":
		s.maxLen = n
	case "pattern":
		s.pattern, err = compileRegex(text(v), "")
	case "required":
		for _, e := range fields(embedded(v)) {
			s.required = append(s.required, text(e))
		}
	case "properties":
		s.properties = map[string]*schema{}
		for field, sub := range fields(embedded(v)) {
			if s.properties[field], err = compileSchema(embedded(sub)); err != nil {
				return err
			}
		}
	case "additionalProperties":
		s.closed = v.Type == typeBool && !truth(v)
	case "items":
		s.items, err = compileSchema(embedded(v))
	case "minItems":
		s.minItems = n
	case "maxItems":
		s.maxItems = n
	case "uniqueItems":
		s.unique = truth(v)
	case "not":
		s.not, err = compileSchema(embedded(v))
	case "allOf":
		s.all, err = schemas(v)
	case "anyOf":
		s.anyOf, err = schemas(v)
	case "oneOf":
		s.oneOf, err = schemas(v)
	case "title", "description", "exclusiveMinimum", "exclusiveMaximum":
	default:
		return fail(codeFailedToParse, "Unknown $jsonSchema keyword: %s", name)
	}
	return err
}

func schemas(v value) ([]*schema, error) {
	var out []*schema
	for _, e := range fields(embedded(v)) {
		s, err := compileSchema(embedded(e))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// jsonType turns the names of JSON schema into those of BSON.
func jsonType(keyword string, v value) value {
	if keyword == "type" && text(v) == "boolean" {
		return stringValue("bool")
	}
	return v
}

func numberRule(name string, bound value, d document) func(v value) bool {
	exclusive := name == "minimum" && truth(lookup(d, "exclusiveMinimum")) || name == "maximum" && truth(lookup(d, "exclusiveMaximum"))
	return func(v value) bool {
		cmp := compareValues(v, bound, nil)
		switch {
		case name == "multipleOf":
			n, _ := number(v)
			by, _ := number(bound)
			return by == 0 || n%by == 0
		case cmp == 0:
			return !exclusive
		case name == "minimum":
			return cmp > 0
		}
		return cmp < 0
	}
}

// fits tells whether v obeys the schema. What a keyword does not apply to, it does not refuse.
func (s *schema) fits(v value) bool {
	if s.types != nil && !s.types(v) || !s.fitsChoice(v) {
		return false
	}
	switch {
	case isNumber(v):
		for _, rule := range s.number {
			if !rule(v) {
				return false
			}
		}
	case v.Type == typeString:
		n := int64(utf8.RuneCountInString(text(v)))
		return n >= s.minLen && n <= s.maxLen && (s.pattern == nil || s.pattern.MatchString(text(v)))
	case v.Type == typeArray:
		return s.fitsArray(v)
	case v.Type == typeObject:
		return s.fitsObject(v)
	}
	return true
}

func (s *schema) fitsChoice(v value) bool {
	known := len(s.enum) == 0
	for _, e := range s.enum {
		known = known || compareValues(e, v, nil) == 0
	}
	count := func(list []*schema) int {
		n := 0
		for _, sub := range list {
			if sub.fits(v) {
				n++
			}
		}
		return n
	}
	return known && count(s.all) == len(s.all) && (s.anyOf == nil || count(s.anyOf) > 0) && (s.oneOf == nil || count(s.oneOf) == 1) &&
		(s.not == nil || !s.not.fits(v))
}

func (s *schema) fitsArray(v value) bool {
	seen, n := map[string]bool{}, int64(0)
	for _, e := range fields(v.Data) {
		n++
		key := string(appendKey(nil, e, nil))
		if s.unique && seen[key] || s.items != nil && !s.items.fits(e) {
			return false
		}
		seen[key] = true
	}
	return n >= s.minItems && n <= s.maxItems
}

func (s *schema) fitsObject(v value) bool {
	for _, name := range s.required {
		if lookup(v.Data, name).Type == 0 {
			return false
		}
	}
	for name, e := range fields(v.Data) {
		sub := s.properties[name]
		if sub == nil && s.closed || sub != nil && !sub.fits(e) {
			return false
		}
	}
	return true
}
