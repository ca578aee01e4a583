package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/config"
	"github.com/stretchr/testify/require"
)

// minimal is the shortest valid configuration. Tests replace one of its lines.
const minimal = `slack:
  bot_token: ${BOT}
  app_token: ${APP}
  channels: {ops: ops}
roles: {admin: [U024BE7LH]}
databases:
  orders: {uri: "${URI}"}
storage: {folder: backups}
`

var minimalEnv = map[string]string{
	"BOT": "xoxb-1", "APP": "xapp-1", "URI": "mongodb://bot:sesame@db.example/orders", "EMPTY": "", "N": "three",
}

func parse(text string) (*config.Config, error) {
	return config.Parse("opsbot.yaml", []byte(text), from(minimalEnv))
}

func TestMinimal(t *testing.T) {
	c, err := parse(minimal)
	require.NoError(t, err)
	require.Equal(t, "ops", c.Slack.Channels.Incidents)
	require.Equal(t, "ops", c.Slack.Channels.Security)
	require.Nil(t, c.Storage.S3)
	dir, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "backups"), c.Storage.Folder)
	require.Equal(t, filepath.Join(dir, "data/opsbot.db"), c.State.SQLite)
	require.Equal(t, "UTC", c.Backups.Timezone.String())
	require.Empty(t, c.Backups.Full)
}

func TestBroken(t *testing.T) {
	for name, test := range map[string]struct{ old, text, want string }{
		"unknown key at the top": {"", "databasess: 1\n", `9:1: databasess: unknown key, did you mean "databases"?`},
		"unknown key below": {`{uri: "${URI}"}`, `{urii: "${URI}"}`,
			`7:12: databases.orders.urii: unknown key, did you mean "uri"?`},
		"unknown key, nothing near": {`{folder: backups}`, `{folder: backups, tape: 1}`,
			`8:28: storage.tape: unknown key, known: s3, folder`},
		"unknown role":             {"[U024BE7LH]", "[U024BE7LH], boss: [U1AB]", `5:29: roles.boss: unknown key, known: operator, approver, admin`},
		"misspelt role":            {"[U024BE7LH]", "[U024BE7LH], aprover: [U1AB]", `5:29: roles.aprover: unknown key, did you mean "approver"?`},
		"missing variable":         {"${BOT}", "${BOTT}", `2:14: slack.bot_token: the environment variable BOTT is not set, set it, or give a default with ${BOTT:-…}`},
		"empty variable":           {"${BOT}", "${EMPTY}", `2:14: slack.bot_token: the environment variable EMPTY is empty, set it, or allow that with ${EMPTY:-}`},
		"malformed variable":       {"${BOT}", "${BOT", `2:14: slack.bot_token: a ${ is not followed by a name and }, write ${NAME}, ${NAME:-default}, or $${ for a plain ${`},
		"empty default":            {"${BOT}", "${EMPTY:-}", `2:14: slack.bot_token: missing, the bot token of the Slack app begins with xoxb-`},
		"missing secret":           {"  bot_token: ${BOT}\n", "", `1:1: slack.bot_token: missing, the bot token of the Slack app begins with xoxb-`},
		"tokens swapped":           {"${BOT}", "${APP}", `2:14: slack.bot_token: this is not the bot token of the Slack app, it begins with xoxb-`},
		"token with space":         {"${BOT}", `"${BOT} x"`, `2:14: slack.bot_token: there is white space in the token`},
		"secret's file is missing": {"${BOT}", "file:/no/such/file", `2:14: slack.bot_token: the secret's file cannot be read: open /no/such/file: no such file or directory`},
		"bad api_url":              {"slack:\n", "slack:\n  api_url: slack.com\n", `2:12: slack.api_url: this is no URL of a web server, write https://slack.com/api/, or leave it out`},
		"bad prefix":               {"slack:\n", "slack:\n  command_prefix: /ops\n", `2:19: slack.command_prefix: "/ops" cannot begin a command, use at most 20 lowercase letters, digits, - and _`},
		"bad channel":              {"{ops: ops}", "{ops: Ops Team}", `4:19: slack.channels.ops: "Ops Team" is neither a channel's name nor its id, write lowercase letters, digits, - and _, or an id such as C024BE7LR`},
		"missing channel":          {"  channels: {ops: ops}\n", "", `1:1: slack.channels.ops: missing, name the channel for what the bot reports by itself`},
		"a name for an id":         {"U024BE7LH", `"@priya"`, `5:17: roles.admin[0]: "@priya" is no id of a user or a user group, open the profile and choose “Copy member ID”: it looks like U024BE7LH, a group's like S0614TZR7`},
		"role is no list":          {"[U024BE7LH]", "U024BE7LH", `5:16: roles.admin: this must be a list, write [one, two]`},
		"no roles":                 {"roles: {admin: [U024BE7LH]}\n", "", `1:1: roles: missing, nobody could use the bot: name people as operator or admin`},
		"no approver":              {"{admin: ", "{operator: ", `5:1: roles.approver: missing, so nobody could approve a restore, name people, or set approvals.restore to 0`},
		"approvals":                {"", "approvals: {restore: 11}\n", `9:22: approvals.restore: 11 is out of range, write 0 to 10`},
		"negative":                 {"", "approvals: {restore: -1}\n", `9:22: approvals.restore: -1 is out of range, write 0 to 10`},
		"no number":                {"", "approvals: {restore: \"${N}\"}\n", `9:22: approvals.restore: "three" is no whole number`},
		"a fraction":               {"", "approvals: {restore: 1.5}\n", `9:22: approvals.restore: "1.5" is no whole number`},
		"no duration":              {"", "approvals: {lifetime: 30}\n", `9:23: approvals.lifetime: "30" is no duration, write it like 20s, 30m, 1h30m or 7d`},
		"short lifetime":           {"", "approvals: {lifetime: 1s}\n", `9:23: approvals.lifetime: 1s is out of range, write 1m to 7d`},
		"key of a group":           {"", "approvals: {keys: {S0614TZR7: 0123456789abcdef}}\n", `9:20: approvals.keys.S0614TZR7: "S0614TZR7" is no id of a user, it looks like U024BE7LH`},
		"short key":                {"", "approvals: {keys: {U024BE7LH: sesame}}\n", `9:31: approvals.keys.U024BE7LH: the key is shorter than 16 characters, make one with: openssl rand -base64 24`},
		"database's name":          {"orders:", "Orders:", `7:3: databases.Orders: "Orders" cannot be a database's name here, use at most 40 lowercase letters, digits, - and _`},
		"no databases":             {"databases:\n  orders: {uri: \"${URI}\"}\n", "", `1:1: databases: missing, name at least one, such as orders: {uri: ${MONGO_URI}}`},
		"no uri":                   {`{uri: "${URI}"}`, "{}", `7:3: databases.orders.uri: missing, write a connection string such as mongodb://host/database`},
		"uri's scheme":             {"${URI}", "db.example/orders", `7:17: databases.orders.uri: this is no MongoDB connection string: it begins with mongodb:// or mongodb+srv://`},
		"uri's password":           {"${URI}", "mongodb://bot:p@ss@h/x", `7:17: databases.orders.uri: this is no MongoDB connection string: in the user name and the password the characters : / ? # [ ] @ % must be percent-encoded`},
		"uri's slash":              {"${URI}", "mongodb://bot:p/ss@h/x", `7:17: databases.orders.uri: this is no MongoDB connection string: in the user name and the password the characters : / ? # [ ] @ % must be percent-encoded`},
		"uri's option":             {"${URI}", "mongodb://bot:sesame@h/?maxPoolSize=many", `7:17: databases.orders.uri: this is no MongoDB connection string: invalid value for "maxPoolSize": "many"`},
		"srv with a port":          {"${URI}", "mongodb+srv://bot:sesame@a.b.example:27017/", `7:17: databases.orders.uri: this is no MongoDB connection string: mongodb+srv takes one host with a domain, and no port`},
		"read preference":          {`"${URI}"`, `"${URI}", read_preference: secondaryprefered`, `7:44: databases.orders.read_preference: "secondaryprefered" is not a value for this, did you mean "secondaryPreferred"?`},
		"two stores":               {"{folder: backups}", "{folder: backups, s3: {bucket: abc}}", `8:1: storage: there is both s3 and folder, keep one of them`},
		"no store":                 {"storage: {folder: backups}\n", "", `1:1: storage: missing, write s3 or folder below it`},
		"home":                     {"folder: backups", "folder: ~/backups", `8:19: storage.folder: ~ is not understood, write the whole path, or ${HOME}`},
		"no bucket":                {"{folder: backups}", "{s3: {region: eu-west-1}}", `8:11: storage.s3.bucket: missing`},
		"bucket's name":            {"{folder: backups}", "{s3: {bucket: My_Bucket}}", `8:24: storage.s3.bucket: "My_Bucket" cannot be a bucket's name, it has 3 to 63 lowercase letters, digits, dots and dashes`},
		"prefix":                   {"{folder: backups}", "{s3: {bucket: abc, prefix: a/../b}}", `8:37: storage.s3.prefix: "a/../b" cannot begin a key, write words with slashes between them`},
		"endpoint":                 {"{folder: backups}", "{s3: {bucket: abc, endpoint: \"https://me:sesame@s3.example\"}}", `8:39: storage.s3.endpoint: this is no URL of a web server, write one like https://s3.example.org, without credentials`},
		"prefix with lines":        {"{folder: backups}", "{s3: {bucket: abc, prefix: \"a\\nb\"}}", `8:37: storage.s3.prefix: "a\nb" cannot begin a key, write words with slashes between them`},
		"region":                   {"{folder: backups}", "{s3: {bucket: abc, region: eu west}}", `8:37: storage.s3.region: "eu west" is no region, write one like ap-south-1`},
		"half a credential":        {"{folder: backups}", "{s3: {bucket: abc, access_key: abc}}", `8:11: storage.s3.secret_key: missing, write both, or neither to use the environment or the machine's role`},
		"no boolean":               {"{folder: backups}", "{s3: {bucket: abc, path_style: yes}}", `8:41: storage.s3.path_style: "yes" is neither true nor false`},
		"cron":                     {"", "backups: {full: 2 o'clock}\n", `9:17: backups.full: "2 o'clock" is no cron line (expected exactly 5 fields, found 2: [2 o'clock]), write one like 0 2 * * * (at two every night) or @daily`},
		"cron never":               {"", "backups: {full: 0 0 30 2 *}\n", `9:17: backups.full: "0 0 30 2 *" never comes, write one like 0 2 * * * (at two every night) or @daily`},
		"cron every":               {"", "backups: {full: \"@every 1h\"}\n", `9:17: backups.full: @every counts from the start of the program, write a cron line with fixed times`},
		"cron zone":                {"", "backups: {full: TZ=UTC 0 2 * * *}\n", `9:17: backups.full: the time zone stands in the line, write it as backups.timezone`},
		"time zone":                {"", "backups: {timezone: Asia/Calcuta}\n", `9:21: backups.timezone: "Asia/Calcuta" is no time zone, write one like Asia/Kolkata or UTC`},
		"missed":                   {"", "backups: {missed: catchup}\n", `9:19: backups.missed: "catchup" is not a value for this, did you mean "catch-up"?`},
		"parallel":                 {"", "backups: {parallel: 0}\n", `9:21: backups.parallel: 0 is out of range, write 1 to 16`},
		"readers":                  {"", "backups: {readers: 99}\n", `9:20: backups.readers: 99 is out of range, write 1 to 32`},
		"level":                    {"", "log: {level: loud}\n", `9:14: log.level: "loud" is not a value for this, known: debug, info, warn, error`},
		"format":                   {"", "log: {format: jsn}\n", `9:15: log.format: "jsn" is not a value for this, did you mean "json"?`},
		"grace":                    {"", "shutdown_grace: 1h\n", `9:17: shutdown_grace: 1h0m0s is out of range, write 0s to 10m`},
		"section is a value":       {"{ops: ops}", "ops", `4:13: slack.channels: this must be a section with keys`},
		"value is a section":       {"${BOT}", "{a: b}", `2:14: slack.bot_token: this must be a single value`},
		"tag":                      {"${BOT}", "!env BOT", `2:14: slack.bot_token: tags such as !env are not understood, leave it out`},
		"alias":                    {"${BOT}", "*bot", `2:14: slack.bot_token: there is no anchor &bot above`},
		"twice":                    {"", "roles: {}\n", `9:1: this is not YAML: mapping key "roles" already defined at [5:1]`},
		"two documents":            {"", "---\nslack: {}\n", `10:6: a second document begins here, the configuration is a single one`},
	} {
		t.Run(name, func(t *testing.T) {
			text := minimal + test.text
			if test.old != "" {
				require.Contains(t, minimal, test.old)
				text = strings.Replace(minimal, test.old, test.text, 1)
			}
			c, err := parse(text)
			require.Nil(t, c)
			var problems *config.Problems
			require.ErrorAs(t, err, &problems)
			require.Equal(t, "opsbot.yaml:"+test.want, err.Error())
			require.NotContains(t, err.Error(), "sesame")
		})
	}
}

func TestSeveralProblems(t *testing.T) {
	_, err := config.Parse("conf/opsbot.yaml", []byte(`slack:
  bot_token: ${NONE}
  chanels: {}
databases:
  orders:
    urii: x
  Users: {uri: "mongodb://h"}
storage: {}
backups:
  full: nightly
  parallel: many
`), from(nil))
	require.Equal(t, strings.TrimSpace(`
conf/opsbot.yaml:1:1: slack.app_token: missing, the app-level token of the Slack app begins with xapp-
conf/opsbot.yaml:1:1: roles: missing, nobody could use the bot: name people as operator or admin
conf/opsbot.yaml:2:14: slack.bot_token: the environment variable NONE is not set, set it, or give a default with ${NONE:-…}
conf/opsbot.yaml:3:3: slack.chanels: unknown key, did you mean "channels"?
conf/opsbot.yaml:6:5: databases.orders.urii: unknown key, did you mean "uri"?
conf/opsbot.yaml:7:3: databases.Users: "Users" cannot be a database's name here, use at most 40 lowercase letters, digits, - and _
conf/opsbot.yaml:8:1: storage: missing, write s3 or folder below it
conf/opsbot.yaml:10:9: backups.full: "nightly" is no cron line (expected exactly 5 fields, found 1: [nightly]), write one like 0 2 * * * (at two every night) or @daily
conf/opsbot.yaml:11:13: backups.parallel: "many" is no whole number
`), err.Error())
}

func TestNothingInIt(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "null\n"} {
		_, err := parse(text)
		require.Error(t, err)
		require.Len(t, strings.Split(err.Error(), "\n"), 6, err.Error())
	}
	_, err := parse("just words")
	require.EqualError(t, err, "opsbot.yaml:1:1: this must be a section with keys")
	_, err = parse("slack: [\n")
	require.ErrorContains(t, err, "opsbot.yaml:1:8: this is not YAML: ")
}

func TestLoadMissingFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"))
	var problem *chat.Problem
	require.ErrorAs(t, err, &problem)
	require.Contains(t, problem.Try, "opsbot.example.yaml")
	require.True(t, errors.Is(err, os.ErrNotExist))
}
