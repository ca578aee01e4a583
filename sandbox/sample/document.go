package sample

import (
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"
)

// document is a BSON document being written, field by field in order.
type document struct{ b []byte }

// doc writes a document.
func doc(fill func(d *document)) bson.Raw {
	d := &document{b: make([]byte, 0, 512)}
	start, b := bsoncore.AppendDocumentStart(d.b)
	d.b = b
	fill(d)
	d.end(start)
	return bson.Raw(d.b)
}

func (d *document) end(start int32) {
	// The only error is a start outside the buffer; it was answered by the matching Append…Start.
	d.b, _ = bsoncore.AppendDocumentEnd(d.b, start)
}

func (d *document) str(key, v string) *document {
	d.b = bsoncore.AppendStringElement(d.b, key, v)
	return d
}

func (d *document) i32(key string, v int) *document {
	d.b = bsoncore.AppendInt32Element(d.b, key, int32(v))
	return d
}

func (d *document) i64(key string, v int64) *document {
	d.b = bsoncore.AppendInt64Element(d.b, key, v)
	return d
}

// num writes a number as a JavaScript program would: whole ones as int32, others as double.
func (d *document) num(key string, v float64) *document {
	if v == float64(int32(v)) {
		return d.i32(key, int(v))
	}
	return d.f64(key, v)
}

func (d *document) f64(key string, v float64) *document {
	d.b = bsoncore.AppendDoubleElement(d.b, key, v)
	return d
}

func (d *document) yes(key string, v bool) *document {
	d.b = bsoncore.AppendBooleanElement(d.b, key, v)
	return d
}

func (d *document) id(key string, v primitive.ObjectID) *document {
	d.b = bsoncore.AppendObjectIDElement(d.b, key, v)
	return d
}

func (d *document) date(key string, v time.Time) *document {
	d.b = bsoncore.AppendDateTimeElement(d.b, key, v.UnixMilli())
	return d
}

func (d *document) null(key string) *document {
	d.b = bsoncore.AppendNullElement(d.b, key)
	return d
}

func (d *document) bin(key string, subtype byte, v []byte) *document {
	d.b = bsoncore.AppendBinaryElement(d.b, key, subtype, v)
	return d
}

// value writes a value of any type.
func (d *document) value(key string, v bsoncore.Value) *document {
	d.b = bsoncore.AppendValueElement(d.b, key, v)
	return d
}

// sub writes a document inside this one.
func (d *document) sub(key string, fill func(d *document)) *document {
	start, b := bsoncore.AppendDocumentElementStart(d.b, key)
	d.b = b
	fill(d)
	d.end(start)
	return d
}

// list writes an array of n elements; fill writes the element i under the key that it gets.
func (d *document) list(key string, n int, fill func(d *document, key string, i int)) *document {
	start, b := bsoncore.AppendArrayElementStart(d.b, key)
	d.b = b
	for i := range n {
		fill(d, strconv.Itoa(i), i)
	}
	d.end(start)
	return d
}

func (d *document) strs(key string, all ...string) *document {
	return d.list(key, len(all), func(d *document, key string, i int) { d.str(key, all[i]) })
}

// point writes a place as GeoJSON, longitude first.
func (d *document) point(key string, longitude, latitude float64) *document {
	return d.sub(key, func(d *document) {
		d.str("type", "Point")
		d.list("coordinates", 2, func(d *document, key string, i int) { d.f64(key, []float64{longitude, latitude}[i]) })
	})
}

// stamps ends a document as mongoose does.
func (d *document) stamps(created, updated time.Time) {
	d.date("createdAt", created).date("updatedAt", updated).i32("__v", 0)
}
