package github

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

func getMe(s *Server, c *call) (answer, error) {
	if c.user == nil {
		return answer{}, refuse(http.StatusUnauthorized, "Requires authentication")
	}
	o, own := s.profileShape(c.user), 0
	if c.token.fineGrained() || !c.token.has("user") {
		return answer{body: o}, nil
	}
	for _, r := range s.repos {
		if r.owner == c.user && r.private {
			own++
		}
	}
	maps.Copy(o, object{"private_gists": 0, "total_private_repos": own, "owned_private_repos": own, "disk_usage": 0,
		"collaborators": 0, "two_factor_authentication": true,
		"plan": object{"name": "free", "space": 976562499, "collaborators": 0, "private_repos": 10000}})
	o["user_view_type"] = "private"
	return answer{body: o}, nil
}

func getUser(s *Server, c *call) (answer, error) {
	u := s.findUser(c.named["user"])
	if u == nil {
		return answer{}, notFound()
	}
	return answer{body: s.profileShape(u)}, nil
}

// getMeta tells the addresses of GitHub itself: here, of this machine.
func getMeta(*Server, *call) (answer, error) {
	here := []string{"127.0.0.1/32"}
	return answer{body: object{"verifiable_password_authentication": false, "hooks": here, "web": here, "api": here, "git": here}}, nil
}

func getRepo(s *Server, c *call) (answer, error) { return answer{body: s.repoShape(c, c.repo)}, nil }

// getPermission tells a user's role, in the old four words and by its name.
func getPermission(s *Server, c *call) (answer, error) {
	u := s.findUser(c.named["user"])
	if u == nil {
		return answer{}, notFound()
	}
	if c.repo.role(c.user) < Write {
		return answer{}, refuse(http.StatusForbidden, "Must have push access to view collaborator permission.")
	}
	role := c.repo.role(u)
	old := map[Role]string{None: "none", Read: "read", Triage: "read", Write: "write", Maintain: "write", Admin: "admin"}[role]
	who := s.userObject(u)
	who["permissions"], who["role_name"] = role.shape(), role.String()
	return answer{body: object{"permission": old, "role_name": role.String(), "user": who}}, nil
}

// letIn are the users to whom issues of a repository can be given, by login.
func (s *Server) letIn(r *repo) []*user {
	var all []*user
	for _, u := range s.users {
		if r.assignable(u) {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *user) int { return strings.Compare(a.login, b.login) })
	return all
}

func listAssignees(s *Server, c *call) (answer, error) {
	return pageOf(s, c, s.letIn(c.repo), s.userObject)
}

func checkAssignee(s *Server, c *call) (answer, error) {
	if !c.repo.assignable(s.findUser(c.named["user"])) {
		return answer{}, notFound()
	}
	return answer{}, nil
}

func listMilestones(s *Server, c *call) (answer, error) {
	state, err := c.choice("state", "Milestone", "open", "open", "closed", "all")
	if err != nil {
		return answer{}, err
	}
	found := slices.DeleteFunc(slices.Clone(c.repo.milestones), func(m *milestone) bool {
		return state != "all" && m.closed.IsZero() != (state == "open")
	})
	slices.SortStableFunc(found, func(a, b *milestone) int {
		switch {
		case a.due.IsZero() != b.due.IsZero() && a.due.IsZero():
			return 1
		case a.due.IsZero() != b.due.IsZero():
			return -1
		}
		return a.due.Compare(b.due)
	})
	if c.query.Get("direction") == "desc" {
		slices.Reverse(found)
	}
	return pageOf(s, c, found, func(m *milestone) object { return s.milestoneShape(c.repo, m) })
}

func getMilestone(s *Server, c *call) (answer, error) {
	number, err := c.pathNumber("milestone")
	if err != nil {
		return answer{}, err
	}
	m := c.repo.milestone(int(number))
	if m == nil {
		return answer{}, notFound()
	}
	return answer{body: s.milestoneShape(c.repo, m)}, nil
}
