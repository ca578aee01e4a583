package objects

import "sync"

// The limits of a multipart upload.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const (
	maxParts    = 10_000
	maxPartSize = 5 << 30
	mebibyte    = 1 << 20
)

const (
	// minPartSize is small enough for memory and large enough for throughput; S3 wants at least 5 MiB.
	minPartSize = 8 * mebibyte
	// partsInFlight is how many parts travel at once, as long as they fit into flightBudget bytes together.
	partsInFlight = 3
	flightBudget  = 192 * mebibyte
)

// partSize is the size in bytes of part number (from 1) of an object that may have hint bytes (0: unknown). Parts
// double every 1,000, so that 10,000 of the smallest hold 8 TiB, and a hint avoids that they have to.
func partSize(hint int64, number int) int64 {
	base := max(minPartSize, hint/9000+hint/90_000)
	base = (base + mebibyte - 1) / mebibyte * mebibyte
	return min(base<<((number-1)/1000), maxPartSize)
}

// flightWeight is a part's share of flightBudget.
func flightWeight(size int64) int64 {
	return min(max(size, flightBudget/partsInFlight), flightBudget)
}

// buffers are reused by the parts of one upload.
type buffers struct {
	mu   sync.Mutex
	free [][]byte
}

// get answers an empty buffer that holds size bytes. Smaller ones are let go: parts only grow.
func (b *buffers) get(size int64) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.free) > 0 {
		last := b.free[len(b.free)-1]
		b.free = b.free[:len(b.free)-1]
		if int64(cap(last)) >= size {
			return last[:0]
		}
	}
	return make([]byte, 0, size)
}

func (b *buffers) put(buffer []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = append(b.free, buffer)
}
