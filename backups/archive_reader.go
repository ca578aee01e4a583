package backups

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"io"

	"go.mongodb.org/mongo-driver/bson"
)

// archiveFault is a place where an archive is not as it must be.
type archiveFault struct {
	// Offset counts the uncompressed bytes before the fault.
	Offset int64
	Text   string
	err    error
}

func (f *archiveFault) Error() string {
	return fmt.Sprintf("at byte %d of the uncompressed archive: %s", f.Offset, f.Text)
}

func (f *archiveFault) Unwrap() error { return f.err }

// archivePrelude is what stands before the documents.
type archivePrelude struct {
	archiveHeader
	entries []archiveEntry
}

// archiveHandler takes what is read from an archive, in its order. Its errors end the reading.
type archiveHandler struct {
	prelude func(archivePrelude) error
	// place answers where the next document, of that many bytes, shall be read to.
	place func(n archiveName, size int) ([]byte, error)
	// document gets what place answered, filled. The CRC is computed beside it.
	document func(n archiveName, doc []byte) error
	// end comes after the last document of a namespace, with the CRC that was stored; it is the right one.
	end func(n archiveName, crc uint64) error
}

// readArchive reads a whole archive and holds it to the grammar: every namespace of the prelude and no other, each
// closed once with the right CRC, nothing after the last one. The error is an *archiveFault, or that of the handler.
func readArchive(r io.Reader, h archiveHandler) error {
	a := &archiveReader{in: r, handle: h, crcs: map[archiveName]uint64{}, closed: map[archiveName]bool{}}
	if err := a.readPrelude(); err != nil {
		return err
	}
	for {
		more, err := a.readBlock()
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	for n := range a.crcs {
		if !a.closed[n] {
			return a.fault(fmt.Sprintf("the archive ends before the collection %s does", n), nil)
		}
	}
	return nil
}

const noArchive = "this is no mongodump archive"

type archiveReader struct {
	in     io.Reader
	offset int64
	handle archiveHandler
	crcs   map[archiveName]uint64 // of each namespace of the prelude, so far
	closed map[archiveName]bool
	buffer []byte
	size   [4]byte
}

func (a *archiveReader) fault(text string, err error) error {
	if err != nil {
		text += ": " + err.Error()
	}
	return &archiveFault{Offset: a.offset, Text: text, err: err}
}

func (a *archiveReader) fill(p []byte) error {
	n, err := io.ReadFull(a.in, p)
	a.offset += int64(n)
	if errors.Is(err, io.EOF) && n > 0 {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// next reads the length of a document, or a terminator, for which it answers 0. It answers io.EOF at the very end.
func (a *archiveReader) next() (int, error) {
	err := a.fill(a.size[:])
	if errors.Is(err, io.EOF) {
		return 0, io.EOF
	}
	if err != nil {
		return 0, a.fault("the archive is cut off", err)
	}
	size := binary.LittleEndian.Uint32(a.size[:])
	switch {
	case size == terminator:
		return 0, nil
	case size < minDocument || size > maxDocument:
		a.offset -= 4
		return 0, a.fault(fmt.Sprintf("%d is neither the length of a document nor a terminator", int32(size)), nil)
	}
	return int(size), nil
}

// inner is next where the archive must not end.
func (a *archiveReader) inner() (int, error) {
	size, err := a.next()
	if errors.Is(err, io.EOF) {
		return 0, a.fault("the archive is cut off", io.ErrUnexpectedEOF)
	}
	return size, err
}

// into reads the rest of the document whose length was read, and checks its structure.
func (a *archiveReader) into(doc []byte) error {
	copy(doc, a.size[:])
	if err := a.fill(doc[4:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return a.fault("the archive is cut off within a document", err)
	}
	if err := checkDocument(doc); err != nil {
		a.offset -= int64(len(doc))
		return a.fault("a document is damaged", err)
	}
	return nil
}

// own reads the document into the reader's own buffer, which the next call overwrites.
func (a *archiveReader) own(size int) (bson.Raw, error) {
	if cap(a.buffer) < size {
		a.buffer = make([]byte, size)
	}
	doc := a.buffer[:size]
	return doc, a.into(doc)
}

func (a *archiveReader) readPrelude() error {
	if err := a.fill(a.size[:]); err != nil || binary.LittleEndian.Uint32(a.size[:]) != archiveMagic {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return a.fault("the archive is cut off", err)
		}
		return &archiveFault{Offset: a.offset, Text: noArchive, err: err}
	}
	size, err := a.inner()
	if err != nil {
		return err
	}
	if size == 0 {
		return a.fault("the archive has no header", nil)
	}
	doc, err := a.own(size)
	if err != nil {
		return err
	}
	var p archivePrelude
	if err := bson.Unmarshal(doc, &p.archiveHeader); err != nil {
		return a.fault("the header is damaged", err)
	}
	if p.Version != archiveVersion {
		return a.fault(fmt.Sprintf("the archive has the version %q instead of %q", p.Version, archiveVersion), nil)
	}
	for {
		if size, err = a.inner(); err != nil {
			return err
		}
		if size == 0 {
			return a.handle.prelude(p)
		}
		if doc, err = a.own(size); err != nil {
			return err
		}
		var e archiveEntry
		if err := bson.Unmarshal(doc, &e); err != nil {
			return a.fault("the description of a collection is damaged", err)
		}
		if _, twice := a.crcs[e.data()]; twice || e.Collection == "" {
			return a.fault(fmt.Sprintf("the prelude names %q twice or without a name", e.data()), nil)
		}
		a.crcs[e.data()] = 0
		p.entries = append(p.entries, e)
	}
}

// readBlock reads one segment, or the end of a namespace, and says whether there was one.
func (a *archiveReader) readBlock() (bool, error) {
	size, err := a.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if size == 0 {
		return false, a.fault("a terminator where the header of a collection must be", nil)
	}
	doc, err := a.own(size)
	if err != nil {
		return false, err
	}
	n, eof, crc, err := a.parseHeader(doc)
	if err != nil {
		return false, err
	}
	if eof {
		return true, a.endNamespace(n, crc)
	}
	for {
		if size, err = a.inner(); err != nil || size == 0 {
			return true, err
		}
		if err := a.readDocument(n, size); err != nil {
			return false, err
		}
	}
}

func (a *archiveReader) readDocument(n archiveName, size int) error {
	doc, err := a.handle.place(n, size)
	if err != nil {
		return err
	}
	if err := a.into(doc); err != nil {
		return err
	}
	a.crcs[n] = crc64.Update(a.crcs[n], crcTable, doc)
	return a.handle.document(n, doc)
}

// parseHeader reads {db, collection, EOF, CRC}.
func (a *archiveReader) parseHeader(doc bson.Raw) (n archiveName, eof bool, crc uint64, err error) {
	database, ok1 := doc.Lookup("db").StringValueOK()
	collection, ok2 := doc.Lookup("collection").StringValueOK()
	eof, ok3 := doc.Lookup("EOF").BooleanOK()
	sum, ok4 := doc.Lookup("CRC").Int64OK()
	n = archiveName{database, collection}
	_, known := a.crcs[n]
	switch {
	case !ok1 || !ok2 || !ok3 || !ok4 || !bytes.Equal(doc, segmentHeader(n, eof, uint64(sum))):
		err = a.fault("the header of a segment is damaged", nil)
	case !known:
		err = a.fault(fmt.Sprintf("there are documents of %q, which the prelude does not name", n), nil)
	case a.closed[n]:
		err = a.fault(fmt.Sprintf("%q goes on after its end", n), nil)
	case !eof && sum != 0:
		err = a.fault("the header of a segment has a CRC before the end", nil)
	}
	return n, eof, uint64(sum), err
}

func (a *archiveReader) endNamespace(n archiveName, crc uint64) error {
	if a.crcs[n] != crc {
		return a.fault(fmt.Sprintf("the CRC of %q is %016x instead of %016x", n, a.crcs[n], crc), nil)
	}
	size, err := a.inner()
	if err != nil {
		return err
	}
	if size != 0 {
		return a.fault(fmt.Sprintf("a document follows the end of %q", n), nil)
	}
	a.closed[n] = true
	return a.handle.end(n, crc)
}
