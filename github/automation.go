package github

import (
	"context"
	"strings"
	"time"

	"github.com/google/go-github/v57/github"
)

// Rights that a token needs besides those for issues, as GitHub's settings name them for fine-grained tokens.
// https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
const (
	RunsRights   = "the repository permissions Actions: Read-only and Contents: Read-only"
	AlertsRights = "the repository permission Dependabot alerts: Read-only (a classic token: the scope `security_events`), and its user the role Write"
)

// Tip is the newest commit of the default branch, with what the workflows came to that ran on it.
type Tip struct {
	Branch, Commit string
	// At is when the commit was made.
	At time.Time
	// Runs are the newest of each workflow, those that were begun last first.
	Runs []Run
}

// Run is one run of a workflow.
type Run struct {
	Name, URL string
	// Conclusion is "" until it has ended; otherwise "success", "failure", "cancelled", "skipped", …
	// https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
	Conclusion string
	// Began is when it was begun.
	Began time.Time
}

// mostRuns bounds the runs of one commit: pages of a hundred.
const mostRuns = 5

// Tip reads what has run on the newest commit of the default branch: three requests or more.
func (r *Repo) Tip(ctx context.Context) (Tip, error) {
	tip, err := r.tip(ctx)
	if err != nil {
		return Tip{}, &lacking{fault("look at the branch of", err), RunsRights}
	}
	seen := map[int64]bool{}
	err = r.pages(ctx, mostRuns, func(ctx context.Context, page github.ListOptions) (*github.Response, error) {
		runs, answer, err := r.client.Actions.ListRepositoryWorkflowRuns(ctx, r.owner, r.name,
			&github.ListWorkflowRunsOptions{Branch: tip.Branch, HeadSHA: tip.Commit, ListOptions: page})
		if err != nil {
			return answer, err
		}
		for _, run := range runs.WorkflowRuns { // the newest first
			if id := run.GetWorkflowID(); !seen[id] {
				seen[id] = true
				tip.Runs = append(tip.Runs, Run{Name: run.GetName(), URL: run.GetHTMLURL(), Conclusion: run.GetConclusion(), Began: run.GetRunStartedAt().Time})
			}
		}
		return answer, nil
	})
	if err != nil {
		return Tip{}, &lacking{fault("list the runs of", err), RunsRights}
	}
	return tip, nil
}

func (r *Repo) tip(ctx context.Context) (tip Tip, err error) {
	err = r.ask(ctx, func(ctx context.Context) error {
		repo, _, err := r.client.Repositories.Get(ctx, r.owner, r.name)
		tip.Branch = repo.GetDefaultBranch()
		return err
	})
	if err != nil {
		return tip, err
	}
	err = r.ask(ctx, func(ctx context.Context) error {
		// A page of one is about the files that the commit has changed, which nobody asked for.
		commit, _, err := r.client.Repositories.GetCommit(ctx, r.owner, r.name, "heads/"+tip.Branch, &github.ListOptions{PerPage: 1})
		if err == nil && commit.GetSHA() == "" {
			return errNoAnswer
		}
		tip.Commit, tip.At = commit.GetSHA(), commit.GetCommit().GetCommitter().GetDate().Time
		return err
	})
	return tip, err
}

// Alert is one that Dependabot has raised.
type Alert struct {
	Number int
	// Package is the dependency, Summary what is wrong with it.
	Package, Severity, Summary, URL string
	Created                         time.Time
}

// mostAlerts bounds the alerts that are read: pages of a hundred.
const mostAlerts = 5

// Alerts lists Dependabot's open alerts of these severities (low, medium, high, critical), the newest first, at most 500.
// https://docs.github.com/en/rest/dependabot/alerts#list-dependabot-alerts-for-a-repository
func (r *Repo) Alerts(ctx context.Context, severities ...string) ([]Alert, error) {
	var all []Alert
	open, wanted := "open", strings.Join(severities, ",")
	o := &github.ListAlertsOptions{State: &open, Severity: &wanted, ListCursorOptions: github.ListCursorOptions{PerPage: 100}}
	for range mostAlerts {
		err := r.ask(ctx, func(ctx context.Context) error {
			found, answer, err := r.client.Dependabot.ListRepoAlerts(ctx, r.owner, r.name, o)
			if err != nil {
				return err
			}
			for _, a := range found {
				all = append(all, Alert{Number: a.GetNumber(), Package: a.GetDependency().GetPackage().GetName(), URL: a.GetHTMLURL(),
					Severity: a.GetSecurityAdvisory().GetSeverity(), Summary: a.GetSecurityAdvisory().GetSummary(), Created: a.GetCreatedAt().Time})
			}
			o.After = answer.After
			return nil
		})
		if err != nil {
			return nil, &lacking{fault("list the alerts of", err), AlertsRights}
		}
		if o.After == "" {
			break
		}
	}
	return all, nil
}

// Severities are those of alerts, the least first.
func Severities() []string { return []string{"low", "medium", "high", "critical"} }

// lacking is an error with the rights that the token needs for what was asked, in case that it lacks them.
type lacking struct {
	error
	rights string
}

func (l *lacking) Unwrap() error { return l.error }
