package incidents

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
)

// dying is a process's way to Slack: its last call arrives there, but the process does not live to see the answer.
type dying struct {
	left atomic.Int64
	die  func()
}

var errDead = errors.New("this process is dead")

func (d *dying) RoundTrip(r *http.Request) (*http.Response, error) {
	left := d.left.Add(-1)
	if left < 0 {
		return nil, errDead
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if left > 0 || err != nil {
		return answer, err
	}
	d.die()
	return nil, errors.Join(errDead, answer.Body.Close())
}

// life runs a bot on the workspace's store until its calls-th call to Slack, or until the incident is settled, and
// answers whether it has died before that.
func (w *workspace) life(number int, calls int64) (died bool) {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	way := &dying{die: stop}
	way.left.Store(calls)
	speaker := bot.NewSlack(bot.SlackOptions{BotToken: w.server.BotToken(), AppToken: w.server.AppToken(), APIURL: w.server.APIURL(),
		Store: w.o.Store, EditEvery: time.Millisecond, FlushWithin: time.Millisecond, HTTPClient: &http.Client{Transport: way}})
	options := w.o
	options.Slack, options.LeaseTTL = speaker, 400*time.Millisecond // what a dead process holds is waited for
	desk := New(options)
	ended := make(chan error, 2)
	go func() { ended <- speaker.Run(ctx) }()
	go func() { ended <- desk.Run(ctx) }()
	for begun := time.Now(); ctx.Err() == nil && !w.isSettled(number); time.Sleep(5 * time.Millisecond) {
		require.Less(w.t, time.Since(begun), time.Minute, "it does not come to rest")
	}
	died = ctx.Err() != nil
	stop()
	require.NoError(w.t, <-ended)
	require.NoError(w.t, <-ended)
	return died
}

func (w *workspace) isSettled(number int) bool {
	i, err := w.Get(w.t.Context(), number)
	require.NoError(w.t, err)
	return w.engine.Rests(i, time.Now().Add(time.Minute))
}

// TestKilledAtEachCall holds that each thing exists once, whichever call to Slack was the last of a process.
func TestKilledAtEachCall(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes die one after another")
	}
	for calls := int64(1); ; calls++ {
		more := false
		t.Run(fmt.Sprintf("call %d", calls), func(t *testing.T) {
			w := newWorkspace(t, nil)
			i := w.declare(Declaration{Title: "Payments fail", Severity: "sev1", Seen: "502"})
			more = w.life(i.Number, calls)
			if more {
				require.False(t, w.life(i.Number, 1<<40))
			}
			i = w.settled(i.Number)
			name := "inc-1-" + time.Now().UTC().Format("20060102") + "-payments-fail"
			require.Equal(t, i.Place.Channel, w.server.Channel(name))
			require.Empty(t, w.server.Channel(name+"-2"), "there is one channel")
			said := w.said(i.Place.Channel)
			require.Len(t, said, 2, "the card and what changed")
			require.Contains(t, said[0], "announcement")
			for _, channel := range []string{"incidents", "security", "stakeholders"} {
				require.Contains(t, w.only(channel), "<#"+i.Place.Channel, channel)
			}
			require.Len(t, w.said(w.server.As(w.anna.ID).DM()), 1)
			marks, err := w.slack.Bookmarks(t.Context(), i.Place.Channel)
			require.NoError(t, err)
			require.Len(t, marks, 2)
			made, err := w.slack.ChannelInfo(t.Context(), i.Place.Channel)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(made.Topic, "SEV1 | investigating"), made.Topic)
		})
		if !more || t.Failed() {
			require.Greater(t, calls, int64(15), "declaring takes more calls than that")
			return
		}
	}
}
