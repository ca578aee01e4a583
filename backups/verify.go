package backups

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/kampyn/opsbot/objects"
)

// maxWindow bounds the memory that a compressed object may ask for when it is read: 8 MiB at the highest level.
// https://pkg.go.dev/github.com/klauspost/compress/zstd#WithWindowSize
const maxWindow = 64 << 20

// Verify reads a backup back whole and stores what came out beside it: its size and checksum, the compression, the
// archive's grammar and CRCs, the structure of every document, and documents, bytes and digests of every collection
// against the manifest. The error says that the reading could not be carried out (*chat.Problem for an unknown backup
// or a store that does not answer); a bad backup is no error but has OK false and Faults. progress may be nil.
func Verify(ctx context.Context, store objects.Store, id string, progress func(Progress)) (Verification, error) {
	v := &verifier{store: store, progress: progress, result: Verification{Backup: id}}
	started := time.Now()
	if err := v.run(ctx); err != nil {
		return Verification{}, explain(store, err)
	}
	v.result.At = time.Now().UTC()
	v.result.Duration = time.Since(started)
	v.result.OK = len(v.result.Faults) == 0
	if err := putSealed(ctx, store, Key(id, VerificationName), v.result, false); err != nil {
		return Verification{}, explain(store, err)
	}
	return v.result, nil
}

type verifier struct {
	store    objects.Store
	progress func(Progress)
	manifest Manifest
	result   Verification
	broken   error // what ended the reading of the archive
	// copy, when not nil, gets everything that is read, in its order.
	copy *exporter
}

func (v *verifier) fault(format string, args ...any) {
	v.result.Faults = append(v.result.Faults, fmt.Sprintf(format, args...))
}

func (v *verifier) run(ctx context.Context) error {
	manifest, err := readManifest(ctx, v.store, v.result.Backup)
	if errors.Is(err, errDamaged) {
		v.fault("The manifest is damaged: %v.", errDamaged)
		return nil
	}
	if err != nil {
		return err
	}
	v.manifest = manifest
	if len(manifest.Objects) != 1 || manifest.Objects[0].Key != Key(manifest.ID, ArchiveName) {
		v.fault("The manifest does not name the archive.")
		return nil
	}
	archive, err := openArchive(ctx, v.store, manifest)
	if errors.Is(err, objects.ErrNotFound) {
		v.fault("The object %s is missing.", manifest.Objects[0].Key)
		return nil
	}
	if err != nil {
		return err
	}
	found, err := v.scan(ctx, archive, v.prelude)
	if err := errors.Join(err, archive.close()); err != nil {
		return err
	}
	if v.broken != nil {
		v.fault("The archive is damaged %v.", v.broken)
	}
	for _, fault := range archive.faults() {
		v.fault("%s", fault)
	}
	for _, c := range manifest.Collections {
		v.compare(c, found[nameOf(c)])
	}
	return nil
}

// scan reads the archive to its end and tallies what it holds. The error says that the reading itself failed; what is
// wrong with the archive is in v.broken.
func (v *verifier) scan(ctx context.Context, archive *storedArchive, prelude func(archivePrelude) error) (map[archiveName]*tally, error) {
	found := map[archiveName]*tally{}
	done := Progress{Stage: "verifying", Total: v.manifest.Documents}
	var buffer []byte
	told := time.Now()
	v.broken = readArchive(archive, archiveHandler{
		prelude: prelude,
		place: func(_ archiveName, size int) ([]byte, error) {
			if cap(buffer) < size {
				buffer = make([]byte, max(size, 1<<16))
			}
			return buffer[:size], nil
		},
		document: func(n archiveName, doc []byte) error {
			t := found[n]
			if t == nil {
				t = &tally{}
				found[n] = t
			}
			t.add(doc)
			if v.copy != nil {
				if err := v.copy.document(n, doc); err != nil {
					return err
				}
			}
			done.Done++
			done.Bytes += int64(len(doc))
			if done.Done%1024 == 0 && time.Since(told) > 200*time.Millisecond && v.progress != nil {
				told = time.Now()
				v.progress(done)
			}
			return ctx.Err()
		},
		end: func(n archiveName, crc uint64) error {
			if found[n] == nil {
				found[n] = &tally{}
			}
			found[n].crc = crc
			if v.copy != nil {
				return v.copy.end(n, crc, found[n].documents == 0)
			}
			return nil
		},
	})
	v.result.Documents, v.result.Bytes = done.Done, done.Bytes
	if err := archive.drain(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if v.progress != nil {
		v.progress(done)
	}
	return found, nil
}

// prelude compares what the archive says it holds with the manifest.
func (v *verifier) prelude(p archivePrelude) error {
	if p.Server != v.manifest.Server || p.Tool != v.manifest.Tool {
		v.fault("The archive names other versions of server or tool than the manifest.")
	}
	expected := map[archiveName]Collection{}
	for _, c := range v.manifest.Collections {
		expected[nameOf(c)] = c
	}
	for _, e := range p.entries {
		c, ok := expected[e.data()]
		if !ok {
			v.fault("The archive holds %s.%s, which the manifest does not name.", e.Database, e.Collection)
			continue
		}
		delete(expected, e.data())
		// The manifest's text is checked by its seal; the archive's may be anything, and is compared, never parsed.
		want, err := c.entry()
		if err != nil {
			return err
		}
		if want != e {
			v.fault("The archive describes options or indexes of %s otherwise than the manifest.", c.Namespace())
		}
	}
	for _, c := range expected {
		v.fault("The archive lacks %s, which the manifest names.", c.Namespace())
	}
	return nil
}

// compare holds one collection of the manifest to what was read of it.
func (v *verifier) compare(c Collection, found *tally) {
	switch {
	case found == nil:
		v.fault("%s was not read to its end.", c.Namespace())
	case found.documents != c.Documents:
		v.fault("%s has %d documents instead of %d.", c.Namespace(), found.documents, c.Documents)
	case found.bytes != c.Bytes:
		v.fault("%s has %d bytes instead of %d.", c.Namespace(), found.bytes, c.Bytes)
	case found.digest.String() != c.Digest:
		v.fault("The documents of %s are not those that were backed up: the digest differs.", c.Namespace())
	case fmt.Sprintf("%016x", found.crc) != c.CRC:
		v.fault("%s has another CRC than in the manifest.", c.Namespace())
	}
}

// storedArchive is an archive as it is read from where it lies, uncompressed, while its size and checksum are taken.
type storedArchive struct {
	object Object
	raw    *source
	plain  io.Reader
	stop   func() // ends what the decompression does beside
	// compression is how a file from elsewhere was found to be compressed: "", "gzip" or "zstd".
	compression string
}

func openArchive(ctx context.Context, store objects.Store, m Manifest) (*storedArchive, error) {
	object := m.Objects[0]
	r, err := store.Open(ctx, object.Key, 0)
	if err != nil {
		return nil, fmt.Errorf("backups: read %s: %w", object.Key, err)
	}
	a := &storedArchive{object: object, raw: &source{from: r, sum: sha256.New()}}
	if err := a.decompress(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return a, nil
}

func (a *storedArchive) decompress() error {
	plain, err := zstd.NewReader(a.raw, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return fmt.Errorf("backups: start zstd: %w", err)
	}
	a.plain, a.stop = plain, plain.Close
	return nil
}

func (a *storedArchive) Read(p []byte) (int, error) { return a.plain.Read(p) }

// drain reads what the archive's reader left, so that the checksum is of the whole object.
func (a *storedArchive) drain() error {
	a.stop() // it reads ahead in a goroutine of its own
	_, err := io.Copy(io.Discard, a.raw)
	if a.raw.err != nil {
		err = a.raw.err
	}
	if err != nil {
		return fmt.Errorf("backups: read %s: %w", a.object.Key, err)
	}
	return nil
}

// faults compares the object with the manifest, after drain.
func (a *storedArchive) faults() []string {
	var faults []string
	if a.raw.size != a.object.Size {
		faults = append(faults, fmt.Sprintf("The object %s has %d bytes instead of %d.", a.object.Key, a.raw.size, a.object.Size))
	}
	if sum := hex.EncodeToString(a.raw.sum.Sum(nil)); sum != a.object.SHA256 {
		faults = append(faults, fmt.Sprintf("The object %s is not the one that was written: its SHA-256 differs.", a.object.Key))
	}
	return faults
}

func (a *storedArchive) close() error {
	a.stop()
	return a.raw.from.Close()
}

// source counts and sums what comes out of the store, and keeps the store's own error apart from those of its content.
type source struct {
	from io.ReadCloser
	sum  hash.Hash
	size int64
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.sum.Write(p[:n])
	s.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
