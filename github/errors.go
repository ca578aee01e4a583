package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v57/github"
)

// refusal is a request that was not made, or not to its end, because it cannot be right.
type refusal struct{ what, todo string }

func (r *refusal) Error() string { return r.what }

func refusedHere(err error) bool {
	_, ok := errors.AsType[*refusal](err)
	return ok
}

// Status is the HTTP status of an answer that was an error, 429 for a limit, or 0 when there was no answer.
func Status(err error) int {
	if refused, ok := errors.AsType[*github.ErrorResponse](err); ok {
		return refused.Response.StatusCode
	}
	if _, limited := Limited(err); limited {
		return http.StatusTooManyRequests
	}
	return 0
}

// Reason is what GitHub said with a refusal, with the fields at fault, or "".
func Reason(err error) string {
	refused, ok := errors.AsType[*github.ErrorResponse](err)
	if !ok {
		return ""
	}
	said := strings.Join(strings.Fields(refused.Message), " ")
	var faults []string
	for _, e := range refused.Errors {
		fault := e.Message
		if fault == "" || e.Field != "" && !strings.Contains(strings.ToLower(fault), strings.ToLower(e.Field)) {
			fault = strings.TrimSpace(e.Field + " " + strings.ReplaceAll(cmp.Or(e.Message, e.Code), "_", " "))
		}
		if fault != "" {
			faults = append(faults, fault)
		}
	}
	if len(faults) == 0 {
		return said
	}
	return said + ": " + strings.Join(faults, ", ")
}

// Passing says that an error passes by itself, so that it is right to try again: a server in trouble, a connection that
// was cut, no answer in time, a limit, or that the caller wants no more. retryAfter is how long to wait at least; 0 when
// nothing says so. Everything else is a refusal, which stays one until somebody does something about it.
func Passing(err error) (retryAfter time.Duration, yes bool) {
	if until, over := Limited(err); over {
		return max(0, time.Until(until)), true
	}
	if err == nil || refusedHere(err) {
		return 0, false
	}
	if u, ok := errors.AsType[*unsure](err); ok {
		return u.wait, true
	}
	if status := Status(err); status != 0 {
		return 0, status >= http.StatusInternalServerError || status == http.StatusRequestTimeout
	}
	return 0, broken(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// broken says that there was no whole answer.
func broken(err error) bool {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errNoAnswer)
}

// errNoAnswer is a good status without what must come with it.
var errNoAnswer = errors.New("github: the answer is empty")

// Explain says in plain words what an error means and what to do, with GitHub's own words for a refusal. Neither is
// escaped for Slack.
func Explain(err error) (what, todo string) {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.what + ".", r.todo
	}
	if until, over := Limited(err); over {
		return "GitHub answers no more until " + until.UTC().Format("15:04:05 UTC") + ": it was asked too often.", "Nothing: opsbot tries again then."
	}
	const later = "Nothing for now: opsbot tries again. See githubstatus.com."
	rights, locked := "the repository permission Issues: Read and write", " Is the repository archived, or the issue locked?"
	if l, ok := errors.AsType[*lacking](err); ok {
		rights, locked = l.rights, ""
	}
	said := Reason(err)
	if said != "" {
		said = ": “" + strings.TrimRight(said, ".") + "”"
	}
	switch status := Status(err); {
	case status == http.StatusUnauthorized:
		return "GitHub does not accept the token: it is wrong, revoked or expired.", "Make a new one, and set `github.token`."
	case status == http.StatusForbidden:
		return "GitHub does not let the token do that" + said + ".", "Give it " + rights + "." + locked
	case status == http.StatusNotFound:
		return "GitHub knows no such repository or issue, or the token may not see it.", "Mend `github.repo`, or give the token access to it."
	case status == http.StatusGone:
		return "GitHub says that it is gone" + said + ".", "Are issues switched on in the repository's settings, under Features?"
	case status == http.StatusUnprocessableEntity:
		return "GitHub does not take what was to be written" + said + ".", "Change what it names, and file again."
	case status >= http.StatusInternalServerError || status == http.StatusRequestTimeout:
		return fmt.Sprintf("GitHub is in trouble: it answered with the status %d.", status), later
	case status != 0:
		return fmt.Sprintf("GitHub answered with the status %d", status) + said + ".", "Is `github.api_url` right?"
	case errors.Is(err, context.DeadlineExceeded):
		return "GitHub does not answer.", later
	case errors.Is(err, context.Canceled):
		return "It was stopped before GitHub had answered.", "Nothing: opsbot tries again."
	case broken(err):
		return "GitHub gave no whole answer, or cannot be reached.", "Nothing for now: opsbot tries again. May this machine reach it (proxy, firewall)?"
	}
	return "It could not be written on GitHub: " + err.Error() + ".", ""
}
