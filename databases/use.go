package databases

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
)

// Newest answers when the newest document of a collection was made, by its _id, which the server finds in the index at
// once. ok is false when the _id is no ObjectId: then it cannot be known cheaply.
// https://www.mongodb.com/docs/manual/reference/bson-types/#objectid
func (d *Database) Newest(ctx context.Context, database, collection string) (at time.Time, ok bool, err error) {
	reply, err := d.Run(ctx, database, bson.D{
		{Key: "find", Value: collection}, {Key: "sort", Value: bson.D{{Key: "_id", Value: -1}}},
		{Key: "projection", Value: bson.D{{Key: "_id", Value: 1}}}, {Key: "limit", Value: 1}, {Key: "singleBatch", Value: true},
		{Key: "maxTimeMS", Value: 2000},
	})
	if _, answered := errors.AsType[mongo.CommandError](err); answered {
		return at, false, nil
	}
	if err != nil {
		return at, false, err
	}
	id, ok := reply.Lookup("cursor", "firstBatch", "0", "_id").ObjectIDOK()
	return id.Timestamp().UTC(), ok, nil
}

// Programs says who else is connected to a deployment.
type Programs struct {
	// Known is false when the user may not see that.
	Known bool
	// Connections counts those of other programs; Names are what these call themselves, each once.
	Connections int
	Names       []string
}

// Programs looks at the connections that are open, busy or idle; those of opsbot do not count. It needs the right
// inprog. https://www.mongodb.com/docs/manual/reference/command/currentOp/
func (d *Database) Programs(ctx context.Context) (Programs, error) {
	reply, err := d.Run(ctx, "admin", bson.D{{Key: "currentOp", Value: 1}, {Key: "$all", Value: true}})
	if _, answered := errors.AsType[mongo.CommandError](err); answered {
		return Programs{}, nil
	}
	if err != nil {
		return Programs{}, err
	}
	ops, ok := reply.Lookup("inprog").ArrayOK()
	if !ok {
		return Programs{}, nil
	}
	values, err := ops.Values()
	if err != nil {
		return Programs{}, d.problem("currentOp", err)
	}
	p := Programs{Known: true}
	for _, v := range values {
		op, _ := v.DocumentOK()
		if _, outside := op.Lookup("client").StringValueOK(); !outside {
			continue // the server's own work
		}
		name, _ := op.Lookup("appName").StringValueOK()
		if name == appName {
			continue
		}
		p.Connections++
		if name != "" && !slices.Contains(p.Names, name) {
			p.Names = append(p.Names, name)
		}
	}
	slices.Sort(p.Names)
	return p, nil
}

// identity is what tells one deployment from another.
type identity struct {
	process primitive.ObjectID // of the server that answers
	set     string
	hosts   []string
}

// Same says whether two configured databases are on one deployment, under whatever names its servers are reached. One
// that does not answer counts as the same if a host of its URI is.
func (d *Database) Same(ctx context.Context, other *Database) bool {
	a, b := d.identify(ctx), other.identify(ctx)
	if !a.process.IsZero() && a.process == b.process {
		return true
	}
	if (a.set == "") != (b.set == "") && !a.process.IsZero() && !b.process.IsZero() || a.set != b.set && a.set != "" && b.set != "" {
		return false
	}
	return slices.ContainsFunc(a.hosts, func(host string) bool { return slices.Contains(b.hosts, host) })
}

func (d *Database) identify(ctx context.Context) identity {
	id := identity{hosts: hostsOf(d.link.uri)}
	hello, err := d.Run(ctx, "admin", bson.D{{Key: "isMaster", Value: 1}})
	if err != nil {
		return id
	}
	id.process, _ = hello.Lookup("topologyVersion", "processId").ObjectIDOK()
	id.set, _ = hello.Lookup("setName").StringValueOK()
	members, _ := hello.Lookup("hosts").ArrayOK()
	values, err := members.Values()
	if err == nil && id.set != "" {
		id.hosts = nil
		for _, v := range values {
			host, _ := v.StringValueOK()
			id.hosts = append(id.hosts, plainHost(host))
		}
	}
	return id
}

// hostsOf are the hosts of a URI.
func hostsOf(uri string) []string {
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	rest, _, _ = strings.Cut(rest, "/")
	var hosts []string
	for host := range strings.SplitSeq(rest, ",") {
		hosts = append(hosts, plainHost(host))
	}
	return hosts
}

// plainHost writes a host and port in one way.
func plainHost(host string) string {
	name, port, err := net.SplitHostPort(strings.ToLower(host))
	if err != nil {
		name, port = strings.ToLower(host), "27017"
	}
	if ip := net.ParseIP(name); name == "localhost" || ip != nil && ip.IsLoopback() {
		name = "localhost"
	}
	return net.JoinHostPort(name, port)
}
