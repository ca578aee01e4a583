package slack

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxBody bounds what one request may send; files have their own bound.
const maxBody = 4 << 20

// readParams reads the arguments of a call from the query and a form or JSON body, and the token from the header or
// the form.
// https://docs.slack.dev/apis/web-api/#request-format
func readParams(r *http.Request) (params object, token string, err error) {
	params = object{}
	token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	for name, values := range r.URL.Query() {
		params[name] = values[0]
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an unreadable type is taken for a form
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	switch {
	case r.Method == http.MethodGet:
	case kind == "application/json":
		body, readErr := io.ReadAll(r.Body)
		if readErr != nil {
			return params, token, fault("invalid_json")
		}
		if len(bytes.TrimSpace(body)) == 0 {
			break // Slack takes an empty body for one without arguments
		}
		decoded, decodeErr := decode(body)
		if decodeErr != nil {
			return params, token, fault("invalid_json")
		}
		o, ok := decoded.(object)
		if !ok {
			return params, token, fault("json_not_object")
		}
		params = o
	default:
		if parseErr := parseForm(r, kind); parseErr != nil {
			return params, token, fault("invalid_form_data")
		}
		for name, values := range r.PostForm {
			params[name] = values[0]
		}
	}
	if t, ok := params["token"].(string); ok && token == "" && kind != "application/json" {
		token = t
	}
	delete(params, "token")
	return params, token, nil
}

func parseForm(r *http.Request, kind string) error {
	if kind == "multipart/form-data" {
		return r.ParseMultipartForm(maxBody)
	}
	return r.ParseForm()
}

// decode reads JSON and keeps numbers as they were written.
func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

// encode writes a value that came from JSON.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("a value of the workspace is no JSON: %v", err)) // only values that came from JSON get here
	}
	return bytes.TrimSpace(b.Bytes())
}

func (c *call) str(name string) string {
	switch v := c.params[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func (c *call) boolean(name string) bool {
	switch v := c.params[name].(type) {
	case bool:
		return v
	case string:
		return v == "1" || strings.EqualFold(v, "true")
	}
	return false
}

// list reads names that are parted by commas, or a JSON array.
func (c *call) list(name string) []string {
	var found []string
	switch v := c.params[name].(type) {
	case []any:
		for _, one := range v {
			found = append(found, fmt.Sprint(one))
		}
	case string:
		for _, one := range strings.Split(v, ",") {
			if one = strings.TrimSpace(one); one != "" {
				found = append(found, one)
			}
		}
	}
	return found
}

// value reads an argument that is JSON: itself in a JSON body, as text in a form. It is nil when absent.
func (c *call) value(name string) (any, error) {
	text, isText := c.params[name].(string)
	if !isText {
		return c.params[name], nil
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	return decode([]byte(text))
}

// maxPage is the most that a page holds: Slack wants limits below 1000.
const maxPage = 999

// page cuts one page out of a list by limit and cursor, and answers the next cursor.
func page[T any](all []T, c *call) (part []T, next string, err error) {
	limit := 100
	if l := c.str("limit"); l != "" && l != "0" {
		if limit, err = strconv.Atoi(l); err != nil || limit < 1 || limit > maxPage {
			return nil, "", fault("invalid_limit")
		}
	}
	from := 0
	if cursor := c.str("cursor"); cursor != "" {
		raw, decodeErr := base64.StdEncoding.DecodeString(cursor)
		text, marked := strings.CutPrefix(string(raw), "next:")
		if from, err = strconv.Atoi(text); err != nil || decodeErr != nil || !marked || from < 0 {
			return nil, "", fault("invalid_cursor")
		}
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	if to < len(all) {
		next = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "next:%d", to))
	}
	return slices.Clone(all[from:to]), next, nil
}
