package events_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
	"github.com/kampyn/opsbot/state/statetest"
)

const (
	wait10s = 10 * time.Second
	tick    = time.Millisecond
)

// gate holds inserts back and counts them.
type gate struct {
	state.Store
	arrived chan int      // how many records come
	open    chan struct{} // lets one insert through
	fault   error
}

func (g *gate) Insert(ctx context.Context, records ...state.Record) error {
	g.arrived <- len(records)
	<-g.open
	if g.fault != nil {
		return g.fault
	}
	return g.Store.Insert(ctx, records...)
}

// TestOneInsertForAllThatWait: a slow store does not make a queue of the log.
func TestOneInsertForAllThatWait(t *testing.T) {
	g := &gate{Store: statetest.Memory(), arrived: make(chan int), open: make(chan struct{})}
	log := events.New(g)
	var wait sync.WaitGroup
	append1 := func(ctx context.Context, key string, want error) {
		wait.Go(func() {
			if _, err := log.Append(ctx, events.Event{Key: key, What: "test"}); !errors.Is(err, want) {
				t.Errorf("%s: %v", key, err)
			}
		})
	}
	append1(t.Context(), "first", nil)
	require.Equal(t, 1, <-g.arrived)
	for i := range 100 {
		append1(t.Context(), fmt.Sprint("next ", i/2), nil) // each key twice
	}
	require.Eventually(t, func() bool { return log.Waiting() == 100 }, wait10s, tick)
	over, end := context.WithCancel(t.Context())
	append1(over, "unwanted", context.Canceled)
	require.Eventually(t, func() bool { return log.Waiting() == 101 }, wait10s, tick)
	end()
	g.open <- struct{}{}
	require.Equal(t, 50, <-g.arrived)
	g.open <- struct{}{}
	wait.Wait()

	// A failed insert fails those who shared it, and the chain goes on behind what is there.
	g.fault = errors.New("the disk is full")
	append1(t.Context(), "lost", g.fault)
	require.Equal(t, 1, <-g.arrived)
	g.open <- struct{}{}
	wait.Wait()
	g.fault = nil
	append1(t.Context(), "last", nil)
	require.Equal(t, 1, <-g.arrived)
	g.open <- struct{}{}
	wait.Wait()
	report, err := events.New(g.Store).Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.OK(), report.Fault)
	require.EqualValues(t, 52, report.Events)
}
