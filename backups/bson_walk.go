package backups

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Limits of BSON: the smallest document, the largest that a server keeps (16 MiB and the room that it leaves itself
// for what it adds), and how deep one may nest, which is more than any server accepts.
// https://www.mongodb.com/docs/manual/reference/limits/
const (
	minDocument = 5
	maxDocument = 16<<20 + 16<<10
	maxDepth    = 512
)

var errBSON = errors.New("malformed BSON")

// checkDocument says whether doc is one whole BSON document: every length, type and terminator is checked down to the
// last level. What strings hold is not: servers keep invalid UTF-8, and so must a backup.
// https://bsonspec.org/spec.html
func checkDocument(doc []byte) error {
	if len(doc) < minDocument || int(binary.LittleEndian.Uint32(doc)) != len(doc) {
		return fmt.Errorf("%w: the length at byte 0 is not that of the document", errBSON)
	}
	end, err := walk(doc, 0, 0)
	if err == nil && end != len(doc) {
		err = fmt.Errorf("%w: the document ends at byte %d of %d", errBSON, end, len(doc))
	}
	return err
}

// walk checks the document that begins at the offset and answers where it ends.
func walk(b []byte, at, depth int) (int, error) {
	if depth > maxDepth {
		return 0, fmt.Errorf("%w: nested deeper than %d levels at byte %d", errBSON, maxDepth, at)
	}
	if at+minDocument > len(b) {
		return 0, short(at)
	}
	size := int(binary.LittleEndian.Uint32(b[at:]))
	end := at + size
	if size < minDocument || end > len(b) || b[end-1] != 0 {
		return 0, fmt.Errorf("%w: a wrong document length at byte %d", errBSON, at)
	}
	body := b[:end-1]
	for i := at + 4; i < len(body); {
		kind := body[i]
		n := bytes.IndexByte(body[i+1:], 0)
		if n < 0 {
			return 0, fmt.Errorf("%w: a field name without end at byte %d", errBSON, i+1)
		}
		next, err := value(body, kind, i+n+2, depth)
		if err != nil {
			return 0, err
		}
		i = next
	}
	return end, nil
}

// fixed holds the sizes of the values that have one, by type, plus one; 0 means no such type.
var fixed = [256]byte{
	0x01: 8 + 1, 0x06: 0 + 1, 0x07: 12 + 1, 0x08: 1 + 1, 0x09: 8 + 1, 0x0a: 0 + 1, 0x10: 4 + 1,
	0x11: 8 + 1, 0x12: 8 + 1, 0x13: 16 + 1, 0x7f: 0 + 1, 0xff: 0 + 1,
}

// value checks a value of that type and answers where it ends.
func value(b []byte, kind byte, at, depth int) (int, error) {
	if n := int(fixed[kind]); n > 0 {
		if at+n-1 > len(b) {
			return 0, short(at)
		}
		return at + n - 1, nil
	}
	switch kind {
	case 0x02, 0x0d, 0x0e: // string, JavaScript, symbol
		return text(b, at)
	case 0x03, 0x04: // document, array
		return walk(b, at, depth+1)
	case 0x05: // binary
		if at+5 > len(b) {
			return 0, short(at)
		}
		size := int(int32(binary.LittleEndian.Uint32(b[at:])))
		if size < 0 || at+5+size > len(b) {
			return 0, fmt.Errorf("%w: a wrong binary length at byte %d", errBSON, at)
		}
		return at + 5 + size, nil
	case 0x0b: // regular expression: two terminated strings
		for range 2 {
			n := bytes.IndexByte(b[min(at, len(b)):], 0)
			if n < 0 {
				return 0, short(at)
			}
			at += n + 1
		}
		return at, nil
	case 0x0c: // pointer: a string and an ObjectID
		end, err := text(b, at)
		if err == nil && end+12 > len(b) {
			err = short(end)
		}
		return end + 12, err
	case 0x0f: // JavaScript with scope: its length, a string, a document
		return scoped(b, at, depth)
	}
	return 0, fmt.Errorf("%w: the unknown type 0x%02x before byte %d", errBSON, kind, at)
}

func scoped(b []byte, at, depth int) (int, error) {
	if at+4 > len(b) {
		return 0, short(at)
	}
	size := int(int32(binary.LittleEndian.Uint32(b[at:])))
	end, err := text(b, at+4)
	if err != nil {
		return 0, err
	}
	end, err = walk(b, end, depth+1)
	if err == nil && end != at+size {
		err = fmt.Errorf("%w: a wrong length of code with scope at byte %d", errBSON, at)
	}
	return end, err
}

// text checks a string: its length with the terminator, and the terminator.
func text(b []byte, at int) (int, error) {
	if at+5 > len(b) {
		return 0, short(at)
	}
	size := int(int32(binary.LittleEndian.Uint32(b[at:])))
	end := at + 4 + size
	if size < 1 || end > len(b) || b[end-1] != 0 {
		return 0, fmt.Errorf("%w: a wrong string length at byte %d", errBSON, at)
	}
	return end, nil
}

func short(at int) error { return fmt.Errorf("%w: it ends within the value at byte %d", errBSON, at) }

// eachDocument calls f with each document of a BSON array, as servers send batches.
func eachDocument(batch []byte, f func(doc []byte) error) error {
	if len(batch) < minDocument || int(binary.LittleEndian.Uint32(batch)) != len(batch) || batch[len(batch)-1] != 0 {
		return fmt.Errorf("%w: a batch with a wrong length", errBSON)
	}
	for i := 4; i < len(batch)-1; {
		if batch[i] != 0x03 {
			return fmt.Errorf("%w: a batch holds something else than documents", errBSON)
		}
		n := bytes.IndexByte(batch[i+1:], 0)
		start := i + n + 2
		if n < 0 || start+minDocument > len(batch) {
			return fmt.Errorf("%w: a batch ends within an element", errBSON)
		}
		size := int(binary.LittleEndian.Uint32(batch[start:]))
		if size < minDocument || start+size > len(batch)-1 {
			return fmt.Errorf("%w: a batch holds a document with a wrong length", errBSON)
		}
		if err := f(batch[start : start+size : start+size]); err != nil {
			return err
		}
		i = start + size
	}
	return nil
}
