package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
)

// TestAbsence stops the bot, starts two of it hours later, and reads what they say in the ops channel.
func TestAbsence(t *testing.T) {
	s, err := stage.Start(t.Context(), stage.Options{Dir: t.TempDir(), Scale: 0.01, Folder: true, Approvals: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	full := fmt.Sprintf("%d * * * *", time.Now().Add(15*time.Minute).Minute()) // never about now, whatever the zone
	start := func(later time.Duration) (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		c, err := config.Load(s.ConfigFile())
		require.NoError(t, err)
		c.Backups.Full, c.Backups.Missed = full, config.Report
		a, err := app.Open(ctx, c, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		a.Now = func() time.Time { return time.Now().Add(later) }
		ready, ended := make(chan struct{}), make(chan error, 1)
		go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
		<-ready
		require.True(t, waitFor(20*time.Second, func() bool { // one that is not known yet has missed nothing
			_, err := a.State.Get(ctx, "schedule", "Backup of all databases")
			return err == nil
		}))
		return func() {
			cancel()
			require.NoError(t, <-ended)
			require.NoError(t, a.Close())
		}
	}
	about := func() (said []string) {
		for _, m := range s.Slack.Messages(s.Ops) {
			if text := m.Text + string(m.Blocks); strings.Contains(text, "away") || strings.Contains(text, "missed") {
				said = append(said, text)
			}
		}
		return said
	}
	start(0)()
	require.Empty(t, about())
	start(2 * time.Minute)()
	require.Empty(t, about(), "a restart")
	one := start(5 * time.Hour)
	two := start(5 * time.Hour)
	require.True(t, waitFor(20*time.Second, func() bool { return len(about()) > 0 }))
	two()
	one()
	said := about()
	require.Len(t, said, 1, "what was missed is said with the absence, and only there")
	require.Contains(t, said[0], "opsbot was away for 4 h 5")
	require.Contains(t, said[0], "It had been stopped.")
	require.Contains(t, said[0], "`Backup of all databases`: did not run")
	require.Contains(t, said[0], "Nothing makes up for it by itself")
}
