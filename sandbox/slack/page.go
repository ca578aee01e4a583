package slack

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"unicode"
)

//go:embed static
var static embed.FS

// routePage serves the web page and what it asks for, under /page/. Everything there acts without a password, so it
// is for the machine's own browser only.
func (s *Server) routePage(mux *http.ServeMux) {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(fmt.Sprintf("the page is not part of the program: %v", err)) // it is embedded above
	}
	mux.Handle("GET /{$}", s.local(http.FileServerFS(files)))
	mux.Handle("GET /static/", s.local(http.StripPrefix("/static/", http.FileServerFS(files))))
	mux.Handle("GET /archives/{channel}/{ts}", s.local(http.HandlerFunc(archive)))
	mux.Handle("GET /page/state", s.local(http.HandlerFunc(s.servePageState)))
	mux.Handle("GET /page/changes", s.local(http.HandlerFunc(s.servePageChanges)))
	mux.Handle("POST /page/act", s.local(http.HandlerFunc(s.servePageAct)))
	mux.Handle("GET /page/file/{id}", s.local(http.HandlerFunc(s.servePageFile)))
	mux.Handle("GET /page/avatar/{user}", s.local(http.HandlerFunc(s.serveAvatar)))
}

// local refuses what other web sites make a browser send: foreign host names and foreign origins.
func (s *Server) local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		ip := net.ParseIP(host)
		if host != "localhost" && ip == nil {
			http.Error(w, "open the page by its address, not by a name", http.StatusForbidden)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
				http.Error(w, "another site has no business here", http.StatusForbidden)
				return
			}
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' https: data:; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// archive leads a permalink to the page.
func archive(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/#"+url.PathEscape(r.PathValue("channel"))+"/"+url.PathEscape(r.PathValue("ts")), http.StatusFound)
}

// servePageChanges tells the page, by server-sent events, whenever something has changed.
func (s *Server) servePageChanges(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	for {
		s.mu.Lock()
		version, changed := s.version, s.changed
		s.mu.Unlock()
		if _, err := fmt.Fprintf(w, "data: %d\n\n", version); err != nil {
			return // the browser has gone away
		}
		if err := flusher.Flush(); err != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Server) servePageFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files[r.PathValue("id")]
	s.mu.Unlock()
	if f == nil || !f.uploaded {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", f.Name))
	_, _ = w.Write(f.Content) // a browser that has gone away needs no answer
}

// serveAvatar draws a user: the first letter on a colour of their own.
func (s *Server) serveAvatar(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	name, hue := "?", 0
	if u := s.users[r.PathValue("user")]; u != nil {
		name = u.name
		for _, c := range u.id {
			hue = (hue*31 + int(c)) % 360
		}
	}
	s.mu.Unlock()
	letter := string(unicode.ToUpper([]rune(name + "?")[0]))
	w.Header().Set("Content-Type", "image/svg+xml")
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="8" `+
		`fill="hsl(%d 45%% 42%%)"/><text x="24" y="33" font-family="sans-serif" font-size="25" font-weight="600" fill="#fff" `+
		`text-anchor="middle">%s</text></svg>`, hue, html.EscapeString(letter))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a browser that has gone away needs no answer
}
