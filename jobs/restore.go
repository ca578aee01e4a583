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

// RestoreKind is the name of the kind that restores into new databases.
const RestoreKind = "restore"

// Restore writes a verified backup into new databases beside the old ones and proves them equal. It is always planned
// and approved; an interrupted one is cleaned up and reported, since its approval was for one execution.
type Restore struct {
	Databases []*databases.Database
	Store     objects.Store
	Catalogue *backups.Catalogue
	// Needs is how many others must approve; 0 lets the requester confirm by typing. Lifetime is how long they may.
	Needs    int
	Lifetime time.Duration
	Workers  int
	Now      func() time.Time
}

// RestoreRequest is what a person wants restored.
type RestoreRequest struct {
	// Backup is a backup's ID, or a database's name for its newest verified backup.
	Backup string
	// Collections are "collection" or "db.collection"; none means all.
	Collections []string
	// To names the new database; "" chooses "<database>_restore_<time>".
	To string
}

type restoreArgs struct {
	Backup     string            `json:"backup"`
	Database   string            `json:"database"`
	Namespaces []string          `json:"namespaces,omitempty"`
	Rename     map[string]string `json:"rename"`
}

// restoreBasis is what must not have changed between the plan and its execution.
type restoreBasis struct {
	Objects  []backups.Object `json:"objects"`
	Verified bool             `json:"verified"`
	Empty    bool             `json:"empty"`
}

// New makes the planned run for a request. What cannot be done is a *chat.Problem.
func (j *Restore) New(ctx context.Context, q RestoreRequest) (Run, error) {
	entry, err := j.Catalogue.Resolve(ctx, q.Backup)
	if err != nil {
		return Run{}, err
	}
	m := entry.Manifest
	if !entry.Verified() {
		return Run{}, &chat.Problem{
			Say: "The backup " + chat.Literal(m.ID) + " is not verified, so it does not count.",
			Try: "Verify it with `/backup verify " + m.ID + "`, or choose another one from `/backup list " + m.Database + "`.",
		}
	}
	chosen, err := backups.Choose(m, q.Collections)
	if err != nil {
		return Run{}, err
	}
	args := restoreArgs{Backup: m.ID, Database: m.Database, Rename: map[string]string{}}
	for _, c := range chosen {
		if len(q.Collections) > 0 {
			args.Namespaces = append(args.Namespaces, c.Namespace())
		}
		args.Rename[c.Database] = ""
	}
	if err := nameTargets(args.Rename, q.To, j.Now()); err != nil {
		return Run{}, err
	}
	if err := j.beside(args.Rename); err != nil {
		return Run{}, err
	}
	basis, err := j.basis(ctx, args)
	if err != nil {
		return Run{}, err
	}
	return j.planned(m, chosen, args, basis)
}

// beside refuses targets that programs may be writing to: the databases of the backup themselves, and those that are
// looked after. Cleaning up after a restore that failed would take with it what was written there meanwhile.
func (j *Restore) beside(rename map[string]string) error {
	for from, to := range rename {
		if from == to || slices.ContainsFunc(j.Databases, func(d *databases.Database) bool { return d.Scope() == to }) {
			return &chat.Problem{
				Say: chat.Literal(to) + " is a database in use; I restore only beside it, into a new one.",
				Try: "Choose another name, or leave it out.",
			}
		}
	}
	return nil
}

func (j *Restore) planned(m backups.Manifest, chosen []backups.Collection, args restoreArgs, basis restoreBasis) (Run, error) {
	run := Run{Kind: RestoreKind, Title: "Restore of " + chat.Literal(m.Database)}
	var err error
	if run.Args, err = json.Marshal(args); err != nil {
		return run, err
	}
	var documents, bytes, indexes int64
	for _, c := range chosen {
		documents, bytes, indexes = documents+c.Documents, bytes+c.Bytes, indexes+int64(len(c.Indexes))
	}
	run.Steps = []Step{{Name: targetNames(args.Rename), Total: documents}}
	for _, to := range sortedValues(args.Rename) {
		run.Targets = append(run.Targets, "scratch/"+m.Database+"/"+to)
	}
	what := "all collections"
	if len(args.Namespaces) > 0 {
		what = quoteAll(args.Namespaces, 8)
	}
	taken := m.Finished.Sub(m.Started)
	run.Plan = &Plan{
		Title: "Restore " + chat.Literal(m.ID) + " into " + targetNames(args.Rename),
		Facts: []chat.Field{
			{Label: "Backup", Value: chat.Literal(m.ID) + ", taken " + chat.Time(m.Started) + ", verified"},
			{Label: "Into", Value: "new database " + targetNames(args.Rename) + " on the deployment " + chat.Literal(m.Database)},
			{Label: "What", Value: what},
			{Label: "How much", Value: fmt.Sprintf("%s in %s, %s, %s", chat.Plural(documents, "document"),
				chat.Plural(int64(len(chosen)), "collection"), chat.Bytes(bytes), indexCount(indexes))},
			{Label: "How long", Value: "reading it took " + chat.Span(taken) + "; expect two to four times that"},
			{Label: "What is lost", Value: "nothing: the database is new, the old one is not touched"},
		},
		Expires: j.Now().Add(j.Lifetime).UTC(),
		Needs:   j.Needs,
		Args:    run.Args,
	}
	if j.Needs == 0 {
		run.Plan.Confirm = sortedValues(args.Rename)[0]
	}
	if run.Plan.Basis, err = json.Marshal(basis); err != nil {
		return run, err
	}
	return run, run.Plan.Seal()
}

func indexCount(n int64) string {
	if n == 1 {
		return "1 index"
	}
	return chat.Count(n) + " indexes"
}

// basis reads what the plan stands on, and refuses targets that are not empty.
func (j *Restore) basis(ctx context.Context, args restoreArgs) (restoreBasis, error) {
	entry, err := j.Catalogue.Get(ctx, args.Backup)
	if err != nil {
		return restoreBasis{}, err
	}
	deployment, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return restoreBasis{}, err
	}
	for _, to := range sortedValues(args.Rename) {
		empty, err := deployment.IsEmpty(ctx, to)
		if err != nil {
			return restoreBasis{}, err
		}
		if !empty {
			return restoreBasis{}, &chat.Problem{
				Say: "The database " + chat.Literal(to) + " on " + chat.Literal(args.Database) + " is not empty, so I will not restore into it.",
				Try: "Name a database that does not exist yet, or leave the name out.",
			}
		}
	}
	return restoreBasis{
		Objects:  entry.Objects,
		Verified: entry.Verified(),
		Empty:    true,
	}, nil
}

// Kind describes the work to the Runner.
func (j *Restore) Kind() Kind {
	return Kind{Name: RestoreKind, Work: j.work, Check: j.check, Clean: j.clean, Left: j.left, Details: j.details, Buttons: j.buttons}
}

func (j *Restore) check(ctx context.Context, run Run) error {
	args, err := parseArgs[restoreArgs](run)
	if err != nil {
		return err
	}
	now, err := j.basis(ctx, args)
	if err != nil {
		return err
	}
	return sameBasis(run.Plan, now)
}

// sameBasis says whether reality is still what the plan was approved on.
func sameBasis(p *Plan, now any) error {
	text, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("jobs: basis of the plan: %w", err)
	}
	if string(text) != string(p.Basis) {
		return &chat.Problem{
			Say: "What the plan was approved on has changed in between, so nothing was done.",
			Try: "Ask again: the new plan will show the new state.",
		}
	}
	return nil
}

func (j *Restore) work(ctx context.Context, t *Task) error {
	run := t.Run()
	args, err := parseArgs[restoreArgs](run)
	if err != nil {
		return err
	}
	deployment, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	t.StartStep(0)
	cert, err := backups.Restore(ctx, j.Store, args.Backup, deployment, backups.RestoreOptions{
		CertificateID: run.ID, Namespaces: args.Namespaces, Rename: args.Rename, Workers: j.Workers,
		Target: args.Database, Now: j.Now,
		Progress: func(p backups.Progress) { t.Progress(0, p.Stage, p.Done, p.Total, p.Bytes) },
	})
	if err != nil {
		t.EndStep(0, err, "")
		return err
	}
	if err := t.SetResult(ctx, cert); err != nil {
		return err
	}
	if cert.OK {
		t.EndStep(0, nil, certificateNote(cert))
		return nil
	}
	problem := &chat.Problem{
		Say: "What was read back is not what the backup holds: " + differing(cert),
		Try: "The certificate lists every difference. Remove the database with `/restore drop " + sortedValues(args.Rename)[0] + "`.",
	}
	t.EndStep(0, problem, "")
	return problem
}

// clean drops what the interrupted, failed or cancelled restore wrote. A restore that ended with a certificate is
// kept, also when it shows differences: people may want to look at it.
func (j *Restore) clean(ctx context.Context, run Run) error {
	if len(run.Result) > 0 {
		return nil
	}
	args, err := parseArgs[restoreArgs](run)
	if err != nil {
		return err
	}
	deployment, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	return backups.DropUnfinished(ctx, j.Store, deployment, run.ID)
}

// left finds the certificate of a restore that was proven when its process died before it could note that.
func (j *Restore) left(ctx context.Context, run Run) (Left, error) {
	args, err := parseArgs[restoreArgs](run)
	if err != nil {
		return Left{}, err
	}
	cert, ok, err := backups.CertificateOf(ctx, j.Store, args.Backup, run.ID)
	if err != nil || !ok {
		return Left{}, err
	}
	text, err := json.Marshal(cert)
	return Left{Result: text, Done: cert.OK}, err
}

// nameTargets fills in the new name of each database, at most 63 bytes as MongoDB allows.
// https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
func nameTargets(rename map[string]string, to string, at time.Time) error {
	if to != "" && len(rename) > 1 {
		return &chat.Problem{
			Say: fmt.Sprintf("The backup holds %d databases, so one name does not suffice.", len(rename)),
			Try: "Leave the name out, or choose collections of one database.",
		}
	}
	suffix := "_restore_" + at.UTC().Format("20060102_150405")
	for from := range rename {
		name := to
		if name == "" {
			name = from[:min(len(from), 63-len(suffix))] + suffix
		}
		if err := checkDatabaseName(name); err != nil {
			return err
		}
		rename[from] = name
	}
	return nil
}

func checkDatabaseName(name string) error {
	switch {
	case len(name) > 63:
		return &chat.Problem{Say: "The name " + chat.Typed(name) + " is too long.", Try: "MongoDB allows 63 bytes."}
	case strings.ContainsAny(name, "/\\. \"$*<>:|?\x00"):
		return &chat.Problem{Say: "The name " + chat.Typed(name) + " has a character that a database's name cannot have.", Try: "Use letters, digits, - and _."}
	case name == "admin" || name == "local" || name == "config":
		return &chat.Problem{Say: chat.Literal(name) + " belongs to the server itself.", Try: "Choose another name."}
	}
	return nil
}

func sortedValues(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

func targetNames(rename map[string]string) string { return quoteAll(sortedValues(rename), 8) }

// quoteAll lists names in code style, the first limit of them.
func quoteAll(names []string, limit int) string {
	quoted := []string{}
	for _, n := range names[:min(len(names), limit)] {
		quoted = append(quoted, chat.Literal(n))
	}
	if rest := len(names) - limit; rest > 0 {
		quoted = append(quoted, fmt.Sprintf("%d more", rest))
	}
	return strings.Join(quoted, ", ")
}
