package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// entriesShown is how many entries a page has, shownText how many characters of each: together with a line for each day
// they stay below what Slack takes in one message (50 blocks, some 13,000 characters).
const (
	entriesShown = 12
	shownText    = 350
)

func (p Parts) incidentTimeline() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "timeline", Usage: "[#incident] [export]", Summary: "what happened, newest last; export sends it as a Markdown file", Role: bot.Anyone, Run: p.timelineWords},
		},
		actions: []bot.Action{
			{Name: "incident.timeline", Role: bot.Anyone, Run: p.timelinePressed},
			{Name: "incident.export", Role: bot.Anyone, Run: p.exportPressed},
			{Name: "incident.entry", Role: bot.Anyone, Run: p.entryPicked},
			{Name: "form:incident.entry", Role: bot.Anyone, Run: p.entryRetimed},
		},
		events: []bot.Event{
			{Type: "reaction_added", Why: "putting messages onto an incident's timeline with a pushpin", Optional: true, Run: p.pinned},
			{Type: "reaction_removed", Why: "taking them back", Optional: true, Run: p.pinned},
			{Type: "message_changed", Why: "following edits of messages on a timeline", Optional: true, Run: p.captureChanged},
			{Type: "message_deleted", Why: "following their deletion", Optional: true, Run: p.captureChanged},
		},
		uses: []bot.Use{bot.UseReactions, bot.UseDownloads},
	}
}

// pinned has a message read that the pushpin was put on or taken from.
func (p Parts) pinned(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if r.Reaction != incidents.Pushpin {
		return bot.Reply{}, nil
	}
	return bot.Reply{}, p.Desk.Look(ctx, r.Message, true)
}

// captureChanged has a message read that was edited or deleted, if it is on a timeline.
func (p Parts) captureChanged(ctx context.Context, r bot.Request) (bot.Reply, error) {
	return bot.Reply{}, p.Desk.Look(ctx, r.Message, false)
}

func (p Parts) timelineWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if err := p.mayRead(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	switch {
	case len(rest) == 0:
		m, err := p.timelinePage(ctx, r, i, "", "")
		return bot.Reply{Message: m}, err
	case len(rest) == 1 && strings.EqualFold(rest[0], "export"):
		return p.timelineExport(ctx, r, i)
	}
	return bot.Reply{}, chat.Unknown("word", rest[0], []string{"export"})
}

// timelinePressed turns a page: its button holds the incident, and before or after with a mark.
func (p Parts) timelinePressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(rest) < 2 {
		m, err := p.timelinePage(ctx, r, i, "", "")
		return bot.Reply{Message: m}, err
	}
	before, after := strings.Join(rest[1:], " "), ""
	if rest[0] == "after" {
		before, after = "", before
	}
	m, err := p.timelinePage(ctx, r, i, before, after)
	return bot.Reply{Update: m}, err
}

// timelinePage draws the entries next before or after a mark, or the newest, for the person who asked.
func (p Parts) timelinePage(ctx context.Context, r bot.Request, i incidents.Incident, before, after string) (*chat.Message, error) {
	page, older, newer, err := p.Desk.Page(ctx, i.Number, before, after, entriesShown)
	if err != nil {
		return nil, err
	}
	zone := p.Desk.Zone(ctx, r.User)
	parts := []chat.Part{chat.Header("Timeline of " + i.Name())}
	if len(page) == 0 {
		parts = append(parts, chat.Text("Nothing is here yet."))
	}
	day := ""
	for _, e := range page {
		if today := e.At.In(zone).Format("Monday, 2 January 2006"); today != day {
			day = today
			parts = append(parts, chat.Note("*"+day+"*"))
		}
		parts = append(parts, entryPart(e))
	}
	buttons := chat.Actions{}
	if older && len(page) > 0 {
		buttons = append(buttons, chat.Button{Action: "incident.timeline", Value: about(i) + " before " + page[0].Mark(), Label: "◀ Older"})
	}
	if newer && len(page) > 0 {
		buttons = append(buttons, chat.Button{Action: "incident.timeline", Value: about(i) + " after " + page[len(page)-1].Mark(), Label: "Newer ▶"})
	}
	buttons = append(buttons, chat.Button{Action: "incident.export", Value: about(i), Label: "As a file"})
	parts = append(parts, buttons, chat.Note("Put :pushpin: on a message to add it, or say `/incident note at 14:05 what happened`."))
	return &chat.Message{Summary: "Timeline of " + i.Name() + " " + chat.Escape(i.Title), Parts: parts, Private: true}, nil
}

// entryPart is one entry; those that people have put there can be changed.
func entryPart(e incidents.Entry) chat.Part {
	text := "*" + hourMinute(e.At) + "* "
	byPerson := e.Source == incidents.FromNote || e.Source == incidents.FromMessage
	if byPerson {
		text += e.By.Mention() + ": "
	}
	words := incidents.Cut(strings.Join(strings.Fields(strings.ReplaceAll(e.Text, "```", " ")), " "), shownText)
	if words == "" && len(e.Shown()) == 0 {
		words = "_a message without words_"
	}
	text += words
	if e.Edited {
		text += " _(edited)_"
	}
	for _, k := range e.Shown() {
		text += "\n📎 " + chat.Escape(k.From.Name)
		switch {
		case k.Fault != "":
			text += " (not kept: " + k.Fault + ")"
		case k.Object == "":
			text += " (being copied)"
		}
	}
	if e.Link != "" {
		text += " <" + e.Link + "|↗>"
	}
	if !byPerson {
		return chat.Text(text)
	}
	return chat.Item{Text: text, Beside: chat.Button{Action: "incident.entry", Value: fmt.Sprintf("%d %s", e.Incident, e.ID), Label: "Change the entry",
		Pick: &chat.Pick{Kind: chat.Menu, Options: []chat.Option{{Value: "time", Label: "Correct the time…"}, {Value: "back", Label: "Take it back"}}}}}
}

// hourMinute is a time of day in the reader's own time zone.
func hourMinute(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{time}|%s>", t.Unix(), t.UTC().Format("15:04 UTC"))
}

func (p Parts) exportPressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.pressed(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.timelineExport(ctx, r, i)
}

// timelineExport sends the person the whole timeline as a Markdown file.
func (p Parts) timelineExport(ctx context.Context, r bot.Request, i incidents.Incident) (bot.Reply, error) {
	all, err := p.Desk.Fresh(ctx, i.Number)
	if err != nil {
		return bot.Reply{}, err
	}
	names := p.Desk.Names(ctx)
	content := fmt.Sprintf("# Timeline of %s %s\n\n%s, %s, declared %s\n\n%s\n", i.Kind(), incidents.Markdown(i.Name()+" "+chat.Escape(i.Title), names),
		i.Severity, i.Status, i.At.UTC().Format("2006-01-02 15:04 UTC"), incidents.TimelineMarkdown(all, p.Desk.Zone(ctx, r.User), names))
	if err := p.SendFile(ctx, r.User.ID, fmt.Sprintf("timeline-%d.md", i.Number), content); err != nil {
		return bot.Reply{}, &chat.Problem{Say: "The file could not be sent to you.", Try: "`/incident timeline` shows the entries here.", Err: err}
	}
	return private(fmt.Sprintf("I sent you the timeline of %s as a Markdown file, with %s.", i.Name(), chat.Plural(int64(len(all)), "entry"))), nil
}
