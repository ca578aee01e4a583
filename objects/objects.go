// Package objects keeps backups: immutable objects under slash-separated keys, in an S3 bucket or a folder.
// The suite in objectstest holds every implementation to the contract.
package objects

import (
	"context"
	"errors"
	"io"
	"time"
)

// The errors of a Store. Implementations wrap them; compare with errors.Is.
var (
	ErrNotFound = errors.New("objects: no such object")
	ErrExists   = errors.New("objects: an object of that name is there already")
	// ErrDenied: the credentials are wrong or lack the right.
	ErrDenied = errors.New("objects: access denied")
	// ErrFull: no space left.
	ErrFull = errors.New("objects: the store is full")
	// ErrUnreachable: the store did not answer.
	ErrUnreachable = errors.New("objects: the store cannot be reached")
)

// Info describes a stored object.
type Info struct {
	Key      string
	Size     int64
	Modified time.Time
	// LockedUntil is when the store's own lock on the object ends, zero without one; Held says that it is held with no
	// end in sight. Only Stat answers them, and only to who may read them.
	LockedUntil time.Time
	Held        bool
}

// Writer streams one object. Nothing is visible under the key until Commit has returned nil.
type Writer interface {
	io.Writer
	// Commit makes the object visible and durable, or answers why not, leaving nothing behind.
	Commit(ctx context.Context) error
	// Abort drops what was written. After Commit it does nothing, so it can be deferred.
	Abort()
}

// CreateOptions are hints and conditions for a new object.
type CreateOptions struct {
	// SizeHint is the expected size in bytes; 0 means unknown. Parts of an upload grow with it.
	SizeHint int64
	// IfAbsent makes Commit answer ErrExists when the key is taken.
	IfAbsent    bool
	ContentType string
}

// Store is one place for objects. It has more than three methods because it is a contract with several
// implementations and a suite.
type Store interface {
	// Create begins a new object. The context bounds the whole upload: when it ends, Write and Commit fail.
	Create(ctx context.Context, key string, o CreateOptions) (Writer, error)
	// Open reads an object from offset (0 for the beginning) to its end.
	Open(ctx context.Context, key string, offset int64) (io.ReadCloser, error)
	Stat(ctx context.Context, key string) (Info, error)
	// List answers the objects whose key begins with prefix, ordered by key.
	List(ctx context.Context, prefix string) ([]Info, error)
	// Delete removes an object; a missing one is no error.
	Delete(ctx context.Context, key string) error
	// AbortUnfinished removes uploads under prefix that were begun and never committed, and says how many.
	AbortUnfinished(ctx context.Context, prefix string) (int, error)
	// String names the place for people: "s3://bucket/prefix", never with credentials.
	String() string
}
