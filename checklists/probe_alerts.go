package checklists

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/github"
	"github.com/kampyn/opsbot/incidents"
)

// Alerts passes when Dependabot has no alert open that is as severe as Severity or worse.
type Alerts struct {
	Repo *github.Repo
	// Severity is one of github.Severities.
	Severity string
}

// Look implements Probe.
func (p Alerts) Look(ctx context.Context) Evidence {
	all := github.Severities()
	bad := all[max(0, slices.Index(all, p.Severity)):]
	found, err := p.Repo.Alerts(ctx, bad...)
	if err != nil {
		return notFromGitHub("Dependabot's alerts", err)
	}
	if len(found) == 0 {
		return Evidence{Outcome: Passed, Say: fmt.Sprintf("Dependabot has no open %s alert", strings.Join(bad, " or "))}
	}
	var names []string
	for _, a := range found {
		names = append(names, fmt.Sprintf("<%s|%s> (%s)", chat.Escape(a.URL), chat.Escape(incidents.Cut(a.Package, 40)), a.Severity))
	}
	return Evidence{Outcome: Failed, Say: fmt.Sprintf("%s open: %s", chat.Plural(int64(len(found)), "alert"), some(names))}
}
