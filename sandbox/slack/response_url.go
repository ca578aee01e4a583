package slack

import (
	"encoding/json"
	"errors"
	"net/http"
)

// serveResponseURL takes an answer to a command or an action.
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	c := &call{name: "response_url"}
	params, _, err := readParams(r)
	c.params = params
	seen := Call{Method: c.name, Token: "none", Params: params, Time: s.now(), Status: http.StatusOK}
	trouble := s.faults.take(c.name)
	var answer object
	if trouble == nil || trouble.Perform {
		if err == nil {
			err = s.respondTo(r.PathValue("id"), c)
		}
		answer = object{"ok": err == nil}
	}
	status := http.StatusOK
	if trouble != nil {
		answer, status = trouble.spoil(r.Context(), s.ctx, answer)
	}
	var refused *apiError
	if errors.As(err, &refused) {
		answer, status = object{"ok": false, "error": refused.code}, http.StatusNotFound
		seen.Error = refused.code
	}
	seen.Status = status
	s.mu.Lock()
	s.logCall(seen, answer)
	s.mu.Unlock()
	if answer["ok"] == true {
		_, _ = w.Write([]byte("ok")) // a client that has gone away needs no answer
		return
	}
	respond(w, status, trouble, answer)
}

// respondTo does what the answer asks for. The lock is not held.
func (s *Server) respondTo(id string, c *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.responses[id]
	switch {
	case u == nil:
		return fault("invalid_url")
	case s.now().Sub(u.issued) > responseLife:
		return fault("expired_url")
	case u.uses >= responseUses:
		return fault("used_url")
	}
	k, err := c.readContent()
	if err != nil {
		return err
	}
	c.app = u.app
	u.uses++
	switch origin := u.message; {
	case c.boolean("delete_original") && origin != nil:
		s.remove(u.channel, origin)
		return nil
	case c.boolean("replace_original") && origin != nil && !origin.deleted:
		k.hasText, k.hasBlocks = true, true
		s.edit(u.channel, origin, k)
		return nil
	case k.empty():
		return fault("no_text")
	}
	thread := c.str("thread_ts")
	if u.message != nil && thread == "" {
		thread = u.message.thread
	}
	s.answer(u.app, u.channel, u.user, thread, k, c.str("response_type") == "in_channel")
	return nil
}

// answer posts what an app says to a command or an action: to the person alone, unless it is for the channel.
func (s *Server) answer(a *app, ch *channel, userID, thread string, k content, public bool) {
	m := &message{user: a.UserID, app: a, text: k.text, blocks: k.blocks, attachments: k.attachments, thread: thread}
	if !public {
		m.ephemeralTo = userID
	}
	s.addMessage(ch, m)
	if public {
		s.emitMessage(ch, m)
	}
}

// ackMessage reads the message that came with the acknowledgement of a command; ok is false without one.
func ackMessage(payload json.RawMessage) (k content, public, ok bool, err error) {
	if len(payload) == 0 || string(payload) == "null" {
		return content{}, false, false, nil
	}
	decoded, err := decode(payload)
	if err != nil {
		return content{}, false, false, err
	}
	o, isObject := decoded.(object)
	if !isObject {
		return content{}, false, false, errors.New("the payload is no object")
	}
	c := &call{params: o}
	if k, err = c.readContent(); err != nil {
		return content{}, false, false, err
	}
	return k, c.str("response_type") == "in_channel", !k.empty(), nil
}
