package github_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

func TestTipIsTheNewestCommitWithTheNewestRunOfEachWorkflow(t *testing.T) {
	s := open(t, sandbox.Options{})
	s.AddRun(backend, "main", "CI", "failure") // on a commit that is not the newest any more
	commit := s.Commit(backend, "main", "anna", "Mend it")
	s.Commit(backend, "other", "anna", "Something else")
	s.AddRun(backend, "other", "CI", "failure")
	tip, err := s.repo.Tip(s.ctx)
	require.NoError(t, err)
	require.Equal(t, "main", tip.Branch)
	require.Equal(t, commit, tip.Commit)
	require.Empty(t, tip.Runs, "nothing has run on the newest commit")

	s.AddRun(backend, "main", "CI", "failure")
	s.AddRun(backend, "main", "Lint", "success")
	s.AddRun(backend, "main", "CI", "")
	tip, err = s.repo.Tip(s.ctx)
	require.NoError(t, err)
	require.Len(t, tip.Runs, 2)
	require.Equal(t, []string{"CI", "", "Lint", "success"}, []string{tip.Runs[0].Name, tip.Runs[0].Conclusion, tip.Runs[1].Name, tip.Runs[1].Conclusion})
	require.NotEmpty(t, tip.Runs[0].URL)
	require.False(t, tip.Runs[0].Began.IsZero())
}

func TestAlertsAreTheOpenOnesOfTheSeverities(t *testing.T) {
	s := open(t, sandbox.Options{})
	for n := range 250 {
		s.AddAlert(backend, sandbox.Alert{Package: fmt.Sprint("p", n), Ecosystem: "npm", Severity: []string{"critical", "high", "low"}[n%3], Summary: "A hole", GHSA: "GHSA-x"})
	}
	s.EndAlert(backend, 1, "fixed", "anna")
	found, err := s.repo.Alerts(s.ctx, "critical", "high")
	require.NoError(t, err)
	require.Len(t, found, 84+83-1, "over two pages")
	require.Equal(t, "p249", found[0].Package)
	require.Equal(t, "critical", found[0].Severity)
	require.Equal(t, "A hole", found[0].Summary)
	require.Contains(t, found[0].URL, "/security/dependabot/250")
	found, err = s.repo.Alerts(s.ctx, "medium")
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestAutomationSaysWhichRightsAreMissing(t *testing.T) {
	s := open(t, sandbox.Options{})
	issues := s.client(github.Options{Token: s.AddToken(sandbox.Token{Name: "fine", User: "opsbot", Permissions: map[string]string{"issues": "write"}, Repos: []string{backend}})})
	_, err := issues.Tip(s.ctx)
	require.Equal(t, http.StatusForbidden, github.Status(err))
	_, todo := github.Explain(err)
	require.Contains(t, todo, "Actions: Read-only")
	_, err = issues.Alerts(s.ctx, "critical")
	require.Equal(t, http.StatusForbidden, github.Status(err))
	_, todo = github.Explain(err)
	require.Contains(t, todo, "Dependabot alerts: Read-only")

	reader := s.client(github.Options{Token: s.AddToken(sandbox.Token{Name: "reader", User: "chitra", Scopes: []string{"repo"}})})
	_, err = reader.Alerts(s.ctx, "critical")
	what, todo := github.Explain(err)
	require.Contains(t, what, "not authorized")
	require.Contains(t, todo, "the role Write")

	off := true
	s.ChangeRepo(backend, sandbox.Change{NoAlerts: &off})
	_, err = s.repo.Alerts(s.ctx, "critical")
	what, _ = github.Explain(err)
	require.Contains(t, what, "Dependabot alerts are disabled")

	s.Faults().Add(sandbox.Rule{Times: -1, Trouble: sandbox.Trouble{PrimaryLimit: 60e9}})
	_, err = s.repo.Tip(s.ctx)
	_, limited := github.Limited(err)
	require.True(t, limited)
	what, _ = github.Explain(err)
	require.Contains(t, what, "asked too often")
}
