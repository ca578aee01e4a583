package slack

import (
	"encoding/json"
	"slices"
)

// Message is a message as it stands now. A deleted one keeps its place, without text and blocks.
type Message struct {
	// TS names the message in its channel; ThreadTS is the message it answers, its own when it has answers.
	TS, ThreadTS, Channel string
	// User is the author (U…), a bot's user too; BotID is set for bots (B…).
	User, BotID string
	// Subtype is Slack's, such as "channel_topic" or "file_share"; empty for what someone said.
	Subtype string
	Text    string
	Blocks  json.RawMessage
	// Ephemeral messages are seen by EphemeralTo only.
	Ephemeral   bool
	EphemeralTo string
	// Edited is the number of edits.
	Edited    int
	Files     []File
	Reactions []Reaction
	Metadata  json.RawMessage
	Deleted   bool

	plain string
}

// Reaction is an emoji with the people who chose it.
type Reaction struct {
	Name  string
	Users []string
}

// message is a Message with what the workspace needs to know about it.
type message struct {
	ts, thread, channel string
	user                string
	app                 *app
	username            string // that the app chose for this message
	subtype, text       string
	blocks              []any
	raw                 json.RawMessage // blocks
	attachments         []any
	metadata            any
	ephemeralTo         string
	edits               int
	editedTS            string
	files               []*file
	reactions           []Reaction
	deleted             bool
	broadcast           bool                   // a thread's answer that the channel shows too
	inputs              map[string]inputValues // by person: what was chosen in the message's menus
	version             uint64
	names               func(string) string
}

// Messages answers all messages of a channel in order: answers in threads, ephemeral and deleted ones too.
func (s *Server) Messages(channelID string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelID]
	if c == nil {
		return nil
	}
	shown := make([]Message, len(c.messages))
	for i, m := range c.messages {
		shown[i] = m.exported()
	}
	return shown
}

func (m *message) exported() Message {
	shown := Message{
		TS: m.ts, ThreadTS: m.thread, Channel: m.channel, User: m.user, Subtype: m.subtype, Text: m.text,
		Blocks: m.raw, Ephemeral: m.ephemeralTo != "", EphemeralTo: m.ephemeralTo, Edited: m.edits, Deleted: m.deleted,
	}
	if m.app != nil {
		shown.BotID = m.app.BotID
	}
	if m.metadata != nil {
		shown.Metadata = encode(m.metadata)
	}
	for _, f := range m.files {
		shown.Files = append(shown.Files, f.File)
	}
	for _, r := range m.reactions {
		shown.Reactions = append(shown.Reactions, Reaction{r.Name, slices.Clone(r.Users)})
	}
	shown.plain = plainMessage(m.text, m.blocks, m.files, m.names)
	return shown
}

// addMessage puts a message at the end of its channel.
func (s *Server) addMessage(c *channel, m *message) *message {
	m.ts, m.channel, m.names = s.newTS(), c.id, s.displayName
	m.raw = encodeBlocks(m.blocks)
	m.version = s.touch()
	c.messages = append(c.messages, m)
	if root := c.message(m.thread); root != nil && root != m && m.ephemeralTo == "" {
		root.thread = root.ts
		root.version = m.version
	}
	return m
}

func encodeBlocks(blocks []any) json.RawMessage {
	if len(blocks) == 0 {
		return nil
	}
	return encode(blocks)
}

// displayName is how people read an id: the name of a user, channel or group.
func (s *Server) displayName(id string) string {
	if u := s.users[id]; u != nil {
		return u.name
	}
	if c := s.channels[id]; c != nil {
		return c.name
	}
	for _, g := range s.groups {
		if g.id == id {
			return g.handle
		}
	}
	return id
}

// message finds a message by its timestamp; nil when there is none or it was deleted.
func (c *channel) message(ts string) *message {
	i, found := slices.BinarySearchFunc(c.messages, ts, func(m *message, ts string) int { return compareTS(m.ts, ts) })
	if !found || c.messages[i].deleted {
		return nil
	}
	return c.messages[i]
}

// compareTS orders timestamps; they have the same form and differ in length only in distant centuries.
func compareTS(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// erase deletes a message and what hangs on it.
func (s *Server) erase(c *channel, m *message) {
	m.deleted, m.text, m.blocks, m.raw, m.files, m.reactions, m.attachments = true, "", nil, nil, nil, nil, nil
	c.pins = slices.DeleteFunc(c.pins, func(p pin) bool { return p.message == m })
	m.version = s.touch()
}

// answers are the messages of a thread without its root, oldest first.
func (c *channel) answers(root string) []*message {
	var found []*message
	for _, m := range c.messages {
		if m.thread == root && m.ts != root && !m.deleted && m.ephemeralTo == "" {
			found = append(found, m)
		}
	}
	return found
}

// messageObject shows a message to an app.
func (s *Server) messageObject(m *message) object {
	o := object{"type": "message", "user": m.user, "text": m.text, "ts": m.ts, "team": s.teamID}
	if u := s.users[m.user]; u != nil && m.ephemeralTo == "" {
		o["team"] = u.team
	}
	if m.subtype != "" {
		o["subtype"] = m.subtype
	}
	if m.app != nil {
		o["bot_id"], o["app_id"], o["bot_profile"] = m.app.BotID, m.app.AppID, s.botObject(m.app)
		if m.username != "" {
			o["username"] = m.username
		}
	} else if m.subtype == "" {
		o["client_msg_id"] = clientID(m.ts)
	}
	s.addThread(o, m)
	blocks := m.blocks
	if m.app == nil && len(blocks) == 0 && m.subtype == "" {
		blocks = typedBlocks(m.text)
	}
	if len(blocks) > 0 {
		o["blocks"] = blocks
	}
	if len(m.attachments) > 0 {
		o["attachments"] = m.attachments
	}
	if m.edits > 0 {
		o["edited"] = object{"user": m.user, "ts": m.editedTS}
	}
	if len(m.files) > 0 {
		files := make([]any, len(m.files))
		for i, f := range m.files {
			files[i] = s.fileObject(f)
		}
		o["files"], o["upload"] = files, false
	}
	if len(m.reactions) > 0 {
		o["reactions"] = reactionObjects(m.reactions)
	}
	return o
}

func (s *Server) addThread(o object, m *message) {
	if m.thread == "" {
		return
	}
	o["thread_ts"] = m.thread
	c := s.channels[m.channel]
	if m.thread != m.ts {
		if root := c.message(m.thread); root != nil {
			o["parent_user_id"] = root.user
		}
		return
	}
	answers := c.answers(m.ts)
	if len(answers) == 0 {
		return
	}
	var who []string
	for _, a := range answers {
		if !slices.Contains(who, a.user) {
			who = append(who, a.user)
		}
	}
	o["reply_count"], o["reply_users_count"], o["reply_users"] = len(answers), len(who), who
	o["latest_reply"], o["subscribed"], o["is_locked"] = answers[len(answers)-1].ts, false, false
}

func reactionObjects(reactions []Reaction) []any {
	objects := make([]any, len(reactions))
	for i, r := range reactions {
		objects[i] = object{"name": r.Name, "users": slices.Clone(r.Users), "count": len(r.Users)}
	}
	return objects
}
