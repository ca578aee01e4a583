package backups

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/kampyn/opsbot/databases"
)

// Standing is one collection, view or time series as it stands in a database: what tells it from another one, without
// its documents.
type Standing struct {
	Database string `json:"db"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	// UUID is "" for views and on servers without UUIDs.
	UUID string `json:"uuid,omitempty"`
	// Shape is a checksum of options and indexes.
	Shape string `json:"shape"`
}

// Namespace is "db.collection".
func (s Standing) Namespace() string { return s.Database + "." + s.Name }

// Survey answers what stands in MongoDB databases, ordered by namespace, and only those of the named namespaces unless
// all is true. What a restore keeps there for the while is left out.
func Survey(ctx context.Context, db *databases.Database, in []string, all bool, namespaces []string) ([]Standing, []databases.Namespace, error) {
	var standing []Standing
	var listed []databases.Namespace
	for _, name := range slices.Sorted(slices.Values(in)) {
		found, err := db.Collections(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		for _, n := range found {
			if isMark(n.Name) || !all && !slices.Contains(namespaces, n.String()) {
				continue
			}
			shape, err := shapeOf(ctx, db, n)
			if err != nil {
				return nil, nil, err
			}
			standing = append(standing, Standing{Database: n.Database, Name: n.Name, Type: n.Type, UUID: n.UUID, Shape: shape})
			listed = append(listed, n)
		}
	}
	return standing, listed, nil
}

func shapeOf(ctx context.Context, db *databases.Database, n databases.Namespace) (string, error) {
	indexes, err := db.Indexes(ctx, n)
	if err != nil {
		return "", err
	}
	c, err := describe(n, indexes)
	if err != nil {
		return "", err
	}
	options, err := canonicalJSON(c.Options)
	if err != nil {
		return "", err
	}
	named, err := byName(c.Indexes)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %v", options, named)) // fmt orders the keys of a map
	return hex.EncodeToString(sum[:16]), nil
}
