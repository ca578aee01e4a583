package backups

import "time"

// Manifest says all that is known of one backup. It is written last: a backup without a manifest does not exist. It
// is stored as JSON beside the objects it describes, under Key(ID, "manifest.json").
type Manifest struct {
	// Format is 1.
	Format int `json:"format"`
	// ID is "<database>-<UTC start>-<random>": "orders-20261123T022501Z-x7k2".
	ID string `json:"id"`
	// Database is the configured name of what was backed up.
	Database string `json:"database"`
	// Scope is the one MongoDB database that was read, or "" for all but the server's own.
	Scope string `json:"scope"`
	// Tool and Server are versions: "opsbot 0.1.0", "4.4.6". ReplicaSet is "" for a server that is no member of one.
	Tool       string    `json:"tool"`
	Server     string    `json:"server"`
	ReplicaSet string    `json:"replica_set,omitempty"`
	Started    time.Time `json:"started"`
	Finished   time.Time `json:"finished"`
	// Collections are ordered by namespace; views are among them.
	Collections []Collection `json:"collections"`
	// Objects are what the backup is made of.
	Objects []Object `json:"objects"`
	// Documents and Bytes are sums over the collections; Bytes counts uncompressed BSON.
	Documents int64 `json:"documents"`
	Bytes     int64 `json:"bytes"`
	// Remarks are true things that a reader should know, such as a count of the server that does not fit.
	Remarks []string `json:"remarks,omitempty"`
	// TakenFor is the restore in place (the ID of its run) that it was taken for, of what was there before; "" for others.
	TakenFor string `json:"taken_for,omitempty"`
	// LeftOut is nil in backups of opsbot 0.1.0 and before.
	LeftOut *LeftOut `json:"left_out,omitempty"`
}

// Collection describes one collection or view of a backup, or of a database that is compared with one.
type Collection struct {
	Database string `json:"db"`
	Name     string `json:"name"`
	// Type is "collection", "view" or "timeseries", as listCollections says it.
	Type      string `json:"type"`
	Documents int64  `json:"documents"`
	Bytes     int64  `json:"bytes"`
	// Digest does not depend on the order of the documents; see Digest.
	Digest string `json:"digest"`
	// Options and Indexes are canonical extended JSON, as listCollections and listIndexes answered them; IDIndex is
	// that of the _id index, "" for what has none.
	Options string   `json:"options"`
	Indexes []string `json:"indexes,omitempty"`
	IDIndex string   `json:"id_index,omitempty"`
	// UUID is the collection's own on the server that was backed up, in hex.
	UUID string `json:"uuid,omitempty"`
	// CRC is the archive's CRC-64 of the collection, in hex.
	CRC string `json:"crc,omitempty"`
}

// Namespace is "db.collection".
func (c Collection) Namespace() string { return c.Database + "." + c.Name }

// Object is one stored object with its checksum.
type Object struct {
	Key    string `json:"key"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Verification is the outcome of reading a backup back whole, stored under Key(ID, "verification.json"). Only a
// backup with OK counts.
type Verification struct {
	Backup    string    `json:"backup"`
	At        time.Time `json:"at"`
	OK        bool      `json:"ok"`
	Documents int64     `json:"documents"`
	Bytes     int64     `json:"bytes"`
	// Faults say in plain words what is wrong, naming collection or object.
	Faults   []string      `json:"faults,omitempty"`
	Duration time.Duration `json:"duration"`
}

// Certificate is the proof of a restore: what was expected against what was read back. It is stored under
// Key(ID, "certificates/<certificate ID>.json"); that of an archive from elsewhere under
// "restored-archives/<certificate ID>.json".
type Certificate struct {
	// ID is "<run ID>" of the restore, unique.
	ID     string `json:"id"`
	Backup string `json:"backup"`
	// Target is the configured name of the deployment that was restored into; Renamed maps each MongoDB database of
	// the backup to the one that was written.
	Target  string            `json:"target"`
	Renamed map[string]string `json:"renamed"`
	// Whole says that no collection of the backup was left out by choice.
	Whole    bool          `json:"whole"`
	Started  time.Time     `json:"started"`
	Finished time.Time     `json:"finished"`
	Writing  time.Duration `json:"writing"`
	Indexing time.Duration `json:"indexing"`
	Reading  time.Duration `json:"reading"`
	// Rows has one row for each restored collection, ordered by namespace.
	Rows []Comparison `json:"rows"`
	// Failures counts documents that the server refused; Samples holds the first messages, without content.
	Failures int64    `json:"failures"`
	Samples  []string `json:"samples,omitempty"`
	OK       bool     `json:"ok"`
	// Remarks are true things that a reader should know, such as TTL indexes that begin to delete.
	Remarks []string `json:"remarks,omitempty"`
	// Placed is set when the restore replaced what was there.
	Placed *Placed `json:"placed,omitempty"`
}

// Placed says what was proven when, since programs may write to what a restore in place has put there.
type Placed struct {
	// Before is the backup that was taken first, "" for none.
	Before string `json:"before,omitempty"`
	// Compared is when documents were compared, beside what they replace; Began and Swapped are the first and the last
	// replacement; Looked is when indexes and options of what stands there were compared.
	Compared time.Time `json:"compared"`
	Began    time.Time `json:"began"`
	Swapped  time.Time `json:"swapped"`
	Looked   time.Time `json:"looked"`
}

// Comparison holds one collection's expected and found state.
type Comparison struct {
	Expected Collection `json:"expected"`
	Found    Collection `json:"found"`
	// Differences are plain words; empty means equal.
	Differences []string `json:"differences,omitempty"`
}

// Progress is told while something runs. Counts only grow within a stage.
type Progress struct {
	// Stage is "reading", "writing", "indexing", "verifying" or "comparing".
	Stage string
	// Done and Total count documents; Total is an estimate, 0 when unknown. Bytes counts uncompressed BSON.
	Done, Total, Bytes int64
}
