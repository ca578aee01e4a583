package bot

import "github.com/kampyn/opsbot/chat"

// Queued answers how many things wait to be sent in a channel.
func (s *Slack) Queued(channel string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.senderOf(channel).queue)
}

// Edited answers how many states of a message were asked for.
func (s *Slack) Edited(at chat.Ref) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.senderOf(at.Channel).edits[at.TS]; e != nil {
		return e.version
	}
	return 0
}
