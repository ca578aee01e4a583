package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// socket is one connection to Slack. A goroutine reads and one pings; both end with it.
type socket struct {
	conn    *websocket.Conn
	ping    time.Duration
	writing sync.Mutex
	greeted chan struct{} // closed by hello
	leave   chan string   // the reason for which Slack wants the connection to be replaced
	done    chan struct{} // closed when the connection has ended
	once    sync.Once
	wg      sync.WaitGroup
	pending atomic.Int64 // envelopes that were read and are neither acknowledged nor dropped
}

// maxFrame bounds what is read in one message; Slack's envelopes are far smaller (views of 250 kB at most).
const maxFrame = 4 << 20

// dial opens a connection and hands each envelope to take, from the reader's own goroutine: take must not wait,
// and has pending counted down once the envelope is settled.
func dial(ctx context.Context, url string, ping time.Duration, take func(*socket, envelope)) (*socket, error) {
	// Slack drops acknowledgements that come in several frames, so one must fit into the buffer.
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 15 * time.Second, WriteBufferSize: 2 * maxAck}
	conn, resp, err := dialer.DialContext(ctx, url, nil)
	if resp != nil {
		defer func() { _ = resp.Body.Close() }() // it holds nothing that could be lost
	}
	if err != nil {
		return nil, fmt.Errorf("open a socket to Slack: %w", err)
	}
	s := &socket{conn: conn, ping: ping, greeted: make(chan struct{}),
		leave: make(chan string, 1), done: make(chan struct{})}
	conn.SetReadLimit(maxFrame)
	s.alive()
	conn.SetPongHandler(func(string) error { s.alive(); return nil })
	conn.SetPingHandler(func(data string) error {
		s.alive()
		return conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(ping))
	})
	s.wg.Go(func() { s.read(take) })
	s.wg.Go(s.beat)
	return s, nil
}

// alive gives the other side three more intervals to be heard.
func (s *socket) alive() {
	// A deadline that can't be set means a closed connection, which the reader finds by itself.
	_ = s.conn.SetReadDeadline(time.Now().Add(3 * s.ping))
}

func (s *socket) read(take func(*socket, envelope)) {
	defer s.end()
	for {
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		s.alive()
		var e envelope
		if json.Unmarshal(data, &e) != nil {
			continue // what is no JSON has no ID that could be acknowledged
		}
		switch e.Type {
		case helloType:
			select {
			case <-s.greeted:
			default:
				close(s.greeted)
			}
		case disconnectType:
			select {
			case s.leave <- e.Reason:
			default: // it is leaving already
			}
		default:
			s.pending.Add(1)
			take(s, e)
		}
	}
}

// beat pings, so that a connection whose other side is gone is found although nothing is to be said.
func (s *socket) beat() {
	defer s.end()
	ticker := time.NewTicker(s.ping)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
			if s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.ping)) != nil {
				return
			}
		}
	}
}

// ack acknowledges an envelope, with an answer if there is one. An error ends the connection: Slack then repeats
// events, and the store knows the repeat.
func (s *socket) ack(e envelope, answer any) {
	frame, err := json.Marshal(struct {
		ID      string `json:"envelope_id"`
		Payload any    `json:"payload,omitempty"`
	}{e.ID, answer})
	if err != nil || len(frame) >= maxAck {
		frame = fmt.Appendf(nil, `{"envelope_id":%q}`, e.ID)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	err = s.conn.SetWriteDeadline(time.Now().Add(s.ping))
	if err == nil {
		err = s.conn.WriteMessage(websocket.TextMessage, frame)
	}
	if err != nil {
		s.end()
	}
}

// end closes the connection; both goroutines then return.
func (s *socket) end() {
	s.once.Do(func() {
		close(s.done)
		_ = s.conn.Close() // there is nobody left to tell
	})
}

// retire waits, within a bound, until everything that was read is settled, says goodbye and ends.
func (s *socket) retire(bound time.Duration) {
	timeout := time.After(bound)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for waiting := true; waiting && s.pending.Load() > 0; {
		select {
		case <-look.C:
		case <-timeout:
			waiting = false
		case <-s.done:
			waiting = false
		}
	}
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = s.conn.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second)) // a courtesy
	s.end()
	s.wg.Wait()
}
