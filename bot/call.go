package bot

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
)

// errEmptyAnswer is an answer that is neither a success nor an error, as proxies give it.
var errEmptyAnswer = errors.New("Slack's answer was empty")

// The first and the longest wait between two attempts.
const (
	firstWait   = 200 * time.Millisecond
	longestWait = 10 * time.Second
)

// call attempts a method until Slack has accepted or refused it or the context ends. 429 pauses the method (for
// postings: in that channel) for as long as Slack says; the context's error carries the last failure.
// https://docs.slack.dev/apis/web-api/rate-limits
func (s *Slack) call(ctx context.Context, method, channel string, attempt func(ctx context.Context) error) error {
	for n := 0; ; n++ {
		err := s.once(ctx, method, channel, attempt)
		if err == nil || !transient(err) {
			return err
		}
		if n == 3 || n%20 == 19 {
			s.log.Warn("Slack does not answer well, still trying", "method", method, "attempts", n+1, "error", err)
		}
		if sleep(ctx, wait(n, err)) != nil {
			return fmt.Errorf("%w after %w", context.Cause(ctx), err)
		}
	}
}

// once makes one attempt, after the pause that a 429 asked for, and notes a new one.
func (s *Slack) once(ctx context.Context, method, channel string, attempt func(ctx context.Context) error) error {
	key := method
	if strings.HasPrefix(method, "chat.post") {
		key += " " + channel
	}
	if err := s.rest(ctx, key); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, s.o.CallWithin)
	defer cancel()
	err := attempt(bounded)
	if err == nil {
		s.o.Called(method, "ok")
		return nil
	}
	if _, limited := errors.AsType[*slackgo.RateLimitedError](err); limited {
		s.o.Called(method, "limited")
	} else {
		s.o.Called(method, "failed")
	}
	if ctx.Err() != nil {
		return fmt.Errorf("slack %s: %w", method, context.Cause(ctx))
	}
	if limited, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		s.mu.Lock()
		s.paused[key] = time.Now().Add(max(limited.RetryAfter, firstWait))
		s.mu.Unlock()
	}
	if broken, ok := errors.AsType[*url.Error](err); ok {
		err = broken.Err // without the address, which can be a secret
	}
	return fmt.Errorf("slack %s: %w", method, err)
}

func (s *Slack) rest(ctx context.Context, key string) error {
	s.mu.Lock()
	until, ok := s.paused[key]
	if ok && !until.After(time.Now()) {
		delete(s.paused, key)
	}
	s.mu.Unlock()
	return sleep(ctx, time.Until(until))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// wait grows with each attempt, with jitter. After a 429 the pause is all the waiting that is needed.
func wait(n int, err error) time.Duration {
	if _, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		return 0
	}
	longest := min(firstWait<<min(n, 10), longestWait)
	return longest/2 + rand.N(longest/2)
}

// transient says that the same call may succeed later: no answer, an answer that makes no sense, 429, 5xx, and the
// codes by which Slack says that it is at fault. The end of the caller's context is not transient.
func transient(err error) bool {
	if refusal, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return slices.Contains([]string{"internal_error", "fatal_error", "service_unavailable", "request_timeout",
			"ratelimited", "rate_limited"}, refusal.Err)
	}
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok {
		return status.Code >= 500 || status.Code == http.StatusTooManyRequests || status.Code == http.StatusRequestTimeout
	}
	_, final := errors.AsType[*finalError](err)
	return !final && !errors.Is(err, ErrClosed) && !errors.Is(err, context.Canceled)
}

// unsent says that the failed call certainly did nothing, so that repeating it is harmless.
func unsent(err error) bool {
	_, limited := errors.AsType[*slackgo.RateLimitedError](err)
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok && status.Code == http.StatusTooManyRequests {
		limited = true
	}
	return limited || Code(err) == "ratelimited" || strings.Contains(err.Error(), "connection refused")
}

// Code answers the error code by which Slack refused a call ("message_not_found"), or "".
func Code(err error) string {
	if refusal, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return refusal.Err
	}
	return ""
}

// explain makes a refusal that people can mend a *chat.Problem with the next step; other errors stay as they are.
func explain(channel string, err error) error {
	say, try := "", ""
	where := "that channel"
	if channel != "" && channel[0] == 'C' {
		where = "<#" + channel + ">"
	}
	switch Code(err) {
	case "not_in_channel":
		say, try = "I am not in "+where+".", "Invite me there with `/invite @opsbot`."
	case "channel_not_found":
		say, try = "I can't see "+where+".", "If it is private, invite me there with `/invite @opsbot`."
	case "is_archived":
		say, try = "The channel "+where+" is archived.", "Unarchive it, or use another channel."
	case "restricted_action", "restricted_action_read_only_channel":
		say, try = "I am not allowed to post in "+where+".", "Allow apps to post there in the channel's settings."
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type":
		say, try = "Slack does not accept my token ("+Code(err)+").", "Reinstall the app and set the new token."
	case "missing_scope":
		say, try = "I lack a permission in Slack"+scope(err)+".", "Add it to the app's manifest and reinstall the app."
	default:
		return err
	}
	return &chat.Problem{Say: say, Try: try, Err: err}
}

func scope(err error) string {
	if refusal, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok && refusal.Needed != "" {
		return " (the scope " + chat.Literal(refusal.Needed) + ")"
	}
	return ""
}

// Reason says in a sentence why Slack did not do something.
func Reason(err error) string {
	if problem, ok := errors.AsType[*chat.Problem](explain("", err)); ok {
		return strings.TrimSpace(problem.Say + " " + problem.Try)
	}
	switch code := Code(err); code {
	case "":
		return "there was no good answer from Slack."
	case "unknown_method":
		return "this workspace's Slack does not know the method."
	default:
		return "Slack answered " + chat.Literal(code) + "."
	}
}
