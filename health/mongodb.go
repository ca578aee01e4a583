package health

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// MongoDB asks a deployment how it is doing. What the user of its URI may not know fails a look only if it is asked for.
type MongoDB struct {
	// Database stays open between looks.
	Database *databases.Database
	// Lag is how far a secondary may be behind the primary; 0 means any. A delayed member is behind by its delay.
	Lag time.Duration
	// Connections is the most of the connections that may be open, in percent; 0 means any.
	Connections float64
}

// Look asks once.
func (p MongoDB) Look(ctx context.Context) Result {
	began := time.Now()
	status, err := p.Database.Status(ctx)
	took := time.Since(began)
	if err != nil {
		r := broken(ctx, err, took, "", nil)
		if problem, ok := errors.AsType[*chat.Problem](err); ok && !errors.Is(ctx.Err(), context.Canceled) {
			r.Say = sentence(problem.Say)
		}
		return r
	}
	r := Result{Outcome: OK, Took: took}
	said, faults := []string{"answered after " + chat.Span(took)}, []string{}
	for _, judge := range []func(databases.Status) (say, fault string, figures []Figure){p.members, p.lag, p.connections} {
		say, fault, figures := judge(status)
		if r.Figures = append(r.Figures, figures...); fault != "" {
			faults = append(faults, fault)
		} else if say != "" {
			said = append(said, say)
		}
	}
	if len(faults) > 0 {
		r.Outcome, r.Say = Failed, sentence(faults...)
		return r
	}
	r.Say = sentence(said...)
	return r
}

// members says who is in the replica set, and who does not do the work of a member.
func (p MongoDB) members(s databases.Status) (say, fault string, figures []Figure) {
	switch {
	case s.Sharded:
		return "a router of a sharded cluster", "", nil
	case s.ReplicaSet == "":
		return "no replica set", "", nil
	case slices.Contains(s.Refused, "replSetGetStatus"):
		return "the user may not ask for the members of " + chat.Literal(s.ReplicaSet), "", nil
	}
	for _, m := range s.Members {
		if !slices.Contains([]string{"PRIMARY", "SECONDARY", "ARBITER"}, m.State) {
			fault = fmt.Sprintf("the member %s is %s", chat.Literal(m.Name), chat.Escape(m.State))
			break
		}
	}
	if fault == "" && len(s.Members) > 0 && !slices.ContainsFunc(s.Members, primary) {
		fault = "the replica set has no primary"
	}
	n := len(s.Members)
	return chat.Plural(int64(n), "member"), fault, []Figure{{"members", float64(n), ""}}
}

func primary(m databases.Member) bool { return m.State == "PRIMARY" }

// lag is that of the secondary which is furthest behind the primary.
func (p MongoDB) lag(s databases.Status) (say, fault string, figures []Figure) {
	i := slices.IndexFunc(s.Members, primary)
	if i < 0 {
		if p.Lag > 0 && slices.Contains(s.Refused, "replSetGetStatus") {
			return "", "how far members are behind is not known: give the user the role `clusterMonitor`", nil
		}
		return "", "", nil // that it is no replica set, or has no primary, is said already
	}
	behind, who := time.Duration(-1), ""
	for _, m := range s.Members {
		if lag := max(s.Members[i].Written.Sub(m.Written), 0); m.State == "SECONDARY" && lag > behind {
			behind, who = lag, m.Name
		}
	}
	if behind < 0 {
		return "", "", nil
	}
	figures = []Figure{{"lag", behind.Seconds(), "s"}}
	if p.Lag > 0 && behind > p.Lag {
		return "", fmt.Sprintf("%s is %s behind, more than %s", chat.Literal(who), chat.Span(behind), chat.Span(p.Lag)), figures
	}
	return chat.Span(behind) + " behind", "", figures
}

func (p MongoDB) connections(s databases.Status) (say, fault string, figures []Figure) {
	if s.MostConnections == 0 {
		switch {
		case p.Connections == 0:
			return "", "", nil
		case slices.Contains(s.Refused, "serverStatus"):
			return "", "how many connections are open is not known: give the user the role `clusterMonitor`", nil
		}
		return "", "the server does not tell how many connections it can have", nil
	}
	percent := 100 * float64(s.Connections) / float64(s.MostConnections)
	figures = []Figure{{"connections", float64(s.Connections), ""}}
	say = chat.Plural(s.Connections, "connection")
	if p.Connections > 0 && percent > p.Connections {
		return "", fmt.Sprintf("%s of %s, more than %g%%", say, chat.Count(s.MostConnections), p.Connections), figures
	}
	return say, "", figures
}
