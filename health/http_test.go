package health_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kampyn/opsbot/health"
	"github.com/stretchr/testify/require"
)

// asked is a probe of a server with usual bounds.
func asked(url string) health.HTTP { return health.HTTP{URL: url, Redirects: 10, Now: time.Now} }

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// answering serves one status and body.
func answering(t *testing.T, status int, body string) string {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}).URL
}

func TestHTTPAnswers(t *testing.T) {
	h := asked(answering(t, 200, `{"status":"OK"}`))
	h.Wants = []health.Want{{Path: "status", Tests: []health.Test{{Op: health.Is, Value: "OK"}}}}
	r := look(t, h.Look, 5*time.Second)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, `^answered 200 after \d`, r.Say)
	require.Equal(t, []string{"connect", "first byte", "body"}, phases(r))
	require.Equal(t, 200.0, figure(t, r, "status"))
	require.Positive(t, r.Took)
	var sum time.Duration
	for _, p := range r.Phases {
		sum += p.Took
	}
	require.LessOrEqual(t, sum, r.Took)
}

func TestHTTPStatus(t *testing.T) {
	h := asked(answering(t, 503, "down"))
	require.Equal(t, "answered 503 instead of 2xx", look(t, h.Look, time.Minute).Say)
	h.Status = []int{200, 204}
	h.Wants = []health.Want{{Path: "status", Tests: []health.Test{{Op: health.Is, Value: "OK"}}}}
	r := look(t, h.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Equal(t, "answered 503 instead of 200 or 204", r.Say, "that the page of an error is no JSON is no news")
	h.Status = []int{503}
	require.Equal(t, "the answer is no JSON", look(t, h.Look, time.Minute).Say)
}

func TestHTTPSendsWhatIsConfigured(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", fmt.Sprintf("%s %s %s %s", r.Method, r.Host, r.Header.Get("Authorization"), body))
	})
	h := asked(server.URL)
	h.Method, h.Body = "PUT", "ping"
	h.Header = map[string]string{"Authorization": "Bearer s3cret-token", "host": "inside.example"}
	h.Headers = []health.Want{{Path: "x-seen", Tests: []health.Test{{Op: health.Is, Value: "PUT inside.example Bearer s3cret-token ping"}}}}
	r := look(t, h.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	h.Headers[0].Tests[0].Value = "nothing"
	r = look(t, h.Look, time.Minute)
	require.Equal(t, "`x-seen` is `PUT ••• ••• •••` instead of `nothing`", r.Say, "a server that echoes gives away no secret")
	h.Headers = []health.Want{{Path: "x-none"}}
	require.Equal(t, "the header `x-none` is missing", look(t, h.Look, time.Minute).Say)
}

func TestHTTPMeasuresEveryLookAnew(t *testing.T) {
	opened := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened++
		}
	}
	server.Start()
	defer server.Close()
	h := asked(strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
	for range 2 {
		r := look(t, h.Look, time.Minute)
		require.Equal(t, []string{"DNS", "connect", "first byte", "body"}, phases(r))
	}
	server.Close()
	require.GreaterOrEqual(t, opened, 2)
}

func TestHTTPLatency(t *testing.T) {
	h := asked(answering(t, 200, ""))
	h.Latency = time.Nanosecond
	r := look(t, h.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Regexp(t, `^answered after .*, more than 0 ms$`, r.Say)
}

func TestHTTPRedirects(t *testing.T) {
	h := asked(serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/end":
			_, _ = io.WriteString(w, "there")
		case "/a", "/b", "/c":
			next := map[string]string{"/a": "/b", "/b": "/c", "/c": "/b"}[r.URL.Path] + "?token=sesame-open"
			http.Redirect(w, r, next, http.StatusFound)
		case "/on":
			http.Redirect(w, r, "/on?"+r.URL.RawQuery+"x", http.StatusFound)
		default:
			http.Redirect(w, r, "/end", http.StatusFound)
		}
	}).URL)
	root := h.URL
	host := strings.TrimPrefix(root, "http://")
	h.Text = []health.Test{{Op: health.Is, Value: "there"}}
	require.Equal(t, health.OK, look(t, h.Look, time.Minute).Outcome)

	h.URL = root + "/a?from=sesame-open"
	r := look(t, h.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Equal(t, "it redirects in a circle: `"+host+"/b` → `"+host+"/c` → `"+host+"/b`", r.Say)

	h.URL = root + "/on"
	require.Equal(t, "it redirects more than 10 times, the last time to `"+host+"/on`", look(t, h.Look, time.Minute).Say)

	h.URL, h.Redirects, h.Text, h.Status = root, 0, nil, []int{302}
	require.Equal(t, health.OK, look(t, h.Look, time.Minute).Outcome, "the redirect is the answer")
}

func TestHTTPRedirectTakesNoSecretsAlong(t *testing.T) {
	got := make(chan http.Header, 1)
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { got <- r.Header })
	h := asked(serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }).URL)
	h.Header = map[string]string{"X-Api-Key": "sesame-open"}
	require.Equal(t, health.OK, look(t, h.Look, time.Minute).Outcome)
	require.Empty(t, (<-got).Get("X-Api-Key"))
}

func TestHTTPEndlessBody(t *testing.T) {
	h := asked(serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}).URL)
	r := look(t, h.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, "nobody asked for the body")
	h.Text = []health.Test{{Op: health.Contains, Value: "x"}}
	r = look(t, h.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Equal(t, "the answer does not end after 1.05 MB", r.Say)
}

func TestHTTPEndlessHeaders(t *testing.T) {
	h := asked("http://" + listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(conn, "X-More: "+strings.Repeat("x", 1000)+"\r\n"); err != nil {
				return
			}
		}
	}))
	r := look(t, h.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Contains(t, r.Say, "no answer that can be understood: ")
	require.LessOrEqual(t, len([]rune(r.Say)), 200)
}

func TestHTTPTroubledServers(t *testing.T) {
	drip := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	short := func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		_ = conn.Close()
	}
	mute := func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		_ = conn.Close()
	}
	garbage := func(conn net.Conn) { _, _ = io.WriteString(conn, "SSH-2.0-OpenSSH\r\n") }
	for name, test := range map[string]struct{ url, say string }{
		"hangs":            {"http://" + listen(t, hang), "^no answer within [2-9]\\d\\d ms, hung at first byte$"},
		"hangs at TLS":     {"https://" + listen(t, hang), "^no answer within [2-9]\\d\\d ms, hung at TLS$"},
		"drips for ever":   {drip.URL, "^no answer within [2-9]\\d\\d ms, hung at body$"},
		"resets":           {"http://" + listen(t, reset), "^the connection was reset$"},
		"resets at TLS":    {"https://" + listen(t, reset), "^the connection was reset$"},
		"stops half-way":   {"http://" + listen(t, short), "^the connection was closed in the middle of the answer$"},
		"says nothing":     {"http://" + listen(t, mute), "^the connection was closed without an answer$"},
		"is not there":     {"http://" + nobody(t), "^nothing listens there: the connection was refused$"},
		"speaks no HTTP":   {"http://" + listen(t, garbage), "^no answer that can be understood: (.*malformed HTTP|it came before anything was asked$)"},
		"speaks no TLS":    {"https" + strings.TrimPrefix(answering(t, 200, ""), "http"), "^it does not speak TLS there$"},
		"has a broken URL": {"http://%zz/", "^the URL cannot be understood$"},
	} {
		t.Run(name, func(t *testing.T) {
			h := asked(test.url)
			h.Header = map[string]string{"Authorization": "sesame-open"}
			r := look(t, h.Look, 200*time.Millisecond)
			require.Equal(t, health.Failed, r.Outcome)
			require.Regexp(t, test.say, r.Say)
			require.NotContains(t, r.Say, "sesame")
		})
	}
}

func TestHTTPStopped(t *testing.T) {
	h := asked("http://" + listen(t, hang))
	ctx, cancel := contextThatEnds(t)
	defer cancel()
	r := h.Look(ctx)
	require.Equal(t, health.Unknown, r.Outcome, "a stop of opsbot says nothing about the server")
	require.Equal(t, "the look was broken off", r.Say)
}

func TestHTTPCertificates(t *testing.T) {
	a, now := newAuthority(t), time.Now()
	stranger, own := newAuthority(t), &authority{t: t}
	for name, test := range map[string]struct {
		cert tls.Certificate
		left time.Duration
		say  string
	}{
		"good":          {a.sign(now.Add(-day), now.Add(90*day+time.Hour)), 30 * day, `^answered 200 after .*, certificate good for 90 days$`},
		"soon expiring": {a.sign(now.Add(-day), now.Add(12*day+time.Hour)), 30 * day, `^the certificate ends in 12 days, on 20\d\d-\d\d-\d\d$`},
		"in hours":      {a.sign(now.Add(-day), now.Add(5*time.Hour+time.Minute)), day, `^the certificate ends in 5 h, on `},
		"expired":       {a.sign(now.Add(-9*day), now.Add(-3*day)), 0, `^the certificate expired on ` + now.Add(-3*day).UTC().Format(time.DateOnly)},
		"too early":     {a.sign(now.Add(3*day), now.Add(9*day)), 0, `^the certificate is not valid before `},
		"wrong name":    {a.sign(now.Add(-day), now.Add(90*day), "shop.example", "www.shop.example"), 0, "^the certificate is for `shop.example, www.shop.example`, not for `127.0.0.1`$"},
		"self-signed":   {own.sign(now.Add(-day), now.Add(90*day)), 0, `^the certificate is self-signed$`},
		"stranger":      {stranger.sign(now.Add(-day), now.Add(90*day)), 0, "^the certificate's authority is unknown here: `Test Authority`$"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{test.cert}}
			server.Config.ErrorLog = quiet()
			server.StartTLS()
			defer server.Close()
			h := asked(server.URL)
			h.TLS = health.TLS{Roots: a.roots, Left: test.left}
			r := look(t, h.Look, time.Minute)
			require.Regexp(t, test.say, r.Say)
			require.Equal(t, name == "good", r.Outcome == health.OK)
			require.Contains(t, phases(r), "TLS")
		})
	}
}
