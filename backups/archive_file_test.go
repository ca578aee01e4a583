package backups_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/sandbox/peers"
	"github.com/kampyn/opsbot/sandbox/sample"
)

func opener(data []byte) backups.Opener {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

// mongodump makes an archive with the stock tool.
func mongodump(t *testing.T, uri string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), peers.Find(t, "mongodump"), append([]string{"--uri=" + uri, "--archive"}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, said.String())
	return out
}

// recorded is an archive that mongodump --oplog made of a genuine server.
func recorded(t *testing.T) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "mongodump-4.4.archive.zst"))
	require.NoError(t, err)
	defer f.Close()
	r, err := zstd.NewReader(f)
	require.NoError(t, err)
	defer r.Close()
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return data
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// restoreArchive reads an archive, restores all of it under new names into the server and holds the certificate to what
// a backup of the new databases finds.
func restoreArchive(s *stage, data []byte) backups.Certificate {
	s.Helper()
	a, err := backups.ReadArchive(s.Context(), "dump.archive", opener(data), nil)
	require.NoError(s, err)
	rename := map[string]string{}
	for _, c := range a.Collections {
		rename[c.Database] = "new_" + c.Database
	}
	cert, err := backups.RestoreArchive(s.Context(), s.store, a, opener(data), s.open("target", ""), backups.RestoreOptions{CertificateID: "r-1", Rename: rename})
	require.NoError(s, err)
	for _, row := range cert.Rows {
		require.Empty(s, row.Differences, row.Expected.Namespace())
	}
	require.True(s, cert.OK, cert.Samples)
	require.True(s, cert.Whole)
	require.Len(s, cert.Rows, len(a.Collections))
	require.Contains(s, s.keys(), "restored-archives/r-1.json")
	return cert
}

func TestStockArchivesOfTheSandboxAreRestored(t *testing.T) {
	source := setup(t, mongo.Options{})
	require.NoError(t, sample.Load(t.Context(), source.server.URI, sample.Options{Scale: 0.02}))
	m := source.backup(source.open("everything", ""))
	for _, args := range [][]string{{}, {"--gzip"}, {"--oplog"}} {
		data := mongodump(t, source.server.URI(""), args...)
		target := setup(t, mongo.Options{})
		cert := restoreArchive(target, data)
		for _, c := range m.Collections { // what the stock tool read is what ours did
			i := slices.IndexFunc(cert.Rows, func(r backups.Comparison) bool { return r.Expected.Namespace() == c.Namespace() })
			require.GreaterOrEqual(t, i, 0, c.Namespace())
			require.Equal(t, c.Digest, cert.Rows[i].Found.Digest, c.Namespace())
		}
	}
}

func TestRecordedArchivesOfAGenuineServerAreRestored(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine restores collection after collection")
	}
	data := recorded(t)
	a, err := backups.ReadArchive(t.Context(), "base.archive", opener(data), nil)
	require.NoError(t, err)
	require.Equal(t, "4.4.6", a.Server)
	require.Positive(t, a.Oplog)
	require.Greater(t, len(a.Collections), 76)
	zipped := gzipped(t, data)
	for _, archive := range [][]byte{data, zipped} {
		restoreArchive(setup(t, mongo.Options{}), archive)
	}
}

func TestStockArchivesOfFerretDBAreRestored(t *testing.T) {
	uri := ferret(t)
	source := setup(t, mongo.Options{})
	for _, name := range []string{"orders", "users"} {
		source.insert("shop", name, plainDocs(250)...)
	}
	m := source.backup(source.open("shop", "shop"))
	data := mongodump(t, source.server.URI("shop"))
	a, err := backups.ReadArchive(t.Context(), "shop.archive", opener(data), nil)
	require.NoError(t, err)
	cert, err := backups.RestoreArchive(t.Context(), source.store, a, opener(data), openURI(t, "ferret", uri), backups.RestoreOptions{CertificateID: "r-1"})
	require.NoError(t, err)
	require.True(t, cert.OK, cert.Rows)
	for _, args := range [][]string{{}, {"--gzip"}} { // and out of it again
		back := restoreArchive(setup(t, mongo.Options{}), mongodump(t, uri+"shop", args...))
		for i, row := range back.Rows {
			require.Equal(t, m.Collections[i].Digest, row.Found.Digest)
		}
	}
}

func TestAccountsOfAnArchiveAreCounted(t *testing.T) {
	s := setup(t, mongo.Options{})
	s.insert("shop", "orders", bson.D{{Key: "_id", Value: 1}})
	s.insert("admin", "system.users", bson.D{{Key: "_id", Value: "shop.ann"}, {Key: "user", Value: "ann"}, {Key: "db", Value: "shop"}})
	s.insert("admin", "system.version", bson.D{{Key: "_id", Value: "authSchema"}, {Key: "currentVersion", Value: 5}})
	for _, args := range [][]string{{"--dumpDbUsersAndRoles", "--db=shop"}, {}} {
		a, err := backups.ReadArchive(t.Context(), "x", opener(mongodump(t, s.server.URI(""), args...)), nil)
		require.NoError(t, err)
		require.Equal(t, int64(1), a.Users, args)
		require.Len(t, a.Collections, 1, args)
	}
}

func TestUnfitArchivesAreRefused(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "small.archive"))
	require.NoError(t, err)
	flipped := slices.Clone(whole)
	flipped[len(flipped)-200] ^= 1
	zipped := gzipped(t, whole)
	for name, c := range map[string]struct {
		data []byte
		say  string
	}{
		"nothing":       {nil, "is empty"},
		"a text":        {[]byte("name,price\nsamosa,12\n"), "is no archive of mongodump"},
		"three bytes":   {[]byte("abc"), "is no archive of mongodump"},
		"a zipped text": {gzipped(t, []byte("name,price\n")), "is no archive of mongodump"},
		"cut off":       {whole[:len(whole)-40], "damaged at byte"},
		"flipped":       {flipped, "damaged at byte"},
		"zipped, cut":   {zipped[:len(zipped)-30], "damaged at byte"},
		"more behind":   {append(slices.Clone(whole), 0, 0, 0, 0), "damaged at byte"},
		"two of them":   {append(slices.Clone(whole), whole...), "damaged at byte"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := backups.ReadArchive(t.Context(), "FILE", opener(c.data), nil)
			require.ErrorContains(t, err, c.say)
			require.ErrorContains(t, err, "`FILE`")
		})
	}
}

func TestAnArchiveThatHasChangedMakesNoCertificate(t *testing.T) {
	s := setup(t, mongo.Options{})
	s.insert("shop", "orders", bson.D{{Key: "_id", Value: 1}})
	data := mongodump(t, s.server.URI("shop"))
	a, err := backups.ReadArchive(t.Context(), "x", opener(data), nil)
	require.NoError(t, err)
	s.insert("shop", "orders", bson.D{{Key: "_id", Value: 2}})
	other := mongodump(t, s.server.URI("shop"))
	db := s.open("target", "")
	_, err = backups.RestoreArchive(t.Context(), s.store, a, opener(other), db, backups.RestoreOptions{CertificateID: "r-1", Rename: map[string]string{"shop": "new"}})
	require.ErrorContains(t, err, "has changed since it was verified")
	require.NoError(t, backups.DropUnfinished(t.Context(), s.store, db, "r-1"))
	there, err := db.Exists(t.Context(), "new")
	require.NoError(t, err)
	require.False(t, there)
	s.nothingLeft()
}
