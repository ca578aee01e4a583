package slack

import (
	"slices"
	"time"
)

// user is a person or a bot.
type user struct {
	id, name, team string
	guest, bot     bool
	app            *app // of a bot
	created        time.Time
}

type userOptions struct {
	id         string
	guest, bot bool
	otherTeam  bool
}

// UserOption says what is special about a user.
type UserOption func(*userOptions)

// Guest makes a single-channel guest (is_ultra_restricted).
func Guest() UserOption { return func(o *userOptions) { o.guest = true } }

// OtherTeam makes a person of another workspace, met through Slack Connect (is_stranger).
func OtherTeam() UserOption { return func(o *userOptions) { o.otherTeam = true } }

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
	u := &user{id: o.id, name: name, team: s.teamID, guest: o.guest, bot: o.bot, created: s.now()}
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

func (s *Server) userObject(u *user) object {
	profile := object{
		"real_name": u.name, "real_name_normalized": u.name, "display_name": u.name, "display_name_normalized": u.name,
		"title": "", "status_text": "", "status_emoji": "", "team": u.team, "avatar_hash": "",
		"image_48": s.URL() + "/page/avatar/" + u.id, "image_72": s.URL() + "/page/avatar/" + u.id,
	}
	if u.app != nil {
		profile["api_app_id"], profile["bot_id"] = u.app.AppID, u.app.BotID
	}
	if !u.bot {
		profile["email"] = u.name + "@example.com"
	}
	o := object{
		"id": u.id, "team_id": u.team, "name": u.name, "real_name": u.name, "deleted": false, "profile": profile,
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
	return object{"user": s.userObject(u)}, nil
}

func usersList(s *Server, c *call) (object, error) {
	ids, next, err := page(s.userOrder, c)
	if err != nil {
		return nil, err
	}
	members := make([]any, 0, len(ids))
	for _, id := range ids {
		members = append(members, s.userObject(s.users[id]))
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
	return s.listChannels(c, func(ch *channel) bool { return slices.Contains(ch.members, who) })
}

func usergroupsList(s *Server, c *call) (object, error) {
	groups := make([]any, 0, len(s.groups))
	for _, g := range s.groups {
		o := object{
			"id": g.id, "team_id": s.teamID, "is_usergroup": true, "is_subteam": true, "name": g.handle, "handle": g.handle,
			"description": "", "is_external": false, "date_create": g.created.Unix(), "date_update": g.created.Unix(),
			"date_delete": 0, "auto_type": nil, "user_count": len(g.members),
			"prefs": object{"channels": []any{}, "groups": []any{}},
		}
		if c.boolean("include_users") {
			o["users"] = g.members
		}
		groups = append(groups, o)
	}
	return object{"usergroups": groups}, nil
}

func usergroupsUsersList(s *Server, c *call) (object, error) {
	for _, g := range s.groups {
		if g.id == c.str("usergroup") {
			return object{"users": append([]string{}, g.members...)}, nil
		}
	}
	return nil, fault("no_such_subteam")
}

func botsInfo(s *Server, c *call) (object, error) {
	for _, a := range s.apps {
		if a.BotID == c.str("bot") || c.str("bot") == "" && a == c.app {
			return object{"bot": s.botObject(a)}, nil
		}
	}
	return nil, fault("bot_not_found")
}

func (s *Server) botObject(a *app) object {
	avatar := s.URL() + "/page/avatar/" + a.UserID
	return object{
		"id": a.BotID, "deleted": false, "name": a.Name, "updated": s.users[a.UserID].created.Unix(), "app_id": a.AppID,
		"user_id": a.UserID, "team_id": s.teamID,
		"icons": object{"image_36": avatar, "image_48": avatar, "image_72": avatar},
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
