package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// check looks at the values once they are all there, and fills in what depends on others.
func (r *reader) check(c *Config) {
	r.checkSlack(&c.Slack)
	r.number("approvals.prune", c.Approvals.Prune, 0, 10)
	if !r.given("approvals.prune") {
		c.Approvals.Prune = c.Approvals.Restore
	}
	r.checkRoles(c)
	r.path("state.sqlite", &c.State.SQLite)
	r.between("approvals.lifetime", c.Approvals.Lifetime, time.Minute, 7*24*time.Hour)
	r.number("approvals.restore", c.Approvals.Restore, 0, 10)
	r.checkDatabases(c.Databases)
	r.checkStorage(&c.Storage)
	r.checkBackups(&c.Backups)
	r.checkGitHub(c.GitHub)
	r.checkIncidents(c)
	r.checkHealth(c)
	r.checkChecklists(c)
	if c.HTTP.Listen != "" {
		if _, port, err := net.SplitHostPort(c.HTTP.Listen); err != nil || port == "" {
			r.fault("http.listen", quote(c.HTTP.Listen)+" is no address to listen on", "write one like 127.0.0.1:9464")
		}
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		say, try := oneOf(c.Log.Format, "text", "json")
		r.fault("log.format", say, try)
	}
	r.between("shutdown_grace", c.ShutdownGrace, 0, 10*time.Minute)
}

// fault reports a problem of a path, unless it or one above it has been reported already.
func (r *reader) fault(path, say, try string) {
	for p := path; p != ""; p = parent(p) {
		if r.broken[p] {
			return
		}
	}
	r.report(path, nil, say, try)
}

// missing reports a required key without a value.
func (r *reader) missing(path, try string) { r.fault(path, "missing", try) }

func (r *reader) number(path string, n, low, high int) {
	if n < low || n > high {
		r.fault(path, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("write %d to %d", low, high))
	}
}

func (r *reader) between(path string, d, low, high time.Duration) {
	if d < low || d > high {
		r.fault(path, fmt.Sprintf("%s is out of range", d), fmt.Sprintf("write %s to %s", short(low), short(high)))
	}
}

// short writes a duration without the units that are zero.
func short(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-2]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-2]
	}
	return text
}

// path makes a path absolute.
func (r *reader) path(path string, value *string) {
	switch {
	case *value == "":
		r.missing(path, "")
	case strings.HasPrefix(*value, "~"):
		r.fault(path, "~ is not understood", "write the whole path, or ${HOME}")
	default:
		*value = r.absolute(*value)
	}
}

// isWeb tells whether a value is a URL of a web server without credentials.
func isWeb(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// commandPrefix is what Slack lets stand in a command's name.
var commandPrefix = regexp.MustCompile(`^[a-z0-9_-]{0,20}$`)

func (r *reader) checkSlack(s *Slack) {
	r.token("slack.bot_token", s.BotToken, "xoxb-", "the bot token of the Slack app")
	r.token("slack.app_token", s.AppToken, "xapp-", "the app-level token of the Slack app")
	if !isWeb(s.APIURL) {
		r.fault("slack.api_url", "this is no URL of a web server", "write https://slack.com/api/, or leave it out")
	}
	s.APIURL = strings.TrimSuffix(s.APIURL, "/") + "/"
	if !commandPrefix.MatchString(s.CommandPrefix) {
		r.fault("slack.command_prefix", quote(s.CommandPrefix)+" cannot begin a command",
			"use at most 20 lowercase letters, digits, - and _")
	}
	r.channel("slack.channels.ops", &s.Channels.Ops, "")
	r.channel("slack.channels.incidents", &s.Channels.Incidents, s.Channels.Ops)
	r.channel("slack.channels.security", &s.Channels.Security, s.Channels.Ops)
}

func (r *reader) token(path string, token Secret, prefix, what string) {
	switch value := token.Reveal(); {
	case value == "":
		r.missing(path, what+" begins with "+prefix)
	case !strings.HasPrefix(value, prefix):
		r.fault(path, "this is not "+what, "it begins with "+prefix)
	case strings.ContainsAny(value, " \t\r\n"):
		r.fault(path, "there is white space in the token", "")
	}
}

// channel names and ids as Slack makes them. https://docs.slack.dev/reference/methods/conversations.create
var (
	channelName = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]{1,80}$`)
	channelID   = regexp.MustCompile(`^[CG][A-Z0-9]{2,20}$`)
)

func (r *reader) channel(path string, value *string, fallback string) {
	*value = strings.TrimPrefix(*value, "#")
	switch {
	case *value == "" && fallback != "":
		*value = fallback
	case *value == "":
		if path == "slack.channels.ops" {
			r.missing(path, "name the channel for what the bot reports by itself")
		}
	case !channelName.MatchString(*value) && !channelID.MatchString(*value):
		r.fault(path, quote(*value)+" is neither a channel's name nor its id",
			"write lowercase letters, digits, - and _, or an id such as C024BE7LR")
	}
}

// https://docs.slack.dev/reference/objects/user-object
var (
	userID  = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
	groupID = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)
)

// people are a list of ids.
func (r *reader) people(path string, ids []string) {
	for i, id := range ids {
		if !userID.MatchString(id) && !groupID.MatchString(id) {
			r.fault(fmt.Sprintf("%s[%d]", path, i), quote(id)+" is no id of a user or a user group",
				"open the profile and choose “Copy member ID”: it looks like U024BE7LH, a group's like S0614TZR7")
		}
	}
}

func (r *reader) checkRoles(c *Config) {
	for role, ids := range c.Roles {
		r.people("roles."+role, ids)
	}
	some := func(role string) bool { return len(c.Roles[role]) > 0 || r.broken["roles."+role] }
	if !some("operator") && !some("admin") {
		r.missing("roles", "nobody could use the bot: name people as operator or admin")
	} else if !some("approver") && !some("admin") {
		switch {
		case c.Approvals.Restore > 0:
			r.fault("roles.approver", "missing, so nobody could approve a restore", "name people, or set approvals.restore to 0")
		case c.Approvals.Prune > 0:
			r.fault("roles.approver", "missing, so nobody could approve a removal of backups", "name people, or set approvals.prune to 0")
		}
	}
	for id, key := range c.Approvals.Keys {
		path := "approvals.keys." + id
		if !userID.MatchString(id) {
			r.report(path, r.keys[path], quote(id)+" is no id of a user", "it looks like U024BE7LH")
		}
		if n := len(key.Reveal()); n < 16 {
			r.fault(path, "the key is shorter than 16 characters", "make one with: openssl rand -base64 24")
		}
	}
}

func (r *reader) checkStorage(s *Storage) {
	s3, folder := s.S3 != nil || r.given("storage.s3"), r.given("storage.folder")
	switch {
	case s3 && folder:
		r.fault("storage", "there is both s3 and folder", "keep one of them")
	case !s3 && !folder:
		r.missing("storage", "write s3 or folder below it")
	case folder:
		r.path("storage.folder", &s.Folder)
	case s.S3 != nil:
		r.checkS3(s.S3)
	}
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and underscores for other servers
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$`)

// What every store can hold as a part of a key, and what a region looks like.
var (
	keyPrefix = regexp.MustCompile(`^(?:[^\pC/\\]+(?:/[^\pC/\\]+)*)?$`)
	region    = regexp.MustCompile(`^[a-zA-Z0-9-]*$`)
)

func (r *reader) checkS3(s *S3) {
	switch {
	case s.Bucket == "":
		r.missing("storage.s3.bucket", "")
	case !bucketName.MatchString(s.Bucket):
		r.fault("storage.s3.bucket", quote(s.Bucket)+" cannot be a bucket's name",
			"it has 3 to 63 lowercase letters, digits, dots and dashes")
	}
	if !r.given("storage.s3.prefix") {
		s.Prefix = "opsbot"
	}
	s.Prefix = strings.Trim(s.Prefix, "/")
	if !keyPrefix.MatchString(s.Prefix) || strings.Contains("/"+s.Prefix+"/", "/../") {
		r.fault("storage.s3.prefix", quote(s.Prefix)+" cannot begin a key", "write words with slashes between them")
	}
	if !region.MatchString(s.Region) {
		r.fault("storage.s3.region", quote(s.Region)+" is no region", "write one like ap-south-1")
	}
	if s.Endpoint != "" && !isWeb(s.Endpoint) {
		r.fault("storage.s3.endpoint", "this is no URL of a web server", "write one like https://s3.example.org, without credentials")
	}
	const together = "write both, or neither to use the environment or the machine's role"
	if !s.AccessKey.IsEmpty() && s.SecretKey.IsEmpty() && !r.broken["storage.s3.secret_key"] {
		r.missing("storage.s3.secret_key", together)
	}
	if s.AccessKey.IsEmpty() && !s.SecretKey.IsEmpty() && !r.broken["storage.s3.access_key"] {
		r.missing("storage.s3.access_key", together)
	}
}

// ParseCron reads a cron line of five fields or a descriptor such as "@daily".
func ParseCron(line string) (cron.Schedule, error) { return cron.ParseStandard(line) }

// cronLine holds that a schedule is one, if there is one; its time zone stands at zone.
func (r *reader) cronLine(path, line, zone string) {
	if line == "" {
		return
	}
	const like = "write one like 0 2 * * * (at two every night) or @daily"
	schedule, err := ParseCron(line)
	switch {
	case strings.Contains(line, "TZ="):
		r.fault(path, "the time zone stands in the line", "write it as "+zone)
	case strings.HasPrefix(line, "@every"):
		r.fault(path, "@every counts from the start of the program", "write a cron line with fixed times")
	case err != nil:
		r.fault(path, fmt.Sprintf("%s is no cron line (%v)", quote(line), err), like)
	case schedule.Next(time.Now()).IsZero():
		r.fault(path, quote(line)+" never comes", like)
	}
}

func (r *reader) checkBackups(b *Backups) {
	r.cronLine("backups.full", b.Full, "backups.timezone")
	if b.Missed != CatchUp && b.Missed != Report {
		say, try := oneOf(b.Missed, CatchUp, Report)
		r.fault("backups.missed", say, try)
	}
	r.number("backups.parallel", b.Parallel, 1, 16)
	r.number("backups.readers", b.Readers, 1, 32)
	r.number("backups.retention.daily", b.Retention.Daily, 0, 1000)
	r.number("backups.retention.weekly", b.Retention.Weekly, 0, 1000)
	r.number("backups.retention.monthly", b.Retention.Monthly, 0, 1000)
}
