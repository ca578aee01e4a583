package slack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// rule checks one value of JSON. It reports what is wrong with the value at a path.
type rule func(c *checker, path string, v any)

// shape is what an object may hold: the rule of each property. Names that begin with "!" are required; properties
// that are not in the shape are refused, as Slack refuses them.
type shape map[string]rule

// checker collects what is wrong, in Slack's words.
type checker struct {
	surface  surface
	focused  int // elements that want the focus
	problems []string
}

func (c *checker) fail(path, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...)+" [json-pointer:"+path+"]")
}

// fields holds an object to a shape.
func (c *checker) fields(path string, v any, sh shape) {
	o, isObject := v.(object)
	if !isObject {
		c.fail(path, "must provide an object")
		return
	}
	for _, name := range sortedKeys(sh) {
		bare, required := strings.CutPrefix(name, "!")
		value, present := o[bare]
		switch {
		case present && value != nil:
			sh[name](c, path+"/"+bare, value)
		case required:
			c.fail(path, "missing required field: %s", bare)
		}
	}
	for _, name := range sortedKeys(o) {
		if sh[name] == nil && sh["!"+name] == nil {
			c.fail(path, "invalid additional property: %s", name)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// characters is a string of a length between shortest and longest characters.
func characters(shortest, longest int) rule {
	return func(c *checker, path string, v any) {
		s, isString := v.(string)
		switch n := utf8.RuneCountInString(s); {
		case !isString:
			c.fail(path, "must be a valid string")
		case n < shortest:
			c.fail(path, "must be more than %d characters", shortest-1)
		case n > longest:
			c.fail(path, "must be less than %d characters", longest+1)
		}
	}
}

func boolean(c *checker, path string, v any) {
	if _, isBool := v.(bool); !isBool {
		c.fail(path, "must be a boolean")
	}
}

func number(low, high int64) rule {
	return func(c *checker, path string, v any) {
		n, isNumber := v.(json.Number)
		i, err := n.Int64()
		switch {
		case !isNumber || err != nil:
			c.fail(path, "must be a valid integer")
		case i < low:
			c.fail(path, "must be greater than or equal to %d", low)
		case i > high:
			c.fail(path, "must be less than or equal to %d", high)
		}
	}
}

// oneOf is one of these strings.
func oneOf(values ...string) rule {
	return func(c *checker, path string, v any) {
		s, isString := v.(string)
		if !isString || !slices.Contains(values, s) {
			c.fail(path, "must be one of: %s", strings.Join(values, ", "))
		}
	}
}

// address is a URL of at most longest characters with a scheme that clients open.
func address(longest int) rule {
	return func(c *checker, path string, v any) {
		characters(1, longest)(c, path, v)
		u, err := url.Parse(text(v))
		if err != nil || !slices.Contains([]string{"http", "https", "slack", "mailto"}, u.Scheme) {
			c.fail(path, "must be a valid URL")
		}
	}
}

// secureAddress is a URL that begins with https.
func secureAddress(c *checker, path string, v any) {
	address(3000)(c, path, v)
	if u, err := url.Parse(text(v)); err == nil && u.Scheme != "https" {
		c.fail(path, "must be an https URL")
	}
}

// list is an array of fewest to most items that keep to a rule.
func list(fewest, most int, item rule) rule {
	return func(c *checker, path string, v any) {
		all, isList := v.([]any)
		switch {
		case !isList:
			c.fail(path, "must be an array")
			return
		case len(all) < fewest:
			c.fail(path, "no less than %d items allowed", fewest)
		case len(all) > most:
			c.fail(path, "no more than %d items allowed", most)
			return
		}
		for i, one := range all {
			item(c, fmt.Sprintf("%s/%d", path, i), one)
		}
	}
}

// anything is not looked into.
func anything(*checker, string, any) {}

// plainObject is a text object of type plain_text; mrkdwnObject one of either type.
// https://docs.slack.dev/reference/block-kit/composition-objects/text-object
func plainObject(longest int) rule {
	return func(c *checker, path string, v any) {
		c.fields(path, v, shape{"!type": oneOf("plain_text"), "!text": characters(1, longest), "emoji": boolean})
	}
}

func mrkdwnObject(longest int) rule {
	return func(c *checker, path string, v any) {
		o, _ := v.(object) // fields reports what is no object
		if text(o["type"]) == "plain_text" {
			plainObject(longest)(c, path, v)
			return
		}
		c.fields(path, v, shape{"!type": oneOf("mrkdwn", "plain_text"), "!text": characters(1, longest), "verbatim": boolean})
	}
}

// confirmObject is the dialog before an action.
// https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
func confirmObject(c *checker, path string, v any) {
	c.fields(path, v, shape{"!title": plainObject(100), "!text": mrkdwnObject(300), "!confirm": plainObject(30),
		"!deny": plainObject(30), "style": oneOf("primary", "danger")})
}

// option is a choice; more are the properties that only some elements take.
// https://docs.slack.dev/reference/block-kit/composition-objects/option-object
func option(label rule, more ...shape) rule {
	sh := shape{"!text": label, "!value": characters(1, 150), "description": mrkdwnObject(75)}
	for _, m := range more {
		sh = with(sh, m)
	}
	return func(c *checker, path string, v any) { c.fields(path, v, sh) }
}

// optionGroup is a titled part of a menu.
func optionGroup(c *checker, path string, v any) {
	c.fields(path, v, shape{"!label": plainObject(75), "!options": list(1, 100, option(plainObject(75)))})
}
