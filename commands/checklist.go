package commands

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
)

// What the panel shows at most, each in a block of its own.
const (
	listsShown     = 12
	templatesShown = 20
)

func (p Parts) checklist() bot.Command {
	c := bot.Command{
		Name:    "checklist",
		Summary: "What the team looks at each day, week, month and quarter, and before it deploys",
		Usage:   "start | show | history | report | tick …",
		Examples: []string{"checklist", "checklist start deployment v1.4.2", "checklist show daily", "checklist tick logs",
			"checklist note 2 two alerts about disk space", "checklist report 30d"},
		Role: bot.Anyone,
		Run:  p.checklistPanel,
		Words: []bot.Word{
			{Name: "start", Usage: "<checklist> [version]", Summary: "start one now, a deployment's for a version", Role: bot.Anyone, Run: p.startWords},
			{Name: "show", Usage: "[checklist | #n]", Summary: "one list with all its buttons", Role: bot.Anyone, Run: p.listShow},
			{Name: "history", Usage: "[checklist]", Summary: "the newest lists and what became of them", Role: bot.Anyone, Run: p.listHistory},
			{Name: "report", Usage: "[30d | 12w | 6m | 2026-03]", Summary: "how many were done on time, what was skipped most, a calendar", Role: bot.Anyone, Run: p.listReport},
		},
		Actions: []bot.Action{
			{Name: "checklist.open", Role: bot.Anyone, Run: p.checklistPanel},
			{Name: "checklist.start", Role: bot.Anyone, Run: p.startPressed},
			{Name: "form:checklist.start", Role: bot.Anyone, Run: p.startSubmitted},
			{Name: "checklist.show", Role: bot.Anyone, Run: p.listShow},
			{Name: "checklist.history", Role: bot.Anyone, Run: p.listHistory},
			{Name: "checklist.older", Role: bot.Anyone, Run: p.listOlder},
			{Name: "checklist.report", Role: bot.Anyone, Run: p.listReport},
			{Name: "checklist.picture", Role: bot.Anyone, Run: p.listReportShown},
		},
		Uses: []bot.Use{bot.UseUserGroups},
	}
	c.Words = append(c.Words, bot.Word{Name: "set", Usage: "[name] [day]", Summary: "keep the day on which something was done last, as of secrets", Role: bot.Anyone, Run: p.setWords})
	words, actions := p.checklistItems()
	c.Words, c.Actions = append(c.Words, words...), append(c.Actions, actions...)
	c.Actions = append(c.Actions, bot.Action{Name: "checklist.which", Role: bot.Anyone,
		Run: func(ctx context.Context, r bot.Request) (bot.Reply, error) { return chosen(ctx, r, words) }})
	return c
}

// checklistPanel shows what is open and what can be started.
func (p Parts) checklistPanel(ctx context.Context, _ bot.Request) (bot.Reply, error) {
	open, err := p.Lists.Open(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	parts := []chat.Part{chat.Header("Checklists")}
	if len(open) == 0 {
		parts = append(parts, chat.Text("None is open."))
	}
	for _, l := range open[:min(len(open), listsShown)] {
		parts = append(parts, chat.Item{Text: p.listLine(l), Beside: chat.Button{Action: "checklist.show", Value: strconv.Itoa(l.Number), Label: "Show"}})
	}
	parts = more(parts, len(open)-listsShown, "`/checklist history`")
	templates, next := p.Lists.Rules().Templates, p.nextLists(ctx)
	if len(templates) > 0 {
		parts = append(parts, chat.Divider{})
	}
	for _, t := range templates[:min(len(templates), templatesShown)] {
		parts = append(parts, chat.Item{Text: p.templateLine(t, next[t.Name]), Beside: startButton(t)})
	}
	if left := templates[min(len(templates), templatesShown):]; len(left) > 0 {
		var names []string
		for _, t := range left {
			names = append(names, chat.Literal(t.Name))
		}
		parts = append(parts, chat.Note("Also: "+strings.Join(names, ", ")+". `/checklist start` with its name starts one."))
	}
	parts = append(parts, chat.Actions{{Action: "checklist.history", Label: "History"}, {Action: "checklist.report", Label: "Report"}})
	return bot.Reply{Message: &chat.Message{Summary: chat.Plural(int64(len(open)), "open checklist"), Parts: parts, Private: true}}, nil
}

func startButton(t checklists.Template) chat.Button {
	b := chat.Button{Action: "checklist.start", Value: t.Name, Label: "Start"}
	if t.Versioned {
		b.Label = "Start…"
	}
	return b
}

// listLine is an open list: how far it is, and until when.
func (p Parts) listLine(l checklists.List) string {
	done, all := int64(l.Settled()), int64(len(l.Items))
	name := "*" + l.Called() + "*"
	if l.Link != "" {
		name = "*<" + l.Link + "|" + l.Called() + ">*"
		if l.Version != "" { // code style ends a link's text
			name = "*<" + l.Link + "|" + l.Template.Title + " " + l.Name() + ">* for " + chat.Literal(l.Version)
		}
	}
	line := fmt.Sprintf("📋 %s\n%s %d of %d", name, chat.Bar(done, all), done, all)
	switch {
	case !l.Complete.IsZero():
		line += " · nothing required is left"
	case l.Due.IsZero():
		line += " · since " + chat.Time(l.Opened)
	case l.Due.Before(p.Now()):
		line += " · ⏰ *overdue* since " + chat.Time(l.Due)
	default:
		line += " · due " + chat.Time(l.Due)
	}
	return line
}

// nextLists are when the schedule opens lists next, by template.
func (p Parts) nextLists(ctx context.Context) map[string]time.Time {
	at := map[string]time.Time{}
	for _, next := range p.Scheduler.Next(ctx) {
		for _, t := range p.Lists.Rules().Templates {
			if next.Name == checklists.ScheduleName(t.Name) {
				at[t.Name] = next.At
			}
		}
	}
	return at
}

func (p Parts) templateLine(t checklists.Template, next time.Time) string {
	line := fmt.Sprintf("%s · %s, %s", chat.Literal(t.Name), t.Title, chat.Plural(int64(len(t.Items)), "item"))
	switch {
	case t.Versioned:
		return line + "\nStarted by hand, for a version"
	case next.IsZero():
		return line + "\nStarted by hand"
	}
	return line + fmt.Sprintf("\nNext %s, in %s", chat.Time(next), channelName(t.Channel))
}

// channelID is the form of a channel's ID. https://docs.slack.dev/reference/objects/conversation-object
var channelID = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)

// channelName names a channel that is configured by its ID or its name.
func channelName(channel string) string {
	if channelID.MatchString(channel) {
		return "<#" + channel + ">"
	}
	return "#" + chat.Escape(strings.TrimPrefix(channel, "#"))
}

// mayTick says who may start, tick, note, override and finish: operators, and whoever the checklist asks. what completes
// "can …".
func (p Parts) mayTick(ctx context.Context, r bot.Request, t checklists.Template, what string) error {
	if r.May(ctx, bot.Operator) == nil {
		return nil
	}
	asked, err := p.Lists.Asked(ctx, t, r.User.ID)
	if asked {
		return nil
	}
	problem := &chat.Problem{Say: fmt.Sprintf("Only operators and those whom the checklist %s asks can %s.", chat.Literal(t.Name), what),
		Try: "Nothing was changed. Ask one of them."}
	if err != nil {
		problem.Say = "I could not check whether you may do that, so I did not do it."
		problem.Try, problem.Err = "Please try again in a moment.", err
	}
	return problem
}
