package backups_test

import (
	"bytes"
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	driver "go.mongodb.org/mongo-driver/mongo"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/sandbox/sample"
)

// sorted orders documents by their bytes.
func sorted(docs []bson.Raw) []bson.Raw {
	slices.SortFunc(docs, func(a, b bson.Raw) int { return bytes.Compare(a, b) })
	return docs
}

func TestSampleDataComesBackTheSame(t *testing.T) {
	s := setup(t, mongo.Options{})
	require.NoError(t, sample.Load(t.Context(), s.server.URI, sample.Options{Scale: 0.05}))
	for _, d := range sample.Databases {
		db := s.open(d.Name, d.DB)
		m := s.backup(db)
		require.NotEmpty(t, m.Collections)
		require.Equal(t, "4.4.6", m.Server)
		require.Equal(t, "rs0", m.ReplicaSet)
		target := d.DB + "_restored"
		cert, err := backups.Restore(t.Context(), s.store, m.ID, db, backups.RestoreOptions{
			CertificateID: "r-" + d.Name, Rename: map[string]string{d.DB: target},
		})
		require.NoError(t, err)
		for _, row := range cert.Rows {
			require.Empty(t, row.Differences, row.Expected.Namespace())
		}
		require.True(t, cert.OK)
		require.True(t, cert.Whole)
		require.Len(t, cert.Rows, len(m.Collections))
		for _, c := range m.Collections {
			if c.Type == "view" {
				continue
			}
			want, got := docs(t, s.client, d.DB, c.Name), docs(t, s.client, target, c.Name)
			if c.Name == "serverevents" { // capped: the order is kept
				require.Equal(t, want, got)
			}
			require.Equal(t, sorted(want), sorted(got), c.Namespace())
		}
	}
}

// odd fills a database with what makes restores fail elsewhere.
func odd(s *stage, database string) {
	s.run(database, bson.D{{Key: "create", Value: "collated"}, {Key: "collation", Value: bson.D{{Key: "locale", Value: "fr"}, {Key: "strength", Value: 2}}}})
	s.run(database, bson.D{{Key: "createIndexes", Value: "collated"}, {Key: "indexes", Value: bson.A{
		bson.D{{Key: "key", Value: bson.D{{Key: "a", Value: 1}}}, {Key: "name", Value: "inherits"}},
		bson.D{{Key: "key", Value: bson.D{{Key: "b", Value: 1}}}, {Key: "name", Value: "simple"}, {Key: "collation", Value: bson.D{{Key: "locale", Value: "simple"}}}},
	}}})
	s.insert(database, "collated", bson.D{{Key: "_id", Value: 1}, {Key: "a", Value: "é"}})
	s.run(database, bson.D{{Key: "create", Value: "validated"}, {Key: "validator", Value: bson.D{{Key: "a", Value: bson.D{{Key: "$type", Value: "int"}}}}}})
	s.run(database, bson.D{{Key: "insert", Value: "validated"}, {Key: "bypassDocumentValidation", Value: true}, {Key: "documents", Value: bson.A{
		bson.D{{Key: "_id", Value: 1}, {Key: "a", Value: "no int"}}}}})
	s.run(database, bson.D{{Key: "create", Value: "capped"}, {Key: "capped", Value: true}, {Key: "size", Value: 1 << 20}, {Key: "max", Value: 100}})
	for i := range 120 {
		s.insert(database, "capped", bson.D{{Key: "_id", Value: 1000 - i}})
	}
	s.run(database, bson.D{{Key: "create", Value: "view"}, {Key: "viewOn", Value: "collated"}, {Key: "pipeline", Value: bson.A{bson.D{{Key: "$match", Value: bson.D{{Key: "a", Value: 1}}}}}}})
	s.run(database, bson.D{{Key: "create", Value: "view of a view"}, {Key: "viewOn", Value: "view"}, {Key: "pipeline", Value: bson.A{}}})
	s.run(database, bson.D{{Key: "create", Value: "empty"}})
	for _, name := range []string{"new\nline", "dot.ted.name", "ünï çødé", "per%cent", "back\\slash", " lead", "trail ", "123", "\"quote'"} {
		s.insert(database, name, bson.D{{Key: "_id", Value: name}, {Key: "at", Value: time.Unix(0, 0)}})
		s.run(database, bson.D{{Key: "createIndexes", Value: name}, {Key: "indexes", Value: bson.A{
			bson.D{{Key: "key", Value: bson.D{{Key: "x", Value: 1}}}, {Key: "name", Value: "ix " + name}, {Key: "unique", Value: true}},
			bson.D{{Key: "key", Value: bson.D{{Key: "at", Value: 1}}}, {Key: "name", Value: "ttl"}, {Key: "expireAfterSeconds", Value: 1}},
			bson.D{{Key: "key", Value: bson.D{{Key: "_id", Value: "hashed"}}}, {Key: "name", Value: "hashed"}},
		}}})
	}
	s.insert(database, "stamps", bson.D{{Key: "_id", Value: 1}, {Key: "before", Value: 0}, {Key: "ts", Value: 0}, {Key: "after", Value: 0}})
	// Only an update by the oplog keeps an empty timestamp as it is.
	s.run("admin", bson.D{{Key: "applyOps", Value: bson.A{bson.D{
		{Key: "op", Value: "u"}, {Key: "ns", Value: database + ".stamps"}, {Key: "o2", Value: bson.D{{Key: "_id", Value: 1}}},
		{Key: "o", Value: bson.D{{Key: "$v", Value: 1}, {Key: "$set", Value: bson.D{{Key: "ts", Value: primitive.Timestamp{}}}}}},
	}}}})
	s.run("admin", bson.D{{Key: "applyOps", Value: bson.A{bson.D{
		{Key: "op", Value: "i"}, {Key: "ns", Value: database + ".stamps"}, {Key: "o", Value: bson.D{{Key: "_id", Value: 2}, {Key: "$dollar", Value: 1}, {Key: "a.b", Value: 2}}},
	}}}})
}

func TestOddThingsComeBackTheSame(t *testing.T) {
	s := setup(t, mongo.Options{})
	odd(s, "shop")
	odd(s, "other")
	db := s.open("all", "")
	m := s.backup(db)
	require.Empty(t, m.Scope)
	require.True(t, slices.IsSortedFunc(m.Collections, func(a, b backups.Collection) int {
		return cmp.Or(cmp.Compare(a.Database, b.Database), cmp.Compare(a.Name, b.Name))
	}))
	cert, err := backups.Restore(t.Context(), s.store, m.ID, db, backups.RestoreOptions{
		CertificateID: "r-1", Rename: map[string]string{"shop": "shop_2", "other": "other_2"},
	})
	require.NoError(t, err)
	for _, row := range cert.Rows {
		require.Empty(t, row.Differences, "%q", row.Expected.Namespace())
	}
	require.Zero(t, cert.Failures, cert.Samples)
	require.True(t, cert.OK)
	require.Contains(t, cert.Remarks, "The index ttl of shop_2.new\nline deletes documents from now on, as they grow old.")
	require.Equal(t, docs(t, s.client, "shop", "capped"), docs(t, s.client, "shop_2", "capped"))
	require.Equal(t, docs(t, s.client, "shop", "stamps"), docs(t, s.client, "shop_2", "stamps"))
	for _, name := range []string{"collated", "validated", "capped", "new\nline", "dot.ted.name"} {
		require.Equal(t, indexes(t, s.client, "shop", name), indexes(t, s.client, "shop_2", name), name)
	}
}

// indexes lists what listIndexes says, ordered by name.
func indexes(t *testing.T, client *driver.Client, database, collection string) []bson.M {
	t.Helper()
	cursor, err := client.Database(database).Collection(collection).Indexes().List(t.Context())
	require.NoError(t, err)
	var all []bson.M
	require.NoError(t, cursor.All(t.Context(), &all))
	slices.SortFunc(all, func(a, b bson.M) int { return cmp.Compare(a["name"].(string), b["name"].(string)) })
	return all
}
