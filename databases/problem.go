package databases

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/kampyn/opsbot/chat"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/description"
	"go.mongodb.org/mongo-driver/x/mongo/driver/auth"
	"go.mongodb.org/mongo-driver/x/mongo/driver/topology"
)

// Error codes of the server that are told apart.
// https://github.com/mongodb/mongo/blob/v4.4/src/mongo/base/error_codes.yml
const (
	codeUnauthorized         = 13
	codeAuthenticationFailed = 18
	codeNamespaceNotFound    = 26
	codeMaxTimeMSExpired     = 50
	codeNotImplemented       = 238
	codeAtlas                = 8000
)

// problem turns an error of the driver into one with two readers. A context that was cancelled passes through, and what
// the server said is kept for the log without the documents that it may quote.
func (d *Database) problem(doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, known := errors.AsType[*chat.Problem](err); known {
		return err
	}
	name := chat.Literal(d.Name)
	cause := fmt.Errorf("databases: %s: %s: %w", d.Name, doing, quiet{err})
	if selection, ok := errors.AsType[topology.ServerSelectionError](err); ok {
		for _, server := range selection.Desc.Servers {
			if server.LastError != nil {
				return d.unreachable(server.LastError, cause)
			}
		}
		switch {
		case errors.Is(err, context.Canceled):
			return cause
		case slices.ContainsFunc(selection.Desc.Servers, func(s description.Server) bool { return s.Kind != description.Unknown }):
			return &chat.Problem{
				Say: "The members of the replica set of " + name + " answer, but none of them is the one that is needed.",
				Try: "Wait until a primary is elected, and check the read preference, if one is set.", Err: cause,
			}
		}
		return d.unreachable(err, cause)
	}
	code, _ := CodeOf(err)
	switch {
	case errors.Is(err, context.Canceled):
		return cause
	case errors.Is(err, context.DeadlineExceeded), code == codeMaxTimeMSExpired: // the caller's, the driver's or the server's
		return &chat.Problem{
			Say: fmt.Sprintf("The database %s did not answer %s in time.", name, chat.Literal(doing)),
			Try: "Is the server busy, or the way to it slow? Look at its load, then try again.", Err: cause,
		}
	}
	if answer, ok := errors.AsType[mongo.CommandError](err); ok && answer.Code != 0 {
		switch answer.Code {
		case codeAuthenticationFailed:
			return authentication(name, cause)
		case codeUnauthorized, codeAtlas:
			return d.unauthorized(doing, answer.Message, cause)
		}
		return &chat.Problem{
			Say: fmt.Sprintf("The database %s refused %s: %s.", name, chat.Literal(doing), codeText(answer)),
			Try: "The log has what the server said.", Err: cause,
		}
	}
	return d.unreachable(err, cause)
}

// codeText names an error of the server by its code alone: its message may quote documents.
func codeText(e mongo.CommandError) string {
	if e.Name == "" {
		return fmt.Sprintf("error %d", e.Code)
	}
	return fmt.Sprintf("%s (%d)", e.Name, e.Code)
}

var notAuthorized = regexp.MustCompile(`^not authorized on (.+?) to execute command \{ (\w+):`)

func (d *Database) unauthorized(doing, message string, cause error) error {
	p := &chat.Problem{
		Say: fmt.Sprintf("The user of the database %s may not run %s.", chat.Literal(d.Name), chat.Literal(doing)),
		Try: "Give it the built-in role `backup` for backups, and `restore` with `readWriteAnyDatabase` and `dbAdminAnyDatabase` for restores.",
		Err: cause,
	}
	if m := notAuthorized.FindStringSubmatch(message); m != nil {
		p.Say = fmt.Sprintf("The user of the database %s lacks the right for %s on %s.",
			chat.Literal(d.Name), chat.Literal(m[2]), chat.Literal(m[1]))
	} else if strings.HasSuffix(message, "requires authentication") {
		p.Say = fmt.Sprintf("The database %s asks for a user, and its URI names none.", chat.Literal(d.Name))
		p.Try = "Put `user:password@` before the host of its URI."
	}
	return p
}

func authentication(name string, cause error) error {
	return &chat.Problem{
		Say: "The database " + name + " did not accept the user or the password of its URI.",
		Try: "Check both, and `authSource`, the database that the user belongs to.", Err: cause,
	}
}

// unreachable says why no server answered.
func (d *Database) unreachable(reason, cause error) error {
	name := chat.Literal(d.Name)
	if _, ok := errors.AsType[*auth.Error](reason); ok {
		return authentication(name, cause)
	}
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		expired   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(reason, &dns):
		return &chat.Problem{
			Say: fmt.Sprintf("The host %s of the database %s is not known.", chat.Literal(dns.Name), name),
			Try: "Check the host in its URI, and the name servers.", Err: cause,
		}
	case errors.As(reason, &verify), errors.As(reason, &authority), errors.As(reason, &host),
		errors.As(reason, &expired), errors.As(reason, &record), errors.As(reason, &alert):
		return &chat.Problem{
			Say: "There is no secure connection to the database " + name + ": TLS failed" + tlsReason(reason) + ".",
			Try: "Check `tls`, `tlsCAFile` and the host of its URI against the server's certificate.", Err: cause,
		}
	}
	return &chat.Problem{
		Say: "The database " + name + " can't be reached" + networkReason(reason) + ".",
		Try: "Is the server up, and may this machine reach it (firewall, allow list)?", Err: cause,
	}
}

// tlsReason says in a few words why a certificate was not accepted.
func tlsReason(err error) string {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return ", the server's certificate has expired or is not valid yet"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return ", the server's certificate is signed by an authority that is not trusted here"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return ", the server's certificate is for another host"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return ", the server does not speak TLS"
	}
	return ""
}

// networkReason says in a few words what came instead of an answer.
func networkReason(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return " (the connection was refused)"
	case errors.As(err, &network) && network.Timeout():
		return " (no answer)"
	}
	return ""
}

// quiet shows an error without the documents and keys that a server's message may quote.
type quiet struct{ err error }

func (q quiet) Unwrap() error { return q.err }

func (q quiet) Error() string {
	if answer, ok := errors.AsType[mongo.CommandError](q.err); ok && answer.Code != 0 {
		if m := notAuthorized.FindStringSubmatch(answer.Message); m != nil {
			return fmt.Sprintf("%s: not authorized on %s to execute command %s", codeText(answer), m[1], m[2])
		}
		return codeText(answer) + ": " + withoutValues(answer.Message)
	}
	return q.err.Error()
}

// withoutValues cuts a message before the first document that it quotes.
func withoutValues(message string) string {
	if i := strings.IndexAny(message, "{["); i >= 0 {
		return strings.TrimRight(message[:i], " :,") + " …"
	}
	return message
}

// IsMissing says that the error is the server's "no such collection or database".
func IsMissing(err error) bool {
	answer, ok := errors.AsType[mongo.CommandError](err)
	return ok && answer.Code == codeNamespaceNotFound
}
