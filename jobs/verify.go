package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/objects"
)

// VerifyKind is the name of the kind that reads backups back.
const VerifyKind = "verify"

// Verify reads backups back whole and compares them with their manifests. A step is one backup.
type Verify struct {
	Store objects.Store
}

type verifyArgs struct {
	Backups []string `json:"backups"`
}

// New makes the run that verifies the given backups.
func (j *Verify) New(entries []backups.Entry) (Run, error) {
	run := Run{Kind: VerifyKind, Title: fmt.Sprintf("Verification of %d backups", len(entries))}
	if len(entries) == 1 {
		run.Title = "Verification of " + chat.Literal(entries[0].Manifest.ID)
	}
	args := verifyArgs{}
	for _, e := range entries {
		args.Backups = append(args.Backups, e.ID)
		run.Targets = append(run.Targets, "backup/"+e.ID)
		run.Steps = append(run.Steps, Step{Name: e.ID, Total: e.Documents})
	}
	var err error
	run.Args, err = json.Marshal(args)
	return run, err
}

// Kind describes the work to the Runner. Reading changes nothing, so it is always tried again.
func (j *Verify) Kind() Kind {
	return Kind{Name: VerifyKind, Work: j.work, Retries: 3}
}

func (j *Verify) work(ctx context.Context, t *Task) error {
	args, err := parseArgs[verifyArgs](t.Run())
	if err != nil {
		return err
	}
	var bad []string
	for i, id := range args.Backups {
		t.StartStep(i)
		v, err := backups.Verify(ctx, j.Store, id, func(p backups.Progress) { t.Progress(i, p.Stage, p.Done, p.Total, p.Bytes) })
		if err != nil {
			t.EndStep(i, err, "")
			return err
		}
		if !v.OK {
			faults := &chat.Problem{Say: strings.Join(v.Faults, "; ")}
			t.EndStep(i, faults, "")
			bad = append(bad, chat.Literal(id))
			continue
		}
		t.EndStep(i, nil, fmt.Sprintf("%s, %s: as the manifest says", chat.Plural(v.Documents, "document"), chat.Bytes(v.Bytes)))
	}
	if len(bad) > 0 {
		return &chat.Problem{
			Say: "Damaged: " + strings.Join(bad, ", ") + ".",
			Try: "A damaged backup no longer counts. Take a new one with `/backup now`, and find out what changed the stored object.",
		}
	}
	return nil
}
