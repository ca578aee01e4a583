package github_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	client "github.com/google/go-github/v57/github"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/github"
)

// stage is a GitHub with an organisation, its people, a private and a public repository, and the client of a token
// that may do all that opsbot does.
type stage struct {
	*github.Server
	t      *testing.T
	ctx    context.Context
	client *client.Client
	token  string
}

const backend, website = "kampyn/backend", "kampyn/website"

func open(t *testing.T, o github.Options) *stage {
	t.Helper()
	server, err := github.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	s := &stage{Server: server, t: t, ctx: ctx}
	s.AddOrganization("kampyn", "KAMPYN")
	for login, name := range map[string]string{"anna": "Anna", "ben": "Ben", "chitra": "Chitra", "opsbot": "opsbot"} {
		s.AddUser(login, name)
	}
	roles := map[string]github.Role{"anna": github.Admin, "ben": github.Write, "chitra": github.Read, "opsbot": github.Write}
	s.AddRepo(github.Repo{Owner: "kampyn", Name: "backend", Description: "The API", Private: true, Roles: roles,
		Files: map[string]string{"README.md": "# backend\n", "docs/health.md": "GET /api/health\n"}})
	s.AddRepo(github.Repo{Owner: "kampyn", Name: "website", Roles: map[string]github.Role{"anna": github.Admin}})
	s.token = s.AddToken(github.Token{Name: "opsbot", User: "opsbot", Scopes: []string{"repo"}})
	s.client = s.as(s.token)
	return s
}

// as is a client with a token; none when it is "".
func (s *stage) as(token string) *client.Client {
	c := client.NewClient(nil)
	if token != "" {
		c = c.WithAuthToken(token)
	}
	base, err := url.Parse(s.APIURL())
	require.NoError(s.t, err)
	c.BaseURL = base
	return c
}

// issue makes an issue through the API and answers its number.
func (s *stage) issue(title string, labels ...string) int {
	s.t.Helper()
	i, _, err := s.client.Issues.Create(s.ctx, "kampyn", "backend", &client.IssueRequest{Title: &title, Labels: &labels})
	require.NoError(s.t, err)
	return i.GetNumber()
}

// ask sends a request as it stands, with a good token, and answers what came back.
func (s *stage) ask(method, path string, header http.Header) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.ctx, method, s.APIURL()+path, nil)
	require.NoError(s.t, err)
	req.Header.Set("Authorization", "Bearer "+s.token)
	for k, v := range header {
		req.Header[k] = v
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { res.Body.Close() })
	return res
}
