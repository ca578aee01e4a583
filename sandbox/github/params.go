package github

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decode reads the JSON body of a request. No body is one without fields.
func (c *call) decode(raw []byte) error {
	c.fields = map[string]any{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&c.sent); err != nil || d.More() {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	switch sent := c.sent.(type) {
	case map[string]any:
		c.fields = sent
	case []any: // labels come this way
	default:
		return refuse(http.StatusBadRequest, "Body should be a JSON object")
	}
	return nil
}

// text reads a field that is a string; given is false when it was left out. null is an empty string.
func (c *call) text(field string) (value string, given bool, err error) {
	sent, given := c.fields[field]
	switch v := sent.(type) {
	case string:
		return v, given, nil
	case nil:
		return "", given, nil
	case json.Number:
		if field == "title" { // documented to be "string or integer"
			return v.String(), true, nil
		}
	}
	return "", true, invalidRequest("For 'properties/%s', %s is not a string.", field, encode(sent))
}

// oneOf reads a field that is one of some strings; "" when it was left out or null.
func (c *call) oneOf(field string, allowed ...string) (string, error) {
	value, given, err := c.text(field)
	if err != nil || !given || c.fields[field] == nil {
		return "", err
	}
	if !slices.Contains(allowed, value) {
		return "", invalidRequest("%q is not a member of %s.", value, encode(allowed))
	}
	return value, nil
}

// number reads a field that is an integer, also in a string; zero when it was left out or null.
func (c *call) number(field string) (int64, error) {
	switch v := c.fields[field].(type) {
	case nil:
		return 0, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && field == "milestone" { // documented to be either
			return n, nil
		}
	}
	return 0, invalidRequest("For 'properties/%s', %s is not an integer.", field, encode(c.fields[field]))
}

// names reads a field that is a list of strings, or of objects that hold them under key.
func (c *call) names(field, key string) (names []string, given bool, err error) {
	sent, given := c.fields[field]
	if !given || sent == nil {
		return nil, false, nil
	}
	list, ok := sent.([]any)
	if !ok {
		return nil, true, invalidRequest("For 'properties/%s', %s is not an array.", field, encode(sent))
	}
	names, err = namesIn(list, field, key)
	return names, true, err
}

func namesIn(list []any, field, key string) ([]string, error) {
	names := []string{}
	for i, entry := range list {
		if o, ok := entry.(map[string]any); ok {
			entry = o[key]
		}
		name, ok := entry.(string)
		if !ok {
			return nil, invalidRequest("For '%s/%d', %s is not a string.", field, i, encode(entry))
		}
		names = append(names, name)
	}
	return names, nil
}

// pathNumber reads a number of the path; whatever is none is not found.
func (c *call) pathNumber(name string) (int64, error) {
	n, err := strconv.ParseInt(c.named[name], 10, 64)
	if err != nil || n < 1 {
		return 0, notFound()
	}
	return n, nil
}

// choice reads a word of the query; fallback stands for an absent one.
func (c *call) choice(name, resource, fallback string, allowed ...string) (string, error) {
	value := c.query.Get(name)
	if value == "" {
		return fallback, nil
	}
	if !slices.Contains(allowed, value) {
		return "", failedValidation(invalidValue(resource, name, value))
	}
	return value, nil
}

// since reads the time from which on changes are wanted.
func (c *call) since() (time.Time, error) {
	value := c.query.Get("since")
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return time.Time{}, failedValidation(invalidValue("Issue", "since", value))
	}
	return t, nil
}

// perPage is how many entries a page holds: 30, at most 100.
func (c *call) perPage() int {
	n, err := strconv.Atoi(c.query.Get("per_page"))
	if err != nil || n < 1 {
		return 30
	}
	return min(n, 100)
}

// page cuts the page that is wanted from a list, and answers the headers that lead to the others.
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
func page[T any](s *Server, c *call, all []T) ([]T, map[string]string) {
	size := c.perPage()
	at, err := strconv.Atoi(c.query.Get("page"))
	if err != nil || at < 1 {
		at = 1
	}
	last := max(1, (len(all)+size-1)/size)
	from := min((at-1)*size, len(all))
	var links []string
	link := func(rel string, number int) {
		q := c.query
		q.Set("page", strconv.Itoa(number))
		links = append(links, fmt.Sprintf("<%s%s?%s>; rel=%q", s.APIURL(), strings.TrimPrefix(c.path, "/"), q.Encode(), rel))
	}
	if at > 1 {
		link("prev", min(at-1, last))
	}
	if at < last {
		link("next", at+1)
		link("last", last)
	}
	if at > 1 {
		link("first", 1)
	}
	var headers map[string]string
	if len(links) > 0 {
		headers = map[string]string{"Link": strings.Join(links, ", ")}
	}
	return all[from:min(from+size, len(all))], headers
}

// pageOf answers a page of a list, each entry in its shape.
func pageOf[T any](s *Server, c *call, all []T, shape func(T) object) (answer, error) {
	some, headers := page(s, c, all)
	return answer{body: shapes(some, shape), headers: headers}, nil
}

// shapes is a list in JSON, never null.
func shapes[T any](all []T, shape func(T) object) []object {
	list := make([]object, len(all))
	for i, one := range all {
		list[i] = shape(one)
	}
	return list
}
