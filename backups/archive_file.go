package backups

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// ArchiveFile is an archive that somebody made with mongodump, as one full reading found it.
type ArchiveFile struct {
	// Name is for people; Size and SHA256 are of the file as it lies there.
	Name   string
	Size   int64
	SHA256 string
	// Compression is "", "gzip" or "zstd".
	Compression string
	// Server and Tool are the versions that the archive names.
	Server, Tool string
	// Collections are what can be restored, ordered by namespace; Documents and Bytes are their sums.
	Collections      []Collection
	Documents, Bytes int64
	// Oplog counts the entries that mongodump --oplog has added, Users and Roles the accounts. None of it is restored.
	Oplog, Users, Roles int64
	// Skipped are the other namespaces that are not restored: those of the server itself.
	Skipped []string
}

// Opener opens a file from its beginning; it is asked for each reading.
type Opener func() (io.ReadCloser, error)

// fileBackup precedes the name of an archive file where the ID of a backup stands: in records and certificates.
const fileBackup = "file:"

// backup is what records and certificates name.
func (a ArchiveFile) backup() string {
	return fmt.Sprintf("%s%s sha256:%s", fileBackup, filepath.Base(a.Name), a.SHA256[:min(16, len(a.SHA256))])
}

// manifest describes the archive as if it were a stored backup.
func (a ArchiveFile) manifest() Manifest {
	return Manifest{
		Format: 1, ID: a.backup(), Tool: "mongodump " + a.Tool, Server: a.Server, Collections: a.Collections,
		Objects: []Object{{Key: a.Name, Size: a.Size, SHA256: a.SHA256}}, Documents: a.Documents, Bytes: a.Bytes,
	}
}

// Choose answers the collections that are meant by the names, as the function of that name does for a backup.
func (a ArchiveFile) Choose(names []string) ([]Collection, error) { return Choose(a.manifest(), names) }

// ReadArchive reads an archive of mongodump from its first byte to its last, plain or within gzip or zstd, and answers
// what it holds. Whatever is wrong with it (cut off, a CRC, a damaged document, no archive at all) is a *chat.Problem.
// progress may be nil.
func ReadArchive(ctx context.Context, name string, open Opener, progress func(Progress)) (ArchiveFile, error) {
	archive, err := openFile(ctx, Object{Key: name}, open)
	if err != nil {
		return ArchiveFile{}, err
	}
	v := &verifier{progress: progress}
	var prelude archivePrelude
	found, err := v.scan(ctx, archive, func(p archivePrelude) error { prelude = p; return nil })
	if err := errors.Join(err, archive.close()); err != nil {
		return ArchiveFile{}, fmt.Errorf("backups: read %s: %w", name, err)
	}
	if v.broken != nil {
		return ArchiveFile{}, unfit(name, archive, v.broken)
	}
	a := ArchiveFile{
		Name: name, Size: archive.raw.size, SHA256: hex.EncodeToString(archive.raw.sum.Sum(nil)), Compression: archive.compression,
		Server: prelude.Server, Tool: prelude.Tool,
	}
	return a, a.describe(prelude, found)
}

// unfit explains why an archive is refused.
func unfit(name string, archive *storedArchive, err error) error {
	p := &chat.Problem{
		Say: fmt.Sprintf("The archive %s is damaged %v. Nothing was written.", chat.Literal(name), err),
		Try: "Copy it again from where it was made, or take another one.", Err: err,
	}
	if fault := (*archiveFault)(nil); errors.As(err, &fault) && fault.Text == noArchive {
		p.Say = chat.Literal(name) + " is no archive of mongodump."
		p.Try = "Archives are made by \"mongodump --archive=FILE\", with or without --gzip; a folder of .bson files is none."
	}
	if archive.raw.size == 0 {
		p.Say, p.Try = chat.Literal(name)+" is empty.", "Was it written to its end?"
	}
	return p
}

// describe sorts what was read into what is restored and what is not.
func (a *ArchiveFile) describe(p archivePrelude, found map[archiveName]*tally) error {
	for _, e := range p.entries {
		t := found[e.data()]
		switch kind := partOf(e); kind {
		case "oplog":
			a.Oplog = t.documents
		case "users":
			a.Users += t.documents
		case "roles":
			a.Roles += t.documents
		case "":
			c, err := collectionOf(e, t)
			if err != nil {
				return &chat.Problem{
					Say: fmt.Sprintf("The archive %s describes the collection %s in a way that I cannot read. Nothing was written.",
						chat.Literal(a.Name), chat.Literal(e.data().String())),
					Try: "Restore it with mongorestore.", Err: err,
				}
			}
			a.Collections = append(a.Collections, c)
			a.Documents += t.documents
			a.Bytes += t.bytes
		default:
			a.Skipped = append(a.Skipped, e.data().String())
		}
	}
	slices.SortFunc(a.Collections, func(a, b Collection) int { return strings.Compare(a.Namespace(), b.Namespace()) })
	slices.Sort(a.Skipped)
	return nil
}

// partOf says what an entry of an archive is, other than a collection (""). mongodump puts the accounts of one database
// under names that begin with $admin.
// https://www.mongodb.com/docs/database-tools/mongodump/#std-option-mongodump.--dumpDbUsersAndRoles
func partOf(e archiveEntry) string {
	name := strings.TrimPrefix(e.Collection, "$admin.")
	ofServer := name != e.Collection || slices.Contains(reserved, e.Database)
	switch {
	case e.Database == "" && e.Collection == "oplog":
		return "oplog"
	case ofServer && name == "system.users":
		return "users"
	case ofServer && name == "system.roles":
		return "roles"
	case ofServer || e.Database == "":
		return "server"
	case strings.HasPrefix(name, "system.") && name != "system.js":
		return "system"
	}
	return ""
}

// collectionOf turns what the archive says of a collection into what a manifest says.
func collectionOf(e archiveEntry, t *tally) (Collection, error) {
	c := Collection{
		Database: e.Database, Name: e.Collection, Type: e.Type, Options: "{}",
		Documents: t.documents, Bytes: t.bytes, Digest: t.digest.String(), CRC: fmt.Sprintf("%016x", t.crc),
	}
	if c.Type == "" {
		c.Type = databases.TypeCollection
	}
	if e.Metadata == "" {
		return c, nil
	}
	var m archiveMetadata
	if !json.Valid([]byte(e.Metadata)) { // the driver's parser may never come to an end of such a text
		return c, errors.New("its options are no JSON")
	}
	if err := bson.UnmarshalExtJSON([]byte(e.Metadata), false, &m); err != nil {
		return c, fmt.Errorf("its options: %w", err)
	}
	if m.Type != "" && e.Type == "" {
		c.Type = m.Type
	}
	n := databases.Namespace{Database: c.Database, Name: c.Name, Type: c.Type, UUID: m.UUID, Options: m.Options}
	described, err := describe(n, m.Indexes)
	if err != nil {
		return c, err
	}
	c.Options, c.Indexes, c.UUID = described.Options, described.Indexes, described.UUID
	for i, index := range m.Indexes {
		// Today's servers make the second version by themselves.
		if version, _ := index.Lookup("v").AsInt64OK(); isIDIndex(index) && version != 2 {
			c.IDIndex = c.Indexes[i]
		}
	}
	return c, nil
}

// RestoreArchive is Restore of an archive that was read before, from the same opener: one that is another by now makes
// no certificate, and what was written until that shows is removed as after any restore that fails. The record and the
// certificate name the file where else a backup stands; the certificate lies apart from the backups.
func RestoreArchive(ctx context.Context, store objects.Store, a ArchiveFile, open Opener, db *databases.Database, o RestoreOptions) (Certificate, error) {
	r, err := newRestore(store, a.backup(), db, o)
	if err != nil {
		return Certificate{}, err
	}
	r.load = func(context.Context) (Manifest, error) { return a.manifest(), nil }
	r.open = func(ctx context.Context) (*storedArchive, error) { return openFile(ctx, r.manifest.Objects[0], open) }
	if err := r.run(ctx); err != nil {
		return Certificate{}, explain(store, err)
	}
	return r.cert, nil
}

// openFile opens an archive that lies outside of the store, by its first bytes.
func openFile(ctx context.Context, object Object, open Opener) (*storedArchive, error) {
	from, err := open()
	if err != nil {
		return nil, err
	}
	a := &storedArchive{object: object, raw: &source{from: &bounded{ctx, from}, sum: sha256.New()}, stop: func() {}}
	if err := a.detect(); err != nil {
		return nil, errors.Join(err, from.Close())
	}
	return a, nil
}

// detect finds out how the archive is compressed.
// https://www.rfc-editor.org/rfc/rfc1952#page-6 https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
func (a *storedArchive) detect() error {
	in := bufio.NewReaderSize(a.raw, 1<<20)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("backups: read %s: %w", a.object.Key, err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		plain, err := gzip.NewReader(in)
		if err != nil {
			return &chat.Problem{Say: chat.Literal(a.object.Key) + " begins like gzip, and is none.", Err: err}
		}
		a.compression, a.plain = "gzip", plain
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		plain, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return fmt.Errorf("backups: start zstd: %w", err)
		}
		a.compression, a.plain, a.stop = "zstd", plain, plain.Close
	default:
		a.plain = in
	}
	return nil
}

// bounded ends a reading when its context does.
type bounded struct {
	ctx context.Context
	io.ReadCloser
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.ReadCloser.Read(p)
}
