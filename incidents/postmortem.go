package incidents

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/github"
)

// paper is all that a post-mortem is written from. Writing it asks nobody and reads no clock.
type paper struct {
	incident Incident
	timeline []Entry
	zone     *time.Location
	// markdown makes Markdown of mrkdwn, in which nobody is called; name is what a person is called.
	markdown func(mrkdwn string) string
	name     func(chat.User) string
}

// title is that of the post-mortem.
func (p paper) title() string {
	kind := "Post-mortem"
	if p.incident.Drill {
		kind = "Post-mortem of a drill"
	}
	return fmt.Sprintf("%s: %s (%s %d, %s)", kind, unmarked(p.incident.Title), p.incident.Kind(), p.incident.Number,
		p.incident.At.In(p.zone).Format("2 January 2006"))
}

// body is the post-mortem, what people ask for first before the long timeline.
func (p paper) body() github.Body {
	i, f := p.incident, p.incident.Findings
	return slices.DeleteFunc(github.Body{
		{Name: "about", Text: p.about()},
		{Name: "summary", Text: "## Summary\n\n" + p.summary()},
		{Name: "impact", Text: "## Impact\n\n" + p.words(f.Impact) + "\n\n" + p.durations()},
		{Name: "cause", Text: "## Root cause\n\n" + p.words(f.Cause)},
		{Name: "done", Text: "## What was done\n\n" + p.words(f.Done)},
		{Name: "well", Text: "## What went well\n\n" + p.words(f.Well)},
		{Name: "badly", Text: "## What went badly\n\n" + p.words(f.Badly)},
		{Name: "actions", Text: "## Action items\n\n" + p.actions()},
		{Name: "timeline", Text: "## Timeline\n\n" + p.entries()},
		{Name: "milestones", Text: "## Milestones\n\n" + p.milestones()},
		{Name: "people", Text: "## People\n\n" + p.people()},
		{Name: "files", Text: p.files()},
	}, func(s github.Section) bool { return s.Name == "files" && (s.Text == "" || i.Number == 0) })
}

// file is the post-mortem where it is no issue.
func (p paper) file() string {
	text := "# " + p.title() + "\n"
	for _, s := range p.body() {
		text += "\n" + s.Text + "\n"
	}
	return text
}

// words are what people wrote.
func (p paper) words(text string) string {
	if strings.TrimSpace(text) == "" {
		return "_Not written down yet._"
	}
	return p.markdown(typed(text))
}

func (p paper) about() string {
	i := p.incident
	facts := []string{"**" + strings.ToUpper(i.Severity) + "**", string(i.Status)}
	if took, ok := i.Took(Began, WasResolved); ok && i.Status.Over() {
		facts = append(facts, "lasted "+chat.Span(took))
	}
	facts = append(facts, "declared by "+p.name(i.By)+" on "+p.instant(i.At))
	lines := []string{strings.Join(facts, " · ")}
	if len(i.Services) > 0 {
		lines = append(lines, "Affected: "+github.Quiet(strings.Join(i.Services, ", ")))
	}
	if i.Drill {
		lines = append([]string{"🧪 **This was a drill: nothing was broken.**"}, lines...)
	}
	if i.Place.CardLink != "" {
		lines = append(lines, fmt.Sprintf("In Slack: [the channel](%s) · [the card](%s)", channelLink(i.Place.CardLink), i.Place.CardLink))
	}
	return "> " + strings.Join(lines, "\\\n> ") + "\n\n<sub>opsbot keeps this up to date. A section that you edit here stays as you wrote it.</sub>"
}

// channelLink is the address of the channel of a message.
func channelLink(message string) string {
	if n := strings.LastIndex(message, "/p"); n > 0 {
		return message[:n]
	}
	return message
}

func (p paper) summary() string {
	i := p.incident
	text := "**" + p.markdown(typed(i.Title)) + "**"
	if i.Seen != "" {
		text += "\n\n" + p.markdown(typed(i.Seen))
	}
	if i.Update.N > 0 {
		text += "\n\nThe last update said: " + p.markdown(typed(i.Update.Text))
	}
	return text
}

// durations are the times between milestones that are known.
func (p paper) durations() string {
	text := ""
	for _, d := range []struct {
		from, to Milestone
		name     string
	}{
		{Began, Detected, "until it was detected"}, {Detected, Acknowledged, "from there until somebody looked after it"},
		{Acknowledged, WasMitigated, "from there until the harm had stopped"}, {WasMitigated, WasResolved, "from there until it was over"},
		{Began, WasResolved, "**in all**"},
	} {
		if took, ok := p.incident.Took(d.from, d.to); ok {
			text += fmt.Sprintf("| %s | %s → %s | %s |\n", d.name, d.from, d.to, chat.Span(took))
		}
	}
	if text == "" {
		return "_No two milestones are known._"
	}
	return "| Time | Between | Took |\n| --- | --- | --: |\n" + strings.TrimSuffix(text, "\n")
}

// actions is a task list; each line leads to its issue, whose state GitHub shows beside it.
func (p paper) actions() string {
	var lines []string
	for _, a := range p.incident.Actions {
		if a.Dropped {
			continue
		}
		box := "- [ ] "
		if !a.Open() {
			box = "- [x] "
		}
		if a.Filed.Number > 0 {
			box += fmt.Sprintf("#%d ", a.Filed.Number)
		}
		lines = append(lines, box+p.markdown(typed(a.Text))+p.owner(a))
	}
	if len(lines) == 0 {
		return "_None yet._"
	}
	return strings.Join(lines, "\n")
}

// owner says who does it, and by when.
func (p paper) owner(a Action) string {
	text := ""
	if a.Who.ID != "" {
		text += " — " + p.name(a.Who)
	}
	if !a.Due.IsZero() {
		text += ", by " + a.Due.In(p.zone).Format("Mon 2 Jan 2006")
	}
	return text
}

// entries are the timeline: a line for each, in UTC with the local time beside it where that is another.
func (p paper) entries() string {
	if len(p.timeline) == 0 {
		return "_Nothing was noted._"
	}
	var w strings.Builder
	day := ""
	for _, e := range p.timeline {
		if d := e.At.UTC().Format("Monday, 2 January 2006"); d != day {
			if day != "" {
				w.WriteString("\n")
			}
			day = d
			w.WriteString("### " + day + "\n\n")
		}
		w.WriteString("- " + p.clock(e.At) + " — " + p.entry(e) + "\n")
	}
	return strings.TrimRight(w.String(), "\n")
}

func (p paper) entry(e Entry) string {
	text := p.markdown(e.Text)
	if e.Source == FromMessage || e.Source == FromNote {
		text = "**" + p.name(e.By) + "**: " + text
	}
	if e.Edited {
		text += " _(edited)_"
	}
	var names []string
	for _, f := range e.kept() {
		names = append(names, code(f.From.Name))
	}
	if len(names) > 0 {
		text += " 📎 " + strings.Join(names, ", ")
	}
	// What goes on in further lines belongs to the same item of the list.
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
	if e.Link != "" {
		if strings.HasSuffix(text, "```") { // a block of code ends with its line
			text += "\n  "
		}
		text += " ([message](" + e.Link + "))"
	}
	return text
}

// clock is the time of day in UTC and where people are.
func (p paper) clock(t time.Time) string {
	text, local := "`"+t.UTC().Format("15:04:05")+" UTC`", t.In(p.zone)
	if _, offset := local.Zone(); offset != 0 {
		form := "15:04 MST"
		if local.Format(time.DateOnly) != t.UTC().Format(time.DateOnly) {
			form = "Mon 15:04 MST"
		}
		text += " · " + local.Format(form)
	}
	return text
}

// instant is a date with clock.
func (p paper) instant(t time.Time) string {
	text, local := t.UTC().Format("2 January 2006, 15:04 UTC"), t.In(p.zone)
	if _, offset := local.Zone(); offset != 0 {
		text += local.Format(" (15:04 MST)")
	}
	return text
}

func (p paper) milestones() string {
	text := "| Milestone | When | Known from |\n| --- | --- | --- |"
	for _, m := range Milestones() {
		mark, ok := p.incident.Milestones[m]
		if !ok {
			text += fmt.Sprintf("\n| %s | not reached | |", m)
			continue
		}
		source := p.markdown(mark.Source)
		if mark.Reason != "" {
			source += "; corrected by " + p.name(mark.By) + ": " + p.markdown(typed(mark.Reason))
		}
		text += fmt.Sprintf("\n| %s | %s | %s |", m, p.instant(mark.At), cell(source))
	}
	return text
}

func (p paper) people() string {
	i := p.incident
	text := "| Role | Who |\n| --- | --- |\n| declared it | " + cell(p.name(i.By)) + " |"
	for _, role := range Roles() {
		who := "nobody"
		if u, ok := i.Roles[role]; ok {
			who = p.name(u)
		}
		text += fmt.Sprintf("\n| %s | %s |", role, cell(who))
	}
	var others []string
	for _, e := range p.timeline {
		if n := p.name(e.By); e.By.ID != "" && !slices.Contains(others, n) && e.By.ID != i.By.ID && !i.hasRole(e.By) {
			others = append(others, n)
		}
	}
	if len(others) > 0 {
		text += "\n| took part | " + cell(strings.Join(others, ", ")) + " |"
	}
	return text
}

func (i Incident) hasRole(u chat.User) bool {
	for _, who := range i.Roles {
		if who.ID == u.ID {
			return true
		}
	}
	return false
}

// kept are the files that are beside the entry.
func (e Entry) kept() []Kept {
	return slices.DeleteFunc(slices.Clone(e.Files), func(k Kept) bool { return k.Drop })
}

// files are those that were kept; they are not published.
func (p paper) files() string {
	text := ""
	for _, e := range p.timeline {
		for _, f := range e.kept() {
			where := "kept by opsbot as " + code(f.Object)
			if f.Object == "" {
				where = "not kept: " + github.Quiet(cmp.Or(f.Fault, "not yet copied"))
			}
			if e.Link != "" {
				where += fmt.Sprintf(", [shared](%s)", e.Link)
			}
			text += fmt.Sprintf("\n- %s · %s · %s", code(f.From.Name), chat.Bytes(f.From.Size), where)
		}
	}
	if text == "" {
		return ""
	}
	return "## Files\n" + text
}

// cell fits a text into a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "|", `\|`), "\n", " ")
}

// code shows a text as it is.
func code(text string) string {
	return "`" + strings.NewReplacer("`", "'", "\n", " ").Replace(text) + "`"
}
