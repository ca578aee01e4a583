package slack

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// verification is the deprecated token that still comes with every payload.
const verification = "sandbox-verification-token"

// mentions says whether a text mentions a user.
func mentions(text, userID string) bool {
	return strings.Contains(text, "<@"+userID+">") || strings.Contains(text, "<@"+userID+"|")
}

// interaction is what every interactive payload says.
func (s *Server) interaction(kind string, a *app, u *user) object {
	return object{
		"type": kind, "team": object{"id": u.team, "domain": s.domain()}, "enterprise": nil, "api_app_id": a.AppID,
		"token": verification, "is_enterprise_install": false,
		"user": object{"id": u.id, "username": u.name, "name": u.name, "team_id": u.team},
	}
}

// slashPayload is what a slash command sends.
// https://docs.slack.dev/interactivity/implementing-slash-commands
func (s *Server) slashPayload(a *app, u *user, ch *channel, command, text string) object {
	name := ch.name
	if ch.kind == directMessage {
		name = "directmessage"
	}
	return object{
		"token": verification, "team_id": u.team, "team_domain": s.domain(), "channel_id": ch.id, "channel_name": name,
		"user_id": u.id, "user_name": u.name, "command": command, "text": text, "api_app_id": a.AppID,
		"is_enterprise_install": "false", "response_url": s.newResponseURL(a, u, ch, nil), "trigger_id": s.newTrigger(a, u.id),
	}
}

// action is the part of a block_actions payload that says what was used.
func (s *Server) action(f inputField, value object) object {
	o := object{"type": f.kind, "block_id": f.block, "action_id": f.action, "action_ts": s.stamp()}
	switch f.kind {
	case "button", "workflow_button":
		o["text"] = f.element["text"]
		for _, key := range []string{"value", "style", "url"} {
			if f.element[key] != nil {
				o[key] = f.element[key]
			}
		}
	default:
		for key, v := range value {
			if v != nil {
				o[key] = v
			}
		}
		if p := f.element["placeholder"]; p != nil {
			o["placeholder"] = p
		}
	}
	return o
}

// stamp is the present in the form of a timestamp.
func (s *Server) stamp() string {
	now := s.now().UnixMicro()
	return fmt.Sprintf("%d.%06d", now/1_000_000, now%1_000_000)
}

// messageAction is the payload of something used in a message.
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
func (s *Server) messageAction(u *user, ch *channel, m *message, f inputField, value object) object {
	o := s.interaction("block_actions", m.app, u)
	container := object{"type": "message", "message_ts": m.ts, "channel_id": ch.id, "is_ephemeral": m.ephemeralTo != ""}
	if m.thread != "" {
		container["thread_ts"] = m.thread
	}
	o["container"], o["trigger_id"], o["response_url"] = container, s.newTrigger(m.app, u.id), s.newResponseURL(m.app, u, ch, m)
	o["channel"] = object{"id": ch.id, "name": channelName(ch)}
	if m.ephemeralTo == "" {
		o["message"] = s.messageObject(m) // Slack does not send the text of ephemeral messages
	}
	o["state"] = object{"values": initialValues(m.blocks, m.inputs[u.id]).object()}
	o["actions"] = []any{s.action(f, value)}
	return o
}

func channelName(ch *channel) string {
	switch ch.kind {
	case directMessage:
		return "directmessage"
	case privateChannel:
		return "privategroup"
	}
	return ch.name
}

// viewAction is the payload of something used in a form or home view.
func (s *Server) viewAction(u *user, v *view, f inputField, value object) object {
	o := s.interaction("block_actions", v.app, u)
	o["container"] = object{"type": "view", "view_id": v.id}
	o["trigger_id"], o["view"] = s.newTrigger(v.app, u.id), s.viewObject(v)
	o["state"] = object{"values": v.values.object()}
	o["actions"] = []any{s.action(f, value)}
	return o
}

// viewPayload is a submission or closing.
// https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
func (s *Server) viewPayload(kind string, u *user, v *view) object {
	o := s.interaction(kind, v.app, u)
	o["view"] = s.viewObject(v)
	if kind == "view_submission" {
		o["trigger_id"], o["response_urls"] = s.newTrigger(v.app, u.id), []any{}
	} else {
		o["is_cleared"] = false
	}
	return o
}

// responseURL is an address that an app may answer to, five times in thirty minutes.
type responseURL struct {
	app     *app
	user    string
	channel *channel
	message *message // that the interaction came from, nil for commands
	issued  time.Time
	uses    int
}

func (s *Server) newResponseURL(a *app, u *user, ch *channel, m *message) string {
	if s.responsesMade++; s.responsesMade%1000 == 0 {
		maps.DeleteFunc(s.responses, func(_ string, r *responseURL) bool { return s.now().Sub(r.issued) > 2*responseLife })
	}
	id := secret(32)
	s.responses[id] = &responseURL{app: a, user: u.id, channel: ch, message: m, issued: s.now()}
	return s.URL() + "/response/" + id
}
