package mongo_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// start runs a server until the test ends.
func start(t testing.TB, o mongo.Options) *mongo.Server {
	t.Helper()
	s, err := mongo.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// connect answers a driver's client until the test ends.
func connect(t testing.TB, s *mongo.Server) *driver.Client {
	t.Helper()
	return connectTo(t, s.URI(""))
}

func connectTo(t testing.TB, uri string) *driver.Client {
	t.Helper()
	c, err := driver.Connect(context.Background(), options.Client().ApplyURI(uri))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Disconnect(context.Background())) })
	return c
}

func TestDriverCRUD(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	col := c.Database("shop").Collection("orders")
	for i := range 1000 {
		_, err := col.InsertOne(ctx, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: i % 10}})
		require.NoError(t, err)
	}
	n, err := col.CountDocuments(ctx, bson.D{{Key: "n", Value: 3}})
	require.NoError(t, err)
	require.EqualValues(t, 100, n)
	cur, err := col.Find(ctx, bson.D{}, options.Find().SetBatchSize(7))
	require.NoError(t, err)
	var all []bson.M
	require.NoError(t, cur.All(ctx, &all))
	require.Len(t, all, 1000)
}

func unique() *options.IndexOptions { return options.Index().SetUnique(true) }
