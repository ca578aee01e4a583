package github_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

const backend = "kampyn/backend"

// stage is a GitHub and the client under test, which may do there what opsbot does.
type stage struct {
	*sandbox.Server
	t    *testing.T
	ctx  context.Context
	repo *github.Repo
}

func open(t *testing.T, o sandbox.Options) *stage {
	t.Helper()
	server, err := sandbox.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	s := &stage{Server: server, t: t, ctx: ctx}
	s.AddOrganization("kampyn", "KAMPYN")
	for login, name := range map[string]string{"anna": "Anna", "chitra": "Chitra", "opsbot": "opsbot"} {
		s.AddUser(login, name)
	}
	s.AddRepo(sandbox.Repo{Owner: "kampyn", Name: "backend", Private: true,
		Roles: map[string]sandbox.Role{"anna": sandbox.Admin, "chitra": sandbox.Read, "opsbot": sandbox.Write}})
	s.repo = s.client(github.Options{})
	return s
}

// client is one of opsbot's own token that does not wait.
func (s *stage) client(o github.Options) *github.Repo {
	s.t.Helper()
	if o.Token == "" {
		o.Token = s.AddToken(sandbox.Token{Name: "opsbot", User: "opsbot", Scopes: []string{"repo"}})
	}
	o.Repo, o.APIURL = backend, s.APIURL()
	if o.Pace == 0 {
		o.Pace = -1
	}
	repo, err := github.New(o)
	require.NoError(s.t, err)
	return repo
}

// calls counts the requests to an endpoint.
func (s *stage) calls(call string) (n int) {
	for _, r := range s.Requests() {
		if r.Call == call {
			n++
		}
	}
	return n
}

func (s *stage) issue(number int) sandbox.Issue {
	s.t.Helper()
	all := s.Issues(backend)
	require.GreaterOrEqual(s.t, len(all), number)
	return all[number-1]
}

func draft() github.Draft {
	return github.Draft{Title: "Payments fail", Mark: "opsbot:incident:T012:12", Since: time.Now().Add(-time.Hour),
		Labels: []github.Label{{Name: "post-mortem", Color: "d73a4a", Description: "What went wrong"}},
		Body:   github.Body{{Name: "summary", Text: "Nobody could pay."}, {Name: "timeline", Text: "- 14:05 it began"}}}
}

const (
	createCall = "POST /repos/{owner}/{repo}/issues"
	labelCall  = "POST /repos/{owner}/{repo}/labels"
	listCall   = "GET /repos/{owner}/{repo}/issues"
	readCall   = "GET /repos/{owner}/{repo}/issues/{issue}"
	editCall   = "PATCH /repos/{owner}/{repo}/issues/{issue}"
	sayCall    = "POST /repos/{owner}/{repo}/issues/{issue}/comments"
)
