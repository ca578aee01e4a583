package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// issue finds the issue that a request names.
func (s *Server) issue(c *call) (*issue, error) {
	number, err := c.pathNumber("issue")
	if err != nil {
		return nil, err
	}
	i := c.repo.issue(int(number))
	switch {
	case i == nil:
		return nil, notFound()
	case i.deleted:
		return nil, refuse(http.StatusGone, "This issue was deleted")
	case i.movedTo != nil:
		to := i.movedTo
		if !c.sees(to.repo) {
			return nil, notFound()
		}
		_, rest, _ := strings.Cut(c.path, fmt.Sprintf("/issues/%d", i.number))
		return nil, c.redirect(s.apiURL("repositories/%d/issues/%d%s", to.repo.id, to.number, rest))
	}
	return i, nil
}

func getIssue(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: s.issueShape(c, i), headers: map[string]string{"Last-Modified": i.updated.Format(http.TimeFormat)}}, nil
}

// draft is what a request wants an issue to be: nil is "as it is".
type draft struct {
	title, body   *string
	state, reason string
	labels        []string
	assignees     []string
	milestone     int
	setsLabels    bool
	setsAssignees bool
	setsMilestone bool
}

// draft reads the fields that creating and updating have in common.
func (c *call) draft() (d draft, err error) {
	title, hasTitle, err := c.text("title")
	if err != nil {
		return d, err
	}
	if hasTitle && c.fields["title"] != nil {
		d.title = &title
	}
	body, hasBody, err := c.text("body")
	if err != nil {
		return d, err
	}
	if hasBody {
		d.body = &body
	}
	if d.labels, d.setsLabels, err = c.names("labels", "name"); err != nil {
		return d, err
	}
	if d.assignees, d.setsAssignees, err = c.names("assignees", "login"); err != nil {
		return d, err
	}
	if login, given, err := c.text("assignee"); err != nil {
		return d, err
	} else if given && !d.setsAssignees {
		d.setsAssignees = true
		if login != "" {
			d.assignees = []string{login}
		}
	}
	number, err := c.number("milestone")
	d.milestone = int(number)
	_, d.setsMilestone = c.fields["milestone"]
	if err != nil {
		return d, err
	}
	if d.state, err = c.oneOf("state", "open", "closed"); err != nil {
		return d, err
	}
	d.reason, err = c.oneOf("state_reason", "completed", "not_planned", "duplicate", "reopened")
	return d, err
}

// check says what of a draft cannot be, all at once.
func (d *draft) check(s *Server, r *repo) error {
	var wrong []object
	if d.title != nil {
		switch {
		case strings.TrimSpace(*d.title) == "":
			wrong = append(wrong, missingField("Issue", "title"))
		case utf8.RuneCountInString(*d.title) > maxTitle:
			wrong = append(wrong, custom("Issue", "title", fmt.Sprintf("title is too long (maximum is %d characters)", maxTitle)))
		}
	}
	if d.body != nil && utf8.RuneCountInString(*d.body) > maxBody {
		wrong = append(wrong, custom("Issue", "body", fmt.Sprintf("body is too long (maximum is %d characters)", maxBody)))
	}
	wrong = append(wrong, checkLabels(d.labels)...)
	for _, login := range d.assignees {
		if !r.assignable(s.findUser(login)) {
			wrong = append(wrong, invalidValue("Issue", "assignees", login))
		}
	}
	if len(d.assignees) > maxAssignees {
		wrong = append(wrong, custom("Issue", "assignees", fmt.Sprintf("cannot have more than %d assignees", maxAssignees)))
	}
	if d.milestone != 0 && r.milestone(d.milestone) == nil {
		wrong = append(wrong, invalidValue("Issue", "milestone", d.milestone))
	}
	if len(wrong) > 0 {
		return failedValidation(wrong...)
	}
	return nil
}

func checkLabels(names []string) (wrong []object) {
	for _, name := range names {
		if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > maxLabel {
			wrong = append(wrong, invalidValue("Label", "name", name))
		}
	}
	if len(names) > maxLabels {
		wrong = append(wrong, object{"resource": "Issue", "code": "custom", "message": "Issues cannot have more than 100 labels"})
	}
	return wrong
}

// createIssue makes an issue. Who may not push has labels, assignees and milestone silently dropped; labels that are
// not there are made.
// https://docs.github.com/en/rest/issues/issues#create-an-issue
func createIssue(s *Server, c *call) (answer, error) {
	d, err := c.draft()
	if err != nil {
		return answer{}, err
	}
	if d.title == nil {
		return answer{}, invalidRequest("%q wasn't supplied.", "title")
	}
	d.state, d.reason = "", ""
	d.only(c.repo.role(c.user) >= Triage)
	if err := d.check(s, c.repo); err != nil {
		return answer{}, err
	}
	i := s.newIssue(c.repo, c.user, d)
	return answer{status: http.StatusCreated, body: s.issueShape(c, i), headers: map[string]string{"Location": s.issueURL(i)}}, nil
}

// only drops what needs the right to push.
func (d *draft) only(pushes bool) {
	if !pushes {
		d.labels, d.assignees, d.milestone, d.setsLabels, d.setsAssignees, d.setsMilestone = nil, nil, 0, false, false, false
	}
}

// newIssue makes an issue of a draft that was checked.
func (s *Server) newIssue(r *repo, author *user, d draft) *issue {
	now := s.now()
	i := &issue{id: s.newID(), repo: r, number: len(r.issues) + 1, title: strings.TrimSpace(*d.title), author: author, created: now, updated: now}
	r.issues = append(r.issues, i)
	if d.body != nil {
		i.body = *d.body
		s.refer(i, author, i.body)
	}
	d.title, d.body = nil, nil
	s.apply(i, author, d)
	s.changedIssue(i)
	return i
}

// updateIssue changes an issue: its author may change the text and the state, who may triage all of it.
// https://docs.github.com/en/rest/issues/issues#update-an-issue
func updateIssue(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	pushes := c.repo.role(c.user) >= Triage
	if !pushes && i.author != c.user {
		return answer{}, forbidden()
	}
	d, err := c.draft()
	if err != nil {
		return answer{}, err
	}
	d.only(pushes)
	if err := d.check(s, c.repo); err != nil {
		return answer{}, err
	}
	if s.apply(i, c.user, d) {
		s.changedIssue(i)
	}
	return answer{body: s.issueShape(c, i)}, nil
}

// apply makes an issue what a checked draft says, and says whether that changed anything.
func (s *Server) apply(i *issue, by *user, d draft) (changed bool) {
	if d.title != nil && *d.title != i.title {
		s.record(i, event{kind: "renamed", actor: by, from: i.title, to: *d.title})
		i.title, changed = *d.title, true
	}
	if d.body != nil && *d.body != i.body {
		i.body, i.edited, i.editedBy, changed = *d.body, true, by, true
		s.refer(i, by, i.body)
	}
	if d.setsLabels && s.setLabels(i, by, d.labels) {
		changed = true
	}
	if d.setsAssignees && s.setAssignees(i, by, d.assignees) {
		changed = true
	}
	if d.setsMilestone && s.setMilestone(i, by, i.repo.milestone(d.milestone)) {
		changed = true
	}
	if s.setState(i, by, d.state, d.reason) {
		changed = true
	}
	return changed
}

// setState opens or closes an issue; without a reason a closed one is completed.
func (s *Server) setState(i *issue, by *user, state, reason string) bool {
	switch {
	case state == "closed" && (reason == "" || reason == "reopened"):
		if i.closed {
			return false
		}
		reason = "completed"
	case state == "open":
		reason = "reopened"
	}
	switch {
	case state == "closed" && (!i.closed || i.reason != reason):
		i.closed, i.reason, i.closedAt, i.closedBy = true, reason, s.now(), by
		s.record(i, event{kind: "closed", actor: by, reason: reason})
	case state == "open" && i.closed:
		i.closed, i.reason, i.closedBy, i.closedAt = false, reason, nil, time.Time{}
		s.record(i, event{kind: "reopened", actor: by})
	default:
		return false
	}
	return true
}

func (s *Server) setAssignees(i *issue, by *user, logins []string) bool {
	var wanted []*user
	for _, login := range logins {
		if u := s.findUser(login); !slices.Contains(wanted, u) {
			wanted = append(wanted, u)
		}
	}
	changed := false
	for _, u := range i.assignees {
		if !slices.Contains(wanted, u) {
			s.record(i, event{kind: "unassigned", actor: by, assignee: u})
			changed = true
		}
	}
	for _, u := range wanted {
		if !slices.Contains(i.assignees, u) {
			s.record(i, event{kind: "assigned", actor: by, assignee: u})
			changed = true
		}
	}
	i.assignees = wanted
	return changed
}

func (s *Server) setMilestone(i *issue, by *user, m *milestone) bool {
	if i.milestone == m {
		return false
	}
	if i.milestone != nil {
		s.record(i, event{kind: "demilestoned", actor: by, milestone: i.milestone.title})
	}
	if m != nil {
		s.record(i, event{kind: "milestoned", actor: by, milestone: m.title})
	}
	i.milestone = m
	return true
}

// addAssignees gives an issue to more users; who cannot have it, and requests of who may not push, are ignored.
// https://docs.github.com/en/rest/issues/assignees#add-assignees-to-an-issue
func addAssignees(s *Server, c *call) (answer, error) {
	return s.changeAssignees(c, http.StatusCreated, func(now, named []string) []string {
		for _, login := range named {
			if c.repo.assignable(s.findUser(login)) && len(now) < maxAssignees {
				now = append(now, login)
			}
		}
		return now
	})
}

func removeAssignees(s *Server, c *call) (answer, error) {
	return s.changeAssignees(c, http.StatusOK, func(now, named []string) []string {
		return slices.DeleteFunc(now, func(login string) bool {
			return slices.ContainsFunc(named, func(other string) bool { return strings.EqualFold(login, other) })
		})
	})
}

func (s *Server) changeAssignees(c *call, status int, change func(now, named []string) []string) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	named, _, err := c.names("assignees", "login")
	if err != nil {
		return answer{}, err
	}
	var now []string
	for _, u := range i.assignees {
		now = append(now, u.login)
	}
	if c.repo.role(c.user) >= Triage && s.setAssignees(i, c.user, change(now, named)) {
		s.changedIssue(i)
	}
	return answer{status: status, body: s.issueShape(c, i)}, nil
}

func lockIssue(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	reason, err := c.oneOf("lock_reason", "off-topic", "too heated", "resolved", "spam")
	if err != nil {
		return answer{}, err
	}
	s.lock(i, c.user, true, reason)
	return answer{}, nil
}

func unlockIssue(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	s.lock(i, c.user, false, "")
	return answer{}, nil
}

func (s *Server) lock(i *issue, by *user, locked bool, reason string) {
	if i.locked == locked {
		return
	}
	i.locked, i.lockReason = locked, reason
	kind := "locked"
	if !locked {
		kind = "unlocked"
	}
	s.record(i, event{kind: kind, actor: by, reason: reason})
	s.changedIssue(i)
}
