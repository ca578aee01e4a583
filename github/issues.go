package github

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/go-github/v57/github"
)

// Issue is an issue as GitHub says it is.
type Issue struct {
	Number           int
	URL, Title, Body string
	// State is "open" or "closed".
	State                    string
	Labels, Assignees        []string
	Created, Updated, Closed time.Time

	author   string
	comments int
}

func issueOf(i *github.Issue) Issue {
	out := Issue{Number: i.GetNumber(), URL: i.GetHTMLURL(), Title: i.GetTitle(), Body: i.GetBody(), State: i.GetState(), author: i.GetUser().GetLogin(),
		Created: i.GetCreatedAt().Time, Updated: i.GetUpdatedAt().Time, Closed: i.GetClosedAt().Time, comments: i.GetComments()}
	for _, l := range i.Labels {
		out.Labels = append(out.Labels, l.GetName())
	}
	for _, u := range i.Assignees {
		out.Assignees = append(out.Assignees, u.GetLogin())
	}
	return out
}

// Read reads an issue. While it has not changed, that costs nothing of the limit.
func (r *Repo) Read(ctx context.Context, number int) (Issue, error) {
	var found *github.Issue
	err := r.ask(ctx, func(ctx context.Context) (err error) {
		found, _, err = r.client.Issues.Get(ctx, r.owner, r.name, number)
		return whole(found, err)
	})
	if err != nil {
		return Issue{}, fault("read an issue of", err)
	}
	return issueOf(found), nil
}

// whole makes an error of an answer without an issue: go-github takes an empty one for good.
func whole(i *github.Issue, err error) error {
	if err == nil && i.GetNumber() == 0 {
		return errNoAnswer
	}
	return err
}

// mostPages bounds lists: a hundred issues each.
const mostPages = 50

// list tells of issues, open and closed, in descending order and without pull requests, until take answers false. It
// answers false when it ends for the bound of pages.
func (r *Repo) list(ctx context.Context, o github.IssueListByRepoOptions, take func(Issue) bool) (ended bool, err error) {
	o.State, o.Direction = "all", "desc"
	err = r.pages(ctx, mostPages, func(ctx context.Context, page github.ListOptions) (*github.Response, error) {
		o.ListOptions = page
		found, answer, err := r.client.Issues.ListByRepo(ctx, r.owner, r.name, &o)
		if err != nil {
			return answer, err
		}
		ended = answer.NextPage == 0
		for _, i := range found {
			if !i.IsPullRequest() && !take(issueOf(i)) {
				ended, answer.NextPage = true, 0
				break
			}
		}
		return answer, nil
	})
	if err != nil {
		return false, fault("list the issues of", err)
	}
	return ended, nil
}

// Draft is an issue to be filed.
type Draft struct {
	// Title is cut after 256 characters, which is GitHub's limit.
	Title  string
	Body   Body
	Labels []Label
	// Mark is for this issue alone, such as "opsbot:incident:T0123:12": letters, digits, and single : . _ -
	Mark string
	// Since is a time before which nothing with the mark can have been filed.
	Since time.Time
}

// Filed is an issue that was filed.
type Filed struct {
	Issue
	// Found says that an earlier attempt had made it.
	Found bool
	// Without are the labels that it does not have, because GitHub did not let them be made or given.
	Without []string
}

// maxTitle is of characters.
const maxTitle = 256

// skew is how much the clocks of opsbot and GitHub may differ.
const skew = 10 * time.Minute

var markForm = regexp.MustCompile(`^[A-Za-z0-9]+(?:[:._-][A-Za-z0-9]+)*$`)

func note(mark string) string { return "<!-- " + mark + " -->" }

// File files an issue once, whatever ended an earlier attempt: it first looks through the token's own issues for the
// mark, by the list, which knows of an issue at once; the search does not. An error may leave open whether it was made
// (see Passing); the next attempt finds out. Of a long body the first part is filed: Update writes the rest.
func (r *Repo) File(ctx context.Context, d Draft) (Filed, error) {
	if !markForm.MatchString(d.Mark) {
		return Filed{}, &refusal{what: "github: an issue cannot be filed with the mark " + d.Mark}
	}
	select {
	case r.filing <- struct{}{}:
		defer func() { <-r.filing }()
	case <-ctx.Done():
		return Filed{}, ctx.Err()
	}
	found, err := r.find(ctx, d)
	if err != nil || found.Number != 0 {
		return Filed{Issue: found, Found: err == nil}, err
	}
	labels, without, err := r.ensure(ctx, d.Labels)
	if err != nil {
		return Filed{}, err
	}
	title := d.Title
	if utf8.RuneCountInString(title) > maxTitle {
		title = string([]rune(title)[:maxTitle-1]) + "…"
	}
	body := note(d.Mark) + "\n" + Split(d.Body, BodyLimit)[0].String()
	request := &github.IssueRequest{Title: &title, Body: &body}
	if len(labels) > 0 {
		request.Labels = &labels
	}
	made, err := r.create(ctx, request)
	if err != nil {
		return Filed{}, err
	}
	for _, name := range labels { // GitHub drops them silently when the token's user may not give any
		if !slices.ContainsFunc(made.Labels, func(have string) bool { return strings.EqualFold(have, name) }) {
			without = append(without, name)
		}
	}
	return Filed{Issue: made, Without: without}, nil
}

// create makes an issue. https://docs.github.com/en/rest/issues/issues#create-an-issue
func (r *Repo) create(ctx context.Context, request *github.IssueRequest) (Issue, error) {
	var made *github.Issue
	err := r.write(ctx, func(ctx context.Context) (err error) {
		made, _, err = r.client.Issues.Create(ctx, r.owner, r.name, request)
		return whole(made, err)
	})
	if err != nil {
		return Issue{}, fault("file an issue in", err)
	}
	return issueOf(made), nil
}

// find looks for the issue with a mark; the oldest, should there be several. A mark counts in issues of the token's own
// user only: others can copy it.
func (r *Repo) find(ctx context.Context, d Draft) (found Issue, err error) {
	creator, err := r.who(ctx)
	if err != nil {
		return Issue{}, err
	}
	since := d.Since.Add(-skew)
	if d.Since.IsZero() {
		since = time.Time{}
	}
	ended, err := r.list(ctx, github.IssueListByRepoOptions{Creator: creator, Since: since, Sort: "created"}, func(i Issue) bool {
		if strings.Contains(i.Body, note(d.Mark)) {
			found = i
		}
		return !i.Created.Before(since)
	})
	if err == nil && !ended && found.Number == 0 {
		return Issue{}, &refusal{what: "Too many issues were filed in the meantime to know whether this one is among them", todo: "File it by hand."}
	}
	return found, err
}

// who is the login of the token's user, "" when GitHub does not tell: an app has none.
// https://docs.github.com/en/rest/users/users#get-the-authenticated-user
func (r *Repo) who(ctx context.Context) (string, error) {
	r.mu.Lock()
	login := r.login
	r.mu.Unlock()
	if login != nil {
		return *login, nil
	}
	var user *github.User
	err := r.ask(ctx, func(ctx context.Context) (err error) {
		user, _, err = r.client.Users.Get(ctx, "")
		return err
	})
	if status := Status(err); err != nil && status != http.StatusForbidden && status != http.StatusNotFound {
		return "", fault("ask whose token it is that is used for", err)
	}
	name := user.GetLogin()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.login = &name
	return name, nil
}

// Change is what is to become of an issue; nil is "as it is".
type Change struct {
	Title, Body *string
	// State is "open" or "closed"; Reason is "completed" or "not_planned", for a closed one.
	State, Reason *string
	AddLabels     []Label
}

// Edit changes an issue. Without are the labels that it could not be given. All of it may be done twice.
// https://docs.github.com/en/rest/issues/issues#update-an-issue
func (r *Repo) Edit(ctx context.Context, number int, c Change) (issue Issue, without []string, err error) {
	if c.Title != nil || c.Body != nil || c.State != nil {
		err = r.write(ctx, func(ctx context.Context) error {
			request := &github.IssueRequest{Title: c.Title, Body: c.Body, State: c.State, StateReason: c.Reason}
			_, _, err := r.client.Issues.Edit(ctx, r.owner, r.name, number, request)
			return err
		})
		if err != nil {
			return Issue{}, nil, fault("change an issue of", err)
		}
	}
	if without, err = r.give(ctx, number, c.AddLabels); err != nil {
		return Issue{}, nil, err
	}
	issue, err = r.Read(ctx, number)
	return issue, without, err
}

// give adds labels to an issue.
func (r *Repo) give(ctx context.Context, number int, labels []Label) (without []string, err error) {
	if len(labels) == 0 {
		return nil, nil
	}
	names, without, err := r.ensure(ctx, labels)
	if err != nil || len(names) == 0 {
		return without, err
	}
	err = r.write(ctx, func(ctx context.Context) error {
		_, _, err := r.client.Issues.AddLabelsToIssue(ctx, r.owner, r.name, number, names)
		return err
	})
	if Status(err) == http.StatusForbidden {
		return append(without, names...), nil
	}
	if err != nil {
		return nil, fault("label an issue of", err)
	}
	return without, nil
}
