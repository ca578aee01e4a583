package bot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/sandbox/slack"
)

func TestPost(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	for _, name := range []string{"ops", "#ops", s.ops} {
		at, err := speaker.Post(t.Context(), name, chat.Message{Summary: "hello " + name})
		require.NoError(t, err)
		require.Equal(t, s.ops, at.Channel)
		require.Equal(t, at.TS, s.message(s.ops, "hello "+name).TS)
	}
	_, err := speaker.Post(t.Context(), "nowhere", chat.Message{Summary: "hello"})
	requireProblem(t, err, "can't see a channel named `nowhere`")

	s.server.AddChannelWithoutBot("far", s.alice.ID())
	s.server.Faults().RemoveScopes("chat:write.public")
	_, err = speaker.Post(t.Context(), "far", chat.Message{Summary: "hello"})
	requireProblem(t, err, "not in <#")
	require.Equal(t, "not_in_channel", bot.Code(err))

	at, err := speaker.Direct(t.Context(), s.alice.ID(), chat.Message{Summary: "psst"})
	require.NoError(t, err)
	require.Equal(t, s.alice.DM(), at.Channel)

	require.NoError(t, speaker.Whisper(t.Context(), s.ops, s.alice.ID(), chat.Message{Summary: "only you"}))
	require.Equal(t, s.alice.ID(), s.message(s.ops, "only you").EphemeralTo)

	link, err := speaker.Link(t.Context(), at)
	require.NoError(t, err)
	require.NotEmpty(t, link)
	require.NoError(t, speaker.Delete(t.Context(), at))
	require.NoError(t, speaker.Delete(t.Context(), at), "what is gone is gone")
	_, err = speaker.Home(t.Context(), s.alice.ID(), "", chat.Message{Summary: "home sweet home"})
	require.NoError(t, err)
	s.view(s.alice, "home sweet home")
}

func requireProblem(t *testing.T, err error, say string) {
	t.Helper()
	p, ok := errors.AsType[*chat.Problem](err)
	require.True(t, ok, "%v", err)
	require.Contains(t, p.Say+" "+p.Try, say)
}

func TestPostOncePerKey(t *testing.T) {
	s := newStage(t)
	speaker, stop := s.speak()
	m := chat.Message{Summary: "card", Key: "run/r-1"}
	first, err := speaker.Post(t.Context(), s.ops, m)
	require.NoError(t, err)
	again, err := speaker.Post(t.Context(), "ops", m)
	require.NoError(t, err)
	require.Equal(t, first, again)
	stop()
	other, _ := s.speak() // another process on the same store
	again, err = other.Post(t.Context(), "ops", m)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 1, s.count(s.ops, "card"))
}

// TestPostFindsWhatWasAccepted holds that a post whose answer was lost, by the network or by a crash, stands once.
func TestPostFindsWhatWasAccepted(t *testing.T) {
	s := newStage(t)
	thread, err := s.alice.Say(s.ops, "root")
	require.NoError(t, err)
	for name, m := range map[string]chat.Message{
		"keyed": {Summary: "keyed", Key: "k1"}, "free": {Summary: "free"}, "answer": {Summary: "answer", Key: "k2", Thread: thread},
	} {
		t.Run(name, func(t *testing.T) {
			speaker, _ := s.speak()
			s.server.Faults().LoseAnswers("chat.postMessage", 2)
			defer s.server.Faults().Reset()
			at, err := speaker.Post(t.Context(), s.ops, m)
			require.NoError(t, err)
			require.Equal(t, 1, s.count(s.ops, m.Summary))
			require.Equal(t, s.message(s.ops, m.Summary).TS, at.TS)
		})
	}
	t.Run("crash", func(t *testing.T) {
		m := chat.Message{Summary: "crashed", Key: "k3"}
		speaker, _ := s.speak()
		s.server.Faults().On("chat.postMessage", -1, slack.Trouble{Hang: true, Perform: true})
		s.server.Faults().Hang("conversations.history", -1)
		ctx, crash := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = speaker.Post(ctx, s.ops, m) }) // it fails, of course
		s.message(s.ops, "crashed")
		crash()
		wg.Wait()
		s.server.Faults().Reset()
		next, _ := s.speak()
		at, err := next.Post(t.Context(), s.ops, m)
		require.NoError(t, err)
		require.Equal(t, s.message(s.ops, "crashed").TS, at.TS)
		require.Equal(t, 1, s.count(s.ops, "crashed"))
	})
	t.Run("no history", func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		s.slackOptions.Report = func(_ context.Context, text string) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, text)
		}
		speaker, stop := s.speak()
		s.server.Faults().MissingScope("conversations.history")
		for i := range 3 {
			s.server.Faults().ServerError("chat.postMessage", 1, 503)
			_, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: fmt.Sprint("blind ", i), Key: fmt.Sprint("b", i)})
			require.NoError(t, err)
			require.Equal(t, 1, s.count(s.ops, fmt.Sprint("blind ", i)))
		}
		stop()
		require.Len(t, told, 1)
		require.Contains(t, told[0], "lack a permission")
	})
}

func TestALimitOfOneChannelHoldsUpNoOther(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	other := s.server.AddChannel("other", s.alice.ID())
	s.server.Faults().RateLimit("chat.postMessage", 1, time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	held := make(chan error, 1)
	go func() {
		_, err := speaker.Post(ctx, s.ops, chat.Message{Summary: "late"})
		held <- err
	}()
	require.Eventually(t, func() bool { return len(s.server.Calls()) > 0 }, s.wait(), tick, "the 429 goes to ops")
	_, err := speaker.Post(t.Context(), other, chat.Message{Summary: "at once"})
	require.NoError(t, err)
	stop()
	require.ErrorIs(t, <-held, context.Canceled)
	require.Zero(t, s.count(s.ops, "late"))
}

func TestPostWaitsOutTrouble(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	f := s.server.Faults()
	f.RateLimit("chat.postMessage", 1, time.Second)
	began := time.Now()
	_, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "late"})
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), time.Second, "Retry-After was not obeyed")
	require.Equal(t, 1, s.count(s.ops, "late"))

	f.ServerError("chat.postMessage", 1, 500)
	f.On("chat.postMessage", 1, slack.Trouble{Cut: true})
	f.Hang("chat.postMessage", 1)
	f.APIError("chat.postMessage", 1, "internal_error")
	_, err = speaker.Post(t.Context(), s.ops, chat.Message{Summary: "after all"})
	require.NoError(t, err)
	require.Equal(t, 1, s.count(s.ops, "after all"))
}

func TestPostRetriesUntilItsContextEnds(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	s.server.Faults().ServerError("chat.postMessage", -1, 503)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := speaker.Post(ctx, s.ops, chat.Message{Summary: "never"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	s.server.Faults().Reset()
	_, err = speaker.Post(t.Context(), s.ops, chat.Message{Summary: "fine"})
	require.NoError(t, err)
}

func TestChannelsKeepTheirOrder(t *testing.T) {
	s := newStage(t)
	speaker, run, _ := s.silent()
	channels := []string{s.ops, s.server.AddChannel("one"), s.server.AddChannel("two")}
	s.server.Faults().ServerError("chat.postMessage", 5, 503)
	var wg sync.WaitGroup
	for _, channel := range channels {
		for i := range 20 {
			wg.Go(func() {
				m := chat.Message{Summary: fmt.Sprintf("number %02d", i), Key: fmt.Sprint(i)}
				_, err := speaker.Post(t.Context(), channel, m)
				require.NoError(t, err)
			})
			require.Eventually(t, func() bool { return speaker.Queued(channel) == i+1 }, 10*time.Second, time.Millisecond)
		}
	}
	run()
	wg.Wait()
	for _, channel := range channels {
		messages := s.server.Messages(channel)
		require.Len(t, messages, 20)
		for i, m := range messages {
			require.Contains(t, m.Text, fmt.Sprintf("number %02d", i))
		}
	}
}

func TestEditsAreCoalesced(t *testing.T) {
	s := newStage(t)
	s.slackOptions.EditEvery = 100 * time.Millisecond
	speaker, _ := s.speak()
	at, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "state 0"})
	require.NoError(t, err)
	s.server.Faults().ServerError("chat.update", 2, 503)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			require.NoError(t, speaker.Edit(t.Context(), at, chat.Message{Summary: fmt.Sprint("state ", i+1)}))
		})
		waitEdits(t, speaker, at, i+1)
		time.Sleep(5 * time.Millisecond)
	}
	wg.Wait()
	require.Contains(t, s.message(s.ops, "state").Plain(), "state 50")
	var before time.Time
	updates := 0
	for _, c := range s.server.Calls() {
		if c.Method != "chat.update" {
			continue
		}
		updates++
		require.GreaterOrEqual(t, c.Time.Sub(before), 95*time.Millisecond, "two edits too near")
		before = c.Time
	}
	require.Less(t, updates, 10)
	require.Greater(t, updates, 2)
}

func TestEditErrors(t *testing.T) {
	s := newStage(t)
	speaker, stop := s.speak()
	err := speaker.Edit(t.Context(), chat.Ref{Channel: s.ops, TS: "1.000001"}, chat.Message{Summary: "x"})
	require.Equal(t, "message_not_found", bot.Code(err))
	at, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "old"})
	require.NoError(t, err)

	// A state whose caller has gone is delivered all the same, and so is the last one when the bot stops.
	s.server.Faults().ServerError("chat.update", 1, 503)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { waitEdits(t, speaker, at, 1); cancel() }()
	require.ErrorIs(t, speaker.Edit(ctx, at, chat.Message{Summary: "abandoned"}), context.Canceled)
	s.message(s.ops, "abandoned")
	var wg sync.WaitGroup
	wg.Go(func() { require.NoError(t, speaker.Edit(t.Context(), at, chat.Message{Summary: "last"})) })
	waitEdits(t, speaker, at, 2)
	stop()
	wg.Wait()
	require.Equal(t, 1, s.count(s.ops, "last"))
	require.ErrorIs(t, speaker.Edit(t.Context(), at, chat.Message{Summary: "too late"}), bot.ErrClosed)
	_, err = speaker.Post(t.Context(), s.ops, chat.Message{Summary: "too late"})
	require.ErrorIs(t, err, bot.ErrClosed)
}

// TestStopIsBounded holds that a Slack that never answers does not hold up the end.
func TestStopIsBounded(t *testing.T) {
	s := newStage(t)
	s.slackOptions.FlushWithin = 200 * time.Millisecond
	speaker, stop := s.speak()
	at, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "old"})
	require.NoError(t, err)
	s.server.Faults().ServerError("", -1, 503)
	var wg sync.WaitGroup
	wg.Go(func() { require.ErrorIs(t, speaker.Edit(t.Context(), at, chat.Message{Summary: "new"}), bot.ErrClosed) })
	wg.Go(func() {
		_, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "new"})
		require.ErrorIs(t, err, bot.ErrClosed)
	})
	waitEdits(t, speaker, at, 1)
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(s.server.Calls(), func(c slack.Call) bool { return c.Method == "chat.postMessage" && c.Status == 503 })
	}, 10*time.Second, time.Millisecond)
	began := time.Now()
	stop()
	wg.Wait()
	require.Less(t, time.Since(began), time.Minute, "it would try for ever")
}

func TestLongTextGoesIntoAFile(t *testing.T) {
	s := newStage(t)
	speaker, stop := s.speak()
	long := strings.Repeat("a line of the log\n", 3000)
	at, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "the log", Parts: []chat.Part{chat.Code(long)}})
	require.NoError(t, err)
	file := func() slack.Message {
		m, err := s.server.WaitMessage(s.soon(), s.ops, func(m slack.Message) bool { return len(m.Files) > 0 && m.ThreadTS == at.TS })
		require.NoError(t, err)
		return m
	}
	require.Equal(t, "rest.txt", file().Files[0].Name)

	require.NoError(t, speaker.Whisper(t.Context(), s.ops, s.alice.ID(), chat.Message{Summary: "yours", Parts: []chat.Part{chat.Code(long)}}))
	_, err = s.server.WaitMessage(s.soon(), s.alice.DM(), func(m slack.Message) bool { return len(m.Files) > 0 })
	require.NoError(t, err)

	// An edited message gets its file when it has come to rest, at the latest when the bot stops.
	card, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "card"})
	require.NoError(t, err)
	for i := range 3 {
		require.NoError(t, speaker.Edit(t.Context(), card, chat.Message{Summary: "card", Parts: []chat.Part{chat.Code(fmt.Sprint(i, long))}}))
	}
	stop()
	files := 0
	for _, m := range s.server.Messages(s.ops) {
		if m.ThreadTS == card.TS {
			files += len(m.Files)
		}
	}
	require.Equal(t, 1, files)
}

func TestOptionalFailuresAreReportedOnce(t *testing.T) {
	s := newStage(t)
	var mu sync.Mutex
	told := map[string]int{}
	s.slackOptions.Report = func(_ context.Context, text string) {
		mu.Lock()
		defer mu.Unlock()
		told[text]++
	}
	speaker, stop := s.speak()
	s.server.Faults().Unknown("chat.getPermalink")
	s.server.Faults().MissingScope("usergroups.users.list")
	for range 3 {
		_, err := speaker.Link(t.Context(), chat.Ref{Channel: s.ops, TS: "1.1"})
		require.Error(t, err)
		speaker.Try(t.Context(), "link the message", err)
		_, err = speaker.UserGroupMembers(t.Context(), "S1")
		speaker.Try(t.Context(), "read the group", err)
		speaker.Try(t.Context(), "nothing", nil)
	}
	// Without files:write a long message is posted all the same.
	s.server.Faults().RemoveScopes("files:write")
	for range 2 {
		_, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "s", Parts: []chat.Part{chat.Text(strings.Repeat("long ", 9000))}})
		require.NoError(t, err)
	}
	stop()
	require.Len(t, told, 3, "%v", told)
	for text, n := range told {
		require.Equal(t, 1, n, text)
		require.True(t, strings.HasPrefix(text, "I could not "), text)
	}
}

func TestPrivateChannelsWithoutScope(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	s.server.Faults().RemoveScopes("groups:read")
	id, err := speaker.ChannelID(t.Context(), "ops")
	require.NoError(t, err)
	require.Equal(t, s.ops, id)
}

func TestNoSecretInErrors(t *testing.T) {
	s := newStage(t)
	s.slackOptions.BotToken = "xoxb-wrong-secret"
	s.slackOptions.APIURL = s.server.APIURL()
	speaker, _ := s.speak()
	_, err := speaker.Identity(t.Context())
	requireProblem(t, err, "does not accept my token")
	require.NotContains(t, err.Error(), "secret")
	s.slackOptions.APIURL = "http://127.0.0.1:1/api/"
	speaker, _ = s.speak()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = speaker.Identity(ctx)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func waitEdits(t *testing.T, s *bot.Slack, at chat.Ref, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return s.Edited(at) >= n }, 10*time.Second, time.Millisecond)
}
