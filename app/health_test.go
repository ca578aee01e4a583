package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/health"
)

const watched = `
slack: {bot_token: xoxb-1, app_token: xapp-1, channels: {ops: ops}}
roles: {admin: [U024BE7LH]}
databases: {orders: {uri: "mongodb://bot:sesame-uri@h/x"}}
storage: {folder: backups}
http: {listen: "127.0.0.1:0"}
health:
  maintenance: {sunday: {when: 30 2 * * 0, for: 2h, timezone: Europe/Berlin, checks: [api]}}
  checks:
    api: {http: {url: "https://api.example/sesame-path?key=sesame-key", send: {headers: {X-Key: sesame-header}}, latency: 2s}, depends_on: [cache]}
    cache: {redis: {address: "cache.example:6379", password: sesame-redis}, every: 1m, fail_after: 3}
    other: {mongodb: {uri: "mongodb://bot:sesame-uri@h/x"}}
    orders: {mongodb: {database: orders}}
    backup: {backup: {database: orders, younger_than: 26h}}
    report: {heartbeat: {token: sesame-sesame-sesame, within: 25h}}
    own: {http: {url: "https://127.0.0.1:1/", ca: ca.pem}}
`

func TestHealthRules(t *testing.T) {
	folder := t.TempDir()
	c, err := config.Parse(filepath.Join(folder, "opsbot.yaml"), []byte(watched), os.LookupEnv)
	require.NoError(t, err)
	now := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	called := now.Add(-time.Hour)
	s := &sights{now: func() time.Time { return now }, heard: func(_ context.Context, check string) (health.Heard, error) {
		require.Equal(t, "report", check)
		return health.Heard{At: called}, nil
	}}
	rules := s.healthRules(t.Context(), c.Health)
	require.NotContains(t, fmt.Sprintf("%+v", rules), "sesame", "what people may be shown holds no secret")
	require.Equal(t, "ops", rules.Channel)

	api, err := rules.Check("api")
	require.NoError(t, err)
	require.Equal(t, "GET `api.example`", api.Target)
	require.Equal(t, 2*time.Second, api.Limit)
	require.Equal(t, []string{"cache"}, api.DependsOn)
	cache, err := rules.Check("cache")
	require.NoError(t, err)
	require.Equal(t, 6*time.Second, cache.Jitter)
	require.Equal(t, 3, cache.FailAfter)

	for name, want := range map[string]health.Result{
		"orders": {Outcome: health.Unknown, Say: "the database `orders` is not there"},
		"backup": {Outcome: health.Unknown, Say: "the storage of backups is not there"},
		"report": {Outcome: health.OK, Say: "called 1 h ago"},
		"own":    {Outcome: health.Unknown, Say: "the authorities of `ca` cannot be read from `" + filepath.Join(folder, "ca.pem") + "`"},
	} {
		check, err := rules.Check(name)
		require.NoError(t, err)
		got := check.Look(t.Context())
		require.Equal(t, want, health.Result{Outcome: got.Outcome, Say: got.Say}, name)
	}
	require.NoError(t, s.close(t.Context()))

	// Half past two on a Sunday in Berlin, whose clocks are two hours ahead in April.
	window := rules.Windows[0]
	require.Equal(t, 2*time.Hour, window.For)
	require.Equal(t, []string{"api"}, window.Checks)
	require.Equal(t, "2026-04-05T00:30:00Z", window.Next(now.Add(48*time.Hour)).UTC().Format(time.RFC3339))
}
