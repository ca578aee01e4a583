package slack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// Bounds of what the inspector keeps: the newest exchanges, and of each body what a person can still read.
const (
	keptTraffic = 1000
	keptBody    = 64 << 10
)

// traffic is what went over the wires between the workspace and its apps, for the page's inspector. The server's mutex
// guards it.
type traffic struct {
	seq, rev uint64
	kept     []*exchange
	changed  chan struct{} // closed and replaced at every change
}

// exchange is one envelope with its acknowledgement, or one call with its answer. Tokens are never in it.
type exchange struct {
	Seq uint64 `json:"seq"`
	Rev uint64 `json:"rev"` // of the newest change of anything
	At  int64  `json:"at"`  // Unix time in milliseconds
	// Kind is "envelope" or "call"; Name is what it was, About whom or what it concerned.
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	About string `json:"about,omitempty"`
	ID    string `json:"id,omitempty"` // of an envelope
	// State is "waiting", "ok", "failed", or "late" for an acknowledgement that nobody waited for any more.
	State  string  `json:"state"`
	Took   float64 `json:"took"` // milliseconds
	Status string  `json:"status,omitempty"`
	// Sent is the envelope or the arguments, Answer what came back.
	Sent   json.RawMessage `json:"sent,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`

	started time.Time
}

func (t *traffic) add(e *exchange) {
	t.seq++
	e.Seq = t.seq
	if len(t.kept) >= keptTraffic {
		t.kept = append([]*exchange(nil), t.kept[keptTraffic/4:]...)
	}
	t.kept = append(t.kept, e)
	t.touch(e)
}

func (t *traffic) touch(e *exchange) {
	t.rev++
	e.Rev = t.rev
	close(t.changed)
	t.changed = make(chan struct{})
}

// envelope notes one that is being sent; data is all of it.
func (t *traffic) envelope(id string, e envelope, data []byte, at time.Time) {
	name, about := e.kind, ""
	switch event, _ := e.payload["event"].(object); { // other envelopes hold none
	case e.kind == "slash_commands":
		name, about = text(e.payload["command"]), text(e.payload["text"])
	case e.kind == "interactive":
		name = text(e.payload["type"])
	case event != nil:
		name = text(event["type"])
	}
	if e.attempt > 0 {
		about = fmt.Sprintf("retry %d", e.attempt)
	}
	t.add(&exchange{At: at.UnixMilli(), Kind: "envelope", Name: name, About: about, ID: id, State: "waiting", Sent: readable(data), started: time.Now()})
}

// acknowledged notes an acknowledgement; timely is false for one that nobody waited for.
func (t *traffic) acknowledged(id string, payload json.RawMessage, timely bool) {
	e := t.find(id)
	if e == nil || e.State == "ok" {
		return
	}
	e.State, e.Took = map[bool]string{true: "ok", false: "late"}[timely], milliseconds(time.Since(e.started))
	if len(payload) > 0 {
		e.Answer = readable(payload)
	}
	t.touch(e)
}

// unanswered notes that the time for an acknowledgement is over.
func (t *traffic) unanswered(id string) {
	if e := t.find(id); e != nil && e.State == "waiting" {
		e.State, e.Status, e.Took = "failed", "not acknowledged in time", milliseconds(time.Since(e.started))
		t.touch(e)
	}
}

func (t *traffic) find(id string) *exchange {
	for i := len(t.kept) - 1; i >= 0; i-- {
		if t.kept[i].ID == id && id != "" {
			return t.kept[i]
		}
	}
	return nil
}

// called notes a request with its answer.
func (t *traffic) called(c Call, answer any, took time.Duration) {
	e := &exchange{At: c.Time.UnixMilli(), Kind: "call", Name: c.Method, State: "ok", Took: milliseconds(took), Status: c.Error,
		Sent: readable(encode(c.Params)), Answer: readable(encode(answer))}
	for _, key := range []string{"channel", "channel_id", "user_id", "user", "file"} {
		if id := text(c.Params[key]); id != "" && e.About == "" {
			e.About = id
		}
	}
	if c.Error != "" || c.Status != http.StatusOK {
		e.State = "failed"
	}
	if e.Status == "" && c.Status != http.StatusOK {
		e.Status = strconv.Itoa(c.Status)
	}
	t.add(e)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// secretParts are what opens something: tokens, tickets of sockets, upload and response addresses, trigger ids.
var secretParts = regexp.MustCompile(`(xox[a-z]-|xapp-)[A-Za-z0-9-]+|(ticket=|/response/|/upload/v1/)[A-Za-z0-9]+|("(?:token|trigger_id)":\s*")[^"]*`)

// readable is a body as the inspector shows it.
func readable(data []byte) json.RawMessage {
	if len(data) > keptBody {
		return encode(fmt.Sprintf("%d bytes, too many to keep", len(data)))
	}
	return secretParts.ReplaceAll(data, []byte("$1$2$3•••"))
}

// servePageTraffic answers the exchanges that are newer or have changed since ?since=, a rev, oldest first.
func (s *Server) servePageTraffic(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.ParseUint(r.URL.Query().Get("since"), 10, 64)
	if err != nil {
		since = 0
	}
	found := []exchange{}
	s.mu.Lock()
	for _, e := range s.page.traffic.kept {
		if e.Rev > since {
			found = append(found, *e)
		}
	}
	s.mu.Unlock()
	writeJSON(w, found)
}
