package bot_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// TestUnavailable holds that what can't be done here is told apart from what may go well later, and from what was asked
// wrongly.
func TestUnavailable(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	at, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "the card"})
	require.NoError(t, err)
	calls := map[string]func(context.Context) error{
		"pins.add":               func(ctx context.Context) error { return speaker.Pin(ctx, at) },
		"reactions.add":          func(ctx context.Context) error { return speaker.React(ctx, at, "eyes") },
		"conversations.setTopic": func(ctx context.Context) error { return speaker.SetTopic(ctx, s.ops, "topic") },
		"conversations.archive":  func(ctx context.Context) error { return speaker.Archive(ctx, s.ops) },
		"usergroups.users.list":  func(ctx context.Context) error { _, err := speaker.UserGroupMembers(ctx, "S1"); return err },
		"conversations.members":  func(ctx context.Context) error { _, err := speaker.Members(ctx, s.ops); return err },
		"bookmarks.list":         func(ctx context.Context) error { _, err := speaker.Bookmarks(ctx, s.ops); return err },
		"files.getUploadURLExternal": func(ctx context.Context) error {
			return speaker.ShowPicture(ctx, s.ops, "", bot.Picture{Name: "x.png", PNG: []byte("x")})
		},
		"files.completeUploadExternal": func(ctx context.Context) error {
			return speaker.ShowPicture(ctx, s.ops, "", bot.Picture{Name: "x.png", PNG: []byte("x")})
		},
		"conversations.create": func(ctx context.Context) error {
			_, err := speaker.CreateChannel(ctx, bot.NewChannel{Name: "inc-1"})
			return err
		},
	}
	for method, call := range calls {
		for _, code := range []string{"unknown_method", "missing_scope", "restricted_action"} {
			s.server.Faults().APIError(method, 1, code)
			err := call(t.Context())
			require.Equal(t, code, bot.Code(err), method)
			require.True(t, bot.Unavailable(err), "%s: %s", method, code)
		}
		s.server.Faults().APIError(method, 1, "channel_not_found")
		require.False(t, bot.Unavailable(call(t.Context())), method)

		s.server.Faults().ServerError(method, -1, 503)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := call(ctx)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, method)
		require.False(t, bot.Unavailable(err), method)
		s.server.Faults().Reset()
	}
	require.False(t, bot.Unavailable(nil))
}
