package slack

import (
	"slices"
	"strings"
)

// allScopes are the bot scopes that anything in this workspace asks for, sorted.
func allScopes() []string {
	found := map[string]bool{"commands": true}
	add := func(needed string) {
		for _, scope := range strings.Split(needed, "|") {
			found[scope] = true
		}
	}
	for _, m := range methods {
		for _, needed := range m.scopes {
			add(needed)
		}
	}
	for _, needed := range eventScopes {
		add(needed)
	}
	scopes := make([]string, 0, len(found))
	for scope := range found {
		scopes = append(scopes, scope)
	}
	slices.Sort(scopes)
	return scopes
}

// may says whether the app has the scope, or one of several parted by "|".
func (a *app) may(needed string) bool {
	for _, scope := range strings.Split(needed, "|") {
		if slices.Contains(a.scopes, scope) {
			return true
		}
	}
	return false
}

// uses is may, and notes what the scope was needed for: a method, an event or a command.
func (s *Server) uses(a *app, act, needed string) bool {
	for _, scope := range strings.Split(needed, "|") {
		if slices.Contains(a.scopes, scope) {
			if a.used[scope] == nil {
				a.used[scope] = map[string]bool{}
			}
			a.used[scope][act] = true
			return true
		}
	}
	return false
}

// ScopesUsed answers the scopes that the first app's token has needed so far, each with what for: methods, events and
// commands, sorted.
func (s *Server) ScopesUsed() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	used := map[string][]string{}
	for scope, acts := range s.apps[0].used {
		used[scope] = sortedKeys(acts)
	}
	return used
}

// missingScope answers the scope that the app lacks for a call, or "". A conversation method asks for the scope of
// its channel's kind; without a channel any of the four will do, as in conversations.list.
func (s *Server) missingScope(m method, c *call) string {
	if m.token == tokenApp || m.token == tokenNone || len(m.scopes) == 0 {
		return ""
	}
	needed, has := m.scopes[0], s.uses
	if c.name == "conversations.open" { // notes by itself which of its two it used
		has = func(a *app, _, needed string) bool { return a.may(needed) }
	}
	if len(m.scopes) == len(channelKinds) {
		needed, has = strings.Join(m.scopes, "|"), func(a *app, _, needed string) bool { return a.may(needed) }
		if ch := s.channels[c.str("channel")]; ch != nil {
			needed, has = m.scopes[slices.Index(channelKinds, ch.kind)], s.uses
		} else if c.name == "conversations.create" {
			needed, has = m.scopes[0], s.uses
			if c.boolean("is_private") {
				needed = m.scopes[1]
			}
		}
	}
	if has(c.app, c.name, needed) {
		return ""
	}
	return strings.ReplaceAll(needed, "|", ",")
}
