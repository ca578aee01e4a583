package sample

import (
	"bytes"
	"context"
	"testing"

	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

// start answers a running server and a client of it.
func start(t *testing.T) (*mongo.Server, *driver.Client) {
	t.Helper()
	server, err := mongo.Start(mongo.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client, err := driver.Connect(t.Context(), options.Client().ApplyURI(server.URI("")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Disconnect(context.Background())) })
	return server, client
}

func TestLoad(t *testing.T) {
	server, client := start(t)
	require.NoError(t, Load(t.Context(), server.URI, Options{Scale: 0.02}))

	walk(Options{Scale: 0.02}, func(db Database, c content) {
		collection := client.Database(db.DB).Collection(c.name)
		if c.name == "activeorders" {
			return // a view
		}
		var want, got []bson.Raw
		for d := range c.docs {
			want = append(want, d)
		}
		cursor, err := collection.Find(t.Context(), bson.D{}, options.Find().SetSort(bson.D{{Key: "$natural", Value: 1}}))
		require.NoError(t, err)
		require.NoError(t, cursor.All(t.Context(), &got))
		require.Equal(t, len(want), len(got), "%s.%s", db.DB, c.name)
		for i := range want {
			require.True(t, bytes.Equal(want[i], got[i]), "%s.%s: %s came back as %s", db.DB, c.name, want[i].Lookup("_id"), got[i])
		}
		indexes, err := collection.Indexes().ListSpecifications(t.Context())
		require.NoError(t, err)
		require.Len(t, indexes, 1+len(c.indexes), "%s.%s", db.DB, c.name)
	})
	active, err := client.Database("kampyn_orders").Collection("activeorders").CountDocuments(t.Context(), bson.D{})
	require.NoError(t, err)
	require.Positive(t, active, "the view shows nothing")

	specs, err := client.Database("kampyn_cache").ListCollectionSpecifications(t.Context(), bson.D{{Key: "name", Value: "serverevents"}})
	require.NoError(t, err)
	require.Len(t, specs, 1)
	require.True(t, specs[0].Options.Lookup("capped").Boolean())
}

func TestLoadRefusesWhatIsNotEmpty(t *testing.T) {
	server, client := start(t)
	_, err := client.Database("kampyn_items").Collection("precious").InsertOne(t.Context(), bson.D{{Key: "n", Value: 1}})
	require.NoError(t, err)

	err = Load(t.Context(), server.URI, Options{Scale: 0.02})
	require.ErrorIs(t, err, ErrNotEmpty)
	require.ErrorContains(t, err, "kampyn_items")
	names, err := client.Database("kampyn_items").ListCollectionNames(t.Context(), bson.D{})
	require.NoError(t, err)
	require.Equal(t, []string{"precious"}, names)
}

func TestLoadSaysWhatFailed(t *testing.T) {
	server, _ := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Load(ctx, server.URI, Options{Scale: 0.02}), context.Canceled)
}

// BenchmarkLoad is how long the demo waits for its data.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		server, err := mongo.Start(mongo.Options{})
		require.NoError(b, err)
		require.NoError(b, Load(b.Context(), server.URI, Options{}))
		require.NoError(b, server.Close())
	}
}
