package terminal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	githubsandbox "github.com/kampyn/opsbot/sandbox/github"
	mongosandbox "github.com/kampyn/opsbot/sandbox/mongo"
	s3sandbox "github.com/kampyn/opsbot/sandbox/s3"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/terminal"
)

// clinic is everything that a checkup looks at, in good health.
type clinic struct {
	slack                  *slacksandbox.Server
	orders                 *mongosandbox.Server
	proxy                  *s3sandbox.Proxy
	github                 *githubsandbox.Server
	anna, ben              string
	guest, gone, stray     string
	robot, group, empty    string
	orderURI, usersURI     string
	fileToken, weakToken   string
	classicToken, endToken string
}

const mongoPassword = "right-horse-battery"

func newClinic(t *testing.T) *clinic {
	c := &clinic{}
	var err error
	c.slack, err = slacksandbox.Start(slacksandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.slack.Close()) })
	c.anna, c.ben = c.slack.AddUser("anna"), c.slack.AddUser("ben")
	c.guest, c.gone = c.slack.AddUser("gus", slacksandbox.Guest()), c.slack.AddUser("gone", slacksandbox.Deactivated())
	c.stray, c.robot = c.slack.AddUser("drew", slacksandbox.OtherTeam()), c.slack.AddUser("robo", slacksandbox.BotUser())
	c.group, c.empty = c.slack.AddUserGroup("oncall", c.anna, c.ben), c.slack.AddUserGroup("nobody")
	c.slack.AddChannel("ops", c.anna, c.ben)
	c.slack.AddChannelWithoutBot("lounge", c.anna)
	c.slack.AddPrivateChannel("secret", c.anna)
	c.slack.SetArchived(c.slack.AddChannel("attic", c.anna), true)

	c.orders = c.mongo(t, mongosandbox.Options{Username: "asha", Password: mongoPassword})
	c.orderURI, c.usersURI = c.orders.URI("shop"), c.mongo(t, mongosandbox.Options{Username: "asha", Password: mongoPassword}).URI("shop")

	s3, err := s3sandbox.Start(s3sandbox.Options{Dir: t.TempDir(), AccessKey: "key", SecretKey: "secret", Buckets: []string{"backups"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s3.Close()) })
	c.proxy, err = s3sandbox.StartProxy(s3.Endpoint())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.proxy.Close()) })

	c.github, err = githubsandbox.Start(githubsandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.github.Close()) })
	c.github.AddUser("kampyn", "Kampyn")
	for _, name := range []string{"backend", "old", "silent"} {
		c.github.AddRepo(githubsandbox.Repo{Owner: "kampyn", Name: name, Private: true})
	}
	yes := true
	c.github.ChangeRepo("kampyn/old", githubsandbox.Change{Archived: &yes})
	c.github.ChangeRepo("kampyn/silent", githubsandbox.Change{NoIssues: &yes})
	c.fileToken = c.github.AddToken(githubsandbox.Token{User: "kampyn", Permissions: map[string]string{"issues": "write"}})
	c.weakToken = c.github.AddToken(githubsandbox.Token{User: "kampyn", Permissions: map[string]string{"issues": "read"}})
	c.classicToken = c.github.AddToken(githubsandbox.Token{User: "kampyn", Scopes: []string{"repo"}})
	c.endToken = c.github.AddToken(githubsandbox.Token{User: "kampyn", Permissions: map[string]string{"issues": "write"}, Expires: time.Now().Add(50 * time.Hour)})
	return c
}

// mongo starts a server with one collection in the database shop.
func (c *clinic) mongo(t *testing.T, o mongosandbox.Options) *mongosandbox.Server {
	t.Helper()
	roles := o.Roles
	o.Roles = nil
	s, err := mongosandbox.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	client, err := mongo.Connect(t.Context(), options.Client().ApplyURI(s.URI("")))
	require.NoError(t, err)
	_, err = client.Database("shop").Collection("carts").InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}})
	require.NoError(t, err)
	require.NoError(t, client.Disconnect(context.WithoutCancel(t.Context())))
	s.SetRoles(roles...)
	return s
}

// healthy is the configuration in which nothing is wrong.
func (c *clinic) healthy() string {
	return fmt.Sprintf(`slack:
  bot_token: %s
  app_token: %s
  api_url: %s
  channels: {ops: ops}
state: {sqlite: opsbot.db}
roles: {operator: [%s, %s], approver: [%s], admin: [%s]}
approvals: {keys: {%s: a-key-of-sixteen-characters}}
databases:
  orders: {uri: "%s"}
  users: {uri: "%s"}
storage: {s3: {bucket: backups, region: us-east-1, endpoint: "%s", path_style: true, access_key: key, secret_key: secret}}
backups: {full: "0 2 * * *", timezone: Asia/Kolkata}
github: {repo: kampyn/backend, token: %s, api_url: "%s", labels: [bug]}
`, c.slack.BotToken(), c.slack.AppToken(), c.slack.APIURL(), c.anna, c.group, c.ben, c.anna, c.anna,
		c.orderURI, c.usersURI, c.proxy.Endpoint(), c.fileToken, c.github.APIURL())
}

// check runs the command on a configuration.
func (c *clinic) check(t *testing.T, config string, args ...string) (code int, out string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "opsbot.yaml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	var stdout, stderr bytes.Buffer
	code = terminal.Main(t.Context(), append([]string{"check", "--config", file}, args...), terminal.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	require.Empty(t, stderr.String())
	for _, secret := range []string{mongoPassword, c.fileToken, c.slack.BotToken(), c.slack.AppToken(), "secret_key: secret", "a-key-of-sixteen-characters"} {
		require.NotContains(t, stdout.String(), secret)
	}
	return code, stdout.String()
}

func TestCheckOfAHealthyWorkspace(t *testing.T) {
	c := newClinic(t)
	code, out := c.check(t, c.healthy())
	t.Log(out)
	require.Equal(t, 0, code)
	require.NotContains(t, out, "✗")
	require.Regexp(t, `\d+ ok, 0 failed, \d+ with a remark, \d+ skipped; took `, out)
	for _, line := range []string{
		"✓ bot token +speaks as `@opsbot` in the workspace `Sandbox`", "✓ app token +opens connections", "✓ scopes +all that are needed",
		"✓ #ops +public, and I am in it", "✓ " + c.group + " +`@oncall`: operator, 2 members", "✓ two persons +2 operators, 2 approvers, 1 admin",
		"✓ key " + c.anna + " +anna can sign", "✓ server +MongoDB 4.4.6, replica set `rs0`, database `shop`", "✓ right to back up +.*1 collection",
		"✓ right to restore +the user `asha@admin`", "✓ oplog +readable", "✓ clock +agrees", "✓ twins +no two", "✓ delete +removed it again",
		"✓ write once", "✓ upload in parts", "✓ object lock +off", "✓ folder .*writable", "✓ repository +`kampyn/backend`, private", "✓ right to file +yes",
		"✓ labels +all there: bug", "✓ rate limit", "✓ schedule .*Asia/Kolkata: next", "! orders +has no backup yet",
	} {
		require.Regexp(t, "(?m)^  "+line, out)
	}
	require.Zero(t, len(c.github.Issues("kampyn/backend")), "an issue was filed")

	code, out = c.check(t, c.healthy(), "--json")
	require.Equal(t, 0, code)
	var parsed struct {
		OK       bool
		Sections []struct {
			Title string
			Rows  []struct{ Name, Status, Say, Try string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &parsed))
	require.True(t, parsed.OK)
	require.Equal(t, "Configuration", parsed.Sections[0].Title)
	require.Equal(t, "ok", parsed.Sections[1].Rows[0].Status)
}

// broken is one thing that is wrong, and the line that says so. Fails is how many lines do.
type broken struct {
	name     string
	old, new string // of the configuration
	harm     func()
	line     string
	fails    int
}

func TestCheckOfWhatIsBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("what is broken changes what is said, not what goes on at once")
	}
	c := newClinic(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nowhere := closed.Addr().String()
	require.NoError(t, closed.Close())
	all := slices.Concat(c.brokenDatabases(t, nowhere), c.brokenConfigurations(), c.brokenIncidents(), c.brokenHealth(t, nowhere),
		c.brokenSlack(), c.brokenStores(nowhere), c.brokenGitHub(nowhere))
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			config := c.healthy()
			if b.old != "" {
				require.Contains(t, config, b.old)
				config = strings.Replace(config, b.old, b.new, 1)
			}
			if b.harm == nil {
				t.Parallel() // with all others of which only the configuration is wrong
			} else {
				b.harm()
				defer func() {
					c.slack.Faults().Reset()
					c.proxy.Clear()
					c.github.Faults().Reset()
				}()
			}
			code, out := c.check(t, config)
			require.Regexp(t, "(?m)^  "+b.line, out)
			require.Equal(t, b.fails, strings.Count(out, "  ✗ "), out)
			require.Equal(t, min(b.fails, 1), code)
			// What is broken hides no other part.
			for _, title := range []string{"Configuration", "Slack", "Storage", "State", "GitHub", "Backups"} {
				require.Contains(t, "\n"+out, "\n"+title+"\n", title)
			}
		})
	}
}
