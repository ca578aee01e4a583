package backups_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
)

func intoCopy(id string) backups.RestoreOptions {
	return backups.RestoreOptions{CertificateID: id, Rename: map[string]string{"shop": "copy"}}
}

func TestRestoreRefusesBeforeItWrites(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	unverified, err := backups.Full(t.Context(), db, s.store, backups.FullOptions{ID: backups.NewID("shop", time.Now())})
	require.NoError(t, err)
	bad, err := backups.Full(t.Context(), db, s.store, backups.FullOptions{ID: backups.NewID("shop", time.Now())})
	require.NoError(t, err)
	s.replace(bad.Objects[0].Key, []byte("no archive"))
	require.False(t, s.verify(bad.ID).OK)
	s.insert("taken", "x", bson.D{{Key: "_id", Value: 1}})
	s.run("viewed", bson.D{{Key: "create", Value: "v"}, {Key: "viewOn", Value: "nothing"}, {Key: "pipeline", Value: bson.A{}}})
	before := s.keys()

	for _, c := range []struct {
		id, say string
		change  func(o *backups.RestoreOptions)
	}{
		{unverified.ID, "has not been verified", nil},
		{bad.ID, "has not been verified", nil},
		{"shop-20200101T000000Z-abcd", "There is no backup `shop-20200101T000000Z-abcd`", nil},
		{m.ID, "The database `taken` on `shop` is not empty", func(o *backups.RestoreOptions) { o.Rename["shop"] = "taken" }},
		{m.ID, "The database `viewed` on `shop` is not empty", func(o *backups.RestoreOptions) { o.Rename["shop"] = "viewed" }},
		{m.ID, "The database `shop` on `shop` is not empty", func(o *backups.RestoreOptions) { o.Rename = nil }},
		{m.ID, "belongs to the server itself", func(o *backups.RestoreOptions) { o.Rename["shop"] = "admin" }},
		{m.ID, "can't be the name of a MongoDB database", func(o *backups.RestoreOptions) { o.Rename["shop"] = "a b" }},
		{m.ID, "can't be the name of a MongoDB database", func(o *backups.RestoreOptions) { o.Rename["shop"] = strings.Repeat("x", 64) }},
		{m.ID, "I don't know the collection `orderz`", func(o *backups.RestoreOptions) { o.Namespaces = []string{"a", "orderz"} }},
	} {
		o := intoCopy("r-1")
		if c.change != nil {
			c.change(&o)
		}
		_, err := backups.Restore(t.Context(), s.store, c.id, db, o)
		require.Contains(t, problemOf(t, err).Say, c.say)
		require.Equal(t, before, s.keys())
		there, err := db.Exists(t.Context(), "copy")
		require.NoError(t, err)
		require.False(t, there)
	}
}

func TestRestoreOfChosenCollections(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	o := intoCopy("r-1")
	o.Namespaces = []string{"b", "shop.v"}
	cert, err := backups.Restore(t.Context(), s.store, m.ID, db, o)
	require.NoError(t, err)
	require.True(t, cert.OK, cert.Rows)
	require.False(t, cert.Whole)
	require.Len(t, cert.Rows, 2)
	names, err := s.client.Database("copy").ListCollectionNames(t.Context(), bson.D{{Key: "name", Value: bson.D{{Key: "$ne", Value: "system.views"}}}})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"b", "v"}, names)
	require.Equal(t, docs(t, s.client, "shop", "b"), docs(t, s.client, "copy", "b"))

	var kept backups.Certificate
	require.NoError(t, json.Unmarshal(s.content(backups.Key(m.ID, "certificates/r-1.json")), &kept))
	require.Equal(t, cert, kept)
}

func TestCertificateTellsOfRefusedDocuments(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	// Somebody writes a document of the same _id between the last look and the first insert.
	s.server.Faults().Do("create", 2, func() { s.insert("copy", "a", bson.D{{Key: "_id", Value: 1}, {Key: "text", Value: "another"}}) })
	cert, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
	require.NoError(t, err)
	require.False(t, cert.OK)
	require.Equal(t, int64(1), cert.Failures)
	require.Equal(t, []string{"1 document refused in copy.a: DuplicateKey (11000)"}, cert.Samples)
	i := slices.IndexFunc(cert.Rows, func(c backups.Comparison) bool { return c.Expected.Name == "a" })
	require.NotEmpty(t, cert.Rows[i].Differences)
	require.NotContains(t, string(s.content(backups.Key(m.ID, "certificates/r-1.json"))), "some text", "a document is quoted")
}

func TestCertificateTellsOfEveryDifference(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	f := s.server.Faults()
	s.run("shop", bson.D{{Key: "createIndexes", Value: "a"}, {Key: "indexes", Value: bson.A{
		bson.D{{Key: "key", Value: bson.D{{Key: "x", Value: 1}}}, {Key: "name", Value: "x_1"}},
		bson.D{{Key: "key", Value: bson.D{{Key: "y", Value: 1}}}, {Key: "name", Value: "y_1"}}}}})
	m = s.backup(db)
	// The second build, of the first index alone, fails too; the third goes well.
	f.Fail("createIndexes", 2, mongo.Error{Code: 67, CodeName: "CannotCreateIndex", Message: "no {a: 'secret'}"})
	cert, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
	require.NoError(t, err)
	require.NoError(t, f.Reset())
	require.False(t, cert.OK)
	require.Equal(t, []string{
		"the index x_1 was not built: the server answered CannotCreateIndex (67)", "the index x_1 is missing",
	}, cert.Rows[0].Differences)

	// What differs after writing is found by reading back.
	f.Do("delete", 1, func() {
		s.run("copy2", bson.D{{Key: "update", Value: "b"}, {Key: "updates", Value: bson.A{
			bson.D{{Key: "q", Value: bson.D{{Key: "_id", Value: 1}}}, {Key: "u", Value: bson.D{{Key: "$set", Value: bson.D{{Key: "text", Value: "some text that zstd finds again and agaim"}}}}}}}}})
		s.run("copy2", bson.D{{Key: "collMod", Value: "b"}, {Key: "validator", Value: bson.D{{Key: "a", Value: 1}}}})
		s.run("copy2", bson.D{{Key: "create", Value: "stranger"}})
	})
	o := intoCopy("r-2")
	o.Rename["shop"] = "copy2"
	cert, err = backups.Restore(t.Context(), s.store, m.ID, db, o)
	require.NoError(t, err)
	require.False(t, cert.OK)
	require.Empty(t, cert.Rows[0].Differences)
	require.Contains(t, cert.Rows[1].Differences, "the documents are not the same: the digest differs")
	require.Contains(t, strings.Join(cert.Rows[1].Differences, "\n"), "its options are ")
	require.Equal(t, []string{"copy2.stranger is there too, and is not from the backup."}, cert.Remarks)
}

func TestRestoreThatFailsLeavesItsRecord(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault func(s *stage, m backups.Manifest)
	}{
		{"an insert fails whole", func(s *stage, _ backups.Manifest) {
			s.server.Faults().Fail("insert", 1, mongo.Error{Code: 10334, CodeName: "BSONObjectTooLarge", Message: "{a: 'secret'}"})
		}},
		{"an insert loses its connection", func(s *stage, _ backups.Manifest) { s.server.Faults().CloseAt("insert", 1) }},
		{"a create is refused", func(s *stage, _ backups.Manifest) {
			s.server.Faults().Do("create", 1, func() { // that of the mark passes
				s.server.Faults().Fail("create", -1, mongo.Error{Code: 13, CodeName: "Unauthorized", Message: "not authorized on copy to execute command { create: 1 }"})
			})
		}},
		{"the reading back fails", func(s *stage, _ backups.Manifest) {
			s.server.Faults().FailAt("find", 1, mongo.Error{Code: 96, CodeName: "OperationFailed", Message: "no"})
		}},
		{"the archive was damaged since", func(s *stage, m backups.Manifest) {
			data := s.content(m.Objects[0].Key)
			data[len(data)/2] ^= 1
			s.replace(m.Objects[0].Key, data)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := stored(t)
			db := s.open("shop", "shop")
			c.fault(s, m)
			_, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
			require.Error(t, err)
			require.NotContains(t, err.Error(), "secret")
			require.NoError(t, s.server.Faults().Reset())
			records, err := backups.RestoreRecords(t.Context(), s.store, "shop")
			require.NoError(t, err)
			require.Len(t, records, 1)
			require.Equal(t, "r-1", records[0].ID)
			require.Equal(t, []string{"copy"}, records[0].Databases())

			require.NoError(t, backups.DropScratch(t.Context(), s.store, db, []string{"copy"}))
			there, err := db.Exists(t.Context(), "copy")
			require.NoError(t, err)
			require.False(t, there)
			records, err = backups.RestoreRecords(t.Context(), s.store, "")
			require.NoError(t, err)
			require.Empty(t, records)
			require.Len(t, docs(t, s.client, "shop", "a"), 3)
		})
	}
}

func TestRestoreStopsWhenItsContextEnds(t *testing.T) {
	s := setup(t, mongo.Options{})
	several(s, "shop", "a", "b")
	db := s.open("shop", "shop")
	m := s.backup(db)
	ctx, cancel := context.WithCancel(t.Context())
	s.server.Faults().Do("insert", 2, cancel)
	_, err := backups.Restore(ctx, s.store, m.ID, db, intoCopy("r-1"))
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, backups.DropScratch(t.Context(), s.store, db, []string{"copy"}))
	// The same run may try again.
	cert, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
	require.NoError(t, err)
	require.True(t, cert.OK)
}

func TestATargetThatFillsInTheLastMoment(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	s.server.Faults().Do("buildInfo", 1, func() { s.insert("copy", "theirs", bson.D{{Key: "_id", Value: 1}}) })
	_, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
	require.Contains(t, problemOf(t, err).Say, "is not empty")
	records, err := backups.RestoreRecords(t.Context(), s.store, "")
	require.NoError(t, err)
	require.Empty(t, records, "a record would give the right to drop it")
}

func TestOnlyWhatARestoreMadeIsDropped(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	_, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
	require.NoError(t, err)
	s.insert("precious", "x", bson.D{{Key: "_id", Value: 1}})

	refused := func(db string, names ...string) {
		t.Helper()
		err := backups.DropScratch(t.Context(), s.store, s.open(db, ""), names)
		require.Contains(t, problemOf(t, err).Say, "was not made by a restore")
		for _, name := range []string{"precious", "shop", "copy"} {
			there, err := s.open("x", "").Exists(t.Context(), name)
			require.NoError(t, err)
			require.True(t, there, name)
		}
	}
	refused("shop", "precious")
	refused("shop", "copy", "precious")
	refused("shop", "shop")
	refused("shop", "admin")
	refused("another deployment", "copy")

	// A database that was restored under its own name is no scratch once it is certified.
	require.NoError(t, db.DropDatabase(t.Context(), "shop"))
	cert, err := backups.Restore(t.Context(), s.store, m.ID, db, backups.RestoreOptions{CertificateID: "r-2"})
	require.NoError(t, err)
	require.True(t, cert.OK)
	refused("shop", "shop")
	require.NoError(t, backups.DropScratch(t.Context(), s.store, db, []string{"copy"}))
	require.ErrorContains(t, backups.DropScratch(t.Context(), s.store, db, []string{"copy"}), "was not made by a restore")
}

func TestRestoreWaitsForTheMajority(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	_, err := backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
	require.NoError(t, err)
	log := s.server.Faults().Log()
	position := func(name string, last bool) int {
		found := -1
		for i, seen := range log {
			if seen.Name == name && seen.DB == "copy" && (found < 0 || last) {
				found = i
			}
		}
		return found
	}
	require.Greater(t, position("delete", false), position("insert", true), "nothing waits for the inserts")
	require.Greater(t, position("find", false), position("delete", false), "it was read before it was safe")
}

func TestStoreThatFailsUnderARestore(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	_, err := backups.Restore(t.Context(), &unreadable{Store: s.store, suffix: ".zst", err: objects.ErrUnreachable, after: 50}, m.ID, db, intoCopy("r-1"))
	require.Contains(t, problemOf(t, err).Say, "can't be reached")
	_, err = backups.Restore(t.Context(), &faulty{Store: s.store, create: objects.ErrDenied, suffix: "r-2.json"}, m.ID, db,
		backups.RestoreOptions{CertificateID: "r-2", Rename: map[string]string{"shop": "copy2"}})
	require.Contains(t, problemOf(t, err).Say, "refused access")
	there, err := db.Exists(t.Context(), "copy2")
	require.NoError(t, err)
	require.False(t, there, "it was written to without a record")
}

func TestCatalogue(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	c := backups.NewCatalogue(s.store)
	later, err := backups.Full(t.Context(), db, s.store, backups.FullOptions{
		ID: backups.NewID("shop", time.Now().Add(time.Hour)), Now: func() time.Time { return time.Now().Add(time.Hour) }})
	require.NoError(t, err)
	users := s.backup(s.open("users-db", "shop"))
	_, err = backups.Restore(t.Context(), s.store, m.ID, db, intoCopy("r-1"))
	require.NoError(t, err)

	list, err := c.List(t.Context(), "shop")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, later.ID, list[0].ID)
	require.False(t, list[0].Verified())
	require.Equal(t, m, list[1].Manifest)
	require.True(t, list[1].Verified())
	require.Len(t, list[1].Certificates, 1)
	require.Positive(t, list[1].Stored)
	list, err = c.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, list, 3)
	list, err = c.List(t.Context(), "shopp")
	require.NoError(t, err)
	require.Empty(t, list)

	e, err := c.Get(t.Context(), users.ID)
	require.NoError(t, err)
	require.Equal(t, "users-db", e.Database)
	typo := m.ID[:len(m.ID)-1] + "_"
	_, err = c.Get(t.Context(), typo)
	require.Equal(t, "Did you mean `"+m.ID+"`?", problemOf(t, err).Try)
	_, err = c.Get(t.Context(), "../../x")
	require.Error(t, err)

	for word, want := range map[string]string{
		"shop": m.ID, "latest shop": m.ID, "shop/latest": m.ID, m.ID: m.ID, later.ID: later.ID, "users-db": users.ID,
	} {
		e, err := c.Resolve(t.Context(), word)
		require.NoError(t, err, word)
		require.Equal(t, want, e.ID, word)
	}
	_, err = c.Resolve(t.Context(), "latest")
	require.Equal(t, "There are backups of several databases.", problemOf(t, err).Say)
	_, err = c.Resolve(t.Context(), "shpo")
	require.Equal(t, "Did you mean `shop`?", problemOf(t, err).Try)

	// What changes in the store is seen at once; a damaged manifest is told, not hidden.
	key := backups.Key(m.ID, backups.ManifestName)
	s.replace(key, bytes.Replace(s.content(key), []byte("shop"), []byte("sh0p"), 1))
	e, err = c.Get(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, "The manifest is damaged.", e.Fault)
	require.False(t, e.Verified())
	_, err = c.Resolve(t.Context(), "shop")
	require.Contains(t, problemOf(t, err).Say, "No backup of `shop` has been verified")
	require.NoError(t, backups.Remove(t.Context(), s.store, m.ID, time.Now()))
	list, err = c.List(t.Context(), "shop")
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, err = backups.NewCatalogue(&denied{s.store}).List(t.Context(), "")
	require.Contains(t, problemOf(t, err).Say, "refused access")
}

// denied is a store that may not be listed.
type denied struct{ objects.Store }

func (denied) List(context.Context, string) ([]objects.Info, error) {
	return nil, errors.Join(objects.ErrDenied)
}

func TestIDsAndKeys(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 25, 1, 0, time.FixedZone("IST", 5*3600+1800))
	id := backups.NewID("my-orders", at)
	require.Regexp(t, `^my-orders-20261122T205501Z-[a-z2-7]{4}$`, id)
	require.Equal(t, "my-orders/"+id+"/manifest.json", backups.Key(id, backups.ManifestName))
	require.Equal(t, "my-orders", backups.DatabaseOf(id))
}
