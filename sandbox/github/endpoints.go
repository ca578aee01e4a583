package github

import (
	"net/url"
	"strings"
)

// endpoint is a row of the table of the API: all that is known about an endpoint besides its work.
type endpoint struct {
	// call is the method and the path; {name} is one segment, {name...} one or more.
	call string
	// docs is where it is documented, below docsRoot.
	docs string
	// permissions are what a fine-grained token needs, each sufficient: "issues=write".
	permissions []string
	// role is the least that the user must have in the repository.
	role Role
	run  func(*Server, *call) (answer, error)
}

// is says whether the endpoint is about one repository.
func (e *endpoint) ofRepo() bool { return strings.Contains(e.call, "/{owner}/{repo}") }

// writes says whether the endpoint changes something.
func (e *endpoint) writes() bool { return !strings.HasPrefix(e.call, "GET ") }

// ofIssues says whether the endpoint is gone when issues are disabled.
func (e *endpoint) ofIssues() bool { return strings.Contains(e.call, "/{repo}/issues") }

// resource is the limit that requests to the endpoint count against; "" for none.
func (e *endpoint) resource() string {
	switch {
	case strings.Contains(e.call, " /search/"):
		return "search"
	case strings.HasSuffix(e.call, " /rate_limit"):
		return ""
	}
	return "core"
}

var (
	readsMetadata = []string{"metadata=read"}
	readsIssues   = []string{"issues=read", "pull_requests=read"}
	writesIssues  = []string{"issues=write", "pull_requests=write"}
	onlyIssues    = []string{"issues=write"}
)

// endpoints is the table of the API. Whatever is not in it is not found. Permissions are those of
// https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
var endpoints = []endpoint{
	{"GET /user", "users/users#get-the-authenticated-user", nil, None, getMe},
	{"GET /users/{user}", "users/users#get-a-user", nil, None, getUser},
	{"GET /rate_limit", "rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user", nil, None, getRateLimit},
	{"GET /meta", "meta/meta#get-github-meta-information", nil, None, getMeta},
	{"GET /search/issues", "search/search#search-issues-and-pull-requests", nil, None, searchIssues},

	{"GET /repos/{owner}/{repo}", "repos/repos#get-a-repository", readsMetadata, Read, getRepo},
	{"GET /repos/{owner}/{repo}/collaborators/{user}/permission", "collaborators/collaborators#get-repository-permissions-for-a-user", readsMetadata, Read, getPermission},
	{"GET /repos/{owner}/{repo}/branches", "branches/branches#list-branches", []string{"contents=read"}, Read, listBranches},
	{"GET /repos/{owner}/{repo}/branches/{branch...}", "branches/branches#get-a-branch", []string{"contents=read"}, Read, getBranch},
	{"GET /repos/{owner}/{repo}/git/ref/{ref...}", "git/refs#get-a-reference", []string{"contents=read"}, Read, getRef},
	{"GET /repos/{owner}/{repo}/contents/{path...}", "repos/contents#get-repository-content", []string{"contents=read"}, Read, getContent},
	{"GET /repos/{owner}/{repo}/commits/{ref...}/check-runs", "checks/runs#list-check-runs-for-a-git-reference", []string{"checks=read"}, Read, listCheckRuns},
	{"GET /repos/{owner}/{repo}/commits/{ref...}/status", "commits/statuses#get-the-combined-status-for-a-specific-reference", []string{"statuses=read"}, Read, getStatus},
	{"GET /repos/{owner}/{repo}/commits/{ref...}", "commits/commits#get-a-commit", []string{"contents=read"}, Read, getCommit},
	{"GET /repos/{owner}/{repo}/actions/runs", "actions/workflow-runs#list-workflow-runs-for-a-repository", []string{"actions=read"}, Read, listRuns},
	{"GET /repos/{owner}/{repo}/actions/workflows/{workflow}/runs", "actions/workflow-runs#list-workflow-runs-for-a-workflow", []string{"actions=read"}, Read, listRuns},
	{"GET /repos/{owner}/{repo}/dependabot/alerts", "dependabot/alerts#list-dependabot-alerts-for-a-repository", []string{"vulnerability_alerts=read"}, Write, listAlerts},

	{"GET /repos/{owner}/{repo}/issues", "issues/issues#list-repository-issues", readsIssues, Read, listIssues},
	{"POST /repos/{owner}/{repo}/issues", "issues/issues#create-an-issue", onlyIssues, Read, createIssue},
	{"GET /repos/{owner}/{repo}/issues/comments", "issues/comments#list-issue-comments-for-a-repository", readsIssues, Read, listRepoComments},
	{"GET /repos/{owner}/{repo}/issues/comments/{comment}", "issues/comments#get-an-issue-comment", readsIssues, Read, getComment},
	{"PATCH /repos/{owner}/{repo}/issues/comments/{comment}", "issues/comments#update-an-issue-comment", writesIssues, Read, updateComment},
	{"DELETE /repos/{owner}/{repo}/issues/comments/{comment}", "issues/comments#delete-an-issue-comment", writesIssues, Read, deleteComment},
	{"GET /repos/{owner}/{repo}/issues/{issue}", "issues/issues#get-an-issue", readsIssues, Read, getIssue},
	{"PATCH /repos/{owner}/{repo}/issues/{issue}", "issues/issues#update-an-issue", writesIssues, Read, updateIssue},
	{"PUT /repos/{owner}/{repo}/issues/{issue}/lock", "issues/issues#lock-an-issue", writesIssues, Write, lockIssue},
	{"DELETE /repos/{owner}/{repo}/issues/{issue}/lock", "issues/issues#unlock-an-issue", writesIssues, Write, unlockIssue},
	{"GET /repos/{owner}/{repo}/issues/{issue}/comments", "issues/comments#list-issue-comments", readsIssues, Read, listComments},
	{"POST /repos/{owner}/{repo}/issues/{issue}/comments", "issues/comments#create-an-issue-comment", writesIssues, Read, createComment},
	{"GET /repos/{owner}/{repo}/issues/{issue}/events", "issues/events#list-issue-events", readsIssues, Read, listEvents},
	{"GET /repos/{owner}/{repo}/issues/{issue}/timeline", "issues/timeline#list-timeline-events-for-an-issue", readsIssues, Read, listTimeline},
	{"GET /repos/{owner}/{repo}/issues/{issue}/labels", "issues/labels#list-labels-for-an-issue", readsIssues, Read, listIssueLabels},
	{"POST /repos/{owner}/{repo}/issues/{issue}/labels", "issues/labels#add-labels-to-an-issue", writesIssues, Triage, addIssueLabels},
	{"PUT /repos/{owner}/{repo}/issues/{issue}/labels", "issues/labels#set-labels-for-an-issue", writesIssues, Triage, setIssueLabels},
	{"DELETE /repos/{owner}/{repo}/issues/{issue}/labels", "issues/labels#remove-all-labels-from-an-issue", writesIssues, Triage, clearIssueLabels},
	{"DELETE /repos/{owner}/{repo}/issues/{issue}/labels/{label}", "issues/labels#remove-a-label-from-an-issue", writesIssues, Triage, removeIssueLabel},
	{"POST /repos/{owner}/{repo}/issues/{issue}/assignees", "issues/assignees#add-assignees-to-an-issue", writesIssues, Read, addAssignees},
	{"DELETE /repos/{owner}/{repo}/issues/{issue}/assignees", "issues/assignees#remove-assignees-from-an-issue", writesIssues, Read, removeAssignees},
	{"GET /repos/{owner}/{repo}/issues/{issue}/sub_issues", "issues/sub-issues#list-sub-issues", []string{"issues=read"}, Read, listSubIssues},
	{"POST /repos/{owner}/{repo}/issues/{issue}/sub_issues", "issues/sub-issues#add-sub-issue", onlyIssues, Triage, addSubIssue},
	{"DELETE /repos/{owner}/{repo}/issues/{issue}/sub_issue", "issues/sub-issues#remove-sub-issue", onlyIssues, Triage, removeSubIssue},
	{"GET /repos/{owner}/{repo}/issues/{issue}/parent", "issues/sub-issues#get-parent-issue", []string{"issues=read"}, Read, getParent},

	{"GET /repos/{owner}/{repo}/assignees", "issues/assignees#list-assignees", readsIssues, Read, listAssignees},
	{"GET /repos/{owner}/{repo}/assignees/{user}", "issues/assignees#check-if-a-user-can-be-assigned", readsIssues, Read, checkAssignee},
	{"GET /repos/{owner}/{repo}/milestones", "issues/milestones#list-milestones", readsIssues, Read, listMilestones},
	{"GET /repos/{owner}/{repo}/milestones/{milestone}", "issues/milestones#get-a-milestone", readsIssues, Read, getMilestone},
	{"GET /repos/{owner}/{repo}/labels", "issues/labels#list-labels-for-a-repository", readsIssues, Read, listLabels},
	{"POST /repos/{owner}/{repo}/labels", "issues/labels#create-a-label", writesIssues, Write, createLabel},
	{"GET /repos/{owner}/{repo}/labels/{label}", "issues/labels#get-a-label", readsIssues, Read, getLabel},
	{"PATCH /repos/{owner}/{repo}/labels/{label}", "issues/labels#update-a-label", writesIssues, Write, updateLabel},
	{"DELETE /repos/{owner}/{repo}/labels/{label}", "issues/labels#delete-a-label", writesIssues, Write, deleteLabel},
}

// route finds the endpoint of a request and what its path names. Of several that match, the first in the table is
// meant. segments are unescaped.
func route(method, escapedPath string) (*endpoint, map[string]string) {
	var segments []string
	for _, part := range strings.Split(escapedPath, "/")[1:] {
		segment, err := url.PathUnescape(part)
		if err != nil {
			return nil, nil
		}
		segments = append(segments, segment)
	}
	for i := range endpoints {
		e := &endpoints[i]
		verb, pattern, _ := strings.Cut(e.call, " ")
		if verb != method && (method != "HEAD" || verb != "GET") {
			continue
		}
		if named, ok := match(strings.Split(pattern, "/")[1:], segments); ok {
			return e, named
		}
	}
	return nil, nil
}

// match answers what the segments of a path name by a pattern.
func match(pattern, segments []string) (map[string]string, bool) {
	named := map[string]string{}
	for len(pattern) > 0 {
		name, variable := strings.CutPrefix(pattern[0], "{")
		name, many := strings.CutSuffix(name, "...}")
		taken := 1
		if many {
			taken = len(segments) - len(pattern) + 1
		}
		if taken < 1 || taken > len(segments) {
			return nil, false
		}
		found := strings.Join(segments[:taken], "/")
		switch {
		case !variable && found != pattern[0], variable && found == "":
			return nil, false
		case variable:
			named[strings.TrimSuffix(name, "}")] = found
		}
		pattern, segments = pattern[1:], segments[taken:]
	}
	return named, len(segments) == 0
}
