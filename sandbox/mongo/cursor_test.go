package mongo_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// A scan meets every document that is there all the time, once, whatever writers do meanwhile; through the index on _id too.
func TestScanUnderWriters(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	col := filled(t, c, 3000)
	stop, writers := make(chan struct{}), sync.WaitGroup{}
	failed := make(chan error, 2)
	for w := range 2 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := 10000 + w*100000 + i
				_, err := col.InsertOne(ctx, bson.D{{Key: "_id", Value: id}})
				if err == nil {
					_, err = col.UpdateOne(ctx, bson.D{{Key: "_id", Value: (i * 7) % 3000}}, bson.D{{Key: "$set", Value: bson.D{{Key: "x", Value: strings.Repeat("x", i%300)}}}})
				}
				if err == nil && i%2 == 0 {
					_, err = col.DeleteOne(ctx, bson.D{{Key: "_id", Value: id}})
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for range 3 {
		for _, o := range []*options.FindOptions{options.Find(), options.Find().SetHint(bson.D{{Key: "_id", Value: 1}}), options.Find().SetSort(bson.D{{Key: "_id", Value: -1}})} {
			cur, err := col.Find(ctx, bson.D{}, o.SetBatchSize(50))
			require.NoError(t, err)
			seen := map[int]int{}
			for cur.Next(ctx) {
				seen[int(cur.Current.Lookup("_id").AsInt64())]++
			}
			require.NoError(t, cur.Err())
			for id := range 3000 {
				require.Equal(t, 1, seen[id], "document %d", id)
			}
		}
	}
	close(stop)
	writers.Wait()
	select {
	case err := <-failed:
		require.NoError(t, err)
	default:
	}
}

// A tailing cursor gets what comes, in order and without being asked twice, and waits as long as it was told.
func TestTailOplog(t *testing.T) {
	ctx := context.Background()
	s := start(t, mongo.Options{})
	c := connect(t, s)
	filled(t, c, 1)
	var last bson.Raw
	oplog := c.Database("local").Collection("oplog.rs")
	require.NoError(t, oplog.FindOne(ctx, bson.D{}, options.FindOne().SetSort(bson.D{{Key: "$natural", Value: -1}})).Decode(&last))
	cur, err := oplog.Find(ctx, bson.D{{Key: "ts", Value: bson.D{{Key: "$gt", Value: last.Lookup("ts")}}}},
		options.Find().SetCursorType(options.TailableAwait).SetMaxAwaitTime(5*time.Second))
	require.NoError(t, err)
	go func() { // ends with the inserts
		for i := range 50 {
			_, _ = c.Database("f").Collection("c").InsertOne(ctx, bson.D{{Key: "_id", Value: 100 + i}}) // the reader misses it if it fails
		}
	}()
	for i := range 50 {
		require.True(t, cur.Next(ctx), "%v", cur.Err())
		require.EqualValues(t, 100+i, cur.Current.Lookup("o", "_id").AsInt64())
	}
	require.Less(t, s.Faults().Commands()["getMore"], 55)
	require.NoError(t, cur.Close(ctx))

	cur, err = oplog.Find(ctx, bson.D{{Key: "op", Value: "none"}}, options.Find().SetCursorType(options.TailableAwait).SetMaxAwaitTime(100*time.Millisecond))
	require.NoError(t, err)
	require.False(t, cur.TryNext(ctx), "the first batch")
	began := time.Now()
	require.False(t, cur.TryNext(ctx))
	require.GreaterOrEqual(t, time.Since(began), 100*time.Millisecond)
	require.NotZero(t, cur.ID(), "the cursor stays")
	require.NoError(t, cur.Close(ctx))
}

// A reader whose place has fallen out of a capped collection is told so.
func TestCappedPositionLost(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{OplogBytes: 64 << 10}))
	col := filled(t, c, 100)
	cur, err := c.Database("local").Collection("oplog.rs").Find(ctx, bson.D{}, options.Find().SetBatchSize(10))
	require.NoError(t, err)
	for i := range 1000 {
		_, err := col.InsertOne(ctx, bson.D{{Key: "_id", Value: 1000 + i}})
		require.NoError(t, err)
	}
	for cur.Next(ctx) {
	}
	require.EqualValues(t, 136, code(cur.Err()))
}

func TestReplyLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("one client reads much")
	}
	ctx := context.Background()
	s := start(t, mongo.Options{})
	col := connect(t, s).Database("f").Collection("big")
	for i := range 40 {
		_, err := col.InsertOne(ctx, bson.D{{Key: "_id", Value: i}, {Key: "x", Value: strings.Repeat("x", 1<<20)}})
		require.NoError(t, err)
	}
	cur, err := col.Find(ctx, bson.D{})
	require.NoError(t, err)
	require.Equal(t, 15, cur.RemainingBatchLength(), "16 MiB and no more")
	n := 0
	for cur.Next(ctx) {
		n++
	}
	require.NoError(t, cur.Err())
	require.Equal(t, 40, n)
}

func TestQueries(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	col := c.Database("q").Collection("c")
	for _, d := range []string{
		`{"_id":1,"a":1,"s":"abc","l":[1,2,3],"e":{"x":1},"o":[{"k":"a","v":1},{"k":"b","v":2}]}`,
		`{"_id":2,"a":{"$numberDouble":"2.5"},"s":"Abd","l":[3,4],"e":{"x":2},"o":[{"k":"a","v":2}]}`,
		`{"_id":3,"a":{"$numberDecimal":"2.5"},"s":"xyz","l":[],"e":{"x":[5,6]}}`,
		`{"_id":4,"a":null,"s":5,"l":7}`,
		`{"_id":5,"a":{"$numberLong":"9007199254740993"},"t":true}`,
		`{"_id":6,"a":{"$numberDouble":"NaN"}}`,
	} {
		var doc bson.D
		require.NoError(t, bson.UnmarshalExtJSON([]byte(d), false, &doc))
		_, err := col.InsertOne(ctx, doc)
		require.NoError(t, err)
	}
	cases := map[string][]int{
		`{}`:              {1, 2, 3, 4, 5, 6},
		`{"a":2.5}`:       {2, 3},
		`{"a":{"$gt":2}}`: {2, 3, 5},
		`{"a":{"$gt":{"$numberDouble":"9007199254740992"}}}`: {5},
		`{"a":{"$lte":2.5}}`:                             {1, 2, 3},
		`{"a":null}`:                                     {4},
		`{"t":null}`:                                     {1, 2, 3, 4, 6},
		`{"t":{"$exists":true}}`:                         {5},
		`{"a":{"$exists":false}}`:                        {},
		`{"a":{"$ne":2.5}}`:                              {1, 4, 5, 6},
		`{"a":{"$in":[1,null]}}`:                         {1, 4},
		`{"a":{"$nin":[1,2.5]}}`:                         {4, 5, 6},
		`{"s":{"$regex":"^ab","$options":"i"}}`:          {1, 2},
		`{"s":{"$not":{"$regex":"^a"}}}`:                 {2, 3, 4, 5, 6},
		`{"l":3}`:                                        {1, 2},
		`{"l":{"$size":2}}`:                              {2},
		`{"l":{"$all":[1,3]}}`:                           {1},
		`{"l":[3,4]}`:                                    {2},
		`{"l":{"$elemMatch":{"$gt":1,"$lt":3}}}`:         {1},
		`{"o":{"$elemMatch":{"k":"a","v":2}}}`:           {2},
		`{"o.k":"b"}`:                                    {1},
		`{"o.1.k":"b"}`:                                  {1},
		`{"e.x":{"$gte":2}}`:                             {2, 3},
		`{"e":{"x":1}}`:                                  {1},
		`{"s":{"$type":"string"}}`:                       {1, 2, 3},
		`{"a":{"$type":"number"}}`:                       {1, 2, 3, 5, 6},
		`{"a":{"$mod":[2,0]}}`:                           {2, 3},
		`{"$or":[{"_id":1},{"t":true}]}`:                 {1, 5},
		`{"$nor":[{"_id":{"$lt":5}}]}`:                   {5, 6},
		`{"$and":[{"_id":{"$gt":1}},{"_id":{"$lt":3}}]}`: {2},
		`{"$expr":{"$gt":["$_id",4]}}`:                   {5, 6},
		`{"$jsonSchema":{"required":["t"],"properties":{"t":{"bsonType":"bool"}}}}`: {5},
		`{"_id":{"$in":[5,1,9]}}`: {1, 5},
	}
	check := func(how string) {
		for q, want := range cases {
			var filter bson.D
			require.NoError(t, bson.UnmarshalExtJSON([]byte(q), false, &filter))
			cur, err := col.Find(ctx, filter, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
			require.NoError(t, err, q)
			got := []int{}
			for cur.Next(ctx) {
				got = append(got, int(cur.Current.Lookup("_id").AsInt64()))
			}
			require.NoError(t, cur.Err())
			require.Equal(t, want, got, "%s, %s", q, how)
		}
	}
	check("without indexes")
	for _, keys := range []bson.D{{{Key: "a", Value: 1}}, {{Key: "l", Value: 1}}, {{Key: "e.x", Value: -1}}, {{Key: "o.k", Value: 1}, {Key: "o.v", Value: -1}}, {{Key: "s", Value: 1}, {Key: "a", Value: 1}}} {
		_, err := col.Indexes().CreateOne(ctx, driver.IndexModel{Keys: keys})
		require.NoError(t, err)
	}
	check("with indexes")
	for _, bad := range []string{`{"$frob":1}`, `{"a":{"$frob":1}}`, `{"$or":[]}`, `{"s":{"$regex":"("}}`} {
		var filter bson.D
		require.NoError(t, bson.UnmarshalExtJSON([]byte(bad), false, &filter))
		_, err := col.Find(ctx, filter)
		require.Error(t, err, bad)
	}
}
