package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"
)

var (
	// ErrTooLarge is the answer for a file that is larger than the caller takes.
	ErrTooLarge = errors.New("bot: the file is too large")
	// errNoDownloads is met when Slack asks to sign in instead of sending the file, as it does without the scope files:read.
	errNoDownloads = errors.New("slack: the file is not given to the bot: it lacks the scope files:read, or is not where the file is shared")
)

// maxRedirects is how often a download is sent on.
const maxRedirects = 5

// Download reads a file with the bot's token, at most so many bytes: one that is larger is ErrTooLarge. The token is
// shown to Slack alone: to the host of the Web API and to slack.com's, and to no other host that it is redirected to.
// The code is "file_not_found" when it is gone.
// https://docs.slack.dev/reference/objects/file-object#authentication
func (s *Slack) Download(ctx context.Context, f File, most int64) ([]byte, error) {
	if f.Size > most {
		return nil, ErrTooLarge
	}
	if err := s.mayReceiveToken(f.URL); err != nil {
		return nil, err
	}
	client := *s.o.HTTPClient
	client.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		if len(before) > maxRedirects {
			return &finalError{errors.New("bot: a download was sent on too often")}
		}
		if next.URL.Query().Has("redir") {
			return http.ErrUseLastResponse // it leads to the page where people sign in
		}
		if next.URL.Host != before[0].URL.Host || next.URL.Scheme != before[0].URL.Scheme {
			next.Header.Del("Authorization")
		}
		return nil
	}
	var content []byte
	err := s.call(ctx, "download", "", func(ctx context.Context) (err error) {
		content, err = s.fetch(ctx, &client, f, most)
		return err
	})
	return content, err
}

func (s *Slack) fetch(ctx context.Context, client *http.Client, f File, most int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.o.BotToken)
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	signIn := strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") && !strings.HasPrefix(f.Type, "text/html")
	switch code := answer.StatusCode; {
	case code == http.StatusTooManyRequests:
		seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if err != nil {
			seconds = 1
		}
		return nil, &slackgo.RateLimitedError{RetryAfter: time.Duration(seconds) * time.Second}
	case code == http.StatusNotFound || code == http.StatusGone:
		return nil, slackgo.SlackErrorResponse{Err: "file_not_found"}
	case code >= 300 && code < 400 || code == http.StatusForbidden || code == http.StatusUnauthorized || code == http.StatusOK && signIn:
		return nil, &finalError{errNoDownloads}
	case code != http.StatusOK:
		return nil, slackgo.StatusCodeError{Code: code, Status: answer.Status}
	case answer.ContentLength > most:
		return nil, &finalError{ErrTooLarge}
	}
	content, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err == nil && int64(len(content)) > most {
		return nil, &finalError{ErrTooLarge}
	}
	return content, err
}

// finalError is an error that the next attempt would meet again.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

// mayReceiveToken is an error for an address that is not Slack's.
func (s *Slack) mayReceiveToken(address string) error {
	to, err := url.Parse(address)
	if err != nil {
		return errors.New("bot: a file has no good address") // without the address, which may hold a secret
	}
	api, err := url.Parse(s.o.APIURL)
	if err != nil {
		return fmt.Errorf("bot: read the Web API's address: %w", err)
	}
	slacks := to.Scheme == "https" && (to.Host == "slack.com" || strings.HasSuffix(to.Host, ".slack.com"))
	if slacks || to.Scheme == api.Scheme && to.Host == api.Host {
		return nil
	}
	return fmt.Errorf("bot: the file is on %q, which is not Slack's", to.Host)
}
