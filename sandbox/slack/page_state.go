package slack

import (
	"encoding/json"
	"net/http"
	"slices"
)

// shownMessages is how many of a channel's newest messages the page gets.
const shownMessages = 300

// pageState is all that one person sees.
type pageState struct {
	Version  uint64         `json:"version"`
	Team     string         `json:"team"`
	Me       string         `json:"me"`
	App      pageUser       `json:"app"`
	Online   bool           `json:"online"`
	People   []pageUser     `json:"people"`
	Groups   []pageGroup    `json:"groups"`
	Channels []pageChannel  `json:"channels"`
	Channel  string         `json:"channel"`
	Messages []pageMessage  `json:"messages"`
	Commands []pageCommand  `json:"commands"`
	Menu     []pageShortcut `json:"shortcuts"`
	Modal    *pageView      `json:"modal"`
	Home     *pageView      `json:"home"`
}

type pageUser struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Bot   bool   `json:"bot,omitempty"`
	Guest bool   `json:"guest,omitempty"`
	Other bool   `json:"other,omitempty"`
}

type pageGroup struct {
	ID     string `json:"id"`
	Handle string `json:"handle"`
}

type pageChannel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Topic    string `json:"topic,omitempty"`
	Member   bool   `json:"member"`
	Archived bool   `json:"archived,omitempty"`
	Members  int    `json:"members"`
	Latest   string `json:"latest,omitempty"`
}

type pageMessage struct {
	TS        string          `json:"ts"`
	Thread    string          `json:"thread,omitempty"`
	Broadcast bool            `json:"broadcast,omitempty"`
	User      string          `json:"user"`
	Bot       bool            `json:"bot,omitempty"`
	Subtype   string          `json:"subtype,omitempty"`
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks,omitempty"`
	Ephemeral bool            `json:"ephemeral,omitempty"`
	Edited    bool            `json:"edited,omitempty"`
	Pinned    bool            `json:"pinned,omitempty"`
	Files     []pageFile      `json:"files,omitempty"`
	Reactions []Reaction      `json:"reactions,omitempty"`
	Values    inputValues     `json:"values,omitempty"`
	Version   uint64          `json:"version"`
}

type pageFile struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	Size  int    `json:"size"`
}

type pageCommand struct {
	Name        string `json:"name"`
	Hint        string `json:"hint"`
	Description string `json:"description"`
}

type pageShortcut struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	OnMessage bool   `json:"onMessage"`
}

type pageView struct {
	ID     string            `json:"id"`
	Hash   string            `json:"hash"`
	Title  string            `json:"title"`
	Submit string            `json:"submit"`
	Close  string            `json:"close"`
	Blocks []any             `json:"blocks"`
	Values inputValues       `json:"values"`
	Errors map[string]string `json:"errors"`
	Depth  int               `json:"depth"`
}

// servePageState answers what ?user= sees, with the messages of ?channel=.
func (s *Server) servePageState(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	state := s.pageState(r.URL.Query().Get("user"), r.URL.Query().Get("channel"))
	s.mu.Unlock()
	writeJSON(w, state)
}

func (s *Server) pageState(me, channelID string) pageState {
	a := s.apps[0]
	p := pageState{Version: s.version, Team: s.teamName, App: s.pageUser(a.UserID), Online: len(a.sockets) > 0}
	for _, id := range s.userOrder {
		p.People = append(p.People, s.pageUser(id))
		if p.Me == "" && !s.users[id].bot || id == me {
			p.Me = id
		}
	}
	p.Modal, p.Home = pageViewOf(s.topView(p.Me)), pageViewOf(s.homes[p.Me])
	for _, g := range s.groups {
		p.Groups = append(p.Groups, pageGroup{g.id, g.handle})
	}
	for _, id := range s.channelOrder {
		ch := s.channels[id]
		if ch.kind != publicChannel && !ch.has(p.Me) {
			continue
		}
		p.Channels = append(p.Channels, s.pageChannel(ch, p.Me))
		if p.Channel == "" && ch.kind == publicChannel && ch.has(p.Me) || id == channelID {
			p.Channel = id
		}
	}
	if ch := s.channels[p.Channel]; ch != nil {
		p.Messages = pageMessages(ch, p.Me)
	}
	for _, c := range s.commands {
		p.Commands = append(p.Commands, pageCommand(c))
	}
	for _, c := range s.shortcuts {
		p.Menu = append(p.Menu, pageShortcut{c.CallbackID, c.Name, c.OnMessage})
	}
	return p
}

func (s *Server) pageUser(id string) pageUser {
	u := s.users[id]
	return pageUser{u.id, u.name, u.bot, u.guest, u.team != s.teamID}
}

func (s *Server) pageChannel(ch *channel, me string) pageChannel {
	c := pageChannel{ID: ch.id, Name: ch.name, Kind: ch.kind, Topic: ch.topic.text, Member: ch.has(me), Archived: ch.archived,
		Members: len(ch.members)}
	if ch.kind == directMessage {
		c.Name = s.displayName(ch.other(me))
	}
	for _, m := range slices.Backward(ch.messages) {
		if m.seenBy(me) && m.user != me {
			c.Latest = m.ts
			break
		}
	}
	return c
}

// seenBy says whether a person sees a message.
func (m *message) seenBy(userID string) bool {
	return !m.deleted && (m.ephemeralTo == "" || m.ephemeralTo == userID)
}

func pageMessages(ch *channel, me string) []pageMessage {
	shown := []pageMessage{}
	for _, m := range ch.messages[max(0, len(ch.messages)-shownMessages):] {
		if !m.seenBy(me) {
			continue
		}
		p := pageMessage{TS: m.ts, Thread: m.thread, Broadcast: m.broadcast, User: m.user, Bot: m.app != nil, Subtype: m.subtype,
			Text: m.text, Blocks: m.raw, Ephemeral: m.ephemeralTo != "", Edited: m.edits > 0, Version: m.version,
			Values: initialValues(m.blocks, m.inputs[me]),
			Pinned: slices.ContainsFunc(ch.pins, func(p pin) bool { return p.message == m })}
		for _, f := range m.files {
			p.Files = append(p.Files, pageFile{f.ID, f.Name, f.Title, len(f.Content)})
		}
		for _, r := range m.reactions {
			p.Reactions = append(p.Reactions, Reaction{r.Name, slices.Clone(r.Users)})
		}
		shown = append(shown, p)
	}
	return shown
}

func pageViewOf(v *view) *pageView {
	if v == nil {
		return nil
	}
	return &pageView{ID: v.id, Hash: v.hash, Title: label(v.def["title"]), Submit: label(v.def["submit"]),
		Close: label(v.def["close"]), Blocks: v.blocks, Values: v.values, Errors: v.errors, Depth: v.depth}
}
