package slack

import (
	"bytes"
	"slices"
	"strings"
)

// unread is what a person has not seen of a channel.
type unread struct {
	Any      bool   // something was said
	Mentions int    // of the person; in direct messages every message counts
	Since    string // timestamp up to which all was seen
}

// unreadOf looks at a channel from its end. Answers in threads count when they mention the person.
func (s *Server) unreadOf(ch *channel, me string) unread {
	u := unread{Since: s.page.reads[me+"/"+ch.id]}
	for _, m := range slices.Backward(ch.messages) {
		if compareTS(m.ts, u.Since) <= 0 {
			break
		}
		if m.user == me || !m.seenBy(me) || m.subtype != "" && m.subtype != "file_share" {
			continue
		}
		mentioned := ch.kind == directMessage || s.addresses(m, me)
		if inThread := m.thread != "" && m.thread != m.ts && !m.broadcast; inThread && !mentioned {
			continue
		}
		u.Any = true
		if mentioned {
			u.Mentions++
		}
	}
	return u
}

// addresses says whether a message mentions a person, a group of theirs, or everyone.
func (s *Server) addresses(m *message, me string) bool {
	marks := []string{"@" + me, "!here", "!channel", "!everyone", `"user_id":"` + me + `"`}
	for _, g := range s.groups {
		if slices.Contains(g.members, me) {
			marks = append(marks, "!subteam^"+g.id)
		}
	}
	return slices.ContainsFunc(marks, func(mark string) bool {
		return strings.Contains(m.text, mark) || bytes.Contains(m.raw, []byte(mark))
	})
}

// unreadByAll counts the mentions that wait for a person anywhere, and says whether anything does.
func (s *Server) unreadByAll(me string) (mentions int, any bool) {
	for _, id := range s.channelOrder {
		if ch := s.channels[id]; ch.has(me) {
			u := s.unreadOf(ch, me)
			mentions, any = mentions+u.Mentions, any || u.Any
		}
	}
	return mentions, any
}
