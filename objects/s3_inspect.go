package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Code is the error code of the server's answer ("NoSuchBucket"), or "" for errors that are none of its answers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
func Code(err error) string { return code(err) }

// Place is where the bucket is: a host, or "Amazon S3".
func (s *S3) Place() string { return s.place }

// Clock answers how far the server's clock is ahead of ours, by the date of an answer, which has whole seconds.
func (s *S3) Clock(ctx context.Context) (ahead, giveOrTake time.Duration, err error) {
	began := time.Now()
	out, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
	took := time.Since(began)
	var theirs time.Time
	if err == nil {
		theirs, _ = awsmiddleware.GetServerTime(out.ResultMetadata)
	} else if refused := (*awshttp.ResponseError)(nil); errors.As(err, &refused) {
		theirs, _ = http.ParseTime(refused.Response.Header.Get("Date")) // zero when it is missing
	}
	if theirs.IsZero() {
		if err == nil {
			err = errors.New("its answers have no date")
		}
		return 0, 0, s.fault("read the clock behind", "", err)
	}
	return theirs.Add(time.Second / 2).Sub(began.Add(took / 2)), took/2 + time.Second/2, nil
}

// TryMultipart begins a multipart upload under key, sends one small part of it, and aborts it.
func (s *S3) TryMultipart(ctx context.Context, key string) error {
	name, err := s.name(key)
	if err != nil {
		return err
	}
	begun, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: &name, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
	if err != nil {
		return s.fault("begin an upload of parts to", key, err)
	}
	body := []byte("a part of an upload that is tried out")
	sum := checksum(body)
	_, err = s.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &s.bucket, Key: &name, UploadId: begun.UploadId,
		PartNumber: aws.Int32(1), Body: bytes.NewReader(body), ChecksumCRC32: &sum})
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	_, aborted := s.abort(cleanup, &name, begun.UploadId)
	return errors.Join(s.fault("send a part to", key, err), s.fault("abort the upload to", key, aborted))
}

// HonoursCondition tries whether the server refuses to overwrite the existing object key when it is asked not to. A
// server that does not know the condition overwrites it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (s *S3) HonoursCondition(ctx context.Context, key string) (bool, error) {
	name, err := s.name(key)
	if err != nil {
		return false, err
	}
	body := []byte("overwritten")
	sum := checksum(body)
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &name, Body: bytes.NewReader(body), ChecksumCRC32: &sum, IfNoneMatch: aws.String("*")})
	switch {
	case code(err) == "PreconditionFailed", status(err) == http.StatusPreconditionFailed:
		return true, nil
	case err == nil, code(err) == "NotImplemented", status(err) == http.StatusNotImplemented:
		return false, nil
	}
	return false, s.fault("conditionally write", key, err)
}

// Lock is how long a bucket keeps what was deleted.
type Lock struct {
	On bool
	// Mode is "GOVERNANCE" or "COMPLIANCE", and Days counts how long each new object is locked; both are zero without a
	// default retention.
	Mode string
	Days int
}

// Lock asks for the bucket's object lock.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
func (s *S3) Lock(ctx context.Context) (Lock, error) {
	out, err := s.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &s.bucket})
	if code(err) == "ObjectLockConfigurationNotFoundError" {
		return Lock{}, nil
	}
	if err != nil {
		return Lock{}, s.fault("read the object lock of", "", err)
	}
	l := Lock{}
	if c := out.ObjectLockConfiguration; c != nil {
		l.On = c.ObjectLockEnabled == types.ObjectLockEnabledEnabled
		if c.Rule != nil && c.Rule.DefaultRetention != nil {
			r := c.Rule.DefaultRetention
			l.Mode, l.Days = string(r.Mode), int(aws.ToInt32(r.Days)+365*aws.ToInt32(r.Years))
		}
	}
	return l, nil
}

// Versioned asks whether the bucket keeps old versions of what is overwritten or deleted.
func (s *S3) Versioned(ctx context.Context) (bool, error) {
	out, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.bucket})
	if err != nil {
		return false, s.fault("read the versioning of", "", err)
	}
	return out.Status == types.BucketVersioningStatusEnabled, nil
}

// Encryption asks how the bucket encrypts what it stores: "AES256", "aws:kms", or "" for not at all.
func (s *S3) Encryption(ctx context.Context) (string, error) {
	out, err := s.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &s.bucket})
	if code(err) == "ServerSideEncryptionConfigurationNotFoundError" {
		return "", nil
	}
	if err != nil {
		return "", s.fault("read the encryption of", "", err)
	}
	if c := out.ServerSideEncryptionConfiguration; c != nil {
		for _, rule := range c.Rules {
			if by := rule.ApplyServerSideEncryptionByDefault; by != nil {
				return string(by.SSEAlgorithm), nil
			}
		}
	}
	return "", nil
}

// Lifecycle is what the bucket's rules do to the objects under the store's prefix.
type Lifecycle struct {
	// AbortDays is after how many days unfinished uploads are removed, ExpireDays after how many objects are; 0 means
	// never.
	AbortDays, ExpireDays int
}

// Lifecycle asks for the bucket's rules.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func (s *S3) Lifecycle(ctx context.Context) (Lifecycle, error) {
	out, err := s.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &s.bucket})
	if code(err) == "NoSuchLifecycleConfiguration" {
		return Lifecycle{}, nil
	}
	if err != nil {
		return Lifecycle{}, s.fault("read the lifecycle rules of", "", err)
	}
	l := Lifecycle{}
	for _, rule := range out.Rules {
		if rule.Status != types.ExpirationStatusEnabled || !s.touches(rule) {
			continue
		}
		if a := rule.AbortIncompleteMultipartUpload; a != nil {
			l.AbortDays = soonest(l.AbortDays, int(aws.ToInt32(a.DaysAfterInitiation)))
		}
		if e := rule.Expiration; e != nil {
			l.ExpireDays = soonest(l.ExpireDays, int(aws.ToInt32(e.Days)))
		}
	}
	return l, nil
}

// touches says whether a rule is about objects that the store may write.
func (s *S3) touches(rule types.LifecycleRule) bool {
	prefix := ""
	if f := rule.Filter; f != nil {
		if f.Tag != nil || f.And != nil && len(f.And.Tags) > 0 {
			return false // none of ours has tags
		}
		prefix = aws.ToString(f.Prefix)
		if f.And != nil {
			prefix = aws.ToString(f.And.Prefix)
		}
	}
	if len(prefix) > len(s.prefix) {
		return prefix[:len(s.prefix)] == s.prefix
	}
	return s.prefix[:len(prefix)] == prefix
}

func soonest(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// ReadSettings says what the credentials must be allowed for the questions about the bucket itself.
const ReadSettings = "s3:GetBucketVersioning, s3:GetBucketObjectLockConfiguration, s3:GetEncryptionConfiguration, s3:GetLifecycleConfiguration"

// String shows the lock in words.
func (l Lock) String() string {
	switch {
	case !l.On:
		return "off"
	case l.Days == 0:
		return "on, without a default retention"
	}
	return fmt.Sprintf("on, each object for %d days (%s)", l.Days, l.Mode)
}
