package slack

import (
	"encoding/json"
	"fmt"
	"time"
)

// Delivery is an envelope that an app has acknowledged.
type Delivery struct {
	EnvelopeID string
	// AckPayload is what came back with the acknowledgement; nil when nothing did.
	AckPayload json.RawMessage
	// Took is the time from sending to the acknowledgement.
	Took time.Duration
}

// Refusal is what Slack shows a person when an app did not do its part.
type Refusal struct {
	// Code is "dispatch_failed" without a connection, "operation_timeout" without an acknowledgement in time, or what
	// was wrong with the app's answer.
	Code, Text string
}

func (r *Refusal) Error() string { return r.Text }

func refuse(code, format string, args ...any) error {
	return &Refusal{Code: code, Text: fmt.Sprintf(format, args...)}
}

// envelope is what goes over a socket.
type envelope struct {
	kind    string // slash_commands, interactive or events_api
	payload object
	accepts bool // takes a payload with the acknowledgement
	attempt int
	reason  string // of the retry
}

// dispatch sends an envelope over any one of the app's sockets, in turn. It is false when there is none.
func (s *Server) dispatch(a *app, e envelope) (id string, acked <-chan json.RawMessage, ok bool) {
	var open []*socket
	for _, k := range a.sockets {
		if !k.retiring {
			open = append(open, k)
		}
	}
	if len(open) == 0 {
		return "", nil, false
	}
	id = clientID(secret(20))
	o := object{"envelope_id": id, "type": e.kind, "payload": e.payload, "accepts_response_payload": e.accepts}
	if e.kind == "events_api" {
		o["retry_attempt"], o["retry_reason"] = e.attempt, e.reason
	}
	data := encode(o)
	s.page.traffic.envelope(id, e, data, s.now())
	waiting := make(chan json.RawMessage, 1)
	s.pending[id] = waiting
	delay, repeats := s.faults.envelopes()
	for range repeats + 1 {
		var due time.Time
		if delay > 0 {
			due = time.Now().Add(delay)
		}
		open[a.next%len(open)].add(frame{data, due})
		a.next++
	}
	s.log.Debug("envelope", "type", e.kind, "envelope", id, "attempt", e.attempt)
	return id, waiting, true
}

// deliver sends an envelope that a person waits for: it is sent once and must be acknowledged in time. build makes
// the payload, with the app and the type of the envelope, under the lock; what names the act in a refusal.
// The lock is not held.
func (s *Server) deliver(what string, build func() (a *app, kind string, payload object, err error)) (Delivery, error) {
	s.mu.Lock()
	a, kind, payload, err := build()
	if err != nil {
		s.mu.Unlock()
		return Delivery{}, err
	}
	if kind == "interactive" && a.deaf {
		s.mu.Unlock()
		return Delivery{}, refuse("not_configured", "This app is not configured to handle interactive responses.")
	}
	started := time.Now()
	id, acked, ok := s.dispatch(a, envelope{kind: kind, payload: payload, accepts: true})
	s.mu.Unlock()
	if !ok {
		return Delivery{}, refuse("dispatch_failed", "%s failed with the error \"dispatch_failed\"", what)
	}
	late := time.NewTimer(s.opts.AckTimeout)
	defer late.Stop()
	select {
	case answer := <-acked:
		s.recordAck(kind, answer)
		return Delivery{EnvelopeID: id, AckPayload: answer, Took: time.Since(started)}, nil
	case <-late.C:
	case <-s.ctx.Done():
	}
	s.mu.Lock()
	delete(s.pending, id)
	s.page.traffic.unanswered(id)
	s.mu.Unlock()
	return Delivery{EnvelopeID: id}, refuse("operation_timeout", "%s failed with the error \"operation_timeout\"", what)
}

// emitMessage tells the apps in a channel of a new message; whom it mentions hears of it twice.
func (s *Server) emitMessage(ch *channel, m *message) {
	event := s.messageObject(m)
	event["channel"], event["channel_type"], event["event_ts"] = ch.id, eventKind[ch.kind], m.ts
	if u := s.users[m.user]; u != nil && u.team != s.teamID {
		event["user_team"], event["source_team"] = u.team, u.team
	}
	s.emitChannel(ch, "message", event)
	if m.app != nil || m.subtype != "" {
		return
	}
	for _, a := range s.apps {
		if ch.kind != directMessage && ch.has(a.UserID) && mentions(m.text, a.UserID) {
			s.emit(a, "app_mention", object{"user": m.user, "text": m.text, "ts": m.ts, "channel": ch.id, "team": event["team"],
				"client_msg_id": event["client_msg_id"], "blocks": event["blocks"], "thread_ts": event["thread_ts"],
				"user_team": event["user_team"], "source_team": event["source_team"]})
		}
	}
}

// emitChannel tells an event to the apps that are members of a channel.
func (s *Server) emitChannel(ch *channel, kind string, event object) {
	for _, a := range s.apps {
		if ch.has(a.UserID) {
			s.emit(a, kind, event)
		}
	}
}

// emit sends an event to an app, and again by the rules of the Events API until it is acknowledged.
// https://docs.slack.dev/apis/events-api/#retries
func (s *Server) emit(a *app, kind string, event object) {
	kindOfChannel := text(event["channel_type"])
	needed := eventScopes[kind]
	if kind == "message" {
		needed = map[string]string{"channel": "channels:history", "group": "groups:history", "im": "im:history",
			"mpim": "mpim:history"}[kindOfChannel]
	}
	if s.ctx.Err() != nil || needed != "" && !a.may(needed) || !a.subscribed(kind, kindOfChannel) {
		return
	}
	if needed != "" {
		s.uses(a, kind, needed)
	}
	inner := object{}
	for key, value := range event {
		if value != nil {
			inner[key] = value
		}
	}
	inner["type"] = kind
	if inner["event_ts"] == nil {
		inner["event_ts"] = s.newTS()
	}
	ch := s.channels[text(event["channel"])]
	e := envelope{kind: "events_api", payload: object{
		"token": verification, "team_id": s.teamID, "context_team_id": s.teamID, "context_enterprise_id": nil,
		"api_app_id": a.AppID, "event": inner, "type": "event_callback", "event_id": s.newID("Ev"),
		"event_time": s.now().Unix(), "is_ext_shared_channel": ch != nil && s.external(ch), "event_context": "4-" + secret(20),
		"authorizations": []any{object{"enterprise_id": nil, "team_id": s.teamID, "user_id": a.UserID, "is_bot": true,
			"is_enterprise_install": false}},
	}}
	id, acked, sent := s.dispatch(a, e)
	s.running.Go(func() { s.follow(a, e, id, acked, sent) })
}

// follow waits for the acknowledgement of an event and repeats it under new envelope ids. An event that found no
// socket waits for one. The lock is not held.
func (s *Server) follow(a *app, e envelope, id string, acked <-chan json.RawMessage, sent bool) {
	for n := 0; ; n++ {
		if sent && s.wasAcked(id, acked) || n == len(s.opts.EventRetries) || s.sleep(s.opts.EventRetries[n]) != nil {
			return
		}
		e.attempt, e.reason = n+1, "timeout"
		err := s.wait(s.ctx, func() bool {
			id, acked, sent = s.dispatch(a, e)
			return sent
		})
		if err != nil {
			return // the workspace was closed
		}
	}
}

// wasAcked waits for an acknowledgement as long as Slack does.
func (s *Server) wasAcked(id string, acked <-chan json.RawMessage) bool {
	late := time.NewTimer(s.opts.AckTimeout)
	defer late.Stop()
	select {
	case <-acked:
		return true
	case <-late.C:
	case <-s.ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
	s.page.traffic.unanswered(id)
	return false
}

func (s *Server) sleep(d time.Duration) error {
	if d <= 0 {
		return s.ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}
