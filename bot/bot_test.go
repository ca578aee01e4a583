package bot_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
	"github.com/kampyn/opsbot/state/statetest"
)

// stage is a workspace with people, in which bots are started and stopped.
type stage struct {
	t      *testing.T
	server *slack.Server
	store  state.Store
	events *events.Log
	// alice is an operator, bob an approver, carol an admin, dave has no role.
	alice, bob, carol, dave *slack.Person
	ops                     string
	bots                    int // that run
	slackOptions            bot.SlackOptions
	options                 bot.Options
}

func newStage(t *testing.T) *stage {
	t.Parallel()
	server, err := slack.Start(slack.Options{EventRetries: []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	s := &stage{t: t, server: server, store: statetest.Memory()}
	s.alice, s.bob = server.As(server.AddUser("alice")), server.As(server.AddUser("bob"))
	s.carol, s.dave = server.As(server.AddUser("carol")), server.As(server.AddUser("dave"))
	s.ops = server.AddChannel("ops", s.alice.ID(), s.bob.ID(), s.carol.ID(), s.dave.ID())
	s.events = events.New(s.store)
	s.slackOptions = bot.SlackOptions{BotToken: server.BotToken(), AppToken: server.AppToken(), APIURL: server.APIURL(),
		EditEvery: 50 * time.Millisecond, CallWithin: time.Second, Log: testLog(t)}
	s.options = bot.Options{PingEvery: time.Second, Grace: 300 * time.Millisecond, Log: testLog(t), Roles: map[bot.Role][]string{
		bot.Operator: {s.alice.ID()}, bot.Approver: {s.bob.ID()}, bot.Admin: {s.carol.ID()}}}
	return s
}

// sqlite makes the stage's store a file.
func (s *stage) sqlite() *stage {
	store, err := state.OpenSQLite(s.t.Context(), filepath.Join(s.t.TempDir(), "state.db"))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, store.Close()) })
	s.store, s.events = store, events.New(store)
	return s
}

// testLog writes to the test's own output.
func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// silent makes a Slack that says nothing before run is called. It is stopped when the test ends, or by stop.
func (s *stage) silent() (speaker *bot.Slack, run, stop func()) {
	o := s.slackOptions
	o.Store = s.store
	speaker = bot.NewSlack(o)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	run = func() { wg.Go(func() { require.NoError(s.t, speaker.Run(ctx)) }) }
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	s.t.Cleanup(stop)
	return speaker, run, stop
}

// speak makes a Slack that runs.
func (s *stage) speak() (speaker *bot.Slack, stop func()) {
	speaker, run, stop := s.silent()
	run()
	return speaker, stop
}

// listen runs a bot with these commands until the test ends or stop is called, and waits until its sockets are open.
func (s *stage) listen(commands ...bot.Command) (b *bot.Bot, stop func()) {
	speaker, hush := s.speak()
	o := s.options
	o.Slack, o.Store, o.Events, o.Commands = speaker, s.store, s.events, append(commands, o.Commands...)
	b, err := bot.New(o)
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { require.NoError(s.t, b.Run(ctx)) })
	s.bots++
	stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		hush()
		s.bots--
		require.Eventually(s.t, func() bool { return s.server.Faults().Sockets() <= 2*s.bots }, s.wait(), tick)
	})
	s.t.Cleanup(stop)
	require.NoError(s.t, s.server.Faults().WaitSockets(s.soon(), 2))
	return b, stop
}

// soon is a context that ends when the test should long have gone on.
func (s *stage) soon() context.Context {
	ctx, cancel := context.WithTimeout(s.t.Context(), 15*time.Second)
	s.t.Cleanup(cancel)
	return ctx
}

// message waits for a message that contains text.
func (s *stage) message(channel, text string) slack.Message {
	s.t.Helper()
	m, err := s.server.WaitMessage(s.soon(), channel, func(m slack.Message) bool { return strings.Contains(m.Plain(), text) })
	require.NoError(s.t, err)
	return m
}

// view waits until a person's form or home contains text.
func (s *stage) view(p *slack.Person, text string) slack.View {
	s.t.Helper()
	v, err := s.server.WaitView(s.soon(), p.ID(), func(v slack.View) bool { return strings.Contains(v.Plain(), text) })
	require.NoError(s.t, err)
	return v
}

func (s *stage) slash(p *slack.Person, line string) slack.Delivery {
	s.t.Helper()
	d, err := p.Slash(s.ops, line)
	require.NoError(s.t, err)
	return d
}

// count answers how many messages of a channel contain text.
func (s *stage) count(channel, text string) int {
	n := 0
	for _, m := range s.server.Messages(channel) {
		if strings.Contains(m.Plain(), text) {
			n++
		}
	}
	return n
}

// calls answers how often a method was called with success.
func (s *stage) calls(method string) (all []slack.Call) {
	for _, c := range s.server.Calls() {
		if c.Method == method && c.Status == 200 && c.Error == "" {
			all = append(all, c)
		}
	}
	return all
}

func says(text string) bot.Handler {
	return func(context.Context, bot.Request) (bot.Reply, error) {
		return bot.Reply{Message: &chat.Message{Summary: text}}, nil
	}
}

// tally counts how often each request was handled.
type tally struct {
	mu  sync.Mutex
	all map[string]int
}

func (n *tally) add(r bot.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = map[string]int{}
	}
	n.all[strings.Join(r.Words, " ")]++
}

func (n *tally) get() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[string]int{}
	for k, v := range n.all {
		out[k] = v
	}
	return out
}

// counting is a command /count WORD that anyone may use; it answers "counted WORD".
func counting(n *tally) bot.Command {
	count := func(_ context.Context, r bot.Request) (bot.Reply, error) {
		n.add(r)
		return bot.Reply{Message: &chat.Message{Summary: "counted " + strings.Join(r.Words, " ")}}, nil
	}
	return bot.Command{Name: "count", Summary: "count things", Role: bot.Anyone, Run: count, Else: &bot.Word{Role: bot.Anyone, Run: count}}
}
