package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Faults script how the API misbehaves. What is set holds until it is used up, or until Reset. All methods are safe for
// concurrent use.
type Faults struct {
	now   func() time.Time
	mu    sync.Mutex
	rules []Rule
}

// Rule lets some requests go wrong.
type Rule struct {
	// Call is an endpoint as it is documented, "POST /repos/{owner}/{repo}/issues", or a request to one, "GET
	// /repos/kampyn/backend/issues/3"; "" is any.
	Call string
	// Skip is how many such requests go well first; Times how many go wrong then, all of them when negative.
	Skip, Times int
	Trouble     Trouble
}

// Trouble is one way in which a request goes wrong.
type Trouble struct {
	// Status is an HTTP status to answer with, such as 502; Message goes with one below 500.
	Status  int
	Message string
	// PrimaryLimit answers that the hourly limit is used up for so long.
	PrimaryLimit time.Duration
	// SecondaryLimit answers that too much was asked too fast, with Retry-After unless it is negative.
	SecondaryLimit time.Duration
	// TooMany answers limits with 429 instead of 403.
	TooMany bool
	// Hang never answers: until the client gives up or the server closes.
	Hang bool
	// Cut closes the connection without an answer.
	Cut bool
	// WrongJSON answers something that is no JSON, with a good status.
	WrongJSON bool
	// Delay passes before the answer. Alone it makes an otherwise good answer late.
	Delay time.Duration
	// Perform carries the request out although its answer is lost or spoilt.
	Perform bool
}

// Add adds a rule. Rules are used up in the order in which they were added. A call that no endpoint answers is a
// mistake in the program: it panics.
func (f *Faults) Add(r Rule) {
	if method, path, _ := strings.Cut(r.Call, " "); r.Call != "" {
		if e, _ := route(method, path); e == nil {
			panic(fmt.Sprintf("github sandbox: no endpoint answers %q", r.Call))
		}
	}
	if r.Trouble == (Trouble{Delay: r.Trouble.Delay}) {
		r.Trouble.Perform = true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, r)
}

// On lets the next n requests to an endpoint go wrong.
func (f *Faults) On(call string, n int, t Trouble) { f.Add(Rule{Call: call, Times: n, Trouble: t}) }

// ServerError answers the next n requests with a status of 500 or above; nothing is done.
func (f *Faults) ServerError(call string, n, status int) { f.On(call, n, Trouble{Status: status}) }

// Cut closes the connection of the next n requests; nothing is done.
func (f *Faults) Cut(call string, n int) { f.On(call, n, Trouble{Cut: true}) }

// LoseAnswers does what the next n requests want, and closes the connection instead of answering.
func (f *Faults) LoseAnswers(call string, n int) { f.On(call, n, Trouble{Cut: true, Perform: true}) }

// Delay does what the next n requests want, and answers late.
func (f *Faults) Delay(call string, n int, d time.Duration) { f.On(call, n, Trouble{Delay: d}) }

// PrimaryLimit answers the next n requests that the hourly limit is used up for so long.
func (f *Faults) PrimaryLimit(call string, n int, reset time.Duration) {
	f.On(call, n, Trouble{PrimaryLimit: reset})
}

// SecondaryLimit answers the next n requests that they come too fast, with Retry-After.
func (f *Faults) SecondaryLimit(call string, n int, retryAfter time.Duration) {
	f.On(call, n, Trouble{SecondaryLimit: retryAfter})
}

// Reset ends every fault.
func (f *Faults) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// take answers the trouble that is due for a request, or nil.
func (f *Faults) take(c *call) *Trouble {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due *Trouble
	for i := range f.rules {
		r := &f.rules[i]
		if r.Call != "" && r.Call != c.method+" "+c.path && (c.endpoint == nil || r.Call != c.endpoint.call) {
			continue
		}
		if r.Skip > 0 {
			r.Skip--
			continue
		}
		if due == nil && r.Times != 0 {
			r.Times--
			due = &Trouble{}
			*due = r.Trouble
		}
	}
	f.rules = slices.DeleteFunc(f.rules, func(r Rule) bool { return r.Times == 0 })
	return due
}

// spoil waits as the trouble says and answers what becomes of a good answer: status 0 is no answer at all.
func (t *Trouble) spoil(client, server context.Context, c *call, good response) response {
	if t.Delay > 0 {
		late := time.NewTimer(t.Delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-client.Done():
		case <-server.Done():
		}
	}
	limited := http.StatusForbidden
	if t.TooMany {
		limited = http.StatusTooManyRequests
	}
	switch {
	case t.Hang:
		select {
		case <-client.Done():
		case <-server.Done():
		}
		return response{}
	case t.Cut:
		return response{}
	case t.PrimaryLimit != 0:
		out := refused(c, primaryLimit(c, limited))
		setRate(out.header, "core", &budget{limit: 5000, used: 5000, reset: time.Now().Add(t.PrimaryLimit)})
		return out
	case t.SecondaryLimit != 0:
		out := refused(c, secondaryLimit(limited, t.SecondaryLimit))
		setRate(out.header, "core", &budget{limit: 5000, used: 100, reset: time.Now().Add(time.Hour)})
		return out
	case t.WrongJSON:
		header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
		return response{status: http.StatusOK, header: header, body: []byte(`{"id": 1, "number": "one", "title": `)}
	case t.Status == http.StatusBadGateway:
		return response{status: t.Status, header: http.Header{"Content-Type": {"application/json"}}, message: "Server Error",
			body: encode(object{"message": "Server Error"})}
	case t.Status >= http.StatusInternalServerError:
		return response{status: t.Status, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, message: "Unicorn!",
			body: []byte("<html><head><title>Unicorn! &middot; GitHub</title></head><body><p><strong>No server is currently available to service your request.</strong></p></body></html>")}
	case t.Status != 0:
		return refused(c, refuse(t.Status, "%s", t.Message))
	}
	return good
}

// refused is the answer that a refusal makes.
func refused(c *call, err error) response {
	var r *refusal
	if !errors.As(err, &r) {
		panic(err) // it is made by the functions above
	}
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	header.Set("X-GitHub-Request-Id", c.id)
	for k, v := range r.headers {
		header.Set(k, v)
	}
	return response{status: r.status, header: header, body: encode(r.body(c.endpoint)), message: r.message}
}
