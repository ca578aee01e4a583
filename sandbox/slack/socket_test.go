package slack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	client "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

func TestSocketsTakeTurnsAndTicketsWorkOnce(t *testing.T) {
	w := open(t, slack.Options{})
	_, address, err := w.api.StartSocketModeContext(w.ctx)
	require.NoError(t, err)
	a, _, err := websocket.DefaultDialer.Dial(address, nil)
	require.NoError(t, err)
	defer a.Close()
	_, res, err := websocket.DefaultDialer.Dial(address, nil)
	require.Error(t, err)
	require.Equal(t, 403, res.StatusCode)
	first := &raw{t, a}
	hello := first.next()
	require.EqualValues(t, 1, hello["num_connections"])
	require.NotEmpty(t, hello["connection_info"].(map[string]any)["app_id"])
	require.EqualValues(t, 18060, hello["debug_info"].(map[string]any)["approximate_connection_time"])

	second := w.dial()
	for _, r := range []*raw{first, second, first} {
		done := make(chan error, 1)
		go func() { _, err := w.asDana.Slash(w.ops, "/x"); done <- err }()
		e := r.next()
		require.Equal(t, "slash_commands", e["type"])
		require.Equal(t, true, e["accepts_response_payload"])
		r.ack(e, nil)
		require.NoError(t, <-done)
	}
	for range 8 {
		w.dial()
	}
	_, address, err = w.api.StartSocketModeContext(w.ctx)
	require.NoError(t, err)
	eleventh, _, err := websocket.DefaultDialer.Dial(address, nil)
	require.NoError(t, err)
	defer eleventh.Close()
	require.Equal(t, "too_many_websockets", (&raw{t, eleventh}).next()["reason"])
}

func TestUnackedEventsAreRetriedUnderNewEnvelopes(t *testing.T) {
	w := open(t, slack.Options{AckTimeout: 20 * time.Millisecond, EventRetries: []time.Duration{0, time.Millisecond, 0}})
	r := w.dial()
	_, err := w.asDana.Say(w.ops, "hello")
	require.NoError(t, err)
	envelopes, events := map[any]bool{}, map[any]bool{}
	for attempt := range 4 {
		e := r.next()
		require.Equal(t, "events_api", e["type"])
		require.EqualValues(t, attempt, e["retry_attempt"])
		require.Equal(t, map[bool]string{true: "", false: "timeout"}[attempt == 0], e["retry_reason"])
		envelopes[e["envelope_id"]] = true
		events[e["payload"].(map[string]any)["event_id"]] = true
	}
	require.Len(t, envelopes, 4)
	require.Len(t, events, 1)

	_, err = w.asDana.Say(w.ops, "again")
	require.NoError(t, err)
	e := r.next()
	r.ack(e, nil)
	require.NoError(t, r.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, _, err = r.ReadMessage()
	require.ErrorContains(t, err, "timeout", "an acknowledged event comes once")
}

func TestEventsWaitForASocket(t *testing.T) {
	w := open(t, slack.Options{})
	_, err := w.asDana.Say(w.ops, "hello")
	require.NoError(t, err)
	r := w.dial()
	e := r.next()
	require.EqualValues(t, 1, e["retry_attempt"])
	require.Equal(t, "hello", e["payload"].(map[string]any)["event"].(map[string]any)["text"])
}

func TestAnswersThatAreTooLongAreDropped(t *testing.T) {
	w := open(t, slack.Options{AckTimeout: 2 * time.Second})
	r := w.dial()
	for length, taken := range map[int]bool{20 * 1024: false, 19 * 1024: true} {
		done := make(chan error, 1)
		go func() { _, err := w.asDana.Slash(w.ops, "/x"); done <- err }()
		r.ack(r.next(), map[string]any{"text": strings.Repeat("x", length)})
		err := <-done
		require.Equal(t, taken, err == nil, "%d: %v", length, err)
	}
	done := make(chan error, 1)
	go func() { _, err := w.asDana.Slash(w.ops, "/x"); done <- err }()
	r.ack(r.next(), map[string]any{"blocks": []any{map[string]any{"type": "song"}}})
	require.ErrorContains(t, <-done, "invalid_command_response")
}

func TestTheRealClientComesBackAfterEveryKindOfLoss(t *testing.T) {
	w := open(t, slack.Options{PingEvery: 20 * time.Millisecond})
	w.listen(func(sm *socketmode.Client, e socketmode.Event) { require.NoError(t, sm.Ack(*e.Request)) })
	for name, lose := range map[string]func() int{
		"cut":               func() int { return w.Faults().DropSockets(-1) },
		"closed":            func() int { return w.Faults().CloseSockets(-1) },
		"refresh_requested": func() int { return w.Faults().Disconnect("refresh_requested", -1) },
		"link_disabled":     func() int { return w.Faults().Disconnect("link_disabled", -1) },
	} {
		require.Positive(t, lose(), name)
		require.NoError(t, w.Faults().WaitSockets(w.ctx, 1), name)
		require.Eventually(t, func() bool {
			_, err := w.asDana.Slash(w.ops, "/x")
			return err == nil
		}, 10*time.Second, time.Millisecond, name)
	}
}

func TestAHalfOpenSocketLosesEnvelopesAndPings(t *testing.T) {
	w := open(t, slack.Options{PingEvery: 10 * time.Millisecond, AckTimeout: 50 * time.Millisecond})
	r := w.dial()
	pinged := make(chan struct{}, 100)
	r.SetPingHandler(func(string) error { pinged <- struct{}{}; return nil })
	go func() {
		for {
			if _, _, err := r.ReadMessage(); err != nil {
				close(pinged)
				return
			}
		}
	}()
	<-pinged
	require.Equal(t, 1, w.Faults().HalfOpen(-1))
	_, err := w.asDana.Slash(w.ops, "/x")
	var refusal *slack.Refusal
	require.True(t, errors.As(err, &refusal))
	require.Equal(t, "operation_timeout", refusal.Code)
	for len(pinged) > 0 {
		<-pinged
	}
	select {
	case _, open := <-pinged:
		require.False(t, open, "a frozen socket pings no more")
	case <-time.After(100 * time.Millisecond):
	}
	require.Equal(t, 1, w.Faults().Sockets())
}

func TestEnvelopesAreDelayedRepeatedAndAcksDropped(t *testing.T) {
	w := open(t, slack.Options{AckTimeout: 200 * time.Millisecond})
	one, two := w.dial(), w.dial()
	w.Faults().RepeatEnvelopes(1)
	done := make(chan error, 1)
	slash := func() { _, err := w.asDana.Slash(w.ops, "/x"); done <- err }
	go slash()
	a, b := one.next(), two.next()
	require.Equal(t, a["envelope_id"], b["envelope_id"])
	one.ack(a, nil)
	require.NoError(t, <-done)
	two.ack(b, map[string]any{"text": "the second answer counts for nothing"})
	require.Empty(t, w.Messages(w.ops))
	w.Faults().Reset()

	w.Faults().DelayEnvelopes(60 * time.Millisecond)
	started := time.Now()
	go slash()
	one.ack(one.next(), nil)
	require.GreaterOrEqual(t, time.Since(started), 60*time.Millisecond)
	require.NoError(t, <-done)
	w.Faults().Reset()

	w.Faults().DropAcks(1)
	go slash()
	two.ack(two.next(), nil)
	require.ErrorContains(t, <-done, "operation_timeout")
}

func TestCallsGoWrongAsScripted(t *testing.T) {
	w := open(t, slack.Options{})
	post := func() error {
		_, _, err := w.api.PostMessage(w.ops, client.MsgOptionText("x", false))
		return err
	}
	f := w.Faults()
	f.RateLimit("chat.postMessage", 1, 1500*time.Millisecond)
	f.ServerError("chat.postMessage", 1, 503)
	f.APIError("", 1, "internal_error")
	var limited *client.RateLimitedError
	require.True(t, errors.As(post(), &limited))
	require.Equal(t, 2*time.Second, limited.RetryAfter)
	var status client.StatusCodeError
	require.True(t, errors.As(post(), &status))
	require.Equal(t, 503, status.Code)
	require.EqualError(t, post(), "internal_error")
	require.Empty(t, w.Messages(w.ops))
	require.NoError(t, post())

	f.LoseAnswers("chat.postMessage", 1)
	require.ErrorContains(t, post(), "EOF")
	require.Len(t, w.Messages(w.ops), 2, "the call was carried out")

	f.Hang("chat.postMessage", 1)
	impatient := client.New(w.BotToken(), client.OptionAPIURL(w.APIURL()), client.OptionHTTPClient(withTimeout(50*time.Millisecond)))
	_, _, err := impatient.PostMessage(w.ops, client.MsgOptionText("x", false))
	require.ErrorContains(t, err, "deadline")
	require.Len(t, w.Messages(w.ops), 2)

	f.Delay("chat.postMessage", 1, 50*time.Millisecond)
	started := time.Now()
	require.NoError(t, post())
	require.GreaterOrEqual(t, time.Since(started), 50*time.Millisecond)

	f.Unknown("pins.add")
	f.MissingScope("bookmarks.list")
	require.EqualError(t, w.api.AddPin(w.ops, client.NewRefToMessage(w.ops, "1.1")), "unknown_method")
	_, err = w.api.ListBookmarks(w.ops)
	require.EqualError(t, err, "missing_scope")
	f.ServerError("chat.postMessage", -1, 500)
	require.Error(t, post())
	require.Error(t, post())
	f.Reset()
	require.NoError(t, post())
}

// BenchmarkSlashCommand is one command over a socket with its acknowledgement: what this server itself costs.
func BenchmarkSlashCommand(b *testing.B) {
	s, err := slack.Start(slack.Options{})
	require.NoError(b, err)
	defer s.Close()
	person, channel := s.As(s.AddUser("dana")), s.AddChannel("ops")
	api := client.New(s.BotToken(), client.OptionAPIURL(s.APIURL()), client.OptionAppLevelToken(s.AppToken()))
	_, address, err := api.StartSocketModeContext(b.Context())
	require.NoError(b, err)
	conn, _, err := websocket.DefaultDialer.Dial(address, nil)
	require.NoError(b, err)
	go func() {
		for {
			var e struct {
				ID string `json:"envelope_id"`
			}
			if conn.ReadJSON(&e) != nil {
				return
			}
			if e.ID != "" && conn.WriteJSON(map[string]string{"envelope_id": e.ID}) != nil {
				return
			}
		}
	}()
	for b.Loop() {
		if _, err := person.Slash(channel, "/x"); err != nil {
			b.Fatal(err)
		}
	}
}
