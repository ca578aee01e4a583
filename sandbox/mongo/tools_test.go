package mongo_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/bsontype"
	"go.mongodb.org/mongo-driver/bson/primitive"
	driver "go.mongodb.org/mongo-driver/mongo"

	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/sandbox/peers"
)

// tool runs a stock tool and answers what it said.
func tool(t testing.TB, s *mongo.Server, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(peers.Find(t, name), append([]string{"--uri=" + s.URI("")}, args...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	return said.String(), err
}

func mustTool(t testing.TB, s *mongo.Server, name string, args ...string) string {
	t.Helper()
	said, err := tool(t, s, name, args...)
	require.NoError(t, err, said)
	return said
}

// everyType is a document for each BSON type and for the values that tools are known to lose.
func everyType() []bson.Raw {
	decimal, _ := primitive.ParseDecimal128("-12345678901234567890123456789012.34")
	values := bson.A{1.5, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), "", "text\x00with zero", "\xff\xfe no utf-8", bson.D{}, bson.D{{Key: "", Value: 1}, {Key: "a.b", Value: 2},
		{Key: "$c", Value: 3}, {Key: "d", Value: 4}, {Key: "d", Value: 5}}, bson.A{}, bson.A{1, bson.A{2, bson.A{}}}, primitive.Binary{Subtype: 0, Data: []byte{1}},
		primitive.Binary{Subtype: 4, Data: make([]byte, 16)}, primitive.Binary{Subtype: 0x80}, primitive.Undefined{}, primitive.NewObjectID(), true, false,
		primitive.DateTime(-1), primitive.DateTime(math.MaxInt64), nil, primitive.Regex{Pattern: "^a.*", Options: "im"}, primitive.DBPointer{DB: "a.b", Pointer: primitive.NewObjectID()},
		primitive.JavaScript("x"), primitive.Symbol("s"), primitive.CodeWithScope{Code: "y", Scope: bson.D{{Key: "z", Value: 1}}}, int32(math.MinInt32), int64(math.MaxInt64),
		primitive.Timestamp{T: 1, I: 2}, decimal, primitive.MinKey{}, primitive.MaxKey{}}
	var out []bson.Raw
	for i, v := range values {
		b, err := bson.Marshal(bson.D{{Key: "_id", Value: i}, {Key: "v", Value: v}})
		if err != nil {
			panic(err) // the list is wrong
		}
		out = append(out, b)
	}
	nan := bson.RawValue{Type: bsontype.Double, Value: []byte{0xef, 0xbe, 0xad, 0xde, 1, 0, 0xf8, 0x7f}}
	b, _ := bson.Marshal(bson.D{{Key: "_id", Value: "nan with payload"}, {Key: "v", Value: nan}})
	return append(out, b)
}

// furnish fills a server with all kinds of collections and indexes that stock tools bring over unharmed.
func furnish(t testing.TB, c *driver.Client) {
	t.Helper()
	ctx, db := context.Background(), c.Database("all")
	run := func(cmd bson.D) { t.Helper(); require.NoError(t, db.RunCommand(ctx, cmd).Err(), "%v", cmd) }
	for _, d := range everyType() {
		_, err := db.Collection("types").InsertOne(ctx, d)
		require.NoError(t, err)
		id := bson.D{{Key: "_id", Value: d.Lookup("v")}}
		if k := d.Lookup("v").Type; k != bsontype.Array && k != bsontype.Regex && k != bsontype.Undefined && string(d.Lookup("_id").Value) != string([]byte{8, 0, 0, 0}) {
			_, err = db.Collection("ids").InsertOne(ctx, id)
			if !driver.IsDuplicateKeyError(err) {
				require.NoError(t, err)
			}
		}
	}
	run(bson.D{{Key: "create", Value: "capped"}, {Key: "capped", Value: true}, {Key: "size", Value: 8192}, {Key: "max", Value: 20}})
	for i := range 50 {
		_, err := db.Collection("capped").InsertOne(ctx, bson.D{{Key: "i", Value: i}})
		require.NoError(t, err)
		_, err = db.Collection("many words").InsertOne(ctx, bson.D{{Key: "_id", Value: i}, {Key: "a", Value: i}, {Key: "b", Value: bson.A{i, -i}},
			{Key: "t", Value: time.Unix(int64(i), 0)}, {Key: "w", Value: "word"}, {Key: "geo", Value: bson.D{{Key: "type", Value: "Point"}, {Key: "coordinates", Value: bson.A{1, 2}}}}})
		require.NoError(t, err)
	}
	run(bson.D{{Key: "create", Value: "checked"}, {Key: "validator", Value: bson.D{{Key: "$jsonSchema", Value: bson.D{{Key: "required", Value: bson.A{"n"}}}}}},
		{Key: "validationLevel", Value: "moderate"}, {Key: "validationAction", Value: "warn"}})
	run(bson.D{{Key: "create", Value: "français"}, {Key: "collation", Value: bson.D{{Key: "locale", Value: "fr"}, {Key: "strength", Value: 1}}}})
	run(bson.D{{Key: "create", Value: "view"}, {Key: "viewOn", Value: "many words"}, {Key: "pipeline", Value: bson.A{bson.D{{Key: "$match", Value: bson.D{{Key: "a", Value: 3}}}}}}})
	run(bson.D{{Key: "create", Value: "series"}, {Key: "timeseries", Value: bson.D{{Key: "timeField", Value: "at"}, {Key: "metaField", Value: "m"}}}})
	for i := range 5 {
		_, err := db.Collection("series").InsertOne(ctx, bson.D{{Key: "at", Value: time.Unix(int64(i), 0)}, {Key: "m", Value: "sensor"}, {Key: "v", Value: i}})
		require.NoError(t, err)
	}
	n, err := db.Collection("series").CountDocuments(ctx, bson.D{{Key: "v", Value: bson.D{{Key: "$gt", Value: 2}}}})
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	var indexes bson.A
	for name, spec := range map[string]bson.D{
		"compound": {{Key: "key", Value: bson.D{{Key: "a", Value: 1}, {Key: "w", Value: -1}}}},
		"unique":   {{Key: "key", Value: bson.D{{Key: "a", Value: 1}}}, {Key: "unique", Value: true}},
		"multikey": {{Key: "key", Value: bson.D{{Key: "b", Value: 1}}}, {Key: "sparse", Value: true}},
		"partial":  {{Key: "key", Value: bson.D{{Key: "w", Value: 1}}}, {Key: "partialFilterExpression", Value: bson.D{{Key: "a", Value: bson.D{{Key: "$gt", Value: 3}}}}}},
		"ttl":      {{Key: "key", Value: bson.D{{Key: "t", Value: 1}}}, {Key: "expireAfterSeconds", Value: 60}},
		"sphere":   {{Key: "key", Value: bson.D{{Key: "geo", Value: "2dsphere"}}}},
		"hashed":   {{Key: "key", Value: bson.D{{Key: "a", Value: "hashed"}}}},
		"text":     {{Key: "key", Value: bson.D{{Key: "w", Value: "text"}}}, {Key: "default_language", Value: "german"}},
		"wild":     {{Key: "key", Value: bson.D{{Key: "x.$**", Value: 1}}}},
		"hidden":   {{Key: "key", Value: bson.D{{Key: "h", Value: 1}}}, {Key: "hidden", Value: true}},
		"collated": {{Key: "key", Value: bson.D{{Key: "c", Value: 1}}}, {Key: "collation", Value: bson.D{{Key: "locale", Value: "de"}, {Key: "numericOrdering", Value: true}}}},
	} {
		indexes = append(indexes, append(spec, bson.E{Key: "name", Value: name}))
	}
	run(bson.D{{Key: "createIndexes", Value: "many words"}, {Key: "indexes", Value: indexes}})
}

// What stock mongodump takes from one server and stock mongorestore puts into another is the same, byte for byte.
func TestStockToolsRoundTrip(t *testing.T) {
	a, b := start(t, mongo.Options{}), start(t, mongo.Options{})
	from, to := connect(t, a), connect(t, b)
	furnish(t, from)
	archive := filepath.Join(t.TempDir(), "dump")
	mustTool(t, a, "mongodump", "--archive="+archive)
	said := mustTool(t, b, "mongorestore", "--archive="+archive)
	require.Contains(t, said, " 0 document(s) failed")
	require.Equal(t, stateOf(t, from), stateOf(t, to))

	said = mustTool(t, b, "mongorestore", "--drop", "--nsFrom=all.*", "--nsTo=other.*", "--archive="+archive)
	require.Contains(t, said, " 0 document(s) failed")
	require.Len(t, stateOf(t, to), 2*len(stateOf(t, from)))
}

// A dump with --oplog taken while somebody writes is brought to the end of its oplog by --oplogReplay.
func TestStockToolsWithOplog(t *testing.T) {
	a, b := start(t, mongo.Options{}), start(t, mongo.Options{})
	from, to := connect(t, a), connect(t, b)
	furnish(t, from)
	col := from.Database("all").Collection("types")
	var err error
	a.Faults().Do("find", 8, func() { // in the middle of the dump
		for i := range 200 {
			if _, e := col.InsertOne(context.Background(), bson.D{{Key: "_id", Value: 1000 + i}}); e != nil {
				err = e
			}
		}
		if _, e := col.UpdateMany(context.Background(), bson.D{}, bson.D{{Key: "$set", Value: bson.D{{Key: "touched", Value: true}}}}); e != nil {
			err = e
		}
	})
	archive := filepath.Join(t.TempDir(), "dump")
	mustTool(t, a, "mongodump", "--archive="+archive, "--oplog")
	require.NoError(t, err)
	mustTool(t, b, "mongorestore", "--archive="+archive, "--oplogReplay")
	require.Equal(t, stateOf(t, from)["all.types"], stateOf(t, to)["all.types"])
}

// The archive of a genuine server goes in by stock mongorestore, but for what is known to go wrong with any server.
func TestGenuineArchive(t *testing.T) {
	s := start(t, mongo.Options{})
	c := connect(t, s)
	archive := filepath.Join(t.TempDir(), "base.archive")
	require.NoError(t, os.WriteFile(archive, unpack(t, "base.archive.zst"), 0o600))
	said, err := tool(t, s, "mongorestore", "--archive="+archive)
	require.NoError(t, err, said)
	require.Contains(t, said, "6870 document(s) restored successfully. 1 document(s) failed to restore.") // one breaks its validator

	got := stateOf(t, c)
	first := checkpoints(t)[0]
	same, absent := 0, []string{}
	for i := range first.State {
		want := first.State[i]
		ns := want.DB + "." + want.Name
		if _, ok := got[ns]; !ok {
			absent = append(absent, ns)
		} else if strings.Contains(got[ns], want.SHA256) {
			same++
		}
	}
	require.GreaterOrEqual(t, same, 76-3, "collections that nobody wrote to during the dump") // the line break, the validator, the empty timestamp
	require.Equal(t, []string{"crm.made_in_window", "ops_ünï.new\nline"}, absent, "what came during the dump, and what the tool leaves out")
}
