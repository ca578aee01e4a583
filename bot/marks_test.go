package bot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// TestMarksAreRetrySafe holds that a mark is set and taken once, although the answers to the first attempts are lost.
func TestMarksAreRetrySafe(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	at, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "mark me"})
	require.NoError(t, err)
	for method, change := range map[string][2]func() error{
		"pins":      {func() error { return speaker.Pin(t.Context(), at) }, func() error { return speaker.Unpin(t.Context(), at) }},
		"reactions": {func() error { return speaker.React(t.Context(), at, "eyes") }, func() error { return speaker.Unreact(t.Context(), at, "eyes") }},
	} {
		for range 2 {
			s.server.Faults().LoseAnswers(method+".add", 1)
			require.NoError(t, change[0](), method)
			s.server.Faults().LoseAnswers(method+".remove", 1)
			require.NoError(t, change[1](), method)
		}
	}
	require.Equal(t, "message_not_found", bot.Code(speaker.React(t.Context(), chat.Ref{Channel: s.ops, TS: "1.000001"}, "eyes")))
}
