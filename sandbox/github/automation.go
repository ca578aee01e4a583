package github

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// run is one run of a workflow.
type run struct {
	id                  int64
	number              int
	name, branch, event string
	conclusion          string // "" while it runs
	commit              *commit
	at                  time.Time
}

// alert is one of Dependabot: a dependency with a known hole.
type alert struct {
	number                       int
	name, ecosystem, manifest    string
	severity, summary, ghsa, cve string
	vulnerable, patched          string
	state                        string
	at, ended                    time.Time
	by                           *user
}

func (r *run) status() string {
	if r.conclusion == "" {
		return "in_progress"
	}
	return "completed"
}

// workflow is the id of the workflow of a run: one for each name.
func (r *repo) workflow(name string) int64 {
	for i, one := range r.runs {
		if one.name == name {
			return r.id*100 + int64(i)
		}
	}
	return 0
}

// workflowFile is the path of a workflow's file.
func workflowFile(name string) string {
	return ".github/workflows/" + strings.ToLower(strings.ReplaceAll(name, " ", "-")) + ".yml"
}

// listRuns lists the runs of workflows, the newest first.
// https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
func listRuns(s *Server, c *call) (answer, error) {
	q := c.query
	found := slices.DeleteFunc(slices.Clone(c.repo.runs), func(r *run) bool {
		file := workflowFile(r.name)
		wanted, status := c.named["workflow"], q.Get("status")
		return q.Get("branch") != "" && q.Get("branch") != r.branch || q.Get("event") != "" && q.Get("event") != r.event ||
			q.Get("head_sha") != "" && q.Get("head_sha") != r.commit.sha || status != "" && status != r.status() && status != r.conclusion ||
			wanted != "" && wanted != fmt.Sprint(c.repo.workflow(r.name)) && wanted != file[strings.LastIndex(file, "/")+1:]
	})
	if c.named["workflow"] != "" && len(found) == 0 && !slices.ContainsFunc(c.repo.runs, func(r *run) bool {
		return strings.HasSuffix(workflowFile(r.name), "/"+c.named["workflow"]) || fmt.Sprint(c.repo.workflow(r.name)) == c.named["workflow"]
	}) {
		return answer{}, notFound()
	}
	slices.Reverse(found)
	some, headers := page(s, c, found)
	return answer{headers: headers, body: object{"total_count": len(found),
		"workflow_runs": shapes(some, func(r *run) object { return s.runShape(c.repo, r) })}}, nil
}

func (s *Server) runShape(repo *repo, r *run) object {
	address, page := fmt.Sprintf("%s/actions/runs/%d", s.repoURL(repo), r.id), fmt.Sprintf("%s/%s/actions", s.URL(), repo.fullName())
	by := object{"name": r.commit.author.name, "email": r.commit.author.login + "@users.noreply.github.com"}
	flow := repo.workflow(r.name)
	o := object{"id": r.id, "node_id": nodeID("WFR", r.id), "name": r.name, "head_branch": r.branch, "head_sha": r.commit.sha,
		"path": workflowFile(r.name), "display_title": strings.SplitN(r.commit.message, "\n", 2)[0], "run_number": r.number,
		"run_attempt": 1, "event": r.event, "status": r.status(), "conclusion": orNull(r.conclusion), "workflow_id": flow,
		"workflow_url": fmt.Sprintf("%s/actions/workflows/%d", s.repoURL(repo), flow), "check_suite_id": r.id, "url": address, "html_url": page,
		"check_suite_url": fmt.Sprintf("%s/check-suites/%d", s.repoURL(repo), r.id), "check_suite_node_id": nodeID("CS", r.id),
		"pull_requests": []object{}, "created_at": stamp(r.at), "updated_at": stamp(r.at), "run_started_at": stamp(r.at),
		"previous_attempt_url": nil, "actor": s.userShape(r.commit.author), "triggering_actor": s.userShape(r.commit.author),
		"repository": s.smallRepoShape(repo), "head_repository": s.smallRepoShape(repo),
		"head_commit": object{"id": r.commit.sha, "tree_id": sha("tree", r.commit.sha), "message": r.commit.message,
			"timestamp": stamp(r.commit.at), "author": by, "committer": by}}
	for name, path := range map[string]string{"jobs_url": "jobs", "logs_url": "logs", "artifacts_url": "artifacts", "cancel_url": "cancel", "rerun_url": "rerun"} {
		o[name] = address + "/" + path
	}
	return o
}

var (
	alertStates = []string{"auto_dismissed", "dismissed", "fixed", "open"}
	severities  = []string{"low", "medium", "high", "critical"}
)

// listAlerts lists what Dependabot has found, the newest first. Pages are reached by cursors: before and after.
// https://docs.github.com/en/rest/dependabot/alerts#list-dependabot-alerts-for-a-repository
func listAlerts(s *Server, c *call) (answer, error) {
	if c.repo.noAlerts {
		return answer{}, refuse(http.StatusForbidden, "Dependabot alerts are disabled for this repository.")
	}
	if c.query.Has("page") {
		return answer{}, refuse(http.StatusBadRequest, "Pagination using the `page` parameter is not supported.")
	}
	takes := func(string, string) bool { return true }
	for name, allowed := range map[string][]string{"state": alertStates, "severity": severities} {
		value := c.query.Get(name)
		if value == "" {
			continue
		}
		wanted := strings.Split(value, ",")
		for _, one := range wanted {
			if !slices.Contains(allowed, one) {
				return answer{}, invalidRequest("%q is not a member of %s.", one, encode(allowed))
			}
		}
		before := takes
		takes = func(field, is string) bool {
			return before(field, is) && (field != name || slices.Contains(wanted, is))
		}
	}
	found := slices.DeleteFunc(slices.Clone(c.repo.alerts), func(a *alert) bool {
		eco, pkg := c.query.Get("ecosystem"), c.query.Get("package")
		return !takes("state", a.state) || !takes("severity", a.severity) || eco != "" && eco != a.ecosystem || pkg != "" && pkg != a.name
	})
	if c.query.Get("direction") != "asc" {
		slices.Reverse(found)
	}
	some, headers := cursors(s, c, found)
	return answer{headers: headers, body: shapes(some, func(a *alert) object { return s.alertShape(c.repo, a) })}, nil
}

// cursors cuts the wanted page from a list by positions.
func cursors[T any](s *Server, c *call, all []T) ([]T, map[string]string) {
	size, from := c.perPage(), 0
	if at, err := strconv.Atoi(c.query.Get("after")); err == nil {
		from = min(max(at, 0), len(all))
	} else if at, err := strconv.Atoi(c.query.Get("before")); err == nil {
		from = min(max(0, at-size), len(all))
	}
	to := min(from+size, len(all))
	var links []string
	link := func(rel, name string, at int) {
		q := c.query
		q.Del("after")
		q.Del("before")
		q.Set(name, strconv.Itoa(at))
		links = append(links, fmt.Sprintf("<%s%s?%s>; rel=%q", s.APIURL(), strings.TrimPrefix(c.path, "/"), q.Encode(), rel))
	}
	if from > 0 {
		link("prev", "before", from)
	}
	if to < len(all) {
		link("next", "after", to)
	}
	if len(links) == 0 {
		return all[from:to], nil
	}
	return all[from:to], map[string]string{"Link": strings.Join(links, ", ")}
}

func (s *Server) alertShape(r *repo, a *alert) object {
	of := object{"ecosystem": a.ecosystem, "name": a.name}
	hole := object{"package": of, "severity": a.severity, "vulnerable_version_range": a.vulnerable, "first_patched_version": nil}
	if a.patched != "" {
		hole["first_patched_version"] = object{"identifier": a.patched}
	}
	ids := []object{{"type": "GHSA", "value": a.ghsa}}
	if a.cve != "" {
		ids = append(ids, object{"type": "CVE", "value": a.cve})
	}
	o := object{"number": a.number, "state": a.state, "url": fmt.Sprintf("%s/dependabot/alerts/%d", s.repoURL(r), a.number),
		"html_url":   fmt.Sprintf("%s/%s/security/dependabot/%d", s.URL(), r.fullName(), a.number),
		"dependency": object{"package": of, "manifest_path": a.manifest, "scope": "runtime", "relationship": "direct"},
		"security_advisory": object{"ghsa_id": a.ghsa, "cve_id": orNull(a.cve), "summary": a.summary, "description": a.summary,
			"severity": a.severity, "cvss": object{"vector_string": nil, "score": 0.0}, "cwes": []object{}, "identifiers": ids,
			"references": []object{}, "published_at": stamp(a.at), "updated_at": stamp(a.at), "withdrawn_at": nil, "vulnerabilities": []object{hole}},
		"security_vulnerability": hole, "created_at": stamp(a.at), "updated_at": stamp(a.at), "dismissed_at": nil, "dismissed_by": nil,
		"dismissed_reason": nil, "dismissed_comment": nil, "fixed_at": nil, "auto_dismissed_at": nil, "assignees": []object{}}
	switch a.state {
	case "dismissed":
		o["dismissed_at"], o["dismissed_by"], o["dismissed_reason"], o["updated_at"] = stamp(a.ended), s.userShape(a.by), "tolerable_risk", stamp(a.ended)
	case "fixed":
		o["fixed_at"], o["updated_at"] = stamp(a.ended), stamp(a.ended)
	}
	return o
}

// Commit puts a new commit on a branch, which is made if it is not there, and answers its hash.
func (s *Server) Commit(fullName, branch, login, message string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit(s.mustRepo(fullName), branch, message, s.mustUser(login)).sha
}

// AddRun lets a workflow run on the newest commit of a branch, with a check of the same name. An empty conclusion means
// that it still runs.
func (s *Server) AddRun(fullName, branch, workflow, conclusion string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(fullName)
	s.addRun(r, branch, workflow, conclusion)
}

func (s *Server) addRun(r *repo, branch, workflow, conclusion string) {
	m, now := r.branches[branch], s.now()
	if m == nil {
		panic(fmt.Sprintf("github sandbox: %s has no branch %q", r.fullName(), branch))
	}
	number := 1
	for _, one := range r.runs {
		if one.name == workflow {
			number++
		}
	}
	r.runs = append(r.runs, &run{id: s.newID(), number: number, name: workflow, branch: branch, event: "push", conclusion: conclusion, commit: m, at: now})
	k := &check{id: s.newID(), name: workflow, conclusion: conclusion, started: now}
	if conclusion != "" {
		k.completed = now
	}
	m.checks = append(slices.DeleteFunc(m.checks, func(old *check) bool { return old.name == workflow }), k)
	s.touch()
}

// SetStatus sets the status of a context on the newest commit of a branch: success, pending, failure or error.
func (s *Server) SetStatus(fullName, branch, context, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mustRepo(fullName).branches[branch]
	m.statuses = append(slices.DeleteFunc(m.statuses, func(old *status) bool { return old.context == context }),
		&status{id: s.newID(), context: context, state: state, at: s.now()})
	s.touch()
}

// Alert describes what Dependabot finds.
type Alert struct {
	// Package and Ecosystem say what of ("npm"), Manifest in which file.
	Package, Ecosystem, Manifest string
	// Severity is low, medium, high or critical.
	Severity, Summary, GHSA, CVE string
	// Vulnerable is a range of versions, Patched the first good one.
	Vulnerable, Patched string
}

// AddAlert opens an alert and answers its number.
func (s *Server) AddAlert(fullName string, a Alert) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(fullName)
	r.alerts = append(r.alerts, &alert{number: len(r.alerts) + 1, name: a.Package, ecosystem: a.Ecosystem, manifest: a.Manifest, severity: a.Severity,
		summary: a.Summary, ghsa: a.GHSA, cve: a.CVE, vulnerable: a.Vulnerable, patched: a.Patched, state: "open", at: s.now()})
	s.touch()
	return len(r.alerts)
}

// EndAlert marks an alert as "fixed" or "dismissed", by a user.
func (s *Server) EndAlert(fullName string, number int, state, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustRepo(fullName).alerts[number-1]
	a.state, a.ended, a.by = state, s.now(), s.mustUser(login)
	s.touch()
}
