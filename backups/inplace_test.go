package backups_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/sandbox/sample"
)

func whole(id string) backups.InPlaceOptions { return backups.InPlaceOptions{ID: id, Whole: true} }

// accident deletes and changes what stored has backed up.
func accident(s *stage) {
	s.run("shop", bson.D{{Key: "delete", Value: "a"}, {Key: "deletes", Value: bson.A{bson.D{{Key: "q", Value: bson.D{}}, {Key: "limit", Value: 0}}}}})
	s.insert("shop", "a", bson.D{{Key: "_id", Value: "later"}})
	s.run("shop", bson.D{{Key: "drop", Value: "b"}})
	s.run("shop", bson.D{{Key: "drop", Value: "v"}})
	s.insert("shop", "extra", bson.D{{Key: "_id", Value: 1}})
}

// noneBeside holds that no collection of a restore is left.
func noneBeside(t *testing.T, db *databases.Database, database string) {
	t.Helper()
	for _, name := range names(t, db, database) {
		require.False(t, strings.HasPrefix(name, "opsbot"), name)
	}
}

func states(j backups.InPlace) map[string]backups.Stand {
	m := map[string]backups.Stand{}
	for _, s := range j.Swaps {
		m[s.Name] = s.State
	}
	return m
}

func TestRestoreInPlace(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	want := docs(t, s.client, "shop", "a")
	accident(s)
	var noted []backups.InPlace
	o := whole("r-1")
	o.Before = "shop-20200101T000000Z-abcd"
	o.Noted = func(_ context.Context, j backups.InPlace) error {
		noted = append(noted, j)
		return nil
	}
	cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, o)
	require.NoError(t, err)
	for _, row := range cert.Rows {
		require.Empty(t, row.Differences, row.Expected.Namespace())
	}
	require.True(t, cert.OK)
	require.Len(t, cert.Rows, 4)
	require.NotNil(t, cert.Placed)
	require.Equal(t, o.Before, cert.Placed.Before)
	require.False(t, cert.Placed.Compared.After(cert.Placed.Began))
	require.Equal(t, []string{"shop.extra is there too; it is not in the backup, and was left as it is."}, cert.Remarks)
	require.Equal(t, want, docs(t, s.client, "shop", "a"))
	require.Equal(t, want, docs(t, s.client, "shop", "b"))
	require.Equal(t, []string{"a", "b", "empty", "extra", "v"}, names(t, db, "shop"))

	// The journal went through the store before each step; a settled one stays as it is.
	require.Len(t, noted, 6)
	require.False(t, noted[0].Touched())
	require.Equal(t, backups.StandsBegun, noted[1].Swaps[0].State)
	j, ok, err := backups.ReadInPlace(t.Context(), s.store, "r-1")
	require.NoError(t, err)
	require.True(t, ok && j.Done)
	require.Len(t, j.Of(backups.StandsRestored), 4)
	settled, ok, err := backups.SettleInPlace(t.Context(), s.store, db, "r-1")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, states(j), states(settled))
	found, ok, err := backups.CertificateOf(t.Context(), s.store, m.ID, "r-1")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, cert, found)

	records, err := backups.RestoreRecords(t.Context(), s.store, "")
	require.NoError(t, err)
	require.Empty(t, records, "a restore in place gives no right to drop")
	again := s.backup(db)
	for _, c := range m.Collections {
		for _, d := range again.Collections {
			if c.Name == d.Name {
				require.Equal(t, []any{c.Digest, c.Options, c.Indexes}, []any{d.Digest, d.Options, d.Indexes}, c.Name)
			}
		}
	}
}

func TestRestoreInPlaceOfChosenCollections(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	accident(s)
	before := docs(t, s.client, "shop", "a")
	cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, backups.InPlaceOptions{ID: "r-1", Namespaces: []string{"shop.b"}})
	require.NoError(t, err)
	require.True(t, cert.OK)
	require.Empty(t, cert.Remarks)
	require.Len(t, docs(t, s.client, "shop", "b"), 3)
	require.Equal(t, before, docs(t, s.client, "shop", "a"), "it was not chosen")
	require.Equal(t, []string{"a", "b", "empty", "extra"}, names(t, db, "shop"))
}

// One thing takes the name of another kind of thing.
func TestRestoreInPlaceOverOtherKinds(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	for _, name := range []string{"a", "v"} {
		s.run("shop", bson.D{{Key: "drop", Value: name}})
	}
	s.run("shop", bson.D{{Key: "create", Value: "a"}, {Key: "viewOn", Value: "b"}, {Key: "pipeline", Value: bson.A{}}})
	s.insert("shop", "v", bson.D{{Key: "_id", Value: 1}})
	cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-1"))
	require.NoError(t, err)
	require.True(t, cert.OK, cert.Rows)
	require.Len(t, docs(t, s.client, "shop", "a"), 3)
	require.Equal(t, docs(t, s.client, "shop", "a"), docs(t, s.client, "shop", "v"))
}

func TestOddThingsAreRestoredInPlace(t *testing.T) {
	if testing.Short() {
		t.Skip("many kinds of collections, one after another")
	}
	for _, version := range []string{"4.4.6", "7.0.12"} {
		t.Run(version, func(t *testing.T) {
			s := setup(t, mongo.Options{Version: version})
			odd(s, "shop")
			s.insert("shop", "system.js", bson.D{{Key: "_id", Value: "f"}, {Key: "value", Value: "function() {}"}})
			if version != "4.4.6" {
				s.run("shop", bson.D{{Key: "drop", Value: "stamps"}}) // the sandbox writes them as 4.4 does
				s.run("shop", bson.D{{Key: "create", Value: "weather"}, {Key: "timeseries", Value: bson.D{{Key: "timeField", Value: "t"}}}, {Key: "expireAfterSeconds", Value: 3600}})
				s.insert("shop", "system.buckets.weather", bucket())
			}
			require.NoError(t, sample.Load(t.Context(), s.server.URI, sample.Options{Scale: 0.02}))
			db := s.open("all", "")
			m := s.backup(db)
			capped := docs(t, s.client, "shop", "capped")
			s.run("shop", bson.D{{Key: "drop", Value: "capped"}})
			s.run("shop", bson.D{{Key: "dropIndexes", Value: "collated"}, {Key: "index", Value: "*"}})
			cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-1"))
			require.NoError(t, err)
			for _, row := range cert.Rows {
				require.Empty(t, row.Differences, "%q", row.Expected.Namespace())
			}
			require.True(t, cert.OK)
			require.Contains(t, cert.Remarks, "The index ttl of shop.new\nline deletes documents from now on, as they grow old.")
			require.Equal(t, capped, docs(t, s.client, "shop", "capped"))
			noneBeside(t, db, "shop")
			again := s.backup(db)
			require.Len(t, again.Collections, len(m.Collections))
			for i, c := range again.Collections {
				require.Equal(t, m.Collections[i].Digest, c.Digest, c.Namespace())
			}
		})
	}
}

// bucket is one of a time series, as a server keeps it.
func bucket() bson.D {
	at := primitive.NewDateTimeFromTime(time.Unix(1700000000, 0))
	return bson.D{
		{Key: "control", Value: bson.D{{Key: "version", Value: 1}, {Key: "min", Value: bson.D{{Key: "t", Value: at}}}, {Key: "max", Value: bson.D{{Key: "t", Value: at}}}}},
		{Key: "data", Value: bson.D{{Key: "t", Value: bson.D{{Key: "0", Value: at}}}, {Key: "degrees", Value: bson.D{{Key: "0", Value: 21.5}}}}},
	}
}

// What fails before the first replacement leaves everything as it was; what fails later says what stands where, and can
// be finished.
func TestRestoreInPlaceThatFails(t *testing.T) {
	broken := mongo.Error{Code: 96, CodeName: "OperationFailed", Message: "no {a: 'secret'}"}
	old := map[string]backups.Stand{"a": "old", "b": "old", "empty": "old", "v": "old"}
	for _, c := range []struct {
		name  string
		fault func(f *mongo.Faults)
		want  map[string]backups.Stand
	}{
		{"the first write beside", func(f *mongo.Faults) { f.CloseAt("insert", 1) }, old},
		{"making what lies beside", func(f *mongo.Faults) { f.CloseAt("create", 2) }, old},
		{"reading back", func(f *mongo.Faults) { f.FailAt("find", 2, broken) }, old},
		{"the first renaming is refused", func(f *mongo.Faults) { f.FailAt("renameCollection", 1, broken) }, old},
		{"the connection goes before the second renaming", func(f *mongo.Faults) { f.CloseAt("renameCollection", 2) },
			map[string]backups.Stand{"a": "restored", "b": "old", "empty": "old", "v": "old"}},
		{"the connection goes after the second renaming", func(f *mongo.Faults) { f.CutReply("renameCollection", 2, 1) },
			map[string]backups.Stand{"a": "restored", "b": "restored", "empty": "old", "v": "old"}},
		{"the view", func(f *mongo.Faults) { f.CloseAt("create", 4) },
			map[string]backups.Stand{"a": "restored", "b": "restored", "empty": "restored", "v": "absent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := stored(t)
			db := s.open("shop", "shop")
			want := docs(t, s.client, "shop", "a")
			s.insert("shop", "a", bson.D{{Key: "_id", Value: "later"}})
			s.run("shop", bson.D{{Key: "drop", Value: "v"}})
			s.run("shop", bson.D{{Key: "create", Value: "v"}, {Key: "viewOn", Value: "b"}, {Key: "pipeline", Value: bson.A{}}})
			changed := docs(t, s.client, "shop", "a")
			c.fault(s.server.Faults())
			_, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-1"))
			require.Error(t, err)
			require.NotContains(t, err.Error(), "secret")
			require.NoError(t, s.server.Faults().Reset())

			j, ok, err := backups.SettleInPlace(t.Context(), s.store, db, "r-1")
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, c.want, states(j))
			noneBeside(t, db, "shop")
			if c.want["a"] == "old" {
				require.Equal(t, changed, docs(t, s.client, "shop", "a"))
				require.False(t, j.Touched())
				_, ok, err = backups.ReadInPlace(t.Context(), s.store, "r-1")
				require.NoError(t, err)
				require.False(t, ok, "there is nothing to remember")
				return
			}
			again, _, err := backups.SettleInPlace(t.Context(), s.store, db, "r-1")
			require.NoError(t, err)
			require.Equal(t, states(j), states(again), "settling twice says the same")

			o := backups.InPlaceOptions{ID: "r-2", Earlier: j.Of(backups.StandsRestored)}
			for _, left := range j.Swaps {
				if left.State != backups.StandsRestored {
					o.Namespaces = append(o.Namespaces, left.Namespace())
				}
			}
			cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, o)
			require.NoError(t, err)
			require.True(t, cert.OK)
			require.Equal(t, want, docs(t, s.client, "shop", "a"))
			require.Equal(t, want, docs(t, s.client, "shop", "v"))
			j, _, err = backups.ReadInPlace(t.Context(), s.store, "r-2")
			require.NoError(t, err)
			require.Len(t, j.Of(backups.StandsRestored), 4)
		})
	}
}

// A time series has no renaming: between its end and its new beginning the state is said as it is.
func TestTimeSeriesThatFailsInPlace(t *testing.T) {
	s := setup(t, mongo.Options{Version: "7.0.12"})
	s.run("shop", bson.D{{Key: "create", Value: "weather"}, {Key: "timeseries", Value: bson.D{{Key: "timeField", Value: "t"}}}})
	s.insert("shop", "system.buckets.weather", bucket(), bucket())
	db := s.open("shop", "shop")
	m := s.backup(db)
	for i, c := range []struct {
		fault func(f *mongo.Faults)
		want  backups.Stand
	}{
		{func(f *mongo.Faults) { f.CloseAt("drop", 1) }, backups.StandsOld},
		{func(f *mongo.Faults) { f.CloseAt("create", 2) }, backups.StandsAbsent},
		{func(f *mongo.Faults) { f.CloseAt("insert", 2) }, backups.StandsIncomplete},
	} {
		id := fmt.Sprintf("r-%d", i)
		c.fault(s.server.Faults())
		_, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole(id))
		require.Error(t, err)
		require.NoError(t, s.server.Faults().Reset())
		j, _, err := backups.SettleInPlace(t.Context(), s.store, db, id)
		require.NoError(t, err)
		require.Equal(t, c.want, j.Swaps[0].State)
		noneBeside(t, db, "shop")
	}
	cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-9"))
	require.NoError(t, err)
	require.True(t, cert.OK)
	require.Equal(t, m.Collections[0].Digest, s.backup(db).Collections[0].Digest)
}

func TestWhatDiffersBesideReplacesNothing(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	accident(s)
	before := docs(t, s.client, "shop", "a")
	s.server.Faults().Do("insert", 1, func() { s.insert("shop", "opsbot_restore_r-1_0", bson.D{{Key: "_id", Value: "stranger"}}) })
	cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-1"))
	require.NoError(t, err)
	require.False(t, cert.OK)
	require.Nil(t, cert.Placed)
	require.Equal(t, before, docs(t, s.client, "shop", "a"))
	noneBeside(t, db, "shop")
}

func TestDriftStopsARestoreInPlace(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	o := whole("r-1")
	o.Check = func(context.Context) error { return errors.New("it has changed") }
	_, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, o)
	require.ErrorContains(t, err, "it has changed")
	j, _, err := backups.SettleInPlace(t.Context(), s.store, db, "r-1")
	require.NoError(t, err)
	require.False(t, j.Touched())

	// Somebody replaces a collection between two renamings: theirs stays.
	s.server.Faults().Do("renameCollection", 1, func() {
		s.run("shop", bson.D{{Key: "drop", Value: "b"}})
		s.insert("shop", "b", bson.D{{Key: "_id", Value: "theirs"}})
	})
	_, err = backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-2"))
	require.Contains(t, problemOf(t, err).Say, "made, dropped or replaced `shop.b`")
	j, _, err = backups.SettleInPlace(t.Context(), s.store, db, "r-2")
	require.NoError(t, err)
	require.Equal(t, map[string]backups.Stand{"a": "restored", "b": "other", "empty": "old", "v": "old"}, states(j))
	require.Len(t, docs(t, s.client, "shop", "b"), 1)

	// And one after the last: the certificate says so.
	s.server.Faults().Do("renameCollection", 3, func() {
		s.run("shop", bson.D{{Key: "drop", Value: "b"}})
		s.insert("shop", "b", bson.D{{Key: "_id", Value: "theirs"}})
	})
	cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-3"))
	require.NoError(t, err)
	require.False(t, cert.OK)
	require.Contains(t, fmt.Sprint(cert.Rows[1].Differences), "somebody has replaced it since")
}

// Going back takes away what the restore made where nothing was, and only that.
func TestGoingBackRemovesOnlyWhatWasMade(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	accident(s)
	before := s.backup(db)
	_, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-1"))
	require.NoError(t, err)
	j, _, err := backups.ReadInPlace(t.Context(), s.store, "r-1")
	require.NoError(t, err)
	back := backups.InPlaceOptions{ID: "r-2"}
	for _, swap := range j.Swaps {
		if swap.OldType == "" {
			back.Remove = append(back.Remove, swap)
		} else {
			back.Namespaces = append(back.Namespaces, swap.Namespace())
		}
	}
	cert, err := backups.RestoreInPlace(t.Context(), s.store, before.ID, db, back)
	require.NoError(t, err)
	require.True(t, cert.OK)
	require.Equal(t, []string{"a", "empty", "extra"}, names(t, db, "shop"))
	require.Len(t, docs(t, s.client, "shop", "a"), 1)

	s.insert("shop", "b", bson.D{{Key: "_id", Value: "made by somebody"}})
	_, err = backups.RestoreInPlace(t.Context(), s.store, before.ID, db, backups.InPlaceOptions{ID: "r-3", Remove: j.Of(backups.StandsRestored)[1:2]})
	require.Contains(t, problemOf(t, err).Say, "no longer the collection that the restore made")
	require.Len(t, docs(t, s.client, "shop", "b"), 1)
}

func TestRestoreInPlaceRefuses(t *testing.T) {
	s, m := stored(t)
	_, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, s.open("shop", "elsewhere"), whole("r-1"))
	require.Contains(t, problemOf(t, err).Say, "is `elsewhere` now")
	s.server.Faults().Do("isMaster", 1, func() {})
	unverified, err := backups.Full(t.Context(), s.open("shop", "shop"), s.store, backups.FullOptions{ID: "shop-20260101T000000Z-abcd"})
	require.NoError(t, err)
	_, err = backups.RestoreInPlace(t.Context(), s.store, unverified.ID, s.open("shop", "shop"), whole("r-1"))
	require.Contains(t, problemOf(t, err).Say, "has not been verified")
	_, ok, err := backups.ReadInPlace(t.Context(), s.store, "r-1")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestStoreThatFailsUnderARestoreInPlace(t *testing.T) {
	s, m := stored(t)
	db := s.open("shop", "shop")
	before := docs(t, s.client, "shop", "a")
	_, err := backups.RestoreInPlace(t.Context(), &faulty{Store: s.store, create: objects.ErrDenied, suffix: "r-1.json"}, m.ID, db, whole("r-1"))
	require.Contains(t, problemOf(t, err).Say, "refused access")
	require.Equal(t, before, docs(t, s.client, "shop", "a"))
	noneBeside(t, db, "shop")
}

// FerretDB knows no dropTarget, so each replacement takes two steps there.
func TestFerretDBIsRestoredInPlace(t *testing.T) {
	uri := ferret(t)
	client, err := driver.Connect(t.Context(), options.Client().ApplyURI(uri))
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Disconnect(context.Background())) }()
	for _, name := range []string{"orders", "users"} {
		_, err := client.Database("shop").Collection(name).InsertMany(t.Context(), plainDocs(250))
		require.NoError(t, err)
	}
	s := setup(t, mongo.Options{})
	db := openURI(t, "shop", uri+"shop")
	m := s.backup(db)
	_, err = client.Database("shop").Collection("orders").DeleteMany(t.Context(), bson.D{{Key: "n", Value: bson.D{{Key: "$gt", Value: 5}}}})
	require.NoError(t, err)
	require.NoError(t, client.Database("shop").Collection("users").Drop(t.Context()))
	cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-1"))
	require.NoError(t, err)
	for _, row := range cert.Rows {
		require.Empty(t, row.Differences, row.Expected.Namespace())
	}
	require.True(t, cert.OK)
	noneBeside(t, db, "shop")
	again := s.backup(db)
	for i, c := range again.Collections {
		require.Equal(t, m.Collections[i].Digest, c.Digest)
	}
}

// The rights that the documentation and the check name are enough for a restore in place, and less changes nothing.
func TestTheRightsForARestoreInPlace(t *testing.T) {
	s := setup(t, mongo.Options{Username: "asha", Password: "right-horse"})
	s.insert("shop", "a", bson.D{{Key: "_id", Value: 1}})
	s.insert("shop", "system.js", bson.D{{Key: "_id", Value: "f"}, {Key: "value", Value: "function() {}"}})
	s.run("shop", bson.D{{Key: "create", Value: "v"}, {Key: "viewOn", Value: "a"}, {Key: "pipeline", Value: bson.A{}}})
	db := s.open("shop", "shop")
	m := s.backup(db)
	s.insert("shop", "a", bson.D{{Key: "_id", Value: 2}})
	s.server.SetRoles("backup", "dbAdminAnyDatabase")
	_, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-1"))
	require.ErrorContains(t, err, "The user of the database `shop` lacks the right for `insert`")
	s.server.SetRoles("readWriteAnyDatabase", "dbAdminAnyDatabase")
	require.Len(t, docs(t, s.client, "shop", "a"), 2)
	_, _, err = backups.SettleInPlace(t.Context(), s.store, db, "r-1")
	require.NoError(t, err)
	cert, err := backups.RestoreInPlace(t.Context(), s.store, m.ID, db, whole("r-2"))
	require.NoError(t, err)
	require.True(t, cert.OK, cert.Rows)
	require.Len(t, docs(t, s.client, "shop", "a"), 1)
	noneBeside(t, db, "shop")
}
