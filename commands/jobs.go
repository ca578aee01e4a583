package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/jobs"
)

func (p Parts) jobs() bot.Command {
	return bot.Command{
		Name:     "jobs",
		Summary:  "What is running, queued, coming up, and what ran",
		Usage:    "[show <run> | cancel <run> | retry <run>]",
		Examples: []string{"jobs", "jobs show r-4k7q2", "jobs cancel r-4k7q2"},
		Role:     bot.Anyone,
		Run:      p.jobsOverview,
		Words: []bot.Word{
			{Name: "show", Usage: "<run>", Summary: "one run with its log", Role: bot.Anyone, Run: p.jobsShow},
			{Name: "cancel", Usage: "<run>", Summary: "stop a run", Role: bot.Operator, Run: p.jobsCancel},
			{Name: "retry", Usage: "<run>", Summary: "run it once more", Role: bot.Operator, Run: p.jobsRetry},
		},
		Actions: []bot.Action{
			{Name: "run.show", Role: bot.Anyone, Run: p.jobsShow},
			{Name: "run.older", Role: bot.Anyone, Run: p.jobsOlder},
			{Name: "run.cancel", Role: bot.Operator, Run: p.jobsCancel},
			{Name: "run.retry", Role: bot.Operator, Run: p.jobsRetry},
			{Name: "run.follow", Role: bot.Anyone, Run: p.jobsFollow},
			{Name: "plan.approve", Role: bot.Approver, Run: p.planApprove},
			{Name: "plan.decline", Role: bot.Involved, Run: p.planDecline},
			{Name: "plan.confirm", Role: bot.Operator, Run: p.planConfirm},
			{Name: "form:plan.confirm", Role: bot.Operator, Run: p.planConfirmed},
		},
	}
}

// jobsPage is how many ended runs one message shows.
const jobsPage = 15

func (p Parts) jobsOverview(ctx context.Context, _ bot.Request) (bot.Reply, error) {
	active, err := p.Runner.Active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	parts := []chat.Part{chat.Header("Jobs")}
	lines := []string{}
	for _, run := range active {
		lines = append(lines, p.runLine(run))
	}
	if len(lines) == 0 {
		lines = []string{"Nothing is running or waiting."}
	}
	parts = append(parts, chat.Text("*Now*\n"+strings.Join(lines, "\n")))
	if lines = p.upcomingLines(ctx); len(lines) > 0 {
		parts = append(parts, chat.Text("*Coming up*\n"+strings.Join(lines, "\n")))
	}
	ended, err := p.endedParts(ctx, "*Lately*", time.Time{})
	if err != nil {
		return bot.Reply{}, err
	}
	parts = append(parts, ended...)
	parts = append(parts, chat.Note("One run with its log: "+chat.Literal("/jobs show <run>")))
	return bot.Reply{Message: &chat.Message{Summary: "Jobs: " + chat.Plural(int64(len(active)), "run") + " now", Parts: parts, Private: true,
		Uncut: "opsbot jobs"}}, nil
}

// jobsOlder shows the runs that were asked for before the moment that the button carries.
func (p Parts) jobsOlder(ctx context.Context, r bot.Request) (bot.Reply, error) {
	before, err := time.Parse(time.RFC3339Nano, r.Value)
	if err != nil {
		return bot.Reply{}, fmt.Errorf("commands: the button for older runs: %w", err)
	}
	parts, err := p.endedParts(ctx, "*Runs that were asked for before "+chat.Time(before)+"*", before)
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Reply{Update: &chat.Message{Summary: "Older runs", Parts: parts, Private: true}}, nil
}

// endedParts draws a page of ended runs below a title, with a button for older ones.
func (p Parts) endedParts(ctx context.Context, title string, before time.Time) ([]chat.Part, error) {
	ended, err := p.Runner.List(ctx, jobs.Filter{Before: before, Limit: jobsPage + 1,
		Statuses: []jobs.Status{jobs.Succeeded, jobs.Failed, jobs.Cancelled, jobs.Interrupted}})
	if err != nil || len(ended) == 0 && before.IsZero() {
		return nil, err
	}
	more := len(ended) > jobsPage
	ended = ended[:min(len(ended), jobsPage)]
	lines := []string{title}
	for _, run := range ended {
		lines = append(lines, p.runLine(run))
	}
	if len(ended) == 0 {
		lines = append(lines, "None.")
	}
	parts := []chat.Part{chat.Text(strings.Join(lines, "\n"))}
	if more {
		last := ended[len(ended)-1]
		parts = append(parts, chat.Actions{{Action: "run.older", Value: last.At.Format(time.RFC3339Nano), Label: "Older"}})
	}
	return parts, nil
}

func (p Parts) upcomingLines(ctx context.Context) []string {
	lines := []string{}
	for _, next := range p.Scheduler.Next(ctx) {
		lines = append(lines, "🗓 "+chat.Escape(next.Name)+": "+chat.Time(next.At)+", in "+chat.Span(next.At.Sub(p.Now())))
	}
	return lines
}

var statusIcons = map[jobs.Status]string{
	jobs.Proposed: "🟡", jobs.Queued: "⏳", jobs.Running: "🔵", jobs.Succeeded: "✅",
	jobs.Failed: "🔴", jobs.Cancelled: "⚪", jobs.Interrupted: "🟠",
}

func (p Parts) runLine(run jobs.Run) string {
	line := fmt.Sprintf("%s %s %s · %s · by %s %s ago", statusIcons[run.Status], chat.Literal(run.ID), run.Title, run.Status,
		run.By.Mention(), chat.Span(p.Now().Sub(run.At)))
	if run.Status.Ended() && !run.Started.IsZero() {
		line += " · took " + chat.Span(run.Finished.Sub(run.Started))
	}
	if run.Reason != "" {
		line += "\n      " + run.Reason
	}
	return line
}

// runWord is the run that a request names, in words or by its button.
func (p Parts) runWord(r bot.Request, verb string) (string, error) {
	return p.runWordOf(r, "jobs "+verb)
}

// runWordOf is runWord for any command.
func (p Parts) runWordOf(r bot.Request, command string) (string, error) {
	words := wanted(r)
	if len(words) != 1 {
		return "", &chat.Problem{Say: "Which run?", Try: "Name one of `/jobs`: " + chat.Literal("/"+command+" <run>") + "."}
	}
	return words[0], nil
}

func (p Parts) jobsShow(ctx context.Context, r bot.Request) (bot.Reply, error) {
	id, err := p.runWord(r, "show")
	if err != nil {
		return bot.Reply{}, err
	}
	run, err := p.Runner.Get(ctx, id)
	if err != nil {
		return bot.Reply{}, err
	}
	card := p.Runner.Card(run)
	card.Private, card.Key = true, ""
	if sheet := logSheet(run); sheet.Whole != "" {
		card.Parts = append(card.Parts, chat.Note("Log, times in UTC"), sheet)
	}
	return bot.Reply{Message: &card}, nil
}

// linesShown is how many of the newest lines of a log a message shows; the file has all.
const linesShown = 40

// logSheet shows the end of a run's log; all of it is in a file, with every step, if either is long.
func logSheet(run jobs.Run) chat.Sheet {
	lines := []string{}
	for _, l := range run.Log {
		lines = append(lines, l.At.UTC().Format("15:04:05")+" "+l.Text)
	}
	shown := strings.Join(lines[max(0, len(lines)-linesShown):], "\n")
	steps := jobs.EveryStep(run)
	if len(lines) <= linesShown && len(steps) <= jobs.StepsShown {
		return chat.Sheet{Shown: shown, Whole: shown}
	}
	whole := "Steps\n\n" + strings.Join(steps, "\n") + "\n\nLog, times in UTC\n\n" + strings.Join(lines, "\n") + "\n"
	return chat.Sheet{Name: run.ID + ".txt", Shown: shown, Whole: whole}
}

func (p Parts) jobsCancel(ctx context.Context, r bot.Request) (bot.Reply, error) {
	id, err := p.runWord(r, "cancel")
	if err != nil {
		return bot.Reply{}, err
	}
	return p.cancelRun(ctx, r, id)
}

func (p Parts) cancelRun(ctx context.Context, r bot.Request, id string) (bot.Reply, error) {
	run, err := p.Runner.Cancel(ctx, id, r.User)
	if err != nil {
		return bot.Reply{}, err
	}
	if run.Status == jobs.Cancelled {
		return private(run.Title + " " + chat.Literal(run.ID) + " is cancelled; it had not begun."), nil
	}
	return private("Stopping " + run.Title + " " + chat.Literal(run.ID) + "; its card says when it has."), nil
}

func (p Parts) jobsRetry(ctx context.Context, r bot.Request) (bot.Reply, error) {
	id, err := p.runWord(r, "retry")
	if err != nil {
		return bot.Reply{}, err
	}
	run, err := p.Runner.Retry(ctx, id, r.User, r.ID)
	if err != nil {
		return bot.Reply{}, err
	}
	return private("Running it once more as " + chat.Literal(run.ID) + "."), nil
}

func (p Parts) jobsFollow(ctx context.Context, r bot.Request) (bot.Reply, error) {
	id, err := p.runWord(r, "show")
	if err != nil {
		return bot.Reply{}, err
	}
	if err := p.Runner.Follow(ctx, id, r.User.ID); err != nil {
		return bot.Reply{}, err
	}
	return private("I will tell you when " + chat.Literal(id) + " has ended."), nil
}

func (p Parts) planApprove(ctx context.Context, r bot.Request) (bot.Reply, error) {
	id, hash, _ := strings.Cut(r.Value, " ")
	run, err := p.Runner.Approve(ctx, id, hash, r.User)
	if err != nil {
		return bot.Reply{}, err
	}
	if missing := run.Plan.Needs - len(run.Plan.Approvals); missing > 0 {
		return private(fmt.Sprintf("Your approval of %s is noted; %s more needed.", chat.Literal(id), chat.Plural(int64(missing), "approval"))), nil
	}
	return private("Approved. " + chat.Literal(id) + " begins now."), nil
}

func (p Parts) planDecline(ctx context.Context, r bot.Request) (bot.Reply, error) {
	run, err := p.Runner.Decline(ctx, r.Value, r.User, "")
	if err != nil {
		return bot.Reply{}, err
	}
	return private("Declined: " + run.Title + " will not run."), nil
}

// planConfirm asks the requester to type what the plan is about, below what is lost by it.
func (p Parts) planConfirm(ctx context.Context, r bot.Request) (bot.Reply, error) {
	run, err := p.Runner.Get(ctx, r.Value)
	if err != nil {
		return bot.Reply{}, err
	}
	if run.Plan == nil {
		return bot.Reply{}, &chat.Problem{Say: chat.Literal(run.ID) + " has no plan to confirm."}
	}
	intro := []chat.Part{chat.Text(run.Plan.Title)}
	if len(run.Plan.Losses) > 0 {
		intro = append(intro, chat.Text("*What is lost by it:*\n• "+strings.Join(run.Plan.Losses[:min(len(run.Plan.Losses), 8)], "\n• ")))
	}
	submit, hint := "Do it", "Nobody else approves this plan: look twice."
	if run.Plan.Needs > 0 {
		submit, hint = "Confirm", "Then somebody else has to approve it."
	}
	return bot.Reply{Form: &chat.Form{
		ID: "plan.confirm", Title: "Confirm", Submit: submit, Meta: run.ID,
		Intro: intro,
		Inputs: []chat.Input{{
			ID: "typed", Label: "Type " + run.Plan.Confirm + " to confirm", Kind: chat.TextLine,
			Hint: hint,
		}},
	}}, nil
}

func (p Parts) planConfirmed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	typed := ""
	if v := r.Values["typed"]; len(v) > 0 {
		typed = v[0]
	}
	run, err := p.Runner.Confirm(ctx, r.Meta, typed, r.User)
	if err != nil {
		return bot.Reply{}, err
	}
	if run.Status == jobs.Proposed {
		return private("Confirmed. Now " + chat.Literal(run.ID) + " needs " + chat.Plural(int64(run.Plan.Needs), "approval") + " by somebody else."), nil
	}
	return private("Confirmed. " + chat.Literal(run.ID) + " begins now."), nil
}
