package slack

import (
	"strings"
	"time"
)

// user is a person or a bot.
type user struct {
	id, name, team string
	guest, bot     bool
	gone           bool // deactivated
	app            *app // of a bot
	created        time.Time
}

type userOptions struct {
	id         string
	guest, bot bool
	otherTeam  bool
	gone       bool
}

// UserOption says what is special about a user.
type UserOption func(*userOptions)

// Guest makes a single-channel guest (is_ultra_restricted).
func Guest() UserOption { return func(o *userOptions) { o.guest = true } }

// OtherTeam makes a person of another workspace, met through Slack Connect (is_stranger).
func OtherTeam() UserOption { return func(o *userOptions) { o.otherTeam = true } }

// Deactivated makes a user who has left.
func Deactivated() UserOption { return func(o *userOptions) { o.gone = true } }

// BotUser makes a bot that belongs to no app of this workspace.
func BotUser() UserOption { return func(o *userOptions) { o.bot = true } }

// AddUser makes a user and answers the id (U…).
func (s *Server) AddUser(name string, o ...UserOption) string {
	var options userOptions
	for _, set := range o {
		set(&options)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addUser(name, options).id
}

func (s *Server) addUser(name string, o userOptions) *user {
	u := &user{id: o.id, name: name, team: s.teamID, guest: o.guest, bot: o.bot, gone: o.gone, created: s.now()}
	if u.id == "" {
		u.id = s.newID("U")
	}
	if o.otherTeam {
		u.team = s.newID("T")
	}
	s.users[u.id] = u
	s.userOrder = append(s.userOrder, u.id)
	s.touch()
	return u
}

// userObject shows a user to an app; the address of a person only to one that may see it.
func (s *Server) userObject(u *user, a *app) object {
	profile := object{
		"real_name": u.name, "real_name_normalized": u.name, "display_name": u.name, "display_name_normalized": u.name,
		"title": "", "status_text": "", "status_emoji": "", "team": u.team, "avatar_hash": "",
		"image_48": s.URL() + "/page/avatar/" + u.id, "image_72": s.URL() + "/page/avatar/" + u.id,
	}
	if u.app != nil {
		profile["api_app_id"], profile["bot_id"] = u.app.AppID, u.app.BotID
	}
	if !u.bot && a.may("users:read.email") {
		profile["email"] = u.email()
	}
	o := object{
		"id": u.id, "team_id": u.team, "name": u.name, "real_name": u.name, "deleted": u.gone, "profile": profile,
		"tz": "Etc/UTC", "tz_label": "Coordinated Universal Time", "tz_offset": 0, "updated": u.created.Unix(),
		"is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": u.guest,
		"is_ultra_restricted": u.guest, "is_bot": u.bot, "is_app_user": false,
	}
	if u.team != s.teamID {
		o["is_stranger"] = true
	}
	return o
}

func usersInfo(s *Server, c *call) (object, error) {
	u := s.users[c.str("user")]
	if u == nil {
		return nil, fault("user_not_found")
	}
	return object{"user": s.userObject(u, c.app)}, nil
}

func usersList(s *Server, c *call) (object, error) {
	ids, next, err := page(s.userOrder, c)
	if err != nil {
		return nil, err
	}
	members := make([]any, 0, len(ids))
	for _, id := range ids {
		members = append(members, s.userObject(s.users[id], c.app))
	}
	return object{"members": members, "cache_ts": s.now().Unix(), "response_metadata": object{"next_cursor": next}}, nil
}

func usersConversations(s *Server, c *call) (object, error) {
	who := c.str("user")
	if who == "" {
		who = c.app.UserID
	}
	if s.users[who] == nil {
		return nil, fault("user_not_found")
	}
	// Of what is not public a bot is told only where it is a member, too.
	return s.listChannels(c, func(ch *channel) bool { return ch.has(who) && (ch.kind == publicChannel || ch.has(c.app.UserID)) })
}

func (u *user) email() string { return u.name + "@example.com" }

func usersLookupByEmail(s *Server, c *call) (object, error) {
	for _, id := range s.userOrder {
		if u := s.users[id]; !u.bot && !u.gone && strings.EqualFold(u.email(), c.str("email")) {
			return object{"user": s.userObject(u, c.app)}, nil
		}
	}
	return nil, fault("users_not_found")
}

// usersGetPresence answers that everybody is there; about others a bot learns no more than that.
func usersGetPresence(s *Server, c *call) (object, error) {
	u := s.users[c.str("user")]
	switch {
	case u == nil:
		return nil, fault("user_not_found")
	case u.gone:
		return object{"presence": "away"}, nil
	}
	return object{"presence": "active"}, nil
}

func usersProfileGet(s *Server, c *call) (object, error) {
	who := c.str("user")
	if who == "" {
		who = c.app.UserID
	}
	u := s.users[who]
	if u == nil {
		return nil, fault("user_not_found")
	}
	return object{"profile": s.userObject(u, c.app)["profile"]}, nil
}

func botsInfo(s *Server, c *call) (object, error) {
	for _, a := range s.apps {
		if a.BotID == c.str("bot") || c.str("bot") == "" && a == c.app {
			o := s.botObject(a)
			o["user_id"] = a.UserID
			delete(o, "team_id")
			return object{"bot": o}, nil
		}
	}
	return nil, fault("bot_not_found")
}

// botObject is the bot_profile of messages.
func (s *Server) botObject(a *app) object {
	avatar := s.URL() + "/page/avatar/" + a.UserID
	return object{
		"id": a.BotID, "deleted": false, "name": a.Name, "updated": s.users[a.UserID].created.Unix(), "app_id": a.AppID,
		"team_id": s.teamID,
		"icons":   object{"image_36": avatar, "image_48": avatar, "image_72": avatar},
	}
}

func teamInfo(s *Server, _ *call) (object, error) {
	return object{"team": object{
		"id": s.teamID, "name": s.teamName, "domain": s.domain(), "email_domain": "", "url": s.URL() + "/",
		"icon": object{"image_default": true}, "is_verified": false,
	}}, nil
}

func authTest(s *Server, c *call) (object, error) {
	o := object{"url": s.URL() + "/", "team": s.teamName, "team_id": s.teamID, "is_enterprise_install": false}
	if c.token == tokenApp {
		o["app_name"], o["app_id"] = c.app.Name, c.app.AppID
		return o, nil
	}
	o["user"], o["user_id"], o["bot_id"] = c.app.Name, c.app.UserID, c.app.BotID
	return o, nil
}

// apiTest echoes its arguments, and the error that it is asked for.
func apiTest(_ *Server, c *call) (object, error) {
	if e := c.str("error"); e != "" {
		return nil, fault(e)
	}
	return object{"args": c.params}, nil
}
