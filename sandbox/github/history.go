package github

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// eventShape is an entry of an issue's history.
// https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
func (s *Server) eventShape(c *call, i *issue, e *event) object {
	o := object{"id": e.id, "node_id": nodeID("EV", e.id), "event": e.kind, "actor": s.userShape(e.actor), "created_at": stamp(e.at),
		"url": fmt.Sprintf("%s/issues/events/%d", s.repoURL(i.repo), e.id), "commit_id": nil, "commit_url": nil, "performed_via_github_app": nil}
	switch e.kind {
	case "labeled", "unlabeled":
		o["label"] = object{"name": e.label.name, "color": e.label.color}
	case "assigned", "unassigned":
		o["assignee"], o["assigner"] = s.userShape(e.assignee), s.userShape(e.actor)
	case "milestoned", "demilestoned":
		o["milestone"] = object{"title": e.milestone}
	case "renamed":
		o["rename"] = object{"from": e.from, "to": e.to}
	case "locked", "unlocked":
		o["lock_reason"] = orNull(e.reason)
	case "closed":
		o["state_reason"] = orNull(e.reason)
	case "sub_issue_added", "sub_issue_removed":
		o["sub_issue"] = object{"id": e.issue.id, "number": e.issue.number, "title": e.issue.title}
	case "parent_issue_added", "parent_issue_removed":
		o["parent_issue"] = object{"id": e.issue.id, "number": e.issue.number, "title": e.issue.title}
	case "cross-referenced":
		for _, gone := range []string{"id", "node_id", "url", "commit_id", "commit_url", "performed_via_github_app"} {
			delete(o, gone)
		}
		o["updated_at"] = stamp(e.at)
		o["source"] = object{"type": "issue", "issue": s.issueShape(c, e.issue)}
	case "commented":
		o = s.commentShape(c, e.comment)
		o["event"], o["actor"] = e.kind, s.userShape(e.actor)
	}
	return o
}

// listEvents lists what happened to an issue, apart from what was said.
func listEvents(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	happened := slices.DeleteFunc(slices.Clone(i.events), func(e *event) bool { return e.kind == "commented" || e.kind == "cross-referenced" })
	return pageOf(s, c, happened, func(e *event) object { return s.eventShape(c, i, e) })
}

// listTimeline lists comments, references and events together.
func listTimeline(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	return pageOf(s, c, i.events, func(e *event) object { return s.eventShape(c, i, e) })
}

// reference finds "#12", "owner/name#12" and the addresses of issues in a text.
var reference = regexp.MustCompile(`(?:^|[\s(\[,:;])((?:[\w.-]+/[\w.-]+)?#(\d+))\b|(https?://[^\s()<>"]+?)/([\w.-]+/[\w.-]+)/issues/(\d+)\b`)

// refer notes at the issues that a text of this one speaks of that it does, once each.
func (s *Server) refer(from *issue, by *user, text string) {
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		r, number := from.repo, m[2]
		if m[3] != "" {
			number = m[5]
			if r, _ = s.findRepo(m[4]); m[3] != s.URL() {
				continue
			}
		} else if name, _, _ := strings.Cut(m[1], "#"); name != "" {
			r, _ = s.findRepo(name)
		}
		n, err := strconv.Atoi(number)
		if r == nil || err != nil {
			continue
		}
		to := r.issue(n)
		if to == nil || to == from || to.deleted || to.movedTo != nil ||
			slices.ContainsFunc(to.events, func(e *event) bool { return e.kind == "cross-referenced" && e.issue == from }) {
			continue
		}
		s.record(to, event{kind: "cross-referenced", actor: by, issue: from})
	}
}

func listSubIssues(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	return pageOf(s, c, i.children, func(child *issue) object { return s.issueShape(c, child) })
}

func getParent(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	if i.parent == nil {
		return answer{}, notFound()
	}
	return answer{body: s.issueShape(c, i.parent)}, nil
}

// subIssue reads the id of the issue to be put below another, or taken from there.
func (s *Server) subIssue(c *call) (parent, child *issue, err error) {
	if parent, err = s.issue(c); err != nil {
		return nil, nil, err
	}
	if c.fields["sub_issue_id"] == nil {
		return nil, nil, invalidRequest("%q wasn't supplied.", "sub_issue_id")
	}
	id, err := c.number("sub_issue_id")
	if err != nil {
		return nil, nil, err
	}
	for _, r := range s.repos {
		for _, i := range r.listed() {
			if i.id == id && c.sees(r) {
				return parent, i, nil
			}
		}
	}
	return nil, nil, &refusal{status: http.StatusNotFound, message: "The provided sub-issue does not exist"}
}

// addSubIssue puts an issue below another one.
// https://docs.github.com/en/rest/issues/sub-issues#add-sub-issue
func addSubIssue(s *Server, c *call) (answer, error) {
	parent, child, err := s.subIssue(c)
	if err != nil {
		return answer{}, err
	}
	replace, _ := c.fields["replace_parent"].(bool) // false unless it was asked for
	said := ""
	switch {
	case slices.Contains(parent.children, child):
		said = "Issue may not contain duplicate sub-issues"
	case child.parent != nil && !replace:
		said = "Sub issue may only have one parent"
	case len(parent.children) >= maxChildren:
		said = "Parent cannot have more than 100 sub-issues"
	}
	for up := parent; up != nil && said == ""; up = up.parent {
		if up == child {
			said = "Sub-issues cannot form a circle"
		}
	}
	if said != "" {
		return answer{}, refuse(http.StatusUnprocessableEntity, "An error occurred while adding the sub-issue to the parent issue. %s", said)
	}
	if child.parent != nil {
		s.part(child.parent, child, c.user)
	}
	child.parent = parent
	parent.children = append(parent.children, child)
	s.record(parent, event{kind: "sub_issue_added", actor: c.user, issue: child})
	s.record(child, event{kind: "parent_issue_added", actor: c.user, issue: parent})
	s.changedIssue(parent)
	return answer{status: http.StatusCreated, body: s.issueShape(c, parent)}, nil
}

func removeSubIssue(s *Server, c *call) (answer, error) {
	parent, child, err := s.subIssue(c)
	if err != nil {
		return answer{}, err
	}
	if child.parent != parent {
		return answer{}, refuse(http.StatusNotFound, "The provided sub-issue does not exist")
	}
	s.part(parent, child, c.user)
	return answer{body: s.issueShape(c, parent)}, nil
}

func (s *Server) part(parent, child *issue, by *user) {
	parent.children = slices.DeleteFunc(parent.children, func(i *issue) bool { return i == child })
	child.parent = nil
	s.record(parent, event{kind: "sub_issue_removed", actor: by, issue: child})
	s.record(child, event{kind: "parent_issue_removed", actor: by, issue: parent})
	s.changedIssue(parent)
}
