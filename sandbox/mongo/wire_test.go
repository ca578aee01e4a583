package mongo_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/sandbox/mongo"
)

// wire is a connection on which a test says exactly what it wants to say.
type wire struct {
	t    testing.TB
	conn net.Conn
}

func dial(t testing.TB, s *mongo.Server) *wire {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() }) // it may be closed already
	return &wire{t, c}
}

func message(op int32, payload []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(16+len(payload)))
	b = append(b, 7, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(op))
	return append(b, payload...)
}

// msg sends an OP_MSG whose body is cmd, for the database db, and answers the reply; nil when the connection ends instead.
func (w *wire) msg(db string, cmd bson.Raw, section string, docs ...[]byte) bson.Raw {
	w.t.Helper()
	var d bson.D
	require.NoError(w.t, bson.Unmarshal(cmd, &d))
	body, err := bson.Marshal(append(d, bson.E{Key: "$db", Value: db}))
	require.NoError(w.t, err)
	payload := append([]byte{0, 0, 0, 0, 0}, body...)
	if section != "" {
		size := 4 + len(section) + 1
		for _, d := range docs {
			size += len(d)
		}
		payload = binary.LittleEndian.AppendUint32(append(payload, 1), uint32(size))
		payload = append(append(payload, section...), 0)
		for _, d := range docs {
			payload = append(payload, d...)
		}
	}
	if _, err := w.conn.Write(message(2013, payload)); err != nil {
		return nil
	}
	return w.reply(21)
}

// query sends a legacy OP_QUERY for a command.
func (w *wire) query(db string, cmd bson.Raw) bson.Raw {
	w.t.Helper()
	payload := append([]byte{4, 0, 0, 0}, db+".$cmd\x00"...)
	payload = append(payload, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)
	_, err := w.conn.Write(message(2004, append(payload, cmd...)))
	require.NoError(w.t, err)
	return w.reply(36)
}

// reply reads a reply whose document begins at an offset.
func (w *wire) reply(at int) bson.Raw {
	w.t.Helper()
	var head [4]byte
	if _, err := io.ReadFull(w.conn, head[:]); err != nil {
		return nil
	}
	b := make([]byte, binary.LittleEndian.Uint32(head[:]))
	copy(b, head[:])
	_, err := io.ReadFull(w.conn, b[4:])
	require.NoError(w.t, err)
	return b[at:]
}
