package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Card draws the message that stands for an alert.
func (m *Monitor) Card(one Alert) chat.Message {
	c, err := m.o.Rules.Check(one.Check)
	if err != nil {
		c = Check{Name: one.Check}
	}
	now := m.o.Now()
	if !one.Open() {
		return recovered(one, c)
	}
	parts := []chat.Part{chat.Header("🔴 " + c.Name + " is down"), chat.Text(one.trouble(c))}
	if one.CausedBy != "" {
		parts[0] = chat.Header("🟠 " + c.Name + " is down because of " + one.CausedBy)
	}
	if known := one.known(now); known != "" {
		parts = append(parts, chat.Text(known))
	}
	if slow := timeSpent(one.newest()); slow != "" {
		parts = append(parts, chat.Text(slow))
	}
	if len(one.Last) > 1 {
		parts = append(parts, chat.Text("*Last answers*\n"+strings.Join(answers(one.Last), "\n")))
	}
	if len(one.Affected) > 0 {
		parts = append(parts, chat.Text("*Also down because of it*: "+list(one.Affected)))
	}
	if len(one.Changed) > 0 {
		parts = append(parts, chat.Text("*Changed in the "+chat.Span(lookBack)+" before*\n"+strings.Join(one.Changed, "\n")))
	}
	if len(c.Tell) > 0 {
		parts = append(parts, chat.Text(strings.Join(chat.Mentions(c.Tell), " ")))
	}
	parts = append(parts, chat.Actions(m.buttons(one)), chat.Note("More: `/health show "+c.Name+"` · `/health history "+c.Name+" 24h`"))
	return chat.Message{Summary: fmt.Sprintf("🔴 %s is down: %s", c.Name, one.newest().Say), Parts: parts, Key: "alert/" + one.ID}
}

// trouble says what fails, since when and how it is looked at.
func (a Alert) trouble(c Check) string {
	text := "*" + strings.TrimSuffix(a.newest().Say, ".") + "*\n"
	text += fmt.Sprintf("Since %s, %s so far · failed %s", chat.Time(a.Began), chat.Span(a.Lasted(a.newest().At)), chat.Plural(int64(a.Fails), "time"))
	if a.Times > 1 {
		text += fmt.Sprintf(", with %s in between", chat.Plural(int64(a.Times-1), "recovery"))
	}
	if c.Target != "" {
		text += "\n" + c.Target
	}
	if c.Every > 0 {
		text += " · looked at every " + chat.Span(c.Every)
	}
	return text
}

// known says who is at it, and what else keeps people from being called.
func (a Alert) known(now time.Time) string {
	var lines []string
	if a.Incident > 0 {
		lines = append(lines, fmt.Sprintf("🚨 Incident #%d was declared for it.", a.Incident))
	}
	if !a.Acked.At.IsZero() {
		lines = append(lines, fmt.Sprintf("👀 %s is at it since %s.", a.Acked.By.Mention(), chat.Time(a.Acked.At)))
	}
	if a.Mute.Holds(now) {
		line := fmt.Sprintf("🔕 Muted by %s until %s", a.Mute.By.Mention(), chat.Time(a.Mute.Until))
		if a.Mute.Reason != "" {
			line += ": " + chat.Escape(a.Mute.Reason)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// buttons are what can be done about an open alert.
func (m *Monitor) buttons(one Alert) []chat.Button {
	var all []chat.Button
	if one.Acked.At.IsZero() {
		all = append(all, chat.Button{Action: "health.ack", Value: one.ID, Label: "Acknowledge", Style: chat.Primary})
	}
	spans := []chat.Option{{Value: "15m", Label: "15 minutes"}, {Value: "1h", Label: "1 hour"}, {Value: "4h", Label: "4 hours"}, {Value: "24h", Label: "1 day"}}
	if one.Mute.Holds(m.o.Now()) {
		spans = append(spans, chat.Option{Value: "off", Label: "End the mute"})
	}
	all = append(all, chat.Button{Action: "health.mute", Value: one.ID, Label: "Mute for…", Pick: &chat.Pick{Kind: chat.Select, Options: spans}})
	if m.o.Desk != nil && one.Incident == 0 {
		all = append(all, chat.Button{Action: "incident.declare", Value: "alert " + one.ID, Label: "Declare an incident", Style: chat.Danger})
	}
	return all
}

// recovered is the message once all is well again.
func recovered(one Alert, c Check) chat.Message {
	text := fmt.Sprintf("Down for *%s*, from %s to %s", chat.Span(one.Lasted(one.Ended)), chat.Time(one.Began), chat.Time(one.Ended))
	if one.Times > 1 {
		text += fmt.Sprintf(", with %s in between", chat.Plural(int64(one.Times-1), "recovery"))
	}
	text += fmt.Sprintf(" · failed %s\n%s", chat.Plural(int64(one.Fails), "time"), strings.TrimSuffix(one.First.Say, "."))
	parts := []chat.Part{chat.Header("🟢 " + c.Name + " is well again"), chat.Text(text)}
	if known := one.known(one.Ended); known != "" {
		parts = append(parts, chat.Text(known))
	}
	parts = append(parts, chat.Note("More: `/health history "+c.Name+" 24h`"))
	return chat.Message{Summary: fmt.Sprintf("🟢 %s is well again after %s", c.Name, chat.Span(one.Lasted(one.Ended))), Parts: parts, Key: "alert/" + one.ID}
}

func (a Alert) newest() Result {
	if len(a.Last) == 0 {
		return a.First
	}
	return a.Last[len(a.Last)-1]
}

// worthTelling is from how long a look on it helps to know where the time went.
const worthTelling = 100 * time.Millisecond

// timeSpent says where the time of a look went; "" if that is not known, or it was quick.
func timeSpent(r Result) string {
	var parts []string
	for _, p := range r.Phases {
		if p.Took >= time.Millisecond {
			parts = append(parts, p.Name+" "+chat.Span(p.Took))
		}
	}
	if len(parts) == 0 || r.Took < worthTelling {
		return ""
	}
	return "*Where the time went*: " + strings.Join(parts, " · ")
}

// answers are results as lines, the newest first.
func answers(last []Result) []string {
	var lines []string
	for _, r := range slices.Backward(last) {
		lines = append(lines, fmt.Sprintf("%s · %s · %s", chat.Clock(r.At), strings.TrimSuffix(r.Say, "."), chat.Span(r.Took)))
	}
	return lines
}

// mostListed is how many names are listed before the rest is only counted.
const mostListed = 20

func list(names []string) string {
	shown := make([]string, 0, mostListed)
	for _, name := range names[:min(len(names), mostListed)] {
		shown = append(shown, chat.Literal(name))
	}
	text := strings.Join(shown, ", ")
	if more := len(names) - mostListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// plain takes the marks out of mrkdwn for a form.
func plain(s string) string {
	return strings.NewReplacer("`", "", "*", "", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
