// Package config reads opsbot.yaml: strictly, with defaults, and with every problem reported at once.
package config

import (
	"log/slog"
	"time"

	// Containers often come without time zones.
	_ "time/tzdata"
)

// Config is the whole configuration, checked and with defaults filled in.
type Config struct {
	Slack     Slack     `yaml:"slack"`
	State     State     `yaml:"state"`
	Roles     Roles     `yaml:"roles"`
	Approvals Approvals `yaml:"approvals"`
	// Databases are in the order of the file; there is at least one.
	Databases []Database `yaml:"databases"`
	Storage   Storage    `yaml:"storage"`
	Backups   Backups    `yaml:"backups"`
	HTTP      HTTP       `yaml:"http"`
	// GitHub is nil when nothing is to be filed there.
	GitHub *GitHub `yaml:"github"`
	// Incidents is nil when the file has no such section: then there are none.
	Incidents *Incidents `yaml:"incidents"`
	// Checklists is nil when the file has no such section: then there are none.
	Checklists *Checklists `yaml:"checklists"`
	// Health is nil when the file has no such section: then nothing is looked at.
	Health *Health `yaml:"health"`
	Log    Log     `yaml:"log"`
	// ShutdownGrace is how long running jobs may take to come to a stop.
	ShutdownGrace time.Duration `yaml:"shutdown_grace"`

	from source
}

// Roles holds Slack ids of users (U…, W…) and user groups (S…) under "operator", "approver" and "admin".
type Roles map[string][]string

// Slack is the workspace.
type Slack struct {
	// BotToken begins with xoxb-, AppToken with xapp-.
	BotToken Secret `yaml:"bot_token"`
	AppToken Secret `yaml:"app_token"`
	// APIURL ends with a slash.
	APIURL string `yaml:"api_url"`
	// CommandPrefix stands before the name of every slash command: "x-" makes /x-backup.
	CommandPrefix string   `yaml:"command_prefix"`
	Channels      Channels `yaml:"channels"`
}

// Channels are ids, or names without #. Incidents and Security are Ops when the file does not say.
type Channels struct {
	Ops       string `yaml:"ops"`
	Incidents string `yaml:"incidents"`
	Security  string `yaml:"security"`
}

// State is where opsbot remembers.
type State struct {
	// SQLite is the absolute path of the file.
	SQLite string `yaml:"sqlite"`
}

// Approvals say who must agree to what destroys or overwrites.
type Approvals struct {
	// Restore is how many others must approve a restore; 0 means that the requester confirms it alone by typing.
	Restore int `yaml:"restore"`
	// Prune is the same for the removal of backups; it is Restore when the file does not say.
	Prune int `yaml:"prune"`
	// Lifetime is how long a plan can be approved.
	Lifetime time.Duration `yaml:"lifetime"`
	// Keys are the secrets behind approval codes on the command line, by Slack user id.
	Keys map[string]Secret `yaml:"keys"`
}

// Database is one deployment with what is to be looked after on it.
type Database struct {
	// Name is how people call it: at most 40 lowercase letters, digits, - and _.
	Name string `yaml:",key"`
	// URI is a connection string. A database in its path names the one that is meant; without it all are but the
	// server's own.
	URI Secret `yaml:"uri"`
	// ReadPreference is a mode of MongoDB's, such as "secondaryPreferred", or "" for that of the URI.
	ReadPreference string `yaml:"read_preference"`
}

// Storage is where backups go: exactly one of the two is set.
type Storage struct {
	S3 *S3 `yaml:"s3"`
	// Folder is an absolute path.
	Folder string `yaml:"folder"`
}

// S3 is a bucket.
type S3 struct {
	Bucket    string `yaml:"bucket"`
	Prefix    string `yaml:"prefix"`
	Region    string `yaml:"region"`
	Endpoint  string `yaml:"endpoint"`
	PathStyle bool   `yaml:"path_style"`
	// AccessKey and SecretKey are both set or both empty: then the environment and the machine's role are asked.
	AccessKey Secret `yaml:"access_key"`
	SecretKey Secret `yaml:"secret_key"`
}

// Backups say when and how.
type Backups struct {
	// Full is a cron line or a descriptor such as "@daily", or "" for no schedule; ParseCron reads it.
	Full     string         `yaml:"full"`
	Timezone *time.Location `yaml:"timezone"`
	// Missed is CatchUp or Report: what becomes of a firing that was missed while opsbot was down.
	Missed string `yaml:"missed"`
	// Parallel is how many databases are backed up at once, Readers how many collections of each.
	Parallel int `yaml:"parallel"`
	Readers  int `yaml:"readers"`
	// Retention says which backups stay when old ones are removed.
	Retention Retention `yaml:"retention"`
}

// Retention is how many days, weeks and months keep their newest verified backup, by the calendar of Backups.Timezone.
type Retention struct {
	Daily   int `yaml:"daily"`
	Weekly  int `yaml:"weekly"`
	Monthly int `yaml:"monthly"`
}

// The values of Backups.Missed.
const (
	CatchUp = "catch-up"
	Report  = "report"
)

// GitHub is the repository that issues are filed in.
type GitHub struct {
	// Repo is "owner/name".
	Repo  string `yaml:"repo"`
	Token Secret `yaml:"token"`
	// APIURL ends with a slash.
	APIURL string `yaml:"api_url"`
	// Labels are put on every issue.
	Labels []string `yaml:"labels"`
}

// HTTP is where health and metrics are asked for.
type HTTP struct {
	// Listen is host:port, or "" for not at all.
	Listen string `yaml:"listen"`
}

// Log is what opsbot writes to standard error.
type Log struct {
	Level slog.Level `yaml:"level"`
	// Format is "text" or "json".
	Format string `yaml:"format"`
}

// defaults are in place before the file is read.
func defaults() *Config {
	return &Config{
		Slack:     Slack{APIURL: "https://slack.com/api/"},
		State:     State{SQLite: "./data/opsbot.db"},
		Roles:     Roles{},
		Approvals: Approvals{Restore: 1, Prune: 1, Lifetime: 30 * time.Minute, Keys: map[string]Secret{}},
		Backups: Backups{Timezone: time.UTC, Missed: CatchUp, Parallel: 2, Readers: 4,
			Retention: Retention{Daily: 7, Weekly: 4, Monthly: 6}},
		Log:           Log{Level: slog.LevelInfo, Format: "text"},
		ShutdownGrace: 20 * time.Second,
	}
}
