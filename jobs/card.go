package jobs

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kampyn/opsbot/chat"
)

// What a card may hold at most, so that it stays within Slack's limits (50 blocks, 3,000 characters of text and 10 fields
// each) and can be read on a phone.
// https://docs.slack.dev/reference/block-kit/blocks/section-block
const (
	// StepsShown is how many steps are drawn one by one; EveryStep has all.
	StepsShown = 12
	mostText   = 2800
	mostLine   = 400
	mostFields = 10
	mostParts  = 40
)

// Card draws the run: what it is, how it stands, each step with its progress, what is planned, why it did not succeed
// and what can be done now. It reads nothing but the run and the clock.
func (r *Runner) Card(run Run) chat.Message {
	title := plain(run.Title)
	head := icon(run) + " " + title
	parts := []chat.Part{chat.Header(cut(head, 150)), chat.Text(r.standing(run))}
	if run.Reason != "" {
		why := run.Reason
		if run.Try != "" {
			why += "\n" + run.Try
		}
		parts = append(parts, chat.Text(cut(why, mostText)))
	}
	parts = append(parts, r.steps(run)...)
	if run.Plan != nil {
		parts = append(parts, planParts(run)...)
	}
	kind := r.kinds[run.Kind]
	if kind.Details != nil {
		parts = append(parts, kind.Details(run)...)
	}
	if len(parts) > mostParts {
		parts = append(parts[:mostParts], chat.Note("The rest is too long for a card; the log of the run has it."))
	}
	buttons := r.Buttons(run)
	if kind.Buttons != nil {
		buttons = append(buttons, kind.Buttons(run)...)
	}
	if len(buttons) > 0 {
		parts = append(parts, chat.Actions(buttons[:min(len(buttons), 25)]))
	}
	parts = append(parts, chat.Note(r.small(run)))
	return chat.Message{Summary: cut(head+": "+words(run), 300), Parts: parts, Key: "run/" + run.ID, Uncut: "opsbot jobs show " + run.ID}
}

// icon is the run's status as one sign.
func icon(run Run) string {
	if run.Status == Running && (run.Cleaning || run.Cancel != nil) {
		return "🧹"
	}
	return map[Status]string{Proposed: "📝", Queued: "⏳", Running: "🔄", Succeeded: "✅", Failed: "❌", Cancelled: "🚫",
		Interrupted: "⚠️"}[run.Status]
}

// words is the run's status in a few words.
func words(run Run) string {
	switch {
	case run.Status == Proposed && run.Plan != nil && run.Plan.Typed():
		return fmt.Sprintf("waits for approval (%d of %d)", len(run.Plan.Approvals), run.Plan.Needs)
	case run.Status == Proposed:
		return "waits for confirmation"
	case run.Status == Queued && run.Attempt > 0:
		return "was interrupted and waits to start again"
	case run.Status == Queued:
		return "waits to start"
	case run.Status == Running && run.Cleaning:
		return "stopped; cleaning up"
	case run.Status == Running && run.Cancel != nil:
		return "is being cancelled"
	}
	return string(run.Status)
}

// standing says how it stands, for whom, since when.
func (r *Runner) standing(run Run) string {
	state := words(run)
	line := "*" + strings.ToUpper(state[:1]) + state[1:] + "* · asked for by " + run.By.Mention()
	switch {
	case run.Status == Proposed:
		line += " · until " + chat.Time(run.Plan.Expires)
	case run.Status.Ended() && !run.Started.IsZero():
		line += " · " + chat.Time(run.Started) + " · took " + chat.Span(run.Finished.Sub(run.Started))
	case run.Status.Ended():
		line += " · " + chat.Time(run.Finished)
	case !run.Started.IsZero():
		line += " · since " + chat.Time(run.Started)
	default:
		line += " · since " + chat.Time(run.At)
	}
	if run.Attempt > 1 {
		line += fmt.Sprintf(" · attempt %d", run.Attempt)
	}
	return line
}

// steps draws a line or two for each step. Of many, only those are drawn that are under way or went wrong, below a sum.
func (r *Runner) steps(run Run) []chat.Part {
	if run.Status == Proposed {
		return nil
	}
	now := r.o.Now()
	var lines []string
	if len(run.Steps) <= StepsShown {
		for _, s := range run.Steps {
			lines = append(lines, stepLine(s, now))
		}
		return paragraphs(lines)
	}
	count := map[Status]int64{}
	var telling []string
	for _, s := range run.Steps {
		count[s.Status]++
		if s.Status != Succeeded && s.Status != Queued {
			telling = append(telling, stepLine(s, now))
		}
	}
	total := int64(len(run.Steps))
	sum := fmt.Sprintf("%s %s of %s steps done", chat.Bar(total-count[Queued]-count[Running], total), chat.Count(count[Succeeded]), chat.Count(total))
	if count[Failed] > 0 {
		sum += fmt.Sprintf(", %s failed", chat.Count(count[Failed]))
	}
	lines = append(lines, sum)
	if more := len(telling) - StepsShown; more > 0 {
		telling = append(telling[:StepsShown], fmt.Sprintf("and %d more: `/jobs show %s`", more, run.ID))
	}
	return paragraphs(append(lines, telling...))
}

// EveryStep writes each step as a line of plain text.
func EveryStep(run Run) []string {
	lines := make([]string, len(run.Steps))
	for i, s := range run.Steps {
		lines[i] = fmt.Sprintf("%-11s  %s", orQueued(s.Status), s.Name)
		if s.Note != "" {
			lines[i] += " · " + plain(s.Note)
		}
	}
	return lines
}

func orQueued(s Status) Status { return cmp.Or(s, Queued) }

// stepLine draws one step: ▓▓▓▓░░░░░░ 42 % · 12,345 of 29,400 documents · 34 MB/s · about 2 min left.
func stepLine(s Step, now time.Time) string {
	sign := map[Status]string{Queued: "▫️", Running: "🔄", Succeeded: "✅", Failed: "❌", Cancelled: "🚫", Interrupted: "⚠️"}[s.Status]
	line := sign + " *" + chat.Escape(s.Name) + "*"
	switch s.Status {
	case Queued, "":
		return cut(line, mostLine)
	case Running:
		if s.Stage != "" {
			line += " " + chat.Escape(s.Stage)
		}
		if far := progress(s, now); far != "" {
			line += "\n" + far
		}
		return cut(line, mostLine)
	}
	if s.Note != "" {
		line += " · " + s.Note
	} else if s.Done > 0 {
		line += " · " + chat.Plural(s.Done, "document") + " · " + chat.Bytes(s.Bytes)
	}
	if !s.Started.IsZero() && s.Finished.After(s.Started) {
		line += " · " + chat.Span(s.Finished.Sub(s.Started))
	}
	return cut(line, mostLine)
}

func progress(s Step, now time.Time) string {
	var words []string
	switch {
	case s.Total > 0:
		percent := min(s.Done*100/s.Total, 100)
		words = append(words, fmt.Sprintf("%s %d %%", chat.Bar(s.Done, s.Total), percent),
			fmt.Sprintf("%s of %s", chat.Count(s.Done), chat.Plural(s.Total, "document")))
	case s.Done > 0:
		words = append(words, chat.Plural(s.Done, "document"))
	}
	if s.Total <= 0 && s.Bytes > 0 {
		words = append(words, chat.Bytes(s.Bytes))
	}
	if s.Rate >= 1 {
		words = append(words, chat.Bytes(int64(s.Rate))+"/s")
	}
	if left := s.Left(now); left > 0 {
		words = append(words, "about "+chat.Span(left.Round(time.Second))+" left")
	}
	return strings.Join(words, " · ")
}

// howFar says in one phrase how far a run is; "" when there is nothing to say.
func howFar(run Run) string {
	var done, total int64
	for _, s := range run.Steps {
		switch {
		case s.Status == Running && s.Total > 0 && len(run.Steps) == 1:
			return fmt.Sprintf("%d %% done", min(s.Done*100/s.Total, 100))
		case s.Status != Queued && s.Status != Running:
			done++
		}
		total++
	}
	if total < 2 || run.Status != Running {
		return ""
	}
	return fmt.Sprintf("%d of %d steps done", done, total)
}

// planParts shows what was or will be decided on.
func planParts(run Run) []chat.Part {
	plan := run.Plan
	parts := []chat.Part{chat.Text(cut("*The plan:* "+plan.Title, mostText))}
	if run.Status == Proposed && !plan.Typed() && plan.Needs > 0 {
		parts = append(parts, chat.Text(fmt.Sprintf("First %s presses *Confirm…* and types %s; then it needs %s.", run.By.Mention(),
			chat.Literal(plan.Confirm), chat.Plural(int64(plan.Needs), "approval"))))
	}
	ended := run.Status.Ended() // what came of it counts then, and not what was to be weighed before
	for facts := plan.Facts; len(facts) > 0 && !ended; {
		n := min(len(facts), mostFields)
		parts = append(parts, chat.Fields(facts[:n]))
		facts = facts[n:]
	}
	if len(plan.Losses) > 0 && !ended {
		lines := []string{"*What is lost by it:*"}
		for i, loss := range plan.Losses {
			if i == StepsShown {
				lines = append(lines, fmt.Sprintf("and %d more", len(plan.Losses)-i))
				break
			}
			lines = append(lines, cut("• "+loss, mostLine))
		}
		parts = append(parts, paragraphs(lines)...)
	}
	var lines []string
	if c := plan.Confirmed; c != nil && plan.Needs > 0 {
		lines = append(lines, "✍️ "+c.By.Mention()+" confirmed it by typing, "+chat.Time(c.At))
	}
	for _, a := range plan.Approvals {
		lines = append(lines, "👍 "+a.By.Mention()+" approved "+chat.Time(a.At))
	}
	return append(parts, paragraphs(lines)...)
}

// Buttons are what people can do with the run now, each by the role of its action.
func (r *Runner) Buttons(run Run) []chat.Button {
	if r.o.Buttons == nil {
		return buttons(run)
	}
	return append(buttons(run), r.o.Buttons(run)...)
}

// HowFar says in one phrase how far a run is; "" when there is nothing to say.
func (r *Runner) HowFar(run Run) string { return howFar(run) }

func buttons(run Run) []chat.Button {
	name := plain(run.Title)
	switch {
	case run.Status == Proposed && !run.Plan.Typed():
		return []chat.Button{
			{Action: "plan.confirm", Value: run.ID, Label: "Confirm…", Style: chat.Danger},
			{Action: "plan.decline", Value: run.ID, Label: "Decline"}}
	case run.Status == Proposed:
		return []chat.Button{
			{Action: "plan.approve", Value: run.ID + " " + run.Plan.Hash, Label: "Approve", Style: chat.Primary,
				Confirm: &chat.Confirm{Title: "Approve this plan?", Text: cut(name+" begins as soon as it has its approvals.", 300), Yes: "Approve", No: "Back"}},
			{Action: "plan.decline", Value: run.ID, Label: "Decline"}}
	case (run.Status == Queued || run.Status == Running) && run.Cancel == nil:
		return []chat.Button{{Action: "run.cancel", Value: run.ID, Label: "Cancel", Style: chat.Danger,
			Confirm: &chat.Confirm{Title: "Cancel this run?", Text: cut(name+" stops, and what it has left is removed.", 300), Yes: "Cancel it", No: "Let it run"}}}
	case run.Status.Ended() && run.Status != Succeeded && run.Plan == nil:
		return []chat.Button{{Action: "run.retry", Value: run.ID, Label: "Retry"}}
	}
	return nil
}

// small is the small print.
func (r *Runner) small(run Run) string {
	line := chat.Literal(run.ID) + " · " + chat.Escape(run.Kind)
	if run.RetryOf != "" {
		line += " · retry of " + chat.Literal(run.RetryOf)
	}
	if run.Status.Ended() && run.Unclean {
		line += " · what it has left is still to be removed"
	}
	return line
}

// paragraphs joins lines to as few parts as the length of one allows.
func paragraphs(lines []string) []chat.Part {
	var parts []chat.Part
	text := ""
	for _, line := range lines {
		if text != "" && utf8.RuneCountInString(text)+utf8.RuneCountInString(line) >= mostText {
			parts = append(parts, chat.Text(text))
			text = ""
		}
		if text != "" {
			text += "\n"
		}
		text += line
	}
	if text != "" {
		parts = append(parts, chat.Text(text))
	}
	return parts
}

// plain takes the marks out of mrkdwn, for places that show plain text.
func plain(mrkdwn string) string {
	return strings.NewReplacer("`", "", "*", "", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(mrkdwn)
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
