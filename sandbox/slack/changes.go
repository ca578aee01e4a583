package slack

import (
	"context"
	"fmt"
	"strings"
)

// touch tells everyone who waits that something visible has changed, and answers the number of the change.
func (s *Server) touch() uint64 {
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
	return s.version
}

// wait calls look under the lock, again after every change, until it is satisfied or ctx ends.
// The lock is not held by the caller.
func (s *Server) wait(ctx context.Context, look func() bool) error {
	for {
		s.mu.Lock()
		done, changed := look(), s.changed
		s.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.ctx.Done():
			return fmt.Errorf("the workspace was closed: %w", s.ctx.Err())
		}
	}
}

// WaitMessage answers the first message of the channel for which match is true, in the order of the channel, as soon
// as there is one. Edits, reactions and deletions are looked at again. When ctx ends first, the error shows what the
// channel held. match must not call the server.
func (s *Server) WaitMessage(ctx context.Context, channelID string, match func(Message) bool) (Message, error) {
	var found Message
	var seen uint64
	err := s.wait(ctx, func() bool {
		c := s.channels[channelID]
		if c == nil {
			return false
		}
		since := seen
		seen = s.version
		for _, m := range c.messages {
			if m.version <= since && since != 0 {
				continue
			}
			if shown := m.exported(); match(shown) {
				found = shown
				return true
			}
		}
		return false
	})
	if err != nil {
		return Message{}, fmt.Errorf("no message of %s matched: %w; it holds:\n%s", channelID, err, s.tail(channelID))
	}
	return found, nil
}

// tail shows the last messages of a channel for an error. The lock is not held.
func (s *Server) tail(channelID string) string {
	messages := s.Messages(channelID)
	var b strings.Builder
	for _, m := range messages[max(0, len(messages)-8):] {
		fmt.Fprintf(&b, "  [%s by %s, edits %d] %s\n", m.TS, m.User, m.Edited, strings.ReplaceAll(m.Plain(), "\n", "\n    "))
	}
	return b.String()
}

// WaitView answers the topmost form of the person, or their home view, as soon as match is true for it; the form is
// asked first. match must not call the server.
func (s *Server) WaitView(ctx context.Context, userID string, match func(View) bool) (View, error) {
	var found View
	err := s.wait(ctx, func() bool {
		for _, v := range []*view{s.topView(userID), s.homes[userID]} {
			if v == nil {
				continue
			}
			if shown := v.exported(); match(shown) {
				found = shown
				return true
			}
		}
		return false
	})
	if err != nil {
		return View{}, fmt.Errorf("no view of %s matched: %w", userID, err)
	}
	return found, nil
}
