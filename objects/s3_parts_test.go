package objects

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPartSize(t *testing.T) {
	const gibibyte, tebibyte = int64(1 << 30), int64(1 << 40)
	for _, hint := range []int64{0, 1, 70 * gibibyte, tebibyte, 5 * tebibyte} {
		total, before := int64(0), int64(0)
		for number := 1; number <= maxParts; number++ {
			size := partSize(hint, number)
			require.GreaterOrEqual(t, size, max(before, minPartSize))
			require.LessOrEqual(t, size, int64(maxPartSize))
			require.Zero(t, size%mebibyte)
			if weight := flightWeight(size); number%500 == 1 {
				require.LessOrEqual(t, weight, int64(flightBudget))
				require.GreaterOrEqual(t, weight*partsInFlight, int64(flightBudget))
			}
			total, before = total+size, size
		}
		require.GreaterOrEqual(t, total, 5*tebibyte, "hint %d", hint)
	}
	// A true hint keeps the parts at one size: 10 % more than expected fit into 9,000 of them.
	require.EqualValues(t, minPartSize, partSize(60*gibibyte, 1))
	require.GreaterOrEqual(t, partSize(tebibyte, 1)*9000, tebibyte+tebibyte/10)
}

func TestBuffersAreReused(t *testing.T) {
	var b buffers
	first := b.get(100)
	b.put(append(first, 1, 2, 3))
	second := b.get(50)
	require.Empty(t, second)
	require.Same(t, &first[:1][0], &second[:1][0])
	b.put(second)
	require.GreaterOrEqual(t, cap(b.get(200)), 200)
	require.Empty(t, b.free, "the small one is gone")
}

func TestImpatientConn(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	conn := &impatientConn{Conn: ours, patience: 20 * time.Millisecond}
	_, err := conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = conn.Write([]byte("x"))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	go func() { _, _ = theirs.Read(make([]byte, 1)) }() // the write below tells whether it came
	conn.patience = time.Minute
	n, err := conn.Write([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, 1, n)
}
