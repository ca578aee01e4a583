package slack_test

import (
	"strings"
	"testing"

	client "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

const smallManifest = `{"display_information":{"name":"small"},
	"features":{"bot_user":{"display_name":"small"},"app_home":{"home_tab_enabled":false,"messages_tab_enabled":true},
		"slash_commands":[{"command":"/x","description":"x","usage_hint":"[y]"},{"command":"/y","description":"y","should_escape":true}]},
	"oauth_config":{"scopes":{"bot":["chat:write","commands","im:history","reactions:read"]}},
	"settings":{"socket_mode_enabled":true,"interactivity":{"is_enabled":true},"event_subscriptions":{"bot_events":["message.im","reaction_added"]}}}`

func TestAnInstalledAppCanDoWhatItsManifestSays(t *testing.T) {
	w := open(t, slack.Options{})
	require.NoError(t, w.Install([]byte(smallManifest)))
	_, ts, err := w.api.PostMessage(w.ops, client.MsgOptionText("x", false))
	require.NoError(t, err)
	require.EqualError(t, w.api.AddPin(w.ops, client.NewRefToMessage(w.ops, ts)), "missing_scope")
	_, err = w.api.PublishView(w.dana, client.HomeTabViewRequest{Type: "home"}, "")
	require.EqualError(t, err, "not_enabled")
	require.Error(t, w.asDana.OpenHome())
	_, err = w.asDana.Slash(w.ops, "/z")
	require.ErrorContains(t, err, "not a valid command")

	r := w.line()
	say := func(command string) string {
		done := make(chan error, 1)
		go func() { _, err := w.asDana.Slash(w.ops, command+" @eli"); done <- err }()
		e := r.next()
		r.ack(e, nil)
		require.NoError(t, <-done)
		return e["payload"].(map[string]any)["text"].(string)
	}
	require.Equal(t, "@eli", say("/x"), "Slack makes ids only where the manifest asks for them")
	require.Equal(t, "<@"+w.eli+">", say("/y"))

	_, err = w.asDana.Say(w.ops, "hello <@"+w.BotUserID()+">") // neither message.channels nor app_mention is subscribed to
	require.NoError(t, err)
	require.NoError(t, w.asDana.React(w.ops, ts, "eyes"))
	e := r.next()
	r.ack(e, nil)
	require.Equal(t, "reaction_added", e["payload"].(map[string]any)["event"].(map[string]any)["type"])
	require.Equal(t, []string{"reaction_added"}, w.EventsHeard())
	used := w.ScopesUsed()
	require.Equal(t, []string{"reaction_added"}, used["reactions:read"])
	require.Equal(t, []string{"/x", "/y"}, used["commands"])
	require.NotContains(t, used, "im:history")
	w.Faults().RemoveScopes("chat:write")
	w.Faults().Reset()
	require.EqualError(t, w.api.AddPin(w.ops, client.NewRefToMessage(w.ops, ts)), "missing_scope", "no more comes back than was granted")
}

func TestBadManifestsAreRefused(t *testing.T) {
	w := open(t, slack.Options{})
	for _, c := range []struct{ old, new, wrong string }{
		{`"name":"small"`, `"name":"` + strings.Repeat("x", 36) + `"`, "less than 36 characters [json-pointer:/display_information/name]"},
		{`"command":"/x"`, `"command":"/remind"`, "/remind is a built-in command"},
		{`"command":"/x"`, `"command":"x"`, "must begin with /"},
		{`"usage_hint":"[y]"`, `"usage_hint":""`, "/features/slash_commands/0/usage_hint"},
		{`"usage_hint"`, `"hint"`, "invalid additional property: hint"},
		{`"chat:write",`, `"chat:sing",`, "chat:sing is unknown"},
		{`"reactions:read"`, `"pins:read"`, "reaction_added requires the scope reactions:read"},
		{`"message.im"`, `"message.mpim"`, "message.mpim requires the scope mpim:history"},
		{`"message.im"`, `"message_im"`, "there is no event message_im"},
		{`"commands",`, ``, "commands and shortcuts require the scope commands"},
		{`"socket_mode_enabled":true`, `"socket_mode_enabled":false`, "Socket Mode only"},
	} {
		require.Contains(t, smallManifest, c.old)
		require.ErrorContains(t, w.Install([]byte(strings.Replace(smallManifest, c.old, c.new, 1))), c.wrong)
	}
}
