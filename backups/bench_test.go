package backups_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// benchmark answers a database that holds data on a server in a process of its own, and a store.
func benchmark(b *testing.B) (*databases.Database, *objects.Folder) {
	b.Helper()
	store, err := objects.NewFolder(b.TempDir())
	require.NoError(b, err)
	return openURI(b, "load", serverProcess(b)), store
}

func BenchmarkFull(b *testing.B) {
	db, store := benchmark(b)
	for b.Loop() {
		m, err := backups.Full(b.Context(), db, store, backups.FullOptions{ID: backups.NewID("load", time.Now())})
		require.NoError(b, err)
		b.SetBytes(m.Bytes)
		require.NoError(b, backups.Remove(b.Context(), store, m.ID, time.Now()))
	}
}

func BenchmarkVerify(b *testing.B) {
	db, store := benchmark(b)
	m, err := backups.Full(b.Context(), db, store, backups.FullOptions{ID: backups.NewID("load", time.Now())})
	require.NoError(b, err)
	b.SetBytes(m.Bytes)
	for b.Loop() {
		v, err := backups.Verify(b.Context(), store, m.ID, nil)
		require.NoError(b, err)
		require.True(b, v.OK)
	}
}

func BenchmarkRestore(b *testing.B) {
	db, store := benchmark(b)
	m, err := backups.Full(b.Context(), db, store, backups.FullOptions{ID: backups.NewID("load", time.Now())})
	require.NoError(b, err)
	_, err = backups.Verify(b.Context(), store, m.ID, nil)
	require.NoError(b, err)
	b.SetBytes(m.Bytes)
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("copy%d", i)
		cert, err := backups.Restore(b.Context(), store, m.ID, db, backups.RestoreOptions{
			CertificateID: name, Rename: map[string]string{"load": name}})
		require.NoError(b, err)
		require.True(b, cert.OK)
		require.NoError(b, db.DropDatabase(b.Context(), name))
	}
}
