package health

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

const (
	// mostBody is how much of an answer is read in bytes: one that never ends is cut there.
	mostBody = 1 << 20
	// mostHeader is the same for its headers.
	mostHeader = 64 << 10
)

// HTTP asks a web server over connections of their own for each look, so that DNS, connect and TLS are measured.
type HTTP struct {
	// Method is GET when it is "". URL, Header and Body may hold secrets; nothing of them is told but the host.
	Method, URL string
	Header      map[string]string
	Body        string
	// Status are those that are good; none means 200 to 299.
	Status []int
	// Headers are wanted of the answer, their paths are names; Wants are of its body, and Text of the body as a whole.
	Headers, Wants []Want
	Text           []Test
	// Latency is the longest time until the body is there; 0 means any.
	Latency time.Duration
	// Redirects is how many are followed; with 0 a redirect is an answer as others are.
	Redirects int
	TLS       TLS
	// Now is for certificates and timestamps.
	Now func() time.Time
}

// asking is one look.
type asking struct {
	HTTP
	watch        *stopwatch
	certificates certificates
	hide         secrets
}

// Look asks once.
func (h HTTP) Look(ctx context.Context) Result {
	a := &asking{HTTP: h, watch: newStopwatch()}
	request, err := http.NewRequestWithContext(ctx, cmp.Or(h.Method, http.MethodGet), h.URL, strings.NewReader(h.Body))
	if err != nil {
		return Result{Outcome: Failed, Say: "the URL cannot be understood"}
	}
	a.keep(request.URL)
	for name, value := range h.Header {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "Host") {
			request.Host = value
		}
	}
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", "opsbot")
	}
	request = request.WithContext(httptrace.WithClientTrace(ctx, a.trace()))
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		TLSClientConfig: h.TLS.config("", h.Now()), MaxResponseHeaderBytes: mostHeader,
	}
	client := &http.Client{Transport: transport, CheckRedirect: a.redirect}
	response, err := client.Do(request)
	if err != nil {
		return a.failed(ctx, err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	a.watch.begin("body")
	body, err := io.ReadAll(io.LimitReader(response.Body, mostBody+1))
	if err != nil {
		return a.failed(ctx, err)
	}
	return a.judge(response, body)
}

// keep remembers what of the request must not be read anywhere.
func (a *asking) keep(u *url.URL) {
	a.hide.add(a.Body)
	for _, value := range a.Header {
		a.hide.add(value)
	}
	for _, values := range u.Query() {
		a.hide.add(values...)
	}
	a.hide.add(u.RawQuery)
	if password, ok := u.User.Password(); ok {
		a.hide.add(password)
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if len(part) >= 16 {
			a.hide.add(part) // as the token in the path of a webhook
		}
	}
}

func (a *asking) trace() *httptrace.ClientTrace {
	w := a.watch
	trace := w.trace()
	trace.TLSHandshakeStart = func() { w.begin("TLS") }
	trace.TLSHandshakeDone = func(state tls.ConnectionState, err error) {
		if err == nil {
			w.end("TLS")
			a.certificates.see(state)
		}
	}
	trace.GotConn = func(httptrace.GotConnInfo) { w.begin("first byte") }
	trace.GotFirstResponseByte = func() { w.end("first byte") }
	return trace
}

// redirectFault is why redirects are not followed; what it says may be shown.
type redirectFault struct{ say string }

func (f *redirectFault) Error() string { return f.say }

// redirect decides whether one more is followed.
func (a *asking) redirect(next *http.Request, before []*http.Request) error {
	if a.Redirects == 0 {
		return http.ErrUseLastResponse
	}
	same := func(r *http.Request) bool { return r.Method == next.Method && r.URL.String() == next.URL.String() }
	if i := slices.IndexFunc(before, same); i >= 0 {
		var names []string
		for _, r := range append(before[i:len(before):len(before)], next) {
			names = append(names, a.hide.shown(r.URL.Host+r.URL.Path))
		}
		if len(names) > 4 {
			names = append(names[:3:3], "…", names[len(names)-1])
		}
		return &redirectFault{"it redirects in a circle: " + strings.Join(names, " → ")}
	}
	if len(before) > a.Redirects {
		return &redirectFault{fmt.Sprintf("it redirects more than %s, the last time to %s",
			chat.Plural(int64(a.Redirects), "time"), a.hide.shown(next.URL.Host+next.URL.Path))}
	}
	if first := before[0].URL; next.URL.Host != first.Host || next.URL.Scheme != first.Scheme {
		for name := range a.Header {
			next.Header.Del(name) // they are meant for the one host; Go would take some along
		}
	}
	return nil
}

func (a *asking) failed(ctx context.Context, err error) Result {
	phases, took, hung := a.watch.done()
	r := broken(ctx, err, took, hung, a.hide)
	if fault, ok := errors.AsType[*redirectFault](err); ok {
		r = Result{Outcome: Failed, Took: took, Say: sentence(fault.say)}
	}
	r.Phases = phases
	return r
}

// judge holds the answer to what is wanted.
func (a *asking) judge(response *http.Response, body []byte) Result {
	r := Result{Outcome: OK}
	r.Phases, r.Took, _ = a.watch.done()
	now := a.Now()
	good, fault, figures := a.certificates.found(a.TLS, now)
	r.Figures = append([]Figure{{"status", float64(response.StatusCode), ""}}, figures...)
	var faults []string
	if say := a.status(response.StatusCode); say != "" {
		faults = append(faults, say)
	}
	if fault != "" {
		faults = append(faults, fault)
	}
	for _, want := range a.Headers {
		faults = append(faults, want.header(response.Header, now, a.hide)...)
	}
	if len(a.Text) > 0 || len(a.Wants) > 0 {
		faults = append(faults, a.body(body, now, len(faults) > 0)...)
	}
	if a.Latency > 0 && r.Took > a.Latency {
		faults = append(faults, fmt.Sprintf("answered after %s, more than %s", chat.Span(r.Took), chat.Span(a.Latency)))
	}
	if len(faults) > 0 {
		r.Outcome, r.Say = Failed, sentence(faults...)
		return r
	}
	r.Say = fmt.Sprintf("answered %d after %s", response.StatusCode, chat.Span(r.Took))
	if good != "" {
		r.Say = sentence(r.Say, good)
	}
	return r
}

func (a *asking) status(got int) string {
	if len(a.Status) == 0 && got >= 200 && got <= 299 || slices.Contains(a.Status, got) {
		return ""
	}
	wanted := []string{}
	for _, status := range a.Status {
		wanted = append(wanted, fmt.Sprint(status))
	}
	return fmt.Sprintf("answered %d instead of %s", got, cmp.Or(strings.Join(wanted, " or "), "2xx"))
}

// body holds the body to what is wanted; what cannot be read is no news where something else is wrong already.
func (a *asking) body(body []byte, now time.Time, wrong bool) (faults []string) {
	if len(body) > mostBody {
		return []string{"the answer does not end after " + chat.Bytes(mostBody)}
	}
	for _, test := range a.Text {
		if fault := test.fault(string(body), now, a.hide); fault != "" {
			faults = append(faults, "the answer "+fault)
		}
	}
	if len(a.Wants) == 0 {
		return faults
	}
	document, err := readJSON(body)
	if err != nil {
		if wrong {
			return faults
		}
		return append(faults, "the answer is no JSON")
	}
	for _, want := range a.Wants {
		faults = append(faults, want.faults(document, now, a.hide)...)
	}
	return faults
}
