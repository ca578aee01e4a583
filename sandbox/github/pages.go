package github

import (
	"net/http"
)

type pages struct {
	markdown
}

func newPages() *pages { return &pages{markdown: newMarkdown()} }

// html is a text of an issue or comment as a person sees it.
func (p *pages) html(r *repo, s *Server, body string) string { return p.render(p.talk, s, r, body) }

// text is that without any markup.
func (p *pages) text(r *repo, s *Server, body string) string {
	return p.strip.Sanitize(p.html(r, s, body))
}

func (s *Server) routePages(*http.ServeMux) {}
