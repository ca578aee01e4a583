package slack

import (
	"context"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"
)

// Faults script how the server misbehaves. Unless a method says otherwise, what it sets holds until Reset.
// All methods are safe for concurrent use.
type Faults struct {
	s *Server

	mu       sync.Mutex
	troubles []scripted
	unknown  map[string]bool
	denied   map[string]bool
	delay    time.Duration
	repeats  int
	lostAcks int
	edits    time.Duration // how long messages can be edited; 0 is for ever
}

type scripted struct {
	method  string
	left    int
	trouble Trouble
}

// Trouble is one way in which a call goes wrong.
type Trouble struct {
	// Status is an HTTP status to answer with, such as 429 or 503; RetryAfter belongs to 429, in whole seconds upward.
	Status     int
	RetryAfter time.Duration
	// Error is a code to answer with in ok=false.
	Error string
	// Hang never answers: until the client gives up or the server closes.
	Hang bool
	// Cut closes the connection without an answer.
	Cut bool
	// Delay passes before the answer. Alone it makes an otherwise good answer late.
	Delay time.Duration
	// Perform carries the call out although its answer is lost or spoilt.
	Perform bool
}

// On lets the next n calls of a method go wrong; all of them when n is negative, any method when it is "".
// Scripts are used up in the order in which they were set. "response_url" and "upload" are methods here too.
func (f *Faults) On(method string, n int, t Trouble) {
	if t == (Trouble{Delay: t.Delay}) {
		t.Perform = true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.troubles = append(f.troubles, scripted{method, n, t})
}

// RateLimit answers the next n calls of a method with 429 and Retry-After.
func (f *Faults) RateLimit(method string, n int, retryAfter time.Duration) {
	f.On(method, n, Trouble{Status: http.StatusTooManyRequests, RetryAfter: retryAfter})
}

// ServerError answers the next n calls of a method with an HTTP status of 500 or above.
func (f *Faults) ServerError(method string, n, status int) { f.On(method, n, Trouble{Status: status}) }

// APIError answers the next n calls of a method with ok=false and the code.
func (f *Faults) APIError(method string, n int, code string) { f.On(method, n, Trouble{Error: code}) }

// Hang leaves the next n calls of a method without an answer.
func (f *Faults) Hang(method string, n int) { f.On(method, n, Trouble{Hang: true}) }

// LoseAnswers carries the next n calls of a method out, but cuts the connection instead of answering.
func (f *Faults) LoseAnswers(method string, n int) {
	f.On(method, n, Trouble{Cut: true, Perform: true})
}

// Delay answers the next n calls of a method late.
func (f *Faults) Delay(method string, n int, d time.Duration) { f.On(method, n, Trouble{Delay: d}) }

// Unknown makes the server one that lacks these methods: it answers unknown_method. A name may be a pattern such as
// "pins.*".
func (f *Faults) Unknown(methods ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range methods {
		f.unknown = set(f.unknown, m)
	}
}

// MissingScope answers these methods with missing_scope; names may be patterns.
func (f *Faults) MissingScope(methods ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range methods {
		f.denied = set(f.denied, m)
	}
}

func set(m map[string]bool, key string) map[string]bool {
	if m == nil {
		m = map[string]bool{}
	}
	m[key] = true
	return m
}

// RemoveScopes takes scopes from the first app's bot token; events that need them are not sent any more either.
func (f *Faults) RemoveScopes(scopes ...string) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	a := f.s.apps[0]
	a.scopes = slices.DeleteFunc(slices.Clone(a.scopes), func(scope string) bool { return slices.Contains(scopes, scope) })
}

// KeepScopes takes all scopes but these from the first app's bot token.
func (f *Faults) KeepScopes(scopes ...string) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	a := f.s.apps[0]
	a.scopes = slices.DeleteFunc(slices.Clone(a.scopes), func(scope string) bool { return !slices.Contains(scopes, scope) })
}

// CloseEdits lets messages be edited for this long only, as some workspaces are set up; 0 is for ever.
func (f *Faults) CloseEdits(after time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.edits = after
}

func (f *Faults) window() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.edits
}

// DelayEnvelopes holds every envelope back for d before it is written to a socket.
func (f *Faults) DelayEnvelopes(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = d
}

// RepeatEnvelopes sends each envelope n times more under the same id, over other sockets when there are any.
func (f *Faults) RepeatEnvelopes(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.repeats = n
}

// DropAcks ignores the next n acknowledgements; all of them when n is negative.
func (f *Faults) DropAcks(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lostAcks = n
}

// Reset ends every fault. Sockets that were frozen stay so; scopes that were removed come back.
func (f *Faults) Reset() {
	f.mu.Lock()
	f.troubles, f.unknown, f.denied = nil, nil, nil
	f.delay, f.repeats, f.lostAcks, f.edits = 0, 0, 0, 0
	f.mu.Unlock()
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for _, a := range f.s.apps {
		a.scopes = a.granted
	}
}

// take answers the trouble that is due for a call, or nil.
func (f *Faults) take(method string) *Trouble {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range f.troubles {
		if one.method != "" && one.method != method {
			continue
		}
		if f.troubles[i].left--; f.troubles[i].left == 0 {
			f.troubles = slices.Delete(f.troubles, i, i+1)
		}
		return &one.trouble
	}
	return nil
}

func (f *Faults) lacks(method string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return matched(f.unknown, method)
}

func (f *Faults) denies(method string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return matched(f.denied, method)
}

func matched(patterns map[string]bool, method string) bool {
	for pattern := range patterns {
		if ok, err := path.Match(pattern, method); ok && err == nil {
			return true
		}
	}
	return false
}

func (f *Faults) envelopes() (delay time.Duration, repeats int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.delay, f.repeats
}

func (f *Faults) losesAck() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lostAcks == 0 {
		return false
	}
	f.lostAcks--
	return true
}

// spoil waits as the trouble says and answers what becomes of a good answer: status 0 is no answer at all.
func (t *Trouble) spoil(client, server context.Context, good object) (object, int) {
	if t.Delay > 0 {
		late := time.NewTimer(t.Delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-client.Done():
		case <-server.Done():
		}
	}
	switch {
	case t.Hang:
		select {
		case <-client.Done():
		case <-server.Done():
		}
		return nil, 0
	case t.Cut:
		return nil, 0
	case t.Status == http.StatusTooManyRequests:
		return object{"ok": false, "error": "ratelimited"}, t.Status
	case t.Status != 0:
		return nil, t.Status
	case t.Error != "":
		return object{"ok": false, "error": t.Error}, http.StatusOK
	}
	return good, http.StatusOK
}
