package databases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/bson"
)

// Status is how a deployment is doing, as far as the user of its URI may know.
type Status struct {
	// ReplicaSet is "" for a server that is no member of one. Sharded says that a router of a sharded cluster answered.
	ReplicaSet string
	Sharded    bool
	// Members are those of the replica set; none when the server does not tell.
	Members []Member
	// Connections are open ones of the server that answered, of MostConnections; both are 0 when it does not tell.
	Connections, MostConnections int64
	// Refused are the commands that the user may not run.
	Refused []string
}

// Member is one of a replica set.
type Member struct {
	// Name is host:port.
	Name string
	// State is as the server calls it: PRIMARY, SECONDARY, ARBITER, RECOVERING, (not reachable/healthy) and so on.
	// https://www.mongodb.com/docs/manual/reference/replica-states/
	State string
	// Written is the time of the last write that it has.
	Written time.Time
}

// codeNoReplication is that of replSetGetStatus on a server without a replica set, codeUnknown that of a command which a
// server does not know.
const (
	codeNoReplication = 76
	codeUnknown       = 59
)

// Status asks the primary how the deployment is doing. Commands that the user may not run, or that the server does not
// know, leave their part empty and are no error.
func (d *Database) Status(ctx context.Context) (Status, error) {
	hello, err := d.Run(ctx, "admin", bson.D{{Key: "isMaster", Value: 1}})
	if err != nil {
		return Status{}, err
	}
	s := Status{}
	s.ReplicaSet, _ = hello.Lookup("setName").StringValueOK()
	message, _ := hello.Lookup("msg").StringValueOK()
	s.Sharded = message == "isdbgrid"
	if s.ReplicaSet != "" {
		var set struct {
			Members []struct {
				Name    string    `bson:"name"`
				State   string    `bson:"stateStr"`
				Written time.Time `bson:"optimeDate"`
			} `bson:"members"`
		}
		if err := d.ask(ctx, &s, "replSetGetStatus", &set); err != nil {
			return Status{}, err
		}
		for _, m := range set.Members {
			s.Members = append(s.Members, Member(m))
		}
	}
	var server struct {
		Connections struct {
			Current   int64 `bson:"current"`
			Available int64 `bson:"available"`
		} `bson:"connections"`
	}
	if err := d.ask(ctx, &s, "serverStatus", &server); err != nil {
		return Status{}, err
	}
	s.Connections = server.Connections.Current
	if server.Connections.Available > 0 {
		s.MostConnections = server.Connections.Current + server.Connections.Available
	}
	return s, nil
}

// ask reads a command's reply into found, which stays empty when the server or its rules refuse the command.
func (d *Database) ask(ctx context.Context, s *Status, command string, found any) error {
	reply, err := d.Run(ctx, "admin", bson.D{{Key: command, Value: 1}})
	switch code, _ := CodeOf(err); {
	case err == nil:
		if err := bson.Unmarshal(reply, found); err != nil {
			return fmt.Errorf("databases: %s: read %s: %w", d.Name, command, err)
		}
	case slices.Contains([]int{codeUnauthorized, codeAtlas}, code):
		s.Refused = append(s.Refused, command)
	case !slices.Contains([]int{codeNoReplication, codeUnknown, codeNotImplemented}, code):
		return err
	}
	return nil
}
