package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// wire stands between the bot's process and both Slack and GitHub. It learns which calls the bot makes, told apart by
// what people did before them, the method and what it is about. Once it is armed it holds each of them twice until the
// process is killed: before the call is carried out, and after, when the answer is on its way.
type wire struct {
	*testing.T
	slack, github *httptest.Server
	channel       func(id string) string // answers what a channel is in the story

	mu   sync.Mutex
	step string
	// armed says at which calls the process is killed; nil means at none.
	armed func(name string) bool
	// about is what a message is about, by its channel and timestamp.
	about map[string]string
	calls map[string]*kills
	// dead ends with the process that has been caught; it is nil while none is.
	dead   chan struct{}
	caught chan string
	busy   int
}

// kills says where around a call the process was killed.
type kills struct{ before, after bool }

// unheld are calls that are not about an incident: the bot connects, and asks who it is.
var unheld = regexp.MustCompile(`^(auth\.test|apps\.connections\.open|api\.test|bots\.info|team\.info)$`)

// reads change nothing, so being killed after one is being killed before the next call.
var reads = regexp.MustCompile(`^(GET |\w+\.(info|list|history|replies|members|getPermalink)|usergroups\.users\.list|conversations\.open|views\.)`)

// openWire puts the wire into the configuration that the bot is started with.
func openWire(t *testing.T, th *theater) *wire {
	w := &wire{T: t, about: map[string]string{}, calls: map[string]*kills{}, caught: make(chan string, 1)}
	text, err := os.ReadFile(th.ConfigFile())
	require.NoError(t, err)
	for _, side := range []struct {
		server **httptest.Server
		api    string
		call   func(*http.Request, []byte) (method, about string)
		learn  func([]byte, string)
	}{
		{&w.slack, th.Slack.APIURL(), w.slackCall, w.learn},
		{&w.github, th.GitHub.APIURL(), githubCall, func([]byte, string) {}},
	} {
		target, err := url.Parse(side.api)
		require.NoError(t, err)
		behind := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = target.Scheme, target.Host, target.Host
		}}
		*side.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.serve(rw, r, behind, strings.TrimSuffix(target.Path, "/"), side.call, side.learn)
		}))
		t.Cleanup((*side.server).Close)
		require.Contains(t, string(text), side.api)
		text = bytes.ReplaceAll(text, []byte(side.api), []byte((*side.server).URL+target.Path))
	}
	require.NoError(t, os.WriteFile(th.ConfigFile(), text, 0o600))
	return w
}

func (w *wire) serve(rw http.ResponseWriter, r *http.Request, behind http.Handler, path string,
	call func(*http.Request, []byte) (string, string), learn func([]byte, string)) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	below := r.Clone(r.Context())
	below.URL.Path = strings.TrimPrefix(r.URL.Path, path)
	method, about := call(below, body)

	before, after, dead := w.enter(method, about)
	defer w.leave()
	if before {
		w.hang(dead)
	}
	// What Slack or GitHub has begun they carry out, whatever becomes of the process.
	answer := httptest.NewRecorder()
	behind.ServeHTTP(answer, r.WithContext(w.Context()))
	learn(answer.Body.Bytes(), about)
	if after {
		w.hang(dead)
	}
	for name, values := range answer.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes()) // whoever is gone does not read it
}

// enter says whether the process is to be killed at this call. One that is being killed already gets no further.
func (w *wire) enter(method, about string) (before, after bool, dead chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy++
	if w.dead != nil {
		return true, false, w.dead
	}
	if unheld.MatchString(method) {
		return false, false, nil
	}
	step := w.step
	if strings.Contains(method, "/") {
		step = "GitHub" // each is waited for 10 s, so what is filed alike is not killed again
	}
	name := strings.TrimSpace(step + ": " + method + " " + about)
	k := w.calls[name]
	if k == nil {
		k = &kills{}
		w.calls[name] = k
	}
	switch {
	case w.armed == nil || !w.armed(name):
		return false, false, nil
	case !k.before:
		k.before, before = true, true
	case !k.after && !reads.MatchString(method):
		k.after, after = true, true
	default:
		return false, false, nil
	}
	w.dead = make(chan struct{})
	w.caught <- name
	return before, after, w.dead
}

func (w *wire) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
}

// hang waits until the process is dead.
func (w *wire) hang(dead <-chan struct{}) {
	select {
	case <-dead:
	case <-w.Context().Done():
	}
	panic(http.ErrAbortHandler)
}

// buried lets calls through again: they come from the next process.
func (w *wire) buried() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.dead)
	w.dead = nil
}

// begins says what people do next.
func (w *wire) begins(step string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step = step
}

func (w *wire) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.busy == 0
}

// names are the calls that were seen, sorted.
func (w *wire) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for name := range w.calls {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// slackCall names a call of Slack's, and what it is about: the message, the channel, the bookmark.
func (w *wire) slackCall(r *http.Request, body []byte) (method, about string) {
	method = strings.TrimPrefix(r.URL.Path, "/")
	params := r.URL.Query()
	if form, err := url.ParseQuery(string(body)); err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form") {
		params = form
	} else {
		var fields map[string]any
		if json.Unmarshal(body, &fields) == nil {
			for name, value := range fields {
				if text, ok := value.(string); ok {
					params.Set(name, text)
				} else if text, err := json.Marshal(value); err == nil {
					params.Set(name, string(text))
				}
			}
		}
	}
	var words []string
	if name := params.Get("metadata"); name != "" {
		var metadata struct {
			Payload struct {
				Key string `json:"key"`
			} `json:"event_payload"`
		}
		if err := json.Unmarshal([]byte(name), &metadata); err != nil {
			w.Errorf("%s: metadata %s: %v", method, name, err)
		}
		if words = append(words, plain(metadata.Payload.Key)); !strings.HasPrefix(metadata.Payload.Key, "incident/") {
			words[0] = "an answer"
		}
	}
	at := params.Get("channel") + " " + params.Get("ts")
	w.mu.Lock()
	if known := w.about[at]; known != "" {
		words = append(words, known)
	}
	w.mu.Unlock()
	if id := params.Get("channel"); id != "" {
		words = append(words, "in "+w.channel(id))
	} else if id := params.Get("channel_id"); id != "" {
		words = append(words, "in "+w.channel(id))
	}
	if title := params.Get("title"); title != "" {
		words = append(words, title)
	}
	return method, strings.Join(words, " ")
}

// learn keeps what a message is about once Slack has said where it stands.
func (w *wire) learn(answer []byte, about string) {
	var posted struct{ Channel, TS string }
	if json.Unmarshal(answer, &posted) != nil || posted.TS == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	at := posted.Channel + " " + posted.TS
	if what, _, ok := strings.Cut(about, " in "); ok && w.about[at] == "" {
		w.about[at] = what
	}
}

var marked = regexp.MustCompile(`opsbot:[0-9a-f]+:([A-Za-z0-9:._-]+)`)

// githubCall names a request to GitHub, and what it files.
func githubCall(r *http.Request, body []byte) (method, about string) {
	if mark := marked.FindSubmatch(body); mark != nil {
		about = string(mark[1])
	}
	return r.Method + " " + r.URL.Path, about
}
