package health_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kampyn/opsbot/health"
	"github.com/stretchr/testify/require"
)

func dialled(address string) health.TCP { return health.TCP{Address: address, Now: time.Now} }

func greets(with string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, with) }
}

func TestTCPConnects(t *testing.T) {
	address := listen(t, hang)
	r := look(t, dialled(address).Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, `^connected after `, r.Say)
	require.Equal(t, []string{"connect"}, phases(r))
	r = look(t, dialled(strings.Replace(address, "127.0.0.1", "localhost", 1)).Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Equal(t, []string{"DNS", "connect"}, phases(r))
}

func TestTCPGreeting(t *testing.T) {
	p := dialled(listen(t, greets("220 mail.example ESMTP\r\nmore")))
	p.Greeting = `^220 .*ESMTP`
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Equal(t, []string{"connect", "greeting"}, phases(r))
	p.Greeting = "^SSH-2"
	require.Equal(t, "the greeting is `220 mail.example ESMTP\\r\\n`, which does not match `^SSH-2`", look(t, p.Look, time.Minute).Say)
	p.Greeting, p.Latency = "^220", time.Nanosecond
	require.Regexp(t, `^connected after .*, more than 0 ms$`, look(t, p.Look, time.Minute).Say)
}

func TestTCPTrouble(t *testing.T) {
	endless := func(conn net.Conn) {
		for {
			if _, err := io.WriteString(conn, strings.Repeat("y", 1024)); err != nil {
				return
			}
		}
	}
	for name, test := range map[string]struct {
		address, greeting string
		secure            bool
		say               string
	}{
		"refused":       {address: nobody(t), say: "^nothing listens there: the connection was refused$"},
		"hangs":         {address: listen(t, hang), greeting: "x", say: `^no answer within [2-9]\d\d ms, hung at greeting$`},
		"hangs at TLS":  {address: listen(t, hang), secure: true, say: `^no answer within [2-9]\d\d ms, hung at TLS$`},
		"closes":        {address: listen(t, func(c net.Conn) { _ = c.Close() }), greeting: "x", say: "^the connection was closed without an answer$"},
		"endless line":  {address: listen(t, endless), greeting: "x", say: "^the greeting is `.*…`, which does not match `x`$"},
		"speaks no TLS": {address: listen(t, greets("220 mail.example ESMTP\r\n")), secure: true, say: "^it does not speak TLS there$"},
		"no address":    {address: "127.0.0.1", say: "missing port in address"},
	} {
		t.Run(name, func(t *testing.T) {
			p := dialled(test.address)
			p.Greeting, p.Secure = test.greeting, test.secure
			r := look(t, p.Look, 200*time.Millisecond)
			require.Equal(t, health.Failed, r.Outcome, r.Say)
			require.Regexp(t, test.say, r.Say)
		})
	}
}

func TestTCPSecure(t *testing.T) {
	a, now := newAuthority(t), time.Now()
	cert := a.sign(now.Add(-day), now.Add(12*day+time.Hour))
	p := dialled(listen(t, func(conn net.Conn) {
		server := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
		_, _ = io.WriteString(server, "* OK IMAP4rev1\r\n")
	}))
	p.Secure, p.Greeting, p.TLS = true, "IMAP4", health.TLS{Roots: a.roots}
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, `^connected after .*, certificate good for 12 days$`, r.Say)
	require.Equal(t, 12.0, figure(t, r, "certificate"))
	require.Equal(t, []string{"connect", "TLS", "greeting"}, phases(r))
	p.TLS.Left = 14 * day
	require.Regexp(t, "^the certificate ends in 12 days, on ", look(t, p.Look, time.Minute).Say)
	p.TLS.Roots = nil
	require.Equal(t, "the certificate's authority is unknown here: `Test Authority`", look(t, p.Look, time.Minute).Say)
}
