package slack

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Limits of Socket Mode.
const (
	// maxSockets is how many connections an app may have. https://docs.slack.dev/apis/events-api/using-socket-mode
	maxSockets = 10
	// maxAck: answers of this size and above are dropped without a word. Slack does not document it; found by
	// slack-go (socketmode.go, maxResponseSize).
	maxAck = 20 * 1024
	// connectionTime is how long Slack says that a connection will live, in seconds.
	connectionTime = 18_060
	// closeWait is how long a client may take to answer a close frame.
	closeWait = time.Second
	// maxFrame bounds what a client may send.
	maxFrame = 1 << 20
)

// disconnectGrace is how long a connection stays open after each kind of `disconnect`.
var disconnectGrace = map[string]time.Duration{
	"warning": 10 * time.Second, "refresh_requested": time.Second, "too_many_websockets": 0, "link_disabled": 0,
}

// socket is one WebSocket of an app.
type socket struct {
	conn *websocket.Conn
	// queue is what waits to be written; it is guarded by the server's mutex, ready wakes the writer.
	queue    []frame
	ready    chan struct{}
	gone     chan struct{} // closed when the connection is over
	over     sync.Once
	frozen   bool // reads and writes nothing any more, but stays open
	retiring bool // was told to go away: gets no more envelopes
}

// frame is something to write, not before its time. Without data the connection is closed in an orderly way.
type frame struct {
	data []byte
	due  time.Time
}

// cut ends the connection at once, without a close frame.
func (k *socket) cut() {
	k.over.Do(func() { close(k.gone) })
	_ = k.conn.NetConn().Close() // it is cut either way
}

// add queues a frame. The server's mutex is held.
func (k *socket) add(f frame) {
	k.queue = append(k.queue, f)
	select {
	case k.ready <- struct{}{}:
	default: // the writer is awake already
	}
}

func connectionsOpen(s *Server, c *call) (object, error) {
	ticket := secret(40)
	c.app.tickets[ticket] = struct{}{}
	return object{"url": "ws://" + s.listener.Addr().String() + "/link/?ticket=" + ticket + "&app_id=" + c.app.AppID}, nil
}

// serveSocket lets an app connect with a ticket, which works once.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	var a *app
	for _, one := range s.apps {
		if _, ok := one.tickets[ticket]; ok {
			a = one
			delete(one.tickets, ticket)
		}
	}
	s.mu.Unlock()
	if a == nil {
		http.Error(w, "the ticket is unknown or used", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // the ticket is what counts
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		s.log.Debug("a websocket was not opened", "error", err) // Upgrade has answered
		return
	}
	conn.SetReadLimit(maxFrame)
	k := &socket{conn: conn, ready: make(chan struct{}, 1), gone: make(chan struct{})}
	if !s.connect(a, k) {
		return
	}
	s.read(a, k)
}

// connect puts a socket among the app's and greets it. The lock is not held.
func (s *Server) connect(a *app, k *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		k.cut()
		return false
	}
	s.running.Go(func() { s.write(k) })
	if len(a.sockets) >= maxSockets {
		s.retire(k, "too_many_websockets")
		return true
	}
	a.sockets = append(a.sockets, k)
	k.add(frame{data: encode(object{
		"type": "hello", "num_connections": len(a.sockets), "connection_info": object{"app_id": a.AppID},
		"debug_info": object{"host": "sandbox", "started": s.now().UTC().Format("2006-01-02 15:04:05.000"), "build_number": 1,
			"approximate_connection_time": connectionTime},
	})})
	s.touch()
	return true
}

// retire tells a client to go away, and closes its socket when the grace is over.
func (s *Server) retire(k *socket, reason string) {
	k.add(frame{data: encode(object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "sandbox"}})})
	k.add(frame{due: time.Now().Add(disconnectGrace[reason])})
	k.retiring = k.retiring || reason != "warning"
}

// read takes acknowledgements until the connection ends.
func (s *Server) read(a *app, k *socket) {
	defer func() {
		k.cut()
		s.mu.Lock()
		defer s.mu.Unlock()
		a.sockets = slices.DeleteFunc(a.sockets, func(one *socket) bool { return one == k })
		s.touch()
	}()
	answer := k.conn.PingHandler()
	k.conn.SetPingHandler(func(data string) error {
		s.mu.Lock()
		frozen := k.frozen
		s.mu.Unlock()
		if frozen {
			return nil
		}
		return answer(data)
	})
	for {
		_, data, err := k.conn.ReadMessage()
		if err != nil {
			var closed *websocket.CloseError
			if !errors.As(err, &closed) {
				s.log.Debug("a socket broke", "error", err)
			}
			return
		}
		s.acknowledge(k, data)
	}
}

// acknowledge hands an answer to whoever waits for it. The lock is not held.
func (s *Server) acknowledge(k *socket, data []byte) {
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if len(data) >= maxAck {
		s.log.Debug("an answer was too long and was dropped", "bytes", len(data))
		return
	}
	if err := json.Unmarshal(data, &ack); err != nil || ack.EnvelopeID == "" {
		s.log.Debug("an answer could not be read", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.pending[ack.EnvelopeID]
	if !k.frozen && waiting == nil {
		s.page.traffic.acknowledged(ack.EnvelopeID, ack.Payload, false)
	}
	if k.frozen || waiting == nil || s.faults.losesAck() {
		return
	}
	delete(s.pending, ack.EnvelopeID)
	s.page.traffic.acknowledged(ack.EnvelopeID, ack.Payload, true)
	waiting <- ack.Payload // has room for one, and only one is sent
}

// write sends what is queued, and pings, until the connection ends.
func (s *Server) write(k *socket) {
	defer k.cut()
	ping := time.NewTicker(s.opts.PingEvery)
	defer ping.Stop()
	late := time.NewTimer(0)
	defer late.Stop()
	for {
		select {
		case <-k.gone:
			return
		case <-k.ready:
		case <-late.C:
		case <-ping.C:
			if !s.thawed(k) {
				continue
			}
			if err := k.conn.WriteControl(websocket.PingMessage, []byte("Ping"), time.Now().Add(time.Second)); err != nil {
				return
			}
			continue
		}
		for {
			f, wait, waiting := s.due(k)
			if !waiting {
				break
			}
			if wait > 0 {
				late.Reset(wait)
				break
			}
			if err := k.send(f); errors.Is(err, errClosing) {
				late.Reset(closeWait)
				select {
				case <-k.gone:
				case <-late.C:
				}
				return
			} else if err != nil {
				return
			}
		}
	}
}

func (s *Server) thawed(k *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !k.frozen
}

// due answers the next frame, or how long it still has to wait. The lock is not held.
func (s *Server) due(k *socket) (f frame, wait time.Duration, waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(k.queue) == 0 || k.frozen {
		return frame{}, 0, false
	}
	at := 0
	for i, one := range k.queue {
		if one.due.Before(k.queue[at].due) {
			at = i
		}
	}
	if wait = time.Until(k.queue[at].due); wait > 0 {
		return frame{}, wait, true
	}
	f = k.queue[at]
	k.queue = slices.Delete(k.queue, at, at+1)
	return f, 0, true
}

var errClosing = errors.New("the connection was closed in an orderly way")

func (k *socket) send(f frame) error {
	deadline := time.Now().Add(5 * time.Second)
	if f.data == nil {
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		if err := k.conn.WriteControl(websocket.CloseMessage, bye, deadline); err != nil {
			return err
		}
		return errClosing
	}
	if err := k.conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	return k.conn.WriteMessage(websocket.TextMessage, f.data)
}
