package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

func (p Parts) incidentMilestone() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "milestones", Usage: "[#incident]", Summary: "when it began, was seen, mitigated and resolved, and how that is known", Role: bot.Anyone, Run: p.milestoneWords},
		},
		actions: []bot.Action{
			{Name: "incident.milestones", Role: bot.Anyone, Run: p.milestonePressed},
			{Name: "form:incident.milestone", Role: bot.Anyone, Run: p.milestoneSubmitted},
		},
	}
}

// milestoneWords shows them all to anybody who may read the incident, with the way to correct one.
func (p Parts) milestoneWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if len(rest) > 0 {
		return bot.Reply{}, &chat.Problem{Say: "Milestones are corrected in a form, which asks for date and time in your time zone.",
			Try: "Say `/incident milestones` and press *Correct one…*."}
	}
	return bot.Reply{Message: &chat.Message{Summary: "The milestones of " + i.Name(), Private: true, Parts: []chat.Part{
		chat.Text(milestonesOf(i)), chat.Actions{{Action: "incident.milestones", Value: about(i), Label: "Correct one…"}},
	}}}, nil
}

func milestonesOf(i incidents.Incident) string {
	lines := []string{}
	for _, m := range incidents.Milestones() {
		mark, known := i.Milestones[m]
		if !known {
			lines = append(lines, fmt.Sprintf("*%s*: not yet", m))
			continue
		}
		line := fmt.Sprintf("*%s*: %s, from %s", m, chat.Time(mark.At), mark.Source)
		if mark.By.ID != "" {
			line = fmt.Sprintf("*%s*: %s, %s (%s)", m, chat.Time(mark.At), mark.Source, chat.Escape(mark.Reason))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (p Parts) milestonePressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.milestoneForm(i, incidents.Began)
}

// milestoneForm asks for one milestone anew; Slack shows and takes the moment in the person's own time zone.
func (p Parts) milestoneForm(i incidents.Incident, chosen incidents.Milestone) (bot.Reply, error) {
	options := []chat.Option{}
	for _, m := range incidents.Milestones() {
		options = append(options, chat.Option{Value: string(m), Label: string(m)})
	}
	when := chat.Input{ID: "at " + string(chosen), Label: "When", Kind: chat.Instant, Hint: "In your time zone, to the minute."}
	if mark, known := i.Milestones[chosen]; known {
		when.Initial = []string{strconv.FormatInt(mark.At.Unix(), 10)}
	}
	return bot.Reply{Form: &chat.Form{ID: "incident.milestone", Title: "Correct a milestone", Submit: "Correct", Meta: about(i),
		Intro: []chat.Part{chat.Text(milestonesOf(i))},
		Inputs: []chat.Input{
			{ID: "milestone", Label: "Milestone", Kind: chat.Select, Options: options, Initial: []string{string(chosen)}, Reload: true},
			when, reasonInput("How do you know?", false),
		}}}, nil
}

func (p Parts) milestoneSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.runs(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	m := incidents.Milestone(answered(r, "milestone"))
	if r.Changed != "" && slices.Contains(incidents.Milestones(), m) {
		return p.milestoneForm(i, m)
	}
	at := time.Time{}
	if text := answered(r, "at "+string(m)); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return bot.Reply{}, fmt.Errorf("commands: the moment of a milestone: %w", err)
		}
		at = time.Unix(seconds, 0)
	}
	return p.decide(ctx, r, i, func(i *incidents.Incident, act incidents.Act) error {
		return i.Correct(act, m, at, answered(r, "reason"))
	})
}
