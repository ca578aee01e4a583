package terminal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/terminal"
)

// printed runs `opsbot manifest` and answers what it prints.
func printed(t *testing.T, text string, args ...string) (out, wrong string, code int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "opsbot.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	var o, e bytes.Buffer
	code = terminal.Main(context.Background(), append([]string{"manifest", "--config", file}, args...),
		terminal.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	return o.String(), e.String(), code
}

// bare is a configuration before there are any tokens and servers.
const bare = `
slack: {bot_token: "${NO_SUCH_TOKEN}", command_prefix: x-, channels: {ops: ops}}
roles: {operator: [U024BE7LH], approver: [S0614TZR7]}
databases: {orders: {uri: "${NO_SUCH_URI}"}}
`

func TestManifestNeedsNoTokens(t *testing.T) {
	asJSON, _, code := printed(t, bare, "--format", "json")
	require.Zero(t, code)
	var fromJSON, fromYAML map[string]any
	require.NoError(t, json.Unmarshal([]byte(asJSON), &fromJSON))
	asYAML, _, code := printed(t, bare)
	require.Zero(t, code)
	require.NoError(t, yaml.Unmarshal([]byte(asYAML), &fromYAML))
	again, err := json.Marshal(fromYAML)
	require.NoError(t, err)
	require.JSONEq(t, asJSON, string(again), "both formats say the same")
	require.Contains(t, asJSON, `"/x-backup"`)
	require.Contains(t, asJSON, `"usergroups:read"`)
	require.Less(t, strings.Index(asYAML, "display_information"), strings.Index(asYAML, "settings"))
}

func TestManifestRefusesWhatItDependsOn(t *testing.T) {
	for old, wrong := range map[string]string{
		"command_prefix: x-": "cannot begin a command", "S0614TZR7": "no id of a user or a user group",
	} {
		_, says, code := printed(t, strings.Replace(bare, old, map[string]string{
			"command_prefix: x-": "command_prefix: X!", "S0614TZR7": "anna"}[old], 1))
		require.Equal(t, 2, code)
		require.Contains(t, says, wrong)
		require.NotContains(t, says, "NO_SUCH", "what does not matter yet is not complained about")
	}
	_, says, code := printed(t, bare, "--format", "jsn")
	require.Equal(t, 2, code)
	require.Contains(t, says, "json")
}

// TestSetupNamesEveryScope holds docs/setup.md to the table beside the code.
func TestSetupNamesEveryScope(t *testing.T) {
	c, err := config.LoadForManifest("../opsbot.example.yaml")
	require.NoError(t, err)
	text, err := os.ReadFile("../docs/setup.md")
	require.NoError(t, err)
	rows := []string{}
	for _, s := range app.Scopes(c) {
		row := "| `" + s.Name + "` | " + s.Why
		if s.Optional {
			row += " (optional)"
		}
		rows = append(rows, row+" |")
	}
	table := "| scope | why |\n| --- | --- |\n" + strings.Join(rows, "\n") + "\n"
	require.True(t, strings.Contains(string(text), table), "docs/setup.md must hold this table, which bot/scopes.go says:\n%s", table)
}
