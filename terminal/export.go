package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
)

// export is what a person asked for.
type export struct {
	to          string // "" for a name made from the backup's
	force       bool
	collections []string
	compression string
}

func (t *terminal) backupExport() *cobra.Command {
	x := export{}
	var plain, zipped, zstd bool
	c := &cobra.Command{
		Use:   "export <backup or database>",
		Short: "Write a backup as one archive that mongorestore reads, checked on the way",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case plain && zipped || plain && zstd || zipped && zstd:
				return usageError{errors.New("--plain, --gzip and --zstd exclude each other")}
			case zipped:
				x.compression = "gzip"
			case zstd:
				x.compression = "zstd"
			}
			return t.with(cmd.Context(), func(a *app.App, _ *jobs.Runner) error {
				e, err := a.Catalogue.Resolve(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if e.Fault != "" {
					return &chat.Problem{Say: "The backup " + chat.Literal(e.ID) + " cannot be exported: " + e.Fault, Try: "`/backup list " + e.Database + "` shows others."}
				}
				return t.export(cmd.Context(), a, e, x)
			})
		},
	}
	c.Flags().StringVar(&x.to, "to", "", "the file; - writes to standard output (default <backup>.archive[.gz|.zst] here)")
	c.Flags().BoolVar(&x.force, "force", false, "replace a file that is there")
	c.Flags().StringSliceVar(&x.collections, "collections", nil, "only these, with commas between them")
	c.Flags().BoolVar(&plain, "plain", false, "do not compress (default)")
	c.Flags().BoolVar(&zipped, "gzip", false, "compress as mongorestore --gzip reads it")
	c.Flags().BoolVar(&zstd, "zstd", false, "compress with zstd")
	return c
}

// export writes the archive and leaves an event, because data has left the store.
func (t *terminal) export(ctx context.Context, a *app.App, e backups.Entry, x export) error {
	if x.to == "" {
		x.to = e.ID + ".archive" + map[string]string{"gzip": ".gz", "zstd": ".zst"}[x.compression]
	}
	talk := t.Out
	write := func(w io.Writer) (backups.Exported, error) {
		show := newProgress(talk)
		done, err := backups.Export(ctx, a.Objects, e.ID, w, backups.ExportOptions{
			Namespaces: x.collections, Compression: x.compression, Progress: func(p backups.Progress) {
				show.update(jobs.Run{Steps: []jobs.Step{{Name: e.Database, Status: jobs.Running, Stage: "exporting", Done: p.Done, Total: p.Total, Bytes: p.Bytes}}})
			},
		})
		show.finish(jobs.Run{})
		return done, err
	}
	var done backups.Exported
	var err error
	if x.to == standardInput {
		talk = t.Err
		done, err = write(t.Out)
	} else {
		done, err = intoFile(x, e.Bytes, write)
	}
	event := events.Event{Who: person(), What: "backup.exported", On: []string{"backup/" + e.ID}, Outcome: events.OK,
		Text: "The backup " + chat.Literal(e.ID) + " was exported on the command line."}
	if err != nil {
		event.Outcome, event.Text = events.Failure, "The export of "+chat.Literal(e.ID)+" on the command line failed."
	}
	if _, logged := a.Events.Append(context.WithoutCancel(ctx), event); logged != nil {
		return errors.Join(err, logged)
	}
	if err != nil {
		return err
	}
	say(talk, "%s: %s in %s, %s, as the manifest says.\n", x.to, chat.Plural(done.Documents, "document"),
		chat.Plural(int64(done.Collections), "collection"), chat.Bytes(done.Bytes))
	return nil
}

// intoFile writes beside the final name and moves there what is whole.
func intoFile(x export, estimate int64, write func(io.Writer) (backups.Exported, error)) (backups.Exported, error) {
	taken := &chat.Problem{Say: "There is a file " + chat.Literal(x.to) + " already.", Try: "Name another with --to, or say --force to replace it."}
	if _, err := os.Lstat(x.to); err == nil && !x.force {
		return backups.Exported{}, taken
	}
	f, err := os.CreateTemp(filepath.Dir(x.to), "."+filepath.Base(x.to)+".*.part")
	if err != nil {
		return backups.Exported{}, &chat.Problem{Say: "No file can be written beside " + chat.Literal(x.to) + ".", Try: "Does the folder exist, and may you write there?", Err: err}
	}
	done, err := write(f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		if err = place(f.Name(), x.to, x.force); errors.Is(err, fs.ErrExist) {
			err = taken
		}
	}
	if err == nil {
		return done, nil
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = &chat.Problem{
			Say: "There is no room for the archive in " + chat.Literal(filepath.Dir(x.to)) + fmt.Sprintf("; uncompressed it takes about %s.", chat.Bytes(estimate)),
			Try: "Name a file on another disk with --to, or compress with --gzip or --zstd. What was written is removed.", Err: err,
		}
	}
	if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return done, err
}

// place gives a finished file its name. Without force one that is there meanwhile stays: a link never replaces.
func place(from, to string, force bool) error {
	if force {
		return os.Rename(from, to)
	}
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	// The file system knows no links.
	if _, err := os.Lstat(to); err == nil {
		return fs.ErrExist
	}
	return os.Rename(from, to)
}
