package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/kampyn/opsbot/config"
	"github.com/stretchr/testify/require"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const value = "hunter2-hunter2"
	secret := config.NewSecret(value)
	require.Equal(t, value, secret.Reveal())
	require.False(t, secret.IsEmpty())
	require.True(t, config.Secret{}.IsEmpty())

	c := config.Config{
		Slack:     config.Slack{BotToken: secret},
		Approvals: config.Approvals{Keys: map[string]config.Secret{"U1": secret}},
		Databases: []config.Database{{Name: "orders", URI: secret}},
		Storage:   config.Storage{S3: &config.S3{SecretKey: secret}},
	}
	unexported := struct{ s config.Secret }{secret}
	for _, v := range []any{secret, &secret, c, &c, unexported, &unexported, []config.Secret{secret}, *c.Storage.S3} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%20v", "%T"} {
			out := fmt.Sprintf(verb, v)
			require.NotContains(t, out, value, "%s of %T", verb, v)
			require.NotContains(t, strings.ToLower(out), fmt.Sprintf("%x", value), "%s of %T", verb, v)
		}
		text, err := json.Marshal(v)
		require.NoError(t, err)
		require.NotContains(t, string(text), value)
		text, err = yaml.Marshal(v)
		require.NoError(t, err)
		require.NotContains(t, string(text), value)

		var out bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Info("secret", "v", v, slog.Group("g", "v", v))
		}
		require.NotContains(t, out.String(), value)
	}
	require.Equal(t, "•••", fmt.Sprint(secret))
	require.Equal(t, "•••", fmt.Sprintf("%#v", secret))
	require.Equal(t, "•••", secret.LogValue().String())
	text, err := json.Marshal(map[config.Secret]config.Secret{secret: secret})
	require.NoError(t, err)
	require.JSONEq(t, `{"•••":"•••"}`, string(text))
}

func TestSecretFromFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	write("bot", "xoxb-from-file\r\n")
	write("empty", "\n")
	write("large", strings.Repeat("x", 100<<10))
	load := func(token string) (*config.Config, error) {
		text := strings.Replace(minimal, "${BOT}", token, 1)
		return config.Parse(filepath.Join(dir, "opsbot.yaml"), []byte(text), from(map[string]string{
			"APP": "xapp-1", "URI": "mongodb://h", "DIR": dir,
		}))
	}
	for _, token := range []string{"file:bot", "file:./bot", "file:" + dir + "/bot", "file:${DIR}/bot"} {
		c, err := load(token)
		require.NoError(t, err)
		require.Equal(t, "xoxb-from-file", c.Slack.BotToken.Reveal())
		require.Equal(t, filepath.Join(dir, "backups"), c.Storage.Folder)
	}
	_, err := load("file:empty")
	require.ErrorContains(t, err, "slack.bot_token: the secret's file empty is empty")
	_, err = load("file:large")
	require.ErrorContains(t, err, "slack.bot_token: the secret's file large is larger than 64 KiB")
	_, err = load("file:.")
	require.ErrorContains(t, err, "slack.bot_token: the secret's file cannot be read: ")
}

func TestVariables(t *testing.T) {
	env := map[string]string{
		"BOT": "xoxb-1", "APP": "xapp-1", "URI": "mongodb://h", "EMPTY": "",
		"INJECTION": "a\nshutdown_grace: 1s # ${BOT}", "BUCKET": "kampyn", "YES": "true",
	}
	load := func(prefix string) string {
		text := strings.Replace(minimal, "{folder: backups}", "{s3: {bucket: \"${BUCKET}-backups\", path_style: \"${YES}\", prefix: "+prefix+"}}", 1)
		c, err := config.Parse("opsbot.yaml", []byte(text), from(env))
		require.NoError(t, err)
		require.Equal(t, "kampyn-backups", c.Storage.S3.Bucket)
		require.True(t, c.Storage.S3.PathStyle)
		return c.Storage.S3.Prefix
	}
	for written, want := range map[string]string{
		`plain`:                          "plain",
		`""`:                             "",
		`"${NONE:-fallback}"`:            "fallback",
		`"${NONE:-}"`:                    "",
		`"${EMPTY:-fallback}"`:           "fallback",
		`"${BUCKET:-fallback}"`:          "kampyn",
		`"${BUCKET}${BUCKET}"`:           "kampynkampyn",
		`"$BUCKET and $ and $${BUCKET}"`: "$BUCKET and $ and ${BUCKET}",
		`2024`:                           "2024",
	} {
		require.Equal(t, want, load(written), written)
	}
	c, err := config.Parse("opsbot.yaml", []byte(minimal+"approvals: {keys: {U024BE7LH: \"${INJECTION}\"}}\n"), from(env))
	require.NoError(t, err)
	require.Equal(t, env["INJECTION"], c.Approvals.Keys["U024BE7LH"].Reveal(), "the environment cannot add keys")
	require.Equal(t, 20*time.Second, c.ShutdownGrace)
}

func TestAnchorsAndBlocks(t *testing.T) {
	c, err := parse(`slack:
  bot_token: |
    ${BOT}
  app_token: "${APP}"
  channels: {ops: &channel C024BE7LR, incidents: *channel, security: '#sec'}
roles: {admin: &people [U024BE7LH], operator: *people}
approvals: {restore: 0, lifetime: 1h30m}
databases:
  orders: {uri: "mongodb://u:${PW:-p%40ss}@h1,h2:27018/orders?tls=true&authSource=admin"}
  cache: {uri: "mongodb+srv://u:p@c.abc.mongodb.net/?srvMaxHosts=2&appName=x"}
storage:
  s3: {bucket: abc, endpoint: "http://127.0.0.1:9000", path_style: true}
backups: {full: "@daily", missed: report}
log: {level: debug, format: json}
`)
	require.NoError(t, err)
	require.Equal(t, "xoxb-1", c.Slack.BotToken.Reveal())
	require.Equal(t, config.Channels{Ops: "C024BE7LR", Incidents: "C024BE7LR", Security: "sec"}, c.Slack.Channels)
	require.Equal(t, []string{"U024BE7LH"}, c.Roles["operator"])
	require.Contains(t, c.Databases[0].URI.Reveal(), "p%40ss")
	require.Equal(t, "opsbot", c.Storage.S3.Prefix, "the default")
	require.True(t, c.Storage.S3.AccessKey.IsEmpty())
	schedule, err := config.ParseCron(c.Backups.Full)
	require.NoError(t, err)
	require.NotNil(t, schedule)
	require.Equal(t, slog.LevelDebug, c.Log.Level)

	_, err = parse(strings.Replace(minimal, "roles: {admin: [U024BE7LH]}", "roles: {admin: &a [*a]}", 1))
	require.Error(t, err, "an alias inside of its own anchor")
}
