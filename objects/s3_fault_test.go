package objects_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/s3"
	"github.com/stretchr/testify/require"
)

// faulty is a store behind a proxy with faults.
func faulty(t *testing.T, faults ...s3.Fault) (*objects.S3, *s3.Proxy) {
	t.Helper()
	proxy, err := s3.StartProxy(server.Endpoint())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })
	for _, f := range faults {
		proxy.Add(f)
	}
	o := options(t)
	o.Endpoint, o.Attempts = proxy.Endpoint(), 3
	return open(t, o), proxy
}

// noise is content of n bytes in which every stretch is different.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b) // never fails
	return b
}

func upload(s objects.Store, key string, content []byte, o objects.CreateOptions) error {
	w, err := s.Create(context.Background(), key, o)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(content); err != nil {
		return err
	}
	return w.Commit(context.Background())
}

func download(t *testing.T, s objects.Store, key string) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), key, 0)
	require.NoError(t, err)
	defer r.Close()
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return content
}

// empty requires that neither objects nor parts are left, asking past the proxy's faults.
func empty(t *testing.T, s objects.Store, proxy *s3.Proxy) {
	t.Helper()
	proxy.Clear()
	list, err := s.List(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, list)
	n, err := s.AbortUnfinished(t.Context(), "")
	require.NoError(t, err)
	require.Zero(t, n, "unfinished uploads")
}

func TestS3SurvivesPassingFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of megabytes; TestS3GivesUpCleanly has parts that fail side by side")
	}
	large := noise(20 << 20)
	for name, test := range map[string]struct {
		fault   s3.Fault
		content []byte
	}{
		"500 at a part":            {s3.Fault{On: s3.Is("UploadPart"), After: 1, Do: s3.Answer(500, "InternalError")}, large},
		"503 at a part":            {s3.Fault{On: s3.Is("UploadPart"), Times: 2, Do: s3.Answer(503, "SlowDown")}, large},
		"cut inside of a part":     {s3.Fault{On: s3.Is("UploadPart"), After: 1, Do: s3.CutRequest(1 << 20)}, large},
		"answer to a part is lost": {s3.Fault{On: s3.Is("UploadPart"), Do: s3.LoseResponse()}, large},
		"503 at the beginning":     {s3.Fault{On: s3.Is("CreateMultipartUpload"), Do: s3.Answer(503, "SlowDown")}, large},
		"503 at the end":           {s3.Fault{On: s3.Is("CompleteMultipartUpload"), Do: s3.Answer(503, "SlowDown")}, large},
		"answer to the end is lost": {
			s3.Fault{On: s3.Is("CompleteMultipartUpload"), Do: s3.LoseResponse()}, large,
		},
		"all answers to the end are lost": {
			s3.Fault{On: s3.Is("CompleteMultipartUpload"), Times: -1, Do: s3.LoseResponse()}, large,
		},
		"503 at a small object":            {s3.Fault{On: s3.Is("PutObject"), Do: s3.Answer(503, "SlowDown")}, large[:100]},
		"answer to a small object is lost": {s3.Fault{On: s3.Is("PutObject"), Do: s3.LoseResponse()}, large[:100]},
	} {
		for _, ifAbsent := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s, proxy := faulty(t, test.fault)
				require.NoError(t, upload(s, "k", test.content, objects.CreateOptions{IfAbsent: ifAbsent}))
				require.True(t, bytes.Equal(test.content, download(t, s, "k")))
				proxy.Clear()
				n, err := s.AbortUnfinished(t.Context(), "")
				require.NoError(t, err)
				require.Zero(t, n)
			})
		}
	}
}

func TestS3GivesUpCleanly(t *testing.T) {
	large := noise(20 << 20)
	always := func(operation string, do s3.Action) s3.Fault {
		return s3.Fault{On: s3.Is(operation), Times: -1, Do: do}
	}
	for name, test := range map[string]struct {
		fault   s3.Fault
		content []byte
		kind    error
	}{
		"full at a part":         {always("UploadPart", s3.Answer(507, "InsufficientStorage")), large, objects.ErrFull},
		"quota at a part":        {always("UploadPart", s3.Answer(403, "QuotaExceeded")), large, objects.ErrFull},
		"full MinIO":             {always("PutObject", s3.Answer(507, "XMinioStorageFull")), large[:10], objects.ErrFull},
		"denied at a part":       {always("UploadPart", s3.Answer(403, "AccessDenied")), large, objects.ErrDenied},
		"denied at the end":      {always("CompleteMultipartUpload", s3.Answer(403, "AccessDenied")), large, objects.ErrDenied},
		"expired":                {always("PutObject", s3.Answer(400, "ExpiredToken")), large[:10], objects.ErrDenied},
		"unavailable throughout": {always("UploadPart", s3.Answer(503, "SlowDown")), large, objects.ErrUnreachable},
		"cut throughout":         {always("UploadPart", s3.CutRequest(1000)), large, objects.ErrUnreachable},
		"cut at the end":         {always("CompleteMultipartUpload", s3.CutRequest(0)), large, objects.ErrUnreachable},
		"not begun":              {always("CreateMultipartUpload", s3.Answer(500, "InternalError")), large, objects.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, proxy := faulty(t, test.fault)
			err := upload(s, "k", test.content, objects.CreateOptions{})
			require.ErrorIs(t, err, test.kind)
			require.NotContains(t, err.Error(), accessKey)
			require.NotContains(t, err.Error(), secretKey)
			require.NotContains(t, err.Error(), "http://")
			empty(t, s, proxy)
		})
	}
}

// TestS3WithoutConditions uses a server that does not know If-None-Match.
func TestS3WithoutConditions(t *testing.T) {
	conditional := func(operation string) func(*http.Request) bool {
		return func(r *http.Request) bool { return s3.Operation(r) == operation && r.Header.Get("If-None-Match") != "" }
	}
	s, _ := faulty(t,
		s3.Fault{On: conditional("PutObject"), Times: -1, Do: s3.Answer(501, "NotImplemented")},
		s3.Fault{On: conditional("CompleteMultipartUpload"), Times: -1, Do: s3.Answer(501, "NotImplemented")})
	for key, content := range map[string][]byte{"small": noise(10), "large": noise(9 << 20)} {
		require.NoError(t, upload(s, key, content, objects.CreateOptions{IfAbsent: true}))
		require.ErrorIs(t, upload(s, key, []byte("other"), objects.CreateOptions{IfAbsent: true}), objects.ErrExists)
		require.True(t, bytes.Equal(content, download(t, s, key)))
	}
}

// TestS3Conflict: the key is taken between the look at it and the upload.
func TestS3Conflict(t *testing.T) {
	s, proxy := faulty(t, s3.Fault{On: s3.Is("PutObject"), Times: -1, Do: s3.Answer(412, "PreconditionFailed")})
	require.ErrorIs(t, upload(s, "k", []byte("x"), objects.CreateOptions{IfAbsent: true}), objects.ErrExists)
	proxy.Clear()
	proxy.Add(s3.Fault{On: s3.Is("PutObject"), Do: s3.Answer(409, "ConditionalRequestConflict")})
	require.NoError(t, upload(s, "k", []byte("x"), objects.CreateOptions{IfAbsent: true}))
}

// TestS3CommitVerifies: a server that says yes and keeps nothing.
func TestS3CommitVerifies(t *testing.T) {
	s, _ := faulty(t, s3.Fault{On: s3.Is("PutObject"), Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // the outcome is for the client to see
		w.WriteHeader(http.StatusOK)
	}})
	require.Error(t, upload(s, "k", []byte("x"), objects.CreateOptions{}))
	_, err := s.Stat(t.Context(), "k")
	require.ErrorIs(t, err, objects.ErrNotFound)
}

func TestS3ChecksumsAreSent(t *testing.T) {
	spoil := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body, _ := io.ReadAll(r.Body)
		body[len(body)/2] ^= 1
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	}
	for operation, content := range map[string][]byte{"PutObject": noise(1000), "UploadPart": noise(9 << 20)} {
		s, proxy := faulty(t, s3.Fault{On: s3.Is(operation), Times: -1, Do: spoil})
		require.Error(t, upload(s, "k", content, objects.CreateOptions{}), operation)
		empty(t, s, proxy)
		proxy.Add(s3.Fault{On: s3.Is(operation), Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Header.Get("x-amz-checksum-crc32") == "" || r.Header.Get("x-amz-trailer") != "" {
				t.Errorf("%s without a checksum in its header: %v", operation, r.Header)
			}
			next.ServeHTTP(w, r)
		}})
		require.NoError(t, upload(s, "k", content, objects.CreateOptions{}), operation)
	}
}

func TestS3OverTLS(t *testing.T) {
	target, err := url.Parse(server.Endpoint())
	require.NoError(t, err)
	front := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		if r.In.Header.Get("x-amz-trailer") != "" {
			t.Error("the body is framed")
		}
	}})
	defer front.Close()
	o := options(t)
	o.Endpoint, o.HTTPClient = front.URL, front.Client()
	s := open(t, o)
	for key, content := range map[string][]byte{"small": noise(10), "large": noise(9 << 20)} {
		require.NoError(t, upload(s, key, content, objects.CreateOptions{IfAbsent: true}))
		require.True(t, bytes.Equal(content, download(t, s, key)))
	}
}

func TestS3ReadsOnAfterABreak(t *testing.T) {
	t.Parallel()
	content := noise(3 << 20)
	s, proxy := faulty(t)
	require.NoError(t, upload(s, "k", content, objects.CreateOptions{}))
	proxy.Add(s3.Fault{On: s3.Is("GetObject"), Times: 8, Do: s3.CutResponse(300_000)})
	require.True(t, bytes.Equal(content, download(t, s, "k")))
	require.Equal(t, 9, proxy.Seen("GetObject"))

	proxy.Clear()
	proxy.Add(s3.Fault{On: s3.Is("GetObject"), After: 1, Times: -1, Do: s3.CutResponse(0)})
	proxy.Add(s3.Fault{On: s3.Is("GetObject"), Do: s3.CutResponse(300_000)})
	r, err := s.Open(t.Context(), "k", 0)
	require.NoError(t, err)
	read, err := io.ReadAll(r)
	require.ErrorIs(t, err, objects.ErrUnreachable)
	require.True(t, bytes.Equal(content[:len(read)], read))
	require.NoError(t, r.Close())

	proxy.Clear()
	proxy.Add(s3.Fault{On: s3.Is("GetObject"), Do: s3.CutResponse(300_000)})
	r, err = s.Open(t.Context(), "k", 1000)
	require.NoError(t, err)
	require.NoError(t, upload(s, "k", noise(4<<20), objects.CreateOptions{}))
	_, err = io.ReadAll(r)
	require.ErrorContains(t, err, "replaced while it was read")
	require.NoError(t, r.Close())
}

func TestS3Denied(t *testing.T) {
	for _, spoil := range []func(*objects.S3Options){
		func(o *objects.S3Options) { o.SecretKey = "wrong-secret-key-1234" },
		func(o *objects.S3Options) { o.AccessKey = "WRONGACCESSKEY12345" },
	} {
		o := options(t)
		spoil(&o)
		s := open(t, o)
		_, list := s.List(t.Context(), "")
		_, stat := s.Stat(t.Context(), "k")
		_, get := s.Open(t.Context(), "k", 0)
		_, abort := s.AbortUnfinished(t.Context(), "")
		for _, err := range []error{
			list, stat, get, abort, s.Delete(t.Context(), "k"),
			upload(s, "k", []byte("x"), objects.CreateOptions{}),
			upload(s, "k", []byte("x"), objects.CreateOptions{IfAbsent: true}),
			upload(s, "k", noise(9<<20), objects.CreateOptions{}),
		} {
			require.ErrorIs(t, err, objects.ErrDenied)
			require.NotContains(t, err.Error(), o.AccessKey)
			require.NotContains(t, err.Error(), o.SecretKey)
		}
	}
}

func TestS3NoBucket(t *testing.T) {
	o := options(t)
	o.Bucket = "no-such-bucket"
	s := open(t, o)
	_, list := s.List(t.Context(), "")
	_, stat := s.Stat(t.Context(), "k")
	_, get := s.Open(t.Context(), "k", 0)
	for _, err := range []error{list, stat, get, upload(s, "k", nil, objects.CreateOptions{IfAbsent: true})} {
		require.ErrorContains(t, err, `the bucket "no-such-bucket" does not exist at 127.0.0.1:`)
		require.NotErrorIs(t, err, objects.ErrNotFound)
	}
}

func TestS3Unreachable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	o := options(t)
	o.Endpoint, o.Attempts = "http://"+listener.Addr().String(), 2
	s := open(t, o)
	_, err = s.List(t.Context(), "")
	require.ErrorIs(t, err, objects.ErrUnreachable)
	require.ErrorContains(t, err, "connection refused")
	require.ErrorIs(t, upload(s, "k", noise(9<<20), objects.CreateOptions{}), objects.ErrUnreachable)
}

// TestS3HangingServer: cancelling frees a writer whose server does not answer, also while it is aborted.
func TestS3HangingServer(t *testing.T) {
	t.Parallel()
	s, proxy := faulty(t, s3.Fault{On: s3.Is("UploadPart"), Times: -1, Do: s3.Wait(time.Hour)})
	ctx, cancel := context.WithCancelCause(t.Context())
	w, err := s.Create(ctx, "k", objects.CreateOptions{})
	require.NoError(t, err)
	time.AfterFunc(200*time.Millisecond, func() { cancel(errors.New("enough")) })
	_, err = w.Write(noise(50 << 20))
	require.ErrorIs(t, err, context.Canceled)
	w.Abort()
	empty(t, s, proxy)
}

func TestS3WithoutCredentials(t *testing.T) {
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	o := options(t)
	o.AccessKey, o.SecretKey = "", ""
	_, err := open(t, o).List(t.Context(), "")
	require.ErrorIs(t, err, objects.ErrDenied)
	require.ErrorContains(t, err, "no credentials were found")

	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	_, err = open(t, o).List(t.Context(), "")
	require.NoError(t, err, "the default chain")
}

func TestNewS3Refuses(t *testing.T) {
	for name, o := range map[string]objects.S3Options{
		"no bucket":         {},
		"a path":            {Bucket: "a/b"},
		"half a credential": {Bucket: "abc", AccessKey: "x"},
		"no URL":            {Bucket: "abc", Endpoint: "s3.example.org"},
		"credentials":       {Bucket: "abc", Endpoint: "https://me:sesame@s3.example.org"},
		"prefix":            {Bucket: "abc", Prefix: "a/../b"},
	} {
		_, err := objects.NewS3(t.Context(), o)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "sesame")
	}
	s, err := objects.NewS3(t.Context(), objects.S3Options{Bucket: "abc", Prefix: "/a/b/", AccessKey: "x", SecretKey: "y"})
	require.NoError(t, err)
	require.Equal(t, "s3://abc/a/b", s.String())
}
