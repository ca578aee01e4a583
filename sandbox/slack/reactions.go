package slack

import (
	"regexp"
	"slices"
)

var emojiName = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

// Limits of reactions. Slack documents the codes, not the numbers; these are its help page's.
// https://slack.com/help/articles/202931348-Use-emoji-and-reactions
const (
	maxEmoji     = 50 // of one message
	maxReactions = 23 // of one person on one message
)

// item finds the message that a reaction or a pin is about. To change anything the app must be in the channel.
func (s *Server) item(c *call, change bool) (*channel, *message, error) {
	ts := c.str("timestamp")
	if ts == "" {
		return nil, nil, fault("no_item_specified")
	}
	find := s.visible
	if change {
		find = s.writable
	}
	ch, err := find(c.app, c.str("channel"))
	switch {
	case err != nil:
		return nil, nil, err
	case microseconds(ts) == 0:
		return nil, nil, fault("bad_timestamp")
	}
	m := ch.message(ts)
	if m == nil || m.ephemeralTo != "" {
		return nil, nil, fault("message_not_found")
	}
	return ch, m, nil
}

func reactionsAdd(s *Server, c *call) (object, error) {
	ch, m, err := s.item(c, true)
	if err != nil {
		return nil, err
	}
	return nil, s.react(ch, m, c.app.UserID, c.str("name"))
}

func reactionsRemove(s *Server, c *call) (object, error) {
	ch, m, err := s.item(c, true)
	if err != nil {
		return nil, err
	}
	return nil, s.unreact(ch, m, c.app.UserID, c.str("name"))
}

func reactionsGet(s *Server, c *call) (object, error) {
	ch, m, err := s.item(c, false)
	if err != nil {
		return nil, err
	}
	o := s.messageObject(m)
	o["permalink"] = s.permalink(ch, m.ts)
	return object{"type": "message", "channel": ch.id, "message": o}, nil
}

// reactionsList answers what someone has reacted to where the app is a member, the newest message first.
func reactionsList(s *Server, c *call) (object, error) {
	who := c.str("user")
	if who == "" {
		who = c.app.UserID
	}
	if s.users[who] == nil {
		return nil, fault("user_not_found")
	}
	var found []*message
	for _, ch := range s.channels {
		for _, m := range ch.messages {
			if ch.has(c.app.UserID) && !m.deleted && m.reactedBy(who) > 0 {
				found = append(found, m)
			}
		}
	}
	slices.SortFunc(found, func(a, b *message) int { return compareTS(b.ts, a.ts) })
	part, next, err := page(found, c)
	if err != nil {
		return nil, err
	}
	items := make([]any, len(part))
	for i, m := range part {
		o := s.messageObject(m)
		o["permalink"] = s.permalink(s.channels[m.channel], m.ts)
		items[i] = object{"type": "message", "channel": m.channel, "message": o}
	}
	return object{"items": items, "response_metadata": object{"next_cursor": next}}, nil
}

// reactedBy counts someone's reactions.
func (m *message) reactedBy(userID string) int {
	n := 0
	for _, r := range m.reactions {
		if slices.Contains(r.Users, userID) {
			n++
		}
	}
	return n
}

func (s *Server) react(ch *channel, m *message, userID, name string) error {
	if !emojiName.MatchString(name) {
		return fault("invalid_name")
	}
	at := slices.IndexFunc(m.reactions, func(r Reaction) bool { return r.Name == name })
	switch {
	case at >= 0 && slices.Contains(m.reactions[at].Users, userID):
		return fault("already_reacted")
	case m.reactedBy(userID) >= maxReactions:
		return fault("too_many_reactions")
	case at < 0 && len(m.reactions) >= maxEmoji:
		return fault("too_many_emoji")
	case at < 0:
		m.reactions = append(m.reactions, Reaction{Name: name, Users: []string{userID}})
	default:
		m.reactions[at].Users = append(m.reactions[at].Users, userID)
	}
	s.reacted(ch, m, userID, name, "reaction_added")
	return nil
}

func (s *Server) unreact(ch *channel, m *message, userID, name string) error {
	at := slices.IndexFunc(m.reactions, func(r Reaction) bool { return r.Name == name && slices.Contains(r.Users, userID) })
	if at < 0 {
		return fault("no_reaction")
	}
	r := &m.reactions[at]
	r.Users = slices.DeleteFunc(slices.Clone(r.Users), func(id string) bool { return id == userID })
	if len(r.Users) == 0 {
		m.reactions = slices.Delete(m.reactions, at, at+1)
	}
	s.reacted(ch, m, userID, name, "reaction_removed")
	return nil
}

func (s *Server) reacted(ch *channel, m *message, userID, name, kind string) {
	m.version = s.touch()
	s.emitChannel(ch, kind, object{"user": userID, "reaction": name, "item_user": m.user,
		"item": object{"type": "message", "channel": ch.id, "ts": m.ts}})
}
