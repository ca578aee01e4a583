package github

import (
	"net/http"
	"slices"
	"strings"
)

// identify finds whom a request speaks for; nobody without an Authorization header.
// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
func (s *Server) identify(c *call, authorization string) error {
	if authorization == "" {
		return nil
	}
	scheme, text, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "token") {
		return refuse(http.StatusUnauthorized, "Bad credentials")
	}
	t := s.tokens[strings.TrimSpace(text)]
	if t == nil || t.revoked || !t.Expires.IsZero() && !s.opts.Now().Before(t.Expires) {
		return &refusal{status: http.StatusUnauthorized, message: "Bad credentials", docs: docsRoot}
	}
	c.token, c.user = t, t.user
	return nil
}

func (t *token) fineGrained() bool { return t != nil && t.Permissions != nil }

// has says whether a classic token has one of the scopes.
func (t *token) has(scopes ...string) bool {
	return slices.ContainsFunc(t.Scopes, func(have string) bool { return slices.Contains(scopes, have) })
}

// chosen says whether a fine-grained token was given access to a repository.
func (t *token) chosen(r *repo) bool {
	return len(t.Repos) == 0 && (r.owner == t.user || r.roles[t.user] > None) ||
		slices.ContainsFunc(t.Repos, func(name string) bool { return strings.EqualFold(name, r.fullName()) })
}

// permits says whether a fine-grained token has one of the permissions.
func (t *token) permits(permissions []string) bool {
	return slices.ContainsFunc(permissions, func(needed string) bool {
		name, access, _ := strings.Cut(needed, "=")
		have := t.Permissions[name]
		return name == "metadata" || have == "write" || have == access
	})
}

// sees says whether a request may know that a repository exists. A private one is not found by everyone else.
func (c *call) sees(r *repo) bool {
	switch {
	case !r.private:
		return true
	case c.token == nil || r.role(c.user) < Read:
		return false
	case c.token.fineGrained():
		return c.token.chosen(r)
	}
	return c.token.has("repo")
}

// authorize says whether a request may do what its endpoint does to its repository.
func (s *Server) authorize(c *call) error {
	r := c.repo
	if !c.sees(r) {
		return notFound()
	}
	if c.token == nil {
		if c.endpoint.writes() || c.endpoint.role > Read {
			return refuse(http.StatusUnauthorized, "Requires authentication")
		}
		return s.open(c)
	}
	if c.token.fineGrained() {
		publicRead := !r.private && !c.endpoint.writes() && c.endpoint.role <= Read
		if !publicRead && (!c.token.chosen(r) || !c.token.permits(c.endpoint.permissions)) {
			return refuse(http.StatusForbidden, "Resource not accessible by personal access token")
		}
	} else if err := c.inScope(); err != nil {
		return err
	}
	if r.role(c.user) < c.endpoint.role {
		switch {
		case strings.HasPrefix(c.endpoint.call, "POST ") && strings.HasSuffix(c.endpoint.call, "/{repo}/labels"):
			return notFound()
		case strings.HasPrefix(c.endpoint.docs, "dependabot/"):
			return refuse(http.StatusForbidden, "You are not authorized to perform this operation.")
		}
		return forbidden()
	}
	return s.open(c)
}

// inScope says whether a classic token has the scopes that its request needs.
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
func (c *call) inScope() error {
	if strings.HasPrefix(c.endpoint.docs, "dependabot/") {
		if !c.token.has("repo", "security_events") && (c.repo.private || !c.token.has("public_repo")) {
			return refuse(http.StatusForbidden, "You are not authorized to perform this operation.")
		}
		return nil
	}
	if c.endpoint.writes() && !c.token.has("repo") && (c.repo.private || !c.token.has("public_repo")) {
		return notFound()
	}
	return nil
}

// open refuses what a repository does not do at present.
func (s *Server) open(c *call) error {
	switch {
	case c.endpoint.ofIssues() && c.repo.noIssues:
		return issuesDisabled()
	case c.endpoint.writes() && c.repo.archived:
		return refuse(http.StatusForbidden, "Repository was archived so is read-only.")
	}
	return nil
}

// rightsHeaders say what a token has and what the endpoint accepts.
func (c *call) rightsHeaders(h http.Header) {
	if c.token == nil {
		return
	}
	if !c.token.Expires.IsZero() {
		h.Set("GitHub-Authentication-Token-Expiration", c.token.Expires.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if c.token.fineGrained() {
		if c.endpoint != nil && len(c.endpoint.permissions) > 0 {
			h.Set("X-Accepted-GitHub-Permissions", strings.Join(c.endpoint.permissions, "; "))
		}
		return
	}
	accepted := ""
	switch {
	case c.endpoint == nil || !c.endpoint.ofRepo():
	case strings.HasPrefix(c.endpoint.docs, "dependabot/"):
		accepted = "public_repo, repo, security_events"
	case c.repo != nil && c.repo.private:
		accepted = "repo"
	case c.endpoint.writes():
		accepted = "public_repo, repo"
	}
	h.Set("X-OAuth-Scopes", strings.Join(c.token.Scopes, ", "))
	h.Set("X-Accepted-OAuth-Scopes", accepted)
}
