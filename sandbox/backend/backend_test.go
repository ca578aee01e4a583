package backend_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/backend"
)

func start(t *testing.T, o backend.Options) *backend.Server {
	t.Helper()
	s, err := backend.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func get(t *testing.T, c *http.Client, url string, within time.Duration) (*http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	require.NoError(t, err)
	res, err := c.Do(req)
	if err == nil {
		t.Cleanup(func() { res.Body.Close() })
	}
	return res, err
}

func object(t *testing.T, url string) map[string]any {
	t.Helper()
	res, err := get(t, http.DefaultClient, url, 10*time.Second)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	var o map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&o))
	return o
}

func TestAHealthyBackend(t *testing.T) {
	now := time.Date(2024, 10, 3, 8, 0, 0, 0, time.UTC)
	s := start(t, backend.Options{Now: func() time.Time { return now }})
	now = now.Add(90 * time.Second)
	require.Equal(t, map[string]any{"status": "OK", "timestamp": "2024-10-03T08:01:30.000Z", "uptime": 90.0}, object(t, s.URL()+"/api/health"))
	s.Deploy("1.1.0")
	system := object(t, s.URL()+"/admin/system/health")
	require.Equal(t, "1.1.0", system["version"])
	require.Equal(t, 0.0, system["uptime"])
	require.Contains(t, system, "memory")
	require.Contains(t, system, "cpu")
	s.Set(backend.Fault{Stale: time.Hour})
	require.Equal(t, "2024-10-03T07:01:30.000Z", object(t, s.URL()+"/api/health")["timestamp"])
	require.Equal(t, 2, s.Asked("/api/health"))
}

func TestFaults(t *testing.T) {
	s := start(t, backend.Options{})
	ask := func(f backend.Fault) (*http.Response, error) {
		f.Path = "/api/health"
		s.Set(f)
		return get(t, http.DefaultClient, s.URL()+"/api/health", 300*time.Millisecond)
	}
	res, err := ask(backend.Fault{Status: 500, Body: `{"status":"DOWN"}`})
	require.NoError(t, err)
	require.Equal(t, 500, res.StatusCode)
	res, err = ask(backend.Fault{Body: "<html>"})
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "<html>", string(body))
	_, err = ask(backend.Fault{Delay: time.Minute})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = ask(backend.Fault{Hang: true})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = ask(backend.Fault{Reset: true})
	require.ErrorIs(t, err, syscall.ECONNRESET)
	_, err = ask(backend.Fault{Circle: true})
	require.ErrorContains(t, err, "stopped after 10 redirects")
	res, err = ask(backend.Fault{Endless: true})
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, res.Body, 1<<20)
	require.NoError(t, err, "a megabyte is only the beginning")
	object(t, s.URL()+"/admin/system/health") // another path is well
	s.Set(backend.Fault{})
	object(t, s.URL()+"/api/health")
}

func TestCertificates(t *testing.T) {
	s := start(t, backend.Options{})
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Roots()}}}
	ask := func(c backend.Certificate, with *http.Client) (*http.Response, error) {
		url, err := s.ServeTLS(c)
		require.NoError(t, err)
		return get(t, with, url+"/api/health", 10*time.Second)
	}
	soon := time.Now().Add(48 * time.Hour)
	res, err := ask(backend.Certificate{Expires: soon}, trusting)
	require.NoError(t, err)
	require.WithinDuration(t, soon, res.TLS.PeerCertificates[0].NotAfter, time.Second)
	var invalid x509.CertificateInvalidError
	_, err = ask(backend.Certificate{Expires: time.Now().Add(-time.Hour)}, trusting)
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, x509.Expired, invalid.Reason)
	var wrong x509.HostnameError
	_, err = ask(backend.Certificate{Names: []string{"api.example"}}, trusting)
	require.ErrorAs(t, err, &wrong)
	var unknown x509.UnknownAuthorityError
	_, err = ask(backend.Certificate{}, http.DefaultClient)
	require.ErrorAs(t, err, &unknown)
}

func TestThePageSetsTheMood(t *testing.T) {
	s := start(t, backend.Options{})
	post := func(mood string) *http.Response {
		r, err := http.PostForm(s.URL()+"/mood/"+mood, nil) // follows to the page
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, r.Body.Close()) })
		return r
	}
	health := func() int {
		r, err := get(t, http.DefaultClient, s.URL()+"/api/health", time.Second)
		require.NoError(t, err)
		return r.StatusCode
	}
	page, err := io.ReadAll(post("failing").Body)
	require.NoError(t, err)
	require.Contains(t, string(page), `<button formaction="/mood/failing" aria-pressed="true">Answer 503`)
	require.Equal(t, http.StatusServiceUnavailable, health())
	require.Equal(t, http.StatusOK, post("well").StatusCode, "no fault touches the page")
	require.Equal(t, http.StatusOK, health())
	require.Equal(t, http.StatusNotFound, post("happy").StatusCode)
}
