package bot_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
)

func TestEachRequestIsHandledOnce(t *testing.T) {
	for name, trouble := range map[string]func(f *slack.Faults){
		"repeats": func(f *slack.Faults) { f.RepeatEnvelopes(3) },
		"late":    func(f *slack.Faults) { f.DelayEnvelopes(300 * time.Millisecond) },
		"rate limits": func(f *slack.Faults) {
			f.RateLimit("chat.postMessage", 2, time.Second)
			f.RateLimit("users.info", 2, time.Second)
		},
		"5xx":  func(f *slack.Faults) { f.ServerError("", 30, 503) },
		"lost": func(f *slack.Faults) { f.LoseAnswers("chat.postMessage", 10) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t).sqlite()
			n := &tally{}
			s.listen(counting(n))
			var people []*slack.Person
			for i := range 10 {
				people = append(people, s.server.As(s.server.AddUser(fmt.Sprint("person", i))))
			}
			trouble(s.server.Faults())
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					d, err := people[i%10].Slash(s.ops, fmt.Sprintf("/count w%02d", i))
					require.NoError(t, err)
					require.Less(t, d.Took, 2*time.Second)
				})
			}
			wg.Wait()
			for i := range 50 {
				s.message(s.ops, fmt.Sprintf("counted w%02d", i))
			}
			for i := range 50 {
				require.Equal(t, 1, n.get()[fmt.Sprintf("w%02d", i)])
				require.Equal(t, 1, s.count(s.ops, fmt.Sprintf("counted w%02d", i)))
			}
		})
	}
}

func TestSocketsAreReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		fault  func(f *slack.Faults)
		opened int // connections afterwards, with those of the start
	}{
		"one is warned":          {func(f *slack.Faults) { f.Disconnect("warning", 1) }, 3},
		"all are warned":         {func(f *slack.Faults) { f.Disconnect("warning", -1) }, 4},
		"all are refreshed":      {func(f *slack.Faults) { f.Disconnect("refresh_requested", -1) }, 4},
		"one is cut":             {func(f *slack.Faults) { f.DropSockets(1) }, 3},
		"one is closed":          {func(f *slack.Faults) { f.CloseSockets(1) }, 3},
		"all are cut":            {func(f *slack.Faults) { f.DropSockets(-1) }, 4},
		"one is half open":       {func(f *slack.Faults) { f.HalfOpen(1) }, 3},
		"opening fails at first": {func(f *slack.Faults) { f.ServerError("apps.connections.open", 2, 500); f.DropSockets(-1) }, 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.options.PingEvery = 300 * time.Millisecond
			n := &tally{}
			b, stop := s.listen(counting(n))
			<-b.Greeted()
			require.True(t, b.Ready())
			s.slash(s.alice, "/count before")
			c.fault(s.server.Faults())
			require.Eventually(t, func() bool { return len(s.calls("apps.connections.open")) == c.opened }, 10*time.Second, time.Millisecond)
			require.NoError(t, s.server.Faults().WaitSockets(s.soon(), 2))
			for i := range 4 {
				s.slash(s.alice, fmt.Sprint("/count after ", i))
			}
			s.message(s.ops, "counted after 3")
			for word, times := range n.get() {
				require.Equal(t, 1, times, word)
			}
			stop()
			require.False(t, b.Ready())
			require.Eventually(t, func() bool { return s.server.Faults().Sockets() == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

// TestNoGapWhenReplaced holds that the replacement is greeted before the old socket is closed.
func TestNoGapWhenReplaced(t *testing.T) {
	s := newStage(t)
	s.options.Connections = 1
	speaker, _ := s.speak()
	o := s.options
	n := &tally{}
	o.Slack, o.Store, o.Commands = speaker, s.store, []bot.Command{counting(n)}
	b, err := bot.New(o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { require.NoError(t, b.Run(ctx)) })
	defer wg.Wait()
	defer cancel()
	require.NoError(t, s.server.Faults().WaitSockets(s.soon(), 1))
	s.server.Faults().Delay("apps.connections.open", 1, 200*time.Millisecond)
	s.server.Faults().Disconnect("warning", 1)
	for i := range 20 {
		s.slash(s.alice, fmt.Sprint("/count w", i))
	}
	s.message(s.ops, "counted w19")
}

func TestEventsAreRepeatedAndHandledOnce(t *testing.T) {
	s := newStage(t)
	n := &tally{}
	s.options.On = []bot.Event{{Type: "message", Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
		r.Words = []string{r.Text}
		n.add(r)
		return bot.Reply{}, nil
	}}}
	s.server.Faults().DropAcks(6)
	s.listen(counting(n))
	for i := range 3 {
		_, err := s.alice.Say(s.ops, fmt.Sprint("hello ", i))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return len(n.get()) == 3 }, 10*time.Second, time.Millisecond)
	// Said while nobody listens, it comes when the bot is back.
	s.server.Faults().DropSockets(-1)
	_, err := s.alice.Say(s.ops, "hello 3")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return n.get()["hello 3"] == 1 }, 10*time.Second, time.Millisecond)
	for text, times := range n.get() {
		require.Equal(t, 1, times, text)
	}
}

// slowStore delays what changes envelopes.
type slowStore struct {
	state.Store
	insert      atomic.Int64 // nanoseconds
	failUpdates atomic.Bool
}

func (s *slowStore) Insert(ctx context.Context, records ...state.Record) error {
	if d := time.Duration(s.insert.Load()); d > 0 && records[0].Kind == "envelope" {
		time.Sleep(d) // a store that does not even look at the context
	}
	return s.Store.Insert(context.WithoutCancel(ctx), records...)
}

func (s *slowStore) Update(ctx context.Context, r state.Record) error {
	if s.failUpdates.Load() && r.Kind == "envelope" {
		return errors.New("the disk is full")
	}
	return s.Store.Update(ctx, r)
}

func TestSlowStore(t *testing.T) {
	s := newStage(t)
	slow := &slowStore{Store: s.store}
	s.store = slow
	n := &tally{}
	form := chat.Form{ID: "f", Title: "Form", Inputs: []chat.Input{{ID: "name", Label: "Name", Kind: chat.TextLine}}}
	c := counting(n)
	c.Words = []bot.Word{{Name: "form", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
		return bot.Reply{Form: &form, Message: &chat.Message{Summary: "a button", Parts: []chat.Part{
			chat.Text("a button"), chat.Actions{{Action: "press", Label: "Press"}}}}}, nil
	}}}
	handle := func(_ context.Context, r bot.Request) (bot.Reply, error) {
		r.Words = []string{r.Action}
		n.add(r)
		return bot.Reply{}, nil
	}
	c.Actions = []bot.Action{{Name: "press", Role: bot.Anyone, Run: handle}, {Name: "form:f", Role: bot.Anyone, Run: handle}}
	s.options.StoreWithin = 300 * time.Millisecond
	s.listen(c)
	s.slash(s.alice, "/count form")
	s.view(s.alice, "Form")
	button := s.message(s.ops, "a button")

	// Slow but in time: several at once are acknowledged in time too, because none waits for another.
	slow.insert.Store(int64(150 * time.Millisecond))
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() { require.Less(t, s.slash(s.alice, fmt.Sprint("/count in time ", i)).Took, 600*time.Millisecond) })
	}
	wg.Wait()
	for i := range 10 {
		s.message(s.ops, fmt.Sprint("counted in time ", i))
	}

	// Too slow: refused in plain words, and never done, although the record lands in the end.
	slow.insert.Store(int64(700 * time.Millisecond))
	d := s.slash(s.alice, "/count too late")
	require.Less(t, d.Took, 600*time.Millisecond)
	require.Contains(t, string(d.AckPayload), "nothing was done")
	require.Equal(t, s.alice.ID(), s.message(s.ops, "nothing was done").EphemeralTo)
	require.NoError(t, s.alice.Fill(map[string]any{"name": "x"}))
	err := s.alice.Submit()
	require.ErrorContains(t, err, "nothing was done")
	require.Error(t, s.alice.Click(s.ops, button.TS, "press"), "a button that was not noted down was acknowledged")
	require.Eventually(t, func() bool { return s.count(s.ops, "nothing was done") == 2 }, 5*time.Second, time.Millisecond)
	refused := func() int {
		found, err := s.store.Query(t.Context(), state.Query{Kind: "envelope", Where: []state.Condition{{Field: "status", Op: state.Equal, Value: "refused"}}})
		require.NoError(t, err)
		return len(found)
	}
	require.Eventually(t, func() bool { return refused() == 3 }, 5*time.Second, time.Millisecond)
	slow.insert.Store(0)
	s.slash(s.alice, "/count after")
	s.message(s.ops, "counted after")
	require.Len(t, n.get(), 11)
	require.Empty(t, n.get()["too late"])
}

// TestWhatWasAcknowledgedIsDoneAfterACrash holds that a request which was stored and acknowledged, but not begun, is
// done by the next process.
func TestWhatWasAcknowledgedIsDoneAfterACrash(t *testing.T) {
	s := newStage(t).sqlite()
	broken := &slowStore{Store: s.store}
	broken.failUpdates.Store(true)
	sound := s.store
	s.store = broken
	n := &tally{}
	_, stop := s.listen(counting(n))
	for i := range 5 {
		s.slash(s.alice, fmt.Sprint("/count w", i))
	}
	stop()
	require.Empty(t, n.get())
	s.store = sound
	_, stop = s.listen(counting(n))
	for i := range 5 {
		s.message(s.ops, fmt.Sprint("counted w", i))
		require.Equal(t, 1, n.get()[fmt.Sprint("w", i)])
	}
	messages := s.server.Messages(s.ops)
	for i := range 5 {
		require.Contains(t, messages[i].Text, fmt.Sprint("w", i), "the oldest comes first")
	}
	stop()
	_, _ = s.listen(counting(n))
	s.slash(s.alice, "/count last")
	s.message(s.ops, "counted last")
	require.Len(t, n.get(), 6)
}

// TestShutdownLeavesWorkForTheNextStart holds that a handler which is cut off is begun again, with the same ID.
func TestShutdownLeavesWorkForTheNextStart(t *testing.T) {
	s := newStage(t)
	s.options.Grace = 100 * time.Millisecond
	began := make(chan string, 4)
	slow := bot.Command{Name: "slow", Role: bot.Anyone, Run: func(ctx context.Context, r bot.Request) (bot.Reply, error) {
		began <- r.ID
		<-ctx.Done()
		return bot.Reply{}, fmt.Errorf("do it slowly: %w", context.Cause(ctx))
	}}
	var ids []string
	for range 3 { // more often than the attempts that a crash may take
		_, stop := s.listen(slow)
		if len(ids) == 0 {
			s.slash(s.alice, "/slow")
		}
		ids = append(ids, <-began)
		stop()
	}
	require.Equal(t, ids[0], ids[1])
	require.Equal(t, ids[0], ids[2])
	slow.Run = says("done at last")
	s.listen(slow)
	s.message(s.ops, "done at last")
}

// TestHandlerThatEndsTheProcessIsGivenUp plays two crashes by a store that forgets the outcome of the handler.
func TestHandlerThatEndsTheProcessIsGivenUp(t *testing.T) {
	s := newStage(t)
	var handled atomic.Int64
	crashing := &slowStore{Store: s.store}
	s.store = crashing
	boom := bot.Command{Name: "boom", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
		handled.Add(1)
		crashing.failUpdates.Store(true) // nothing is noted from here on
		return bot.Reply{}, nil
	}}
	for i := range 2 {
		_, stop := s.listen(boom)
		if i == 0 {
			s.slash(s.alice, "/boom")
		}
		require.Eventually(t, func() bool { return handled.Load() == int64(i+1) }, 10*time.Second, time.Millisecond)
		stop()
		crashing.failUpdates.Store(false)
	}
	s.listen(boom)
	require.Equal(t, s.alice.ID(), s.message(s.ops, "so I gave it up").EphemeralTo)
	require.EqualValues(t, 2, handled.Load())
}

func TestOrderPerPersonAndChannel(t *testing.T) {
	s := newStage(t)
	n := make(chan string, 100)
	s.listen(bot.Command{Name: "order", Role: bot.Anyone, Run: says("x"), Else: &bot.Word{Role: bot.Anyone,
		Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
			if r.Words[0] == "0" {
				time.Sleep(50 * time.Millisecond)
			}
			n <- r.User.Name + " " + r.Words[0]
			return bot.Reply{}, nil
		}}})
	for i := range 10 {
		for _, p := range []*slack.Person{s.alice, s.bob} {
			s.slash(p, fmt.Sprint("/order ", i))
		}
	}
	next := map[string]int{}
	for range 20 {
		var name string
		var i int
		_, err := fmt.Sscan(<-n, &name, &i)
		require.NoError(t, err)
		require.Equal(t, next[name], i, name)
		next[name]++
	}
}

// TestTwoInstances holds that processes which share a store share the work, whichever gets an envelope or its repeat.
func TestTwoInstances(t *testing.T) {
	s := newStage(t).sqlite()
	n := &tally{}
	for _, name := range []string{"one", "two"} {
		s.options.Instance = name
		s.listen(counting(n))
	}
	require.NoError(t, s.server.Faults().WaitSockets(s.soon(), 4))
	s.server.Faults().RepeatEnvelopes(3)
	for i := range 20 {
		s.slash(s.alice, fmt.Sprint("/count w", i))
	}
	for i := range 20 {
		s.message(s.ops, fmt.Sprint("counted w", i))
	}
	require.Len(t, n.get(), 20)
	for word, times := range n.get() {
		require.Equal(t, 1, times, word)
	}
}

func TestOldEnvelopesAreForgotten(t *testing.T) {
	s := newStage(t)
	var days atomic.Int64
	s.options.Now = func() time.Time { return time.Now().Add(time.Duration(days.Load()) * 24 * time.Hour) }
	n := &tally{}
	_, stop := s.listen(counting(n))
	s.slash(s.alice, "/count w")
	s.message(s.ops, "counted w")
	stop()
	all := func() int {
		found, err := s.store.Query(t.Context(), state.Query{Kind: "envelope"})
		require.NoError(t, err)
		return len(found)
	}
	require.Equal(t, 1, all())
	days.Store(2)
	s.listen(counting(n))
	require.Eventually(t, func() bool { return all() == 0 }, 10*time.Second, 5*time.Millisecond)
}

func TestWrongTokens(t *testing.T) {
	for name, spoil := range map[string]func(o *bot.SlackOptions){
		"bot": func(o *bot.SlackOptions) { o.BotToken = "xoxb-0" },
		"app": func(o *bot.SlackOptions) { o.AppToken = "xapp-0" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			spoil(&s.slackOptions)
			speaker, _ := s.speak()
			b, err := bot.New(bot.Options{Slack: speaker, Store: s.store})
			require.NoError(t, err)
			err = b.Run(s.soon())
			requireProblem(t, err, "Slack does not accept my token (invalid_auth)")
		})
	}
}

// TestRepeatOfASlowEnvelope: a repeat that comes while the first copy is being stored shares its fate, also when its
// own insert would have been late.
func TestRepeatOfASlowEnvelope(t *testing.T) {
	a := bot.NewArrivals(time.Now)
	begun, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- a.Settle("envelope/1", true, func() error {
			close(begun)
			<-release
			return nil
		})
	}()
	<-begun
	second := make(chan error, 1)
	go func() {
		second <- a.Settle("envelope/1", true, func() error { return errors.New("too late") })
	}()
	close(release)
	require.NoError(t, <-first)
	require.NoError(t, <-second)
	require.False(t, a.Refused("envelope/1"))

	late := errors.New("too late")
	require.ErrorIs(t, a.Settle("envelope/2", true, func() error { return late }), late)
	require.ErrorIs(t, a.Settle("envelope/2", true, func() error { return nil }), late, "what was refused stays refused")
	require.True(t, a.Refused("envelope/2"))

	require.ErrorIs(t, a.Settle("event/1", false, func() error { return late }), late)
	require.NoError(t, a.Settle("event/1", false, func() error { return nil }), "Slack repeats events until one is taken")
}
