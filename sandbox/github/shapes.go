package github

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"
)

// stamp is a time in JSON, null when there is none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// orNull is a text in JSON, null when it is empty.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Server) apiURL(format string, args ...any) string {
	return s.APIURL() + fmt.Sprintf(format, args...)
}

// userShape is a "simple user"; null for nobody.
func (s *Server) userShape(u *user) any {
	if u == nil {
		return nil
	}
	return s.userObject(u)
}

func (s *Server) userObject(u *user) object {
	base, kind, prefix := s.apiURL("users/%s", u.login), "User", "U"
	switch {
	case u.org:
		kind, prefix = "Organization", "O"
	case strings.HasSuffix(u.login, "[bot]"):
		kind, prefix = "Bot", "BOT"
	}
	return object{
		"login": u.login, "id": u.id, "node_id": nodeID(prefix, u.id), "gravatar_id": "", "url": base,
		"avatar_url": s.URL() + "/avatars/" + url.PathEscape(u.login), "html_url": s.URL() + "/" + url.PathEscape(u.login),
		"followers_url": base + "/followers", "following_url": base + "/following{/other_user}",
		"gists_url": base + "/gists{/gist_id}", "starred_url": base + "/starred{/owner}{/repo}",
		"subscriptions_url": base + "/subscriptions", "organizations_url": base + "/orgs", "repos_url": base + "/repos",
		"events_url": base + "/events{/privacy}", "received_events_url": base + "/received_events",
		"type": kind, "user_view_type": "public", "site_admin": false,
	}
}

// profileShape is a user as they are shown alone.
func (s *Server) profileShape(u *user) object {
	public := 0
	for _, r := range s.repos {
		if r.owner == u && !r.private {
			public++
		}
	}
	o := s.userObject(u)
	maps.Copy(o, object{
		"name": orNull(u.name), "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil,
		"twitter_username": nil, "public_repos": public, "public_gists": 0, "followers": 0, "following": 0,
		"created_at": stamp(u.created), "updated_at": stamp(u.created),
	})
	return o
}

// repoPaths are the addresses of a repository's parts.
// https://docs.github.com/en/rest/repos/repos#get-a-repository
var repoPaths = map[string]string{
	"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
	"branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}",
	"commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}", "contents_url": "/contents/{+path}",
	"contributors_url": "/contributors", "deployments_url": "/deployments", "downloads_url": "/downloads", "events_url": "/events",
	"forks_url": "/forks", "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
	"hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
	"issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}", "languages_url": "/languages",
	"merges_url": "/merges", "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
	"pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
	"subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
}

func (s *Server) repoURL(r *repo) string { return s.apiURL("repos/%s", r.fullName()) }

// smallRepoShape is a "minimal repository", as other objects hold it.
func (s *Server) smallRepoShape(r *repo) object {
	o := object{"id": r.id, "node_id": nodeID("R", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private,
		"owner": s.userObject(r.owner), "html_url": s.URL() + "/" + r.fullName(), "description": orNull(r.description),
		"fork": false, "url": s.repoURL(r)}
	for name, path := range repoPaths {
		o[name] = s.repoURL(r) + path
	}
	return o
}

// repoShape is a "full repository". Its permissions are those of the user, not of the token.
func (s *Server) repoShape(c *call, r *repo) object {
	o, open := s.smallRepoShape(r), r.openIssues()
	visibility := "public"
	if r.private {
		visibility = "private"
	}
	maps.Copy(o, object{
		"homepage": nil, "language": nil, "license": nil, "mirror_url": nil, "size": 108, "forks": 0, "forks_count": 0,
		"stargazers_count": 0, "watchers": 0, "watchers_count": 0, "network_count": 0, "subscribers_count": 0,
		"open_issues": open, "open_issues_count": open, "default_branch": r.branch, "visibility": visibility, "topics": []string{},
		"has_issues": !r.noIssues, "has_projects": true, "has_wiki": true, "has_pages": false, "has_downloads": true,
		"has_discussions": false, "archived": r.archived, "disabled": false, "is_template": false, "allow_forking": true,
		"web_commit_signoff_required": false, "created_at": stamp(r.created), "updated_at": stamp(r.updated), "pushed_at": stamp(r.pushed),
		"clone_url": s.URL() + "/" + r.fullName() + ".git", "svn_url": s.URL() + "/" + r.fullName(),
		"git_url": "git://" + s.listener.Addr().String() + "/" + r.fullName() + ".git",
		"ssh_url": "git@" + s.listener.Addr().String() + ":" + r.fullName() + ".git",
	})
	if r.owner.org {
		o["organization"] = s.userObject(r.owner)
	}
	if c.user != nil {
		o["permissions"] = r.role(c.user).shape()
	}
	return o
}

func (r Role) shape() object {
	return object{"admin": r >= Admin, "maintain": r >= Maintain, "push": r >= Write, "triage": r >= Triage, "pull": r >= Read}
}

func (s *Server) labelShape(r *repo, l *label) object {
	return object{"id": l.id, "node_id": nodeID("LA", l.id), "url": s.repoURL(r) + "/labels/" + url.PathEscape(l.name),
		"name": l.name, "color": l.color, "default": l.standard, "description": orNull(l.description)}
}

func (s *Server) milestoneShape(r *repo, m *milestone) object {
	open, closed := 0, 0
	for _, i := range r.listed() {
		switch {
		case i.milestone != m:
		case i.closed:
			closed++
		default:
			open++
		}
	}
	address, state := fmt.Sprintf("%s/milestones/%d", s.repoURL(r), m.number), "open"
	if !m.closed.IsZero() {
		state = "closed"
	}
	return object{"url": address, "labels_url": address + "/labels", "id": m.id, "node_id": nodeID("MI", m.id), "number": m.number,
		"html_url": fmt.Sprintf("%s/%s/milestone/%d", s.URL(), r.fullName(), m.number), "title": m.title,
		"description": orNull(m.description), "creator": s.userShape(m.creator), "state": state, "open_issues": open, "closed_issues": closed,
		"created_at": stamp(m.created), "updated_at": stamp(m.updated), "closed_at": stamp(m.closed), "due_on": stamp(m.due)}
}

// association is what an author is to a repository.
func (r *repo) association(u *user) string {
	switch {
	case u == r.owner:
		return "OWNER"
	case r.roles[u] >= Read && r.owner.org:
		return "MEMBER"
	case r.roles[u] >= Read:
		return "COLLABORATOR"
	}
	return "NONE"
}

func reactions(address string) object {
	return object{"url": address + "/reactions", "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0,
		"confused": 0, "heart": 0, "rocket": 0, "eyes": 0}
}

func (s *Server) issueURL(i *issue) string {
	return fmt.Sprintf("%s/issues/%d", s.repoURL(i.repo), i.number)
}

func (s *Server) issuePage(i *issue) string {
	return fmt.Sprintf("%s/%s/issues/%d", s.URL(), i.repo.fullName(), i.number)
}

func (i *issue) state() string {
	if i.closed {
		return "closed"
	}
	return "open"
}

// issueShape is an issue, with its body in the form that the request asks for.
func (s *Server) issueShape(c *call, i *issue) object {
	address, done := s.issueURL(i), 0
	for _, child := range i.children {
		if child.closed {
			done++
		}
	}
	o := object{
		"id": i.id, "node_id": nodeID("I", i.id), "number": i.number, "title": i.title, "state": i.state(),
		"state_reason": orNull(i.reason), "locked": i.locked, "active_lock_reason": orNull(i.lockReason),
		"user": s.userShape(i.author), "author_association": i.repo.association(i.author), "comments": len(i.comments),
		"created_at": stamp(i.created), "updated_at": stamp(i.updated), "closed_at": stamp(i.closedAt), "closed_by": s.userShape(i.closedBy),
		"url": address, "html_url": s.issuePage(i), "repository_url": s.repoURL(i.repo), "labels_url": address + "/labels{/name}",
		"comments_url": address + "/comments", "events_url": address + "/events", "timeline_url": address + "/timeline",
		"labels":    shapes(i.labels, func(l *label) object { return s.labelShape(i.repo, l) }),
		"assignees": shapes(i.assignees, s.userObject), "assignee": nil, "milestone": nil, "reactions": reactions(address),
		"performed_via_github_app": nil, "type": nil,
		"sub_issues_summary": object{"total": len(i.children), "completed": done, "percent_completed": percent(done, len(i.children))},
	}
	if len(i.assignees) > 0 {
		o["assignee"] = s.userObject(i.assignees[0])
	}
	if i.milestone != nil {
		o["milestone"] = s.milestoneShape(i.repo, i.milestone)
	}
	if i.parent != nil {
		o["parent_issue_url"] = s.issueURL(i.parent)
	}
	s.putBody(c, o, i.repo, i.body)
	return o
}

func percent(part, all int) int {
	if all == 0 {
		return 0
	}
	return part * 100 / all
}

// putBody adds a body in the forms that the request asks for. An empty one of an issue is null.
func (s *Server) putBody(c *call, o object, r *repo, body string) {
	if c.media == "raw" || c.media == "full" {
		o["body"] = orNull(body)
	}
	if c.media == "html" || c.media == "full" {
		o["body_html"] = s.pages.html(r, s, body)
	}
	if c.media == "text" || c.media == "full" {
		o["body_text"] = s.pages.text(r, s, body)
	}
}

func (s *Server) commentURL(m *comment) string {
	return fmt.Sprintf("%s/issues/comments/%d", s.repoURL(m.issue.repo), m.id)
}

func (s *Server) commentShape(c *call, m *comment) object {
	address, r := s.commentURL(m), m.issue.repo
	o := object{"id": m.id, "node_id": nodeID("IC", m.id), "url": address, "issue_url": s.issueURL(m.issue),
		"html_url": fmt.Sprintf("%s#issuecomment-%d", s.issuePage(m.issue), m.id), "user": s.userShape(m.author),
		"author_association": r.association(m.author), "created_at": stamp(m.created), "updated_at": stamp(m.updated),
		"reactions": reactions(address), "performed_via_github_app": nil}
	s.putBody(c, o, r, m.body)
	return o
}
