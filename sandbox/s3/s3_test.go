package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/kampyn/opsbot/sandbox/s3"
	"github.com/stretchr/testify/require"
)

const bucket = "try"

func client(endpoint, secret string) *sdk.Client {
	return sdk.NewFromConfig(aws.Config{
		Region:      s3.Region,
		Credentials: credentials.NewStaticCredentialsProvider("access", secret, ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{}},
	}, func(o *sdk.Options) {
		o.BaseEndpoint, o.UsePathStyle = &endpoint, true
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = 1 })
	})
}

func start(t *testing.T, dir string) *s3.Server {
	t.Helper()
	server, err := s3.Start(s3.Options{Dir: dir, AccessKey: "access", SecretKey: "secret", Buckets: []string{bucket}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

func put(ctx context.Context, c *sdk.Client, key, content string) error {
	_, err := c.PutObject(ctx, &sdk.PutObjectInput{
		Bucket: aws.String(bucket), Key: &key, Body: bytes.NewReader([]byte(content)),
		Metadata: map[string]string{"colour": "green"},
	})
	return err
}

func get(ctx context.Context, c *sdk.Client, key string) (string, error) {
	out, err := c.GetObject(ctx, &sdk.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	content, err := io.ReadAll(out.Body)
	return string(content), err
}

func code(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestServer(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	before, err := os.Getwd()
	require.NoError(t, err)
	server := start(t, dir)
	c := client(server.Endpoint(), "secret")

	require.NoError(t, put(ctx, c, "a/b", "hello"))
	content, err := get(ctx, c, "a/b")
	require.NoError(t, err)
	require.Equal(t, "hello", content)
	head, err := c.HeadObject(ctx, &sdk.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("a/b")})
	require.NoError(t, err)
	require.Equal(t, "green", head.Metadata["colour"])
	_, err = get(ctx, c, "none")
	require.Equal(t, "NoSuchKey", code(err))
	buckets, err := c.ListBuckets(ctx, &sdk.ListBucketsInput{})
	require.NoError(t, err)
	require.Len(t, buckets.Buckets, 1)
	list, err := c.ListObjectsV2(ctx, &sdk.ListObjectsV2Input{Bucket: aws.String(bucket)})
	require.NoError(t, err)
	require.Len(t, list.Contents, 1)
	require.Equal(t, bucket, *list.Name)

	require.Equal(t, "SignatureDoesNotMatch", code(put(ctx, client(server.Endpoint(), "wrong"), "x", "y")))
	wrong := "AAAAAA=="
	_, err = c.PutObject(ctx, &sdk.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("x"), Body: strings.NewReader("y"), ChecksumCRC32: &wrong,
	})
	require.Error(t, err, "a wrong checksum")

	_, err = s3.Start(s3.Options{Dir: t.TempDir(), AccessKey: "a", SecretKey: "b"})
	require.Error(t, err, "a second server in the process")
	require.NoError(t, server.Close())
	require.NoError(t, server.Close(), "Close twice")
	_, err = net.Dial("tcp", strings.TrimPrefix(server.Endpoint(), "http://"))
	require.Error(t, err)
	after, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, before, after, "the working directory is left alone")

	moved := t.TempDir() + "/moved"
	require.NoError(t, os.Rename(dir, moved))
	again := start(t, moved)
	c = client(again.Endpoint(), "secret")
	content, err = get(ctx, c, "a/b")
	require.NoError(t, err)
	require.Equal(t, "hello", content, "objects outlive the server")
	head, err = c.HeadObject(ctx, &sdk.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("a/b")})
	require.NoError(t, err)
	require.Equal(t, "green", head.Metadata["colour"])
}

func TestStartRefuses(t *testing.T) {
	_, err := s3.Start(s3.Options{Dir: t.TempDir()})
	require.Error(t, err, "no credentials")
	_, err = s3.Start(s3.Options{Dir: t.TempDir(), AccessKey: "a", SecretKey: "b", Buckets: []string{"../up"}})
	require.Error(t, err)
	_, err = s3.Start(s3.Options{Dir: "/proc/none", AccessKey: "a", SecretKey: "b"})
	require.Error(t, err)
	_, err = s3.Start(s3.Options{Dir: t.TempDir(), AccessKey: "a", SecretKey: "b", Addr: "256.0.0.1:1"})
	require.Error(t, err)
}

func TestProxy(t *testing.T) {
	ctx := t.Context()
	server := start(t, t.TempDir())
	proxy, err := s3.StartProxy(server.Endpoint())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })
	c := client(proxy.Endpoint(), "secret")

	require.NoError(t, put(ctx, c, "k", strings.Repeat("x", 100_000)), "signatures hold through the proxy")
	require.Equal(t, 1, proxy.Seen("PutObject"))

	proxy.Add(s3.Fault{On: s3.Is("PutObject"), After: 1, Times: 2, Do: s3.Answer(503, "SlowDown")})
	require.NoError(t, put(ctx, c, "k1", "v"))
	require.Equal(t, "SlowDown", code(put(ctx, c, "k2", "v")))
	require.Equal(t, "SlowDown", code(put(ctx, c, "k2", "v")))
	require.NoError(t, put(ctx, c, "k3", "v"))
	_, err = get(ctx, c, "k2")
	require.Equal(t, "NoSuchKey", code(err))

	proxy.Clear()
	proxy.Add(s3.Fault{Times: -1, Do: s3.CutResponse(10_000)})
	content, err := get(ctx, c, "k")
	require.Error(t, err)
	require.Len(t, content, 10_000)

	proxy.Clear()
	proxy.Add(s3.Fault{On: s3.Is("PutObject"), Do: s3.CutRequest(5)})
	proxy.Add(s3.Fault{On: s3.Is("PutObject"), Do: s3.LoseResponse()})
	require.Error(t, put(ctx, c, "cut", "0123456789"))
	require.Error(t, put(ctx, c, "lost", "0123456789"))
	_, err = get(ctx, c, "cut")
	require.Equal(t, "NoSuchKey", code(err))
	content, err = get(ctx, c, "lost")
	require.NoError(t, err)
	require.Equal(t, "0123456789", content)

	proxy.Clear()
	reached, release := make(chan struct{}), make(chan struct{})
	proxy.Add(s3.Fault{Do: s3.Hold(reached, release)})
	done := make(chan error, 1)
	go func() { done <- put(ctx, c, "held", "v") }()
	<-reached
	_, err = get(ctx, c, "held")
	require.Equal(t, "NoSuchKey", code(err))
	close(release)
	require.NoError(t, <-done)

	proxy.Clear()
	proxy.Add(s3.Fault{Do: s3.Wait(time.Hour)})
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, put(short, c, "slow", "v"), context.DeadlineExceeded)
}
