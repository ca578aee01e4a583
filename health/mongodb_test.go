package health_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/sandbox/peers"
)

func startMongo(t *testing.T, o mongo.Options) *mongo.Server {
	t.Helper()
	s, err := mongo.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func deployment(t *testing.T, uri string) health.MongoDB {
	t.Helper()
	d, err := databases.Open(t.Context(), "orders", uri, databases.Options{Timeout: 2 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close(context.Background())) })
	return health.MongoDB{Database: d}
}

func TestMongoDBReplicaSet(t *testing.T) {
	s := startMongo(t, mongo.Options{})
	p := deployment(t, s.URI(""))
	p.Lag, p.Connections = 30*time.Second, 80
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, `^answered after .*, 1 member, \d connections?$`, r.Say)

	second, third := mongo.Member{Name: "b.example:27017", State: 2, Str: "SECONDARY", Lag: 2 * time.Second}, mongo.Member{Name: "c.example:27017", State: 7, Str: "ARBITER", Lag: time.Hour}
	s.Faults().SetMembers(second, third)
	r = look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, `^answered after .*, 3 members, 2 s behind, \d connections?$`, r.Say)
	require.Equal(t, 2.0, figure(t, r, "lag"))
	require.Equal(t, 3.0, figure(t, r, "members"))
	require.Positive(t, figure(t, r, "connections"))

	second.Lag = 95 * time.Second
	s.Faults().SetMembers(second, third)
	require.Equal(t, "`b.example:27017` is 1 min 35 s behind, more than 30 s", look(t, p.Look, time.Minute).Say)
	p.Lag = 0
	require.Equal(t, health.OK, look(t, p.Look, time.Minute).Outcome)

	third.State, third.Str = 8, "(not reachable/healthy)"
	s.Faults().SetMembers(second, third)
	r = look(t, p.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Equal(t, "the member `c.example:27017` is (not reachable/healthy)", r.Say)

	p.Connections = 0.001
	require.Regexp(t, `, \d connections? of 16,000, more than 0.001%$`, look(t, p.Look, time.Minute).Say)
}

func TestMongoDBStandalone(t *testing.T) {
	p := deployment(t, startMongo(t, mongo.Options{ReplicaSet: "-"}).URI(""))
	p.Lag = time.Second
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome)
	require.Regexp(t, `^answered after .*, no replica set, \d connections?$`, r.Say)
}

func TestMongoDBWithFewRights(t *testing.T) {
	s := startMongo(t, mongo.Options{Username: "looker", Password: "sesame-open", Roles: []string{"readAnyDatabase"}})
	p := deployment(t, s.URI(""))
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, "^answered after .*, the user may not ask for the members of `rs0`$", r.Say)
	p.Lag = time.Second
	r = look(t, p.Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
	require.Equal(t, "how far members are behind is not known: give the user the role `clusterMonitor`", r.Say)
	p.Lag, p.Connections = 0, 80
	require.Equal(t, "how many connections are open is not known: give the user the role `clusterMonitor`", look(t, p.Look, time.Minute).Say)

	r = look(t, deployment(t, strings.Replace(s.URI(""), "sesame-open", "sesame-shut", 1)).Look, time.Minute)
	require.Equal(t, "The database `orders` did not accept the user or the password of its URI.", r.Say)
	require.Equal(t, health.Failed, r.Outcome)
}

func TestMongoDBTrouble(t *testing.T) {
	s := startMongo(t, mongo.Options{})
	p := deployment(t, s.URI(""))
	require.Equal(t, health.OK, look(t, p.Look, time.Minute).Outcome)
	s.Faults().Delay("serverStatus", time.Minute)
	r := look(t, p.Look, 300*time.Millisecond)
	require.Equal(t, health.Failed, r.Outcome)
	require.Equal(t, "The database `orders` did not answer `serverStatus` in time.", r.Say)
	require.NoError(t, s.Faults().Unreachable())
	r = look(t, p.Look, 5*time.Second)
	require.Equal(t, health.Failed, r.Outcome)
	require.Regexp(t, "The database `orders`", r.Say)

	ctx, cancel := contextThatEnds(t)
	defer cancel()
	r = deployment(t, "mongodb://"+listen(t, hang)).Look(ctx)
	require.Equal(t, health.Unknown, r.Outcome, r.Say)
	r = look(t, deployment(t, "mongodb://"+listen(t, hang)).Look, 300*time.Millisecond)
	require.Equal(t, health.Failed, r.Outcome)
	r = look(t, deployment(t, "mongodb://"+listen(t, reset)).Look, time.Minute)
	require.Equal(t, health.Failed, r.Outcome)
}

func TestFerretDB(t *testing.T) {
	program, address := peers.Find(t, "ferretdb"), nobody(t)
	server := exec.Command(program, "--handler=sqlite", "--sqlite-url=file:"+t.TempDir()+"/", "--state-dir="+t.TempDir(),
		"--listen-addr="+address, "--debug-addr=-", "--telemetry=disable", "--log-level=error")
	server.Stderr = os.Stderr
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	p := deployment(t, "mongodb://"+address+"/")
	r := look(t, p.Look, time.Minute)
	require.Equal(t, health.OK, r.Outcome, r.Say)
	require.Regexp(t, `^answered after .*, no replica set`, r.Say)
	p.Connections = 50
	require.Equal(t, "the server does not tell how many connections it can have", look(t, p.Look, time.Minute).Say)
}
