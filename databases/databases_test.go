package databases_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/sandbox/mongo"
)

func start(t *testing.T, o mongo.Options) *mongo.Server {
	t.Helper()
	s, err := mongo.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func open(t *testing.T, uri string) *databases.Database {
	t.Helper()
	d, err := databases.Open(t.Context(), "orders", uri, databases.Options{Timeout: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close(context.Background())) })
	return d
}

// run sends a command that must be done.
func run(t *testing.T, d *databases.Database, database string, command bson.D) {
	t.Helper()
	_, err := d.Run(t.Context(), database, command)
	require.NoError(t, err)
}

func insert(t *testing.T, d *databases.Database, database, collection string, n int) {
	t.Helper()
	all := bson.A{}
	for i := range n {
		all = append(all, bson.D{{Key: "_id", Value: i}, {Key: "text", Value: strings.Repeat("x", 100)}})
	}
	run(t, d, database, bson.D{{Key: "insert", Value: collection}, {Key: "documents", Value: all}})
}

// hostOf is the host and port of a URI.
func hostOf(uri string) string {
	host := strings.TrimPrefix(uri, "mongodb://")
	host, _, _ = strings.Cut(host, "/")
	return host[strings.LastIndexByte(host, '@')+1:]
}

func problem(t *testing.T, err error) *chat.Problem {
	t.Helper()
	p, ok := errors.AsType[*chat.Problem](err)
	require.True(t, ok, "%v is no problem for a person", err)
	require.NotEmpty(t, p.Try)
	return p
}

func TestTheURIsPathIsTheScope(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://h":                              "",
		"mongodb://h/":                             "",
		"mongodb://h/?tls=true":                    "",
		"mongodb://h/shop":                         "shop",
		"mongodb://u:p@h1,h2:27018/shop?w=1":       "shop",
		"mongodb://u:p%2Fq@h/sh%C3%B6p":            "shöp",
		"mongodb+srv://u:p@cluster.example/orders": "orders",
	} {
		d, err := databases.Open(t.Context(), "orders", uri, databases.Options{})
		require.NoError(t, err, uri)
		require.Equal(t, want, d.Scope(), uri)
		require.NoError(t, d.Close(t.Context()))
		_, err = d.Server(t.Context())
		require.ErrorContains(t, err, "is closed")
	}
}

func TestABadURIIsToldWithoutItsSecrets(t *testing.T) {
	for _, uri := range []string{
		"", "shop", "http://user:pass-word@h/shop", "mongodb://user:pass-word@/shop", "mongodb://user:pass-word@h:port/shop",
		"mongodb://us@er:pass-word@h/shop", "mongodb://user:pass-word%zz@h/shop", "mongodb://user:pass-word@h/shop?ssl=maybe",
		"mongodb://user:pass-word@h/%zz", "mongodb://user:pass-word@h/admin",
	} {
		_, err := databases.Open(t.Context(), "orders", uri, databases.Options{})
		require.Contains(t, problem(t, err).Say, "`orders`", uri)
		require.NotContains(t, err.Error(), "pass-word")
		require.NotContains(t, problem(t, err).Try, "pass-word")
	}
	_, err := databases.Open(t.Context(), "orders", "mongodb://h/", databases.Options{ReadPreference: "sometimes"})
	require.Error(t, err)
}

func TestWhatIsInADeployment(t *testing.T) {
	s := start(t, mongo.Options{})
	d := open(t, s.URI(""))
	insert(t, d, "shop", "orders", 10)
	insert(t, d, "crm", "contacts", 1)
	insert(t, d, "shop", "system.js", 1)
	run(t, d, "shop", bson.D{{Key: "create", Value: "v"}, {Key: "viewOn", Value: "orders"}, {Key: "pipeline", Value: bson.A{}}})
	run(t, d, "shop", bson.D{{Key: "create", Value: "log"}, {Key: "capped", Value: true}, {Key: "size", Value: 4096}})

	all, err := d.Namespaces(t.Context())
	require.NoError(t, err)
	var names []string
	for _, n := range all {
		names = append(names, n.String()+" "+n.Type)
		require.Equal(t, n.Type == databases.TypeView, n.UUID == "")
	}
	require.Equal(t, []string{"crm.contacts collection", "shop.log collection", "shop.orders collection", "shop.system.js collection", "shop.v view"}, names)
	require.True(t, all[1].Options.Lookup("capped").Boolean())

	indexes, err := d.Indexes(t.Context(), all[2])
	require.NoError(t, err)
	require.Len(t, indexes, 1)
	indexes, err = d.Indexes(t.Context(), all[4])
	require.NoError(t, err)
	require.Empty(t, indexes)
	_, err = d.Indexes(t.Context(), databases.Namespace{Database: "shop", Name: "missing"})
	require.True(t, databases.IsMissing(err))

	e, err := d.Estimate(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(12), e.Documents)
	require.Equal(t, int64(10), e.Of["shop.orders"].Documents)
	require.Positive(t, e.Of["shop.orders"].Bytes)

	uuid, found, err := d.Identity(t.Context(), all[2])
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, all[2].UUID, uuid)
	_, found, err = d.Identity(t.Context(), databases.Namespace{Database: "shop", Name: "missing"})
	require.NoError(t, err)
	require.False(t, found)

	one := open(t, s.URI("crm"))
	all, err = one.Namespaces(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	_, err = open(t, s.URI("gone")).Namespaces(t.Context())
	require.Contains(t, problem(t, err).Say, "The database `gone` does not exist any more")
}

func TestServer(t *testing.T) {
	d := open(t, start(t, mongo.Options{}).URI(""))
	s, err := d.Server(t.Context())
	require.NoError(t, err)
	require.Len(t, s.Process, 24)
	require.Equal(t, databases.Server{Version: "4.4.6", FCV: "4.4", ReplicaSet: "rs0", Sessions: true, Process: s.Process}, s)
	require.True(t, s.AtLeast(4, 4))
	require.True(t, s.AtLeast(4, 2))
	require.True(t, s.AtLeast(3, 6))
	require.False(t, s.AtLeast(4, 5))
	require.False(t, s.AtLeast(5, 0))
	require.False(t, databases.Server{Version: "unknown"}.AtLeast(0, 0))
	s, err = open(t, start(t, mongo.Options{ReplicaSet: "-"}).URI("")).Server(t.Context())
	require.NoError(t, err)
	require.Empty(t, s.ReplicaSet)
}

func TestDropDatabase(t *testing.T) {
	d := open(t, start(t, mongo.Options{}).URI(""))
	insert(t, d, "shop", "orders", 1)
	there := func() bool {
		found, err := d.Exists(t.Context(), "shop")
		require.NoError(t, err)
		empty, err := d.IsEmpty(t.Context(), "shop")
		require.NoError(t, err)
		require.Equal(t, found, !empty)
		return found
	}
	require.True(t, there())
	require.NoError(t, d.DropDatabase(t.Context(), "shop"))
	require.False(t, there())
	require.NoError(t, d.DropDatabase(t.Context(), "shop"))
	for _, name := range []string{"admin", "config", "local", ""} {
		require.ErrorContains(t, d.DropDatabase(t.Context(), name), "never dropped")
	}
}

func TestBatchesHoldEverything(t *testing.T) {
	d := open(t, start(t, mongo.Options{}).URI(""))
	insert(t, d, "shop", "orders", 1000)
	cursor, err := d.Scan(t.Context(), "shop", "orders", 300)
	require.NoError(t, err)
	var sizes []int
	for {
		batch, err := cursor.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		values, err := bson.Raw(batch).Values()
		require.NoError(t, err)
		sizes = append(sizes, len(values))
		cursor.SetBatchSize(400)
	}
	require.NoError(t, cursor.Close())
	require.Equal(t, []int{300, 400, 300}, sizes)

	cursor, err = d.Scan(t.Context(), "shop", "missing", 300)
	require.NoError(t, err)
	_, err = cursor.Next(t.Context())
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, cursor.Close())
}

func TestInsertTellsWhatWasRefused(t *testing.T) {
	d := open(t, start(t, mongo.Options{}).URI(""))
	command, err := bson.Marshal(bson.D{{Key: "insert", Value: "c"}, {Key: "ordered", Value: false}, {Key: "documents", Value: bson.A{
		bson.D{{Key: "_id", Value: 1}}, bson.D{{Key: "_id", Value: 1}}, bson.D{{Key: "_id", Value: 2}}, bson.D{{Key: "_id", Value: 2}}}}})
	require.NoError(t, err)
	refused, err := d.Insert(t.Context(), "shop", command)
	require.NoError(t, err)
	require.Equal(t, []databases.Refusal{{Index: 1, Code: 11000}, {Index: 3, Code: 11000}}, refused)
	bad, err := bson.Marshal(bson.D{{Key: "insert", Value: "c"}, {Key: "documents", Value: bson.A{}}})
	require.NoError(t, err)
	_, err = d.Insert(t.Context(), "shop", bad)
	code, name := databases.CodeOf(err)
	require.Equal(t, 16, code)
	require.Equal(t, "InvalidLength", name)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	locked := start(t, mongo.Options{Username: "asha", Password: "right horse"})
	tls := httptest.NewUnstartedServer(nil)
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, silent.Close())
	mute, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections and never says a word
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, mute.Close()) })
	host := hostOf(locked.URI(""))

	for _, c := range []struct{ name, uri, say string }{
		{"a wrong password", "mongodb://asha:wrong-horse@" + host + "/?authSource=admin", "did not accept the user or the password"},
		{"no user", "mongodb://" + host + "/", "asks for a user"},
		{"nobody there", "mongodb://" + silent.Addr().String() + "/", "can't be reached"},
		{"nobody answers", "mongodb://" + mute.Addr().String() + "/", "can't be reached"},
		{"an unknown host", "mongodb://no-such-host.invalid/", "The host `no-such-host.invalid` of the database `orders` is not known"},
		{"an unknown cluster", "mongodb+srv://asha:wrong-horse@no-such-cluster.example.invalid/", "is not known"},
		{"a certificate of nobody known", "mongodb://" + tls.Listener.Addr().String() + "/?tls=true", "no secure connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, c.uri)
			started := time.Now()
			_, err := d.Namespaces(t.Context())
			require.Contains(t, problem(t, err).Say, c.say, err)
			require.NotContains(t, err.Error(), "wrong-horse")
			require.Less(t, time.Since(started), 25*time.Second, "the driver itself would take 30 s")
		})
	}
	_, err = open(t, "mongodb://asha:right%20horse@"+host+"/?authSource=admin").Server(t.Context())
	require.NoError(t, err)
}

func TestAMissingRightIsNamedAndNoDocumentQuoted(t *testing.T) {
	s := start(t, mongo.Options{})
	d := open(t, s.URI(""))
	refuse := func(code int, name, message string) error {
		s.Faults().Fail("insert", 1, mongo.Error{Code: code, CodeName: name, Message: message})
		_, err := d.Run(t.Context(), "shop", bson.D{{Key: "insert", Value: "c"}, {Key: "documents", Value: bson.A{bson.D{{Key: "_id", Value: 1}}}}})
		require.NotContains(t, err.Error(), "secret")
		return err
	}
	err := refuse(13, "Unauthorized", `not authorized on shop to execute command { insert: "c", documents: [ { name: "secret" } ] }`)
	require.Equal(t, "The user of the database `orders` lacks the right for `insert` on `shop`.", problem(t, err).Say)
	err = refuse(8000, "AtlasError", "user is not allowed to do action [insert] on [shop.c]")
	require.Equal(t, "The user of the database `orders` may not run `insert`.", problem(t, err).Say)
	err = refuse(11000, "DuplicateKey", `E11000 duplicate key error collection: shop.c index: name_1 dup key: { name: "secret" }`)
	require.Contains(t, err.Error(), "DuplicateKey (11000)")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = d.Server(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// A server that is too late is told as such, whoever's patience it was.
func TestAServerThatDoesNotAnswerInTime(t *testing.T) {
	s := start(t, mongo.Options{})
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	patient, hasty := open(t, s.URI("shop")), open(t, s.URI("shop")+"&timeoutMS=300")
	find := bson.D{{Key: "find", Value: "c"}}
	run(t, patient, "shop", find)
	run(t, hasty, "shop", find)
	s.Faults().Delay("find", time.Hour)
	for whose, ask := range map[string]func() error{
		"the caller's": func() error { _, err := patient.Run(short, "shop", find); return err },
		"the driver's": func() error { _, err := hasty.Run(t.Context(), "shop", find); return err },
		"the server's": func() error {
			s.Faults().Fail("count", 1, mongo.Error{Code: 50, CodeName: "MaxTimeMSExpired", Message: "operation exceeded time limit"})
			_, err := patient.Run(t.Context(), "shop", bson.D{{Key: "count", Value: "c"}})
			return err
		},
	} {
		require.Regexp(t, "^The database `orders` did not answer `(find|count)` in time.$", problem(t, ask()).Say, whose)
	}
}

func TestWhatWasJustWrittenIsReadFromThePrimary(t *testing.T) {
	s := start(t, mongo.Options{})
	secondary := open(t, "mongodb://"+hostOf(s.URI(""))+"/?replicaSet=rs0&readPreference=secondary")
	insert(t, secondary, "shop", "orders", 1) // writes go to the primary in any case
	_, err := secondary.Scan(t.Context(), "shop", "orders", 100)
	require.Contains(t, problem(t, err).Say, "none of them is the one that is needed", "there is no secondary")
	cursor, err := secondary.Primary().Scan(t.Context(), "shop", "orders", 100)
	require.NoError(t, err)
	require.NoError(t, cursor.Close())

	set, err := databases.Open(t.Context(), "orders", "mongodb://"+hostOf(s.URI(""))+"/?replicaSet=rs0",
		databases.Options{Timeout: time.Second, ReadPreference: "secondary"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, set.Close(context.Background())) })
	_, err = set.Scan(t.Context(), "shop", "orders", 100)
	require.Contains(t, problem(t, err).Say, "none of them is the one that is needed")
}

// A server that answers its first pings too late is waited for, however the driver words that it was late: its socket's
// deadline may strike before the context says that it has ended.
func TestASlowServerIsWaitedFor(t *testing.T) {
	s := start(t, mongo.Options{})
	s.Faults().Delay("ping", 700*time.Millisecond)
	var all sync.WaitGroup
	for range 100 { // the two deadlines are the same, so which one strikes first is open
		all.Go(func() {
			d, err := databases.Open(t.Context(), "orders", s.URI("shop"), databases.Options{Timeout: 20 * time.Second})
			if err == nil {
				_, err = d.Server(t.Context())
				err = errors.Join(err, d.Close(context.Background()))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
