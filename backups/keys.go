// Package backups makes, verifies and restores backups of MongoDB databases. A backup is a stock mongodump archive
// inside zstd beside a manifest that says all about it, so that `zstd -dc OBJECT | mongorestore --archive` restores it
// without opsbot. It counts once it has been read back whole; a restore ends with a certificate of what was read back.
package backups

import (
	"crypto/rand"
	"strings"
	"time"
)

// The names of a backup's objects, for Key.
const (
	ManifestName     = "manifest.json"
	VerificationName = "verification.json"
	ArchiveName      = "archive.zst"
	certificates     = "certificates/"
)

// restores precedes the keys of restore records. They lie outside of the backups, so that they outlive them.
const restores = "restores/"

// journals precedes the keys of the journals of restores in place.
const journals = restores + "in-place/"

const idTime = "20060102T150405Z"

// NewID makes the ID of a backup that begins now: "orders-20261123T022501Z-x7k2".
func NewID(database string, at time.Time) string {
	return database + "-" + at.UTC().Format(idTime) + "-" + strings.ToLower(rand.Text()[:4])
}

// Key is where one of a backup's objects is stored: "<database>/<id>/<name>".
func Key(id, name string) string { return DatabaseOf(id) + "/" + id + "/" + name }

// DatabaseOf is the configured name of the database that a backup's ID begins with.
func DatabaseOf(id string) string {
	database, _, ok := splitID(id)
	if !ok {
		return id
	}
	return database
}

// splitID answers the database and the start of a backup by its ID.
func splitID(id string) (database string, started time.Time, ok bool) {
	i := strings.LastIndexByte(id, '-')
	if i < 0 {
		return "", time.Time{}, false
	}
	j := strings.LastIndexByte(id[:i], '-')
	if j < 1 {
		return "", time.Time{}, false
	}
	started, err := time.Parse(idTime, id[j+1:i])
	return id[:j], started, err == nil && i+1 < len(id)
}

// idOf is the ID of the backup that an object belongs to, by its key.
func idOf(key string) (id, name string, ok bool) {
	database, rest, ok := strings.Cut(key, "/")
	if !ok {
		return "", "", false
	}
	id, name, ok = strings.Cut(rest, "/")
	if !ok || DatabaseOf(id) != database {
		return "", "", false
	}
	return id, name, true
}

// archiveProofs precedes the certificates of what was restored from a file and has no place among the backups.
const archiveProofs = "restored-archives/"

func certificateKey(backup, id string) string {
	if strings.HasPrefix(backup, fileBackup) {
		return archiveProofs + id + ".json"
	}
	return Key(backup, certificates+id+".json")
}

func journalKey(id string) string { return journals + id + ".json" }

func recordKey(id string) string { return restores + id + ".json" }
