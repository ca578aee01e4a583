package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	slackgo "github.com/slack-go/slack"
	"golang.org/x/text/unicode/norm"
)

// Slack's limits of channels.
const (
	maxName    = 80  // https://docs.slack.dev/reference/methods/conversations.create#naming
	maxTopic   = 250 // https://docs.slack.dev/reference/methods/conversations.setTopic
	maxInvited = 100 // in one call; https://docs.slack.dev/reference/methods/conversations.invite
	maxMembers = 10_000
	// mostNames is how many names are tried for a new channel: the one that was asked for, and it with -2, -3, ….
	mostNames = 9
	// clockSkew is by how much Slack's clock and ours may differ.
	clockSkew = time.Minute
)

// Channel is a conversation as the bot sees it.
type Channel struct {
	ID, Name       string
	Topic, Purpose string
	// Creator is the user ID of who made it.
	Creator string
	// Created is to the second.
	Created time.Time
	// Private channels are seen by their members only; Shared ones have people of other workspaces in them.
	Private, Member, Archived, Shared bool
}

func channelOf(c slackgo.Channel) Channel {
	return Channel{ID: c.ID, Name: c.Name, Topic: unescape(c.Topic.Value), Purpose: unescape(c.Purpose.Value), Creator: c.Creator,
		Created: c.Created.Time(), Private: c.IsPrivate, Member: c.IsMember, Archived: c.IsArchived, Shared: c.IsExtShared}
}

// ChannelInfo reads what a channel is like, by its ID. The code is "channel_not_found" for one that the bot cannot see.
func (s *Slack) ChannelInfo(ctx context.Context, channel string) (Channel, error) {
	var c *slackgo.Channel
	err := s.call(ctx, "conversations.info", "", func(ctx context.Context) (err error) {
		c, err = s.api.GetConversationInfoContext(ctx, &slackgo.GetConversationInfoInput{ChannelID: channel})
		if err == nil && c.ID == "" {
			err = errEmptyAnswer
		}
		return err
	})
	if err != nil {
		return Channel{}, explain(channel, err)
	}
	return channelOf(*c), nil
}

// ChannelName makes a name that Slack takes of the parts, with - between them: lowercase letters without accents,
// digits and -. It is short enough for a suffix such as -12 behind it, and empty when no letter and no digit is left.
// https://docs.slack.dev/reference/methods/conversations.create#naming
func ChannelName(parts ...string) string {
	var name strings.Builder
	gap := false
	for _, r := range norm.NFD.String(strings.ToLower(strings.ReplaceAll(strings.Join(parts, "-"), "ß", "ss"))) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if gap && name.Len() > 0 {
				name.WriteByte('-')
			}
			gap = false
			name.WriteRune(r)
		case !unicode.Is(unicode.Mn, r): // a mark belongs to the letter before it
			gap = true
		}
	}
	short := name.String()
	return strings.Trim(short[:min(len(short), maxName-len("-12"))], "-")
}

// NewChannel is a channel to be made.
type NewChannel struct {
	// Name is by Slack's rules, as ChannelName makes it.
	Name    string
	Private bool
	// Since is the zero time at the first attempt. Afterwards it is when that was, as it was noted before the attempt:
	// a channel that it made is then found again and answered, instead of a second one.
	Since time.Time
	// Known says that a channel, by its ID, is known as that of something else; nil means that none is.
	Known func(id string) bool
}

// CreateChannel makes a channel, of which the bot is the only member. A name that is taken gets -2 to -9 behind it; when
// those are taken too the code is "name_taken". A channel that was there before is never answered: only one that the
// bot itself has made since c.Since, or in an attempt whose answer was lost.
//
// A caller that must not make two notes its intent with the time, calls, and notes the ID; when it finds the intent
// without an ID it calls again with that time as Since.
func (s *Slack) CreateChannel(ctx context.Context, c NewChannel) (Channel, error) {
	if !c.Since.IsZero() {
		if made, found, err := s.OwnChannel(ctx, c); err != nil || found {
			return made, err
		}
	}
	for n := 1; ; n++ {
		made, err := s.create(ctx, NewChannel{Name: numbered(c.Name, n), Private: c.Private, Known: c.Known})
		if Code(err) != "name_taken" || n == mostNames {
			return made, explain("", err)
		}
	}
}

func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return name + "-" + strconv.Itoa(n)
}

// create makes a channel of exactly that name. When the answer to an attempt was lost and the name is then taken, the
// bot's own new channel is what took it.
func (s *Slack) create(ctx context.Context, c NewChannel) (Channel, error) {
	began := s.now()
	doubtful := false
	var made Channel
	err := s.call(ctx, "conversations.create", "", func(ctx context.Context) error {
		answer, err := s.api.CreateConversationContext(ctx, slackgo.CreateConversationParams{ChannelName: c.Name, IsPrivate: c.Private})
		if err == nil && answer.ID == "" {
			err = errEmptyAnswer
		}
		if err == nil {
			made = channelOf(*answer)
			made.Member = true
			return nil
		}
		if Code(err) == "name_taken" && doubtful {
			own, found, fault := s.own(ctx, c, began, func(name string) bool { return name == c.Name })
			if fault != nil {
				return fault
			}
			if found {
				made = own
				return nil
			}
		}
		doubtful = doubtful || !unsent(err)
		return err
	})
	return made, err
}

// OwnChannel looks for the channel that CreateChannel with these values may have made since c.Since: the bot made it and
// is in it, it has that name or that with -2 to -9 behind it, and it is not Known. Of several it is the oldest.
func (s *Slack) OwnChannel(ctx context.Context, c NewChannel) (Channel, bool, error) {
	return s.own(ctx, c, c.Since, func(name string) bool {
		for n := range mostNames {
			if name == numbered(c.Name, n+1) {
				return true
			}
		}
		return false
	})
}

func (s *Slack) own(ctx context.Context, c NewChannel, since time.Time, named func(string) bool) (own Channel, found bool, err error) {
	self, err := s.Identity(ctx)
	if err != nil {
		return own, false, err
	}
	all, err := s.joinedChannels(ctx)
	if err != nil {
		return own, false, explain("", err)
	}
	for _, one := range all {
		fits := one.Creator == self.User && named(one.Name) && !one.Created.Time().Before(since.Add(-clockSkew)) &&
			(c.Known == nil || !c.Known(one.ID))
		if fits && (!found || one.Created.Time().Before(own.Created)) {
			own, found = channelOf(one), true
			own.Member = true // nothing else is listed
		}
	}
	return own, found, nil
}

// NotInvited is somebody who could not be invited, with Slack's code for why: "user_not_found", "cant_invite" (gone),
// "ura_max_channels" (a guest of one channel), ….
type NotInvited struct{ User, Code string }

// Invite brings people into a channel, in one call for each 100, and those of a call that Slack refused one by one. Who
// is in the channel already, the bot itself among them, is fine. An error means that nobody else could be invited
// either: the channel is archived, the scope is missing, ….
func (s *Slack) Invite(ctx context.Context, channel string, users []string) ([]NotInvited, error) {
	self, err := s.Identity(ctx)
	if err != nil {
		return nil, err
	}
	var wanted []string
	for _, user := range users {
		if user != self.User && user != "" && !slices.Contains(wanted, user) {
			wanted = append(wanted, user)
		}
	}
	var left []NotInvited
	for some := range slices.Chunk(wanted, maxInvited) {
		err := s.invite(ctx, channel, some...)
		if err == nil {
			continue
		}
		if !personal(err) {
			return left, explain(channel, err)
		}
		for _, user := range some {
			if len(some) > 1 {
				err = s.invite(ctx, channel, user)
			}
			switch {
			case err == nil || Code(err) == "already_in_channel":
			case personal(err):
				left = append(left, NotInvited{User: user, Code: Code(err)})
			default:
				return left, explain(channel, err)
			}
		}
	}
	return left, nil
}

func (s *Slack) invite(ctx context.Context, channel string, users ...string) error {
	return s.call(ctx, "conversations.invite", "", func(ctx context.Context) error {
		_, err := s.api.InviteUsersToConversationContext(ctx, channel, users...)
		return err
	})
}

// personal says that an invitation was refused for whom it was for.
func personal(err error) bool {
	if slices.Contains([]string{"user_is_bot", "user_is_restricted", "user_is_ultra_restricted"}, Code(err)) {
		return true // of an invitation it speaks of the invited
	}
	return Code(err) != "" && !Unavailable(err) && !slices.Contains([]string{"channel_not_found", "not_in_channel", "is_archived",
		"method_not_supported_for_channel_type", "invalid_auth", "not_authed", "account_inactive", "token_revoked",
		"token_expired", "org_login_required", "external_channel_migrating"}, Code(err))
}

// SetTopic sets the topic of a channel, cut at 250 characters. Slack leaves a line in the channel for each time, so
// nothing is sent when it is so already.
func (s *Slack) SetTopic(ctx context.Context, channel, topic string) error {
	return s.describe(ctx, "conversations.setTopic", channel, cut(topic, maxTopic),
		func(c Channel) string { return c.Topic }, s.api.SetTopicOfConversationContext)
}

// SetPurpose sets what a channel is for, like SetTopic.
func (s *Slack) SetPurpose(ctx context.Context, channel, purpose string) error {
	return s.describe(ctx, "conversations.setPurpose", channel, cut(purpose, maxTopic),
		func(c Channel) string { return c.Purpose }, s.api.SetPurposeOfConversationContext)
}

func (s *Slack) describe(ctx context.Context, method, channel, text string, is func(Channel) string,
	set func(ctx context.Context, channel, text string) (*slackgo.Channel, error)) error {
	err := s.call(ctx, method, "", func(ctx context.Context) error {
		// Asked before each attempt, because the answer to the last one may have been lost.
		if known, err := s.api.GetConversationInfoContext(ctx, &slackgo.GetConversationInfoInput{ChannelID: channel}); err == nil &&
			is(channelOf(*known)) == text {
			return nil
		}
		_, err := set(ctx, channel, text)
		return err
	})
	return explain(channel, err)
}

// Archive archives a channel; one that is archived already is fine. The bot, like everybody, can only read in it then,
// and a bot cannot bring it back. The code is "cant_archive_general" or "restricted_action" where it is not allowed.
func (s *Slack) Archive(ctx context.Context, channel string) error {
	err := s.call(ctx, "conversations.archive", "", func(ctx context.Context) error {
		return s.api.ArchiveConversationContext(ctx, channel)
	})
	if Code(err) == "already_archived" {
		err = nil
	}
	s.forgetName(channel)
	return explain(channel, err)
}

// Rename gives a channel that the bot has made another name, as ChannelName makes it; one that it has already is fine.
// The code is "name_taken" for a name of another channel, "not_authorized" for a channel of somebody else.
func (s *Slack) Rename(ctx context.Context, channel, name string) error {
	err := s.call(ctx, "conversations.rename", "", func(ctx context.Context) error {
		if known, err := s.api.GetConversationInfoContext(ctx, &slackgo.GetConversationInfoInput{ChannelID: channel}); err == nil && known.Name == name {
			return nil
		}
		_, err := s.api.RenameConversationContext(ctx, channel, name)
		return err
	})
	s.forgetName(channel)
	return explain(channel, err)
}

// Members lists the user IDs of who is in a channel, of more than 10,000 the first.
func (s *Slack) Members(ctx context.Context, channel string) ([]string, error) {
	var all []string
	for cursor := ""; len(all) < maxMembers; {
		var page []string
		next := ""
		err := s.call(ctx, "conversations.members", "", func(ctx context.Context) (err error) {
			page, next, err = s.api.GetUsersInConversationContext(ctx, &slackgo.GetUsersInConversationParameters{
				ChannelID: channel, Cursor: cursor, Limit: 500})
			return err
		})
		if err != nil {
			return nil, explain(channel, err)
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			break
		}
	}
	return all, nil
}

// PrivateChannelsOf lists the IDs of the private channels that both a person and the bot are members of, archived ones
// too. https://docs.slack.dev/reference/methods/users.conversations
func (s *Slack) PrivateChannelsOf(ctx context.Context, userID string) ([]string, error) {
	var all []string
	for cursor := ""; ; {
		var page []slackgo.Channel
		next := ""
		err := s.call(ctx, "users.conversations", "", func(ctx context.Context) (err error) {
			page, next, err = s.api.GetConversationsForUserContext(ctx, &slackgo.GetConversationsForUserParameters{
				UserID: userID, Cursor: cursor, Limit: 500, Types: []string{"private_channel"}})
			return err
		})
		if err != nil {
			return nil, explain("", err)
		}
		for _, c := range page {
			all = append(all, c.ID)
		}
		if cursor = next; cursor == "" {
			return all, nil
		}
	}
}

// String shows the code in words for people.
func (n NotInvited) String() string { return fmt.Sprintf("<@%s> (%s)", n.User, n.reason()) }

func (n NotInvited) reason() string {
	switch n.Code {
	case "user_not_found":
		return "unknown here"
	case "cant_invite":
		return "deactivated, or not allowed"
	case "ura_max_channels", "user_is_ultra_restricted", "user_is_restricted":
		return "a guest"
	case "user_is_bot":
		return "a bot"
	}
	return n.Code
}
