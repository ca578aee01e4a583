package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

func parse(t testing.TB, j string) bson.D {
	t.Helper()
	var d bson.D
	require.NoError(t, bson.UnmarshalExtJSON([]byte(j), false, &d), j)
	return d
}

// Each update of a document, and what comes of it; the oplog's word for it, applied elsewhere, gives the same.
func TestUpdateOperators(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	copyOf := connect(t, start(t, mongo.Options{}))
	cases := [][3]string{ // before, update, after
		{`{"a":1}`, `{"$set":{"b.c":2,"a":"x"}}`, `{"a":"x","b":{"c":2}}`},
		{`{"a":1,"b":2}`, `{"$unset":{"a":1,"zz":1}}`, `{"b":2}`},
		{`{"a":1}`, `{"$inc":{"a":2,"n":5}}`, `{"a":3,"n":5}`},
		{`{"a":2147483647}`, `{"$inc":{"a":1}}`, `{"a":{"$numberLong":"2147483648"}}`},
		{`{"a":{"$numberDecimal":"1.10"}}`, `{"$inc":{"a":1}}`, `{"a":{"$numberDecimal":"2.10"}}`},
		{`{"a":3}`, `{"$mul":{"a":2.5,"z":3}}`, `{"a":7.5,"z":0}`},
		{`{"a":3}`, `{"$min":{"a":2,"b":1}}`, `{"a":2,"b":1}`},
		{`{"a":3}`, `{"$max":{"a":2}}`, `{"a":3}`},
		{`{"a":[1]}`, `{"$push":{"a":2,"n":{"x":1}}}`, `{"a":[1,2],"n":[{"x":1}]}`},
		{`{"a":[3,1]}`, `{"$push":{"a":{"$each":[2,0],"$sort":1,"$slice":-3}}}`, `{"a":[1,2,3]}`},
		{`{"a":[1,4]}`, `{"$push":{"a":{"$each":[2,3],"$position":1}}}`, `{"a":[1,2,3,4]}`},
		{`{"a":[1]}`, `{"$addToSet":{"a":{"$each":[1,2]}}}`, `{"a":[1,2]}`},
		{`{"a":[1,5,{"k":1},{"k":2}]}`, `{"$pull":{"a":{"k":1}}}`, `{"a":[1,5,{"k":2}]}`},
		{`{"a":[1,5,2]}`, `{"$pull":{"a":{"$gte":2}}}`, `{"a":[1]}`},
		{`{"a":[1,5,2]}`, `{"$pullAll":{"a":[5,1]}}`, `{"a":[2]}`},
		{`{"a":[1,5,2]}`, `{"$pop":{"a":-1}}`, `{"a":[5,2]}`},
		{`{"a":1,"b":2}`, `{"$rename":{"a":"c.d"}}`, `{"b":2,"c":{"d":1}}`},
		{`{"a":5}`, `{"$bit":{"a":{"and":4}}}`, `{"a":4}`},
		{`{"l":[1,2,3]}`, `{"$set":{"l.4":5}}`, `{"l":[1,2,3,null,5]}`},
		{`{"l":[1,2,3]}`, `{"$unset":{"l.1":1}}`, `{"l":[1,null,3]}`},
		{`{"l":[1,2,3]}`, `{"$inc":{"l.$[]":1}}`, `{"l":[2,3,4]}`},
		{`{"a":1,"b":1}`, `{"x":{"y":2}}`, `{"x":{"y":2}}`},
	}
	col := c.Database("u").Collection("c")
	for i, k := range cases {
		before := append(bson.D{{Key: "_id", Value: i}}, parse(t, k[0])...)
		_, err := col.InsertOne(ctx, before)
		require.NoError(t, err)
		u := parse(t, k[1])
		if u[0].Key[0] == '$' {
			_, err = col.UpdateOne(ctx, bson.D{{Key: "_id", Value: i}}, u)
		} else {
			_, err = col.ReplaceOne(ctx, bson.D{{Key: "_id", Value: i}}, u)
		}
		require.NoError(t, err, k[1])
		got, err := col.FindOne(ctx, bson.D{{Key: "_id", Value: i}}).Raw()
		require.NoError(t, err)
		want, err := bson.Marshal(append(bson.D{{Key: "_id", Value: i}}, parse(t, k[2])...))
		require.NoError(t, err)
		require.Equal(t, bson.Raw(want).String(), got.String(), "%s of %s", k[1], k[0])
	}
	replayAll(t, c, copyOf)
	require.Equal(t, stateOf(t, c), stateOf(t, copyOf))

	for update, want := range map[string]int{`{"$inc":{"_id":1}}`: 66, `{"$set":{"a":1},"$inc":{"a":1}}`: 40, `{"$inc":{"x":1}}`: 14, `{"$set":{"a.b.c":1}}`: 28} {
		_, err := col.UpdateOne(ctx, bson.D{{Key: "_id", Value: 0}}, bson.D{{Key: "$set", Value: bson.D{{Key: "a", Value: 1}, {Key: "x", Value: "text"}}}})
		require.NoError(t, err)
		_, err = col.UpdateOne(ctx, bson.D{{Key: "_id", Value: 0}}, parse(t, update))
		var e driver.WriteException
		require.ErrorAs(t, err, &e, update)
		require.Equal(t, want, e.WriteErrors[0].Code, update)
	}
}

// oplogOf reads the whole oplog of a server.
func oplogOf(t testing.TB, c *driver.Client) []oplogEntry {
	t.Helper()
	ctx := context.Background()
	cur, err := c.Database("local").Collection("oplog.rs").Find(ctx, bson.D{})
	require.NoError(t, err)
	var out []oplogEntry
	for cur.Next(ctx) {
		e := readEntry(append(bson.Raw{}, cur.Current...))
		require.True(t, len(out) == 0 || e.ts.After(out[len(out)-1].ts), "time goes forward")
		out = append(out, e)
	}
	require.NoError(t, cur.Err())
	return out
}

// replayAll applies the whole oplog of one server to another.
func replayAll(t testing.TB, from, to *driver.Client) {
	t.Helper()
	r := newReplayer(t, to)
	for _, e := range oplogOf(t, from) {
		r.apply(e)
	}
	require.Empty(t, r.open)
}

func TestUpsertAndFindAndModify(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	col := c.Database("u").Collection("c")
	res, err := col.UpdateOne(ctx, bson.D{{Key: "k", Value: "a"}, {Key: "n", Value: bson.D{{Key: "$gt", Value: 1}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "x", Value: 1}}}, {Key: "$setOnInsert", Value: bson.D{{Key: "y", Value: 2}}}}, options.Update().SetUpsert(true))
	require.NoError(t, err)
	require.NotNil(t, res.UpsertedID)
	var d bson.M
	require.NoError(t, col.FindOne(ctx, bson.D{{Key: "k", Value: "a"}}).Decode(&d))
	require.Equal(t, bson.M{"_id": res.UpsertedID, "k": "a", "x": int32(1), "y": int32(2)}, d)

	require.NoError(t, col.FindOneAndUpdate(ctx, bson.D{{Key: "k", Value: "a"}}, bson.D{{Key: "$inc", Value: bson.D{{Key: "x", Value: 1}}}},
		options.FindOneAndUpdate().SetReturnDocument(options.After).SetProjection(bson.D{{Key: "x", Value: 1}, {Key: "_id", Value: 0}})).Decode(&d))
	require.EqualValues(t, 2, d["x"])
	require.NoError(t, col.FindOneAndReplace(ctx, bson.D{{Key: "k", Value: "a"}}, bson.D{{Key: "k", Value: "b"}}).Err())
	require.NoError(t, col.FindOneAndDelete(ctx, bson.D{{Key: "k", Value: "b"}}).Err())
	require.ErrorIs(t, col.FindOneAndDelete(ctx, bson.D{{Key: "k", Value: "b"}}).Err(), driver.ErrNoDocuments)

	// Only one of many wins a lease.
	_, err = col.InsertOne(ctx, bson.D{{Key: "_id", Value: "lease"}, {Key: "n", Value: 0}})
	require.NoError(t, err)
	won, all := make(chan int, 8), sync.WaitGroup{}
	for i := range 8 {
		all.Go(func() {
			if col.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: "lease"}, {Key: "owner", Value: nil}}, bson.D{{Key: "$set", Value: bson.D{{Key: "owner", Value: i}}}}).Err() == nil {
				won <- i
			}
		})
	}
	all.Wait()
	require.Len(t, won, 1)
}

func TestUniqueIndexes(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	col := c.Database("u").Collection("c")
	index := func(keys string, o *options.IndexOptions) {
		_, err := col.Indexes().CreateOne(ctx, driver.IndexModel{Keys: parse(t, keys), Options: o})
		require.NoError(t, err)
	}
	index(`{"a":1,"b":1}`, unique())
	index(`{"mail":1}`, unique().SetPartialFilterExpression(parse(t, `{"active":true}`)))
	index(`{"tags":1}`, unique().SetSparse(true))
	index(`{"name":1}`, unique().SetSparse(true).SetCollation(&options.Collation{Locale: "en", Strength: 2}))
	insert := func(d string) error { _, err := col.InsertOne(ctx, parse(t, d)); return err }
	require.NoError(t, insert(`{"_id":1,"a":1,"b":1,"mail":"x","active":true,"tags":["p","q"],"name":"Anna"}`))
	require.NoError(t, insert(`{"_id":2,"a":1,"b":2,"mail":"x","active":false,"tags":["r","r"]}`))
	require.NoError(t, insert(`{"_id":3,"a":2,"mail":"x"}`))
	err := insert(`{"_id":4,"a":1.0,"b":{"$numberLong":"2"}}`)
	require.ErrorContains(t, err, "E11000 duplicate key error collection: u.c index: a_1_b_1 dup key: { a: 1.0, b: 2 }")
	require.ErrorContains(t, insert(`{"_id":4,"a":4,"mail":"x","active":true}`), "mail_1 dup key")
	require.ErrorContains(t, insert(`{"_id":4,"a":4,"tags":["z","q"]}`), `tags_1 dup key: { tags: "q" }`)
	require.ErrorContains(t, insert(`{"_id":4,"a":4,"name":"ANNA"}`), "name_1")
	require.ErrorContains(t, insert(`{"_id":1.0}`), "_id_ dup key")
	_, err = col.UpdateOne(ctx, parse(t, `{"_id":2}`), parse(t, `{"$set":{"active":true}}`))
	require.True(t, driver.IsDuplicateKeyError(err))
	_, err = col.UpdateOne(ctx, parse(t, `{"_id":1}`), parse(t, `{"$set":{"active":false}}`))
	require.NoError(t, err)
	_, err = col.UpdateOne(ctx, parse(t, `{"_id":2}`), parse(t, `{"$set":{"active":true}}`))
	require.NoError(t, err, "the key is free again")
	require.ErrorContains(t, insert(`{"_id":5,"a":[1,2],"b":[3]}`), "parallel arrays")
	n, err := col.CountDocuments(ctx, bson.D{})
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
}

func TestTransactions(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	col := c.Database("x").Collection("c")
	count := func() int64 {
		n, err := col.CountDocuments(ctx, bson.D{})
		require.NoError(t, err)
		return n
	}
	_, err := col.InsertOne(ctx, bson.D{{Key: "_id", Value: 0}, {Key: "n", Value: 0}})
	require.NoError(t, err)
	in := func(do func(sc driver.SessionContext) error) error {
		s, err := c.StartSession()
		require.NoError(t, err)
		defer s.EndSession(ctx)
		_, err = s.WithTransaction(ctx, func(sc driver.SessionContext) (any, error) { return nil, do(sc) })
		return err
	}
	require.NoError(t, in(func(sc driver.SessionContext) error {
		_, err := col.InsertOne(sc, bson.D{{Key: "_id", Value: 1}})
		require.NoError(t, err)
		_, err = c.Database("x").Collection("other").InsertOne(sc, bson.D{{Key: "_id", Value: 1}})
		require.NoError(t, err)
		require.NoError(t, col.FindOne(sc, bson.D{{Key: "_id", Value: 1}}).Err(), "it sees its own writes")
		require.EqualValues(t, 1, count(), "nobody else does")
		return nil
	}))
	require.EqualValues(t, 2, count())
	boom := errors.New("boom")
	require.ErrorIs(t, in(func(sc driver.SessionContext) error {
		_, err := col.DeleteMany(sc, bson.D{})
		require.NoError(t, err)
		return boom
	}), boom)
	require.EqualValues(t, 2, count())

	// Increments of one counter in racing transactions all count: who comes too late is told to try again.
	racers := sync.WaitGroup{}
	errs := make(chan error, 4)
	for range 4 {
		racers.Go(func() {
			for range 5 {
				errs <- in(func(sc driver.SessionContext) error {
					_, err := col.UpdateOne(sc, bson.D{{Key: "_id", Value: 0}}, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}})
					return err
				})
			}
		})
	}
	for range 20 {
		require.NoError(t, <-errs)
	}
	racers.Wait()
	var d struct{ N int }
	require.NoError(t, col.FindOne(ctx, bson.D{{Key: "_id", Value: 0}}).Decode(&d))
	require.Equal(t, 20, d.N)

	err = in(func(sc driver.SessionContext) error {
		_, err := col.InsertOne(sc, bson.D{{Key: "_id", Value: 1}})
		return err
	})
	require.True(t, driver.IsDuplicateKeyError(err), "%v", err)
	copyOf := connect(t, start(t, mongo.Options{}))
	replayAll(t, c, copyOf)
	require.Equal(t, stateOf(t, c), stateOf(t, copyOf))
}

// Numbers of all types stand in one order, exact beyond what a double holds.
func TestOrderOfValues(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	decimal := func(s string) primitive.Decimal128 {
		d, err := primitive.ParseDecimal128(s)
		require.NoError(t, err)
		return d
	}
	in := bson.A{primitive.MinKey{}, nil, math.NaN(), math.Inf(-1), decimal("-1E+6000"), -math.MaxFloat64, int64(math.MinInt64), int64(-1<<53 - 1), -1e15, decimal("-0.3"), -0.1,
		decimal("-0.1"), decimal("-1E-6000"), 0, decimal("1E-6000"), 5e-324, decimal("0.1"), 0.1, 1, decimal("1.5"), 2.5, int64(1 << 53), int64(1<<53 + 1), 1 << 54, int64(math.MaxInt64), 9.3e18,
		decimal("1E+6000"), math.Inf(1), "", "a", "a\x00", "a\x00b", "aa", bson.D{}, bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 0}}, bson.D{{Key: "b", Value: 0}},
		bson.D{{Key: "a", Value: "x"}}, primitive.Binary{Data: []byte{9}}, primitive.Binary{Data: []byte{1, 1}}, primitive.ObjectID{1}, false, true, primitive.DateTime(-5), primitive.DateTime(5),
		primitive.Timestamp{T: 1}, primitive.MaxKey{}}
	// -0.1 as a double is a little more than the decimal, -0.1000000000000000055…, and stands before it.
	col := c.Database("o").Collection("c")
	for i := range in {
		j := (i * 29) % len(in)
		_, err := col.InsertOne(ctx, bson.D{{Key: "_id", Value: in[j]}, {Key: "place", Value: j}})
		require.NoError(t, err, "%v", in[j])
	}
	for name, o := range map[string]*options.FindOptions{"by index": options.Find().SetHint(bson.D{{Key: "_id", Value: 1}}), "sorted": options.Find().SetSort(bson.D{{Key: "_id", Value: 1}, {Key: "x", Value: 1}})} {
		cur, err := col.Find(ctx, bson.D{}, o)
		require.NoError(t, err)
		var got []int64
		for cur.Next(ctx) {
			got = append(got, cur.Current.Lookup("place").AsInt64())
		}
		for i, place := range got {
			if in[place] != nil {
				require.EqualValues(t, i, place, "%s: %v stands at %d", name, in[place], i)
			}
		}
		require.Len(t, got, len(in))
	}
}

func TestTTL(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{TTL: time.Millisecond}))
	col := c.Database("t").Collection("c")
	_, err := col.Indexes().CreateOne(ctx, driver.IndexModel{Keys: bson.D{{Key: "at", Value: 1}}, Options: options.Index().SetExpireAfterSeconds(60)})
	require.NoError(t, err)
	for i, at := range []any{time.Now().Add(-time.Hour), time.Now(), "never"} {
		_, err := col.InsertOne(ctx, bson.D{{Key: "_id", Value: i}, {Key: "at", Value: at}})
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { n, err := col.CountDocuments(ctx, bson.D{}); return err == nil && n == 2 }, 5*time.Second, time.Millisecond)
}

func TestAggregate(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	col := c.Database("a").Collection("c")
	for i := range 30 {
		_, err := col.InsertOne(ctx, bson.D{{Key: "_id", Value: i}, {Key: "k", Value: fmt.Sprint(i % 3)}, {Key: "n", Value: i}, {Key: "l", Value: bson.A{i, i + 1}}})
		require.NoError(t, err)
	}
	for pipeline, want := range map[string]string{
		`[{"$match":{"n":{"$lt":10}}},{"$group":{"_id":"$k","sum":{"$sum":"$n"},"c":{"$sum":1}}},{"$sort":{"_id":-1}},{"$limit":1}]`: `{"_id":"2","sum":15,"c":3}`,
		`[{"$skip":5},{"$count":"n"}]`: `{"n":25}`,
		`[{"$match":{"_id":3}},{"$unwind":"$l"},{"$project":{"_id":0,"l":1}},{"$skip":1}]`:                              `{"l":4}`,
		`[{"$match":{"_id":3}},{"$addFields":{"d":{"$add":["$n",1]},"s":{"$concat":["x","$k"]}}},{"$unset":["l","k"]}]`: `{"_id":3,"n":3,"d":4,"s":"x0"}`,
		`[{"$group":{"_id":null,"min":{"$min":"$n"},"max":{"$max":"$n"},"avg":{"$avg":"$n"}}}]`:                         `{"_id":null,"min":0,"max":29,"avg":14.5}`,
	} {
		p := parse(t, `{"p":`+pipeline+`}`)[0].Value
		cur, err := col.Aggregate(ctx, p)
		require.NoError(t, err, pipeline)
		require.True(t, cur.Next(ctx), pipeline)
		got, err := bson.MarshalExtJSON(cur.Current, false, false)
		require.NoError(t, err)
		require.Equal(t, want, string(got), pipeline)
		require.False(t, cur.Next(ctx))
	}
	values, err := col.Distinct(ctx, "k", bson.D{{Key: "n", Value: bson.D{{Key: "$gt", Value: 27}}}})
	require.NoError(t, err)
	require.ElementsMatch(t, []any{"1", "2"}, values)
}

func TestBulkWrite(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	col := c.Database("b").Collection("c")
	one := func(id int) bson.D { return bson.D{{Key: "_id", Value: id}} }
	set := bson.D{{Key: "$set", Value: bson.D{{Key: "x", Value: 1}}}}
	models := []driver.WriteModel{
		driver.NewInsertOneModel().SetDocument(one(1)), driver.NewInsertOneModel().SetDocument(one(1)), driver.NewInsertOneModel().SetDocument(one(2)),
		driver.NewUpdateManyModel().SetFilter(bson.D{}).SetUpdate(set), driver.NewUpdateOneModel().SetFilter(one(9)).SetUpdate(set).SetUpsert(true),
		driver.NewReplaceOneModel().SetFilter(one(2)).SetReplacement(bson.D{{Key: "y", Value: 1}}), driver.NewDeleteOneModel().SetFilter(one(1)),
	}
	res, err := col.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	var e driver.BulkWriteException
	require.ErrorAs(t, err, &e)
	require.Len(t, e.WriteErrors, 1)
	require.Equal(t, 1, e.WriteErrors[0].Index)
	require.Equal(t, 11000, e.WriteErrors[0].Code)
	require.EqualValues(t, []int64{2, 1, 1}, []int64{res.InsertedCount, res.DeletedCount, res.UpsertedCount})

	_, err = col.BulkWrite(ctx, []driver.WriteModel{driver.NewInsertOneModel().SetDocument(one(20)), driver.NewInsertOneModel().SetDocument(one(20)),
		driver.NewInsertOneModel().SetDocument(one(21))})
	require.ErrorAs(t, err, &e)
	n, err := col.CountDocuments(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: 20}}}})
	require.NoError(t, err)
	require.EqualValues(t, 1, n, "an ordered batch stops at its first error")
}
