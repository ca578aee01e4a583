package github

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
)

// What unchanged keeps at most: answers, and bytes of each.
const (
	keptAnswers = 256
	keptBytes   = 256 << 10
)

// unchanged is a transport that keeps what it has read of issues, and asks whether it is still so: a "yes" costs nothing
// of the limit. What it answers is always what GitHub says now.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
type unchanged struct {
	base http.RoundTripper

	mu    sync.Mutex
	known map[string]known // by URL
	order []string         // the oldest first
}

type known struct {
	tag    string
	header http.Header
	body   []byte
}

func (u *unchanged) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || !strings.Contains(req.URL.Path, "/issues/") {
		return u.base.RoundTrip(req)
	}
	url := req.URL.String()
	u.mu.Lock()
	have, ok := u.known[url]
	u.mu.Unlock()
	if ok {
		req = req.Clone(req.Context())
		req.Header.Set("If-None-Match", have.tag)
	}
	answer, err := u.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	switch tag := answer.Header.Get("ETag"); {
	case ok && answer.StatusCode == http.StatusNotModified:
		answer.Body.Close()
		header := have.header.Clone()
		for name, values := range answer.Header { // how much is left of the limit
			header[name] = values
		}
		answer.StatusCode, answer.Status, answer.Header = http.StatusOK, "200 OK", header
		answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(have.body)), int64(len(have.body))
	case answer.StatusCode == http.StatusOK && tag != "":
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return nil, err
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) <= keptBytes {
			u.keep(url, known{tag, answer.Header.Clone(), body})
		}
	}
	return answer, nil
}

func (u *unchanged) keep(url string, k known) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, ok := u.known[url]; !ok {
		u.order = append(u.order, url)
	}
	u.known[url] = k
	if len(u.order) > keptAnswers {
		delete(u.known, u.order[0])
		u.order = u.order[1:]
	}
}
