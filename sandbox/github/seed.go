package github

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// AddUser makes a user and answers the login.
func (s *Server) AddUser(login, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addUser(login, name, false).login
}

// AddOrganization makes an organisation, whose members are those that its repositories let in.
func (s *Server) AddOrganization(login, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addUser(login, name, true).login
}

func (s *Server) addUser(login, name string, org bool) *user {
	if s.findUser(login) != nil {
		panic(fmt.Sprintf("github sandbox: the login %q is taken", login))
	}
	u := &user{id: s.newID(), login: login, name: name, org: org, created: s.now()}
	s.users[strings.ToLower(login)] = u
	return u
}

// Repo describes a repository to make.
type Repo struct {
	// Owner is the login of a user or organisation, Name the name behind the slash.
	Owner, Name, Description string
	Private                  bool
	// Roles say who may do what, by login; the owner may do everything.
	Roles map[string]Role
	// Files are what the default branch holds, by path.
	Files map[string]string
}

// standardLabels are those of a new repository.
// https://docs.github.com/en/issues/using-labels-and-milestones-to-track-work/managing-labels#about-default-labels
var standardLabels = []label{
	{name: "bug", color: "d73a4a", description: "Something isn't working"},
	{name: "documentation", color: "0075ca", description: "Improvements or additions to documentation"},
	{name: "duplicate", color: "cfd3d7", description: "This issue or pull request already exists"},
	{name: "enhancement", color: "a2eeef", description: "New feature or request"},
	{name: "good first issue", color: "7057ff", description: "Good for newcomers"},
	{name: "help wanted", color: "008672", description: "Extra attention is needed"},
	{name: "invalid", color: "e4e669", description: "This doesn't seem right"},
	{name: "question", color: "d876e3", description: "Further information is requested"},
	{name: "wontfix", color: "ffffff", description: "This will not be worked on"},
}

// AddRepo makes a repository with one commit on its branch main and the labels of a new one, and answers its full name.
func (s *Server) AddRepo(o Repo) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	r := &repo{id: s.newID(), owner: s.mustUser(o.Owner), name: o.Name, description: o.Description, private: o.Private,
		roles: map[*user]Role{}, branch: "main", branches: map[string]*commit{}, files: map[string]string{},
		created: now, updated: now}
	if taken, _ := s.findRepo(r.fullName()); taken != nil {
		panic(fmt.Sprintf("github sandbox: there is a repository %q", r.fullName()))
	}
	for login, role := range o.Roles {
		r.roles[s.mustUser(login)] = role
	}
	for path, text := range o.Files {
		r.files[path] = text
	}
	for _, l := range standardLabels {
		l.id, l.standard = s.newID(), true
		r.labels = append(r.labels, &l)
	}
	s.repos = append(s.repos, r)
	s.commit(r, r.branch, "Initial commit", r.owner)
	return r.fullName()
}

// Change changes what can be set at a repository.
type Change struct {
	Private, Archived, NoIssues, NoAlerts *bool
	// Roles replace the role of each user named.
	Roles map[string]Role
}

// ChangeRepo changes a repository's settings.
func (s *Server) ChangeRepo(fullName string, c Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(fullName)
	for to, from := range map[*bool]*bool{&r.private: c.Private, &r.archived: c.Archived, &r.noIssues: c.NoIssues, &r.noAlerts: c.NoAlerts} {
		if from != nil {
			*to = *from
		}
	}
	for login, role := range c.Roles {
		r.roles[s.mustUser(login)] = role
	}
	s.touch()
}

// RenameRepo gives a repository another name; the former one leads to it.
func (s *Server) RenameRepo(fullName, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(fullName)
	s.moved[strings.ToLower(r.fullName())] = r
	r.name = name
	delete(s.moved, strings.ToLower(r.fullName()))
	s.touch()
}

// AddLabel makes a label; color is six hexadecimal digits.
func (s *Server) AddLabel(fullName, name, color, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addLabel(s.mustRepo(fullName), name, color, description)
}

func (s *Server) addLabel(r *repo, name, color, description string) *label {
	l := &label{id: s.newID(), name: name, color: strings.ToLower(color), description: description}
	r.labels = append(r.labels, l)
	s.touch()
	return l
}

// AddMilestone makes a milestone and answers its number. due may be zero.
func (s *Server) AddMilestone(fullName, title string, due time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(fullName)
	m := &milestone{id: s.newID(), number: len(r.milestones) + 1, title: title, creator: r.owner, due: due,
		created: s.now(), updated: s.now()}
	r.milestones = append(r.milestones, m)
	s.touch()
	return m.number
}

// Token describes a personal access token to make: a classic one with scopes, or a fine-grained one with permissions.
// https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens
type Token struct {
	// Name is what the record of requests calls it.
	Name string
	// User is the login that it acts as.
	User string
	// Scopes of a classic token, such as "repo".
	Scopes []string
	// Permissions make it a fine-grained one: "issues": "write", "contents": "read". Metadata can always be read.
	Permissions map[string]string
	// Repos are the full names that a fine-grained token reaches; all of its user's when empty.
	Repos []string
	// Expires is when it stops to work; never when zero.
	Expires time.Time
}

type token struct {
	Token
	user    *user
	revoked bool
}

// AddToken makes a token and answers its text.
func (s *Server) AddToken(o Token) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var random [18]byte
	_, _ = rand.Read(random[:]) // it never fails: crypto/rand
	text := "ghp_" + hex.EncodeToString(random[:])
	if o.Permissions != nil {
		text = "github_pat_" + hex.EncodeToString(random[:])
	}
	s.tokens[text] = &token{Token: o, user: s.mustUser(o.User)}
	return text
}

// RevokeToken ends a token.
func (s *Server) RevokeToken(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[text].revoked = true
}
