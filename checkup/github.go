package checkup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/github"
)

const githubTitle = "GitHub"

// GitHub tries whether issues could be filed in the repository, without filing one.
func GitHub(repo *github.Repo, labels []string, now func() time.Time) Probe {
	return Probe{Section: githubTitle, Run: func(ctx context.Context, found *Rows) {
		state, err := repo.Look(ctx)
		if err != nil {
			noRepo(found, repo, err)
			found.Skip("issues, labels", "because of the repository")
			return
		}
		token(found, state, now())
		switch {
		case state.Archived:
			found.Fail("repository", chat.Literal(state.FullName)+" is archived, so nothing can be filed", "Unarchive it, or name another with `github.repo`.")
		case state.Disabled:
			found.Fail("repository", chat.Literal(state.FullName)+" is disabled by GitHub", "Ask its owner, or name another with `github.repo`.")
		case !strings.EqualFold(state.FullName, repo.String()):
			found.Remark("repository", "is called "+chat.Literal(state.FullName)+" now", "Mend `github.repo`: the old name works until another takes it.")
		default:
			found.OK("repository", "%s, %s", chat.Literal(state.FullName), map[bool]string{true: "private", false: "public: what is filed there can be read by everybody"}[state.Private])
		}
		issues(ctx, found, repo, state)
		labelled(ctx, found, repo, labels, state)
		if state.Limit > 0 {
			limit(found, state, now())
		}
	}}
}

// noRepo says why the repository could not be looked at.
func noRepo(found *Rows, repo *github.Repo, err error) {
	name := chat.Literal(repo.String())
	until, limited := github.Limited(err)
	switch status := github.Status(err); {
	case limited && !until.IsZero():
		found.Fail("rate limit", "GitHub answers no more until "+until.UTC().Format("15:04 UTC"), "Wait, or use a token that is used less.")
	case limited:
		found.Fail("rate limit", "GitHub answers no more for a while", "Wait, or use a token that is used less.")
	case status == http.StatusUnauthorized:
		found.Fail("token", "GitHub does not accept it: wrong, revoked or expired", "Make a new one, and set `github.token`.")
	case status == http.StatusForbidden:
		found.Fail("repository", "the token may not look at "+name+": "+chat.Escape(github.Reason(err)), "Give it access to the repository; a token of an organisation may need its approval.")
	case status == http.StatusNotFound:
		found.Fail("repository", name+" does not exist, or the token may not know that it does", "Mend `github.repo`, or give the token access to it.")
	case status != 0:
		found.Fail("repository", fmt.Sprintf("GitHub answered with the status %d", status), "Try again later; see githubstatus.com.")
	default:
		say := "GitHub gave no good answer: " + chat.Escape(cut(err.Error(), 200))
		if errors.Is(err, context.DeadlineExceeded) {
			say = "GitHub does not answer"
		}
		found.Fail("reach", say, "Is `github.api_url` right, and may this machine reach it (proxy, firewall)?")
	}
}

// soon is how long before its end a token is worth a remark.
const soon = 14 * 24 * time.Hour

func token(found *Rows, s github.State, now time.Time) {
	kind := "fine-grained"
	if s.Classic {
		kind = "classic"
	}
	left := s.Expires.Sub(now)
	switch {
	case s.Expires.IsZero():
		found.OK("token", "%s, does not expire", kind)
	case left < soon:
		found.Remark("token", fmt.Sprintf("%s, expires in %s", kind, chat.Span(left)), "Make a new one before, and set `github.token`.")
	default:
		found.OK("token", "%s, expires in %s", kind, chat.Span(left))
	}
}

// issues proves the right to file one.
func issues(ctx context.Context, found *Rows, repo *github.Repo, s github.State) {
	const name = "right to file"
	switch {
	case !s.Issues:
		found.Fail("issues", "are switched off in this repository", "Switch them on in its settings, under Features.")
		found.Skip(name, "because issues are off")
		return
	case s.Archived || s.Disabled:
		found.Skip(name, "because of the repository")
		return
	case s.Classic && !slices.Contains(s.Scopes, "repo") && (s.Private || !slices.Contains(s.Scopes, "public_repo")):
		found.Fail(name, "the token lacks the scope "+chat.Literal(map[bool]string{true: "repo", false: "public_repo"}[s.Private]), "Add it to the token, or make a fine-grained one with Issues: Read and write.")
		return
	}
	err := repo.TryIssue(ctx)
	_, limited := github.Limited(err)
	switch status := github.Status(err); {
	case err == nil:
		found.OK(name, "yes: an issue without a title was refused for that alone")
	case limited:
		found.Skip(name, "because the rate limit is used up")
	case status == http.StatusForbidden || status == http.StatusNotFound:
		found.Fail(name, "the token may not: "+chat.Escape(github.Reason(err)), "Give it the repository permission Issues: Read and write.")
	case status == http.StatusGone:
		found.Fail(name, "issues are switched off in this repository", "Switch them on in its settings, under Features.")
	default:
		found.Fail(name, "GitHub gave no good answer: "+chat.Escape(cut(err.Error(), 200)), "Try again later; see githubstatus.com.")
	}
}

// labelled says which of the configured labels are there.
func labelled(ctx context.Context, found *Rows, repo *github.Repo, labels []string, s github.State) {
	if len(labels) == 0 {
		return
	}
	if !s.Issues {
		found.Skip("labels", "because issues are off")
		return
	}
	have, err := repo.Labels(ctx)
	if err != nil {
		found.Skip("labels", "because they could not be read")
		return
	}
	var missing []string
	for _, label := range labels {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, label) }) {
			missing = append(missing, chat.Literal(label))
		}
	}
	switch {
	case len(missing) == 0:
		found.OK("labels", "all there: %s", some(labels))
	case slices.Contains([]string{"admin", "maintain", "push"}, s.Role):
		found.Remark("labels", "not there yet: "+some(missing), "GitHub makes them with the first issue.")
	default:
		found.Remark("labels", "not there: "+some(missing), "The token's user may not make labels, so issues would have none: make them in the repository.")
	}
}

func limit(found *Rows, s github.State, now time.Time) {
	say := fmt.Sprintf("%s of %s requests left for %s", chat.Count(int64(s.Left)), chat.Count(int64(s.Limit)), chat.Span(s.Reset.Sub(now)))
	if s.Left < s.Limit/20 {
		found.Remark("rate limit", say, "Something uses the token up: give opsbot one of its own.")
		return
	}
	found.OK("rate limit", "%s", say)
}
