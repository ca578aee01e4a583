package github

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v57/github"
)

// leastWait is how long nothing is asked after a limit for which GitHub names no time, longestWait the most that this
// grows to when it happens again and again.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
const (
	leastWait   = time.Minute
	longestWait = 16 * time.Minute
)

// limited is the answer that too much was asked.
type limited struct {
	until     time.Time
	secondary bool
	said      string
}

func (l *limited) Error() string {
	return fmt.Sprintf("limited until %s: %s", l.until.UTC().Format(time.RFC3339), l.said)
}

// limits is a transport that knows when GitHub wants to be left alone, and asks nothing until then.
type limits struct {
	base http.RoundTripper
	now  func() time.Time

	mu      sync.Mutex
	last    *limited
	unnamed int // limits without a time, one after the other
}

func (l *limits) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	last := l.last
	l.mu.Unlock()
	if last != nil && l.now().Before(last.until) {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, last
	}
	answer, err := l.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	found, err := l.read(answer)
	if err != nil || found != nil {
		answer.Body.Close()
	}
	switch {
	case err != nil:
		return nil, err
	case found != nil:
		return nil, found
	}
	return answer, nil
}

// read finds out whether an answer is a limit. go-github knows of 403 only, and takes the reset of the primary limit for
// the end of a secondary one.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
func (l *limits) read(answer *http.Response) (*limited, error) {
	if answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusTooManyRequests {
		if answer.StatusCode < http.StatusInternalServerError {
			l.mu.Lock()
			l.unnamed = 0
			l.mu.Unlock()
		}
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var said struct {
		Message string `json:"message"`
		Docs    string `json:"documentation_url"`
	}
	_ = json.Unmarshal(body, &said) // what is no JSON says nothing, and the status still does
	words := strings.ToLower(said.Message + " " + said.Docs)
	secondary := strings.Contains(words, "secondary rate limit") || strings.Contains(words, "secondary-rate-limit") || strings.Contains(words, "abuse")
	spent := answer.Header.Get("X-RateLimit-Remaining") == "0" && !secondary
	after, errAfter := strconv.Atoi(answer.Header.Get("Retry-After"))
	reset, errReset := strconv.ParseInt(answer.Header.Get("X-RateLimit-Reset"), 10, 64)
	found := &limited{secondary: !spent, said: cmp.Or(said.Message, answer.Status)}

	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case errAfter == nil:
		found.until = l.now().Add(time.Duration(max(after, 1)) * time.Second)
	case spent && errReset == nil:
		found.until = time.Unix(reset, 0).Add(time.Second) // the clocks are not quite the same
	case spent, secondary, answer.StatusCode == http.StatusTooManyRequests:
		found.until = l.now().Add(min(leastWait<<l.unnamed, longestWait))
		l.unnamed = min(l.unnamed+1, 8)
	default:
		return nil, nil // it may not, that is all
	}
	l.last = found
	return found, nil
}

// Limited says that the token has asked too often, and when it may ask again. Nothing is asked until then: the answer
// is Limited at once.
func Limited(err error) (until time.Time, yes bool) {
	if l, ok := errors.AsType[*limited](err); ok {
		return l.until, true
	}
	// go-github asks nothing either when the last good answer was that nothing is left.
	if primary, ok := errors.AsType[*github.RateLimitError](err); ok {
		return primary.Rate.Reset.Time, true
	}
	return time.Time{}, false
}
