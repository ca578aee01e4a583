package commands

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// listed is how many backups one page shows.
const listed = 20

// backupList shows the newest backups, of one database or of all.
func (p Parts) backupList(ctx context.Context, r bot.Request) (bot.Reply, error) {
	database := ""
	if len(r.Words) > 0 {
		database = r.Words[0]
		if _, err := databases.One(p.Databases, database); err != nil {
			return bot.Reply{}, err
		}
	}
	m, err := p.backupsFrom(ctx, database, "")
	return bot.Reply{Message: m}, err
}

// backupPage shows another page in the place of the one whose button was pressed. The button carries the last backup that was
// shown, or nothing for the first page, and the database.
func (p Parts) backupPage(ctx context.Context, r bot.Request) (bot.Reply, error) {
	after, database, _ := strings.Cut(r.Value, "\n")
	m, err := p.backupsFrom(ctx, database, after)
	return bot.Reply{Update: m}, err
}

// backupsFrom draws the page of backups after the named one, newest first.
func (p Parts) backupsFrom(ctx context.Context, database, after string) (*chat.Message, error) {
	entries, err := p.Catalogue.List(ctx, database)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return private("There is no backup yet. Take one with " + chat.Literal(strings.TrimSpace("/backup now "+database)) + ".").Message, nil
	}
	from := 1 + slices.IndexFunc(entries, func(e backups.Entry) bool { return e.ID == after })
	to := min(from+listed, len(entries))
	lines := []string{}
	for _, e := range entries[from:to] {
		lines = append(lines, p.entryLine(e))
	}
	if len(lines) == 0 {
		lines = []string{"There are no older ones any more."}
	}
	var stored int64
	unfit := 0
	for _, e := range entries {
		stored += e.Stored
		if !e.Verified() {
			unfit++
		}
	}
	sum := fmt.Sprintf("%s, %s stored, all of them verified.", chat.Plural(int64(len(entries)), "backup"), chat.Bytes(stored))
	if unfit > 0 {
		sum = fmt.Sprintf("%s, %s stored, %d of them do not count.", chat.Plural(int64(len(entries)), "backup"), chat.Bytes(stored), unfit)
	}
	buttons := chat.Actions{}
	if len(entries) > listed {
		sum = fmt.Sprintf("%d to %d of ", from+1, to) + sum + " `/backup prune` removes what is not needed."
		if from > 0 {
			buttons = append(buttons, chat.Button{Action: "backup.page", Value: "\n" + database, Label: "Newest"})
		}
		if to < len(entries) {
			buttons = append(buttons, chat.Button{Action: "backup.page", Value: entries[to-1].ID + "\n" + database, Label: "Older"})
		}
		buttons = append(buttons, chat.Button{Action: "backup.file", Value: database, Label: "All as a file"})
	}
	parts := []chat.Part{chat.Header("Backups, newest first"), chat.Text(strings.Join(lines, "\n")), chat.Note(sum)}
	if len(buttons) > 0 {
		parts = append(parts, buttons)
	}
	parts = append(parts, chat.Note("✅ read back and equal to its manifest · ⚠️ does not count. Details: "+chat.Literal("/backup show <backup>")))
	return &chat.Message{Summary: chat.Plural(int64(len(entries)), "backup"), Parts: parts, Private: true, Uncut: "opsbot backup list"}, nil
}

func (p Parts) entryLine(e backups.Entry) string {
	m := e.Manifest
	mark := "⚠️"
	switch {
	case e.Fault != "":
		return "🔴 " + chat.Literal(m.ID) + " · " + chat.Escape(e.Fault)
	case e.Verified():
		mark = "✅"
	}
	line := fmt.Sprintf("%s %s · %s ago · %s · %s", mark, chat.Literal(m.ID), chat.Span(p.Now().Sub(m.Started)),
		chat.Plural(m.Documents, "document"), chat.Bytes(m.Bytes))
	if m.TakenFor != "" {
		line += " · taken before " + chat.Literal(m.TakenFor)
	}
	if n := len(e.Certificates); n > 0 {
		line += " · " + chat.Plural(int64(n), "restore proof")
	}
	return line
}

// backupFile sends the whole list to the person alone.
func (p Parts) backupFile(ctx context.Context, r bot.Request) (bot.Reply, error) {
	entries, err := p.Catalogue.List(ctx, r.Value)
	if err != nil {
		return bot.Reply{}, err
	}
	var file bytes.Buffer // which takes everything, and Flush would say so
	w := tabwriter.NewWriter(&file, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "BACKUP\tTAKEN\tSTATE\tDOCUMENTS\tSIZE\tSTORED\tRESTORES")
	for _, e := range entries {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", e.ID, e.Started.UTC().Format(time.DateTime)+" UTC", e.State(), chat.Count(e.Documents),
			chat.Bytes(e.Bytes), chat.Bytes(e.Stored), len(e.Certificates))
	}
	if err := w.Flush(); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: write the list of backups: %w", err)
	}
	name := strings.Trim("backups-"+r.Value, "-") + ".txt"
	if err := p.sendFile(ctx, r, name, file.String(), strings.TrimSpace("opsbot backup list "+r.Value)); err != nil {
		return bot.Reply{}, err
	}
	return private(chat.Plural(int64(len(entries)), "backup") + " are in the file that I sent you."), nil
}
