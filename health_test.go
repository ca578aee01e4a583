package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
)

// TestHealth runs the bot and asks it how it is.
func TestHealth(t *testing.T) {
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
	a, err := app.Open(ctx, c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
	<-ready

	anna := s.Slack.As(s.Anna)
	_, err = anna.Slash(s.Ops, "/backup now orders")
	require.NoError(t, err)
	_, err = anna.Slash(s.Ops, "/backup now nothing-of-that-name")
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
		`opsbot_build_info{version="` + app.Version + `"} 1`, `opsbot_state_write_seconds_count{operation="insert"}`, `opsbot_requests_waiting 0`,
		`opsbot_incidents_open{severity="sev1"} 0`} {
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
}
