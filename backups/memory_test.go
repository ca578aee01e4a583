package backups_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	driver "go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
)

// megabytes of documents that a server in a process of its own is filled with, when serverEnv asks for one.
const (
	serverEnv = "OPSBOT_TEST_SERVER"
	megabytes = 300
)

// TestServerProcess is no test: it is the server of the tests below, in a process of its own, so that its memory is not
// counted with that of the backup.
func TestServerProcess(t *testing.T) {
	if os.Getenv(serverEnv) == "" {
		t.Skip("this is the server of other tests")
	}
	s, err := mongo.Start(mongo.Options{ReplicaSet: "-"})
	require.NoError(t, err)
	client, err := driver.Connect(t.Context(), options.Client().ApplyURI(s.URI("")))
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range megabytes {
		_, err := client.Database("load").Collection(fmt.Sprintf("c%d", i%3)).InsertMany(t.Context(), orders(random, 1<<20))
		require.NoError(t, err)
	}
	for i := range 8 {
		_, err := client.Database("load").Collection("huge").InsertOne(t.Context(), bson.D{{Key: "_id", Value: i}, {Key: "b", Value: make([]byte, 15<<20)}})
		require.NoError(t, err)
	}
	fmt.Println("URI", s.URI("load"))
	_, err = io.Copy(io.Discard, os.Stdin) // until the test closes it
	require.NoError(t, err)
	require.NoError(t, client.Disconnect(t.Context()))
	require.NoError(t, s.Close())
}

// orders makes documents that look like orders, of about 800 bytes each, of that many bytes together.
func orders(random *rand.Rand, size int) []any {
	var all []any
	for ; size > 0; size -= 800 {
		items := bson.A{}
		for range 4 {
			items = append(items, bson.D{{Key: "itemId", Value: fmt.Sprintf("%016x", random.Uint64())}, {Key: "kind", Value: "Retail"}, {Key: "quantity", Value: random.IntN(5)}})
		}
		all = append(all, bson.D{
			{Key: "orderNumber", Value: fmt.Sprintf("BB-%d", random.IntN(1e9))}, {Key: "status", Value: "completed"}, {Key: "items", Value: items},
			{Key: "total", Value: random.Float64() * 500}, {Key: "note", Value: strings.Repeat("leave it at the gate, ", 14)},
			{Key: "createdAt", Value: time.UnixMilli(1.7e12 + random.Int64N(1e10))}, {Key: "deleted", Value: false},
			{Key: "phone", Value: fmt.Sprintf("+91%010d", random.IntN(1e9))},
		})
	}
	return all
}

// serverProcess starts the server and answers its URI.
func serverProcess(t testing.TB) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServerProcess$", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), serverEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		require.NoError(t, cmd.Wait())
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if uri, ok := strings.CutPrefix(lines.Text(), "URI "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }() // what the test process says at its end
			return uri
		}
	}
	t.Fatal("the server did not start")
	return ""
}

// peak runs f and answers how far the memory that the heap holds rose above what it was.
func peak(f func()) uint64 {
	debug.FreeOSMemory()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	stop := make(chan struct{})
	var sampler sync.WaitGroup
	var most uint64
	sampler.Go(func() {
		for {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapInuse)
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	f()
	close(stop)
	sampler.Wait()
	return most - min(most, before.HeapInuse)
}

func TestMemoryIsBoundedWhateverTheSize(t *testing.T) {
	if testing.Short() {
		t.Skip("it moves 400 MB")
	}
	uri := serverProcess(t)
	store, err := objects.NewFolder(t.TempDir())
	require.NoError(t, err)
	db := openURI(t, "load", uri)
	id := backups.NewID("load", time.Now())
	stages := map[string]func(ctx context.Context) error{
		"full": func(ctx context.Context) error {
			_, err := backups.Full(ctx, db, store, backups.FullOptions{ID: id})
			return err
		},
		"verify": func(ctx context.Context) error {
			v, err := backups.Verify(ctx, store, id, nil)
			require.True(t, v.OK)
			return err
		},
		"restore": func(ctx context.Context) error {
			cert, err := backups.Restore(ctx, store, id, db, backups.RestoreOptions{CertificateID: "r-1", Rename: map[string]string{"load": "copy"}})
			require.True(t, cert.OK)
			return err
		},
	}
	for _, c := range []struct {
		name  string
		bound uint64 // in MiB; documents of 15 MB are the worst case
	}{{"full", 200}, {"verify", 64}, {"restore", 256}} {
		started := time.Now()
		most := peak(func() { require.NoError(t, stages[c.name](t.Context())) })
		t.Logf("%s: %d MiB of memory, %v", c.name, most>>20, time.Since(started).Round(time.Millisecond))
		require.Less(t, most, c.bound<<20, c.name)
	}
}
