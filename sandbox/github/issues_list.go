package github

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// issueFilter says which issues are wanted.
type issueFilter struct {
	state, creator, assignee, milestone, mentioned string
	labels                                         []string // all of them
	since                                          time.Time
}

func (f *issueFilter) takes(i *issue) bool {
	switch {
	case f.state != "all" && f.state != i.state(), i.updated.Before(f.since),
		f.creator != "" && !strings.EqualFold(f.creator, i.author.login),
		f.mentioned != "" && !strings.Contains(strings.ToLower(i.body), "@"+strings.ToLower(f.mentioned)):
		return false
	}
	for _, name := range f.labels {
		if !i.has(name) {
			return false
		}
	}
	switch f.assignee {
	case "":
	case "none":
		return f.inMilestone(i) && len(i.assignees) == 0
	case "*":
		return f.inMilestone(i) && len(i.assignees) > 0
	default:
		return f.inMilestone(i) && slices.ContainsFunc(i.assignees, func(u *user) bool { return strings.EqualFold(u.login, f.assignee) })
	}
	return f.inMilestone(i)
}

func (f *issueFilter) inMilestone(i *issue) bool {
	switch f.milestone {
	case "":
		return true
	case "none":
		return i.milestone == nil
	case "*":
		return i.milestone != nil
	}
	return i.milestone != nil && strconv.Itoa(i.milestone.number) == f.milestone
}

func (i *issue) has(name string) bool {
	return slices.ContainsFunc(i.labels, func(l *label) bool { return strings.EqualFold(l.name, name) })
}

// sortIssues orders issues by "created", "updated" or "comments"; the newer one is first of two that are equal.
func sortIssues(all []*issue, by string, descending bool) {
	slices.SortStableFunc(all, func(a, b *issue) int {
		order := 0
		switch by {
		case "updated":
			order = a.updated.Compare(b.updated)
		case "comments":
			order = cmp.Compare(len(a.comments), len(b.comments))
		default:
			order = cmp.Or(a.created.Compare(b.created), cmp.Compare(a.number, b.number))
		}
		if descending {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(b.number, a.number))
	})
}

// listIssues lists the issues of a repository; it knows of each from the moment it is made.
// https://docs.github.com/en/rest/issues/issues#list-repository-issues
func listIssues(s *Server, c *call) (answer, error) {
	state, err := c.choice("state", "Issue", "open", "open", "closed", "all")
	if err != nil {
		return answer{}, err
	}
	by, err := c.choice("sort", "Issue", "created", "created", "updated", "comments")
	if err != nil {
		return answer{}, err
	}
	direction, err := c.choice("direction", "Issue", "desc", "asc", "desc")
	if err != nil {
		return answer{}, err
	}
	since, err := c.since()
	if err != nil {
		return answer{}, err
	}
	f := issueFilter{state: state, since: since, creator: c.query.Get("creator"), assignee: c.query.Get("assignee"),
		milestone: c.query.Get("milestone"), mentioned: c.query.Get("mentioned")}
	if number, err := strconv.Atoi(f.milestone); f.milestone != "" && f.milestone != "none" && f.milestone != "*" && (err != nil || c.repo.milestone(number) == nil) {
		return answer{}, failedValidation(invalidValue("Issue", "milestone", f.milestone))
	}
	if login := f.assignee; login != "" && login != "none" && login != "*" && s.findUser(login) == nil {
		return answer{}, failedValidation(invalidValue("Issue", "assignee", login))
	}
	if f.creator != "" && s.findUser(f.creator) == nil {
		return answer{}, failedValidation(invalidValue("Issue", "creator", f.creator))
	}
	for _, name := range strings.Split(c.query.Get("labels"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			f.labels = append(f.labels, name)
		}
	}
	found := slices.DeleteFunc(c.repo.listed(), func(i *issue) bool { return !f.takes(i) })
	sortIssues(found, by, direction == "desc")
	return pageOf(s, c, found, func(i *issue) object { return s.issueShape(c, i) })
}
