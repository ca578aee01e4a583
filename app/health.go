package app

import (
	"context"
	"crypto/x509"
	"errors"
	"maps"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/health"
)

// sights are what health checks look through. What is nil leaves the checks that need it unknown.
type sights struct {
	databases []*databases.Database
	catalogue *backups.Catalogue
	// heard answers what is known of the calls that a check waits for.
	heard func(ctx context.Context, check string) (health.Heard, error)
	now   func() time.Time

	opened []*databases.Database
}

// close ends the connections that the checks have opened by themselves.
func (s *sights) close(ctx context.Context) error {
	var err error
	for _, db := range s.opened {
		err = errors.Join(err, db.Close(ctx))
	}
	return err
}

// healthRules are what the configuration decides about health. What a check cannot look through, such as a file that is
// gone, is told by its looks: one check holds up no others.
func (s *sights) healthRules(ctx context.Context, h *config.Health) health.Rules {
	rules := health.Rules{Channel: h.Channel, Location: h.Timezone, KeepResults: h.Keep.Raw, Keep: h.Keep.RolledUp}
	for _, c := range h.Checks {
		target, look := s.look(ctx, c)
		check := health.Check{
			Name: c.Name, Kind: c.Kind(), Target: target, Look: look, Every: c.Every, Jitter: c.Jitter, Timeout: c.Timeout,
			FailAfter: c.FailAfter, RecoverAfter: c.RecoverAfter, DependsOn: c.DependsOn, Service: c.Service,
			Tell: c.Tell, Repeat: c.Repeat, DeclareAfter: c.DeclareAfter, Severity: c.Severity,
		}
		switch {
		case c.HTTP != nil:
			check.Limit = c.HTTP.Latency
		case c.TCP != nil:
			check.Limit = c.TCP.Latency
		}
		rules.Checks = append(rules.Checks, check)
	}
	for _, m := range h.Maintenance {
		schedule, err := config.ParseCron(m.When)
		if err != nil {
			continue // the configuration was held to this
		}
		rules.Windows = append(rules.Windows, health.Window{
			Next: func(after time.Time) time.Time { return schedule.Next(after.In(m.Timezone)) }, For: m.For, Checks: m.Checks,
		})
	}
	return rules
}

// look answers what a check looks at, in words, and how.
func (s *sights) look(ctx context.Context, c config.Check) (target string, look health.Look) {
	switch {
	case c.HTTP != nil:
		return s.http(c.HTTP)
	case c.TCP != nil:
		t := c.TCP
		return chat.Literal(t.Address), withRoots(t.CA, t.Certificate, func(certificates health.TLS) health.Look {
			return health.TCP{Address: t.Address, Secure: t.TLS, TLS: certificates, Greeting: t.Greeting, Latency: t.Latency, Now: s.now}.Look
		})
	case c.MongoDB != nil:
		return s.mongodb(ctx, c)
	case c.Redis != nil:
		r := c.Redis
		return "Redis at " + chat.Literal(r.Address), withRoots(r.CA, r.Certificate, func(certificates health.TLS) health.Look {
			return health.Redis{Address: r.Address, Username: r.Username, Password: r.Password.Reveal(), Secure: r.TLS,
				TLS: certificates, Memory: float64(r.Memory), Now: s.now}.Look
		})
	case c.Backup != nil:
		target = "the backups of " + chat.Literal(c.Backup.Database)
		if s.catalogue == nil {
			return target, blind("the storage of backups is not there")
		}
		return target, health.Backup{Catalogue: s.catalogue, Database: c.Backup.Database, Limit: c.Backup.YoungerThan, Now: s.now}.Look
	case c.Heartbeat != nil:
		target = "a call within " + chat.Span(c.Heartbeat.Within)
		if s.heard == nil {
			return target, blind("calls are heard by the running opsbot only")
		}
		heard := func(ctx context.Context) (health.Heard, error) { return s.heard(ctx, c.Name) }
		return target, health.Heartbeat{Heard: heard, Within: c.Heartbeat.Within, Now: s.now}.Look
	case c.Machine != nil:
		return "this machine", machine(c.Machine)
	}
	return "nothing", blind("the configuration does not say what to look at")
}

// blind is a look that cannot be.
func blind(why string) health.Look {
	return func(context.Context) health.Result { return health.Result{Outcome: health.Unknown, Say: why} }
}

// withRoots reads the authorities of a file anew for each look, so that it can be renewed; "" means those of the machine.
func withRoots(file string, left time.Duration, probe func(health.TLS) health.Look) health.Look {
	if file == "" {
		return probe(health.TLS{Left: left})
	}
	return func(ctx context.Context) health.Result {
		text, err := os.ReadFile(file)
		roots := x509.NewCertPool()
		if err != nil || !roots.AppendCertsFromPEM(text) {
			return health.Result{Outcome: health.Unknown, Say: "the authorities of `ca` cannot be read from " + chat.Literal(file)}
		}
		return probe(health.TLS{Roots: roots, Left: left})(ctx)
	}
}

func (s *sights) http(h *config.HTTPCheck) (string, health.Look) {
	target := h.Send.Method + " to a web server"
	if u, err := url.Parse(h.URL.Reveal()); err == nil {
		target = h.Send.Method + " " + chat.Literal(u.Host) // the rest may be secret
	}
	probe := health.HTTP{
		Method: h.Send.Method, URL: h.URL.Reveal(), Header: map[string]string{}, Body: h.Send.Body.Reveal(), Status: h.Status,
		Headers: wants(h.Headers), Wants: wants(h.Body), Text: tests(h.Text), Latency: h.Latency, Redirects: h.Redirects, Now: s.now,
	}
	for name, value := range h.Send.Headers {
		probe.Header[name] = value.Reveal()
	}
	return target, withRoots(h.CA, h.Certificate, func(certificates health.TLS) health.Look {
		probe := probe
		probe.TLS = certificates
		return probe.Look
	})
}

func wants(all []config.Want) (out []health.Want) {
	for _, w := range all {
		out = append(out, health.Want{Path: w.Path, Tests: tests(w)})
	}
	return out
}

func tests(w config.Want) (out []health.Test) {
	for _, c := range w.Tests {
		out = append(out, health.Test{Op: health.Op(c.Op), Value: c.Value})
	}
	return out
}

// mongodb looks through the database that is open already, or opens one of its own.
func (s *sights) mongodb(ctx context.Context, c config.Check) (string, health.Look) {
	m := c.MongoDB
	probe := health.MongoDB{Lag: m.Lag, Connections: float64(m.Connections)}
	if m.Database != "" {
		target := "MongoDB of " + chat.Literal(m.Database)
		i := slices.IndexFunc(s.databases, func(db *databases.Database) bool { return db.Name == m.Database })
		if i < 0 {
			return target, blind("the database " + chat.Literal(m.Database) + " is not there")
		}
		probe.Database = s.databases[i]
		return target, probe.Look
	}
	db, err := databases.Open(ctx, c.Name, m.URI.Reveal(), databases.Options{Timeout: c.Timeout})
	if err != nil {
		say := "the URI cannot be used"
		if problem, ok := errors.AsType[*chat.Problem](err); ok {
			say = problem.Say
		}
		return "MongoDB", blind(say)
	}
	s.opened = append(s.opened, db)
	probe.Database = db
	return "MongoDB", probe.Look
}

func machine(m *config.MachineCheck) health.Look {
	limits := health.Limits{CPU: float64(m.CPU), Memory: float64(m.Memory), Network: float64(m.Network)}
	for _, path := range slices.Sorted(maps.Keys(m.Disks)) {
		limits.Disks = append(limits.Disks, health.Disk{Path: path, Limit: float64(m.Disks[path])})
	}
	return health.NewMachine(limits).Look
}
