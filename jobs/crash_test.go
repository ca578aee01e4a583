package jobs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state"
)

// childWorld is the variable that makes the test binary a worker process in the world of that folder.
const childWorld = "OPSBOT_TEST_WORLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childWorld); dir != "" {
		if err := child(dir, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// die is kill -9, from inside so that it hits a certain line.
func die() {
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		panic(err)
	}
	select {}
}

// deadly is a store that kills the process at its n-th change, before or after it is stored.
type deadly struct {
	state.Store
	n      int32
	after  bool
	change atomic.Int32
}

func (d *deadly) around(change func() error) error {
	now := d.change.Add(1) == d.n
	if now && !d.after {
		die()
	}
	err := change()
	if now {
		die()
	}
	return err
}

func (d *deadly) Insert(ctx context.Context, records ...state.Record) error {
	return d.around(func() error { return d.Store.Insert(ctx, records...) })
}

func (d *deadly) Update(ctx context.Context, r state.Record) error {
	return d.around(func() error { return d.Store.Update(ctx, r) })
}

func (d *deadly) Delete(ctx context.Context, kind, id string, version int64) error {
	return d.around(func() error { return d.Store.Delete(ctx, kind, id, version) })
}

// leaving is a kind whose work leaves a file while it is under way, as an upload leaves parts: the file must be gone
// when the run has ended. What has succeeded leaves a file of the name of the run in done, with a line for each time.
func leaving(dir string, stage func(string), retries int) []jobs.Kind {
	left := func(run jobs.Run) string { return filepath.Join(dir, "left-"+run.ID) }
	return []jobs.Kind{{Name: "backup", Retries: retries,
		Work: func(ctx context.Context, task *jobs.Task) error {
			run := task.Run()
			stage("begin")
			task.StartStep(0)
			file, err := os.OpenFile(left(run), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return fmt.Errorf("an earlier attempt was not cleaned up: %w", err)
			}
			if err := file.Close(); err != nil {
				return err
			}
			stage("written")
			task.EndStep(0, nil, "")
			if err := task.SetResult(ctx, "done"); err != nil {
				return err
			}
			stage("result")
			if err := os.Remove(left(run)); err != nil {
				return err
			}
			stage("end")
			return nil
		},
		Clean: func(_ context.Context, run jobs.Run) error {
			stage("clean")
			err := os.Remove(left(run))
			if errors.Is(err, os.ErrNotExist) {
				err = nil
			}
			stage("cleaned")
			return err
		},
	}}
}

// child is a worker process: it runs until it is killed, by its own store or kind or from outside.
func child(dir string, args []string) error {
	what, argument := args[0], args[1]
	if what == "prune" {
		return pruneUntilKilled(dir, argument)
	}
	store, err := state.OpenSQLite(context.Background(), filepath.Join(dir, "state.db"))
	if err != nil {
		return err
	}
	lethal := &deadly{Store: store}
	fatal := ""
	switch what {
	case "before", "after":
		n, err := strconv.Atoi(argument)
		if err != nil {
			return err
		}
		lethal.n, lethal.after = int32(n), what == "after"
	case "stage":
		fatal = argument
	}
	stage := func(name string) {
		if name == fatal {
			die()
		}
	}
	r, err := jobs.New(jobs.Options{Store: lethal, Events: events.New(lethal), Poster: &folder{dir: filepath.Join(dir, "chat")},
		Kinds: leaving(dir, stage, 3), LeaseTTL: 2 * time.Second, Poll: 5 * time.Millisecond, Log: quiet})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- r.Run(ctx) }()
	run, err := r.Submit(ctx, backup("the request"))
	if err == nil && what != "busy" {
		run, err = r.Watch(ctx, run.ID, nil)
	}
	for i := 0; what == "busy" && err == nil; i++ {
		run, err = r.Submit(ctx, backup(fmt.Sprintf("%s/%d", argument, i), fmt.Sprintf("database/%d", i%5)))
		var busy *jobs.Busy
		if errors.As(err, &busy) {
			err = nil
			continue
		}
		fmt.Println(run.ID) // only what was acknowledged
	}
	for err == nil && run.Shown != run.Status {
		run, err = r.Get(ctx, run.ID)
	}
	cancel()
	fmt.Println(lethal.change.Load())
	return errors.Join(err, <-ran, store.Close())
}

func process(dir string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), childWorld+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// The process is killed before and after each single change that a run makes to the store, from its submission to its
// last card. Whoever asks again, after the restart, finds exactly one run that succeeds, cleanly and with a true card.
func TestKilledAtEveryChange(t *testing.T) {
	whole := newWorld(t)
	cmd, err := process(whole.dir, "count", "0")
	require.NoError(t, err)
	out, err := cmd.Output()
	require.NoError(t, err)
	changes, err := strconv.Atoi(strings.TrimSpace(string(out)))
	require.NoError(t, err)
	require.Greater(t, changes, 10)

	for _, when := range []string{"before", "after"} {
		for n := 1; n <= changes; n++ {
			if testing.Short() && n%4 != 1 {
				continue
			}
			t.Run(fmt.Sprintf("%s %d", when, n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				cmd, err := process(w.dir, when, strconv.Itoa(n))
				require.NoError(t, err)
				if err := cmd.Run(); err == nil {
					return // the last changes are not always the same ones
				}
				w.recovers(t)
			})
		}
	}
}

// recovers starts a new process, asks again, and looks at everything.
func (w *world) recovers(t *testing.T) jobs.Run {
	t.Helper()
	r := w.runner(t, leaving(w.dir, func(string) {}, 3))
	start(t, r)
	run, err := r.Submit(t.Context(), backup("the request"))
	require.NoError(t, err)
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Succeeded, run.Status, run.Reason)
	require.LessOrEqual(t, run.Attempt, 2)
	require.Equal(t, `"done"`, string(run.Result))
	list, err := r.List(t.Context(), jobs.Filter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	w.shows(t, run, "✅ Backup of orders: succeeded")
	until(t, "all is told", func() bool {
		run, err = r.Get(t.Context(), run.ID)
		return err == nil && run.Shown == jobs.Succeeded && run.Logged == len(run.History)
	})
	w.isTidy(t, r, []string{run.ID})
	return run
}

// isTidy looks for everything that could have been left.
func (w *world) isTidy(t *testing.T, r *jobs.Runner, ids []string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(w.dir, "left-*"))
	require.NoError(t, err)
	require.Empty(t, left)
	store := w.store(t)
	report, err := events.New(store).Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.OK(), report.Fault)
	for _, id := range ids {
		run, err := r.Get(t.Context(), id)
		require.NoError(t, err)
		require.False(t, run.Unclean)
		verbs := whats(t, store, id)
		require.Len(t, verbs, len(run.History), "each moment is one event: %v", verbs)
		require.Equal(t, string(run.Status), verbs[len(verbs)-1])
	}
	require.Len(t, w.chat.messages(t, "general"), len(ids), "one card each")
	locks, err := store.Query(t.Context(), state.Query{Kind: "run lock"})
	require.NoError(t, err)
	for _, lock := range locks {
		// What died between its lock and its run left a lock that the next one takes over.
		var held struct{ Run string }
		require.NoError(t, json.Unmarshal(lock.Value, &held))
		_, err := r.Get(t.Context(), held.Run)
		require.Contains(t, problem(t, err).Say, "I don't know the run", "%s still has %s", held.Run, lock.ID)
	}
}

func TestKilledAtEveryStage(t *testing.T) {
	for _, stage := range []string{"begin", "written", "result", "end"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cmd, err := process(w.dir, "stage", stage)
			require.NoError(t, err)
			require.Error(t, cmd.Run())
			run := w.recovers(t)
			require.Equal(t, 2, run.Attempt)
			require.Equal(t, []string{"queued", "started", "queued", "started", "succeeded"}, whats(t, w.store(t), run.ID))
		})
	}
	// And killed again while cleaning up.
	for _, stage := range []string{"clean", "cleaned"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, fatal := range []string{"written", stage, stage} {
				cmd, err := process(w.dir, "stage", fatal)
				require.NoError(t, err)
				require.Error(t, cmd.Run())
			}
			require.Equal(t, 2, w.recovers(t).Attempt)
		})
	}
}

// A run whose kind has no retries is reported, and its card does not go on saying that it runs.
func TestKilledAndReported(t *testing.T) {
	w := newWorld(t)
	cmd, err := process(w.dir, "stage", "written")
	require.NoError(t, err)
	require.Error(t, cmd.Run())
	r := w.runner(t, leaving(w.dir, func(string) {}, 0))
	start(t, r)
	run, err := r.Submit(t.Context(), backup("the request"))
	require.NoError(t, err)
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Interrupted, run.Status)
	require.Equal(t, "The process that worked on it has ended.", run.Reason)
	require.NotEmpty(t, run.Try)
	w.shows(t, run, "⚠️ Backup of orders: interrupted")
	require.Equal(t, []string{"queued", "started", "interrupted"}, whats(t, w.store(t), run.ID))
	_, err = r.Submit(t.Context(), backup("another"))
	require.NoError(t, err, "the target is free")
}

// Wishes that came before the process died hold after it.
func TestKilledWhileBeingCancelled(t *testing.T) {
	w := newWorld(t)
	cmd, err := process(w.dir, "stage", "written")
	require.NoError(t, err)
	require.Error(t, cmd.Run())
	r := w.runner(t, leaving(w.dir, func(string) {}, 3))
	run, err := r.Submit(t.Context(), backup("the request"))
	require.NoError(t, err)
	require.Equal(t, jobs.Running, run.Status)
	_, err = r.Cancel(t.Context(), run.ID, bo)
	require.NoError(t, err)
	require.NoError(t, r.Follow(t.Context(), run.ID, "UCLEO"))
	start(t, r)
	run = ended(t, r, run.ID)
	require.Equal(t, jobs.Cancelled, run.Status)
	require.Equal(t, "Cancelled by <@UBO>.", run.Reason)
	until(t, "told", func() bool { return len(w.chat.messages(t, "@UCLEO")) == 1 })
}

// Processes with many runs are killed at random moments, one after the other, while another one keeps working on the
// same file. No acknowledged run is lost, and each ends well.
func TestKilledAtRandom(t *testing.T) {
	w := newWorld(t)
	survivor := w.runner(t, leaving(w.dir, func(string) {}, 99))
	start(t, survivor)
	var ids []string
	for round := range 4 {
		cmd, err := process(w.dir, "busy", strconv.Itoa(round))
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		most := len(ids) + 3 + rand.IntN(10)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			ids = append(ids, lines.Text())
			if len(ids) == most {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait())
	}
	for _, id := range ids {
		run := ended(t, survivor, id)
		require.Equal(t, jobs.Succeeded, run.Status, run.Reason)
	}
	var all []string
	until(t, "all is told", func() bool {
		list, err := survivor.List(t.Context(), jobs.Filter{})
		all = nil
		for _, run := range list {
			all = append(all, run.ID)
			if run.Shown != jobs.Succeeded || run.Logged != run.History[len(run.History)-1].N {
				return false
			}
		}
		return err == nil
	})
	w.isTidy(t, survivor, all)
}

// On the command line there is no loop: a run of a dead process is taken over when it is asked for.
func TestRecoverWithoutTheLoop(t *testing.T) {
	w := newWorld(t)
	cmd, err := process(w.dir, "stage", "written")
	require.NoError(t, err)
	require.Error(t, cmd.Run())
	r := w.runner(t, leaving(w.dir, func(string) {}, 0), func(o *jobs.Options) { o.Poster = nil })
	list, err := r.Recover(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, jobs.Interrupted, list[0].Status)
	require.False(t, list[0].Unclean)
	list, err = r.Recover(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)

	cmd, err = process(newFolder(t, w), "stage", "written")
	require.NoError(t, err)
	require.Error(t, cmd.Run())
	r = w.runner(t, leaving(w.dir, func(string) {}, 1), func(o *jobs.Options) { o.Poster = nil })
	run, err := r.Submit(t.Context(), backup("the request"))
	require.NoError(t, err)
	run, err = r.RunOnly(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, jobs.Succeeded, run.Status)
	require.Equal(t, 2, run.Attempt)
}

// newFolder moves the world to an empty folder.
func newFolder(t *testing.T, w *world) string {
	w.dir = t.TempDir()
	return w.dir
}
