package slack

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// pin is a message that a channel keeps in view.
type pin struct {
	message *message
	by      string
	at      time.Time
}

func pinsAdd(s *Server, c *call) (object, error) {
	ch, m, err := s.item(c, true)
	if err != nil {
		return nil, err
	}
	return nil, s.pin(ch, m, c.app.UserID)
}

func (s *Server) pin(ch *channel, m *message, userID string) error {
	if slices.ContainsFunc(ch.pins, func(p pin) bool { return p.message == m }) {
		return fault("already_pinned")
	}
	ch.pins = append(ch.pins, pin{m, userID, s.now()})
	m.version = s.touch()
	s.emitChannel(ch, "pin_added", object{"user": userID, "channel_id": ch.id, "item": s.pinObject(ch, ch.pins[len(ch.pins)-1])})
	return nil
}

func pinsRemove(s *Server, c *call) (object, error) {
	ch, m, err := s.item(c, true)
	if err != nil {
		return nil, err
	}
	return nil, s.unpin(ch, m, c.app.UserID)
}

func (s *Server) unpin(ch *channel, m *message, userID string) error {
	at := slices.IndexFunc(ch.pins, func(p pin) bool { return p.message == m })
	if at < 0 {
		return fault("no_pin")
	}
	gone := s.pinObject(ch, ch.pins[at])
	ch.pins = slices.Delete(ch.pins, at, at+1)
	m.version = s.touch()
	s.emitChannel(ch, "pin_removed", object{"user": userID, "channel_id": ch.id, "item": gone, "has_pins": len(ch.pins) > 0})
	return nil
}

func (s *Server) pinObject(ch *channel, p pin) object {
	return object{"type": "message", "created": p.at.Unix(), "created_by": p.by, "channel": ch.id, "message": s.messageObject(p.message)}
}

func pinsList(s *Server, c *call) (object, error) {
	ch, err := s.readable(c, "channel")
	if err != nil {
		return nil, err
	}
	found := []any{}
	for _, p := range slices.Backward(ch.pins) {
		found = append(found, s.pinObject(ch, p))
	}
	return object{"items": found}, nil
}

// bookmark is a link at the top of a channel.
type bookmark struct {
	id, channel, title, link, emoji, by string
	created, updated                    time.Time
}

// Limits of bookmarks. https://docs.slack.dev/reference/methods/bookmarks.add
const (
	maxBookmarks     = 100
	maxBookmarkTitle = 100
)

func (b *bookmark) object(teamID, appID string) object {
	return object{"id": b.id, "channel_id": b.channel, "title": b.title, "link": b.link, "emoji": b.emoji, "icon_url": nil,
		"entity_id": nil, "type": "link", "date_created": b.created.Unix(), "date_updated": b.updated.Unix(), "rank": "m",
		"last_updated_by_user_id": b.by, "last_updated_by_team_id": teamID, "shortcut_id": nil, "app_id": appID}
}

func bookmarksAdd(s *Server, c *call) (object, error) {
	ch, err := s.writable(c.app, c.str("channel_id"))
	switch {
	case err != nil:
		return nil, err
	case c.str("type") != "link":
		return nil, fault("invalid_bookmark_type")
	case len(ch.bookmarks) >= maxBookmarks:
		return nil, fault("too_many_bookmarks")
	}
	b := &bookmark{id: s.newID("Bk"), channel: ch.id, title: c.str("title"), link: c.str("link"), emoji: c.str("emoji"),
		by: c.app.UserID, created: s.now(), updated: s.now()}
	if err := b.check(); err != nil {
		return nil, err
	}
	ch.bookmarks = append(ch.bookmarks, b)
	s.touch()
	return object{"bookmark": b.object(s.teamID, c.app.AppID)}, nil
}

func (b *bookmark) check() error {
	switch {
	case b.title == "" || utf8.RuneCountInString(b.title) > maxBookmarkTitle:
		return fault("invalid_arguments", "must be between 1 and 100 characters [json-pointer:/title]")
	case !strings.HasPrefix(b.link, "http://") && !strings.HasPrefix(b.link, "https://"):
		return fault("invalid_link")
	}
	return nil
}

func (s *Server) bookmark(c *call) (*channel, int, error) {
	ch, err := s.writable(c.app, c.str("channel_id"))
	if err != nil {
		return nil, 0, err
	}
	at := slices.IndexFunc(ch.bookmarks, func(b *bookmark) bool { return b.id == c.str("bookmark_id") })
	if at < 0 {
		return nil, 0, fault("not_found")
	}
	return ch, at, nil
}

func bookmarksEdit(s *Server, c *call) (object, error) {
	ch, at, err := s.bookmark(c)
	if err != nil {
		return nil, err
	}
	b := *ch.bookmarks[at]
	for name, field := range map[string]*string{"title": &b.title, "link": &b.link, "emoji": &b.emoji} {
		if _, given := c.params[name]; given {
			*field = c.str(name)
		}
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	b.by, b.updated = c.app.UserID, s.now()
	ch.bookmarks[at] = &b
	s.touch()
	return object{"bookmark": b.object(s.teamID, c.app.AppID)}, nil
}

func bookmarksRemove(s *Server, c *call) (object, error) {
	ch, at, err := s.bookmark(c)
	if err != nil {
		return nil, err
	}
	ch.bookmarks = slices.Delete(ch.bookmarks, at, at+1)
	s.touch()
	return nil, nil
}

func bookmarksList(s *Server, c *call) (object, error) {
	ch, err := s.readable(c, "channel_id")
	if err != nil {
		return nil, err
	}
	found := []any{}
	for _, b := range ch.bookmarks {
		found = append(found, b.object(s.teamID, c.app.AppID))
	}
	return object{"bookmarks": found}, nil
}
