package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// RestoreArchiveKind is the name of the kind that restores archives which mongodump has made.
const RestoreArchiveKind = "restore-archive"

// RestoreArchive writes an archive that lies in a file, not in the store, into new databases and proves them equal to
// it. It is planned and approved as any restore. Only the process that has the file does it.
type RestoreArchive struct {
	Databases []*databases.Database
	Store     objects.Store
	Needs     int
	Lifetime  time.Duration
	Now       func() time.Time
	// Open opens the file of a path from its beginning; nil where there are no such files.
	Open func(path string) backups.Opener
}

// ArchiveRequest is what a person wants restored of an archive.
type ArchiveRequest struct {
	// On is the configured name of the deployment; "" is the only one.
	On string
	// Collections and To are as in a RestoreRequest.
	Collections []string
	To          string
}

type archiveArgs struct {
	Path       string            `json:"path"`
	SHA256     string            `json:"sha256"`
	Database   string            `json:"database"`
	Namespaces []string          `json:"namespaces,omitempty"`
	Rename     map[string]string `json:"rename"`
}

// Deployment answers the configured name that is meant: the given one, or the only one for "". Else it is a *chat.Problem.
func (j *RestoreArchive) Deployment(name string) (string, error) {
	if name == "" && len(j.Databases) == 1 {
		return j.Databases[0].Name, nil
	}
	if name != "" {
		_, err := databases.One(j.Databases, name)
		return name, err
	}
	names := make([]string, len(j.Databases))
	for i, db := range j.Databases {
		names[i] = db.Name
	}
	return "", &chat.Problem{Say: "On which deployment shall it be restored?", Try: "Say --on with one of " + quoteAll(names, 20) + "."}
}

// New makes the planned run for an archive that was read. What cannot be done is a *chat.Problem.
func (j *RestoreArchive) New(ctx context.Context, a backups.ArchiveFile, q ArchiveRequest) (Run, error) {
	var err error
	if q.On, err = j.Deployment(q.On); err != nil {
		return Run{}, err
	}
	if len(a.Collections) == 0 {
		return Run{}, &chat.Problem{Say: "There is no collection in " + chat.Literal(filepath.Base(a.Name)) + " that I restore.", Try: notRestored(a)}
	}
	chosen, err := a.Choose(q.Collections)
	if err != nil {
		return Run{}, err
	}
	args := archiveArgs{Path: a.Name, SHA256: a.SHA256, Database: q.On, Rename: map[string]string{}}
	for _, c := range chosen {
		if len(q.Collections) > 0 {
			args.Namespaces = append(args.Namespaces, c.Namespace())
		}
		args.Rename[c.Database] = ""
	}
	if err := nameTargets(args.Rename, q.To, j.Now()); err != nil {
		return Run{}, err
	}
	if err := j.free(ctx, args); err != nil {
		return Run{}, err
	}
	return j.planned(a, chosen, args)
}

// free refuses targets that are in use or hold anything.
func (j *RestoreArchive) free(ctx context.Context, args archiveArgs) error {
	deployment, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	for _, to := range sortedValues(args.Rename) {
		if slices.ContainsFunc(j.Databases, func(d *databases.Database) bool { return d.Scope() == to }) {
			return &chat.Problem{
				Say: chat.Literal(to) + " is a database in use; I restore archives only beside it, into a new one.",
				Try: "Choose another name, or leave it out.",
			}
		}
		empty, err := deployment.IsEmpty(ctx, to)
		if err != nil {
			return err
		}
		if !empty {
			return &chat.Problem{
				Say: "The database " + chat.Literal(to) + " on " + chat.Literal(args.Database) + " is not empty, so I will not restore into it.",
				Try: "Name a database that does not exist yet, or leave the name out.",
			}
		}
	}
	return nil
}

func (j *RestoreArchive) planned(a backups.ArchiveFile, chosen []backups.Collection, args archiveArgs) (Run, error) {
	name := chat.Literal(filepath.Base(a.Name))
	run := Run{Kind: RestoreArchiveKind, Title: "Restore of the archive " + name}
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
		run.Targets = append(run.Targets, "scratch/"+args.Database+"/"+to)
	}
	what := "all collections"
	if len(args.Namespaces) > 0 {
		what = quoteAll(args.Namespaces, 8)
	}
	compression := "not compressed"
	if a.Compression != "" {
		compression = a.Compression
	}
	run.Plan = &Plan{
		Title: "Restore the archive " + name + " into " + targetNames(args.Rename),
		Facts: []chat.Field{
			{Label: "Archive", Value: fmt.Sprintf("%s, %s, %s; read to its end and sound", chat.Literal(a.Name), chat.Bytes(a.Size), compression)},
			{Label: "SHA-256", Value: chat.Literal(a.SHA256)},
			{Label: "Made by", Value: "mongodump " + chat.Literal(a.Tool) + " of MongoDB " + chat.Literal(a.Server)},
			{Label: "Into", Value: "new database " + targetNames(args.Rename) + " on the deployment " + chat.Literal(args.Database)},
			{Label: "What", Value: what},
			{Label: "How much", Value: fmt.Sprintf("%s in %s, %s, %s", chat.Plural(documents, "document"),
				chat.Plural(int64(len(chosen)), "collection"), chat.Bytes(bytes), indexCount(indexes))},
			{Label: "Not restored", Value: notRestored(a)},
			{Label: "What is lost", Value: "nothing: the database is new"},
		},
		Expires: j.Now().Add(j.Lifetime).UTC(),
		Needs:   j.Needs,
		Args:    run.Args,
		Basis:   json.RawMessage("null"), // the arguments hold the content's hash
	}
	if j.Needs == 0 {
		run.Plan.Confirm = sortedValues(args.Rename)[0]
	}
	return run, run.Plan.Seal()
}

// notRestored says what of an archive is left where it is.
func notRestored(a backups.ArchiveFile) string {
	var parts []string
	if a.Oplog > 0 {
		parts = append(parts, fmt.Sprintf("its oplog part of %s, which I do not replay yet: collections that were written to meanwhile can be moments apart",
			chat.Plural(a.Oplog, "entry")))
	}
	if a.Users+a.Roles > 0 {
		parts = append(parts, chat.Plural(a.Users, "user")+" and "+chat.Plural(a.Roles, "role"))
	}
	if len(a.Skipped) > 0 {
		parts = append(parts, "what belongs to the server itself: "+quoteAll(a.Skipped, 6))
	}
	if len(parts) == 0 {
		return "nothing is left out"
	}
	return strings.Join(parts, "; ")
}

// Kind describes the work to the Runner.
func (j *RestoreArchive) Kind() Kind {
	return Kind{Name: RestoreArchiveKind, Work: j.work, Check: j.check, Clean: j.clean, Details: j.details, Buttons: j.buttons, Local: true}
}

func (j *RestoreArchive) check(ctx context.Context, run Run) error {
	args, err := parseArgs[archiveArgs](run)
	if err != nil {
		return err
	}
	return j.free(ctx, args)
}

// work reads the whole file once more before anything is written: it must be the one that was approved, and sound.
func (j *RestoreArchive) work(ctx context.Context, t *Task) error {
	run := t.Run()
	args, err := parseArgs[archiveArgs](run)
	if err != nil {
		return err
	}
	deployment, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	t.StartStep(0)
	cert, err := j.restore(ctx, t, deployment, args)
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
		Say: "What was read back is not what the archive holds: " + differing(cert),
		Try: "The certificate lists every difference. Remove the database with `/restore drop " + sortedValues(args.Rename)[0] + "`.",
	}
	t.EndStep(0, problem, "")
	return problem
}

func (j *RestoreArchive) restore(ctx context.Context, t *Task, deployment *databases.Database, args archiveArgs) (backups.Certificate, error) {
	if j.Open == nil {
		return backups.Certificate{}, &chat.Problem{Say: "The archive is not on this machine.", Try: "Restore it where it lies."}
	}
	open := j.Open(args.Path)
	progress := func(p backups.Progress) { t.Progress(0, p.Stage, p.Done, p.Total, p.Bytes) }
	archive, err := backups.ReadArchive(ctx, args.Path, open, progress)
	if err != nil {
		return backups.Certificate{}, err
	}
	if archive.SHA256 != args.SHA256 {
		return backups.Certificate{}, &chat.Problem{
			Say: "The file " + chat.Literal(args.Path) + " is not the one that the plan was approved for: its content has changed. Nothing was written.",
			Try: "Find out who changed it, then ask again.",
		}
	}
	return backups.RestoreArchive(ctx, j.Store, archive, open, deployment, backups.RestoreOptions{
		CertificateID: t.Run().ID, Namespaces: args.Namespaces, Rename: args.Rename, Target: args.Database, Now: j.Now, Progress: progress,
	})
}

// clean drops what a restore without a certificate wrote.
func (j *RestoreArchive) clean(ctx context.Context, run Run) error {
	if len(run.Result) > 0 {
		return nil
	}
	args, err := parseArgs[archiveArgs](run)
	if err != nil {
		return err
	}
	deployment, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	return backups.DropUnfinished(ctx, j.Store, deployment, run.ID)
}

func (j *RestoreArchive) details(run Run) []chat.Part {
	var c backups.Certificate
	switch {
	case len(run.Result) == 0:
		return nil
	case json.Unmarshal(run.Result, &c) != nil:
		return []chat.Part{chat.Note("The certificate of this run cannot be read.")}
	}
	return CertificateParts(c)
}

func (j *RestoreArchive) buttons(run Run) []chat.Button {
	args, err := parseArgs[archiveArgs](run)
	if err != nil || run.Status != Succeeded {
		return nil
	}
	return []chat.Button{{Action: "restore.drop", Value: sortedValues(args.Rename)[0], Label: "Drop it again…"}}
}
