package health

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// longestSay is the most characters of Result.Say.
const longestSay = 200

// sentence joins what was found to one line that fits into Result.Say.
func sentence(parts ...string) string {
	line := []rune(strings.Join(strings.Fields(strings.Join(parts, ", ")), " "))
	if len(line) <= longestSay {
		return string(line)
	}
	cut := string(line[:longestSay-2])
	if strings.Count(cut, "`")%2 == 1 {
		return cut + "…`"
	}
	return cut + "…"
}

// days are whole days, rounded down.
func days(d time.Duration) int64 { return int64(d / (24 * time.Hour)) }

// broken is the result of a look that came to no answer. What hung is known when ctx has ended: a phase, or "".
func broken(ctx context.Context, err error, waited time.Duration, hung string, hide secrets) Result {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Result{Outcome: Unknown, Took: waited, Say: "the look was broken off"}
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		say := "no answer within " + chat.Span(waited)
		if hung != "" {
			say += ", hung at " + hung
		}
		return Result{Outcome: Failed, Took: waited, Say: say}
	}
	return Result{Outcome: Failed, Took: waited, Say: sentence(reason(err, hide))}
}

// reason says in plain words why a peer could not be reached or understood.
func reason(err error, hide secrets) string {
	if asked, ok := errors.AsType[*url.Error](err); ok {
		err = asked.Err // without the URL
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		switch name := chat.Literal(hide.in(lookup.Name)); {
		case lookup.IsNotFound:
			return "DNS knows no name " + name
		case lookup.IsTimeout:
			return "DNS did not answer in time for " + name
		default:
			return "DNS failed for " + name
		}
	}
	if say := certificateFault(err); say != "" {
		return say
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return "it does not speak TLS there"
	}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		return "it refused TLS: " + chat.Escape(alert.Error())
	}
	for fault, say := range map[error]string{
		syscall.ECONNREFUSED: "nothing listens there: the connection was refused",
		syscall.ECONNRESET:   "the connection was reset",
		syscall.EPIPE:        "the connection was reset",
		syscall.EHOSTUNREACH: "there is no way to the host",
		syscall.ENETUNREACH:  "there is no way to the host",
		io.EOF:               "the connection was closed without an answer",
		io.ErrUnexpectedEOF:  "the connection was closed in the middle of the answer",
	} {
		if errors.Is(err, fault) {
			return say
		}
	}
	text := err.Error()
	if strings.Contains(text, "readLoopPeekFailLocked") { // net/http's own words for an answer that came before the question
		return "no answer that can be understood: it came before anything was asked"
	}
	return "no answer that can be understood: " + chat.Escape(hide.in(text))
}

// secrets are texts that nobody may read, the longest first.
type secrets []string

// shortestSecret is what is not hidden: it would also hide plain words.
const shortestSecret = 4

// add takes secrets in, and their words, as the token of "Bearer token".
func (s *secrets) add(texts ...string) {
	for _, text := range texts {
		for _, secret := range append([]string{text}, strings.Fields(text)...) {
			if len(secret) >= shortestSecret {
				*s = append(*s, secret)
			}
		}
	}
	slices.SortFunc(*s, func(a, b string) int { return len(b) - len(a) })
}

// in answers a text without the secrets.
func (s secrets) in(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "•••")
	}
	return text
}

// shown is a value of somebody else's answer as one may read it.
func (s secrets) shown(value string) string {
	value = s.in(value)
	if short := []rune(value); len(short) > 40 {
		value = string(short[:39]) + "…"
	}
	if strings.TrimSpace(value) == "" {
		return "empty"
	}
	return chat.Literal(value)
}
