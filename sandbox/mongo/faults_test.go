package mongo_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// filled answers a collection of n small documents.
func filled(t testing.TB, c *driver.Client, n int) *driver.Collection {
	t.Helper()
	col := c.Database("f").Collection("c")
	var docs []any
	for i := range n {
		docs = append(docs, bson.D{{Key: "_id", Value: i}})
	}
	_, err := col.InsertMany(context.Background(), docs)
	require.NoError(t, err)
	return col
}

// plainly is a URI by which the driver does not try again by itself.
func plainly(s *mongo.Server) string {
	return "mongodb://" + s.Addr() + "/?directConnection=true&retryReads=false&retryWrites=false&serverSelectionTimeoutMS=1500"
}

func code(err error) int32 {
	var e driver.CommandError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestFaultsOfOneCommand(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{})
	col := filled(t, connectTo(t, plainly(s)), 10)
	f := s.Faults()

	f.Fail("find", 2, mongo.Error{Code: 91, Message: "shutting down"})
	for range 2 {
		require.EqualValues(t, 91, code(col.FindOne(ctx, bson.D{}).Err()))
	}
	require.NoError(t, col.FindOne(ctx, bson.D{}).Err())

	f.FailAt("find", 2, mongo.Error{Code: 6, CodeName: "HostUnreachable", Message: "gone", Labels: []string{"SomeLabel"}})
	require.NoError(t, col.FindOne(ctx, bson.D{}).Err())
	err := col.FindOne(ctx, bson.D{}).Err()
	var e driver.CommandError
	require.ErrorAs(t, err, &e)
	require.Equal(t, "HostUnreachable", e.Name)
	require.True(t, e.HasErrorLabel("SomeLabel"))

	f.CloseAt("insert", 1)
	_, err = col.InsertOne(ctx, bson.D{{Key: "_id", Value: 100}})
	require.True(t, driver.IsNetworkError(err), "%v", err)
	require.ErrorIs(t, col.FindOne(ctx, bson.D{{Key: "_id", Value: 100}}).Err(), driver.ErrNoDocuments)

	f.CutReply("insert", 1, 20)
	_, err = col.InsertOne(ctx, bson.D{{Key: "_id", Value: 101}})
	require.True(t, driver.IsNetworkError(err), "%v", err)
	require.NoError(t, col.FindOne(ctx, bson.D{{Key: "_id", Value: 101}}).Err(), "the write was done before its reply was cut")

	f.Delay("ping", 50*time.Millisecond)
	began := time.Now()
	require.NoError(t, col.Database().RunCommand(ctx, bson.D{{Key: "ping", Value: 1}}).Err())
	require.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond)
	require.NoError(t, f.Reset())
	require.Equal(t, 3, f.Commands()["insert"])
	require.True(t, slices.ContainsFunc(f.Log(), func(c mongo.Seen) bool { return c.Name == "insert" && c.DB == "f" && c.On == "c" && c.Conn > 0 }))
}

// A retryable write whose reply is lost is done once.
func TestLostReplyOfRetryableWrite(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{})
	c := connect(t, s)
	col := filled(t, c, 1)
	s.Faults().CutReply("update", 1, 10)
	res, err := col.UpdateOne(ctx, bson.D{{Key: "_id", Value: 0}}, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}})
	require.NoError(t, err)
	require.EqualValues(t, 1, res.ModifiedCount)
	require.Equal(t, 2, s.Faults().Commands()["update"])
	var d struct{ N int }
	require.NoError(t, col.FindOne(ctx, bson.D{}).Decode(&d))
	require.Equal(t, 1, d.N)
}

func TestDropUnderCursor(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{})
	col := filled(t, connect(t, s), 100)
	s.Faults().DropAfter("getMore", 2, "f.c")
	cur, err := col.Find(ctx, bson.D{}, options.Find().SetBatchSize(10))
	require.NoError(t, err)
	n := 0
	for cur.Next(ctx) {
		n++
	}
	require.Equal(t, 30, n)
	require.EqualValues(t, 175, code(cur.Err()))
	require.ErrorContains(t, cur.Err(), "collection dropped")
}

func TestRenameUnderCursor(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{})
	c := connect(t, s)
	cur, err := filled(t, c, 100).Find(ctx, bson.D{}, options.Find().SetBatchSize(10))
	require.NoError(t, err)
	require.NoError(t, c.Database("admin").RunCommand(ctx, bson.D{{Key: "renameCollection", Value: "f.c"}, {Key: "to", Value: "f.d"}}).Err())
	for cur.Next(ctx) {
	}
	require.EqualValues(t, 175, code(cur.Err()))
	n, err := c.Database("f").Collection("d").CountDocuments(ctx, bson.D{})
	require.NoError(t, err)
	require.EqualValues(t, 100, n)
}

func TestUnreachable(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{})
	col := filled(t, connectTo(t, plainly(s)), 10)
	require.NoError(t, s.Faults().Unreachable())
	require.Error(t, col.FindOne(ctx, bson.D{}).Err())
	_, err := net.Dial("tcp", s.Addr())
	require.Error(t, err)
	require.NoError(t, s.Faults().Reachable())
	require.Eventually(t, func() bool { return col.FindOne(ctx, bson.D{}).Err() == nil }, 10*time.Second, 10*time.Millisecond)
}

// A driver learns at once that the primary has stepped down, since its hello waits for that.
func TestStepDown(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{})
	c := connect(t, s)
	col := filled(t, c, 1)
	s.Faults().SetSecondary(true)
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	_, err := col.InsertOne(short, bson.D{})
	require.Error(t, err)
	s.Faults().SetSecondary(false)
	_, err = col.InsertOne(ctx, bson.D{})
	require.NoError(t, err)
}

// An idle driver's monitor waits; it does not ask again and again.
func TestAwaitedHello(t *testing.T) {
	s := start(t, mongo.Options{})
	filled(t, connect(t, s), 1)
	before := s.Faults().Commands()["hello"]
	time.Sleep(200 * time.Millisecond) // something that must not happen cannot be waited for
	require.LessOrEqual(t, s.Faults().Commands()["hello"]-before, 2)
}

func TestAuthentication(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{Username: "ops", Password: "s3cret"})
	filled(t, connect(t, s), 3)
	for _, uri := range []string{"mongodb://ops:wrong@" + s.Addr() + "/", "mongodb://other:s3cret@" + s.Addr() + "/"} {
		c := connectTo(t, uri)
		err := c.Ping(ctx, nil)
		require.ErrorContains(t, err, "Authentication failed")
	}
	c := connectTo(t, "mongodb://"+s.Addr()+"/?directConnection=true")
	require.EqualValues(t, 13, code(c.Database("f").Collection("c").FindOne(ctx, bson.D{}).Err()))
	_, err := mongo.Start(mongo.Options{Username: "alone"})
	require.Error(t, err)
}

func TestCompression(t *testing.T) {
	for _, name := range []string{"snappy", "zstd", "zlib"} {
		s := start(t, mongo.Options{})
		col := filled(t, connectTo(t, s.URI("")+"&compressors="+name), 1000)
		n, err := col.CountDocuments(context.Background(), bson.D{})
		require.NoError(t, err)
		require.EqualValues(t, 1000, n)
	}
}

func TestMessageTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("a large message, and nothing beside it")
	}
	s := start(t, mongo.Options{})
	w := dial(t, s)
	cmd, err := bson.Marshal(bson.D{{Key: "insert", Value: "c"}})
	require.NoError(t, err)
	big, err := bson.Marshal(bson.D{{Key: "x", Value: make([]byte, 46<<20)}})
	require.NoError(t, err)
	require.Nil(t, w.msg("f", cmd, "documents", big, big), "the connection ends without a reply")
	w = dial(t, s)
	_, err = w.conn.Write(message(2013, []byte("no message at all")))
	require.NoError(t, err)
	require.Nil(t, w.reply(21))
}

func TestStandalone(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{ReplicaSet: "-", Version: "7.0.2"})
	c := connect(t, s)
	filled(t, c, 10)
	var hello bson.M
	require.NoError(t, c.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello))
	require.NotContains(t, hello, "setName")
	require.NotContains(t, hello, "$clusterTime")
	require.EqualValues(t, 21, hello["maxWireVersion"])
	n, err := c.Database("local").Collection("oplog.rs").CountDocuments(ctx, bson.D{})
	require.NoError(t, err)
	require.Zero(t, n)
	require.EqualValues(t, 76, code(c.Database("admin").RunCommand(ctx, bson.D{{Key: "replSetGetStatus", Value: 1}}).Err()))
}
