package slack_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

// newerCodes are what Slack's description of 2021 lacks: https://docs.slack.dev/reference/methods and the method's name.
var newerCodes = map[string][]string{
	"": {"missing_scope", "invalid_arguments", "not_in_channel", "is_archived"}, // of any method
	"chat.postMessage": {"invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_blocks_too_long", "metadata_too_large",
		"invalid_metadata_format", "invalid_metadata_schema", "markdown_text_conflict", "thread_not_found", "cannot_dm_bot",
		"user_disabled", "messages_tab_disabled"},
	"chat.postEphemeral":      {"invalid_blocks", "thread_not_found"},
	"chat.update":             {"invalid_blocks", "msg_blocks_too_long", "invalid_metadata_schema"},
	"chat.scheduleMessage":    {"restricted_too_many", "invalid_blocks"},
	"conversations.open":      {"cannot_dm_bot"},
	"conversations.list":      {"invalid_types", "invalid_limit", "invalid_cursor"},
	"conversations.history":   {"invalid_limit", "invalid_cursor"},
	"pins.remove":             {"no_pin"},
	"usergroups.users.list":   {"no_such_subteam"},
	"usergroups.users.update": {"no_such_subteam", "no_users_provided", "invalid_users"},
	"users.conversations":     {"user_not_found"},
	"users.getPresence":       {"user_not_found"},
	"users.profile.get":       {"user_not_found"},
	"views.open": {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "view_too_large",
		"duplicate_external_id"},
	"views.push":                   {"push_limit_reached"},
	"views.update":                 {"not_found", "hash_conflict"},
	"views.publish":                {"hash_conflict", "not_enabled"},
	"bookmarks.add":                {"invalid_link", "invalid_bookmark_type", "channel_not_found"},
	"bookmarks.edit":               {"not_found"},
	"bookmarks.remove":             {"not_found"},
	"bookmarks.list":               {"channel_not_found"},
	"files.completeUploadExternal": {"file_not_found", "file_update_failed", "channel_not_found"},
	"files.getUploadURLExternal":   {"file_upload_size_restricted"},
}

// refusals are calls that Slack refuses, with its code. Names in braces: dana is in ops, eli too; elsewhere is public
// without the bot, secret private without it, gone archived; ts is the bot's message in ops, said is dana's, old is the
// bot's in gone; stray is the bot's message in elsewhere, which it has left.
var refusals = []struct{ method, args, code string }{
	{"chat.postMessage", "text=x", "channel_not_found"},
	{"chat.postMessage", "channel={elsewhere}&text=x", "not_in_channel"},
	{"chat.postMessage", "channel={secret}&text=x", "channel_not_found"},
	{"chat.postMessage", "channel={gone}&text=x", "is_archived"},
	{"chat.postMessage", "channel={ops}", "no_text"},
	{"chat.postMessage", "channel={ops}&text={40001}", "msg_too_long"},
	{"chat.postMessage", "channel={ops}&blocks=[", "invalid_blocks_format"},
	{"chat.postMessage", "channel={ops}&blocks={}", "invalid_blocks_format"},
	{"chat.postMessage", `channel={ops}&text=x&attachments=[{"blocks":[{"type":"header"}]}]`, "invalid_blocks"},
	{"chat.postMessage", "channel={ops}&text=x&attachments={}", "invalid_attachments"},
	{"chat.postMessage", "channel={ops}&text=x&thread_ts=1.1", "thread_not_found"},
	{"chat.postMessage", "channel={ops}&text=x&markdown_text=y", "markdown_text_conflict"},
	{"chat.postMessage", "channel={ops}&markdown_text={12001}", "msg_too_long"},
	{"chat.postMessage", `channel={ops}&text=x&metadata={"a":1}`, "invalid_metadata_schema"},
	{"chat.postMessage", `channel={ops}&text=x&metadata={"event_type":"a b","event_payload":{}}`, "invalid_metadata_schema"},
	{"chat.postMessage", `channel={ops}&text=x&metadata={"event_type":"a","event_payload":[]}`, "invalid_metadata_schema"},
	{"chat.postMessage", `channel={ops}&text=x&metadata={"event_type":"{256}","event_payload":{}}`, "invalid_metadata_schema"},
	{"chat.postMessage", "channel={ops}&text=x&metadata={", "invalid_metadata_format"},
	{"chat.postMessage", `channel={ops}&text=x&metadata={"event_type":"a","event_payload":{"a":"{17000}"}}`, "metadata_too_large"},
	{"chat.postMessage", "channel={robot}&text=x", "cannot_dm_bot"},
	{"chat.postMessage", "channel={left}&text=x", "user_disabled"},
	{"chat.postEphemeral", "channel={ops}&text=x", "user_not_in_channel"},
	{"chat.postEphemeral", "channel={ops}&text=x&user={fay}", "user_not_in_channel"},
	{"chat.postEphemeral", "channel={elsewhere}&text=x&user={dana}", "not_in_channel"},
	{"chat.postEphemeral", "channel={ops}&user={dana}", "no_text"},
	{"chat.update", "channel={ops}&ts=1.1&text=x", "message_not_found"},
	{"chat.update", "channel={ops}&ts={said}&text=x", "cant_update_message"},
	{"chat.update", "channel={ops}&ts={ts}", "no_text"},
	{"chat.update", "channel={ops}&ts={ts}&text={4001}", "msg_too_long"},
	{"chat.update", "channel={gone}&ts={old}&text=x", "is_inactive"},
	{"chat.delete", "channel={ops}&ts={said}", "cant_delete_message"},
	{"chat.delete", "channel={ops}&ts=1.1", "message_not_found"},
	{"chat.getPermalink", "channel={ops}&message_ts=1.1", "message_not_found"},
	{"chat.scheduleMessage", "channel={ops}&text=x&post_at=soon", "invalid_time"},
	{"chat.scheduleMessage", "channel={ops}&text=x&post_at=5", "time_in_past"},
	{"chat.scheduleMessage", "channel={ops}&text=x&post_at=4102444800", "time_too_far"},
	{"chat.scheduleMessage", "channel={elsewhere}&text=x&post_at=4102444800", "not_in_channel"},
	{"chat.deleteScheduledMessage", "channel={ops}&scheduled_message_id=Q1", "invalid_scheduled_message_id"},
	{"chat.scheduledMessages.list", "channel={secret}", "invalid_channel"},

	{"conversations.create", "", "invalid_name_required"},
	{"conversations.create", "name=Inc", "invalid_name_specials"},
	{"conversations.create", "name=a b", "invalid_name_specials"},
	{"conversations.create", "name=a.b", "invalid_name_specials"},
	{"conversations.create", "name=--", "invalid_name_punctuation"},
	{"conversations.create", "name={81}", "invalid_name_maxlength"},
	{"conversations.create", "name=here", "invalid_name"},
	{"conversations.create", "name=ops", "name_taken"},
	{"conversations.create", "name=gone", "name_taken"},
	{"conversations.create", "name=secret", "name_taken"},
	{"conversations.invite", "channel={ops}", "no_user"},
	{"conversations.invite", "channel={ops}&users=U1", "user_not_found"},
	{"conversations.invite", "channel={ops}&users={bot}", "cant_invite_self"},
	{"conversations.invite", "channel={ops}&users={dana}", "already_in_channel"},
	{"conversations.invite", "channel={ops}&users={gus}", "ura_max_channels"},
	{"conversations.invite", "channel={ops}&users={left}", "cant_invite"},
	{"conversations.invite", "channel={ops}&users={1001 users}", "too_many_users"},
	{"conversations.invite", "channel={elsewhere}&users={dana}", "not_in_channel"},
	{"conversations.invite", "channel={gone}&users={eli}", "is_archived"},
	{"conversations.invite", "channel={im}&users={eli}", "method_not_supported_for_channel_type"},
	{"conversations.kick", "channel={ops}&user={bot}", "cant_kick_self"},
	{"conversations.kick", "channel={ops}&user={fay}", "not_in_channel"},
	{"conversations.kick", "channel={ops}&user=U1", "user_not_found"},
	{"conversations.kick", "channel={general}&user={dana}", "cant_kick_from_general"},
	{"conversations.leave", "channel={general}", "cant_leave_general"},
	{"conversations.leave", "channel={gone}", "is_archived"},
	{"conversations.leave", "channel={alone}", "last_member"},
	{"conversations.join", "channel={gone}", "is_archived"},
	{"conversations.join", "channel={secret}", "channel_not_found"},
	{"conversations.join", "channel={alone}", "method_not_supported_for_channel_type"},
	{"conversations.setTopic", "channel={ops}&topic={251}", "too_long"},
	{"conversations.setPurpose", "channel={ops}&purpose={251}", "too_long"},
	{"conversations.setTopic", "channel={elsewhere}&topic=x", "not_in_channel"},
	{"conversations.setTopic", "channel={gone}&topic=x", "is_archived"},
	{"conversations.setTopic", "channel={im}&topic=x", "method_not_supported_for_channel_type"},
	{"conversations.rename", "channel={ops}&name=x", "not_authorized"},
	{"conversations.archive", "channel={general}", "cant_archive_general"},
	{"conversations.archive", "channel={gone}", "already_archived"},
	{"conversations.archive", "channel={elsewhere}", "not_in_channel"},
	{"conversations.archive", "channel={im}", "method_not_supported_for_channel_type"},
	{"conversations.unarchive", "channel={ops}", "not_archived"},
	{"conversations.unarchive", "channel={gone}", "not_in_channel"},
	{"conversations.open", "", "users_list_not_supplied"},
	{"conversations.open", "users=U1", "user_not_found"},
	{"conversations.open", "users={robot}", "cannot_dm_bot"},
	{"conversations.open", "users={left}", "user_disabled"},
	{"conversations.open", "users=1,2,3,4,5,6,7,8,9", "too_many_users"},
	{"conversations.info", "channel={secret}", "channel_not_found"},
	{"conversations.members", "channel={ops}&limit=1000", "invalid_limit"},
	{"conversations.members", "channel={ops}&cursor=x", "invalid_cursor"},
	{"conversations.list", "types=rooms", "invalid_types"},
	{"conversations.history", "channel={elsewhere}", "not_in_channel"},
	{"conversations.history", "channel={ops}&latest=soon", "invalid_ts_latest"},
	{"conversations.history", "channel={ops}&oldest=soon", "invalid_ts_oldest"},
	{"conversations.replies", "channel={ops}&ts=1.1", "thread_not_found"},

	{"reactions.add", "channel={ops}&name=eyes", "no_item_specified"},
	{"reactions.add", "channel={ops}&name=eyes&timestamp=soon", "bad_timestamp"},
	{"reactions.add", "channel={ops}&name=eyes&timestamp=1.1", "message_not_found"},
	{"reactions.add", "channel={ops}&name=No!&timestamp={ts}", "invalid_name"},
	{"reactions.add", "channel={ops}&name=eyes&timestamp={ts}", "already_reacted"},
	{"reactions.add", "channel={elsewhere}&name=eyes&timestamp={stray}", "not_in_channel"},
	{"reactions.remove", "channel={ops}&name=tada&timestamp={ts}", "no_reaction"},
	{"pins.add", "channel={ops}&timestamp={ts}", "already_pinned"},
	{"pins.add", "channel={ops}", "no_item_specified"},
	{"pins.add", "channel={elsewhere}&timestamp={stray}", "not_in_channel"},
	{"pins.remove", "channel={ops}&timestamp={said}", "no_pin"},
	{"pins.list", "channel={elsewhere}", "not_in_channel"},
	{"bookmarks.add", "channel_id={ops}&type=list&title=x&link=https://x", "invalid_bookmark_type"},
	{"bookmarks.add", "channel_id={ops}&type=link&title=x&link=x", "invalid_link"},
	{"bookmarks.add", "channel_id={ops}&type=link&link=https://x", "invalid_arguments"},
	{"bookmarks.edit", "channel_id={ops}&bookmark_id=Bk1&title=x", "not_found"},
	{"bookmarks.remove", "channel_id={ops}&bookmark_id=Bk1", "not_found"},
	{"bookmarks.list", "channel_id={secret}", "channel_not_found"},

	{"users.info", "user=U1", "user_not_found"},
	{"users.lookupByEmail", "email=nobody@example.com", "users_not_found"},
	{"users.lookupByEmail", "email=left@example.com", "users_not_found"},
	{"users.getPresence", "user=U1", "user_not_found"},
	{"users.profile.get", "user=U1", "user_not_found"},
	{"users.conversations", "user=U1", "user_not_found"},
	{"usergroups.users.list", "usergroup=S1", "no_such_subteam"},
	{"usergroups.users.update", "usergroup=S1&users={dana}", "no_such_subteam"},
	{"usergroups.users.update", "usergroup={group}", "no_users_provided"},
	{"usergroups.users.update", "usergroup={group}&users={left}", "invalid_users"},

	{"files.getUploadURLExternal", "length=5", "invalid_arguments"},
	{"files.getUploadURLExternal", "filename=x&length=0", "invalid_arguments"},
	{"files.getUploadURLExternal", "filename=x&length=99999999999", "file_upload_size_restricted"},
	{"files.completeUploadExternal", `files=[{"id":"F1"}]`, "file_not_found"},
	{"files.completeUploadExternal", `files=[]`, "invalid_arguments"},
	{"files.info", "file=F1", "file_not_found"},
	{"files.delete", "file=F1", "file_not_found"},

	{"views.open", "trigger_id=x&view={}", "invalid_arguments"},
	{"views.open", "trigger_id=1.2.x&view={}", "expired_trigger_id"},
	{"views.update", "view_id=V1&view={}", "not_found"},
	{"views.update", "view={}", "invalid_arguments"},
	{"views.publish", "user_id={robot}&view={}", "invalid_arguments"},
	{"views.publish", `user_id={dana}&hash=1.x&view={"type":"home","blocks":[]}`, "hash_conflict"},
}

// setScene makes what refusals speak of.
func setScene(t *testing.T) (*workspace, recording) {
	w := open(t, slack.Options{})
	post := func(channel string) string {
		_, ts, err := w.api.PostMessage(channel, client.MsgOptionText("x", false))
		require.NoError(t, err)
		return ts
	}
	named := recording{"dana": w.dana, "eli": w.eli, "fay": w.AddUser("fay"), "gus": w.AddUser("gus", slack.Guest()),
		"left": w.AddUser("left", slack.Deactivated()), "robot": w.AddUser("robot", slack.BotUser()), "bot": w.BotUserID(),
		"ops": w.ops, "general": w.AddChannel("general", w.dana), "gone": w.AddChannel("gone", w.dana),
		"elsewhere": w.AddChannel("elsewhere", w.dana), "secret": w.AddPrivateChannel("secret", w.dana),
		"alone": w.AddPrivateChannel("alone", w.BotUserID()), "im": w.asDana.DM(), "group": w.AddUserGroup("oncall", w.dana),
		"1001 users": strings.TrimSuffix(strings.Repeat(w.dana+",", 1001), ",")}
	for _, n := range []int{81, 251, 256, 4001, 12_001, 17_000, 40_001} {
		named[fmt.Sprint(n)] = strings.Repeat("x", n)
	}
	named["ts"], named["old"], named["stray"] = post(w.ops), post(named["gone"]), post(named["elsewhere"])
	require.NoError(t, w.api.AddReaction("eyes", client.NewRefToMessage(w.ops, named["ts"])))
	require.NoError(t, w.api.AddPin(w.ops, client.NewRefToMessage(w.ops, named["ts"])))
	_, err := w.api.LeaveConversation(named["elsewhere"])
	require.NoError(t, err)
	w.SetArchived(named["gone"], true)
	said, err := w.asDana.Say(w.ops, "mine")
	require.NoError(t, err)
	named["said"] = said
	return w, named
}

func TestCallsAreRefusedWithSlacksCodes(t *testing.T) {
	var documented map[string][]string
	readJSON(t, "testdata/errors.json", &documented)
	w, named := setScene(t)
	before := len(w.Messages(w.ops))
	for _, c := range refusals {
		require.Equal(t, c.code, w.refused(c.method, named.form(c.args)), "%s %s", c.method, c.args)
		known := slices.Concat(documented[c.method], newerCodes[c.method], newerCodes[""])
		require.Contains(t, known, c.code, "%s is no documented code of %s", c.code, c.method)
	}
	require.Len(t, w.Messages(w.ops), before, "what is refused changes nothing")
}

func TestEveryMethodAsksForItsScopes(t *testing.T) {
	w, named := setScene(t)
	w.Faults().KeepScopes("commands")
	free := []string{"api.test", "auth.test", "apps.connections.open", "chat.getPermalink", "chat.scheduledMessages.list",
		"views.open", "views.push", "views.update", "views.publish"}
	for _, method := range slack.MethodNames() {
		if slices.Contains(free, method) {
			continue
		}
		answer, _ := w.call(w.BotToken(), method, named.form("channel={ops}&channel_id={ops}&users={dana}"))
		require.Equal(t, "missing_scope", answer["error"], method)
		require.NotEmpty(t, answer["needed"], method)
		require.Equal(t, "commands", answer["provided"], method)
	}
	w.Faults().Reset()
	require.NotContains(t, w.ScopesUsed(), "bookmarks:read")
	_, err := w.api.ListBookmarks(w.ops)
	require.NoError(t, err)
	require.Equal(t, []string{"bookmarks.list"}, w.ScopesUsed()["bookmarks:read"])
}

func TestAWorkspaceCanLackMethods(t *testing.T) {
	w, named := setScene(t)
	w.Faults().Unknown("pins.*", "bookmarks.*", "conversations.setTopic", "usergroups.*")
	for _, method := range []string{"pins.add", "bookmarks.list", "conversations.setTopic", "usergroups.users.list"} {
		require.Equal(t, "unknown_method", w.refused(method, named.form("channel={ops}")))
	}
	w.Faults().Reset()
	w.Faults().MissingScope("conversations.invite*")
	answer, _ := w.call(w.BotToken(), "conversations.invite", named.form("channel={ops}&users={fay}"))
	require.Equal(t, "missing_scope", answer["error"])
}

func TestInvitingSeveral(t *testing.T) {
	w, named := setScene(t)
	invite := func(args string) map[string]any {
		answer, _ := w.call(w.BotToken(), "conversations.invite", named.form(args))
		return answer
	}
	answer := invite("channel={ops}&users={fay},U1,{dana}")
	require.Equal(t, "user_not_found", answer["error"])
	require.Equal(t, []any{map[string]any{"user": "U1", "ok": false, "error": "user_not_found"},
		map[string]any{"user": w.dana, "ok": false, "error": "already_in_channel"}}, answer["errors"])
	members := func() []string {
		found, _, err := w.api.GetUsersInConversation(&client.GetUsersInConversationParameters{ChannelID: w.ops})
		require.NoError(t, err)
		return found
	}
	require.NotContains(t, members(), named["fay"], "one bad name keeps all out")
	require.Equal(t, true, invite("channel={ops}&users={fay},U1,{dana}&force=true")["ok"])
	require.Contains(t, members(), named["fay"])
	require.NoError(t, w.api.KickUserFromConversation(w.ops, named["fay"]))
	require.NotContains(t, members(), named["fay"])
}

func TestEditsCanBeClosed(t *testing.T) {
	clock := time.Unix(1_700_000_000, 0)
	w := open(t, slack.Options{Now: func() time.Time { return clock }})
	_, ts, err := w.api.PostMessage(w.ops, client.MsgOptionText("x", false))
	require.NoError(t, err)
	w.Faults().CloseEdits(5 * time.Minute)
	edit := url.Values{"channel": {w.ops}, "ts": {ts}, "text": {"y"}}
	clock = clock.Add(4 * time.Minute)
	answer, _ := w.call(w.BotToken(), "chat.update", edit)
	require.Equal(t, true, answer["ok"])
	clock = clock.Add(2 * time.Minute)
	require.Equal(t, "edit_window_closed", w.refused("chat.update", edit))
}

func TestReactionsHaveLimits(t *testing.T) {
	w, named := setScene(t)
	add := func(name string) string {
		answer, _ := w.call(w.BotToken(), "reactions.add", named.form("channel={ops}&timestamp={said}&name="+name))
		code, _ := answer["error"].(string) // none of a good answer
		return code
	}
	for i := range 23 {
		require.Empty(t, add(fmt.Sprintf("e%d", i)))
	}
	require.Equal(t, "too_many_reactions", add("more"))
	for i := range 23 {
		require.NoError(t, w.asDana.React(w.ops, named["said"], fmt.Sprintf("d%d", i)))
	}
	eli := w.As(w.eli)
	for i := range 4 {
		require.NoError(t, eli.React(w.ops, named["said"], fmt.Sprintf("f%d", i)))
	}
	require.ErrorContains(t, eli.React(w.ops, named["said"], "g"), "too_many_emoji")
	require.NoError(t, eli.React(w.ops, named["said"], "d1"), "one that is there already")
}

func TestScheduledMessagesComeOrAreTakenBack(t *testing.T) {
	w := open(t, slack.Options{})
	soon := fmt.Sprint(time.Now().Add(2 * time.Second).Unix())
	_, _, err := w.api.ScheduleMessage(w.ops, soon, client.MsgOptionText("now", false))
	require.NoError(t, err)
	_, later, err := w.api.ScheduleMessage(w.ops, fmt.Sprint(time.Now().Add(time.Hour).Unix()), client.MsgOptionText("never", false))
	require.NoError(t, err)
	list, _, err := w.api.GetScheduledMessages(&client.GetScheduledMessagesParameters{Channel: w.ops})
	require.NoError(t, err)
	require.Len(t, list, 2)
	_, err = w.api.DeleteScheduledMessage(&client.DeleteScheduledMessageParameters{Channel: w.ops, ScheduledMessageID: later})
	require.NoError(t, err)
	_, err = w.WaitMessage(w.ctx, w.ops, func(m slack.Message) bool { return m.Text == "now" })
	require.NoError(t, err)
	list, _, err = w.api.GetScheduledMessages(&client.GetScheduledMessagesParameters{})
	require.NoError(t, err)
	require.Empty(t, list)
}
