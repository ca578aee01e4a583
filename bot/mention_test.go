package bot_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// TestMentionInThread holds that everything that a mention in a thread leads to stays there: the answer, the problem, and
// what a form that was opened by its button says.
func TestMentionInThread(t *testing.T) {
	s := newStage(t)
	s.listen(asking(says("answered by the form")), bot.Command{Name: "hello", Role: bot.Anyone, Run: says("hello to all"),
		Words: []bot.Word{{Name: "quietly", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{Message: &chat.Message{Summary: "hello to you", Private: true}}, nil
		}}}})
	root, err := s.alice.Say(s.ops, "something is wrong")
	require.NoError(t, err)
	ask := func(words string) {
		t.Helper()
		_, err := s.alice.SayInThread(s.ops, root, "<@"+s.server.BotUserID()+"> "+words)
		require.NoError(t, err)
	}
	inThread := func(text string) slack.Message {
		t.Helper()
		m := s.message(s.ops, text)
		require.Equal(t, root, m.ThreadTS, m.Plain())
		return m
	}
	ask("hello")
	require.False(t, inThread("hello to all").Ephemeral)
	ask("hello quietly")
	require.True(t, inThread("hello to you").Ephemeral)
	ask("helo")
	inThread("Did you mean `hello`?")
	ask("ask")
	button := inThread("Your form is ready")
	require.NoError(t, s.alice.Click(s.ops, button.TS, "Open the form"))
	s.view(s.alice, "Reason")
	require.NoError(t, s.alice.Fill(map[string]any{"database": "users", "reason": "x"}))
	require.NoError(t, s.alice.Submit())
	inThread("answered by the form")
}
