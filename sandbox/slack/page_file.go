package slack

import (
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"slices"
	"unicode"
)

// imageTypes are the files that the page shows as pictures. SVG is not among them: it can hold programs.
var imageTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// servePageFile sends a file to look at, or to keep with ?download=1.
func (s *Server) servePageFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files[r.PathValue("id")]
	s.mu.Unlock()
	if f == nil || !f.uploaded {
		http.NotFound(w, r)
		return
	}
	kind, how := "text/plain; charset=utf-8", "inline"
	switch {
	case slices.Contains(imageTypes, f.MimeType):
		kind = f.MimeType
	case !isText(f):
		kind, how = "application/octet-stream", "attachment"
	}
	if r.URL.Query().Has("download") {
		how = "attachment"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": f.Name}))
	_, _ = w.Write(f.Content) // a browser that has gone away needs no answer
}

// servePageUpload takes the field "file" of a form from ?as= and answers {"id"}: attached only, or posted in ?channel=,
// in a ?thread= and with a ?text= if there are. Browsers ask before they send what the header holds for another site.
func (s *Server) servePageUpload(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.Header.Get("X-Workspace") == "" {
		http.Error(w, "the header X-Workspace is missing", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFile+1<<20)
	part, header, err := r.FormFile("file")
	if err != nil {
		http.Error(w, "the file could not be read", http.StatusBadRequest)
		return
	}
	defer part.Close()
	content, err := io.ReadAll(part)
	if err != nil {
		http.Error(w, "the file could not be read", http.StatusBadRequest)
		return
	}
	p, id := s.As(q.Get("as")), ""
	if channel := q.Get("channel"); channel != "" {
		id, err = p.Share(channel, q.Get("thread"), q.Get("text"), header.Filename, content)
	} else {
		id, err = p.Attach(header.Filename, content)
	}
	if err != nil {
		writeJSON(w, object{"error": err.Error()})
		return
	}
	writeJSON(w, object{"id": id, "name": header.Filename})
}

// serveAvatar draws a user: people as their first letter on a colour of their own, bots as a face.
func (s *Server) serveAvatar(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	name, hue, bot := "?", 0, false
	if u := s.users[r.PathValue("user")]; u != nil {
		name, bot = u.name, u.bot
		for _, c := range u.id + u.name {
			hue = (hue*31 + int(c)) % 360
		}
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "image/svg+xml")
	fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">`)
	if bot {
		fmt.Fprint(w, `<rect width="48" height="48" fill="#23344d"/><path d="M24 9v6" stroke="#8fd3c8" stroke-width="2.6" stroke-linecap="round"/>`+
			`<circle cx="24" cy="8.4" r="2.6" fill="#8fd3c8"/><rect x="11" y="15" width="26" height="20" rx="6" fill="#8fd3c8"/>`+
			`<circle cx="19" cy="24" r="2.9" fill="#23344d"/><circle cx="29" cy="24" r="2.9" fill="#23344d"/>`+
			`<path d="M19.5 30h9" stroke="#23344d" stroke-width="2.2" stroke-linecap="round"/></svg>`)
		return
	}
	letter := string(unicode.ToUpper([]rune(name + "?")[0]))
	fmt.Fprintf(w, `<rect width="48" height="48" fill="hsl(%d 42%% 42%%)"/><text x="24" y="33" font-family="sans-serif" `+
		`font-size="25" font-weight="600" fill="#fff" text-anchor="middle">%s</text></svg>`, hue, html.EscapeString(letter))
}
