package health_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/state"
)

func TestHeartbeat(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	ago := func(hours float64) time.Time { return now.Add(-time.Duration(hours * float64(time.Hour))) }
	for _, test := range []struct {
		heard   health.Heard
		fault   error
		outcome health.Outcome
		say     string
	}{
		{heard: health.Heard{At: ago(1)}, outcome: health.OK, say: "called 1 h ago"},
		{heard: health.Heard{At: now.Add(time.Minute)}, outcome: health.OK, say: "called 0 s ago"},
		{heard: health.Heard{At: ago(25)}, outcome: health.OK, say: "called 1 d 1 h ago"},
		{heard: health.Heard{At: ago(26)}, outcome: health.Failed, say: "called 1 d 2 h ago, more than 1 d 1 h"},
		{heard: health.Heard{At: ago(26), Began: ago(2)}, outcome: health.Failed, say: "called 1 d 2 h ago, more than 1 d 1 h; a run began 2 h ago and has not ended"},
		{heard: health.Heard{At: ago(1), Failed: true}, outcome: health.Failed, say: "its run failed 1 h ago"},
		{heard: health.Heard{At: ago(1), Failed: true, Exit: 3}, outcome: health.Failed, say: "its run failed 1 h ago with exit status 3"},
		{heard: health.Heard{Since: ago(1)}, outcome: health.Unknown, say: "has not called yet"},
		{heard: health.Heard{Since: ago(30)}, outcome: health.Failed, say: "has not called in the 1 d 6 h that it was waited for"},
		{heard: health.Heard{At: ago(30), Deaf: ago(5)}, outcome: health.Unknown, say: "called 1 d 6 h ago; a call may have come while opsbot was away"},
		{heard: health.Heard{At: ago(60), Deaf: ago(26)}, outcome: health.Failed, say: "called 2 d 12 h ago, more than 1 d 1 h"},
		{heard: health.Heard{At: ago(26), Deaf: ago(27)}, outcome: health.Failed, say: "called 1 d 2 h ago, more than 1 d 1 h"},
		{fault: context.DeadlineExceeded, outcome: health.Unknown, say: "when it called last could not be read"},
	} {
		p := health.Heartbeat{Within: 25 * time.Hour, Now: func() time.Time { return now },
			Heard: func(context.Context) (health.Heard, error) { return test.heard, test.fault }}
		r := look(t, p.Look, time.Minute)
		require.Equal(t, test.outcome, r.Outcome, test.say)
		require.Equal(t, test.say, r.Say)
	}
}

const sesame = "sesame-sesame-sesame"

// ear hears calls over HTTP, by a clock that is moved by hand.
func ear(t *testing.T) (h *health.Heartbeats, call func(method, path string) int, pass func(time.Duration), store *state.SQLite) {
	t.Helper()
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() }) // some tests close it
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	h = health.NewHeartbeats(store, map[string]string{"report": sesame, "other": "another-secret-token"}, func() time.Time { return now },
		func(context.Context) (time.Time, error) { return time.Time{}, nil }, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	call = func(method, path string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader("said"))
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	return h, call, func(d time.Duration) { now = now.Add(d) }, store
}

func TestHeartbeatsAreHeard(t *testing.T) {
	h, call, pass, _ := ear(t)
	began := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	heard := func() health.Heard {
		one, err := h.Heard(t.Context(), "report")
		require.NoError(t, err)
		return one
	}
	require.Equal(t, health.Heard{Since: began}, heard())
	pass(time.Hour)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		require.Equal(t, http.StatusNoContent, call(method, "/heartbeat/"+sesame), method)
	}
	require.Equal(t, health.Heard{Since: began, At: began.Add(time.Hour)}, heard())
	pass(500 * time.Millisecond)
	require.Equal(t, http.StatusNoContent, call(http.MethodGet, "/heartbeat/"+sesame))
	require.Equal(t, began.Add(time.Hour), heard().At, "the same just before")
	require.Equal(t, http.StatusNoContent, call(http.MethodGet, "/heartbeat/"+sesame+"/start"))
	pass(400 * time.Millisecond)
	require.Equal(t, http.StatusNoContent, call(http.MethodGet, "/heartbeat/"+sesame+"/0"))
	require.Equal(t, 400*time.Millisecond, heard().Took)
	require.False(t, heard().Failed)
	pass(time.Minute)
	require.Equal(t, http.StatusNoContent, call(http.MethodPost, "/heartbeat/"+sesame+"/fail"))
	require.True(t, heard().Failed)
	require.Zero(t, heard().Took, "it did not say when it began")
	require.Equal(t, http.StatusNoContent, call(http.MethodPost, "/heartbeat/"+sesame+"/3"))
	require.Equal(t, 3, heard().Exit)
	require.Equal(t, http.StatusNoContent, call(http.MethodPost, "/heartbeat/"+sesame))
	require.False(t, heard().Failed)

	before := heard()
	for _, path := range []string{"/heartbeat/", "/heartbeat/sesame", "/heartbeat/" + sesame + "x", "/heartbeat/" + sesame + "/256",
		"/heartbeat/" + sesame + "/stop", "/heartbeat/" + sesame + "/start/again"} {
		require.Equal(t, http.StatusNotFound, call(http.MethodPost, path), path)
	}
	require.Equal(t, http.StatusMethodNotAllowed, call(http.MethodDelete, "/heartbeat/"+sesame))
	require.Equal(t, before, heard())
	other, err := h.Heard(t.Context(), "other")
	require.NoError(t, err)
	require.Zero(t, other.At)
}

func TestHeartbeatWithoutState(t *testing.T) {
	h, call, _, store := ear(t)
	require.NoError(t, store.Close())
	require.Equal(t, http.StatusServiceUnavailable, call(http.MethodGet, "/heartbeat/"+sesame), "so that it is called again")
	_, err := h.Heard(t.Context(), "report")
	require.True(t, errors.Is(err, state.ErrClosed))
}
