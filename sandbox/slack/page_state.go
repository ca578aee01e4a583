package slack

import (
	"net/http"
)

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
	Guide    *pageGuide     `json:"guide"`
}

type pageUser struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Bot   bool   `json:"bot,omitempty"`
	Guest bool   `json:"guest,omitempty"`
	Other bool   `json:"other,omitempty"`
	// What waits for a person, so that one sees whom to switch to.
	Unread   bool `json:"unread,omitempty"`
	Mentions int  `json:"mentions,omitempty"`
}

type pageGroup struct {
	ID     string `json:"id"`
	Handle string `json:"handle"`
}

type pageChannel struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Kind     string         `json:"kind"`
	With     string         `json:"with,omitempty"` // the other one of a direct message
	Topic    string         `json:"topic,omitempty"`
	Member   bool           `json:"member"`
	Archived bool           `json:"archived,omitempty"`
	Members  []string       `json:"members"`
	Latest   string         `json:"latest,omitempty"` // message of all
	Unread   bool           `json:"unread,omitempty"`
	Mentions int            `json:"mentions,omitempty"`
	Since    string         `json:"since,omitempty"` // all up to this message was read
	Links    []pageBookmark `json:"links,omitempty"`
}

type pageBookmark struct {
	Title string `json:"title"`
	Link  string `json:"link"`
	Emoji string `json:"emoji,omitempty"`
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
	Type   string            `json:"type"`
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
		p.Messages = s.pageMessages(ch, p.Me)
	}
	for _, c := range s.commands {
		p.Commands = append(p.Commands, pageCommand(c))
	}
	for _, c := range s.shortcuts {
		p.Menu = append(p.Menu, pageShortcut{c.CallbackID, c.Name, c.OnMessage})
	}
	p.Guide = s.pageGuide()
	return p
}

func (s *Server) pageUser(id string) pageUser {
	u := s.users[id]
	p := pageUser{ID: u.id, Name: u.name, Bot: u.bot, Guest: u.guest, Other: u.team != s.teamID}
	if !u.bot {
		p.Mentions, p.Unread = s.unreadByAll(id)
	}
	return p
}

func (s *Server) pageChannel(ch *channel, me string) pageChannel {
	u := s.unreadOf(ch, me)
	c := pageChannel{ID: ch.id, Name: ch.name, Kind: ch.kind, Topic: ch.topic.text, Member: ch.has(me), Archived: ch.archived,
		Members: append([]string{}, ch.members...), Unread: u.Any && ch.has(me), Mentions: u.Mentions, Since: u.Since}
	if ch.kind == directMessage {
		c.With = ch.other(me)
		c.Name = s.displayName(c.With)
	}
	if n := len(ch.messages); n > 0 {
		c.Latest = ch.messages[n-1].ts
	}
	for _, b := range ch.bookmarks {
		c.Links = append(c.Links, pageBookmark{b.title, b.link, b.emoji})
	}
	return c
}

func pageViewOf(v *view) *pageView {
	if v == nil {
		return nil
	}
	return &pageView{ID: v.id, Hash: v.hash, Type: text(v.def["type"]), Title: label(v.def["title"]), Submit: label(v.def["submit"]),
		Close: label(v.def["close"]), Blocks: v.blocks, Values: v.values, Errors: v.errors, Depth: v.depth}
}
