package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// PruneKind is the name of the kind that removes backups which are not needed any more.
const PruneKind = "prune"

// Prune removes the backups that the retention does not keep. It is always planned and approved; what is removed by half
// when the process dies is removed whole by the next one. A step is one database.
type Prune struct {
	Databases []*databases.Database
	Store     objects.Store
	Catalogue *backups.Catalogue
	Policy    backups.Retention
	Needs     int
	Lifetime  time.Duration
	Now       func() time.Time
	// Active answers the runs that have not ended: what they name in their arguments stays.
	Active func(context.Context) ([]Run, error)
}

// pruneArgs is the whole plan: what goes and what stays, with the reasons.
type pruneArgs struct {
	Databases []string      `json:"databases"`
	Remove    []pruneItem   `json:"remove"`
	Keep      []pruneReason `json:"keep"`
}

type pruneReason struct {
	ID     string `json:"id"`
	Class  string `json:"class"`
	Reason string `json:"reason"`
}

type pruneItem struct {
	pruneReason
	// Archive is the SHA-256 of the archive, "" for a damaged manifest; Stored counts the bytes of all objects.
	Archive string `json:"archive,omitempty"`
	Stored  int64  `json:"stored"`
}

// PruneResult is what came of it.
type PruneResult struct {
	Removed int64 `json:"removed"`
	Freed   int64 `json:"freed"`
	// Left says why what was planned was not removed: locked by the store, or needed by a run since.
	Left []string `json:"left,omitempty"`
}

// Decide says of each backup of the databases, by their configured names (none means all that have backups), whether it
// stays. It changes nothing.
func (j *Prune) Decide(ctx context.Context, names []string) ([]backups.Verdict, error) {
	if _, err := databases.Choose(j.Databases, names); err != nil {
		return nil, err
	}
	return j.decide(ctx, names)
}

func (j *Prune) decide(ctx context.Context, names []string) ([]backups.Verdict, error) {
	entries, err := j.Catalogue.List(ctx, "")
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		entries = slices.DeleteFunc(entries, func(e backups.Entry) bool { return !slices.Contains(names, e.Database) })
	}
	used, err := j.inUse(ctx)
	if err != nil {
		return nil, err
	}
	needed := map[string]string{}
	for _, e := range entries {
		if run := used(e.ID); run != "" {
			needed[e.ID] = run
		}
	}
	return backups.Decide(entries, j.Policy, needed, j.Now()), nil
}

// inUse answers which run needs a backup: one that has not ended and names it anywhere in its arguments.
func (j *Prune) inUse(ctx context.Context) (func(id string) string, error) {
	runs, err := j.Active(ctx)
	if err != nil {
		return nil, err
	}
	return func(id string) string {
		for _, run := range runs {
			if run.Kind != PruneKind && strings.Contains(string(run.Args), id) {
				return run.ID
			}
		}
		return ""
	}, nil
}

// New makes the planned run that carries out the verdicts on the databases of those names. Without anything to remove it
// is a *chat.Problem.
func (j *Prune) New(names []string, verdicts []backups.Verdict) (Run, error) {
	args := pruneArgs{Databases: names}
	run := Run{Kind: PruneKind, Title: "Removal of old backups", Targets: []string{"backups"}}
	for _, v := range verdicts {
		reason := pruneReason{ID: v.ID, Class: v.Class, Reason: v.Reason}
		if v.Keep {
			args.Keep = append(args.Keep, reason)
			continue
		}
		args.Remove = append(args.Remove, pruneItem{pruneReason: reason, Archive: archiveOf(v.Entry), Stored: v.Stored})
		if n := len(run.Steps); n == 0 || run.Steps[n-1].Name != v.Database {
			run.Steps = append(run.Steps, Step{Name: v.Database})
		}
	}
	if len(args.Remove) == 0 {
		return Run{}, &chat.Problem{Say: "There is nothing to remove: " + Tally(verdicts) + "."}
	}
	var err error
	if run.Args, err = json.Marshal(args); err != nil {
		return run, err
	}
	n := int64(len(args.Remove))
	run.Plan = &Plan{
		Title:   fmt.Sprintf("Remove %s of %d", chat.Plural(n, "backup"), len(verdicts)),
		Facts:   j.facts(verdicts),
		Losses:  []string{chat.Plural(n, "backup") + " with the proofs of their restores. A removed backup does not come back."},
		Expires: j.Now().Add(j.Lifetime).UTC(),
		Needs:   j.Needs,
		Args:    run.Args,
		Basis:   json.RawMessage("null"), // the arguments name all that it stands on
	}
	if j.Needs == 0 {
		run.Plan.Confirm = "remove " + fmt.Sprint(n)
	}
	return run, run.Plan.Seal()
}

func archiveOf(e backups.Entry) string {
	if e.Fault != "" || len(e.Objects) == 0 {
		return ""
	}
	return e.Objects[0].SHA256
}

// databasesShown bounds the plan on a card; the whole list is one button away.
const databasesShown = 20

// facts sums the verdicts up: the rule, then a line for each database that loses something.
func (j *Prune) facts(verdicts []backups.Verdict) []chat.Field {
	p := j.Policy
	zone := "UTC"
	if p.Location != nil {
		zone = p.Location.String()
	}
	facts := []chat.Field{{Label: "Rule", Value: fmt.Sprintf("the newest verified one of %s, %s and %s stays, by the calendar of %s",
		chat.Plural(int64(p.Daily), "day"), chat.Plural(int64(p.Weekly), "week"), chat.Plural(int64(p.Monthly), "month"), chat.Escape(zone))}}
	var stored int64
	byName := map[string][]backups.Verdict{}
	names := []string{}
	for _, v := range verdicts {
		if !v.Keep {
			stored += v.Stored
			if !slices.Contains(names, v.Database) {
				names = append(names, v.Database)
			}
		}
		byName[v.Database] = append(byName[v.Database], v)
	}
	facts = append(facts, chat.Field{Label: "Makes room for", Value: chat.Bytes(stored)})
	for i, name := range names {
		if i == databasesShown {
			return append(facts, chat.Field{Label: "And", Value: chat.Plural(int64(len(names)-i), "other database")})
		}
		facts = append(facts, chat.Field{Label: chat.Escape(name), Value: Tally(byName[name])})
	}
	return facts
}

// Tally sums verdicts up in one line of mrkdwn: how many go and stay, by the kind of their reason.
func Tally(verdicts []backups.Verdict) string {
	var going, staying []string
	for _, v := range verdicts {
		if v.Keep {
			staying = append(staying, v.Class)
		} else {
			going = append(going, v.Class)
		}
	}
	switch {
	case len(verdicts) == 0:
		return "there is no backup"
	case len(going) == 0:
		return fmt.Sprintf("all %d stay (%s)", len(staying), classes(staying))
	}
	return fmt.Sprintf("%d go (%s), %d stay (%s)", len(going), classes(going), len(staying), classes(staying))
}

// classes counts equal words, in the order of their first appearance.
func classes(words []string) string {
	count := map[string]int{}
	var order []string
	for _, w := range words {
		if count[w] == 0 {
			order = append(order, w)
		}
		count[w]++
	}
	for i, w := range order {
		order[i] = fmt.Sprintf("%d %s", count[w], w)
	}
	return strings.Join(order, ", ")
}

// PruneList writes every backup of a plan to remove some, with its reason, as plain text.
func PruneList(run Run) (string, error) {
	args, err := parseArgs[pruneArgs](run)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	line := func(what string, r pruneReason) { fmt.Fprintf(&out, "%-6s  %s  %s\n", what, r.ID, plain(r.Reason)) }
	for _, item := range args.Remove {
		line("REMOVE", item.pruneReason)
	}
	for _, r := range args.Keep {
		line("keep", r)
	}
	return out.String(), nil
}

// Kind describes the work to the Runner. Removing goes on after a crash: what was approved is a list, and each of it
// goes once.
func (j *Prune) Kind() Kind {
	return Kind{Name: PruneKind, Work: j.work, Check: j.check, Clean: j.clean, Retries: 5, Details: j.details, Buttons: j.buttons}
}

// check decides once more. What would stay now, or is not what it was, stops all of it; what is gone already does not.
func (j *Prune) check(ctx context.Context, run Run) error {
	args, err := parseArgs[pruneArgs](run)
	if err != nil {
		return err
	}
	verdicts, err := j.decide(ctx, args.Databases)
	if err != nil {
		return err
	}
	now := map[string]backups.Verdict{}
	for _, v := range verdicts {
		now[v.ID] = v
	}
	for _, item := range args.Remove {
		v, there := now[item.ID]
		switch {
		case !there:
		case v.Keep:
			return &chat.Problem{Say: "The backup " + chat.Literal(item.ID) + " would stay by now: " + v.Reason + ". Nothing was removed.",
				Try: "Ask again: the new plan will show the new state."}
		case archiveOf(v.Entry) != item.Archive:
			return &chat.Problem{Say: "The backup " + chat.Literal(item.ID) + " is not the one that the plan was approved for. Nothing was removed.",
				Try: "Find out who changed it, then ask again."}
		}
	}
	return nil
}

func (j *Prune) work(ctx context.Context, t *Task) error {
	run := t.Run()
	args, err := parseArgs[pruneArgs](run)
	if err != nil {
		return err
	}
	result := PruneResult{}
	for i, step := range run.Steps {
		items := slices.DeleteFunc(slices.Clone(args.Remove), func(item pruneItem) bool { return backups.DatabaseOf(item.ID) != step.Name })
		t.StartStep(i)
		before := result
		err := j.removeAll(ctx, t, i, items, &result)
		note := fmt.Sprintf("%s removed, %s", chat.Plural(result.Removed-before.Removed, "backup"), chat.Bytes(result.Freed-before.Freed))
		if left := len(result.Left) - len(before.Left); left > 0 {
			note += fmt.Sprintf(", %d left", left)
		}
		if err != nil {
			t.EndStep(i, err, "")
			return err
		}
		t.EndStep(i, nil, note)
	}
	return t.SetResult(ctx, result)
}

// removeAll removes the backups of one step, each after another look at whether a run needs it.
func (j *Prune) removeAll(ctx context.Context, t *Task, step int, items []pruneItem, result *PruneResult) error {
	for n, item := range items {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		t.Progress(step, fmt.Sprintf("removing %d of %d", n+1, len(items)), 0, 0, 0)
		used, err := j.inUse(ctx)
		if err != nil {
			return err
		}
		if by := used(item.ID); by != "" {
			result.Left = append(result.Left, chat.Literal(item.ID)+" is needed by the run "+chat.Literal(by))
			continue
		}
		err = backups.Remove(ctx, j.Store, item.ID, j.Now())
		var locked *backups.Locked
		switch {
		case errors.As(err, &locked) && locked.Until.IsZero():
			result.Left = append(result.Left, chat.Literal(item.ID)+" is held by the store with no end")
		case errors.As(err, &locked):
			result.Left = append(result.Left, chat.Literal(item.ID)+" is locked by the store until "+chat.Time(locked.Until))
		case err != nil:
			return err
		default:
			t.Log(ctx, "removed %s: %s", item.ID, plain(item.Reason))
			result.Removed++
			result.Freed += item.Stored
		}
	}
	return nil
}

// clean removes the rest of what an attempt has removed by half.
func (j *Prune) clean(ctx context.Context, run Run) error {
	args, err := parseArgs[pruneArgs](run)
	if err != nil {
		return err
	}
	ids := make([]string, len(args.Remove))
	for i, item := range args.Remove {
		ids[i] = item.ID
	}
	return backups.FinishRemovals(ctx, j.Store, ids)
}

// details says what was left, once it has ended.
func (j *Prune) details(run Run) []chat.Part {
	if len(run.Result) == 0 {
		return nil
	}
	var result PruneResult
	if err := json.Unmarshal(run.Result, &result); err != nil {
		return []chat.Part{chat.Note("What came of this run cannot be read.")}
	}
	lines := []string{}
	for i, left := range result.Left {
		if i == StepsShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(result.Left)-i))
			break
		}
		lines = append(lines, "• "+left)
	}
	parts := []chat.Part{chat.Text(fmt.Sprintf("*%s removed*, %s. %d stayed by the plan.", chat.Plural(result.Removed, "backup"),
		chat.Bytes(result.Freed), j.stayed(run)))}
	if len(lines) > 0 {
		parts = append(parts, chat.Text("*Left as they are:*"))
		parts = append(parts, paragraphs(lines)...)
	}
	return parts
}

func (j *Prune) stayed(run Run) int {
	args, err := parseArgs[pruneArgs](run)
	if err != nil {
		return 0
	}
	return len(args.Keep)
}

func (j *Prune) buttons(run Run) []chat.Button {
	return []chat.Button{{Action: "backup.prune.list", Value: run.ID, Label: "Every backup, with its reason"}}
}
