package github_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	client "github.com/google/go-github/v57/github"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/github"
)

// refused is the answer that an error of the client holds.
func refused(t *testing.T, err error) *client.ErrorResponse {
	t.Helper()
	var refusal *client.ErrorResponse
	require.True(t, errors.As(err, &refusal), "%T: %v", err, err)
	return refusal
}

func ptr[T any](v T) *T { return &v }

// try does with a client what one could be refused.
var try = map[string]func(*stage, *client.Client) error{
	"me": func(s *stage, c *client.Client) error { _, _, err := c.Users.Get(s.ctx, ""); return err },
	"repo": func(s *stage, c *client.Client) error {
		_, _, err := c.Repositories.Get(s.ctx, "kampyn", "backend")
		return err
	},
	"public repo": func(s *stage, c *client.Client) error {
		_, _, err := c.Repositories.Get(s.ctx, "kampyn", "website")
		return err
	},
	"issues": func(s *stage, c *client.Client) error {
		_, _, err := c.Issues.ListByRepo(s.ctx, "kampyn", "backend", nil)
		return err
	},
	"open": func(s *stage, c *client.Client) error {
		_, _, err := c.Issues.Create(s.ctx, "kampyn", "backend", &client.IssueRequest{Title: ptr("x")})
		return err
	},
	"open in public": func(s *stage, c *client.Client) error {
		_, _, err := c.Issues.Create(s.ctx, "kampyn", "website", &client.IssueRequest{Title: ptr("x")})
		return err
	},
	"edit": func(s *stage, c *client.Client) error {
		_, _, err := c.Issues.Edit(s.ctx, "kampyn", "backend", 1, &client.IssueRequest{Title: ptr("x")})
		return err
	},
	"comment": func(s *stage, c *client.Client) error {
		_, _, err := c.Issues.CreateComment(s.ctx, "kampyn", "backend", 1, &client.IssueComment{Body: ptr("x")})
		return err
	},
	"label": func(s *stage, c *client.Client) error {
		_, _, err := c.Issues.AddLabelsToIssue(s.ctx, "kampyn", "backend", 1, []string{"bug"})
		return err
	},
	"make label": func(s *stage, c *client.Client) error {
		_, _, err := c.Issues.CreateLabel(s.ctx, "kampyn", "backend", &client.Label{Name: ptr("new")})
		return err
	},
	"lock": func(s *stage, c *client.Client) error {
		_, err := c.Issues.Lock(s.ctx, "kampyn", "backend", 1, nil)
		return err
	},
	"runs": func(s *stage, c *client.Client) error {
		_, _, err := c.Actions.ListRepositoryWorkflowRuns(s.ctx, "kampyn", "backend", nil)
		return err
	},
	"alerts": func(s *stage, c *client.Client) error {
		_, _, err := c.Dependabot.ListRepoAlerts(s.ctx, "kampyn", "backend", nil)
		return err
	},
}

func TestRights(t *testing.T) {
	fine := func(permissions map[string]string, repos ...string) github.Token {
		return github.Token{User: "opsbot", Permissions: permissions, Repos: repos}
	}
	classic := func(login string, scopes ...string) github.Token { return github.Token{User: login, Scopes: scopes} }
	writes := map[string]string{"issues": "write"}
	for name, tc := range map[string]struct {
		token          github.Token
		nobody         bool
		do             string
		status         int // 0 when it must go well
		says, accepted string
	}{
		"nobody is nobody":                     {nobody: true, do: "me", status: 401, says: "Requires authentication"},
		"nobody sees what is public":           {nobody: true, do: "public repo"},
		"nobody finds nothing private":         {nobody: true, do: "repo", status: 404, says: "Not Found"},
		"nobody writes":                        {nobody: true, do: "open in public", status: 401, says: "Requires authentication"},
		"expired":                              {token: github.Token{User: "opsbot", Scopes: []string{"repo"}, Expires: time.Now().Add(-time.Hour)}, do: "me", status: 401, says: "Bad credentials"},
		"repo":                                 {token: classic("opsbot", "repo"), do: "open"},
		"no scope finds nothing private":       {token: classic("opsbot"), do: "repo", status: 404, says: "Not Found", accepted: "repo"},
		"public_repo is not enough":            {token: classic("opsbot", "public_repo"), do: "issues", status: 404, says: "Not Found", accepted: "repo"},
		"public_repo is enough":                {token: classic("opsbot", "public_repo"), do: "open in public"},
		"no scope writes nothing":              {token: classic("opsbot"), do: "open in public", status: 404, says: "Not Found", accepted: "public_repo, repo"},
		"a reader opens":                       {token: classic("chitra", "repo"), do: "open"},
		"a reader comments":                    {token: classic("chitra", "repo"), do: "comment"},
		"a reader does not edit others' text":  {token: classic("chitra", "repo"), do: "edit", status: 403, says: "Must have admin rights to Repository."},
		"a reader does not label":              {token: classic("chitra", "repo"), do: "label", status: 403, says: "Must have admin rights to Repository."},
		"a reader does not make labels":        {token: classic("chitra", "repo"), do: "make label", status: 404, says: "Not Found"},
		"a reader does not lock":               {token: classic("chitra", "repo"), do: "lock", status: 403, says: "Must have admin rights to Repository."},
		"a reader does not see alerts":         {token: classic("chitra", "repo"), do: "alerts", status: 403, says: "You are not authorized to perform this operation."},
		"a writer sees alerts":                 {token: classic("ben", "repo"), do: "alerts"},
		"a fine-grained one opens":             {token: fine(writes, backend), do: "open"},
		"a fine-grained one of all repos":      {token: fine(writes), do: "open"},
		"a fine-grained one of another repo":   {token: fine(writes, website), do: "issues", status: 404, says: "Not Found"},
		"a fine-grained one always sees repos": {token: fine(map[string]string{}, backend), do: "repo"},
		"a fine-grained one that reads":        {token: fine(map[string]string{"issues": "read"}, backend), do: "open", status: 403, says: "Resource not accessible by personal access token", accepted: "issues=write"},
		"a fine-grained one without actions":   {token: fine(writes, backend), do: "runs", status: 403, says: "Resource not accessible by personal access token", accepted: "actions=read"},
		"a fine-grained one with actions":      {token: fine(map[string]string{"actions": "read"}, backend), do: "runs"},
		"a fine-grained one without alerts":    {token: fine(writes, backend), do: "alerts", status: 403, says: "Resource not accessible by personal access token", accepted: "vulnerability_alerts=read"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, github.Options{})
			s.issue("There is one")
			c := s.as("")
			if !tc.nobody {
				c = s.as(s.AddToken(tc.token))
			}
			err := try[tc.do](s, c)
			if tc.status == 0 {
				require.NoError(t, err)
				return
			}
			refusal := refused(t, err)
			require.Equal(t, tc.status, refusal.Response.StatusCode)
			require.Equal(t, tc.says, refusal.Message)
			require.True(t, strings.HasPrefix(refusal.DocumentationURL, "https://docs.github.com/"), refusal.DocumentationURL)
			if tc.accepted != "" {
				require.Equal(t, tc.accepted, refusal.Response.Header.Get("X-Accepted-OAuth-Scopes")+refusal.Response.Header.Get("X-Accepted-GitHub-Permissions"))
			}
		})
	}
}

func TestTokensThatEnd(t *testing.T) {
	s := open(t, github.Options{})
	text := s.AddToken(github.Token{User: "opsbot", Permissions: map[string]string{"issues": "write"}, Expires: time.Now().Add(time.Hour)})
	require.True(t, strings.HasPrefix(text, "github_pat_"))
	_, res, err := s.as(text).Users.Get(s.ctx, "")
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(time.Hour), res.TokenExpiration.Time, 2*time.Second)
	require.Empty(t, res.Header.Get("X-OAuth-Scopes"), "fine-grained tokens have no scopes")

	s.RevokeToken(text)
	_, _, err = s.as(text).Users.Get(s.ctx, "")
	require.Equal(t, http.StatusUnauthorized, refused(t, err).Response.StatusCode)
	_, _, err = s.as("ghp_nobody").Users.Get(s.ctx, "")
	require.Equal(t, "Bad credentials", refused(t, err).Message)

	_, res, err = s.client.Users.Get(s.ctx, "")
	require.NoError(t, err)
	require.Equal(t, "repo", res.Header.Get("X-OAuth-Scopes"))
	for _, r := range s.Requests() {
		require.NotContains(t, r.Path+string(r.Body)+r.Query.Encode(), text)
	}
}

func TestRepositoriesThatDoNothing(t *testing.T) {
	s := open(t, github.Options{})
	s.issue("There is one")
	s.ChangeRepo(backend, github.Change{Archived: ptr(true)})
	require.Equal(t, "Repository was archived so is read-only.", refused(t, try["comment"](s, s.client)).Message)
	require.NoError(t, try["issues"](s, s.client))
	s.ChangeRepo(backend, github.Change{Archived: ptr(false), NoIssues: ptr(true), NoAlerts: ptr(true)})
	for _, do := range []string{"issues", "open", "comment"} {
		refusal := refused(t, try[do](s, s.client))
		require.Equal(t, http.StatusGone, refusal.Response.StatusCode)
		require.Equal(t, "Issues has been disabled in this repository.", refusal.Message)
	}
	require.Equal(t, "Dependabot alerts are disabled for this repository.", refused(t, try["alerts"](s, s.client)).Message)
}

// The client follows a redirect of a GET, but not that of anything else: it reports 307.
func TestRenamedRepositoriesAndMovedIssues(t *testing.T) {
	s := open(t, github.Options{})
	s.issue("There is one")
	s.RenameRepo(backend, "api")
	issue, _, err := s.client.Issues.Get(s.ctx, "kampyn", "backend", 1)
	require.NoError(t, err)
	require.Equal(t, s.URL()+"/kampyn/api/issues/1", issue.GetHTMLURL())
	res := s.ask("GET", "repos/kampyn/backend/issues?state=all", nil)
	require.Equal(t, http.StatusMovedPermanently, res.StatusCode)
	require.Contains(t, res.Header.Get("Location"), "/repositories/")
	require.Contains(t, res.Header.Get("Location"), "/issues?state=all")
	require.NoError(t, try["open"](s, s.client), "Go's own client repeats a request that is told to")
	require.Equal(t, http.StatusTemporaryRedirect, s.ask("POST", "repos/kampyn/backend/issues", nil).StatusCode)

	s.AddRepo(github.Repo{Owner: "kampyn", Name: "incidents", Roles: map[string]github.Role{"anna": github.Admin, "opsbot": github.Write}})
	number, err := s.Person("anna").Transfer("kampyn/api", 1, "kampyn/incidents")
	require.NoError(t, err)
	require.Equal(t, 1, number)
	issue, _, err = s.client.Issues.Get(s.ctx, "kampyn", "api", 1)
	require.NoError(t, err)
	require.Equal(t, s.URL()+"/kampyn/incidents/issues/1", issue.GetHTMLURL())
	require.NoError(t, s.Person("anna").Delete("kampyn/incidents", 1))
	_, _, err = s.client.Issues.Get(s.ctx, "kampyn", "incidents", 1)
	require.Equal(t, http.StatusGone, refused(t, err).Response.StatusCode)
}
