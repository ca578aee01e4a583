package backend

import (
	"html/template"
	"net/http"
	"time"
)

// mood is a fault that can be chosen on the page.
type mood struct {
	Name, Label string
	Fault       Fault
}

func moods() []mood {
	return []mood{
		{"well", "Be well", Fault{}},
		{"failing", "Answer 503", Fault{Status: http.StatusServiceUnavailable}},
		{"slow", "Take four seconds", Fault{Delay: 4 * time.Second}},
		{"hanging", "Never answer", Fault{Hang: true}},
	}
}

const pageText = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>The API</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 36rem; margin: 3rem auto; padding: 0 1rem }
button { font: inherit; padding: .4rem .9rem; margin: 0 .4rem .6rem 0 }
button[aria-pressed=true] { font-weight: 700 }
</style>
<h1>The API</h1>
<p>How should it be? Its health is at <a href="/api/health">/api/health</a>.</p>
<form method="post">{{range .All}}
<button formaction="/mood/{{.Name}}" aria-pressed="{{eq .Name $.Now}}">{{.Label}}</button>{{end}}
</form>`

// addPage serves a page with a button for each mood. No fault touches it.
func (s *Server) addPage(mux *http.ServeMux) {
	page := template.Must(template.New("page").Parse(pageText))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		fault := s.fault
		s.mu.Unlock()
		now := ""
		for _, m := range moods() {
			if m.Fault == fault {
				now = m.Name
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, map[string]any{"All": moods(), "Now": now}) // a client that has gone away needs no page
	})
	mux.HandleFunc("POST /mood/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, m := range moods() {
			if m.Name == r.PathValue("name") {
				s.Set(m.Fault)
				http.Redirect(w, r, "/", http.StatusSeeOther)
				return
			}
		}
		http.NotFound(w, r)
	})
}
