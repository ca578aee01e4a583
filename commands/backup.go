package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/jobs"
)

func (p Parts) backup() bot.Command {
	return bot.Command{
		Name:     "backup",
		Summary:  "Take, list, verify, remove backups of the databases",
		Usage:    "now [database…] | list [database] | show <backup> | verify <backup> | cancel [run] | prune [database…]",
		Examples: []string{"backup now", "backup now orders users", "backup list orders", "backup verify orders"},
		Role:     bot.Anyone,
		Run:      p.backupPanel,
		Words: []bot.Word{
			{Name: "now", Usage: "[database…]", Summary: "back up all databases, or the named ones, and verify", Role: bot.Operator, Run: p.backupNow},
			{Name: "list", Usage: "[database]", Summary: "the newest backups", Role: bot.Anyone, Run: p.backupList},
			{Name: "show", Usage: "<backup or database>", Summary: "one backup: collections, objects, proofs", Role: bot.Anyone, Run: p.backupShow},
			{Name: "verify", Usage: "<backup or database>…", Summary: "read a backup back whole", Role: bot.Operator, Run: p.backupVerify},
			{Name: "cancel", Usage: "[run]", Summary: "stop a running backup", Role: bot.Operator, Run: p.backupCancel},
			{Name: "prune", Usage: "[database…]", Summary: "plan the removal of old backups", Role: bot.Operator, Run: p.backupPrune},
		},
		Actions: []bot.Action{
			{Name: "backup.all", Role: bot.Operator, Run: p.backupNow},
			{Name: "backup.choose", Role: bot.Operator, Run: p.backupChoose},
			{Name: "form:backup.now", Role: bot.Operator, Run: p.backupChosen},
			{Name: "backup.list", Role: bot.Anyone, Run: p.backupList},
			{Name: "backup.page", Role: bot.Anyone, Run: p.backupPage},
			{Name: "backup.file", Role: bot.Anyone, Run: p.backupFile},
			{Name: "backup.show", Role: bot.Anyone, Run: p.backupShow},
			{Name: "backup.verify", Role: bot.Operator, Run: p.backupVerify},
			{Name: "backup.lacks", Role: bot.Anyone, Run: p.backupLacks},
			{Name: "backup.prune.list", Role: bot.Anyone, Run: p.backupPruneList},
		},
	}
}

// backupPanel shows each database with its newest backup, and what can be done.
func (p Parts) backupPanel(ctx context.Context, _ bot.Request) (bot.Reply, error) {
	entries, err := p.Catalogue.List(ctx, "")
	if err != nil {
		return bot.Reply{}, err
	}
	lines := []string{}
	for _, db := range p.Databases {
		lines = append(lines, p.newestLine(db.Name, entries))
	}
	active, err := p.Runner.Active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	parts := []chat.Part{chat.Header("Backups"), chat.Text(strings.Join(lines, "\n"))}
	for _, run := range active {
		parts = append(parts, chat.Note("Running: "+run.Title+" "+chat.Literal(run.ID)))
	}
	parts = append(parts,
		chat.Actions{
			{Action: "backup.all", Label: "Back up all now", Style: chat.Primary},
			{Action: "backup.choose", Label: "Choose databases…"},
			{Action: "backup.list", Label: "List backups"},
			{Action: "restore.open", Label: "Restore…"},
		},
		chat.Note("Stored in "+chat.Escape(p.Store.String())+". In words: `/backup now orders`, `/backup help`."))
	return bot.Reply{Message: &chat.Message{Summary: "Backups of " + chat.Plural(int64(len(p.Databases)), "database"), Parts: parts, Private: true}}, nil
}

func (p Parts) newestLine(database string, entries []backups.Entry) string {
	for _, e := range entries {
		if e.Database != database {
			continue
		}
		if !e.Verified() {
			return fmt.Sprintf("⚠️ *%s*: the newest, %s, is not verified", database, chat.Literal(e.ID))
		}
		return fmt.Sprintf("✅ *%s*: %s ago, %s, verified", database, chat.Span(p.Now().Sub(e.Started)), chat.Bytes(e.Bytes))
	}
	return fmt.Sprintf("⚠️ *%s*: no backup yet", database)
}

func (p Parts) backupNow(ctx context.Context, r bot.Request) (bot.Reply, error) {
	run, err := p.Backup.New(r.Words)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.submit(ctx, r, run)
}

func (p Parts) backupChoose(context.Context, bot.Request) (bot.Reply, error) {
	options := []chat.Option{}
	for _, db := range p.Databases {
		options = append(options, chat.Option{Value: db.Name, Label: db.Name})
	}
	return bot.Reply{Form: &chat.Form{
		ID: "backup.now", Title: "Back up", Submit: "Back up now",
		Inputs: []chat.Input{{ID: "databases", Label: "Databases", Kind: chat.MultiSelect, Options: options}},
	}}, nil
}

func (p Parts) backupChosen(ctx context.Context, r bot.Request) (bot.Reply, error) {
	run, err := p.Backup.New(r.Values["databases"])
	if err != nil {
		return bot.Reply{}, err
	}
	return p.submit(ctx, r, run)
}

// wanted is the word after the command, or the value of the pressed button.
func wanted(r bot.Request) []string {
	if len(r.Words) == 0 && r.Value != "" {
		return []string{r.Value}
	}
	return r.Words
}

func (p Parts) backupShow(ctx context.Context, r bot.Request) (bot.Reply, error) {
	words := wanted(r)
	if len(words) != 1 {
		return bot.Reply{}, &chat.Problem{Say: "Which backup?", Try: "Name one, or a database for its newest: `/backup show orders`."}
	}
	e, err := p.Catalogue.Resolve(ctx, words[0])
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Reply{Message: p.entryCard(e)}, nil
}

func (p Parts) entryCard(e backups.Entry) *chat.Message {
	m := e.Manifest
	state := "⚠️ never verified, so it does not count"
	switch {
	case e.Verified():
		state = "✅ read back whole " + chat.Time(e.Verification.At) + ", equal to its manifest"
	case e.Fault != "":
		state = "🔴 damaged: " + chat.Escape(e.Fault)
	case e.Verification != nil:
		state = "🔴 damaged: " + chat.Escape(strings.Join(e.Verification.Faults, "; "))
	}
	scope := "all databases of the deployment"
	if m.Scope != "" {
		scope = chat.Literal(m.Scope)
	}
	taken := chat.Time(m.Started) + ", in " + chat.Span(m.Finished.Sub(m.Started))
	if m.TakenFor != "" {
		taken += ", before the restore in place " + chat.Literal(m.TakenFor)
	}
	parts := []chat.Part{
		chat.Header("Backup of " + m.Database),
		chat.Text(state),
		chat.Fields{
			{Label: "Backup", Value: chat.Literal(m.ID)},
			{Label: "Taken", Value: taken},
			{Label: "What", Value: scope},
			{Label: "Content", Value: fmt.Sprintf("%s, %s, %s", chat.Plural(int64(len(m.Collections)), "collection"), chat.Plural(m.Documents, "document"), chat.Bytes(m.Bytes))},
			{Label: "Server", Value: "MongoDB " + chat.Escape(m.Server)},
			{Label: "Written by", Value: chat.Escape(m.Tool)},
		},
		collectionSheet(m),
	}
	for _, o := range m.Objects {
		parts = append(parts, chat.Note(fmt.Sprintf("%s · %s · SHA-256 %s", chat.Literal(o.Key), chat.Bytes(o.Size), chat.Literal(o.SHA256))))
	}
	for _, c := range e.Certificates[:min(len(e.Certificates), 3)] {
		parts = append(parts, chat.Note(certificateLine(c)))
	}
	parts = append(parts,
		chat.Note(m.Lacks()),
		chat.Actions{
			{Action: "restore.open", Value: m.ID, Label: "Restore…"},
			{Action: "backup.verify", Value: m.ID, Label: "Verify again"},
			{Action: "backup.lacks", Value: m.ID, Label: "What is not in it"},
		})
	return &chat.Message{Summary: "Backup " + m.ID, Parts: parts, Private: true, Uncut: "opsbot backup show " + m.ID}
}

func certificateLine(c backups.Certificate) string {
	verdict := "proven equal"
	if !c.OK {
		verdict = "NOT equal"
	}
	return "Restored " + chat.Time(c.Finished) + " in " + chat.Span(c.Finished.Sub(c.Started)) + ": " + verdict
}

// backupLacks says point by point what a backup does not hold.
func (p Parts) backupLacks(ctx context.Context, r bot.Request) (bot.Reply, error) {
	e, err := p.Catalogue.Get(ctx, r.Value)
	if err != nil {
		return bot.Reply{}, err
	}
	return private("Not in " + chat.Literal(e.ID) + ":\n• " + strings.Join(e.LacksInFull(), "\n• ")), nil
}

// rowsListed keeps the card of a backup within one screen; the file has all.
const rowsListed = 25

// collectionSheet lists the collections of a backup: the first as a table, and all of them with their digests in a file,
// if they are many.
func collectionSheet(m backups.Manifest) chat.Sheet {
	width := len("collection")
	for _, c := range m.Collections {
		width = max(width, len([]rune(nameOf(c))))
	}
	brief := []string{fmt.Sprintf("%-34s %12s %10s %8s", "collection", "documents", "bytes", "indexes")}
	whole := []string{fmt.Sprintf("%-*s %14s %10s %8s  %s", width, "collection", "documents", "bytes", "indexes", "digest")}
	for i, c := range m.Collections {
		documents, size, indexes := chat.Count(c.Documents), chat.Bytes(c.Bytes), fmt.Sprint(len(c.Indexes))
		if c.Type == databases.TypeView {
			documents, size, indexes = "view", "", ""
		}
		if i < rowsListed {
			brief = append(brief, strings.TrimRight(fmt.Sprintf("%-34s %12s %10s %8s", nameOf(c), documents, size, indexes), " "))
		}
		whole = append(whole, strings.TrimRight(fmt.Sprintf("%-*s %14s %10s %8s  %s", width, nameOf(c), documents, size, indexes, c.Digest), " "))
	}
	sheet := chat.Sheet{Name: m.ID + ".txt", Shown: strings.Join(brief, "\n")}
	if rest := len(m.Collections) - rowsListed; rest > 0 {
		sheet.Shown += fmt.Sprintf("\n… and %d more", rest)
		sheet.Whole = strings.Join(whole, "\n") + "\n"
	} else {
		sheet.Whole = sheet.Shown
	}
	return sheet
}

// nameOf is a collection's name on one line.
func nameOf(c backups.Collection) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(c.Name)
}

func (p Parts) backupVerify(ctx context.Context, r bot.Request) (bot.Reply, error) {
	words := wanted(r)
	if len(words) == 0 {
		return bot.Reply{}, &chat.Problem{Say: "Which backup shall I verify?", Try: "Name one, or a database for its newest: `/backup verify orders`."}
	}
	entries := []backups.Entry{}
	for _, word := range words {
		e, err := p.Catalogue.Newest(ctx, word)
		if err != nil {
			return bot.Reply{}, err
		}
		entries = append(entries, e)
	}
	run, err := p.Verify.New(entries)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.submit(ctx, r, run)
}

func (p Parts) backupCancel(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if len(r.Words) > 0 {
		return p.cancelRun(ctx, r, r.Words[0])
	}
	active, err := p.Runner.Active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	running := []jobs.Run{}
	for _, run := range active {
		if run.Kind == jobs.BackupKind || run.Kind == jobs.VerifyKind {
			running = append(running, run)
		}
	}
	switch len(running) {
	case 0:
		return bot.Reply{}, &chat.Problem{Say: "No backup is running.", Try: "See what ran lately with `/jobs`."}
	case 1:
		return p.cancelRun(ctx, r, running[0].ID)
	}
	ids := []string{}
	for _, run := range running {
		ids = append(ids, chat.Literal(run.ID)+" ("+run.Title+")")
	}
	return bot.Reply{}, &chat.Problem{Say: "Several are running: " + strings.Join(ids, ", ") + ".", Try: "Name one: " + chat.Literal("/backup cancel <run>") + "."}
}
