package slack

import (
	"slices"
	"strings"
	"time"
)

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
	ch, err := s.readable(c, "channel")
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
	ch, err := s.readable(c, "channel")
	if err != nil {
		return nil, err
	}
	root := ch.message(c.str("ts"))
	if root == nil || root.ephemeralTo != "" {
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
// argument names the parameter with the channel's id.
func (s *Server) readable(c *call, argument string) (*channel, error) {
	ch, err := s.visible(c.app, c.str(argument))
	if err != nil {
		return nil, err
	}
	if !ch.has(c.app.UserID) {
		return nil, fault("not_in_channel")
	}
	return ch, nil
}
