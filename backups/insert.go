package backups

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/bsontype"
	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// The size of an insert. Servers take 100,000 documents in a message of 48 MB; larger batches than these gain nothing.
const (
	insertDocuments = 1000
	insertBytes     = 4 << 20
)

// insertion is one insert command while it is filled: documents are read from the archive straight into it.
type insertion struct {
	database, collection string
	ordered              bool // capped collections keep their order
	reserved             bool // its one large document waited for its turn
	command              []byte
	array                int32 // where the array of documents begins
	start                int32
	documents, bytes     int64
	starts               []int // where each document begins in command
	zeros                []int // the documents with an empty timestamp, by index
}

// buffers are the memory of insertions that are done.
var buffers = sync.Pool{New: func() any { return new(make([]byte, 0, 1<<20)) }}

func newInsertion(database, collection string, ordered bool) *insertion {
	i := &insertion{database: database, collection: collection, ordered: ordered}
	i.command = (*buffers.Get().(*[]byte))[:0]
	i.start, i.command = bsoncore.AppendDocumentStart(i.command)
	i.command = bsoncore.AppendStringElement(i.command, "insert", collection)
	i.command = bsoncore.AppendBooleanElement(i.command, "ordered", ordered)
	i.command = bsoncore.AppendBooleanElement(i.command, "bypassDocumentValidation", true)
	concern := bsoncore.BuildDocument(nil, bsoncore.AppendInt32Element(nil, "w", 1))
	i.command = bsoncore.AppendDocumentElement(i.command, "writeConcern", concern)
	i.array, i.command = bsoncore.AppendArrayElementStart(i.command, "documents")
	return i
}

// fits says whether one more document of that size may come in.
func (i *insertion) fits(size int) bool {
	return i.documents == 0 || i.documents < insertDocuments && i.bytes+int64(size) <= insertBytes
}

// place makes room for one more document.
func (i *insertion) place(size int) []byte {
	i.command = append(i.command, byte(bsontype.EmbeddedDocument))
	i.command = strconv.AppendInt(i.command, i.documents, 10)
	i.command = append(i.command, 0)
	at := len(i.command)
	i.command = slices.Grow(i.command, size)[:at+size]
	i.starts = append(i.starts, at)
	i.documents++
	i.bytes += int64(size)
	return i.command[at:]
}

// placed looks at the document that was just read.
func (i *insertion) placed(doc bson.Raw) {
	if len(emptyTimestamps(doc)) > 0 {
		i.zeros = append(i.zeros, int(i.documents-1))
	}
}

func (i *insertion) document(index int) bson.Raw {
	at := i.starts[index]
	length := binary.LittleEndian.Uint32(i.command[at:])
	return bson.Raw(i.command[at : at+int(length)])
}

// finish closes the command.
func (i *insertion) finish() (bson.Raw, error) {
	var err error
	if i.command, err = bsoncore.AppendArrayEnd(i.command, i.array); err != nil {
		return nil, fmt.Errorf("backups: build an insert: %w", err)
	}
	if i.command, err = bsoncore.AppendDocumentEnd(i.command, i.start); err != nil {
		return nil, fmt.Errorf("backups: build an insert: %w", err)
	}
	return bson.Raw(i.command), nil
}

func (i *insertion) release() {
	buffer := i.command
	i.command = nil
	if cap(buffer) <= insertBytes/2 { // larger ones are rare, and the pool would keep them
		buffers.Put(&buffer)
	}
}

// emptyTimestamps are the names of a document's own fields that hold Timestamp(0,0). An insert would replace them by the
// time of the server. https://www.mongodb.com/docs/manual/reference/bson-types/#timestamps
func emptyTimestamps(doc []byte) []string {
	var names []string
	for i := 4; i < len(doc)-1; {
		kind, name := doc[i], i+1
		for i = name; doc[i] != 0; i++ {
		}
		end, err := value(doc[:len(doc)-1], kind, i+1, 0)
		if err != nil {
			return names // it was checked before
		}
		if kind == byte(bsontype.Timestamp) && bytesAreZero(doc[i+1:end]) && string(doc[name:i]) != "_id" {
			names = append(names, string(doc[name:i]))
		}
		i = end
	}
	return names
}

func bytesAreZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// refusals counts the documents that the server did not take.
type refusals struct {
	mu      sync.Mutex
	total   int64
	byCause map[string]int64
}

// codeNames are of the errors that a document can meet.
// https://github.com/mongodb/mongo/blob/v4.4/src/mongo/base/error_codes.yml
var codeNames = map[int]string{
	2: "BadValue", 4: "NoSuchKey", 26: "NamespaceNotFound", 121: "DocumentValidationFailure", 10334: "BSONObjectTooLarge", 11000: "DuplicateKey",
}

func (r *refusals) add(namespace string, code int) {
	cause := fmt.Sprintf("error %d", code)
	if name := codeNames[code]; name != "" {
		cause = fmt.Sprintf("%s (%d)", name, code)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byCause == nil {
		r.byCause = map[string]int64{}
	}
	r.total++
	r.byCause[namespace+": "+cause]++
}

// maxSamples bounds how many causes a certificate names.
const maxSamples = 20

func (r *refusals) samples() []string {
	var s []string
	for _, cause := range slices.Sorted(maps.Keys(r.byCause)) {
		if len(s) == maxSamples {
			break
		}
		s = append(s, chat.Plural(r.byCause[cause], "document")+" refused in "+cause)
	}
	return s
}

// settling is how long a write may go on after its context has ended.
const settling = 5 * time.Second

// settle answers a context for one short write, which outlives ctx a little. A write whose connection is cut when ctx
// ends may still be done by the server, and would bring a database back that was dropped meanwhile.
func settle(ctx context.Context) (context.Context, context.CancelFunc) {
	settled, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(settling):
			cancel()
		case <-settled.Done():
		}
	})
	return settled, func() {
		stop()
		cancel()
	}
}

// insert sends one insertion. Documents that an insert can't carry go another way; the rest that the server refuses is
// counted.
func (r *restore) insert(ctx context.Context, i *insertion) error {
	defer i.release()
	command, err := i.finish()
	if err != nil {
		return err
	}
	settled, cancel := settle(ctx)
	defer cancel()
	refused, err := r.db.Insert(settled, i.database, command)
	if err != nil {
		return err
	}
	namespace := i.database + "." + i.collection
	failed := map[int]bool{}
	for _, refusal := range refused {
		failed[refusal.Index] = true
		if err := r.alone(ctx, i, refusal.Index, refusal.Code); err != nil {
			return err
		}
	}
	end := int(i.documents)
	if i.ordered && len(refused) > 0 { // the server stopped there
		end = refused[0].Index
		if err := r.insertFrom(ctx, i, end+1); err != nil {
			return err
		}
	}
	for _, index := range i.zeros {
		if failed[index] || index >= end {
			continue
		}
		if err := r.restamp(ctx, namespace, i.document(index)); err != nil {
			return err
		}
	}
	return nil
}

// insertFrom sends the documents of an ordered insertion that come after a refused one.
func (r *restore) insertFrom(ctx context.Context, i *insertion, first int) error {
	if first >= int(i.documents) {
		return nil
	}
	rest := newInsertion(i.database, i.collection, true)
	for index := first; index < int(i.documents); index++ {
		doc := i.document(index)
		copy(rest.place(len(doc)), doc)
		rest.placed(doc)
	}
	return r.insert(ctx, rest)
}

const codeBadValue = 2

// alone puts one document in by applyOps, which takes what an insert refuses, such as field names that begin with $.
func (r *restore) alone(ctx context.Context, i *insertion, index, code int) error {
	namespace := i.database + "." + i.collection
	if code != codeBadValue {
		r.refused.add(namespace, code)
		return nil
	}
	return r.apply(ctx, namespace, code, bson.D{
		{Key: "op", Value: "i"}, {Key: "ns", Value: namespace}, {Key: "o", Value: i.document(index)},
	})
}

// restamp gives a document its empty timestamps back, which the insert replaced.
func (r *restore) restamp(ctx context.Context, namespace string, doc bson.Raw) error {
	set := bson.D{}
	for _, name := range emptyTimestamps(doc) {
		set = append(set, bson.E{Key: name, Value: bson.RawValue{Type: bsontype.Timestamp, Value: make([]byte, 8)}})
	}
	// Servers since 5.0 write updates as differences. https://github.com/mongodb/mongo/blob/master/src/mongo/db/update/README.md
	change := bson.D{{Key: "$v", Value: int32(1)}, {Key: "$set", Value: set}}
	if r.server.AtLeast(5, 0) {
		change = bson.D{{Key: "$v", Value: int32(2)}, {Key: "diff", Value: bson.D{{Key: "u", Value: set}}}}
	}
	return r.apply(ctx, namespace, 0, bson.D{
		{Key: "op", Value: "u"}, {Key: "ns", Value: namespace},
		{Key: "o2", Value: bson.D{{Key: "_id", Value: doc.Lookup("_id")}}}, {Key: "o", Value: change},
	})
}

// apply runs one oplog entry. What the server refuses is counted, with the code of the insert if there was one.
func (r *restore) apply(ctx context.Context, namespace string, code int, entry bson.D) error {
	settled, cancel := settle(ctx)
	defer cancel()
	_, err := r.db.Run(settled, "admin", bson.D{
		{Key: "applyOps", Value: bson.A{entry}}, {Key: "bypassDocumentValidation", Value: true},
	})
	if err == nil {
		return nil
	}
	answered, _ := databases.CodeOf(err)
	if answered == 0 {
		return err
	}
	if code == 0 {
		code = answered
	}
	r.refused.add(namespace, code)
	return nil
}
