package bot

import (
	"context"

	slackgo "github.com/slack-go/slack"
)

// maxBookmark is the longest title in characters. https://docs.slack.dev/reference/methods/bookmarks.add
const maxBookmark = 100

// Bookmark is a link at the top of a channel. Emoji is with colons, and may be empty.
type Bookmark struct{ ID, Title, Link, Emoji string }

// Bookmarks lists the links at the top of a channel. It needs the scope bookmarks:read.
func (s *Slack) Bookmarks(ctx context.Context, channel string) ([]Bookmark, error) {
	var all []Bookmark
	err := s.call(ctx, "bookmarks.list", "", func(ctx context.Context) (err error) {
		all, err = s.bookmarks(ctx, channel)
		return err
	})
	return all, explain(channel, err)
}

func (s *Slack) bookmarks(ctx context.Context, channel string) ([]Bookmark, error) {
	listed, err := s.api.ListBookmarksContext(ctx, channel)
	var all []Bookmark
	for _, b := range listed {
		all = append(all, Bookmark{ID: b.ID, Title: unescape(b.Title), Link: unescape(b.Link), Emoji: b.Emoji})
	}
	return all, err
}

// AddBookmark puts a link at the top of a channel and answers its ID. One with the same link is there only once: its ID
// is answered, and its title and emoji become the new ones. The title is cut at 100 characters. It needs the scopes
// bookmarks:read and bookmarks:write; the code is "too_many_bookmarks" when there are 100.
func (s *Slack) AddBookmark(ctx context.Context, channel string, b Bookmark) (id string, err error) {
	b.Title = cut(b.Title, maxBookmark)
	err = s.call(ctx, "bookmarks.add", "", func(ctx context.Context) error {
		all, err := s.bookmarks(ctx, channel) // before each attempt, because the answer to the last one may have been lost
		if err != nil {
			return err
		}
		for _, known := range all {
			if known.Link == b.Link {
				id = known.ID
				return s.editBookmark(ctx, channel, known, Bookmark{ID: known.ID, Title: b.Title, Link: b.Link, Emoji: b.Emoji})
			}
		}
		made, err := s.api.AddBookmarkContext(ctx, channel, slackgo.AddBookmarkParameters{Type: "link", Title: b.Title, Link: b.Link, Emoji: b.Emoji})
		if err == nil && made.ID == "" {
			err = errEmptyAnswer
		}
		id = made.ID
		return err
	})
	return id, explain(channel, err)
}

// EditBookmark changes the bookmark with the ID of b; one that is so already is fine. The code is "not_found" when it is
// gone.
func (s *Slack) EditBookmark(ctx context.Context, channel string, b Bookmark) error {
	b.Title = cut(b.Title, maxBookmark)
	err := s.call(ctx, "bookmarks.edit", "", func(ctx context.Context) error { return s.editBookmark(ctx, channel, Bookmark{}, b) })
	return explain(channel, err)
}

func (s *Slack) editBookmark(ctx context.Context, channel string, from, to Bookmark) error {
	if from == to {
		return nil
	}
	_, err := s.api.EditBookmarkContext(ctx, channel, to.ID, slackgo.EditBookmarkParameters{Title: &to.Title, Emoji: &to.Emoji, Link: to.Link})
	return err
}

// RemoveBookmark takes a bookmark away; one that is gone is fine.
func (s *Slack) RemoveBookmark(ctx context.Context, channel, id string) error {
	err := s.call(ctx, "bookmarks.remove", "", func(ctx context.Context) error { return s.api.RemoveBookmarkContext(ctx, channel, id) })
	if Code(err) == "not_found" {
		return nil
	}
	return explain(channel, err)
}
