package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// planned makes the run with everything that people must know before they agree.
func (j *InPlace) planned(ctx context.Context, db *databases.Database, entry backups.Entry, args inPlaceArgs) (Run, error) {
	run := Run{Kind: InPlaceKind, Title: j.title(args)}
	basis, standing, err := j.basis(ctx, db, args)
	if err != nil {
		return run, err
	}
	if run.Args, err = json.Marshal(args); err != nil {
		return run, err
	}
	run.Steps = []Step{{Name: "backup first"}, {Name: "write and compare beside"}, {Name: "replace"}}
	same := j.alsoConfigured(ctx, db, args.In)
	for _, name := range append([]string{args.Database}, same...) {
		run.Targets = append(run.Targets, "database/"+name)
	}
	for _, name := range args.In {
		run.Targets = append(run.Targets, "scratch/"+args.Database+"/"+name)
	}
	p := planner{j: j, db: db, entry: entry, args: args}
	if err := p.look(ctx, standing); err != nil {
		return run, err
	}
	run.Plan = &Plan{
		Title:   j.title(args) + ", replacing what is there now",
		Facts:   p.facts(same),
		Losses:  p.losses(),
		Expires: j.Now().Add(j.Lifetime).UTC(),
		Needs:   j.Needs,
		Confirm: args.confirm(),
		Args:    run.Args,
	}
	if run.Plan.Basis, err = json.Marshal(basis); err != nil {
		return run, err
	}
	return run, run.Plan.Seal()
}

func (j *InPlace) title(args inPlaceArgs) string {
	switch {
	case args.Finishes != "":
		return "Finish of the restore " + chat.Literal(args.Finishes) + " of " + chat.Literal(args.Database) + " in place"
	case args.Undoes != "":
		return "Way back of " + chat.Literal(args.Database) + " to before " + chat.Literal(args.Undoes) + ", in place"
	}
	return "Restore of " + chat.Literal(args.Database) + " in place"
}

// alsoConfigured are the other configured names under which the same MongoDB databases are reached.
func (j *InPlace) alsoConfigured(ctx context.Context, db *databases.Database, in []string) []string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	same := make([]bool, len(j.Databases))
	var group errgroup.Group
	for i, other := range j.Databases {
		if other.Name == db.Name || other.Scope() != "" && !slices.Contains(in, other.Scope()) {
			continue
		}
		group.Go(func() error {
			same[i] = db.Same(ctx, other)
			return nil
		})
	}
	_ = group.Wait() // none of them answers an error
	var names []string
	for i, other := range j.Databases {
		if same[i] {
			names = append(names, other.Name)
		}
	}
	return names
}

// planner gathers what a plan tells.
type planner struct {
	j     *InPlace
	db    *databases.Database
	entry backups.Entry
	args  inPlaceArgs

	replaced, alone, made []string // by namespace
	sizes                 databases.Estimate
	newest                map[string]time.Time
	programs              databases.Programs
	bytes, documents      int64 // of what is restored
	ttl                   int64
	restores              []backups.Certificate // of this database, newest first
	taken                 time.Duration
}

func (p *planner) look(ctx context.Context, standing []databases.Namespace) error {
	there := map[string]databases.Namespace{}
	for _, n := range standing {
		there[n.String()] = n
	}
	var gone []databases.Namespace
	for _, c := range p.entry.Collections {
		if !p.args.Whole && !slices.Contains(p.args.Namespaces, c.Namespace()) {
			continue
		}
		p.documents, p.bytes = p.documents+c.Documents, p.bytes+c.Bytes
		if strings.Contains(c.Options+strings.Join(c.Indexes, ""), `"expireAfterSeconds"`) {
			p.ttl++
		}
		if n, ok := there[c.Namespace()]; ok {
			gone, p.replaced = append(gone, n), append(p.replaced, c.Namespace())
			delete(there, c.Namespace())
		} else {
			p.made = append(p.made, c.Namespace())
		}
	}
	for _, s := range p.args.Remove {
		if n, ok := there[s.Namespace()]; ok {
			gone = append(gone, n)
			delete(there, s.Namespace())
		}
	}
	for _, n := range standing {
		if _, alone := there[n.String()]; alone {
			p.alone = append(p.alone, n.Name)
		}
	}
	var err error
	if p.sizes, err = p.db.EstimateOf(ctx, gone); err != nil {
		return err
	}
	p.newest = map[string]time.Time{}
	for _, n := range gone[:min(len(gone), 100)] {
		if n.Type != databases.TypeCollection {
			continue
		}
		at, ok, err := p.db.Newest(ctx, n.Database, n.Name)
		if err != nil {
			return err
		}
		if ok {
			p.newest[n.String()] = at
		}
	}
	if p.programs, err = p.db.Programs(ctx); err != nil {
		return err
	}
	return p.rates(ctx)
}

// rates finds how long backups and restores of this database took.
func (p *planner) rates(ctx context.Context) error {
	entries, err := p.j.Catalogue.List(ctx, p.args.Database)
	if err != nil {
		return err
	}
	for _, e := range entries {
		p.restores = append(p.restores, e.Certificates...)
		if p.taken == 0 && e.Verified() {
			p.taken = e.Finished.Sub(e.Started) + e.Verification.Duration
		}
	}
	slices.SortFunc(p.restores, func(a, b backups.Certificate) int { return b.Started.Compare(a.Started) })
	return nil
}

func (p *planner) facts(same []string) []chat.Field {
	what := "all of the backup"
	if !p.args.Whole {
		what = quoteAll(p.args.Namespaces, 8)
	}
	if len(p.args.Namespaces) == 0 && !p.args.Whole {
		what = "nothing"
	}
	from := chat.Literal(p.entry.ID) + ", taken " + chat.Time(p.entry.Started) + ", verified"
	if by := p.entry.TakenFor; by != "" && p.args.Undoes+p.args.Finishes == "" {
		from += ". ⚠️ *It holds what was there before the restore " + chat.Literal(by) + "*: is that what you want back?"
	}
	facts := []chat.Field{
		{Label: "Backup", Value: from},
		{Label: "What comes back", Value: fmt.Sprintf("%s: %s, %s", what, chat.Plural(p.documents, "document"), chat.Bytes(p.bytes))},
		{Label: "Writes that are lost", Value: "all since " + chat.Time(p.entry.Started) + ": " + chat.Span(p.j.Now().Sub(p.entry.Started))},
		{Label: "A backup first", Value: p.backupFirst()},
		{Label: "What stays", Value: p.stays()},
		{Label: "Programs", Value: p.connected()},
		{Label: "Not included", Value: "users and roles; they stay as they are"},
		{Label: "How long", Value: p.duration()},
	}
	if p.ttl > 0 {
		facts = append(facts, chat.Field{Label: "Time to live", Value: fmt.Sprintf(
			"%s with it: what is too old by now is deleted again within a minute", chat.Plural(p.ttl, "collection"))})
	}
	if len(same) > 0 {
		facts = append(facts, chat.Field{Label: "The same database", Value: "is also configured as " + quoteAll(same, 8) + "; these wait too"})
	}
	return facts
}

func (p *planner) backupFirst() string {
	switch {
	case p.args.NoBackup:
		return "*none*: what stands there now is what " + chat.Literal(cmp.Or(p.args.Undoes, p.args.Finishes)) + " left"
	case p.args.Before != "":
		return "none anew: " + chat.Literal(p.args.Before) + ", taken by " + chat.Literal(p.args.Finishes) + ", is the way back"
	}
	return "of all of " + chat.Literal(p.args.Database) + ", verified; if it fails, nothing is touched"
}

func (p *planner) stays() string {
	if !p.args.Whole {
		return "all other collections, as they are"
	}
	if len(p.alone) == 0 {
		return "nothing else is there"
	}
	return quoteAll(p.alone, 6) + ": not in the backup, left as " + plural(len(p.alone), "it is", "they are")
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func (p *planner) connected() string {
	const stop = "stop those that write here first, or what they write is lost"
	switch {
	case !p.programs.Known:
		return stop + ". Whether any is connected is not known: the right `inprog` is missing"
	case p.programs.Connections == 0:
		return "none is connected now; keep it so until the end"
	}
	text := chat.Plural(int64(p.programs.Connections), "connection") + " of others"
	if len(p.programs.Names) > 0 {
		text += " (" + quoteAll(p.programs.Names, 5) + ")"
	}
	return text + ": " + stop
}

// duration is what was measured before: the last backup, and the last restore by its rate.
func (p *planner) duration() string {
	backup := p.taken
	if p.args.NoBackup || p.args.Before != "" {
		backup = 0
	}
	for _, c := range p.restores {
		var bytes int64
		for _, row := range c.Rows {
			bytes += row.Found.Bytes
		}
		if took := c.Finished.Sub(c.Started); c.OK && bytes > 0 && took > 0 {
			restore := time.Duration(float64(p.bytes) / float64(bytes) * float64(took))
			return fmt.Sprintf("about %s, as the last backup and the restore %s went", chat.Span(backup+restore), chat.Literal(c.ID))
		}
	}
	read := p.entry.Finished.Sub(p.entry.Started)
	return fmt.Sprintf("%s to %s, by how long the backup took", chat.Span(backup+2*read), chat.Span(backup+4*read))
}

// losses are what is there now and will be gone, the largest first.
func (p *planner) losses() []string {
	type loss struct {
		text string
		size databases.Size
	}
	var lines []loss
	line := func(namespace, verb string) {
		_, name, _ := strings.Cut(namespace, ".")
		size, known := p.sizes.Of[namespace]
		text := chat.Literal(name) + " " + verb
		switch {
		case slices.Contains(p.sizes.Unknown, namespace):
			text += ": how much is in it the server does not tell"
		case known:
			text += ": " + chat.Plural(size.Documents, "document") + ", " + chat.Bytes(size.Bytes)
		}
		if at, ok := p.newest[namespace]; ok {
			text += ", the newest made " + chat.Time(at)
		}
		lines = append(lines, loss{text, size})
	}
	for _, namespace := range p.replaced {
		line(namespace, "as it is now")
	}
	for _, s := range p.args.Remove {
		line(s.Namespace(), "goes; it was not there before "+chat.Literal(p.args.Undoes))
	}
	slices.SortStableFunc(lines, func(a, b loss) int { return cmp.Compare(b.size.Documents, a.size.Documents) })
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.text)
	}
	if len(p.made) > 0 {
		texts = append(texts, fmt.Sprintf("Nothing of %s: not there now, made anew.", quoteAll(p.made, 6)))
	}
	return texts
}
