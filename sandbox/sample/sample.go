// Package sample fills a MongoDB server with the data of a campus food-ordering backend, the same every time: six
// databases with some 55,000 documents, every BSON type, every kind of index, and the odd things that live in databases
// which have grown for years. Nobody in it exists: the names are drawn by lot, the mail domains are reserved for
// examples, and the telephone numbers are of a range that is not given out.
//
// Everything in it is taken by genuine servers from 4.4 to 8.0. So there are no time-series or clustered collections
// (4.4 does not know them) and no field names that begin with "$" (5.0 is the first to store them).
package sample

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	"golang.org/x/sync/errgroup"
)

// Database is one of the databases: what people call it, and its name on the server.
type Database struct{ Name, DB string }

// Databases are all that Load fills.
var Databases = []Database{
	{"users", "kampyn_users"},
	{"orders", "kampyn_orders"},
	{"items", "kampyn_items"},
	{"inventory", "kampyn_inventory"},
	{"accounts", "kampyn_accounts"},
	{"cache", "kampyn_cache"},
}

// Options say what is written. The same options give the same bytes.
type Options struct {
	// Scale multiplies the number of documents of the collections that grow. Zero means 1: about 55,000 documents
	// and 50 MB. What is there once in a campus stays.
	Scale float64
	// Seed chooses names, dishes and amounts.
	Seed uint64
	// Now is when the data was last written to; zero means 20 November 2026. What would expire by a TTL index is
	// dated a thousand days later, so that a restored copy can be compared in peace.
	Now time.Time
}

// ErrNotEmpty says that a database which Load was to fill holds collections already.
var ErrNotEmpty = errors.New("the database is not empty")

// content is one collection or view to be: how it is made, and what it holds.
type content struct {
	name    string
	options bson.D
	indexes []bson.D
	docs    iter.Seq[bson.Raw]
}

// contents says what goes into each database, by its Name.
var contents = map[string]func(*campus) []content{
	"users":     users,
	"orders":    orders,
	"items":     items,
	"inventory": inventory,
	"accounts":  accounts,
	"cache":     cache,
}

// Load writes the sample data. Uri answers the connection string of a database by its name on the server
// ("kampyn_users"). A database that holds anything already is ErrNotEmpty, before that database is written to.
// After another error the databases are left half filled.
func Load(ctx context.Context, uri func(db string) string, o Options) error {
	c := newCampus(o)
	g, ctx := errgroup.WithContext(ctx)
	for _, d := range Databases {
		g.Go(func() error {
			if err := fill(ctx, uri(d.DB), d.DB, contents[d.Name](c)); err != nil {
				return fmt.Errorf("sample data of %s: %w", d.DB, err)
			}
			return nil
		})
	}
	return g.Wait()
}

func fill(ctx context.Context, uri, name string, all []content) (err error) {
	client, err := mongo.Connect(ctx, options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Disconnect(context.WithoutCancel(ctx))) }()
	db := client.Database(name)
	existing, err := db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return err
	}
	if len(existing) > 0 {
		return fmt.Errorf("%w: it has %q", ErrNotEmpty, existing[0])
	}
	for _, c := range all {
		if err := write(ctx, db, c); err != nil {
			return fmt.Errorf("collection %q: %w", c.name, err)
		}
	}
	return nil
}

// write makes one collection. Indexes come last, as building one over all documents is cheaper than keeping it.
func write(ctx context.Context, db *mongo.Database, c content) error {
	create := append(bson.D{{Key: "create", Value: c.name}}, c.options...)
	if err := db.RunCommand(ctx, create).Err(); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if c.docs != nil {
		if err := insert(ctx, db.Collection(c.name), c.docs); err != nil {
			return fmt.Errorf("insert: %w", err)
		}
	}
	if len(c.indexes) == 0 {
		return nil
	}
	build := bson.D{{Key: "createIndexes", Value: c.name}, {Key: "indexes", Value: c.indexes}}
	if err := db.RunCommand(ctx, build).Err(); err != nil {
		return fmt.Errorf("build indexes: %w", err)
	}
	return nil
}

// batchBytes is how much is sent to the server at once, give or take a document.
const batchBytes = 4 << 20

func insert(ctx context.Context, to *mongo.Collection, docs iter.Seq[bson.Raw]) error {
	var batch []any
	size := 0
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := to.InsertMany(ctx, batch)
		batch, size = batch[:0], 0
		return err
	}
	for d := range docs {
		batch, size = append(batch, d), size+len(d)
		if size >= batchBytes {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// lot draws the same things for the same collection and seed, whatever else is drawn.
func (c *campus) lot(collection string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(collection))
	return rand.New(rand.NewPCG(c.seed, h.Sum64()))
}

// each yields n documents made by fill, which gets the collection's own lot.
func (c *campus) each(collection string, n int, fill func(d *document, r *rand.Rand, i int)) iter.Seq[bson.Raw] {
	return func(yield func(bson.Raw) bool) {
		r := c.lot(collection)
		for i := range n {
			if !yield(doc(func(d *document) { fill(d, r, i) })) {
				return
			}
		}
	}
}

// index describes an index: its name, its key as field, direction pairs, and its options.
func index(name string, key bson.D, options ...bson.E) bson.D {
	return append(bson.D{{Key: "key", Value: key}, {Key: "name", Value: name}}, options...)
}

var (
	unique = bson.E{Key: "unique", Value: true}
	sparse = bson.E{Key: "sparse", Value: true}
	hidden = bson.E{Key: "hidden", Value: true}
)

func expireAfter(seconds int32) bson.E { return bson.E{Key: "expireAfterSeconds", Value: seconds} }

func partial(filter bson.D) bson.E { return bson.E{Key: "partialFilterExpression", Value: filter} }
