package s3

import (
	"context"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3response"
)

// rooted is the gateway's folder backend with absolute paths. The original finds buckets below the working directory
// of the process, which a sandbox must not move. What is not passed on here is answered with NotImplemented.
type rooted struct {
	backend.BackendUnsupported
	posix *posix.Posix
	dir   string
}

// at is the bucket as the folder backend shall see it.
func (b *rooted) at(bucket string) string { return filepath.Join(b.dir, bucket) }

func (b *rooted) name(bucket *string) *string { return aws.String(b.at(aws.ToString(bucket))) }

func (b *rooted) Shutdown()      { b.posix.Shutdown() }
func (b *rooted) String() string { return "folder " + b.dir }

func (b *rooted) NormalizeObjectKey(bucket, object string) string {
	return b.posix.NormalizeObjectKey(b.at(bucket), object)
}

func (b *rooted) ListBuckets(_ context.Context, in s3response.ListBucketsInput) (s3response.ListAllMyBucketsResult, error) {
	var out s3response.ListAllMyBucketsResult
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return out, err
	}
	out.Owner.ID = in.Owner
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !entry.IsDir() || entry.Name()[0] == '.' {
			continue // gone in between, or none of ours
		}
		out.Buckets.Bucket = append(out.Buckets.Bucket, s3response.ListAllMyBucketsEntry{
			Name: entry.Name(), CreationDate: info.ModTime(),
		})
	}
	return out, nil
}

func (b *rooted) HeadBucket(ctx context.Context, in *s3.HeadBucketInput) (*s3.HeadBucketOutput, error) {
	in.Bucket = b.name(in.Bucket)
	return b.posix.HeadBucket(ctx, in)
}

func (b *rooted) GetBucketAcl(ctx context.Context, in *s3.GetBucketAclInput) ([]byte, error) {
	in.Bucket = b.name(in.Bucket)
	return b.posix.GetBucketAcl(ctx, in)
}

func (b *rooted) CreateBucket(ctx context.Context, in *s3.CreateBucketInput, acl []byte) error {
	in.Bucket = b.name(in.Bucket)
	return b.posix.CreateBucket(ctx, in, acl)
}

func (b *rooted) DeleteBucket(ctx context.Context, bucket string) error {
	return b.posix.DeleteBucket(ctx, b.at(bucket))
}

func (b *rooted) GetBucketVersioning(ctx context.Context, bucket string) (s3response.GetBucketVersioningOutput, error) {
	return b.posix.GetBucketVersioning(ctx, b.at(bucket))
}

func (b *rooted) GetBucketPolicy(ctx context.Context, bucket string) ([]byte, error) {
	return b.posix.GetBucketPolicy(ctx, b.at(bucket))
}

func (b *rooted) GetBucketOwnershipControls(ctx context.Context, bucket string) (types.ObjectOwnership, error) {
	return b.posix.GetBucketOwnershipControls(ctx, b.at(bucket))
}

func (b *rooted) GetBucketCors(ctx context.Context, bucket string) ([]byte, error) {
	return b.posix.GetBucketCors(ctx, b.at(bucket))
}

func (b *rooted) GetObjectLockConfiguration(ctx context.Context, bucket string) ([]byte, error) {
	return b.posix.GetObjectLockConfiguration(ctx, b.at(bucket))
}

func (b *rooted) GetObjectRetention(ctx context.Context, bucket, object, version string) ([]byte, error) {
	return b.posix.GetObjectRetention(ctx, b.at(bucket), object, version)
}

func (b *rooted) GetObjectLegalHold(ctx context.Context, bucket, object, version string) (*bool, error) {
	return b.posix.GetObjectLegalHold(ctx, b.at(bucket), object, version)
}

func (b *rooted) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	bucket := aws.ToString(in.Bucket)
	in.Bucket = b.name(in.Bucket)
	out, err := b.posix.CreateMultipartUpload(ctx, in)
	out.Bucket = bucket
	return out, err
}

func (b *rooted) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	bucket := in.Bucket
	in.Bucket = b.name(in.Bucket)
	out, version, err := b.posix.CompleteMultipartUpload(ctx, in)
	out.Bucket = bucket
	return out, version, err
}

func (b *rooted) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) error {
	in.Bucket = b.name(in.Bucket)
	return b.posix.AbortMultipartUpload(ctx, in)
}

func (b *rooted) ListMultipartUploads(ctx context.Context, in *s3.ListMultipartUploadsInput) (s3response.ListMultipartUploadsResult, error) {
	bucket := aws.ToString(in.Bucket)
	in.Bucket = b.name(in.Bucket)
	out, err := b.posix.ListMultipartUploads(ctx, in)
	out.Bucket = bucket
	return out, err
}

func (b *rooted) ListParts(ctx context.Context, in *s3.ListPartsInput) (s3response.ListPartsResult, error) {
	bucket := aws.ToString(in.Bucket)
	in.Bucket = b.name(in.Bucket)
	out, err := b.posix.ListParts(ctx, in)
	out.Bucket = bucket
	return out, err
}

func (b *rooted) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	in.Bucket = b.name(in.Bucket)
	return b.posix.UploadPart(ctx, in)
}

func (b *rooted) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	in.Bucket = b.name(in.Bucket)
	return b.posix.PutObject(ctx, in)
}

func (b *rooted) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	in.Bucket = b.name(in.Bucket)
	return b.posix.HeadObject(ctx, in)
}

func (b *rooted) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	in.Bucket = b.name(in.Bucket)
	return b.posix.GetObject(ctx, in)
}

func (b *rooted) ListObjects(ctx context.Context, in *s3.ListObjectsInput) (s3response.ListObjectsResult, error) {
	bucket := in.Bucket
	in.Bucket = b.name(in.Bucket)
	out, err := b.posix.ListObjects(ctx, in)
	out.Name = bucket
	return out, err
}

func (b *rooted) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input) (s3response.ListObjectsV2Result, error) {
	bucket := in.Bucket
	in.Bucket = b.name(in.Bucket)
	out, err := b.posix.ListObjectsV2(ctx, in)
	out.Name = bucket
	return out, err
}

func (b *rooted) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	in.Bucket = b.name(in.Bucket)
	return b.posix.DeleteObject(ctx, in)
}

func (b *rooted) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	in.Bucket = b.name(in.Bucket)
	return b.posix.DeleteObjects(ctx, in)
}

// byBucket keeps the metadata under the bucket's name, not under its absolute path, so that the folder can be moved.
type byBucket struct{ meta.SideCar }

func (s byBucket) RetrieveAttribute(f *os.File, bucket, object, attribute string) ([]byte, error) {
	return s.SideCar.RetrieveAttribute(f, filepath.Base(bucket), object, attribute)
}

func (s byBucket) StoreAttribute(f *os.File, bucket, object, attribute string, value []byte) error {
	return s.SideCar.StoreAttribute(f, filepath.Base(bucket), object, attribute, value)
}

func (s byBucket) DeleteAttribute(bucket, object, attribute string) error {
	return s.SideCar.DeleteAttribute(filepath.Base(bucket), object, attribute)
}

func (s byBucket) ListAttributes(bucket, object string) ([]string, error) {
	return s.SideCar.ListAttributes(filepath.Base(bucket), object)
}

func (s byBucket) DeleteAttributes(bucket, object string) error {
	return s.SideCar.DeleteAttributes(filepath.Base(bucket), object)
}

func (s byBucket) RenameObject(bucket, oldObject, newObject string) error {
	return s.SideCar.RenameObject(filepath.Base(bucket), oldObject, newObject)
}
