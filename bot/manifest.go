package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Manifest describes the Slack app to Slack: https://docs.slack.dev/reference/app-manifest
type Manifest struct {
	Display  ManifestDisplay  `json:"display_information"`
	Features ManifestFeatures `json:"features"`
	OAuth    ManifestOAuth    `json:"oauth_config"`
	Settings ManifestSettings `json:"settings"`
}

// ManifestDisplay is how the app shows itself.
type ManifestDisplay struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// ManifestFeatures are the parts of Slack in which the app appears.
type ManifestFeatures struct {
	AppHome struct {
		Home     bool `json:"home_tab_enabled"`
		Messages bool `json:"messages_tab_enabled"`
		ReadOnly bool `json:"messages_tab_read_only_enabled"`
	} `json:"app_home"`
	BotUser struct {
		Name   string `json:"display_name"`
		Online bool   `json:"always_online"`
	} `json:"bot_user"`
	Shortcuts []ManifestShortcut `json:"shortcuts,omitempty"`
	Commands  []ManifestCommand  `json:"slash_commands"`
}

// ManifestShortcut is an entry of a shortcut menu.
type ManifestShortcut struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	CallbackID  string `json:"callback_id"`
	Description string `json:"description"`
}

// ManifestCommand is a slash command.
type ManifestCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint,omitempty"`
	// Escape sends @name and #channel as ids, which is how commands read them.
	Escape bool `json:"should_escape"`
}

// ManifestOAuth holds the permissions.
type ManifestOAuth struct {
	Scopes struct {
		Bot []string `json:"bot"`
	} `json:"scopes"`
}

// ManifestSettings say what Slack sends and how.
type ManifestSettings struct {
	Events struct {
		Bot []string `json:"bot_events"`
	} `json:"event_subscriptions"`
	Interactivity struct {
		Enabled bool `json:"is_enabled"`
	} `json:"interactivity"`
	OrgDeploy     bool `json:"org_deploy_enabled"`
	SocketMode    bool `json:"socket_mode_enabled"`
	TokenRotation bool `json:"token_rotation_enabled"`
}

// maxShortcuts is how many entries of menus an app can have. https://docs.slack.dev/reference/app-manifest
const maxShortcuts = 10

// NewManifest describes the app that answers what the options say, with no more permissions than that takes. Only
// Commands, On, Home, Roles and Prefix are looked at. An error names what Slack would not take.
func NewManifest(o Options) (Manifest, error) {
	var m Manifest
	m.Display = ManifestDisplay{Name: "opsbot", Description: "Backups, restores and the routine jobs of the backend"}
	m.Features.AppHome.Home = o.hasHome()
	m.Features.AppHome.Messages = true
	m.Features.BotUser.Name, m.Features.BotUser.Online = "opsbot", true
	m.Settings.Interactivity.Enabled, m.Settings.SocketMode = true, true
	m.Settings.Events.Bot = o.subscriptions()
	for _, s := range Scopes(o) {
		m.OAuth.Scopes.Bot = append(m.OAuth.Scopes.Bot, s.Name)
	}
	var faults []error
	for _, c := range o.Commands {
		m.Features.Commands = append(m.Features.Commands, ManifestCommand{Command: "/" + o.Prefix + c.Name,
			Description: c.Summary, Hint: c.Usage, Escape: true})
		faults = append(faults,
			tooLong("the command "+c.Name, "/"+o.Prefix+c.Name, 32), tooLong("the summary of "+c.Name, c.Summary, 2_000),
			tooLong("the usage of "+c.Name, c.Usage, 1_000))
		if c.Summary == "" {
			faults = append(faults, fmt.Errorf("bot: the command %s has no summary for the manifest", c.Name))
		}
		for _, s := range c.Shortcuts {
			faults = append(faults, m.addShortcut(s))
		}
	}
	if n := len(m.Features.Shortcuts); n > maxShortcuts {
		faults = append(faults, fmt.Errorf("bot: a manifest holds at most %d shortcuts, not %d", maxShortcuts, n))
	}
	if len(o.Commands) == 0 || len(o.Commands) > 50 {
		faults = append(faults, fmt.Errorf("bot: a manifest holds 1 to 50 commands, not %d", len(o.Commands)))
	}
	return m, errors.Join(faults...)
}

func (m *Manifest) addShortcut(s Shortcut) error {
	kind := "global"
	if s.OnMessage {
		kind = "message"
	}
	m.Features.Shortcuts = append(m.Features.Shortcuts, ManifestShortcut{Name: s.Label, Type: kind, CallbackID: s.ID, Description: s.Summary})
	if s.Label == "" || s.Summary == "" {
		return fmt.Errorf("bot: the shortcut %s has no label or no summary", s.ID)
	}
	return errors.Join(tooLong("the label of the shortcut "+s.ID, s.Label, 24),
		tooLong("the summary of the shortcut "+s.ID, s.Summary, 150), tooLong("the ID of a shortcut", s.ID, 255))
}

// tooLong is an error for a text of more than the characters that a manifest takes.
func tooLong(what, text string, most int) error {
	if utf8.RuneCountInString(text) <= most {
		return nil
	}
	return fmt.Errorf("bot: %s is longer than the %d characters that Slack takes: %s", what, most, text)
}

// subscriptions are the names under which Slack offers the events that are listened to.
// https://docs.slack.dev/reference/events
func (o Options) subscriptions() []string {
	names := []string{"app_mention", "message.im"} // what commands are reached by
	if o.hasHome() {
		names = append(names, homeEvent)
	}
	for _, e := range o.events() {
		switch what, ofChannel := strings.CutPrefix(e.Type, "channel_"); {
		case slices.Contains(messageEvents, e.Type):
			names = append(names, "message.channels", "message.groups")
		case ofChannel:
			names = append(names, e.Type, "group_"+what) // which tells the same of private channels
		default:
			names = append(names, e.Type)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (o Options) hasHome() bool { return len(o.Home.Sections) > 0 || o.on(homeEvent) }
