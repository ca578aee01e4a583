package main

import (
	"bytes"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
	s3sandbox "github.com/kampyn/opsbot/sandbox/s3"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

// beOpsbot makes this test binary the program itself, so that a test can kill a real process.
const beOpsbot = "OPSBOT_TEST_BE_OPSBOT"

func TestMain(m *testing.M) {
	if os.Getenv(beOpsbot) != "" {
		main()
	}
	if err := flag.Set("test.parallel", "5"); err != nil { // they wait for processes more than they work
		panic(err)
	}
	code := m.Run()
	if err := shared.close(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// theater is a stage with a bot in a process of its own.
type theater struct {
	*testing.T
	stage.Conversation
	bot *exec.Cmd
	log botLog
}

// botLog keeps what the bot writes and says when a line comes for the first time in a process.
type botLog struct {
	mu        sync.Mutex
	all       bytes.Buffer
	connected chan struct{}
}

func (l *botLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connected != nil && bytes.Contains(p, []byte("opsbot is connected")) {
		close(l.connected)
		l.connected = nil
	}
	return l.all.Write(p)
}

// expect answers a channel that is closed when the bot says that it is connected.
func (l *botLog) expect() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := make(chan struct{})
	l.connected = c
	return c
}

// gateway is the S3 server that all theaters share: a process can have only one at a time.
type gateway struct {
	once   sync.Once
	dir    string
	server *s3sandbox.Server
	err    error
}

var shared gateway

func (g *gateway) open(t *testing.T) *s3sandbox.Server {
	g.once.Do(func() {
		if g.dir, g.err = os.MkdirTemp("", "opsbot-theaters-"); g.err == nil {
			g.server, g.err = stage.StartS3(g.dir)
		}
	})
	require.NoError(t, g.err)
	return g.server
}

func (g *gateway) close() error {
	if g.server == nil {
		return nil
	}
	return errors.Join(g.server.Close(), os.RemoveAll(g.dir))
}

// openTheater stores backups in an S3 server behind a proxy.
func openTheater(t *testing.T, scale float64) *theater {
	return openStage(t, stage.Options{Scale: scale, Proxy: true})
}

func openStage(t *testing.T, o stage.Options) *theater {
	if testing.Short() {
		t.Skip("processes are killed for a minute")
	}
	if !o.Folder {
		o.S3, o.S3Prefix = shared.open(t), t.Name()
	}
	o.Dir, o.Approvals = t.TempDir(), 1
	s, err := stage.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	th := &theater{T: t, Conversation: stage.Conversation{Stage: s, Out: testLog{t}, Patience: time.Minute}}
	t.Cleanup(func() {
		th.kill()
		if t.Failed() {
			t.Log(th.log.all.String())
		}
	})
	return th
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

func (th *theater) start() {
	select {
	case <-th.launch():
	case <-time.After(30 * time.Second):
		th.Fatal("the bot did not connect")
	}
}

// launch starts the bot's process and answers a channel that is closed once it is connected.
func (th *theater) launch() <-chan struct{} {
	th.bot = exec.Command(os.Args[0], "run", "--config", th.ConfigFile())
	th.bot.Env = append(os.Environ(), beOpsbot+"=1")
	th.bot.Stderr = &th.log
	connected := th.log.expect()
	require.NoError(th, th.bot.Start())
	return connected
}

// kill ends the bot's process as a power cut would.
func (th *theater) kill() {
	if th.bot == nil {
		return
	}
	require.NoError(th, th.bot.Process.Kill())
	_ = th.bot.Wait() // it was killed, and says so
	th.bot = nil
}

// moment is one point of the bot's work: when stop's channel is closed the bot stands there, and it gets no further
// before it is killed.
type moment struct {
	name string
	stop func(*theater) <-chan struct{}
}

// atObject holds the first S3 operation on a key that matches, before or after it was carried out.
func atObject(operation, key string) func(*theater) <-chan struct{} {
	pattern := regexp.MustCompile(key)
	return func(th *theater) <-chan struct{} {
		reached := make(chan struct{}, 1)
		th.Proxy.Add(s3sandbox.Fault{
			On: func(r *http.Request) bool {
				return s3sandbox.Operation(r) == operation && pattern.MatchString(r.URL.Path)
			},
			Times: -1, Do: s3sandbox.Hold(reached, make(chan struct{})),
		})
		return reached
	}
}

// atCall leaves every call of a Slack method without an answer; performed says whether Slack carries them out.
func atCall(method string, performed bool) func(*theater) <-chan struct{} {
	return func(th *theater) <-chan struct{} {
		before := calls(th, method)
		th.Slack.Faults().On(method, -1, slacksandbox.Trouble{Cut: true, Perform: performed})
		return when(th, func() bool { return calls(th, method) > before })
	}
}

func calls(th *theater, method string) (n int) {
	for _, c := range th.Slack.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

// atCommand delays a MongoDB command of the database that is backed up for longer than the bot lives.
func atCommand(command string) func(*theater) <-chan struct{} {
	return func(th *theater) <-chan struct{} {
		server := th.source().Server
		before := server.Faults().Commands()[command]
		server.Faults().Delay(command, time.Hour)
		return when(th, func() bool { return server.Faults().Commands()[command] > before })
	}
}

// at once: the command was acknowledged, and nothing else is known.
func atOnce(*theater) <-chan struct{} {
	reached := make(chan struct{})
	close(reached)
	return reached
}

// when looks until something has happened; the test's deadline bounds it.
func when(th *theater, happened func() bool) <-chan struct{} {
	reached := make(chan struct{})
	go func() {
		for th.Context().Err() == nil && !happened() {
			time.Sleep(time.Millisecond)
		}
		close(reached)
	}()
	return reached
}

// dieAt lets somebody do something, kills the bot at the moment, and starts it anew.
func (th *theater) dieAt(m moment, do func() error) {
	reached := m.stop(th)
	require.NoError(th, do())
	select {
	case <-reached:
	case <-time.After(30 * time.Second):
		th.Fatalf("the moment %q did not come", m.name)
	}
	th.kill()
	th.Proxy.Clear()
	th.Slack.Faults().Reset()
	require.NoError(th, th.source().Server.Faults().Reset())
	th.start()
}

func (th *theater) source() stage.Database {
	for _, d := range th.Databases {
		if d.Name == "orders" {
			return d
		}
	}
	th.Fatal("there is no database orders")
	return stage.Database{}
}

func TestKilledDuringBackup(t *testing.T) {
	t.Parallel() // it waits more than it works
	th := openTheater(t, 0.05)
	th.start()
	for i, m := range []moment{
		{"the command is acknowledged", atOnce},
		{"the card is being posted", atCall("chat.postMessage", false)},
		{"the card is posted, and the bot does not know it", atCall("chat.postMessage", true)},
		{"the collections are listed", atCommand("listCollections")},
		{"the first documents are read", atCommand("find")},
		{"the archive is being stored", atObject("PutObject", `/archive`)},
		{"the manifest is being stored", atObject("PutObject", `/manifest`)},
		{"the backup is being read back", atObject("GetObject", `/archive`)},
		{"the verification is being stored", atObject("PutObject", `/verification`)},
		{"the card is being edited", atCall("chat.update", false)},
	} {
		th.backupOutlives(m, i+1)
	}
}

// TestKilledDuringUpload kills the process between the parts of an upload that is too large for one request.
func TestKilledDuringUpload(t *testing.T) {
	t.Parallel() // it waits more than it works
	th := openTheater(t, 2)
	th.start()
	for i, m := range []moment{
		{"an upload is begun", atObject("CreateMultipartUpload", `/archive`)},
		{"a part is being sent", atObject("UploadPart", `/archive`)},
		{"the upload is being completed", atObject("CompleteMultipartUpload", `/archive`)},
	} {
		th.backupOutlives(m, i+1)
	}
}

func TestKilledDuringRestore(t *testing.T) {
	t.Parallel() // it waits more than it works
	th := openTheater(t, 0.05)
	th.start()
	require.NoError(t, th.Says(th.Anna, "/backup now orders"))
	require.NoError(t, th.Sees(`Backup of`))
	require.NoError(t, th.Becomes(`✅`))
	for _, m := range []moment{
		{"the restore is asked for", atOnce},
		{"its plan is being posted", atCall("chat.postMessage", false)},
		{"its plan is posted, and the bot does not know it", atCall("chat.postMessage", true)},
	} {
		t.Logf("── killed when %s", m.name)
		th.dieAt(m, func() error { return th.Says(th.Anna, "/restore orders to look") })
		require.NoError(t, th.Sees(`look`, `Approve`), m.name)
		require.Equal(t, 1, th.newMessages(), "each plan has one card: %s", m.name)
		require.NoError(t, th.Presses(th.Ben, "Decline"))
		require.NoError(t, th.Becomes(`(?i)declined`))
	}
	for _, m := range []moment{
		{"the restore's record is being stored", atObject("PutObject", `restore`)},
		{"the archive is being read", atObject("GetObject", `/archive`)},
		{"the first collection is being made", atCommand("create")},
		{"the first documents are written", atCommand("insert")},
		{"the restored documents are read back", atCommand("find")},
		{"the indexes are built", atCommand("createIndexes")},
		{"the certificate is being stored", atObject("PutObject", `/certificates/`)},
	} {
		t.Logf("── killed when %s", m.name)
		require.NoError(t, th.Says(th.Anna, "/restore orders to look"))
		require.NoError(t, th.Sees(`look`, `Approve`))
		th.dieAt(m, func() error { return th.Presses(th.Ben, "Approve") })
		require.NoError(t, th.Becomes(`⚠️ Restore of`, `(?i)interrupted`), m.name)
		require.Empty(t, th.collections("look"), "what was half restored is gone: %s", m.name)
		th.storeIsClean(1)
	}
	require.NoError(t, th.Says(th.Anna, "/restore orders to look"))
	require.NoError(t, th.Sees(`look`, `Approve`))
	require.NoError(t, th.Presses(th.Ben, "Approve"))
	require.NoError(t, th.Becomes(`✅`, `Proven equal`))
}

// backupOutlives kills the bot at a moment of a backup, and finds it done, as the nth, by the next process.
func (th *theater) backupOutlives(m moment, n int) {
	th.Logf("── killed when %s", m.name)
	th.dieAt(m, func() error { return th.Says(th.Anna, "/backup now orders") })
	require.NoError(th, th.Sees(`Backup of`), m.name)
	require.NoError(th, th.Becomes(`✅ Backup of`, `verified`), m.name)
	require.Equal(th, 1, th.newMessages(), "each backup has one card: %s", m.name)
	th.storeIsClean(n)
}

// newMessages counts the public messages since somebody last spoke.
func (th *theater) newMessages() int { return len(th.Since()) }

// storeIsClean looks into the object store: so many verified backups, and nothing that belongs to none.
func (th *theater) storeIsClean(backups int) {
	c, err := config.Load(th.ConfigFile())
	require.NoError(th, err)
	a, err := app.Open(th.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(th, err)
	defer func() { require.NoError(th, a.Close()) }()
	entries, err := a.Catalogue.List(th.Context(), "")
	require.NoError(th, err)
	require.Len(th, entries, backups)
	known := map[string]bool{}
	for _, e := range entries {
		require.True(th, e.Verified(), e.ID)
		known[path.Dir(e.Objects[0].Key)] = true
	}
	all, err := a.Objects.List(th.Context(), "")
	require.NoError(th, err)
	for _, o := range all {
		if !strings.Contains(o.Key, "restores/") && !strings.Contains(o.Key, "certificates/") {
			require.True(th, known[path.Dir(o.Key)], "%s belongs to no backup", o.Key)
		}
	}
	unfinished, err := a.Objects.AbortUnfinished(th.Context(), "")
	require.NoError(th, err)
	require.Zero(th, unfinished, "uploads were left behind")
}

func (th *theater) collections(database string) []string {
	client, err := mongo.Connect(th.Context(), options.Client().ApplyURI(th.source().URI))
	require.NoError(th, err)
	defer func() { require.NoError(th, client.Disconnect(th.Context())) }()
	names, err := client.Database(database).ListCollectionNames(th.Context(), bson.D{})
	require.NoError(th, err)
	return names
}
