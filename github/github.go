// Package github reaches the repository on GitHub, or on a GitHub Enterprise Server, that opsbot files issues in.
package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v57/github"
)

// DefaultAPI is GitHub's own REST API.
const DefaultAPI = "https://api.github.com/"

// Options name a repository and how to reach it.
type Options struct {
	// Repo is "owner/name".
	Repo string
	// Token is a personal access token, classic or fine-grained.
	Token string
	// APIURL is where the REST API is; "" means DefaultAPI.
	APIURL string
	// HTTPClient carries the calls; nil means a client of its own.
	HTTPClient *http.Client
	// Timeout is how long one request may take; 30 s when 0.
	Timeout time.Duration
	// Pace is the pause after each request that changes something; 1 s when 0, none when negative.
	Pace time.Duration
	// Settle is how long to wait after a change of which nobody knows whether it was made; Settle when 0, none when negative.
	Settle time.Duration
	// Now is the clock of limits; nil means time.Now.
	Now func() time.Time
}

// Repo is one repository. It may be used by several goroutines.
type Repo struct {
	client                *github.Client
	owner, name           string
	timeout, pace, settle time.Duration

	filing chan struct{} // held while one looks for an issue and makes it
	turn   chan struct{} // held while one changes something, with what follows
	wrote  time.Time

	mu     sync.Mutex
	login  *string         // of the token, when it is known
	labels map[string]bool // that are there, in lower case
}

// New makes the client without asking GitHub anything.
func New(o Options) (*Repo, error) {
	owner, name, ok := strings.Cut(o.Repo, "/")
	if !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf("github: %q is no repository: it looks like owner/name", o.Repo)
	}
	api, err := url.Parse(strings.TrimSuffix(cmp.Or(o.APIURL, DefaultAPI), "/") + "/")
	if err != nil {
		return nil, errors.New("github: the address of the API is no URL")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	client := &http.Client{}
	if o.HTTPClient != nil {
		*client = *o.HTTPClient // go-github puts the token into it
	}
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	client.Transport = &unchanged{known: map[string]known{}, base: &limits{now: o.Now, base: &redirects{base: client.Transport}}}
	c := github.NewClient(client).WithAuthToken(o.Token)
	c.BaseURL = api
	return &Repo{client: c, owner: owner, name: name, filing: make(chan struct{}, 1), turn: make(chan struct{}, 1), labels: map[string]bool{},
		timeout: cmp.Or(o.Timeout, 30*time.Second), pace: max(cmp.Or(o.Pace, time.Second), 0), settle: max(cmp.Or(o.Settle, Settle), 0)}, nil
}

// String is "owner/name".
func (r *Repo) String() string { return r.owner + "/" + r.name }

// State is what GitHub says of the repository, and of the token by which it was asked.
type State struct {
	// FullName differs from what was asked for when the repository was renamed or moved.
	FullName                            string
	Private, Archived, Disabled, Issues bool
	// Role is the most that the token's user is in the repository: admin, maintain, push, triage, pull, or "".
	Role string
	// Classic tokens have Scopes; fine-grained ones have permissions, which GitHub does not tell.
	Classic bool
	Scopes  []string
	// Expires is zero for a token that does not.
	Expires time.Time
	// Limit is how many requests an hour the token may make, Left how many are left until Reset.
	Limit, Left int
	Reset       time.Time
}

// Look reads the state of the repository: one request.
// https://docs.github.com/en/rest/repos/repos#get-a-repository
func (r *Repo) Look(ctx context.Context) (State, error) {
	var repo *github.Repository
	var answer *github.Response
	err := r.ask(ctx, func(ctx context.Context) (err error) {
		repo, answer, err = r.client.Repositories.Get(ctx, r.owner, r.name)
		return err
	})
	if err != nil {
		return State{}, fault("look at", err)
	}
	s := State{
		FullName: repo.GetFullName(), Private: repo.GetPrivate(), Archived: repo.GetArchived(), Disabled: repo.GetDisabled(),
		Issues: repo.GetHasIssues(), Expires: answer.TokenExpiration.Time,
		Limit: answer.Rate.Limit, Left: answer.Rate.Remaining, Reset: answer.Rate.Reset.Time,
	}
	for _, role := range []string{"admin", "maintain", "push", "triage", "pull"} {
		if repo.Permissions[role] {
			s.Role = role
			break
		}
	}
	if scopes, ok := answer.Header["X-Oauth-Scopes"]; ok {
		s.Classic = true
		for scope := range strings.SplitSeq(strings.Join(scopes, ","), ",") {
			if scope = strings.TrimSpace(scope); scope != "" {
				s.Scopes = append(s.Scopes, scope)
			}
		}
	}
	return s, nil
}

// TryIssue asks for an issue without a title, which GitHub refuses after it has looked at the rights. So nothing is
// made; nil means that a whole one would have been.
// https://docs.github.com/en/rest/issues/issues#create-an-issue
func (r *Repo) TryIssue(ctx context.Context) error {
	err := r.write(ctx, func(ctx context.Context) error {
		_, _, err := r.client.Issues.Create(ctx, r.owner, r.name, &github.IssueRequest{})
		return err
	})
	if Status(err) == http.StatusUnprocessableEntity {
		return nil
	}
	if err == nil {
		return errors.New("github: an issue without a title was accepted")
	}
	return fault("try to file an issue in", err)
}

func fault(doing string, err error) error {
	return fmt.Errorf("github: %s the repository: %w", doing, err)
}
