package github_test

import (
	"fmt"
	"net/http"
	"testing"

	client "github.com/google/go-github/v57/github"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/github"
)

func TestTheStateOfABranch(t *testing.T) {
	s := open(t, github.Options{})
	status := func() string {
		combined, _, err := s.client.Repositories.GetCombinedStatus(s.ctx, "kampyn", "backend", "main", nil)
		require.NoError(t, err)
		return combined.GetState()
	}
	require.Equal(t, "pending", status(), "nothing is known yet")
	s.SetStatus(backend, "main", "coverage", "success")
	require.Equal(t, "success", status())
	s.SetStatus(backend, "main", "coverage", "error")
	require.Equal(t, "failure", status())

	s.AddRun(backend, "main", "CI", "failure")
	sha := s.Commit(backend, "main", "ben", "Mend it\n\nat last")
	s.AddRun(backend, "main", "CI", "success")
	s.AddRun(backend, "main", "Nightly", "")
	runs, _, err := s.client.Actions.ListRepositoryWorkflowRuns(s.ctx, "kampyn", "backend", &client.ListWorkflowRunsOptions{Branch: "main"})
	require.NoError(t, err)
	require.Equal(t, 3, runs.GetTotalCount())
	require.Equal(t, "Nightly", runs.WorkflowRuns[0].GetName(), "the newest first")
	require.Nil(t, runs.WorkflowRuns[0].Conclusion)
	require.Equal(t, "Mend it", runs.WorkflowRuns[1].GetDisplayTitle())
	require.Equal(t, 2, runs.WorkflowRuns[1].GetRunNumber())
	failed, _, err := s.client.Actions.ListRepositoryWorkflowRuns(s.ctx, "kampyn", "backend", &client.ListWorkflowRunsOptions{Status: "failure"})
	require.NoError(t, err)
	require.Equal(t, 1, failed.GetTotalCount())
	byFile, _, err := s.client.Actions.ListWorkflowRunsByFileName(s.ctx, "kampyn", "backend", "ci.yml", nil)
	require.NoError(t, err)
	require.Equal(t, 2, byFile.GetTotalCount())
	checks, _, err := s.client.Checks.ListCheckRunsForRef(s.ctx, "kampyn", "backend", "heads/main", nil)
	require.NoError(t, err)
	require.Equal(t, 2, checks.GetTotal(), "those of the newest commit")

	branch, _, err := s.client.Repositories.GetBranch(s.ctx, "kampyn", "backend", "main", 0)
	require.NoError(t, err)
	require.Equal(t, sha, branch.GetCommit().GetSHA())
	ref, _, err := s.client.Git.GetRef(s.ctx, "kampyn", "backend", "heads/main")
	require.NoError(t, err)
	require.Equal(t, sha, ref.GetObject().GetSHA())
	_, _, err = s.client.Repositories.GetCombinedStatus(s.ctx, "kampyn", "backend", "nowhere", nil)
	require.Equal(t, http.StatusUnprocessableEntity, refused(t, err).Response.StatusCode)

	file, _, _, err := s.client.Repositories.GetContents(s.ctx, "kampyn", "backend", "docs/health.md", nil)
	require.NoError(t, err)
	text, err := file.GetContent()
	require.NoError(t, err)
	require.Equal(t, "GET /api/health\n", text)
	_, inside, _, err := s.client.Repositories.GetContents(s.ctx, "kampyn", "backend", "docs", nil)
	require.NoError(t, err)
	require.Equal(t, "docs/health.md", inside[0].GetPath())
}

func TestAlerts(t *testing.T) {
	s := open(t, github.Options{})
	for n := range 5 {
		s.AddAlert(backend, github.Alert{Package: fmt.Sprint("p", n), Ecosystem: "npm", Severity: []string{"critical", "low"}[n%2], GHSA: "GHSA-x"})
	}
	s.EndAlert(backend, 1, "dismissed", "anna")
	list := func(o client.ListAlertsOptions) (names []string) {
		for {
			page, res, err := s.client.Dependabot.ListRepoAlerts(s.ctx, "kampyn", "backend", &o)
			require.NoError(t, err)
			for _, a := range page {
				names = append(names, a.GetDependency().GetPackage().GetName())
			}
			if o.After = res.After; o.After == "" {
				return names
			}
		}
	}
	require.Equal(t, []string{"p4", "p2"}, list(client.ListAlertsOptions{State: ptr("open"), Severity: ptr("critical")}))
	require.Equal(t, []string{"p4", "p3", "p2", "p1", "p0"}, list(client.ListAlertsOptions{ListCursorOptions: client.ListCursorOptions{PerPage: 2}}))
	require.Equal(t, http.StatusBadRequest, s.ask("GET", "repos/"+backend+"/dependabot/alerts?page=2", nil).StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, s.ask("GET", "repos/"+backend+"/dependabot/alerts?severity=awful", nil).StatusCode)
}
