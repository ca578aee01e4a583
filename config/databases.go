package config

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/x/mongo/driver/connstring"
)

var databaseName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// readPreferences are the modes of https://www.mongodb.com/docs/manual/core/read-preference/
var readPreferences = []string{"primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"}

func (r *reader) checkDatabases(databases []Database) {
	if len(databases) == 0 {
		r.missing("databases", "name at least one, such as orders: {uri: ${MONGO_URI}}")
	}
	for _, d := range databases {
		path := "databases." + d.Name
		if !databaseName.MatchString(d.Name) {
			r.report(path, r.keys[path], quote(d.Name)+" cannot be a database's name here",
				"use at most 40 lowercase letters, digits, - and _")
		}
		if d.URI.IsEmpty() {
			r.missing(path+".uri", "write a connection string such as mongodb://host/database")
		} else if fault := checkURI(d.URI.Reveal()); fault != "" {
			r.fault(path+".uri", "this is no MongoDB connection string: "+fault, "")
		}
		if d.ReadPreference != "" && !slices.Contains(readPreferences, d.ReadPreference) {
			say, try := oneOf(d.ReadPreference, readPreferences...)
			r.fault(path+".read_preference", say, try)
		}
	}
}

const unescaped = "in the user name and the password the characters : / ? # [ ] @ % must be percent-encoded"

// checkURI says what is wrong with a connection string, without repeating anything secret of it. It asks no name
// server, so the hosts behind mongodb+srv are not known to it.
func checkURI(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	srv := scheme == "mongodb+srv"
	if !ok || (scheme != "mongodb" && !srv) {
		return "it begins with mongodb:// or mongodb+srv://"
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority = rest[:i]
	}
	user, hosts, hasUser := cutLast(authority, "@")
	if srv && (strings.ContainsAny(hosts, ",:") || strings.Count(hosts, ".") < 2) {
		return "mongodb+srv takes one host with a domain, and no port"
	}
	if hasUser && !plainUser(user) {
		return unescaped
	}
	path := rest[len(authority):]
	if srv {
		path = srvOptions.ReplaceAllStringFunc(path, harmless)
	}
	if _, err := connstring.ParseAndValidate("mongodb://" + authority + path); err == nil {
		return ""
	}
	if strings.Contains(path, "@") {
		return unescaped // the authority ended inside of the password
	}
	// The driver's message may repeat what it did not understand. It is shown for the string without its secrets.
	path = secretOptions.ReplaceAllStringFunc(path, harmless)
	if hasUser {
		hosts = "user:password@" + hosts
	}
	if _, err := connstring.ParseAndValidate("mongodb://" + hosts + path); err != nil {
		return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error parsing uri: "), "error validating uri: ")
	}
	return "the driver refuses its credentials or its TLS options"
}

// plainUser says that a user name and password are encoded as they must be.
func plainUser(user string) bool {
	name, password, _ := strings.Cut(user, ":")
	_, nameErr := url.PathUnescape(name)
	_, passwordErr := url.PathUnescape(password)
	return nameErr == nil && passwordErr == nil && !strings.ContainsAny(user, "@/?#[]") && !strings.Contains(password, ":")
}

// secretOptions may hold passwords and tokens; srvOptions are refused without name servers.
var (
	secretOptions = regexp.MustCompile(`(?i)[?&](?:[a-z]*password|authmechanismproperties|[a-z]*token)=[^&]*`)
	srvOptions    = regexp.MustCompile(`(?i)[?&]srv(?:servicename|maxhosts)=[^&]*`)
)

// harmless puts an option that says nothing in the place of another.
func harmless(option string) string { return option[:1] + "appName=x" }

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return "", s, false
}
