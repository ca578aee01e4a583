package mongo

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/bson/primitive"
)

func itoa(i int) string { return strconv.Itoa(i) }

func (u *update) opArithmetic(m modifier) error {
	if !isNumber(m.arg) {
		return fail(codeTypeMismatch, "Cannot %s with non-numeric argument: {%s: %s}", verb(m.op), m.path, showValue(m.arg))
	}
	have := u.root.get(m.path)
	if have.Type == 0 {
		if m.op == "$inc" {
			return u.put(m.path, m.arg)
		}
		have = int32Value(0)
	}
	if !isNumber(have) {
		return fail(codeTypeMismatch, "Cannot apply %s to a value of non-numeric type. {_id: %s} has the field '%s' of non-numeric type %s",
			m.op, showValue(lookup(u.before, "_id")), m.path, typeName(have))
	}
	v, err := arithmetic(have, m.arg, m.op == "$mul")
	if err != nil {
		return err
	}
	return u.put(m.path, v)
}

func verb(op string) string {
	if op == "$inc" {
		return "increment"
	}
	return "multiply"
}

// arithmetic adds or multiplies as MongoDB does: in the wider of the two types, int32 growing to int64.
func arithmetic(a, b value, times bool) (value, error) {
	switch {
	case a.Type == typeDecimal || b.Type == typeDecimal:
		return decimalArithmetic(a, b, times)
	case a.Type == typeDouble || b.Type == typeDouble:
		x, y := asDouble(a), asDouble(b)
		if times {
			return doubleValue(x * y), nil
		}
		return doubleValue(x + y), nil
	}
	x, _ := number(a)
	y, _ := number(b)
	r := new(big.Int)
	if times {
		r.Mul(big.NewInt(x), big.NewInt(y))
	} else {
		r.Add(big.NewInt(x), big.NewInt(y))
	}
	if !r.IsInt64() {
		return missing, fail(codeBadValue, "Failed to apply $inc operations to current value ((NumberLong)%d)", x)
	}
	n := r.Int64()
	if a.Type == typeInt32 && b.Type == typeInt32 && n == int64(int32(n)) {
		return int32Value(int(n)), nil
	}
	return int64Value(n), nil
}

func asDouble(v value) float64 {
	if v.Type == typeDouble {
		return v.Double()
	}
	n, _ := number(v)
	return float64(n)
}

func decimalArithmetic(a, b value, times bool) (value, error) {
	x, xe, err := decimalParts(a)
	if err != nil {
		return missing, err
	}
	y, ye, err := decimalParts(b)
	if err != nil {
		return missing, err
	}
	if times {
		return decimalValue(x.Mul(x, y), xe+ye)
	}
	for ; xe > ye; xe-- {
		x.Mul(x, big.NewInt(10))
	}
	for ; ye > xe; ye-- {
		y.Mul(y, big.NewInt(10))
	}
	return decimalValue(x.Add(x, y), xe)
}

func decimalParts(v value) (*big.Int, int, error) {
	d := primitive.Decimal128{}
	var err error
	switch v.Type {
	case typeDecimal:
		d = primitive.NewDecimal128(binary.LittleEndian.Uint64(v.Data[8:]), binary.LittleEndian.Uint64(v.Data))
	case typeDouble:
		d, err = primitive.ParseDecimal128(strconv.FormatFloat(v.Double(), 'g', 15, 64))
	default:
		n, _ := number(v)
		return big.NewInt(n), 0, nil
	}
	if err != nil {
		return nil, 0, fail(codeBadValue, "not a decimal number: %v", err)
	}
	n, e, err := d.BigInt()
	if err != nil {
		return nil, 0, fail(codeBadValue, "arithmetic with %s is not supported", d)
	}
	return n, e, nil
}

// decimalValue rounds to the 34 digits that a Decimal128 has.
func decimalValue(n *big.Int, exp int) (value, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(34), nil)
	for ten := big.NewInt(10); n.CmpAbs(limit) >= 0; exp++ {
		n.Quo(n, ten)
	}
	d, ok := primitive.ParseDecimal128FromBigInt(n, exp)
	if !ok {
		return missing, fail(codeBadValue, "the result is out of the range of a decimal")
	}
	h, l := d.GetBytes()
	b := binary.LittleEndian.AppendUint64(nil, l)
	return value{Type: typeDecimal, Data: binary.LittleEndian.AppendUint64(b, h)}, nil
}

// arrayAt answers the elements of the array at a path; nil, and false for a value of another kind.
func (u *update) arrayAt(path string) ([]value, bool) {
	v := u.root.get(path)
	if v.Type != 0 && v.Type != typeArray {
		return nil, false
	}
	var out []value
	for _, e := range fields(embedded(v)) {
		out = append(out, e)
	}
	return out, true
}

func (u *update) notAnArray(m modifier) error {
	return fail(codeBadValue, "The field '%s' must be an array but is of type %s in document {_id: %s}", m.path, typeName(u.root.get(m.path)),
		showValue(lookup(u.before, "_id")))
}

func eachOf(arg value) []value {
	if arg.Type != typeObject || lookup(arg.Data, "$each").Type != typeArray {
		return []value{arg}
	}
	var out []value
	for _, e := range fields(lookup(arg.Data, "$each").Data) {
		out = append(out, e)
	}
	return out
}

func (u *update) opPush(m modifier) error {
	list, ok := u.arrayAt(m.path)
	if !ok {
		return u.notAnArray(m)
	}
	more, had := eachOf(m.arg), u.root.get(m.path).Type != 0
	options := document(nil)
	if m.arg.Type == typeObject && lookup(m.arg.Data, "$each").Type == typeArray {
		options = m.arg.Data
	}
	position, slice, order := lookup(options, "$position"), lookup(options, "$slice"), lookup(options, "$sort")
	if had && position.Type == 0 && slice.Type == 0 && order.Type == 0 {
		for i, v := range more { // the oplog names the new elements only
			if err := u.put(join(m.path, itoa(len(list)+i)), v); err != nil {
				return err
			}
		}
		return nil
	}
	at := len(list)
	if n, ok := number(position); ok {
		if n < 0 {
			n = max(0, int64(len(list))+n)
		}
		at = int(min(n, int64(len(list))))
	}
	list = slices.Insert(list, at, more...)
	if err := u.sortElements(list, order); err != nil {
		return err
	}
	if n, ok := number(slice); ok {
		switch {
		case n >= 0:
			list = list[:min(n, int64(len(list)))]
		case -n < int64(len(list)):
			list = list[int64(len(list))+n:]
		}
	}
	return u.put(m.path, array(list...))
}

func (u *update) sortElements(list []value, order value) error {
	if n, ok := number(order); ok {
		slices.SortStableFunc(list, func(a, b value) int { return compareValues(a, b, u.coll) * int(n) })
		return nil
	}
	if order.Type == 0 {
		return nil
	}
	by, _, err := parseSort(embedded(order))
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b value) int {
		ka, kb := sortKey(embedded(a), by, u.coll), sortKey(embedded(b), by, u.coll)
		switch {
		case ka < kb:
			return -1
		case ka > kb:
			return 1
		}
		return 0
	})
	return nil
}

func (u *update) opAddToSet(m modifier) error {
	list, ok := u.arrayAt(m.path)
	if !ok {
		return u.notAnArray(m)
	}
	size := len(list)
	for _, v := range eachOf(m.arg) {
		if !slices.ContainsFunc(list, func(e value) bool { return compareValues(e, v, u.coll) == 0 }) {
			list = append(list, v)
		}
	}
	if len(list) == size && u.root.get(m.path).Type != 0 {
		return nil
	}
	return u.put(m.path, array(list...))
}

func (u *update) opPull(m modifier) error {
	list, ok := u.arrayAt(m.path)
	if !ok {
		return u.notAnArray(m)
	}
	gone, err := u.pullTest(m)
	if err != nil || u.root.get(m.path).Type == 0 {
		return err
	}
	return u.put(m.path, array(slices.DeleteFunc(list, gone)...))
}

func (u *update) pullTest(m modifier) (test, error) {
	switch {
	case m.op == "$pullAll":
		return inTest(m.arg, u.coll)
	case m.arg.Type == typeRegex:
		return regexTest(m.arg)
	case isOperators(m.arg):
		f, err := compileOperators("v", m.arg.Data, u.coll)
		return func(v value) bool { return f(build(func(w *builder) { w.value("v", v) })) }, err
	case m.arg.Type == typeObject:
		f, err := compileFilter(m.arg.Data, u.coll)
		return func(v value) bool { return v.Type == typeObject && f(v.Data) }, err
	}
	return equalTest(m.arg, u.coll), nil
}

func (u *update) opPop(m modifier) error {
	list, ok := u.arrayAt(m.path)
	if !ok {
		return u.notAnArray(m)
	}
	if len(list) == 0 {
		return nil
	}
	if n, _ := number(m.arg); n < 0 {
		return u.put(m.path, array(list[1:]...))
	}
	return u.put(m.path, array(list[:len(list)-1]...))
}

func (u *update) opBit(m modifier) error {
	have := u.root.get(m.path)
	if have.Type == 0 {
		have = int32Value(0)
	}
	n, ok := number64(have)
	if !ok {
		return fail(codeBadValue, "Cannot apply $bit to a value of non-integral type.")
	}
	wide := have.Type == typeInt64
	for op, v := range fields(embedded(m.arg)) {
		by, ok := number64(v)
		if !ok {
			return fail(codeBadValue, "The $bit modifier field must be an Integer(32/64 bit)")
		}
		wide = wide || v.Type == typeInt64
		switch op {
		case "and":
			n &= by
		case "or":
			n |= by
		case "xor":
			n ^= by
		}
	}
	if wide || n > math.MaxInt32 || n < math.MinInt32 {
		return u.put(m.path, int64Value(n))
	}
	return u.put(m.path, int32Value(int(n)))
}
