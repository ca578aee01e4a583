package incidents

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// What a card holds at most, so that all of it stays below Slack's bounds (50 blocks, about 13,000 characters in all)
// and its buttons are never further away than a phone's screen or two.
const (
	mostSeen     = 1000
	mostSaid     = 1500
	mostResponse = 10
	mostStep     = 300
	mostServices = 300
	mostFound    = 500
)

// Card is the one message that shows the incident as it is: what it is, what to do next, who does what, the first
// steps, what was said last, and what can be pressed. It reads nothing but the incident and the rules.
func (d *Desk) Card(i Incident) chat.Message { return d.o.Rules.card(i) }

func (r Rules) card(i Incident) chat.Message {
	title := Icon(r, i) + " " + strings.ToUpper(i.Severity) + " · " + i.Name() + " " + unmarked(i.Title)
	if i.Drill {
		title = "🧪 DRILL · " + title
	}
	parts := []chat.Part{chat.Header(title), chat.Text(standing(i)), chat.Text("👉 " + r.nextStep(i))}
	if i.Seen != "" {
		parts = append(parts, chat.Text("*What is seen*\n"+clip(i.Seen, mostSeen)))
	}
	parts = append(parts, cardFields(i), chat.Actions(urgentButtons(i)))
	parts = append(parts, responseParts(i)...)
	if i.Update.N > 0 {
		parts = append(parts, chat.Text(fmt.Sprintf("*Newest update*, by %s, %s\n%s", i.Update.By.Mention(), chat.Time(i.Update.At), clip(i.Update.Text, mostSaid))))
	}
	if i.Status.Over() {
		parts = append(parts, findingParts(i)...)
	}
	parts = append(parts, r.actionParts(i)...)
	parts = append(parts, chat.Note(milestoneLine(i)))
	if line := linkLine(i); line != "" {
		parts = append(parts, chat.Note(line))
	}
	parts = append(parts, chat.Actions(r.buttons(i)))
	return chat.Message{Summary: summary(i), Parts: withoutEmpty(parts)}
}

// withoutEmpty leaves out rows without a button.
func withoutEmpty(parts []chat.Part) []chat.Part {
	var some []chat.Part
	for _, p := range parts {
		if row, ok := p.(chat.Actions); !ok || len(row) > 0 {
			some = append(some, p)
		}
	}
	return some
}

// summary is the incident in one line, for notifications and lists.
func summary(i Incident) string {
	line := fmt.Sprintf("%s (%s): %s — %s", i.Called(), i.Severity, clip(i.Title, mostTitle), i.Status)
	if _, ok := i.Roles[Commander]; !ok && !i.Status.Over() {
		line += ", nobody is commander"
	}
	return line
}

func standing(i Incident) string {
	status := string(i.Status)
	line := fmt.Sprintf("*%s* since %s · declared by %s %s", strings.ToUpper(status[:1])+status[1:], chat.Time(i.Since), i.By.Mention(), chat.Time(i.At))
	if took, ok := i.Took(Began, WasResolved); ok && i.Status.Over() {
		line += " · lasted " + chat.Span(took)
	}
	if i.Private {
		line += " · 🔒 private"
	}
	if i.Drill {
		line += "\n*This is a drill: nothing is broken. Do everything as if it were.*"
	}
	return line
}

// nextStep is the one thing to do now.
func (r Rules) nextStep(i Incident) string {
	_, acknowledged := i.Milestones[Acknowledged]
	_, led := i.Roles[Commander]
	_, filed := i.filed()
	missing := i.Findings.Missing()
	switch {
	case i.Status == Closed && len(i.OpenActions()) > 0:
		return "It is closed. " + chat.Plural(int64(len(i.OpenActions())), "action") + " still to be done."
	case i.Status == Closed:
		return "It is closed. Nothing is left to do."
	case i.Status == Resolved && len(missing) > 0:
		return "It is over. Still to be written down: " + strings.Join(missing, ", ") + ". Press *Findings…*"
	case i.Status == Resolved && !filed && i.PostMortem.Fault != "":
		return "The post-mortem could not be filed yet: " + i.PostMortem.Fault + " That is tried again by itself."
	case i.Status == Resolved && !filed && i.PostMortem.Wanted:
		return "The post-mortem is being filed."
	case i.Status == Resolved && !filed && r.severityOf(i).PostMortem:
		return "It is over. File its post-mortem, then close it."
	case i.Status == Resolved:
		return "It is over. Close it."
	case !acknowledged:
		return "*Nobody has acknowledged it yet.* If you look after it, press *Acknowledge* or take command."
	case !led:
		return "*Nobody is in command.* Press *Take command*."
	}
	for n, step := range i.Response {
		if !step.Done() {
			return fmt.Sprintf("First response, step %d: %s", n+1, clip(step.Text, mostStep))
		}
	}
	switch i.Status {
	case Investigating:
		return "Find out what is wrong; then set the status to *identified*."
	case Identified:
		return "Stop the harm; then set the status to *mitigated*."
	}
	return "The harm has stopped. When it stays so, press *Resolve…*"
}

// filed answers where the post-mortem is; "" with true when it lies in a file.
func (i Incident) filed() (url string, yes bool) {
	return i.PostMortem.URL, i.PostMortem.Exists()
}

func cardFields(i Incident) chat.Fields {
	services := "not named"
	if len(i.Services) > 0 {
		services = clip(strings.Join(i.Services, ", "), mostServices)
	}
	all := chat.Fields{{Label: "Services", Value: services}}
	if !i.Status.Over() {
		all = append(all, chat.Field{Label: "Next update", Value: nextUpdate(i)})
	}
	for _, role := range Roles() {
		who, ok := i.Roles[role]
		value := "_vacant_"
		if ok {
			value = who.Mention()
		}
		name := string(role)
		all = append(all, chat.Field{Label: strings.ToUpper(name[:1]) + name[1:], Value: value})
	}
	return all
}

func nextUpdate(i Incident) string {
	switch {
	case i.Update.Stopped:
		return "reminders are stopped"
	case i.Update.Due.IsZero():
		return "when there is something to say"
	}
	return "due " + chat.Time(i.Update.Due)
}

// urgentButtons acknowledge it and take what nobody has taken.
func urgentButtons(i Incident) []chat.Button {
	if i.Status.Over() {
		return nil
	}
	var all []chat.Button
	number := strconv.Itoa(i.Number)
	if _, ok := i.Milestones[Acknowledged]; !ok {
		all = append(all, chat.Button{Action: "incident.acknowledge", Value: number, Label: "Acknowledge", Style: chat.Primary})
	}
	for _, role := range Roles() {
		if _, ok := i.Roles[role]; ok {
			continue
		}
		b := i.TakeButton(role)
		if role == Commander {
			b.Label = "Take command"
			if len(all) == 0 {
				b.Style = chat.Primary
			}
		}
		all = append(all, b)
	}
	return all
}

// responseParts are the first steps, each with a button of its own, so that two people who press at once do not undo each
// other's. Once it is over they are one line.
func responseParts(i Incident) []chat.Part {
	if len(i.Response) == 0 {
		return nil
	}
	done := 0
	var parts []chat.Part
	for n, step := range i.Response {
		if step.Done() {
			done++
		}
		if n < mostResponse {
			parts = append(parts, responseStep(i, n, step))
		}
	}
	sum := fmt.Sprintf("*First response* · %d of %d done", done, len(i.Response))
	if i.Status.Over() {
		return []chat.Part{chat.Note(sum)}
	}
	if more := len(i.Response) - mostResponse; more > 0 {
		parts = append(parts, chat.Note(fmt.Sprintf("and %d more", more)))
	}
	return append([]chat.Part{chat.Text(sum)}, parts...)
}

func responseStep(i Incident, n int, step Step) chat.Part {
	value, text := fmt.Sprintf("%d %d", i.Number, n), clip(step.Text, mostStep)
	if !step.Done() {
		return chat.Item{Text: "⬜ " + text, Beside: chat.Button{Action: "incident.tick", Value: value, Label: "Done"}}
	}
	return chat.Item{
		Text: fmt.Sprintf("☑️ %s · %s %s", text, step.By.Mention(), chat.Time(step.At)),
		Beside: chat.Button{Action: "incident.untick", Value: value, Label: "More", Pick: &chat.Pick{Kind: chat.Menu,
			Options: []chat.Option{{Value: "undone", Label: "It is not done after all"}}}},
	}
}

// findingParts are what is known at the end.
func findingParts(i Incident) []chat.Part {
	var parts []chat.Part
	for _, f := range []struct{ name, text string }{
		{"Root cause", i.Findings.Cause}, {"Impact on customers", i.Findings.Impact}, {"What was done", i.Findings.Done},
	} {
		if f.text != "" {
			parts = append(parts, chat.Text("*"+f.name+"*\n"+clip(f.text, mostFound)))
		}
	}
	return parts
}

// milestoneLine names those that were reached.
func milestoneLine(i Incident) string {
	var words []string
	for _, m := range Milestones() {
		if mark, ok := i.Milestones[m]; ok {
			words = append(words, string(m)+" "+chat.Time(mark.At))
		}
	}
	return "⏱ " + strings.Join(words, " · ")
}

// linkLine leads to what belongs to it.
func linkLine(i Incident) string {
	var words []string
	if i.Place.AnnouncementLink != "" {
		words = append(words, "<"+i.Place.AnnouncementLink+"|announcement>")
	}
	if i.Place.FromLink != "" {
		words = append(words, "<"+i.Place.FromLink+"|what it was declared for>")
	}
	switch url, filed := i.filed(); {
	case url != "":
		words = append(words, fmt.Sprintf("<%s|post-mortem #%d>", url, i.PostMortem.Number))
	case filed:
		words = append(words, "post-mortem filed")
	}
	if n := len(i.OpenActions()); n > 0 {
		words = append(words, "open actions: "+strconv.Itoa(n))
	}
	if i.Run != "" {
		words = append(words, "declared for the run "+chat.Literal(i.Run))
	}
	return strings.Join(words, " · ")
}

// buttons are what can be done now beyond what is urgent.
func (r Rules) buttons(i Incident) []chat.Button {
	number := strconv.Itoa(i.Number)
	var all []chat.Button
	add := func(action, label string, style chat.Style) {
		all = append(all, chat.Button{Action: "incident." + action, Value: number, Label: label, Style: style})
	}
	if !i.Status.Over() {
		add("update", "Update…", chat.Plain)
		add("status", "Status…", chat.Plain)
		add("severity", "Severity…", chat.Plain)
		add("roles", "Roles…", chat.Plain)
		add("actions", "Actions…", chat.Plain)
		add("milestones", "Milestones…", chat.Plain)
		add("timeline", "Timeline", chat.Plain)
		add("resolve", "Resolve…", chat.Plain)
		return all
	}
	_, filed := i.filed()
	mustFile := !filed && r.severityOf(i).PostMortem
	if i.Status == Resolved {
		style := chat.Plain
		if len(i.Findings.Missing()) > 0 {
			style = chat.Primary
		}
		add("resolve", "Findings…", style)
	}
	if !filed && !i.PostMortem.Wanted {
		style := chat.Plain
		if mustFile && len(i.Findings.Missing()) == 0 {
			style = chat.Primary
		}
		add("postmortem", "File post-mortem", style)
	}
	if i.Status == Resolved && !mustFile {
		add("close", "Close", chat.Plain)
	}
	add("milestones", "Milestones…", chat.Plain)
	add("actions", "Actions…", chat.Plain)
	add("timeline", "Timeline", chat.Plain)
	add("reopen", "Reopen…", chat.Plain)
	return all
}

// cutMrkdwn shortens mrkdwn to n characters, with an ellipsis in place of what is missing. It cuts no <…> and no &…; apart.
func cutMrkdwn(s string, n int) string {
	all := []rune(s)
	if len(all) <= n {
		return s
	}
	s = string(all[:n-1])
	for _, pair := range []string{"<>", "&;"} {
		if open := strings.LastIndexByte(s, pair[0]); open > strings.LastIndexByte(s, pair[1]) {
			s = s[:open]
		}
	}
	return s + "…"
}
