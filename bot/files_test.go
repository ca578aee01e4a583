package bot_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state/statetest"
)

// shown counts the files in a channel by their content.
func (s *stage) shown(channel, content string) (n int) {
	for _, m := range s.server.Messages(channel) {
		for _, f := range m.Files {
			if string(f.Content) == content {
				n++
			}
		}
	}
	return n
}

func TestShowPicture(t *testing.T) {
	s := newStage(t)
	speaker, stop := s.speak()
	at, err := speaker.Post(t.Context(), "ops", chat.Message{Summary: "the report"})
	require.NoError(t, err)
	chart := bot.Picture{Name: "chart.png", Title: "30 days", Alt: strings.Repeat("bars ", 300), Comment: "See `/ops`", PNG: []byte("one"), Key: "report/1"}
	for _, method := range []string{"files.getUploadURLExternal", "upload", "files.completeUploadExternal"} {
		s.server.Faults().LoseAnswers(method, 1)
	}
	for range 2 {
		require.NoError(t, speaker.ShowPicture(t.Context(), "ops", at.TS, chart))
	}
	m := s.message(s.ops, "See `/ops`")
	require.Equal(t, at.TS, m.ThreadTS)
	require.Equal(t, "30 days", m.Files[0].Title)
	require.Equal(t, "image/png", m.Files[0].MimeType)
	require.Len(t, []rune(m.Files[0].Alt), 1000)
	require.Equal(t, 1, s.shown(s.ops, "one"))

	// The process ends between sharing a picture and noting it: the next one finds it.
	chart.Key, chart.PNG = "report/2", []byte("two")
	s.server.Faults().Hang("conversations.replies", -1)
	s.server.Faults().LoseAnswers("files.completeUploadExternal", 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- speaker.ShowPicture(ctx, "ops", at.TS, chart) }()
	require.Eventually(t, func() bool { return s.shown(s.ops, "two") == 1 }, s.wait(), tick)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	stop()
	s.server.Faults().Reset()
	speaker, _ = s.speak()
	require.NoError(t, speaker.ShowPicture(t.Context(), "ops", at.TS, chart))
	require.Equal(t, 1, s.shown(s.ops, "two"))

	var all sync.WaitGroup
	chart.Key, chart.PNG = "report/3", []byte("three")
	for range 3 {
		all.Go(func() { require.NoError(t, speaker.ShowPicture(t.Context(), "ops", at.TS, chart)) })
	}
	all.Wait()
	require.Equal(t, 1, s.shown(s.ops, "three"))

	chart.Key, chart.PNG = "", []byte("two")
	for range 2 {
		require.NoError(t, speaker.ShowPicture(t.Context(), s.ops, "", chart))
	}
	require.Equal(t, 3, s.shown(s.ops, "two"))
	s.server.Faults().RemoveScopes("files:write")
	require.True(t, bot.Unavailable(speaker.ShowPicture(t.Context(), s.ops, "", chart)))
}

func TestDownload(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	ts, err := s.alice.Share(s.ops, "", "", "dump.log", []byte("0123456789"))
	require.NoError(t, err)
	said, _, err := speaker.Said(t.Context(), chat.Ref{Channel: s.ops, TS: ts})
	require.NoError(t, err)
	f := said.Files[0]
	s.server.Faults().ServerError("download", 1, 503)
	s.server.Faults().RateLimit("download", 1, time.Second)
	content, err := speaker.Download(t.Context(), f, 10)
	require.NoError(t, err)
	require.Equal(t, "0123456789", string(content))
	_, err = speaker.Download(t.Context(), f, 9)
	require.ErrorIs(t, err, bot.ErrTooLarge)
	f.Size = 0 // a lie, or not told
	_, err = speaker.Download(t.Context(), f, 9)
	require.ErrorIs(t, err, bot.ErrTooLarge)
	s.server.Faults().RemoveScopes("files:read")
	_, err = speaker.Download(t.Context(), f, 10)
	require.True(t, bot.Unavailable(err))
	require.NotContains(t, err.Error(), s.server.URL())
}

// TestDownloadKeepsTheToken holds that the token goes to Slack's own hosts only.
func TestDownloadKeepsTheToken(t *testing.T) {
	seen := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write([]byte("png"))
	}))
	defer elsewhere.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		http.Redirect(w, r, elsewhere.URL+"/x", http.StatusFound)
	})
	mux.HandleFunc("/near", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/page", http.StatusFound) })
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	slacks := httptest.NewServer(mux)
	defer slacks.Close()
	speaker := bot.NewSlack(bot.SlackOptions{BotToken: "xoxb-secret", APIURL: slacks.URL + "/api/", Store: statetest.Memory()})

	content, err := speaker.Download(t.Context(), bot.File{URL: slacks.URL + "/away", Type: "image/png"}, 10)
	require.NoError(t, err)
	require.Equal(t, "png", string(content))
	require.Equal(t, "Bearer xoxb-secret", <-seen)
	require.Empty(t, <-seen)
	_, err = speaker.Download(t.Context(), bot.File{URL: slacks.URL + "/near", Type: "image/png"}, 10)
	require.True(t, bot.Unavailable(err), "a page for people is no picture")
	require.Equal(t, "Bearer xoxb-secret", <-seen)
	for _, bad := range []string{elsewhere.URL + "/x", "http://files.slack.com/x", "https://slack.com.example.com/x", "https://notslack.com/x", "file:///etc/passwd", ":"} {
		_, err = speaker.Download(t.Context(), bot.File{URL: bad}, 10)
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "secret")
	}
	require.Empty(t, seen, "nobody else was asked")
	_, err = speaker.Download(t.Context(), bot.File{URL: slacks.URL + "/round"}, 10)
	require.ErrorContains(t, err, "sent on too often")
	_, err = speaker.Download(t.Context(), bot.File{URL: slacks.URL + "/missing"}, 10)
	require.Equal(t, "file_not_found", bot.Code(err))
}
