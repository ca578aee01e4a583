package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	"go.mongodb.org/mongo-driver/x/mongo/driver/connstring"
)

// open reaches the deployment that the tour restores with the plain driver, on a way of its own. It answers the name of
// the database that is looked after.
func (g *guide) open() (client *mongo.Client, name string, err error) {
	uri := g.source().URI
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		return nil, "", err
	}
	client, err = mongo.Connect(g.ctx, options.Client().ApplyURI(uri))
	return client, parsed.Database, err
}

// compare reads the original and the restored database, or only some collections, and says what differs.
func (g *guide) compare(target string, only ...string) (err error) {
	client, name, err := g.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Disconnect(g.ctx)) }()
	original, restored := client.Database(name), client.Database(target)
	names, err := original.ListCollectionNames(g.ctx, bson.D{{Key: "type", Value: "collection"}})
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasPrefix(name, "system.") || len(only) > 0 && !slices.Contains(only, name) {
			continue // views stand there, under the names of their databases
		}
		want, err := contents(g.ctx, original.Collection(name))
		if err != nil {
			return err
		}
		got, err := contents(g.ctx, restored.Collection(name))
		if err != nil {
			return err
		}
		if !same(want, got) {
			return fmt.Errorf("%s differs: %d documents against %d", name, len(got), len(want))
		}
	}
	return nil
}

// clear drops a database that the tour has made.
func (g *guide) clear(database string) (err error) {
	client, _, err := g.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Disconnect(g.ctx)) }()
	return client.Database(database).Drop(g.ctx)
}

// contents counts each document of a collection by the SHA-256 of its bytes.
func contents(ctx context.Context, c *mongo.Collection) (map[[32]byte]int, error) {
	cursor, err := c.Find(ctx, bson.D{})
	if err != nil {
		return nil, err
	}
	all := map[[32]byte]int{}
	for cursor.Next(ctx) {
		all[sha256.Sum256(cursor.Current)]++
	}
	return all, errors.Join(cursor.Err(), cursor.Close(ctx))
}

func same(a, b map[[32]byte]int) bool {
	for k, n := range a {
		if b[k] != n {
			return false
		}
	}
	return len(a) == len(b)
}

// mistake deletes every document of a collection, as a wrong script would, and answers what was in it.
func (g *guide) mistake(collection string) (before map[[32]byte]int, database string, err error) {
	client, database, err := g.open()
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, client.Disconnect(g.ctx)) }()
	c := client.Database(database).Collection(collection)
	if before, err = contents(g.ctx, c); err != nil {
		return nil, "", err
	}
	deleted, err := c.DeleteMany(g.ctx, bson.D{})
	if err == nil && deleted.DeletedCount == 0 {
		err = fmt.Errorf("there is nothing in %s", collection)
	}
	return before, database, err
}

// holds reads a collection of the original database and holds it against what was in it.
func (g *guide) holds(collection string, want map[[32]byte]int) (err error) {
	client, database, err := g.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Disconnect(g.ctx)) }()
	got, err := contents(g.ctx, client.Database(database).Collection(collection))
	if err == nil && !same(want, got) {
		err = fmt.Errorf("%s differs: %d documents against %d", collection, len(got), len(want))
	}
	return err
}
