package mongo

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/bson/primitive"
)

// show writes a document as the server does in its messages: { a: 1, b: "x" }.
func show(d document) string { return showDoc(d, false) }

func showDoc(d document, array bool) string {
	var s strings.Builder
	open, end := "{", "}"
	if array {
		open, end = "[", "]"
	}
	s.WriteString(open)
	n := 0
	for name, v := range fields(d) {
		if n++; n > 1 {
			s.WriteString(",")
		}
		s.WriteString(" ")
		if !array {
			s.WriteString(name + ": ")
		}
		s.WriteString(showValue(v))
	}
	if n > 0 {
		s.WriteString(" ")
	}
	return s.String() + end
}

func showValue(v value) string {
	switch v.Type {
	case typeObject, typeArray:
		return showDoc(v.Data, v.Type == typeArray)
	case typeString, typeSymbol:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text(v)) + `"`
	case typeCode:
		return text(v)
	case typeInt32, typeInt64:
		n, _ := number(v)
		return strconv.FormatInt(n, 10)
	case typeDouble:
		return showDouble(v.Double())
	case typeDecimal:
		return primitive.NewDecimal128(binary.LittleEndian.Uint64(v.Data[8:]), binary.LittleEndian.Uint64(v.Data)).String()
	case typeBool:
		return strconv.FormatBool(v.Data[0] != 0)
	case typeObjectID:
		return "ObjectId('" + hex.EncodeToString(v.Data) + "')"
	case typeDate:
		return fmt.Sprintf("new Date(%d)", int64(binary.LittleEndian.Uint64(v.Data)))
	case typeTimestamp:
		ts := timestamp(v)
		return fmt.Sprintf("Timestamp(%d, %d)", ts>>32, uint32(ts))
	case typeBinary:
		if v.Data[4] == 4 && len(v.Data) == 5+16 {
			return `UUID("` + showUUID([16]byte(v.Data[5:])) + `")`
		}
		return fmt.Sprintf("BinData(%d, %X)", v.Data[4], v.Data[5:])
	case typeRegex:
		pattern, options := v.Regex()
		return "/" + pattern + "/" + options
	case typeUndefined:
		return "undefined"
	case typeMinKey:
		return "MinKey"
	case typeMaxKey:
		return "MaxKey"
	case typeNull:
		return "null"
	}
	return v.Type.String()
}

func showDouble(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case f != f:
		return "nan.0"
	}
	s := strconv.FormatFloat(f, 'g', 16, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func showUUID(u [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// typeNames are the names that $type and messages use.
var typeNames = map[string]byte{
	"double": 1, "string": 2, "object": 3, "array": 4, "binData": 5, "undefined": 6, "objectId": 7, "bool": 8, "date": 9, "null": 10,
	"regex": 11, "dbPointer": 12, "javascript": 13, "symbol": 14, "javascriptWithScope": 15, "int": 16, "timestamp": 17, "long": 18,
	"decimal": 19, "minKey": 0xff, "maxKey": 0x7f,
}

func typeName(v value) string {
	for name, t := range typeNames {
		if t == byte(v.Type) {
			return name
		}
	}
	return "missing"
}
