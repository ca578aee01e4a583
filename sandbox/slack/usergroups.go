package slack

import (
	"slices"
	"time"
)

// userGroup is a group of people that can be mentioned together.
type userGroup struct {
	id, handle string
	members    []string
	created    time.Time
}

// AddUserGroup makes a user group and answers its id (S…).
func (s *Server) AddUserGroup(handle string, memberIDs ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &userGroup{id: s.newID("S"), handle: handle, members: slices.Clone(memberIDs), created: s.now()}
	s.groups = append(s.groups, g)
	s.touch()
	return g.id
}

// SetUserGroup replaces the members of a group, which AddUserGroup made.
func (s *Server) SetUserGroup(groupID string, memberIDs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.groups {
		if g.id == groupID {
			g.members = slices.Clone(memberIDs)
		}
	}
}

func (s *Server) group(id string) (*userGroup, error) {
	for _, g := range s.groups {
		if g.id == id {
			return g, nil
		}
	}
	return nil, fault("no_such_subteam")
}

// groupObject shows a user group to an app, with its members or their number when asked for.
func (s *Server) groupObject(g *userGroup, users, count bool) object {
	o := object{
		"id": g.id, "team_id": s.teamID, "is_usergroup": true, "is_subteam": true, "name": g.handle, "handle": g.handle,
		"description": "", "is_external": false, "date_create": g.created.Unix(), "date_update": g.created.Unix(),
		"date_delete": 0, "auto_provision": false, "created_by": "USLACKBOT", "updated_by": "USLACKBOT", "is_visible": true,
		"prefs": object{"channels": []any{}, "groups": []any{}},
	}
	if users {
		o["users"] = append([]string{}, g.members...)
	}
	if count {
		o["user_count"] = len(g.members)
	}
	return o
}

func usergroupsList(s *Server, c *call) (object, error) {
	groups := make([]any, 0, len(s.groups))
	for _, g := range s.groups {
		groups = append(groups, s.groupObject(g, c.boolean("include_users"), c.boolean("include_count")))
	}
	return object{"usergroups": groups}, nil
}

func usergroupsUsersList(s *Server, c *call) (object, error) {
	g, err := s.group(c.str("usergroup"))
	if err != nil {
		return nil, err
	}
	return object{"users": append([]string{}, g.members...)}, nil
}

// usergroupsUsersUpdate replaces the members of a group; a group is never without one.
// https://docs.slack.dev/reference/methods/usergroups.users.update
func usergroupsUsersUpdate(s *Server, c *call) (object, error) {
	g, err := s.group(c.str("usergroup"))
	people := c.list("users")
	switch {
	case err != nil:
		return nil, err
	case len(people) == 0:
		return nil, fault("no_users_provided")
	}
	for _, p := range people {
		if u := s.users[p]; u == nil || u.gone || u.bot {
			return nil, fault("invalid_users")
		}
	}
	g.members = people
	s.touch()
	return object{"usergroup": s.groupObject(g, true, c.boolean("include_count"))}, nil
}
