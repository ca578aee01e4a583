package state_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/state"
	"github.com/kampyn/opsbot/state/statetest"
)

// childFile is the variable that makes the test binary a second process that uses the file named in it.
const childFile = "OPSBOT_TEST_STATE_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		child(path, os.Args[1], os.Args[2])
	}
	os.Exit(m.Run())
}

func open(t testing.TB, path string) *state.SQLite {
	t.Helper()
	s, err := state.OpenSQLite(context.Background(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestSQLite(t *testing.T) {
	statetest.Run(t, func(t *testing.T) state.Store { return open(t, filepath.Join(t.TempDir(), "state.db")) })
}

func TestMemory(t *testing.T) {
	statetest.Run(t, func(*testing.T) state.Store { return statetest.Memory() })
}

func TestOpenMakesAPrivateFile(t *testing.T) {
	for _, name := range []string{"plain.db", "with space.db", "odd?#%41.db"} {
		path := filepath.Join(t.TempDir(), "new", "folder", name)
		s := open(t, path)
		require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "k", ID: "a", Value: []byte("1")}))
		for _, file := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
		}
	}
}

func TestReopenKeepsAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "k", ID: "a", Value: []byte("1")}))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice is harmless")
	require.ErrorIs(t, s.Insert(t.Context(), state.Record{Kind: "k", ID: "b"}), state.ErrClosed)
	_, err := s.Get(t.Context(), "k", "a")
	require.ErrorIs(t, err, state.ErrClosed)

	r, err := open(t, path).Get(t.Context(), "k", "a")
	require.NoError(t, err)
	require.Equal(t, "1", string(r.Value))
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	require.NoError(t, open(t, path).Close())
	db := raw(t, path)
	_, err := db.Exec("INSERT INTO migrations VALUES (99, 'later')")
	require.NoError(t, err)
	_, err = state.OpenSQLite(t.Context(), path)
	require.ErrorContains(t, err, "written by a newer version of opsbot (schema 99, this one knows up to 1)")
}

func TestWhatIsNoStateIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600))
	_, err := state.OpenSQLite(t.Context(), path)
	require.ErrorContains(t, err, "notes.txt")
	_, err = state.OpenSQLite(t.Context(), dir)
	require.ErrorContains(t, err, dir)
	_, err = state.OpenSQLite(t.Context(), filepath.Join(path, "below", "a-file.db"))
	require.ErrorContains(t, err, "not a directory")
}

// A full disk, as SQLite sees it: the file may not grow.
func TestFullDiskIsSaidAndSurvived(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "k", ID: "a", Value: []byte("1")}))
	require.NoError(t, s.LimitPages(t.Context(), 100))

	err := s.Insert(t.Context(), state.Record{Kind: "k", ID: "big", Value: make([]byte, 1<<20)})
	require.ErrorContains(t, err, "the disk is full")
	require.ErrorContains(t, err, "state.db")
	require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "k", ID: "small", Value: []byte("2")}), "what fits is still stored")
	_, err = s.Get(t.Context(), "k", "big")
	require.ErrorIs(t, err, state.ErrNotFound)
}

func TestOneOfABatchFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	require.NoError(t, s.LimitPages(t.Context(), 300))
	var wait sync.WaitGroup
	errs := make([]error, 40)
	for i := range errs {
		wait.Go(func() {
			value := []byte("1")
			if i%10 == 0 {
				value = make([]byte, 2<<20)
			}
			errs[i] = s.Insert(context.Background(), state.Record{Kind: "k", ID: strconv.Itoa(i), Value: value})
		})
	}
	wait.Wait()
	for i, err := range errs {
		if i%10 == 0 {
			require.ErrorContains(t, err, "the disk is full", i)
		} else {
			require.NoError(t, err, i)
		}
	}
}

func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// While another process keeps the write lock, a call ends with its context, in time and without effect.
func TestDeadlineWhileLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	require.NoError(t, s.Insert(t.Context(), state.Record{Kind: "k", ID: "there", Value: []byte("1")}))
	lock, err := raw(t, path).Conn(t.Context())
	require.NoError(t, err)
	_, err = lock.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)

	var wait sync.WaitGroup
	for i := range 10 {
		wait.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			err := s.Insert(ctx, state.Record{Kind: "late", ID: strconv.Itoa(i), Value: []byte("1")})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 30*time.Second {
				t.Errorf("insert ended after %v with %v", time.Since(start), err)
			}
		})
	}
	wait.Wait()
	_, err = s.Get(t.Context(), "k", "there")
	require.NoError(t, err, "reading goes on")

	patient := make(chan error, 1)
	go func() {
		patient <- s.Insert(context.Background(), state.Record{Kind: "k", ID: "patient", Value: []byte("1")})
	}()
	_, err = lock.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, <-patient, "who has time gets through")
	found, err := s.Query(t.Context(), state.Query{Kind: "late"})
	require.NoError(t, err)
	require.Empty(t, found, "what was answered with an error was not stored later")
}

// child is the second process: it adds 1 to a counter so many times, or it inserts until it is killed.
func child(path, what, argument string) {
	ctx := context.Background()
	s, err := state.OpenSQLite(ctx, path)
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fail(err)
	switch what {
	case "count":
		n, err := strconv.Atoi(argument)
		fail(err)
		counter := state.NewCollection[int](s, "counter", nil)
		for range n {
			_, err := counter.Change(ctx, "x", func(n *int) error { *n++; return nil })
			fail(err)
		}
	case "insert":
		for writer := range 4 {
			go func() {
				for i := 0; ; i++ {
					id := fmt.Sprintf("%s-%d-%06d", argument, writer, i)
					fail(s.Insert(ctx, state.Record{Kind: "kept", ID: id, Fields: map[string]string{"id": id}, Value: []byte("1")}))
					fmt.Println(id) // only after it was acknowledged
				}
			}()
		}
		select {}
	}
	fail(s.Close())
	os.Exit(0)
}

func start(t *testing.T, path, what, argument string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, what, argument)
	cmd.Env = append(os.Environ(), childFile+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestTwoProcessesRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	counter := state.NewCollection[int](s, "counter", nil)
	require.NoError(t, counter.Insert(t.Context(), "x", 0))
	const each = 60
	other := start(t, path, "count", strconv.Itoa(each))
	require.NoError(t, other.Start())
	for range each {
		_, err := counter.Change(t.Context(), "x", func(n *int) error { *n++; return nil })
		require.NoError(t, err)
	}
	require.NoError(t, other.Wait())
	n, _, err := counter.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, 2*each, n)
}

// What was acknowledged outlives SIGKILL at any moment.
func TestKilledProcessLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	for round := range 3 {
		cmd := start(t, path, "insert", strconv.Itoa(round))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var acknowledged []string
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			acknowledged = append(acknowledged, lines.Text())
			if len(acknowledged) == 50+round*37 {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait(), "it was killed")

		s := open(t, path)
		for _, id := range acknowledged {
			r, err := s.Get(t.Context(), "kept", id)
			require.NoError(t, err, id)
			require.Equal(t, id, r.Fields["id"])
		}
		require.NoError(t, s.Close())
	}
}

// 200 inserts a second, as commands come in on a busy day. Each op is one insert; see the p99-ms column.
func BenchmarkInsertsAt200PerSecond(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "state.db"))
	var wait sync.WaitGroup
	took := make([]time.Duration, b.N)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := range b.N {
		<-tick.C
		wait.Go(func() {
			start := time.Now()
			id := strconv.Itoa(i)
			if err := s.Insert(context.Background(), state.Record{Kind: "envelope", ID: id,
				Fields: map[string]string{"at": id, "done": "no"}, Value: make([]byte, 2000)}); err != nil {
				b.Error(err)
			}
			took[i] = time.Since(start)
		})
	}
	wait.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[(len(took)-1)*99/100].Microseconds())/1000, "p99-ms")
}

func BenchmarkInsertsAtOnce(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "state.db"))
	b.SetParallelism(64)
	var mu sync.Mutex
	n := 0
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			n++
			id := strconv.Itoa(n)
			mu.Unlock()
			if err := s.Insert(context.Background(), state.Record{Kind: "envelope", ID: id, Value: make([]byte, 2000)}); err != nil {
				b.Error(err)
			}
		}
	})
}
