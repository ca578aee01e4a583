package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/jobs"
)

// offered is how many backups the form offers; Slack allows 100 options.
const offered = 100

func (p Parts) restore() bot.Command {
	return bot.Command{
		Name:    "restore",
		Summary: "Restore a backup into a new database or in place, with proof",
		Usage:   "[<backup or database> [collection…] [to <name> | in place]] | drop [name] | finish <run> | back <run>",
		Examples: []string{
			"restore", "restore orders", "restore orders payments invoices", "restore orders to orders_look",
			"restore orders payments in place", "restore drop orders_look",
		},
		Role: bot.Operator,
		Run:  p.restoreOpen,
		Words: []bot.Word{
			{Name: "drop", Usage: "[name]", Summary: "remove a database that a restore has made", Role: bot.Operator, Run: p.restoreDrop},
			{Name: "finish", Usage: "<run>", Summary: "go on with a restore in place that stopped in the middle", Role: bot.Operator, Run: p.restoreFinish},
			{Name: "back", Usage: "<run>", Summary: "put back what a restore in place has replaced", Role: bot.Operator, Run: p.restoreBack},
		},
		Else: &bot.Word{Usage: "<backup or database> [collection…] [to <name> | in place]", Role: bot.Operator, Run: p.restoreWords},
		Actions: []bot.Action{
			{Name: "restore.open", Role: bot.Operator, Run: p.restoreOpen},
			{Name: "form:restore.plan", Role: bot.Operator, Run: p.restoreSubmitted},
			{Name: "restore.drop", Role: bot.Operator, Run: p.restoreDrop},
			{Name: "restore.finish", Role: bot.Operator, Run: p.restoreFinish},
			{Name: "restore.back", Role: bot.Operator, Run: p.restoreBack},
		},
	}
}

// restoreOpen asks what to restore; a button may have named the backup.
func (p Parts) restoreOpen(_ context.Context, r bot.Request) (bot.Reply, error) {
	return bot.Reply{Load: func(ctx context.Context) (chat.Form, error) {
		database := ""
		if r.Value != "" {
			e, err := p.Catalogue.Resolve(ctx, r.Value)
			if err != nil {
				return chat.Form{}, err
			}
			database = e.Database
		}
		return p.restoreForm(ctx, restoreChoice{Database: database, Backup: r.Value})
	}}, nil
}

// restoreChoice is what has been filled in so far.
type restoreChoice struct{ Database, Backup, Where, To string }

func (p Parts) restoreForm(ctx context.Context, c restoreChoice) (chat.Form, error) {
	form := chat.Form{ID: "restore.plan", Title: "Restore", Submit: "Show the plan"}
	if c.Database == "" {
		c.Database = p.Databases[0].Name
	}
	names := []chat.Option{}
	for _, db := range p.Databases {
		names = append(names, chat.Option{Value: db.Name, Label: db.Name})
	}
	form.Inputs = append(form.Inputs, chat.Input{
		ID: "database", Label: "Database", Kind: chat.Select, Options: names, Initial: []string{c.Database}, Reload: true,
	})
	entries, err := p.Catalogue.List(ctx, c.Database)
	if err != nil {
		return form, err
	}
	if len(entries) == 0 {
		form.Submit = ""
		form.Intro = []chat.Part{chat.Text("There is no backup of " + chat.Literal(c.Database) + " yet. Take one with " + chat.Literal("/backup now "+c.Database) + ".")}
		return form, nil
	}
	chosen := entries[0]
	options := []chat.Option{}
	for _, e := range entries[:min(len(entries), offered)] {
		options = append(options, p.backupOption(e))
		if e.ID == c.Backup {
			chosen = e
		}
	}
	collections := []chat.Option{}
	for _, col := range chosen.Collections[:min(len(chosen.Collections), offered)] {
		collections = append(collections, chat.Option{Value: col.Namespace(), Label: col.Name, Hint: chat.Plural(col.Documents, "document")})
	}
	form.Inputs = append(form.Inputs,
		chat.Input{ID: "backup", Label: "Backup", Kind: chat.Select, Options: options, Initial: []string{chosen.ID}, Reload: true},
		chat.Input{ID: "collections", Label: "Collections", Hint: "None chosen means all.", Kind: chat.MultiSelect, Options: collections, Optional: true},
		whereInput(c.Where),
	)
	if c.Where == inPlace {
		form.Intro = []chat.Part{chat.Text("What is in the database now will be replaced. The plan shows what is lost, " +
			"a backup is taken first, and you type the database's name before anything happens.")}
		return form, nil
	}
	form.Inputs = append(form.Inputs,
		chat.Input{ID: "to", Label: "New database", Kind: chat.TextLine, Optional: true, Initial: textOf(c.To),
			Placeholder: chosen.Database + "_restore_…",
			Hint:        "It must not exist yet. Left empty, the name is made from the database's and the time."},
	)
	return form, nil
}

// The places that a restore can go to.
const (
	intoNew = "new"
	inPlace = "place"
)

func whereInput(chosen string) chat.Input {
	if chosen == "" {
		chosen = intoNew
	}
	return chat.Input{ID: "where", Label: "Where", Kind: chat.Select, Initial: []string{chosen}, Reload: true, Options: []chat.Option{
		{Value: intoNew, Label: "Into a new database"}, {Value: inPlace, Label: "In place, replacing what is there"},
	}}
}

func textOf(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (p Parts) backupOption(e backups.Entry) chat.Option {
	state := "not verified"
	if e.Verified() {
		state = "verified"
	}
	return chat.Option{
		Value: e.ID,
		Label: fmt.Sprintf("%s ago · %s · %s", chat.Span(p.Now().Sub(e.Started)), chat.Bytes(e.Bytes), state),
		Hint:  e.Started.UTC().Format("2006-01-02 15:04 UTC") + " · " + chat.Plural(e.Documents, "document"),
	}
}

// restoreSubmitted proposes what was filled in. When the database or the backup was changed, the form is made anew for
// it instead.
func (p Parts) restoreSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if r.Changed != "" {
		c := restoreChoice{Database: first(r.Values["database"]), Where: first(r.Values["where"]), To: first(r.Values["to"])}
		if r.Changed != "database" {
			c.Backup = first(r.Values["backup"])
		}
		form, err := p.restoreForm(ctx, c)
		return bot.Reply{Form: &form}, err
	}
	database, backup := first(r.Values["database"]), first(r.Values["backup"])
	if backups.DatabaseOf(backup) != database {
		// Submitted before the form had followed the change of the database: never restore what is not shown.
		form, err := p.restoreForm(ctx, restoreChoice{Database: database, Where: first(r.Values["where"]), To: first(r.Values["to"])})
		form.Error = "These are the backups of " + chat.Literal(database) + "; please choose one."
		return bot.Reply{Form: &form}, err
	}
	q := jobs.RestoreRequest{Backup: backup, Collections: r.Values["collections"], To: strings.TrimSpace(first(r.Values["to"]))}
	if first(r.Values["where"]) == inPlace {
		return p.proposeInPlace(ctx, r, q)
	}
	return p.propose(ctx, r, q)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// restoreWords reads "<backup> [collection…] [to <name> | in place]".
func (p Parts) restoreWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	q := jobs.RestoreRequest{Backup: r.Words[0], Collections: r.Words[1:]}
	if n := len(r.Words); n >= 3 && r.Words[n-2] == "to" {
		q.Collections, q.To = r.Words[1:n-2], r.Words[n-1]
	}
	if n := len(q.Collections); n >= 2 && q.Collections[n-2] == "in" && q.Collections[n-1] == "place" {
		q.Collections = q.Collections[:n-2]
		if q.To != "" {
			return bot.Reply{}, &chat.Problem{Say: "A restore goes either in place or into a new database.", Try: "Leave out " + chat.Typed("to "+q.To) + " or " + chat.Literal("in place") + "."}
		}
		return p.proposeInPlace(ctx, r, q)
	}
	return p.propose(ctx, r, q)
}

// propose stores the plan as a run that waits for approval; its card shows the plan.
func (p Parts) propose(ctx context.Context, r bot.Request, q jobs.RestoreRequest) (bot.Reply, error) {
	run, err := p.Restore.New(ctx, q)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.submit(ctx, r, run)
}
