package mongo

import (
	"encoding/binary"
	"math/big"
)

// equalTest tests for equality; null fits a missing field too.
func equalTest(want value, c *collator) test {
	if want.Type == typeNull || want.Type == typeUndefined {
		return func(v value) bool { return v.Type == 0 || v.Type == typeNull || v.Type == typeUndefined }
	}
	return func(v value) bool {
		return v.Type != 0 && class(v.Type) == class(want.Type) && (same(v, want) || compareValues(v, want, c) == 0)
	}
}

// leafTest compiles an operator that looks at one value.
func leafTest(op string, v value, ops document, c *collator) (test, error) {
	switch op {
	case "$eq":
		return equalTest(v, c), nil
	case "$gt", "$gte", "$lt", "$lte":
		return rangeTest(op, v, c), nil
	case "$in":
		return inTest(v, c)
	case "$type":
		return typeTest(v)
	case "$mod":
		return modTest(v)
	case "$regex":
		pattern, options := text(v), text(lookup(ops, "$options"))
		if v.Type == typeRegex {
			pattern, options = v.Regex()
			if o := lookup(ops, "$options"); o.Type != 0 {
				options = text(o)
			}
		}
		re, err := compileRegex(pattern, options)
		if err != nil {
			return nil, err
		}
		return func(e value) bool { return (e.Type == typeString || e.Type == typeSymbol) && re.MatchString(text(e)) }, nil
	case "$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear":
		return bitsTest(op, v)
	}
	return nil, fail(codeBadValue, "unknown operator: %s", op)
}

// rangeTest compares values of one class only; MinKey and MaxKey compare with everything.
func rangeTest(op string, want value, c *collator) test {
	fits := func(cmp int) bool {
		switch op {
		case "$gt":
			return cmp > 0
		case "$gte":
			return cmp >= 0
		case "$lt":
			return cmp < 0
		}
		return cmp <= 0
	}
	if want.Type == typeMinKey || want.Type == typeMaxKey {
		return func(v value) bool { return v.Type != 0 && fits(compareValues(v, want, c)) }
	}
	if want.Type == typeNull {
		equal := equalTest(want, c)
		return func(v value) bool { return fits(0) && equal(v) }
	}
	wantNaN := isNaN(want)
	return func(v value) bool {
		if v.Type == 0 || class(v.Type) != class(want.Type) {
			return false
		}
		if isNumber(v) && (wantNaN || isNaN(v)) {
			return fits(0) && wantNaN && isNaN(v)
		}
		return fits(compareValues(v, want, c))
	}
}

func isNaN(v value) bool {
	switch v.Type {
	case typeDouble:
		return v.Double() != v.Double()
	case typeDecimal:
		r, f := decimalRat(v)
		return r == nil && f != f
	}
	return false
}

func inTest(v value, c *collator) (test, error) {
	if v.Type != typeArray {
		return nil, fail(codeBadValue, "$in needs an array")
	}
	keys, null := map[string]bool{}, false
	var patterns []test
	for _, e := range fields(v.Data) {
		if e.Type == typeRegex {
			t, err := regexTest(e)
			if err != nil {
				return nil, err
			}
			patterns = append(patterns, t)
			continue
		}
		if isOperators(e) {
			return nil, fail(codeBadValue, "cannot nest $ under $in")
		}
		null = null || e.Type == typeNull
		keys[string(appendKey(nil, e, c))] = true
	}
	return func(e value) bool {
		if e.Type == 0 || e.Type == typeUndefined {
			return null
		}
		var key [96]byte
		if keys[string(appendKey(key[:0], e, c))] {
			return true
		}
		for _, t := range patterns {
			if t(e) {
				return true
			}
		}
		return false
	}, nil
}

func typeTest(v value) (test, error) {
	wanted := map[byte]bool{}
	anyNumber := false
	list := []value{v}
	if v.Type == typeArray {
		list = list[:0]
		for _, e := range fields(v.Data) {
			list = append(list, e)
		}
	}
	for _, e := range list {
		if n, ok := number(e); ok {
			if n == -1 {
				n = 0xff
			}
			if n < 1 || n > 19 && n != 0x7f && n != 0xff {
				return nil, fail(codeBadValue, "Invalid numerical type code: %s", showValue(e))
			}
			wanted[byte(n)] = true
			continue
		}
		if text(e) == "number" {
			anyNumber = true
			continue
		}
		t, ok := typeNames[text(e)]
		if !ok {
			return nil, fail(codeBadValue, "Unknown type name alias: %s", text(e))
		}
		wanted[t] = true
	}
	return func(e value) bool { return e.Type != 0 && (wanted[byte(e.Type)] || anyNumber && isNumber(e)) }, nil
}

func modTest(v value) (test, error) {
	var by []int64
	for _, e := range fields(embedded(v)) {
		n, ok := number(e)
		if !ok {
			return nil, fail(codeBadValue, "malformed mod, divisor value is not a number")
		}
		by = append(by, n)
	}
	if len(by) != 2 {
		return nil, fail(codeBadValue, "malformed mod, not enough elements")
	}
	if by[0] == 0 {
		return nil, fail(codeBadValue, "divisor cannot be 0")
	}
	return func(e value) bool {
		n, ok := number(e)
		return ok && !isNaN(e) && n%by[0] == by[1]
	}, nil
}

// bitsTest compares the bits of integers and binary data with a mask given as a number or as positions.
func bitsTest(op string, v value) (test, error) {
	mask := new(big.Int)
	switch {
	case v.Type == typeArray:
		for _, e := range fields(v.Data) {
			n, ok := number(e)
			if !ok || n < 0 {
				return nil, fail(codeBadValue, "bit positions must be integers of 0 or more")
			}
			mask.SetBit(mask, int(n), 1)
		}
	case v.Type == typeBinary:
		mask = littleEndian(v.Data[5:])
	default:
		n, ok := number(v)
		if !ok || n < 0 {
			return nil, fail(codeBadValue, "%s takes an Array, a number, or a BinData but received: %s", op, showValue(v))
		}
		mask.SetInt64(n)
	}
	return func(e value) bool {
		var have *big.Int
		if n, ok := number(e); ok {
			have = new(big.Int).SetUint64(uint64(n))
		} else if e.Type == typeBinary {
			have = littleEndian(e.Data[5:])
		} else {
			return false
		}
		common := new(big.Int).And(have, mask)
		switch op {
		case "$bitsAllSet":
			return common.Cmp(mask) == 0
		case "$bitsAnySet":
			return common.Sign() != 0
		case "$bitsAllClear":
			return common.Sign() == 0
		}
		return common.Cmp(mask) != 0
	}, nil
}

func littleEndian(b []byte) *big.Int {
	if len(b) == 8 {
		return new(big.Int).SetUint64(binary.LittleEndian.Uint64(b))
	}
	n := new(big.Int)
	for i := len(b) - 1; i >= 0; i-- {
		n.Or(n.Lsh(n, 8), big.NewInt(int64(b[i])))
	}
	return n
}

func countFields(d document) int {
	n := 0
	for range fields(d) {
		n++
	}
	return n
}
