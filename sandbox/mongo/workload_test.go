package mongo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// writes does n random writes of one writer, among them changes of the catalog, in databases that other writers use too. What the
// server refuses, because somebody else was faster, is part of the game.
func writes(c *driver.Client, seed uint64, n int) {
	ctx, r := context.Background(), rand.New(rand.NewPCG(seed, 1))
	name := func() string { return fmt.Sprintf("c%d", r.IntN(6)) }
	db := func() *driver.Database { return c.Database(fmt.Sprintf("w%d", r.IntN(2))) }
	some := func() bson.D { return bson.D{{Key: "_id", Value: r.IntN(60)}} }
	value := func() any {
		return []any{r.IntN(100), r.Float64(), "text", nil, bson.A{1, r.IntN(5)}, bson.D{{Key: "x", Value: r.IntN(9)}}}[r.IntN(6)]
	}
	update := func() bson.D {
		field := []string{"a", "b", "s.x", "l"}[r.IntN(4)]
		switch r.IntN(7) {
		case 0:
			return bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: value()}, {Key: "z", Value: r.IntN(9)}}}}
		case 1:
			return bson.D{{Key: "$unset", Value: bson.D{{Key: field, Value: 1}}}}
		case 2:
			return bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}, {Key: "$currentDate", Value: bson.D{{Key: "at", Value: true}}}}
		case 3:
			return bson.D{{Key: "$push", Value: bson.D{{Key: "list", Value: bson.D{{Key: "$each", Value: bson.A{r.IntN(9), r.IntN(9)}}, {Key: "$slice", Value: -5}}}}}}
		case 4:
			return bson.D{{Key: "$push", Value: bson.D{{Key: "list", Value: r.IntN(9)}}}}
		case 5:
			return bson.D{{Key: "$pull", Value: bson.D{{Key: "list", Value: bson.D{{Key: "$lt", Value: 4}}}}}}
		}
		return bson.D{{Key: "$rename", Value: bson.D{{Key: "a", Value: "renamed"}}}}
	}
	run := func(d *driver.Database, cmd bson.D) { _ = d.RunCommand(ctx, cmd).Err() } // may be refused
	for range n {
		d, col := db(), (*driver.Collection)(nil)
		col = d.Collection(name())
		switch k := r.IntN(100); {
		case k < 30:
			_, _ = col.InsertOne(ctx, append(some(), bson.E{Key: "a", Value: value()}, bson.E{Key: "b", Value: value()}))
		case k < 55:
			_, _ = col.UpdateOne(ctx, some(), update(), options.Update().SetUpsert(r.IntN(3) == 0))
		case k < 62:
			_, _ = col.UpdateMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$lt", Value: r.IntN(30)}}}}, update())
		case k < 67:
			_, _ = col.ReplaceOne(ctx, some(), bson.D{{Key: "replaced", Value: value()}}, options.Replace().SetUpsert(true))
		case k < 77:
			_, _ = col.DeleteOne(ctx, some())
		case k < 82:
			_ = col.FindOneAndUpdate(ctx, some(), update()).Err()
		case k < 90:
			transact(ctx, c, d, name(), name(), some, update, r.IntN(4) == 0)
		case k < 92:
			run(d, bson.D{{Key: "createIndexes", Value: name()}, {Key: "indexes", Value: bson.A{bson.D{{Key: "key", Value: bson.D{{Key: "b", Value: 1}}}, {Key: "name", Value: "b_1"}}}}})
		case k < 93:
			run(d, bson.D{{Key: "dropIndexes", Value: name()}, {Key: "index", Value: "b_1"}})
		case k < 95:
			run(c.Database("admin"), bson.D{{Key: "renameCollection", Value: d.Name() + "." + name()}, {Key: "to", Value: db().Name() + "." + name()}, {Key: "dropTarget", Value: r.IntN(2) == 0}})
		case k < 96:
			run(d, bson.D{{Key: "drop", Value: name()}})
		case k < 97:
			run(d, bson.D{{Key: "create", Value: name()}, {Key: "capped", Value: true}, {Key: "size", Value: 8192}})
		case k < 98:
			run(d, bson.D{{Key: "collMod", Value: name()}, {Key: "validator", Value: bson.D{{Key: "z", Value: bson.D{{Key: "$ne", Value: 3}}}}}, {Key: "validationLevel", Value: "moderate"}})
		case k < 99:
			run(d, bson.D{{Key: "create", Value: "view"}, {Key: "viewOn", Value: name()}, {Key: "pipeline", Value: bson.A{}}})
		case r.IntN(4) == 0:
			run(d, bson.D{{Key: "dropDatabase", Value: 1}})
		}
	}
}

func transact(ctx context.Context, c *driver.Client, d *driver.Database, one, two string, some, update func() bson.D, abort bool) {
	s, err := c.StartSession()
	if err != nil {
		return
	}
	defer s.EndSession(ctx)
	_ = driver.WithSession(ctx, s, func(sc driver.SessionContext) error { // an error means that the transaction came to nothing
		if err := s.StartTransaction(); err != nil {
			return err
		}
		_, err := d.Collection(one).InsertOne(sc, append(some(), bson.E{Key: "txn", Value: true}))
		if err == nil {
			_, err = d.Collection(two).UpdateOne(sc, some(), update(), options.Update().SetUpsert(true))
		}
		if err == nil {
			_, err = d.Collection(one).DeleteOne(sc, some())
		}
		if err != nil || abort {
			return s.AbortTransaction(sc)
		}
		return s.CommitTransaction(sc)
	})
}

// Whatever several writers do at the same time, the oplog tells it all: replayed elsewhere it makes the same documents, indexes and options.
func TestOplogTellsAll(t *testing.T) {
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1 // one after another
	}
	for seed := range seeds {
		a, b := connect(t, start(t, mongo.Options{})), connect(t, start(t, mongo.Options{}))
		var all sync.WaitGroup
		for w := range uint64(3) {
			all.Go(func() { writes(a, seed*10+w, 400) })
		}
		all.Wait()
		kinds := map[string]int{}
		for _, e := range oplogOf(t, a) {
			kind := e.op
			if e.op == "c" {
				kind = e.o.Index(0).Key()
			}
			kinds[kind]++
		}
		for _, kind := range []string{"i", "u", "d", "create", "drop", "renameCollection", "applyOps", "collMod", "commitIndexBuild"} {
			require.NotZero(t, kinds[kind], "%s is missing from the workload: %v", kind, kinds)
		}
		replayAll(t, a, b)
		require.Equal(t, stateOf(t, a), stateOf(t, b), "seed %d", seed)
	}
}
