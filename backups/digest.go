package backups

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc64"
	"math/bits"
)

// Digest is a checksum of a set of documents that does not depend on their order: the sum, modulo 2^256, of the
// SHA-256 of each document's raw BSON, read as a big-endian number. Two collections with the same digest, number of
// documents and bytes hold the same documents. The zero value is that of no document.
type Digest struct{ sum [4]uint64 }

// Add takes one document's raw BSON in.
func (d *Digest) Add(doc []byte) {
	hash := sha256.Sum256(doc)
	d.add([4]uint64{
		binary.BigEndian.Uint64(hash[0:]), binary.BigEndian.Uint64(hash[8:]),
		binary.BigEndian.Uint64(hash[16:]), binary.BigEndian.Uint64(hash[24:]),
	})
}

// Join takes all documents of another digest in.
func (d *Digest) Join(other Digest) { d.add(other.sum) }

func (d *Digest) add(n [4]uint64) {
	var carry uint64
	for i := 3; i >= 0; i-- {
		d.sum[i], carry = bits.Add64(d.sum[i], n[i], carry)
	}
}

// String is the digest in 64 hexadecimal digits.
func (d *Digest) String() string {
	var b [32]byte
	for i, n := range d.sum {
		binary.BigEndian.PutUint64(b[i*8:], n)
	}
	return hex.EncodeToString(b[:])
}

// crcTable is the archive's CRC-64.
// https://github.com/mongodb/mongo-tools/blob/master/common/archive/spec.md
var crcTable = crc64.MakeTable(crc64.ECMA)

// tally counts and sums the documents of one collection.
type tally struct {
	documents, bytes int64
	digest           Digest
	crc              uint64
}

func (t *tally) add(doc []byte) {
	t.documents++
	t.bytes += int64(len(doc))
	t.digest.Add(doc)
}

// addOrdered is add with the CRC, which depends on the order.
func (t *tally) addOrdered(doc []byte) {
	t.add(doc)
	t.crc = crc64.Update(t.crc, crcTable, doc)
}
