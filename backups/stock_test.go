package backups_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/sandbox/peers"
	"github.com/kampyn/opsbot/sandbox/sample"
)

// stockRestore pipes a backup's archive into mongorestore, as anyone can without opsbot.
func stockRestore(s *stage, m backups.Manifest, uri string, args ...string) string {
	s.Helper()
	program := peers.Find(s.T, "mongorestore")
	object, err := s.store.Open(s.Context(), m.Objects[0].Key, 0)
	require.NoError(s, err)
	defer object.Close()
	archive, err := zstd.NewReader(object)
	require.NoError(s, err)
	defer archive.Close()
	cmd := exec.CommandContext(s.Context(), program, append([]string{"--uri=" + uri, "--archive"}, args...)...)
	cmd.Stdin = archive
	out, err := cmd.CombinedOutput()
	require.NoError(s, err, string(out))
	return string(out)
}

func TestStockMongorestoreTakesOurArchives(t *testing.T) {
	peers.Find(t, "mongorestore")
	s := setup(t, mongo.Options{})
	require.NoError(t, sample.Load(t.Context(), s.server.URI, sample.Options{Scale: 0.02}))
	m := s.backup(s.open("everything", ""))

	other := setup(t, mongo.Options{})
	out := stockRestore(s, m, other.server.URI(""))
	require.Contains(t, out, " 0 document(s) failed to restore")
	lost := 0 // the stock tool leaves names with a line break out, without a word
	for _, c := range m.Collections {
		if strings.Contains(c.Name, "\n") {
			lost++
			continue
		}
		require.Equal(t, sorted(docs(t, s.client, c.Database, c.Name)), sorted(docs(t, other.client, c.Database, c.Name)), c.Namespace())
		if c.Type != "view" {
			require.Equal(t, indexes(t, s.client, c.Database, c.Name), indexes(t, other.client, c.Database, c.Name), c.Namespace())
		}
	}
	// What the stock tool made is, backed up by us, the same again.
	again := other.backup(other.open("everything", ""))
	require.Len(t, again.Collections, len(m.Collections)-lost)
	for _, c := range again.Collections {
		i := slices.IndexFunc(m.Collections, func(d backups.Collection) bool { return d.Namespace() == c.Namespace() })
		require.Equal(t, m.Collections[i].Digest, c.Digest, c.Namespace())
		require.Equal(t, m.Collections[i].Options, c.Options, c.Namespace())
	}
}

func TestStockMongodumpAndOursHoldTheSame(t *testing.T) {
	program := peers.Find(t, "mongodump")
	s := setup(t, mongo.Options{})
	require.NoError(t, sample.Load(t.Context(), s.server.URI, sample.Options{Scale: 0.02}))
	cmd := exec.CommandContext(t.Context(), program, "--uri="+s.server.URI("kampyn_accounts"), "--archive")
	cmd.Stderr = io.Discard
	stock, err := cmd.Output()
	require.NoError(t, err)
	found, err := backups.ReadStock(bytes.NewReader(stock))
	require.NoError(t, err)

	m := s.backup(s.open("accounts", "kampyn_accounts"))
	require.Len(t, found, len(m.Collections))
	for _, c := range m.Collections {
		require.Equal(t, found[c.Namespace()], backups.StockCollection{
			Documents: c.Documents, Digest: c.Digest, Metadata: backups.MetadataOf(t, c)}, c.Namespace())
	}
}

// ferret starts FerretDB, a second server that speaks the protocol, and answers its URI.
func ferret(t *testing.T) string {
	t.Helper()
	program := peers.Find(t, "ferretdb")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	cmd := exec.Command(program, "--handler=sqlite", "--sqlite-url=file:"+t.TempDir()+"/", "--state-dir="+t.TempDir(),
		"--listen-addr="+addr, "--debug-addr=-", "--telemetry=disable", "--log-level=error")
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait() // it says how it was stopped
	})
	uri := "mongodb://" + addr + "/"
	client, err := driver.Connect(t.Context(), options.Client().ApplyURI(uri))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Disconnect(context.Background())) })
	require.Eventually(t, func() bool { return client.Ping(t.Context(), nil) == nil }, 20*time.Second, 20*time.Millisecond)
	return uri
}

// plainDocs are of types that FerretDB can hold.
func plainDocs(n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = bson.D{{Key: "_id", Value: i}, {Key: "name", Value: strings.Repeat("ü", i%7)}, {Key: "n", Value: int64(i) << 33},
			{Key: "at", Value: time.UnixMilli(int64(i) * 1e6)}, {Key: "in", Value: bson.D{{Key: "list", Value: bson.A{i, "x", nil, true, 1.5}}}}}
	}
	return all
}

func TestFerretDBTakesOurArchives(t *testing.T) {
	uri := ferret(t)
	s := setup(t, mongo.Options{})
	for _, name := range []string{"orders", "users"} {
		s.insert("shop", name, plainDocs(250)...)
	}
	m := s.backup(s.open("shop", "shop"))
	client, err := driver.Connect(t.Context(), options.Client().ApplyURI(uri))
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Disconnect(context.Background())) }()

	t.Run("by the stock tool", func(t *testing.T) {
		peers.Find(t, "mongorestore")
		stockRestore(s, m, uri, "--noIndexRestore") // its index documents are not understood there
		for _, c := range m.Collections {
			require.Equal(t, sorted(docs(t, s.client, "shop", c.Name)), sorted(docs(t, client, "shop", c.Name)))
		}
	})
	t.Run("by ours, and back", func(t *testing.T) {
		db := openURI(t, "ferret", uri)
		cert, err := backups.Restore(t.Context(), s.store, m.ID, db, backups.RestoreOptions{
			CertificateID: "r-1", Rename: map[string]string{"shop": "ours"}})
		require.NoError(t, err)
		for _, row := range cert.Rows {
			require.Empty(t, row.Differences, row.Expected.Namespace())
		}
		require.True(t, cert.OK)
		again := s.backup(openURI(t, "ferret", uri+"ours"))
		for i, c := range again.Collections {
			require.Equal(t, m.Collections[i].Digest, c.Digest)
		}
	})
	t.Run("what it can't hold is said", func(t *testing.T) {
		s.run("shop", bson.D{{Key: "create", Value: "v"}, {Key: "viewOn", Value: "orders"}, {Key: "pipeline", Value: bson.A{}}})
		s.run("shop", bson.D{{Key: "createIndexes", Value: "orders"}, {Key: "indexes", Value: bson.A{
			bson.D{{Key: "key", Value: bson.D{{Key: "at", Value: 1}}}, {Key: "name", Value: "ttl"}, {Key: "expireAfterSeconds", Value: 100}},
			bson.D{{Key: "key", Value: bson.D{{Key: "n", Value: 1}}}, {Key: "name", Value: "plain"}}}}})
		m := s.backup(s.open("shop", "shop"))
		cert, err := backups.Restore(t.Context(), s.store, m.ID, openURI(t, "ferret", uri), backups.RestoreOptions{
			CertificateID: "r-2", Rename: map[string]string{"shop": "more"}})
		require.NoError(t, err)
		require.False(t, cert.OK)
		differing := map[string]string{}
		for _, row := range cert.Rows {
			if len(row.Differences) > 0 {
				differing[row.Expected.Name] = fmt.Sprint(row.Differences)
			}
		}
		require.Contains(t, differing["orders"], "the index ttl")
		require.NotContains(t, differing["orders"], "the index plain")
		require.Contains(t, differing["v"], "it is missing")
		require.NotContains(t, differing, "users")
	})
}
