package github_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/google/go-github/v57/github"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/github"
)

func many(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("label ", i)
	}
	return names
}

func TestWhatCannotBeWritten(t *testing.T) {
	long := strings.Repeat("ü", 65_537)
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
		says               string
		errs               []client.Error
	}{
		"no JSON":            {"POST", "issues", `{"title": `, 400, "Problems parsing JSON", nil},
		"no object":          {"POST", "issues", `"title"`, 400, "Body should be a JSON object", nil},
		"no title":           {"POST", "issues", `{"body": "x"}`, 422, "Invalid request.\n\n\"title\" wasn't supplied.", nil},
		"an empty title":     {"POST", "issues", `{"title": " "}`, 422, "Validation Failed", []client.Error{{Resource: "Issue", Field: "title", Code: "missing_field"}}},
		"a long title":       {"POST", "issues", `{"title": "` + strings.Repeat("x", 257) + `"}`, 422, "Validation Failed", []client.Error{{Resource: "Issue", Field: "title", Code: "custom", Message: "title is too long (maximum is 256 characters)"}}},
		"a long body":        {"POST", "issues", `{"title": "x", "body": "` + long + `"}`, 422, "Validation Failed", []client.Error{{Resource: "Issue", Field: "body", Code: "custom", Message: "body is too long (maximum is 65536 characters)"}}},
		"labels that are no": {"POST", "issues", `{"title": "x", "labels": "bug"}`, 422, "Invalid request.\n\nFor 'properties/labels', \"bug\" is not an array.", nil},
		"a long label":       {"POST", "issues", `{"title": "x", "labels": ["` + strings.Repeat("x", 51) + `"]}`, 422, "Validation Failed", []client.Error{{Resource: "Label", Field: "name", Code: "invalid"}}},
		"a stranger":         {"POST", "issues", `{"title": "x", "assignees": ["stranger", "ben"]}`, 422, "Validation Failed", []client.Error{{Resource: "Issue", Field: "assignees", Code: "invalid"}}},
		"no such milestone":  {"PATCH", "issues/1", `{"milestone": 7}`, 422, "Validation Failed", []client.Error{{Resource: "Issue", Field: "milestone", Code: "invalid"}}},
		"no such state":      {"PATCH", "issues/1", `{"state": "done"}`, 422, "Invalid request.\n\n\"done\" is not a member of [\"open\",\"closed\"].", nil},
		"no such issue":      {"PATCH", "issues/2", `{"state": "closed"}`, 404, "Not Found", nil},
		"an empty comment":   {"POST", "issues/1/comments", `{"body": ""}`, 422, "Validation Failed", []client.Error{{Resource: "IssueComment", Field: "data", Code: "unprocessable", Message: "Body cannot be blank"}}},
		"a long comment":     {"POST", "issues/1/comments", `{"body": "` + long + `"}`, 422, "Validation Failed", []client.Error{{Resource: "IssueComment", Field: "data", Code: "unprocessable", Message: "Body is too long (maximum is 65536 characters)"}}},
		"a label that is":    {"POST", "labels", `{"name": "BUG", "color": "red"}`, 422, "Validation Failed", []client.Error{{Resource: "Label", Field: "name", Code: "already_exists"}, {Resource: "Label", Field: "color", Code: "invalid"}}},
		"a long label name":  {"POST", "labels", `{"name": "` + strings.Repeat("x", 51) + `"}`, 422, "Validation Failed", []client.Error{{Resource: "Label", Field: "name", Code: "custom", Message: "name is too long (maximum is 50 characters)"}}},
		"101 labels":         {"PUT", "issues/1/labels", `{"labels": ["` + strings.Join(many(101), `","`) + `"]}`, 422, "Validation Failed", []client.Error{{Resource: "Issue", Code: "custom", Message: "Issues cannot have more than 100 labels"}}},
		"a label not there":  {"DELETE", "issues/1/labels/bug", ``, 404, "Label does not exist", nil},
		"a slash too many":   {"POST", "issues/", `{"title": "x"}`, 404, "Not Found", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, github.Options{})
			s.issue("There is one")
			req, err := s.client.NewRequest(tc.method, "repos/"+backend+"/"+tc.path, nil)
			require.NoError(t, err)
			raw, err := http.NewRequestWithContext(s.ctx, tc.method, req.URL.String(), strings.NewReader(tc.body))
			require.NoError(t, err)
			_, err = s.client.Do(s.ctx, raw, nil)
			refusal := refused(t, err)
			require.Equal(t, tc.status, refusal.Response.StatusCode)
			require.Equal(t, tc.says, refusal.Message)
			require.Equal(t, tc.errs, refusal.Errors)
			require.Len(t, s.Issues(backend), 1)
			require.Empty(t, s.Issues(backend)[0].Labels)
			require.Len(t, s.Labels(backend), 9)
		})
	}
}

func TestAnIssuesLife(t *testing.T) {
	s := open(t, github.Options{})
	labels, people := []string{"post-mortem", "bug"}, []string{"ben"}
	made, res, err := s.client.Issues.Create(s.ctx, "kampyn", "backend", &client.IssueRequest{Title: ptr("Payments fail"), Body: ptr("x"), Labels: &labels, Assignees: &people})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, res.StatusCode)
	require.Equal(t, made.GetURL(), res.Header.Get("Location"))
	require.Equal(t, "ededed", made.Labels[0].GetColor(), "an unknown label is made")
	require.Contains(t, s.Labels(backend), "post-mortem")
	require.Equal(t, "ben", made.GetAssignee().GetLogin())
	require.Equal(t, "MEMBER", made.GetAuthorAssociation())

	closed, _, err := s.client.Issues.Edit(s.ctx, "kampyn", "backend", 1, &client.IssueRequest{State: ptr("closed")})
	require.NoError(t, err)
	require.Equal(t, "completed", closed.GetStateReason())
	require.Equal(t, "opsbot", closed.GetClosedBy().GetLogin())
	require.False(t, closed.GetClosedAt().IsZero())
	opened, _, err := s.client.Issues.Edit(s.ctx, "kampyn", "backend", 1, &client.IssueRequest{State: ptr("open"), Body: ptr("y")})
	require.NoError(t, err)
	require.Equal(t, "reopened", opened.GetStateReason())
	require.Nil(t, opened.ClosedAt)
	require.Equal(t, []string{"labeled", "labeled", "assigned", "closed", "reopened"}, s.Issues(backend)[0].Events)

	comment, _, err := s.client.Issues.CreateComment(s.ctx, "kampyn", "backend", 1, &client.IssueComment{Body: ptr("one")})
	require.NoError(t, err)
	_, _, err = s.client.Issues.EditComment(s.ctx, "kampyn", "backend", comment.GetID(), &client.IssueComment{Body: ptr("two")})
	require.NoError(t, err)
	require.Equal(t, "two", s.Issues(backend)[0].Comments[0].Body)
	_, err = s.client.Issues.DeleteComment(s.ctx, "kampyn", "backend", comment.GetID())
	require.NoError(t, err)
	require.Empty(t, s.Issues(backend)[0].Comments)

	_, err = s.client.Issues.Lock(s.ctx, "kampyn", "backend", 1, &client.LockIssueOptions{LockReason: "resolved"})
	require.NoError(t, err)
	locked := refused(t, try["comment"](s, s.as(s.AddToken(github.Token{User: "chitra", Scopes: []string{"repo"}}))))
	require.Equal(t, "Unable to create comment because issue is locked.", locked.Message)
	require.NoError(t, try["comment"](s, s.client))
}

func TestAReaderCannotSetLabels(t *testing.T) {
	s := open(t, github.Options{})
	labels := []string{"bug", "new one"}
	issue, _, err := s.as(s.AddToken(github.Token{User: "chitra", Scopes: []string{"repo"}})).
		Issues.Create(s.ctx, "kampyn", "backend", &client.IssueRequest{Title: ptr("x"), Labels: &labels, Assignees: &[]string{"ben"}})
	require.NoError(t, err)
	require.Empty(t, issue.Labels)
	require.Empty(t, issue.Assignees)
	require.NotContains(t, s.Labels(backend), "new one")
}

func TestLists(t *testing.T) {
	now := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	s := open(t, github.Options{Now: func() time.Time { return now }})
	for n := range 45 {
		now = now.Add(time.Minute)
		s.issue(fmt.Sprint("Issue ", n+1), map[bool]string{true: "post-mortem", false: "action"}[n%3 == 0])
	}
	now = now.Add(time.Hour)
	require.NoError(t, s.Person("anna").Close(backend, 7, ""))
	numbers := func(o client.IssueListByRepoOptions) []int {
		var all []int
		for {
			page, res, err := s.client.Issues.ListByRepo(s.ctx, "kampyn", "backend", &o)
			require.NoError(t, err)
			for _, i := range page {
				all = append(all, i.GetNumber())
			}
			if o.Page = res.NextPage; o.Page == 0 {
				return all
			}
		}
	}
	require.Len(t, numbers(client.IssueListByRepoOptions{}), 44)
	all := numbers(client.IssueListByRepoOptions{State: "all", ListOptions: client.ListOptions{PerPage: 100}})
	require.Equal(t, 45, all[0], "the newest first")
	require.Equal(t, all, numbers(client.IssueListByRepoOptions{State: "all", ListOptions: client.ListOptions{PerPage: 7}}))
	slices.Reverse(all)
	require.Equal(t, all, numbers(client.IssueListByRepoOptions{State: "all", Direction: "asc"}))
	require.Equal(t, []int{7}, numbers(client.IssueListByRepoOptions{State: "closed"}))
	require.Len(t, numbers(client.IssueListByRepoOptions{State: "all", Labels: []string{"post-mortem"}}), 15)
	require.Empty(t, numbers(client.IssueListByRepoOptions{State: "all", Labels: []string{"post-mortem", "action"}}), "all labels are wanted")
	require.Equal(t, []int{7}, numbers(client.IssueListByRepoOptions{State: "all", Since: now}))
	require.Equal(t, 7, numbers(client.IssueListByRepoOptions{State: "all", Sort: "updated"})[0])
	require.Empty(t, numbers(client.IssueListByRepoOptions{Creator: "anna"}))

	res := s.ask("GET", "repos/"+backend+"/issues?per_page=20&page=2&state=all", nil)
	link := strings.ReplaceAll(res.Header.Get("Link"), s.APIURL(), "")
	require.Equal(t, `<repos/kampyn/backend/issues?page=1&per_page=20&state=all>; rel="prev", `+
		`<repos/kampyn/backend/issues?page=3&per_page=20&state=all>; rel="next", `+
		`<repos/kampyn/backend/issues?page=3&per_page=20&state=all>; rel="last", `+
		`<repos/kampyn/backend/issues?page=1&per_page=20&state=all>; rel="first"`, link)
}

func TestLabelsAndAssignees(t *testing.T) {
	s := open(t, github.Options{})
	s.issue("One", "bug")
	_, _, err := s.client.Issues.CreateLabel(s.ctx, "kampyn", "backend", &client.Label{Name: ptr("area/api"), Color: ptr("00FF00"), Description: ptr("the API")})
	require.NoError(t, err)
	label, _, err := s.client.Issues.GetLabel(s.ctx, "kampyn", "backend", "Area%2FAPI")
	require.NoError(t, err)
	require.Equal(t, "00ff00", label.GetColor())
	names := func(labels []*client.Label, _ *client.Response, err error) (all []string) {
		require.NoError(t, err)
		for _, l := range labels {
			all = append(all, l.GetName())
		}
		return all
	}
	require.Equal(t, []string{"bug", "area/api"}, names(s.client.Issues.AddLabelsToIssue(s.ctx, "kampyn", "backend", 1, []string{"area/api", "BUG"})))
	require.Equal(t, []string{"new"}, names(s.client.Issues.ReplaceLabelsForIssue(s.ctx, "kampyn", "backend", 1, []string{"new"})))
	_, err = s.client.Issues.RemoveLabelForIssue(s.ctx, "kampyn", "backend", 1, "new")
	require.NoError(t, err)
	require.Empty(t, s.Issues(backend)[0].Labels)

	can, _, err := s.client.Issues.IsAssignee(s.ctx, "kampyn", "backend", "chitra")
	require.NoError(t, err)
	require.True(t, can)
	can, _, err = s.client.Issues.IsAssignee(s.ctx, "kampyn", "website", "chitra")
	require.NoError(t, err)
	require.False(t, can)
	issue, _, err := s.client.Issues.AddAssignees(s.ctx, "kampyn", "backend", 1, []string{"ben", "stranger"})
	require.NoError(t, err)
	require.Len(t, issue.Assignees, 1, "who has no access is dropped here")
	issue, _, err = s.client.Issues.RemoveAssignees(s.ctx, "kampyn", "backend", 1, []string{"Ben"})
	require.NoError(t, err)
	require.Empty(t, issue.Assignees)
}

func TestLinkedIssues(t *testing.T) {
	s := open(t, github.Options{})
	s.issue("Post-mortem")
	action, _, err := s.client.Issues.Create(s.ctx, "kampyn", "backend", &client.IssueRequest{Title: ptr("Alert earlier"), Body: ptr("Part of " + s.URL() + "/kampyn/backend/issues/1.")})
	require.NoError(t, err)
	require.Equal(t, []string{"cross-referenced"}, s.Issues(backend)[0].Events)

	add := func(parent int, fields map[string]any) error {
		req, err := s.client.NewRequest("POST", fmt.Sprintf("repos/%s/issues/%d/sub_issues", backend, parent), fields)
		require.NoError(t, err)
		_, err = s.client.Do(s.ctx, req, nil)
		return err
	}
	require.NoError(t, add(1, map[string]any{"sub_issue_id": action.GetID()}))
	require.Equal(t, []string{"kampyn/backend#2"}, s.Issues(backend)[0].SubIssues)
	require.Contains(t, refused(t, add(1, map[string]any{"sub_issue_id": action.GetID()})).Message, "duplicate")
	require.Contains(t, refused(t, add(2, map[string]any{"sub_issue_id": s.Issues(backend)[0].ID})).Message, "circle")
	require.Equal(t, http.StatusOK, s.ask("GET", "repos/"+backend+"/issues/2/parent", nil).StatusCode)
	require.Equal(t, http.StatusNotFound, s.ask("GET", "repos/"+backend+"/issues/1/parent", nil).StatusCode)
}
