package github_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	client "github.com/google/go-github/v57/github"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/github"
)

// browser is a person at the pages.
type browser struct {
	*stage
	http *http.Client
}

func (s *stage) browse(login string) *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	b := &browser{s, &http.Client{Jar: jar}}
	b.post("/as", url.Values{"as": {login}, "back": {"/"}})
	return b
}

func (b *browser) read(res *http.Response, err error) (int, string) {
	b.t.Helper()
	require.NoError(b.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	return res.StatusCode, string(body)
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.read(b.http.Get(b.URL() + path))
}

func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	return b.read(b.http.PostForm(b.URL()+path, form))
}

func TestPeopleWorkOnThePages(t *testing.T) {
	s := open(t, github.Options{})
	issue, _, err := s.client.Issues.Create(s.ctx, "kampyn", "backend", &client.IssueRequest{Title: ptr("Payments fail"),
		Body: ptr("Ask @anna about #1.\n\n- [ ] one\n- [x] two\n\n<!-- mark --><script>alert(1)</script><img src=x onerror=alert(1)>")})
	require.NoError(t, err)
	anna := s.browse("anna")
	page := strings.TrimPrefix(issue.GetHTMLURL(), s.URL())
	status, text := anna.get(page)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, `<a href="`+s.URL()+`/anna" class="mention" rel="nofollow">@anna</a>`)
	require.Contains(t, text, `class="reference" rel="nofollow">#1</a>`)
	require.Contains(t, text, `data-tick="/kampyn/backend/issues/1/tick"`)
	shown := strings.Split(strings.Split(text, `data-tick`)[1], `<details class="edit">`)[0] // the source in the form is escaped
	for _, evil := range []string{"<script", "onerror", "mark"} {
		require.NotContains(t, shown, evil)
	}

	anna.post(page+"/tick", url.Values{"task": {"0"}, "done": {"true"}})
	anna.post(page+"/tick", url.Values{"task": {"1"}, "done": {"false"}})
	require.Contains(t, s.Issues(backend)[0].Body, "- [x] one\n- [ ] two\n")
	_, text = anna.post(page+"/comment", url.Values{"body": {"On it.\r\n\r\n- [ ] three"}})
	require.Contains(t, text, "On it.")
	comment := s.Issues(backend)[0].Comments[0]
	require.Equal(t, "On it.\n\n- [ ] three", comment.Body)
	anna.post("/kampyn/backend/comments/"+last(s.commentURL(1)), url.Values{}) // no such page
	anna.post("/kampyn/backend/comments/"+last(s.commentURL(1))+"/tick", url.Values{"task": {"0"}, "done": {"true"}})
	anna.post(page+"/labels", url.Values{"label": {"bug"}})
	anna.post(page+"/assignees", url.Values{"assignee": {"ben"}})
	anna.post(page+"/title", url.Values{"title": {"Payments failed"}})
	anna.post(page+"/body", url.Values{"body": {"rewritten"}})
	anna.post(page+"/close", url.Values{"reason": {"not_planned"}})
	now := s.Issues(backend)[0]
	require.Equal(t, []string{"bug"}, now.Labels)
	require.Equal(t, []string{"ben"}, now.Assignees)
	require.Equal(t, []string{"Payments failed", "rewritten", "closed", "not_planned"}, []string{now.Title, now.Body, now.State, now.Reason})
	require.Equal(t, "On it.\n\n- [x] three", now.Comments[0].Body)
	_, text = anna.post(page+"/title", url.Values{"title": {" "}, "back": {page}})
	require.Contains(t, text, "title must not be empty")
	_, text = anna.post("/kampyn/backend/issues", url.Values{"title": {"Another"}, "label": {"bug"}})
	require.Contains(t, text, "Another")
	require.Len(t, s.Issues(backend), 2)
	for path, shows := range map[string]string{
		"/": backend, "/kampyn": website, "/kampyn/backend": "README.md", "/kampyn/backend/issues": "Another", "/kampyn/backend/issues?state=closed": "Payments failed",
		"/kampyn/backend/issues/new": "New issue", "/kampyn/backend/labels": "good first issue", "/kampyn/backend/actions": "No workflow has run yet.",
		"/kampyn/backend/security/dependabot": "Nothing has been found.", "/kampyn/backend/blob/main/docs/health.md": "GET /api/health",
	} {
		status, text := anna.get(path)
		require.Equal(t, http.StatusOK, status, path)
		require.Contains(t, text, shows, path)
	}
	for _, path := range []string{"/kampyn/backend/nothing", "/kampyn/backend/nothing/there", "/a/b/c/d/e", "/kampyn/backend/issues/99"} {
		status, text := anna.get(path)
		require.Equal(t, http.StatusNotFound, status, path)
		require.Contains(t, text, "All repositories", path)
	}
	anna.post("/kampyn/backend/actions", url.Values{"workflow": {"CI"}, "conclusion": {"failure"}})
	runs, _, err := s.client.Actions.ListRepositoryWorkflowRuns(s.ctx, "kampyn", "backend", nil)
	require.NoError(t, err)
	require.Equal(t, "failure", runs.WorkflowRuns[0].GetConclusion())
}

// commentURL is the address of the first comment of an issue.
func (s *stage) commentURL(issue int) string {
	comments, _, err := s.client.Issues.ListComments(s.ctx, "kampyn", "backend", issue, nil)
	require.NoError(s.t, err)
	return comments[0].GetURL()
}

func last(address string) string { return address[strings.LastIndex(address, "/")+1:] }

func TestThePagesKeepToRights(t *testing.T) {
	s := open(t, github.Options{})
	s.issue("There is one")
	s.AddUser("stranger", "Nobody")
	status, _ := s.browse("stranger").get("/kampyn/backend/issues/1")
	require.Equal(t, http.StatusNotFound, status)
	chitra := s.browse("chitra")
	_, text := chitra.get("/kampyn/backend/issues/1")
	require.NotContains(t, text, "Edit title")
	_, text = chitra.post("/kampyn/backend/issues/1/body", url.Values{"body": {"x"}, "back": {"/kampyn/backend/issues/1"}})
	require.Contains(t, text, "Must have admin rights to Repository.")
	status, _ = chitra.get("/kampyn/backend/security/dependabot")
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "", s.Issues(backend)[0].Body)

	evil, err := http.NewRequestWithContext(s.ctx, "POST", s.URL()+"/kampyn/backend/issues/1/close", nil)
	require.NoError(t, err)
	evil.Header.Set("Origin", "https://evil.example")
	evil.Header.Set("Sec-Fetch-Site", "cross-site")
	status, _ = chitra.read(http.DefaultClient.Do(evil))
	require.Equal(t, http.StatusForbidden, status)
	evil, err = http.NewRequestWithContext(s.ctx, "GET", s.URL()+"/", nil)
	require.NoError(t, err)
	evil.Host = "evil.example"
	status, _ = chitra.read(http.DefaultClient.Do(evil))
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "open", s.Issues(backend)[0].State)
}

func TestMediaTypes(t *testing.T) {
	s := open(t, github.Options{})
	s.issue("One")
	require.NoError(t, s.Person("anna").EditBody(backend, 1, "**bold** & <b>\n- [ ] a"))
	for media, want := range map[string][]string{
		"application/vnd.github.raw+json": {`"body":"**bold**`}, "application/vnd.github.html+json": {`"body_html":"<p><strong>bold</strong>`},
		"application/vnd.github.text+json": {`"body_text":"bold & `}, "application/vnd.github.full+json": {`"body":"`, `"body_html":"`, `"body_text":"`},
	} {
		body, err := io.ReadAll(s.ask("GET", "repos/"+backend+"/issues/1", http.Header{"Accept": {media}}).Body)
		require.NoError(t, err)
		for _, part := range want {
			require.Contains(t, string(body), part, media)
		}
	}
}
