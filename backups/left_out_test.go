package backups_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

func TestABackupSaysWhatItLacks(t *testing.T) {
	s := setup(t, mongo.Options{})
	s.insert("shop", "orders", bson.D{{Key: "_id", Value: 1}})
	s.insert("shop", "system.profile", bson.D{{Key: "_id", Value: 1}})
	m := s.backup(s.open("shop", "shop"))
	require.NotNil(t, m.LeftOut)
	require.True(t, m.LeftOut.Counted)
	require.Equal(t, []string{"shop.system.profile"}, m.LeftOut.Collections)
	require.Len(t, m.Collections, 1)
	require.Contains(t, m.Lacks(), "none is defined on it")
	require.Contains(t, strings.Join(m.LacksInFull(), "\n"), "`shop.system.profile`")

	m.LeftOut.Users, m.LeftOut.Roles = 3, 1
	require.Contains(t, m.Lacks(), "3 users and 1 role that are defined on it")
	require.Contains(t, m.LacksInFull()[0], "--dumpDbUsersAndRoles")

	// Who may not see them still gets the backup.
	s.server.Faults().Fail("usersInfo", -1, mongo.Error{Code: 13, CodeName: "Unauthorized", Message: "not authorized on shop"})
	m = s.backup(s.open("shop", "shop"))
	require.False(t, m.LeftOut.Counted)
	require.Contains(t, m.Lacks(), "Not in it: users and roles, the oplog")
	require.Contains(t, m.LacksInFull()[0], "the server did not tell")
	m.LeftOut = nil
	require.Contains(t, m.Lacks(), "Not in it: users and roles, the oplog")
}
