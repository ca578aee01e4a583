package mongo_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	driver "go.mongodb.org/mongo-driver/mongo"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// unpack reads a compressed file of testdata.
func unpack(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	r, err := zstd.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return b
}

// oplogEntry is an entry of the recorded history.
type oplogEntry struct {
	raw    bson.Raw
	op, ns string
	ts     primitive.Timestamp
	o, o2  bson.Raw
}

func recordedOplog(t testing.TB) []oplogEntry {
	t.Helper()
	var out []oplogEntry
	for b := unpack(t, "oplog.bson.zst"); len(b) > 0; {
		n := binary.LittleEndian.Uint32(b)
		out = append(out, readEntry(b[:n]))
		b = b[n:]
	}
	return out
}

func readEntry(raw bson.Raw) oplogEntry {
	e := oplogEntry{raw: raw, op: raw.Lookup("op").StringValue(), ns: raw.Lookup("ns").StringValue(), o: raw.Lookup("o").Document()}
	e.ts.T, e.ts.I, _ = raw.Lookup("ts").TimestampOK()
	e.o2, _ = raw.Lookup("o2").DocumentOK()
	return e
}

// replayer applies an oplog to a server by the rules that were found on a genuine one: one applyOps for an entry, commands where applyOps
// refuses, transactions gathered until they are decided.
type replayer struct {
	t    testing.TB
	c    *driver.Client
	open map[string][]bson.Raw // operations of transactions that are not decided
}

func newReplayer(t testing.TB, c *driver.Client) *replayer {
	return &replayer{t: t, c: c, open: map[string][]bson.Raw{}}
}

func (r *replayer) run(db string, cmd any) {
	r.t.Helper()
	require.NoError(r.t, r.try(db, cmd), "%v", cmd)
}

func (r *replayer) try(db string, cmd any) error {
	return r.c.Database(db).RunCommand(context.Background(), cmd).Err()
}

func (r *replayer) apply(e oplogEntry) {
	db, name, _ := strings.Cut(e.ns, ".")
	switch {
	case e.op == "n" || db == "config" || db == "admin" && e.ns != "admin.$cmd":
	case e.op == "c" && name == "$cmd":
		r.command(db, e)
	default:
		r.applyOps(e)
	}
}

func (r *replayer) applyOps(e oplogEntry) {
	op := bson.D{{Key: "op", Value: e.op}, {Key: "ns", Value: e.ns}, {Key: "o", Value: e.o}}
	if e.o2 != nil {
		op = append(op, bson.E{Key: "o2", Value: e.o2})
	}
	r.run("admin", bson.D{{Key: "applyOps", Value: bson.A{op}}, {Key: "bypassDocumentValidation", Value: true}})
}

func (r *replayer) command(db string, e oplogEntry) {
	first := e.o.Index(0).Key()
	switch first {
	case "startIndexBuild", "abortIndexBuild":
	case "commitIndexBuild":
		list, err := e.o.Lookup("indexes").Array().Values()
		require.NoError(r.t, err)
		for _, v := range list {
			r.index(db, e.o.Lookup(first).StringValue(), v.Document())
		}
	case "createIndexes":
		if db != "admin" {
			r.index(db, e.o.Lookup(first).StringValue(), without(e.o, first))
		}
	case "renameCollection":
		r.run("admin", bson.D{{Key: first, Value: e.o.Lookup(first)}, {Key: "to", Value: e.o.Lookup("to")}, {Key: "dropTarget", Value: true}})
	case "create":
		if db == "admin" {
			return
		}
		r.run("admin", bson.D{{Key: "applyOps", Value: bson.A{
			bson.D{{Key: "op", Value: "c"}, {Key: "ns", Value: e.ns}, {Key: "o", Value: bson.D{{Key: "drop", Value: e.o.Lookup(first)}}}}}}})
		r.applyOps(e)
	case "applyOps", "commitTransaction", "abortTransaction":
		r.transaction(e)
	default:
		r.applyOps(e)
	}
}

// index creates an index; one without a collation is meant to have the simple one, whatever the collection's default.
func (r *replayer) index(db, name string, spec bson.Raw) {
	var d bson.D
	require.NoError(r.t, bson.Unmarshal(spec, &d))
	if _, err := spec.LookupErr("collation"); err != nil && spec.Lookup("v").AsInt64() > 1 {
		d = append(d, bson.E{Key: "collation", Value: bson.D{{Key: "locale", Value: "simple"}}})
	}
	r.run(db, bson.D{{Key: "createIndexes", Value: name}, {Key: "indexes", Value: bson.A{d}}})
}

func (r *replayer) transaction(e oplogEntry) {
	lsid, err := e.raw.LookupErr("lsid")
	if err != nil { // a user's applyOps
		r.operations(e.o.Lookup("applyOps").Array())
		return
	}
	key := lsid.String() + e.raw.Lookup("txnNumber").String()
	switch e.o.Index(0).Key() {
	case "abortTransaction":
		delete(r.open, key)
		return
	case "applyOps":
		r.open[key] = append(r.open[key], e.o.Lookup("applyOps").Array())
		_, partial := e.o.LookupErr("partialTxn")
		_, prepare := e.o.LookupErr("prepare")
		if partial == nil || prepare == nil {
			return
		}
	}
	for _, ops := range r.open[key] {
		r.operations(ops)
	}
	delete(r.open, key)
}

func (r *replayer) operations(list bson.Raw) {
	vs, err := list.Values()
	require.NoError(r.t, err)
	for _, v := range vs {
		op := v.Document()
		e := oplogEntry{raw: op, op: op.Lookup("op").StringValue(), ns: op.Lookup("ns").StringValue(), o: op.Lookup("o").Document()}
		e.o2, _ = op.Lookup("o2").DocumentOK()
		r.apply(e)
	}
}

func without(d bson.Raw, drop string) bson.Raw {
	var out bson.D
	es, _ := d.Elements()
	for _, e := range es {
		if e.Key() != drop {
			out = append(out, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	b, _ := bson.Marshal(out)
	return b
}

// checkpoint is the recorded state at one point of the history.
type checkpoint struct {
	N     int                   `json:"n"`
	Title string                `json:"title"`
	TS    struct{ T, I uint32 } `json:"ts"`
	State []collectionState     `json:"state"`
}

type collectionState struct {
	DB      string            `json:"db"`
	Name    string            `json:"name"`
	Type    string            `json:"type"`
	Count   int64             `json:"count"`
	Bytes   int64             `json:"bytes"`
	SHA256  string            `json:"sha256"`
	Natural string            `json:"sha256_natural"`
	Options json.RawMessage   `json:"options"`
	Indexes []json.RawMessage `json:"indexes"`
}

func checkpoints(t testing.TB) []checkpoint {
	t.Helper()
	var out struct {
		Checkpoints []checkpoint `json:"checkpoints"`
	}
	require.NoError(t, json.Unmarshal(unpack(t, "checkpoints.json.zst"), &out))
	return out.Checkpoints
}

// stateOf reads the whole state of the user databases as the checkpoints have it.
func stateOf(t testing.TB, c *driver.Client) map[string]string {
	t.Helper()
	ctx := context.Background()
	dbs, err := c.ListDatabaseNames(ctx, bson.D{})
	require.NoError(t, err)
	out := map[string]string{}
	for _, db := range dbs {
		if db == "admin" || db == "config" || db == "local" {
			continue
		}
		cur, err := c.Database(db).ListCollections(ctx, bson.D{})
		require.NoError(t, err)
		var list []bson.Raw
		require.NoError(t, cur.All(ctx, &list))
		for _, info := range list {
			name, kind := info.Lookup("name").StringValue(), info.Lookup("type").StringValue()
			out[db+"."+name] = describe(t, c.Database(db).Collection(name), kind, info.Lookup("options").Document())
		}
	}
	return out
}

func describe(t testing.TB, col *driver.Collection, kind string, options bson.Raw) string {
	ctx := context.Background()
	s := fmt.Sprintf("%s %s", kind, canonical(t, options))
	if kind == "view" {
		return s
	}
	cur, err := col.Find(ctx, bson.D{})
	require.NoError(t, err)
	var docs []bson.Raw
	bytes := 0
	for cur.Next(ctx) {
		docs = append(docs, slices.Clone(cur.Current))
		bytes += len(cur.Current)
	}
	require.NoError(t, cur.Err())
	natural := ""
	if capped, err := options.LookupErr("capped"); err == nil && capped.Boolean() {
		natural = digest(docs)
	}
	slices.SortFunc(docs, func(a, b bson.Raw) int { return strings.Compare(idKey(a), idKey(b)) })
	s += fmt.Sprintf(" count %d bytes %d sha256 %s natural %s", len(docs), bytes, digest(docs), natural)
	icur, err := col.Indexes().List(ctx)
	require.NoError(t, err)
	var list []bson.Raw
	require.NoError(t, icur.All(ctx, &list))
	var ixs []string
	for _, ix := range list {
		ixs = append(ixs, indexText(t, ix))
	}
	slices.Sort(ixs)
	return s + "\n  " + strings.Join(ixs, "\n  ")
}

func idKey(d bson.Raw) string {
	v := d.Lookup("_id")
	return string(v.Type) + string(v.Value)
}

func digest(docs []bson.Raw) string {
	h := sha256.New()
	for _, d := range docs {
		h.Write(d)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func canonical(t testing.TB, d bson.Raw) string {
	t.Helper()
	b, err := bson.MarshalExtJSON(d, true, false)
	require.NoError(t, err)
	return string(b)
}

// indexText writes an index with its fields in alphabetical order, as those of wildcardProjection and weights, but not those of key.
func indexText(t testing.TB, ix bson.Raw) string {
	t.Helper()
	es, err := ix.Elements()
	require.NoError(t, err)
	slices.SortFunc(es, func(a, b bson.RawElement) int { return cmp.Compare(a.Key(), b.Key()) })
	var d bson.D
	for _, e := range es {
		v := any(e.Value())
		if e.Key() == "weights" || e.Key() == "wildcardProjection" {
			inner, err := e.Value().Document().Elements()
			require.NoError(t, err)
			slices.SortFunc(inner, func(a, b bson.RawElement) int { return cmp.Compare(a.Key(), b.Key()) })
			var sub bson.D
			for _, i := range inner {
				sub = append(sub, bson.E{Key: i.Key(), Value: i.Value()})
			}
			v = sub
		}
		d = append(d, bson.E{Key: e.Key(), Value: v})
	}
	raw, err := bson.Marshal(d)
	require.NoError(t, err)
	return canonical(t, raw)
}

func (s *collectionState) describe(t testing.TB) string {
	t.Helper()
	raw := func(j json.RawMessage) (out bson.Raw) {
		require.NoError(t, bson.UnmarshalExtJSON(j, true, &out))
		return out
	}
	text := fmt.Sprintf("%s %s", s.Type, canonical(t, raw(s.Options)))
	if s.Type == "view" {
		return text
	}
	text += fmt.Sprintf(" count %d bytes %d sha256 %s natural %s", s.Count, s.Bytes, s.SHA256, s.Natural)
	var ixs []string
	for _, ix := range s.Indexes {
		ixs = append(ixs, indexText(t, raw(ix)))
	}
	slices.Sort(ixs)
	return text + "\n  " + strings.Join(ixs, "\n  ")
}

// The history that a genuine server wrote, replayed, gives the genuine server's state at every one of its checkpoints.
func TestRecordedHistory(t *testing.T) {
	if testing.Short() {
		t.Skip("one client plays a long history")
	}
	c := connect(t, start(t, mongo.Options{}))
	r := newReplayer(t, c)
	entries := recordedOplog(t)
	for _, cp := range checkpoints(t) {
		for len(entries) > 0 && !entries[0].ts.After(primitive.Timestamp(cp.TS)) {
			r.apply(entries[0])
			entries = entries[1:]
		}
		want := map[string]string{}
		for i := range cp.State {
			s := &cp.State[i]
			want[s.DB+"."+s.Name] = s.describe(t)
		}
		if cp.N == 21 { // an index build is under way, whose indexes the genuine server lists already
			delete(want, "crm.mk_slow")
		}
		got := stateOf(t, c)
		if cp.N == 21 {
			delete(got, "crm.mk_slow")
		}
		require.Equal(t, want, got, "checkpoint %d: %s", cp.N, cp.Title)
	}
}
