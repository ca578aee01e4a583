package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// Kind describes the work to the Runner.
func (j *InPlace) Kind() Kind {
	return Kind{Name: InPlaceKind, Work: j.work, Check: j.check, Clean: j.clean, Left: j.left, Details: j.details, Buttons: j.buttons}
}

// The steps of a run.
const (
	stepBackup = iota
	stepBeside
	stepReplace
)

func (j *InPlace) work(ctx context.Context, t *Task) error {
	run := t.Run()
	args, err := parseArgs[inPlaceArgs](run)
	if err != nil {
		return err
	}
	db, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	journal := backups.InPlace{ID: run.ID, Backup: args.Backup, Target: args.Database, Before: args.Before, At: j.Now().UTC()}
	if !args.NoBackup && args.Before == "" {
		journal.Before = backups.NewID(args.Database, j.Now())
	}
	// From here on it is known what a killed process may have left.
	if err := backups.NoteInPlace(ctx, j.Store, journal); err != nil {
		return err
	}
	t.StartStep(stepBackup)
	note, err := j.backupFirst(ctx, t, args, journal.Before)
	t.EndStep(stepBackup, err, note)
	if err != nil {
		return fmt.Errorf("the backup that comes first: %w", err)
	}
	t.StartStep(stepBeside)
	step := stepBeside
	cert, err := backups.RestoreInPlace(ctx, j.Store, args.Backup, db, backups.InPlaceOptions{
		ID: run.ID, Whole: args.Whole, Namespaces: args.Namespaces, Remove: args.Remove, Earlier: args.Earlier, Before: journal.Before,
		Workers: j.Workers, Target: args.Database, Now: j.Now,
		Check: func(ctx context.Context) error {
			t.EndStep(stepBeside, nil, "proven equal; nothing was replaced yet")
			step = stepReplace
			t.StartStep(stepReplace)
			return j.check(ctx, run)
		},
		Noted: func(ctx context.Context, now backups.InPlace) error {
			return t.SetResult(ctx, inPlaceResult{Journal: now})
		},
		Progress: func(p backups.Progress) { t.Progress(step, p.Stage, p.Done, p.Total, p.Bytes) },
	})
	if err != nil {
		t.EndStep(step, err, "")
		return err
	}
	return j.outcome(ctx, t, cert, step)
}

// backupFirst takes and verifies the backup of what is there, or holds that the one that stands for it counts.
func (j *InPlace) backupFirst(ctx context.Context, t *Task, args inPlaceArgs, id string) (string, error) {
	switch {
	case args.NoBackup:
		return "none, as planned", nil
	case args.Before != "":
		entry, err := j.Catalogue.Get(ctx, id)
		if err == nil && !entry.Verified() {
			err = &chat.Problem{Say: "The backup " + chat.Literal(id) + ", which is the way back, does not count any more.", Try: "Ask for the restore in place anew."}
		}
		if err != nil {
			return "", err
		}
		return chat.Literal(id) + " is there, verified", nil
	}
	result, err := j.Backup.one(ctx, t, stepBackup, backupItem{Database: args.Database, ID: id, TakenFor: t.Run().ID})
	return stepNote(result), err
}

// outcome notes the certificate and says what it says.
func (j *InPlace) outcome(ctx context.Context, t *Task, cert backups.Certificate, step int) error {
	journal, _, err := backups.ReadInPlace(ctx, j.Store, cert.ID)
	if err != nil {
		return err
	}
	if err := t.SetResult(ctx, inPlaceResult{Journal: journal, Certificate: &cert}); err != nil {
		return err
	}
	if cert.OK {
		t.EndStep(step, nil, certificateNote(cert))
		return nil
	}
	problem := &chat.Problem{Say: "What was written beside is not what the backup holds, so nothing was replaced: " + differing(cert),
		Try: "The certificate lists every difference. The database is as it was."}
	if cert.Placed != nil {
		problem = &chat.Problem{Say: "Everything was replaced, but what stands there now is not as compared: " + differing(cert),
			Try: "Does a program write there? The certificate lists every difference."}
	}
	t.EndStep(step, problem, "")
	return problem
}

// clean notes what stands where, and removes what lies beside.
func (j *InPlace) clean(ctx context.Context, run Run) error {
	args, err := parseArgs[inPlaceArgs](run)
	if err != nil {
		return err
	}
	db, err := databases.One(j.Databases, args.Database)
	if err != nil {
		return err
	}
	_, _, err = backups.SettleInPlace(ctx, j.Store, db, run.ID)
	return err
}

// left says what stands where after the end, from the journal; without one nothing was replaced.
func (j *InPlace) left(ctx context.Context, run Run) (Left, error) {
	args, err := parseArgs[inPlaceArgs](run)
	if err != nil {
		return Left{}, err
	}
	result, err := resultOf(run)
	if err != nil {
		return Left{}, err
	}
	journal, ok, err := backups.ReadInPlace(ctx, j.Store, run.ID)
	switch {
	case err != nil:
		return Left{}, err
	case ok:
		result.Journal = journal
	default: // nothing was replaced, whatever was noted on the way
		for i := range result.Journal.Swaps {
			result.Journal.Swaps[i].State = backups.StandsOld
		}
	}
	cert, certified, err := backups.CertificateOf(ctx, j.Store, args.Backup, run.ID)
	if err != nil {
		return Left{}, err
	}
	if certified {
		result.Certificate = &cert
	}
	text, err := json.Marshal(result)
	return Left{Result: text, Done: certified && cert.OK && cert.Placed != nil}, err
}

func resultOf(run Run) (inPlaceResult, error) {
	var r inPlaceResult
	if len(run.Result) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(run.Result, &r); err != nil {
		return r, fmt.Errorf("jobs: the result of %s: %w", run.ID, err)
	}
	return r, nil
}

// details says what stands where, and draws the certificate.
func (j *InPlace) details(run Run) []chat.Part {
	result, err := resultOf(run)
	if err != nil {
		return []chat.Part{chat.Note("The result of this run cannot be read.")}
	}
	var parts []chat.Part
	if run.Status.Ended() && run.Status != Succeeded && run.Attempt > 0 {
		parts = append(parts, standsParts(run, result.Journal)...)
	}
	if c := result.Certificate; c != nil {
		parts = append(parts, CertificateParts(*c)...)
		if p := c.Placed; p != nil {
			parts = append(parts, chat.Note(placed(*p)))
		}
	}
	if before := result.Journal.Before; before != "" && run.Status == Succeeded {
		parts = append(parts, chat.Note("What stood there before is in "+chat.Literal(before)+"."))
	}
	return parts
}

// placed says what was proven when.
func placed(p backups.Placed) string {
	return fmt.Sprintf("Documents were compared before the replacing, at %s; it took from %s to %s; indexes and options were compared in place at %s. "+
		"What programs write since is theirs.", chat.Clock(p.Compared), chat.Clock(p.Began), chat.Clock(p.Swapped), chat.Clock(p.Looked))
}

// standsParts says exactly which collections are which.
func standsParts(run Run, j backups.InPlace) []chat.Part {
	if !j.Touched() {
		parts := []chat.Part{chat.Text("*Nothing was replaced:* every collection is the one that was there before.")}
		if j.Before != "" {
			parts = append(parts, chat.Text(chat.Literal(j.Before)+" was taken first, and stays. It holds what is there now: to try again, name "+
				chat.Literal(j.Backup)+", as in `/restore "+j.Backup+" in place`, since the newest backup is that one."))
		}
		return parts
	}
	lines := []string{"*What stands there now:*"}
	for _, group := range []struct {
		stand backups.Stand
		words string
	}{
		{backups.StandsRestored, "🟢 the restored ones"},
		{backups.StandsOld, "⚪ still as before"},
		{backups.StandsIncomplete, "🔴 *incomplete*, being written when it stopped"},
		{backups.StandsAbsent, "🔴 *not there*, taken away and not made anew"},
		{backups.StandsOther, "🟠 made by somebody else meanwhile"},
		{backups.StandsBegun, "🟠 under way when it stopped; being looked at"},
	} {
		var names []string
		for _, s := range j.Of(group.stand) {
			names = append(names, s.Name)
		}
		if len(names) > 0 {
			lines = append(lines, fmt.Sprintf("%s (%d): %s", group.words, len(names), quoteAll(names, 20)))
		}
	}
	way := "*Finish the restore* replaces the rest."
	if j.Before != "" {
		way += " *Go back* puts back what was there, from " + chat.Literal(j.Before) + ". Both are plans of their own."
	}
	if run.Unclean {
		way = "What lies beside is still to be removed; then the restore can be finished or undone."
	}
	return []chat.Part{chat.Text(cut(strings.Join(lines, "\n"), mostText)), chat.Text(way)}
}

func (j *InPlace) buttons(run Run) []chat.Button {
	result, err := resultOf(run)
	if err != nil || !run.Status.Ended() || run.Unclean || !result.Journal.Touched() {
		return nil
	}
	var all []chat.Button
	if len(result.Journal.Of(backups.StandsRestored)) < len(result.Journal.Swaps) {
		all = append(all, chat.Button{Action: "restore.finish", Value: run.ID, Label: "Finish the restore…", Style: chat.Primary})
	}
	if result.Journal.Before != "" {
		all = append(all, chat.Button{Action: "restore.back", Value: run.ID, Label: "Go back…"})
	}
	return all
}
