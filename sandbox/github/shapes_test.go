package github_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/google/go-github/v57/github"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/github"
)

// shapes are the objects of the API by name, taken from GitHub's own description of version 2022-11-28
// (https://github.com/github/rest-api-description): each field with its type, "!" behind the name of one that is always
// there, "?" behind the type of one that may be null.
type shapes map[string]map[string]string

// check answers what of a value is not as a type says.
func (s shapes) check(at string, v any, kind string) (wrong []string) {
	kind, nullable := strings.CutSuffix(kind, "?")
	if v == nil && nullable {
		return nil
	}
	if inner, ok := strings.CutPrefix(kind, "array<"); ok {
		list, is := v.([]any)
		if !is {
			return []string{fmt.Sprintf("%s is no array", at)}
		}
		for i, one := range list {
			wrong = append(wrong, s.check(fmt.Sprintf("%s[%d]", at, i), one, strings.TrimSuffix(inner, ">"))...)
		}
		return wrong
	}
	if union := strings.Split(kind, "|"); len(union) > 1 {
		for _, one := range union {
			if wrong = s.check(at, v, one); len(wrong) == 0 {
				return nil
			}
		}
		return wrong
	}
	is := map[string]func() bool{
		"string":  func() bool { _, ok := v.(string); return ok },
		"boolean": func() bool { _, ok := v.(bool); return ok },
		"number":  func() bool { _, ok := v.(float64); return ok },
		"integer": func() bool { n, ok := v.(float64); return ok && n == float64(int64(n)) },
		"object":  func() bool { _, ok := v.(map[string]any); return ok },
		"any":     func() bool { return true },
	}[kind]
	if is != nil {
		if !is() {
			return []string{fmt.Sprintf("%s is %v, which is no %s", at, v, kind)}
		}
		return nil
	}
	return s.checkObject(at, v, kind)
}

func (s shapes) checkObject(at string, v any, kind string) (wrong []string) {
	fields, known := s[kind]
	o, ok := v.(map[string]any)
	if !known || !ok {
		return []string{fmt.Sprintf("%s is %v, which is no %s", at, v, kind)}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		kind, documented := fields[name]
		if always, ok := fields[name+"!"]; ok {
			kind, documented = always, true
		}
		if !documented {
			wrong = append(wrong, fmt.Sprintf("%s.%s is not documented", at, name))
			continue
		}
		wrong = append(wrong, s.check(at+"."+name, o[name], kind)...)
	}
	for name := range fields {
		if name, always := strings.CutSuffix(name, "!"); always {
			if _, there := o[name]; !there {
				wrong = append(wrong, fmt.Sprintf("%s.%s is missing", at, name))
			}
		}
	}
	return wrong
}

// furnish fills the repository with one of everything.
func (s *stage) furnish() {
	number := s.issue("First", "bug", "post-mortem")
	s.AddMilestone(backend, "October", time.Now().AddDate(0, 1, 0))
	second, body := s.issue("Second"), "see #1, @anna\n\n- [ ] a task"
	_, _, err := s.client.Issues.CreateComment(s.ctx, "kampyn", "backend", number, &client.IssueComment{Body: &body})
	require.NoError(s.t, err)
	title, milestone, anna := "First, renamed", 1, []string{"anna"}
	_, _, err = s.client.Issues.Edit(s.ctx, "kampyn", "backend", number, &client.IssueRequest{Title: &title, Body: &body, Milestone: &milestone, Assignees: &anna})
	require.NoError(s.t, err)
	require.NoError(s.t, s.Person("anna").EditBody(backend, second, "part of #1"))
	require.NoError(s.t, s.Person("anna").Lock(backend, second, true))
	require.NoError(s.t, s.Person("anna").Close(backend, second, "not_planned"))
	s.Commit(backend, "main", "ben", "Answer faster")
	s.AddRun(backend, "main", "CI", "success")
	s.AddRun(backend, "main", "Deploy", "")
	s.SetStatus(backend, "main", "coverage", "failure")
	s.AddAlert(backend, github.Alert{Package: "express", Ecosystem: "npm", Manifest: "package-lock.json", Severity: "critical",
		Summary: "Open redirect", GHSA: "GHSA-rv95-896h-c2vc", Vulnerable: "< 4.19.2", Patched: "4.19.2"})
	s.EndAlert(backend, s.AddAlert(backend, github.Alert{Package: "qs", Ecosystem: "npm", Severity: "high", GHSA: "GHSA-hrpp-h998-j3pp", CVE: "CVE-2022-24999"}), "fixed", "anna")
}

func TestAnswersHaveTheDocumentedShapes(t *testing.T) {
	raw, err := os.ReadFile("testdata/shapes.json")
	require.NoError(t, err)
	var known shapes
	require.NoError(t, json.Unmarshal(raw, &known))
	known["validation-error"]["status"] = "string" // it is sent, although not described
	s := open(t, github.Options{SearchDelay: -1})
	s.furnish()
	repo := "repos/" + backend
	for path, kind := range map[string]string{
		"user": "public-user", "users/anna": "public-user", "rate_limit": "rate-limit-overview", "meta": "api-overview",
		repo: "full-repository", "repos/" + website: "full-repository",
		repo + "/issues?state=all": "array<issue>", repo + "/issues/1": "issue", repo + "/issues/2": "issue",
		repo + "/issues/comments": "array<issue-comment>", repo + "/issues/1/comments": "array<issue-comment>",
		repo + "/labels": "array<label>", repo + "/labels/bug": "label", repo + "/issues/1/labels": "array<label>",
		repo + "/assignees": "array<simple-user>", repo + "/milestones": "array<milestone>", repo + "/milestones/1": "milestone",
		repo + "/collaborators/ben/permission": "repository-collaborator-permission",
		repo + "/branches":                     "array<short-branch>", repo + "/branches/main": "branch-with-protection",
		repo + "/git/ref/heads/main": "git-ref", repo + "/contents/README.md": "content-file", repo + "/commits/main": "commit",
		repo + "/commits/heads/main/status": "combined-commit-status", repo + "/dependabot/alerts": "array<dependabot-alert>",
		repo + "/commits/main/check-runs#check_runs": "array<check-run>", repo + "/actions/runs#workflow_runs": "array<workflow-run>",
		"search/issues?q=is:issue+repo:" + backend + "#items": "array<issue-search-result-item>",
		repo + "/issues/99": "basic-error", repo + "/issues?state=bad": "validation-error",
		repo + "/issues/1/timeline": "array<labeled-issue-event|renamed-issue-event|milestoned-issue-event|assigned-issue-event|timeline-comment-event|timeline-cross-referenced-event>",
		repo + "/issues/2/events":   "array<locked-issue-event|state-change-issue-event>",
	} {
		t.Run(path, func(t *testing.T) {
			path, member, _ := strings.Cut(path, "#")
			res := s.ask("GET", path, nil)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			var v any
			require.NoError(t, json.Unmarshal(body, &v))
			if member != "" {
				v = v.(map[string]any)[member]
			}
			if list, ok := v.([]any); ok {
				require.NotEmpty(t, list, "nothing to check")
			}
			require.Empty(t, known.check("answer", v, kind))
		})
	}
}
