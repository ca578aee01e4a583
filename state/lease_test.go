package state_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/state"
)

func TestLease(t *testing.T) {
	store, err := state.OpenSQLite(t.Context(), t.TempDir()+"/state.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	anna := state.NewLeases(store, "anna", time.Minute)
	ben := state.NewLeases(store, "ben", time.Minute)

	held, giveBack, err := anna.Take(t.Context(), "incident/7")
	require.NoError(t, err)
	require.NoError(t, held.Err())
	_, _, err = ben.Take(t.Context(), "incident/7")
	require.ErrorIs(t, err, state.ErrTaken)
	_, other, err := ben.Take(t.Context(), "incident/8")
	require.NoError(t, err)
	other()

	giveBack()
	require.ErrorIs(t, context.Cause(held), context.Canceled)
	_, again, err := ben.Take(t.Context(), "incident/7")
	require.NoError(t, err)
	again()
}

func TestLeaseOfADeadProcessIsFree(t *testing.T) {
	store, err := state.OpenSQLite(t.Context(), t.TempDir()+"/state.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	hung := state.NewLeases(store, "hung", 200*time.Millisecond)
	held, giveBack, err := hung.Take(t.Context(), "x")
	require.NoError(t, err)
	defer giveBack()

	// Somebody whose clock says that the lease has ended takes it; the first holder's context ends with its next renewal.
	leases := state.NewCollection[state.Lease](store, "lease", nil)
	_, err = leases.Change(t.Context(), "x", func(l *state.Lease) error {
		l.Owner, l.Token = "thief", l.Token+1
		return nil
	})
	require.NoError(t, err)
	<-held.Done()
	require.ErrorIs(t, context.Cause(held), state.ErrLost)
}
