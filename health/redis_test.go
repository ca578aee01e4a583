package health_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/sandbox/peers"
)

// startRedis runs a real server in a folder of its own and answers its address. Without a TLS port the arguments are
// those after "port".
func startRedis(t *testing.T, arguments ...string) string {
	t.Helper()
	program := peers.Find(t, "redis-server")
	address := nobody(t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	name := "--port"
	if len(arguments) > 0 && arguments[0] == "tls" {
		name, arguments = "--tls-port", append([]string{"--port", "0"}, arguments[1:]...)
	}
	said := &bytes.Buffer{}
	server := exec.Command(program, append([]string{
		name, port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no", "--daemonize", "no",
	}, arguments...)...)
	server.Stdout, server.Stderr = said, said
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	return address
}

func cached(address string) health.Redis { return health.Redis{Address: address, Now: time.Now} }

func TestRedisAnswers(t *testing.T) {
	address := startRedis(t, "--maxmemory", "64mb")
	p := cached(address)
	p.Memory = 90
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, `^answered after .*, \d% of its maxmemory used$`, r.Say)
	require.Equal(t, []string{"connect", "answer"}, phases(r))
	require.Equal(t, float64(64<<20), figure(t, r, "maxmemory"))
	require.Positive(t, figure(t, r, "memory"))

	client := redis.NewClient(&redis.Options{Addr: address})
	defer func() { require.NoError(t, client.Close()) }()
	for i := range 40 {
		require.NoError(t, client.Set(context.Background(), fmt.Sprint("ballast", i), strings.Repeat("x", 1<<20-100), 0).Err())
	}
	p.Memory = 50
	r = look(t, p.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Regexp(t, `^\d\d% of its maxmemory used, more than 50%$`, r.Say)

	require.NoError(t, client.ConfigSet(context.Background(), "maxmemory", "0").Err())
	r = look(t, p.Look, time.Minute)
	require.Regexp(t, `of the machine's memory used$`, r.Say)
}

func TestRedisPassword(t *testing.T) {
	p := cached(startRedis(t, "--requirepass", "sesame-open"))
	client := redis.NewClient(&redis.Options{Addr: p.Address, Password: "sesame-open"})
	defer func() { require.NoError(t, client.Close()) }()
	require.NoError(t, client.ACLSetUser(context.Background(), "looker", "on", ">sesame-looker", "+ping").Err())
	require.NoError(t, client.ACLSetUser(context.Background(), "deaf", "on", ">sesame-deaf").Err())
	for name, test := range map[string]struct {
		user, password, say string
		memory              float64
		outcome             health.Outcome
	}{
		"right":         {"", "sesame-open", "^answered after .*memory used$", 90, health.OK},
		"none":          {"", "", "^it asks for a password, and there is none in the configuration$", 0, health.Failed},
		"wrong":         {"", "sesame-shut", "^the user name or the password is refused$", 0, health.Failed},
		"may only ping": {"looker", "sesame-looker", "^answered after .*, the user may not run `INFO`, which tells the memory$", 0, health.OK},
		"memory asked":  {"looker", "sesame-looker", "^the user may not run `INFO`, which tells the memory$", 90, health.Failed},
		"may nothing":   {"deaf", "sesame-deaf", "^the user may not run `PING`$", 0, health.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			p := p
			p.Username, p.Password, p.Memory = test.user, test.password, test.memory
			r := look(t, p.Look, time.Minute)
			require.Equal(t, test.outcome, r.Outcome, r.Say)
			require.Regexp(t, test.say, r.Say)
			require.NotContains(t, r.Say, "sesame")
		})
	}
}

func TestRedisSecure(t *testing.T) {
	a, now, folder := newAuthority(t), time.Now(), t.TempDir()
	cert := a.sign(now.Add(-day), now.Add(12*day+time.Hour))
	key, err := x509.MarshalECPrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"cert": {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, "key": {Type: "EC PRIVATE KEY", Bytes: key},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600))
	}
	p := cached(startRedis(t, "tls", "--tls-cert-file", filepath.Join(folder, "cert"), "--tls-key-file", filepath.Join(folder, "key"), "--tls-auth-clients", "no"))
	p.Secure, p.TLS = true, health.TLS{Roots: a.roots}
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, "certificate good for 12 days$", r.Say)
	require.Equal(t, []string{"connect", "TLS", "answer"}, phases(r))
	p.TLS.Left = 30 * day
	require.Regexp(t, "^the certificate ends in 12 days", look(t, p.Look, time.Minute).Say)
	p.TLS.Roots = nil
	require.Equal(t, "the certificate's authority is unknown here: `Test Authority`", look(t, p.Look, time.Minute).Say)
	p.Secure = false
	require.Equal(t, health.Failed, look(t, p.Look, time.Minute).Outcome, "plain words to a port that wants TLS")
}

func TestRedisTrouble(t *testing.T) {
	answers := func(text string) string {
		return listen(t, func(conn net.Conn) {
			for {
				if _, err := conn.Read(make([]byte, 1024)); err != nil {
					return
				}
				_, _ = fmt.Fprint(conn, text)
			}
		})
	}
	for name, test := range map[string]struct{ address, say string }{
		"is not there":      {nobody(t), "^nothing listens there: the connection was refused$"},
		"hangs":             {listen(t, hang), `^no answer within [2-9]\d\d ms, hung at answer$`},
		"resets":            {listen(t, reset), "^the connection was reset$"},
		"loads":             {answers("-LOADING Redis is loading the dataset in memory\r\n"), "^it is still loading its data$"},
		"is full":           {answers("-ERR max number of clients reached\r\n"), "^it has as many clients as it takes$"},
		"is protected":      {answers("-DENIED Redis is running in protected mode\r\n"), "^it runs in protected mode"},
		"knows no password": {answers("-ERR Client sent AUTH, but no password is set\r\n"), "^it knows no password"},
		"is no Redis":       {answers("HTTP/1.1 400 Bad Request\r\n\r\n"), "^no answer that can be understood: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := look(t, cached(test.address).Look, 200*time.Millisecond)
			require.Equal(t, health.Failed, r.Outcome, r.Say)
			require.Regexp(t, test.say, r.Say)
		})
	}
	ctx, cancel := contextThatEnds(t)
	defer cancel()
	require.Equal(t, health.Unknown, cached(listen(t, hang)).Look(ctx).Outcome)
}
