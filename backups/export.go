package backups

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/objects"
)

// ExportOptions say what is exported, and how it is compressed.
type ExportOptions struct {
	// Namespaces are the chosen collections, each "db.collection" or "collection"; none means all.
	Namespaces []string
	// Compression is "" for none, "gzip" or "zstd". mongorestore reads the first two by itself.
	Compression string
	Progress    func(Progress)
}

// Exported counts what was exported.
type Exported struct {
	Collections      int
	Documents, Bytes int64
}

// Export writes a backup, or some of its collections, to w as one archive that mongorestore reads, while it reads the
// backup whole and holds it to its manifest as Verify does. With an error what was written is not to be used: a backup
// that is not as it was is a *chat.Problem, and what was written of it breaks off.
func Export(ctx context.Context, store objects.Store, id string, w io.Writer, o ExportOptions) (Exported, error) {
	x := &exporter{verifier: verifier{store: store, progress: o.Progress, result: Verification{Backup: id}}, chosen: map[archiveName]bool{}}
	err := x.run(ctx, w, o)
	return x.done, explain(store, err)
}

type exporter struct {
	verifier
	out    archiveWriter
	chosen map[archiveName]bool
	done   Exported
}

func (x *exporter) run(ctx context.Context, w io.Writer, o ExportOptions) error {
	var err error
	if x.manifest, err = readManifest(ctx, x.store, x.result.Backup); err != nil {
		return err
	}
	chosen, err := Choose(x.manifest, o.Namespaces)
	if err != nil {
		return err
	}
	for _, c := range chosen {
		x.chosen[nameOf(c)] = true
	}
	x.done.Collections = len(chosen)
	if len(x.manifest.Objects) != 1 {
		return x.refuse("the manifest does not name the archive")
	}
	buffered := bufio.NewWriterSize(w, 1<<20)
	compressed, err := compressor(buffered, o.Compression)
	if err != nil {
		return err
	}
	x.out.w, x.copy = compressed, x
	if err := x.read(ctx); err != nil {
		_ = compressed.Close() // the encoder's goroutines; what was written is not used
		return err
	}
	return errors.Join(compressed.Close(), buffered.Flush())
}

// read copies the archive while it holds it to the manifest.
func (x *exporter) read(ctx context.Context) error {
	archive, err := openArchive(ctx, x.store, x.manifest)
	if err != nil {
		return err
	}
	found, err := x.scan(ctx, archive, x.begin)
	if err := errors.Join(err, archive.close()); err != nil {
		return err
	}
	switch {
	case x.out.err != nil:
		return fmt.Errorf("backups: write the export: %w", x.out.err)
	case len(x.result.Faults) > 0:
		return x.refuse(strings.Join(x.result.Faults, "; "))
	case x.broken != nil:
		return x.refuse("the archive is damaged " + x.broken.Error())
	}
	for _, c := range x.manifest.Collections {
		x.compare(c, found[nameOf(c)])
	}
	if faults := append(archive.faults(), x.result.Faults...); len(faults) > 0 {
		return x.refuse(strings.Join(faults, "; "))
	}
	return nil
}

func (x *exporter) refuse(why string) error {
	return &chat.Problem{
		Say: "The backup " + chat.Literal(x.result.Backup) + " is not as it was made: " + strings.TrimSuffix(why, ".") + ". What was written of it is of no use.",
		Try: "Verify it with `/backup verify " + x.result.Backup + "`, and take another one.",
	}
}

var errUnfit = errors.New("backups: the archive does not fit its manifest")

// begin holds the prelude to the manifest and writes that of what was chosen.
func (x *exporter) begin(p archivePrelude) error {
	if err := x.prelude(p); err != nil {
		return err
	}
	if len(x.result.Faults) > 0 {
		return errUnfit
	}
	var entries []archiveEntry
	for _, e := range p.entries {
		if x.chosen[e.data()] {
			entries = append(entries, e)
		}
	}
	return x.out.prelude(p.archiveHeader, entries)
}

func (x *exporter) document(n archiveName, doc []byte) error {
	if !x.chosen[n] {
		return nil
	}
	x.done.Documents++
	x.done.Bytes += int64(len(doc))
	x.out.begin(n)
	x.out.write(doc)
	return x.out.err
}

func (x *exporter) end(n archiveName, crc uint64, empty bool) error {
	if !x.chosen[n] {
		return nil
	}
	return x.out.end(n, crc, empty)
}

type unchanged struct{ io.Writer }

func (unchanged) Close() error { return nil }

func compressor(w io.Writer, compression string) (io.WriteCloser, error) {
	switch compression {
	case "":
		return unchanged{w}, nil
	case "gzip":
		return gzip.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(2), zstd.WithEncoderCRC(true))
	}
	return nil, fmt.Errorf("backups: unknown compression %q", compression)
}
