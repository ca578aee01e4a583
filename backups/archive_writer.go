package backups

import (
	"encoding/binary"
	"fmt"
	"io"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"

	"github.com/kampyn/opsbot/databases"
)

// The archive of mongodump: a magic number, a header and one metadata document for each namespace, then segments of
// documents, each after a header that names the namespace, and for each namespace a last header with the CRC-64 of all
// its documents. https://github.com/mongodb/mongo-tools/blob/master/common/archive/spec.md
const (
	archiveMagic   = 0x8199e26d
	archiveVersion = "0.1"
	terminator     = 0xffffffff
)

// archiveHeader is the first document of an archive.
type archiveHeader struct {
	Collections int32  `bson:"concurrent_collections"`
	Version     string `bson:"version"`
	Server      string `bson:"server_version"`
	Tool        string `bson:"tool_version"`
}

// archiveEntry is what the archive's prelude says of one namespace.
type archiveEntry struct {
	Database   string `bson:"db"`
	Collection string `bson:"collection"`
	// Metadata is extended JSON: options, indexes, uuid, collectionName, type.
	Metadata string `bson:"metadata"`
	Size     int32  `bson:"size"`
	// Type is "view" or "timeseries" where it is, else "collection" or "".
	Type string `bson:"type"`
}

// data is the namespace under which the entry's documents stand.
func (e archiveEntry) data() archiveName {
	return archiveName{e.Database, databases.DataName(e.Collection, e.Type)}
}

// archiveName names a namespace in the archive's body.
type archiveName struct{ database, collection string }

func (n archiveName) String() string { return n.database + "." + n.collection }

// archiveMetadata is the JSON of archiveEntry.Metadata, in mongodump's order.
type archiveMetadata struct {
	Options        bson.Raw   `bson:"options,omitempty"`
	Indexes        []bson.Raw `bson:"indexes"`
	UUID           string     `bson:"uuid,omitempty"`
	CollectionName string     `bson:"collectionName"`
	Type           string     `bson:"type,omitempty"`
}

// entryOf describes a namespace as mongodump does.
func entryOf(n databases.Namespace, indexes []bson.Raw) (archiveEntry, error) {
	m := archiveMetadata{Indexes: indexes, UUID: n.UUID, CollectionName: n.Name, Type: n.Type}
	if m.Indexes == nil {
		m.Indexes = []bson.Raw{} // "indexes": null would stop a restore
	}
	if len(n.Options) > minDocument {
		m.Options = n.Options
	}
	text, err := bson.MarshalExtJSON(m, true, false)
	if err != nil {
		return archiveEntry{}, fmt.Errorf("backups: write the options and indexes of %s as JSON: %w", n, err)
	}
	return archiveEntry{Database: n.Database, Collection: n.Name, Metadata: string(text), Type: n.Type}, nil
}

// archiveWriter writes an archive. After the first error it writes nothing more and keeps answering that error.
type archiveWriter struct {
	w       io.Writer
	current archiveName // the namespace of the open segment
	open    bool
	err     error
}

func (a *archiveWriter) write(p []byte) {
	if a.err != nil {
		return
	}
	n, err := a.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	a.err = err
}

func (a *archiveWriter) marshal(v any) {
	doc, err := bson.Marshal(v)
	if a.err == nil {
		a.err = err
	}
	a.write(doc)
}

func (a *archiveWriter) terminate() { a.write(binary.LittleEndian.AppendUint32(nil, terminator)) }

// prelude writes everything that comes before the documents.
func (a *archiveWriter) prelude(h archiveHeader, entries []archiveEntry) error {
	a.write(binary.LittleEndian.AppendUint32(nil, archiveMagic))
	a.marshal(h)
	for _, e := range entries {
		a.marshal(e)
	}
	a.terminate()
	return a.err
}

// segmentHeader stands before each segment, and alone at the end of a namespace.
func segmentHeader(n archiveName, eof bool, crc uint64) []byte {
	return bsoncore.NewDocumentBuilder().
		AppendString("db", n.database).AppendString("collection", n.collection).
		AppendBoolean("EOF", eof).AppendInt64("CRC", int64(crc)).Build()
}

func (a *archiveWriter) header(n archiveName, eof bool, crc uint64) {
	a.write(segmentHeader(n, eof, crc))
}

// begin opens a segment of the namespace, unless it is open.
func (a *archiveWriter) begin(n archiveName) {
	if a.open && a.current == n {
		return
	}
	if a.open {
		a.terminate()
	}
	a.header(n, false, 0)
	a.current, a.open = n, true
}

// documents writes a batch, a BSON array of documents, each straight from where it came in.
func (a *archiveWriter) documents(n archiveName, batch []byte) error {
	a.begin(n)
	err := eachDocument(batch, func(doc []byte) error {
		a.write(doc)
		return a.err
	})
	if a.err == nil {
		a.err = err
	}
	return a.err
}

// end closes a namespace with the CRC-64 of all its documents. One that had none gets an empty segment before, which
// is what makes mongorestore create it.
func (a *archiveWriter) end(n archiveName, crc uint64, empty bool) error {
	if empty {
		a.begin(n)
	}
	if a.open {
		a.terminate()
		a.open = false
	}
	a.header(n, true, crc)
	a.terminate()
	return a.err
}
