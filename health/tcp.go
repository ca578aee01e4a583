package health

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptrace"
	"regexp"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// mostGreeting is how much is read in bytes of what a server says first.
const mostGreeting = 4 << 10

// TCP connects to a port.
type TCP struct {
	// Address is host:port.
	Address string
	// Secure asks for TLS; TLS then says how its certificate is looked at.
	Secure bool
	TLS    TLS
	// Greeting is a regular expression (RE2) for what the server says first, up to the end of its line; "" asks for none.
	Greeting string
	// Latency is the longest time that all of it may take; 0 means any.
	Latency time.Duration
	// Now is for certificates.
	Now func() time.Time
}

// Look connects once.
func (p TCP) Look(ctx context.Context) Result {
	watch := newStopwatch()
	seen := certificates{}
	greeting, err := p.reach(ctx, watch, &seen)
	phases, took, hung := watch.done()
	if err != nil {
		r := broken(ctx, err, took, hung, nil)
		r.Phases = phases
		return r
	}
	good, fault, figures := seen.found(p.TLS, p.Now())
	r := Result{Outcome: OK, Took: took, Phases: phases, Figures: figures}
	var faults []string
	if pattern, err := regexp.Compile(p.Greeting); err != nil {
		faults = append(faults, "the greeting is held to a pattern that cannot be understood")
	} else if p.Greeting != "" && !pattern.MatchString(greeting) {
		faults = append(faults, fmt.Sprintf("the greeting is %s, which does not match %s", secrets(nil).shown(greeting), chat.Literal(p.Greeting)))
	}
	if fault != "" {
		faults = append(faults, fault)
	}
	if p.Latency > 0 && took > p.Latency {
		faults = append(faults, fmt.Sprintf("connected after %s, more than %s", chat.Span(took), chat.Span(p.Latency)))
	}
	if len(faults) > 0 {
		r.Outcome, r.Say = Failed, sentence(faults...)
		return r
	}
	r.Say = "connected after " + chat.Span(took)
	if good != "" {
		r.Say = sentence(r.Say, good)
	}
	return r
}

// reach connects and reads the greeting.
func (p TCP) reach(ctx context.Context, watch *stopwatch, seen *certificates) (greeting string, err error) {
	conn, err := dial(ctx, p.Address, watch)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }() // nothing was written
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	stream := conn
	if p.Secure {
		if stream, err = secure(ctx, conn, p.TLS.config(hostOf(p.Address), p.Now()), watch, seen); err != nil {
			return "", err
		}
	}
	if p.Greeting == "" {
		return "", nil
	}
	watch.begin("greeting")
	line, err := bufio.NewReader(io.LimitReader(stream, mostGreeting)).ReadString('\n')
	if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
		return "", err
	}
	watch.end("greeting")
	return line, nil
}

// dial connects; the time goes to DNS and connect.
func dial(ctx context.Context, address string, watch *stopwatch) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(httptrace.WithClientTrace(ctx, watch.trace()), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("health: connect: %w", err)
	}
	return conn, nil
}

// secure begins TLS on a connection.
func secure(ctx context.Context, conn net.Conn, config *tls.Config, watch *stopwatch, seen *certificates) (net.Conn, error) {
	watch.begin("TLS")
	client := tls.Client(conn, config)
	if err := client.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("health: begin TLS: %w", err)
	}
	watch.end("TLS")
	seen.see(client.ConnectionState())
	return client, nil
}

// hostOf is the host of host:port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
