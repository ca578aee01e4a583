package slack_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	client "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

// workspace is a server with two people, a channel and the real client.
type workspace struct {
	*slack.Server
	t         *testing.T
	ctx       context.Context
	api       *client.Client
	dana, eli string
	ops       string
	asDana    *slack.Person
	only      *raw
}

func open(t *testing.T, o slack.Options) *workspace {
	t.Helper()
	s, err := slack.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	w := &workspace{Server: s, t: t, ctx: ctx}
	w.dana, w.eli = s.AddUser("dana"), s.AddUser("eli")
	w.ops = s.AddChannel("ops", w.dana, w.eli)
	w.asDana = s.As(w.dana)
	w.api = client.New(s.BotToken(), client.OptionAPIURL(s.APIURL()), client.OptionAppLevelToken(s.AppToken()))
	return w
}

// listen runs the real Socket Mode client; handle gets every event that is not about the connection itself.
func (w *workspace) listen(handle func(*socketmode.Client, socketmode.Event)) {
	w.t.Helper()
	sm := socketmode.New(w.api)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	go func() { sm.RunContext(ctx); done <- struct{}{} }() //nolint:errcheck // it ends with ctx
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			select {
			case e := <-sm.Events:
				if e.Request != nil && e.Request.EnvelopeID != "" {
					handle(sm, e)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	w.t.Cleanup(func() { cancel(); <-done; <-done })
	require.NoError(w.t, w.Faults().WaitSockets(w.ctx, 1))
}

// raw is a plain WebSocket of Socket Mode.
type raw struct {
	t *testing.T
	*websocket.Conn
}

func (w *workspace) dial() *raw {
	w.t.Helper()
	_, address, err := w.api.StartSocketModeContext(w.ctx)
	require.NoError(w.t, err)
	conn, _, err := websocket.DefaultDialer.DialContext(w.ctx, address, nil)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { conn.Close() })
	r := &raw{w.t, conn}
	require.Equal(w.t, "hello", r.next()["type"])
	return r
}

// line is the one raw socket of a test.
func (w *workspace) line() *raw {
	w.t.Helper()
	if w.only == nil {
		w.only = w.dial()
	}
	return w.only
}

// next reads one frame as JSON.
func (r *raw) next() map[string]any {
	r.t.Helper()
	require.NoError(r.t, r.SetReadDeadline(time.Now().Add(5*time.Second)))
	var v map[string]any
	require.NoError(r.t, r.ReadJSON(&v))
	return v
}

func (r *raw) ack(envelope map[string]any, payload any) {
	r.t.Helper()
	require.NoError(r.t, r.WriteJSON(map[string]any{"envelope_id": envelope["envelope_id"], "payload": payload}))
}

// call makes a bare Web API call with a form.
func (w *workspace) call(token, method string, form url.Values) (map[string]any, *http.Response) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.APIURL()+method, strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	var answer map[string]any
	require.NoError(w.t, json.NewDecoder(res.Body).Decode(&answer))
	return answer, res
}

// refused makes a call that must be refused, and answers the code.
func (w *workspace) refused(method string, form url.Values) string {
	w.t.Helper()
	answer, _ := w.call(w.BotToken(), method, form)
	require.Equal(w.t, false, answer["ok"], "%s %v was not refused", method, form)
	return answer["error"].(string)
}

func modal(title string, blocks ...client.Block) client.ModalViewRequest {
	return client.ModalViewRequest{Type: client.VTModal, Title: plain(title), Submit: plain("Go"), Close: plain("No"),
		CallbackID: "form", Blocks: client.Blocks{BlockSet: blocks}}
}

func plain(text string) *client.TextBlockObject {
	return client.NewTextBlockObject(client.PlainTextType, text, false, false)
}

func section(text string) client.Block {
	return client.NewSectionBlock(client.NewTextBlockObject(client.MarkdownType, text, false, false), nil, nil)
}

func button(action, value, label string) *client.ButtonBlockElement {
	return client.NewButtonBlockElement(action, value, plain(label))
}

func withTimeout(d time.Duration) *http.Client { return &http.Client{Timeout: d} }
