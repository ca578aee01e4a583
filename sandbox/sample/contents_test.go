package sample

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
)

// walk calls visit with every collection of the sample.
func walk(o Options, visit func(db Database, c content)) {
	campus := newCampus(o)
	for _, d := range Databases {
		for _, c := range contents[d.Name](campus) {
			if c.docs == nil {
				c.docs = func(func(bson.Raw) bool) {}
			}
			visit(d, c)
		}
	}
}

// digest is over every name, option, index and document.
func digest(t *testing.T, o Options) string {
	h := sha256.New()
	walk(o, func(db Database, c content) {
		head, err := bson.Marshal(bson.D{{Key: "db", Value: db.DB}, {Key: "name", Value: c.name}, {Key: "options", Value: c.options},
			{Key: "indexes", Value: c.indexes}})
		require.NoError(t, err)
		h.Write(head)
		for d := range c.docs {
			h.Write(d)
		}
	})
	return hex.EncodeToString(h.Sum(nil))
}

func TestTheSameOptionsGiveTheSameBytes(t *testing.T) {
	o := Options{Scale: 0.05, Seed: 7}
	same := digest(t, o)
	require.Equal(t, same, digest(t, o))
	require.NotEqual(t, same, digest(t, Options{Scale: 0.05, Seed: 8}))
	require.NotEqual(t, same, digest(t, Options{Scale: 0.06, Seed: 7}))
	require.NotEqual(t, same, digest(t, Options{Scale: 0.05, Seed: 7, Now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}))
	require.Equal(t, same, digest(t, Options{Scale: 0.05, Seed: 7, Now: newCampus(o).now.In(kolkata)}), "a time zone is no other instant")
}

func TestSizeAtScaleOne(t *testing.T) {
	documents, size, largest, collections := 0, 0, 0, map[string]int{}
	walk(Options{}, func(db Database, c content) {
		for d := range c.docs {
			documents, size, largest = documents+1, size+len(d), max(largest, len(d))
			collections[db.Name+"."+c.name]++
		}
	})
	require.InDelta(t, 55_000, documents, 5_000)
	require.InDelta(t, 55e6, size, 8e6)
	require.InDelta(t, largeDocument, largest, 100_000)
	require.Equal(t, 18_000, collections["orders.orders"])
	require.Equal(t, 1536, collections["inventory.inventoryreports"])
}

func TestScale(t *testing.T) {
	documents := func(scale float64) (n int) {
		walk(Options{Scale: scale}, func(_ Database, c content) {
			for range c.docs {
				n++
			}
		})
		return n
	}
	require.Less(t, documents(0.02), 3000)
	require.Greater(t, documents(2), 105_000)
	require.Positive(t, documents(1e-9))
}

// TestDocumentsAreSound: valid BSON with the _id first, each once, and no field that an older server refuses.
func TestDocumentsAreSound(t *testing.T) {
	walk(Options{Scale: 0.2}, func(db Database, c content) {
		seen := map[string]bool{}
		for d := range c.docs {
			require.NoError(t, d.Validate(), "%s.%s", db.DB, c.name)
			elements, err := d.Elements()
			require.NoError(t, err)
			require.Equal(t, "_id", elements[0].Key())
			id := elements[0].Value()
			key := string(rune(id.Type)) + string(id.Value)
			require.False(t, seen[key], "%s.%s has the _id %v twice", db.DB, c.name, id)
			seen[key] = true
			for _, e := range elements {
				require.False(t, strings.HasPrefix(e.Key(), "$") || strings.Contains(e.Key(), "."), "%s.%s: field %q", db.DB, c.name, e.Key())
			}
		}
	})
}

// TestEveryTypeOccurs looks for every type byte and binary subtype of https://bsonspec.org/spec.html, at any depth.
func TestEveryTypeOccurs(t *testing.T) {
	types, subtypes := map[byte]bool{}, map[byte]bool{}
	var look func(v bson.RawValue)
	look = func(v bson.RawValue) {
		types[byte(v.Type)] = true
		var inner bson.Raw
		switch v.Type {
		case bson.TypeBinary:
			subtype, _ := v.Binary()
			subtypes[subtype] = true
		case bson.TypeEmbeddedDocument:
			inner = v.Document()
		case bson.TypeArray:
			inner = v.Array()
		}
		elements, err := inner.Elements()
		if inner != nil {
			require.NoError(t, err)
		}
		for _, e := range elements {
			look(e.Value())
		}
	}
	walk(Options{Scale: 0.01}, func(_ Database, c content) {
		for d := range c.docs {
			look(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: d})
		}
	})
	for kind := byte(0x01); kind <= 0x13; kind++ {
		require.True(t, types[kind], "no value of type 0x%02x", kind)
	}
	require.True(t, types[0xff], "no MinKey")
	require.True(t, types[0x7f], "no MaxKey")
	for _, subtype := range []byte{0, 1, 2, 3, 4, 5, 6, 0x80, 0xff} {
		require.True(t, subtypes[subtype], "no binary of subtype 0x%02x", subtype)
	}
}

func TestEveryKindOfCollectionAndIndexOccurs(t *testing.T) {
	options, indexes := map[string]bool{}, map[string]bool{}
	walk(Options{Scale: 0.01}, func(_ Database, c content) {
		for _, o := range c.options {
			options[o.Key] = true
		}
		for _, i := range c.indexes {
			for _, o := range i {
				indexes[o.Key] = true
			}
			key := i.Map()["key"].(bson.D)
			if len(key) > 1 {
				indexes["compound"] = true
			}
			for _, field := range key {
				if kind, special := field.Value.(string); special {
					indexes[kind] = true
				}
				if strings.HasSuffix(field.Key, "$**") {
					indexes[field.Key] = true
				}
			}
		}
	})
	for _, want := range []string{"viewOn", "capped", "validator", "collation"} {
		require.True(t, options[want], "no collection with %s", want)
	}
	for _, want := range []string{
		"compound", "unique", "sparse", "hidden", "partialFilterExpression", "expireAfterSeconds", "collation", "weights",
		"wildcardProjection", "text", "hashed", "2dsphere", "2d", "$**", "attributes.$**",
	} {
		require.True(t, indexes[want], "no index with %s", want)
	}
}

// TestNothingExpires: whatever a TTL index looks at lies years ahead.
func TestNothingExpires(t *testing.T) {
	looked := 0
	walk(Options{Scale: 0.05}, func(db Database, c content) {
		for _, i := range c.indexes {
			if _, ttl := i.Map()["expireAfterSeconds"]; !ttl {
				continue
			}
			for d := range c.docs {
				at := d.Lookup(i.Map()["key"].(bson.D)[0].Key).Time()
				require.True(t, at.After(newCampus(Options{}).now.AddDate(2, 0, 0)), "%s.%s: %v", db.DB, c.name, at)
				looked++
			}
		}
	})
	require.Positive(t, looked)
}

func TestNamesFitWhenRestoredBeside(t *testing.T) {
	walk(Options{}, func(db Database, c content) {
		// A namespace may have 255 bytes, a database's name 63. https://www.mongodb.com/docs/manual/reference/limits/
		require.LessOrEqual(t, 63+1+len(c.name), 255, c.name)
		require.NotContains(t, c.name, "$")
		require.NotContains(t, c.name, "\x00")
	})
}
