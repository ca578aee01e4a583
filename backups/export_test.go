package backups

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
)

// StockCollection is what a stock archive says of a collection.
type StockCollection struct {
	Documents int64
	Digest    string
	Metadata  string
}

// ReadStock reads a stock archive whole.
func ReadStock(r io.Reader) (map[string]StockCollection, error) {
	p, docs, err := contents(r)
	found := map[string]StockCollection{}
	for _, e := range p.entries {
		var t tally
		for _, d := range docs[e.data()] {
			t.add(d)
		}
		found[e.Database+"."+e.Collection] = StockCollection{t.documents, t.digest.String(), e.Metadata}
	}
	return found, err
}

// MetadataOf writes a manifest's collection as mongodump does.
func MetadataOf(t testing.TB, c Collection) string {
	t.Helper()
	m := archiveMetadata{Indexes: []bson.Raw{}, UUID: c.UUID, CollectionName: c.Name, Type: c.Type}
	doc, err := fromJSON(c.Options)
	require.NoError(t, err)
	if len(doc) > minDocument {
		m.Options = doc
	}
	for _, text := range c.Indexes {
		index, err := fromJSON(text)
		require.NoError(t, err)
		m.Indexes = append(m.Indexes, index)
	}
	text, err := bson.MarshalExtJSON(m, true, false)
	require.NoError(t, err)
	return string(text)
}
