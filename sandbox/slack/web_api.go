package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type tokenKind int

const (
	tokenBot tokenKind = iota
	tokenApp
	tokenAny  // either of them
	tokenNone // not even one
)

var tokenNames = map[tokenKind]string{tokenBot: "bot", tokenApp: "app", tokenNone: "none"}

// call is one request to the Web API.
type call struct {
	name   string
	params object
	token  tokenKind
	app    *app
}

// apiError is an answer with ok=false.
type apiError struct {
	code string
	// messages explain it, as pointers into the arguments.
	messages []string
	// with is put beside the error.
	with object
}

func (e *apiError) Error() string {
	return strings.TrimSpace(e.code + " " + strings.Join(e.messages, "; "))
}

func fault(code string, messages ...string) error { return &apiError{code: code, messages: messages} }

// Call is one request that the server has seen.
type Call struct {
	// Method is the Web API method, or "response_url", "upload" or "download".
	Method string
	// Token is the kind of token: "bot", "app", "none" or "unknown".
	Token string
	// Params are the arguments without the token: strings of a form, any values of JSON.
	Params map[string]any
	// Status is the HTTP status, 0 when there was no answer. Error is Slack's code when ok was false.
	Status int
	Error  string
	Time   time.Time
}

// keptCalls bounds the memory of calls; the oldest half is dropped beyond it.
const keptCalls = 20_000

// Calls answers the requests seen so far, oldest first; of very many the newest.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// logCall remembers a request with its answer.
func (s *Server) logCall(c Call, answer any) {
	s.page.traffic.called(c, answer, s.now().Sub(c.Time))
	if len(s.calls) >= keptCalls {
		s.calls = append([]Call(nil), s.calls[keptCalls/2:]...)
	}
	s.calls = append(s.calls, c)
	s.recordCall(c)
	s.log.Debug("api", "method", c.Method, "status", c.Status, "error", c.Error)
}

// serveMethod answers one call of the Web API.
// https://docs.slack.dev/apis/web-api
func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request) {
	c := &call{name: r.PathValue("method"), token: tokenNone}
	seen := Call{Method: c.name, Time: s.now(), Status: http.StatusOK}
	params, token, err := readParams(r)
	c.params = params
	s.mu.Lock()
	known := s.identify(c, token)
	s.mu.Unlock()
	seen.Params, seen.Token = params, tokenNames[c.token]
	if !known {
		seen.Token = "unknown"
	}
	trouble := s.faults.take(c.name)
	if trouble == nil {
		trouble = s.beyondTier(c)
	}
	answer, status := object(nil), http.StatusOK
	if trouble == nil || trouble.Perform {
		answer = s.perform(c, known, err)
	}
	if trouble != nil {
		answer, status = trouble.spoil(r.Context(), s.ctx, answer)
	}
	seen.Status = status
	seen.Error, _ = answer["error"].(string) // an answer without an error has none
	s.mu.Lock()
	s.logCall(seen, answer)
	scopes := ""
	if c.app != nil {
		scopes = strings.Join(c.app.scopes, ",")
	}
	s.mu.Unlock()
	w.Header().Set("X-OAuth-Scopes", scopes)
	w.Header().Set("X-Accepted-OAuth-Scopes", strings.Join(methods[c.name].scopes, ","))
	respond(w, status, trouble, answer)
}

// respond writes an answer, or cuts the connection for status 0.
func respond(w http.ResponseWriter, status int, trouble *Trouble, answer object) {
	switch {
	case status == 0:
		panic(http.ErrAbortHandler) // what net/http offers for cutting a connection without an answer
	case status == http.StatusTooManyRequests:
		seconds := max(1, int(math.Ceil(trouble.RetryAfter.Seconds())))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	case status >= http.StatusInternalServerError:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<html><body>Server Error %d</body></html>", status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// A client that has gone away needs no answer.
	_ = json.NewEncoder(w).Encode(answer)
}

// identify finds the app of a token; it is false for a token that is none of ours.
func (s *Server) identify(c *call, token string) bool {
	if token == "" {
		return true
	}
	for _, a := range s.apps {
		switch token {
		case a.BotToken:
			c.token, c.app = tokenBot, a
			return true
		case a.AppToken:
			c.token, c.app = tokenApp, a
			return true
		}
	}
	return false
}

// perform checks a call and does it. The lock is not held.
func (s *Server) perform(c *call, known bool, malformed error) object {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, err := s.checked(c, known, malformed)
	var refused *apiError
	if errors.As(err, &refused) {
		answer := object{"ok": false, "error": refused.code}
		if len(refused.messages) > 0 {
			lines := make([]string, len(refused.messages))
			for i, m := range refused.messages {
				lines[i] = "[ERROR] " + m
			}
			answer["response_metadata"] = object{"messages": lines}
			answer["errors"] = refused.messages
		}
		for k, v := range refused.with {
			answer[k] = v
		}
		return answer
	}
	if err != nil {
		s.log.Error("a method failed", "method", c.name, "error", err)
		return object{"ok": false, "error": "internal_error"}
	}
	if result == nil {
		result = object{}
	}
	result["ok"] = true
	return result
}

// checked runs a method after the checks that all of them share.
func (s *Server) checked(c *call, known bool, malformed error) (object, error) {
	m, exists := methods[c.name]
	switch {
	case !exists || s.faults.lacks(c.name):
		return nil, &apiError{code: "unknown_method", with: object{"req_method": c.name}}
	case malformed != nil:
		return nil, malformed
	case !known:
		return nil, fault("invalid_auth")
	case m.token == tokenNone:
		return m.run(s, c)
	case c.token == tokenNone:
		return nil, fault("not_authed")
	case m.token != tokenAny && m.token != c.token:
		return nil, fault("not_allowed_token_type")
	}
	needed := s.missingScope(m, c)
	if needed == "" && s.faults.denies(c.name) && len(m.scopes) > 0 {
		needed = strings.ReplaceAll(m.scopes[0], "|", ",")
	}
	if needed != "" {
		return nil, &apiError{code: "missing_scope",
			with: object{"needed": needed, "provided": strings.Join(c.app.scopes, ",")}}
	}
	return m.run(s, c)
}
