package backups_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
)

// several fills collections that take several batches each.
func several(s *stage, database string, names ...string) {
	for _, name := range names {
		for range 3 {
			var all []any
			for range 1000 {
				all = append(all, bson.D{{Key: "text", Value: strings.Repeat("0123456789abcdef", 256)}})
			}
			s.insert(database, name, all...)
		}
	}
}

// problemOf is what a person is told.
func problemOf(t *testing.T, err error) *chat.Problem {
	t.Helper()
	p, ok := errors.AsType[*chat.Problem](err)
	require.True(t, ok, "%v is no problem for a person", err)
	require.NotEmpty(t, p.Try)
	return p
}

func TestFullFailsWholeAndLeavesNothing(t *testing.T) {
	s := setup(t, mongo.Options{})
	several(s, "shop", "big", "other")
	s.insert("shop", "small", bson.D{{Key: "_id", Value: 1}})
	for _, c := range []struct {
		name  string
		fault func(f *mongo.Faults)
		say   string
	}{
		{"a cursor dies", func(f *mongo.Faults) {
			f.FailAt("getMore", 3, mongo.Error{Code: 43, CodeName: "CursorNotFound", Message: "cursor id 1 not found"})
		}, "refused `getMore`: CursorNotFound (43)"},
		{"a find fails", func(f *mongo.Faults) {
			f.FailAt("find", 3, mongo.Error{Code: 96, CodeName: "OperationFailed", Message: "no"})
		}, "refused `find`"},
		{"the connection is cut within a batch", func(f *mongo.Faults) { f.CutReply("getMore", 2, 100_000) }, "can't be reached"},
		{"the right is missing", func(f *mongo.Faults) {
			f.Fail("find", -1, mongo.Error{Code: 13, CodeName: "Unauthorized", Message: "not authorized on shop to execute command { find: \"big\", secret: 1 }"})
		}, "The user of the database `shop` lacks the right for `find` on `shop`"},
		{"the listing is refused", func(f *mongo.Faults) {
			f.Fail("listCollections", -1, mongo.Error{Code: 13, CodeName: "Unauthorized", Message: "not authorized on shop to execute command { listCollections: 1 }"})
		}, "lacks the right for `listCollections`"},
		{"the indexes are refused", func(f *mongo.Faults) {
			f.Fail("listIndexes", -1, mongo.Error{Code: 13, CodeName: "Unauthorized", Message: "not authorized on shop to execute command { listIndexes: 1 }"})
		}, "lacks the right for `listIndexes`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.T = t
			c.fault(s.server.Faults())
			_, err := backups.Full(t.Context(), s.open("shop", "shop"), s.store, backups.FullOptions{ID: backups.NewID("shop", time.Now())})
			require.NoError(t, s.server.Faults().Reset())
			p := problemOf(t, err)
			require.Contains(t, p.Say, c.say)
			require.NotContains(t, err.Error(), "secret")
			s.nothingLeft()
		})
	}
}

func TestCollectionsThatChangeUnderABackup(t *testing.T) {
	for _, c := range []struct {
		name, say string
		fault     func(s *stage, f *mongo.Faults)
	}{
		{"dropped while it is read", "", func(_ *stage, f *mongo.Faults) { f.DropAfter("getMore", 1, "shop.big") }},
		{"dropped before it is read", "`shop.small` was dropped or renamed", func(_ *stage, f *mongo.Faults) { f.DropAfter("listIndexes", 2, "shop.small") }},
		{"dropped after it was read", "`shop.small` was dropped or renamed", func(_ *stage, f *mongo.Faults) { f.DropAfter("getMore", 2, "shop.small") }},
		{"replaced after it was read", "`shop.small` was", func(s *stage, f *mongo.Faults) {
			f.Do("getMore", 2, func() {
				s.run("shop", bson.D{{Key: "drop", Value: "small"}})
				s.run("shop", bson.D{{Key: "create", Value: "small"}})
			})
		}},
		{"renamed while it is read", "`shop.small` was dropped or renamed", func(s *stage, f *mongo.Faults) {
			f.Do("getMore", 1, func() {
				s.run("admin", bson.D{{Key: "renameCollection", Value: "shop.small"}, {Key: "to", Value: "shop.renamed"}})
			})
		}},
		{"the whole database dropped", "", func(s *stage, f *mongo.Faults) {
			f.Do("getMore", 1, func() { s.run("shop", bson.D{{Key: "dropDatabase", Value: 1}}) })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setup(t, mongo.Options{})
			several(s, "shop", "big")
			s.insert("shop", "small", bson.D{{Key: "_id", Value: 1}})
			c.fault(s, s.server.Faults())
			_, err := backups.Full(t.Context(), s.open("shop", "shop"), s.store, backups.FullOptions{ID: backups.NewID("shop", time.Now())})
			require.Contains(t, problemOf(t, err).Say, c.say)
			s.nothingLeft()
		})
	}
}

func TestAVanishedDatabaseIsNoEmptyBackup(t *testing.T) {
	s := setup(t, mongo.Options{})
	for scope, say := range map[string]string{
		"shop": "The database `shop` does not exist any more on the deployment of `orders`.",
		"":     "The deployment of `orders` holds no database of yours.",
	} {
		_, err := backups.Full(t.Context(), s.open("orders", scope), s.store, backups.FullOptions{ID: backups.NewID("orders", time.Now())})
		require.Equal(t, say, problemOf(t, err).Say)
		s.nothingLeft()
	}
}

func TestAServerThatGoesAway(t *testing.T) {
	s := setup(t, mongo.Options{})
	several(s, "shop", "big")
	db := s.open("shop", "shop")
	var once bool
	gone := make(chan error, 1)
	s.server.Faults().Do("getMore", 1, func() {
		once = true
		go func() { gone <- s.server.Faults().Unreachable() }() // it waits for this very command
	})
	_, err := backups.Full(t.Context(), db, s.store, backups.FullOptions{ID: backups.NewID("shop", time.Now())})
	require.True(t, once)
	require.NoError(t, <-gone)
	require.NoError(t, s.server.Faults().Reset()) // or closing the clients takes its time
	require.Contains(t, problemOf(t, err).Say, "can't be reached")
	s.nothingLeft()
}

func TestFullStopsWhenItsContextEnds(t *testing.T) {
	s := setup(t, mongo.Options{})
	several(s, "shop", "a", "b")
	db := s.open("shop", "shop")
	stop := errors.New("cancelled by asha")
	ctx, cancel := context.WithCancelCause(t.Context())
	s.server.Faults().Do("getMore", 2, func() { cancel(stop) })
	_, err := backups.Full(ctx, db, s.store, backups.FullOptions{ID: backups.NewID("shop", time.Now()), Readers: 1})
	require.Error(t, err)
	require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, stop), "%v", err)
	s.nothingLeft()
}

// faulty is a store that fails where a test wants it.
type faulty struct {
	objects.Store
	create, write, commit error
	suffix                string // of the keys that it holds for
	after                 int    // bytes that are written before
}

func (f *faulty) Create(ctx context.Context, key string, o objects.CreateOptions) (objects.Writer, error) {
	mine := strings.HasSuffix(key, f.suffix)
	if mine && f.create != nil {
		return nil, f.create
	}
	w, err := f.Store.Create(ctx, key, o)
	if !mine || err != nil {
		return w, err
	}
	return &faultyWriter{Writer: w, faulty: f, left: f.after}, nil
}

type faultyWriter struct {
	objects.Writer
	*faulty
	left int
}

func (w *faultyWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.write != nil && w.left < 0 {
		return 0, w.write
	}
	return w.Writer.Write(p)
}

func (w *faultyWriter) Commit(ctx context.Context) error {
	if w.commit != nil {
		w.Abort()
		return w.commit
	}
	return w.Writer.Commit(ctx)
}

func TestAStoreThatFails(t *testing.T) {
	s := setup(t, mongo.Options{})
	several(s, "shop", "big")
	db := s.open("shop", "shop")
	for _, c := range []struct {
		name, say string
		store     faulty
	}{
		{"full at once", "is full", faulty{write: objects.ErrFull, suffix: ".zst"}},
		{"full in the middle", "is full", faulty{write: objects.ErrFull, suffix: ".zst", after: 2000}},
		{"full at the end", "is full", faulty{commit: objects.ErrFull, suffix: ".zst"}},
		{"full at the manifest", "is full", faulty{commit: objects.ErrFull, suffix: "manifest.json"}},
		{"no right", "refused access", faulty{create: objects.ErrDenied, suffix: ".zst"}},
		{"no right for the manifest", "refused access", faulty{create: objects.ErrDenied, suffix: "manifest.json"}},
		{"gone in the middle", "can't be reached", faulty{write: objects.ErrUnreachable, suffix: ".zst", after: 2000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.T = t
			c.store.Store = s.store
			_, err := backups.Full(t.Context(), db, &c.store, backups.FullOptions{ID: backups.NewID("shop", time.Now())})
			require.Contains(t, problemOf(t, err).Say, c.say)
			s.nothingLeft()
		})
	}
}

func TestDiscardAndRemove(t *testing.T) {
	s := setup(t, mongo.Options{})
	s.insert("shop", "small", bson.D{{Key: "_id", Value: 1}})
	m := s.backup(s.open("shop", "shop"))
	before := s.keys()

	half := backups.NewID("shop", time.Now().Add(time.Hour))
	w, err := s.store.Create(t.Context(), backups.Key(half, backups.ArchiveName), objects.CreateOptions{})
	require.NoError(t, err)
	_, err = w.Write([]byte("half"))
	require.NoError(t, err)
	require.NoError(t, backups.Discard(t.Context(), s.store, half))
	require.Error(t, w.Commit(t.Context()), "the upload went on")
	require.Equal(t, before, s.keys())

	require.ErrorContains(t, backups.Discard(t.Context(), s.store, m.ID), "is finished")
	require.Equal(t, before, s.keys())
	require.NoError(t, backups.Remove(t.Context(), s.store, m.ID, time.Now()))
	s.nothingLeft()
	require.NoError(t, backups.Remove(t.Context(), s.store, m.ID, time.Now()))
	require.Error(t, backups.Remove(t.Context(), s.store, "shop", time.Now()))
}

func TestProgressGrowsToTheTotal(t *testing.T) {
	s := setup(t, mongo.Options{})
	several(s, "shop", "a", "b", "c")
	db := s.open("shop", "shop")
	var seen []backups.Progress
	m, err := backups.Full(t.Context(), db, s.store, backups.FullOptions{
		ID: backups.NewID("shop", time.Now()), Progress: func(p backups.Progress) { seen = append(seen, p) }})
	require.NoError(t, err)
	require.Equal(t, backups.Progress{Stage: "reading", Total: 9000}, seen[0])
	require.Equal(t, backups.Progress{Stage: "reading", Done: 9000, Total: 9000, Bytes: m.Bytes}, seen[len(seen)-1])
	for i := 1; i < len(seen); i++ {
		require.GreaterOrEqual(t, seen[i].Done, seen[i-1].Done)
		require.Equal(t, int64(9000), seen[i].Total)
	}
}
