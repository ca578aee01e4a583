package commands_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

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

// plantBackups takes n verified backups of a small database under the name orders, one for each of the last days.
func plantBackups(ctx context.Context, dir string, n int) (err error) {
	server, err := mongo.Start(mongo.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	client, err := driver.Connect(ctx, options.Client().ApplyURI(server.URI("")))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Disconnect(ctx)) }()
	if _, err = client.Database("shop").Collection("orders").InsertOne(ctx, bson.D{{Key: "_id", Value: 1}}); err != nil {
		return err
	}
	db, err := databases.Open(ctx, "orders", server.URI("shop"), databases.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	store, err := objects.NewFolder(filepath.Join(dir, "objects"))
	if err != nil {
		return err
	}
	for day := range n {
		at := time.Now().Add(-time.Hour).AddDate(0, 0, -day)
		id := backups.NewID("orders", at)
		if _, err = backups.Full(ctx, db, store, backups.FullOptions{ID: id, Now: func() time.Time { return at }}); err != nil {
			return err
		}
		if _, err = backups.Verify(ctx, store, id, nil); err != nil {
			return err
		}
	}
	return nil
}

// plantRuns leaves n cancelled runs of the last weeks in the state, and with them three times as many events.
func plantRuns(ctx context.Context, dir string, n int) (err error) {
	store, err := state.OpenSQLite(ctx, filepath.Join(dir, "opsbot.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	at := time.Now().AddDate(0, 0, -60)
	runner, err := jobs.New(jobs.Options{Store: store, Events: events.New(store), Now: func() time.Time { return at },
		Kinds: []jobs.Kind{{Name: jobs.VerifyKind, Work: func(context.Context, *jobs.Task) error { return nil }}}})
	if err != nil {
		return err
	}
	for i := range n {
		at = at.Add(time.Hour)
		by := chat.User{ID: "U0OLD", Name: "old"}
		run, err := runner.Submit(ctx, jobs.Run{Kind: jobs.VerifyKind, Title: fmt.Sprintf("Old run number %d", i), Request: fmt.Sprint("old/", i),
			By: by, Source: jobs.FromTerminal, Args: []byte("{}"), Targets: []string{"database/orders"}})
		if err != nil {
			return err
		}
		if _, err = runner.Cancel(ctx, run.ID, by); err != nil {
			return err
		}
	}
	return nil
}
