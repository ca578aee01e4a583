package github

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Issue is an issue as it is at a moment.
type Issue struct {
	ID, Number               int64
	Title, Body, Author      string
	State, Reason            string
	Labels, Assignees        []string
	Milestone                string
	Locked                   bool
	URL                      string
	Created, Updated, Closed time.Time
	Comments                 []Comment
	SubIssues                []string // "owner/name#12"
	Events                   []string // kinds, in their order
}

// Comment is a comment as it is at a moment.
type Comment struct {
	ID               int64
	Author, Body     string
	Created, Updated time.Time
}

func (s *Server) exported(i *issue) Issue {
	out := Issue{ID: i.id, Number: int64(i.number), Title: i.title, Body: i.body, Author: i.author.login, State: i.state(), Reason: i.reason,
		Labels: i.labelNames(), Locked: i.locked, URL: s.issuePage(i), Created: i.created, Updated: i.updated, Closed: i.closedAt}
	for _, u := range i.assignees {
		out.Assignees = append(out.Assignees, u.login)
	}
	if i.milestone != nil {
		out.Milestone = i.milestone.title
	}
	for _, m := range i.comments {
		out.Comments = append(out.Comments, Comment{m.id, m.author.login, m.body, m.created, m.updated})
	}
	for _, child := range i.children {
		out.SubIssues = append(out.SubIssues, fmt.Sprintf("%s#%d", child.repo.fullName(), child.number))
	}
	for _, e := range i.events {
		out.Events = append(out.Events, e.kind)
	}
	return out
}

// Issues answers the issues of a repository, open and closed, in the order of their numbers.
func (s *Server) Issues(fullName string) []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Issue
	for _, i := range s.mustRepo(fullName).listed() {
		all = append(all, s.exported(i))
	}
	return all
}

// Labels answers the names of a repository's labels, in the order in which they were made.
func (s *Server) Labels(fullName string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, l := range s.mustRepo(fullName).labels {
		names = append(names, l.name)
	}
	return names
}

// WaitIssue answers the first issue for which match is true, as soon as there is one. match must not call the server.
func (s *Server) WaitIssue(ctx context.Context, fullName string, match func(Issue) bool) (Issue, error) {
	var found Issue
	err := s.wait(ctx, func() bool {
		for _, i := range s.mustRepo(fullName).listed() {
			if found = s.exported(i); match(found) {
				return true
			}
		}
		return false
	})
	if err != nil {
		return Issue{}, fmt.Errorf("no issue of %s matched: %w", fullName, err)
	}
	return found, nil
}

// Person acts as a user who sits at a browser. What they may not do is an error, in GitHub's words.
type Person struct {
	s    *Server
	user *user
}

// Person answers the user of a login.
func (s *Server) Person(login string) Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Person{s, s.mustUser(login)}
}

// act does something at an issue for which the person needs a role, or must be its author.
func (p Person) act(fullName string, number int, role Role, do func(*issue) error) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	r, _ := p.s.findRepo(fullName)
	if r == nil || r.role(p.user) < Read {
		return notFound()
	}
	i := r.issue(number)
	switch {
	case i == nil || i.deleted || i.movedTo != nil:
		return notFound()
	case r.noIssues:
		return issuesDisabled()
	case r.archived, r.role(p.user) < role && i.author != p.user:
		return forbidden()
	}
	return do(i)
}

// draft changes an issue as a draft says.
func (p Person) draft(fullName string, number int, role Role, d draft) error {
	return p.act(fullName, number, role, func(i *issue) error {
		if err := d.check(p.s, i.repo); err != nil {
			return err
		}
		if p.s.apply(i, p.user, d) {
			p.s.changedIssue(i)
		}
		return nil
	})
}

// Open makes an issue and answers its number.
func (p Person) Open(fullName, title, body string, labels ...string) (int, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	r, _ := p.s.findRepo(fullName)
	switch {
	case r == nil || r.role(p.user) < Read:
		return 0, notFound()
	case r.noIssues:
		return 0, issuesDisabled()
	case r.archived:
		return 0, forbidden()
	}
	d := draft{title: &title, body: &body, labels: labels, setsLabels: true}
	d.only(r.role(p.user) >= Triage)
	if err := d.check(p.s, r); err != nil {
		return 0, err
	}
	return p.s.newIssue(r, p.user, d).number, nil
}

// EditTitle and EditBody replace the text of an issue.
func (p Person) EditTitle(fullName string, number int, title string) error {
	return p.draft(fullName, number, Write, draft{title: &title})
}

// EditBody replaces the body of an issue.
func (p Person) EditBody(fullName string, number int, body string) error {
	body = strings.ReplaceAll(body, "\r\n", "\n")
	return p.draft(fullName, number, Write, draft{body: &body})
}

// Close closes an issue: as "completed", "not_planned" or "duplicate".
func (p Person) Close(fullName string, number int, reason string) error {
	return p.draft(fullName, number, Triage, draft{state: "closed", reason: reason})
}

// Reopen opens a closed issue.
func (p Person) Reopen(fullName string, number int) error {
	return p.draft(fullName, number, Triage, draft{state: "open"})
}

// SetLabels gives an issue exactly these labels.
func (p Person) SetLabels(fullName string, number int, labels ...string) error {
	return p.act(fullName, number, Triage, func(i *issue) error {
		if i.repo.role(p.user) < Triage {
			return forbidden()
		}
		if p.s.setLabels(i, p.user, labels) {
			p.s.changedIssue(i)
		}
		return nil
	})
}

// Assign gives an issue to exactly these users.
func (p Person) Assign(fullName string, number int, logins ...string) error {
	return p.act(fullName, number, Triage, func(i *issue) error {
		d := draft{assignees: logins}
		if i.repo.role(p.user) < Triage {
			return forbidden()
		}
		if err := d.check(p.s, i.repo); err != nil {
			return err
		}
		if p.s.setAssignees(i, p.user, logins) {
			p.s.changedIssue(i)
		}
		return nil
	})
}

// Lock lets only those comment who may push; Unlock everyone.
func (p Person) Lock(fullName string, number int, locked bool) error {
	return p.act(fullName, number, Write, func(i *issue) error {
		p.s.lock(i, p.user, locked, "")
		return nil
	})
}

// Comment says something below an issue and answers the comment's id.
func (p Person) Comment(fullName string, number int, body string) (id int64, err error) {
	body = strings.ReplaceAll(body, "\r\n", "\n")
	err = p.act(fullName, number, Read, func(i *issue) error {
		if i.locked && i.repo.role(p.user) < Write {
			return forbidden()
		}
		if err := checkComment(body); err != nil {
			return err
		}
		id = p.s.addComment(i, p.user, body).id
		return nil
	})
	return id, err
}

// ofComment does something with a comment that the person may change.
func (p Person) ofComment(fullName string, id int64, do func(*comment) error) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	r, _ := p.s.findRepo(fullName)
	if r == nil || r.role(p.user) < Read || r.comment(id) == nil {
		return notFound()
	}
	m := r.comment(id)
	if !m.mayEdit(p.user) || r.archived {
		return forbidden()
	}
	return do(m)
}

// EditComment replaces what a comment says.
func (p Person) EditComment(fullName string, id int64, body string) error {
	body = strings.ReplaceAll(body, "\r\n", "\n")
	return p.ofComment(fullName, id, func(m *comment) error {
		if err := checkComment(body); err != nil {
			return err
		}
		p.s.editComment(m, p.user, body)
		return nil
	})
}

// DeleteComment takes a comment away.
func (p Person) DeleteComment(fullName string, id int64) error {
	return p.ofComment(fullName, id, func(m *comment) error {
		p.s.dropComment(m)
		return nil
	})
}

// Tick ticks the nth task (from 0) of an issue's body, or unticks it.
func (p Person) Tick(fullName string, number, nth int, done bool) error {
	return p.act(fullName, number, Write, func(i *issue) error {
		body, err := tick(i.body, nth, done)
		if err == nil && p.s.apply(i, p.user, draft{body: &body}) {
			p.s.changedIssue(i)
		}
		return err
	})
}

// TickComment ticks the nth task (from 0) of a comment, or unticks it.
func (p Person) TickComment(fullName string, id int64, nth int, done bool) error {
	return p.ofComment(fullName, id, func(m *comment) error {
		body, err := tick(m.body, nth, done)
		if err == nil {
			p.s.editComment(m, p.user, body)
		}
		return err
	})
}

// Delete takes an issue away for good, which only an administrator may; the API answers 410 for it.
func (p Person) Delete(fullName string, number int) error {
	return p.act(fullName, number, Admin, func(i *issue) error {
		if i.repo.role(p.user) < Admin {
			return forbidden()
		}
		i.deleted = true
		p.s.changedIssue(i)
		return nil
	})
}

// Transfer moves an issue to another repository of the same owner and answers its number there; the old address leads
// to it.
func (p Person) Transfer(fullName string, number int, to string) (moved int, err error) {
	err = p.act(fullName, number, Write, func(i *issue) error {
		r, _ := p.s.findRepo(to)
		if r == nil || r.role(p.user) < Write || r.owner != i.repo.owner {
			return forbidden()
		}
		there := *i
		there.id, there.repo, there.number, there.milestone, there.labels = p.s.newID(), r, len(r.issues)+1, nil, nil
		there.indexed = nil
		for _, l := range i.labels {
			if same := r.label(l.name); same != nil {
				there.labels = append(there.labels, same)
			}
		}
		there.comments = slices.Clone(i.comments)
		for _, m := range there.comments {
			m.issue = &there
		}
		r.issues = append(r.issues, &there)
		i.movedTo, i.comments = &there, nil
		p.s.record(&there, event{kind: "transferred", actor: p.user})
		p.s.changedIssue(i)
		p.s.changedIssue(&there)
		moved = there.number
		return nil
	})
	return moved, err
}
