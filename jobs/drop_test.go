package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/objects"
)

// A restored database that was put to use, so that it is configured by now, is no scratch any more.
func TestConfiguredDatabaseIsNotDropped(t *testing.T) {
	store, err := objects.NewFolder(t.TempDir())
	require.NoError(t, err)
	db, err := databases.Open(t.Context(), "orders", "mongodb://127.0.0.1:1/orders_restored", databases.Options{})
	require.NoError(t, err)
	drop := &jobs.Drop{Databases: []*databases.Database{db}, Store: store, Needs: 1, Lifetime: time.Hour, Now: time.Now}
	_, err = drop.New(t.Context(), "orders_restored")
	require.Contains(t, problem(t, err).Say, "is configured as `orders`")
	err = drop.Kind().Check(t.Context(), jobs.Run{Args: []byte(`{"database":"orders","name":"orders_restored"}`)})
	require.Contains(t, problem(t, err).Say, "is configured as `orders`", "it was configured after the plan was made")
}

// The step of work that was told to stop does not claim that something went wrong.
func TestStoppedStepIsNoFailure(t *testing.T) {
	w := newWorld(t)
	begun := make(chan struct{})
	r := w.runner(t, kind(func(ctx context.Context, task *jobs.Task) error {
		task.StartStep(0)
		close(begun)
		<-ctx.Done()
		err := errors.Join(ctx.Err(), errors.New("the connection is closed"))
		task.EndStep(0, err, "")
		return err
	}))
	start(t, r)
	run, err := r.Submit(t.Context(), backup("one"))
	require.NoError(t, err)
	<-begun
	_, err = r.Cancel(t.Context(), run.ID, bo)
	require.NoError(t, err)
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Cancelled, run.Status)
	require.Equal(t, jobs.Cancelled, run.Steps[0].Status)
	require.Empty(t, run.Steps[0].Note)
}
