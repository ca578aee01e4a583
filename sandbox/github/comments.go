package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// commentBody reads and checks the body of a comment.
func (c *call) commentBody() (string, error) {
	body, given, err := c.text("body")
	switch {
	case err != nil:
		return "", err
	case !given:
		return "", invalidRequest("%q wasn't supplied.", "body")
	}
	return body, checkComment(body)
}

func checkComment(body string) error {
	said := ""
	switch {
	case strings.TrimSpace(body) == "":
		said = "Body cannot be blank"
	case utf8.RuneCountInString(body) > maxBody:
		said = fmt.Sprintf("Body is too long (maximum is %d characters)", maxBody)
	default:
		return nil
	}
	return failedValidation(object{"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": said})
}

func createComment(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	body, err := c.commentBody()
	if err != nil {
		return answer{}, err
	}
	if i.locked && c.repo.role(c.user) < Write {
		return answer{}, &refusal{status: http.StatusForbidden, message: "Unable to create comment because issue is locked.",
			docs: "/articles/locking-conversations/"}
	}
	m := s.addComment(i, c.user, body)
	return answer{status: http.StatusCreated, body: s.commentShape(c, m), headers: map[string]string{"Location": s.commentURL(m)}}, nil
}

func (s *Server) addComment(i *issue, by *user, body string) *comment {
	m := &comment{id: s.newID(), issue: i, author: by, body: body, created: s.now(), updated: s.now()}
	i.comments = append(i.comments, m)
	s.record(i, event{kind: "commented", actor: by, comment: m})
	s.refer(i, by, body)
	s.changedIssue(i)
	return m
}

func (s *Server) comment(c *call) (*comment, error) {
	id, err := c.pathNumber("comment")
	if err != nil {
		return nil, err
	}
	m := c.repo.comment(id)
	if m == nil {
		return nil, notFound()
	}
	return m, nil
}

func getComment(s *Server, c *call) (answer, error) {
	m, err := s.comment(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: s.commentShape(c, m)}, nil
}

// mayEdit says whether a user may change a comment: its author, and whoever may push.
func (m *comment) mayEdit(u *user) bool { return m.author == u || m.issue.repo.role(u) >= Write }

func updateComment(s *Server, c *call) (answer, error) {
	m, err := s.comment(c)
	if err != nil {
		return answer{}, err
	}
	if !m.mayEdit(c.user) {
		return answer{}, forbidden()
	}
	body, err := c.commentBody()
	if err != nil {
		return answer{}, err
	}
	s.editComment(m, c.user, body)
	return answer{body: s.commentShape(c, m)}, nil
}

func (s *Server) editComment(m *comment, by *user, body string) {
	if m.body == body {
		return
	}
	m.body, m.editedBy, m.updated = body, by, s.now()
	s.refer(m.issue, by, body)
	s.changedIssue(m.issue)
}

func deleteComment(s *Server, c *call) (answer, error) {
	m, err := s.comment(c)
	if err != nil {
		return answer{}, err
	}
	if !m.mayEdit(c.user) {
		return answer{}, forbidden()
	}
	s.dropComment(m)
	return answer{}, nil
}

func (s *Server) dropComment(m *comment) {
	i := m.issue
	i.comments = slices.DeleteFunc(i.comments, func(other *comment) bool { return other == m })
	i.events = slices.DeleteFunc(i.events, func(e *event) bool { return e.comment == m })
	s.changedIssue(i)
}

func listComments(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	since, err := c.since()
	if err != nil {
		return answer{}, err
	}
	return pageOf(s, c, changedSince(i.comments, since), func(m *comment) object { return s.commentShape(c, m) })
}

func changedSince(all []*comment, since time.Time) []*comment {
	return slices.DeleteFunc(slices.Clone(all), func(m *comment) bool { return m.updated.Before(since) })
}

// listRepoComments lists the comments of all issues, by default the oldest first.
func listRepoComments(s *Server, c *call) (answer, error) {
	by, err := c.choice("sort", "IssueComment", "", "created", "updated")
	if err != nil {
		return answer{}, err
	}
	direction, err := c.choice("direction", "IssueComment", "desc", "asc", "desc")
	if err != nil {
		return answer{}, err
	}
	since, err := c.since()
	if err != nil {
		return answer{}, err
	}
	var all []*comment
	for _, i := range c.repo.listed() {
		all = append(all, changedSince(i.comments, since)...)
	}
	slices.SortFunc(all, func(a, b *comment) int { return int(a.id - b.id) })
	if by == "updated" {
		slices.SortStableFunc(all, func(a, b *comment) int { return a.updated.Compare(b.updated) })
	}
	if by != "" && direction == "desc" { // direction is ignored without sort
		slices.Reverse(all)
	}
	return pageOf(s, c, all, func(m *comment) object { return s.commentShape(c, m) })
}
