package backups

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"

	"github.com/kampyn/opsbot/databases"
)

// everyType is a document with a value of every BSON type.
func everyType(t testing.TB) bson.Raw {
	return mustBSON(t, bson.D{
		{Key: "_id", Value: primitive.NewObjectID()}, {Key: "double", Value: math.Inf(-1)}, {Key: "string", Value: "a\x00b\xff"},
		{Key: "document", Value: bson.D{{Key: "", Value: bson.D{}}}}, {Key: "array", Value: bson.A{bson.A{}, int32(1)}},
		{Key: "binary", Value: primitive.Binary{Subtype: 2, Data: []byte{1}}}, {Key: "empty", Value: primitive.Binary{}},
		{Key: "undefined", Value: primitive.Undefined{}}, {Key: "bool", Value: true}, {Key: "date", Value: time.UnixMilli(-5)},
		{Key: "null", Value: nil}, {Key: "regex", Value: primitive.Regex{Pattern: "a", Options: "i"}},
		{Key: "pointer", Value: primitive.DBPointer{DB: "d.c", Pointer: primitive.NewObjectID()}},
		{Key: "code", Value: primitive.JavaScript("f()")}, {Key: "symbol", Value: primitive.Symbol("s")},
		{Key: "scoped", Value: primitive.CodeWithScope{Code: "f()", Scope: bson.D{{Key: "x", Value: 1}}}},
		{Key: "int", Value: int32(1)}, {Key: "ts", Value: primitive.Timestamp{T: 1}}, {Key: "long", Value: int64(1)},
		{Key: "decimal", Value: primitive.NewDecimal128(1, 2)}, {Key: "min", Value: primitive.MinKey{}}, {Key: "max", Value: primitive.MaxKey{}},
	})
}

func TestEveryTypeIsSound(t *testing.T) {
	doc := everyType(t)
	require.NoError(t, checkDocument(doc))
	require.NoError(t, checkDocument([]byte{5, 0, 0, 0, 0}))
	elements, err := doc.Elements()
	require.NoError(t, err)
	for _, e := range elements { // each alone, cut and lengthened
		one := mustBSON(t, bson.D{{Key: e.Key(), Value: e.Value()}})
		require.NoError(t, checkDocument(one), e.Key())
		for n := range one {
			cut := slices.Clone(one[:n])
			require.ErrorIs(t, checkDocument(cut), errBSON)
			if n >= minDocument { // with a length that fits
				cut[0], cut[n-1] = byte(n), 0
				if checkDocument(cut) == nil {
					require.NoError(t, bson.Raw(cut).Validate(), "%s cut to %d bytes", e.Key(), n)
				}
			}
		}
	}
}

func TestDeepNestingEnds(t *testing.T) {
	nest := func(n int) bson.Raw {
		doc := bson.D{}
		for range n {
			doc = bson.D{{Key: "a", Value: doc}}
		}
		return mustBSON(t, doc)
	}
	require.NoError(t, checkDocument(nest(200))) // more than a server takes
	require.ErrorContains(t, checkDocument(nest(600)), "nested deeper")
}

func TestMalformedDocumentsEndABackup(t *testing.T) {
	good := mustBSON(t, bson.D{{Key: "_id", Value: 1}, {Key: "s", Value: "text"}})
	var sum tally
	p := &piece{batch: batchOf(t, good, good)}
	require.NoError(t, p.check(&sum))
	require.Equal(t, int64(2), p.documents)
	require.Equal(t, int64(2), sum.documents)

	bad := slices.Clone(good)
	bad[len(bad)-2] = 'x' // the string's terminator
	require.ErrorIs(t, (&piece{batch: batchOf(t, good, bad)}).check(&sum), errBSON)
	whole := batchOf(t, good, good)
	for n := range whole {
		require.ErrorIs(t, (&piece{batch: whole[:n]}).check(&sum), errBSON)
	}
	for at := range 4 {
		flipped := slices.Clone(whole)
		flipped[at] ^= 1
		require.ErrorIs(t, (&piece{batch: flipped}).check(&sum), errBSON)
	}
}

func TestEmptyTimestampsAreFound(t *testing.T) {
	doc := mustBSON(t, bson.D{
		{Key: "_id", Value: primitive.Timestamp{}}, {Key: "a", Value: primitive.Timestamp{}}, {Key: "b", Value: primitive.Timestamp{I: 1}},
		{Key: "in", Value: bson.D{{Key: "c", Value: primitive.Timestamp{}}}}, {Key: "d", Value: int64(0)}, {Key: "e", Value: primitive.Timestamp{}},
	})
	require.Equal(t, []string{"a", "e"}, emptyTimestamps(doc))
	require.Empty(t, emptyTimestamps(everyType(t)))
}

func TestTimeSeriesKeepTheirBuckets(t *testing.T) {
	options := mustBSON(t, bson.D{{Key: "timeseries", Value: bson.D{{Key: "timeField", Value: "at"}}}, {Key: "expireAfterSeconds", Value: int64(60)}})
	n := databases.Namespace{Database: "shop", Name: "hits", Type: databases.TypeTimeSeries, Options: options, UUID: "ab"}
	e, err := entryOf(n, nil)
	require.NoError(t, err)
	require.Equal(t, "timeseries", e.Type)
	require.Equal(t, archiveName{"shop", "system.buckets.hits"}, e.data())
	require.JSONEq(t, `{"options":{"timeseries":{"timeField":"at"},"expireAfterSeconds":{"$numberLong":"60"}},"indexes":[],
		"uuid":"ab","collectionName":"hits","type":"timeseries"}`, e.Metadata)
	c, err := describe(n, nil)
	require.NoError(t, err)
	require.Equal(t, e.data(), nameOf(c))
	again, err := c.entry()
	require.NoError(t, err)
	require.Equal(t, e, again)
}

func TestIndexesAreTheSameWhateverTheOrderOfTheirFields(t *testing.T) {
	a := `{"v":{"$numberInt":"2"},"key":{"a":{"$numberInt":"1"},"b":{"$numberInt":"-1"}},"name":"x","expireAfterSeconds":{"$numberInt":"5"},"weights":{"t":{"$numberInt":"1"},"d":{"$numberInt":"2"}}}`
	for text, same := range map[string]bool{
		`{"weights":{"d":{"$numberInt":"2"},"t":{"$numberLong":"1"}},"name":"x","ns":"d.c","key":{"a":{"$numberInt":"1"},"b":{"$numberInt":"-1"}},"expireAfterSeconds":{"$numberDouble":"5.0"},"v":{"$numberInt":"2"}}`: true,
		`{"v":{"$numberInt":"2"},"key":{"b":{"$numberInt":"-1"},"a":{"$numberInt":"1"}},"name":"x","expireAfterSeconds":{"$numberInt":"5"},"weights":{"t":{"$numberInt":"1"},"d":{"$numberInt":"2"}}}`:                  false,
		`{"v":{"$numberInt":"2"},"key":{"a":{"$numberInt":"1"},"b":{"$numberInt":"-1"}},"name":"x","expireAfterSeconds":{"$numberInt":"6"},"weights":{"t":{"$numberInt":"1"},"d":{"$numberInt":"2"}}}`:                  false,
		`{"v":{"$numberInt":"2"},"key":{"a":{"$numberInt":"1"},"b":{"$numberInt":"-1"}},"name":"x","unique":true,"expireAfterSeconds":{"$numberInt":"5"},"weights":{"t":{"$numberInt":"1"},"d":{"$numberInt":"2"}}}`:    false,
	} {
		d, err := differences(Collection{Options: "{}", Indexes: []string{a}}, Collection{Options: "{}", Indexes: []string{text}})
		require.NoError(t, err)
		require.Equal(t, same, len(d) == 0, text)
	}
}

// The driver's parser of JSON goes round for ever in a text like these.
func TestBrokenJSONComesToAnEnd(t *testing.T) {
	for _, text := range []string{"", "{", `{"a":{"b":`, `{"a":{"$numberInt":"1"}`, `{"a":[{}`, "{}x"} {
		_, err := fromJSON(text)
		require.Error(t, err, text)
	}
	doc, err := fromJSON("{}")
	require.NoError(t, err)
	require.Equal(t, bson.Raw{5, 0, 0, 0, 0}, doc)
}
