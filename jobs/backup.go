package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// BackupKind is the name of the kind that takes full backups.
const BackupKind = "backup"

// Backup takes full backups of chosen databases and verifies each by reading it back. A step is one database; one
// that fails leaves the others as they are and fails the run in the end.
type Backup struct {
	Databases []*databases.Database
	Store     objects.Store
	Catalogue *backups.Catalogue
	// Parallel is how many databases are read at once, Readers how many collections of each.
	Parallel, Readers int
	// Tool is the version that the manifests name.
	Tool string
	Now  func() time.Time
}

type backupArgs struct {
	Backups []backupItem `json:"backups"`
}

type backupItem struct {
	Database string `json:"database"`
	ID       string `json:"id"`
	TakenFor string `json:"taken_for,omitempty"`
}

// BackupResult is what a finished backup run tells of each database.
type BackupResult struct {
	Database  string `json:"database"`
	ID        string `json:"id"`
	Documents int64  `json:"documents"`
	Bytes     int64  `json:"bytes"`
	Stored    int64  `json:"stored"`
}

// New makes the run that backs up the named databases; no name means all. An unknown name is a *chat.Problem.
func (j *Backup) New(names []string) (Run, error) {
	chosen, err := databases.Choose(j.Databases, names)
	if err != nil {
		return Run{}, err
	}
	at := j.Now()
	run := Run{Kind: BackupKind}
	args := backupArgs{}
	quoted := []string{}
	for _, db := range chosen {
		args.Backups = append(args.Backups, backupItem{Database: db.Name, ID: backups.NewID(db.Name, at)})
		run.Targets = append(run.Targets, "database/"+db.Name)
		run.Steps = append(run.Steps, Step{Name: db.Name})
		quoted = append(quoted, chat.Literal(db.Name))
	}
	run.Title = "Backup of " + strings.Join(quoted, ", ")
	if len(names) == 0 && len(chosen) > 1 {
		run.Title = fmt.Sprintf("Backup of all %d databases", len(chosen))
	}
	run.Args, err = json.Marshal(args)
	return run, err
}

// Kind describes the work to the Runner.
func (j *Backup) Kind() Kind {
	return Kind{Name: BackupKind, Work: j.work, Clean: j.clean, Again: j.again, Retries: 2, Buttons: j.buttons}
}

// again backs up once more what did not succeed, under new IDs: what the first try left may be what is wrong.
func (j *Backup) again(old Run) (Run, error) {
	var names []string
	for _, s := range old.Steps {
		if s.Status != Succeeded {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return Run{}, &chat.Problem{Say: "Every backup of " + chat.Literal(old.ID) + " succeeded; there is nothing to repeat."}
	}
	return j.New(names)
}

func (j *Backup) work(ctx context.Context, t *Task) error {
	args, err := parseArgs[backupArgs](t.Run())
	if err != nil {
		return err
	}
	results := make([]*BackupResult, len(args.Backups))
	failures := make([]error, len(args.Backups))
	group := errgroup.Group{}
	group.SetLimit(max(j.Parallel, 1))
	for i, item := range args.Backups {
		group.Go(func() error {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			t.StartStep(i)
			results[i], failures[i] = j.one(ctx, t, i, item)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			t.EndStep(i, failures[i], stepNote(results[i]))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	done := []BackupResult{}
	for _, r := range results {
		if r != nil {
			done = append(done, *r)
		}
	}
	if err := t.SetResult(ctx, done); err != nil {
		return err
	}
	return summarize(args, failures)
}

func (j *Backup) one(ctx context.Context, t *Task, step int, item backupItem) (*BackupResult, error) {
	db, err := databases.One(j.Databases, item.Database)
	if err != nil {
		return nil, err
	}
	progress := func(p backups.Progress) { t.Progress(step, p.Stage, p.Done, p.Total, p.Bytes) }
	manifest, err := j.manifest(ctx, t, db, item, progress)
	if err != nil {
		return nil, err
	}
	t.Log(ctx, "%s: reading %s back", item.Database, item.ID)
	verification, err := backups.Verify(ctx, j.Store, item.ID, progress)
	if err != nil {
		return nil, err
	}
	if !verification.OK {
		return nil, &chat.Problem{
			Say: "The backup " + chat.Literal(item.ID) + " was written, but reading it back found: " + strings.Join(verification.Faults, "; ") + ".",
			Try: "It does not count. Take another one, and look at the store before you trust it.",
		}
	}
	r := &BackupResult{Database: item.Database, ID: item.ID, Documents: manifest.Documents, Bytes: manifest.Bytes}
	for _, o := range manifest.Objects {
		r.Stored += o.Size
	}
	return r, nil
}

// manifest takes the backup, unless an attempt before this one has finished it.
func (j *Backup) manifest(ctx context.Context, t *Task, db *databases.Database, item backupItem, progress func(backups.Progress)) (backups.Manifest, error) {
	_, err := j.Store.Stat(ctx, backups.Key(item.ID, backups.ManifestName))
	switch {
	case err == nil:
		entry, err := j.Catalogue.Get(ctx, item.ID)
		return entry.Manifest, err
	case !errors.Is(err, objects.ErrNotFound):
		return backups.Manifest{}, err
	}
	t.Log(ctx, "%s: reading into %s", item.Database, item.ID)
	return backups.Full(ctx, db, j.Store, backups.FullOptions{
		ID: item.ID, Tool: j.Tool, TakenFor: item.TakenFor, Readers: j.Readers, Progress: progress, Now: j.Now,
	})
}

func stepNote(r *BackupResult) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%s · %s, %s stored · verified · %s",
		chat.Plural(r.Documents, "document"), chat.Bytes(r.Bytes), chat.Bytes(r.Stored), chat.Literal(r.ID))
}

func summarize(args backupArgs, failures []error) error {
	var first error
	names := []string{}
	for i, err := range failures {
		if err != nil {
			first = errors.Join(first, fmt.Errorf("%s: %w", args.Backups[i].Database, err))
			names = append(names, chat.Literal(args.Backups[i].Database))
		}
	}
	if first == nil {
		return nil
	}
	if len(failures) == 1 {
		return failures[0]
	}
	p := &chat.Problem{
		Say: fmt.Sprintf("%d of %d backups failed: %s.", len(names), len(failures), strings.Join(names, ", ")),
		Try: "The others are complete and verified. Mend what the lines above say, then press Retry.",
		Err: first,
	}
	if len(names) == len(failures) {
		p.Try = "Mend what the lines above say, then press Retry."
	}
	return p
}

// clean removes what unfinished backups of the run left in the store; finished ones stay.
func (j *Backup) clean(ctx context.Context, run Run) error {
	args, err := parseArgs[backupArgs](run)
	if err != nil {
		return err
	}
	for _, item := range args.Backups {
		_, found := j.Store.Stat(ctx, backups.Key(item.ID, backups.ManifestName))
		switch {
		case errors.Is(found, objects.ErrNotFound):
			err = errors.Join(err, backups.Discard(ctx, j.Store, item.ID))
		case found != nil:
			err = errors.Join(err, found)
		}
	}
	return err
}

func (j *Backup) buttons(run Run) []chat.Button {
	if run.Status != Succeeded {
		return nil
	}
	args, err := parseArgs[backupArgs](run)
	if err != nil || len(args.Backups) != 1 {
		return nil
	}
	return []chat.Button{{Action: "backup.show", Value: args.Backups[0].ID, Label: "Details"}}
}

func parseArgs[T any](run Run) (T, error) {
	var args T
	if err := json.Unmarshal(run.Args, &args); err != nil {
		return args, fmt.Errorf("jobs: arguments of run %s: %w", run.ID, err)
	}
	return args, nil
}
