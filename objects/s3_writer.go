package objects

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/semaphore"
)

// markKey is the metadata that tells a writer its own object from another's.
const markKey = "opsbot-upload"

// s3Writer gathers parts and uploads a few of them at once. What fits into one part becomes a single PUT at Commit.
type s3Writer struct {
	store *S3
	key   string
	name  string // key with prefix
	o     CreateOptions
	mark  string

	ctx     context.Context
	cancel  context.CancelFunc
	part    []byte // being filled
	size    int64
	sent    int    // parts sent
	upload  string // the multipart upload's ID, "" before the first part is sent
	buffers buffers
	flight  *semaphore.Weighted
	wg      sync.WaitGroup
	over    bool // committed or aborted

	mu    sync.Mutex
	err   error // the first failure
	parts []types.CompletedPart
}

// Create implements Store.
func (s *S3) Create(ctx context.Context, key string, o CreateOptions) (Writer, error) {
	name, err := s.name(key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, s.fault("create", key, err)
	}
	o.ContentType = cmp.Or(o.ContentType, "application/octet-stream")
	w := &s3Writer{store: s, key: key, name: name, o: o, mark: rand.Text(), flight: semaphore.NewWeighted(flightBudget)}
	w.ctx, w.cancel = context.WithCancel(ctx)
	return w, nil
}

// fail keeps the first error and stops everything under way.
func (w *s3Writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.store.fault("write", w.key, err)
		w.cancel()
	}
	return w.err
}

// failure is the first error, also that of a context that has ended.
func (w *s3Writer) failure() error {
	w.mu.Lock()
	err := w.err
	w.mu.Unlock()
	if err == nil && w.ctx.Err() != nil {
		err = w.fail(w.ctx.Err())
	}
	return err
}

func (w *s3Writer) Write(p []byte) (int, error) {
	if w.over {
		return 0, fmt.Errorf("objects: write %q: %w", w.key, os.ErrClosed)
	}
	written := 0
	for {
		if err := w.failure(); err != nil {
			return written, err
		}
		if len(p) == 0 {
			return written, nil
		}
		limit := partSize(w.o.SizeHint, w.sent+1)
		if int64(len(w.part)) == limit {
			if err := w.send(); err != nil {
				return written, w.fail(err)
			}
			limit = partSize(w.o.SizeHint, w.sent+1)
			w.part = w.buffers.get(limit)
		}
		n := min(len(p), int(limit)-len(w.part))
		w.part = append(w.part, p[:n]...)
		p, written, w.size = p[n:], written+n, w.size+int64(n)
	}
}

// send hands the filled part to a goroutine, which gives the buffer back.
func (w *s3Writer) send() error {
	if w.upload == "" {
		if err := w.begin(); err != nil {
			return err
		}
	}
	if w.sent == maxParts {
		return fmt.Errorf("the object needs more than %d parts", maxParts)
	}
	weight := flightWeight(int64(len(w.part)))
	if err := w.flight.Acquire(w.ctx, weight); err != nil {
		return cmp.Or(w.failure(), err)
	}
	w.sent++
	part, number := w.part, int32(w.sent)
	w.part = nil
	w.wg.Go(func() {
		defer w.flight.Release(weight)
		w.sendPart(part, number)
		w.buffers.put(part)
	})
	return nil
}

// begin asks for a multipart upload. It does so to the end even if the context ends meanwhile: an upload whose ID was
// lost could not be aborted.
func (w *s3Writer) begin() error {
	ctx, cancel := outlive(w.ctx, cleanupTimeout)
	defer cancel()
	out, err := w.store.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &w.store.bucket, Key: &w.name, ContentType: &w.o.ContentType,
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		Metadata:          map[string]string{markKey: w.mark},
	})
	if err != nil {
		return err
	}
	w.upload = aws.ToString(out.UploadId)
	return w.failure()
}

// requestGrace is how long requests that change something may go on when their upload is over. Most come to an end in
// it, and then it is known what the server made of them; one that is cut off may still have its way later.
const requestGrace = 2 * time.Second

// outlive is a context that ends a while after its parent.
func outlive(parent context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() { time.AfterFunc(grace, cancel) })
	return ctx, func() { stop(); cancel() }
}

// sendPart uploads one part with its checksum, which the server compares.
func (w *s3Writer) sendPart(part []byte, number int32) {
	ctx, cancel := outlive(w.ctx, requestGrace)
	defer cancel()
	sum := checksum(part)
	out, err := w.store.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &w.store.bucket, Key: &w.name, UploadId: &w.upload, PartNumber: &number,
		Body: bytes.NewReader(part), ChecksumCRC32: &sum,
	})
	if err != nil {
		_ = w.fail(err) // kept for the next Write or Commit
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parts = append(w.parts, types.CompletedPart{ETag: out.ETag, PartNumber: &number, ChecksumCRC32: out.ChecksumCRC32})
}

// checksum is the CRC-32 of the IEEE polynomial, big-endian, in base64.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
func checksum(b []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)))
}

// Commit implements Writer.
func (w *s3Writer) Commit(ctx context.Context) error {
	if w.over {
		return fmt.Errorf("objects: commit %q: %w", w.key, os.ErrClosed)
	}
	defer w.Abort()
	stop := context.AfterFunc(ctx, func() { _ = w.fail(ctx.Err()) }) // kept for failure
	defer stop()
	if ctx.Err() != nil {
		return w.fail(ctx.Err())
	}
	if err := w.failure(); err != nil {
		return err
	}
	finish := w.put
	if w.upload != "" {
		if err := w.send(); err != nil {
			return w.fail(err)
		}
		w.wg.Wait()
		if err := w.failure(); err != nil {
			return err
		}
		finish = w.complete
	}
	if err := w.publish(finish); err != nil {
		return err
	}
	w.over = true
	w.cancel()
	return nil
}

func (w *s3Writer) put(ifNoneMatch *string) error {
	ctx, cancel := outlive(w.ctx, requestGrace)
	defer cancel()
	sum := checksum(w.part)
	_, err := w.store.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &w.store.bucket, Key: &w.name, ContentType: &w.o.ContentType, IfNoneMatch: ifNoneMatch,
		Body: bytes.NewReader(w.part), ChecksumCRC32: &sum, ContentLength: aws.Int64(w.size),
		Metadata: map[string]string{markKey: w.mark},
	})
	return err
}

func (w *s3Writer) complete(ifNoneMatch *string) error {
	slices.SortFunc(w.parts, func(a, b types.CompletedPart) int { return cmp.Compare(*a.PartNumber, *b.PartNumber) })
	ctx, cancel := outlive(w.ctx, requestGrace)
	defer cancel()
	_, err := w.store.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &w.store.bucket, Key: &w.name, UploadId: &w.upload, IfNoneMatch: ifNoneMatch,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: w.parts},
	})
	return err
}

// publish makes the object visible with finish and finds out what became of it.
func (w *s3Writer) publish(finish func(ifNoneMatch *string) error) error {
	var condition *string
	if w.o.IfAbsent {
		// Servers that do not know the condition may ignore it, so the key is looked at first in any case.
		if _, _, err := w.store.head(w.ctx, w.name); err == nil {
			return fmt.Errorf("%w (%q)", ErrExists, w.key)
		} else if !errors.Is(kindOf(err), ErrNotFound) {
			return w.fail(err)
		}
		condition = aws.String("*")
	}
	err := finish(condition)
	switch {
	case condition == nil:
	case status(err) == http.StatusNotImplemented || code(err) == "NotImplemented":
		err = finish(nil)
	case code(err) == "ConditionalRequestConflict":
		// Another request for the key was under way; it is over now, one way or the other.
		err = finish(condition)
	}
	return w.settle(err)
}

// settle looks at the object after an attempt to publish it. An attempt may have worked although it ended with an
// error, when its answer was lost and the SDK or the caller's context gave up; and the other way around.
func (w *s3Writer) settle(attempt error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), cleanupTimeout)
	defer cancel()
	info, mark, err := w.store.head(ctx, w.name)
	switch {
	case err == nil && mark == w.mark && info.Size == w.size:
		return nil
	case err == nil && mark == w.mark:
		w.remove(ctx)
		return fmt.Errorf("objects: write %q: the store has %d bytes of %d", w.key, info.Size, w.size)
	case attempt == nil && err == nil && mark != "":
		return nil // somebody else has replaced it meanwhile
	case attempt == nil && err == nil && info.Size == w.size:
		return nil // the server keeps no metadata
	case attempt == nil && err == nil:
		return fmt.Errorf("objects: write %q: the store has %d bytes of %d", w.key, info.Size, w.size)
	case attempt == nil:
		return fmt.Errorf("objects: verify what was written: %w", w.store.fault("look at", w.key, err))
	case w.o.IfAbsent && (err == nil || code(attempt) == "PreconditionFailed"):
		return fmt.Errorf("%w (%q)", ErrExists, w.key)
	case code(attempt) == "NoSuchUpload":
		return fmt.Errorf("objects: write %q: the unfinished object was removed by somebody else", w.key)
	}
	return w.fail(attempt)
}

// remove deletes an object of ours that is not whole.
func (w *s3Writer) remove(ctx context.Context) {
	// The caller learns of the bad object in any case.
	_, _ = w.store.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &w.store.bucket, Key: &w.name})
}

// Abort implements Writer.
func (w *s3Writer) Abort() {
	if w.over {
		return
	}
	w.over = true
	w.cancel()
	w.wg.Wait()
	w.part, w.buffers.free = nil, nil
	if w.upload == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), cleanupTimeout)
	defer cancel()
	// What cannot be aborted now is found by AbortUnfinished; there is nobody here to tell.
	_, _ = w.store.abort(ctx, &w.name, &w.upload)
}
