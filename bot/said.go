package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
)

// Said is a message as it stands in a channel.
type Said struct {
	At chat.Ref
	// Thread is the timestamp of the message that it answers or, for one with answers, its own; "" outside of threads.
	Thread string
	// User is who wrote it; a bot's message has a Bot (B…), and not always a User. Own says that it is this bot's.
	User, Bot string
	Own       bool
	// Text is in mrkdwn, as Slack keeps it: with <@U…> for people.
	Text string
	// Subtype is Slack's: "" for what was said, "file_share", "channel_join", "channel_topic", ….
	Subtype string
	Edited  bool
	Files   []File
	// Reactions counts the people who have reacted, by the reaction's name without colons; the bot's own do not count.
	Reactions map[string]int
}

// When is the moment at which it was said.
func (s Said) When() time.Time { return When(s.At.TS) }

// When reads the moment from a message's timestamp; the zero time if it is none.
func When(ts string) time.Time {
	micros, err := strconv.ParseInt(digits(ts), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// digits makes "1700000000.000100" one number, in microseconds.
func digits(ts string) string {
	for i := range ts {
		if ts[i] == '.' {
			return ts[:i] + (ts[i+1:] + "000000")[:6]
		}
	}
	return ts + "000000"
}

// stamp is a moment as Slack writes timestamps.
func stamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// File is a file beside a message.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	// Type is the MIME type, Size in bytes.
	Type string `json:"mimetype"`
	Size int64  `json:"size"`
	// URL is where Download gets it; it wants the bot's token.
	URL string `json:"url_private"`
}

func (s *Slack) said(channel string, m slackgo.Message) Said {
	one := Said{At: chat.Ref{Channel: channel, TS: m.Timestamp}, Thread: m.ThreadTimestamp, User: m.User, Bot: m.BotID, Text: m.Text,
		Subtype: m.SubType, Edited: m.Edited != nil}
	s.mu.Lock()
	self := s.identity
	s.mu.Unlock()
	one.Own = self != nil && (m.User != "" && m.User == self.User || m.BotID != "" && m.BotID == self.Bot)
	for _, r := range m.Reactions {
		if one.Reactions == nil {
			one.Reactions = map[string]int{}
		}
		one.Reactions[r.Name] = r.Count
		if self != nil && slices.Contains(r.Users, self.User) { // a long list of users is cut, the count is not
			one.Reactions[r.Name]--
		}
	}
	for _, f := range m.Files {
		one.Files = append(one.Files, File{ID: f.ID, Name: f.Name, Title: f.Title, Type: f.Mimetype, Size: int64(f.Size), URL: f.URLPrivate})
	}
	return one
}

// Said reads one message, also from within a thread; found is false when it is gone. It needs the scope
// channels:history (groups:history where it is private), and the bot must be in the channel.
func (s *Slack) Said(ctx context.Context, at chat.Ref) (one Said, found bool, err error) {
	pick := func(page []slackgo.Message) bool {
		i := slices.IndexFunc(page, func(m slackgo.Message) bool { return m.Timestamp == at.TS && m.SubType != "tombstone" })
		if i >= 0 {
			one = s.said(at.Channel, page[i])
		}
		return i >= 0
	}
	err = s.call(ctx, "conversations.history", "", func(ctx context.Context) error {
		page, err := s.api.GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{ChannelID: at.Channel,
			Oldest: at.TS, Latest: at.TS, Inclusive: true, Limit: 1})
		if err == nil {
			found = pick(page.Messages)
		}
		return err
	})
	if err != nil || found {
		return one, found, explain(at.Channel, err)
	}
	err = s.call(ctx, "conversations.replies", "", func(ctx context.Context) error { // a channel does not list its threads' answers
		page, _, _, err := s.api.GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{ChannelID: at.Channel,
			Timestamp: at.TS, Oldest: at.TS, Latest: at.TS, Inclusive: true, Limit: 2})
		found = pick(page)
		return err
	})
	if code := Code(err); code == "thread_not_found" || code == "message_not_found" {
		err = nil
	}
	return one, found, explain(at.Channel, err)
}

// History reads what a channel says between two moments (the zero time is no bound), without the answers in threads:
// the newest that are at most as many as most, in the order in which they were said. more says that older ones were
// left out. Scopes are as for Said.
func (s *Slack) History(ctx context.Context, channel string, from, to time.Time, most int) (all []Said, more bool, err error) {
	oldest, latest := "", ""
	if !from.IsZero() {
		oldest = stamp(from)
	}
	if !to.IsZero() {
		latest = stamp(to)
	}
	all, more, err = s.pages(ctx, "conversations.history", channel, most, func(ctx context.Context, limit int, cursor string) ([]slackgo.Message, string, error) {
		page, err := s.api.GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{ChannelID: channel,
			Oldest: oldest, Latest: latest, Inclusive: true, Cursor: cursor, Limit: limit})
		if err != nil {
			return nil, "", err
		}
		return page.Messages, page.ResponseMetaData.NextCursor, nil
	})
	slices.Reverse(all)
	return all, more, err
}

// Replies reads a thread from its first message on, at most as many as most; more says that newer ones were left out.
func (s *Slack) Replies(ctx context.Context, thread chat.Ref, most int) (all []Said, more bool, err error) {
	return s.pages(ctx, "conversations.replies", thread.Channel, most, func(ctx context.Context, limit int, cursor string) ([]slackgo.Message, string, error) {
		page, _, next, err := s.api.GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{ChannelID: thread.Channel,
			Timestamp: thread.TS, Cursor: cursor, Limit: limit})
		return page, next, err
	})
}

func (s *Slack) pages(ctx context.Context, method, channel string, most int,
	ask func(ctx context.Context, limit int, cursor string) ([]slackgo.Message, string, error)) ([]Said, bool, error) {
	var all []Said
	for cursor := ""; ; {
		var page []slackgo.Message
		next := ""
		err := s.call(ctx, method, "", func(ctx context.Context) (err error) {
			page, next, err = ask(ctx, min(200, most-len(all)), cursor)
			return err
		})
		if err != nil {
			return nil, false, explain(channel, err)
		}
		for _, m := range page {
			if len(all) == most {
				return all, true, nil
			}
			all = append(all, s.said(channel, m))
		}
		if cursor = next; cursor == "" || len(all) >= most {
			return all, cursor != "", nil
		}
	}
}
