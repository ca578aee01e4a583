package commands_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/state"
)

// TestHomeStaysWithinLimits draws App Home for fifty databases and a hundred runs, half of them plans that wait.
func TestHomeStaysWithinLimits(t *testing.T) {
	ctx := t.Context()
	store, err := state.OpenSQLite(ctx, filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	log := events.New(store)
	runner, err := jobs.New(jobs.Options{Store: store, Events: log, Kinds: []jobs.Kind{{Name: "k", Work: func(context.Context, *jobs.Task) error { return nil }}}})
	require.NoError(t, err)
	for i := range 100 {
		run := jobs.Run{Kind: "k", Title: strings.Repeat("A long title ", 40), Args: []byte("{}"), Request: fmt.Sprint(i), By: chat.User{ID: "U0AAAAAAA"}, Targets: []string{fmt.Sprint("t", i)}}
		if i%2 == 0 {
			run.Plan = &jobs.Plan{Title: strings.Repeat("Much is planned ", 100), Expires: time.Now().Add(time.Hour), Needs: 1, Args: []byte("{}"), Basis: []byte("{}")}
			require.NoError(t, run.Plan.Seal())
		}
		_, err := runner.Submit(ctx, run)
		require.NoError(t, err)
	}
	folder, err := objects.NewFolder(t.TempDir())
	require.NoError(t, err)
	scheduler, err := jobs.NewScheduler(jobs.SchedulerOptions{Store: store, Events: log})
	require.NoError(t, err)
	p := commands.Parts{Runner: runner, Scheduler: scheduler, Catalogue: backups.NewCatalogue(folder), Store: folder, Events: log, Now: time.Now}
	for i := range 50 {
		db, err := databases.Open(ctx, fmt.Sprintf("database-with-a-long-name-%02d", i), "mongodb://127.0.0.1:1/x", databases.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
		p.Databases = append(p.Databases, db)
	}
	home := commands.Home(p)
	elements, total := 0, 0
	for _, s := range home.Sections {
		parts, err := s.Draw(ctx, bot.Viewer{User: chat.User{ID: "U0BBBBBBB"}, May: func(bot.Role) bool { return true }})
		require.NoError(t, err, s.Name)
		require.LessOrEqual(t, len(parts), 16, s.Name)
		for _, part := range parts {
			total++
			switch part := part.(type) {
			case chat.Text:
				total += len(part) / 2500
			case chat.Item:
				require.Less(t, len(part.Text), 3000)
				elements++
			}
		}
	}
	require.Greater(t, elements, 10)
	require.Less(t, total, 70, "blocks; Slack takes 100")
	stamp, err := home.Stamp(ctx)
	require.NoError(t, err)
	again, err := home.Stamp(ctx)
	require.NoError(t, err)
	require.Equal(t, stamp, again)
	_, err = runner.Submit(ctx, jobs.Run{Kind: "k", Title: "One more", Args: []byte("{}"), Request: "more"})
	require.NoError(t, err)
	changed, err := home.Stamp(ctx)
	require.NoError(t, err)
	require.NotEqual(t, stamp, changed)
}
