package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// maxResumes is how often in a row a body may break off without a single byte in between.
const maxResumes = 5

// s3Reader reads an object over as many requests as it takes.
type s3Reader struct {
	ctx     context.Context
	store   *S3
	key     string
	name    string
	offset  int64 // of the next byte
	end     int64 // the object's size
	etag    *string
	body    io.ReadCloser
	resumes int
	err     error // what ended the reading
}

// open asks for the object from offset on; after the first time only for the same object.
func (r *s3Reader) open() error {
	in := &s3.GetObjectInput{Bucket: &r.store.bucket, Key: &r.name, IfMatch: r.etag}
	if r.offset > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", r.offset))
	} else {
		// A whole body can be compared with the checksum that the server keeps, if it keeps one.
		in.ChecksumMode = types.ChecksumModeEnabled
	}
	out, err := r.store.client.GetObject(r.ctx, in)
	if err != nil {
		return err
	}
	if r.offset > 0 && out.ContentRange == nil {
		return errors.Join(errors.New("the server does not answer ranges"), out.Body.Close())
	}
	r.body, r.etag = out.Body, out.ETag
	r.end = r.offset + aws.ToInt64(out.ContentLength)
	return nil
}

func (r *s3Reader) Read(p []byte) (int, error) {
	for r.err == nil {
		n, err := r.body.Read(p)
		r.offset += int64(n)
		if n > 0 {
			r.resumes = 0
		}
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, io.EOF) && r.offset == r.end:
			r.err = io.EOF
		case r.ctx.Err() != nil:
			r.err = r.store.fault("read", r.key, r.ctx.Err())
		case r.offset >= r.end:
			// The bytes are all here, so it is their checksum that is wrong.
			r.err = r.store.fault("read", r.key, err)
		default:
			r.err = r.resume(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, r.err
}

// resume opens the object again after its body broke off with cause.
func (r *s3Reader) resume(cause error) error {
	if r.resumes++; r.resumes > maxResumes {
		return r.store.fault("read", r.key, cause)
	}
	// A broken body has nothing more to say when it is closed.
	_ = r.body.Close()
	pause := time.NewTimer(50 * time.Millisecond << r.resumes)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-r.ctx.Done():
		return r.store.fault("read", r.key, r.ctx.Err())
	}
	err := r.open()
	if code(err) == "PreconditionFailed" || status(err) == 412 {
		return fmt.Errorf("objects: read %q: the object was replaced while it was read", r.key)
	}
	if err != nil {
		return r.store.fault("read", r.key, err)
	}
	return nil
}

// Close ends the reading; what it has read stays valid, whatever the connection says at its end.
func (r *s3Reader) Close() error {
	if r.err == nil {
		r.err = fmt.Errorf("objects: read %q: the reader is closed", r.key)
	}
	_ = r.body.Close()
	return nil
}
