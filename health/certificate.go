package health

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// TLS says how certificates are looked at. They are always verified.
type TLS struct {
	// Roots are the authorities that are believed; nil means those of the machine.
	Roots *x509.CertPool
	// Left is how long a certificate must be good for; 0 means that it must be good now.
	Left time.Duration
}

func (t TLS) config(server string, now time.Time) *tls.Config {
	return &tls.Config{RootCAs: t.Roots, ServerName: server, Time: func() time.Time { return now }, MinVersion: tls.VersionTLS12}
}

// certificates follow the certificates that are seen in one look.
type certificates struct {
	until time.Time // when the first of them ends
}

// see takes the chain of a connection in. The end of a chain is that of its first certificate to end; of several chains
// the one that lasts longest counts, as it does for clients.
func (c *certificates) see(state tls.ConnectionState) {
	var lasts time.Time
	for _, chain := range state.VerifiedChains {
		end := chain[0].NotAfter
		for _, one := range chain[1:] {
			if one.NotAfter.Before(end) {
				end = one.NotAfter
			}
		}
		if end.After(lasts) {
			lasts = end
		}
	}
	if !lasts.IsZero() && (c.until.IsZero() || lasts.Before(c.until)) {
		c.until = lasts
	}
}

// found answers what to say about the certificates, whether they last too short, and the figure; nothing without TLS.
func (c *certificates) found(t TLS, now time.Time) (good, fault string, figures []Figure) {
	if c.until.IsZero() {
		return "", "", nil
	}
	left := c.until.Sub(now)
	figures = []Figure{{"certificate", float64(days(left)), "days"}}
	if left < t.Left {
		return "", fmt.Sprintf("the certificate ends in %s, on %s", span(left), c.until.UTC().Format(time.DateOnly)), figures
	}
	return "certificate good for " + span(left), "", figures
}

// span writes days where it is about days.
func span(d time.Duration) string {
	if n := days(d); n >= 2 {
		return chat.Plural(n, "day")
	}
	return chat.Span(d)
}

// certificateFault says what is wrong with a certificate; "" when the error is about something else.
func certificateFault(err error) string {
	verification, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok {
		return ""
	}
	leaf := verification.UnverifiedCertificates[0]
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		names := host.Certificate.DNSNames
		for _, ip := range host.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		if len(names) > 3 {
			names = append(names[:3:3], "…")
		}
		return fmt.Sprintf("the certificate is for %s, not for %s", chat.Literal(strings.Join(names, ", ")), chat.Literal(host.Host))
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		which := "the certificate"
		if !invalid.Cert.Equal(leaf) {
			which = "the certificate of its authority"
		}
		// The error tells both ends of the time in the same way; its detail says which one.
		if strings.Contains(invalid.Detail, "before") {
			return which + " is not valid before " + invalid.Cert.NotBefore.UTC().Format(time.DateOnly)
		}
		return which + " expired on " + invalid.Cert.NotAfter.UTC().Format(time.DateOnly)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		if string(leaf.RawIssuer) == string(leaf.RawSubject) {
			return "the certificate is self-signed"
		}
		return "the certificate's authority is unknown here: " + chat.Literal(leaf.Issuer.CommonName)
	}
	return "the certificate is refused: " + chat.Escape(verification.Err.Error())
}
