package checklists

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

// newRepository has a GitHub with the repository kampyn/backend, and a client whose token may do all or only file issues.
func newRepository(t *testing.T) (server *sandbox.Server, all, issues *github.Repo) {
	t.Helper()
	server, err := sandbox.Start(sandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	server.AddOrganization("kampyn", "KAMPYN")
	server.AddUser("opsbot", "opsbot")
	name := server.AddRepo(sandbox.Repo{Owner: "kampyn", Name: "backend", Private: true, Roles: map[string]sandbox.Role{"opsbot": sandbox.Write}})
	client := func(token sandbox.Token) *github.Repo {
		token.User = "opsbot"
		repo, err := github.New(github.Options{Repo: name, Token: server.AddToken(token), APIURL: server.APIURL()})
		require.NoError(t, err)
		return repo
	}
	return server, client(sandbox.Token{Name: "all", Permissions: map[string]string{"actions": "read", "contents": "read", "vulnerability_alerts": "read"}}),
		client(sandbox.Token{Name: "issues", Permissions: map[string]string{"issues": "write"}})
}

func TestCIProbe(t *testing.T) {
	const backend = "kampyn/backend"
	server, all, issues := newRepository(t)
	commit := "`" + server.Commit(backend, "main", "opsbot", "Mend it")[:7] + "`"
	look := func(outcome Outcome, say string, workflows ...string) {
		t.Helper()
		found := CI{Repo: all, Workflows: workflows}.Look(t.Context())
		require.Equal(t, outcome, found.Outcome, found.Say)
		require.Contains(t, found.Say, say)
	}
	look(Unknown, "no workflow has tested the newest commit, "+commit+" of `main`")
	server.AddRun(backend, "main", "Docs", "skipped")
	look(Unknown, "no workflow has tested the newest commit")
	server.AddRun(backend, "main", "CI", "")
	look(Unknown, "|CI> still runs")
	server.AddRun(backend, "main", "CI", "success")
	server.AddRun(backend, "main", "Lint", "success")
	look(Passed, "green on "+commit+" of `main`: ")
	look(Passed, "CI", "ci")
	look(Unknown, "`Deploy` has not run", "ci", "Deploy")
	server.AddRun(backend, "main", "CI", "cancelled")
	look(Unknown, "|CI>: cancelled")
	look(Passed, ": Lint", "Lint")
	server.AddRun(backend, "main", "Lint", "failure")
	look(Failed, "|Lint> failed")
	commit = "`" + server.Commit(backend, "main", "opsbot", "Break it")[:7] + "`"
	look(Unknown, "no workflow has tested the newest commit, "+commit)

	found := CI{Repo: issues}.Look(t.Context())
	require.Equal(t, Unknown, found.Outcome)
	require.Contains(t, found.Say, "GitHub did not tell whether CI is green")
	require.Contains(t, found.Say, "Give it the repository permissions Actions: Read-only and Contents: Read-only")

	server.Faults().Add(sandbox.Rule{Times: 1, Trouble: sandbox.Trouble{Status: 502}})
	look(Unknown, "GitHub is in trouble")
}

func TestAlertsProbe(t *testing.T) {
	const backend = "kampyn/backend"
	server, all, issues := newRepository(t)
	look := func(repo *github.Repo, severity string, outcome Outcome, say string) {
		t.Helper()
		found := Alerts{Repo: repo, Severity: severity}.Look(t.Context())
		require.Equal(t, outcome, found.Outcome, found.Say)
		require.Contains(t, found.Say, say)
	}
	look(all, "critical", Passed, "Dependabot has no open critical alert")
	server.AddAlert(backend, sandbox.Alert{Package: "qs", Ecosystem: "npm", Severity: "high", GHSA: "GHSA-a"})
	look(all, "critical", Passed, "no open critical alert")
	look(all, "high", Failed, "|qs> (high)")
	bad := server.AddAlert(backend, sandbox.Alert{Package: "<x>", Ecosystem: "npm", Severity: "critical", GHSA: "GHSA-b"})
	look(all, "critical", Failed, "1 alert open: <"+server.URL()+"/kampyn/backend/security/dependabot/2|&lt;x&gt;> (critical)")
	server.EndAlert(backend, bad, "fixed", "opsbot")
	look(all, "critical", Passed, "no open critical alert")

	look(issues, "critical", Unknown, "Give it the repository permission Dependabot alerts: Read-only")
	off := true
	server.ChangeRepo(backend, sandbox.Change{NoAlerts: &off})
	look(all, "critical", Unknown, "Dependabot alerts are disabled")
}
