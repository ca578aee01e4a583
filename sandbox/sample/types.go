package sample

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/bsontype"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"
)

// typed is one value of the collection "types", under a name that says what it is.
type typed struct {
	name  string
	value bsoncore.Value
}

func raw(t bsontype.Type, data []byte) bsoncore.Value { return bsoncore.Value{Type: t, Data: data} }

func double(v float64) bsoncore.Value {
	return raw(bson.TypeDouble, bsoncore.AppendDouble(nil, v))
}

func str(v string) bsoncore.Value { return raw(bson.TypeString, bsoncore.AppendString(nil, v)) }

func blob(subtype byte, v []byte) bsoncore.Value {
	return raw(bson.TypeBinary, bsoncore.AppendBinary(nil, subtype, v))
}

func date(ms int64) bsoncore.Value { return raw(bson.TypeDateTime, bsoncore.AppendDateTime(nil, ms)) }

func regex(pattern, flags string) bsoncore.Value {
	return raw(bson.TypeRegex, bsoncore.AppendRegex(nil, pattern, flags))
}

func i32(v int32) bsoncore.Value { return raw(bson.TypeInt32, bsoncore.AppendInt32(nil, v)) }
func i64(v int64) bsoncore.Value { return raw(bson.TypeInt64, bsoncore.AppendInt64(nil, v)) }

func timestamp(t, i uint32) bsoncore.Value {
	return raw(bson.TypeTimestamp, bsoncore.AppendTimestamp(nil, t, i))
}

func decimal(high, low uint64) bsoncore.Value {
	return raw(bson.TypeDecimal128, bsoncore.AppendDecimal128(nil, primitive.NewDecimal128(high, low)))
}

func embedded(fill func(d *document)) bsoncore.Value {
	return raw(bson.TypeEmbeddedDocument, doc(fill))
}

// array takes the value of the only field of a document made with list.
func array(n int, fill func(d *document, key string, i int)) bsoncore.Value {
	d := bsoncore.Document(doc(func(d *document) { d.list("", n, fill) }))
	return d.Lookup("")
}

// bare are the types that have no value.
func bare(t bsontype.Type) bsoncore.Value { return raw(t, nil) }

// values are every BSON type with the values that programs get wrong. https://bsonspec.org/spec.html
func values() []typed {
	id := primitive.ObjectID{0x65, 0x0a, 0xff, 0, 1, 2, 3, 4, 5, 6, 7, 8}
	uuid := bytes.Repeat([]byte{0x12, 0x3e, 0x45, 0x67}, 4)
	md5 := bytes.Repeat([]byte{0xd4}, 16)
	all := []typed{
		{"ObjectID", raw(bson.TypeObjectID, id[:])},
		{"ObjectID of zeros", raw(bson.TypeObjectID, make([]byte, 12))},
		{"true", raw(bson.TypeBoolean, []byte{1})}, {"false", raw(bson.TypeBoolean, []byte{0})},
		{"null", bare(bson.TypeNull)}, {"undefined", bare(bson.TypeUndefined)},
		{"MinKey", bare(bson.TypeMinKey)}, {"MaxKey", bare(bson.TypeMaxKey)},
		{"date", date(1_790_000_000_123)}, {"date zero", date(0)}, {"date before 1970", date(-1)},
		{"date of the year 1", date(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())},
		{"date of the year 9999", date(time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC).UnixMilli())},
		{"date, smallest", date(math.MinInt64)}, {"date, largest", date(math.MaxInt64)},
		{"regex", regex("^dos[ae]", "i")}, {"regex, all options", regex(`a/b\d+"`, "imsx")}, {"regex, empty", regex("", "")},
		{"DBPointer", raw(bson.TypeDBPointer, bsoncore.AppendDBPointer(nil, "kampyn_accounts.users", id))},
		{"JavaScript", raw(bson.TypeJavaScript, bsoncore.AppendJavaScript(nil, "function () { return 1; }"))},
		{"symbol", raw(bson.TypeSymbol, bsoncore.AppendSymbol(nil, "veg"))},
		{"JavaScript with scope", raw(bson.TypeCodeWithScope, bsoncore.AppendCodeWithScope(nil, "return price * n;",
			bsoncore.Document(doc(func(d *document) { d.i32("n", 2).str("of", "चाय") }))))},
		{"int32, smallest", i32(math.MinInt32)}, {"int32, largest", i32(math.MaxInt32)}, {"int32 zero", i32(0)},
		{"int64, smallest", i64(math.MinInt64)}, {"int64, largest", i64(math.MaxInt64)}, {"int64 beyond a double", i64(1<<53 + 1)},
		// A server writes the time into a timestamp of 0, 0 that stands at the top of a document: it is below, nested.
		{"timestamp", timestamp(1_790_000_000, 7)}, {"timestamp, largest", timestamp(math.MaxUint32, math.MaxUint32)},
		{"timestamp zero, nested", embedded(func(d *document) { d.value("ts", timestamp(0, 0)) })},
		{"decimal 0.1", decimal(0x303e000000000000, 1)}, {"decimal 1.0", decimal(0x303e000000000000, 10)},
		{"decimal, largest", decimal(0x5fffed09bead87c0, 0x378d8e63ffffffff)},
		{"decimal, smallest", decimal(0, 1)}, {"decimal -0", decimal(0xb040000000000000, 0)},
		{"decimal NaN", decimal(0x7c00000000000000, 0)}, {"decimal infinity", decimal(0x7800000000000000, 0)},
		{"decimal -infinity", decimal(0xf800000000000000, 0)},
		{"binary", blob(0, []byte{0, 1, 2, 0xff})}, {"binary, empty", blob(0, nil)},
		{"binary function", blob(1, []byte{0x90})}, {"binary, old form", blob(2, []byte("old"))},
		{"binary, old form, empty", blob(2, nil)}, {"UUID, old form", blob(3, uuid)}, {"UUID", blob(4, uuid)},
		{"MD5", blob(5, md5)}, {"encrypted value", blob(6, append([]byte{1}, uuid...))},
		{"binary of one's own", blob(0x80, []byte("user"))}, {"binary of one's own, last", blob(0xff, []byte{0})},
	}
	all = append(all, numbers()...)
	all = append(all, texts()...)
	return append(all, nested()...)
}

func numbers() []typed {
	return []typed{
		{"double", double(70.5)}, {"double zero", double(0)}, {"double -0", double(math.Copysign(0, -1))},
		{"double whole", double(42)}, {"double, smallest", double(math.SmallestNonzeroFloat64)}, {"double, largest", double(math.MaxFloat64)},
		{"double infinity", double(math.Inf(1))}, {"double -infinity", double(math.Inf(-1))},
		{"double NaN", double(math.Float64frombits(0x7ff8000000000000))},
		{"double -NaN", double(math.Float64frombits(0xfff8000000000000))},
		{"double NaN with payload", double(math.Float64frombits(0x7ff8000000abcdef))},
	}
}

func texts() []typed {
	return []typed{
		{"string", str("Masala Dosa")}, {"string, empty", str("")}, {"string with NUL", str("a\x00b\x00")},
		{"string, emoji", str("🍛👩🏽‍🍳🇮🇳")}, {"string, Devanagari", str("पनीर बटर मसाला")}, {"string, composed", str("é")}, {"string, decomposed", str("é")},
		{"string, right to left", str("مطعم الجامعة")}, {"string, line breaks", str("a\r\nb\u2028c")}, {"string, noncharacter", str("\uffff\U0010ffff")},
		{"string, markup", str(`<!channel> &amp; *bold* {"$oid": "x"}`)}, {"string, long", str(strings.Repeat("लंबा ", 20_000))},
	}
}

// depth is how deep the deepest document is nested; servers refuse more than a hundred levels from most clients.
const depth = 80

func nested() []typed {
	all := []typed{
		{"document, empty", embedded(func(*document) {})}, {"array, empty", array(0, nil)},
		{"array of arrays", array(3, func(d *document, key string, i int) {
			d.list(key, i, func(d *document, key string, i int) {
				d.list(key, i, func(d *document, key string, i int) { d.i32(key, i) })
			})
		})},
		{"array of all kinds", array(4, func(d *document, key string, i int) {
			d.value(key, []bsoncore.Value{i32(1), str("1"), double(1), bare(bson.TypeNull)}[i])
		})},
		{"array, long", array(5000, func(d *document, key string, i int) { d.i32(key, i) })},
		{"keys", embedded(func(d *document) {
			d.i32("", 1).i32("with.dot", 2).i32(".", 3).i32("with space", 4).i32("कुंजी", 5).i32("🔑", 6).i32("0", 7).i32("00", 8)
			d.i32("__proto__", 9).i32("line\nbreak", 10).i32(strings.Repeat("k", 1000), 11).i32("ns", 12).i32("_id", 13).i32("\"", 14)
		})},
		{"reference", embedded(func(d *document) { d.str("collection", "users").str("database", "kampyn_accounts") })},
	}
	var deep func(d *document, left int)
	deep = func(d *document, left int) {
		if left > 0 {
			d.sub("in", func(d *document) { deep(d, left-1) })
		}
	}
	return append(all, typed{"document, deep", embedded(func(d *document) { deep(d, depth) })})
}

// types holds one document for each value, and one that begins with a field of no name.
func (c *campus) types() content {
	all := values()
	return content{name: "types", docs: func(yield func(bson.Raw) bool) {
		for _, v := range all {
			if !yield(doc(func(d *document) { d.str("_id", v.name).value("value", v.value) })) {
				return
			}
		}
		yield(doc(func(d *document) { d.str("_id", "key, empty").i32("", 1).str("last", "") }))
	}}
}

// mixedIDs is a collection whose _id is of every type that a server takes there, which is all but array, regex and
// undefined. https://www.mongodb.com/docs/manual/core/document/#the-_id-field
func (c *campus) mixedIDs() content {
	var ids []bsoncore.Value
	for _, v := range values() {
		switch v.value.Type {
		case bson.TypeArray, bson.TypeRegex, bson.TypeUndefined:
			continue
		}
		if strings.HasPrefix(v.name, "string, ") || strings.HasPrefix(v.name, "document, deep") || strings.Contains(v.name, "zero") ||
			strings.Contains(v.name, "NaN") || strings.Contains(v.name, "-0") || strings.Contains(v.name, "infinity") ||
			v.name == "timestamp zero, nested" || v.name == "keys" {
			continue // equal to another one for an index, or not possible as an index key
		}
		ids = append(ids, v.value)
	}
	for n := range 100 {
		ids = append(ids, i32(int32(1000+n)), i64(int64(1)<<40+int64(n)), double(float64(n)+0.25), str(fmt.Sprintf("ref-%03d", n)))
	}
	return content{name: "externalrefs", docs: c.each("externalrefs", len(ids), func(d *document, r *rand.Rand, i int) {
		d.value("_id", ids[i]).str("system", pick(r, []string{"razorpay", "cloudinary", "erp"})).i32("n", i)
	})}
}
