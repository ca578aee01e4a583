package backups_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/databases"
)

// names are the collections of a MongoDB database.
func names(t *testing.T, db *databases.Database, database string) []string {
	t.Helper()
	found, err := db.Collections(t.Context(), database)
	require.NoError(t, err)
	list := []string{}
	for _, n := range found {
		list = append(list, n.Name)
	}
	return list
}

// interrupted is a restore into "copy" that ended at its first insert.
func interrupted(t *testing.T, s *stage, m backups.Manifest, db *databases.Database, id string) {
	t.Helper()
	s.server.Faults().CloseAt("insert", 1)
	_, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy(id))
	require.Error(t, err)
	require.NoError(t, s.server.Faults().Reset())
}

func TestUnfinishedRestoreIsRemoved(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	interrupted(t, s, m, db, "r-1")
	require.Contains(t, names(t, db, "copy"), "opsbot.restore.r-1")
	require.NoError(t, backups.DropUnfinished(t.Context(), s.store, db, "r-1"))
	require.Empty(t, names(t, db, "copy"))
	records, err := backups.RestoreRecords(t.Context(), s.store, "")
	require.NoError(t, err)
	require.Empty(t, records)
	require.NoError(t, backups.DropUnfinished(t.Context(), s.store, db, "r-1"), "it may be asked for again")
}

// What a person, or another restore, has made under the name of an unfinished restore is not its leftovers.
func TestUnfinishedRestoreLeavesWhatOthersMade(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	interrupted(t, s, m, db, "r-1")
	require.NoError(t, db.DropDatabase(t.Context(), "copy"))
	s.insert("copy", "a", bson.D{{Key: "_id", Value: "precious"}})
	require.NoError(t, backups.DropUnfinished(t.Context(), s.store, db, "r-1"))
	require.Len(t, docs(t, s.client, "copy", "a"), 1)

	require.NoError(t, db.DropDatabase(t.Context(), "copy"))
	interrupted(t, s, m, db, "r-2")
	require.NoError(t, db.DropDatabase(t.Context(), "copy"))
	cert, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-3"))
	require.NoError(t, err)
	require.True(t, cert.OK)
	require.Empty(t, cert.Remarks)
	require.NoError(t, backups.DropUnfinished(t.Context(), s.store, db, "r-2"))
	require.NoError(t, backups.DropUnfinished(t.Context(), s.store, db, "r-3"), "it is certified, and stays")
	require.Equal(t, []string{"a", "b", "empty", "v"}, names(t, db, "copy"))
}

// A finished restore's database is known by its collections, not by its name.
func TestDatabaseMadeAnewIsNoScratch(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	_, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
	require.NoError(t, err)
	require.NoError(t, db.DropDatabase(t.Context(), "copy"))
	s.insert("copy", "a", bson.D{{Key: "_id", Value: "precious"}})
	err = backups.DropScratch(t.Context(), s.store, db, []string{"copy"})
	require.Contains(t, problemOf(t, err).Say, "was not made by a restore")
	require.Len(t, docs(t, s.client, "copy", "a"), 1)
}

// One deployment under two names: at most one of two restores gets the target, and the other touches nothing of it.
func TestTwoRestoresIntoOneTarget(t *testing.T) {
	s, m := stored(t)
	one, other := s.open("shop", "shop"), s.open("again", "shop")
	second := make(chan error, 1)
	s.server.Faults().Do("create", 2, func() {
		_, err := backups.Restore(t.Context(), s.store, m.ID, other, intoCopy("r-2"))
		second <- err
	})
	cert, err := backups.Restore(t.Context(), s.store, m.ID, one, intoCopy("r-1"))
	require.NoError(t, err)
	require.True(t, cert.OK)
	require.Contains(t, problemOf(t, <-second).Say, "is not empty")
	require.NoError(t, backups.DropUnfinished(t.Context(), s.store, other, "r-2"))
	require.Equal(t, []string{"a", "b", "empty", "v"}, names(t, one, "copy"))

	for range 10 {
		require.NoError(t, one.DropDatabase(t.Context(), "copy"))
		var both sync.WaitGroup
		var certs [2]backups.Certificate
		var errs [2]error
		for i, db := range []*databases.Database{one, other} {
			both.Go(func() {
				certs[i], errs[i] = backups.Restore(t.Context(), s.store, m.ID, db, intoCopy([]string{"r-1", "r-2"}[i]))
			})
		}
		both.Wait()
		require.False(t, errs[0] == nil && errs[1] == nil, "both had it")
		for i, db := range []*databases.Database{one, other} {
			if errs[i] == nil {
				require.True(t, certs[i].OK)
			}
			if errs[i] != nil {
				require.NoError(t, backups.DropUnfinished(t.Context(), s.store, db, []string{"r-1", "r-2"}[i]))
			}
		}
		left := names(t, one, "copy")
		if errs[0] != nil && errs[1] != nil {
			require.Empty(t, left)
		} else {
			require.Equal(t, []string{"a", "b", "empty", "v"}, left)
		}
	}
}
