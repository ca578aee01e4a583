package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	s3sandbox "github.com/kampyn/opsbot/sandbox/s3"
)

// scope is the MongoDB database that is restored in place, and what has to be typed for it.
const scope = "kampyn_orders"

// afterCommand keeps back the answer to the nth such command from now on, which is carried out.
func afterCommand(command string, n int) func(*theater) <-chan struct{} {
	return func(th *theater) <-chan struct{} {
		reached, end := make(chan struct{}), th.Context().Done()
		th.source().Server.Faults().Do(command, n, func() {
			close(reached)
			<-end
		})
		return reached
	}
}

// emptied keeps back the answer to the first delete after a renaming: what is not renamed is emptied, and written anew.
func emptied(th *theater) <-chan struct{} {
	reached, end := make(chan struct{}), th.Context().Done()
	f := th.source().Server.Faults()
	f.Do("renameCollection", 1, func() {
		f.Do("delete", 1, func() {
			close(reached)
			<-end
		})
	})
	return reached
}

// readBack holds the reading of documents that comes after the first were written.
func readBack(th *theater) <-chan struct{} {
	reached := make(chan struct{})
	f := th.source().Server.Faults()
	f.Do("insert", 1, func() {
		before := f.Commands()["find"]
		f.Delay("find", time.Hour)
		go func() {
			<-when(th, func() bool { return f.Commands()["find"] > before })
			close(reached)
		}()
	})
	return reached
}

// atJournal holds the nth time that the journal is stored, before it is.
func atJournal(n int) func(*theater) <-chan struct{} {
	return func(th *theater) <-chan struct{} {
		reached := make(chan struct{}, 1)
		th.Proxy.Add(s3sandbox.Fault{
			On: func(r *http.Request) bool {
				return s3sandbox.Operation(r) == "PutObject" && strings.Contains(r.URL.Path, "/in-place/")
			},
			After: n - 1, Times: -1, Do: s3sandbox.Hold(reached, make(chan struct{})),
		})
		return reached
	}
}

// afterObject keeps back the answer to the first S3 operation on a key that matches, which is carried out.
func afterObject(operation, key string) func(*theater) <-chan struct{} {
	pattern := regexp.MustCompile(key)
	return func(th *theater) <-chan struct{} {
		reached, end := make(chan struct{}), th.Context().Done()
		th.Proxy.Add(s3sandbox.Fault{
			On: func(r *http.Request) bool {
				return s3sandbox.Operation(r) == operation && pattern.MatchString(r.URL.Path)
			},
			Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				next.ServeHTTP(discarded{header: http.Header{}}, r.WithContext(context.WithoutCancel(r.Context())))
				close(reached)
				select {
				case <-r.Context().Done():
				case <-end:
				}
				panic(http.ErrAbortHandler)
			},
		})
		return reached
	}
}

// discarded takes an answer that nobody will get.
type discarded struct{ header http.Header }

func (d discarded) Header() http.Header         { return d.header }
func (d discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d discarded) WriteHeader(int)             {}

// standing is what one collection or view is now: its UUID ("" for a view) and the digest of its documents.
type standing struct{ uuid, digest string }

// server opens the database that is restored, past the bot.
func (th *theater) server() *mongo.Database {
	client, err := mongo.Connect(th.Context(), options.Client().ApplyURI(th.source().URI))
	require.NoError(th, err)
	th.Cleanup(func() { require.NoError(th, client.Disconnect(context.Background())) })
	return client.Database(scope)
}

// standings looks at everything that is there, past the bot.
func standings(th *theater, db *mongo.Database) map[string]standing {
	all, err := db.ListCollectionSpecifications(th.Context(), bson.D{})
	require.NoError(th, err)
	found := map[string]standing{}
	for _, c := range all {
		if c.Name == "system.views" {
			continue
		}
		now := standing{}
		if c.UUID != nil {
			now.uuid = fmt.Sprintf("%x", c.UUID.Data)
		}
		cursor, err := db.Collection(c.Name).Find(th.Context(), bson.D{})
		require.NoError(th, err)
		var hashes []string
		for cursor.Next(th.Context()) {
			hashes = append(hashes, fmt.Sprintf("%x", sha256.Sum256(cursor.Current)))
		}
		require.NoError(th, cursor.Err())
		slices.Sort(hashes)
		now.digest = fmt.Sprintf("%d documents, %x", len(hashes), sha256.Sum256([]byte(strings.Join(hashes, ""))))
		found[c.Name] = now
	}
	return found
}

// digests are the documents alone: who restores makes new collections.
func digests(all map[string]standing, of map[string]standing) map[string]string {
	found := map[string]string{}
	for name := range of {
		if now, ok := all[name]; ok {
			found[name] = now.digest
		}
	}
	return found
}

// The words of the card for what stands where.
const (
	restored   = "the restored ones"
	asBefore   = "still as before"
	incomplete = "incomplete"
)

// sides says of everything that the backup holds what it is now, from what was there before and what the backup holds.
// What is neither is incomplete, and only what a server does not rename can be that.
func sides(th *theater, saved, before, now map[string]standing) map[string][]string {
	found := map[string][]string{}
	for name, backup := range saved {
		was, is := before[name], now[name]
		side := asBefore
		switch {
		case is == was:
		case is.digest == backup.digest:
			side = restored
		case name == "system.js":
			side = incomplete
		default:
			th.Errorf("%s is neither what it was nor what the backup holds: %+v, before %+v", name, is, was)
		}
		found[side] = append(found[side], name)
	}
	for name, was := range before {
		if _, ok := saved[name]; !ok {
			require.Equal(th, was, now[name], "%s is in no backup, and nobody's to touch", name)
		}
	}
	for name := range now {
		_, old := before[name]
		_, ours := saved[name]
		require.True(th, old || ours, "%s was left behind", name)
	}
	return found
}

// told reads from a card what stands where.
func told(card string) map[string][]string {
	found := map[string][]string{}
	for _, words := range []string{restored, asBefore, incomplete} {
		line := regexp.MustCompile(words + `[^(\n]*\((\d+)\): (.*)`).FindStringSubmatch(card)
		if line == nil {
			continue
		}
		for name := range strings.SplitSeq(line[2], ", ") {
			found[words] = append(found[words], strings.Trim(name, "`"))
		}
	}
	return found
}

// accident is what a restore in place is asked for after: documents deleted and changed, a collection and a view dropped;
// and a collection that is in no backup.
func (th *theater) accident(db *mongo.Database) map[string]standing {
	ctx := th.Context()
	_, err := db.Collection("payments").DeleteMany(ctx, bson.D{})
	require.NoError(th, err)
	_, err = db.Collection("orders").UpdateOne(ctx, bson.D{}, bson.D{{Key: "$set", Value: bson.D{{Key: "changed", Value: time.Now()}}}})
	require.NoError(th, err)
	_, err = db.Collection("system.js").UpdateOne(ctx, bson.D{{Key: "_id", Value: "tax"}}, bson.D{{Key: "$set", Value: bson.D{{Key: "value", Value: time.Now().String()}}}})
	require.NoError(th, err)
	_, err = db.Collection("visitors").InsertOne(ctx, bson.D{{Key: "seen", Value: time.Now()}})
	require.NoError(th, err)
	require.NoError(th, db.Collection("reviews").Drop(ctx))
	require.NoError(th, db.Collection("activeorders").Drop(ctx))
	return standings(th, db)
}

// confirm types what a plan asks for, so that it waits for somebody else.
func (th *theater) confirm() {
	require.NoError(th, th.Sees(`Confirm`))
	require.NoError(th, th.Presses(th.Anna, "Confirm…"))
	require.NoError(th, th.Fills(th.Anna, map[string]any{"typed": scope}))
	require.NoError(th, th.Submits(th.Anna))
	require.NoError(th, th.Becomes(`Approve`))
}

// goesOn carries out the plan that a button of the card makes, without a kill.
func (th *theater) goesOn(label string) {
	require.NoError(th, th.Presses(th.Anna, label))
	th.confirm()
	require.NoError(th, th.Presses(th.Ben, "Approve"))
	require.NoError(th, th.Becomes(`✅`, `Proven equal`))
}

const (
	verifying = "the backup that comes first is being verified"

	finish = "Finish the restore…"
	back   = "Go back…"
)

// accidents opens a theater with a verified backup of orders. It answers the command that restores it in place, what the
// backup holds, and a way to the database past the bot.
func accidents(t *testing.T) (th *theater, restore string, saved map[string]standing, db *mongo.Database) {
	th = openTheater(t, 0.05)
	db = th.server()
	_, err := db.Collection("system.js").InsertOne(t.Context(), bson.D{{Key: "_id", Value: "tax"}, {Key: "value", Value: "0.05"}})
	require.NoError(t, err)
	saved = standings(th, db)
	th.start()
	require.NoError(t, th.Says(th.Anna, "/backup now orders"))
	require.NoError(t, th.Sees(`Backup of`))
	require.NoError(t, th.Becomes(`✅`))
	// The newest backup is soon the one that an attempt took of the damage, so the command names this one.
	return th, "/restore " + regexp.MustCompile(`orders-\d{8}T\w+-\w+`).FindString(th.Card()) + " in place", saved, db
}

// attempt is a restore in place whose process is killed at a moment.
type attempt struct {
	moment
	taken int    // backups that come first and are there afterwards
	way   string // what is done then; "" where nothing was replaced
}

func TestKilledBeforeARestoreInPlaceReplaces(t *testing.T) {
	t.Parallel() // it waits more than it works
	th, restore, saved, db := accidents(t)
	th.outlives(restore, saved, db, []attempt{
		{moment{"the journal is being stored", atJournal(1)}, 0, ""},
		{moment{"the backup that comes first is read", atCommand("find")}, 0, ""},
		{moment{"the backup that comes first is being stored", atObject("PutObject", `/manifest`)}, 0, ""},
		{moment{verifying, atObject("PutObject", `/verification`)}, 1, ""},
		{moment{"collections are made beside", atCommand("create")}, 1, ""},
		{moment{"documents are written beside", atCommand("insert")}, 1, ""},
		{moment{"what lies beside is read back", readBack}, 1, ""},
		{moment{"indexes are built beside", atCommand("createIndexes")}, 1, ""},
		{moment{"the first replacement is being noted", atJournal(3)}, 1, ""},
		{moment{"the first collection is being replaced", atCommand("renameCollection")}, 1, ""},
	})
}

func TestKilledWhileARestoreInPlaceReplaces(t *testing.T) {
	t.Parallel() // it waits more than it works
	th, restore, saved, db := accidents(t)
	th.outlives(restore, saved, db, []attempt{
		{moment{"the first collection is replaced, and the bot does not know it", afterCommand("renameCollection", 1)}, 1, finish},
		{moment{"the third replacement is being noted", atJournal(5)}, 1, back},
		{moment{"what is not renamed is emptied, and not yet written anew", emptied}, 1, finish},
		{moment{"what is not renamed is emptied, and that is undone", emptied}, 1, back},
		{moment{"the view is made, and the bot does not know it", afterCommand("create", len(saved))}, 1, back},
		{moment{"the certificate is being stored", atObject("PutObject", `/certificates/`)}, 1, back},
	})
}

func (th *theater) outlives(restore string, saved map[string]standing, db *mongo.Database, attempts []attempt) {
	backups := 1
	for _, m := range attempts {
		before := th.accident(db)
		require.NoError(th, th.Says(th.Anna, restore))
		th.dies(m.moment)
		th.cardIsTrue(db, saved, before, m.way != "")
		backups += m.taken
		if m.name == verifying { // it is whole, so it stays; it counts once somebody has it read back
			require.NoError(th, th.Says(th.Anna, "/backup verify orders"))
			require.NoError(th, th.Sees(`Verification of`))
			require.NoError(th, th.Becomes(`✅`, `as the manifest says`))
		}
		th.storeIsClean(backups)
		switch m.way {
		case finish:
			th.goesOn(finish)
			require.Equal(th, digests(saved, saved), digests(standings(th, db), saved))
		case back:
			th.goesOn(back)
			require.Equal(th, digests(before, before), digests(standings(th, db), before))
		}
	}
}

// A way out of a restore in place is one too: killed in its middle, it can be finished or undone.
func TestKilledOnTheWayOutOfARestoreInPlace(t *testing.T) {
	t.Parallel() // it waits more than it works
	th, restore, saved, db := accidents(t)
	replaced := []string{"invoices", "ordercounters", "orders", "payments"}
	for _, ways := range [][2]string{{finish, finish}, {finish, back}, {back, finish}} {
		before := th.accident(db)
		require.NoError(t, th.Says(th.Anna, restore))
		th.dies(moment{"the fifth replacement is being noted", atJournal(3 + len(replaced))})
		th.cardIsTrue(db, saved, before, true)
		between, goal := standings(th, db), saved
		require.NoError(t, th.Presses(th.Anna, ways[0]))
		if ways[0] == back {
			goal = before
			th.dies(moment{"the first collection is put back", afterCommand("renameCollection", 1)})
			of := map[string]standing{}
			for _, name := range replaced {
				of[name] = before[name]
			}
			th.cardIsTrue(db, of, between, true)
		} else {
			th.dies(moment{"the fifth collection is replaced", afterCommand("renameCollection", 1)})
			th.cardIsTrue(db, saved, before, true)
			if ways[1] == back {
				goal = before
			}
		}
		th.goesOn(ways[1])
		require.Equal(t, digests(goal, goal), digests(standings(th, db), goal), ways)
	}
	th.storeIsClean(1 + 3)
}

// A run whose certificate is stored has succeeded, although the process did not live to note that.
func TestKilledAfterTheCertificateOfARestoreInPlace(t *testing.T) {
	t.Parallel() // it waits more than it works
	th, restore, saved, db := accidents(t)
	before := th.accident(db)
	require.NoError(t, th.Says(th.Anna, restore))
	th.dies(moment{"the certificate is stored, and the bot does not know it", afterObject("PutObject", `/certificates/`)})
	require.NoError(t, th.Becomes(`✅ Restore of`, `(?i)succeeded`, `Proven equal`, `compared in place`, `What stood there before is in`))
	require.Equal(t, digests(saved, saved), digests(standings(th, db), saved))
	for _, name := range []string{"payments", "reviews"} {
		require.Contains(t, th.Card(), name, "the certificate has a row for it")
	}
	th.storeIsClean(2)
	th.goesOn(back)
	require.Equal(t, digests(before, before), digests(standings(th, db), before))
}

// dies confirms the plan that was asked for, has it approved and kills the bot at the moment of its work.
func (th *theater) dies(m moment) {
	th.Logf("── killed when %s", m.name)
	th.confirm()
	th.dieAt(m, func() error { return th.Presses(th.Ben, "Approve") })
}

// cardIsTrue holds the card of an interrupted restore in place against what stands there, which it learns past the bot.
func (th *theater) cardIsTrue(db *mongo.Database, saved, before map[string]standing, touched bool) {
	words := `Nothing was replaced`
	if touched {
		words = `What stands there now`
	}
	require.NoError(th, th.Becomes(`⚠️`, `(?i)interrupted`, words))
	want, is := sides(th, saved, before, standings(th, db)), told(th.Card())
	if !touched {
		require.Len(th, want[asBefore], len(saved))
		return
	}
	require.NotEmpty(th, want[restored])
	for _, side := range []string{restored, asBefore, incomplete} {
		require.ElementsMatch(th, want[side], is[side], "%s:\n%s", side, th.Card())
	}
}
