package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	"go.mongodb.org/mongo-driver/x/mongo/driver/connstring"
)

// compare reads both databases with the plain driver, on a way of its own, and says what differs.
func (g *guide) compare() (err error) {
	uri := g.source().URI
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		return err
	}
	client, err := mongo.Connect(g.ctx, options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Disconnect(g.ctx)) }()
	original, restored := client.Database(parsed.Database), client.Database(scratch)
	names, err := original.ListCollectionNames(g.ctx, bson.D{{Key: "type", Value: "collection"}})
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasPrefix(name, "system.") {
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
