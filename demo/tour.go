package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/terminal"
)

// patience bounds each wait of the tour; on a slow machine a whole backup takes well under it.
const patience = 3 * time.Minute

// scratch is the database that the tour restores into.
const scratch = "tour_restored"

// tour does what people would do, prints the conversation as it happens and checks what it shows.
func tour(ctx context.Context, s *stage.Stage, a *app.App, out io.Writer) error {
	g := &guide{Conversation: stage.Conversation{Stage: s, Out: out, Patience: patience}, ctx: ctx, app: a}
	for _, chapter := range []struct {
		title string
		tell  func()
	}{
		{"Help, and how things stand", g.help},
		{"A backup of every database, verified", g.backup},
		{"Words that mean nothing, and people who may not", g.wrong},
		{"What there is, and reading one back once more", g.listAndVerify},
		{"A restore: planned, approved by a second person, proven", g.restore},
		{"Removing what the restore made", g.drop},
		{"The same without Slack", g.withoutSlack},
	} {
		if g.failed == nil {
			fmt.Fprintf(out, "\n── %s ──\n", chapter.title)
			chapter.tell()
		}
	}
	if g.failed == nil {
		g.failed = ctx.Err()
	}
	if g.failed != nil {
		return fmt.Errorf("the tour stopped: %w", g.failed)
	}
	fmt.Fprintf(out, "\nThe tour came out right: %d things were checked.\n", g.checks)
	return nil
}

func (g *guide) help() {
	g.tell(
		g.says(g.Anna, "/ops help"),
		g.hears(g.Anna, `/backup`, `/restore`, `/jobs`),
		g.says(g.Anna, "/backup"),
		g.hears(g.Anna, `no backup yet`, `Back up all now`),
	)
}

func (g *guide) backup() {
	g.tell(g.says(g.Anna, "/backup now"), g.sees(`Backup of`), g.becomes(`✅ Backup of`, `verified`))
	for _, d := range g.Databases {
		g.tell(g.check("the object store holds one verified backup of "+d.Name, func() error {
			entries, err := g.app.Catalogue.List(g.ctx, d.Name)
			if err == nil && (len(entries) != 1 || entries[0].Verification == nil || !entries[0].Verification.OK) {
				err = fmt.Errorf("the catalogue holds %d backups of it", len(entries))
			}
			return err
		}))
	}
}

func (g *guide) wrong() {
	name := g.source().Name
	g.tell(
		g.says(g.Anna, "/backup now "+name[1:]),
		g.hears(g.Anna, "don't know the database", "Did you mean .?"+name),
		g.says(g.Anna, "/backup nwo"),
		g.hears(g.Anna, "nwo", "Did you mean .?now"),
		g.says(g.Anna, "/restore "+name+"-20200101T000000Z-none"),
		g.hears(g.Anna, name+"-20200101T000000Z-none"),
		g.says(g.Chitra, "/backup now "+name),
		g.hears(g.Chitra, "operator"),
		g.says(g.Drew, "/backup list"),
		g.hears(g.Drew, "workspace"),
	)
}

func (g *guide) listAndVerify() {
	name := g.source().Name
	g.tell(
		g.says(g.Anna, "/backup list"),
		g.hears(g.Anna, regexp.QuoteMeta(name)+`-\d{8}T`),
		g.says(g.Ben, "/backup verify "+name),
		g.sees(`Verification of`),
		g.becomes(`✅ Verification of`, `as the manifest says`),
	)
}

func (g *guide) restore() {
	name := g.source().Name
	g.tell(
		g.says(g.Anna, "/restore"),
		g.fills(g.Anna, "database", name),
		g.gets(g.Anna, `"`+regexp.QuoteMeta(name)+`-\d{8}T`),
		g.fills(g.Anna, "to", scratch),
		g.submits(g.Anna),
		g.sees(`Restore`, scratch, `documents`, `Approve`),
		g.presses(g.Anna, "Approve"),
		g.hears(g.Anna, `somebody else has to approve`),
		g.presses(g.Ben, "Approve"),
		g.becomes(`Proven equal`),
		g.check("every document of the restored database is byte for byte the original", g.compare),
	)
}

func (g *guide) drop() {
	g.tell(
		g.says(g.Anna, "/restore drop "+scratch),
		g.sees(`Drop`, scratch, `Approve`),
		g.presses(g.Ben, "Approve"),
		g.becomes(`✅`),
		g.says(g.Anna, "/jobs"),
		g.hears(g.Anna, `Backup of`, `Restore of`, `Coming up`),
	)
}

// withoutSlack takes and lists backups from the command line, on the same state and store.
func (g *guide) withoutSlack() {
	for _, words := range [][]string{{"backup", "now", g.source().Name}, {"backup", "list", g.source().Name}} {
		g.tell(func() error {
			fmt.Fprintf(g.Out, "\n$ opsbot %s\n", strings.Join(words, " "))
			var text bytes.Buffer
			code := terminal.Main(g.ctx, append(words, "--config", g.ConfigFile()), terminal.Streams{In: strings.NewReader(""), Out: &text, Err: &text})
			fmt.Fprintln(g.Out, "    "+strings.ReplaceAll(strings.TrimSpace(text.String()), "\n", "\n    "))
			if code != 0 {
				return fmt.Errorf("opsbot %s ended with %d", strings.Join(words, " "), code)
			}
			return nil
		})
	}
}

// source is the database that the tour restores.
func (g *guide) source() stage.Database { return source(g.Stage) }
