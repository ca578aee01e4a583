package github_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/google/go-github/v57/github"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/github"
)

const create = "POST /repos/{owner}/{repo}/issues"

func TestHeaders(t *testing.T) {
	s := open(t, github.Options{})
	res := s.ask("GET", "repos/"+backend, nil)
	require.Equal(t, "2022-11-28", res.Header.Get("X-GitHub-Api-Version-Selected"))
	require.NotEmpty(t, res.Header.Get("X-GitHub-Request-Id"))
	require.Equal(t, "core", res.Header.Get("X-RateLimit-Resource"))
	require.Equal(t, "4999", res.Header.Get("X-RateLimit-Remaining"))
	for name, tc := range map[string]struct {
		header http.Header
		status int
	}{
		"no user agent":      {http.Header{"User-Agent": {""}}, 403},
		"another version":    {http.Header{"X-Github-Api-Version": {"2021-01-01"}}, 400},
		"the version":        {http.Header{"X-Github-Api-Version": {"2022-11-28"}}, 200},
		"another media type": {http.Header{"Accept": {"text/html"}}, 415},
		"a good media type":  {http.Header{"Accept": {"application/vnd.github+json"}}, 200},
	} {
		require.Equal(t, tc.status, s.ask("GET", "repos/"+backend, tc.header).StatusCode, name)
	}
}

func TestUnchangedAnswersAreFree(t *testing.T) {
	s := open(t, github.Options{})
	s.issue("One")
	path := "repos/" + backend + "/issues/1"
	res := s.ask("GET", path, nil)
	tag, left := res.Header.Get("ETag"), res.Header.Get("X-RateLimit-Remaining")
	require.True(t, strings.HasPrefix(tag, `W/"`), tag)
	again := s.ask("GET", path, http.Header{"If-None-Match": {tag}})
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Equal(t, left, again.Header.Get("X-RateLimit-Remaining"))
	require.NoError(t, s.Person("anna").EditBody(backend, 1, "changed"))
	require.Equal(t, http.StatusOK, s.ask("GET", path, http.Header{"If-None-Match": {tag}}).StatusCode)
}

func TestThePrimaryLimit(t *testing.T) {
	now := time.Now()
	s := open(t, github.Options{CoreLimit: 3, SearchLimit: 1, Now: func() time.Time { return now }})
	for range 3 {
		require.NoError(t, try["issues"](s, s.as(s.token)))
	}
	err := try["issues"](s, s.as(s.token))
	var limited *client.RateLimitError
	require.True(t, errors.As(err, &limited), "%v", err)
	require.Zero(t, limited.Rate.Remaining)
	require.WithinDuration(t, now.Add(time.Hour), limited.Rate.Reset.Time, 2*time.Second)
	require.Contains(t, limited.Message, "API rate limit exceeded for user ID")
	rates, _, err := s.as(s.token).RateLimit.Get(s.ctx)
	require.NoError(t, err, "asking is free")
	require.Zero(t, rates.Core.Remaining)
	require.Equal(t, 1, rates.Search.Remaining)
	_, _, err = s.as(s.token).Search.Issues(s.ctx, "is:issue", nil)
	require.NoError(t, err, "searches have a limit of their own")
	now = now.Add(time.Hour)
	require.NoError(t, try["issues"](s, s.as(s.token)))
}

func TestTheSecondaryLimit(t *testing.T) {
	s := open(t, github.Options{SecondaryLimits: true})
	var err error
	made := 0
	for ; err == nil; made++ {
		err = try["open"](s, s.client)
	}
	var limited *client.AbuseRateLimitError
	require.True(t, errors.As(err, &limited), "%v", err)
	require.Equal(t, time.Minute, *limited.RetryAfter)
	require.Equal(t, 81, made)
	require.Len(t, s.Issues(backend), 80)
}

func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		fault  func(*github.Faults)
		status int // 0 for no answer
		made   int
		says   string
	}{
		"bad gateway":        {func(f *github.Faults) { f.ServerError(create, 1, 502) }, 502, 0, "Server Error"},
		"unavailable":        {func(f *github.Faults) { f.ServerError(create, 1, 503) }, 503, 0, ""},
		"cut before":         {func(f *github.Faults) { f.Cut(create, 1) }, 0, 0, "EOF"},
		"cut after":          {func(f *github.Faults) { f.LoseAnswers(create, 1) }, 0, 1, "EOF"},
		"502 after":          {func(f *github.Faults) { f.On(create, 1, github.Trouble{Status: 502, Perform: true}) }, 502, 1, "Server Error"},
		"late":               {func(f *github.Faults) { f.Delay("POST /repos/kampyn/backend/issues", 1, time.Minute) }, 0, 1, "deadline exceeded"},
		"never":              {func(f *github.Faults) { f.On("", 1, github.Trouble{Hang: true}) }, 0, 0, "deadline exceeded"},
		"too many, 429":      {func(f *github.Faults) { f.On(create, 1, github.Trouble{SecondaryLimit: time.Second, TooMany: true}) }, 429, 0, "secondary rate limit"},
		"no JSON":            {func(f *github.Faults) { f.On(create, 1, github.Trouble{WrongJSON: true, Perform: true}) }, 200, 1, "unexpected EOF"},
		"forbidden by words": {func(f *github.Faults) { f.On(create, 1, github.Trouble{Status: 403, Message: "SSO, please"}) }, 403, 0, "SSO, please"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, github.Options{})
			tc.fault(s.Faults())
			ctx, cancel := context.WithTimeout(s.ctx, 300*time.Millisecond)
			defer cancel()
			_, res, err := s.client.Issues.Create(ctx, "kampyn", "backend", &client.IssueRequest{Title: ptr("x")})
			require.ErrorContains(t, err, tc.says)
			if tc.status != 0 {
				require.Equal(t, tc.status, res.StatusCode)
			}
			require.Len(t, s.Issues(backend), tc.made)
			require.NoError(t, try["open"](s, s.client), "one fault, one failure")
			// A request is written down when its handler has ended, which for one that was given up may be after the next.
			require.Eventually(t, func() bool { return len(s.Requests()) == 2 }, 10*time.Second, time.Millisecond)
			faulty := slices.DeleteFunc(s.Requests(), func(r github.Request) bool { return !r.Faulty })
			require.Len(t, faulty, 1)
		})
	}
}

func TestFaultsOfTheNthCall(t *testing.T) {
	seen := make(chan github.Request, 10)
	s := open(t, github.Options{Traffic: func(r github.Request) { seen <- r }})
	s.Faults().Add(github.Rule{Call: create, Skip: 1, Times: 1, Trouble: github.Trouble{PrimaryLimit: time.Hour}})
	require.NoError(t, try["open"](s, s.client))
	var limited *client.RateLimitError
	require.True(t, errors.As(try["open"](s, s.client), &limited))
	require.WithinDuration(t, time.Now().Add(time.Hour), limited.Rate.Reset.Time, 2*time.Second)
	s.Faults().On("", -1, github.Trouble{Status: 500})
	require.Error(t, try["open"](s, s.as(s.token)))
	s.Faults().Reset()
	require.NoError(t, try["open"](s, s.as(s.token)))
	require.Panics(t, func() { s.Faults().Cut("POST /repos/{owner}/issues", 1) }, "a rule that can never be used")

	first := <-seen
	require.Equal(t, "POST", first.Method)
	require.Equal(t, create, first.Call)
	require.Equal(t, "/repos/kampyn/backend/issues", first.Path)
	require.Equal(t, "opsbot", first.Token)
	require.JSONEq(t, `{"title": "x"}`, string(first.Body))
	require.Contains(t, string(first.Answer), `"number":1`)
	require.NotEmpty(t, first.ID)
	require.Equal(t, http.StatusCreated, first.Status)
	require.Equal(t, http.StatusForbidden, (<-seen).Status)
}
