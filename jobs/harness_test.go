package jobs_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state"
)

var (
	ada   = chat.User{ID: "UADA", Name: "ada"}
	bo    = chat.User{ID: "UBO", Name: "bo"}
	cleo  = chat.User{ID: "UCLEO", Name: "cleo"}
	quiet = slog.New(slog.DiscardHandler)
)

// folder is a chat service in a folder: it outlives the processes that use it, keeps one message for each key, and can
// be down.
type folder struct {
	dir   string
	down  atomic.Bool
	posts atomic.Int32
	edits atomic.Int32
}

var errDown = errors.New("the chat service is down")

func (f *folder) Post(_ context.Context, channel string, m chat.Message) (chat.Ref, error) {
	if f.down.Load() {
		return chat.Ref{}, errDown
	}
	ref := chat.Ref{Channel: channel, TS: hex.EncodeToString([]byte(m.Key))}
	if err := f.write(ref, m, os.Link); err == nil {
		f.posts.Add(1)
	} else if !errors.Is(err, os.ErrExist) {
		return chat.Ref{}, err
	}
	return ref, nil
}

func (f *folder) Edit(_ context.Context, at chat.Ref, m chat.Message) error {
	if f.down.Load() {
		return errDown
	}
	f.edits.Add(1)
	return f.write(at, m, os.Rename)
}

func (f *folder) Direct(ctx context.Context, user string, m chat.Message) (chat.Ref, error) {
	return f.Post(ctx, "@"+user, m)
}

func (f *folder) path(ref chat.Ref) string { return filepath.Join(f.dir, ref.Channel, ref.TS) }

// write writes the message beside its place and puts it there by os.Link, once, or by os.Rename, again and again.
func (f *folder) write(ref chat.Ref, m chat.Message, put func(from, to string) error) error {
	path := f.path(ref)
	beside := path + "." + rand.Text() + ".new"
	text, err := json.Marshal(m)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(beside, text, 0o600)
	}
	if err != nil {
		return err
	}
	return put(beside, path)
}

// summary is what the card of a run says in one line; "" without a card.
func (f *folder) summary(run jobs.Run) string {
	text, err := os.ReadFile(f.path(chat.Ref{Channel: run.Channel, TS: hex.EncodeToString([]byte("run/" + run.ID))}))
	if err != nil {
		return ""
	}
	var m struct{ Summary string }
	if json.Unmarshal(text, &m) != nil {
		return ""
	}
	return m.Summary
}

// messages are the summaries in a channel.
func (f *folder) messages(t *testing.T, channel string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(f.dir, channel, "*"))
	require.NoError(t, err)
	var list []string
	for _, path := range paths {
		if strings.HasSuffix(path, ".new") {
			continue // its writer was killed
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var m struct{ Summary string }
		require.NoError(t, json.Unmarshal(text, &m))
		list = append(list, m.Summary)
	}
	return list
}

// world is what outlives a process: the state file and the chat service.
type world struct {
	dir  string
	chat *folder
}

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	return &world{dir: dir, chat: &folder{dir: filepath.Join(dir, "chat")}}
}

func (w *world) store(t *testing.T) *state.SQLite {
	t.Helper()
	s, err := state.OpenSQLite(context.Background(), filepath.Join(w.dir, "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// runner answers a runner with short times on a store of its own, as another process would have it.
func (w *world) runner(t *testing.T, kinds []jobs.Kind, set ...func(*jobs.Options)) *jobs.Runner {
	t.Helper()
	store := w.store(t)
	o := jobs.Options{Store: store, Events: events.New(store), Poster: w.chat, Kinds: kinds, LeaseTTL: 2 * time.Second,
		Poll: 10 * time.Millisecond, Grace: time.Second, OpsChannel: "ops", Log: quiet}
	for _, f := range set {
		f(&o)
	}
	r, err := jobs.New(o)
	require.NoError(t, err)
	return r
}

// start lets the runner run until the test ends or stop is called; stop answers what Run answered.
func start(t *testing.T, r *jobs.Runner) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { require.NoError(t, stop()) })
	return stop
}

// ended waits for the end of a run.
func ended(t *testing.T, r *jobs.Runner, id string) jobs.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	run, err := r.Watch(ctx, id, nil)
	require.NoError(t, err)
	return run
}

// until waits for something that is about to be true.
func until(t *testing.T, what string, true func() bool) {
	t.Helper()
	require.Eventually(t, true, 20*time.Second, 5*time.Millisecond, what)
}

// shows waits until the card of the run says so.
func (w *world) shows(t *testing.T, run jobs.Run, text string) {
	t.Helper()
	until(t, "card says "+text, func() bool { return strings.Contains(w.chat.summary(run), text) })
}

func backup(request string, targets ...string) jobs.Run {
	if len(targets) == 0 {
		targets = []string{"database/orders"}
	}
	return jobs.Run{Kind: "backup", Title: "Backup of `orders`", Targets: targets, Request: request, By: ada, Source: jobs.FromSlack,
		Channel: "general", Steps: []jobs.Step{{Name: "orders"}}}
}

// whats are the verbs of the events of a run, in their order.
func whats(t *testing.T, store state.Store, id string) []string {
	t.Helper()
	list, err := events.New(store).Query(t.Context(), events.Filter{Run: id, Oldest: true})
	require.NoError(t, err)
	var got []string
	for _, e := range list {
		got = append(got, strings.TrimPrefix(e.What, "run."))
	}
	return got
}

// kind answers a kind of the name "backup" that does work.
func kind(work func(context.Context, *jobs.Task) error) []jobs.Kind {
	return []jobs.Kind{{Name: "backup", Work: work}}
}

// waiting is work that says that it has begun and waits for the end of its context.
func waiting(begun chan<- struct{}) func(context.Context, *jobs.Task) error {
	return func(ctx context.Context, _ *jobs.Task) error {
		begun <- struct{}{}
		<-ctx.Done()
		return context.Cause(ctx)
	}
}

func problem(t *testing.T, err error) *chat.Problem {
	t.Helper()
	var p *chat.Problem
	require.ErrorAs(t, err, &p)
	return p
}

// lock takes the write lock of the state file, as another process can, until the answer is called.
func (w *world) lock(t *testing.T) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(w.dir, "state.db"))
	require.NoError(t, err)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	until(t, "the lock is taken", func() bool {
		_, err := conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
		return err == nil
	})
	return func() {
		_, err := conn.ExecContext(context.Background(), "ROLLBACK")
		require.NoError(t, errors.Join(err, conn.Close(), db.Close()))
	}
}
