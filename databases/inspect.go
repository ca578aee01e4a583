package databases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

// Rights are what the user of a URI may do.
type Rights struct {
	// User is "name@database", or "" when nobody signed in.
	User       string
	privileges []privilege
}

type privilege struct {
	Resource struct {
		DB         *string `bson:"db"`
		Collection *string `bson:"collection"`
		Cluster    bool    `bson:"cluster"`
		Any        bool    `bson:"anyResource"`
	} `bson:"resource"`
	Actions []string `bson:"actions"`
}

// Rights asks the server what it lets the user do. It answers no privileges when the server tells none.
// https://www.mongodb.com/docs/manual/reference/command/connectionStatus/
func (d *Database) Rights(ctx context.Context) (Rights, error) {
	reply, err := d.Run(ctx, "admin", bson.D{{Key: "connectionStatus", Value: 1}, {Key: "showPrivileges", Value: true}})
	if err != nil {
		return Rights{}, err
	}
	var status struct {
		Info struct {
			Users      []struct{ User, DB string } `bson:"authenticatedUsers"`
			Privileges []privilege                 `bson:"authenticatedUserPrivileges"`
		} `bson:"authInfo"`
	}
	if err := bson.Unmarshal(reply, &status); err != nil {
		return Rights{}, fmt.Errorf("databases: %s: read connectionStatus: %w", d.Name, err)
	}
	r := Rights{privileges: status.Info.Privileges}
	if users := status.Info.Users; len(users) > 0 {
		r.User = users[0].User + "@" + users[0].DB
	}
	return r, nil
}

// Told says that the server told any privileges at all.
func (r Rights) Told() bool { return len(r.privileges) > 0 }

// Missing answers those of the actions that the user may not do with all ordinary collections of a database; "" means of
// any database, also one that does not exist yet.
// https://www.mongodb.com/docs/manual/reference/resource-document/
func (r Rights) Missing(database string, actions ...string) []string {
	return r.missing(actions, func(p privilege) bool {
		db, collection := p.Resource.DB, p.Resource.Collection
		return db != nil && (*db == "" || *db == database) && collection != nil && *collection == ""
	})
}

// MissingCluster answers those of the actions that the user may not do with the deployment as a whole.
func (r Rights) MissingCluster(actions ...string) []string {
	return r.missing(actions, func(p privilege) bool { return p.Resource.Cluster })
}

func (r Rights) missing(actions []string, covers func(privilege) bool) []string {
	return slices.DeleteFunc(slices.Clone(actions), func(action string) bool {
		return slices.ContainsFunc(r.privileges, func(p privilege) bool {
			return (p.Resource.Any || covers(p)) && (slices.Contains(p.Actions, action) || slices.Contains(p.Actions, "anyAction"))
		})
	})
}

// CanRead reads at most one document of a namespace, where the read preference wants it, and forgets it.
func (d *Database) CanRead(ctx context.Context, n Namespace) error {
	target, _, err := d.at(ctx, n.Database)
	if err != nil {
		return err
	}
	cursor, err := target.Collection(n.Name).Find(ctx, bson.D{}, options.Find().SetLimit(-1).SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return d.problem("find", err)
	}
	return d.problem("find", cursor.Close(ctx))
}

// Preferred tries whether there is a member that the read preference allows, and answers its mode.
func (d *Database) Preferred(ctx context.Context) (mode string, err error) {
	target, reads, err := d.at(ctx, "admin")
	if err != nil {
		return "", err
	}
	err = target.Client().Ping(ctx, reads)
	if errors.Is(err, context.DeadlineExceeded) {
		return reads.Mode().String(), &chat.Problem{
			Say: fmt.Sprintf("No member of the replica set of %s is one that the read preference %s allows.", chat.Literal(d.Name), chat.Literal(reads.String())),
			Try: "Choose another with `read_preference`, such as `secondaryPreferred`.", Err: err,
		}
	}
	return reads.Mode().String(), d.problem("ping", err)
}

// Clock answers how far the server's clock is ahead of ours, give or take.
func (d *Database) Clock(ctx context.Context) (ahead, giveOrTake time.Duration, err error) {
	began := time.Now()
	hello, err := d.Run(ctx, "admin", bson.D{{Key: "isMaster", Value: 1}})
	took := time.Since(began)
	if err != nil {
		return 0, 0, err
	}
	theirs, ok := hello.Lookup("localTime").TimeOK()
	if !ok {
		return 0, 0, fmt.Errorf("databases: %s: the server does not tell its time", d.Name)
	}
	return theirs.Sub(began.Add(took / 2)), took / 2, nil
}

// Oplog is how far back a replica set remembers its writes.
type Oplog struct {
	First, Last time.Time
	// Growing says that nothing had to be forgotten yet: it is far from its largest size.
	Growing bool
}

// Oplog reads the first and the last entry of the oplog. The error is the server's; a member without an oplog has none,
// so the times are zero.
func (d *Database) Oplog(ctx context.Context) (Oplog, error) {
	var o Oplog
	target, _, err := d.at(ctx, "local")
	if err != nil {
		return o, err
	}
	for order, at := range map[int]*time.Time{1: &o.First, -1: &o.Last} {
		var entry struct {
			TS primitive.Timestamp `bson:"ts"`
		}
		err := target.Collection("oplog.rs").FindOne(ctx, bson.D{},
			options.FindOne().SetSort(bson.D{{Key: "$natural", Value: order}}).SetProjection(bson.D{{Key: "ts", Value: 1}})).Decode(&entry)
		if errors.Is(err, mongo.ErrNoDocuments) {
			return Oplog{}, nil
		}
		if err != nil {
			return o, d.problem("find", err)
		}
		*at = time.Unix(int64(entry.TS.T), 0)
	}
	// The size is a right of its own; without it the oplog counts as full.
	stats, err := d.Run(ctx, "local", bson.D{{Key: "collStats", Value: "oplog.rs"}})
	if most := number(stats, "maxSize"); err == nil && most > 0 {
		o.Growing = number(stats, "size") < most/10*9
	}
	return o, nil
}

// IsDenied says that the error is the server's "not authorized", also in the words of Atlas.
func IsDenied(err error) bool {
	answer, ok := errors.AsType[mongo.CommandError](err)
	return ok && (answer.Code == codeUnauthorized || answer.Code == codeAtlas)
}
