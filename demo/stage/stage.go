// Package stage sets up everything around the bot: a Slack-like workspace with people in it, MongoDB deployments with
// sample data, an object store, and the configuration file that ties them together. The demo and the tests of whole
// conversations start from it.
package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/sandbox/backend"
	githubsandbox "github.com/kampyn/opsbot/sandbox/github"
	mongosandbox "github.com/kampyn/opsbot/sandbox/mongo"
	s3sandbox "github.com/kampyn/opsbot/sandbox/s3"
	"github.com/kampyn/opsbot/sandbox/sample"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

// Options say what the stage is made of.
type Options struct {
	// Addr is where the workspace's page is served; "" means any free port.
	Addr string
	// GitHubAddr is where GitHub's pages are served; "" means any free port.
	GitHubAddr string
	// Dir holds everything that is written: state, objects, configuration.
	Dir string
	// Mongo is the URI of a server to use instead of the sandbox with sample data.
	Mongo string
	// Scale is how much sample data to make; 1 is some ten thousand documents.
	Scale float64
	// Latency delays each batch that the databases send, as a network would, so that progress can be seen.
	Latency time.Duration
	// Folder stores backups in a folder instead of the S3 server.
	Folder bool
	// S3 is a server of StartS3 to use instead of one of its own; S3Prefix keeps stages that share it apart.
	S3       *s3sandbox.Server
	S3Prefix string
	// Proxy puts a proxy with scripted faults in front of the S3 server.
	Proxy bool
	// Prefix stands before the names of the slash commands.
	Prefix string
	// Approvals is how many others must approve a restore.
	Approvals int
	// LookEvery is how often health checks look at Backend and the database of orders; 0 means that there are none.
	LookEvery time.Duration
	// All has health checks and the daily checklist look at everything there is here, not only at what tests talk about.
	All bool
	// Patience is how long Slack waits for an acknowledgement and for a form; 0 means 3 s, as Slack does. Tests that are
	// not about that have more, so that they also pass on a machine that is busy.
	Patience time.Duration
	Log      *slog.Logger
}

// Stage is everything around the bot. Anna and Ben are operators and approvers, Ben an admin, Chitra has no role, Drew belongs to
// another workspace.
type Stage struct {
	Slack     *slacksandbox.Server
	S3        *s3sandbox.Server // nil with a folder
	Proxy     *s3sandbox.Proxy  // nil if there is none
	Databases []Database
	// GitHub holds Repository; GitHubToken is the bot's.
	GitHub      *githubsandbox.Server
	GitHubToken string
	// Backend is the API that is looked after.
	Backend *backend.Server

	// The bot is in all but Lounge. Business is where the stakeholders are told.
	Ops, General, Lounge, Incidents, Security, Business string
	// OnCall is the user group of Anna and Ben.
	OnCall                  string
	Anna, Ben, Chitra, Drew string
	// Keys are what Anna and Ben are known by at the command line.
	Keys map[string]string

	options  Options
	endpoint string // of the object store
	stops    []func() error
}

// Database is one deployment that the bot looks after. Server is nil for one that the stage did not start.
type Database struct {
	Name, URI string
	Server    *mongosandbox.Server
}

// Credentials of the embedded S3 server.
const (
	Bucket    = "backups"
	accessKey = "demo"
	secretKey = "demo-secret"
)

// Start sets the stage up and writes its configuration file.
func Start(ctx context.Context, o Options) (_ *Stage, err error) {
	s := &Stage{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.startSlack(); err != nil {
		return nil, err
	}
	if err := s.startGitHub(); err != nil {
		return nil, err
	}
	if s.Backend, err = backend.Start(backend.Options{Version: "2.14.0", Log: o.Log}); err != nil {
		return nil, err
	}
	s.stops = append(s.stops, s.Backend.Close)
	if err := s.startMongo(ctx); err != nil {
		return nil, err
	}
	if !o.Folder {
		if err := s.startS3(); err != nil {
			return nil, err
		}
	}
	if err := s.writeConfig(); err != nil {
		return nil, err
	}
	return s, s.install()
}

// install makes the app in the workspace from the manifest, as people do: it can do no more than that says.
func (s *Stage) install() error {
	c, err := config.Load(s.ConfigFile())
	if err != nil {
		return err
	}
	m, err := app.Manifest(c)
	if err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("stage: write the manifest: %w", err)
	}
	return s.Slack.Install(text)
}

// StartS3 starts the S3 server of a stage, or of several that share it: a process can have only one.
func StartS3(dir string) (*s3sandbox.Server, error) {
	return s3sandbox.Start(s3sandbox.Options{Dir: dir, AccessKey: accessKey, SecretKey: secretKey, Buckets: []string{Bucket}})
}

func (s *Stage) startS3() (err error) {
	if s.S3 = s.options.S3; s.S3 == nil {
		if s.S3, err = StartS3(filepath.Join(s.options.Dir, "s3")); err != nil {
			return err
		}
		s.stops = append(s.stops, s.S3.Close)
	}
	s.endpoint = s.S3.Endpoint()
	if !s.options.Proxy {
		return nil
	}
	if s.Proxy, err = s3sandbox.StartProxy(s.endpoint); err != nil {
		return err
	}
	s.stops = append(s.stops, s.Proxy.Close)
	s.endpoint = s.Proxy.Endpoint()
	return nil
}

// Close stops everything, the last first.
func (s *Stage) Close() error {
	var err error
	for i := len(s.stops) - 1; i >= 0; i-- {
		err = errors.Join(err, s.stops[i]())
	}
	s.stops = nil
	return err
}

func (s *Stage) startSlack() (err error) {
	if s.Slack, err = slacksandbox.Start(slacksandbox.Options{
		Addr: s.options.Addr, Log: s.options.Log, AckTimeout: s.options.Patience, TriggerLife: s.options.Patience,
	}); err != nil {
		return err
	}
	s.stops = append(s.stops, s.Slack.Close)
	s.Anna = s.Slack.AddUser("anna")
	s.Ben = s.Slack.AddUser("ben")
	s.Chitra = s.Slack.AddUser("chitra")
	s.Drew = s.Slack.AddUser("drew", slacksandbox.OtherTeam())
	s.Keys = map[string]string{s.Anna: "the demo's key of anna", s.Ben: "the demo's key of ben"}
	s.Ops = s.Slack.AddChannel("ops", s.Anna, s.Ben, s.Chitra, s.Drew)
	s.General = s.Slack.AddChannel("general", s.Anna, s.Ben, s.Chitra)
	s.Lounge = s.Slack.AddChannelWithoutBot("lounge", s.Anna, s.Ben)
	s.Incidents = s.Slack.AddChannel("incidents", s.Anna, s.Ben, s.Chitra)
	s.Security = s.Slack.AddChannel("security", s.Ben)
	s.Business = s.Slack.AddChannel("business", s.Chitra)
	s.OnCall = s.Slack.AddUserGroup("oncall", s.Anna, s.Ben)
	return nil
}

// startMongo starts one replica set for each sample database, as the first users have it, or takes the server given.
func (s *Stage) startMongo(ctx context.Context) error {
	if s.options.Mongo != "" {
		s.Databases = []Database{{Name: "mine", URI: s.options.Mongo}}
		return nil
	}
	uris := map[string]string{}
	for _, d := range sample.Databases {
		server, err := mongosandbox.Start(mongosandbox.Options{ReplicaSet: d.Name, Log: s.options.Log})
		if err != nil {
			return err
		}
		s.stops = append(s.stops, server.Close)
		if s.options.Latency > 0 {
			server.Faults().Delay("getMore", s.options.Latency)
		}
		uris[d.DB] = server.URI(d.DB)
		s.Databases = append(s.Databases, Database{Name: d.Name, URI: server.URI(d.DB), Server: server})
	}
	return sample.Load(ctx, func(db string) string { return uris[db] }, sample.Options{Scale: s.options.Scale})
}

// ConfigFile is the path of the configuration that the bot and the command line are started with.
func (s *Stage) ConfigFile() string { return filepath.Join(s.options.Dir, "opsbot.yaml") }

func (s *Stage) writeConfig() error {
	databases := yaml.MapSlice{}
	for _, d := range s.Databases {
		databases = append(databases, yaml.MapItem{Key: d.Name, Value: map[string]string{"uri": d.URI}})
	}
	storage := map[string]any{"folder": "objects"}
	if s.S3 != nil {
		storage = map[string]any{"s3": map[string]any{
			"bucket": Bucket, "prefix": s.options.S3Prefix, "region": "us-east-1", "endpoint": s.endpoint, "path_style": true,
			"access_key": accessKey, "secret_key": secretKey,
		}}
	}
	file := yaml.MapSlice{
		{Key: "slack", Value: map[string]any{
			"bot_token": s.Slack.BotToken(), "app_token": s.Slack.AppToken(), "api_url": s.Slack.APIURL(),
			"channels": map[string]string{"ops": "ops", "incidents": "incidents", "security": "security"}, "command_prefix": s.options.Prefix,
		}},
		{Key: "state", Value: map[string]string{"sqlite": "opsbot.db"}},
		{Key: "roles", Value: map[string][]string{"operator": {s.Anna, s.Ben}, "approver": {s.Anna, s.Ben}, "admin": {s.Ben}}},
		{Key: "approvals", Value: map[string]any{"restore": s.options.Approvals, "keys": s.Keys}},
		{Key: "databases", Value: databases},
		{Key: "storage", Value: storage},
		{Key: "github", Value: map[string]any{"repo": Repository, "token": s.GitHubToken, "api_url": s.GitHub.APIURL()}},
		{Key: "incidents", Value: map[string]any{
			"services": []string{"api", "orders", "payments", "notifications"}, "on_call": []string{s.OnCall}, "stakeholders": "business",
		}},
		{Key: "checklists", Value: s.checklists()},
		{Key: "backups", Value: map[string]any{"full": "0 2 * * *", "timezone": "Asia/Kolkata"}},
	}
	if every := s.options.LookEvery; every > 0 {
		file = append(file, yaml.MapItem{Key: "health", Value: s.health(every)})
	}
	text, err := yaml.Marshal(file)
	if err != nil {
		return fmt.Errorf("stage: write the configuration: %w", err)
	}
	return os.WriteFile(s.ConfigFile(), text, 0o600)
}
