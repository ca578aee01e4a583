package slack

import (
	"fmt"
	"slices"
	"strings"
)

// Person acts as a user of the workspace: what the web page does for the one who sits before it. The methods answer
// an error when Slack would show the person one: a *Refusal when the app did not answer, a *FormError below the
// inputs of a form; other errors say that the act was not possible at all.
type Person struct {
	s  *Server
	id string
}

// As answers the user as a Person. An id that nobody has makes a Person whose every act fails.
func (s *Server) As(userID string) *Person { return &Person{s, userID} }

// ID is the user's id.
func (p *Person) ID() string { return p.id }

// user answers who acts.
func (p *Person) user() (*user, error) {
	u := p.s.users[p.id]
	if u == nil {
		return nil, fmt.Errorf("there is no user %q", p.id)
	}
	return u, nil
}

// enter finds a channel for someone who wants to write there. They join a public one as people do.
func (p *Person) enter(channelID string) (*user, *channel, error) {
	u, err := p.user()
	if err != nil {
		return nil, nil, err
	}
	ch := p.s.channels[channelID]
	switch {
	case ch == nil, ch.kind != publicChannel && !ch.has(p.id):
		return nil, nil, fmt.Errorf("%s sees no channel %q", u.name, channelID)
	case ch.archived:
		return nil, nil, fmt.Errorf("#%s is archived", ch.name)
	}
	p.s.join(ch, p.id, "")
	return u, ch, nil
}

// DM answers the id of the person's direct messages with the first app.
func (p *Person) DM() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	ch, _ := p.s.direct(p.s.apps[0].UserID, p.id)
	return ch.id
}

// Slash sends a line such as "/backup now orders" and waits for the acknowledgement. A message that comes with it is
// shown to the person.
func (p *Person) Slash(channelID, line string) (Delivery, error) {
	s := p.s
	command, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	var ch *channel
	var a *app
	d, err := s.deliver(command, func() (*app, string, object, error) {
		u, found, err := p.enter(channelID)
		if err != nil {
			return nil, "", nil, err
		}
		ch, a = found, s.apps[0]
		if !s.validCommand(a, command) {
			return nil, "", nil, refuse("invalid_command", "%s is not a valid command.", command)
		}
		s.page.guide.said(p.id, line)
		rest = strings.TrimSpace(rest)
		if !a.raw[command] {
			rest = s.typed(rest)
		}
		return a, "slash_commands", s.slashPayload(a, u, ch, command, rest), nil
	})
	if err != nil {
		return d, err
	}
	k, public, ok, err := ackMessage(d.AckPayload)
	if err != nil {
		return d, refuse("invalid_command_response", "%s failed with the error \"invalid_command_response\"", command)
	}
	if ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answer(a, ch, p.id, "", k, public)
	}
	return d, nil
}

func (s *Server) validCommand(a *app, command string) bool {
	if !strings.HasPrefix(command, "/") || len(command) < 2 ||
		len(s.commands) > 0 && !slices.ContainsFunc(s.commands, func(c Command) bool { return c.Name == command }) {
		return false
	}
	return s.uses(a, command, "commands")
}

// Say posts a message and answers its timestamp. Apps hear of it as message, and as app_mention when it mentions them.
func (p *Person) Say(channelID, text string) (ts string, err error) {
	return p.SayInThread(channelID, "", text)
}

// SayInThread answers a message in its thread.
func (p *Person) SayInThread(channelID, threadTS, text string) (ts string, err error) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ch, err := p.enter(channelID)
	if err != nil {
		return "", err
	}
	text = s.typed(text)
	switch {
	case strings.TrimSpace(text) == "":
		return "", fmt.Errorf("there is nothing to say")
	case strings.HasPrefix(text, "/") && threadTS != "":
		return "", refuse("not_in_threads", "%s is not supported in threads. Sorry!", strings.Fields(text)[0])
	}
	if threadTS, err = p.root(ch, threadTS); err != nil {
		return "", err
	}
	s.page.guide.said(p.id, text)
	m := s.addMessage(ch, &message{user: p.id, text: text, thread: threadTS})
	s.emitMessage(ch, m)
	return m.ts, nil
}

// root answers the timestamp of the thread that a message is in or begins; "" stays "".
func (p *Person) root(ch *channel, ts string) (string, error) {
	if ts == "" {
		return "", nil
	}
	m, err := p.sees(ch, ts)
	if err != nil {
		return "", err
	}
	if m.thread != "" {
		return m.thread, nil
	}
	return m.ts, nil
}

// sees finds a message that the person sees.
func (p *Person) sees(ch *channel, ts string) (*message, error) {
	m := ch.message(ts)
	if m == nil || m.ephemeralTo != "" && m.ephemeralTo != p.id {
		return nil, fmt.Errorf("%s sees no message %s in %s", p.s.displayName(p.id), ts, ch.id)
	}
	return m, nil
}

// find is sees for a channel by its id.
func (p *Person) find(channelID, ts string) (*user, *channel, *message, error) {
	u, ch, err := p.enter(channelID)
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := p.sees(ch, ts)
	return u, ch, m, err
}

// Edit changes a message of the person's own.
func (p *Person) Edit(channelID, ts, text string) error {
	return p.change(channelID, ts, func(ch *channel, m *message) {
		p.s.edit(ch, m, content{text: p.s.typed(text), hasText: true})
	})
}

// Delete removes a message of the person's own.
func (p *Person) Delete(channelID, ts string) error {
	return p.change(channelID, ts, p.s.remove)
}

func (p *Person) change(channelID, ts string, do func(*channel, *message)) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	_, ch, m, err := p.find(channelID, ts)
	if err != nil {
		return err
	}
	if m.user != p.id {
		return fmt.Errorf("%s did not write the message %s", p.s.displayName(p.id), ts)
	}
	do(ch, m)
	return nil
}

// React puts an emoji on a message, Unreact takes it away; the name comes without colons.
func (p *Person) React(channelID, ts, emoji string) error {
	return p.reaction(channelID, ts, emoji, p.s.react)
}

// Unreact takes an emoji of the person's away.
func (p *Person) Unreact(channelID, ts, emoji string) error {
	return p.reaction(channelID, ts, emoji, p.s.unreact)
}

func (p *Person) reaction(channelID, ts, emoji string, do func(*channel, *message, string, string) error) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	_, ch, m, err := p.find(channelID, ts)
	if err != nil {
		return err
	}
	return do(ch, m, p.id, strings.Trim(emoji, ":"))
}

// Shortcut uses an entry of the global shortcut menu and waits for the acknowledgement.
func (p *Person) Shortcut(callbackID string) error {
	s := p.s
	_, err := s.deliver("The shortcut", func() (*app, string, object, error) {
		u, err := p.user()
		if err != nil {
			return nil, "", nil, err
		}
		a := s.apps[0]
		if !s.offers(a, callbackID, false) {
			return nil, "", nil, fmt.Errorf("the menu has no shortcut %q", callbackID)
		}
		o := s.interaction("shortcut", a, u)
		o["callback_id"], o["trigger_id"], o["action_ts"] = callbackID, s.newTrigger(a, u.id), s.stamp()
		return a, "interactive", o, nil
	})
	return err
}

// offers says that a shortcut is in a menu. As long as none is known, as before an app is installed, any goes.
func (s *Server) offers(a *app, callbackID string, onMessage bool) bool {
	known := len(s.shortcuts) == 0 && len(s.commands) == 0 || slices.ContainsFunc(s.shortcuts, func(one Shortcut) bool {
		return one.CallbackID == callbackID && one.OnMessage == onMessage
	})
	return known && s.uses(a, callbackID, "commands")
}

// MessageShortcut uses an entry of a message's menu and waits for the acknowledgement.
func (p *Person) MessageShortcut(channelID, ts, callbackID string) error {
	s := p.s
	_, err := s.deliver("The shortcut", func() (*app, string, object, error) {
		u, ch, m, err := p.find(channelID, ts)
		if err != nil {
			return nil, "", nil, err
		}
		a := s.apps[0]
		if !s.offers(a, callbackID, true) {
			return nil, "", nil, fmt.Errorf("the messages' menu has no shortcut %q", callbackID)
		}
		o := s.interaction("message_action", a, u)
		o["callback_id"], o["trigger_id"], o["action_ts"] = callbackID, s.newTrigger(a, u.id), s.stamp()
		o["message_ts"], o["message"] = m.ts, s.messageObject(m)
		o["channel"], o["response_url"] = object{"id": ch.id, "name": channelName(ch)}, s.newResponseURL(a, u, ch, m)
		return a, "interactive", o, nil
	})
	return err
}

// OpenHome opens the first app's home tab, of which the app is told.
func (p *Person) OpenHome() error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := p.user()
	if err != nil {
		return err
	}
	a := s.apps[0]
	if a.noHome {
		return fmt.Errorf("the app has no home tab")
	}
	s.page.guide.wentHome(u.id)
	s.touch()
	ch, _ := s.direct(a.UserID, u.id)
	e := object{"user": u.id, "channel": ch.id, "tab": "home"}
	if v := s.homes[u.id]; v != nil {
		e["view"] = s.viewObject(v)
	}
	s.emit(a, "app_home_opened", e)
	return nil
}

// Home answers the person's home view, false when the app has not published one.
func (p *Person) Home() (View, bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	v := p.s.homes[p.id]
	if v == nil {
		return View{}, false
	}
	return v.exported(), true
}
