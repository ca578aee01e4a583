package mongo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/x/mongo/driver/wiremessage"
)

// Limits that the server tells in its hello and holds to.
const (
	maxDocument   = 16 << 20
	maxInternal   = maxDocument + 16<<10
	maxMessage    = 48000000
	maxWriteBatch = 100000
)

const (
	opReply      = int32(wiremessage.OpReply)
	opQuery      = int32(wiremessage.OpQuery)
	opCompressed = int32(wiremessage.OpCompressed)
	opMsg        = int32(wiremessage.OpMsg)
)

// message is one request as it was read.
type message struct {
	id         int32
	op         int32
	compressor byte // 0: not compressed
	body       document
	sections   []section
	database   string // of an OP_QUERY
	moreToCome bool   // no answer is wanted
}

// section is a sequence of documents that belongs to a command (kind 1 of OP_MSG).
type section struct {
	name string
	docs []document
}

var errProtocol = errors.New("malformed message")

// readMessage reads the next message. The documents in it share a buffer that nobody else uses.
func readMessage(r io.Reader) (*message, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int(int32(binary.LittleEndian.Uint32(head[:])))
	if size < 16 || size > maxMessage {
		return nil, fmt.Errorf("%w: %d bytes", errProtocol, size)
	}
	raw := make([]byte, size)
	copy(raw, head[:])
	if _, err := io.ReadFull(r, raw[16:]); err != nil {
		return nil, err
	}
	m := &message{id: int32(binary.LittleEndian.Uint32(raw[4:])), op: int32(binary.LittleEndian.Uint32(raw[12:]))}
	payload := raw[16:]
	if m.op == opCompressed {
		var err error
		if payload, err = m.decompress(payload); err != nil {
			return nil, err
		}
		raw = nil // a checksum does not go with compression
	}
	switch m.op {
	case opMsg:
		return m, m.parseMsg(payload, raw)
	case opQuery:
		return m, m.parseQuery(payload)
	}
	return nil, fmt.Errorf("%w: operation %d", errProtocol, m.op)
}

func (m *message) parseMsg(b, raw []byte) error {
	flags, b, ok := wiremessage.ReadMsgFlags(b)
	if !ok {
		return errProtocol
	}
	m.moreToCome = flags&wiremessage.MoreToCome != 0
	if flags&wiremessage.ChecksumPresent != 0 {
		if len(b) < 4 {
			return errProtocol
		}
		end := len(b) - 4
		if raw != nil && crc32.Checksum(raw[:len(raw)-4], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
			return fmt.Errorf("%w: wrong checksum", errProtocol)
		}
		b = b[:end]
	}
	for len(b) > 0 {
		kind := b[0]
		size := counted(b[1:], 0, 5)
		if size < 0 || 1+size > len(b) {
			return errProtocol
		}
		if kind == 0 {
			m.body = b[1 : 1+size]
		} else if err := m.parseSection(b[5 : 1+size]); err != nil {
			return err
		}
		b = b[1+size:]
	}
	if !wellFormed(m.body) {
		return fmt.Errorf("%w: bad BSON", errProtocol)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (m *message) parseSection(b []byte) error {
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return errProtocol
	}
	s := section{name: string(b[:end])}
	for b = b[end+1:]; len(b) > 0; {
		size := counted(b, 0, 5)
		if size < 0 || size > len(b) || !wellFormed(b[:size]) {
			return errProtocol
		}
		s.docs = append(s.docs, b[:size:size])
		b = b[size:]
	}
	m.sections = append(m.sections, s)
	return nil
}

func (m *message) parseQuery(b []byte) error {
	_, b, ok := wiremessage.ReadQueryFlags(b)
	if !ok {
		return errProtocol
	}
	ns, b, ok := wiremessage.ReadQueryFullCollectionName(b)
	if !ok || len(b) < 8 {
		return errProtocol
	}
	size := counted(b[8:], 0, 5)
	if size < 0 || size > len(b)-8 || !wellFormed(b[8:8+size]) {
		return errProtocol
	}
	m.body = b[8 : 8+size]
	if wrapped := lookup(m.body, "$query"); wrapped.Type == typeObject {
		m.body = wrapped.Data
	}
	if m.database, ok = strings.CutSuffix(ns, ".$cmd"); !ok {
		return fmt.Errorf("%w: OP_QUERY is for commands only", errProtocol)
	}
	return nil
}

// decompress unpacks an OP_COMPRESSED message.
func (m *message) decompress(b []byte) ([]byte, error) {
	if len(b) < 9 {
		return nil, errProtocol
	}
	m.op = int32(binary.LittleEndian.Uint32(b))
	size := int(int32(binary.LittleEndian.Uint32(b[4:])))
	m.compressor = b[8]
	if size < 0 || size > maxMessage {
		return nil, errProtocol
	}
	out, err := make([]byte, size), error(nil)
	switch wiremessage.CompressorID(m.compressor) {
	case wiremessage.CompressorNoOp:
		out = b[9:]
	case wiremessage.CompressorSnappy:
		out, err = snappy.Decode(out, b[9:])
	case wiremessage.CompressorZstd:
		out, err = zstdReader.DecodeAll(b[9:], out[:0])
	case wiremessage.CompressorZLib:
		var z io.ReadCloser
		if z, err = zlib.NewReader(bytes.NewReader(b[9:])); err == nil {
			_, err = io.ReadFull(z, out)
		}
	default:
		err = errProtocol
	}
	if err == nil && len(out) != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("%w: compressed by %d: %w", errProtocol, m.compressor, err)
	}
	return out, nil
}

var (
	zstdReader, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(64<<20)) // fails on bad options only
	zstdWriter, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
)

// compress packs a finished reply (header and all) as the request was packed.
func compress(reply []byte, id byte) ([]byte, error) {
	op := int32(binary.LittleEndian.Uint32(reply[12:]))
	payload := reply[16:]
	out := wiremessage.AppendHeader(nil, 0, int32(binary.LittleEndian.Uint32(reply[4:])), int32(binary.LittleEndian.Uint32(reply[8:])), wiremessage.OpCompressed)
	out = wiremessage.AppendCompressedOriginalOpCode(out, wiremessage.OpCode(op))
	out = wiremessage.AppendCompressedUncompressedSize(out, int32(len(payload)))
	out = append(out, id)
	switch wiremessage.CompressorID(id) {
	case wiremessage.CompressorNoOp:
		out = append(out, payload...)
	case wiremessage.CompressorSnappy:
		out = append(out, snappy.Encode(nil, payload)...)
	case wiremessage.CompressorZstd:
		out = zstdWriter.EncodeAll(payload, out)
	case wiremessage.CompressorZLib:
		var z bytes.Buffer
		zw := zlib.NewWriter(&z)
		if _, err := zw.Write(payload); err != nil {
			return nil, err
		}
		if err := zw.Close(); err != nil {
			return nil, err
		}
		out = append(out, z.Bytes()...)
	}
	binary.LittleEndian.PutUint32(out, uint32(len(out)))
	return out, nil
}
