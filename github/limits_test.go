package github_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		trouble sandbox.Trouble
		wait    time.Duration // about
	}{
		"primary":                  {sandbox.Trouble{PrimaryLimit: 20 * time.Minute}, 20 * time.Minute},
		"primary, 429":             {sandbox.Trouble{PrimaryLimit: 20 * time.Minute, TooMany: true}, 20 * time.Minute},
		"secondary":                {sandbox.Trouble{SecondaryLimit: 5 * time.Minute}, 5 * time.Minute},
		"secondary, 429":           {sandbox.Trouble{SecondaryLimit: 5 * time.Minute, TooMany: true}, 5 * time.Minute},
		"secondary without a time": {sandbox.Trouble{SecondaryLimit: -1}, time.Minute},
		"429 without a time":       {sandbox.Trouble{SecondaryLimit: -1, TooMany: true}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, sandbox.Options{})
			var ahead atomic.Int64
			s.repo = s.client(github.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
			s.Faults().On(createCall, 1, c.trouble)
			_, err := s.repo.File(s.ctx, draft())
			until, limited := github.Limited(err)
			require.True(t, limited, "%v", err)
			require.WithinDuration(t, time.Now().Add(c.wait), until, 10*time.Second)
			wait, passing := github.Passing(err)
			require.True(t, passing)
			require.InDelta(t, c.wait.Seconds(), wait.Seconds(), 10)
			require.Equal(t, http.StatusTooManyRequests, github.Status(err))
			what, _ := github.Explain(err)
			require.Contains(t, what, until.UTC().Format("15:04:05 UTC"))

			seen := len(s.Requests())
			_, err = s.repo.File(s.ctx, draft())
			_, limited = github.Limited(err)
			require.True(t, limited)
			require.Len(t, s.Requests(), seen, "nothing is asked before")

			ahead.Store(int64(c.wait + 5*time.Second))
			_, err = s.repo.File(s.ctx, draft())
			require.NoError(t, err)
			require.Len(t, s.Issues(backend), 1)
		})
	}
}

func TestWaitsLongerForEachLimitWithoutATime(t *testing.T) {
	s := open(t, sandbox.Options{})
	now := time.Now()
	s.repo = s.client(github.Options{Now: func() time.Time { return now }})
	s.Faults().On(readCall, 6, sandbox.Trouble{SecondaryLimit: -1})
	for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 16} {
		_, err := s.repo.Read(s.ctx, 1)
		until, limited := github.Limited(err)
		require.True(t, limited)
		require.Equal(t, minutes*time.Minute, until.Sub(now))
		now = until
	}
	_, err := s.repo.Read(s.ctx, 1)
	require.Equal(t, http.StatusNotFound, github.Status(err))
}

// answering is a client of a server that answers everything alike.
func answering(t *testing.T, h http.HandlerFunc) *github.Repo {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	repo, err := github.New(github.Options{Repo: backend, Token: "ghp_secret", APIURL: server.URL, Pace: -1, Timeout: time.Second})
	require.NoError(t, err)
	return repo
}

func TestRefusalsAreToldInGitHubsWords(t *testing.T) {
	for status, c := range map[int]struct{ body, what string }{
		401: {`{"message":"Bad credentials"}`, "does not accept the token"},
		403: {`{"message":"Resource not accessible by personal access token"}`, "“Resource not accessible by personal access token”"},
		404: {`{"message":"Not Found"}`, "no such repository or issue"},
		410: {`{"message":"Issues has been disabled in this repository."}`, "“Issues has been disabled in this repository”"},
		422: {`{"message":"Validation Failed","errors":[{"resource":"Issue","code":"missing_field","field":"title"},{"code":"custom","field":"body","message":"body is too long (maximum is 65536 characters)"}]}`,
			"“Validation Failed: title missing field, body is too long (maximum is 65536 characters)”"},
		451: {`blocked`, "status 451"},
	} {
		repo := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Remaining", "4999")
			w.Header().Set("X-RateLimit-Reset", "1")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, c.body)
		})
		title := "x"
		_, _, err := repo.Edit(t.Context(), 1, github.Change{Title: &title})
		require.Equal(t, status, github.Status(err))
		_, passing := github.Passing(err)
		require.False(t, passing)
		what, todo := github.Explain(err)
		require.Contains(t, what, c.what)
		require.NotEmpty(t, todo)
		require.NotContains(t, what+todo+err.Error(), "ghp_secret")
	}
}

func TestTroublePasses(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"500":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"504":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(504) },
		"empty":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) },
		"no JSON":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"half":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"number": 1, "title"`) },
		"other JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"number": "one"}`) },
		"cut":        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"hangs":      func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answering(t, h).Read(t.Context(), 1)
			require.Error(t, err)
			_, passing := github.Passing(err)
			require.True(t, passing, "%v", err)
			what, todo := github.Explain(err)
			require.Contains(t, what, "GitHub")
			require.NotContains(t, what, "could not be written")
			require.NotEmpty(t, todo)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := answering(t, func(http.ResponseWriter, *http.Request) {}).Read(ctx, 1)
	_, passing := github.Passing(err)
	require.True(t, passing)
	_, passing = github.Passing(errors.New("something else"))
	require.False(t, passing)
	_, passing = github.Passing(nil)
	require.False(t, passing)
}

func TestTheTokenGoesToNoOtherServer(t *testing.T) {
	var asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(other.Close)
	repo := answering(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusMovedPermanently)
	})
	_, err := repo.Read(t.Context(), 1)
	what, todo := github.Explain(err)
	require.Contains(t, what, strings.TrimPrefix(other.URL, "http://"))
	require.Contains(t, todo, "github.api_url")
	_, passing := github.Passing(err)
	require.False(t, passing)
	require.Zero(t, asked.Load())
}

func TestRedirectsKeepMethodAndBody(t *testing.T) {
	var method, sent string
	repo := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/user" {
			http.Error(w, "{}", http.StatusForbidden) // as it is for an app
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/repositories/") {
			http.Redirect(w, r, "/repositories/7/issues", http.StatusMovedPermanently)
			return
		}
		body, err := io.ReadAll(r.Body)
		if r.Method != http.MethodGet {
			method, sent = r.Method, string(body)
		}
		if err != nil || r.Method == http.MethodGet {
			_, _ = io.WriteString(w, "[]")
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"number": 3}`)
	})
	d := draft()
	d.Labels = nil
	filed, err := repo.File(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, 3, filed.Number)
	require.Equal(t, http.MethodPost, method)
	require.Contains(t, sent, "Payments fail")

	circle := answering(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
	_, err = circle.Read(t.Context(), 1)
	require.ErrorContains(t, err, "from one address to the next")
}
