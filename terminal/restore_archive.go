package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/jobs"
)

// standardInput is how an archive that comes through a pipe is named.
const standardInput = "-"

// restoreArchive restores an archive of mongodump that lies in a file, or comes in by a pipe.
func (t *terminal) restoreArchive(ctx context.Context, file string, q jobs.ArchiveRequest) error {
	return t.with(ctx, func(a *app.App, runner *jobs.Runner) error {
		if _, err := a.RestoreArchive.Deployment(q.On); err != nil {
			return err // before anything long is read
		}
		open, path, done, err := t.source(ctx, a, file)
		if err != nil {
			return err
		}
		defer done()
		a.RestoreArchive.Open = func(string) backups.Opener { return open }
		show := newProgress(t.Out)
		archive, err := backups.ReadArchive(ctx, path, open, func(p backups.Progress) {
			show.update(jobs.Run{Steps: []jobs.Step{{Name: filepath.Base(path), Status: jobs.Running, Stage: p.Stage, Done: p.Done, Bytes: p.Bytes}}})
		})
		show.finish(jobs.Run{})
		if err != nil {
			return err
		}
		run, err := a.RestoreArchive.New(ctx, archive, q)
		if err != nil {
			return err
		}
		return t.planned(ctx, a, runner, run)
	})
}

// source answers how the archive is opened for each reading, and its name. Two readings are needed, one to prove it sound
// and one to write it, so what comes by a pipe is kept in a file without a name for as long as this process lives. Then
// answers are read from the terminal itself; without one only the button in Slack can approve.
func (t *terminal) source(ctx context.Context, a *app.App, file string) (backups.Opener, string, func(), error) {
	if file != standardInput {
		path, err := filepath.Abs(file)
		if err != nil {
			return nil, "", nil, err
		}
		open := func() (io.ReadCloser, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, &chat.Problem{Say: "The archive " + chat.Literal(path) + " cannot be opened.", Try: "Name an archive that mongodump has made.", Err: err}
			}
			return f, nil
		}
		return open, path, func() {}, nil
	}
	answers, err := os.Open("/dev/tty")
	switch {
	case err == nil:
	case a.Config.Approvals.Restore == 0:
		return nil, "", nil, &chat.Problem{Say: "The archive comes in where you would type the confirmation.", Try: "Give a file instead of -, or run this in a terminal."}
	}
	spool, size, err := spooled(ctx, t.In)
	if err != nil {
		return nil, "", nil, err
	}
	t.In = nil
	done := func() { _ = spool.Close() } // it has no name: nothing can be lost
	if answers != nil {
		t.In = answers
		done = func() { _ = errors.Join(spool.Close(), answers.Close()) }
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(spool, 0, size)), nil }
	return open, "standard-input", done, nil
}

// spooled keeps everything that comes in, in a file that is gone with this process whatever ends it.
func spooled(ctx context.Context, in io.Reader) (*os.File, int64, error) {
	spool, err := os.CreateTemp("", "opsbot-archive-*")
	if err == nil {
		err = os.Remove(spool.Name())
	}
	if err != nil {
		return nil, 0, fmt.Errorf("keep the archive while it is restored: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = spool.Close() }) // which ends the copying
	defer stop()
	size, err := io.Copy(spool, in)
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	if err == nil {
		return spool, size, nil
	}
	err = errors.Join(err, spool.Close())
	if errors.Is(err, syscall.ENOSPC) {
		return nil, 0, &chat.Problem{
			Say: fmt.Sprintf("There is no room in %s for the archive, of which %s came in.", chat.Literal(os.TempDir()), chat.Bytes(size)),
			Try: "Name another folder in TMPDIR, or give a file instead of -.", Err: err,
		}
	}
	return nil, 0, fmt.Errorf("read the archive: %w", err)
}

// inSlack waits until the plan was decided on by the buttons of its card: nobody can type anything here.
func (t *terminal) inSlack(ctx context.Context, runner *jobs.Runner, run jobs.Run) (jobs.Run, error) {
	say(t.Out, "There is no terminal to type a code into, so I wait for the button in Slack until %s.\n", run.Plan.Expires.Format("15:04 MST"))
	for run.Status == jobs.Proposed && time.Now().Before(run.Plan.Expires) {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return run, t.withdraw(ctx, runner, run, errors.New("stopped while waiting for the approval"))
		}
		var err error
		if run, err = runner.Get(ctx, run.ID); err != nil {
			return run, err
		}
	}
	return run, nil
}

// withdraw takes a plan back that only this process could carry out.
func (t *terminal) withdraw(ctx context.Context, runner *jobs.Runner, run jobs.Run, why error) error {
	_, err := runner.Cancel(context.WithoutCancel(ctx), run.ID, run.By)
	return errors.Join(&chat.Problem{Say: "The plan was not approved, so nothing was done; it is withdrawn.", Try: "Ask for it anew.", Err: why}, err)
}
