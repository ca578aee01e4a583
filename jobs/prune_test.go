package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/state"
)

// pruneTime is when the tests prune; the backups are of the days before.
var pruneTime = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// store is a folder of objects beside the state.
func (w *world) objects(t testing.TB) *objects.Folder {
	t.Helper()
	f, err := objects.NewFolder(filepath.Join(w.dir, "objects"))
	require.NoError(t, err)
	return f
}

// plant takes verified backups of a small database, one for each of the last days, newest first.
func (w *world) plant(t *testing.T, days int) (ids []string) {
	t.Helper()
	server, err := mongo.Start(mongo.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	client, err := driver.Connect(t.Context(), options.Client().ApplyURI(server.URI("")))
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Disconnect(context.Background())) }()
	_, err = client.Database("shop").Collection("orders").InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}})
	require.NoError(t, err)
	db, err := databases.Open(t.Context(), "orders", server.URI("shop"), databases.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close(context.Background())) }()
	for day := range days {
		at := pruneTime.Add(-time.Hour).AddDate(0, 0, -day)
		id := backups.NewID("orders", at)
		_, err := backups.Full(t.Context(), db, w.objects(t), backups.FullOptions{ID: id, Now: func() time.Time { return at }})
		require.NoError(t, err)
		_, err = backups.Verify(t.Context(), w.objects(t), id, nil)
		require.NoError(t, err)
		ids = append(ids, id)
	}
	return ids
}

// pruning is the kind with a runner that works on it, over a store that may be wrapped.
func pruning(store objects.Store, runs func(context.Context) ([]jobs.Run, error)) *jobs.Prune {
	return &jobs.Prune{Store: store, Catalogue: backups.NewCatalogue(store), Policy: backups.Retention{Daily: 2}, Needs: 1,
		Lifetime: time.Hour, Now: func() time.Time { return pruneTime }, Active: runs}
}

func none(context.Context) ([]jobs.Run, error) { return nil, nil }

// proposed decides and submits the plan.
func proposed(t *testing.T, j *jobs.Prune, r *jobs.Runner) jobs.Run {
	t.Helper()
	verdicts, err := j.Decide(t.Context(), nil)
	require.NoError(t, err)
	run, err := j.New(nil, verdicts)
	require.NoError(t, err)
	run.By, run.Source, run.Channel, run.Request = ada, jobs.FromSlack, "general", "prune"
	run, err = r.Submit(t.Context(), run)
	require.NoError(t, err)
	return run
}

func (w *world) there(t *testing.T) (ids []string) {
	t.Helper()
	entries, err := backups.NewCatalogue(w.objects(t)).List(t.Context(), "")
	require.NoError(t, err)
	for _, e := range entries {
		require.True(t, e.Verified(), e.ID)
		ids = append(ids, e.ID)
	}
	return ids
}

func atPruneTime(o *jobs.Options) { o.Now = func() time.Time { return pruneTime } }

func TestPruneRemovesWhatIsNotKept(t *testing.T) {
	w := newWorld(t)
	ids := w.plant(t, 5)
	stranger, err := w.objects(t).Create(t.Context(), "orders/notes.txt", objects.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, stranger.Commit(t.Context()))
	j := pruning(w.objects(t), nil)
	r := w.runner(t, []jobs.Kind{j.Kind()}, atPruneTime)
	j.Active = r.Active
	start(t, r)
	run := proposed(t, j, r)
	require.Equal(t, []jobs.Step{{Name: "orders", Status: jobs.Queued}}, run.Steps)
	require.Len(t, w.there(t), 5)
	_, err = r.Approve(t.Context(), run.ID, run.Plan.Hash, bo)
	require.NoError(t, err)
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Succeeded, run.Status, run.Reason)
	require.Equal(t, ids[:2], w.there(t))
	found, err := w.objects(t).List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, found, 2*3+1, "what is no backup's stays")
	require.Contains(t, string(run.Result), `"removed":3`)
	_, err = j.New(nil, nil)
	require.Contains(t, problem(t, err).Say, "nothing to remove")
}

func TestPruneStopsWhenTheWorldHasChanged(t *testing.T) {
	w := newWorld(t)
	ids := w.plant(t, 4)
	j := pruning(w.objects(t), none)
	verdicts, err := j.Decide(t.Context(), nil)
	require.NoError(t, err)
	run, err := j.New(nil, verdicts)
	require.NoError(t, err)
	check := func() error { return j.Kind().Check(t.Context(), run) }
	require.NoError(t, check())
	// Half of it has gone already: that is no change that matters.
	require.NoError(t, backups.Remove(t.Context(), w.objects(t), ids[3], pruneTime))
	require.NoError(t, check())
	// A run has begun to need one.
	j.Active = func(context.Context) ([]jobs.Run, error) {
		return []jobs.Run{{ID: "r-busy1", Kind: jobs.RestoreKind, Args: []byte(`{"backup":"` + ids[2] + `"}`)}}, nil
	}
	require.Contains(t, problem(t, check()).Say, "needs it")
	j.Active = none
	// The newest one has gone, so the third is needed.
	require.NoError(t, backups.Remove(t.Context(), w.objects(t), ids[0], pruneTime))
	require.Contains(t, problem(t, check()).Say, "would stay by now")
}

// locking is a store that keeps the archives of some backups locked.
type locking struct {
	objects.Store
	until map[string]time.Time
}

func (l *locking) Stat(ctx context.Context, key string) (objects.Info, error) {
	info, err := l.Store.Stat(ctx, key)
	for id, until := range l.until {
		if strings.Contains(key, id) {
			info.LockedUntil, info.Held = until, until.IsZero()
		}
	}
	return info, err
}

func TestPruneLeavesWhatTheStoreLocks(t *testing.T) {
	w := newWorld(t)
	ids := w.plant(t, 6)
	store := &locking{w.objects(t), map[string]time.Time{ids[2]: pruneTime.Add(time.Hour), ids[3]: {}, ids[4]: pruneTime.Add(-time.Hour)}}
	j := pruning(store, none)
	r := w.runner(t, []jobs.Kind{j.Kind()}, atPruneTime)
	start(t, r)
	run := proposed(t, j, r)
	_, err := r.Approve(t.Context(), run.ID, run.Plan.Hash, bo)
	require.NoError(t, err)
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Succeeded, run.Status, run.Reason)
	require.Equal(t, ids[:4], w.there(t))
	card := fmt.Sprint(r.Card(run).Parts)
	require.Contains(t, card, "is locked by the store until "+chat.Time(pruneTime.Add(time.Hour)))
	require.Contains(t, card, "is held by the store with no end")
}

// lethalStore kills the process at its n-th deletion, before it or after.
type lethalStore struct {
	objects.Store
	n    int32
	seen atomic.Int32
}

func (l *lethalStore) Delete(ctx context.Context, key string) error {
	now := l.seen.Add(1)
	if now*2 == l.n {
		die()
	}
	err := l.Store.Delete(ctx, key)
	if now*2+1 == l.n {
		die()
	}
	return err
}

// pruneUntilKilled is the worker process of TestPruneKilledAtEveryDeletion.
func pruneUntilKilled(dir, n string) error {
	at, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	ctx := context.Background()
	memory, err := state.OpenSQLite(ctx, filepath.Join(dir, "state.db"))
	if err != nil {
		return err
	}
	folder, err := objects.NewFolder(filepath.Join(dir, "objects"))
	if err != nil {
		return err
	}
	j := pruning(&lethalStore{Store: folder, n: int32(at)}, none)
	r, err := jobs.New(jobs.Options{Store: memory, Events: events.New(memory), Kinds: []jobs.Kind{j.Kind()}, LeaseTTL: 2 * time.Second,
		Poll: 5 * time.Millisecond, Log: quiet, Now: func() time.Time { return pruneTime }})
	if err != nil {
		return err
	}
	list, err := r.List(ctx, jobs.Filter{})
	if err != nil || len(list) != 1 {
		return fmt.Errorf("%d runs: %w", len(list), err)
	}
	if _, err := r.Approve(ctx, list[0].ID, list[0].Plan.Hash, bo); err != nil {
		return err
	}
	run, err := r.RunOnly(ctx, list[0].ID)
	if err == nil && run.Status != jobs.Succeeded {
		err = errors.New(run.Reason)
	}
	return errors.Join(err, memory.Close())
}

func TestPruneKilledAtEveryDeletion(t *testing.T) {
	if testing.Short() {
		t.Skip("processes die one after another; TestKilledAtRandom has what goes on at once")
	}
	for n := 2; n < 2+2*6; n++ { // two backups of three objects go
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			w := newWorld(t)
			ids := w.plant(t, 4)
			j := pruning(w.objects(t), none)
			r := w.runner(t, []jobs.Kind{j.Kind()}, atPruneTime)
			run := proposed(t, j, r)
			cmd, err := process(w.dir, "prune", strconv.Itoa(n))
			require.NoError(t, err)
			require.ErrorContains(t, cmd.Run(), "killed")
			for _, id := range w.there(t) { // what there is counts: nothing is there by half
				require.Contains(t, ids, id)
			}
			start(t, r)
			run = ended(t, r, run.ID)
			require.Equal(t, jobs.Succeeded, run.Status, run.Reason)
			require.Equal(t, ids[:2], w.there(t))
			found, err := w.objects(t).List(t.Context(), "")
			require.NoError(t, err)
			require.Len(t, found, 2*3)
		})
	}
}

func TestPlanOfAThousandIsBounded(t *testing.T) {
	var entries []backups.Entry
	for i := range 1000 {
		at := pruneTime.Add(-time.Duration(i) * 7 * time.Hour)
		name := fmt.Sprintf("database-with-a-long-name-%02d", i%40)
		entries = append(entries, backups.Entry{
			Manifest:     backups.Manifest{Format: 1, ID: backups.NewID(name, at), Database: name, Started: at},
			Verification: &backups.Verification{OK: true}, Stored: 1 << 30})
	}
	j := pruning(newWorld(t).objects(t), none)
	run, err := j.New(nil, backups.Decide(entries, j.Policy, nil, pruneTime))
	require.NoError(t, err)
	r := newWorld(t).runner(t, []jobs.Kind{j.Kind()}, atPruneTime)
	run, err = r.Submit(t.Context(), run)
	require.NoError(t, err)
	size := 0
	for _, part := range r.Card(run).Parts {
		size += len(fmt.Sprint(part))
	}
	require.Less(t, size, 5000)
	require.Contains(t, fmt.Sprint(r.Card(run).Parts), "20 other databases")
	list, err := jobs.PruneList(run)
	require.NoError(t, err)
	require.Equal(t, 1000, strings.Count(list, "\n"))
	require.Equal(t, 1000-80, strings.Count(list, "REMOVE"))
}
