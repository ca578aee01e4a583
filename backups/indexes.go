package backups

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/bsontype"
	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/databases"
)

// restored is one collection or view of a restore.
type restored struct {
	Collection               // as the backup has it
	target     string        // the MongoDB database that it is written to
	as         string        // the name under which it is written there
	options    bson.Raw      // of the backup
	notes      []string      // what could not be made as it was
	found      tally         // what was read back
	expire     bson.RawValue // the collection's own time to live, set when everything was compared
}

func (c *restored) namespace() string { return c.target + "." + c.as }

// written is where its documents are put: under its own name, or beside what is to be replaced.
func (c *restored) written() string { return databases.DataName(c.as, c.Type) }

// note keeps what the server refused, by its code: what it says may quote data.
func (c *restored) note(what string, err error) error {
	code, name := databases.CodeOf(err)
	if code == 0 {
		return err
	}
	c.notes = append(c.notes, fmt.Sprintf("%s: the server answered %s (%d)", what, name, code))
	return nil
}

// without copies a document, leaving fields out.
func without(doc bson.Raw, fields ...string) (bson.D, error) {
	elements, err := doc.Elements()
	if err != nil {
		return nil, fmt.Errorf("backups: read options: %w", err)
	}
	var d bson.D
	for _, e := range elements {
		if !slices.Contains(fields, e.Key()) {
			d = append(d, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	return d, nil
}

// create makes the collection with its options. A server that does not know them gets a plain one; that is a difference
// in the certificate.
func (r *restore) create(ctx context.Context, c *restored) error {
	command := bson.D{{Key: "create", Value: c.as}}
	options, err := without(c.options)
	if err != nil {
		return err
	}
	_, clustered := c.options.Lookup("clusteredIndex").DocumentOK()
	if c.Type == databases.TypeTimeSeries || clustered {
		// A time to live on the collection itself would delete documents before they are compared.
		c.expire = c.options.Lookup("expireAfterSeconds")
		if options, err = without(c.options, "expireAfterSeconds"); err != nil {
			return err
		}
	}
	if c.IDIndex != "" && !clustered {
		index, err := fromJSON(c.IDIndex)
		if err != nil {
			return err
		}
		bare, err := without(index, "ns")
		if err != nil {
			return err
		}
		options = append(options, bson.E{Key: "idIndex", Value: bare})
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	settled, cancel := settle(ctx)
	defer cancel()
	_, err = r.db.Run(settled, c.target, append(command, options...))
	if err == nil {
		return nil
	}
	if err := c.note("it was not made with its options", err); err != nil {
		return err
	}
	if _, err = r.db.Run(settled, c.target, command); err != nil {
		return err
	}
	return nil
}

// createView makes a view; one that the server refuses is a difference.
func (r *restore) createView(ctx context.Context, c *restored) error {
	options, err := without(c.options)
	if err != nil {
		return err
	}
	if _, err = r.db.Run(ctx, c.target, append(bson.D{{Key: "create", Value: c.Name}}, options...)); err != nil {
		return c.note("the view was not made", err)
	}
	return nil
}

// indexSpec is an index as createIndexes wants it.
type indexSpec struct {
	name string
	spec bson.D
	ttl  bool
	isID bool
}

// specs turns the listed indexes of a collection into what makes the same ones.
func (c *restored) specs() ([]indexSpec, error) {
	_, collated := c.options.Lookup("collation").DocumentOK()
	var specs []indexSpec
	for _, text := range c.Indexes {
		doc, err := fromJSON(text)
		if err != nil {
			return nil, err
		}
		s := indexSpec{}
		version, _ := doc.Lookup("v").AsInt64OK()
		drop := []string{"ns"}
		if version == 2 { // the default since 3.4; servers that only resemble MongoDB do not know the field
			drop = append(drop, "v")
		}
		if s.spec, err = without(doc, drop...); err != nil {
			return nil, err
		}
		s.name, _ = doc.Lookup("name").StringValueOK()
		s.ttl = doc.Lookup("expireAfterSeconds").Type != 0
		s.isID = isIDIndex(doc)
		// An index without a collation has the simple one; here it would inherit the collection's. Those of
		// version 1 know none.
		if _, own := doc.Lookup("collation").DocumentOK(); collated && !own && version != 1 {
			s.spec = append(s.spec, bson.E{Key: "collation", Value: bson.D{{Key: "locale", Value: "simple"}}})
		}
		specs = append(specs, s)
	}
	return specs, nil
}

func isIDIndex(index bson.Raw) bool {
	key, _ := index.Lookup("key").DocumentOK()
	elements, err := key.Elements()
	if err != nil || len(elements) != 1 || elements[0].Key() != "_id" {
		return false
	}
	direction, ok := elements[0].Value().AsInt64OK()
	_, clustered := index.Lookup("clustered").BooleanOK()
	return ok && direction == 1 || clustered
}

// buildIndexes makes the indexes of all collections, several collections at once; with ttl those that delete documents,
// else all others.
func (r *restore) buildIndexes(ctx context.Context, ttl bool) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(r.o.Workers)
	for _, c := range r.collections {
		work.Go(func() error {
			specs, err := c.specs()
			if err != nil {
				return err
			}
			specs = slices.DeleteFunc(specs, func(s indexSpec) bool { return s.isID || s.ttl != ttl })
			return r.build(ctx, c, specs)
		})
	}
	return work.Wait()
}

// build makes indexes in one command, which reads the collection once; if the server refuses one, each on its own.
func (r *restore) build(ctx context.Context, c *restored, specs []indexSpec) error {
	if len(specs) == 0 {
		return nil
	}
	all := bson.A{}
	for _, s := range specs {
		all = append(all, s.spec)
	}
	_, err := r.db.Run(ctx, c.target, bson.D{
		{Key: "createIndexes", Value: c.as}, {Key: "indexes", Value: all},
		{Key: "writeConcern", Value: bson.D{{Key: "w", Value: "majority"}}},
	})
	switch code, _ := databases.CodeOf(err); {
	case err == nil:
		return nil
	case code == 0:
		return err
	case len(specs) == 1:
		return c.note("the index "+specs[0].name+" was not built", err)
	}
	for i := range specs {
		if err := r.build(ctx, c, specs[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// expireAgain gives collections their own time to live back.
func (r *restore) expireAgain(ctx context.Context) error {
	for _, c := range r.collections {
		if err := r.expireAgainOf(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (r *restore) expireAgainOf(ctx context.Context, c *restored) error {
	if c.expire.Type == bsontype.Type(0) {
		return nil
	}
	_, err := r.db.Run(ctx, c.target, bson.D{{Key: "collMod", Value: c.as}, {Key: "expireAfterSeconds", Value: c.expire}})
	if err == nil {
		return nil
	}
	return c.note("its time to live was not set", err)
}
