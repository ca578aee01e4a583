package checkup

import (
	"context"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/github"
)

// Automation tries what checklists read of a repository: the runs of its workflows, Dependabot's alerts, or both.
func Automation(repo *github.Repo, runs, alerts bool) Probe {
	return Probe{Section: githubTitle, Run: func(ctx context.Context, found *Rows) {
		if runs {
			tip, err := repo.Tip(ctx)
			if !unread(found, "right to runs", err) {
				found.OK("right to runs", "yes: %s on %s", chat.Plural(int64(len(tip.Runs)), "workflow"), chat.Literal(tip.Branch))
			}
		}
		if alerts {
			open, err := repo.Alerts(ctx, github.Severities()...)
			if !unread(found, "right to alerts", err) {
				found.OK("right to alerts", "yes: %d open", len(open))
			}
		}
	}}
}

// unread says why something could not be read. It is a remark: the items that ask for it are unknown, and nothing else.
func unread(found *Rows, name string, err error) bool {
	if err == nil {
		return false
	}
	what, todo := github.Explain(err)
	found.Remark(name, chat.Escape(what), chat.Escape(todo))
	return true
}
