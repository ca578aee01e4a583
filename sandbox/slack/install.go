package slack

import (
	"fmt"
	"slices"
	"strings"
)

// manifestShape is what a manifest may say, as far as this workspace understands it.
// https://docs.slack.dev/reference/app-manifest
var manifestShape = shape{
	"_metadata": anything,
	"!display_information": inner(shape{"!name": characters(1, 35), "description": characters(1, 140),
		"long_description": characters(175, 4000), "background_color": characters(4, 7)}),
	"features": inner(shape{
		"app_home": inner(shape{"home_tab_enabled": boolean, "messages_tab_enabled": boolean, "messages_tab_read_only_enabled": boolean}),
		"bot_user": inner(shape{"!display_name": characters(1, 80), "always_online": boolean}),
		"shortcuts": list(1, 10, inner(shape{"!name": characters(1, 24), "!type": oneOf("message", "global"),
			"!callback_id": idRule, "!description": characters(1, 150)})),
		"slash_commands": list(1, 50, inner(shape{"!command": commandName, "!description": characters(1, 2000),
			"usage_hint": characters(1, 1000), "url": address(3000), "should_escape": boolean})),
	}),
	"oauth_config": inner(shape{"scopes": inner(shape{"bot": list(0, 255, characters(1, 50)), "user": list(0, 0, anything)})}),
	"settings": inner(shape{
		"event_subscriptions":    inner(shape{"bot_events": list(0, 100, characters(1, 50))}),
		"interactivity":          inner(shape{"!is_enabled": boolean}),
		"org_deploy_enabled":     boolean,
		"socket_mode_enabled":    boolean,
		"token_rotation_enabled": boolean,
	}),
}

func inner(sh shape) rule {
	return func(c *checker, path string, v any) { c.fields(path, v, sh) }
}

// builtIn are commands of Slack's own, which no app can have.
// https://docs.slack.dev/interactivity/implementing-slash-commands#naming_your_command
var builtIn = []string{"/archive", "/call", "/collapse", "/dnd", "/expand", "/feed", "/invite", "/join", "/kick", "/leave",
	"/me", "/msg", "/mute", "/open", "/remind", "/remove", "/rename", "/search", "/shrug", "/star", "/status", "/topic", "/who"}

func commandName(c *checker, path string, v any) {
	characters(2, 32)(c, path, v)
	name := text(v)
	if !strings.HasPrefix(name, "/") || strings.ToLower(name) != name || strings.ContainsAny(name, " \t\n") {
		c.fail(path, "must begin with / and hold lowercase letters")
	}
	if slices.Contains(builtIn, name) {
		c.fail(path, "%s is a built-in command", name)
	}
}

// freeEvents need no scope.
var freeEvents = []string{"app_home_opened", "app_uninstalled", "tokens_revoked"}

// Install makes the first app what a manifest (JSON) describes: its name, scopes, commands, shortcuts, tabs and events,
// and nothing besides. The tokens stay as they are. An error says all that Slack would not take.
func (s *Server) Install(manifest []byte) error {
	decoded, err := decode(manifest)
	if err != nil {
		return fmt.Errorf("the manifest is no JSON: %w", err)
	}
	c := &checker{}
	c.fields("", decoded, manifestShape)
	if len(c.problems) > 0 {
		return fmt.Errorf("invalid_manifest: %s", strings.Join(c.problems, "; "))
	}
	m := decoded.(object) // fields has seen to it
	features, settings := part(m, "features"), part(m, "settings")
	scopes, events := names(part(part(m, "oauth_config"), "scopes")["bot"]), names(part(settings, "event_subscriptions")["bot_events"])
	if settings["socket_mode_enabled"] != true {
		return fmt.Errorf("invalid_manifest: this workspace has no address of the app and delivers over Socket Mode only")
	}
	if err := checkGrants(scopes, events, features); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[0]
	a.Name = text(part(m, "display_information")["name"])
	s.users[a.UserID].name = text(part(features, "bot_user")["display_name"])
	a.scopes, a.granted = scopes, scopes
	a.events, a.raw = map[string]bool{}, map[string]bool{}
	for _, e := range events {
		a.events[e] = true
	}
	home := part(features, "app_home")
	a.noHome, a.noMessages = home["home_tab_enabled"] != true, home["messages_tab_enabled"] != true
	a.deaf = part(settings, "interactivity")["is_enabled"] != true
	s.commands, s.shortcuts = nil, nil
	for _, v := range items(features["slash_commands"]) {
		o := v.(object) // checked above, as below
		s.commands = append(s.commands, Command{Name: text(o["command"]), Hint: text(o["usage_hint"]),
			Description: text(o["description"])})
		a.raw[text(o["command"])] = o["should_escape"] != true
	}
	for _, v := range items(features["shortcuts"]) {
		o := v.(object)
		s.shortcuts = append(s.shortcuts, Shortcut{CallbackID: text(o["callback_id"]), Name: text(o["name"]), OnMessage: o["type"] == "message"})
	}
	s.touch()
	return nil
}

// part is a section of a manifest; one that is not there is empty.
func part(o object, name string) object {
	p, _ := o[name].(object)
	return p
}

func names(v any) []string {
	found := []string{}
	for _, one := range items(v) {
		found = append(found, text(one))
	}
	slices.Sort(found)
	return found
}

// checkGrants holds scopes, events and features to each other.
func checkGrants(scopes, events []string, features object) error {
	var problems []string
	known := append(allScopes(), "chat:write.public", "chat:write.customize")
	for i, scope := range scopes {
		if !slices.Contains(known, scope) || i > 0 && scopes[i-1] == scope {
			problems = append(problems, scope+" is unknown or there twice")
		}
	}
	a := &app{scopes: scopes}
	for _, e := range events {
		needed, exists := eventScopes[e]
		kind, isMessage := strings.CutPrefix(e, "message.")
		if isMessage {
			needed, exists = kind+":history", slices.Contains(readsHistory, kind+":history")
		}
		switch {
		case slices.Contains(freeEvents, e):
		case !exists:
			problems = append(problems, "there is no event "+e)
		case !a.may(needed):
			problems = append(problems, e+" requires the scope "+needed)
		}
	}
	if (len(items(features["slash_commands"])) > 0 || len(items(features["shortcuts"])) > 0) && !a.may("commands") {
		problems = append(problems, "commands and shortcuts require the scope commands")
	}
	if len(problems) > 0 {
		return fmt.Errorf("invalid_manifest: %s", strings.Join(problems, "; "))
	}
	return nil
}

// subscribed says whether an app is told of an event, and notes that it was.
func (a *app) subscribed(kind, channelType string) bool {
	if kind == "message" {
		kind = map[string]string{"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}[channelType]
	}
	if a.events != nil && !a.events[kind] {
		return false
	}
	a.heard[kind] = true
	return true
}

// EventsHeard answers the events that the first app was told of so far, by the names of a manifest, sorted.
func (s *Server) EventsHeard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sortedKeys(s.apps[0].heard)
}
