package mongo_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// recorded is one command and its reply, taken down from a genuine server.
type recorded struct {
	Name, DB, Note string
	Command, Reply json.RawMessage
}

// volatile are the fields whose values differ from server to server and from moment to moment: only that they are there is compared.
// Times and ids; host names and ports; sizes on a disk, which a server in memory has not; random choices.
var volatile = map[string]bool{
	"$clusterTime": true, "operationTime": true, "opTime": true, "electionId": true, "localTime": true, "lastWrite": true, "ts": true,
	"wall": true, "connectionId": true, "topologyVersion": true, "hosts": true, "me": true, "primary": true, "uuid": true, "ui": true, "host": true, "lsid": true, "txnNumber": true,
	"lastWriteDate": true, "lastWriteOpTime": true, "startOpTime": true, "prevOpTime": true, "prepareTimestamp": true,
	"sizeOnDisk": true, "totalSize": true, "storageSize": true, "freeStorageSize": true, "totalIndexSize": true, "indexSize": true,
	"fsUsedSize": true, "fsTotalSize": true,
	"replicaSetId": true, "date": true, "uptime": true, "optimes": true, "electionTime": true, "electionDate": true, "optimeDate": true, "optime": true,
	"lastStableRecoveryTimestamp": true, "term": true, "configTerm": true, "infoMessage": true,
}

// leftOut are the recorded commands that are not sent, each with its reason.
var leftOut = map[string]string{
	"listCollections batchSize 2":                                "which collections come first is chance; batches of other cursors are compared",
	"listCollections local":                                      "the server has fewer collections of its own",
	"listCollections config":                                     "the server has fewer collections of its own",
	"listCollections admin":                                      "the server has no users and keys",
	"listIndexes batchSize 3":                                    "its cursor stays open unused; the indexes are those of listIndexes shop.orders",
	"hello with saslSupportedMechs of a user":                    "without authentication the server knows no users; compared in unauthorized",
	"collStats local.oplog.rs":                                   "the history of the recording server was another",
	"aggregate $sample 3, _id only":                              "random",
	"serverStatus {oplog: 1}":                                    "an excerpt; the server has figures of its own",
	"replSetGetStatus":                                           "the server was not elected",
	"replSetGetStatus on a secondary":                            "the server was not elected",
	"config.transactions: documents of retryable writes":         "written by the recording client",
	"insert 46 MiB (above maxMessageSizeBytes)":                  "the connection ends; tried by TestMessageTooLarge",
	"applyOps as a user with only role backup":                   "the server has one user, who may do all",
	"insert as role backup":                                      "the server has one user, who may do all",
	"applyOps with ui as role restore":                           "the server has one user, who may do all",
	"find in local.oplog.rs as readAnyDatabase":                  "the server has one user, who may do all",
	"replSetGetStatus as role restore":                           "the server has one user, who may do all",
	"hello without authentication, saslSupportedMechs of a user": "the server has SCRAM-SHA-256 only; tried by TestAuthentication",
}

// notCompared are sent for their effect. A genuine server shows a new oplog entry a moment later than this one.
var notCompared = map[string]bool{
	"oplog: tailable + awaitData + oplogReplay from the newest entry": true,
	"getMore with maxTimeMS, nothing new: empty batch, cursor stays":  true,
}

// unordered are lists in the order of a hash table, which are compared as sets.
var unordered = regexp.MustCompile(`^listCollections|\$indexStats`)

// conformance sends recorded commands and compares the replies.
type conformance struct {
	t      *testing.T
	s      *mongo.Server
	w      *wire
	ids    *strings.Replacer
	pairs  []string
	before map[string]func()
}

func newConformance(t *testing.T, s *mongo.Server) *conformance {
	return &conformance{t: t, s: s, w: dial(t, s), ids: strings.NewReplacer(), before: map[string]func(){}}
}

func readRecorded(t testing.TB, file string) []recorded {
	t.Helper()
	b, err := os.ReadFile("testdata/wire/" + file + ".json")
	require.NoError(t, err)
	var out []recorded
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

func (c *conformance) play(file string) {
	for _, e := range readRecorded(c.t, file) {
		if _, out := leftOut[e.Name]; out {
			continue
		}
		c.t.Run(file+"/"+e.Name, func(t *testing.T) { c.one(t, e) })
	}
}

func (c *conformance) one(t *testing.T, e recorded) {
	if before := c.before[e.Name]; before != nil {
		before()
	}
	if strings.Contains(e.Name, "first message") || strings.HasSuffix(e.Name, "nothing else") || e.Name == "isMaster as OP_MSG" {
		c.w = dial(c.t, c.s)
	}
	var cmd, want bson.Raw
	require.NoError(t, bson.UnmarshalExtJSON([]byte(c.ids.Replace(string(e.Command))), true, &cmd))
	var got bson.Raw
	switch section, docs := generated(t, e.Note, e.Name); {
	case strings.Contains(e.Name, "OP_QUERY"):
		got = c.w.query(e.DB, cmd)
	case strings.HasPrefix(e.Name, "awaitable hello"):
		got = c.w.msg(e.DB, c.awaiting(cmd), "")
	default:
		got = c.w.msg(e.DB, cmd, section, docs...)
	}
	require.NotNil(t, got, "the connection ended")
	c.learn(e.Reply, got)
	require.NoError(t, bson.UnmarshalExtJSON([]byte(c.ids.Replace(string(e.Reply))), true, &want))
	if notCompared[e.Name] {
		return
	}
	if unordered.MatchString(e.Name) {
		want, got = inOrder(t, want), inOrder(t, got)
	}
	require.Equal(t, masked(t, want), masked(t, got))
}

// inOrder sorts the first batch of a reply by name.
func inOrder(t *testing.T, d bson.Raw) bson.Raw {
	var out struct {
		Cursor struct {
			FirstBatch []bson.Raw `bson:"firstBatch"`
			Rest       bson.M     `bson:",inline"`
		} `bson:"cursor"`
		Rest bson.M `bson:",inline"`
	}
	require.NoError(t, bson.Unmarshal(d, &out))
	slices.SortFunc(out.Cursor.FirstBatch, func(a, b bson.Raw) int {
		return strings.Compare(a.Lookup("name").StringValue(), b.Lookup("name").StringValue())
	})
	b, err := bson.Marshal(bson.D{{Key: "cursor", Value: bson.D{{Key: "firstBatch", Value: out.Cursor.FirstBatch}, {Key: "id", Value: out.Cursor.Rest["id"]},
		{Key: "ns", Value: out.Cursor.Rest["ns"]}}}, {Key: "ok", Value: out.Rest["ok"]}})
	require.NoError(t, err)
	return b
}

// learn maps the ids of cursors from the recording to the server's.
func (c *conformance) learn(reply json.RawMessage, got bson.Raw) {
	var want bson.Raw
	require.NoError(c.t, bson.UnmarshalExtJSON(reply, true, &want))
	a, _ := want.Lookup("cursor", "id").Int64OK()
	b, _ := got.Lookup("cursor", "id").Int64OK()
	if a != 0 && b != 0 {
		c.pairs = append(c.pairs, strconv.FormatInt(a, 10), strconv.FormatInt(b, 10))
		c.ids = strings.NewReplacer(c.pairs...)
	}
}

// awaiting puts the server's own topology version into a hello.
func (c *conformance) awaiting(cmd bson.Raw) bson.Raw {
	hello, err := bson.Marshal(bson.D{{Key: "hello", Value: 1}})
	require.NoError(c.t, err)
	known := c.w.msg("admin", hello, "").Lookup("topologyVersion")
	out, err := bson.Marshal(bson.D{{Key: "hello", Value: 1}, {Key: "topologyVersion", Value: known}, {Key: "maxAwaitTimeMS", Value: cmd.Lookup("maxAwaitTimeMS")}})
	require.NoError(c.t, err)
	return out
}

var sizedNote = regexp.MustCompile(`one of (\d+) bytes`)
var countedName = regexp.MustCompile(`insert of (\d+) documents in one message`)

// generated makes the documents that the recording does not hold because of their size.
func generated(t *testing.T, note, name string) (section string, docs [][]byte) {
	doc := func(id any, size int) []byte {
		b, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "x", Value: ""}})
		require.NoError(t, err)
		if size == 0 {
			return b
		}
		b, err = bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "x", Value: strings.Repeat("x", size-len(b))}})
		require.NoError(t, err)
		return b
	}
	if m := sizedNote.FindStringSubmatch(note); m != nil {
		size, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		id := strings.TrimPrefix(name, "insert ")
		return "documents", [][]byte{doc(id+" a", 0), doc(id, size), doc(id+" b", 0)}
	}
	if m := countedName.FindStringSubmatch(name); m != nil {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		for i := range n {
			docs = append(docs, doc(fmt.Sprint(n, i), 0))
		}
		return "documents", docs
	}
	return "", nil
}

var uuidInText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// masked is a reply without what is volatile, in its order of fields and with its types.
func masked(t testing.TB, d bson.Raw) string {
	t.Helper()
	b, err := bson.MarshalExtJSONIndent(mask("", d), true, false, "", " ")
	require.NoError(t, err)
	return uuidInText.ReplaceAllString(string(b), "UUID")
}

func mask(path string, d bson.Raw) bson.D {
	out := bson.D{}
	es, _ := d.Elements()
	for _, e := range es {
		out = append(out, bson.E{Key: e.Key(), Value: maskValue(path+"."+e.Key(), e.Key(), e.Value())})
	}
	return out
}

func maskValue(path, key string, v bson.RawValue) any {
	if volatile[key] || volatilePaths.MatchString(path) {
		return primitive.Symbol("volatile")
	}
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return mask(path, v.Document())
	case bson.TypeArray:
		out := bson.A{}
		vs, _ := v.Array().Values()
		for i, e := range vs {
			out = append(out, maskValue(fmt.Sprintf("%s.%d", path, i), "", e))
		}
		return out
	}
	return v
}

// volatilePaths are the sizes of indexes, the ids of new sessions, the term of an oplog entry.
var volatilePaths = regexp.MustCompile(`^\.indexSizes\.|^\.id\.id$|^\.cursor\.(first|next)Batch\.\d+\.t$`)

// preload brings a server to the state in which the recording began, by the history up to there.
func preload(t *testing.T, s *mongo.Server) {
	r := newReplayer(t, connect(t, s))
	for _, e := range recordedOplog(t) {
		if e.ts.After(primitive.Timestamp{T: 1795458266, I: 255}) {
			break
		}
		r.apply(e)
	}
}

// session sends commands in a session of its own, as the recording client did.
type session struct {
	t    *testing.T
	w    *wire
	lsid bson.D
}

func newSession(t *testing.T, s *mongo.Server, id string) *session {
	b, err := base64.StdEncoding.DecodeString(id)
	require.NoError(t, err)
	return &session{t, dial(t, s), bson.D{{Key: "id", Value: primitive.Binary{Subtype: 4, Data: b}}}}
}

// do sends a command of a transaction; first says that it begins one.
func (s *session) do(db string, txn int64, first bool, cmd bson.D) {
	cmd = append(cmd, bson.E{Key: "lsid", Value: s.lsid}, bson.E{Key: "txnNumber", Value: txn}, bson.E{Key: "autocommit", Value: false})
	if first {
		cmd = append(cmd, bson.E{Key: "startTransaction", Value: true})
	}
	b, err := bson.Marshal(cmd)
	require.NoError(s.t, err)
	require.EqualValues(s.t, 1, s.w.msg(db, b, "").Lookup("ok").Double())
}

func insertOf(n int, at string) bson.D {
	var docs bson.A
	for i := range n {
		docs = append(docs, bson.D{{Key: "_id", Value: fmt.Sprint(at, i)}})
	}
	return bson.D{{Key: "insert", Value: "txn_a"}, {Key: "documents", Value: docs}}
}

// Every command that was recorded from a genuine server is answered as that server answered it.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("one client plays all that was recorded")
	}
	var clock atomic.Int64
	clock.Store(1795459000)
	s := start(t, mongo.Options{Now: func() time.Time { return time.Unix(clock.Load(), 0) }})
	preload(t, s)
	ctx, client := context.Background(), connect(t, s)
	admin := client.Database("admin")
	clock.Store(1795459312) // the recording's last entry was the first of this second
	require.NoError(t, admin.RunCommand(ctx, bson.D{{Key: "appendOplogNote", Value: 1}, {Key: "data", Value: bson.D{}}}).Err())
	c := newConformance(t, s)
	c.before["getMore after one insert"] = func() {
		s.Faults().HoldMajority(true)
		_, err := client.Database("crm").Collection("opsbox").InsertOne(ctx, bson.D{{Key: "_id", Value: "tail"}})
		require.NoError(t, err)
	}
	c.before["oldest oplog entry"] = func() { s.Faults().HoldMajority(false) }
	sess := newSession(t, s, "JU7EmzWsvlvHgnMzp37hvw==")
	c.before["config.transactions while an unprepared transaction is open: no document for it"] = func() { sess.do("crm", 1, true, insertOf(1, "status")) }
	c.before["config.transactions after its commit"] = func() { sess.do("admin", 1, false, bson.D{{Key: "commitTransaction", Value: 1}}) }
	c.before["config.transactions after an abort: unchanged"] = func() {
		sess.do("crm", 2, true, insertOf(1, "aborted"))
		sess.do("admin", 2, false, bson.D{{Key: "abortTransaction", Value: 1}})
	}
	c.before["delete"] = func() { // on the recording server the retryable insert had been done in a run before, so nothing was inserted
		_, err := client.Database("e").Collection("c").DeleteOne(ctx, bson.D{{Key: "_id", Value: 7}})
		require.NoError(t, err)
	}
	for _, file := range []string{"handshake", "listings", "cursors", "status", "writes-and-errors"} {
		c.play(file)
	}
	s.Faults().SetSecondary(true)
	c.play("not-primary")
}

func TestConformanceOfPreparedTransactions(t *testing.T) {
	s := start(t, mongo.Options{})
	ctx, client := context.Background(), connect(t, s)
	_, err := client.Database("crm").Collection("txn_a").InsertMany(ctx, insertOf(102, "before")[1].Value.(bson.A))
	require.NoError(t, err)
	c := newConformance(t, s)
	sess := newSession(t, s, "tmINoNmxanRffUaoWi+XDQ==")
	c.before["config.transactions, transaction open, not prepared"] = func() { sess.do("crm", 1, true, insertOf(3, "aborted")) }
	c.before["config.transactions after the abort of a prepared transaction"] = func() {
		sess.do("admin", 1, false, bson.D{{Key: "abortTransaction", Value: 1}})
	}
	c.before["config.transactions after the commit of a prepared transaction"] = func() {
		sess.do("crm", 2, true, insertOf(3, "committed"))
		sess.do("admin", 2, false, bson.D{{Key: "prepareTransaction", Value: 1}})
		sess.do("admin", 2, false, bson.D{{Key: "commitTransaction", Value: 1}})
	}
	c.before["config.transactions after a multi-entry transaction"] = func() {
		require.NoError(t, client.Database("admin").RunCommand(ctx, bson.D{{Key: "setParameter", Value: 1},
			{Key: "maxNumberOfTransactionOperationsInSingleOplogEntry", Value: 20}}).Err())
		sess.do("crm", 3, true, insertOf(45, "multi"))
		sess.do("admin", 3, false, bson.D{{Key: "commitTransaction", Value: 1}})
	}
	c.play("prepared-transactions")
}

func TestConformanceWithoutLogin(t *testing.T) {
	c := newConformance(t, start(t, mongo.Options{Username: "root", Password: "fixture-only"}))
	c.play("unauthorized")
}
