package jobs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// DropKind is the name of the kind that removes databases which a restore has made.
const DropKind = "drop"

// Drop removes databases that a restore has made, and no others: each restore leaves a record in the object store
// before it writes the first document, and only what stands there can be dropped.
type Drop struct {
	Databases []*databases.Database
	Store     objects.Store
	Needs     int
	Lifetime  time.Duration
	Now       func() time.Time
}

// Scratch is one database made by a restore that is still there.
type Scratch struct {
	// Name is the MongoDB database, Database the configured deployment, Backup what was restored, Run by which run.
	Name, Database, Backup, Run string
	At                          time.Time
}

type dropArgs struct {
	Database string `json:"database"`
	Name     string `json:"name"`
	Restore  string `json:"restore"`
}

type dropBasis struct {
	Collections int   `json:"collections"`
	Documents   int64 `json:"documents"`
	// Unknown counts collections whose size the server does not tell.
	Unknown int `json:"unknown,omitempty"`
}

func (b dropBasis) String() string {
	text := chat.Plural(int64(b.Collections), "collection") + ", " + chat.Plural(b.Documents, "document")
	if b.Unknown > 0 {
		text += " and what is in " + chat.Plural(int64(b.Unknown), "collection") + " whose size the server does not tell"
	}
	return text
}

// Scratch lists the databases made by restores that are still there, newest first.
func (j *Drop) Scratch(ctx context.Context) ([]Scratch, error) {
	records, err := backups.RestoreRecords(ctx, j.Store, "")
	if err != nil {
		return nil, err
	}
	var all []Scratch
	for _, r := range records {
		deployment, err := databases.One(j.Databases, r.Target)
		if err != nil {
			continue // it is not looked after any more
		}
		for _, name := range r.Databases() {
			there, err := r.Holds(ctx, deployment, name)
			if err != nil {
				return nil, err
			}
			if there {
				all = append(all, Scratch{Name: name, Database: r.Target, Backup: r.Backup, Run: r.ID, At: r.At})
			}
		}
	}
	return all, nil
}

// New makes the planned run that drops one of them, by its MongoDB name. Any other name is a *chat.Problem.
func (j *Drop) New(ctx context.Context, name string) (Run, error) {
	all, err := j.Scratch(ctx)
	if err != nil {
		return Run{}, err
	}
	known := []string{}
	if err := j.configured(name); err != nil {
		return Run{}, err
	}
	for _, s := range all {
		if s.Name == name {
			return j.planned(ctx, s)
		}
		known = append(known, s.Name)
	}
	problem := chat.Unknown("database made by a restore", name, known)
	if problem.Try == "" {
		problem.Try = "None is left; I drop only what a restore has made."
	}
	return Run{}, problem
}

// configured refuses what has become one of the databases that are looked after, whoever made it.
func (j *Drop) configured(name string) error {
	for _, db := range j.Databases {
		if db.Scope() == name {
			return &chat.Problem{
				Say: "The database " + chat.Literal(name) + " is configured as " + chat.Literal(db.Name) + ", so I do not drop it.",
				Try: "I drop only databases made by a restore that are in no other use.",
			}
		}
	}
	return nil
}

func (j *Drop) planned(ctx context.Context, s Scratch) (Run, error) {
	run := Run{
		Kind: DropKind, Title: "Drop of " + chat.Literal(s.Name),
		Targets: []string{"scratch/" + s.Database + "/" + s.Name},
		Steps:   []Step{{Name: s.Name}},
	}
	args := dropArgs{Database: s.Database, Name: s.Name, Restore: s.Run}
	var err error
	if run.Args, err = json.Marshal(args); err != nil {
		return run, err
	}
	basis, err := j.basis(ctx, args)
	if err != nil {
		return run, err
	}
	run.Plan = &Plan{
		Title: "Drop the database " + chat.Literal(s.Name) + " on " + chat.Literal(s.Database),
		Facts: []chat.Field{
			{Label: "Made by", Value: "the restore " + chat.Literal(s.Run) + ", " + chat.Time(s.At)},
			{Label: "From", Value: chat.Literal(s.Backup) + ", which stays"},
			{Label: "Holds", Value: basis.String()},
		},
		Losses:  []string{"Everything in " + chat.Literal(s.Name) + ", with all that was changed there since the restore."},
		Expires: j.Now().Add(j.Lifetime).UTC(),
		Needs:   j.Needs,
		Args:    run.Args,
	}
	if j.Needs == 0 {
		run.Plan.Confirm = s.Name
	}
	if run.Plan.Basis, err = json.Marshal(basis); err != nil {
		return run, err
	}
	return run, run.Plan.Seal()
}

// basis counts what the database holds.
func (j *Drop) basis(ctx context.Context, args dropArgs) (dropBasis, error) {
	deployment, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return dropBasis{}, err
	}
	namespaces, err := deployment.Collections(ctx, args.Name)
	if err != nil {
		return dropBasis{}, err
	}
	estimate, err := deployment.EstimateOf(ctx, namespaces)
	return dropBasis{Collections: len(namespaces), Documents: estimate.Documents, Unknown: len(estimate.Unknown)}, err
}

// Kind describes the work to the Runner. Dropping twice does no harm, but what was approved was one execution.
func (j *Drop) Kind() Kind {
	return Kind{Name: DropKind, Work: j.work, Check: j.check}
}

func (j *Drop) check(ctx context.Context, run Run) error {
	args, err := parseArgs[dropArgs](run)
	if err != nil {
		return err
	}
	if err := j.configured(args.Name); err != nil {
		return err
	}
	now, err := j.basis(ctx, args)
	if err != nil {
		return err
	}
	return sameBasis(run.Plan, now)
}

func (j *Drop) work(ctx context.Context, t *Task) error {
	args, err := parseArgs[dropArgs](t.Run())
	if err != nil {
		return err
	}
	deployment, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	t.StartStep(0)
	err = backups.DropScratch(ctx, j.Store, deployment, []string{args.Name})
	t.EndStep(0, err, "dropped")
	return err
}
