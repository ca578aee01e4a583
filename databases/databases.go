// Package databases reaches the MongoDB deployments that opsbot looks after: what they hold, how large it is, whole raw
// batches of documents, and errors in words that a person can act on.
package databases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kampyn/opsbot/chat"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	"go.mongodb.org/mongo-driver/mongo/readpref"
	"go.mongodb.org/mongo-driver/x/mongo/driver/connstring"
)

// appName is what our connections call themselves.
const appName = "opsbot"

// ours are the databases that belong to the server itself.
var ours = []string{"admin", "config", "local"}

// Options bound how a deployment is reached. The zero value is fine.
type Options struct {
	// Timeout bounds the search for a server and each connect; 0 means what the URI says, or 15 s.
	Timeout time.Duration
	// ReadPreference is a mode of MongoDB's that overrules the URI's, such as "secondaryPreferred"; "" leaves it.
	ReadPreference string
}

// Database is one configured deployment, or one database of it. It connects when it is first used and may be used by
// several goroutines.
type Database struct {
	// Name is the configured name.
	Name string

	scope string
	link  *link
	// reads overrules the URI's read preference, unless it is nil.
	reads *readpref.ReadPref
}

// link is the connection to a deployment.
type link struct {
	uri     string
	timeout time.Duration

	mu     sync.Mutex
	client *mongo.Client
	reads  *readpref.ReadPref // the URI's
	closed bool

	answered atomic.Bool // a server answered once
}

// Open checks the URI of the database that is configured as name, and connects to nothing yet. The URI's path names the
// one MongoDB database that is meant; without a path all but the server's own are. Errors are *chat.Problem and hold
// nothing of the URI.
func Open(_ context.Context, name, uri string, o Options) (*Database, error) {
	scope, err := scopeOf(uri)
	if err == nil && !strings.HasPrefix(uri, connstring.SchemeMongoDBSRV+"://") {
		_, err = connstring.ParseAndValidate(uri) // the other scheme asks DNS, so it waits for the first use
	}
	if err != nil {
		return nil, &chat.Problem{
			Say: "The URI of the database " + chat.Literal(name) + " can't be read.",
			Try: "It should look like `mongodb://user:password@host:27017/database`, with special characters of the password percent-encoded.",
			Err: errors.New(scrub(err.Error(), uri)),
		}
	}
	if slices.Contains(ours, scope) {
		return nil, &chat.Problem{
			Say: fmt.Sprintf("The URI of the database %s names %s, which belongs to the server itself.", chat.Literal(name), chat.Literal(scope)),
			Try: "Name your own database in the path, or none for all of them; the one for authentication goes into `authSource=" + scope + "`.",
		}
	}
	reads, err := preference(o.ReadPreference)
	if err != nil {
		return nil, &chat.Problem{
			Say: fmt.Sprintf("The database %s has the read preference %s, which MongoDB does not know.", chat.Literal(name), chat.Literal(o.ReadPreference)),
			Try: "There are primary, primaryPreferred, secondary, secondaryPreferred and nearest.", Err: err,
		}
	}
	return &Database{Name: name, reads: reads, scope: scope, link: &link{uri: uri, timeout: o.Timeout}}, nil
}

func preference(mode string) (*readpref.ReadPref, error) {
	if mode == "" {
		return nil, nil
	}
	m, err := readpref.ModeFromString(mode)
	if err != nil {
		return nil, err
	}
	return readpref.New(m)
}

// scopeOf answers the database that the path of a URI names.
func scopeOf(uri string) (string, error) {
	_, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return "", errors.New("there is no scheme")
	}
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest[strings.LastIndexByte(rest, '@')+1:], "/")
	return url.PathUnescape(path)
}

// scrub takes the URI, its user and its password out of a text.
func scrub(text, uri string) string {
	text = strings.ReplaceAll(text, uri, "•••")
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	i := strings.LastIndexByte(rest, '@')
	if i < 0 {
		return text
	}
	secrets := []string{rest[:i]}
	if _, password, ok := strings.Cut(rest[:i], ":"); ok {
		secrets = append(secrets, password)
		if plain, err := url.QueryUnescape(password); err == nil {
			secrets = append(secrets, plain)
		}
	}
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "•••")
		}
	}
	return text
}

// Scope is the one MongoDB database that is meant, or "" for all but the server's own.
func (d *Database) Scope() string { return d.scope }

// Primary is the same database, read from the primary whatever the URI prefers: what was just written is there.
func (d *Database) Primary() *Database {
	return &Database{Name: d.Name, scope: d.scope, link: d.link, reads: readpref.Primary()}
}

// defaultTimeout is longer than the 10 s between two heartbeats of the driver, so that one that is missed costs time only.
const defaultTimeout = 15 * time.Second

// connect answers the client, which it makes at the first call, once a server has answered it.
func (d *Database) connect(ctx context.Context) (*mongo.Client, error) {
	client, err := d.dial(ctx)
	if err != nil || d.link.answered.Load() {
		return client, err
	}
	// The driver can miss the first answer of a server that comes while it begins to wait for it, and then waits for
	// the next heartbeat. So the first waits are short ones: each looks at what is known by then.
	until := time.Now().Add(cmp.Or(d.link.timeout, defaultTimeout))
	for wait := 500 * time.Millisecond; ; wait *= 2 {
		attempt, cancel := context.WithTimeout(ctx, max(min(wait, time.Until(until)), time.Millisecond))
		err := client.Ping(attempt, readpref.Nearest())
		// The driver sets the same deadline on its socket, which may strike before the context knows of it.
		late := attempt.Err() != nil || errors.Is(err, context.DeadlineExceeded)
		cancel()
		switch {
		case err == nil:
			d.link.answered.Store(true)
			return client, nil
		case ctx.Err() != nil || !late:
			return nil, d.problem("ping", err)
		case time.Now().After(until):
			return nil, d.problem("ping", err)
		}
	}
}

// dial makes the client, which connects by itself in the background.
func (d *Database) dial(ctx context.Context) (*mongo.Client, error) {
	l := d.link
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, fmt.Errorf("databases: %s is closed", d.Name)
	case l.client != nil:
		return l.client, nil
	}
	o := options.Client().ApplyURI(l.uri).SetAppName(appName)
	timeout := cmp.Or(l.timeout, defaultTimeout)
	if o.ServerSelectionTimeout == nil || l.timeout > 0 {
		o.SetServerSelectionTimeout(timeout)
	}
	if o.ConnectTimeout == nil || l.timeout > 0 {
		o.SetConnectTimeout(timeout)
	}
	client, err := mongo.Connect(ctx, o)
	if err != nil {
		return nil, d.problem("connect", err)
	}
	l.client = client
	if l.reads = o.ReadPreference; l.reads == nil {
		l.reads = readpref.Primary()
	}
	return client, nil
}

// at is a MongoDB database of the deployment, and the read preference that holds for it.
func (d *Database) at(ctx context.Context, database string) (*mongo.Database, *readpref.ReadPref, error) {
	client, err := d.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	reads := cmp.Or(d.reads, d.link.reads)
	return client.Database(database, options.Database().SetReadPreference(reads)), reads, nil
}

// Close ends all connections. The Database cannot be used afterwards.
func (d *Database) Close(ctx context.Context) error {
	d.link.mu.Lock()
	client := d.link.client
	d.link.client, d.link.closed = nil, true
	d.link.mu.Unlock()
	if client == nil {
		return nil
	}
	if err := client.Disconnect(ctx); err != nil {
		return fmt.Errorf("databases: close %s: %w", d.Name, err)
	}
	return nil
}

// Run sends one command to a MongoDB database's primary and answers the reply, whose bytes belong to the caller.
// Errors of the deployment are *chat.Problem; they wrap mongo.CommandError.
func (d *Database) Run(ctx context.Context, database string, command any) (bson.Raw, error) {
	client, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	reply, err := client.Database(database).RunCommand(ctx, command).Raw()
	if err != nil {
		return nil, d.problem(commandName(command), err)
	}
	return reply, nil
}

func commandName(command any) string {
	switch c := command.(type) {
	case bson.D:
		if len(c) > 0 {
			return c[0].Key
		}
	case bson.Raw:
		if e, err := c.IndexErr(0); err == nil {
			return e.Key()
		}
	}
	return "run a command"
}

// Server describes the deployment.
type Server struct {
	// Version is the server's: "4.4.6". FCV is the feature compatibility version, "" when it cannot be known.
	Version, FCV string
	// ReplicaSet is "" for a server that is no member of one.
	ReplicaSet string
	// Sharded says that a router of a sharded cluster answered.
	Sharded bool
	// Sessions says that the server knows sessions.
	Sessions bool
	// Process tells the process of the primary from all others, "" when the server does not know.
	Process string
}

// AtLeast says whether the server's version is that one or a later one.
func (s Server) AtLeast(major, minor int) bool {
	var a, b int
	if n, err := fmt.Sscanf(s.Version, "%d.%d", &a, &b); n < 2 || err != nil {
		return false
	}
	return a > major || a == major && b >= minor
}

// Server asks the deployment what it is.
func (d *Database) Server(ctx context.Context) (Server, error) {
	build, err := d.Run(ctx, "admin", bson.D{{Key: "buildInfo", Value: 1}})
	if err != nil {
		return Server{}, err
	}
	hello, err := d.Run(ctx, "admin", bson.D{{Key: "isMaster", Value: 1}})
	if err != nil {
		return Server{}, err
	}
	var s Server
	s.Version, _ = build.Lookup("version").StringValueOK()
	s.ReplicaSet, _ = hello.Lookup("setName").StringValueOK()
	message, _ := hello.Lookup("msg").StringValueOK()
	s.Sharded = message == "isdbgrid"
	_, err = hello.LookupErr("logicalSessionTimeoutMinutes")
	s.Sessions = err == nil
	if id, ok := hello.Lookup("topologyVersion", "processId").ObjectIDOK(); ok {
		s.Process = id.Hex()
	}
	fcv, err := d.Run(ctx, "admin", bson.D{{Key: "getParameter", Value: 1}, {Key: "featureCompatibilityVersion", Value: 1}})
	if err != nil {
		if _, answered := errors.AsType[mongo.CommandError](err); !answered {
			return Server{}, err
		}
		return s, nil // it needs a right of its own, and not every server has it
	}
	s.FCV, _ = fcv.Lookup("featureCompatibilityVersion", "version").StringValueOK()
	if s.FCV == "" {
		s.FCV, _ = fcv.Lookup("featureCompatibilityVersion").StringValueOK()
	}
	return s, nil
}
