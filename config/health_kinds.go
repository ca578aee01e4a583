package config

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HTTPCheck asks a web server.
type HTTPCheck struct {
	// URL may hold a secret, so it is one.
	URL  Secret `yaml:"url"`
	Send Send   `yaml:"send"`
	// Status are those that are good; none means 200 to 299.
	Status Statuses `yaml:"status"`
	// Headers are wanted of the answer, Body are values of its JSON by their paths, Text is the body as a whole.
	Headers []Want `yaml:"headers"`
	Body    []Want `yaml:"body"`
	Text    Want   `yaml:"text"`
	// Latency is the longest time to the end of the answer; 0 means any.
	Latency time.Duration `yaml:"latency"`
	// Certificate is how long the certificate must be good for; 0 means that it must be good now.
	Certificate time.Duration `yaml:"certificate"`
	// CA is the absolute path of a PEM file with authorities that are believed instead of the machine's, or "".
	CA        string `yaml:"ca"`
	Redirects int    `yaml:"redirects"`
}

// Send is what is sent.
type Send struct {
	// Method is in capitals.
	Method  string            `yaml:"method"`
	Headers map[string]Secret `yaml:"headers"`
	Body    Secret            `yaml:"body"`
}

// Statuses are of HTTP: one or a list of them.
type Statuses []int

// TCPCheck connects to a port.
type TCPCheck struct {
	// Address is host:port.
	Address string `yaml:"address"`
	TLS     bool   `yaml:"tls"`
	// Greeting is a regular expression for what the server says first, or "".
	Greeting    string        `yaml:"greeting"`
	Latency     time.Duration `yaml:"latency"`
	Certificate time.Duration `yaml:"certificate"`
	CA          string        `yaml:"ca"`
}

// MongoDBCheck asks a deployment how it is doing: either one of Config.Databases or one by its URI.
type MongoDBCheck struct {
	Database string `yaml:"database"`
	URI      Secret `yaml:"uri"`
	// Lag and Connections are limits; 0 means any.
	Lag         time.Duration `yaml:"lag"`
	Connections Percent       `yaml:"connections"`
}

// RedisCheck asks a Redis server.
type RedisCheck struct {
	Address     string        `yaml:"address"`
	Username    string        `yaml:"username"`
	Password    Secret        `yaml:"password"`
	TLS         bool          `yaml:"tls"`
	Certificate time.Duration `yaml:"certificate"`
	CA          string        `yaml:"ca"`
	// Memory is how much of maxmemory may be used; 0 means any.
	Memory Percent `yaml:"memory"`
}

// BackupCheck looks how old the newest verified backup of a database is.
type BackupCheck struct {
	Database    string        `yaml:"database"`
	YoungerThan time.Duration `yaml:"younger_than"`
}

// HeartbeatCheck waits for others' jobs to call a URL.
type HeartbeatCheck struct {
	// Token is the secret part of the URL: at least 16 letters, digits, - and _.
	Token Secret `yaml:"token"`
	// Within is how long after a call the next one must come.
	Within time.Duration `yaml:"within"`
}

// MachineCheck looks at the machine that opsbot runs on; 0 means any.
type MachineCheck struct {
	CPU    Percent `yaml:"cpu"`
	Memory Percent `yaml:"memory"`
	// Disks are limits by absolute path.
	Disks map[string]Percent `yaml:"disks"`
	// Network is a second's, in or out, of any one interface.
	Network Bytes `yaml:"network"`
}

// Percent is more than 0 and at most 100; 0 means that the file does not say.
type Percent float64

// Bytes are a size.
type Bytes int64

// oneCheck checks one check; names are those of all.
func (r *reader) oneCheck(c *Config, check *Check, names []string) {
	at := "health.checks." + check.Name
	if !databaseName.MatchString(check.Name) {
		r.report(at, r.keys[at], quote(check.Name)+" cannot be a check's name", "use at most 40 lowercase letters, digits, - and _")
	}
	r.pace(at, &check.Pace, c.Health.Pace, c.Incidents)
	for i, name := range check.DependsOn {
		path := fmt.Sprintf("%s.depends_on[%d]", at, i)
		if r.named(path, name, names) && slices.Contains(check.DependsOn[:i], name) {
			r.fault(path, quote(name)+" is there twice", "")
		}
	}
	if check.Service != "" {
		if c.Incidents == nil || len(c.Incidents.Services) == 0 {
			r.fault(at+".service", "there are no services in this configuration", "name them as incidents.services, or leave it out")
		} else {
			r.named(at+".service", check.Service, c.Incidents.Services)
		}
	}
	r.kind(c, at, check)
}

// kind holds that there is exactly one kind, and checks it.
func (r *reader) kind(c *Config, at string, check *Check) {
	var given []string
	for _, kind := range kinds {
		path := at + "." + kind
		if r.keys[path] != nil || r.broken[path] {
			given = append(given, kind)
		}
		if r.keys[path] != nil && !r.given(path) {
			r.fault(path, "there is nothing below it", "")
		}
	}
	switch {
	case len(given) == 0:
		r.missing(at, "say what is looked at: "+strings.Join(kinds, ", "))
	case len(given) > 1:
		r.fault(at, "there is "+strings.Join(given, " and "), "keep one of them, and make another check for the other")
	}
	switch {
	case check.HTTP != nil:
		r.http(at+".http", check.HTTP)
	case check.TCP != nil:
		r.tcp(at+".tcp", check.TCP)
	case check.MongoDB != nil:
		r.mongodb(c, at+".mongodb", check.MongoDB)
	case check.Redis != nil:
		r.address(at+".redis.address", check.Redis.Address)
		r.secure(at+".redis", check.Redis.TLS, check.Redis.Certificate, &check.Redis.CA)
	case check.Backup != nil:
		r.database(c, at+".backup.database", check.Backup.Database)
		r.within(at+".backup.younger_than", check.Backup.YoungerThan, time.Minute, "write the greatest age, such as 26h")
	case check.Heartbeat != nil:
		r.heartbeat(c, at+".heartbeat", check.Heartbeat)
	case check.Machine != nil:
		for path := range check.Machine.Disks {
			if !filepath.IsAbs(path) {
				r.fault(at+".machine.disks."+path, quote(path)+" is no absolute path", "write one like /var/lib")
			}
		}
	}
}

var httpToken = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // https://www.rfc-editor.org/rfc/rfc9110#name-tokens

func (r *reader) http(at string, h *HTTPCheck) {
	orElse(r, at+".redirects", &h.Redirects, 10)
	orElse(r, at+".send.method", &h.Send.Method, http.MethodGet)
	r.web(at+".url", h.URL)
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
	if !slices.Contains(methods, h.Send.Method) {
		say, try := oneOf(h.Send.Method, methods...)
		r.fault(at+".send.method", say, try)
	}
	for name, value := range h.Send.Headers {
		path := at + ".send.headers." + name
		if !httpToken.MatchString(name) {
			r.report(path, r.keys[path], quote(name)+" cannot be a header's name", "")
		} else if strings.ContainsAny(value.Reveal(), "\r\n\x00") {
			r.fault(path, "there is a line break in the header", "")
		}
	}
	for i, status := range h.Status {
		path := at + ".status"
		if r.given(fmt.Sprintf("%s[%d]", path, i)) {
			path = fmt.Sprintf("%s[%d]", path, i)
		}
		r.number(path, status, 100, 599)
	}
	for _, want := range h.Headers {
		if path := at + ".headers." + want.Path; !httpToken.MatchString(want.Path) {
			r.report(path, r.keys[path], quote(want.Path)+" cannot be a header's name", "")
		}
	}
	for _, want := range h.Body {
		if path := at + ".body." + want.Path; !jsonPath.MatchString(want.Path) {
			r.report(path, r.keys[path], quote(want.Path)+" is no path into JSON", "write one like status or data.items[0].id")
		}
	}
	r.compared(at+".headers", h.Headers)
	r.compared(at+".body", h.Body)
	if r.given(at + ".text") {
		r.compared(at, []Want{{Path: "text", Tests: h.Text.Tests}})
	}
	r.number(at+".redirects", h.Redirects, 0, 50)
	r.between(at+".latency", h.Latency, 0, 5*time.Minute)
	r.secure(at, strings.HasPrefix(h.URL.Reveal(), "https:") || h.URL.IsEmpty(), h.Certificate, &h.CA)
}

func (r *reader) tcp(at string, t *TCPCheck) {
	r.address(at+".address", t.Address)
	r.secure(at, t.TLS, t.Certificate, &t.CA)
	r.between(at+".latency", t.Latency, 0, 5*time.Minute)
	if _, err := regexp.Compile(t.Greeting); err != nil {
		r.fault(at+".greeting", patternFault(err), "")
	}
}

func (r *reader) mongodb(c *Config, at string, m *MongoDBCheck) {
	switch {
	case m.Database != "" && !m.URI.IsEmpty():
		r.fault(at, "there is both database and uri", "keep one of them")
	case m.Database != "":
		r.database(c, at+".database", m.Database)
	case m.URI.IsEmpty():
		r.missing(at, "name one of the databases, as database: orders, or write a uri")
	default:
		if fault := checkURI(m.URI.Reveal()); fault != "" {
			r.fault(at+".uri", "this is no MongoDB connection string: "+fault, "")
		}
	}
	r.between(at+".lag", m.Lag, 0, 24*time.Hour)
}

// database holds that a database is one of those that there are.
func (r *reader) database(c *Config, path, name string) {
	names := []string{}
	for _, d := range c.Databases {
		names = append(names, d.Name)
	}
	if name == "" {
		r.missing(path, "name one of the databases")
	} else if len(names) > 0 {
		r.named(path, name, names)
	}
}

// heartbeatToken is what can stand in a URL, and cannot be guessed.
var heartbeatToken = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)

func (r *reader) heartbeat(c *Config, at string, h *HeartbeatCheck) {
	if !heartbeatToken.MatchString(h.Token.Reveal()) {
		r.fault(at+".token", "the token is not at least 16 letters, digits, - and _", "make one with: openssl rand -hex 16")
	}
	r.within(at+".within", h.Within, 10*time.Second, "write how long after a call the next one must come, such as 25h")
	if c.HTTP.Listen == "" {
		r.fault(at, "nobody could call it: opsbot does not listen", "write an address as http.listen")
	}
}

// tokens holds that no two heartbeats have one URL.
func (r *reader) tokens(checks []Check) {
	seen := map[string]bool{}
	for _, check := range checks {
		if check.Heartbeat == nil {
			continue
		}
		if token := check.Heartbeat.Token.Reveal(); seen[token] {
			r.fault("health.checks."+check.Name+".heartbeat.token", "another check has the same token", "make one with: openssl rand -hex 16")
		} else if token != "" {
			seen[token] = true
		}
	}
}

// within is a duration that must be given.
func (r *reader) within(path string, d, low time.Duration, try string) {
	if !r.given(path) {
		r.missing(path, try)
		return
	}
	r.between(path, d, low, longest)
}

// web is the URL of a web server, which may be secret.
func (r *reader) web(path string, url Secret) {
	switch {
	case url.IsEmpty():
		r.missing(path, "write one like https://api.example.com/health")
	case !isWeb(url.Reveal()):
		r.fault(path, "this is no URL of a web server", "write one like https://api.example.com/health, without credentials")
	}
}

func (r *reader) address(path, address string) {
	const like = "write one like redis.example.com:6379"
	host, port, err := net.SplitHostPort(address)
	n, wrong := strconv.Atoi(port)
	switch {
	case address == "":
		r.missing(path, like)
	case err != nil || host == "" || wrong != nil || n < 1 || n > 65535:
		r.fault(path, quote(address)+" is no host with a port", like)
	}
}

// secure checks what is said about certificates.
func (r *reader) secure(at string, secure bool, left time.Duration, ca *string) {
	if r.given(at + ".ca") {
		r.path(at+".ca", ca)
	}
	r.between(at+".certificate", left, 0, longest)
	for _, key := range []string{".ca", ".certificate"} {
		if !secure && r.given(at+key) {
			r.fault(at+key, "there is no certificate without TLS", "use TLS, or leave it out")
		}
	}
}
