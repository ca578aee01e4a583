package checklists

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// What one line of a card holds at most, so that forty items stay below Slack's bounds.
const (
	mostSay    = 240
	mostReason = 160
	shownNotes = 3
)

// Card is the one message that shows the list as it is: how far it is, what opsbot has found, what people have ticked, and
// what can be pressed.
func (l List) Card() chat.Message {
	parts := []chat.Part{chat.Header(l.headline()), chat.Text(l.standing())}
	if l.Late {
		parts = append(parts, chat.Note(fmt.Sprintf("Posted late: opsbot was away %s.", chat.Time(l.For))))
	}
	if lines := l.probeLines(); len(lines) > 0 {
		title := "*Looked at by opsbot*"
		if l.Status == Open && l.LookedFor < l.Asked {
			title += " · ⏳ looking again"
		}
		parts = append(parts, chat.Text(title+"\n"+strings.Join(lines, "\n")))
	}
	parts = append(parts, l.peopleParts()...)
	if l.Status == Open {
		parts = append(parts, l.buttons())
	}
	return chat.Message{Summary: l.Summary(), Parts: parts}
}

func (l List) headline() string {
	if l.Version != "" {
		return "🚀 " + l.Template.Title + " · " + l.Version
	}
	return "📋 " + l.Template.Title + " · " + l.For.Format("Mon 2 Jan 2006")
}

// Summary is the list in one line, for notifications and lists.
func (l List) Summary() string {
	how := fmt.Sprintf("%d of %d ticked", l.Settled(), len(l.Items))
	switch {
	case l.Ready():
		how = "ready to deploy"
	case l.Status == Done:
		how = "done"
	case l.Status == Unfinished:
		how = "closed unfinished, " + how
	}
	return l.Called() + ": " + how
}

func (l List) standing() string {
	settled, all := int64(l.Settled()), int64(len(l.Items))
	line := fmt.Sprintf("%s *%d of %d*", chat.Bar(settled, all), settled, all)
	switch {
	case l.Ready():
		return fmt.Sprintf("✅ *Ready to deploy* %s: %s, %s.\n%s", chat.Literal(l.Version), l.ClosedBy.Mention(), chat.Time(l.Closed), line)
	case l.Status == Done && l.Next > 0:
		return fmt.Sprintf("✅ *Done*: complete %s; closed by the next one, #%d.\n%s", chat.Time(l.Complete), l.Next, line)
	case l.Status == Done:
		return fmt.Sprintf("✅ *Done* by %s, %s.\n%s", l.ClosedBy.Mention(), chat.Time(l.Closed), line)
	case l.Status == Unfinished:
		return fmt.Sprintf("⚠️ *Unfinished*: closed %s %s. Left: %s.\n%s", chat.Time(l.Closed), l.why(), listed(l.Left()), line)
	}
	if !l.Due.IsZero() {
		line += " · due " + chat.Time(l.Due)
	}
	if len(l.Template.Asks) > 0 {
		line += " · for " + mentions(l.Template.Asks)
	}
	switch {
	case !l.Complete.IsZero() && l.Template.Versioned:
		line += "\n👉 Nothing required is left. Press *Ready to deploy*."
	case !l.Complete.IsZero():
		line += "\n👉 Nothing required is left. Press *Done*."
	case len(l.Reminders) > 0:
		line += "\n⏰ *Overdue.* Left: " + listed(l.Left()) + "."
	}
	return line
}

// mentions names users and user groups so that they are notified.
func mentions(ids []string) string {
	return strings.Join(chat.Mentions(ids), " ")
}

// probeLines say what was found about the items that are looked at by opsbot.
func (l List) probeLines() []string {
	var lines []string
	for _, e := range l.Items {
		if e.Probe == "" {
			continue
		}
		line := icon(e) + " " + e.title()
		switch {
		case e.Evidence.Outcome == "" && l.Status == Open:
			line += " · being looked at"
		case e.Evidence.Outcome == "":
			line += " · was not looked at"
		default:
			line += " · " + incidents.Cut(e.Evidence.Say, mostSay) + " · " + chat.Time(e.Evidence.At)
		}
		if !e.Tick.At.IsZero() {
			line += " · ☑️ " + e.Tick.By.Mention() + ", " + chat.Time(e.Tick.At)
		}
		if !e.Fell.IsZero() {
			line += " · it had passed until " + chat.Time(e.Fell)
		}
		if o := e.Override; !o.At.IsZero() {
			word := "✋ *overridden*"
			if o.Spent {
				word = "✋ was overridden"
			}
			line += fmt.Sprintf("\n↳ %s by %s, %s: %s", word, o.By.Mention(), chat.Time(o.At), chat.Clip(o.Reason, mostReason))
		}
		lines = append(lines, line+e.notes())
	}
	return lines
}

func icon(e Entry) string {
	switch {
	case e.Ticked():
		return "✅"
	case e.Evidence.Outcome == Failed:
		return "❌"
	case e.Evidence.Outcome == Unknown:
		return "❔"
	}
	return "⏳"
}

// title is the item's text with its link and what is to be known about it.
func (e Entry) title() string {
	text := "*" + chat.Spoken(e.Text) + "*"
	if e.Link != "" {
		text = fmt.Sprintf("<%s|%s>", chat.Escape(e.Link), chat.Escape(e.Text))
	}
	if e.Optional {
		text += " (optional)"
	}
	if e.Owner != "" {
		text += " " + mentions([]string{e.Owner})
	}
	return text
}

// notes are the newest, each on a line of its own.
func (e Entry) notes() string {
	var text string
	for _, n := range e.Notes[max(0, len(e.Notes)-shownNotes):] {
		text += fmt.Sprintf("\n↳ 📝 %s: %s", n.By.Mention(), chat.Clip(n.Text, mostReason))
	}
	return text
}

// peopleParts are the checkboxes in groups of ten, with a line below for each item of which more is to be said; once the list
// is closed, a line for each item.
func (l List) peopleParts() []chat.Part {
	var parts []chat.Part
	for n, items := range l.groups() {
		var lines []string
		for _, item := range items {
			if line := l.personLine(l.Items[item-1]); line != "" {
				lines = append(lines, line)
			}
		}
		if l.Status == Open {
			parts = append(parts, l.checkboxes(n, items))
		}
		if len(lines) > 0 {
			parts = append(parts, chat.Text(strings.Join(lines, "\n")))
		}
	}
	return parts
}

func (l List) personLine(e Entry) string {
	if e.Probe != "" {
		return "" // it has a line with what was found
	}
	if l.Status == Open && !e.Ticked() && e.Link == "" && e.Owner == "" && len(e.Notes) == 0 {
		return ""
	}
	box := "⬜"
	line := e.title()
	if e.Ticked() {
		box = "☑️"
		line += " · " + e.Tick.By.Mention() + ", " + chat.Time(e.Tick.At)
	}
	return box + " " + line + e.notes()
}

// checkboxes are one group: its action carries what it shows.
func (l List) checkboxes(n int, items []int) chat.Part {
	g := l.group(n)
	pick := &chat.Pick{Kind: chat.Checkboxes}
	for _, item := range items {
		e := l.Items[item-1]
		option := chat.Option{Value: strconv.Itoa(item), Label: e.Text}
		if e.Optional {
			option.Hint = "optional"
		}
		pick.Options = append(pick.Options, option)
	}
	for _, item := range g.Ticked {
		pick.Initial = append(pick.Initial, strconv.Itoa(item))
	}
	return chat.Actions{{Action: "checklist.tick", Value: g.value(l.Number), Label: "Tick what is done", Pick: pick}}
}

// buttons are what can be pressed while the list is open.
func (l List) buttons() chat.Actions {
	number := strconv.Itoa(l.Number)
	done := chat.Button{Action: "checklist.done", Value: number, Label: "Done"}
	if l.Template.Versioned {
		done.Label = "Ready to deploy"
	}
	if !l.Complete.IsZero() {
		done.Style = chat.Primary
	}
	row := chat.Actions{done}
	if l.probed() {
		row = append(row, chat.Button{Action: "checklist.again", Value: number, Label: "Check again"})
	}
	row = append(row, chat.Button{Action: "checklist.note", Value: number, Label: "Note…"})
	if slices.ContainsFunc(l.Items, Entry.CanOverride) {
		row = append(row, chat.Button{Action: "checklist.override", Value: number, Label: "Override…"})
	}
	return row
}
