package backups_test

import (
	"bytes"
	"io"
	"os/exec"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/sandbox/peers"
	"github.com/kampyn/opsbot/sandbox/sample"
)

func exported(s *stage, id string, o backups.ExportOptions) []byte {
	s.Helper()
	var out bytes.Buffer
	_, err := backups.Export(s.Context(), s.store, id, &out, o)
	require.NoError(s, err)
	return out.Bytes()
}

func TestExportsAreReadByMongorestore(t *testing.T) {
	program := peers.Find(t, "mongorestore")
	s := setup(t, mongo.Options{})
	require.NoError(t, sample.Load(t.Context(), s.server.URI, sample.Options{Scale: 0.02}))
	m := s.backup(s.open("accounts", "kampyn_accounts"))
	object, err := s.store.Open(t.Context(), m.Objects[0].Key, 0)
	require.NoError(t, err)
	defer object.Close()
	stored, err := zstd.NewReader(object)
	require.NoError(t, err)
	defer stored.Close()
	plain, err := io.ReadAll(stored)
	require.NoError(t, err)
	require.True(t, bytes.Equal(plain, exported(s, m.ID, backups.ExportOptions{})), "it is what was stored, byte for byte")

	for _, compression := range []string{"", "gzip"} {
		target := setup(t, mongo.Options{})
		args := []string{"--uri=" + target.server.URI(""), "--archive"}
		if compression != "" {
			args = append(args, "--gzip")
		}
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Stdin = bytes.NewReader(exported(s, m.ID, backups.ExportOptions{Compression: compression}))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		again := target.backup(target.open("accounts", "kampyn_accounts"))
		require.Len(t, again.Collections, len(m.Collections))
		for i, c := range m.Collections {
			require.Equal(t, c.Digest, again.Collections[i].Digest, c.Namespace())
		}
	}
}

func TestExportsGoIntoFerretDB(t *testing.T) {
	uri := ferret(t)
	program := peers.Find(t, "mongorestore")
	s := setup(t, mongo.Options{})
	for _, name := range []string{"orders", "users"} {
		s.insert("shop", name, plainDocs(250)...)
	}
	m := s.backup(s.open("shop", "shop"))
	data := exported(s, m.ID, backups.ExportOptions{Namespaces: []string{"orders"}, Compression: "gzip"})
	cmd := exec.CommandContext(t.Context(), program, "--uri="+uri, "--archive", "--gzip", "--noIndexRestore")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	again := s.backup(openURI(t, "ferret", uri+"shop"))
	require.Len(t, again.Collections, 1, "only what was chosen")
	require.Equal(t, m.Collections[0].Digest, again.Collections[0].Digest)
}

func TestExportsOfAllKindsAreRestoredByUs(t *testing.T) {
	s := setup(t, mongo.Options{})
	s.insert("shop", "orders", plainDocs(100)...)
	m := s.backup(s.open("shop", "shop"))
	for _, compression := range []string{"", "gzip", "zstd"} {
		a, err := backups.ReadArchive(t.Context(), "x", opener(exported(s, m.ID, backups.ExportOptions{Compression: compression})), nil)
		require.NoError(t, err)
		require.Equal(t, compression, a.Compression)
		require.Equal(t, m.Collections[0].Digest, a.Collections[0].Digest)
	}
}

func TestADamagedBackupIsNotExported(t *testing.T) {
	s := setup(t, mongo.Options{})
	s.insert("shop", "orders", bson.D{{Key: "_id", Value: 1}})
	s.insert("shop", "users", bson.D{{Key: "_id", Value: 1}})
	db := s.open("shop", "shop")
	one := s.backup(db)
	s.insert("shop", "orders", bson.D{{Key: "_id", Value: 2}})
	other := s.backup(db)
	// The archive of another backup in its place is sound, and still not what the manifest says.
	from, err := s.store.Open(t.Context(), other.Objects[0].Key, 0)
	require.NoError(t, err)
	defer from.Close()
	to, err := s.store.Create(t.Context(), one.Objects[0].Key, objects.CreateOptions{})
	require.NoError(t, err)
	_, err = io.Copy(to, from)
	require.NoError(t, err)
	require.NoError(t, to.Commit(t.Context()))
	_, err = backups.Export(t.Context(), s.store, one.ID, io.Discard, backups.ExportOptions{})
	require.ErrorContains(t, err, "is not as it was made")
	require.ErrorContains(t, err, "has 2 documents instead of 1")
	_, err = backups.Export(t.Context(), s.store, other.ID, io.Discard, backups.ExportOptions{Namespaces: []string{"ordrs"}})
	require.ErrorContains(t, err, "ordrs")
}
