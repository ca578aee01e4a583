package bot

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// metadataType marks the messages of this bot; their payload's "key" tells them apart.
// https://docs.slack.dev/messaging/message-metadata
const metadataType = "opsbot"

// keepPosts is how long a posted key is remembered.
const keepPosts = 90 * 24 * time.Hour

// posted is what is remembered under "post" and the channel's ID and the key: stored without the reference before the
// message is sent, and with it once Slack has accepted it.
type posted struct {
	Ref chat.Ref  `json:"ref"`
	At  time.Time `json:"at"`
	// File is the ID of the file that a picture was uploaded as, Shown that it stands in its channel.
	File  string `json:"file,omitempty"`
	Shown bool   `json:"shown,omitempty"`
}

// Post says m in a channel (an ID, or a name with or without #) and answers where it stands once Slack has accepted
// it. With a Key the message is posted once: a message that was sent just before a crash, or whose acceptance was
// lost, is found again by its metadata. What is too long for Slack follows in a file.
func (s *Slack) Post(ctx context.Context, channel string, m chat.Message) (chat.Ref, error) {
	drawn, err := s.render(m, inThread)
	if err != nil {
		return chat.Ref{}, err
	}
	id, err := s.ChannelID(ctx, channel)
	if err != nil {
		return chat.Ref{}, err
	}
	var at chat.Ref
	err = s.send(ctx, id, func(ctx context.Context) (err error) {
		at, err = s.postOnce(ctx, id, m, drawn)
		return err
	})
	if err != nil {
		s.forgetChannel(id, err)
		return chat.Ref{}, explain(id, err)
	}
	return at, nil
}

// Direct says m to one person in a direct message; the Key works as in Post.
func (s *Slack) Direct(ctx context.Context, userID string, m chat.Message) (chat.Ref, error) {
	channel, err := s.directChannel(ctx, userID)
	if err != nil {
		return chat.Ref{}, err
	}
	return s.Post(ctx, channel, m)
}

// Whisper shows m in a channel (an ID or a name) to one person alone. Slack keeps no such message: it is gone when the person
// reloads, and cannot be edited. What is too long follows as a file in a direct message.
func (s *Slack) Whisper(ctx context.Context, channel, userID string, m chat.Message) error {
	drawn, err := s.render(m, directly)
	if err != nil {
		return err
	}
	if channel, err = s.ChannelID(ctx, channel); err != nil {
		return err
	}
	// A person who waits for an answer does not wait for what the channel has yet to see; the two have no order.
	err = s.call(ctx, "chat.postEphemeral", channel, func(ctx context.Context) error {
		_, err := s.api.PostEphemeralContext(ctx, channel, userID, options(m, drawn)...)
		return err
	})
	if err != nil {
		return explain(channel, err)
	}
	s.sendFiles(ctx, userID, m, drawn.files)
	return nil
}

// Delete removes a message of the bot's own, in the channel's order. One that is gone already is fine.
func (s *Slack) Delete(ctx context.Context, at chat.Ref) error {
	err := s.send(ctx, at.Channel, func(ctx context.Context) error {
		return s.call(ctx, "chat.delete", "", func(ctx context.Context) error {
			_, _, err := s.api.DeleteMessageContext(ctx, at.Channel, at.TS)
			return err
		})
	})
	if Code(err) == "message_not_found" {
		return nil
	}
	return explain(at.Channel, err)
}

// update attempts once to show m in the place of a message.
func (s *Slack) update(ctx context.Context, at chat.Ref, m chat.Message, drawn drawing) error {
	m.Thread = "" // the message stays where it is
	return s.once(ctx, "chat.update", "", func(ctx context.Context) error {
		_, ts, _, err := s.api.UpdateMessageContext(ctx, at.Channel, at.TS, options(m, drawn)...)
		if err == nil && ts == "" {
			err = errEmptyAnswer
		}
		return err
	})
}

// options are what all postings of m have in common.
func options(m chat.Message, drawn drawing) []slackgo.MsgOption {
	o := []slackgo.MsgOption{slackgo.MsgOptionText(drawn.text, false), slackgo.MsgOptionBlocks(drawn.blocks...)}
	if m.Thread != "" {
		o = append(o, slackgo.MsgOptionTS(m.Thread))
	}
	return o
}

// postOnce runs in the channel's order, so two posts of one key cannot overlap in this process.
func (s *Slack) postOnce(ctx context.Context, channel string, m chat.Message, drawn drawing) (chat.Ref, error) {
	if m.Key == "" {
		at, err := s.post(ctx, channel, rand.Text(), m, drawn, time.Time{})
		if err == nil {
			s.attachFiles(ctx, at, m, drawn.files)
		}
		return at, err
	}
	record, before, err := s.claimPost(ctx, channel, m.Key)
	if err != nil || !before.Ref.IsZero() {
		return before.Ref, err
	}
	since := time.Time{}
	if record.Version > 0 { // somebody meant to post it before
		since = before.At
	}
	at, err := s.post(ctx, channel, m.Key, m, drawn, since)
	if err != nil {
		return chat.Ref{}, err
	}
	s.attachFiles(ctx, at, m, drawn.files)
	record.Version = max(record.Version, 1)
	if err := s.notePost(ctx, record, posted{Ref: at, At: before.At}); err != nil {
		// The message stands; asking again finds it by its metadata.
		s.log.Warn("could not note a posted message", "key", m.Key, "error", err)
	}
	return at, nil
}

// claimPost reads or makes the record of a key. A record that this call made has Version 0.
func (s *Slack) claimPost(ctx context.Context, channel, key string) (state.Record, posted, error) {
	p := posted{At: s.now()}
	value, err := json.Marshal(p)
	if err != nil {
		return state.Record{}, p, fmt.Errorf("bot: encode a post: %w", err)
	}
	record := state.Record{Kind: "post", ID: channel + "/" + key, Value: value, Fields: map[string]string{"at": state.SortableTime(p.At)}}
	known, err := s.o.Store.Get(ctx, record.Kind, record.ID)
	if errors.Is(err, state.ErrNotFound) {
		if err = s.o.Store.Insert(ctx, record); err == nil {
			return record, p, nil
		}
		if errors.Is(err, state.ErrExists) {
			known, err = s.o.Store.Get(ctx, record.Kind, record.ID)
		}
	}
	if err != nil {
		return record, p, fmt.Errorf("bot: note a post: %w", err)
	}
	if err := json.Unmarshal(known.Value, &p); err != nil {
		return known, p, fmt.Errorf("bot: read the post %s: %w", known.ID, err)
	}
	return known, p, nil
}

func (s *Slack) notePost(ctx context.Context, record state.Record, p posted) (err error) {
	if record.Value, err = json.Marshal(p); err != nil {
		return err
	}
	return s.o.Store.Update(ctx, record)
}

// post sends the message until Slack has accepted or refused it. Before a repetition that could post it twice, and
// at first when since is set, it looks whether the message stands already.
func (s *Slack) post(ctx context.Context, channel, key string, m chat.Message, drawn drawing, since time.Time) (chat.Ref, error) {
	began := s.now()
	if !since.IsZero() {
		began = since
		if at, found := s.find(ctx, channel, m.Thread, began, carries(key)); found {
			return at, nil
		}
	}
	o := append(options(m, drawn), slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl(), slackgo.MsgOptionMetadata(slackgo.SlackMetadata{
		EventType: metadataType, EventPayload: map[string]any{"key": key}}))
	at := chat.Ref{}
	doubtful := false
	err := s.call(ctx, "chat.postMessage", channel, func(ctx context.Context) (err error) {
		if doubtful {
			if found, ok := s.find(ctx, channel, m.Thread, began, carries(key)); ok {
				at = found
				return nil
			}
		}
		at.Channel, at.TS, err = s.api.PostMessageContext(ctx, channel, o...)
		if err == nil && at.TS == "" {
			err = errEmptyAnswer
		}
		doubtful = doubtful || err != nil && !unsent(err)
		return err
	})
	if err != nil {
		return chat.Ref{}, err
	}
	return at, nil
}

// carries says that a message of the bot's own has the key in its metadata.
func carries(key string) func(slackgo.Message) bool {
	return func(m slackgo.Message) bool {
		return m.Metadata.EventType == metadataType && m.Metadata.EventPayload["key"] == key
	}
}

// find looks for a message, among those since a little before began.
func (s *Slack) find(ctx context.Context, channel, thread string, began time.Time, is func(slackgo.Message) bool) (chat.Ref, bool) {
	oldest := stamp(began.Add(-clockSkew))
	cursor := ""
	for {
		var page []slackgo.Message
		next := ""
		err := s.call(ctx, "conversations.history", "", func(ctx context.Context) (err error) {
			page, next, err = s.history(ctx, channel, thread, oldest, cursor)
			return err
		})
		if err != nil {
			s.Try(ctx, "look for a message that I may have posted already", err)
			return chat.Ref{}, false
		}
		for _, m := range page {
			if is(m) {
				return chat.Ref{Channel: channel, TS: m.Timestamp}, true
			}
		}
		if cursor = next; cursor == "" {
			return chat.Ref{}, false
		}
	}
}

// history reads one page of a channel or a thread, with metadata.
func (s *Slack) history(ctx context.Context, channel, thread, oldest, cursor string) ([]slackgo.Message, string, error) {
	if thread != "" {
		page, _, next, err := s.api.GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: thread, Oldest: oldest, Cursor: cursor, Limit: 200, IncludeAllMetadata: true})
		return page, next, err
	}
	page, err := s.api.GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Cursor: cursor, Limit: 200, IncludeAllMetadata: true})
	if err != nil {
		return nil, "", err
	}
	return page.Messages, page.ResponseMetaData.NextCursor, nil
}

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{2,}$`)

// ChannelID answers the ID of a channel that is given by its name (with or without #) or by its ID. A name is looked
// up among the channels that the bot can see; an unknown one is a *chat.Problem.
func (s *Slack) ChannelID(ctx context.Context, nameOrID string) (string, error) {
	if channelID.MatchString(nameOrID) {
		return nameOrID, nil
	}
	name := strings.ToLower(strings.TrimPrefix(nameOrID, "#"))
	s.mu.Lock()
	id, ok := s.channels[name]
	s.mu.Unlock()
	if ok {
		return id, nil
	}
	all, err := s.everyChannel(ctx, true)
	if err != nil {
		return "", explain("", err)
	}
	known := map[string]string{}
	for _, c := range all {
		known[c.Name] = c.ID
	}
	s.mu.Lock()
	s.channels = known
	s.mu.Unlock()
	if id, ok := known[name]; ok {
		return id, nil
	}
	return "", &chat.Problem{Say: "I can't see a channel named " + chat.Literal(name) + ".",
		Try: "If it is private, invite me there with `/invite @opsbot`; otherwise check the name."}
}

// forgetChannel forgets the name of a channel that is gone, because another may have it by now.
func (s *Slack) forgetChannel(id string, err error) {
	if code := Code(err); code == "channel_not_found" || code == "is_archived" {
		s.forgetName(id)
	}
}

// forgetName forgets what a channel is called.
func (s *Slack) forgetName(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.channels, func(_, known string) bool { return known == id })
}

func (s *Slack) directChannel(ctx context.Context, userID string) (string, error) {
	s.mu.Lock()
	id, ok := s.directs[userID]
	s.mu.Unlock()
	if ok {
		return id, nil
	}
	err := s.call(ctx, "conversations.open", "", func(ctx context.Context) error {
		c, _, _, err := s.api.OpenConversationContext(ctx, &slackgo.OpenConversationParameters{Users: []string{userID}})
		if err != nil {
			return err
		}
		if id = c.ID; id == "" {
			return errEmptyAnswer
		}
		return nil
	})
	if err != nil {
		return "", explain("", err)
	}
	s.mu.Lock()
	s.directs[userID] = id
	s.mu.Unlock()
	return id, nil
}

// forgetPosts deletes the records of keys that were posted long ago, in batches.
func (s *Slack) forgetPosts(ctx context.Context) error {
	return forget(ctx, s.o.Store, state.Query{Kind: "post", OrderBy: "at", Limit: 200, Where: []state.Condition{
		{Field: "at", Op: state.Less, Value: state.SortableTime(s.now().Add(-keepPosts))}}})
}

// forget deletes all records that a query with a limit finds.
func forget(ctx context.Context, store state.Store, q state.Query) error {
	for {
		old, err := store.Query(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range old {
			if err := store.Delete(ctx, r.Kind, r.ID, r.Version); err != nil && !errors.Is(err, state.ErrNotFound) && !errors.Is(err, state.ErrConflict) {
				return err
			}
		}
		if len(old) < q.Limit {
			return nil
		}
	}
}
