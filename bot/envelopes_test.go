package bot_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
)

// slowed makes every write of a store take longer, however many there are at once.
type slowed struct {
	state.Store
	by time.Duration
}

func (s *slowed) Insert(ctx context.Context, records ...state.Record) error {
	time.Sleep(s.by)
	return s.Store.Insert(ctx, records...)
}

func (s *slowed) Update(ctx context.Context, r state.Record) error {
	time.Sleep(s.by)
	return s.Store.Update(ctx, r)
}

func (s *slowed) Delete(ctx context.Context, kind, id string, version int64) error {
	time.Sleep(s.by)
	return s.Store.Delete(ctx, kind, id, version)
}

// crowd is many people in many channels who use a workspace at a steady pace.
type crowd struct {
	people   []*slack.Person
	channels []string
}

func newCrowd(server *slack.Server) *crowd {
	c := &crowd{}
	ids := []string{}
	for i := range 50 {
		ids = append(ids, server.AddUser(fmt.Sprint("person", i)))
		c.people = append(c.people, server.As(ids[i]))
	}
	for i := range 10 {
		c.channels = append(c.channels, server.AddChannel(fmt.Sprint("channel", i), ids...))
	}
	return c
}

// ask sends n commands /count N, one each pace whether or not the ones before were acknowledged, and answers how long
// each acknowledgement took. An unacknowledged one is an error.
func (c *crowd) ask(n int, pace time.Duration) ([]time.Duration, error) {
	took, faults := make([]time.Duration, n), make([]error, n)
	var wait sync.WaitGroup
	begin := time.Now()
	for i := range n {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * pace)))
		wait.Go(func() {
			// 50 and 10 have a common divisor, so the channel moves on by one with each round of people.
			at := (i + i/len(c.people)) % len(c.channels)
			d, err := c.people[i%len(c.people)].Slash(c.channels[at], fmt.Sprint("/count ", i))
			if err == nil && d.AckPayload != nil {
				err = fmt.Errorf("command %d was refused: %s", i, d.AckPayload)
			}
			took[i], faults[i] = d.Took, err
		})
	}
	wait.Wait()
	for _, err := range faults {
		if err != nil {
			return nil, err
		}
	}
	return took, nil
}

// ours is a bot with its state in a file and a crowd that uses it.
type ours struct {
	*crowd
	store   state.Store
	events  *events.Log
	handled []atomic.Int64 // by the number of the command
	done    atomic.Int64
}

func newOurs(tb testing.TB, n int, slowBy time.Duration) *ours {
	server := workspace(tb)
	o := &ours{crowd: newCrowd(server), handled: make([]atomic.Int64, n)}
	file, err := state.OpenSQLite(tb.Context(), filepath.Join(tb.TempDir(), "state.db"))
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, file.Close()) })
	o.store = file
	if slowBy > 0 {
		o.store = &slowed{file, slowBy}
	}
	o.events = events.New(o.store)
	speaker := bot.NewSlack(bot.SlackOptions{BotToken: server.BotToken(), AppToken: server.AppToken(), APIURL: server.APIURL(), Store: o.store})
	count := bot.Command{Name: "count", Role: bot.Anyone, Run: says("x"), Else: &bot.Word{Role: bot.Anyone, Run: o.handle}}
	b, err := bot.New(bot.Options{Slack: speaker, Store: o.store, Events: o.events, Commands: []bot.Command{count}})
	require.NoError(tb, err)
	running(tb, speaker.Run)
	running(tb, b.Run)
	require.NoError(tb, server.Faults().WaitSockets(tb.Context(), 2))
	return o
}

func (o *ours) handle(_ context.Context, r bot.Request) (bot.Reply, error) {
	var i int
	if _, err := fmt.Sscan(r.Words[0], &i); err != nil {
		return bot.Reply{}, err
	}
	o.handled[i].Add(1)
	o.done.Add(1)
	return bot.Reply{}, nil
}

// settled waits until all is done, then holds that each command was stored, recorded and done once.
func (o *ours) settled(tb testing.TB, n int) {
	byStatus := func(status string) int {
		found, err := o.store.Query(tb.Context(), state.Query{Kind: "envelope", Where: []state.Condition{{Field: "status", Op: state.Equal, Value: status}}})
		require.NoError(tb, err)
		return len(found)
	}
	require.Eventually(tb, func() bool { return o.done.Load() >= int64(n) && byStatus("done") == n }, 10*time.Minute, 100*time.Millisecond)
	for i := range o.handled[:n] {
		require.EqualValues(tb, 1, o.handled[i].Load(), "command %d", i)
	}
	all, err := o.store.Query(tb.Context(), state.Query{Kind: "envelope"})
	require.NoError(tb, err)
	require.Len(tb, all, n)
	report, err := o.events.Verify(tb.Context())
	require.NoError(tb, err)
	require.True(tb, report.OK(), report.Fault)
	require.EqualValues(tb, n, report.Events)
}

// theirs is slack-go's client with its handler loop, once for each of two sockets, and a crowd that uses it.
type theirs struct {
	*crowd
	handled atomic.Int64
}

func newTheirs(tb testing.TB) *theirs {
	server := workspace(tb)
	u := &theirs{crowd: newCrowd(server)}
	for range 2 {
		api := slackgo.New(server.BotToken(), slackgo.OptionAPIURL(server.APIURL()), slackgo.OptionAppLevelToken(server.AppToken()))
		client := socketmode.New(api, socketmode.OptionLog(log.New(io.Discard, "", 0)))
		handler := socketmode.NewSocketmodeHandler(client)
		handler.HandleSlashCommand("/count", func(e *socketmode.Event, c *socketmode.Client) {
			if err := c.Ack(*e.Request); err != nil {
				tb.Error(err)
			}
			u.handled.Add(1)
		})
		running(tb, func(ctx context.Context) error {
			if err := handler.RunEventLoopContext(ctx); ctx.Err() == nil {
				return err
			}
			return nil
		})
	}
	require.NoError(tb, server.Faults().WaitSockets(tb.Context(), 2))
	return u
}

func workspace(tb testing.TB) *slack.Server {
	server, err := slack.Start(slack.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, server.Close()) })
	return server
}

// running runs until the test or benchmark ends.
func running(tb testing.TB, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := run(ctx); err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(func() { cancel(); wait.Wait() })
}

// TestEnvelopesWithASlowStore: what is slow is not lost, not refused and not done twice, and does not queue up.
func TestEnvelopesWithASlowStore(t *testing.T) {
	const n = 300
	o := newOurs(t, n, 300*time.Millisecond)
	_, err := o.ask(n, time.Millisecond)
	require.NoError(t, err)
	o.settled(t, n)
}

// BenchmarkEnvelopes has 200 commands a second come over two sockets, to our bot and, beside it in the same run, to
// slack-go's handler loop, which stores nothing. It reports the times from sending to acknowledgement at the median, at
// the 99th percentile and of the slowest in milliseconds, and how long the disk takes to sync. docs/performance.md has figures.
//
//	go test ./bot -run '^$' -bench Envelopes -benchtime 60s
func BenchmarkEnvelopes(b *testing.B) {
	b.Run("state as it is", func(b *testing.B) { benchmarkEnvelopes(b, 0) })
	b.Run("each write 500 ms slower", func(b *testing.B) { benchmarkEnvelopes(b, 500*time.Millisecond) })
}

func benchmarkEnvelopes(b *testing.B, slowBy time.Duration) {
	const pace = time.Second / 200
	us, them := newOurs(b, b.N, slowBy), newTheirs(b)
	syncs := syncTime(b)
	b.ResetTimer()
	var wait sync.WaitGroup
	var other []time.Duration
	var otherErr error
	wait.Go(func() { other, otherErr = them.ask(b.N, pace) })
	own, err := us.ask(b.N, pace)
	wait.Wait()
	b.StopTimer()
	require.NoError(b, err)
	require.NoError(b, otherErr)
	b.ReportMetric(milliseconds(syncs), "disk-sync-ms")
	begun := time.Now()
	us.settled(b, b.N)
	b.ReportMetric(time.Since(begun).Seconds(), "until-all-done-s")
	require.EqualValues(b, b.N, them.handled.Load())
	slices.Sort(own)
	slices.Sort(other)
	for _, at := range []struct {
		name string
		rank int
	}{{"p50", b.N / 2}, {"p99", b.N * 99 / 100}, {"max", b.N - 1}} {
		b.ReportMetric(milliseconds(own[at.rank]), at.name+"-ms")
		b.ReportMetric(milliseconds(other[at.rank]), "slack-go-"+at.name+"-ms")
		b.ReportMetric(float64(own[at.rank])/float64(other[at.rank]), at.name+"-ratio")
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// syncTime is the median time that the disk takes to sync a page, as SQLite has it do with each commit.
func syncTime(tb testing.TB) time.Duration {
	f, err := os.Create(filepath.Join(tb.TempDir(), "sync"))
	require.NoError(tb, err)
	defer f.Close()
	all := make([]time.Duration, 101)
	for i := range all {
		_, err := f.Write(make([]byte, 4096))
		require.NoError(tb, err)
		begun := time.Now()
		require.NoError(tb, f.Sync())
		all[i] = time.Since(begun)
	}
	slices.Sort(all)
	return all[len(all)/2]
}
