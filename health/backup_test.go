package health_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
)

func TestBackupAge(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "backups")
	store, err := objects.NewFolder(folder)
	require.NoError(t, err)
	db, err := databases.Open(t.Context(), "orders", startMongo(t, mongo.Options{}).URI(""), databases.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
	_, err = db.Run(t.Context(), "shop", bson.D{{Key: "insert", Value: "orders"}, {Key: "documents", Value: bson.A{bson.D{{Key: "_id", Value: 1}}}}})
	require.NoError(t, err)
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	back := func(age time.Duration, verified bool) {
		at := func() time.Time { return now.Add(-age) }
		m, err := backups.Full(t.Context(), db, store, backups.FullOptions{ID: backups.NewID("orders", at()), Now: at})
		require.NoError(t, err)
		if verified {
			v, err := backups.Verify(t.Context(), store, m.ID, nil)
			require.NoError(t, err)
			require.True(t, v.OK)
		}
	}
	p := health.Backup{Catalogue: backups.NewCatalogue(store), Database: "orders", Limit: 26 * time.Hour, Now: func() time.Time { return now }}
	holds := func(outcome health.Outcome, say string) {
		t.Helper()
		r := look(t, p.Look, time.Minute)
		require.Equal(t, say, r.Say)
		require.Equal(t, outcome, r.Outcome)
	}
	holds(health.Failed, "there is no backup of `orders`")
	back(30*time.Hour, false)
	holds(health.Failed, "there is 1 backup of `orders`, but none that was verified")
	back(28*time.Hour, true)
	holds(health.Failed, "newest verified backup is 1 d 4 h old, more than 1 d 2 h")
	back(2*time.Hour, false)
	holds(health.Failed, "newest verified backup is 1 d 4 h old, more than 1 d 2 h, 1 newer one not verified")
	back(time.Hour, true)
	holds(health.OK, "newest verified backup is 1 h old")
	require.Equal(t, 3600.0, figure(t, look(t, p.Look, time.Minute), "age"))

	require.NoError(t, os.RemoveAll(folder))
	require.NoError(t, os.WriteFile(folder, nil, 0o600))
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.Unknown, r.Outcome, r.Say)
}
