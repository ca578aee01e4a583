package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Proxy stands in front of an S3 server and misbehaves as its faults say. Signatures stay valid through it, because
// the Host header that the client signed is passed on.
type Proxy struct {
	server   *http.Server
	upstream *http.Transport
	addr     string
	done     chan error

	mu     sync.Mutex
	faults []*Fault
	seen   map[string]int
}

// Fault is one scripted misbehaviour.
type Fault struct {
	// On chooses the requests; nil chooses all.
	On func(*http.Request) bool
	// After is how many chosen requests pass unharmed first; Times is how many are harmed then, 0 means one and a
	// negative number all.
	After, Times int
	// Do is what happens instead of passing the request on.
	Do Action

	hits int
}

// Action answers a request that a fault has chosen. next passes it on to the real server.
type Action func(w http.ResponseWriter, r *http.Request, next http.Handler)

// StartProxy serves on a free port of 127.0.0.1, in front of the server at endpoint, until Close.
func StartProxy(endpoint string) (*Proxy, error) {
	target, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("sandbox/s3: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("sandbox/s3: %w", err)
	}
	p := &Proxy{
		upstream: &http.Transport{DisableCompression: true},
		addr:     listener.Addr().String(), done: make(chan error, 1), seen: map[string]int{},
	}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		Transport: p.upstream,
		// A client that went away or a cut body is what tests ask for; the connection is closed without an answer.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	p.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, pass) }),
		ReadHeaderTimeout: time.Minute,
	}
	go func() { p.done <- p.server.Serve(listener) }()
	return p, nil
}

// Endpoint is the URL to give to clients.
func (p *Proxy) Endpoint() string { return "http://" + p.addr }

// Add puts a fault behind those that are there. The first one that chooses a request and is due acts on it.
func (p *Proxy) Add(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
}

// Clear removes all faults and forgets the counts.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.seen = nil, map[string]int{}
}

// Seen is how many requests of that operation have arrived since the last Clear: "PutObject", "UploadPart", ….
func (p *Proxy) Seen(operation string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[operation]
}

// Close cuts all connections and waits for the server.
func (p *Proxy) Close() error {
	err := p.server.Close()
	p.upstream.CloseIdleConnections()
	if served := <-p.done; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	return err
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if act := p.due(r); act != nil {
		act(w, r, next)
		return
	}
	next.ServeHTTP(w, r)
}

func (p *Proxy) due(r *http.Request) Action {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[Operation(r)]++
	for _, f := range p.faults {
		if f.On != nil && !f.On(r) {
			continue
		}
		f.hits++
		if f.hits > f.After && (f.Times < 0 || f.hits <= f.After+max(f.Times, 1)) {
			return f.Do
		}
	}
	return nil
}

// Operation names what a path-style request asks for, with the names of the S3 API.
func Operation(r *http.Request) string {
	query := r.URL.Query()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case key == "" && query.Has("uploads"):
		return "ListMultipartUploads"
	case key == "" && r.Method == http.MethodGet && settingOf(query) != "":
		return settingOf(query)
	case key == "" && r.Method == http.MethodGet:
		return "ListObjectsV2"
	case key == "":
		return map[string]string{http.MethodHead: "HeadBucket", http.MethodPut: "CreateBucket"}[r.Method]
	case query.Has("uploads"):
		return "CreateMultipartUpload"
	case query.Has("uploadId"):
		return map[string]string{
			http.MethodPut: "UploadPart", http.MethodPost: "CompleteMultipartUpload",
			http.MethodDelete: "AbortMultipartUpload", http.MethodGet: "ListParts",
		}[r.Method]
	}
	return map[string]string{
		http.MethodPut: "PutObject", http.MethodGet: "GetObject",
		http.MethodHead: "HeadObject", http.MethodDelete: "DeleteObject",
	}[r.Method]
}

// settingOf is the operation of a question about the bucket itself, or "".
func settingOf(query url.Values) string {
	for parameter, operation := range map[string]string{
		"object-lock": "GetObjectLockConfiguration", "versioning": "GetBucketVersioning", "encryption": "GetBucketEncryption",
		"lifecycle": "GetBucketLifecycleConfiguration",
	} {
		if query.Has(parameter) {
			return operation
		}
	}
	return ""
}

// Is chooses the requests of one operation: On: s3.Is("UploadPart").
func Is(operation string) func(*http.Request) bool {
	return func(r *http.Request) bool { return Operation(r) == operation }
}

// Answer refuses with an S3 error, such as 503 and "SlowDown", 507 and "InsufficientStorage", 403 and
// "SignatureDoesNotMatch".
func Answer(status int, code string) Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		// The body is read to its end, or the client may see a broken connection instead of the answer.
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			// A client that is gone does not need the answer.
			_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code>`+
				`<Message>scripted fault</Message><RequestId>fault</RequestId></Error>`, code)
		}
	}
}

// Reply answers with a document, as a server with such settings would.
func Reply(document string) Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, document) // a client that is gone does not need the answer
	}
}

// SetClock passes the request on and answers with a date that is so far ahead of the true one.
func SetClock(ahead time.Duration) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&datedWriter{ResponseWriter: w, date: time.Now().Add(ahead)}, r)
	}
}

// WithoutCondition passes the request on without If-None-Match, as a server does that does not know it.
func WithoutCondition() Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Del("If-None-Match")
		next.ServeHTTP(w, r)
	}
}

// datedWriter answers with another date.
type datedWriter struct {
	http.ResponseWriter
	date time.Time
}

func (w *datedWriter) WriteHeader(status int) {
	w.Header().Set("Date", w.date.UTC().Format(http.TimeFormat))
	w.ResponseWriter.WriteHeader(status)
}

// CutRequest reads n bytes of the request's body and closes the connection; the server sees nothing of it.
func CutRequest(n int64) Action {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		// The outcome does not matter: the connection is closed either way.
		_, _ = io.CopyN(io.Discard, r.Body, n)
		panic(http.ErrAbortHandler)
	}
}

// CutResponse passes the request on and closes the connection after n bytes of the answer's body.
func CutResponse(n int64) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&shortWriter{ResponseWriter: w, left: n}, r)
		panic(http.ErrAbortHandler)
	}
}

// LoseResponse passes the request on, lets the server finish, and closes the connection without an answer.
func LoseResponse() Action {
	return func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&lostWriter{header: http.Header{}}, r.WithContext(context.WithoutCancel(r.Context())))
		panic(http.ErrAbortHandler)
	}
}

// Wait passes the request on after a while, or never when the client gives up first.
func Wait(d time.Duration) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		select {
		case <-time.After(d):
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
}

// Hold tells reached about the request and passes it on when release is closed: it stops the world at one moment.
func Hold(reached chan<- struct{}, release <-chan struct{}) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		select {
		case reached <- struct{}{}:
		case <-release:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
		select {
		case <-release:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
}

// shortWriter passes on the first bytes of a body and then breaks the connection.
type shortWriter struct {
	http.ResponseWriter
	left int64
}

func (w *shortWriter) Write(b []byte) (int, error) {
	if int64(len(b)) < w.left {
		w.left -= int64(len(b))
		return w.ResponseWriter.Write(b)
	}
	// The connection is broken next, whatever this write says.
	_, _ = w.ResponseWriter.Write(b[:w.left])
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// lostWriter takes an answer that nobody gets.
type lostWriter struct{ header http.Header }

func (w *lostWriter) Header() http.Header         { return w.header }
func (w *lostWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *lostWriter) WriteHeader(int)             {}
