package backups_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
)

// stage is a server, a store and a client to look at what happened.
type stage struct {
	*testing.T
	server *mongo.Server
	client *driver.Client
	store  *objects.Folder
}

func setup(t *testing.T, o mongo.Options) *stage {
	t.Helper()
	s := &stage{T: t}
	var err error
	s.server, err = mongo.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.server.Close()) })
	s.client, err = driver.Connect(t.Context(), options.Client().ApplyURI(s.server.URI("")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.client.Disconnect(context.Background())) })
	s.store, err = objects.NewFolder(t.TempDir())
	require.NoError(t, err)
	return s
}

// open is a configured database whose URI names that MongoDB database, or none.
func (s *stage) open(name, database string) *databases.Database {
	s.Helper()
	return openURI(s.T, name, s.server.URI(database))
}

func openURI(t testing.TB, name, uri string) *databases.Database {
	t.Helper()
	d, err := databases.Open(t.Context(), name, uri, databases.Options{Timeout: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close(context.Background())) })
	return d
}

// run sends a command.
func (s *stage) run(database string, command any) {
	s.Helper()
	require.NoError(s, s.client.Database(database).RunCommand(s.Context(), command).Err())
}

// insert puts documents in.
func (s *stage) insert(database, collection string, docs ...any) {
	s.Helper()
	_, err := s.client.Database(database).Collection(collection).InsertMany(s.Context(), docs)
	require.NoError(s, err)
}

// docs reads a collection's raw documents in natural order.
func docs(t testing.TB, c *driver.Client, database, collection string) []bson.Raw {
	t.Helper()
	cursor, err := c.Database(database).Collection(collection).Find(t.Context(), bson.D{})
	require.NoError(t, err)
	var all []bson.Raw
	require.NoError(t, cursor.All(t.Context(), &all))
	return all
}

// backup makes a full backup and verifies it.
func (s *stage) backup(db *databases.Database) backups.Manifest {
	s.Helper()
	m, err := backups.Full(s.Context(), db, s.store, backups.FullOptions{ID: backups.NewID(db.Name, time.Now()), Tool: "opsbot test"})
	require.NoError(s, err)
	v, err := backups.Verify(s.Context(), s.store, m.ID, nil)
	require.NoError(s, err)
	require.Empty(s, v.Faults)
	require.True(s, v.OK)
	require.Equal(s, m.Documents, v.Documents)
	require.Equal(s, m.Bytes, v.Bytes)
	return m
}

// keys are all that the store holds, finished or not.
func (s *stage) keys() []string {
	s.Helper()
	found, err := s.store.List(s.Context(), "")
	require.NoError(s, err)
	keys := []string{}
	for _, info := range found {
		keys = append(keys, info.Key)
	}
	return keys
}

// nothingLeft holds that a failed backup left no object and no unfinished upload.
func (s *stage) nothingLeft() {
	s.Helper()
	require.Empty(s, s.keys())
	n, err := s.store.AbortUnfinished(s.Context(), "")
	require.NoError(s, err)
	require.Zero(s, n, "an unfinished upload was left")
}
