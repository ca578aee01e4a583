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

// CI passes when every workflow that ran on the newest commit of the default branch went well. One that still runs, or a
// commit on which none ran, leaves it unknown.
type CI struct {
	Repo *github.Repo
	// Workflows are the names of those that must have run, and that alone count; none means all that did run.
	Workflows []string
}

// Look implements Probe.
func (p CI) Look(ctx context.Context) Evidence {
	tip, err := p.Repo.Tip(ctx)
	if err != nil {
		return notFromGitHub("whether CI is green", err)
	}
	var good, bad, open []string
	ran := map[string]bool{}
	for _, run := range tip.Runs {
		if len(p.Workflows) > 0 && !slices.ContainsFunc(p.Workflows, func(w string) bool { return strings.EqualFold(w, run.Name) }) {
			continue
		}
		ran[strings.ToLower(run.Name)] = true
		name := fmt.Sprintf("<%s|%s>", chat.Escape(run.URL), chat.Escape(incidents.Cut(run.Name, 40)))
		switch run.Conclusion {
		case "success":
			good = append(good, chat.Escape(incidents.Cut(run.Name, 40)))
		case "skipped", "neutral": // neither speaks for the commit nor against it
		case "":
			open = append(open, name+" still runs")
		case "failure", "timed_out", "startup_failure":
			bad = append(bad, name+" "+map[string]string{"failure": "failed", "timed_out": "ran out of time", "startup_failure": "could not start"}[run.Conclusion])
		default: // cancelled, stale, action_required, and what GitHub may add
			open = append(open, name+": "+chat.Escape(strings.ReplaceAll(run.Conclusion, "_", " ")))
		}
	}
	for _, w := range p.Workflows {
		if !ran[strings.ToLower(w)] {
			open = append(open, chat.Literal(w)+" has not run")
		}
	}
	on := fmt.Sprintf("on %s of %s", chat.Literal(tip.Commit[:min(7, len(tip.Commit))]), chat.Literal(tip.Branch))
	switch {
	case len(bad) > 0:
		return Evidence{Outcome: Failed, Say: on + ": " + some(bad)}
	case len(open) > 0:
		return Evidence{Outcome: Unknown, Say: on + ": " + some(open)}
	case len(good) == 0:
		return Evidence{Outcome: Unknown, Say: "no workflow has tested the newest commit, " + strings.TrimPrefix(on, "on ")}
	}
	return Evidence{Outcome: Passed, Say: "green " + on + ": " + some(good)}
}

// notFromGitHub is for what GitHub did not tell, with what is to be done about it.
func notFromGitHub(what string, err error) Evidence {
	why, todo := github.Explain(err)
	return Evidence{Outcome: Unknown, Say: strings.TrimSpace(fmt.Sprintf("GitHub did not tell %s. %s %s", what, chat.Escape(why), chat.Escape(todo)))}
}

// some names the first of several things.
func some(all []string) string {
	const most = 3
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}
