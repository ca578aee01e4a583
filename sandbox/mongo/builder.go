package mongo

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/bson/bsontype"
	"go.mongodb.org/mongo-driver/bson/primitive"
)

// builder writes BSON straight into one buffer. begin and end nest; every begin wants its end before the bytes are used.
type builder struct {
	b     []byte
	open  []int
	index []int // of the next element, for each open level
}

// build answers the document that write puts together.
func build(write func(w *builder)) document {
	w := &builder{}
	w.begin()
	write(w)
	w.end()
	return w.b
}

// array answers the values as a BSON array.
func array(vs ...value) value {
	return value{Type: typeArray, Data: build(func(w *builder) {
		for _, v := range vs {
			w.add(v)
		}
	})}
}

func (w *builder) begin() {
	w.open, w.index = append(w.open, len(w.b)), append(w.index, 0)
	w.b = append(w.b, 0, 0, 0, 0)
}

func (w *builder) end() {
	last := len(w.open) - 1
	at := w.open[last]
	w.b = append(w.b, 0)
	binary.LittleEndian.PutUint32(w.b[at:], uint32(len(w.b)-at))
	w.open, w.index = w.open[:last], w.index[:last]
}

func (w *builder) name(t bsontype.Type, name string) {
	w.b = append(append(append(w.b, byte(t)), name...), 0)
}

// nextIndex names the next element of the open array.
func (w *builder) nextIndex(t bsontype.Type) {
	last := len(w.index) - 1
	w.b = append(strconv.AppendInt(append(w.b, byte(t)), int64(w.index[last]), 10), 0)
	w.index[last]++
}

func (w *builder) beginDoc(name string)   { w.name(typeObject, name); w.begin() }
func (w *builder) beginArray(name string) { w.name(typeArray, name); w.begin() }
func (w *builder) beginElement()          { w.nextIndex(typeObject); w.begin() }

// add appends an element to the open array.
func (w *builder) add(v value) { w.nextIndex(v.Type); w.b = append(w.b, v.Data...) }

// addDoc appends a document to the open array.
func (w *builder) addDoc(d document) { w.nextIndex(typeObject); w.b = append(w.b, d...) }

func (w *builder) value(name string, v value) { w.name(v.Type, name); w.b = append(w.b, v.Data...) }
func (w *builder) doc(name string, d document) {
	w.name(typeObject, name)
	w.b = append(w.b, d...)
}

func (w *builder) str(name, s string) {
	w.name(typeString, name)
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(len(s)+1))
	w.b = append(append(w.b, s...), 0)
}

func (w *builder) i32(name string, n int) {
	w.name(typeInt32, name)
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(int32(n)))
}

func (w *builder) i64(name string, n int64) {
	w.name(typeInt64, name)
	w.b = binary.LittleEndian.AppendUint64(w.b, uint64(n))
}

func (w *builder) f64(name string, f float64) {
	w.name(typeDouble, name)
	w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f))
}

// size writes a size or count as BSONObjBuilder::appendNumber does: as the smallest type it thinks fit.
// https://github.com/mongodb/mongo/blob/r4.4.6/src/mongo/bson/bsonobjbuilder.h
func (w *builder) size(name string, n int64) {
	switch {
	case n > -1<<30 && n < 1<<30:
		w.i32(name, int(n))
	case n > -1<<40 && n < 1<<40:
		w.f64(name, float64(n))
	default:
		w.i64(name, n)
	}
}

// count writes a statistic as int32 while it fits, as int64 beyond.
func (w *builder) count(name string, n int64) {
	if n == int64(int32(n)) {
		w.i32(name, int(n))
		return
	}
	w.i64(name, n)
}

func (w *builder) boolean(name string, b bool) {
	w.name(typeBool, name)
	if b {
		w.b = append(w.b, 1)
		return
	}
	w.b = append(w.b, 0)
}

func (w *builder) null(name string) { w.name(typeNull, name) }

func (w *builder) ts(name string, ts uint64) {
	w.name(typeTimestamp, name)
	w.b = binary.LittleEndian.AppendUint64(w.b, ts)
}

func (w *builder) date(name string, t time.Time) {
	w.name(typeDate, name)
	w.b = binary.LittleEndian.AppendUint64(w.b, uint64(t.UnixMilli()))
}

func (w *builder) oid(name string, id primitive.ObjectID) {
	w.name(typeObjectID, name)
	w.b = append(w.b, id[:]...)
}

func (w *builder) binary(name string, subtype byte, data []byte) {
	w.name(typeBinary, name)
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(len(data)))
	w.b = append(append(w.b, subtype), data...)
}

// copy appends the fields of d.
func (w *builder) copy(d document) {
	if len(d) > 5 {
		w.b = append(w.b, d[4:len(d)-1]...)
	}
}

func int32Value(n int) value {
	return value{Type: typeInt32, Data: binary.LittleEndian.AppendUint32(nil, uint32(int32(n)))}
}

func int64Value(n int64) value {
	return value{Type: typeInt64, Data: binary.LittleEndian.AppendUint64(nil, uint64(n))}
}

func doubleValue(f float64) value {
	return value{Type: typeDouble, Data: binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))}
}

func stringValue(s string) value {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, len(s)+5), uint32(len(s)+1))
	return value{Type: typeString, Data: append(append(b, s...), 0)}
}

func boolValue(b bool) value {
	if b {
		return value{Type: typeBool, Data: []byte{1}}
	}
	return value{Type: typeBool, Data: []byte{0}}
}

func timestampValue(ts uint64) value {
	return value{Type: typeTimestamp, Data: binary.LittleEndian.AppendUint64(nil, ts)}
}

func dateValue(t time.Time) value {
	return value{Type: typeDate, Data: binary.LittleEndian.AppendUint64(nil, uint64(t.UnixMilli()))}
}

func docValue(d document) value { return value{Type: typeObject, Data: d} }
func nullValue() value          { return value{Type: typeNull} }
