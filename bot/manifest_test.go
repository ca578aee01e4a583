package bot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

func nothing(context.Context, bot.Request) (bot.Reply, error) { return bot.Reply{}, nil }

// features are everything that a manifest can show.
func features() bot.Options {
	return bot.Options{
		Prefix:   "kampyn-",
		Commands: []bot.Command{{Name: "backup", Summary: "Take backups", Usage: "now | list", Run: nothing}, {Name: "ops", Summary: "Help", Run: nothing}},
		Home:     bot.Home{Sections: []bot.Section{{Name: "jobs"}}},
		On: []bot.Event{{Type: "message", Run: nothing}, {Type: "message_deleted", Run: nothing},
			{Type: "reaction_added", Run: nothing}},
		Roles: map[bot.Role][]string{bot.Operator: {"U1", "S1"}},
	}
}

// checkManifest holds a manifest to Slack's schema, its lists of names, and to a workspace that makes an app of it.
func checkManifest(t *testing.T, m bot.Manifest) {
	t.Helper()
	text, err := json.Marshal(m)
	require.NoError(t, err)
	raw, err := os.ReadFile("testdata/manifest.schema.json")
	require.NoError(t, err)
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("manifest.schema.json", schema))
	compiled, err := c.Compile("manifest.schema.json")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(value))

	var names struct{ Scopes, Events []string }
	raw, err = os.ReadFile("testdata/manifest.names.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &names))
	require.Subset(t, names.Scopes, m.OAuth.Scopes.Bot)
	require.Subset(t, names.Events, m.Settings.Events.Bot)

	workspace, err := slacksandbox.Start(slacksandbox.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, workspace.Close()) }()
	require.NoError(t, workspace.Install(text))
}

func TestManifestSaysWhatIsOnAndNoMore(t *testing.T) {
	full := features()
	m, err := bot.NewManifest(full)
	require.NoError(t, err)
	checkManifest(t, m)
	require.Equal(t, "/kampyn-backup", m.Features.Commands[0].Command)
	require.Equal(t, "now | list", m.Features.Commands[0].Hint)
	require.True(t, m.Features.AppHome.Home)
	require.Equal(t, []string{"app_home_opened", "app_mention", "message.channels", "message.groups", "message.im", "reaction_added"}, m.Settings.Events.Bot)
	require.Subset(t, m.OAuth.Scopes.Bot, []string{"usergroups:read", "reactions:read"})

	require.Empty(t, m.Features.Shortcuts)
	few := full
	few.On, few.Home, few.Prefix, few.Roles = nil, bot.Home{}, "", map[bot.Role][]string{bot.Operator: {"U1"}}
	m, err = bot.NewManifest(few)
	require.NoError(t, err)
	checkManifest(t, m)
	require.Equal(t, "/backup", m.Features.Commands[0].Command)
	require.False(t, m.Features.AppHome.Home)
	require.Equal(t, []string{"app_mention", "message.im"}, m.Settings.Events.Bot)
	for _, s := range []string{"usergroups:read", "reactions:read"} {
		require.NotContains(t, m.OAuth.Scopes.Bot, s)
	}
}

// tending is a command that brings shortcuts, events and uses of its own.
func tending() bot.Command {
	return bot.Command{Name: "incident", Summary: "Incidents", Run: nothing,
		Shortcuts: []bot.Shortcut{{ID: "incident.declare", Label: "Declare an incident", Summary: "Opens the form", Run: nothing},
			{ID: "incident.note", Label: "Add to the timeline", Summary: "Notes this message", OnMessage: true, Run: nothing}},
		On: []bot.Event{{Type: "reaction_added", Why: "notes by 📌", Optional: true, Run: nothing},
			{Type: "message_changed", Why: "following edits", Run: nothing}, {Type: "channel_rename", Run: nothing},
			{Type: "member_joined_channel", Run: nothing}},
		Uses: []bot.Use{bot.UseChannels, bot.UsePrivateChannels, bot.UsePins, bot.UseReactions, bot.UseBookmarks, bot.UseUserGroups, bot.UseDownloads}}
}

func TestManifestOfACommandsOwn(t *testing.T) {
	o := bot.Options{Commands: []bot.Command{{Name: "ops", Summary: "Help", Run: nothing}}}
	before, err := bot.NewManifest(o)
	require.NoError(t, err)
	o.Commands = append(o.Commands, tending())
	m, err := bot.NewManifest(o)
	require.NoError(t, err)
	checkManifest(t, m)
	require.Equal(t, []bot.ManifestShortcut{{Name: "Declare an incident", Type: "global", CallbackID: "incident.declare", Description: "Opens the form"},
		{Name: "Add to the timeline", Type: "message", CallbackID: "incident.note", Description: "Notes this message"}}, m.Features.Shortcuts)
	require.Equal(t, []string{"app_mention", "channel_rename", "group_rename", "member_joined_channel", "message.channels", "message.groups",
		"message.im", "reaction_added"}, m.Settings.Events.Bot)
	more := []string{}
	for _, s := range m.OAuth.Scopes.Bot {
		if !slices.Contains(before.OAuth.Scopes.Bot, s) {
			more = append(more, s)
		}
	}
	require.ElementsMatch(t, []string{"channels:manage", "groups:write", "pins:write", "reactions:read", "reactions:write",
		"bookmarks:read", "bookmarks:write", "usergroups:read", "files:read"}, more)

	needed := map[string]bot.Scope{}
	for _, s := range bot.Scopes(o) {
		needed[s.Name] = s
	}
	require.True(t, needed["reactions:read"].Optional)
	require.False(t, needed["channels:manage"].Optional)
	require.False(t, needed["channels:history"].Optional, "an event that is needed makes its scope needed")
	require.Equal(t, "finding a card that was posted just before a crash, instead of posting it twice; following edits", needed["channels:history"].Why)
	o.Roles = map[bot.Role][]string{bot.Operator: {"S1"}}
	for _, s := range bot.Scopes(o) {
		require.False(t, s.Name == "usergroups:read" && s.Optional, "roles by user groups need it")
	}
}

func TestManifestKeepsToSlacksLimits(t *testing.T) {
	for what, change := range map[string]func(*bot.Command){
		"the command":    func(c *bot.Command) { c.Name = strings.Repeat("x", 32) },
		"the summary of": func(c *bot.Command) { c.Summary = strings.Repeat("x", 2001) },
		"the usage of":   func(c *bot.Command) { c.Usage = strings.Repeat("x", 1001) },
		"has no summary": func(c *bot.Command) { c.Summary = "" },
	} {
		o := features()
		change(&o.Commands[0])
		_, err := bot.NewManifest(o)
		require.ErrorContains(t, err, what)
	}
	for what, shortcut := range map[string]bot.Shortcut{
		"no label or no summary":     {ID: "x", Label: "x"},
		"the label of the shortcut":  {ID: "x", Label: strings.Repeat("x", 25), Summary: "x"},
		"the summary of the shortcu": {ID: "x", Label: "x", Summary: strings.Repeat("x", 151)},
		"at most 10 shortcuts":       {ID: "x", Label: "x", Summary: "x"},
	} {
		o := features()
		for range 11 {
			o.Commands[0].Shortcuts = append(o.Commands[0].Shortcuts, shortcut)
		}
		_, err := bot.NewManifest(o)
		require.ErrorContains(t, err, what)
	}
	_, err := bot.NewManifest(bot.Options{})
	require.ErrorContains(t, err, "1 to 50 commands")
}
