package github

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// commit is one state of a branch, with what is known of whether it is good.
type commit struct {
	sha, message string
	author       *user
	parent       *commit
	at           time.Time
	checks       []*check
	statuses     []*status
}

// check is what a workflow or an app found out about a commit.
type check struct {
	id                 int64
	name               string
	conclusion         string // "" while it runs
	started, completed time.Time
}

// status is the older form of that, sent from elsewhere.
type status struct {
	id                                 int64
	context, state, description, links string
	at                                 time.Time
}

func sha(parts ...any) string {
	sum := sha1.Sum([]byte(fmt.Sprint(parts...)))
	return hex.EncodeToString(sum[:])
}

func (s *Server) commit(r *repo, branch, message string, by *user) *commit {
	now := s.now()
	m := &commit{sha: sha(r.id, branch, message, len(r.commits), now.UnixNano()), message: message, author: by, parent: r.branches[branch], at: now}
	r.branches[branch] = m
	r.commits = append(r.commits, m)
	r.pushed, r.updated = now, now
	s.touch()
	return m
}

// resolve finds the commit of a branch, of heads/branch or of the beginning of a hash.
func (r *repo) resolve(ref string) *commit {
	if m := r.branches[strings.TrimPrefix(strings.TrimPrefix(ref, "refs/"), "heads/")]; m != nil {
		return m
	}
	for _, m := range r.commits {
		if len(ref) >= 7 && strings.HasPrefix(m.sha, ref) {
			return m
		}
	}
	return nil
}

func (s *Server) resolve(c *call) (*commit, error) {
	if m := c.repo.resolve(c.named["ref"]); m != nil {
		return m, nil
	}
	return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: %s", c.named["ref"])
}

func (s *Server) commitShape(r *repo, m *commit) object {
	address := s.repoURL(r) + "/commits/" + m.sha
	git := s.repoURL(r) + "/git/commits/" + m.sha
	by := object{"name": m.author.name, "email": m.author.login + "@users.noreply.github.com", "date": stamp(m.at)}
	parents := []object{}
	if m.parent != nil {
		parents = append(parents, object{"sha": m.parent.sha, "url": s.repoURL(r) + "/commits/" + m.parent.sha,
			"html_url": s.URL() + "/" + r.fullName() + "/commit/" + m.parent.sha})
	}
	tree := sha("tree", m.sha)
	return object{"sha": m.sha, "node_id": nodeID("C", r.id), "url": address, "html_url": s.URL() + "/" + r.fullName() + "/commit/" + m.sha,
		"comments_url": address + "/comments", "author": s.userShape(m.author), "committer": s.userShape(m.author), "parents": parents,
		"commit": object{"url": git, "author": by, "committer": by, "message": m.message, "comment_count": 0,
			"tree":         object{"sha": tree, "url": s.repoURL(r) + "/git/trees/" + tree},
			"verification": object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}}}
}

func getCommit(s *Server, c *call) (answer, error) {
	m, err := s.resolve(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: s.commitShape(c.repo, m)}, nil
}

func listBranches(s *Server, c *call) (answer, error) {
	names := []string{}
	for name := range c.repo.branches {
		names = append(names, name)
	}
	slices.Sort(names)
	return pageOf(s, c, names, func(name string) object {
		m := c.repo.branches[name]
		return object{"name": name, "commit": object{"sha": m.sha, "url": s.repoURL(c.repo) + "/commits/" + m.sha}, "protected": false}
	})
}

func getBranch(s *Server, c *call) (answer, error) {
	name := c.named["branch"]
	m := c.repo.branches[name]
	if m == nil {
		return answer{}, refuse(http.StatusNotFound, "Branch not found")
	}
	address := s.repoURL(c.repo) + "/branches/" + name
	return answer{body: object{"name": name, "commit": s.commitShape(c.repo, m), "protected": false, "protection_url": address + "/protection",
		"protection": object{"enabled": false, "required_status_checks": object{"enforcement_level": "off", "contexts": []string{}, "checks": []object{}}},
		"_links":     object{"self": address, "html": s.URL() + "/" + c.repo.fullName() + "/tree/" + name}}}, nil
}

func getRef(s *Server, c *call) (answer, error) {
	name, branch := strings.CutPrefix(c.named["ref"], "heads/")
	m := c.repo.branches[name]
	if m == nil || !branch {
		return answer{}, notFound()
	}
	return answer{body: object{"ref": "refs/heads/" + name, "node_id": nodeID("REF", c.repo.id), "url": s.repoURL(c.repo) + "/git/refs/heads/" + name,
		"object": object{"type": "commit", "sha": m.sha, "url": s.repoURL(c.repo) + "/git/commits/" + m.sha}}}, nil
}

// getContent answers a file, or the list of those in a folder. Only the default branch has files here.
func getContent(s *Server, c *call) (answer, error) {
	if ref := c.query.Get("ref"); ref != "" && c.repo.resolve(ref) == nil {
		return answer{}, refuse(http.StatusNotFound, "No commit found for the ref %s", ref)
	}
	path := strings.Trim(c.named["path"], "/")
	if text, ok := c.repo.files[path]; ok {
		if c.media == "raw" && strings.Contains(c.header.Get("Accept"), ".raw") {
			return answer{}, refuse(http.StatusUnsupportedMediaType, "The sandbox answers files as JSON only.")
		}
		o := s.fileShape(c.repo, path, text, "file")
		o["encoding"], o["content"] = "base64", base64.StdEncoding.EncodeToString([]byte(text))+"\n"
		return answer{body: o}, nil
	}
	inside := map[string]object{}
	for name, text := range c.repo.files {
		rest, below := strings.CutPrefix(name, path+"/")
		if !below {
			continue
		}
		top, _, folder := strings.Cut(rest, "/")
		if folder {
			inside[top] = s.fileShape(c.repo, path+"/"+top, "", "dir")
		} else {
			inside[top] = s.fileShape(c.repo, name, text, "file")
		}
	}
	if len(inside) == 0 {
		return answer{}, notFound()
	}
	names := []string{}
	for name := range inside {
		names = append(names, name)
	}
	slices.Sort(names)
	return answer{body: shapes(names, func(name string) object { return inside[name] })}, nil
}

func (s *Server) fileShape(r *repo, path, text, kind string) object {
	address := s.repoURL(r) + "/contents/" + path + "?ref=" + r.branch
	hash := sha("blob ", len(text), "\x00", text)
	git, page := s.repoURL(r)+"/git/blobs/"+hash, s.URL()+"/"+r.fullName()+"/blob/"+r.branch+"/"+path
	o := object{"type": kind, "size": len(text), "name": path[strings.LastIndex(path, "/")+1:], "path": path, "sha": hash, "url": address,
		"git_url": git, "html_url": page, "download_url": s.URL() + "/" + r.fullName() + "/raw/" + r.branch + "/" + path,
		"_links": object{"self": address, "git": git, "html": page}}
	if kind == "dir" {
		o["download_url"] = nil
	}
	return o
}

// getStatus sums the statuses of a commit up: failure, pending (also without any) or success.
// https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference
func getStatus(s *Server, c *call) (answer, error) {
	m, err := s.resolve(c)
	if err != nil {
		return answer{}, err
	}
	some, headers := page(s, c, m.statuses)
	address := s.repoURL(c.repo) + "/commits/" + m.sha
	return answer{headers: headers, body: object{"state": m.combined(), "sha": m.sha, "total_count": len(m.statuses), "repository": s.smallRepoShape(c.repo),
		"commit_url": address, "url": address + "/status", "statuses": shapes(some, func(t *status) object {
			return object{"id": t.id, "node_id": nodeID("SC", t.id), "url": s.repoURL(c.repo) + "/statuses/" + m.sha, "avatar_url": nil, "state": t.state,
				"description": orNull(t.description), "target_url": orNull(t.links), "context": t.context, "created_at": stamp(t.at), "updated_at": stamp(t.at)}
		})}}, nil
}

func (m *commit) combined() string {
	state := "success"
	if len(m.statuses) == 0 {
		state = "pending"
	}
	for _, t := range m.statuses {
		switch {
		case t.state == "failure" || t.state == "error":
			return "failure"
		case t.state == "pending":
			state = "pending"
		}
	}
	return state
}

func listCheckRuns(s *Server, c *call) (answer, error) {
	m, err := s.resolve(c)
	if err != nil {
		return answer{}, err
	}
	found := slices.DeleteFunc(slices.Clone(m.checks), func(k *check) bool {
		name, status := c.query.Get("check_name"), c.query.Get("status")
		return name != "" && name != k.name || status != "" && status != k.status()
	})
	some, headers := page(s, c, found)
	return answer{headers: headers, body: object{"total_count": len(found), "check_runs": shapes(some, func(k *check) object {
		page := fmt.Sprintf("%s/%s/actions", s.URL(), c.repo.fullName())
		address := fmt.Sprintf("%s/check-runs/%d", s.repoURL(c.repo), k.id)
		return object{"id": k.id, "node_id": nodeID("CR", k.id), "head_sha": m.sha, "external_id": "", "url": address, "html_url": page,
			"details_url": page, "status": k.status(), "conclusion": orNull(k.conclusion), "started_at": stamp(k.started),
			"completed_at": stamp(k.completed), "name": k.name, "check_suite": object{"id": k.id}, "app": nil, "pull_requests": []object{},
			"output": object{"title": nil, "summary": nil, "text": nil, "annotations_count": 0, "annotations_url": address + "/annotations"}}
	})}}, nil
}

func (k *check) status() string {
	if k.conclusion == "" {
		return "in_progress"
	}
	return "completed"
}
