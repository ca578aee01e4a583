package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
	mongosandbox "github.com/kampyn/opsbot/sandbox/mongo"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

// buffer is a log that is read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// What people type although they should not. It is in the state until the envelope is forgotten, and nowhere else.
const (
	typedPassword = "typed-hunter2-marked"
	typedToken    = "ghp_typedtokenmarked"
)

const rightPassword, wrongPassword, otherPassword = "right-marked-1", "p@ss/w:rd marked-2", "nobody-listens-marked-3"

// secretive is a bot whose configuration holds secrets of every kind, some of which fit nothing.
type secretive struct {
	*stage.Stage
	c   *config.Config
	dir string
	log buffer
}

// configure adds databases with passwords: one that fits, one that does not, one that nobody is asked for.
func (s *secretive) configure(t *testing.T) {
	vault, err := mongosandbox.Start(mongosandbox.Options{Username: "asha", Password: rightPassword})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, vault.Close()) })
	right := vault.URI("shop")
	client, err := driver.Connect(t.Context(), options.Client().ApplyURI(right))
	require.NoError(t, err)
	_, err = client.Database("shop").Collection("carts").InsertOne(t.Context(), map[string]any{"_id": 1})
	require.NoError(t, err)
	require.NoError(t, client.Disconnect(t.Context()))
	wrong := strings.Replace(right, rightPassword, url.QueryEscape(wrongPassword), 1)
	wrong = strings.ReplaceAll(wrong, "+", "%20")
	for name, uri := range map[string]string{"vault": right, "locked": wrong,
		"nowhere": "mongodb://asha:" + otherPassword + "@127.0.0.1:1/shop?serverSelectionTimeoutMS=300"} {
		s.c.Databases = append(s.c.Databases, config.Database{Name: name, URI: config.NewSecret(uri)})
	}
	s.c.Approvals.Keys = map[string]config.Secret{s.Ben: config.NewSecret("an-approval-key-marked")}
	s.c.Log.Level = slog.LevelDebug
}

// known are all secrets of the configuration, each as it may be written.
func (s *secretive) known() (all []string) {
	c := s.c
	for _, secret := range []string{c.Slack.BotToken.Reveal(), c.Slack.AppToken.Reveal(), c.Storage.S3.SecretKey.Reveal(), c.GitHub.Token.Reveal(),
		c.Approvals.Keys[s.Ben].Reveal(), rightPassword, wrongPassword, otherPassword} {
		all = append(all, secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
			strings.ToLower(fmt.Sprintf("%x", secret)))
	}
	return all
}

// TestNoSecretGetsOut has the bot do all that it can do, well and badly, and looks for every secret of the configuration in the
// log, in what went to Slack and stands there, in the state, and in the object store; and for what people have typed by mistake.
func TestNoSecretGetsOut(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s := &secretive{dir: t.TempDir()}
	var err error
	s.Stage, err = stage.Start(ctx, stage.Options{Dir: s.dir, Scale: 0.01, Approvals: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	s.c, err = config.Load(s.ConfigFile())
	require.NoError(t, err)
	s.configure(t)
	a, err := app.Open(ctx, s.c, slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	require.NoError(t, err)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
	<-ready
	s.useIt(t)
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, a.Close())

	log := s.log.String()
	for _, line := range []string{`"locked`, `"error":`, `"reference":`} { // it is a log of things that went wrong
		require.Contains(t, log, line)
	}
	written := map[string]string{"log": log}
	s.readSlack(t, written)
	s.readFiles(t, "s3", written)
	require.Greater(t, len(written), 6, "objects were read")
	typed := []string{typedPassword, typedToken}
	for where, text := range written {
		for _, secret := range append(s.known(), typed...) {
			if strings.Contains(text, secret) {
				at := strings.Index(text, secret)
				t.Errorf("%s has the secret %q: …%s…", where, secret, text[max(0, at-200):min(len(text), at+200)])
			}
		}
	}
	held := map[string]string{}
	for _, file := range []string{"opsbot.db", "opsbot.db-wal", "opsbot.db-shm"} {
		if content, err := os.ReadFile(filepath.Join(s.dir, file)); err == nil {
			held[file] = string(content)
		}
	}
	require.NotEmpty(t, held["opsbot.db"])
	for where, text := range held {
		for _, secret := range s.known() {
			require.NotContains(t, text, secret, where)
		}
	}
}

// useIt asks for everything, also what has to fail.
func (s *secretive) useIt(t *testing.T) {
	anna, ben := s.Slack.As(s.Anna), s.Slack.As(s.Ben)
	talk := &stage.Conversation{Stage: s.Stage, Patience: 60 * time.Second, Out: t.Output()}
	require.NoError(t, talk.Says(s.Anna, "/backup now vault orders"))
	require.NoError(t, talk.Sees("Backup of"))
	require.NoError(t, talk.Becomes("✅"))
	for _, name := range []string{"locked", "nowhere"} {
		require.NoError(t, talk.Says(s.Anna, "/backup now "+name))
		require.NoError(t, talk.Sees("Backup of"))
		require.NoError(t, talk.Becomes("❌"))
	}
	require.NoError(t, talk.Says(s.Anna, "/restore vault to vault_look"))
	require.NoError(t, talk.Sees("Approve"))
	require.NoError(t, talk.Presses(s.Ben, "Approve"))
	require.NoError(t, talk.Becomes("Proven equal|❌"))
	require.NoError(t, talk.Says(s.Anna, "/ops check"))
	require.NoError(t, talk.Sees("Check of"))
	require.NoError(t, talk.Becomes("❌"))
	for _, line := range []string{"/backup now mongodb://admin:" + typedPassword + "@db/orders password=" + typedPassword,
		"/backup list mongodb://u:" + typedPassword + "@h/", "/backup show token=" + typedToken, "/restore " + typedToken, "/jobs show " + typedToken,
		"/audit " + typedToken, "/ops " + typedToken, "/ops help " + typedToken, "/backup " + typedToken,
		"/restore orders to " + typedToken + "/x", "/restore drop " + typedToken + " b", "/restore orders to mongodb://u:" + typedPassword + "@h/x",
		"<@" + s.Slack.BotUserID() + "> backup now " + typedToken} {
		require.NoError(t, talk.Says(s.Anna, line))
		require.NoError(t, talk.Hears(s.Anna, "."), line)
	}
	require.NoError(t, anna.OpenHome())
	require.NoError(t, talk.Says(s.Ben, "/audit export"))
	require.NoError(t, talk.IsTold(s.Ben, `audit\.jsonl`))
	s.Slack.Faults().APIError("chat.postEphemeral", 1, "invalid_auth")
	_, err := ben.Slash(s.Ops, "/jobs")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Contains(s.log.String(), "invalid_auth") }, 20*time.Second, 50*time.Millisecond)
}

// readSlack collects what the bot sent to Slack, and what stands there but for what people said.
func (s *secretive) readSlack(t *testing.T, written map[string]string) {
	calls, err := json.Marshal(s.Slack.Calls())
	require.NoError(t, err)
	written["calls of Slack"] = string(calls)
	require.Contains(t, written["calls of Slack"], "chat.postEphemeral")
	for _, channel := range []string{s.Ops, s.General, s.Slack.As(s.Anna).DM(), s.Slack.As(s.Ben).DM()} {
		for _, m := range s.Slack.Messages(channel) {
			if m.User == s.Anna || m.User == s.Ben {
				continue
			}
			text, err := json.Marshal(slacksandbox.Message{Text: m.Text, Blocks: m.Blocks})
			require.NoError(t, err)
			written["messages"] += string(text) + m.Plain()
			for _, f := range m.Files {
				written["file "+f.Name] = string(f.Content)
			}
		}
	}
	require.NotEmpty(t, written["file audit.jsonl"])
	requests, err := json.Marshal(s.GitHub.Requests())
	require.NoError(t, err)
	written["GitHub"] = string(requests)
}

// readFiles collects all files of a folder, unpacked.
func (s *secretive) readFiles(t *testing.T, folder string, written map[string]string) {
	require.NoError(t, filepath.WalkDir(filepath.Join(s.dir, folder), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		if unpacker, err := zstd.NewReader(bytes.NewReader(content)); err == nil {
			var plain bytes.Buffer
			if _, err := plain.ReadFrom(unpacker); err == nil {
				written[path+" unpacked"] = plain.String()
			}
			unpacker.Close()
		}
		written[path] = string(content)
		return nil
	}))
}
