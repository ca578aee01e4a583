package github

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// version is the version of the API that is spoken here.
// https://docs.github.com/en/rest/about-the-rest-api/api-versions
const version = "2022-11-28"

// call is one request to the API.
type call struct {
	id       string
	method   string
	path     string // below the API, as it was sent
	header   http.Header
	endpoint *endpoint
	named    map[string]string // by the path
	query    url.Values
	sent     any            // the JSON body
	fields   map[string]any // the body if it is an object
	media    string         // "raw", "text", "html" or "full"
	token    *token
	user     *user
	repo     *repo
}

// answer is what an endpoint answers when all went well. status is 200 by default; no body makes it 204.
type answer struct {
	status  int
	body    any
	headers map[string]string
}

// response is an answer on its way.
type response struct {
	status  int
	header  http.Header
	body    []byte
	message string // of an error
}

// serveAPI answers one request to the API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	started := s.opts.Now()
	c := &call{id: requestID(), method: r.Method, path: strings.TrimPrefix(r.URL.EscapedPath(), apiPath), header: r.Header, query: r.URL.Query()}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
	if err != nil {
		return // the client has gone away, or sent more than anyone would take
	}
	s.mu.Lock()
	c.endpoint, c.named = route(r.Method, s.byName(c.path))
	s.mu.Unlock()
	trouble := s.faults.take(c)
	var out response
	if trouble == nil || trouble.Perform {
		s.mu.Lock()
		out = s.respond(c, raw)
		s.mu.Unlock()
	}
	if trouble != nil {
		out = trouble.spoil(r.Context(), s.ctx, c, out)
	}
	s.note(c, raw, out, trouble, started)
	if out.status == 0 {
		panic(http.ErrAbortHandler) // what net/http offers for cutting a connection without an answer
	}
	for k, v := range out.header {
		w.Header()[k] = v
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body) // a client that has gone away needs no answer
}

func requestID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // it never fails: crypto/rand
	return strings.ToUpper(fmt.Sprintf("%x:%x:%x", b[:2], b[2:5], b[5:]))
}

// byName turns /repositories/{id}, to which redirects lead, into /repos/{owner}/{repo}.
func (s *Server) byName(path string) string {
	rest, ok := strings.CutPrefix(path, "/repositories/")
	if !ok {
		return path
	}
	id, rest, _ := strings.Cut(rest, "/")
	for _, r := range s.repos {
		if fmt.Sprint(r.id) == id {
			return strings.TrimSuffix("/repos/"+r.fullName()+"/"+rest, "/")
		}
	}
	return path
}

// respond does what a request asks for.
func (s *Server) respond(c *call, raw []byte) response {
	out := response{status: http.StatusOK, header: http.Header{}}
	for k, v := range map[string]string{
		"X-GitHub-Request-Id": c.id, "X-GitHub-Media-Type": "github.v3; format=json", "Server": "github.com",
		"X-GitHub-Api-Version-Selected": version, "Content-Type": "application/json; charset=utf-8",
		"Cache-Control": "private, max-age=60, s-maxage=60", "X-Content-Type-Options": "nosniff",
		"Vary": "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With",
	} {
		out.header[http.CanonicalHeaderKey(k)] = []string{v}
	}
	a, err := s.perform(c, raw)
	c.rightsHeaders(out.header)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		out.status, out.message = refused.status, refused.message
		for k, v := range refused.headers {
			out.header.Set(k, v)
		}
		out.body = encode(refused.body(c.endpoint))
	case err != nil:
		s.log.Error("an endpoint failed", "call", c.endpoint.call, "error", err)
		out.status, out.body, out.message = http.StatusInternalServerError, encode(object{"message": "Server Error"}), "Server Error"
	default:
		s.finish(c, a, &out)
	}
	s.rateHeaders(c, out.header)
	return out
}

// finish writes a good answer, or that nothing has changed since the client asked last, which costs nothing.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
func (s *Server) finish(c *call, a answer, out *response) {
	for k, v := range a.headers {
		out.header.Set(k, v)
	}
	if a.body == nil {
		out.header.Del("Content-Type")
		out.status = http.StatusNoContent
		return
	}
	if a.status != 0 {
		out.status = a.status
	}
	out.body = encode(a.body)
	if c.endpoint.writes() {
		return
	}
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(out.body))
	out.header.Set("ETag", tag)
	for _, known := range strings.Split(c.header.Get("If-None-Match"), ",") {
		if known = strings.TrimSpace(known); known == "*" || strings.TrimPrefix(known, "W/") == strings.TrimPrefix(tag, "W/") {
			out.status, out.body = http.StatusNotModified, nil
			out.header.Del("Content-Type")
			s.refund(c)
			return
		}
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("github sandbox: an answer is no JSON: %v", err)) // it is made of maps, slices and scalars
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// perform checks a request and does it.
func (s *Server) perform(c *call, raw []byte) (answer, error) {
	if c.header.Get("User-Agent") == "" {
		return answer{}, refuse(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check https://developer.github.com for other possible causes.")
	}
	if v := c.header.Get("X-GitHub-Api-Version"); v != "" && v != version {
		return answer{}, refuse(http.StatusBadRequest, "The version of the API that was requested, %q, is not supported. The supported versions are %q.", v, version)
	}
	if err := s.identify(c, c.header.Get("Authorization")); err != nil {
		return answer{}, err
	}
	if c.endpoint == nil {
		return answer{}, notFound()
	}
	if err := c.accept(); err != nil {
		return answer{}, err
	}
	if err := s.spend(c); err != nil {
		return answer{}, err
	}
	if c.endpoint.ofRepo() {
		if err := s.enter(c); err != nil {
			return answer{}, err
		}
	}
	if c.endpoint.writes() {
		if err := c.decode(raw); err != nil {
			return answer{}, err
		}
	}
	return c.endpoint.run(s, c)
}

// accept reads what form of answer is wanted.
// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#media-types
func (c *call) accept() error {
	c.media = "raw"
	known := len(c.header.Values("Accept")) == 0
	for _, part := range strings.Split(strings.Join(c.header.Values("Accept"), ","), ",") {
		kind, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch {
		case kind == "*/*", kind == "application/*", kind == "application/json":
			known = true
		case strings.HasPrefix(kind, "application/vnd.github"):
			known = true
			for _, media := range []string{"raw", "text", "html", "full"} {
				if strings.Contains(kind, "."+media) {
					c.media = media
				}
			}
		}
	}
	if !known {
		return refuse(http.StatusUnsupportedMediaType, "Unsupported 'Accept' header: %q. Must accept 'application/json'.", c.header.Get("Accept"))
	}
	return nil
}

// enter finds the repository of a request, and says whether it may do there what it wants.
func (s *Server) enter(c *call) error {
	r, moved := s.findRepo(c.named["owner"] + "/" + c.named["repo"])
	if r == nil {
		return notFound()
	}
	if moved {
		if !c.sees(r) {
			return notFound()
		}
		_, rest, _ := strings.Cut(strings.TrimPrefix(c.path, "/repos/"), "/")
		_, rest, _ = strings.Cut(rest, "/")
		return c.redirect(strings.TrimSuffix(fmt.Sprintf("%srepositories/%d/%s", s.APIURL(), r.id, rest), "/"))
	}
	c.repo = r
	return s.authorize(c)
}

// redirect leads to another address for good. What is not a GET is asked to come again as it was, with 307.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
func (c *call) redirect(to string) error {
	status := http.StatusMovedPermanently
	if c.endpoint.writes() {
		status = http.StatusTemporaryRedirect
	}
	if len(c.query) > 0 {
		to += "?" + c.query.Encode()
	}
	return &refusal{status: status, message: "Moved Permanently", headers: map[string]string{"Location": to},
		with: object{"url": to}, docs: docsRoot + "/guides/best-practices-for-using-the-rest-api#follow-redirects"}
}

// Request is one request that the API has seen. Tokens are left out.
type Request struct {
	// Method and Path are what was sent, below the API; Call is the endpoint in the form of its documentation, such as
	// "GET /repos/{owner}/{repo}/issues", or "" for none.
	Method, Path, Call string
	Query              url.Values
	Body               json.RawMessage
	// Token is the name of the token, User the login: both "" for nobody.
	Token, User string
	// Status is 0 when there was no answer; Message is that of an error; Answer is only given to Options.Traffic.
	Status  int
	Message string
	Answer  json.RawMessage
	// ID is the X-GitHub-Request-Id; Faulty says that a fault was at work.
	ID     string
	Faulty bool
	Time   time.Time
	Took   time.Duration
}

// keptRequests bounds the memory of requests; the oldest half is dropped beyond it.
const keptRequests = 20_000

// Requests answers the requests seen so far, in the order in which they ended; of very many the newest.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// note keeps a request and tells Options.Traffic of it. The lock is not held.
func (s *Server) note(c *call, raw []byte, out response, t *Trouble, started time.Time) {
	seen := Request{Method: c.method, Path: c.path, Query: c.query, Status: out.status, Message: out.message, ID: c.id,
		Faulty: t != nil, Time: started, Took: s.opts.Now().Sub(started)}
	if json.Valid(raw) {
		seen.Body = raw
	}
	if c.endpoint != nil {
		seen.Call = c.endpoint.call
	}
	if c.token != nil {
		seen.Token, seen.User = c.token.Name, c.user.login
	}
	s.mu.Lock()
	if len(s.requests) >= keptRequests {
		s.requests = append([]Request(nil), s.requests[keptRequests/2:]...)
	}
	s.requests = append(s.requests, seen)
	s.mu.Unlock()
	s.log.Debug("api", "method", c.method, "path", c.path, "status", out.status)
	if s.opts.Traffic != nil {
		seen.Answer = out.body
		s.traffic.Lock()
		defer s.traffic.Unlock()
		s.opts.Traffic(seen)
	}
}
