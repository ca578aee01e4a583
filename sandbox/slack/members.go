package slack

import (
	"slices"
	"strings"
)

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
		case s.users[p].gone:
			code = "cant_invite"
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

func conversationsKick(s *Server, c *call) (object, error) {
	ch, err := s.writable(c.app, c.str("channel"))
	who := c.str("user")
	switch {
	case err != nil:
		return nil, err
	case ch.kind == directMessage || ch.kind == groupMessage:
		return nil, fault("method_not_supported_for_channel_type")
	case s.users[who] == nil:
		return nil, fault("user_not_found")
	case who == c.app.UserID:
		return nil, fault("cant_kick_self")
	case ch.name == "general":
		return nil, fault("cant_kick_from_general")
	case !ch.has(who):
		return nil, fault("not_in_channel")
	}
	s.leave(ch, who)
	return object{"errors": object{}}, nil
}

func conversationsLeave(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.archived:
		return nil, fault("is_archived")
	case ch.kind == directMessage || ch.kind == groupMessage:
		return nil, fault("method_not_supported_for_channel_type")
	case !ch.has(c.app.UserID):
		return object{"not_in_channel": true}, nil
	case ch.name == "general":
		return nil, fault("cant_leave_general")
	case ch.kind == privateChannel && len(ch.members) == 1:
		return nil, fault("last_member")
	}
	s.leave(ch, c.app.UserID)
	return nil, nil
}

// leave ends a membership; the apps in the channel hear of it, also the one that leaves.
func (s *Server) leave(ch *channel, userID string) {
	s.emitChannel(ch, "member_left_channel", object{"user": userID, "channel": ch.id,
		"channel_type": strings.ToUpper(ch.id[:1]), "team": s.users[userID].team})
	ch.members = slices.DeleteFunc(slices.Clone(ch.members), func(id string) bool { return id == userID })
	s.touch()
}
