package slack

import (
	"strings"
	"time"
)

// target finds the conversation to post to: by id, by name, or by a person's id for a direct message.
func (s *Server) target(c *call) (*channel, error) {
	id := c.str("channel")
	if u := s.users[id]; u != nil {
		switch {
		case u.bot:
			return nil, fault("cannot_dm_bot")
		case u.gone:
			return nil, fault("user_disabled")
		case c.app.noMessages:
			return nil, fault("messages_tab_disabled")
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
	if !ch.has(c.app.UserID) && !s.uses(c.app, c.name, "chat:write.public") {
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
	m := s.post(ch, c, k, thread)
	return object{"channel": ch.id, "ts": m.ts, "message": s.withMetadata(m)}, nil
}

// post puts an app's message into a channel.
func (s *Server) post(ch *channel, c *call, k content, thread string) *message {
	m := &message{user: c.app.UserID, app: c.app, text: k.text, blocks: k.blocks, attachments: k.attachments,
		metadata: k.metadata, thread: thread, broadcast: c.boolean("reply_broadcast")}
	if c.str("username") != "" && s.uses(c.app, c.name, "chat:write.customize") {
		m.username = c.str("username")
	}
	s.emitMessage(ch, s.addMessage(ch, m))
	return m
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
	if c.str("user") == "" || !ch.has(c.str("user")) {
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
	switch window := s.faults.window(); {
	case err != nil:
		return nil, err
	case ch.archived:
		return nil, fault("is_inactive")
	case window > 0 && s.now().Sub(time.UnixMicro(microseconds(m.ts).Microseconds())) > window:
		return nil, fault("edit_window_closed")
	}
	k, err := c.readContent()
	if err != nil {
		return nil, err
	}
	if !k.hasText && !k.hasBlocks && !k.hasAttachments {
		return nil, fault("no_text")
	}
	s.edit(ch, m, k)
	shown := s.withMetadata(m)
	for _, name := range []string{"ts", "thread_ts", "parent_user_id", "reply_count", "reply_users", "reply_users_count",
		"latest_reply", "subscribed", "is_locked", "reactions"} {
		delete(shown, name) // chat.update shows the content alone
	}
	return object{"channel": ch.id, "ts": m.ts, "text": m.text, "message": shown}, nil
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
