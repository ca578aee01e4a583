package config_test

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/kampyn/opsbot/config"
	"github.com/stretchr/testify/require"
)

const example = "../opsbot.example.yaml"

var exampleEnv = map[string]string{
	"SLACK_BOT_TOKEN": "xoxb-1-bot", "SLACK_APP_TOKEN": "xapp-1-app",
	"APPROVAL_KEY_PRIYA":  "a-long-enough-approval-key",
	"MONGO_URI_USER":      "mongodb+srv://bot:pw@users.abc12.mongodb.net/users?retryWrites=true&w=majority",
	"MONGO_URI_ORDER":     "mongodb://bot:pw@a.example:27017,b.example:27018/orders?replicaSet=rs0&authSource=admin",
	"MONGO_URI_ITEM":      "mongodb://items.example",
	"MONGO_URI_INVENTORY": "mongodb://inventory.example/",
	"MONGO_URI_ACCOUNT":   "mongodb://accounts.example/accounts",
	"MONGO_URI_CACHE":     "mongodb://[::1]:27017/cache",
	"GITHUB_TOKEN":        "github_pat_example",
	"BACKUP_ACCESS_KEY":   "AKIAEXAMPLE", "BACKUP_SECRET_KEY": "example-secret-key",
}

func from(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func TestExample(t *testing.T) {
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	c, err := config.Parse(example, text, from(exampleEnv))
	require.NoError(t, err)

	root, err := filepath.Abs("..")
	require.NoError(t, err)
	require.Equal(t, "xoxb-1-bot", c.Slack.BotToken.Reveal())
	require.Equal(t, "https://slack.com/api/", c.Slack.APIURL)
	require.Equal(t, config.Channels{Ops: "ops", Incidents: "incidents", Security: "security"}, c.Slack.Channels)
	require.Equal(t, filepath.Join(root, "data/opsbot.db"), c.State.SQLite)
	require.Equal(t, []string{"U024BE7LH", "S0614TZR7"}, c.Roles["operator"])
	require.Equal(t, 1, c.Approvals.Restore)
	require.Equal(t, 30*time.Minute, c.Approvals.Lifetime)
	require.Equal(t, "a-long-enough-approval-key", c.Approvals.Keys["U0G9QF9C6"].Reveal())
	var names []string
	for _, d := range c.Databases {
		names = append(names, d.Name)
	}
	require.Equal(t, []string{"users", "orders", "items", "inventory", "accounts", "cache"}, names, "in the file's order")
	require.Equal(t, exampleEnv["MONGO_URI_USER"], c.Databases[0].URI.Reveal())
	require.Equal(t, "secondaryPreferred", c.Databases[0].ReadPreference)
	require.Equal(t, "kampyn-backups", c.Storage.S3.Bucket)
	require.Equal(t, "opsbot", c.Storage.S3.Prefix)
	require.Empty(t, c.Storage.S3.Endpoint)
	require.Empty(t, c.Storage.Folder)
	require.Equal(t, "Asia/Kolkata", c.Backups.Timezone.String())
	require.Equal(t, config.CatchUp, c.Backups.Missed)
	require.Equal(t, "kampyn/backend", c.GitHub.Repo)
	require.Equal(t, []string{"post-mortem"}, c.GitHub.Labels)
	require.Equal(t, []string{"api", "orders", "payments", "notifications"}, c.Incidents.Services)
	require.Equal(t, "sev1", c.Incidents.Severities[0].Name, "in the file's order")
	require.Equal(t, []string{"U0G9QF9C6"}, c.Incidents.Severities[0].Invite)
	require.Equal(t, []string{"S0614TZR7"}, c.Incidents.OnCall)
	require.Equal(t, "stakeholders", c.Incidents.Stakeholders)
	require.Equal(t, config.Want{Path: "timestamp", Tests: []config.Comparison{{Op: "fresh", Value: "2m0s"}}}, c.Health.Checks[0].HTTP.Body[1])
	require.Equal(t, slog.LevelInfo, c.Log.Level)
	require.Equal(t, 20*time.Second, c.ShutdownGrace)
}

// TestExampleIsComplete compares the keys of the example, with those that are commented out, with the schema.
func TestExampleIsComplete(t *testing.T) {
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	found := map[string]bool{}
	commented := regexp.MustCompile(`(?m)^(\s*)#([a-z_-]+: )`)
	// A key that is there a second time, commented out, shows what else it can have.
	second := regexp.MustCompile(`(?m)^(\s+)(tcp|mongodb|redis): (\{.*)\n\s+#(?:tcp|mongodb|redis): (.*)$`)
	for _, variant := range []string{second.ReplaceAllString(string(text), "$1$2: $3"), second.ReplaceAllString(string(text), "$1$2: $4")} {
		whole := commented.ReplaceAllString(variant, "$1$2")
		var tree map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(whole), &tree))
		collect(tree, "", found)
	}

	known := map[string]bool{}
	schema(reflect.TypeFor[config.Config](), "", known)
	for _, all := range []map[string]bool{known, found} {
		// What stands above the checks can stand in them, too, and is told of once.
		maps.DeleteFunc(all, func(key string, _ bool) bool {
			name, inCheck := strings.CutPrefix(key, "health.checks.*.")
			// How a web server can be asked is told of there.
			return inCheck && all["health."+name] || strings.Contains(key, ".probe.http.")
		})
	}
	require.Equal(t, slices.Sorted(maps.Keys(known)), slices.Sorted(maps.Keys(found)))
}

// open are the sections whose keys are people's own.
var open = regexp.MustCompile(`^(health\.checks\.\*\.(?:http\.(?:send\.)?headers|http\.body|machine\.disks)|` +
	`databases|approvals\.keys|incidents\.severities|checklists\.templates(?:\.\*\.items\.\*\.probe\.command\.env)?|health\.(?:checks|maintenance))\.[^.]+`)

// wanted are values that can be compared in more than one way.
var wanted = regexp.MustCompile(`^health\.checks\.\*\.http\.(headers\.\*|body\.\*|text)$`)

func collect(tree map[string]any, path string, found map[string]bool) {
	for key, value := range tree {
		key = open.ReplaceAllString(path+key, "$1.*")
		if wanted.MatchString(key) {
			found[key] = true
			continue
		}
		switch value := value.(type) {
		case map[string]any:
			collect(value, key+".", found)
		case []any:
			sections := false
			for _, element := range value {
				below, ok := element.(map[string]any)
				sections = sections || ok
				collect(below, key+".*.", found)
			}
			if !sections {
				found[key] = true
			}
		default:
			found[key] = true
		}
	}
}

func schema(typ reflect.Type, path string, known map[string]bool) {
	if typ.Kind() == reflect.Pointer && typ.Elem() != reflect.TypeFor[time.Location]() {
		typ = typ.Elem()
	}
	switch {
	case typ == reflect.TypeFor[config.Roles]():
		for _, role := range []string{"operator", "approver", "admin"} {
			known[path+"."+role] = true
		}
	case typ.Kind() == reflect.Map, typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
		schema(typ.Elem(), path+".*", known)
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[config.Secret]() && typ != reflect.TypeFor[config.Want]():
		for field := range fields(typ) {
			if field.Tag.Get("yaml") == ",inline" {
				schema(field.Type, path, known)
				continue
			}
			schema(field.Type, strings.TrimPrefix(path+"."+field.Tag.Get("yaml"), "."), known)
		}
	default:
		known[path] = true
	}
}

func fields(typ reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			field := typ.Field(i)
			tag := field.Tag.Get("yaml")
			if field.IsExported() && (tag == ",inline" || !strings.HasPrefix(tag, ",")) && !yield(field) {
				return
			}
		}
	}
}

// TestReadme holds the README to five steps and to a configuration that is enough.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "## Connect it to your workspace")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	require.Len(t, regexp.MustCompile(`(?m)^\d\. \*\*`).FindAllString(section, -1), 5)
	_, yaml, found := strings.Cut(section, "```yaml\n")
	require.True(t, found)
	yaml, _, _ = strings.Cut(yaml, "```")
	c, err := config.Parse("opsbot.yaml", []byte(yaml), from(map[string]string{"SLACK_BOT_TOKEN": "xoxb-1-bot", "SLACK_APP_TOKEN": "xapp-1-app",
		"MONGO_URI_ORDERS": "mongodb://bot:pw@db.example/orders"}))
	require.NoError(t, err)
	require.Equal(t, "orders", c.Databases[0].Name)
	require.Equal(t, "ops", c.Slack.Channels.Ops)
}

// TestNoKeyWithoutAName holds that what a Config carries beside its keys is no key.
func TestNoKeyWithoutAName(t *testing.T) {
	for _, text := range []string{`"": 1`, "from: 1"} {
		_, err := config.Parse("opsbot.yaml", []byte(text), from(nil))
		require.ErrorContains(t, err, "nknown", text)
	}
}

func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "opsbot.yaml")
	require.NoError(t, os.WriteFile(path, []byte("slack: {}"), 0o600))
	c, _, err := config.Inspect(path)
	require.NoError(t, err)
	changed, _, err := c.Changed()
	require.NoError(t, err)
	require.False(t, changed)
	require.NoError(t, os.WriteFile(path, []byte("slack: {}\nnonsense: 1"), 0o600))
	changed, problems, err := c.Changed()
	require.NoError(t, err)
	require.True(t, changed)
	require.NotNil(t, problems.About("nonsense"))
	require.NoError(t, os.Remove(path))
	_, _, err = c.Changed()
	require.ErrorContains(t, err, "cannot be read")
}
