package bot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
)

func TestBookmarks(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	s.server.Faults().LoseAnswers("bookmarks.add", 1)
	id, err := speaker.AddBookmark(t.Context(), s.ops, bot.Bookmark{Title: "Status", Link: "https://status.example.com", Emoji: ":eyes:"})
	require.NoError(t, err)
	again, err := speaker.AddBookmark(t.Context(), s.ops, bot.Bookmark{Title: strings.Repeat("x", 101), Link: "https://status.example.com"})
	require.NoError(t, err)
	require.Equal(t, id, again)
	all, err := speaker.Bookmarks(t.Context(), s.ops)
	require.NoError(t, err)
	require.Equal(t, []bot.Bookmark{{ID: id, Title: strings.Repeat("x", 99) + "…", Link: "https://status.example.com"}}, all)

	require.NoError(t, speaker.EditBookmark(t.Context(), s.ops, bot.Bookmark{ID: id, Title: "Post-mortem", Link: "https://example.com/1"}))
	all, err = speaker.Bookmarks(t.Context(), s.ops)
	require.NoError(t, err)
	require.Equal(t, []bot.Bookmark{{ID: id, Title: "Post-mortem", Link: "https://example.com/1"}}, all)
	require.Equal(t, "not_found", bot.Code(speaker.EditBookmark(t.Context(), s.ops, bot.Bookmark{ID: "Bk0", Title: "x", Link: "https://example.com"})))
	_, err = speaker.AddBookmark(t.Context(), s.ops, bot.Bookmark{Title: "x", Link: "gopher://example.com"})
	require.Equal(t, "invalid_link", bot.Code(err))
	require.False(t, bot.Unavailable(err))

	for range 2 {
		require.NoError(t, speaker.RemoveBookmark(t.Context(), s.ops, id))
	}
	s.server.Faults().Unknown("bookmarks.*")
	_, err = speaker.AddBookmark(t.Context(), s.ops, bot.Bookmark{Title: "x", Link: "https://example.com"})
	require.True(t, bot.Unavailable(err))
	s.server.Faults().Reset()
	s.server.Faults().RemoveScopes("bookmarks:read")
	_, err = speaker.AddBookmark(t.Context(), s.ops, bot.Bookmark{Title: "x", Link: "https://example.com"})
	require.True(t, bot.Unavailable(err))
	calls := s.server.Calls()
	require.Equal(t, "bookmarks.list", calls[len(calls)-1].Method, "nothing is added blindly")
}
