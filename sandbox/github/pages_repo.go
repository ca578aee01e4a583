package github

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
)

// homePage lists the repositories that the visitor may see, or those of one owner.
func (s *Server) homePage(v *visit) (*view, error) {
	type row struct {
		Name, Description string
		Private, Archived bool
		Issues            int
		Conclusion        string
	}
	owner := s.findUser(v.PathValue("owner"))
	if v.PathValue("owner") != "" && owner == nil {
		return nil, notFound()
	}
	rows := []row{}
	for _, r := range s.repos {
		if r.role(v.me) >= Read && (owner == nil || owner == r.owner) {
			rows = append(rows, row{r.fullName(), r.description, r.private, r.archived, r.openIssues(), r.conclusion()})
		}
	}
	title := "Repositories"
	if owner != nil {
		title = owner.login
	}
	return &view{Title: title, Tab: "home", Page: rows}, nil
}

// conclusion is how the newest finished run of each workflow on the default branch ended: "failure" if one failed.
func (r *repo) conclusion() string {
	newest := map[string]string{}
	for _, one := range r.runs {
		if one.branch == r.branch && one.conclusion != "" {
			newest[one.name] = one.conclusion
		}
	}
	all := ""
	for _, conclusion := range newest {
		if all == "" || conclusion != "success" {
			all = conclusion
		}
	}
	return all
}

// repoPage shows the files of a repository and one of them, by default README.md.
func (s *Server) repoPage(v *visit) (*view, error) {
	type page struct {
		Files, Branches                []string
		Branch, Commit, Message, Time  string
		Author, Path, Conclusion, Text string
		HTML                           template.HTML
	}
	r := v.repo
	head := r.branches[r.branch]
	p := page{Branch: r.branch, Commit: head.sha[:7], Message: strings.SplitN(head.message, "\n", 2)[0], Author: head.author.login,
		Time: ago(s.now(), head.at), Conclusion: r.conclusion()}
	for name := range r.branches {
		p.Branches = append(p.Branches, name)
	}
	for name := range r.files {
		p.Files = append(p.Files, name)
	}
	slices.Sort(p.Files)
	p.Path = v.PathValue("path")
	if _, ok := r.files[p.Path]; !ok && p.Path != "" {
		return nil, notFound()
	}
	if p.Path == "" && r.files["README.md"] != "" {
		p.Path = "README.md"
	}
	if text := r.files[p.Path]; strings.HasSuffix(p.Path, ".md") {
		p.HTML = template.HTML(s.pages.render(s.pages.file, s, r, text)) // it was sanitised
	} else {
		p.Text = text
	}
	return &view{Title: r.fullName(), Tab: "code", Page: p}, nil
}

// labelsPage lists the labels and how many open issues have each.
func (s *Server) labelsPage(v *visit) (*view, error) {
	type row struct {
		Label  labelView
		Text   string
		Issues int
	}
	rows := []row{}
	for _, l := range v.repo.labels {
		n := 0
		for _, i := range v.repo.listed() {
			if !i.closed && i.has(l.name) {
				n++
			}
		}
		rows = append(rows, row{labelView{l.name, l.color}, l.description, n})
	}
	return &view{Title: "Labels · " + v.repo.fullName(), Tab: "labels", Page: rows}, nil
}

// actionsPage lists the runs of the workflows; who may push can let one run again.
func (s *Server) actionsPage(v *visit) (*view, error) {
	type row struct {
		Name, Title, Branch, Conclusion, Commit, Actor, Time string
		Number                                               int
	}
	type page struct {
		Runs      []row
		Workflows []string
	}
	p := page{}
	for _, one := range slices.Backward(v.repo.runs) {
		p.Runs = append(p.Runs, row{one.name, strings.SplitN(one.commit.message, "\n", 2)[0], one.branch, one.conclusion, one.commit.sha[:7],
			one.commit.author.login, ago(s.now(), one.at), one.number})
		if !slices.Contains(p.Workflows, one.name) {
			p.Workflows = append(p.Workflows, one.name)
		}
	}
	slices.Sort(p.Workflows)
	return &view{Title: "Actions · " + v.repo.fullName(), Tab: "actions", Page: p}, nil
}

// runFromPage lets a workflow run on the default branch with the end that the person wants.
func (s *Server) runFromPage(_ Person, v *visit) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enterPage(v); err != nil {
		return "", err
	}
	if v.repo.role(v.me) < Write || v.repo.archived {
		return "", forbidden()
	}
	s.addRun(v.repo, v.repo.branch, v.PostForm.Get("workflow"), v.PostForm.Get("conclusion"))
	return "/" + v.repo.fullName() + "/actions", nil
}

// alertsPage lists what Dependabot has found.
func (s *Server) alertsPage(v *visit) (*view, error) {
	type row struct {
		Number                                                       int
		Package, Summary, Severity, State, Manifest, GHSA, CVE, Time string
		Vulnerable, Patched                                          string
	}
	if v.repo.role(v.me) < Write {
		return nil, refuse(403, "You are not authorized to perform this operation.")
	}
	rows := []row{}
	for _, a := range slices.Backward(v.repo.alerts) {
		rows = append(rows, row{a.number, a.name, a.summary, a.severity, a.state, a.manifest, a.ghsa, a.cve, ago(s.now(), a.at), a.vulnerable, a.patched})
	}
	return &view{Title: "Dependabot alerts · " + v.repo.fullName(), Tab: "security", Page: rows}, nil
}

// alertFromPage ends an alert, or opens it again.
func (s *Server) alertFromPage(_ Person, v *visit) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enterPage(v); err != nil {
		return "", err
	}
	var number int
	if _, err := fmt.Sscan(v.PathValue("alert"), &number); err != nil || number < 1 || number > len(v.repo.alerts) {
		return "", notFound()
	}
	if v.repo.role(v.me) < Write {
		return "", forbidden()
	}
	state := map[string]string{"dismiss": "dismissed", "fix": "fixed", "reopen": "open"}[v.PathValue("do")]
	if state == "" {
		return "", notFound()
	}
	a := v.repo.alerts[number-1]
	a.state, a.ended, a.by = state, s.now(), v.me
	s.touch()
	return "/" + v.repo.fullName() + "/security/dependabot", nil
}

// labelView is a label as it is drawn.
type labelView struct{ Name, Color string }

// rowView is an issue in a list.
type rowView struct {
	Number                  int
	Title, State, Reason    string
	Author, Time, Milestone string
	Labels                  []labelView
	Assignees               []string
	Comments, Done, Tasks   int
}

func (s *Server) row(i *issue) rowView {
	r := rowView{Number: i.number, Title: i.title, State: i.state(), Reason: i.reason, Author: i.author.login, Time: ago(s.now(), i.created), Comments: len(i.comments)}
	r.Done, r.Tasks = progress(i.body)
	if i.milestone != nil {
		r.Milestone = i.milestone.title
	}
	for _, l := range i.labels {
		r.Labels = append(r.Labels, labelView{l.name, l.color})
	}
	for _, u := range i.assignees {
		r.Assignees = append(r.Assignees, u.login)
	}
	return r
}

// issuesPage lists issues: those of a state, with a label, of a person, or with words in them.
func (s *Server) issuesPage(v *visit) (*view, error) {
	type page struct {
		Rows                       []rowView
		Open, Closed               int
		State, Query, OpenTo, Shut string
		Filtered                   bool
	}
	if v.repo.noIssues {
		return nil, issuesDisabled()
	}
	q := v.URL.Query()
	p := page{State: "open", Query: q.Get("q")}
	if q.Get("state") == "closed" {
		p.State = "closed"
	}
	f := issueFilter{state: "all", milestone: v.PathValue("milestone"), creator: q.Get("author"), assignee: q.Get("assignee")}
	if name := q.Get("label"); name != "" {
		f.labels = []string{name}
	}
	wanted := words(p.Query)
	for _, i := range slices.Backward(v.repo.listed()) {
		text := strings.Join(words(i.title+" "+i.body), " ")
		if !f.takes(i) || slices.ContainsFunc(wanted, func(word string) bool { return !strings.Contains(text, word) }) {
			continue
		}
		if i.closed {
			p.Closed++
		} else {
			p.Open++
		}
		if i.state() != p.State {
			continue
		}
		p.Rows = append(p.Rows, s.row(i))
	}
	p.Filtered = len(f.labels) > 0 || p.Query != "" || f.milestone != "" || f.creator != "" || f.assignee != ""
	with := func(state string) string {
		q := url.Values{}
		for k := range v.URL.Query() {
			q.Set(k, v.URL.Query().Get(k))
		}
		q.Set("state", state)
		return "?" + q.Encode()
	}
	p.OpenTo, p.Shut = with("open"), with("closed")
	return &view{Title: "Issues · " + v.repo.fullName(), Tab: "issues", Page: p}, nil
}
