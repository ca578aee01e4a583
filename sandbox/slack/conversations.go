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
		if needed := readsChannels[at]; !c.app.may(needed) {
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
		o["num_members"] = len(ch.members)
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

func conversationsMembers(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	if err != nil {
		return nil, err
	}
	part, next, err := page(ch.members, c)
	if err != nil {
		return nil, err
	}
	return object{"members": append([]string{}, part...), "response_metadata": object{"next_cursor": next}}, nil
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
		} else if u.bot {
			return nil, fault("cannot_dm_bot")
		}
	}
	if needed := map[bool]string{true: "im:write", false: "mpim:write"}[len(people) == 1]; !c.app.may(needed) {
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

func conversationsJoin(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.archived:
		return nil, fault("is_archived")
	case ch.kind != publicChannel:
		return nil, fault("method_not_supported_for_channel_type")
	}
	o := object{}
	if !s.join(ch, c.app.UserID, "") {
		o["warning"], o["response_metadata"] = "already_in_channel", object{"warnings": []string{"already_in_channel"}}
	}
	o["channel"] = s.channelObject(ch, c.app)
	return o, nil
}

// join makes someone a member, with the line in the channel that says so; it is false for one who was one already.
func (s *Server) join(ch *channel, userID, inviter string) bool {
	if !ch.admit(userID) {
		return false
	}
	s.emitMessage(ch, s.addMessage(ch, &message{user: userID, subtype: "channel_join", text: "<@" + userID + "> has joined the channel"}))
	e := object{"user": userID, "channel": ch.id, "channel_type": strings.ToUpper(ch.id[:1]), "team": s.users[userID].team}
	if inviter != "" {
		e["inviter"] = inviter
	}
	s.emitChannel(ch, "member_joined_channel", e)
	return true
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

func conversationsInvite(s *Server, c *call) (object, error) {
	ch, err := s.writable(c.app, c.str("channel"))
	if err != nil {
		return nil, err
	}
	people := c.list("users")
	switch {
	case ch.kind == directMessage || ch.kind == groupMessage:
		return nil, fault("method_not_supported_for_channel_type")
	case len(people) == 0:
		return nil, fault("no_user")
	case len(people) > 1000:
		return nil, fault("too_many_users")
	}
	var good []string
	var problems []any
	for _, p := range people {
		code := ""
		switch {
		case s.users[p] == nil:
			code = "user_not_found"
		case p == c.app.UserID:
			code = "cant_invite_self"
		case ch.has(p):
			code = "already_in_channel"
		case s.users[p].guest:
			code = "ura_max_channels"
		}
		if code == "" {
			good = append(good, p)
			continue
		}
		problems = append(problems, object{"user": p, "ok": false, "error": code})
	}
	if len(problems) > 0 && (!c.boolean("force") || len(good) == 0) {
		first := problems[0].(object)
		return nil, &apiError{code: text(first["error"]), with: object{"errors": problems}}
	}
	for _, p := range good {
		s.join(ch, p, c.app.UserID)
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
	if err != nil {
		return nil, err
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
	s.emitChannel(ch, "channel_rename", object{"channel": object{"id": ch.id, "name": name, "created": ch.created.Unix()}})
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
	return s.setArchived(ch, true, c)
}

func conversationsUnarchive(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case !ch.archived:
		return nil, fault("not_archived")
	}
	return s.setArchived(ch, false, c)
}

func (s *Server) setArchived(ch *channel, archived bool, c *call) (object, error) {
	ch.archived = archived
	s.touch()
	event := map[bool]string{true: "channel_archive", false: "channel_unarchive"}[archived]
	s.emitChannel(ch, event, object{"channel": ch.id, "user": c.app.UserID})
	return nil, nil
}
