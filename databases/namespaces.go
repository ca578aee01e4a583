package databases

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/chat"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

// The types of a namespace, as listCollections says them.
const (
	TypeCollection = "collection"
	TypeView       = "view"
	TypeTimeSeries = "timeseries"
)

// bucketsPrefix precedes the name of a time series in the name of the collection that holds its data.
const bucketsPrefix = "system.buckets."

// Namespace is one collection, view or time series.
type Namespace struct {
	Database, Name, Type string
	// Options and IDIndex are as listCollections answered them; IDIndex is nil for what has none.
	Options, IDIndex bson.Raw
	// UUID is hex without dashes, "" for views and servers without UUIDs. A time series has that of its buckets.
	UUID string
	// Buckets says that the time series keeps its data in a collection of its own, as servers of 5.0 to 7 do.
	Buckets bool
}

// String is "database.name".
func (n Namespace) String() string { return n.Database + "." + n.Name }

// DataName is the collection that holds the documents.
func (n Namespace) DataName() string { return DataName(n.Name, n.Type) }

// DataName is the name of the collection that holds the documents of one with that name and type.
func DataName(name, kind string) string {
	if kind == TypeTimeSeries {
		return bucketsPrefix + name
	}
	return name
}

// Databases lists the MongoDB databases that are meant and exist, ordered by name.
func (d *Database) Databases(ctx context.Context) ([]string, error) {
	client, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	// To a user who may not list all, the server would list those that it may read, as if they were all.
	// https://www.mongodb.com/docs/manual/reference/command/listDatabases/
	filter, o := bson.D{}, options.ListDatabases().SetAuthorizedDatabases(false)
	if d.scope != "" {
		filter, o = bson.D{{Key: "name", Value: d.scope}}, options.ListDatabases()
	}
	names, err := client.ListDatabaseNames(ctx, filter, o)
	if err != nil {
		return nil, d.problem("listDatabases", err)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains(ours, name) || d.scope != "" && name != d.scope
	})
	slices.Sort(names)
	return names, nil
}

// Namespaces lists everything that a backup holds, ordered by database and name. Of what begins with "system." only
// system.js is told; views and time series come under their own names. A configured database that does not exist is a
// *chat.Problem, never an empty list.
func (d *Database) Namespaces(ctx context.Context) ([]Namespace, error) {
	names, err := d.Databases(ctx)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, d.vanished()
	}
	var all []Namespace
	for _, name := range names {
		found, err := d.Collections(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, d.vanished()
	}
	return all, nil
}

func (d *Database) vanished() error {
	if d.scope == "" {
		return &chat.Problem{
			Say: "The deployment of " + chat.Literal(d.Name) + " holds no database of yours.",
			Try: "Was it emptied, or does its URI lead to another server? Nothing was changed.",
		}
	}
	return &chat.Problem{
		Say: fmt.Sprintf("The database %s does not exist any more on the deployment of %s.", chat.Literal(d.scope), chat.Literal(d.Name)),
		Try: "Was it dropped or renamed, or does its URI lead to another server? Nothing was changed.",
	}
}

// Collections lists one MongoDB database as Namespaces does; it is empty for a missing one.
func (d *Database) Collections(ctx context.Context, database string) ([]Namespace, error) {
	listed, err := d.list(ctx, database, bson.D{})
	if err != nil {
		return nil, err
	}
	buckets := map[string]string{}
	for _, n := range listed {
		if name, ok := strings.CutPrefix(n.Name, bucketsPrefix); ok {
			buckets[name] = n.UUID
		}
	}
	var found []Namespace
	for _, n := range listed {
		if strings.HasPrefix(n.Name, "system.") && n.Name != "system.js" {
			continue
		}
		if n.Type == TypeTimeSeries {
			if uuid, ok := buckets[n.Name]; ok {
				n.UUID, n.Buckets = uuid, true
			}
		}
		found = append(found, n)
	}
	slices.SortFunc(found, func(a, b Namespace) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

// Identity answers the UUID that a collection has now (that of its buckets for a time series), and whether it is there.
func (d *Database) Identity(ctx context.Context, n Namespace) (uuid string, found bool, err error) {
	listed, err := d.list(ctx, n.Database, bson.D{{Key: "name", Value: n.DataName()}})
	for _, now := range listed {
		if now.Name == n.DataName() {
			return now.UUID, true, nil
		}
	}
	return "", false, err
}

// list is listCollections as it is.
func (d *Database) list(ctx context.Context, database string, filter bson.D) ([]Namespace, error) {
	target, _, err := d.at(ctx, database)
	if err != nil {
		return nil, err
	}
	cursor, err := target.ListCollections(ctx, filter)
	if err != nil {
		return nil, d.problem("listCollections", err)
	}
	var raw []bson.Raw
	if err := cursor.All(ctx, &raw); err != nil {
		return nil, d.problem("listCollections", err)
	}
	var found []Namespace
	for _, r := range raw {
		n := Namespace{Database: database}
		var ok bool
		if n.Name, ok = r.Lookup("name").StringValueOK(); !ok {
			return nil, fmt.Errorf("databases: %s: listCollections answered an entry without a name", d.Name)
		}
		if n.Type, _ = r.Lookup("type").StringValueOK(); n.Type == "" {
			n.Type = TypeCollection
		}
		n.Options, _ = r.Lookup("options").DocumentOK()
		n.IDIndex, _ = r.Lookup("idIndex").DocumentOK()
		if _, id, ok := r.Lookup("info", "uuid").BinaryOK(); ok {
			n.UUID = hex.EncodeToString(id)
		}
		found = append(found, n)
	}
	return found, nil
}

// Indexes answers the documents of listIndexes. A view has none; a missing collection is an error (IsMissing).
func (d *Database) Indexes(ctx context.Context, n Namespace) ([]bson.Raw, error) {
	if n.Type == TypeView {
		return nil, nil
	}
	target, reads, err := d.at(ctx, n.Database)
	if err != nil {
		return nil, err
	}
	cursor, err := target.RunCommandCursor(ctx,
		bson.D{{Key: "listIndexes", Value: n.Name}, {Key: "cursor", Value: bson.D{}}},
		options.RunCmd().SetReadPreference(reads))
	if err != nil {
		return nil, d.problem("listIndexes", err)
	}
	var found []bson.Raw
	if err := cursor.All(ctx, &found); err != nil {
		return nil, d.problem("listIndexes", err)
	}
	return found, nil
}

// Size is how large a collection is, as the server believes; documents and bytes may be off after a crash of it.
type Size struct {
	Documents, Bytes, StorageBytes int64
}

// Estimate is the size of everything, and of each namespace by its String. Unknown are those whose size the server
// does not tell; they are in no sum.
type Estimate struct {
	Size
	Of      map[string]Size
	Unknown []string
}

// Estimate asks for the sizes of all that Namespaces lists.
func (d *Database) Estimate(ctx context.Context) (Estimate, error) {
	all, err := d.Namespaces(ctx)
	if err != nil {
		return Estimate{}, err
	}
	return d.EstimateOf(ctx, all)
}

// EstimateOf asks for the sizes of some namespaces.
func (d *Database) EstimateOf(ctx context.Context, namespaces []Namespace) (Estimate, error) {
	e := Estimate{Of: map[string]Size{}}
	for _, n := range namespaces {
		if n.Type == TypeView {
			continue
		}
		reply, err := d.Run(ctx, n.Database, bson.D{{Key: "collStats", Value: n.DataName()}})
		if err != nil {
			if _, answered := errors.AsType[mongo.CommandError](err); answered {
				e.Unknown = append(e.Unknown, n.String())
				continue
			}
			return Estimate{}, err
		}
		s := Size{Documents: number(reply, "count"), Bytes: number(reply, "size"), StorageBytes: number(reply, "storageSize")}
		e.Of[n.String()] = s
		e.Documents += s.Documents
		e.Bytes += s.Bytes
		e.StorageBytes += s.StorageBytes
	}
	return e, nil
}

func number(doc bson.Raw, key string) int64 {
	n, _ := doc.Lookup(key).AsInt64OK()
	return n
}

// Exists says whether a MongoDB database is there.
func (d *Database) Exists(ctx context.Context, database string) (bool, error) {
	client, err := d.connect(ctx)
	if err != nil {
		return false, err
	}
	names, err := client.ListDatabaseNames(ctx, bson.D{{Key: "name", Value: database}})
	if err != nil {
		return false, d.problem("listDatabases", err)
	}
	return slices.Contains(names, database), nil
}

// IsEmpty says whether a MongoDB database holds no collection and no view.
func (d *Database) IsEmpty(ctx context.Context, database string) (bool, error) {
	listed, err := d.list(ctx, database, bson.D{})
	if err != nil {
		return false, err
	}
	// The server keeps these two by itself.
	listed = slices.DeleteFunc(listed, func(n Namespace) bool { return n.Name == "system.views" || n.Name == "system.profile" })
	return len(listed) == 0, nil
}

// DropDatabase removes a MongoDB database; a missing one is no error. The server's own are refused.
func (d *Database) DropDatabase(ctx context.Context, database string) error {
	if slices.Contains(ours, database) || database == "" {
		return fmt.Errorf("databases: %q is never dropped", database)
	}
	_, err := d.Run(ctx, database, bson.D{
		{Key: "dropDatabase", Value: 1}, {Key: "writeConcern", Value: bson.D{{Key: "w", Value: "majority"}}},
	})
	if err != nil && !IsMissing(err) {
		return err
	}
	return nil
}
