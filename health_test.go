package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
)

// buffer is a log that is read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// TestHealthAndSecrets runs the bot, asks it how it is, and looks for secrets wherever it has written.
func TestHealthAndSecrets(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	dir := t.TempDir()
	s, err := stage.Start(ctx, stage.Options{Dir: dir, Scale: 0.01, Folder: true, Approvals: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	c, err := config.Load(s.ConfigFile())
	require.NoError(t, err)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	c.HTTP.Listen = free.Addr().String()
	var logged buffer
	a, err := app.Open(ctx, c, slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
	<-ready

	anna := s.Slack.As(s.Anna)
	_, err = anna.Slash(s.Ops, "/backup now orders")
	require.NoError(t, err)
	_, err = anna.Slash(s.Ops, "/backup now mongodb://admin:hunter2-marked@db/orders password=hunter2-marked")
	require.NoError(t, err)
	ask := func(path string) (int, string) {
		answer, err := http.Get("http://" + c.HTTP.Listen + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	metric := func(line string) func() bool {
		return func() bool { _, text := ask("/metrics"); return strings.Contains(text, line) }
	}
	for _, line := range []string{`opsbot_runs_total{kind="backup",outcome="succeeded"} 1`, `opsbot_slack_sockets 2`,
		`opsbot_slack_envelopes_total{result="stored",type="slash_commands"} 2`, `opsbot_slack_calls_total{method="auth.test",result="ok"} 1`,
		`opsbot_build_info{version="` + app.Version + `"} 1`, `opsbot_state_write_seconds_count{operation="insert"}`, `opsbot_requests_waiting 0`} {
		if !waitFor(20*time.Second, metric(line)) {
			_, all := ask("/metrics")
			t.Fatalf("%s is not in\n%s", line, all)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		status, text := ask(path)
		require.Equal(t, http.StatusOK, status, text)
		require.Equal(t, "ok\n", text)
	}
	s.Slack.Faults().ServerError("apps.connections.open", -1, 500)
	s.Slack.Faults().DropSockets(-1)
	require.True(t, waitFor(20*time.Second, func() bool {
		status, text := ask("/readyz")
		return status == http.StatusServiceUnavailable && text == "no connection to Slack is open\n"
	}))
	status, _ := ask("/healthz")
	require.Equal(t, http.StatusOK, status, "Slack's fault is no reason to restart")
	stop()
	require.NoError(t, <-ended)

	secrets := []string{"hunter2-marked", c.Slack.BotToken.Reveal(), c.Slack.AppToken.Reveal()}
	for _, db := range c.Databases {
		if _, rest, found := strings.Cut(db.URI.Reveal(), "://"); found && strings.Contains(rest, "@") {
			_, password, _ := strings.Cut(strings.Split(rest, "@")[0], ":")
			secrets = append(secrets, password)
		}
	}
	written := map[string]string{"log": logged.text.String()}
	for _, m := range s.Slack.Messages(s.Ops) {
		written["messages"] += m.Plain() + "\n"
	}
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, list)
	require.NoError(t, filepath.WalkDir(filepath.Join(dir, "objects"), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			written[path] = string(content)
		}
		return err
	}))
	require.Greater(t, len(written), 2)
	for where, text := range written {
		for _, secret := range secrets {
			require.NotContains(t, text, secret, where)
		}
	}
}
