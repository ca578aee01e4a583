package objects_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/kampyn/opsbot/objects"
)

func BenchmarkFolder(b *testing.B) {
	f, err := objects.NewFolder(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, f)
}

func BenchmarkS3(b *testing.B) {
	s, err := objects.NewS3(b.Context(), objects.S3Options{
		Bucket: bucket, Prefix: "bench", Endpoint: server.Endpoint(), PathStyle: true, AccessKey: accessKey, SecretKey: secretKey,
	})
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, s)
}

func benchmark(b *testing.B, s objects.Store) {
	content := noise(64 << 20)
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		b.ReportAllocs()
		for i := range b.N {
			if err := upload(s, fmt.Sprintf("k%d", i%4), content, objects.CreateOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		for range b.N {
			r, err := s.Open(b.Context(), "k0", 0)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
			r.Close()
		}
	})
}
