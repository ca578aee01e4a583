package backups

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/databases"
)

func mustBSON(t testing.TB, v any) bson.Raw {
	t.Helper()
	doc, err := bson.Marshal(v)
	require.NoError(t, err)
	return doc
}

// batchOf makes the array in which servers send documents.
func batchOf(t testing.TB, docs ...bson.Raw) []byte {
	t.Helper()
	a := bson.A{}
	for _, d := range docs {
		a = append(a, d)
	}
	wrapped := mustBSON(t, bson.D{{Key: "a", Value: a}})
	return wrapped.Lookup("a").Value
}

// smallArchive has two collections whose segments alternate, an empty one and a view.
func smallArchive(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := &archiveWriter{w: &out}
	id := mustBSON(t, bson.D{{Key: "v", Value: int32(2)}, {Key: "key", Value: bson.D{{Key: "_id", Value: int32(1)}}}, {Key: "name", Value: "_id_"}})
	var entries []archiveEntry
	for _, n := range []databases.Namespace{
		{Database: "shop", Name: "a", Type: "collection", UUID: "00112233445566778899aabbccddeeff"},
		{Database: "shop", Name: "b", Type: "collection", Options: mustBSON(t, bson.D{{Key: "capped", Value: true}, {Key: "size", Value: int32(4096)}})},
		{Database: "shop", Name: "new\nline", Type: "collection"},
		{Database: "shop", Name: "v", Type: "view", Options: mustBSON(t, bson.D{{Key: "viewOn", Value: "a"}, {Key: "pipeline", Value: bson.A{}}})},
	} {
		indexes := []bson.Raw{id}
		if n.Type == "view" {
			indexes = nil
		}
		e, err := entryOf(n, indexes)
		require.NoError(t, err)
		entries = append(entries, e)
	}
	require.NoError(t, w.prelude(archiveHeader{Collections: 2, Version: "0.1", Server: "4.4.6", Tool: "test"}, entries))
	a, b, n, v := entries[0].data(), entries[1].data(), entries[2].data(), entries[3].data()
	var tallies [2]tally
	put := func(i int, name archiveName, docs ...bson.Raw) {
		for _, d := range docs {
			tallies[i].addOrdered(d)
		}
		require.NoError(t, w.documents(name, batchOf(t, docs...)))
	}
	doc := func(i int) bson.Raw { return mustBSON(t, bson.D{{Key: "_id", Value: i}, {Key: "s", Value: "value"}}) }
	put(0, a, doc(1), doc(2))
	put(1, b, doc(1))
	require.NoError(t, w.end(n, 0, true))
	put(0, a, doc(3))
	put(0, a, doc(4))
	require.NoError(t, w.end(v, 0, true))
	require.NoError(t, w.end(a, tallies[0].crc, false))
	put(1, b, doc(2))
	require.NoError(t, w.end(b, tallies[1].crc, false))
	return out.Bytes()
}

// contents reads an archive into memory.
func contents(r io.Reader) (archivePrelude, map[archiveName][]bson.Raw, error) {
	var p archivePrelude
	docs := map[archiveName][]bson.Raw{}
	err := readArchive(r, archiveHandler{
		prelude:  func(got archivePrelude) error { p = got; return nil },
		place:    func(_ archiveName, size int) ([]byte, error) { return make([]byte, size), nil },
		document: func(n archiveName, doc []byte) error { docs[n] = append(docs[n], doc); return nil },
		end:      func(archiveName, uint64) error { return nil },
	})
	return p, docs, err
}

func TestArchiveBytesStayTheSame(t *testing.T) {
	golden := filepath.Join("testdata", "small.archive")
	got := smallArchive(t)
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, hex.Dump(want), hex.Dump(got))
}

func TestArchiveIsReadAsWritten(t *testing.T) {
	p, docs, err := contents(bytes.NewReader(smallArchive(t)))
	require.NoError(t, err)
	require.Equal(t, "4.4.6", p.Server)
	require.Len(t, p.entries, 4)
	require.JSONEq(t, `{"options":{"capped":true,"size":{"$numberInt":"4096"}},"indexes":[{"v":{"$numberInt":"2"},
		"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],"collectionName":"b","type":"collection"}`, p.entries[1].Metadata)
	require.Len(t, docs[archiveName{"shop", "a"}], 4)
	require.Len(t, docs[archiveName{"shop", "b"}], 2)
	require.Empty(t, docs[archiveName{"shop", "v"}])
}

func TestEveryCutOfAnArchiveIsFound(t *testing.T) {
	whole := smallArchive(t)
	for n := range whole {
		_, _, err := contents(bytes.NewReader(whole[:n]))
		var fault *archiveFault
		require.ErrorAs(t, err, &fault, "cut at byte %d of %d", n, len(whole))
	}
	_, _, err := contents(bytes.NewReader(append(slices.Clone(whole), 0)))
	require.ErrorContains(t, err, "cut off")
	_, _, err = contents(bytes.NewReader(append(slices.Clone(whole), 0xff, 0xff, 0xff, 0xff)))
	require.ErrorContains(t, err, "a terminator where the header of a collection must be")
}

func TestDamagedDocumentsOfAnArchiveAreFound(t *testing.T) {
	whole := smallArchive(t)
	start := bytes.Index(whole, []byte{0xff, 0xff, 0xff, 0xff}) // the prelude is held to the manifest, not by itself
	for at := start; at < len(whole); at++ {
		damaged := slices.Clone(whole)
		damaged[at] ^= 0x10
		_, _, err := contents(bytes.NewReader(damaged))
		require.Error(t, err, "byte %d of %d", at, len(whole))
	}
}

func TestArchiveFaultsAreNamed(t *testing.T) {
	entry, err := entryOf(databases.Namespace{Database: "d", Name: "c", Type: "collection"}, nil)
	require.NoError(t, err)
	name := entry.data()
	doc := mustBSON(t, bson.D{{Key: "_id", Value: 1}})
	var one tally
	one.addOrdered(doc)
	for _, c := range []struct {
		want  string
		write func(w *archiveWriter)
	}{
		{"ends before the collection d.c does", func(*archiveWriter) {}},
		{"ends before the collection d.c does", func(w *archiveWriter) { require.NoError(t, w.documents(name, batchOf(t, doc))); w.terminate() }},
		{"the CRC of \"d.c\" is", func(w *archiveWriter) {
			require.NoError(t, w.documents(name, batchOf(t, doc)))
			require.NoError(t, w.end(name, 1, false))
		}},
		{"goes on after its end", func(w *archiveWriter) {
			require.NoError(t, w.end(name, 0, true))
			require.NoError(t, w.end(name, 0, true))
		}},
		{"the prelude does not name", func(w *archiveWriter) { w.begin(archiveName{"d", "x"}) }},
		{"a document follows the end", func(w *archiveWriter) { w.header(name, true, 0); w.write(doc) }},
		{"the header of a segment is damaged", func(w *archiveWriter) { w.write(doc) }},
		{"a CRC before the end", func(w *archiveWriter) { w.header(name, false, 7) }},
		{"neither the length of a document nor a terminator", func(w *archiveWriter) { w.begin(name); w.write([]byte{1, 0, 0, 0}) }},
		{"neither the length of a document nor a terminator", func(w *archiveWriter) { w.begin(name); w.write([]byte{0, 0, 0, 2}) }},
		{"a document is damaged: malformed BSON", func(w *archiveWriter) {
			bad := slices.Clone(doc)
			bad[4] = 0x55
			w.begin(name)
			w.write(bad)
		}},
	} {
		var out bytes.Buffer
		w := &archiveWriter{w: &out}
		require.NoError(t, w.prelude(archiveHeader{Version: "0.1"}, []archiveEntry{entry}))
		c.write(w)
		_, _, err := contents(&out)
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, "at byte ")
	}
}

// state computes what the fixture says of a collection: the SHA-256 over its documents ordered by _id.
func state(docs []bson.Raw) string {
	key := func(d bson.Raw) []byte {
		id := d.Lookup("_id")
		return append([]byte{byte(id.Type)}, id.Value...)
	}
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b bson.Raw) int { return bytes.Compare(key(a), key(b)) })
	sum := sha256.New()
	for _, d := range docs {
		sum.Write(d)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// TestStockArchiveOfAGenuineServer reads an archive that mongodump made of MongoDB 4.4.6 while it was written to. The
// collections that nothing wrote to are known by count, bytes and content.
func TestStockArchiveOfAGenuineServer(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "mongodump-4.4.archive.zst"))
	require.NoError(t, err)
	defer f.Close()
	r, err := zstd.NewReader(f)
	require.NoError(t, err)
	defer r.Close()
	p, docs, err := contents(r)
	require.NoError(t, err)
	require.Equal(t, "4.4.6", p.Server)

	var known []struct {
		DB, Name, SHA256 string
		Count            int
		Bytes            int
	}
	text, err := os.ReadFile(filepath.Join("testdata", "mongodump-4.4.state.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &known))
	same := 0
	for _, k := range known {
		found := docs[archiveName{k.DB, k.Name}]
		if state(found) != k.SHA256 {
			continue
		}
		same++
		size := 0
		for _, d := range found {
			size += len(d)
		}
		require.Equal(t, k.Count, len(found), k.Name)
		require.Equal(t, k.Bytes, size, k.Name)
	}
	require.Equal(t, 76, same)
	require.NotEmpty(t, docs[archiveName{"", "oplog"}])
	for _, e := range p.entries { // what we would write of the same collection is the same text
		if e.Collection == "oplog" && e.Database == "" {
			continue // it has none
		}
		var m archiveMetadata
		require.NoError(t, bson.UnmarshalExtJSON([]byte(e.Metadata), true, &m), e.Collection)
		again, err := entryOf(databases.Namespace{
			Database: e.Database, Name: m.CollectionName, Type: m.Type, UUID: m.UUID, Options: m.Options}, m.Indexes)
		require.NoError(t, err)
		require.Equal(t, e.Metadata, again.Metadata)
	}
}

func TestDigestDoesNotDependOnTheOrder(t *testing.T) {
	var docs []bson.Raw
	for i := range 500 {
		docs = append(docs, mustBSON(t, bson.D{{Key: "_id", Value: i}, {Key: "x", Value: fmt.Sprint(i * i)}}))
	}
	sum := func(docs []bson.Raw) string {
		var d Digest
		for _, doc := range docs {
			d.Add(doc)
		}
		return d.String()
	}
	want := sum(docs)
	slices.SortFunc(docs, func(a, b bson.Raw) int { return cmp.Compare(b.Lookup("_id").Int32(), a.Lookup("_id").Int32()) })
	require.Equal(t, want, sum(docs))
	var left, right Digest
	for i, doc := range docs {
		if i%3 == 0 {
			left.Add(doc)
		} else {
			right.Add(doc)
		}
	}
	left.Join(right)
	require.Equal(t, want, left.String())
	require.NotEqual(t, want, sum(docs[1:]))
	require.NotEqual(t, want, sum(append(docs, docs[0])))
	var none Digest
	require.Equal(t, "0000000000000000000000000000000000000000000000000000000000000000", none.String())
	var one Digest
	one.Add(docs[0])
	plain := sha256.Sum256(docs[0])
	require.Equal(t, hex.EncodeToString(plain[:]), one.String())
}

func FuzzReadArchive(f *testing.F) {
	whole := smallArchive(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		_, docs, err := contents(bytes.NewReader(data))
		if err != nil {
			var fault *archiveFault
			require.ErrorAs(t, err, &fault)
			return
		}
		for n, all := range docs { // what is taken must be sound
			for _, d := range all {
				require.NoError(t, d.Validate(), n)
				emptyTimestamps(d)
			}
		}
	})
}
