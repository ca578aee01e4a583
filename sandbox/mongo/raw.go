package mongo

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
	"strings"
	"unsafe"

	"go.mongodb.org/mongo-driver/bson/bsontype"
	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"
)

// value is one BSON value: its type and its bytes, which are part of the document it came from.
type value = bsoncore.Value

// document is one BSON document, as the bytes it came in.
type document = bsoncore.Document

// missing is the value of a field that a document does not have; its type is no BSON type.
var missing = value{}

const (
	typeDouble    = bsontype.Double
	typeString    = bsontype.String
	typeObject    = bsontype.EmbeddedDocument
	typeArray     = bsontype.Array
	typeBinary    = bsontype.Binary
	typeUndefined = bsontype.Undefined
	typeObjectID  = bsontype.ObjectID
	typeBool      = bsontype.Boolean
	typeDate      = bsontype.DateTime
	typeNull      = bsontype.Null
	typeRegex     = bsontype.Regex
	typeDBPointer = bsontype.DBPointer
	typeCode      = bsontype.JavaScript
	typeSymbol    = bsontype.Symbol
	typeScope     = bsontype.CodeWithScope
	typeInt32     = bsontype.Int32
	typeTimestamp = bsontype.Timestamp
	typeInt64     = bsontype.Int64
	typeDecimal   = bsontype.Decimal128
	typeMinKey    = bsontype.MinKey
	typeMaxKey    = bsontype.MaxKey
)

// fields walks over the fields of a document or array. It stops at the first malformed one. The names share the document's memory,
// which nobody ever changes.
func fields(d []byte) iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		if len(d) < 5 {
			return
		}
		for b := d[4:]; len(b) > 1 && b[0] != 0; {
			end := bytes.IndexByte(b[1:], 0)
			if end < 0 {
				return
			}
			t, name := bsontype.Type(b[0]), unsafe.String(&b[1], end)
			b = b[end+2:]
			n := valueSize(t, b)
			if n < 0 || !yield(name, value{Type: t, Data: b[:n:n]}) {
				return
			}
			b = b[n:]
		}
	}
}

// valueSize answers how many bytes of b a value of type t takes, -1 when b does not hold one.
func valueSize(t bsontype.Type, b []byte) int {
	n := -1
	switch t {
	case typeMinKey, typeMaxKey, typeNull, typeUndefined:
		n = 0
	case typeBool:
		n = 1
	case typeInt32:
		n = 4
	case typeDouble, typeDate, typeTimestamp, typeInt64:
		n = 8
	case typeObjectID:
		n = 12
	case typeDecimal:
		n = 16
	case typeString, typeCode, typeSymbol:
		n = counted(b, 4, 1)
	case typeDBPointer:
		n = counted(b, 4+12, 1)
	case typeBinary:
		n = counted(b, 5, 0)
	case typeObject, typeArray:
		n = counted(b, 0, 5)
	case typeScope:
		n = counted(b, 0, 14)
	case typeRegex:
		if p := bytes.IndexByte(b, 0); p >= 0 {
			if o := bytes.IndexByte(b[p+1:], 0); o >= 0 {
				n = p + 1 + o + 1
			}
		}
	}
	if n > len(b) {
		return -1
	}
	return n
}

// counted answers the size of a value that begins with a count of its bytes, to which extra ones come; -1 below the least count.
func counted(b []byte, extra, least int) int {
	if len(b) < 4 {
		return -1
	}
	n := int(int32(binary.LittleEndian.Uint32(b)))
	if n < least || n > math.MaxInt32-extra {
		return -1
	}
	return n + extra
}

// maxDepth is how deep documents may be nested (BSONDepth::kDefaultMaxAllowableDepth).
const maxDepth = 200

// wellFormed tells whether d is one whole document, as deep as its last level. Strings are not checked for UTF-8: a server keeps
// whatever bytes it was given.
func wellFormed(d []byte) bool { return wellFormedAt(d, 0) }

func wellFormedAt(d []byte, depth int) bool {
	if len(d) < 5 || depth > maxDepth || int(binary.LittleEndian.Uint32(d)) != len(d) || d[len(d)-1] != 0 {
		return false
	}
	at := 4
	for name, v := range fields(d) {
		switch {
		case (v.Type == typeObject || v.Type == typeArray) && !wellFormedAt(v.Data, depth+1):
			return false
		case v.Type == typeScope && !wellFormedScope(v.Data, depth+1):
			return false
		case (v.Type == typeString || v.Type == typeCode || v.Type == typeSymbol) && v.Data[len(v.Data)-1] != 0:
			return false
		}
		at += 1 + len(name) + 1 + len(v.Data)
	}
	return at == len(d)-1
}

func wellFormedScope(b []byte, depth int) bool {
	n := counted(b[4:], 4, 1)
	return n > 0 && 4+n < len(b) && wellFormedAt(b[4+n:], depth)
}

// lookup answers the first field of that name, or missing.
func lookup(d []byte, name string) value {
	for k, v := range fields(d) {
		if k == name {
			return v
		}
	}
	return missing
}

// lookupPath follows a dotted path through embedded documents only.
func lookupPath(d []byte, path string) value {
	head, rest, more := strings.Cut(path, ".")
	v := lookup(d, head)
	if more && v.Type == typeObject {
		return lookupPath(v.Data, rest)
	}
	if more {
		return missing
	}
	return v
}

// text answers the content of a string, symbol or code, "" for anything else. It shares the value's memory.
func text(v value) string {
	if (v.Type != typeString && v.Type != typeSymbol && v.Type != typeCode) || len(v.Data) < 5 {
		return ""
	}
	return unsafe.String(&v.Data[4], len(v.Data)-5)
}

// embedded answers the document or array inside v, nil for anything else.
func embedded(v value) document {
	if v.Type == typeObject || v.Type == typeArray {
		return v.Data
	}
	return nil
}

func isNumber(v value) bool {
	return v.Type == typeInt32 || v.Type == typeInt64 || v.Type == typeDouble || v.Type == typeDecimal
}

// number answers v as an int64, cut towards zero; false when v is no number.
func number(v value) (int64, bool) {
	switch v.Type {
	case typeInt32:
		return int64(v.Int32()), true
	case typeInt64:
		return v.Int64(), true
	case typeDouble:
		f := v.Double()
		switch {
		case f >= math.MaxInt64:
			return math.MaxInt64, true
		case f <= math.MinInt64:
			return math.MinInt64, true
		case f != f:
			return 0, true
		}
		return int64(f), true
	case typeDecimal:
		f, _ := decimalRat(v)
		if f == nil {
			return 0, true
		}
		g, _ := f.Float64()
		return int64(g), true
	}
	return 0, false
}

// truth is what MongoDB takes v for where it wants a boolean: any number but zero, and anything that is not null or missing.
func truth(v value) bool {
	switch v.Type {
	case 0, typeNull, typeUndefined:
		return false
	case typeBool:
		return v.Data[0] != 0
	case typeDouble:
		return v.Double() != 0
	}
	if n, ok := number(v); ok {
		return n != 0
	}
	return true
}

func timestamp(v value) uint64 {
	if v.Type != typeTimestamp {
		return 0
	}
	return binary.LittleEndian.Uint64(v.Data)
}

func same(a, b value) bool { return a.Type == b.Type && bytes.Equal(a.Data, b.Data) }
