package slack

import (
	"regexp"
	"slices"
)

var emojiName = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

// item finds the message that a reaction or a pin is about.
func (s *Server) item(c *call) (*channel, *message, error) {
	if c.str("timestamp") == "" {
		return nil, nil, fault("no_item_specified")
	}
	ch, err := s.visible(c.app, c.str("channel"))
	if err != nil {
		return nil, nil, err
	}
	m := ch.message(c.str("timestamp"))
	if m == nil || m.ephemeralTo != "" {
		return nil, nil, fault("message_not_found")
	}
	return ch, m, nil
}

func reactionsAdd(s *Server, c *call) (object, error) {
	ch, m, err := s.item(c)
	if err != nil {
		return nil, err
	}
	return nil, s.react(ch, m, c.app.UserID, c.str("name"))
}

func reactionsRemove(s *Server, c *call) (object, error) {
	ch, m, err := s.item(c)
	if err != nil {
		return nil, err
	}
	return nil, s.unreact(ch, m, c.app.UserID, c.str("name"))
}

func reactionsGet(s *Server, c *call) (object, error) {
	ch, m, err := s.item(c)
	if err != nil {
		return nil, err
	}
	o := s.messageObject(m)
	o["permalink"] = s.permalink(ch, m.ts)
	return object{"type": "message", "channel": ch.id, "message": o}, nil
}

func (s *Server) react(ch *channel, m *message, userID, name string) error {
	if !emojiName.MatchString(name) {
		return fault("invalid_name")
	}
	at := slices.IndexFunc(m.reactions, func(r Reaction) bool { return r.Name == name })
	switch {
	case at < 0:
		m.reactions = append(m.reactions, Reaction{Name: name, Users: []string{userID}})
	case slices.Contains(m.reactions[at].Users, userID):
		return fault("already_reacted")
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
