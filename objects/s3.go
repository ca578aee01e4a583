package objects

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3Options name a bucket and how to reach it.
type S3Options struct {
	Bucket string
	// Prefix stands before every key, with a slash between; "" means the whole bucket.
	Prefix string
	// Region is found in the environment when it is empty, and "us-east-1" in the end.
	Region string
	// Endpoint is the URL of a server other than Amazon's: "https://minio.example.org:9000".
	Endpoint string
	// PathStyle puts the bucket into the path instead of the host name, as many such servers want it.
	PathStyle bool
	// AccessKey and SecretKey go together. Without them the SDK looks for credentials in the environment, the shared
	// files and the machine's role.
	AccessKey, SecretKey string
	// HTTPClient replaces the client, which gives up on a connection on which nothing moves.
	HTTPClient *http.Client
	// Attempts is how often a request is tried when the server or the way to it fails; 0 means 6.
	Attempts int
}

// S3 is a Store in a bucket of Amazon S3 or of a server that speaks its protocol.
type S3 struct {
	client  *s3.Client
	bucket  string
	prefix  string // "" or ending with a slash
	place   string // where the bucket is, for people
	secrets []string
}

var _ Store = (*S3)(nil)

// cleanupTimeout bounds what is done after the caller's context has ended.
const cleanupTimeout = 15 * time.Second

// NewS3 makes the store without asking the server anything.
func NewS3(ctx context.Context, o S3Options) (*S3, error) {
	if o.Bucket == "" || strings.Contains(o.Bucket, "/") {
		return nil, fmt.Errorf("objects: %q cannot be a bucket's name", o.Bucket)
	}
	if (o.AccessKey == "") != (o.SecretKey == "") {
		return nil, errors.New("objects: an S3 access key and its secret key go together")
	}
	prefix := strings.Trim(o.Prefix, "/")
	if prefix != "" {
		if err := checkKey(prefix); err != nil {
			return nil, err
		}
		prefix += "/"
	}
	place := "Amazon S3"
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
			return nil, errors.New("objects: the S3 endpoint must be a URL such as https://s3.example.org, without credentials")
		}
		place = u.Host
	}
	settings, err := s3Config(ctx, o)
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(settings, func(c *s3.Options) {
		c.UsePathStyle = o.PathStyle
		c.AppID = "opsbot"
		if o.Endpoint != "" {
			c.BaseEndpoint = aws.String(o.Endpoint)
		}
		c.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts = cmp.Or(o.Attempts, 6)
			r.MaxBackoff = 10 * time.Second
		})
		// Checksums of uploads are set by the writer, in headers: those of the SDK change the body's framing over
		// https, which older servers store as part of the object.
		c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		c.DisableLogOutputChecksumValidationSkipped = true
	})
	s := &S3{client: client, bucket: o.Bucket, prefix: prefix, place: place}
	if o.AccessKey != "" {
		s.secrets = []string{o.SecretKey, o.AccessKey}
	}
	return s, nil
}

func s3Config(ctx context.Context, o S3Options) (aws.Config, error) {
	client := impatientClient()
	settings := aws.Config{
		Region:      o.Region,
		Credentials: credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, ""),
		HTTPClient:  client,
	}
	if o.AccessKey == "" {
		var err error
		if settings, err = config.LoadDefaultConfig(ctx, config.WithHTTPClient(client), config.WithRegion(o.Region)); err != nil {
			return settings, fmt.Errorf("objects: look for S3 credentials: %w", err)
		}
	}
	if o.HTTPClient != nil {
		settings.HTTPClient = o.HTTPClient
	}
	settings.Region = cmp.Or(settings.Region, "us-east-1")
	return settings, nil
}

// String is "s3://bucket/prefix".
func (s *S3) String() string { return "s3://" + strings.TrimSuffix(s.bucket+"/"+s.prefix, "/") }

// name is the key inside the bucket.
func (s *S3) name(key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	if len(s.prefix)+len(key) > maxKey {
		return "", fmt.Errorf("objects: the key %q is longer than %d bytes with its prefix", key, maxKey)
	}
	return s.prefix + key, nil
}

// head asks for an object's size and time, and for the mark that its writer left.
func (s *S3) head(ctx context.Context, name string) (info Info, mark string, err error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &name})
	if err != nil {
		return Info{}, "", err
	}
	return Info{
		Key:      strings.TrimPrefix(name, s.prefix),
		Size:     aws.ToInt64(out.ContentLength),
		Modified: aws.ToTime(out.LastModified),
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
		LockedUntil: aws.ToTime(out.ObjectLockRetainUntilDate),
		Held:        out.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn,
	}, out.Metadata[markKey], nil
}

// Stat implements Store.
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	name, err := s.name(key)
	if err != nil {
		return Info{}, err
	}
	info, _, err := s.head(ctx, name)
	if err == nil {
		return info, nil
	}
	fault := s.fault("look at", key, err)
	if errors.Is(fault, ErrNotFound) {
		// The answer to HEAD has no body: a missing bucket looks like a missing object.
		_, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
		if errors.Is(s.fault("look at", key, err), ErrNotFound) {
			return Info{}, s.noBucket(err)
		}
	}
	return Info{}, fault
}

// List implements Store.
func (s *S3) List(ctx context.Context, prefix string) ([]Info, error) {
	var found []Info
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
		Bucket: &s.bucket, Prefix: aws.String(s.prefix + prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.fault("list", prefix, err)
		}
		for _, o := range page.Contents {
			key := strings.TrimPrefix(aws.ToString(o.Key), s.prefix)
			if key == "" || strings.HasSuffix(key, "/") {
				continue // a folder that some console made
			}
			found = append(found, Info{Key: key, Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)})
		}
	}
	// Not every server orders as the protocol wants it.
	slices.SortFunc(found, func(a, b Info) int { return cmp.Compare(a.Key, b.Key) })
	return found, nil
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, key string) error {
	name, err := s.name(key)
	if err != nil {
		return err
	}
	_, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &name})
	if err != nil {
		if err = s.fault("delete", key, err); errors.Is(err, ErrNotFound) {
			return nil
		}
	}
	return err
}

// AbortUnfinished implements Store. A writer that is still at work, here or in another process, fails at Commit.
// Uploads that have not filled their first part are not known to the server and are not counted.
func (s *S3) AbortUnfinished(ctx context.Context, prefix string) (int, error) {
	var uploads []types.MultipartUpload
	pages := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{
		Bucket: &s.bucket, Prefix: aws.String(s.prefix + prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, s.fault("list unfinished under", prefix, err)
		}
		uploads = append(uploads, page.Uploads...)
	}
	aborted := 0
	for _, u := range uploads {
		if !strings.HasPrefix(aws.ToString(u.Key), s.prefix+prefix) {
			continue // some servers ignore the prefix
		}
		was, err := s.abort(ctx, u.Key, u.UploadId)
		if err != nil {
			return aborted, s.fault("abort the unfinished", strings.TrimPrefix(aws.ToString(u.Key), s.prefix), err)
		}
		if was {
			aborted++
		}
	}
	return aborted, nil
}

// abort ends a multipart upload and says whether it was there. A part that the server was just taking in may outlive
// the first attempt, so it is repeated until the server knows of no such upload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
func (s *S3) abort(ctx context.Context, name, upload *string) (was bool, err error) {
	const attempts = 3
	for i := range attempts {
		_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
			Bucket: &s.bucket, Key: name, UploadId: upload,
		})
		if code(err) == "NoSuchUpload" {
			return i > 0, nil // at first: committed or aborted by somebody else meanwhile
		}
		if err != nil {
			return i > 0, err
		}
		select {
		case <-time.After(20 * time.Millisecond << i):
		case <-ctx.Done():
			return true, ctx.Err()
		}
	}
	return true, nil
}

// Open implements Store. A body that breaks off is read on from where it stopped, as long as the object is the same.
func (s *S3) Open(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	name, err := s.name(key)
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, fmt.Errorf("objects: open %q: offset %d is negative", key, offset)
	}
	r := &s3Reader{ctx: ctx, store: s, key: key, name: name, offset: offset}
	switch err := r.open(); {
	case code(err) == "InvalidRange" || status(err) == http.StatusRequestedRangeNotSatisfiable:
		info, _, err := s.head(ctx, name)
		if err != nil {
			return nil, s.fault("open", key, err)
		}
		if offset != info.Size {
			return nil, fmt.Errorf("objects: open %q: %w", key, offsetError(offset, info.Size))
		}
		return io.NopCloser(strings.NewReader("")), nil
	case err != nil:
		return nil, s.fault("open", key, err)
	}
	return r, nil
}
