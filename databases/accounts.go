package databases

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
)

// Accounts counts the users and the roles that are defined on a MongoDB database. It needs the right to view them, which
// the built-in role backup does not give: CodeOf tells that error.
// https://www.mongodb.com/docs/manual/reference/command/usersInfo/
func (d *Database) Accounts(ctx context.Context, database string) (users, roles int64, err error) {
	count := func(command, list string) (int64, error) {
		reply, err := d.Run(ctx, database, bson.D{{Key: command, Value: 1}})
		if err != nil {
			return 0, err
		}
		found, _ := reply.Lookup(list).ArrayOK()
		values, err := found.Values()
		return int64(len(values)), err
	}
	if users, err = count("usersInfo", "users"); err != nil {
		return 0, 0, err
	}
	roles, err = count("rolesInfo", "roles")
	return users, roles, err
}

// SystemCollections names what Collections leaves out of a MongoDB database, but for what the server makes of views and
// time series by itself.
func (d *Database) SystemCollections(ctx context.Context, database string) ([]string, error) {
	listed, err := d.list(ctx, database, bson.D{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range listed {
		if strings.HasPrefix(n.Name, "system.") && n.Name != "system.js" && n.Name != "system.views" && !strings.HasPrefix(n.Name, bucketsPrefix) {
			names = append(names, n.Name)
		}
	}
	return names, nil
}
