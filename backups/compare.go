package backups

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/bsontype"

	"github.com/kampyn/opsbot/databases"
)

// nameOf is where a collection's documents stand in the archive.
func nameOf(c Collection) archiveName {
	return archiveName{c.Database, databases.DataName(c.Name, c.Type)}
}

// describe says what a namespace is, without its documents.
func describe(n databases.Namespace, indexes []bson.Raw) (Collection, error) {
	c := Collection{Database: n.Database, Name: n.Name, Type: n.Type, UUID: n.UUID, Options: "{}"}
	var err error
	if len(n.Options) > 0 {
		if c.Options, err = toJSON(n.Options); err != nil {
			return c, fmt.Errorf("backups: the options of %s: %w", n, err)
		}
	}
	if len(n.IDIndex) > 0 {
		if c.IDIndex, err = toJSON(n.IDIndex); err != nil {
			return c, fmt.Errorf("backups: the _id index of %s: %w", n, err)
		}
	}
	for _, index := range indexes {
		text, err := toJSON(index)
		if err != nil {
			return c, fmt.Errorf("backups: an index of %s: %w", n, err)
		}
		c.Indexes = append(c.Indexes, text)
	}
	return c, nil
}

// toJSON writes canonical extended JSON and holds that it reads back as the same bytes.
func toJSON(doc bson.Raw) (string, error) {
	text, err := bson.MarshalExtJSON(doc, true, false)
	if err != nil {
		return "", fmt.Errorf("as JSON: %w", err)
	}
	back, err := fromJSON(string(text))
	if err != nil {
		return "", err
	}
	if !bytes.Equal(back, doc) {
		return "", fmt.Errorf("%s can't be written as JSON without loss", text)
	}
	return string(text), nil
}

func fromJSON(text string) (bson.Raw, error) {
	var doc bson.Raw
	if !json.Valid([]byte(text)) { // the driver's parser may never come to an end of such a text
		return nil, errors.New("from JSON: it is none")
	}
	if err := bson.UnmarshalExtJSON([]byte(text), true, &doc); err != nil {
		return nil, fmt.Errorf("from JSON: %w", err)
	}
	return doc, nil
}

// entry is what an archive must say of the collection.
func (c Collection) entry() (archiveEntry, error) {
	n := databases.Namespace{Database: c.Database, Name: c.Name, Type: c.Type, UUID: c.UUID}
	var err error
	if n.Options, err = fromJSON(c.Options); err != nil {
		return archiveEntry{}, err
	}
	indexes := make([]bson.Raw, len(c.Indexes))
	for i, text := range c.Indexes {
		if indexes[i], err = fromJSON(text); err != nil {
			return archiveEntry{}, err
		}
	}
	return entryOf(n, indexes)
}

// canonical writes a document so that two that mean the same are equal texts: without regard to the order of its own
// fields, to the type of their numbers, and to the order within weights and wildcardProjection; without ns.
func canonical(doc bson.Raw) (string, error) {
	elements, err := doc.Elements()
	if err != nil {
		return "", err
	}
	fields := map[string]string{}
	for _, e := range elements {
		key, v := e.Key(), e.Value()
		switch {
		case key == "ns":
			continue
		case v.Type == bsontype.Int32 || v.Type == bsontype.Int64:
			fields[key] = fmt.Sprint(v.AsInt64())
			continue
		case v.Type == bsontype.Double && v.Double() == math.Trunc(v.Double()) && math.Abs(v.Double()) < 1<<53:
			fields[key] = fmt.Sprint(int64(v.Double()))
			continue
		case v.Type == bsontype.EmbeddedDocument && (key == "weights" || key == "wildcardProjection"):
			if fields[key], err = canonical(v.Document()); err != nil {
				return "", err
			}
			continue
		}
		text, err := bson.MarshalExtJSON(bson.D{{Key: key, Value: v}}, true, false)
		if err != nil {
			return "", err
		}
		fields[key] = string(text)
	}
	var out strings.Builder
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(&out, "%q:%s,", key, fields[key])
	}
	return out.String(), nil
}

func canonicalJSON(text string) (string, error) {
	doc, err := fromJSON(text)
	if err != nil {
		return "", err
	}
	return canonical(doc)
}

// differences says in plain words how the found collection is not the expected one.
func differences(expected, found Collection) ([]string, error) {
	var d []string
	say := func(format string, args ...any) { d = append(d, fmt.Sprintf(format, args...)) }
	if found.Type != expected.Type {
		say("it is a %s instead of a %s", found.Type, expected.Type)
	}
	switch {
	case found.Documents != expected.Documents:
		say("%d documents instead of %d", found.Documents, expected.Documents)
	case found.Bytes != expected.Bytes:
		say("%d bytes instead of %d", found.Bytes, expected.Bytes)
	case found.Digest != expected.Digest:
		say("the documents are not the same: the digest differs")
	}
	wanted, err := canonicalJSON(expected.Options)
	if err != nil {
		return nil, err
	}
	got, err := canonicalJSON(found.Options)
	if err != nil {
		return nil, err
	}
	if wanted != got {
		say("its options are %s instead of %s", found.Options, expected.Options)
	}
	want, err := byName(expected.Indexes)
	if err != nil {
		return nil, err
	}
	have, err := byName(found.Indexes)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch text, ok := have[name]; {
		case !ok:
			say("the index %s is missing", name)
		case text != want[name]:
			say("the index %s is not the same", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[name]; !ok {
			say("there is an index %s too many", name)
		}
	}
	return d, nil
}

// byName maps the names of indexes to what they are.
func byName(indexes []string) (map[string]string, error) {
	named := map[string]string{}
	for _, text := range indexes {
		doc, err := fromJSON(text)
		if err != nil {
			return nil, err
		}
		name, _ := doc.Lookup("name").StringValueOK()
		if named[name], err = canonical(doc); err != nil {
			return nil, err
		}
	}
	return named, nil
}
