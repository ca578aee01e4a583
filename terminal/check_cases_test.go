package terminal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	githubsandbox "github.com/kampyn/opsbot/sandbox/github"
	mongosandbox "github.com/kampyn/opsbot/sandbox/mongo"
	s3sandbox "github.com/kampyn/opsbot/sandbox/s3"
)

func (c *clinic) brokenConfigurations() []broken {
	ops := "channels: {ops: ops}"
	return []broken{
		{name: "unknown key", old: ops, new: ops + "\n  tokens: x", line: "✗ line 6 +`slack.tokens`: unknown key → ", fails: 1},
		{name: "misspelt section", old: "storage:", new: "storag:", line: "✗ line 12 +`storag`: unknown key → Did you mean \"storage\"\\?", fails: 1},
		{name: "missing variable", old: c.fileToken, new: `"${NO_SUCH_TOKEN}"`, line: "✗ line 14 +`github.token`: .?the environment variable NO_SUCH_TOKEN is not set", fails: 1},
		{name: "token of another kind", old: c.slack.BotToken(), new: "xoxp-1", line: "– everything +because of `slack.bot_token` in line 2", fails: 1},
		{name: "database's name", old: "  users:", new: "  Users:", line: "– everything +because of `databases.Users` in line 11", fails: 1},
		{name: "several at once", old: "backups: {full: \"0 2 * * *\", timezone: Asia/Kolkata}", new: "backups: {full: nightly, timezone: Calcutta, missd: report}", line: "✗ line 13 +`backups.missd`: unknown key → Did you mean \"missed\"", fails: 3},
		{name: "not YAML", old: "slack:\n", new: "slack: [\n", line: "✗ line \\d+ +this is not YAML", fails: 1},
		{name: "no schedule", old: "full: \"0 2 * * *\", ", new: "", line: "! schedule +no schedule"},
		{name: "state on a disk that takes nothing", old: "{sqlite: opsbot.db}", new: "{sqlite: /proc/opsbot/opsbot.db}", line: "✗ folder +nothing can be written to `/proc`", fails: 1},
		{name: "state is a folder", old: "{sqlite: opsbot.db}", new: "{sqlite: /}", line: "✗ file +`/` is a folder", fails: 1},
	}
}

func (c *clinic) brokenSlack() []broken {
	f := c.slack.Faults()
	operators := "operator: [" + c.anna + ", " + c.group + "]"
	with := func(id string) string { return "operator: [" + c.anna + ", " + c.group + ", " + id + "]" }
	return []broken{
		{name: "revoked bot token", harm: func() { f.APIError("auth.test", -1, "token_revoked") }, line: "✗ bot token +Slack does not accept it \\(`token_revoked`\\) → Install the app anew", fails: 1},
		{name: "wrong bot token", old: c.slack.BotToken(), new: "xoxb-none", line: "✗ bot token +Slack does not accept it \\(`invalid_auth`\\)", fails: 1},
		{name: "wrong app token", old: c.slack.AppToken(), new: "xapp-none", line: "✗ app token +Slack does not accept it \\(`invalid_auth`\\)", fails: 1},
		{name: "app token without scope", harm: func() { f.APIError("apps.connections.open", -1, "missing_scope") }, line: "✗ app token +lacks the scope `connections:write`", fails: 1},
		{name: "missing scope", harm: func() { f.RemoveScopes("chat:write", "app_mentions:read") }, line: "✗ scopes +missing: `chat:write` \\(cards and answers\\), `app_mentions:read`", fails: 1},
		{name: "missing optional scope", harm: func() { f.RemoveScopes("files:write") }, line: "! scopes +opsbot works without, but not as well: `files:write`"},
		{name: "missing scope for groups", harm: func() { f.RemoveScopes("usergroups:read") }, line: "✗ " + c.group + " +I lack a permission in Slack \\(the scope `usergroups:read`\\)", fails: 2},
		{name: "archived channel", old: "{ops: ops}", new: "{ops: ops, incidents: attic}", line: "✗ #attic +is archived → Unarchive it", fails: 1},
		{name: "bot not in channel", old: "{ops: ops}", new: "{ops: lounge}", line: "✗ #lounge +I am not in it → Type `/invite @opsbot` there", fails: 1},
		{name: "misspelt channel", old: "{ops: ops}", new: "{ops: ops, security: opps}", line: "✗ #opps +there is no channel of that name that I can see → Did you mean `#ops`\\? It is `slack.channels.security`", fails: 1},
		{name: "private channel", old: "{ops: ops}", new: "{ops: secret}", line: "✗ #secret +there is no channel .* → If it is private, type `/invite @opsbot` there", fails: 1},
		{name: "unknown user", old: operators, new: with("U0NOBODY"), line: "✗ U0NOBODY +this id is nobody in this workspace", fails: 1},
		{name: "guest as operator", old: operators, new: with(c.guest), line: "✗ " + c.guest + " +gus is a guest, so the role operator is of no use", fails: 1},
		{name: "deactivated operator", old: operators, new: with(c.gone), line: "✗ " + c.gone + " +gone is deactivated", fails: 1},
		{name: "bot as operator", old: operators, new: with(c.robot), line: "✗ " + c.robot + " +robo is a bot", fails: 1},
		{name: "person of another workspace", old: operators, new: with(c.stray), line: "✗ " + c.stray + " +drew belongs to another workspace", fails: 1},
		{name: "unknown group", old: operators, new: with("S0NONE"), line: "✗ S0NONE +there is no user group with this id", fails: 1},
		{name: "empty group", old: operators, new: with(c.empty), line: "✗ " + c.empty + " +`@nobody` has no members", fails: 1},
		{name: "one person alone", old: operators + ", approver: [" + c.ben + "]", new: "operator: [" + c.anna + "]", line: "✗ two persons +a restore that anna asks for finds no other approver", fails: 1},
		{name: "key of nobody", old: c.anna + ": a-key", new: "U0NOBODY: a-key", line: "✗ key U0NOBODY +the holder is nobody in this workspace", fails: 1},
		{name: "Slack answers nonsense", harm: func() { f.ServerError("", -1, 503) }, line: "✗ bot token +Slack gave no good answer", fails: 1},
	}
}

func (c *clinic) brokenIncidents() []broken {
	f := c.slack.Faults()
	github, end := "", ", labels: [bug]}"
	for _, line := range strings.SplitAfter(c.healthy(), "\n") {
		if strings.HasPrefix(line, "github: ") {
			github = line
		}
	}
	with := func(keys string) string { return end + "\nincidents: {" + keys + "}" }
	invite := func(id string) string { return with("severities: {bad: {when: Now., invite: [" + id + "]}}") }
	lists := func(keys string) string { return end + "\nchecklists: {" + keys + "}" }
	return []broken{
		{name: "checklists", old: end, new: lists("asks: [" + c.group + "]"), line: "✓ " + c.group + " +`@oncall` is asked, 2 members"},
		{name: "nobody asked", old: end, new: lists(""), line: "! asked +nobody is asked by itself → Name people or a user group as `checklists.asks`"},
		{name: "channel of a checklist", old: end, new: lists("asks: [" + c.anna + "], templates: {daily: {channel: opps}}"), line: "✗ #opps +there is no channel .* It is `checklists.templates.daily.channel`", fails: 1},
		{name: "guest asked", old: end, new: lists("templates: {daily: {asks: [" + c.guest + "]}}"), line: "✗ " + c.guest + " +gus is a guest, and can do nothing about a checklist → Take the id out of `checklists.templates.daily.asks`", fails: 1},
		{name: "faulty checklists", old: end, new: lists("channel: a b"), line: "– everything +because of `checklists.channel` in line 15", fails: 1},
		{name: "incidents", old: end, new: with("on_call: [" + c.group + "], stakeholders: ops"), line: "✓ " + c.group + " +`@oncall` is invited, 2 members"},
		{name: "post-mortems", old: end, new: with(""), line: "✓ post-mortems +needed for sev1, sev2; filed in `kampyn/backend`"},
		{name: "post-mortems without GitHub", old: github, new: "incidents: {}\n", line: "! post-mortems +needed for sev1, sev2; they stay Markdown files"},
		{name: "nobody on call", old: end, new: with(""), line: "! on call +nobody is invited by itself → Name people or a user group as `incidents.on_call`"},
		{name: "unknown user on call", old: end, new: with("on_call: [U0NOBODY]"), line: "✗ U0NOBODY +this id is nobody in this workspace, and can do nothing about an incident → Take the id out of `incidents.on_call`", fails: 1},
		{name: "guest invited", old: end, new: invite(c.guest), line: "✗ " + c.guest + " +gus is a guest, .* → Take the id out of `incidents.severities.bad.invite`", fails: 1},
		{name: "unknown group on call", old: end, new: with("on_call: [S0NONE]"), line: "✗ S0NONE +there is no user group with this id → Take it out of `incidents.on_call`", fails: 1},
		{name: "empty group on call", old: end, new: with("on_call: [" + c.empty + "]"), line: "✗ " + c.empty + " +`@nobody` has no members, so nobody is invited by it", fails: 1},
		{name: "groups on call may not be read", old: end, new: with("on_call: [" + c.group + "]"), harm: func() { f.APIError("usergroups.list", -1, "missing_scope") }, line: "✗ " + c.group + " +I lack a permission in Slack", fails: 2},
		{name: "channel of stakeholders", old: end, new: with("on_call: [" + c.anna + "], stakeholders: '#opps'"), line: "✗ #opps +there is no channel .* It is `incidents.stakeholders`", fails: 1},
		{name: "faulty incidents", old: end, new: with("on_call: [anna]"), line: "– everything +because of `incidents.on_call\\[0\\]` in line 15", fails: 1},
	}
}

func (c *clinic) brokenDatabases(t *testing.T, nowhere string) []broken {
	as := func(roles ...string) string {
		return c.mongo(t, mongosandbox.Options{Username: "asha", Password: mongoPassword, Roles: roles}).URI("shop")
	}
	down := c.mongo(t, mongosandbox.Options{})
	require.NoError(t, down.Faults().Unreachable())
	late := c.mongo(t, mongosandbox.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }}).URI("shop")
	return []broken{
		{name: "database down", old: c.orderURI, new: down.URI("shop"), line: "✗ server +The database `orders` can't be reached \\(the connection was refused\\)", fails: 1},
		{name: "wrong password", old: "asha:" + mongoPassword, new: "asha:wrong", line: "✗ server +The database `orders` did not accept the user or the password", fails: 1},
		{name: "no user", old: "asha:" + mongoPassword + "@", new: "", line: "✗ right to back up +The database `orders` asks for a user, and its URI names none", fails: 1},
		{name: "unknown host", old: c.orderURI, new: "mongodb://no-such-host.invalid/shop", line: "✗ server +The host `no-such-host.invalid` of the database `orders` is not known", fails: 1},
		{name: "TLS that the server does not speak", old: c.orderURI, new: strings.Replace(c.orderURI, "?", "?tls=true&", 1), line: "✗ server +(There is no secure connection to the database `orders`|The database `orders` can't be reached)", fails: 1},
		{name: "no right to read", old: c.orderURI, new: as("dbAdminAnyDatabase"), line: "✗ right to back up +1 of 1 collection may not be read: `shop.carts` → Give the user the built-in role `backup`", fails: 3},
		{name: "no right to restore", old: c.orderURI, new: as("backup"), line: "✗ right to restore +the user `asha@admin` may not do this in a new database: createCollection, insert, bypassDocumentValidation, .*remove", fails: 2},
		{name: "no right to replace", old: c.orderURI, new: as("backup"), line: "✗ right in place +the user `asha@admin` may not do this in `shop`: createCollection, insert, .*renameCollectionSameDB, remove → Give it `readWrite`", fails: 2},
		{name: "no right to see programs", old: c.orderURI, new: as("backup", "readWriteAnyDatabase", "dbAdminAnyDatabase"), line: "! right in place +yes, but plans can't say which programs are connected: the right `inprog`"},
		{name: "no right for the oplog", old: c.orderURI, new: as("readWriteAnyDatabase", "dbAdminAnyDatabase"), line: "! oplog +the user may not read it"},
		{name: "standalone", old: c.orderURI, new: c.mongo(t, mongosandbox.Options{ReplicaSet: "-"}).URI("shop"), line: "! oplog +a standalone server has none"},
		{name: "missing database", old: c.orderURI, new: strings.Replace(c.orderURI, "/shop?", "/shoop?", 1), line: "✗ right to back up +The database `shoop` does not exist any more", fails: 1},
		{name: "clock of the server", old: c.orderURI, new: late, line: "! clock +the server is (1 h|59 min 59 s) ahead of this machine → Let both take their time"},
		{name: "the same twice", old: c.usersURI, new: c.orderURI, line: "! twins +`orders` and `users` are the same data"},
		{name: "read preference that finds nobody", old: `"` + c.orderURI + `"`, new: `"` + c.orderURI + `", read_preference: secondary`, line: "✗ read preference +No member .* `orders`", fails: 2},
		{name: "database's port", old: c.orderURI, new: "mongodb://" + nowhere + "/shop", line: "✗ server +The database `orders` can't be reached", fails: 1},
	}
}

func (c *clinic) brokenStores(nowhere string) []broken {
	add := func(operation string, do s3sandbox.Action) func() {
		return func() { c.proxy.Add(s3sandbox.Fault{On: s3sandbox.Is(operation), Times: -1, Do: do}) }
	}
	denied := s3sandbox.Answer(403, "AccessDenied")
	lock := `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>`
	expire := `<LifecycleConfiguration><Rule><ID>x</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><Expiration><Days>7</Days></Expiration></Rule></LifecycleConfiguration>`
	conditional := func(r *http.Request) bool { return s3sandbox.Is("PutObject")(r) && r.Header.Get("If-None-Match") != "" }
	endpoint := strings.TrimPrefix(c.proxy.Endpoint(), "http://")
	return []broken{
		{name: "wrong access key", old: "access_key: key", new: "access_key: other", line: "✗ list +the server does not know the access key → Mend `storage.s3.access_key`", fails: 1},
		{name: "wrong secret key", old: "secret_key: secret", new: "secret_key: other", line: "✗ list +the secret key does not fit the access key", fails: 1},
		{name: "no bucket", old: "bucket: backups", new: "bucket: elsewhere", line: "✗ list +the bucket does not exist → Make it", fails: 1},
		{name: "store away", old: endpoint, new: nowhere, line: "✗ list +the store does not answer", fails: 1},
		{name: "no right to list", harm: add("ListObjectsV2", denied), line: "✗ list +access denied \\(`AccessDenied`\\) → Allow it: s3:ListBucket", fails: 1},
		{name: "no right to put", harm: add("PutObject", denied), line: "✗ put +access denied \\(`AccessDenied`\\) → Allow it: s3:PutObject", fails: 1},
		{name: "no right to get", harm: add("GetObject", denied), line: "✗ get from the middle +access denied", fails: 2},
		{name: "no right to delete", harm: add("DeleteObject", denied), line: "✗ delete +access denied .*`_check/\\w+` stays behind → Allow it: s3:DeleteObject", fails: 1},
		{name: "no uploads in parts", harm: add("CreateMultipartUpload", denied), line: "✗ upload in parts +access denied", fails: 1},
		{name: "no right to abort", harm: add("AbortMultipartUpload", denied), line: "✗ upload in parts +access denied .*s3:AbortMultipartUpload", fails: 2},
		{name: "no list of uploads", harm: add("ListMultipartUploads", denied), line: "✗ list of uploads +access denied", fails: 1},
		{name: "full", harm: add("PutObject", s3sandbox.Answer(507, "InsufficientStorage")), line: "✗ put +there is no space left", fails: 1},
		{name: "clock of the store", harm: add("HeadBucket", s3sandbox.SetClock(time.Hour)), line: "! clock +the server is (1 h|59 min 59 s|1 h 1 s) ahead of this machine"},
		{name: "clocks too far apart", harm: add("ListObjectsV2", s3sandbox.Answer(403, "RequestTimeTooSkewed")), line: "✗ list +the server refuses requests, because its clock and this machine's differ too much", fails: 1},
		{name: "object lock", harm: add("GetObjectLockConfiguration", s3sandbox.Reply(lock)), line: "! object lock +on, each object for 30 days \\(COMPLIANCE\\): nobody can destroy a backup before"},
		{name: "versioning", harm: add("GetBucketVersioning", s3sandbox.Reply(`<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`)), line: "! versioning +on: what is deleted goes on taking space"},
		{name: "rule that deletes backups", harm: add("GetBucketLifecycleConfiguration", s3sandbox.Reply(expire)), line: "! lifecycle +a rule deletes objects 7 days after they were stored"},
		{name: "rules unknown to the keys", harm: add("GetBucketEncryption", denied), line: "– encryption +because the keys may not ask"},
		{name: "conditions are ignored", harm: func() {
			c.proxy.Add(s3sandbox.Fault{On: conditional, After: 1, Times: -1, Do: s3sandbox.Reply("")})
		}, line: "! write once +the server overwrites although it is asked not to"},
		{name: "a folder that takes nothing", old: "{s3: {bucket: backups, region: us-east-1, endpoint: \"" + c.proxy.Endpoint() + "\", path_style: true, access_key: key, secret_key: secret}}", new: "{folder: /proc/backups}",
			line: "✗ open +", fails: 1},
	}
}

func (c *clinic) brokenGitHub(nowhere string) []broken {
	f := c.github.Faults()
	const look, file = "GET /repos/{owner}/{repo}", "POST /repos/{owner}/{repo}/issues"
	return []broken{
		{name: "token that GitHub does not know", old: c.fileToken, new: "github_pat_wrong", line: "✗ token +GitHub does not accept it: wrong, revoked or expired", fails: 1},
		{name: "unknown repository", old: "kampyn/backend", new: "kampyn/nowhere", line: "✗ repository +`kampyn/nowhere` does not exist, or the token may not know that it does", fails: 1},
		{name: "access to the repository", harm: func() {
			f.On(look, -1, githubsandbox.Trouble{Status: 403, Message: "Resource not accessible by personal access token"})
		},
			line: "✗ repository +the token may not look at `kampyn/backend`: Resource not accessible", fails: 1},
		{name: "no right to file", old: c.fileToken, new: c.weakToken, line: "✗ right to file +the token may not: Resource not accessible by personal access token → Give it the repository permission Issues: Read and write", fails: 1},
		{name: "classic token", old: c.fileToken, new: c.classicToken, line: "✓ token +classic, does not expire"},
		{name: "token that ends soon", old: c.fileToken, new: c.endToken, line: "! token +fine-grained, expires in 2 d"},
		{name: "issues disabled", old: "kampyn/backend", new: "kampyn/silent", line: "✗ issues +are switched off in this repository", fails: 1},
		{name: "archived repository", old: "kampyn/backend", new: "kampyn/old", line: "✗ repository +`kampyn/old` is archived", fails: 1},
		{name: "missing label", old: "labels: [bug]", new: "labels: [bug, post-mortem]", line: "! labels +not there yet: `post-mortem` → GitHub makes them with the first issue"},
		{name: "rate limit", harm: func() { f.PrimaryLimit(look, -1, time.Hour) }, line: "✗ rate limit +GitHub answers no more until \\d\\d:\\d\\d UTC", fails: 1},
		{name: "GitHub in trouble", harm: func() { f.ServerError(look, -1, 502) }, line: "✗ repository +GitHub answered with the status 502", fails: 1},
		{name: "GitHub away", old: strings.TrimPrefix(c.github.URL(), "http://"), new: nowhere, line: "✗ reach +GitHub gave no good answer", fails: 1},
		{name: "filing is in trouble", harm: func() { f.ServerError(file, -1, 502) }, line: "✗ right to file +GitHub gave no good answer", fails: 1},
	}
}
