package commands

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/health"
)

func (p Parts) healthShow() healthPart {
	return healthPart{
		words:   []bot.Word{{Name: "show", Usage: "<check>", Summary: "one check: how it stands, its last answers, what it looks at", Role: bot.Anyone, Run: p.healthShown}},
		actions: []bot.Action{{Name: "health.show", Role: bot.Anyone, Run: p.healthShown}},
	}
}

// healthShown shows one check to the person alone.
func (p Parts) healthShown(ctx context.Context, r bot.Request) (bot.Reply, error) {
	c, _, ask, err := p.checkOf(r, "show")
	if err != nil || ask != nil {
		return deref(ask), err
	}
	w, err := p.ward(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	y, m, d := w.now.In(w.rules.Zone()).Date()
	week, err := p.Health.Review(ctx, c.Name, time.Date(y, m, d-6, 0, 0, 0, 0, w.rules.Zone()), w.now)
	if err != nil {
		return bot.Reply{}, err
	}
	title := w.sign(c.Name) + " " + c.Name + ": " + w.state(c.Name)
	parts := []chat.Part{chat.Header(title), chat.Text(w.stands(c))}
	if known := w.known(c); known != "" {
		parts = append(parts, chat.Text(known))
	}
	parts = append(parts, w.fields(c))
	if s := w.stand[c.Name]; len(s.Last) > 0 {
		parts = append(parts, chat.Text("*Last answers*\n"+strings.Join(lastAnswers(s.Last), "\n")))
	}
	if len(week.Stretches) > 0 {
		parts = append(parts, chat.Text("*The last 7 days*: "+week.InAWord()), chat.Code(reviewTable(week)), chat.Note(tableNote(week)))
	}
	parts = append(parts, p.checkButtons(w, c))
	return bot.Reply{Message: &chat.Message{Summary: title, Parts: parts, Private: true}}, nil
}

// stands says since when a check stands as it does, what it answered and when it is looked at next.
func (w ward) stands(c health.Check) string {
	s := w.stand[c.Name]
	newest, looked := s.Newest()
	if !looked {
		return "It was not looked at yet; the first look is due " + chat.Time(c.NextLook(w.now)) + "."
	}
	text := fmt.Sprintf("*%s*\n%s since %s", strings.TrimSuffix(newest.Say, "."), capital(string(s.Status)), chat.Time(s.Since))
	if by := w.because[c.Name]; by != "" {
		text += " because of " + chat.Literal(by) + ", which has the alert"
	}
	switch {
	case s.Status != health.Down && s.Fails > 0:
		text += fmt.Sprintf(". Failed %s in a row now; %d make it down", chat.Plural(int64(s.Fails), "time"), c.FailAfter)
	case s.Status == health.Down && s.Passes > 0:
		text += fmt.Sprintf(". Went well %s in a row now; %d make it up", chat.Plural(int64(s.Passes), "time"), c.RecoverAfter)
	}
	return text + fmt.Sprintf(".\nLooked at %s ago, took %s; next %s.", chat.Span(w.now.Sub(newest.At)), chat.Span(newest.Took), chat.Clock(c.NextLook(w.now)))
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// known is what people know about a check: its alert, its mute, its maintenance.
func (w ward) known(c health.Check) string {
	var lines []string
	if one, open := w.alerts[c.Name]; open {
		lines = append(lines, fmt.Sprintf("🔔 Alert since %s · %s", chat.Time(one.Began), attended(one)))
	}
	if mute := w.stand[c.Name].Mute; mute.Holds(w.now) {
		line := fmt.Sprintf("🔕 Muted until %s by %s", chat.Time(mute.Until), mute.By.Mention())
		if mute.Reason != "" {
			line += ": " + chat.Escape(mute.Reason)
		}
		lines = append(lines, line)
	}
	switch from, to, found := w.rules.Maintenance(c.Name, w.now); {
	case found && !from.After(w.now):
		lines = append(lines, "🔧 In maintenance until "+chat.Time(to))
	case found:
		lines = append(lines, fmt.Sprintf("🔧 Maintenance next %s, for %s", chat.Time(from), chat.Span(to.Sub(from))))
	}
	return strings.Join(lines, "\n")
}

// fields are what is configured, and what was measured last.
func (w ward) fields(c health.Check) chat.Fields {
	looks := "Every " + chat.Span(c.Every)
	if c.Jitter > 0 {
		looks += ", up to " + chat.Span(c.Jitter) + " later"
	}
	looks += "; cut after " + chat.Span(c.Timeout)
	fields := chat.Fields{
		{Label: "Looks at", Value: cmp.Or(c.Target, c.Kind)},
		{Label: "When", Value: looks},
		{Label: "Thresholds", Value: fmt.Sprintf("Down after %s in a row, up after %d that go well", chat.Plural(int64(c.FailAfter), "failure"), c.RecoverAfter)},
	}
	add := func(label, value string) {
		if value != "" {
			fields = append(fields, chat.Field{Label: label, Value: value})
		}
	}
	if c.Limit > 0 {
		add("Too slow from", chat.Span(c.Limit))
	}
	add("Depends on", w.signed(c.DependsOn))
	add("Needed by", w.signed(w.rules.Dependents(c.Name)))
	add("Service", chat.Escape(c.Service))
	calls := chat.Mentions(c.Tell)
	if len(calls) > 0 && c.Repeat > 0 {
		calls = append(calls, "again every "+chat.Span(c.Repeat))
	}
	add("Calls", strings.Join(calls, " "))
	if c.DeclareAfter > 0 {
		add("Declares an incident", fmt.Sprintf("After %s, %s", chat.Span(c.DeclareAfter), c.Severity))
	}
	if newest, ok := w.stand[c.Name].Newest(); ok {
		add("Measured", measured(newest.Figures))
	}
	return fields
}

// mostNamed is how many checks stand in a line.
const mostNamed = 12

func (w ward) signed(names []string) string {
	var said []string
	for _, name := range names[:min(len(names), mostNamed)] {
		said = append(said, w.sign(name)+" "+chat.Escape(name))
	}
	if more := len(names) - mostNamed; more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(said, ", ")
}

// measured writes figures in a line: "certificate 12 days · lag 2 s".
func measured(figures []health.Figure) string {
	var said []string
	for _, f := range figures {
		value := ""
		switch f.Unit {
		case "s":
			value = chat.Span(time.Duration(f.Value * float64(time.Second)))
		case "bytes":
			value = chat.Bytes(int64(f.Value))
		default:
			value = strings.TrimSpace(strconv.FormatFloat(f.Value, 'f', decimals(f.Value), 64) + " " + chat.Escape(f.Unit))
		}
		said = append(said, chat.Escape(f.Name)+" "+value)
	}
	return strings.Join(said, " · ")
}

// decimals are as many as a person wants to read of a number.
func decimals(v float64) int {
	if v == float64(int64(v)) {
		return 0
	}
	return 1
}

// lastAnswers are results as lines, the newest first, with where the time went.
func lastAnswers(last []health.Result) []string {
	var lines []string
	for _, r := range slices.Backward(last) {
		sign := map[health.Outcome]string{health.OK: "🟢", health.Failed: "🔴", health.Unknown: "⚪"}[r.Outcome]
		line := fmt.Sprintf("%s %s · %s · %s", sign, chat.Clock(r.At), strings.TrimSuffix(r.Say, "."), chat.Span(r.Took))
		var phases []string
		for _, phase := range r.Phases {
			if phase.Took >= time.Millisecond {
				phases = append(phases, phase.Name+" "+chat.Span(phase.Took))
			}
		}
		if len(phases) > 0 {
			line += " (" + strings.Join(phases, ", ") + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// checkButtons are what can be done about a check.
func (p Parts) checkButtons(w ward, c health.Check) chat.Actions {
	var all chat.Actions
	one, open := w.alerts[c.Name]
	if open && one.Acked.At.IsZero() {
		all = append(all, chat.Button{Action: "health.ack", Value: one.ID, Label: "Acknowledge", Style: chat.Primary})
	}
	all = append(all, chat.Button{Action: "health.history", Value: c.Name, Label: "History"},
		chat.Button{Action: "health.muteform", Value: c.Name, Label: "Mute…"})
	if w.stand[c.Name].Mute.Holds(w.now) {
		all = append(all, chat.Button{Action: "health.unmute", Value: c.Name, Label: "Unmute"})
	}
	if open && one.Incident == 0 && p.Desk != nil {
		all = append(all, chat.Button{Action: "incident.declare", Value: "alert " + one.ID, Label: "Declare an incident", Style: chat.Danger})
	}
	return all
}
