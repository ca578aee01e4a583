package github

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"
)

// issueView is an issue on its page.
type issueView struct {
	Number                          int
	Title, State, Reason, Author    string
	Created                         time.Time
	Body                            textView
	Entries                         []entryView
	Comments, Done, Tasks           int
	Labels                          []labelView
	Assignees, Participants         []string
	Milestone                       string
	MilestoneNumber                 int
	Parent                          *linkView
	Children                        []linkView
	ChildrenDone                    int
	Locked, MayEdit, MayTriage, May bool
	AllLabels                       []choiceView
	AllPeople                       []choiceView
}

// textView is what somebody wrote.
type textView struct {
	ID                           int64 // of a comment
	Author, Association          string
	Created                      time.Time
	Edited                       string // by whom
	Source                       string
	HTML                         template.HTML
	MayEdit, Comment             bool
	Anchor, TickTo, EditTo, Drop string
}

// entryView is an entry of the timeline: a comment, or a line about what happened.
type entryView struct {
	Text   *textView
	Kind   string
	Actor  string
	At     time.Time
	Label  *labelView
	Link   *linkView
	Detail string
}

// linkView leads to another issue.
type linkView struct{ Name, Title, To, State, Reason string }

// choiceView is one that can be ticked in a list.
type choiceView struct {
	Name, Color string
	Chosen      bool
}

func (s *Server) linkTo(from *repo, i *issue) linkView {
	name := fmt.Sprintf("#%d", i.number)
	if i.repo != from {
		name = i.repo.fullName() + name
	}
	return linkView{name, i.title, fmt.Sprintf("/%s/issues/%d", i.repo.fullName(), i.number), i.state(), i.reason}
}

// issuePageOf shows an issue: what was written, what happened, and what the visitor may do about it.
func (s *Server) issuePageOf(v *visit) (*view, error) {
	number, err := strconv.Atoi(v.PathValue("issue"))
	i := v.repo.issue(number)
	switch {
	case v.repo.noIssues:
		return nil, issuesDisabled()
	case err != nil || i == nil:
		return nil, notFound()
	case i.deleted:
		return nil, refuse(410, "This issue was deleted")
	case i.movedTo != nil:
		return nil, refuse(410, "This issue was moved to %s#%d", i.movedTo.repo.fullName(), i.movedTo.number)
	}
	role, r := v.repo.role(v.me), v.repo
	o := issueView{Number: i.number, Title: i.title, State: i.state(), Reason: i.reason, Author: i.author.login, Created: i.created,
		Comments: len(i.comments), Locked: i.locked, MayTriage: role >= Triage && !r.archived,
		MayEdit: (role >= Write || i.author == v.me) && !r.archived, May: !r.archived && (!i.locked || role >= Write)}
	o.Done, o.Tasks = progress(i.body)
	base := fmt.Sprintf("/%s/issues/%d", r.fullName(), i.number)
	o.Body = textView{Author: i.author.login, Association: association(r.association(i.author)), Created: i.created, Source: i.body,
		HTML: template.HTML(s.pages.html(r, s, i.body)), MayEdit: o.MayEdit, TickTo: base + "/tick", EditTo: base + "/body"} // it was sanitised
	if i.edited {
		o.Body.Edited = i.editedBy.login
	}
	o.Participants = []string{i.author.login}
	for _, e := range i.events {
		o.Entries = append(o.Entries, s.entry(v, i, e))
		if !slices.Contains(o.Participants, e.actor.login) {
			o.Participants = append(o.Participants, e.actor.login)
		}
	}
	for _, l := range r.labels {
		chosen := slices.Contains(i.labels, l)
		o.AllLabels = append(o.AllLabels, choiceView{l.name, l.color, chosen})
		if chosen {
			o.Labels = append(o.Labels, labelView{l.name, l.color})
		}
	}
	for _, u := range s.letIn(r) {
		o.AllPeople = append(o.AllPeople, choiceView{Name: u.login, Chosen: slices.Contains(i.assignees, u)})
	}
	for _, u := range i.assignees {
		o.Assignees = append(o.Assignees, u.login)
	}
	if i.milestone != nil {
		o.Milestone, o.MilestoneNumber = i.milestone.title, i.milestone.number
	}
	if i.parent != nil {
		link := s.linkTo(r, i.parent)
		o.Parent = &link
	}
	for _, child := range i.children {
		o.Children = append(o.Children, s.linkTo(r, child))
		if child.closed {
			o.ChildrenDone++
		}
	}
	return &view{Title: fmt.Sprintf("%s · Issue #%d · %s", i.title, i.number, r.fullName()), Tab: "issue", Page: o}, nil
}

// association is that word as it stands beside a name, "" when there is nothing to say.
func association(word string) string {
	if word == "NONE" {
		return ""
	}
	return word[:1] + strings.ToLower(word[1:])
}

func (s *Server) entry(v *visit, i *issue, e *event) entryView {
	o := entryView{Kind: e.kind, Actor: e.actor.login, At: e.at}
	switch e.kind {
	case "commented":
		m := e.comment
		base := fmt.Sprintf("/%s/comments/%d", v.repo.fullName(), m.id)
		o.Text = &textView{ID: m.id, Author: m.author.login, Association: association(v.repo.association(m.author)), Created: m.created, Source: m.body,
			HTML: template.HTML(s.pages.html(v.repo, s, m.body)), MayEdit: m.mayEdit(v.me) && !v.repo.archived, Comment: true, // it was sanitised
			Anchor: fmt.Sprintf("issuecomment-%d", m.id), TickTo: base + "/tick", EditTo: base + "/edit", Drop: base + "/delete"}
		if m.editedBy != nil {
			o.Text.Edited = m.editedBy.login
		}
	case "labeled", "unlabeled":
		o.Label = &labelView{e.label.name, e.label.color}
	case "assigned", "unassigned":
		o.Detail = e.assignee.login
	case "renamed":
		o.Detail = e.to
	case "milestoned", "demilestoned":
		o.Detail = e.milestone
	case "closed":
		o.Detail = strings.ReplaceAll(e.reason, "_", " ")
	}
	if e.issue != nil {
		link := s.linkTo(i.repo, e.issue)
		o.Link = &link
	}
	return o
}

func (s *Server) newPage(v *visit) (*view, error) {
	if v.repo.noIssues {
		return nil, issuesDisabled()
	}
	labels := []choiceView{}
	for _, l := range v.repo.labels {
		labels = append(labels, choiceView{Name: l.name, Color: l.color})
	}
	return &view{Title: "New issue · " + v.repo.fullName(), Tab: "new", Page: labels}, nil
}

// named is the full name of the repository of a request.
func (v *visit) named() string { return v.PathValue("owner") + "/" + v.PathValue("repo") }

func openFromPage(p Person, v *visit) (string, error) {
	number, err := p.Open(v.named(), v.PostForm.Get("title"), strings.ReplaceAll(v.PostForm.Get("body"), "\r\n", "\n"), v.PostForm["label"]...)
	return fmt.Sprintf("/%s/issues/%d", v.named(), number), err
}

// issueFromPage does what a form or a button of an issue's page says.
func issueFromPage(p Person, v *visit) (string, error) {
	repo, form := v.named(), v.PostForm
	number, err := strconv.Atoi(v.PathValue("issue"))
	if err != nil {
		return "", notFound()
	}
	to := fmt.Sprintf("/%s/issues/%d", repo, number)
	comment := func() error {
		if strings.TrimSpace(form.Get("body")) == "" {
			return nil
		}
		id, err := p.Comment(repo, number, form.Get("body"))
		to = fmt.Sprintf("/%s/issues/%d#issuecomment-%d", repo, number, id)
		return err
	}
	switch v.PathValue("do") {
	case "comment":
		if strings.TrimSpace(form.Get("body")) == "" {
			return "", checkComment("")
		}
		return to, comment()
	case "close":
		if err := comment(); err != nil {
			return "", err
		}
		return to, p.Close(repo, number, form.Get("reason"))
	case "reopen":
		if err := comment(); err != nil {
			return "", err
		}
		return to, p.Reopen(repo, number)
	case "title":
		return to, p.EditTitle(repo, number, form.Get("title"))
	case "body":
		return to, p.EditBody(repo, number, form.Get("body"))
	case "labels":
		return to, p.SetLabels(repo, number, form["label"]...)
	case "assignees":
		return to, p.Assign(repo, number, form["assignee"]...)
	case "lock", "unlock":
		return to, p.Lock(repo, number, v.PathValue("do") == "lock")
	case "tick":
		nth, err := strconv.Atoi(form.Get("task"))
		if err != nil {
			return "", notFound()
		}
		return to, p.Tick(repo, number, nth, form.Get("done") == "true")
	case "delete":
		return "/" + repo + "/issues", p.Delete(repo, number)
	}
	return "", notFound()
}

// commentFromPage does what a form of a comment says.
func commentFromPage(p Person, v *visit) (string, error) {
	id, err := strconv.ParseInt(v.PathValue("comment"), 10, 64)
	if err != nil {
		return "", notFound()
	}
	p.s.mu.Lock()
	at := ""
	if r, _ := p.s.findRepo(v.named()); r != nil && r.comment(id) != nil {
		at = fmt.Sprintf("/%s/issues/%d#issuecomment-%d", v.named(), r.comment(id).issue.number, id)
	}
	p.s.mu.Unlock()
	switch v.PathValue("do") {
	case "edit":
		return at, p.EditComment(v.named(), id, v.PostForm.Get("body"))
	case "delete":
		return at, p.DeleteComment(v.named(), id)
	case "tick":
		nth, err := strconv.Atoi(v.PostForm.Get("task"))
		if err != nil {
			return "", notFound()
		}
		return at, p.TickComment(v.named(), id, nth, v.PostForm.Get("done") == "true")
	}
	return "", notFound()
}
