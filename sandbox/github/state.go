package github

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// state is everything that the server remembers.
type state struct {
	lastID   int64
	users    map[string]*user // by login in lower case
	repos    []*repo
	moved    map[string]*repo // by former full name in lower case
	tokens   map[string]*token
	budgets  map[string]*budget // of requests, by user and resource
	writes   map[string][]time.Time
	requests []Request
}

func newState() state {
	return state{lastID: 1_296_268, users: map[string]*user{}, moved: map[string]*repo{}, tokens: map[string]*token{},
		budgets: map[string]*budget{}, writes: map[string][]time.Time{}}
}

func (s *Server) newID() int64 {
	s.lastID++
	return s.lastID
}

// nodeID makes the global id of an object from the prefix of its kind.
func nodeID(prefix string, id int64) string {
	var raw [9]byte
	raw[0] = 0xce
	binary.BigEndian.PutUint64(raw[1:], uint64(id))
	return prefix + "_kwDO" + base64.RawURLEncoding.EncodeToString(raw[:])
}

// user is a person, a bot or an organisation.
type user struct {
	id          int64
	login, name string
	org         bool
	created     time.Time
}

// Role is what a user may do in a repository.
// https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization
type Role int

// The roles, each including those before it.
const (
	None Role = iota
	Read
	Triage
	Write
	Maintain
	Admin
)

var roleNames = [...]string{"none", "read", "triage", "write", "maintain", "admin"}

func (r Role) String() string { return roleNames[r] }

type repo struct {
	id          int64
	owner       *user
	name        string
	description string
	private     bool
	archived    bool
	noIssues    bool
	noAlerts    bool
	roles       map[*user]Role
	labels      []*label
	milestones  []*milestone
	issues      []*issue // by number, from 1
	branch      string   // the default one
	branches    map[string]*commit
	commits     []*commit
	files       map[string]string // on the default branch
	runs        []*run
	alerts      []*alert

	created, updated, pushed time.Time
}

func (r *repo) fullName() string { return r.owner.login + "/" + r.name }

// role is what a user may do here; nobody is a user too.
func (r *repo) role(u *user) Role {
	if u != nil && u == r.owner {
		return Admin
	}
	role := r.roles[u]
	if !r.private {
		role = max(role, Read)
	}
	return role
}

type label struct {
	id                       int64
	name, color, description string
	standard                 bool // one of those that a new repository has
}

type milestone struct {
	id                 int64
	number             int
	title, description string
	creator            *user
	due                time.Time
	closed             time.Time
	created, updated   time.Time
}

type issue struct {
	id          int64
	repo        *repo
	number      int
	title, body string
	author      *user
	closed      bool
	reason      string // why it is closed, or "reopened"
	labels      []*label
	assignees   []*user
	milestone   *milestone
	comments    []*comment
	locked      bool
	lockReason  string
	parent      *issue
	children    []*issue
	deleted     bool
	movedTo     *issue
	events      []*event
	edited      bool
	editedBy    *user
	indexed     []indexed // what the search index holds and held

	created, updated, closedAt time.Time
	closedBy                   *user
}

type comment struct {
	id               int64
	issue            *issue
	author, editedBy *user
	body             string
	created, updated time.Time
}

// event is an entry of an issue's history.
type event struct {
	id    int64
	kind  string
	actor *user
	at    time.Time
	// What the kind needs.
	label     *label
	assignee  *user
	milestone string
	from, to  string
	reason    string
	issue     *issue // the other one
	comment   *comment
}

// record adds to the history of an issue.
func (s *Server) record(i *issue, e event) {
	e.id, e.at = s.newID(), s.now()
	i.events = append(i.events, &e)
}

// changedIssue marks an issue as changed now: its time, the search index, and whoever looks at it.
func (s *Server) changedIssue(i *issue) {
	i.updated = s.now()
	s.index(i)
	s.touch()
}

func (s *Server) findUser(login string) *user { return s.users[strings.ToLower(login)] }

// findRepo finds a repository by its full name; was says that it is a former one.
func (s *Server) findRepo(fullName string) (r *repo, was bool) {
	for _, r := range s.repos {
		if strings.EqualFold(r.fullName(), fullName) {
			return r, false
		}
	}
	r = s.moved[strings.ToLower(fullName)]
	return r, r != nil
}

func (r *repo) issue(number int) *issue {
	if number < 1 || number > len(r.issues) {
		return nil
	}
	return r.issues[number-1]
}

// listed are the issues that were not deleted or moved elsewhere.
func (r *repo) listed() []*issue {
	return slices.DeleteFunc(slices.Clone(r.issues), func(i *issue) bool { return i.deleted || i.movedTo != nil })
}

func (r *repo) label(name string) *label {
	for _, l := range r.labels {
		if strings.EqualFold(l.name, name) {
			return l
		}
	}
	return nil
}

func (r *repo) milestone(number int) *milestone {
	if number < 1 || number > len(r.milestones) {
		return nil
	}
	return r.milestones[number-1]
}

func (r *repo) openIssues() int {
	n := 0
	for _, i := range r.listed() {
		if !i.closed {
			n++
		}
	}
	return n
}

// assignable says whether issues here can be given to a user: to everyone who has been let in.
func (r *repo) assignable(u *user) bool {
	return u != nil && !u.org && (u == r.owner || r.roles[u] >= Read)
}

// comment finds a comment of any issue of the repository.
func (r *repo) comment(id int64) *comment {
	for _, i := range r.listed() {
		for _, c := range i.comments {
			if c.id == id {
				return c
			}
		}
	}
	return nil
}

// mustRepo finds the repository that a test or the demo has named; a name that is wrong is a mistake in the program.
func (s *Server) mustRepo(fullName string) *repo {
	r, _ := s.findRepo(fullName)
	if r == nil {
		panic(fmt.Sprintf("github sandbox: there is no repository %q", fullName))
	}
	return r
}

func (s *Server) mustUser(login string) *user {
	u := s.findUser(login)
	if u == nil {
		panic(fmt.Sprintf("github sandbox: there is no user %q", login))
	}
	return u
}
