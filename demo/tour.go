package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/terminal"
)

// patience bounds each wait of the tour; on a slow machine a whole backup takes well under it.
const patience = 3 * time.Minute

// The databases that the tour restores into.
const (
	scratch  = "tour_restored"
	exported = "tour_exported"
)

// tour does what people would do, prints the conversation as it happens and checks what it shows.
func tour(ctx context.Context, s *stage.Stage, a *app.App, out io.Writer) error {
	if err := os.Setenv("OPSBOT_APPROVAL_KEY", s.Keys[s.Anna]); err != nil { // who proposes what is typed at the command line
		return err
	}
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
		{"The way out: a stock archive, and back from it", g.export},
		{"An accident, and the restore in place that undoes it", g.accident},
		{"The same without Slack", g.withoutSlack},
		{"Old backups go, with the reason for each", g.prune},
		{"The daily checklist: what ticks itself, and what people tick", g.checklist},
		{"An incident, from the first word to the post-mortem", g.incident},
		{"The same while GitHub is in trouble", g.incidentInTrouble},
		{"The API fails: one alert, an incident from its button, the recovery", g.health},
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

// soon is how late the databases answer once the backups have shown what progress looks like.
const soon = 10 * time.Millisecond

func (g *guide) restore() {
	name := g.source().Name
	for _, d := range g.Databases {
		if d.Server != nil {
			g.tell(d.Server.Faults().Reset)
			d.Server.Faults().Delay("getMore", soon)
		}
	}
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
		g.check("every document of the restored database is byte for byte the original", func() error { return g.compare(scratch) }),
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

// export writes a part of a backup as mongodump would have, and restores that file: the way out, and the way in.
func (g *guide) export() {
	name, file := g.source().Name, filepath.Join(filepath.Dir(g.ConfigFile()), "tour.archive")
	words, part := []string{"backup", "export", name, "--to", file}, []string{}
	if g.source().Server != nil { // a part is enough
		part = []string{"invoices", "reviews"}
		words = append(words, "--collections", strings.Join(part, ","))
	}
	g.tell(
		g.runs(words...),
		func() error {
			done := g.background("restore", "--archive", file, "--on", name, "--to", exported)
			err := g.Sees(`tour.archive`, exported, `Approve`)
			if err == nil {
				err = g.Presses(g.Ben, "Approve")
			}
			if err != nil {
				return err
			}
			return done("Proven equal")
		},
		g.check("what was exported and restored is byte for byte the original", func() error { return g.compare(exported, part...) }),
		func() error { return g.clear(exported) },
	)
}

// accident happens only to databases that the demo has made.
func (g *guide) accident() {
	if g.source().Server == nil {
		fmt.Fprintln(g.Out, "  (left out: the database is your own)")
		return
	}
	var lost map[[32]byte]int
	database := ""
	g.tell(
		g.check("a wrong script deletes every payment", func() (err error) {
			lost, database, err = g.mistake("payments")
			return err
		}),
		g.says(g.Anna, "/restore "+g.source().Name+" payments in place"),
		g.sees(`in place`, `payments.*0 documents`, `A backup first`, `Writes that are lost`, `Confirm`),
		g.presses(g.Anna, "Confirm…"),
		func() error { return g.Fills(g.Anna, map[string]any{"typed": database}) },
		g.submits(g.Anna),
		g.becomes(`Approve`),
		g.presses(g.Ben, "Approve"),
		g.becomes(`✅`, `Proven equal`, `What stood there before is in`),
		g.check("every payment is back, byte for byte", func() error { return g.holds("payments", lost) }),
	)
}

func (g *guide) prune() {
	name := g.source().Name
	g.tell(
		g.says(g.Anna, "/backup prune "+name),
		g.sees(`Removal of old backups`, `\d go`, `does not come back`, `Approve`),
		g.presses(g.Ben, "Approve"),
		g.becomes(`✅`, `\d backups? removed`),
		g.check("the newest backup is there, verified", func() error {
			newest, err := g.app.Catalogue.Resolve(g.ctx, name)
			if err == nil && !newest.Verified() {
				err = fmt.Errorf("%s is not verified", newest.ID)
			}
			return err
		}),
	)
}

// withoutSlack takes and lists backups from the command line, on the same state and store.
func (g *guide) withoutSlack() {
	name := g.source().Name
	g.tell(g.runs("backup", "now", name), g.runs("backup", "list", name))
}

// runs is a command of the command line.
func (g *guide) runs(words ...string) func() error {
	return func() error { return g.background(words...)("") }
}

// background begins a command of the command line, as anna. What it answers waits for its end and for the words in it.
func (g *guide) background(words ...string) (end func(says string) error) {
	fmt.Fprintf(g.Out, "\n$ opsbot %s\n", strings.Join(words, " "))
	g.NewTurn()
	var text bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- terminal.Main(g.ctx, append(words, "--config", g.ConfigFile()), terminal.Streams{Out: &text, Err: &text})
	}()
	return func(says string) error {
		ended := <-code
		fmt.Fprintln(g.Out, "    "+strings.ReplaceAll(strings.TrimSpace(text.String()), "\n", "\n    "))
		if ended != 0 {
			return fmt.Errorf("opsbot %s ended with %d", strings.Join(words, " "), ended)
		}
		if !strings.Contains(text.String(), says) {
			return fmt.Errorf("opsbot %s did not say %q", strings.Join(words, " "), says)
		}
		return nil
	}
}

// source is the database that the tour restores.
func (g *guide) source() stage.Database { return source(g.Stage) }
