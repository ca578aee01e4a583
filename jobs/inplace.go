package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// InPlaceKind is the name of the kind that restores over what is there.
const InPlaceKind = "restore-in-place"

// InPlace replaces collections by those of a verified backup, after it has taken a backup of what is there. It is
// planned, confirmed by typing the database's name, and approved; one that ended in the middle says what stands where,
// and can be finished or undone by plans of their own.
type InPlace struct {
	Databases []*databases.Database
	Store     objects.Store
	Catalogue *backups.Catalogue
	// Backup takes the backup before.
	Backup *Backup
	// Needs is how many others must approve, besides the typing. Lifetime is how long they may.
	Needs    int
	Lifetime time.Duration
	Workers  int
	Now      func() time.Time
}

type inPlaceArgs struct {
	Backup   string `json:"backup"`
	Database string `json:"database"`
	// Whole means all that the backup holds; else Namespaces are the chosen "db.collection". In are their MongoDB databases.
	Whole      bool     `json:"whole,omitempty"`
	Namespaces []string `json:"namespaces,omitempty"`
	In         []string `json:"in"`
	// Finishes and Undoes name the run that this one goes on with, or back from.
	Finishes string `json:"finishes,omitempty"`
	Undoes   string `json:"undoes,omitempty"`
	// Before is the backup that stands for the one to be taken first; NoBackup says that none is taken.
	Before   string `json:"before,omitempty"`
	NoBackup bool   `json:"no_backup,omitempty"`
	// Earlier are the swaps of the run that is finished; Remove is what the run that is undone made where nothing was.
	Earlier []backups.Swap `json:"earlier,omitempty"`
	Remove  []backups.Swap `json:"remove,omitempty"`
}

func (a inPlaceArgs) confirm() string {
	if len(a.In) == 1 {
		return a.In[0]
	}
	return a.Database
}

// inPlaceBasis is what must not have changed between the plan and the first replacement. Documents may.
type inPlaceBasis struct {
	Objects  []backups.Object   `json:"objects"`
	Verified bool               `json:"verified"`
	Standing []backups.Standing `json:"standing"`
}

// inPlaceResult is what a run tells, also in the middle.
type inPlaceResult struct {
	Journal     backups.InPlace      `json:"journal"`
	Certificate *backups.Certificate `json:"certificate,omitempty"`
}

// New makes the planned run for a request; q.To is not used. What cannot be done is a *chat.Problem.
func (j *InPlace) New(ctx context.Context, q RestoreRequest) (Run, error) {
	entry, err := j.Catalogue.Resolve(ctx, q.Backup)
	if err != nil {
		return Run{}, err
	}
	args := inPlaceArgs{Backup: entry.ID, Database: entry.Database, Whole: len(q.Collections) == 0}
	chosen, err := backups.Choose(entry.Manifest, q.Collections)
	if err != nil {
		return Run{}, err
	}
	if !args.Whole {
		for _, c := range chosen {
			args.Namespaces = append(args.Namespaces, c.Namespace())
		}
	}
	return j.proposal(ctx, entry, args)
}

// Finish makes the planned run that goes on with one which ended in the middle.
func (j *InPlace) Finish(ctx context.Context, run Run) (Run, error) {
	journal, old, err := j.journal(ctx, run)
	if err != nil {
		return Run{}, err
	}
	args := inPlaceArgs{Backup: journal.Backup, Database: old.Database, Finishes: run.ID, Before: journal.Before, NoBackup: journal.Before == ""}
	for _, s := range journal.Swaps {
		switch {
		case s.State == backups.StandsRestored:
			args.Earlier = append(args.Earlier, s)
		case s.Remove:
			args.Remove = append(args.Remove, s)
		default:
			args.Namespaces = append(args.Namespaces, s.Namespace())
		}
	}
	if len(args.Namespaces)+len(args.Remove) == 0 {
		return Run{}, &chat.Problem{Say: "Nothing is left to finish: everything that " + chat.Literal(run.ID) + " was to restore stands in its place.",
			Try: "To undo it, press Go back, or use `/restore back " + run.ID + "`."}
	}
	if age := j.Now().Sub(run.Started); age > 24*time.Hour {
		return Run{}, &chat.Problem{Say: chat.Literal(run.ID) + " began " + chat.Span(age) + " ago; too much may have been written since.",
			Try: "Ask for the restore in place anew, so that a new backup is taken first."}
	}
	entry, err := j.Catalogue.Get(ctx, args.Backup)
	if err != nil {
		return Run{}, err
	}
	return j.proposal(ctx, entry, args)
}

// Back makes the planned run that puts back what stood there before a run, from the backup that it took first. After a
// run that did not succeed no backup is taken again: what would be in it is half of a restore.
func (j *InPlace) Back(ctx context.Context, run Run) (Run, error) {
	journal, old, err := j.journal(ctx, run)
	if err != nil {
		return Run{}, err
	}
	if journal.Before == "" {
		return Run{}, &chat.Problem{Say: chat.Literal(run.ID) + " took no backup first, so there is nothing to go back to.",
			Try: "Choose a backup from `/backup list " + old.Database + "`."}
	}
	entry, err := j.Catalogue.Get(ctx, journal.Before)
	if err != nil {
		return Run{}, err
	}
	args := inPlaceArgs{Backup: journal.Before, Database: old.Database, Undoes: run.ID, NoBackup: run.Status != Succeeded}
	for _, s := range journal.Swaps {
		held := slices.ContainsFunc(entry.Collections, func(c backups.Collection) bool { return c.Namespace() == s.Namespace() })
		switch {
		case s.State == backups.StandsOld:
		case held:
			args.Namespaces = append(args.Namespaces, s.Namespace())
		case s.State == backups.StandsRestored && !s.Remove:
			args.Remove = append(args.Remove, s)
		}
	}
	if len(args.Namespaces)+len(args.Remove) == 0 {
		return Run{}, &chat.Problem{Say: "There is nothing to go back from: " + chat.Literal(run.ID) + " has replaced nothing."}
	}
	return j.proposal(ctx, entry, args)
}

// journal reads what a run in place has noted.
func (j *InPlace) journal(ctx context.Context, run Run) (backups.InPlace, inPlaceArgs, error) {
	switch {
	case run.Kind != InPlaceKind:
		return backups.InPlace{}, inPlaceArgs{}, &chat.Problem{Say: chat.Literal(run.ID) + " is no restore in place: " + run.Title + "."}
	case !run.Status.Ended():
		return backups.InPlace{}, inPlaceArgs{}, &chat.Problem{Say: chat.Literal(run.ID) + " has not ended: it is " + string(run.Status) + ".", Try: "Wait for its end, or cancel it."}
	case run.Unclean:
		return backups.InPlace{}, inPlaceArgs{}, &chat.Problem{Say: "What " + chat.Literal(run.ID) + " left is still being looked at.", Try: "Ask again in a minute."}
	}
	args, err := parseArgs[inPlaceArgs](run)
	if err != nil {
		return backups.InPlace{}, args, err
	}
	journal, ok, err := backups.ReadInPlace(ctx, j.Store, run.ID)
	if err == nil && !ok {
		err = &chat.Problem{Say: chat.Literal(run.ID) + " has replaced nothing, so there is nothing to finish or to undo.", Try: "Ask for the restore anew."}
	}
	return journal, args, err
}

// proposal looks at the target and plans.
func (j *InPlace) proposal(ctx context.Context, entry backups.Entry, args inPlaceArgs) (Run, error) {
	if !entry.Verified() {
		return Run{}, &chat.Problem{
			Say: "The backup " + chat.Literal(entry.ID) + " is not verified, so it does not count.",
			Try: "Verify it with `/backup verify " + entry.ID + "`, or choose another one from `/backup list " + entry.Database + "`.",
		}
	}
	db, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return Run{}, err
	}
	in := map[string]string{}
	for _, c := range entry.Collections {
		if args.Whole || slices.Contains(args.Namespaces, c.Namespace()) {
			in[c.Database] = c.Database
		}
	}
	for _, s := range args.Remove {
		in[s.Database] = s.Database
	}
	args.In = sortedValues(in)
	if err := backups.InPlaceTargets(db, entry.Manifest, in); err != nil {
		return Run{}, err
	}
	server, err := db.Server(ctx)
	if err != nil {
		return Run{}, err
	}
	if server.Sharded {
		return Run{}, backups.Sharded(db.Name)
	}
	return j.planned(ctx, db, entry, args)
}

// basis reads what the plan stands on.
func (j *InPlace) basis(ctx context.Context, db *databases.Database, args inPlaceArgs) (inPlaceBasis, []databases.Namespace, error) {
	entry, err := j.Catalogue.Get(ctx, args.Backup)
	if err != nil {
		return inPlaceBasis{}, nil, err
	}
	only := slices.Clone(args.Namespaces)
	for _, s := range args.Remove {
		only = append(only, s.Namespace())
	}
	standing, listed, err := backups.Survey(ctx, db.Primary(), args.In, args.Whole, only)
	return inPlaceBasis{Objects: entry.Objects, Verified: entry.Verified(), Standing: standing}, listed, err
}

// check holds that the target is still what was approved: what is there, its options and indexes. Documents may have
// changed; the backup that is taken first has them.
func (j *InPlace) check(ctx context.Context, run Run) error {
	args, err := parseArgs[inPlaceArgs](run)
	if err != nil {
		return err
	}
	db, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	var approved inPlaceBasis
	if err := json.Unmarshal(run.Plan.Basis, &approved); err != nil {
		return fmt.Errorf("jobs: basis of the plan: %w", err)
	}
	now, _, err := j.basis(ctx, db, args)
	if err != nil {
		return err
	}
	if drift := drifted(approved.Standing, now.Standing); len(drift) > 0 {
		return &chat.Problem{
			Say: "The database is no longer what the plan was approved on, so nothing was replaced: " + strings.Join(drift, ", ") + ".",
			Try: "Ask again: the new plan will show the new state.",
		}
	}
	now.Standing = approved.Standing
	return sameBasis(run.Plan, now)
}

// drifted says what is new, gone or different.
func drifted(before, now []backups.Standing) []string {
	known := map[string]backups.Standing{}
	for _, s := range before {
		known[s.Namespace()] = s
	}
	var drift []string
	for _, s := range now {
		was, ok := known[s.Namespace()]
		delete(known, s.Namespace())
		name := chat.Literal(s.Name)
		switch {
		case !ok:
			drift = append(drift, name+" is new")
		case was.UUID != s.UUID || was.Type != s.Type:
			drift = append(drift, name+" was replaced by another one")
		case was.Shape != s.Shape:
			drift = append(drift, name+" has other options or indexes")
		}
	}
	for _, s := range before {
		if _, gone := known[s.Namespace()]; gone {
			drift = append(drift, chat.Literal(s.Name)+" is gone")
		}
	}
	if len(drift) > 8 {
		drift = append(drift[:8], fmt.Sprintf("and %d more", len(drift)-8))
	}
	return drift
}
