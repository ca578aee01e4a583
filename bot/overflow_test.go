package bot_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// longMessage does not fit into a message of Slack, and has a button.
func longMessage(summary string) chat.Message {
	return chat.Message{Summary: summary, Uncut: "opsbot jobs show r-1", Parts: []chat.Part{chat.Text(summary),
		chat.Code(strings.Repeat("a line of the log\n", 3000)), chat.Actions{{Action: "run.cancel", Label: "Cancel"}}}}
}

// uploads counts the attempts to send a file.
func (s *stage) uploads() (n int) {
	for _, c := range s.server.Calls() {
		if c.Method == "files.getUploadURLExternal" {
			n++
		}
	}
	return n
}

// TestCutWithoutFiles holds that where Slack takes no files a long message says so, with the way to see all of it, and
// keeps its buttons.
func TestCutWithoutFiles(t *testing.T) {
	isCut := func(m slack.Message) bool {
		text := m.Plain()
		return strings.Contains(text, "It is cut here. I lack the permission `files:write`") && strings.Contains(text, "`opsbot jobs show r-1`") &&
			!strings.Contains(text, "thread") && !strings.Contains(text, "directly")
	}
	t.Run("learned from a post", func(t *testing.T) {
		s := newStage(t)
		speaker, _ := s.speak()
		s.server.Faults().RemoveScopes("files:write")
		at, err := speaker.Post(t.Context(), s.ops, longMessage("first"))
		require.NoError(t, err)
		shown := func(match func(slack.Message) bool) {
			t.Helper()
			m, err := s.server.WaitMessage(s.soon(), s.ops, func(m slack.Message) bool { return match(m) && isCut(m) })
			require.NoError(t, err)
			require.Contains(t, m.Plain(), "[Cancel]")
		}
		shown(func(m slack.Message) bool { return m.TS == at.TS })
		second, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "second"})
		require.NoError(t, err)
		require.NoError(t, speaker.Edit(t.Context(), second, longMessage("second")))
		shown(func(m slack.Message) bool { return m.TS == second.TS })
		require.NoError(t, speaker.Whisper(t.Context(), s.ops, s.alice.ID(), longMessage("third")))
		shown(func(m slack.Message) bool { return m.EphemeralTo == s.alice.ID() })
		require.Equal(t, 1, s.uploads(), "what was refused is not tried again at once")
	})
	t.Run("learned from an edit", func(t *testing.T) {
		s := newStage(t)
		speaker, _ := s.speak()
		s.server.Faults().RemoveScopes("files:write")
		at, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "card"})
		require.NoError(t, err)
		require.NoError(t, speaker.Edit(t.Context(), at, longMessage("card")))
		_, err = s.server.WaitMessage(s.soon(), s.ops, func(m slack.Message) bool { return m.TS == at.TS && isCut(m) })
		require.NoError(t, err)
	})
	t.Run("learned from a whisper", func(t *testing.T) {
		s := newStage(t)
		speaker, _ := s.speak()
		s.server.Faults().RemoveScopes("files:write")
		require.NoError(t, speaker.Whisper(t.Context(), s.ops, s.alice.ID(), longMessage("mine")))
		_, err := s.server.WaitMessage(s.soon(), s.alice.DM(), func(m slack.Message) bool { return isCut(m) })
		require.NoError(t, err)
	})
	t.Run("known from the beginning", func(t *testing.T) {
		s := newStage(t)
		s.server.Faults().RemoveScopes("files:write")
		speaker, _ := s.speak()
		_, err := speaker.Identity(t.Context())
		require.NoError(t, err)
		_, err = speaker.Post(t.Context(), s.ops, longMessage("first"))
		require.NoError(t, err)
		_, err = s.server.WaitMessage(s.soon(), s.ops, isCut)
		require.NoError(t, err)
		require.Zero(t, s.uploads())
	})
}

// TestFilesThatAreNotTaken holds that any refusal of a file is said.
func TestFilesThatAreNotTaken(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	s.server.Faults().APIError("files.getUploadURLExternal", 1, "file_uploads_disabled")
	at, err := speaker.Post(t.Context(), s.ops, longMessage("first"))
	require.NoError(t, err)
	_, err = s.server.WaitMessage(s.soon(), s.ops, func(m slack.Message) bool {
		return m.TS == at.TS && strings.Contains(m.Plain(), "Slack did not take the rest as a file.")
	})
	require.NoError(t, err)
}

// TestLongReplacementGoesIntoAFile holds that what is cut from a message which replaces a private one comes directly.
func TestLongReplacementGoesIntoAFile(t *testing.T) {
	s := newStage(t)
	reply := func(r bot.Reply) bot.Handler {
		return func(context.Context, bot.Request) (bot.Reply, error) { return r, nil }
	}
	long := longMessage("a page")
	long.Private = true
	s.listen(bot.Command{Name: "go", Role: bot.Anyone,
		Run: reply(bot.Reply{Message: &chat.Message{Summary: "here", Private: true, Parts: []chat.Part{chat.Text("a list"),
			chat.Actions{{Action: "older", Label: "Older"}}}}}),
		Actions: []bot.Action{{Name: "older", Role: bot.Anyone, Run: reply(bot.Reply{Update: &long})}}})
	s.slash(s.alice, "/go")
	require.NoError(t, s.alice.Click(s.ops, s.message(s.ops, "a list").TS, "Older"))
	page := s.message(s.ops, "a page")
	require.Contains(t, page.Plain(), "The rest is in the file that I send you directly.")
	m, err := s.server.WaitMessage(s.soon(), s.alice.DM(), func(m slack.Message) bool { return len(m.Files) > 0 })
	require.NoError(t, err)
	require.Equal(t, "rest.txt", m.Files[0].Name)
}
