package slack_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	client "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

func TestTokensAndScopes(t *testing.T) {
	w := open(t, slack.Options{})
	auth, err := w.api.AuthTestContext(w.ctx)
	require.NoError(t, err)
	require.Equal(t, w.BotUserID(), auth.UserID)
	require.Equal(t, w.TeamID(), auth.TeamID)
	require.Contains(t, auth.Header.Get("X-OAuth-Scopes"), "chat:write")

	for name, c := range map[string]struct{ token, method, code string }{
		"no token":        {"", "auth.test", "not_authed"},
		"a wrong token":   {"xoxb-1", "auth.test", "invalid_auth"},
		"bot for sockets": {w.BotToken(), "apps.connections.open", "not_allowed_token_type"},
		"app for posting": {w.AppToken(), "chat.postMessage", "not_allowed_token_type"},
		"unknown method":  {w.BotToken(), "chat.sing", "unknown_method"},
	} {
		answer, res := w.call(c.token, c.method, nil)
		require.Equal(t, c.code, answer["error"], name)
		require.Equal(t, http.StatusOK, res.StatusCode, name)
	}

	w.Faults().RemoveScopes("pins:write")
	_, ts, err := w.api.PostMessage(w.ops, client.MsgOptionText("x", false))
	require.NoError(t, err)
	err = w.api.AddPin(w.ops, client.NewRefToMessage(w.ops, ts))
	var refused client.SlackErrorResponse
	require.True(t, errors.As(err, &refused))
	require.Equal(t, "missing_scope", refused.Err)
	require.Equal(t, "pins:write", refused.Needed)
	require.Contains(t, refused.Provided, "chat:write")
	w.Faults().Reset()
	require.NoError(t, w.api.AddPin(w.ops, client.NewRefToMessage(w.ops, ts)))
}

func TestPostingEditingDeleting(t *testing.T) {
	w := open(t, slack.Options{})
	channel, ts, err := w.api.PostMessage("#ops", client.MsgOptionText("one", false),
		client.MsgOptionMetadata(client.SlackMetadata{EventType: "card", EventPayload: map[string]any{"key": "run/1"}}))
	require.NoError(t, err)
	require.Equal(t, w.ops, channel)
	_, _, text, err := w.api.UpdateMessage(w.ops, ts, client.MsgOptionText("two", false))
	require.NoError(t, err)
	require.Equal(t, "two", text)
	m := w.Messages(w.ops)[0]
	require.Equal(t, 1, m.Edited)
	require.JSONEq(t, `{"event_type":"card","event_payload":{"key":"run/1"}}`, string(m.Metadata))

	_, answer, err := w.api.PostMessage(w.ops, client.MsgOptionText("three", false), client.MsgOptionTS(ts))
	require.NoError(t, err)
	history, err := w.api.GetConversationHistory(&client.GetConversationHistoryParameters{ChannelID: w.ops, IncludeAllMetadata: true})
	require.NoError(t, err)
	require.Len(t, history.Messages, 1)
	require.Equal(t, "run/1", history.Messages[0].Metadata.EventPayload["key"])
	require.Equal(t, 1, history.Messages[0].ReplyCount)
	replies, _, _, err := w.api.GetConversationReplies(&client.GetConversationRepliesParameters{ChannelID: w.ops, Timestamp: ts})
	require.NoError(t, err)
	require.Equal(t, []string{ts, answer}, []string{replies[0].Timestamp, replies[1].Timestamp})

	link, err := w.api.GetPermalink(&client.PermalinkParameters{Channel: w.ops, Ts: ts})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(link, w.URL()))
	_, _, err = w.api.DeleteMessage(w.ops, ts)
	require.NoError(t, err)
	_, _, _, err = w.api.UpdateMessage(w.ops, ts, client.MsgOptionText("x", false))
	require.EqualError(t, err, "message_not_found")

	said, err := w.asDana.Say(w.ops, "mine")
	require.NoError(t, err)
	_, _, _, err = w.api.UpdateMessage(w.ops, said, client.MsgOptionText("x", false))
	require.EqualError(t, err, "cant_update_message")
	_, err = w.api.PostEphemeral(w.ops, w.dana, client.MsgOptionText("psst", false))
	require.NoError(t, err)
	guest := w.AddUser("gus", slack.Guest())
	_, err = w.api.PostEphemeral(w.ops, guest, client.MsgOptionText("psst", false))
	require.EqualError(t, err, "user_not_in_channel")
}

func TestPostingIsRefusedAsInSlack(t *testing.T) {
	w := open(t, slack.Options{})
	elsewhere := w.AddChannelWithoutBot("elsewhere", w.dana)
	secret := w.AddPrivateChannel("secret", w.dana)
	for name, c := range map[string]struct {
		code string
		form url.Values
	}{
		"no channel":      {"channel_not_found", url.Values{"text": {"x"}}},
		"not a member":    {"not_in_channel", url.Values{"channel": {elsewhere}, "text": {"x"}}},
		"private":         {"channel_not_found", url.Values{"channel": {secret}, "text": {"x"}}},
		"nothing":         {"no_text", url.Values{"channel": {w.ops}}},
		"too long":        {"msg_too_long", url.Values{"channel": {w.ops}, "text": {strings.Repeat("x", 40_001)}}},
		"no JSON":         {"invalid_blocks_format", url.Values{"channel": {w.ops}, "blocks": {"["}}},
		"no array":        {"invalid_blocks_format", url.Values{"channel": {w.ops}, "blocks": {"{}"}}},
		"no thread":       {"thread_not_found", url.Values{"channel": {w.ops}, "text": {"x"}, "thread_ts": {"1.1"}}},
		"odd metadata":    {"invalid_metadata_schema", url.Values{"channel": {w.ops}, "text": {"x"}, "metadata": {`{"a":1}`}}},
		"blocks too long": {"msg_blocks_too_long", url.Values{"channel": {w.ops}, "blocks": {manySections(5, 2900)}}},
	} {
		require.Equal(t, c.code, w.refused("chat.postMessage", c.form), name)
	}
	require.Empty(t, w.Messages(w.ops))
}

func manySections(n, length int) string {
	one := fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}}`, strings.Repeat("x", length))
	return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]"
}

func TestHistoryPagesAndBounds(t *testing.T) {
	w := open(t, slack.Options{})
	var all []string
	for i := range 25 {
		_, ts, err := w.api.PostMessage(w.ops, client.MsgOptionText(fmt.Sprint(i), false))
		require.NoError(t, err)
		all = append(all, ts)
	}
	var got []string
	cursor := ""
	for {
		page, err := w.api.GetConversationHistory(&client.GetConversationHistoryParameters{ChannelID: w.ops, Limit: 10, Cursor: cursor})
		require.NoError(t, err)
		for _, m := range page.Messages {
			got = append(got, m.Timestamp)
		}
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	require.Len(t, got, 25)
	require.Equal(t, all[24], got[0])
	bounded, err := w.api.GetConversationHistory(&client.GetConversationHistoryParameters{ChannelID: w.ops, Oldest: all[3], Latest: all[6]})
	require.NoError(t, err)
	require.Len(t, bounded.Messages, 2)
	bounded, err = w.api.GetConversationHistory(&client.GetConversationHistoryParameters{ChannelID: w.ops, Oldest: all[3], Latest: all[6], Inclusive: true})
	require.NoError(t, err)
	require.Len(t, bounded.Messages, 4)
	require.Equal(t, "invalid_cursor", w.refused("conversations.history", url.Values{"channel": {w.ops}, "cursor": {"x"}}))
	require.Equal(t, "invalid_ts_latest", w.refused("conversations.history", url.Values{"channel": {w.ops}, "latest": {"soon"}}))
}

func TestChannels(t *testing.T) {
	w := open(t, slack.Options{})
	c, err := w.api.CreateConversation(client.CreateConversationParams{ChannelName: "inc-1"})
	require.NoError(t, err)
	for name, code := range map[string]string{"inc-1": "name_taken", "Inc": "invalid_name_specials", "a b": "invalid_name_specials",
		"": "invalid_name_required", strings.Repeat("x", 81): "invalid_name_maxlength", "--": "invalid_name_punctuation"} {
		require.Equal(t, code, w.refused("conversations.create", url.Values{"name": {name}}), name)
	}
	_, err = w.api.InviteUsersToConversation(c.ID, w.dana, w.eli)
	require.NoError(t, err)
	_, err = w.api.InviteUsersToConversation(c.ID, w.dana)
	require.EqualError(t, err, "already_in_channel")
	members, _, err := w.api.GetUsersInConversation(&client.GetUsersInConversationParameters{ChannelID: c.ID})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{w.BotUserID(), w.dana, w.eli}, members)
	topic, err := w.api.SetTopicOfConversation(c.ID, "SEV1 | down")
	require.NoError(t, err)
	require.Equal(t, "SEV1 | down", topic.Topic.Value)
	require.Equal(t, "too_long", w.refused("conversations.setTopic", url.Values{"channel": {c.ID}, "topic": {strings.Repeat("x", 251)}}))
	_, err = w.api.RenameConversation(c.ID, "inc-1-db")
	require.NoError(t, err)
	info, err := w.api.GetConversationInfo(&client.GetConversationInfoInput{ChannelID: c.ID, IncludeNumMembers: true})
	require.NoError(t, err)
	require.Equal(t, "inc-1-db", info.Name)
	require.Equal(t, 3, info.NumMembers)
	require.NoError(t, w.api.ArchiveConversation(c.ID))
	_, _, err = w.api.PostMessage(c.ID, client.MsgOptionText("x", false))
	require.EqualError(t, err, "is_archived")
	require.Equal(t, "name_taken", w.refused("conversations.create", url.Values{"name": {"inc-1-db"}}), "archived channels keep their names")

	list, _, err := w.api.GetConversations(&client.GetConversationsParameters{ExcludeArchived: true, Types: []string{"public_channel", "private_channel"}})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "ops", list[0].Name)
	im, _, already, err := w.api.OpenConversation(&client.OpenConversationParameters{Users: []string{w.dana}, ReturnIM: true})
	require.NoError(t, err)
	require.False(t, already)
	require.True(t, im.IsIM)
	_, _, err = w.api.PostMessage(w.dana, client.MsgOptionText("to you", false))
	require.NoError(t, err)
	require.Equal(t, "to you", w.Messages(im.ID)[0].Text)

	elsewhere := w.AddChannelWithoutBot("elsewhere", w.dana)
	_, warning, _, err := w.api.JoinConversation(elsewhere)
	require.NoError(t, err)
	require.Empty(t, warning)
	_, warning, _, err = w.api.JoinConversation(elsewhere)
	require.NoError(t, err)
	require.Equal(t, "already_in_channel", warning)
}

func TestPeopleAndGroups(t *testing.T) {
	w := open(t, slack.Options{})
	group := w.AddUserGroup("oncall", w.dana)
	members, err := w.api.GetUserGroupMembers(group)
	require.NoError(t, err)
	require.Equal(t, []string{w.dana}, members)
	_, err = w.api.GetUserGroupMembers("S1")
	require.EqualError(t, err, "no_such_subteam")
	stranger := w.AddUser("sam", slack.OtherTeam())
	u, err := w.api.GetUserInfo(stranger)
	require.NoError(t, err)
	require.True(t, u.IsStranger)
	require.NotEqual(t, w.TeamID(), u.TeamID)
	guest, err := w.api.GetUserInfo(w.AddUser("gus", slack.Guest()))
	require.NoError(t, err)
	require.True(t, guest.IsUltraRestricted)
	_, err = w.api.GetUserInfo("U1")
	require.EqualError(t, err, "user_not_found")
	team, err := w.api.GetTeamInfo()
	require.NoError(t, err)
	require.Equal(t, w.TeamID(), team.ID)
	auth, err := w.api.AuthTest()
	require.NoError(t, err)
	bot, err := w.api.GetBotInfo(client.GetBotInfoParameters{Bot: auth.BotID})
	require.NoError(t, err)
	require.Equal(t, w.BotUserID(), bot.UserID)
	all, err := w.api.GetUsers()
	require.NoError(t, err)
	require.Len(t, all, 6)
}

func TestFiles(t *testing.T) {
	w := open(t, slack.Options{})
	summary, err := w.api.UploadFile(client.UploadFileParameters{Filename: "run.log", Content: "hello", FileSize: 5, Title: "The log",
		Channel: w.ops, InitialComment: "the rest"})
	require.NoError(t, err)
	m := w.Messages(w.ops)[0]
	require.Equal(t, "the rest\n(file run.log)", m.Plain())
	require.Equal(t, "hello", string(m.Files[0].Content))
	info, _, _, err := w.api.GetFileInfo(summary.ID, 0, 0)
	require.NoError(t, err)
	require.Equal(t, "The log", info.Title)
	var got bytes.Buffer
	require.NoError(t, w.api.GetFile(info.URLPrivate, &got))
	require.Equal(t, "hello", got.String())
	res, err := http.Get(info.URLPrivate)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, res.Request.URL.String(), "redir=", "without a token Slack shows a page to sign in")
	require.NotContains(t, string(body), "hello")
	_, err = w.api.UploadFile(client.UploadFileParameters{Filename: "x", Content: "hello", FileSize: 4, Channel: w.ops})
	require.Error(t, err, "the announced length is wrong")
}

func TestReactionsPinsBookmarks(t *testing.T) {
	w := open(t, slack.Options{})
	_, ts, err := w.api.PostMessage(w.ops, client.MsgOptionText("x", false))
	require.NoError(t, err)
	ref := client.NewRefToMessage(w.ops, ts)
	require.NoError(t, w.api.AddReaction("eyes", ref))
	require.EqualError(t, w.api.AddReaction("eyes", ref), "already_reacted")
	require.EqualError(t, w.api.AddReaction("No!", ref), "invalid_name")
	got, err := w.api.GetReactions(ref, client.NewGetReactionsParameters())
	require.NoError(t, err)
	require.Equal(t, "eyes", got.Reactions[0].Name)
	require.NoError(t, w.api.RemoveReaction("eyes", ref))
	require.EqualError(t, w.api.RemoveReaction("eyes", ref), "no_reaction")

	require.NoError(t, w.api.AddPin(w.ops, ref))
	require.EqualError(t, w.api.AddPin(w.ops, ref), "already_pinned")
	pins, _, err := w.api.ListPins(w.ops)
	require.NoError(t, err)
	require.Len(t, pins, 1)
	require.NoError(t, w.api.RemovePin(w.ops, ref))
	require.EqualError(t, w.api.RemovePin(w.ops, ref), "no_pin")

	b, err := w.api.AddBookmark(w.ops, client.AddBookmarkParameters{Title: "Runbook", Type: "link", Link: "https://example.com"})
	require.NoError(t, err)
	title := "Manual"
	_, err = w.api.EditBookmark(w.ops, b.ID, client.EditBookmarkParameters{Title: &title, Link: "https://example.com/2"})
	require.NoError(t, err)
	all, err := w.api.ListBookmarks(w.ops)
	require.NoError(t, err)
	require.Equal(t, "Manual", all[0].Title)
	require.NoError(t, w.api.RemoveBookmark(w.ops, b.ID))
	require.Equal(t, "invalid_link", w.refused("bookmarks.add", url.Values{"channel_id": {w.ops}, "title": {"x"}, "type": {"link"}, "link": {"x"}}))
}

func TestCallsAreSeenWithoutTokens(t *testing.T) {
	w := open(t, slack.Options{})
	_, _, err := w.api.PostMessage(w.ops, client.MsgOptionText("hello", false))
	require.NoError(t, err)
	w.refused("chat.postMessage", url.Values{"channel": {"C1"}, "token": {w.BotToken()}})
	calls := w.Calls()
	require.Len(t, calls, 2)
	require.Equal(t, "hello", calls[0].Params["text"])
	require.Equal(t, "channel_not_found", calls[1].Error)
	for _, c := range calls {
		require.Equal(t, "bot", c.Token)
		require.NotContains(t, fmt.Sprint(c.Params), w.BotToken())
		require.WithinDuration(t, time.Now(), c.Time, time.Minute)
	}
}

func TestTiersAnswer429(t *testing.T) {
	clock := time.Unix(1_700_000_000, 0)
	w := open(t, slack.Options{Limits: true, Now: func() time.Time { return clock }})
	list := func() error {
		_, _, err := w.api.GetConversations(&client.GetConversationsParameters{})
		return err
	}
	for range 20 {
		require.NoError(t, list())
	}
	var limited *client.RateLimitedError
	require.True(t, errors.As(list(), &limited))
	require.Equal(t, 3*time.Second, limited.RetryAfter)
	clock = clock.Add(limited.RetryAfter)
	require.NoError(t, list())
	for range 5 {
		_, _, err := w.api.PostMessage(w.ops, client.MsgOptionText("x", false))
		require.NoError(t, err)
	}
	_, _, err := w.api.PostMessage(w.ops, client.MsgOptionText("x", false))
	require.True(t, errors.As(err, &limited))
	_, _, err = w.api.PostMessage(w.dana, client.MsgOptionText("another channel", false))
	require.NoError(t, err)
}
