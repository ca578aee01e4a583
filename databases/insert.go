package databases

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
)

// Refusal is one document of an insert that the server did not take. What the server said is left out, as it may quote
// the document.
type Refusal struct {
	// Index counts the documents of the command from 0.
	Index int
	Code  int
}

// Insert sends one insert command and answers which of its documents were refused. The error is for a command that
// failed whole.
func (d *Database) Insert(ctx context.Context, database string, command bson.Raw) ([]Refusal, error) {
	client, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	_, err = client.Database(database).RunCommand(ctx, command).Raw()
	failed, ok := errors.AsType[mongo.WriteException](err)
	switch {
	case err == nil:
		return nil, nil
	case !ok:
		return nil, d.problem("insert", err)
	case failed.WriteConcernError != nil:
		return nil, fmt.Errorf("databases: %s: insert: the write was not acknowledged as asked: error %d", d.Name, failed.WriteConcernError.Code)
	}
	refused := make([]Refusal, len(failed.WriteErrors))
	for i, e := range failed.WriteErrors {
		refused[i] = Refusal{Index: e.Index, Code: e.Code}
	}
	return refused, nil
}

// CodeOf is the server's code of an error, 0 when the server did not answer with one; Name is its name, if it gave one.
func CodeOf(err error) (code int, name string) {
	if answer, ok := errors.AsType[mongo.CommandError](err); ok {
		return int(answer.Code), answer.Name
	}
	return 0, ""
}
