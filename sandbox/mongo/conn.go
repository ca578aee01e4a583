package mongo

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
)

// conn serves one connection, one command after the other.
type conn struct {
	srv    *Server
	net    net.Conn
	id     int64
	out    builder // the reply being built; its memory is used again
	client bool    // the client has introduced itself
	user   string  // who has logged in, "" for nobody
	scram  *scramConversation
}

// cut closes the connection under whoever uses it. What the peer did not receive is lost, as with a server that dies.
func (c *conn) cut() {
	_ = c.net.Close() // nothing can be done about it, and the reader sees the end
}

func (c *conn) serve() {
	defer c.srv.forget(c)
	defer c.cut()
	r := bufio.NewReaderSize(c.net, 64<<10)
	for {
		m, err := readMessage(r)
		if err != nil {
			if errors.Is(err, errProtocol) {
				c.srv.opts.Log.Warn("connection closed", "connection", c.id, "error", err)
			} else if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				c.srv.opts.Log.Debug("connection lost", "connection", c.id, "error", err)
			}
			return
		}
		if !c.answer(m) {
			return
		}
	}
}

// answer runs one command and tells whether the connection goes on.
func (c *conn) answer(m *message) bool {
	k := newCall(c, m)
	plan := c.srv.faults.seen(k)
	if plan.delay > 0 && !c.srv.sleep(plan.delay) || plan.cut {
		return false
	}
	c.beginReply(m)
	k.run(plan.fail)
	if plan.then != nil {
		plan.then()
	}
	if m.moreToCome {
		return true
	}
	reply := c.out.b
	binary.LittleEndian.PutUint32(reply, uint32(len(reply)))
	if m.compressor != 0 {
		var err error
		if reply, err = compress(reply, m.compressor); err != nil {
			c.srv.opts.Log.Error("cannot compress a reply", "connection", c.id, "error", err)
			return false
		}
	}
	if plan.cutReply > 0 {
		_, _ = c.net.Write(reply[:min(len(reply)-1, plan.cutReply)]) // the connection ends here in any case
		return false
	}
	if _, err := c.net.Write(reply); err != nil {
		return false
	}
	if cap(c.out.b) > 4<<20 && len(c.out.b) < 1<<20 {
		c.out.b = nil
	}
	return true
}

// beginReply writes what stands before the reply's document.
func (c *conn) beginReply(m *message) {
	w := &c.out
	w.b, w.open, w.index = w.b[:0], w.open[:0], w.index[:0]
	op := opMsg
	if m.op == opQuery {
		op = opReply
	}
	w.b = append(w.b, 0, 0, 0, 0)
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(c.srv.connIDs.Load())) // a request id, of which nobody makes use
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(m.id))
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(op))
	if m.op == opQuery {
		w.b = append(w.b, 8, 0, 0, 0)           // AwaitCapable
		w.b = append(w.b, make([]byte, 8+4)...) // cursor, starting from
		w.b = append(w.b, 1, 0, 0, 0)           // one document
		return
	}
	w.b = append(w.b, 0, 0, 0, 0, 0) // flags, kind 0
}

// sleep waits for d and tells whether the server still runs.
func (s *Server) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.done:
		return false
	}
}
