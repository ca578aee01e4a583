package slack

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The kinds of conversations, in the order of the scopes in the table of methods.
const (
	publicChannel  = "public_channel"
	privateChannel = "private_channel"
	directMessage  = "im"
	groupMessage   = "mpim"
)

var channelKinds = []string{publicChannel, privateChannel, directMessage, groupMessage}

// eventKind is how events name the kind of a channel.
var eventKind = map[string]string{publicChannel: "channel", privateChannel: "group", directMessage: "im", groupMessage: "mpim"}

// channel is a conversation of any kind.
type channel struct {
	id, name, kind string
	creator        string
	members        []string
	topic, purpose note
	created        time.Time
	archived       bool
	previous       []string // names it had
	messages       []*message
	pins           []pin
	bookmarks      []*bookmark
}

// note is a topic or purpose.
type note struct {
	text, by string
	at       time.Time
}

func (n note) object() object {
	set := int64(0)
	if !n.at.IsZero() {
		set = n.at.Unix()
	}
	return object{"value": n.text, "creator": n.by, "last_set": set}
}

// AddChannel makes a public channel with these members and the first app's bot, and answers its id (C…).
func (s *Server) AddChannel(name string, memberIDs ...string) string {
	return s.makeChannel(name, publicChannel, true, memberIDs)
}

// AddChannelWithoutBot makes a public channel that no bot is a member of.
func (s *Server) AddChannelWithoutBot(name string, memberIDs ...string) string {
	return s.makeChannel(name, publicChannel, false, memberIDs)
}

// AddPrivateChannel makes a private channel with these members; add the bot's user id to let the bot in.
func (s *Server) AddPrivateChannel(name string, memberIDs ...string) string {
	return s.makeChannel(name, privateChannel, false, memberIDs)
}

func (s *Server) makeChannel(name, kind string, withBot bool, members []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	creator := "USLACKBOT"
	if len(members) > 0 {
		creator = members[0]
	}
	c := s.addChannel(name, kind, creator, members...)
	if withBot {
		c.admit(s.apps[0].UserID)
	}
	return c.id
}

func (s *Server) addChannel(name, kind, creator string, members ...string) *channel {
	prefix := "C"
	if kind == directMessage {
		prefix = "D"
	}
	c := &channel{id: s.newID(prefix), name: name, kind: kind, creator: creator, created: s.now()}
	for _, m := range members {
		c.admit(m)
	}
	s.channels[c.id] = c
	s.channelOrder = append(s.channelOrder, c.id)
	s.touch()
	return c
}

// Channel answers the id of a channel by its name, "" when there is none.
func (s *Server) Channel(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.namedChannel(strings.TrimPrefix(name, "#")); c != nil {
		return c.id
	}
	return ""
}

// ChannelNamed answers the id of the newest channel whose name begins so, "" when there is none.
func (s *Server) ChannelNamed(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Backward(s.channelOrder) {
		if strings.HasPrefix(s.channels[id].name, prefix) {
			return id
		}
	}
	return ""
}

func (s *Server) namedChannel(name string) *channel {
	for _, id := range s.channelOrder {
		if c := s.channels[id]; c.name == name && name != "" {
			return c
		}
	}
	return nil
}

// admit makes someone a member; it is false for one who already was.
func (c *channel) admit(userID string) bool {
	if slices.Contains(c.members, userID) {
		return false
	}
	c.members = append(c.members, userID)
	return true
}

func (c *channel) has(userID string) bool { return slices.Contains(c.members, userID) }

// direct answers the direct message channel of these people, made when there is none yet.
func (s *Server) direct(people ...string) (c *channel, isNew bool) {
	kind := directMessage
	if len(people) > 2 {
		kind = groupMessage
	}
	slices.Sort(people)
	for _, id := range s.channelOrder {
		one := s.channels[id]
		if members := slices.Sorted(slices.Values(one.members)); one.kind == kind && slices.Equal(members, people) {
			return one, false
		}
	}
	name := ""
	if kind == groupMessage {
		names := make([]string, len(people))
		for i, p := range people {
			names[i] = s.users[p].name
		}
		name = "mpdm-" + strings.Join(names, "--") + "-1"
	}
	return s.addChannel(name, kind, people[0], people...), true
}

// event is the name of what happened to a channel: private ones have names of their own.
// https://docs.slack.dev/reference/events/group_archive
func (c *channel) event(what string) string {
	if c.kind == privateChannel {
		return "group_" + what
	}
	return "channel_" + what
}

// other is the one whom the reader talks to in a direct message.
func (c *channel) other(reader string) string {
	for _, m := range c.members {
		if m != reader {
			return m
		}
	}
	return reader
}

// visible finds a channel as an app sees it: private ones only when its bot is a member.
func (s *Server) visible(a *app, id string) (*channel, error) {
	c := s.channels[id]
	if c == nil || c.kind != publicChannel && !c.has(a.UserID) {
		return nil, fault("channel_not_found")
	}
	return c, nil
}

// writable finds a channel that an app may change: it must be a member, and the channel not be archived.
func (s *Server) writable(a *app, id string) (*channel, error) {
	c, err := s.visible(a, id)
	switch {
	case err != nil:
		return nil, err
	case c.archived:
		return nil, fault("is_archived")
	case !c.has(a.UserID):
		return nil, fault("not_in_channel")
	}
	return c, nil
}

// reserved are words that name no channel, because mentions and addresses use them.
// https://slack.com/help/articles/201402297-Create-a-channel
var reserved = map[string]bool{"here": true, "channel": true, "channels": true, "everyone": true, "group": true,
	"groups": true, "all": true, "archive": true, "archived": true, "archives": true, "me": true, "slack": true,
	"slackbot": true, "create": true, "delete": true, "edit": true, "deleted-channel": true, "today": true, "you": true}

// checkName holds a channel's name to Slack's rules.
// https://docs.slack.dev/reference/methods/conversations.create#naming
func checkName(name string) error {
	switch {
	case name == "":
		return fault("invalid_name_required")
	case utf8.RuneCountInString(name) > 80:
		return fault("invalid_name_maxlength")
	case strings.Trim(name, "-_") == "":
		return fault("invalid_name_punctuation")
	case strings.ToLower(name) != name, strings.ContainsAny(name, " .#@,"):
		return fault("invalid_name_specials")
	}
	if reserved[name] {
		return fault("invalid_name")
	}
	for _, r := range name {
		if r < 128 && !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_", r) {
			return fault("invalid_name_specials")
		}
	}
	return nil
}

// channelObject shows a conversation to an app.
func (s *Server) channelObject(c *channel, a *app) object {
	o := object{
		"id": c.id, "created": c.created.Unix(), "updated": c.created.UnixMilli(), "is_archived": c.archived,
		"is_im": c.kind == directMessage, "is_org_shared": false, "context_team_id": s.teamID,
	}
	if c.kind == directMessage {
		o["user"], o["is_open"] = c.other(a.UserID), true
		return o
	}
	for name, value := range (object{
		"creator": c.creator, "is_channel": c.kind == publicChannel || c.kind == privateChannel, "is_group": false,
		"is_mpim": c.kind == groupMessage, "is_private": c.kind != publicChannel, "is_general": c.name == "general",
		"is_shared": false, "is_ext_shared": s.external(c), "is_pending_ext_shared": false, "pending_shared": []any{}, "unlinked": 0,
	}) {
		o[name] = value
	}
	o["name"], o["name_normalized"], o["is_member"] = c.name, c.name, c.has(a.UserID)
	o["topic"], o["purpose"], o["previous_names"] = c.topic.object(), c.purpose.object(), append([]string{}, c.previous...)
	o["shared_team_ids"], o["pending_connected_team_ids"] = []string{s.teamID}, []any{}
	return o
}

// external says whether people of another workspace are in a channel.
func (s *Server) external(c *channel) bool {
	return slices.ContainsFunc(c.members, func(id string) bool { return s.users[id] != nil && s.users[id].team != s.teamID })
}

// domain is the workspace's part of its address.
func (s *Server) domain() string { return strings.ReplaceAll(strings.ToLower(s.teamName), " ", "-") }

// permalink is the address of a message on the page.
func (s *Server) permalink(c *channel, ts string) string {
	return fmt.Sprintf("%s/archives/%s/p%s", s.URL(), c.id, strings.ReplaceAll(ts, ".", ""))
}
