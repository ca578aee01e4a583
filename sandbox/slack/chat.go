package slack

import (
	"slices"
	"strings"
	"time"
)

// target finds the conversation to post to: by id, by name, or by a person's id for a direct message.
func (s *Server) target(c *call) (*channel, error) {
	id := c.str("channel")
	if u := s.users[id]; u != nil {
		if u.bot {
			return nil, fault("cannot_dm_bot")
		}
		ch, _ := s.direct(c.app.UserID, u.id)
		return ch, nil
	}
	if ch := s.namedChannel(strings.TrimPrefix(id, "#")); ch != nil {
		id = ch.id
	}
	ch, err := s.visible(c.app, id)
	switch {
	case err != nil:
		return nil, err
	case ch.archived:
		return nil, fault("is_archived")
	}
	return ch, nil
}

// thread checks the message that an answer is for.
func (c *call) thread(ch *channel) (string, error) {
	ts := c.str("thread_ts")
	if ts == "" {
		return "", nil
	}
	root := ch.message(ts)
	if root == nil || root.ephemeralTo != "" {
		return "", fault("thread_not_found")
	}
	if root.thread != "" && root.thread != root.ts {
		return root.thread, nil // an answer to an answer belongs to the same thread
	}
	return ts, nil
}

func chatPostMessage(s *Server, c *call) (object, error) {
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	if !ch.has(c.app.UserID) && !c.app.may("chat:write.public") {
		return nil, fault("not_in_channel")
	}
	k, err := c.readContent()
	if err != nil {
		return nil, err
	}
	if k.empty() {
		return nil, fault("no_text")
	}
	thread, err := c.thread(ch)
	if err != nil {
		return nil, err
	}
	m := s.addMessage(ch, &message{user: c.app.UserID, app: c.app, username: c.str("username"), text: k.text, blocks: k.blocks,
		attachments: k.attachments, metadata: k.metadata, thread: thread, broadcast: c.boolean("reply_broadcast")})
	s.emitMessage(ch, m)
	return object{"channel": ch.id, "ts": m.ts, "message": s.withMetadata(m)}, nil
}

func (s *Server) withMetadata(m *message) object {
	o := s.messageObject(m)
	if m.metadata != nil {
		o["metadata"] = m.metadata
	}
	return o
}

func chatPostEphemeral(s *Server, c *call) (object, error) {
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	if !ch.has(c.app.UserID) {
		return nil, fault("not_in_channel")
	}
	if !ch.has(c.str("user")) {
		return nil, fault("user_not_in_channel")
	}
	k, err := c.readContent()
	if err != nil {
		return nil, err
	}
	if k.empty() {
		return nil, fault("no_text")
	}
	thread, err := c.thread(ch)
	if err != nil {
		return nil, err
	}
	m := s.addMessage(ch, &message{user: c.app.UserID, app: c.app, text: k.text, blocks: k.blocks,
		attachments: k.attachments, thread: thread, ephemeralTo: c.str("user")})
	return object{"message_ts": m.ts}, nil
}

// own finds a message that the calling app wrote. cant is the code for one by someone else.
func (s *Server) own(c *call, cant string) (*channel, *message, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	if err != nil {
		return nil, nil, err
	}
	m := ch.message(c.str("ts"))
	if m == nil || m.ephemeralTo != "" {
		return nil, nil, fault("message_not_found")
	}
	if m.app != c.app || m.subtype != "" && m.subtype != "file_share" {
		return nil, nil, fault(cant)
	}
	return ch, m, nil
}

func chatUpdate(s *Server, c *call) (object, error) {
	ch, m, err := s.own(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	k, err := c.readContent()
	if err != nil {
		return nil, err
	}
	if !k.hasText && !k.hasBlocks && !k.hasAttachments {
		return nil, fault("no_text")
	}
	s.edit(ch, m, k)
	return object{"channel": ch.id, "ts": m.ts, "text": m.text, "message": s.withMetadata(m)}, nil
}

// edit changes a message. What the content leaves out stays as it was.
// https://docs.slack.dev/reference/methods/chat.update
func (s *Server) edit(ch *channel, m *message, k content) {
	before := s.messageObject(m)
	if k.hasText {
		m.text = k.text
	}
	if k.hasBlocks {
		m.blocks, m.raw, m.inputs = k.blocks, encodeBlocks(k.blocks), nil
	}
	if k.hasAttachments {
		m.attachments = k.attachments
	}
	if k.hasMD {
		m.metadata = k.metadata
	}
	m.edits++
	m.editedTS = s.newTS()
	m.version = s.touch()
	if m.ephemeralTo != "" {
		return
	}
	s.emitChannel(ch, "message", object{"subtype": "message_changed", "channel": ch.id, "hidden": true, "ts": m.editedTS,
		"channel_type": eventKind[ch.kind], "message": s.messageObject(m), "previous_message": before})
}

func chatDelete(s *Server, c *call) (object, error) {
	ch, m, err := s.own(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	s.remove(ch, m)
	return object{"channel": ch.id, "ts": m.ts}, nil
}

// remove deletes a message and tells the apps.
func (s *Server) remove(ch *channel, m *message) {
	before := s.messageObject(m)
	s.erase(ch, m)
	if m.ephemeralTo == "" {
		s.emitChannel(ch, "message", object{"subtype": "message_deleted", "channel": ch.id, "hidden": true, "ts": s.newTS(),
			"deleted_ts": m.ts, "channel_type": eventKind[ch.kind], "previous_message": before})
	}
}

func chatGetPermalink(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	if err != nil {
		return nil, err
	}
	m := ch.message(c.str("message_ts"))
	if m == nil || m.ephemeralTo != "" {
		return nil, fault("message_not_found")
	}
	return object{"channel": ch.id, "permalink": s.permalink(ch, m.ts)}, nil
}

// history reads the messages of a channel that an app may see, newest first, within the bounds of a call.
// pick chooses among them.
func (s *Server) history(c *call, ch *channel, pick func(*message) bool) ([]*message, error) {
	oldest, latest, inclusive := c.str("oldest"), c.str("latest"), c.boolean("inclusive")
	for bound, code := range map[string]string{oldest: "invalid_ts_oldest", latest: "invalid_ts_latest"} {
		if strings.Trim(bound, "0123456789.") != "" {
			return nil, fault(code)
		}
	}
	var found []*message
	for _, m := range slices.Backward(ch.messages) {
		if m.deleted || m.ephemeralTo != "" || !pick(m) {
			continue
		}
		if oldest != "" && oldest != "0" && !after(m.ts, oldest, inclusive) {
			continue
		}
		if latest != "" && !after(latest, m.ts, inclusive) {
			continue
		}
		found = append(found, m)
	}
	return found, nil
}

// after compares timestamps that may lack their fraction.
func after(a, b string, orEqual bool) bool {
	x, y := microseconds(a), microseconds(b)
	return x > y || orEqual && x == y
}

// microseconds reads a timestamp such as "1700000000.000100", with any number of decimals.
func microseconds(ts string) time.Duration {
	d, err := time.ParseDuration(ts + "s")
	if err != nil {
		return 0
	}
	return d.Truncate(time.Microsecond)
}

func (s *Server) messageObjects(found []*message, c *call) []any {
	objects := make([]any, len(found))
	for i, m := range found {
		if c.boolean("include_all_metadata") {
			objects[i] = s.withMetadata(m)
		} else {
			objects[i] = s.messageObject(m)
		}
	}
	return objects
}

func conversationsHistory(s *Server, c *call) (object, error) {
	ch, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	found, err := s.history(c, ch, func(m *message) bool { return m.thread == "" || m.thread == m.ts || m.broadcast })
	if err != nil {
		return nil, err
	}
	part, next, err := page(found, c)
	if err != nil {
		return nil, err
	}
	return object{"messages": s.messageObjects(part, c), "has_more": next != "", "pin_count": len(ch.pins),
		"response_metadata": object{"next_cursor": next}}, nil
}

func conversationsReplies(s *Server, c *call) (object, error) {
	ch, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	root := ch.message(c.str("ts"))
	if root == nil {
		return nil, fault("thread_not_found")
	}
	thread := root.ts
	if root.thread != "" {
		thread = root.thread
	}
	found, err := s.history(c, ch, func(m *message) bool { return m.ts == thread || m.thread == thread })
	if err != nil {
		return nil, err
	}
	slices.Reverse(found)
	part, next, err := page(found, c)
	if err != nil {
		return nil, err
	}
	return object{"messages": s.messageObjects(part, c), "has_more": next != "",
		"response_metadata": object{"next_cursor": next}}, nil
}

// readable finds a channel whose messages an app may read: it must be a member.
func (s *Server) readable(c *call) (*channel, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	if err != nil {
		return nil, err
	}
	if !ch.has(c.app.UserID) {
		return nil, fault("not_in_channel")
	}
	return ch, nil
}
