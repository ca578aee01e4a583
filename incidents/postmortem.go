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
	names    Names
}

// markdown makes Markdown of mrkdwn, in which nobody is called.
func (p paper) markdown(mrkdwn string) string { return Markdown(mrkdwn, p.names) }

// name is what a person is called.
func (p paper) name(u chat.User) string {
	if !inSlack(u) {
		return literally(cmp.Or(u.Name, u.ID))
	}
	return literally(known(p.names.Person, u.ID, u.Name, "somebody"))
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
	f := p.incident.Findings
	return slices.DeleteFunc(github.Body{
		{Name: "about", Text: p.about()},
		{Name: "summary", Text: "## Summary\n\n" + p.summary()},
		{Name: "impact", Text: "## Impact\n\n" + p.words(f.Impact) + "\n\n" + p.durations()},
		{Name: "cause", Text: "## Root cause\n\n" + p.words(f.Cause)},
		{Name: "done", Text: "## What was done\n\n" + p.words(f.Done)},
		{Name: "well", Text: "## What went well\n\n" + p.words(f.Well)},
		{Name: "badly", Text: "## What went badly\n\n" + p.words(f.Badly)},
		{Name: "actions", Text: "## Action items\n\n" + p.actions()},
		{Name: "timeline", Text: "## Timeline\n\n" + TimelineMarkdown(p.timeline, p.zone, p.names)},
		{Name: "milestones", Text: "## Milestones\n\n" + p.milestones()},
		{Name: "people", Text: "## People\n\n" + p.people()},
		{Name: "files", Text: p.files()},
	}, func(s github.Section) bool { return s.Text == "" })
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
		lines = append(lines, "Affected: "+literally(strings.Join(i.Services, ", ")))
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

// files are those that were kept; they are not published.
func (p paper) files() string {
	text := ""
	for _, e := range p.timeline {
		for _, k := range e.Shown() {
			text += fmt.Sprintf("\n- %s: %s", codeSpan(oneLine(k.From.Name)), keptWords(k))
			if e.Link != "" {
				text += " · " + link(e.Link, "message")
			}
		}
	}
	if text == "" {
		return ""
	}
	return "## Files\n" + text
}

// cell fits Markdown into a table.
func cell(text string) string { return strings.ReplaceAll(text, "\n", " ") }
