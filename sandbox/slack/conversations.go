package slack

import (
	"slices"
	"strings"
	"unicode/utf8"
)

func conversationsList(s *Server, c *call) (object, error) {
	return s.listChannels(c, func(ch *channel) bool { return ch.kind == publicChannel || ch.has(c.app.UserID) })
}

// listChannels answers a page of the channels that pick chooses, of the kinds that the call asks for.
func (s *Server) listChannels(c *call, pick func(*channel) bool) (object, error) {
	kinds := c.list("types")
	if len(kinds) == 0 {
		kinds = []string{publicChannel}
	}
	for _, kind := range kinds {
		at := slices.Index(channelKinds, kind)
		if at < 0 {
			return nil, fault("invalid_types")
		}
		if needed := readsChannels[at]; !s.uses(c.app, c.name, needed) {
			return nil, &apiError{code: "missing_scope",
				with: object{"needed": needed, "provided": strings.Join(c.app.scopes, ",")}}
		}
	}
	var found []*channel
	for _, id := range s.channelOrder {
		ch := s.channels[id]
		if !slices.Contains(kinds, ch.kind) || c.boolean("exclude_archived") && ch.archived || !pick(ch) {
			continue
		}
		found = append(found, ch)
	}
	part, next, err := page(found, c)
	if err != nil {
		return nil, err
	}
	objects := make([]any, len(part))
	for i, ch := range part {
		o := s.channelObject(ch, c.app)
		if c.name == "conversations.list" {
			o["num_members"] = len(ch.members)
		} else {
			delete(o, "is_member") // users.conversations lists nothing else
		}
		objects[i] = o
	}
	return object{"channels": objects, "response_metadata": object{"next_cursor": next}}, nil
}

func conversationsInfo(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	if err != nil {
		return nil, err
	}
	o := s.channelObject(ch, c.app)
	if c.boolean("include_num_members") {
		o["num_members"] = len(ch.members)
	}
	return object{"channel": o}, nil
}

func conversationsOpen(s *Server, c *call) (object, error) {
	if id := c.str("channel"); id != "" {
		ch, err := s.visible(c.app, id)
		if err != nil {
			return nil, err
		}
		return object{"channel": s.channelObject(ch, c.app), "no_op": true, "already_open": true}, nil
	}
	people := c.list("users")
	switch {
	case len(people) == 0:
		return nil, fault("users_list_not_supplied")
	case len(people) > 8:
		return nil, fault("too_many_users")
	}
	for _, p := range people {
		if u := s.users[p]; u == nil {
			return nil, fault("user_not_found")
		} else if u.gone {
			return nil, fault("user_disabled")
		} else if u.bot {
			return nil, fault("cannot_dm_bot")
		}
	}
	if needed := map[bool]string{true: "im:write", false: "mpim:write"}[len(people) == 1]; !s.uses(c.app, c.name, needed) {
		return nil, &apiError{code: "missing_scope",
			with: object{"needed": needed, "provided": strings.Join(c.app.scopes, ",")}}
	}
	ch, isNew := s.direct(append(slices.Clone(people), c.app.UserID)...)
	shown := object{"id": ch.id}
	if c.boolean("return_im") {
		shown = s.channelObject(ch, c.app)
	}
	o := object{"channel": shown}
	if !isNew {
		o["no_op"], o["already_open"] = true, true
	}
	return o, nil
}

func conversationsCreate(s *Server, c *call) (object, error) {
	name := c.str("name")
	if err := checkName(name); err != nil {
		return nil, err
	}
	if s.namedChannel(name) != nil { // an archived channel keeps its name
		return nil, fault("name_taken")
	}
	kind := publicChannel
	if c.boolean("is_private") {
		kind = privateChannel
	}
	ch := s.addChannel(name, kind, c.app.UserID, c.app.UserID)
	if kind == publicChannel {
		s.emit(c.app, "channel_created", object{"channel": s.channelObject(ch, c.app)})
	}
	return object{"channel": s.channelObject(ch, c.app)}, nil
}

// maxNote is the length of a topic or purpose. https://docs.slack.dev/reference/methods/conversations.setTopic
const maxNote = 250

func conversationsSetTopic(s *Server, c *call) (object, error) {
	return s.setNote(c, "topic", func(ch *channel) *note { return &ch.topic })
}

func conversationsSetPurpose(s *Server, c *call) (object, error) {
	return s.setNote(c, "purpose", func(ch *channel) *note { return &ch.purpose })
}

func (s *Server) setNote(c *call, which string, of func(*channel) *note) (object, error) {
	ch, err := s.writable(c.app, c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.kind == directMessage:
		return nil, fault("method_not_supported_for_channel_type")
	case utf8.RuneCountInString(c.str(which)) > maxNote:
		return nil, fault("too_long")
	}
	*of(ch) = note{c.str(which), c.app.UserID, s.now()}
	m := s.addMessage(ch, &message{user: c.app.UserID, subtype: "channel_" + which,
		text: "set the channel " + which + ": " + c.str(which)})
	s.emitMessage(ch, m)
	return object{"channel": s.channelObject(ch, c.app)}, nil
}

func conversationsRename(s *Server, c *call) (object, error) {
	ch, err := s.writable(c.app, c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.kind == directMessage || ch.kind == groupMessage:
		return nil, fault("method_not_supported_for_channel_type")
	}
	name := c.str("name")
	if err := checkName(name); err != nil {
		return nil, err
	}
	if other := s.namedChannel(name); other != nil && other != ch {
		return nil, fault("name_taken")
	}
	if ch.creator != c.app.UserID {
		return nil, fault("not_authorized")
	}
	ch.previous, ch.name = append(ch.previous, ch.name), name
	s.touch()
	s.emitChannel(ch, ch.event("rename"), object{"channel": object{"id": ch.id, "name": name, "created": ch.created.Unix()}})
	return object{"channel": s.channelObject(ch, c.app)}, nil
}

func conversationsArchive(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.kind == directMessage || ch.kind == groupMessage:
		return nil, fault("method_not_supported_for_channel_type")
	case ch.archived:
		return nil, fault("already_archived")
	case ch.name == "general":
		return nil, fault("cant_archive_general")
	case !ch.has(c.app.UserID):
		return nil, fault("not_in_channel")
	}
	s.setArchived(ch, true, c.app.UserID)
	return nil, nil
}

// conversationsUnarchive never does it: Slack refuses bots, whose membership ends with the archiving.
// https://github.com/slack-go/slack/issues/1066
func conversationsUnarchive(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case !ch.archived:
		return nil, fault("not_archived")
	}
	return nil, fault("not_in_channel")
}

func (s *Server) setArchived(ch *channel, archived bool, by string) {
	ch.archived = archived
	s.touch()
	event := map[bool]string{true: "archive", false: "unarchive"}[archived]
	s.emitChannel(ch, ch.event(event), object{"channel": ch.id, "user": by})
}

// SetArchived archives a channel or brings it back, as a person does.
func (s *Server) SetArchived(channelID string, archived bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.channels[channelID]; ch != nil {
		s.setArchived(ch, archived, ch.creator)
	}
}
