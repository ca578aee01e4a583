package slack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

// step is one good call. Arguments and expectations may use names in braces for what came before: {ops}, {ts}.
type step struct {
	method, args string            // "channel={ops}&text=x"
	keep         map[string]string // name: path in the answer, "channel.id"
}

// goodCalls uses every method once in a way that Slack takes.
var goodCalls = []step{
	{"api.test", "x=1", nil},
	{"auth.test", "", nil},
	{"team.info", "", nil},
	{"bots.info", "", nil},
	{"users.info", "user={dana}", nil},
	{"users.list", "limit=2", nil},
	{"users.lookupByEmail", "email=dana@example.com", nil},
	{"users.getPresence", "user={dana}", nil},
	{"users.profile.get", "user={dana}", nil},
	{"users.conversations", "types=public_channel,im", nil},
	{"usergroups.list", "include_users=1&include_count=1", nil},
	{"usergroups.users.list", "usergroup={group}", nil},
	{"usergroups.users.update", "usergroup={group}&users={dana},{eli}", nil},
	{"conversations.create", "name=inc-7", map[string]string{"inc": "channel.id"}},
	{"conversations.invite", "channel={inc}&users={dana},{eli}", nil},
	{"conversations.setTopic", "channel={inc}&topic=down", nil},
	{"conversations.setPurpose", "channel={inc}&purpose=repair", nil},
	{"conversations.rename", "channel={inc}&name=inc-7-db", nil},
	{"conversations.kick", "channel={inc}&user={eli}", nil},
	{"conversations.info", "channel={inc}&include_num_members=1", nil},
	{"conversations.members", "channel={inc}", nil},
	{"conversations.list", "types=public_channel,private_channel", nil},
	{"conversations.open", "users={dana}&return_im=1", nil},
	{"chat.postMessage", `channel={inc}&text=x&blocks=[{"type":"divider"}]&metadata={"event_type":"card","event_payload":{"a":1}}`,
		map[string]string{"ts": "ts"}},
	{"reactions.add", "channel={inc}&timestamp={ts}&name=eyes", nil},
	{"reactions.get", "channel={inc}&timestamp={ts}", nil},
	{"chat.postMessage", "channel={inc}&text=y&thread_ts={ts}", nil},
	{"chat.postEphemeral", "channel={inc}&user={dana}&text=z", nil},
	{"chat.update", "channel={inc}&ts={ts}&text=xx", nil},
	{"chat.getPermalink", "channel={inc}&message_ts={ts}", nil},
	{"reactions.list", "", nil},
	{"conversations.history", "channel={inc}&include_all_metadata=1&limit=1", nil},
	{"conversations.replies", "channel={inc}&ts={ts}", nil},
	{"pins.add", "channel={inc}&timestamp={ts}", nil},
	{"pins.list", "channel={inc}", nil},
	{"pins.remove", "channel={inc}&timestamp={ts}", nil},
	{"reactions.remove", "channel={inc}&timestamp={ts}&name=eyes", nil},
	{"bookmarks.add", "channel_id={inc}&type=link&title=Runbook&link=https://example.com", map[string]string{"mark": "bookmark.id"}},
	{"bookmarks.edit", "channel_id={inc}&bookmark_id={mark}&title=Manual", nil},
	{"bookmarks.list", "channel_id={inc}", nil},
	{"bookmarks.remove", "channel_id={inc}&bookmark_id={mark}", nil},
	{"chat.scheduleMessage", "channel={inc}&text=later&post_at={hour}", map[string]string{"later": "scheduled_message_id"}},
	{"chat.scheduledMessages.list", "", nil},
	{"chat.deleteScheduledMessage", "channel={inc}&scheduled_message_id={later}", nil},
	{"files.getUploadURLExternal", "filename=run.log&length=5", map[string]string{"file": "file_id", "upload": "upload_url"}},
	{"upload", "", nil},
	{"files.completeUploadExternal", `files=[{"id":"{file}","title":"log"}]&channel_id={inc}&initial_comment=all`, nil},
	{"files.info", "file={file}", nil},
	{"files.list", "channel={inc}", nil},
	{"files.delete", "file={file}", nil},
	{"views.open", `trigger_id={trigger}&view=` + smallModal, map[string]string{"view": "view.id"}},
	{"views.push", `trigger_id={trigger2}&view=` + smallModal, nil},
	{"views.update", `view_id={view}&view=` + smallModal, nil},
	{"views.publish", `user_id={dana}&view={"type":"home","blocks":[{"type":"divider"}]}`, nil},
	{"chat.delete", "channel={inc}&ts={ts}", nil},
	{"conversations.archive", "channel={inc}", nil},
	{"conversations.join", "channel={elsewhere}", nil},
	{"conversations.leave", "channel={elsewhere}", nil},
	{"apps.connections.open", "", nil},
}

const smallModal = `{"type":"modal","title":{"type":"plain_text","text":"t"},"blocks":[{"type":"divider"}]}`

// never are the methods without a good call.
var never = []string{"conversations.unarchive"} // refused to every bot

// recording is what has become of the names in braces.
type recording map[string]string

func (r recording) fill(text string) string {
	for name, value := range r {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// form reads "a=b&c=d", where values may hold anything but "&".
func (r recording) form(args string) url.Values {
	form := url.Values{}
	for _, pair := range strings.FieldsFunc(args, func(c rune) bool { return c == '&' }) {
		name, value, _ := strings.Cut(pair, "=")
		form.Set(name, r.fill(value))
	}
	return form
}

func TestAnswersHaveTheRecordedShapes(t *testing.T) {
	var shapes map[string]any
	readJSON(t, "testdata/answers.json", &shapes)
	w := open(t, slack.Options{})
	named := recording{"dana": w.dana, "eli": w.eli, "ops": w.ops, "group": w.AddUserGroup("oncall", w.dana),
		"elsewhere": w.AddChannelWithoutBot("elsewhere", w.dana), "hour": fmt.Sprint(time.Now().Add(time.Hour).Unix()),
		"trigger": w.trigger(), "trigger2": w.trigger()}
	used := map[string]bool{}
	for _, s := range goodCalls {
		if s.method == "upload" {
			res, err := http.Post(named["upload"], "application/octet-stream", bytes.NewReader([]byte("hello")))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, res.StatusCode)
			require.NoError(t, res.Body.Close())
			continue
		}
		token := w.BotToken()
		if s.method == "apps.connections.open" {
			token = w.AppToken()
		}
		answer, _ := w.call(token, s.method, named.form(s.args))
		require.Equal(t, true, answer["ok"], "%s: %v", s.method, answer)
		for name, path := range s.keep {
			named[name] = at(answer, path)
			require.NotEmpty(t, named[name], "%s: %s", s.method, path)
		}
		used[s.method] = true
		if shape, known := shapes[s.method]; known {
			for _, problem := range unlike(s.method, shape, answer) {
				t.Error(problem)
			}
		}
	}
	for _, name := range slack.MethodNames() {
		require.True(t, used[name] || slices.Contains(never, name), "%s has no good call here", name)
	}
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, into))
}

func at(v any, path string) string {
	for _, key := range strings.Split(path, ".") {
		o, _ := v.(map[string]any) // what is no object has no such key
		v = o[key]
	}
	s, _ := v.(string)
	return s
}

// unlike says where an answer has what no recorded answer had: another property, or another type.
func unlike(path string, shape, v any) []string {
	var problems []string
	switch shape := shape.(type) {
	case string:
		if found := typeOf(v); found != shape && v != nil && shape != "any" {
			return []string{fmt.Sprintf("%s is a %s, recorded was a %s", path, found, shape)}
		}
	case []any:
		list, isList := v.([]any)
		if !isList && v != nil {
			return []string{path + " is no list"}
		}
		for i, one := range list {
			problems = append(problems, unlike(fmt.Sprintf("%s[%d]", path, i), shape[0], one)...)
		}
	case map[string]any:
		o, isObject := v.(map[string]any)
		if !isObject && v != nil {
			return []string{path + " is no object"}
		}
		for key, value := range o {
			known, recorded := shape[key]
			if !recorded {
				problems = append(problems, path+"."+key+" was never recorded")
				continue
			}
			problems = append(problems, unlike(path+"."+key, known, value)...)
		}
	}
	return problems
}

func typeOf(v any) string {
	switch v.(type) {
	case bool:
		return "bool"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "list"
	}
	return "object"
}
