package mongo_test

import (
	"context"
	"encoding/base64"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// applyOpsCase is one command of testdata/applyops.md with what a genuine server made of it.
type applyOpsCase struct {
	section, name, command, reply string
	then                          [][2]string // what to look at, and how it has to look
}

func applyOpsCases(t *testing.T) []applyOpsCase {
	t.Helper()
	b, err := os.ReadFile("testdata/applyops.md")
	require.NoError(t, err)
	var out []applyOpsCase
	section := ""
	for _, line := range strings.Split(string(b), "\n") {
		last := len(out) - 1
		switch quoted := strings.Trim(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "→")), "`"); {
		case strings.HasPrefix(line, "### "):
			section = line[4:]
		case strings.HasPrefix(line, "- ") && section != "sizes":
			out = append(out, applyOpsCase{section: section, name: line[2:]})
		case strings.HasPrefix(line, "  `{"):
			out[last].command = quoted
		case strings.HasPrefix(line, "  → `{") && section != "sizes":
			out[last].reply = quoted
		case strings.HasPrefix(line, "  then "):
			what, state, ok := strings.Cut(strings.TrimPrefix(line, "  then "), " = ")
			if !ok {
				what, state, _ = strings.Cut(what, ": ")
			}
			out[last].then = append(out[last].then, [2]string{what, strings.Trim(state, "`")})
		}
	}
	return out
}

// The collections with which every section begins.
func freshForApplyOps(t *testing.T, c *driver.Client, section string) {
	ctx, db := context.Background(), c.Database("t")
	require.NoError(t, db.Drop(ctx))
	require.NoError(t, c.Database("nodb").Drop(ctx))
	_, err := db.Collection("c").InsertMany(ctx, []any{bson.D{{Key: "_id", Value: int32(1)}, {Key: "a", Value: int32(1)}}, bson.D{{Key: "_id", Value: int32(2)}, {Key: "a", Value: int32(2)}}})
	require.NoError(t, err)
	_, err = db.Collection("u").Indexes().CreateOne(ctx, driver.IndexModel{Keys: bson.D{{Key: "k", Value: 1}}, Options: unique()})
	require.NoError(t, err)
	require.NoError(t, db.RunCommand(ctx, bson.D{{Key: "create", Value: "v"}, {Key: "validator", Value: bson.D{{Key: "a", Value: bson.D{{Key: "$type", Value: "int"}}}}}}).Err())
	if section == "insert" {
		require.NoError(t, db.CreateCollection(ctx, "ts"))
	}
}

// The recording's own UUIDs of collections that exist here too, under other UUIDs.
var knownUUIDs = map[string]string{"uApDJwRwSN65QUkH+EXpKQ==": "c", "YfYt5NRBT1iQ1OhBpP6nBg==": "u", "AyXfwEK7RV2FKFUmm+LFyg==": "u"}

func uuidOf(t *testing.T, c *driver.Client, name string) string {
	t.Helper()
	specs, err := c.Database("t").ListCollectionSpecifications(context.Background(), bson.D{{Key: "name", Value: name}})
	require.NoError(t, err)
	require.Len(t, specs, 1)
	return base64.StdEncoding.EncodeToString(specs[0].UUID.Data)
}

var temporary = regexp.MustCompile(`tmp\w{5}\.`)
var recordedTime = regexp.MustCompile(`"\$timestamp":\{"t":\d{5,},"i":\d+\}`)

// applyOps answers, command by command, as it did on a genuine server, and leaves the same state.
func TestApplyOps(t *testing.T) {
	ctx := context.Background()
	c := connect(t, start(t, mongo.Options{}))
	section := ""
	for _, k := range applyOpsCases(t) {
		if k.section != section && k.section != "delete" || k.section == "oplogApplicationMode" && strings.Contains(k.name, "update of a missing doc") ||
			k.name == "InitialSync: validator" || k.name == "all good, three operations" || k.name == "insert into t.system.views" {
			section = k.section
			freshForApplyOps(t, c, section)
		}
		if strings.Contains(k.command, `"t.rs"`) {
			require.NoError(t, c.Database("t").CreateCollection(ctx, "rs"))
		}
		if k.name == "insert into t.system.views once it exists" {
			require.NoError(t, c.Database("t").CreateView(ctx, "tmpv", "c", bson.A{}))
		}
		for theirs, name := range knownUUIDs {
			if strings.Contains(k.command, theirs) {
				k.command = strings.ReplaceAll(k.command, theirs, uuidOf(t, c, name))
			}
		}
		var cmd bson.D
		require.NoError(t, bson.UnmarshalExtJSON([]byte(k.command), false, &cmd), k.command)
		reply, err := c.Database("admin").RunCommand(ctx, cmd).Raw()
		if e := (driver.CommandError{}); err != nil {
			require.ErrorAs(t, err, &e)
			reply = e.Raw
		}
		text, err := bson.MarshalExtJSON(without(without(reply, "$clusterTime"), "operationTime"), false, false)
		require.NoError(t, err)
		require.Equal(t, k.reply, string(text), "%s: %s\n%s", k.section, k.name, k.command)
		for _, then := range k.then {
			require.Equal(t, recordedTime.ReplaceAllString(normalNames(then), "TIME"), recordedTime.ReplaceAllString(look(t, c, then[0]), "TIME"),
				"%s: %s: %s", k.section, k.name, then[0])
		}
	}
}

// normalNames puts lists of collections in order, without the random parts of their names.
func normalNames(then [2]string) string {
	if !strings.HasPrefix(then[0], "collections") {
		return then[1]
	}
	return sortedNames(strings.Fields(then[1]))
}

func sortedNames(names []string) string {
	for i := range names {
		names[i] = temporary.ReplaceAllString(names[i], "tmp.")
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// look answers the state of "t.c", "listIndexes(t.c)" or "collections in t" as the recording writes it.
func look(t *testing.T, c *driver.Client, what string) string {
	t.Helper()
	ctx, db := context.Background(), c.Database("t")
	if strings.HasPrefix(what, "collections") {
		names, err := db.ListCollectionNames(ctx, bson.D{})
		require.NoError(t, err)
		return sortedNames(names)
	}
	name, indexes := strings.CutPrefix(what, "listIndexes(")
	name = strings.TrimPrefix(strings.TrimSuffix(name, ")"), "t.")
	var cur *driver.Cursor
	var err error
	if indexes {
		cur, err = db.Collection(name).Indexes().List(ctx)
	} else {
		cur, err = db.Collection(name).Find(ctx, bson.D{})
	}
	require.NoError(t, err)
	var docs []bson.Raw
	require.NoError(t, cur.All(ctx, &docs))
	if !indexes {
		slices.SortFunc(docs, func(a, b bson.Raw) int { return strings.Compare(idKey(a), idKey(b)) })
	}
	b, err := bson.Marshal(bson.D{{Key: "d", Value: append([]bson.Raw{}, docs...)}})
	require.NoError(t, err)
	text, err := bson.MarshalExtJSON(bson.Raw(b), false, false)
	require.NoError(t, err)
	return string(text)
}
