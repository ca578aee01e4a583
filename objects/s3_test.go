package objects_test

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/objects/objectstest"
	"github.com/kampyn/opsbot/sandbox/s3"
	"github.com/stretchr/testify/require"
)

const (
	accessKey = "AKIAOPSBOTTESTKEY123"
	secretKey = "opsbot-test-secret-key"
	bucket    = "opsbot-test"
)

// server is the gateway that the tests of this package share: a process can have one.
var server *s3.Server

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "opsbot-objects")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	server, err = s3.Start(s3.Options{Dir: dir, AccessKey: accessKey, SecretKey: secretKey, Buckets: []string{bucket}})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	return m.Run()
}

var prefixes atomic.Int64

// options are for an empty prefix of the shared bucket.
func options(t *testing.T) objects.S3Options {
	name := strings.ToLower(strings.NewReplacer("/", "-", "#", "").Replace(t.Name()))
	return objects.S3Options{
		Bucket: bucket, Prefix: fmt.Sprintf("%s-%d", name, prefixes.Add(1)), Endpoint: server.Endpoint(),
		PathStyle: true, AccessKey: accessKey, SecretKey: secretKey,
	}
}

func open(t *testing.T, o objects.S3Options) *objects.S3 {
	t.Helper()
	s, err := objects.NewS3(t.Context(), o)
	require.NoError(t, err)
	return s
}

func TestS3(t *testing.T) {
	objectstest.Run(t, func(t *testing.T) objects.Store { return open(t, options(t)) })
}
