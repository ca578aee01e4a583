package github

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

//go:embed static templates
var embedded embed.FS

type pages struct {
	markdown
	templates *template.Template
	static    http.Handler
}

func newPages() *pages {
	files, err := fs.Sub(embedded, "static")
	if err != nil {
		panic(fmt.Sprintf("the pages are not part of the program: %v", err)) // they are embedded above
	}
	functions := template.FuncMap{
		"ago":   ago,
		"stamp": stamp,
		"ink":   ink,
		"plural": func(n int, one string) string {
			return strconv.Itoa(n) + " " + one + map[bool]string{false: "s"}[n == 1]
		},
	}
	return &pages{markdown: newMarkdown(), static: http.FileServerFS(files),
		templates: template.Must(template.New("").Funcs(functions).ParseFS(embedded, "templates/*.html"))}
}

// html is a text of an issue or comment as a person sees it.
func (p *pages) html(r *repo, s *Server, body string) string { return p.render(p.talk, s, r, body) }

// text is that without any markup.
func (p *pages) text(r *repo, s *Server, body string) string {
	return html.UnescapeString(p.strip.Sanitize(p.html(r, s, body)))
}

// ago says how long ago something was.
func ago(now, at time.Time) string {
	for _, unit := range []struct {
		d    time.Duration
		name string
	}{{365 * 24 * time.Hour, "year"}, {30 * 24 * time.Hour, "month"}, {24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		switch n := int(now.Sub(at) / unit.d); {
		case n == 1:
			return "1 " + unit.name + " ago"
		case n > 1:
			return fmt.Sprintf("%d %ss ago", n, unit.name)
		}
	}
	return "just now"
}

// ink is the class of the text that can be read on a colour of six hexadecimal digits.
func ink(color string) string {
	n, err := strconv.ParseUint(color, 16, 32)
	if err != nil || (n>>16)*299+(n>>8&255)*587+(n&255)*114 > 140_000 {
		return "dark-ink"
	}
	return "light-ink"
}

// view is what every page shows.
type view struct {
	Title  string
	Me     string
	People []string
	Here   string // the address to come back to
	Now    time.Time
	Repo   *repoView
	Tab    string
	Error  string
	Page   any
}

// repoView is a repository in the head of its pages.
type repoView struct {
	Owner, Name, Description   string
	Private, Archived, Issues  bool
	OpenIssues, OpenAlerts     int
	MayWrite, MayTriage, Admin bool
}

// visit is one request to a page.
type visit struct {
	*http.Request
	me   *user
	repo *repo
}

// routePages serves the pages, and lets people act there. Everything works without a password, so it is for the
// machine's own browser only.
func (s *Server) routePages(mux *http.ServeMux) {
	mux.Handle("GET /static/{file}", http.StripPrefix("/static/", s.pages.static))
	mux.HandleFunc("GET /avatars/{login}", s.serveAvatar)
	mux.HandleFunc("GET /changes", s.serveChanges)
	mux.HandleFunc("POST /as", s.serveAs)
	for pattern, page := range map[string]func(*visit) (*view, error){
		"GET /{$}": s.homePage, "GET /{owner}": s.homePage, "GET /{owner}/{repo}": s.repoPage, "GET /{owner}/{repo}/issues": s.issuesPage,
		"GET /{owner}/{repo}/blob/{branch}/{path...}": s.repoPage, "GET /{owner}/{repo}/commit/{sha}": s.repoPage,
		"GET /{owner}/{repo}/issues/new": s.newPage, "GET /{owner}/{repo}/issues/{issue}": s.issuePageOf, "GET /{owner}/{repo}/labels": s.labelsPage,
		"GET /{owner}/{repo}/milestone/{milestone}": s.issuesPage, "GET /{owner}/{repo}/actions": s.actionsPage,
		"GET /{owner}/{repo}/security/dependabot": s.alertsPage, "GET /{owner}/{repo}/security/dependabot/{alert}": s.alertsPage,
		"GET /{owner}/{repo}/{rest...}": nowhere, "GET /{rest...}": nowhere,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.servePage(w, r, page) })
	}
	for pattern, act := range map[string]func(Person, *visit) (string, error){
		"POST /{owner}/{repo}/issues": openFromPage, "POST /{owner}/{repo}/issues/{issue}/{do}": issueFromPage,
		"POST /{owner}/{repo}/comments/{comment}/{do}": commentFromPage, "POST /{owner}/{repo}/actions": s.runFromPage,
		"POST /{owner}/{repo}/security/dependabot/{alert}/{do}": s.alertFromPage,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serveAct(w, r, act) })
	}
}

// nowhere is every page that there is none of.
func nowhere(*visit) (*view, error) { return nil, notFound() }

// local refuses what other web sites make a browser send, and foreign names of this machine.
func (s *Server) local(next http.Handler) http.Handler {
	guarded := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host != "localhost" && net.ParseIP(host) == nil {
			http.Error(w, "open the page by its address, not by a name", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; form-action 'self'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		guarded.ServeHTTP(w, r)
	})
}

// visitor finds out who looks at a page: whoever was chosen there last, or the first person. The lock is held.
func (s *Server) visitor(r *http.Request) *visit {
	v := &visit{Request: r}
	if cookie, err := r.Cookie("as"); err == nil {
		v.me = s.findUser(cookie.Value)
	}
	if people := s.people(); v.me == nil && len(people) > 0 {
		v.me = people[0]
	}
	return v
}

// people are the users who are no organisations, by login.
func (s *Server) people() []*user {
	var all []*user
	for _, u := range s.users {
		if !u.org {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *user) int { return strings.Compare(a.login, b.login) })
	return all
}

// enterPage finds the repository of a page; what the visitor may not see is not found.
func (s *Server) enterPage(v *visit) error {
	name := v.PathValue("repo")
	if name == "" {
		return nil
	}
	r, _ := s.findRepo(v.PathValue("owner") + "/" + name)
	if r == nil || r.role(v.me) < Read {
		return notFound()
	}
	v.repo = r
	return nil
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request, page func(*visit) (*view, error)) {
	s.mu.Lock()
	v := s.visitor(r)
	err := s.enterPage(v)
	var shown *view
	if err == nil {
		shown, err = page(v)
	}
	var buffer bytes.Buffer
	status := http.StatusOK
	if err == nil {
		err = s.draw(&buffer, v, shown)
	}
	if err != nil {
		status = statusOf(err)
		buffer.Reset()
		err = s.draw(&buffer, v, &view{Title: "Not here", Tab: "error", Error: err.Error()})
	}
	s.mu.Unlock()
	if err != nil {
		s.log.Error("a page failed", "path", r.URL.Path, "error", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(buffer.Bytes()) // a browser that has gone away needs no answer
}

func statusOf(err error) int {
	var refused *refusal
	if errors.As(err, &refused) {
		return refused.status
	}
	return http.StatusInternalServerError
}

// draw fills in what all pages show, and writes the page.
func (s *Server) draw(to *bytes.Buffer, v *visit, shown *view) error {
	shown.Now, shown.Here = s.now(), v.URL.RequestURI()
	if said := v.URL.Query().Get("error"); said != "" {
		shown.Error = said
	}
	if v.me != nil {
		shown.Me = v.me.login
	}
	for _, u := range s.people() {
		shown.People = append(shown.People, u.login)
	}
	if r := v.repo; r != nil {
		role := r.role(v.me)
		shown.Repo = &repoView{Owner: r.owner.login, Name: r.name, Description: r.description, Private: r.private, Archived: r.archived,
			Issues: !r.noIssues, OpenIssues: r.openIssues(), MayWrite: role >= Write, MayTriage: role >= Triage, Admin: role >= Admin}
		for _, a := range r.alerts {
			if a.state == "open" && role >= Write {
				shown.Repo.OpenAlerts++
			}
		}
	}
	return s.pages.templates.ExecuteTemplate(to, "page", shown)
}

// serveAct does what a person wants, and leads to the page that shows it, or to the one they came from with what was
// wrong.
func (s *Server) serveAct(w http.ResponseWriter, r *http.Request, act func(Person, *visit) (string, error)) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "that is no form", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	v := s.visitor(r)
	s.mu.Unlock()
	to, err := act(Person{s, v.me}, v)
	if r.Header.Get("X-Requested-With") == "page" {
		if err != nil {
			http.Error(w, explain(err), statusOf(err))
		}
		return
	}
	if err != nil {
		back := r.PostForm.Get("back")
		if u, parsed := url.Parse(back); parsed != nil || u.Host != "" || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") {
			back = "/"
		}
		before, _, _ := strings.Cut(back, "?")
		to = before + "?error=" + url.QueryEscape(explain(err))
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// explain says in a sentence what a refusal says.
func explain(err error) string {
	var refused *refusal
	if !errors.As(err, &refused) {
		return err.Error()
	}
	for _, e := range refused.errors {
		switch {
		case e["message"] != nil:
			return fmt.Sprint(e["message"])
		case e["value"] != nil:
			return fmt.Sprintf("%v cannot be used here", e["value"])
		default:
			return fmt.Sprintf("%v must not be empty", e["field"])
		}
	}
	return refused.message
}

// serveAs remembers who sits at the browser.
func (s *Server) serveAs(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "as", Value: r.FormValue("as"), Path: "/", SameSite: http.SameSiteStrictMode})
	back := r.FormValue("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.Contains(back, `\`) {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// serveChanges tells the page, by server-sent events, whenever something has changed.
func (s *Server) serveChanges(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	for {
		s.mu.Lock()
		version, changed := s.version, s.changed
		s.mu.Unlock()
		if _, err := fmt.Fprintf(w, "data: %d\n\n", version); err != nil || flusher.Flush() != nil {
			return // the browser has gone away
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

// serveAvatar draws a user: the first letter on a colour of their own.
func (s *Server) serveAvatar(w http.ResponseWriter, r *http.Request) {
	name, hue, radius := r.PathValue("login"), 0, 24
	for _, c := range name {
		hue = (hue*31 + int(c)*7) % 360
	}
	s.mu.Lock()
	if u := s.findUser(name); u != nil && u.org {
		radius = 10
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "image/svg+xml")
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="%d" fill="hsl(%d 45%% 42%%)"/>`+
		`<text x="24" y="32" font-family="sans-serif" font-size="23" font-weight="600" fill="#fff" text-anchor="middle">%s</text></svg>`,
		radius, hue, html.EscapeString(string(unicode.ToUpper([]rune(name + "?")[0]))))
}
