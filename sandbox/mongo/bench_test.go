package mongo_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

const benchDocs, benchSize = 100_000, 1000

// bulk are the documents of a collection of 100 MB, in batches of 1000.
func bulk() (batches [][]any) {
	for i := 0; i < benchDocs; i += 1000 {
		var docs []any
		for j := range 1000 {
			docs = append(docs, bson.D{{Key: "_id", Value: i + j}, {Key: "x", Value: strings.Repeat("abcdefgh", benchSize/8-3)}})
		}
		batches = append(batches, docs)
	}
	return batches
}

func load(b *testing.B, col *driver.Collection, batches [][]any) {
	for _, docs := range batches {
		_, err := col.InsertMany(context.Background(), docs)
		require.NoError(b, err)
	}
}

func BenchmarkInsert(b *testing.B) {
	c := connect(b, start(b, mongo.Options{}))
	batches := bulk()
	b.SetBytes(benchDocs * benchSize)
	for b.Loop() {
		col := c.Database("b").Collection("c")
		require.NoError(b, col.Drop(context.Background()))
		load(b, col, batches)
	}
}

// A drain by whole batches over a bare connection, which is as fast as a client can ask.
func BenchmarkDrain(b *testing.B) {
	s := start(b, mongo.Options{})
	load(b, connect(b, s).Database("b").Collection("c"), bulk())
	w := dial(b, s)
	find, err := bson.Marshal(bson.D{{Key: "find", Value: "c"}})
	require.NoError(b, err)
	b.SetBytes(benchDocs * benchSize)
	for b.Loop() {
		id := w.msg("b", find, "").Lookup("cursor", "id").AsInt64()
		for id != 0 {
			more, err := bson.Marshal(bson.D{{Key: "getMore", Value: id}, {Key: "collection", Value: "c"}})
			require.NoError(b, err)
			id = lastID(w.msg("b", more, ""))
		}
	}
}

// lastID reads the cursor's id from the end of a reply, without walking over the batch.
func lastID(reply bson.Raw) int64 {
	at := strings.LastIndex(string(reply[len(reply)-300:]), "\x12id\x00")
	if at < 0 {
		return 0
	}
	at += len(reply) - 300 + 4
	return bson.RawValue{Type: bson.TypeInt64, Value: reply[at : at+8]}.Int64()
}
