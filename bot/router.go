package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// origin is how a request came, for those who answer it.
type origin struct {
	received time.Time
	// trigger opens a form for 3 s; responseURL takes up to five answers for 30 min.
	trigger, responseURL string
	// team is the workspace that Slack named with the person.
	team string
	// ephemeral says that the pressed button stands in a message that only the person sees.
	ephemeral bool
	// view is the form that was submitted or in which something was pressed; submitted says which.
	view      *view
	submitted bool
	// again says that the request is made anew by its button, which stands in a message to be removed.
	again bool
}

// asked is a request with who answers it.
type asked struct {
	request Request
	role    Role
	run     Handler
	// what is as the person typed it, for the record; quiet ones are not recorded when they are allowed.
	what  string
	quiet bool
	// event says that it was not asked of the bot.
	event bool
}

// againAction is the button that makes a request anew, with a fresh trigger for its form.
const againAction = "opsbot.again"

// sayOld is the answer to buttons and forms that nothing answers any more.
const sayOld = "This button or form is from an older version of opsbot, and nothing was done."

func (e envelope) read() (payload, error) {
	var p payload
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return p, fmt.Errorf("bot: read an envelope of type %s: %w", e.Type, err)
	}
	return p, nil
}

func (e envelope) event() (event, error) {
	p, err := e.read()
	if err != nil {
		return event{}, err
	}
	// Events that nobody listens to have other shapes; only their type counts.
	var v event
	var kind struct{ Type string }
	if err := json.Unmarshal(p.Event, &kind); err != nil {
		return v, fmt.Errorf("bot: read an event: %w", err)
	}
	if kind.Type == "app_mention" || slices.Contains(eventTypes, (event{Type: kind.Type}).name()) {
		if err := json.Unmarshal(p.Event, &v); err != nil {
			return v, fmt.Errorf("bot: read an event of type %s: %w", kind.Type, err)
		}
	}
	v.Type = kind.Type
	return v, nil
}

func (e envelope) submission() (payload, bool) {
	if e.Type != interactiveType {
		return payload{}, false
	}
	p, err := e.read()
	return p, err == nil && p.Type == "view_submission" && p.View != nil
}

// lane is what keeps the requests of one person in one channel in order.
func (e envelope) lane() string {
	if e.Type == eventsType {
		if v, err := e.event(); err == nil {
			author := orElse(v.User, orElse(v.Message.User, v.Previous.User))
			return author + " " + orElse(v.Channel.ID, v.Item.Channel)
		}
		return ""
	}
	p, err := e.read()
	if err != nil {
		return ""
	}
	return p.UserID + p.User.ID + " " + p.ChannelID + p.Channel.ID
}

// wanted says that an envelope can matter to anybody: events that nobody listens to are acknowledged and forgotten.
func (b *Bot) wanted(e envelope) bool {
	if e.Type != eventsType {
		return e.Type == slashType || e.Type == interactiveType
	}
	v, err := e.event()
	if err != nil || b.own(v) {
		return false
	}
	return v.Type == "app_mention" || v.isDirect() || slices.ContainsFunc(b.o.On, func(on Event) bool { return on.Type == v.name() })
}

// own says that the bot itself made the event.
func (b *Bot) own(v event) bool {
	b.slack.mu.Lock()
	self := b.slack.identity
	b.slack.mu.Unlock()
	if self == nil {
		return false
	}
	mine := func(user, bot string) bool {
		return user != "" && user == self.User || bot != "" && bot == self.Bot
	}
	return mine(v.User, v.BotID) || mine(v.Message.User, v.Message.BotID) || mine(v.Previous.User, v.Previous.BotID)
}

// isDirect says that a person wrote a direct message to the bot.
func (v event) isDirect() bool {
	return v.Type == "message" && v.ChannelType == "im" && v.BotID == "" && v.User != "" &&
		(v.Subtype == "" || v.Subtype == "file_share" || v.Subtype == "thread_broadcast")
}

// eventTypes are what can be listened to.
var eventTypes = []string{homeEvent, "message", "message_changed", "message_deleted", "reaction_added", "reaction_removed",
	"member_joined_channel", "channel_archive", "channel_unarchive", "channel_rename"}

// name is the type under which an event is listened to, or "" for those that tell nothing new.
func (v event) name() string {
	if v.Type == "app_home_opened" && v.Tab != "home" && v.Tab != "" {
		return ""
	}
	if v.Type != "message" {
		if what, private := strings.CutPrefix(v.Type, "group_"); private {
			return "channel_" + what
		}
		return v.Type
	}
	if v.Subtype == "message_changed" && v.Message.Subtype == "tombstone" { // what is left of one that has answers
		return "message_deleted"
	}
	switch v.Subtype {
	case "", "file_share", "thread_broadcast", "me_message", "bot_message":
		return "message"
	case "message_changed", "message_deleted":
		return v.Subtype
	}
	return ""
}

// route finds who answers a stored envelope. Nothing and no error means that there is nothing to do; a request with an
// error is answered with that.
func (b *Bot) route(ctx context.Context, s *stored) (*asked, error) {
	e := envelope{Type: s.Type, Payload: s.Payload}
	if e.Type == eventsType {
		v, err := e.event()
		if err != nil {
			return nil, err
		}
		return b.routeEvent(ctx, s, v)
	}
	p, err := e.read()
	if err != nil {
		return nil, err
	}
	r := Request{ID: s.ID, At: s.Received, origin: origin{received: s.Received, trigger: p.TriggerID, responseURL: p.ResponseURL}}
	if e.Type == slashType {
		r.User = chat.User{ID: p.UserID, Name: p.UserName, Team: p.TeamID}
		r.Channel, r.origin.team = p.ChannelID, p.TeamID
		return b.routeCommand(r, strings.TrimPrefix(p.Command, "/"), splitWords(p.Text))
	}
	r.User = chat.User{ID: p.User.ID, Name: orElse(p.User.Username, p.User.Name), Team: p.User.TeamID}
	r.origin.team = p.User.TeamID
	r.Channel = orElse(p.Channel.ID, p.Container.ChannelID)
	if p.View != nil {
		r.origin.view = p.View
		var at place
		at, r.Meta = p.View.place()
		r.Values = p.View.values()
		if p.View.Type == "modal" {
			r.Channel, r.Thread = at.Channel, at.Thread
		}
	}
	return b.routeInteraction(ctx, r, p)
}

func (b *Bot) routeInteraction(ctx context.Context, r Request, p payload) (*asked, error) {
	switch p.Type {
	case "view_submission":
		if p.View == nil {
			return nil, errors.New("bot: a submission without a form")
		}
		r.origin.submitted = true
		return b.routeAction(r, formPrefix+p.View.CallbackID, false)
	case "view_closed":
		if p.View == nil || b.actions[closePrefix+p.View.CallbackID].Run == nil {
			return nil, nil
		}
		return b.routeAction(r, closePrefix+p.View.CallbackID, true)
	case "shortcut", "message_action":
		r.Text, r.Author, r.Files = p.Message.Text, p.Message.User, p.Message.Files
		r.Message = refOf(r.Channel, p.Message.TS)
		r.Thread = p.Message.ThreadTS
		return b.routeAction(r, shortcutPrefix+p.CallbackID, false)
	case "block_actions":
		return b.routePress(ctx, r, p)
	}
	return nil, fmt.Errorf("bot: an interaction of the type %q", p.Type)
}

// routePress routes a pressed button, or a changed input of a form.
func (b *Bot) routePress(ctx context.Context, r Request, p payload) (*asked, error) {
	if len(p.Actions) == 0 {
		return nil, errors.New("bot: an action without an element")
	}
	press := p.Actions[0]
	r.origin.ephemeral = p.Container.IsEphemeral
	if p.View == nil {
		r.Message = refOf(r.Channel, orElse(p.Container.MessageTS, p.Message.TS))
		r.Thread = orElse(p.Message.ThreadTS, p.Container.ThreadTS)
	}
	name, value := press.action()
	switch {
	case name == linkAction:
		return nil, nil
	case name == againAction:
		return b.routeAgain(ctx, r, press.Value)
	case p.View != nil && p.View.Type == "modal" && press.Type != "button":
		r.Changed = name
		return b.routeAction(r, formPrefix+p.View.CallbackID, true)
	}
	r.Value = value
	if press.Type != "button" {
		r.Picked = press.values()
	}
	return b.routeAction(r, name, false)
}

func refOf(channel, ts string) chat.Ref {
	if channel == "" || ts == "" {
		return chat.Ref{}
	}
	return chat.Ref{Channel: channel, TS: ts}
}

func (b *Bot) routeAction(r Request, name string, quiet bool) (*asked, error) {
	r.Action = name
	a, ok := b.actions[name]
	t := &asked{request: r, role: a.Role, run: a.Run, what: strings.TrimSpace(name + " " + r.Value), quiet: quiet}
	if !ok {
		return t, &chat.Problem{Say: sayOld, Try: "Please ask again, for example with `/ops help`."}
	}
	return t, nil
}

// routeAgain makes an earlier request of the same person anew, with the trigger of the pressed button.
func (b *Bot) routeAgain(ctx context.Context, r Request, id string) (*asked, error) {
	gone := &chat.Problem{Say: "This button is too old.", Try: "Please ask again."}
	first, err := b.load(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return &asked{request: r}, gone
	}
	if err != nil {
		return &asked{request: r}, err
	}
	t, err := b.route(ctx, &first)
	if t == nil || t.request.User.ID != r.User.ID || t.event {
		return &asked{request: r}, gone
	}
	fresh := r.origin
	fresh.again, fresh.view, fresh.submitted = true, t.request.origin.view, false
	t.request.origin = fresh
	t.quiet = true
	return t, err
}

// routeCommand finds the command and its word. name is as it was typed, with or without the prefix.
func (b *Bot) routeCommand(r Request, name string, words []string) (*asked, error) {
	t := &asked{request: r, what: strings.TrimSpace("/" + name + " " + strings.Join(words, " "))}
	c, ok := b.command(name)
	if !ok {
		return t, chat.Unknown("command", strings.TrimPrefix(strings.ToLower(name), b.o.Prefix), b.names)
	}
	t.request.Action = c.Name
	if len(words) == 0 {
		t.role, t.run = c.Role, c.Run
		if c.Overview {
			t.run = b.withOverview(c.Run)
		}
		return t, nil
	}
	first := strings.ToLower(words[0])
	for _, w := range c.Words {
		if w.Name == first && len(words) == 2 && strings.EqualFold(words[1], helpWord) {
			return b.routeHelp(t, []string{c.Name, w.Name})
		}
		if w.Name == first {
			t.role, t.run = w.Role, w.Run
			t.request.Action, t.request.Words = c.Name+" "+w.Name, words[1:]
			return t, nil
		}
	}
	if first == helpWord && c.Overview {
		return b.routeHelp(t, words[1:])
	}
	if first == helpWord {
		return b.routeHelp(t, append([]string{c.Name}, words[1:]...))
	}
	t.request.Words = words
	if c.Else != nil {
		t.role, t.run = c.Else.Role, c.Else.Run
		return t, nil
	}
	known := []string{helpWord}
	for _, w := range c.Words {
		known = append(known, w.Name)
	}
	return t, chat.Unknown("word", words[0], known)
}

func (b *Bot) routeEvent(ctx context.Context, s *stored, v event) (*asked, error) {
	r := Request{ID: s.ID, At: s.Received, User: chat.User{ID: v.User, Team: orElse(v.UserTeam, v.SourceTeam)}, Channel: v.Channel.ID,
		Thread: v.ThreadTS, Text: v.Text, Files: v.Files, Message: refOf(v.Channel.ID, v.TS), origin: origin{received: s.Received, team: v.UserTeam}}
	self, err := b.slack.Identity(ctx)
	if err != nil {
		return nil, err
	}
	if b.own(v) {
		return nil, nil
	}
	if v.Type == "app_mention" || v.isDirect() {
		if v.BotID != "" || v.User == "" {
			return nil, nil // two bots that answer each other never end
		}
		return b.routeMention(r, v.Text, mentionOf(self.User).FindStringIndex(v.Text))
	}
	r.Action, r.Author = v.name(), v.User
	switch r.Action {
	case "":
		return nil, nil
	case "app_home_opened":
		r.Channel, r.Message = "", chat.Ref{}
	case "message_changed":
		r.about(v.Channel.ID, v.Message)
	case "message_deleted":
		v.Previous.TS = orElse(v.DeletedTS, v.Previous.TS)
		r.about(v.Channel.ID, v.Previous)
	case "member_joined_channel", "channel_archive", "channel_unarchive":
		r.Author, r.Message = "", chat.Ref{}
	case "channel_rename":
		r.Author, r.Text = "", v.Channel.Name
	case "reaction_added", "reaction_removed":
		if v.Item.Type != "message" {
			return nil, nil
		}
		r.Channel, r.Reaction, r.Author = v.Item.Channel, v.Reaction, v.ItemUser
		r.Message = refOf(v.Item.Channel, v.Item.TS)
	}
	return &asked{request: r, event: true}, nil
}

// about makes the request one about a message that was changed.
func (r *Request) about(channel string, m message) {
	r.User.ID, r.Author, r.Text, r.Files, r.Thread = m.User, m.User, m.Text, m.Files, m.ThreadTS
	r.Message = refOf(channel, m.TS)
}

// routeMention takes what stands behind the mention, or all of a direct message, as a command line.
func (b *Bot) routeMention(r Request, typed string, mention []int) (*asked, error) {
	words := splitWords(typed)
	if mention != nil {
		before := splitWords(typed[:mention[0]])
		words = splitWords(strings.TrimLeft(typed[mention[1]:], " ,:;-–—.!?"))
		if _, known := b.command(firstOf(before)); known && len(words) == 0 { // "backup now orders @opsbot"
			words = before
		}
	}
	if len(words) == 0 {
		for _, name := range b.names {
			if b.commands[name].Overview {
				return b.routeCommand(r, name, nil)
			}
		}
		return b.routeHelp(&asked{request: r}, nil)
	}
	if strings.EqualFold(words[0], helpWord) {
		return b.routeHelp(&asked{request: r}, words[1:])
	}
	return b.routeCommand(r, strings.TrimPrefix(words[0], "/"), words[1:])
}
