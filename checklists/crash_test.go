package checklists

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/state"
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

// life is a bot's, on the office's store, until its calls-th call to Slack or until nothing is due; it answers whether it has
// died before that.
func (o *office) life(calls int64) (died bool) {
	o.t.Helper()
	ctx, stop := context.WithCancel(o.t.Context())
	defer stop()
	way := &dying{die: stop}
	way.left.Store(calls)
	speaker := bot.NewSlack(bot.SlackOptions{BotToken: o.server.BotToken(), AppToken: o.server.AppToken(), APIURL: o.server.APIURL(),
		Store: o.o.Store, EditEvery: time.Millisecond, FlushWithin: time.Millisecond, HTTPClient: &http.Client{Transport: way}})
	options := o.o
	options.Slack = speaker
	desk := New(options)
	ended := make(chan error, 1)
	go func() { ended <- speaker.Run(ctx) }()
	for begun := time.Now(); errors.Is(desk.Step(ctx), state.ErrTaken) && ctx.Err() == nil; {
		require.Less(o.t, time.Since(begun), time.Minute, "somebody holds a lease for ever")
	}
	died = ctx.Err() != nil
	stop()
	require.NoError(o.t, <-ended)
	return died
}

// TestKilledAtEachCall holds that each thing is said once, whichever call to Slack was the last of a process.
func TestKilledAtEachCall(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes die one after another")
	}
	for calls := int64(1); ; calls++ {
		more := false
		t.Run(fmt.Sprintf("call %d", calls), func(t *testing.T) {
			o := newOffice(t, nil)
			lives := func() {
				for o.life(calls) {
					more = true
					if !o.life(1 << 40) {
						return
					}
				}
			}
			for day := range 2 {
				at := nine.Add(time.Duration(day) * 24 * time.Hour)
				o.clock.set(at)
				require.NoError(t, o.Scheduled(t.Context(), "daily", at, false))
				lives()
				for hour := 3; hour < 6; hour++ {
					o.clock.set(at.Add(time.Duration(hour) * time.Hour))
					lives()
				}
			}
			act := Act{Request: "d", By: o.anna, At: o.clock.Now()}
			_, err := o.Change(t.Context(), 2, act, func(l *List) error { return errors.Join(l.Tick(act, 2), l.Tick(act, 3), l.Finish(act)) })
			require.NoError(t, err)
			lives()

			said := o.said(false)
			require.Len(t, said, 6, "for each day the list, and two reminders in the channel: %s", strings.Join(said, "\n---\n"))
			require.Len(t, o.said(true), 2)
			require.Contains(t, said[0], "*Unfinished*: closed")
			require.Contains(t, said[1], "closed unfinished")
			require.Contains(t, said[3], "*Done* by")
			for _, text := range append(o.said(true), said[1], said[2], said[4], said[5]) {
				require.Contains(t, text, "was due")
				require.NotContains(t, text, "oncall")
			}
			count := map[string]int{}
			for _, what := range o.logged() {
				count[what]++
			}
			require.Equal(t, map[string]int{"checklist.opened": 2, "checklist.ticked": 4, "checklist.reminded": 6,
				"checklist.unfinished": 1, "checklist.done": 1}, count)
		})
		if !more || t.Failed() {
			require.Greater(t, calls, int64(2), "a posting takes more calls than that")
			return
		}
	}
}

// TestTwoDesksAtOnce holds that two processes with the same store say each thing once.
func TestTwoDesksAtOnce(t *testing.T) {
	o := newOffice(t, nil)
	other := bot.NewSlack(bot.SlackOptions{BotToken: o.server.BotToken(), AppToken: o.server.AppToken(), APIURL: o.server.APIURL(),
		Store: o.o.Store, EditEvery: time.Millisecond})
	o.run(other.Run)
	options := o.o
	options.Slack = other
	desks := []*Desk{o.Desk, New(options)}
	for _, d := range desks {
		o.run(d.Run)
	}
	for day := range 3 {
		at := nine.Add(time.Duration(day) * 24 * time.Hour)
		o.clock.set(at)
		var both sync.WaitGroup
		for _, d := range desks {
			both.Go(func() {
				if err := d.Scheduled(t.Context(), "daily", at, false); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		for hour := range 7 {
			o.clock.set(at.Add(time.Duration(hour) * time.Hour))
			o.rests()
		}
		both.Go(func() { o.tick(desks[0], day+1, 2) })
		both.Go(func() { o.tick(desks[1], day+1, 3) })
		both.Wait()
		o.rests()
	}
	said := o.said(false)
	require.Len(t, said, 9, strings.Join(said, "\n---\n"))
	require.Len(t, o.said(true), 3)
	lists, err := o.History(t.Context(), "daily", 0)
	require.NoError(t, err)
	require.Len(t, lists, 3)
	for _, l := range lists {
		require.Empty(t, l.Left(), "what both have ticked at once is ticked")
	}
}

// tick has anna choose an item as if she saw the list before anybody had ticked anything.
func (o *office) tick(d *Desk, number, item int) {
	act := Act{Request: fmt.Sprint("press ", number, item), By: o.anna, At: o.clock.Now()}
	act.By.ID += fmt.Sprint(item) // somebody else for each item
	if _, err := d.Change(o.t.Context(), number, act, func(l *List) error { return l.Choose(act, Group{}, []int{item}) }); err != nil {
		o.t.Error(err)
	}
}

// rests waits until nothing is due now.
func (o *office) rests() {
	o.t.Helper()
	require.Eventually(o.t, func() bool {
		lists, err := o.Since(o.t.Context(), time.Time{}, 0)
		require.NoError(o.t, err)
		for _, l := range lists {
			if !o.engine.Rests(l, o.clock.Now()) {
				return false
			}
		}
		return true
	}, 30*time.Second, 10*time.Millisecond)
}
