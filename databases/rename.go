package databases

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
)

var majority = bson.E{Key: "writeConcern", Value: bson.D{{Key: "w", Value: "majority"}}}

// Rename gives a collection another name in its database, in the place of the collection that has that name; indexes
// and UUID stay. A server replaces it in one step, or answers that it cannot (IsNotImplemented). Views and time series
// can neither be renamed nor be replaced so.
// https://www.mongodb.com/docs/manual/reference/command/renameCollection/
func (d *Database) Rename(ctx context.Context, database, from, to string, replace bool) error {
	command := bson.D{{Key: "renameCollection", Value: database + "." + from}, {Key: "to", Value: database + "." + to}}
	if replace {
		command = append(command, bson.E{Key: "dropTarget", Value: true})
	}
	_, err := d.Run(ctx, "admin", append(command, majority))
	return err
}

// DropCollection removes a collection, view or time series; a missing one is no error.
func (d *Database) DropCollection(ctx context.Context, database, name string) error {
	_, err := d.Run(ctx, database, bson.D{{Key: "drop", Value: name}, majority})
	if err != nil && !IsMissing(err) {
		return err
	}
	return nil
}

// IsNotImplemented says that the error is the server's "I do not know this command or option".
func IsNotImplemented(err error) bool {
	code, _ := CodeOf(err)
	return code == codeNotImplemented
}
