package checkup_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/checkup"
	"github.com/kampyn/opsbot/github"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

func TestAutomationTriesTheRightsOfProbes(t *testing.T) {
	server, err := sandbox.Start(sandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	server.AddUser("opsbot", "opsbot")
	name := server.AddRepo(sandbox.Repo{Owner: "opsbot", Name: "backend", Private: true})
	server.AddRun(name, "main", "CI", "failure")
	try := func(permissions map[string]string, runs, alerts bool) []checkup.Row {
		repo, err := github.New(github.Options{Repo: name, APIURL: server.APIURL(),
			Token: server.AddToken(sandbox.Token{Name: "try", User: "opsbot", Permissions: permissions})})
		require.NoError(t, err)
		return checkup.Run(t.Context(), []checkup.Probe{checkup.Automation(repo, runs, alerts)}, func(checkup.Section) {})[0].Rows
	}
	all := map[string]string{"actions": "read", "contents": "read", "vulnerability_alerts": "read"}
	require.Equal(t, []checkup.Row{{Name: "right to runs", Status: checkup.OK, Say: "yes: 1 workflow on `main`"},
		{Name: "right to alerts", Status: checkup.OK, Say: "yes: 0 open"}}, try(all, true, true))
	rows := try(map[string]string{"issues": "write"}, true, true)
	require.Len(t, rows, 2)
	for n, todo := range []string{"Give it the repository permissions Actions: Read-only and Contents: Read-only", "Dependabot alerts: Read-only"} {
		require.Equal(t, checkup.Remark, rows[n].Status)
		require.Contains(t, rows[n].Try, todo)
	}
	require.Len(t, try(all, false, true), 1)
}
