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
}

// Repo is one repository. It may be used by several goroutines.
type Repo struct {
	client      *github.Client
	owner, name string
}

// New makes the client without asking GitHub anything.
func New(o Options) (*Repo, error) {
	owner, name, ok := strings.Cut(o.Repo, "/")
	if !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf("github: %q is no repository: it looks like owner/name", o.Repo)
	}
	client := o.HTTPClient
	if client == nil {
		client = &http.Client{}
	}
	api, err := url.Parse(strings.TrimSuffix(cmp.Or(o.APIURL, DefaultAPI), "/") + "/")
	if err != nil {
		return nil, errors.New("github: the address of the API is no URL")
	}
	c := github.NewClient(client).WithAuthToken(o.Token)
	c.BaseURL = api
	return &Repo{client: c, owner: owner, name: name}, nil
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
	repo, answer, err := r.client.Repositories.Get(ctx, r.owner, r.name)
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
	_, _, err := r.client.Issues.Create(ctx, r.owner, r.name, &github.IssueRequest{})
	if Status(err) == http.StatusUnprocessableEntity {
		return nil
	}
	if err == nil {
		return errors.New("github: an issue without a title was accepted")
	}
	return fault("try to file an issue in", err)
}

// Labels lists the names of the repository's labels, at most the first thousand.
func (r *Repo) Labels(ctx context.Context) ([]string, error) {
	var names []string
	for page := 1; page != 0 && page <= 10; {
		labels, answer, err := r.client.Issues.ListLabels(ctx, r.owner, r.name, &github.ListOptions{Page: page, PerPage: 100})
		if err != nil {
			return nil, fault("list the labels of", err)
		}
		for _, label := range labels {
			names = append(names, label.GetName())
		}
		page = answer.NextPage
	}
	return names, nil
}

// Status is the HTTP status of an answer that was an error, or 0 when there was no answer.
func Status(err error) int {
	if refused, ok := errors.AsType[*github.ErrorResponse](err); ok {
		return refused.Response.StatusCode
	}
	if _, limited := Limited(err); limited {
		return http.StatusTooManyRequests
	}
	return 0
}

// Limited says that the token has asked too often, and when it may ask again; zero when GitHub does not say.
func Limited(err error) (until time.Time, yes bool) {
	if primary, ok := errors.AsType[*github.RateLimitError](err); ok {
		return primary.Rate.Reset.Time, true
	}
	if secondary, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		if after := secondary.RetryAfter; after != nil {
			until = time.Now().Add(*after)
		}
		return until, true
	}
	return time.Time{}, false
}

// Reason is what GitHub said with a refusal, or "".
func Reason(err error) string {
	if refused, ok := errors.AsType[*github.ErrorResponse](err); ok {
		return refused.Message
	}
	return ""
}

func fault(doing string, err error) error {
	return fmt.Errorf("github: %s the repository: %w", doing, err)
}
