package bot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

func TestSaid(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	_, err := speaker.Identity(t.Context())
	require.NoError(t, err)
	began := time.Now().Add(-time.Second)
	ts, err := s.alice.Share(s.ops, "", "the graph", "graph.png", []byte("png"))
	require.NoError(t, err)
	reply, err := s.bob.SayInThread(s.ops, ts, "in the thread")
	require.NoError(t, err)
	require.NoError(t, s.bob.Edit(s.ops, reply, "in the thread, mended"))
	own, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "mine"})
	require.NoError(t, err)

	one, found, err := speaker.Said(t.Context(), chat.Ref{Channel: s.ops, TS: ts})
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "the graph", one.Text)
	require.Equal(t, s.alice.ID(), one.User)
	require.Equal(t, ts, one.Thread)
	require.WithinDuration(t, time.Now(), one.When(), time.Minute)
	require.Equal(t, bot.File{ID: one.Files[0].ID, Name: "graph.png", Title: "graph.png", Type: "image/png", Size: 3, URL: one.Files[0].URL}, one.Files[0])

	require.NoError(t, s.alice.React(s.ops, reply, "pushpin"))
	require.NoError(t, speaker.React(t.Context(), chat.Ref{Channel: s.ops, TS: reply}, "pushpin"))
	one, found, err = speaker.Said(t.Context(), chat.Ref{Channel: s.ops, TS: reply})
	require.NoError(t, err)
	require.True(t, found, "also within a thread")
	require.Equal(t, map[string]int{"pushpin": 1}, one.Reactions, "the bot's own does not count")
	require.Equal(t, "in the thread, mended", one.Text)
	require.True(t, one.Edited)
	require.Equal(t, ts, one.Thread)
	one, _, err = speaker.Said(t.Context(), own)
	require.NoError(t, err)
	require.True(t, one.Own)

	require.NoError(t, s.bob.Delete(s.ops, reply))
	for _, gone := range []string{reply, "1700000000.000100"} {
		_, found, err = speaker.Said(t.Context(), chat.Ref{Channel: s.ops, TS: gone})
		require.NoError(t, err)
		require.False(t, found)
	}
	_, _, err = speaker.Said(t.Context(), chat.Ref{Channel: s.server.AddChannelWithoutBot("far", s.alice.ID()), TS: ts})
	require.Equal(t, "not_in_channel", bot.Code(err))

	all, more, err := speaker.History(t.Context(), s.ops, began, time.Time{}, 10)
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, []string{"the graph", "mine"}, texts(all))
	all, _, err = speaker.History(t.Context(), s.ops, bot.When(own.TS), time.Time{}, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"mine"}, texts(all))
	all, _, err = speaker.History(t.Context(), s.ops, time.Time{}, bot.When(ts), 10)
	require.NoError(t, err)
	require.Equal(t, []string{"the graph"}, texts(all))
}

func TestHistoryIsBounded(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	root, err := s.alice.Say(s.ops, "0")
	require.NoError(t, err)
	for n := 1; n <= 450; n++ {
		_, err := s.alice.Say(s.ops, fmt.Sprint(n))
		require.NoError(t, err)
		_, err = s.alice.SayInThread(s.ops, root, fmt.Sprint("re ", n))
		require.NoError(t, err)
	}
	all, more, err := speaker.History(t.Context(), s.ops, time.Time{}, time.Time{}, 420)
	require.NoError(t, err)
	require.True(t, more)
	require.Equal(t, "31", all[0].Text)
	require.Equal(t, "450", all[419].Text)
	all, more, err = speaker.History(t.Context(), s.ops, time.Time{}, time.Time{}, 451)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, all, 451)
	all, more, err = speaker.Replies(t.Context(), chat.Ref{Channel: s.ops, TS: root}, 250)
	require.NoError(t, err)
	require.True(t, more)
	require.Equal(t, "0", all[0].Text)
	require.Equal(t, "re 249", all[249].Text)
	_, _, err = speaker.Replies(t.Context(), chat.Ref{Channel: s.ops, TS: "1.000001"}, 5)
	require.Equal(t, "thread_not_found", bot.Code(err))
}

func TestWhen(t *testing.T) {
	require.Equal(t, time.UnixMicro(1_700_000_000_000_100).UTC(), bot.When("1700000000.000100"))
	require.Equal(t, time.Unix(1_700_000_000, 0).UTC(), bot.When("1700000000"))
	require.Equal(t, time.UnixMicro(1_700_000_000_500_000).UTC(), bot.When("1700000000.5"))
	require.True(t, bot.When("soon").IsZero())
}

func texts(all []bot.Said) (found []string) {
	for _, one := range all {
		found = append(found, one.Text)
	}
	return found
}
