package health

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Want is what one value of an answer is held to; all tests must hold.
type Want struct {
	// Path leads into a JSON document, as "data.items[0].id"; of headers it is the name.
	Path  string
	Tests []Test
}

// Op is a comparison.
type Op string

// The comparisons. Is, Not compare as the values are written, numbers by their value; Below and Above take numbers;
// Matches takes a regular expression (RE2), Contains a part of the text, Fresh the greatest age of a timestamp as a Go
// duration.
const (
	Is       Op = "is"
	Not      Op = "not"
	Below    Op = "below"
	Above    Op = "above"
	Matches  Op = "matches"
	Contains Op = "contains"
	Fresh    Op = "fresh"
)

// Test compares a value with one that is written in the configuration.
type Test struct {
	Op    Op
	Value string
}

// readJSON reads one document and nothing after it.
func readJSON(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("health: read JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("health: something follows the JSON")
	}
	return document, nil
}

// faults says what is wrong with the value in a document.
func (w Want) faults(document any, now time.Time, hide secrets) []string {
	value, ok := at(document, w.Path)
	if !ok {
		return []string{chat.Literal(w.Path) + " is missing"}
	}
	return w.hold(value, now, hide)
}

// header says what is wrong with a header.
func (w Want) header(header http.Header, now time.Time, hide secrets) []string {
	values := header.Values(w.Path)
	if len(values) == 0 {
		return []string{"the header " + chat.Literal(w.Path) + " is missing"}
	}
	return w.hold(strings.Join(values, ", "), now, hide)
}

func (w Want) hold(value any, now time.Time, hide secrets) (faults []string) {
	for _, test := range w.Tests {
		if fault := test.fault(value, now, hide); fault != "" {
			faults = append(faults, chat.Literal(w.Path)+" "+fault)
		}
	}
	return faults
}

// at follows a path through objects and lists.
func at(value any, path string) (any, bool) {
	for path != "" {
		name, rest := path, ""
		if i := strings.IndexAny(path, ".["); i > 0 {
			name, rest = path[:i], strings.TrimPrefix(path[i:], ".")
		} else if i == 0 && path[0] == '[' {
			index, after, _ := strings.Cut(path[1:], "]")
			list, ok := value.([]any)
			n, err := strconv.Atoi(index)
			if !ok || err != nil || n < 0 || n >= len(list) {
				return nil, false
			}
			value, path = list[n], strings.TrimPrefix(after, ".")
			continue
		}
		object, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = object[name]; !ok {
			return nil, false
		}
		path = rest
	}
	return value, true
}

// written is a single value as JSON writes it, strings without their quotes.
func written(value any) (text string, single bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case nil:
		return "null", true
	}
	return "", false
}

// fault says what is wrong with a value, to stand after its name; "" means nothing.
func (t Test) fault(value any, now time.Time, hide secrets) string {
	text, single := written(value)
	if !single {
		return "is a list or an object, not a single value"
	}
	shown := hide.shown(text)
	switch t.Op {
	case Is:
		if !same(text, t.Value) {
			return "is " + shown + " instead of " + hide.shown(t.Value)
		}
	case Not:
		if same(text, t.Value) {
			return "is " + shown
		}
	case Below, Above:
		return t.limit(text, shown)
	case Matches:
		pattern, err := regexp.Compile(t.Value)
		if err != nil {
			return "is held to a pattern that cannot be understood"
		}
		if !pattern.MatchString(text) {
			return "is " + shown + ", which does not match " + hide.shown(t.Value)
		}
	case Contains:
		if !strings.Contains(text, t.Value) {
			return "is " + shown + ", without " + hide.shown(t.Value)
		}
	case Fresh:
		return t.fresh(text, shown, now)
	default:
		return "is held to a comparison that is not known"
	}
	return ""
}

func same(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return a == b || errX == nil && errY == nil && x == y
}

func (t Test) limit(text, shown string) string {
	value, err := strconv.ParseFloat(text, 64)
	limit, wrong := strconv.ParseFloat(t.Value, 64)
	switch {
	case err != nil:
		return "is " + shown + ", which is no number"
	case wrong != nil:
		return "is held to a limit that is no number"
	case t.Op == Below && value >= limit || t.Op == Above && value <= limit || value != value: // the last is NaN
		return fmt.Sprintf("is %s, not %s %s", shown, t.Op, t.Value)
	}
	return ""
}

// fresh holds a timestamp to the greatest age. One as far ahead is as wrong: somebody's clock is.
func (t Test) fresh(text, shown string, now time.Time) string {
	limit, err := time.ParseDuration(t.Value)
	if err != nil {
		return "is held to an age that cannot be understood"
	}
	then, ok := timestamp(text)
	switch age := now.Sub(then); {
	case !ok:
		return "is " + shown + ", which is no time"
	case age > limit:
		return fmt.Sprintf("is %s old, more than %s", chat.Span(age), chat.Span(limit))
	case age < -limit:
		return "is " + chat.Span(-age) + " in the future"
	}
	return ""
}

// timestamp reads RFC 3339 (UTC where it names no zone), dates of HTTP, and seconds or milliseconds since 1970.
func timestamp(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999", http.TimeFormat, time.RFC1123Z} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	const year2286 = 1e10 // in seconds; milliseconds passed it in April 1970
	switch {
	case err != nil || !(n > 0 && n < 1e15):
		return time.Time{}, false
	case n < year2286:
		return time.UnixMilli(int64(n * 1000)), true
	}
	return time.UnixMilli(int64(n)), true
}
