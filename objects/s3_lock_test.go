package objects_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/objects"
)

// A server that keeps an object locked says so in the headers of HEAD.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func TestStatSaysWhatIsLocked(t *testing.T) {
	until := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "7")
		switch r.URL.Path {
		case "/bucket/locked":
			w.Header().Set("X-Amz-Object-Lock-Mode", "COMPLIANCE")
			w.Header().Set("X-Amz-Object-Lock-Retain-Until-Date", until.Format(time.RFC3339))
		case "/bucket/held":
			w.Header().Set("X-Amz-Object-Lock-Legal-Hold", "ON")
		case "/bucket/released":
			w.Header().Set("X-Amz-Object-Lock-Legal-Hold", "OFF")
		}
	}))
	defer server.Close()
	s, err := objects.NewS3(t.Context(), objects.S3Options{Bucket: "bucket", Endpoint: server.URL, PathStyle: true, AccessKey: "a", SecretKey: "b"})
	require.NoError(t, err)
	for key, want := range map[string]objects.Info{
		"locked":   {Key: "locked", Size: 7, LockedUntil: until},
		"held":     {Key: "held", Size: 7, Held: true},
		"released": {Key: "released", Size: 7},
		"free":     {Key: "free", Size: 7},
	} {
		got, err := s.Stat(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
