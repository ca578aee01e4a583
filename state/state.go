// Package state is what opsbot remembers: records under unique keys, changed only by compare-and-set.
//
// The contract asks only for what a SQLite file and a MongoDB replica set both do well; the suite in statetest holds
// every implementation to it.
package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// The errors of a Store. Implementations wrap them; compare with errors.Is.
var (
	ErrExists   = errors.New("state: the key is taken")
	ErrNotFound = errors.New("state: no such record")
	ErrConflict = errors.New("state: the record was changed by somebody else")
	ErrClosed   = errors.New("state: the store is closed")
)

// Record is one remembered thing.
type Record struct {
	// Kind and ID together are the unique key: UTF-8 without NUL, neither empty.
	Kind, ID string
	// Version is 1 after Insert and grows by one with each Update.
	Version int64
	// Fields are what Query can compare and order by, as strings that sort bytewise in the wished order (see
	// SortableTime). Names may differ from record to record, so a set is kept as one field for each member.
	Fields map[string]string
	// Value is a JSON document.
	Value []byte
}

// Query selects records of one kind.
type Query struct {
	Kind string
	// Where must hold all together; a record without the field does not match.
	Where []Condition
	// OrderBy is a field, or "" for the ID; a record without the field is left out. Ties are ordered by ID.
	OrderBy string
	// Descending turns the whole order round, that of the IDs too.
	Descending bool
	// Limit is the largest number of records answered; 0 means all.
	Limit int
}

// Condition compares one field with a value, as strings.
type Condition struct {
	Field string
	Op    Op
	Value string
}

// Op is a comparison.
type Op string

// The comparisons.
const (
	Equal        Op = "="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
)

// Store keeps records durably: when a call that changes something returns nil, the change survives the death of the
// process and of the machine. A call that ends with its context's error may or may not have happened.
//
// It has five methods because that is the whole contract that two very different databases are held to.
type Store interface {
	// Insert adds the records with Version 1, all of them or none: then it answers ErrExists. Several at once are what
	// MongoDB does in one transaction of a replica set.
	Insert(ctx context.Context, records ...Record) error
	// Get reads one record, or answers ErrNotFound.
	Get(ctx context.Context, kind, id string) (Record, error)
	// Update replaces fields and value if the stored version is r.Version, and makes it r.Version+1.
	// Otherwise it answers ErrConflict, or ErrNotFound when the record is gone.
	Update(ctx context.Context, r Record) error
	// Query answers matching records as of one moment.
	Query(ctx context.Context, q Query) ([]Record, error)
	// Delete removes the record if its version is version (0: whatever it is), or answers ErrConflict or ErrNotFound.
	Delete(ctx context.Context, kind, id string, version int64) error
}

// SortableTime writes an instant in UTC so that strings sort as times do, to the microsecond.
func SortableTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// Check answers an error if the record's key or fields are not what every Store can hold.
func (r Record) Check() error {
	if r.Kind == "" || r.ID == "" {
		return fmt.Errorf("state: a record needs a kind and an id, not %q and %q", r.Kind, r.ID)
	}
	texts := []string{r.Kind, r.ID}
	for name, value := range r.Fields {
		if name == "" {
			return fmt.Errorf("state: %s %s has a field without a name", r.Kind, r.ID)
		}
		texts = append(texts, name, value)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return fmt.Errorf("state: %s %q: %q is not UTF-8 without NUL", r.Kind, r.ID, text)
		}
	}
	return nil
}

// CheckAll is Check for several records that are inserted together.
func CheckAll(records []Record) error {
	for _, r := range records {
		if err := r.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Check answers an error if the query asks for something that no Store knows.
func (q Query) Check() error {
	if q.Kind == "" {
		return errors.New("state: a query needs a kind")
	}
	for _, c := range q.Where {
		switch c.Op {
		case Equal, Less, LessEqual, Greater, GreaterEqual:
		default:
			return fmt.Errorf("state: unknown comparison %q of field %q", c.Op, c.Field)
		}
	}
	return nil
}
