package health

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/events"
)

// dying is the way to Slack of a process that dies at one of its calls: before it arrives, or after it, with the answer
// lost.
type dying struct {
	left    atomic.Int64
	arrives bool
	die     func()
}

func (d *dying) RoundTrip(r *http.Request) (*http.Response, error) {
	if left := d.left.Add(-1); left > 0 {
		return http.DefaultTransport.RoundTrip(r)
	} else if left == 0 && d.arrives {
		if answer, err := http.DefaultTransport.RoundTrip(r); err == nil {
			_ = answer.Body.Close()
		}
	}
	d.die()
	return nil, errors.New("the process is dead")
}

// life is one process that goes on with the story from where the clock stands; it answers whether it died.
func (w *ward) life(way *dying, until time.Time) (died bool) {
	w.t.Helper()
	ctx, die := context.WithCancel(w.t.Context())
	defer die()
	way.die = die
	voice := bot.NewSlack(bot.SlackOptions{BotToken: w.server.BotToken(), AppToken: w.server.AppToken(), APIURL: w.server.APIURL(), Store: w.o.Store,
		EditEvery: time.Millisecond, FlushWithin: time.Millisecond, HTTPClient: &http.Client{Transport: way}})
	ended := make(chan error, 1)
	go func() { ended <- voice.Run(ctx) }()
	defer func() {
		die()
		require.NoError(w.t, <-ended)
	}()
	o := w.o
	o.Slack = voice
	m := New(o)
	for {
		next, err := m.Step(ctx)
		if ctx.Err() != nil {
			return true
		}
		require.NoError(w.t, err)
		w.mu.Lock()
		over := next.After(until)
		if w.clock = next; over {
			w.clock = until
		}
		w.mu.Unlock()
		if over {
			_, err := m.Step(ctx)
			if ctx.Err() == nil {
				require.NoError(w.t, err)
			}
			return ctx.Err() != nil
		}
	}
}

// tale is a trouble from its beginning to its end: raised, called again, acknowledged, over.
func (w *ward) tale(way *dying) (deaths int) {
	w.t.Helper()
	through := func(d time.Duration) {
		for until := w.now().Add(d); w.life(way, until); deaths++ {
			way.left.Store(1 << 40)
		}
	}
	w.fails("api", "answered 503 instead of 200")
	through(65 * time.Minute)
	_, err := w.Decide(w.t.Context(), w.only().ID, w.act("ack"), func(a *Alert) error { return a.Acknowledge(w.act("ack")) })
	require.NoError(w.t, err)
	through(12 * time.Minute)
	w.heals("api")
	through(25 * time.Minute)
	return deaths
}

// TestKilledAtEachCall holds that each thing is said once and ends the same, whichever call to Slack was the last of a
// process.
func TestKilledAtEachCall(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes die one after another")
	}
	t.Parallel()
	every := func(w *ward) {
		w.o.Rules.Checks[0].Every, w.o.LeaseTTL = 10*time.Minute, 300*time.Millisecond // what a dead process holds is waited for
		w.o.Rules.Checks[0].Repeat = 30 * time.Minute
	}
	whole := newWard(t, every, "api")
	calm := &dying{}
	calm.left.Store(1 << 40)
	require.Zero(t, whole.tale(calm))
	want := whole.said("ops")
	require.Len(t, want, 3, "the alert, a call, and that it is over")
	for calls := int64(1); ; calls++ {
		more := false
		for _, arrives := range []bool{false, true} {
			t.Run(fmt.Sprintf("call %d, arrived %t", calls, arrives), func(t *testing.T) {
				w := newWard(t, every, "api")
				way := &dying{arrives: arrives}
				way.left.Store(calls)
				more = w.tale(way) > 0
				require.Equal(t, strings.Join(want, "\n\n"), strings.Join(w.said("ops"), "\n\n"))
				found, err := w.o.Events.Query(t.Context(), events.Filter{})
				require.NoError(t, err)
				require.Len(t, found, 3)
			})
		}
		if !more || t.Failed() {
			return
		}
		require.Less(t, calls, int64(40))
	}
}
