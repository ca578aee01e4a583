package slack

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
)

//go:embed static
var static embed.FS

// pageMemory is what the page needs to remember.
type pageMemory struct {
	reads   map[string]string // by "person/channel": the timestamp up to which all was seen
	traffic traffic
	guide   *guide // nil without one
}

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
	mux.Handle("GET /page/traffic", s.local(http.HandlerFunc(s.servePageTraffic)))
	mux.Handle("POST /page/upload", s.local(http.HandlerFunc(s.servePageUpload)))
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

// servePageChanges tells the page, by server-sent events, whenever something that people see has changed; and as events
// named "traffic" whenever something went over the wires.
func (s *Server) servePageChanges(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	var shown, sent uint64
	for first := true; ; first = false {
		s.mu.Lock()
		version, changed := s.version, s.changed
		rev, went := s.page.traffic.rev, s.page.traffic.changed
		s.mu.Unlock()
		news := ""
		if version != shown || first {
			news += fmt.Sprintf("data: %d\n\n", version)
		}
		if rev != sent {
			news += fmt.Sprintf("event: traffic\ndata: %d\n\n", rev)
		}
		shown, sent = version, rev
		if _, err := io.WriteString(w, news); err != nil {
			return // the browser has gone away
		}
		if err := flusher.Flush(); err != nil {
			return
		}
		select {
		case <-changed:
		case <-went:
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a browser that has gone away needs no answer
}
