package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
)

// TestHeartbeats runs the bot, calls it as others' jobs do, and sees it call the service outside for as long as it is well.
func TestHeartbeats(t *testing.T) {
	var calls atomic.Int64
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer outside.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s, err := stage.Start(ctx, stage.Options{Dir: t.TempDir(), Scale: 0.01, Folder: true, Approvals: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	c, err := config.Load(s.ConfigFile())
	require.NoError(t, err)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	c.HTTP.Listen = free.Addr().String()
	pace := config.Pace{Every: time.Second, Timeout: time.Second, FailAfter: 1, RecoverAfter: 1}
	c.Health = &config.Health{Channel: s.Ops, Keep: config.Keep{Raw: time.Hour, RolledUp: 24 * time.Hour},
		DeadMan: &config.DeadMan{URL: config.NewSecret(outside.URL + "/secret"), Every: 200 * time.Millisecond},
		Checks:  []config.Check{{Name: "report", Pace: pace, Heartbeat: &config.HeartbeatCheck{Token: config.NewSecret("sesame-sesame-sesame"), Within: time.Hour}}}}
	a, err := app.Open(ctx, c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
	<-ready
	require.Eventually(t, func() bool { // Slack's greeting says nothing about the other server
		c, err := net.Dial("tcp", c.HTTP.Listen)
		return err == nil && c.Close() == nil
	}, time.Minute, 10*time.Millisecond)
	call := func(path string) (int, string) {
		answer, err := http.Get("http://" + c.HTTP.Listen + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	alerted := func(text string) func() bool {
		return func() bool {
			for _, m := range s.Slack.Messages(s.Ops) {
				if strings.Contains(m.Text+string(m.Blocks), text) {
					return true
				}
			}
			return false
		}
	}
	status, text := call("/readyz")
	require.Equal(t, http.StatusOK, status, text)
	status, _ = call("/heartbeat/nobody-has-this-token")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = call("/heartbeat/sesame-sesame-sesame/3")
	require.Equal(t, http.StatusNoContent, status)
	require.True(t, waitFor(20*time.Second, alerted("with exit status 3")))
	status, _ = call("/heartbeat/sesame-sesame-sesame")
	require.Equal(t, http.StatusNoContent, status)
	require.True(t, waitFor(20*time.Second, alerted("report is well again")))

	require.True(t, waitFor(20*time.Second, func() bool { return calls.Load() > 1 }))
	s.Slack.Faults().ServerError("apps.connections.open", -1, 500)
	s.Slack.Faults().DropSockets(-1)
	require.True(t, waitFor(20*time.Second, func() bool { status, _ := call("/readyz"); return status == http.StatusServiceUnavailable }))
	require.True(t, waitFor(20*time.Second, func() bool {
		before := calls.Load()
		time.Sleep(2500 * time.Millisecond)
		return calls.Load() == before
	}), "it cannot tell anybody, so it is not well")
	stop()
	require.NoError(t, <-ended)
}
