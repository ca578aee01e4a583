package commands

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
)

// auditPage is how many events one message shows; auditExport how many one file holds.
const (
	auditPage   = 15
	auditExport = 50_000
	// auditCarried is how many bytes of a filter a button can carry.
	auditCarried = 2000
)

func (p Parts) audit() bot.Command {
	return bot.Command{
		Name:     "audit",
		Summary:  "Who asked what, when, where, and what came of it",
		Usage:    "[person, command, database, time…] | export [csv] [filter…] | verify",
		Examples: []string{"audit", "audit @anna backup orders since yesterday", "audit refused 24h", "audit export csv 2026-11-01..2026-11-07", "audit verify"},
		Role:     bot.Involved,
		Run:      p.auditShow,
		Words: []bot.Word{
			{Name: "export", Usage: "[csv] [filter…]", Summary: "the same as a file, JSON Lines or CSV, for you alone", Role: bot.Involved, Run: p.auditFile},
			{Name: "verify", Summary: "walk the whole chain and say whether anything was changed or removed", Role: bot.Involved, Run: p.auditVerify},
		},
		Else:    &bot.Word{Usage: "[filter…]", Summary: "only those; admins see everybody's, others their own", Role: bot.Involved, Run: p.auditShow},
		Actions: []bot.Action{{Name: "audit.older", Role: bot.Involved, Run: p.auditShow}},
	}
}

// Names are the words that the log of events puts things under: the commands, and the kinds of runs.
func Names() []string {
	names := []string{"verify", "drop"}
	for _, c := range All(Parts{Incidents: true, Checks: true, Checklists: true}) {
		names = append(names, c.Name)
	}
	return names
}

// auditFilter reads the filter and keeps those who are no admins to their own.
func (p Parts) auditFilter(ctx context.Context, r bot.Request, words []string) (events.Filter, error) {
	q := p.AuditWords
	q.Me, q.Now = r.User.ID, r.At
	f, err := q.Filter(ctx, words)
	if err != nil {
		return f, err
	}
	if refused := r.May(ctx, bot.Admin); refused != nil {
		if f.Who != "" && f.Who != r.User.ID || f.Named != "" {
			return f, refused
		}
		f.Who = r.User.ID
	}
	return f, nil
}

// auditShow shows a page of events. The button for older ones carries where this page ended, and the filter.
func (p Parts) auditShow(ctx context.Context, r bot.Request) (bot.Reply, error) {
	words, before := r.Words, ""
	if r.Value != "" {
		var filter string
		before, filter, _ = strings.Cut(r.Value, "\n")
		words = strings.Fields(filter)
	}
	f, err := p.auditFilter(ctx, r, words)
	if err != nil {
		return bot.Reply{}, err
	}
	f.Before, f.Limit = before, auditPage+1
	list, err := p.Events.Query(ctx, f)
	if err != nil {
		return bot.Reply{}, err
	}
	more := len(list) > auditPage
	list = list[:min(len(list), auditPage)]
	lines := make([]string, len(list))
	for i, e := range list {
		lines[i] = auditLine(e)
	}
	if len(lines) == 0 {
		lines = []string{"Nothing."}
	}
	title := "Audit"
	if len(words) > 0 {
		title += ": " + chat.Redact(strings.Join(words, " "))
	}
	parts := []chat.Part{chat.Text("*" + chat.Escape(title) + "*"), chat.Text(strings.Join(lines, "\n"))}
	if more {
		value := list[len(list)-1].Place() + "\n" + strings.Join(words, " ")
		if len(value) <= auditCarried {
			parts = append(parts, chat.Actions{{Action: "audit.older", Value: value, Label: "Older"}})
		} else {
			parts = append(parts, chat.Note("There are older ones. Say it in fewer words to page through them, or have them as a file with `/audit export`."))
		}
	}
	if f.Who == r.User.ID {
		parts = append(parts, chat.Note("Your own only; admins see everybody's."))
	}
	m := &chat.Message{Summary: title, Parts: parts, Private: true}
	if r.Value != "" {
		return bot.Reply{Update: m}, nil
	}
	return bot.Reply{Message: m}, nil
}

var outcomeIcons = map[events.Outcome]string{events.OK: "✅", events.Failure: "🔴", events.Refused: "⛔", events.Cancelled: "⚪"}

func auditLine(e events.Event) string {
	icon := outcomeIcons[e.Outcome]
	if icon == "" {
		icon = "▫️"
	}
	who := e.Who.Mention()
	if who == "" {
		who = "opsbot"
	}
	line := icon + " " + chat.Time(e.At) + " " + who + ": " + shortened(e.Text, 300)
	if channel := e.Detail["channel"]; channel != "" {
		line += " · <#" + channel + ">"
	}
	if e.Run != "" {
		line += " · " + chat.Literal(e.Run)
	}
	return line
}

// shortened cuts what is longer than n characters.
func shortened(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return text
}

// auditFile sends the selected events as a file to the person alone.
func (p Parts) auditFile(ctx context.Context, r bot.Request) (bot.Reply, error) {
	words, write, name := r.Words, WriteJSONLines, "audit.jsonl"
	if len(words) > 0 {
		switch strings.ToLower(words[0]) {
		case "csv":
			words, write, name = words[1:], WriteCSV, "audit.csv"
		case "json", "jsonl":
			words = words[1:]
		}
	}
	f, err := p.auditFilter(ctx, r, words)
	if err != nil {
		return bot.Reply{}, err
	}
	f.Limit = auditExport + 1
	list, err := p.Events.Query(ctx, f)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(list) > auditExport {
		return bot.Reply{}, &chat.Problem{Say: fmt.Sprintf("That is more than %s events.", chat.Count(auditExport)),
			Try: "Name a shorter time, or write all with `opsbot audit --csv` on the command line."}
	}
	var file bytes.Buffer
	if err := write(&file, list); err != nil {
		return bot.Reply{}, err
	}
	if file.Len() == 0 {
		return private("Nothing fits, so there is no file."), nil
	}
	if err := p.sendFile(ctx, r, name, file.String(), "opsbot audit --json"); err != nil {
		return bot.Reply{}, err
	}
	return private(chat.Plural(int64(len(list)), "event") + " are in the file that I sent you."), nil
}

func (p Parts) auditVerify(ctx context.Context, _ bot.Request) (bot.Reply, error) {
	report, err := p.Events.Verify(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	return private(AuditVerdict(report)), nil
}

// AuditVerdict says what a walk along the chain has found.
func AuditVerdict(r events.Report) string {
	switch {
	case !r.OK():
		return fmt.Sprintf("🔴 The log of events is broken at event %s: it %s. The %s before it are proven.",
			chat.Count(r.Broken), r.Fault, chat.Plural(r.Events, "event"))
	case r.Events == 0:
		return "The log of events is empty."
	}
	return fmt.Sprintf("✅ All %s are as they were written: the first of %s, the last, %s, of %s. Note its hash elsewhere to prove later "+
		"that none was taken from the end: %s", chat.Plural(r.Events, "event"), chat.Time(r.First), chat.Literal(chat.Count(r.Head.Seq)),
		chat.Time(r.Last), chat.Literal(r.Head.Hash))
}
