package mongo_test

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// Messages with wrong bytes in them end a connection or are answered; the server lives on.
func TestDamagedMessages(t *testing.T) {
	s := start(t, mongo.Options{})
	filled(t, connect(t, s), 10)
	r := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	for _, file := range []string{"cursors", "writes-and-errors", "listings", "status", "handshake"} {
		for _, e := range readRecorded(t, file) {
			var cmd bson.D
			require.NoError(t, bson.UnmarshalExtJSON(e.Command, true, &cmd))
			if cmd[0].Key == "fsync" || cmd[0].Key == "getMore" || lookupKey(cmd, "maxAwaitTimeMS") {
				continue // they wait
			}
			body, err := bson.Marshal(append(cmd, bson.E{Key: "$db", Value: e.DB}))
			require.NoError(t, err)
			all = append(all, append([]byte{0, 0, 0, 0, 0}, body...))
		}
	}
	w := dial(t, s)
	for range 4000 {
		payload := append([]byte{}, all[r.IntN(len(all))]...)
		for range 1 + r.IntN(3) {
			payload[5+r.IntN(len(payload)-5)] = byte(r.IntN(256))
		}
		binary.LittleEndian.PutUint32(payload[5:], uint32(len(payload)-5)) // else most would end at the first check
		if _, err := w.conn.Write(message(2013, payload)); err != nil || w.reply(21) == nil {
			require.NoError(t, w.conn.Close())
			w = dial(t, s)
		}
	}
	ping, err := bson.Marshal(bson.D{{Key: "ping", Value: 1}})
	require.NoError(t, err)
	require.NotNil(t, dial(t, s).msg("admin", ping, ""))
}

func lookupKey(d bson.D, name string) bool {
	for _, e := range d {
		if e.Key == name {
			return true
		}
	}
	return false
}

var commandInSequence = regexp.MustCompile("(?m)^- c\\d+ `\\{\"(\\w+)\"")

// Whatever stock tools and the Go driver were seen to send to a genuine server is known here, but for what was unknown there too.
func TestRecordedSequencesAreServed(t *testing.T) {
	b, err := os.ReadFile("testdata/wire/sequences.md")
	require.NoError(t, err)
	list, err := bson.Marshal(bson.D{{Key: "listCommands", Value: 1}})
	require.NoError(t, err)
	known := dial(t, start(t, mongo.Options{})).msg("admin", list, "").Lookup("commands").Document()
	found := commandInSequence.FindAllSubmatch(b, -1)
	require.NotEmpty(t, found)
	for _, m := range found {
		name := string(m[1])
		if _, err := known.LookupErr(name); name != "atlasVersion" {
			require.NoError(t, err, name)
		}
	}
}
