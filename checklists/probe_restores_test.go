package checklists

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
)

// TestProbesOfBackupsThatWereMadeAndRestored has the engine take, verify and restore a backup of a real deployment, and looks
// at what lies in the store from then on.
func TestProbesOfBackupsThatWereMadeAndRestored(t *testing.T) {
	server, err := mongo.Start(mongo.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client, err := driver.Connect(t.Context(), options.Client().ApplyURI(server.URI("")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Disconnect(context.Background())) })
	_, err = client.Database("orders").Collection("orders").InsertMany(t.Context(), []any{bson.D{{Key: "n", Value: 1}}, bson.D{{Key: "n", Value: 2}}})
	require.NoError(t, err)
	db, err := databases.Open(t.Context(), "orders", server.URI("orders"), databases.Options{Timeout: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
	folder := t.TempDir()
	store, err := objects.NewFolder(folder)
	require.NoError(t, err)

	now := nine
	clock := func() time.Time { return now }
	catalogue := backups.NewCatalogue(store)
	young := Backups{Catalogue: catalogue.List, Databases: []string{"orders"}, YoungerThan: 26 * time.Hour, Now: clock}
	proven := Restores{Catalogue: catalogue.List, Databases: []string{"orders"}, YoungerThan: 31 * 24 * time.Hour, Now: clock}
	look := func(p Probe, outcome Outcome, say string) {
		t.Helper()
		found := p.Look(t.Context())
		require.Equal(t, Evidence{Outcome: outcome, Say: say}, found)
	}
	look(young, Failed, "`orders` has no verified backup (at most 1 d 2 h)")
	look(proven, Failed, "no restore of `orders` was ever proven (at most 31 d)")

	m, err := backups.Full(t.Context(), db, store, backups.FullOptions{ID: backups.NewID("orders", now), Tool: "opsbot test", Now: clock})
	require.NoError(t, err)
	look(young, Failed, "`orders` has no verified backup (at most 1 d 2 h)")
	v, err := backups.Verify(t.Context(), store, m.ID, nil)
	require.NoError(t, err)
	require.True(t, v.OK)
	now = now.Add(5 * time.Hour)
	look(young, Passed, "last backup of `orders` 5 h ago, verified")

	cert, err := backups.Restore(t.Context(), store, m.ID, db, backups.RestoreOptions{CertificateID: "run1", Rename: map[string]string{"orders": "orders_again"}, Now: clock})
	require.NoError(t, err)
	require.True(t, cert.OK)
	now = now.Add(48 * time.Hour)
	look(young, Failed, "the newest verified one of `orders` is 2 d 5 h old (at most 1 d 2 h)")
	look(proven, Passed, "restore of `orders` proven equal 2 d ago")

	both := proven
	both.Databases = []string{"orders", "users"}
	look(both, Failed, "no restore of `users` was ever proven, restore of `orders` proven equal 2 d ago (at most 31 d)")
	both.Any = true
	look(both, Passed, "restore of `orders` proven equal 2 d ago")
	now = now.Add(30 * 24 * time.Hour)
	look(proven, Failed, "the last proof of `orders` is 32 d old (at most 31 d)")

	require.NoError(t, os.RemoveAll(folder))
	require.NoError(t, os.WriteFile(folder, nil, 0o600))
	for _, p := range []Probe{young, proven} {
		require.Equal(t, Unknown, p.Look(t.Context()).Outcome, "the store cannot be read")
	}
}

// TestARestoreThatWasNotEqualOutweighsAnOlderProof looks at certificates as they lie in a catalogue.
func TestARestoreThatWasNotEqualOutweighsAnOlderProof(t *testing.T) {
	at := func(hours int, ok bool) backups.Certificate {
		return backups.Certificate{Finished: nine.Add(-time.Duration(hours) * time.Hour), OK: ok}
	}
	entries := []backups.Entry{{Certificates: []backups.Certificate{at(2, false)}}, {Certificates: []backups.Certificate{at(5, true), at(9, false)}}}
	p := Restores{Databases: []string{"orders"}, YoungerThan: 24 * time.Hour, Now: func() time.Time { return nine },
		Catalogue: func(context.Context, string) ([]backups.Entry, error) { return entries, nil }}
	require.Equal(t, Evidence{Outcome: Failed, Say: "the last restore of `orders`, 2 h ago, was not equal (at most 1 d)"}, p.Look(t.Context()))
	entries[0].Certificates[0].OK = true
	require.Equal(t, Passed, p.Look(t.Context()).Outcome)
}
