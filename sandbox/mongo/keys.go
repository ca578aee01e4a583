package mongo

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/big"
	"unsafe"

	"go.mongodb.org/mongo-driver/bson/bsontype"
	"go.mongodb.org/mongo-driver/bson/primitive"
)

// The classes of BSON types in the order in which MongoDB sorts them; numbers of all types are one class, strings and symbols too.
// https://www.mongodb.com/docs/v4.4/reference/bson-type-comparison-order/
const (
	classEnd byte = 10 * iota
	classMinKey
	classUndefined
	classNull
	classNumber
	classString
	classObject
	classArray
	classBinary
	classObjectID
	classBool
	classDate
	classTimestamp
	classRegex
	classDBPointer
	classCode
	classScope
	classMaxKey
)

func class(t bsontype.Type) byte {
	switch t {
	case typeMinKey:
		return classMinKey
	case typeUndefined:
		return classUndefined
	case typeNull, 0:
		return classNull
	case typeInt32, typeInt64, typeDouble, typeDecimal:
		return classNumber
	case typeString, typeSymbol:
		return classString
	case typeObject:
		return classObject
	case typeArray:
		return classArray
	case typeBinary:
		return classBinary
	case typeObjectID:
		return classObjectID
	case typeBool:
		return classBool
	case typeDate:
		return classDate
	case typeTimestamp:
		return classTimestamp
	case typeRegex:
		return classRegex
	case typeDBPointer:
		return classDBPointer
	case typeCode:
		return classCode
	case typeScope:
		return classScope
	}
	return classMaxKey
}

// appendKey appends the sort key of v: bytes that compare as MongoDB compares the values, equal for values that are equal there
// (1 and 1.0), and of which none is a beginning of another.
func appendKey(b []byte, v value, c *collator) []byte {
	return appendKeyBody(append(b, class(v.Type)), v, c)
}

func appendKeyBody(b []byte, v value, c *collator) []byte {
	switch v.Type {
	case typeInt32, typeInt64, typeDouble, typeDecimal:
		return appendNumberKey(b, v)
	case typeString, typeSymbol:
		if c != nil {
			return appendEscaped(b, c.key(text(v)))
		}
		return appendEscaped(b, v.Data[4:len(v.Data)-1])
	case typeCode:
		return appendEscaped(b, v.Data[4:len(v.Data)-1])
	case typeObject, typeArray:
		for name, e := range fields(v.Data) {
			b = append(b, class(e.Type))
			if v.Type == typeObject {
				b = appendEscaped(b, unsafe.Slice(unsafe.StringData(name), len(name)))
			}
			b = appendKeyBody(b, e, c)
		}
		return append(b, classEnd)
	case typeBinary:
		return append(append(b, v.Data[3], v.Data[2], v.Data[1], v.Data[0]), v.Data[4:]...)
	case typeDate:
		return binary.BigEndian.AppendUint64(b, binary.LittleEndian.Uint64(v.Data)^1<<63)
	case typeTimestamp:
		return binary.BigEndian.AppendUint64(b, binary.LittleEndian.Uint64(v.Data))
	case typeScope:
		n := counted(v.Data[4:], 4, 1)
		b = appendEscaped(b, v.Data[8:4+n-1])
		return appendKeyBody(b, docValue(v.Data[4+n:]), nil)
	case typeDBPointer:
		return append(append(b, v.Data[3], v.Data[2], v.Data[1], v.Data[0]), v.Data[4:]...)
	}
	return append(b, v.Data...) // object ids, booleans and regular expressions sort as their bytes, the others have none
}

// appendEscaped appends s so that it ends itself: a zero byte becomes 0x00 0xff, the end 0x00.
func appendEscaped(b, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, 0)
		if i < 0 {
			return append(append(b, s...), 0)
		}
		b = append(append(b, s[:i]...), 0, 0xff)
		s = s[i+1:]
	}
}

const (
	keyNaN byte = iota
	keyNegative
	keyZero
	keyPositive
)

// appendNumberKey writes the sign, the nearest double towards zero and, where the double is not the whole truth, what is left of the number.
func appendNumberKey(b []byte, v value) []byte {
	switch v.Type {
	case typeInt32:
		return appendInt64Key(b, int64(v.Int32()))
	case typeInt64:
		return appendInt64Key(b, v.Int64())
	case typeDouble:
		return appendFloatKey(b, v.Double())
	}
	r, special := decimalRat(v)
	if r == nil {
		return appendFloatKey(b, special)
	}
	return appendRatKey(b, r)
}

func appendInt64Key(b []byte, n int64) []byte {
	if n >= -1<<53 && n <= 1<<53 {
		return appendFloatKey(b, float64(n))
	}
	return appendRatKey(b, new(big.Rat).SetInt64(n))
}

func appendFloatKey(b []byte, f float64) []byte {
	switch {
	case f != f:
		return append(b, keyNaN)
	case f == 0:
		return append(b, keyZero)
	case f > 0:
		return append(binary.BigEndian.AppendUint64(append(b, keyPositive), math.Float64bits(f)), 0)
	}
	return append(binary.BigEndian.AppendUint64(append(b, keyNegative), ^math.Float64bits(-f)), 0xff)
}

func appendRatKey(b []byte, r *big.Rat) []byte {
	if r.Sign() == 0 {
		return append(b, keyZero)
	}
	size := new(big.Rat).Abs(r)
	f, exact := size.Float64()
	if math.IsInf(f, 0) {
		f = math.MaxFloat64
	}
	if whole := new(big.Rat).SetFloat64(f); !exact && whole.Cmp(size) > 0 {
		f = math.Nextafter(f, 0)
	}
	b = append(b, keyPositive)
	start := len(b)
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(f))
	if rest := size.Sub(size, new(big.Rat).SetFloat64(f)); rest.Sign() == 0 {
		b = append(b, 0)
	} else {
		b = appendDigits(append(b, 1), rest)
	}
	if r.Sign() < 0 {
		b[start-1] = keyNegative
		for i := start; i < len(b); i++ {
			b[i] = ^b[i]
		}
	}
	return b
}

// appendDigits writes a positive number whose decimal expansion is finite: its exponent, then its digits, then zero.
func appendDigits(b []byte, r *big.Rat) []byte {
	scale, ten := 0, big.NewInt(10)
	num, den := new(big.Int).Set(r.Num()), r.Denom()
	for rest := new(big.Int).Mod(num, den); rest.Sign() != 0; rest.Mod(num, den) {
		num.Mul(num, ten)
		scale++
	}
	digits := num.Div(num, den).String()
	b = binary.BigEndian.AppendUint16(b, uint16(len(digits)-scale+1<<14))
	return append(append(b, bytes.TrimRight([]byte(digits), "0")...), 0)
}

// decimalRat answers a Decimal128 as a fraction; nil and the double that stands for it when it is infinite or no number.
func decimalRat(v value) (*big.Rat, float64) {
	d := primitive.NewDecimal128(binary.LittleEndian.Uint64(v.Data[8:]), binary.LittleEndian.Uint64(v.Data))
	if inf := d.IsInf(); inf != 0 {
		return nil, math.Inf(inf)
	}
	n, exp, err := d.BigInt()
	if err != nil {
		return nil, math.NaN()
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exp, -exp))), nil)
	if exp < 0 {
		return new(big.Rat).SetFrac(n, power), 0
	}
	return new(big.Rat).SetInt(n.Mul(n, power)), 0
}

// compareValues orders two values as MongoDB does, whatever their types.
func compareValues(a, b value, c *collator) int {
	if a.Type == b.Type {
		switch a.Type {
		case typeInt32:
			return cmp.Compare(a.Int32(), b.Int32())
		case typeInt64:
			return cmp.Compare(a.Int64(), b.Int64())
		case typeObjectID:
			return bytes.Compare(a.Data, b.Data)
		case typeTimestamp:
			return cmp.Compare(timestamp(a), timestamp(b))
		case typeString:
			if c == nil {
				return cmp.Compare(text(a), text(b))
			}
		}
	}
	if ca, cb := class(a.Type), class(b.Type); ca != cb {
		return cmp.Compare(ca, cb)
	}
	var left, right [128]byte
	return bytes.Compare(appendKey(left[:0], a, c), appendKey(right[:0], b, c))
}
