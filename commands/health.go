package commands

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/health"
)

// healthPart is what one file adds to /health.
type healthPart struct {
	words   []bot.Word
	actions []bot.Action
}

func (p Parts) health() bot.Command {
	c := bot.Command{
		Name:     "health",
		Summary:  "What is up, what is down, and since when",
		Usage:    "[check] | show <check> | history <check> [7d] | mute <check> [2h] | ack <check>",
		Examples: []string{"health", "health show api", "health history api 7d", "health mute api 2h the network is rebuilt", "health ack api"},
		Role:     bot.Anyone,
		Run:      p.healthPanel,
		Actions:  []bot.Action{{Name: "health.list", Role: bot.Anyone, Run: p.healthPanel}},
	}
	for _, part := range []healthPart{p.healthShow(), p.healthHistory(), p.healthMute(), p.healthAck(), p.healthAlert()} {
		c.Words = append(c.Words, part.words...)
		c.Actions = append(c.Actions, part.actions...)
	}
	words := slices.Clone(c.Words)
	c.Else = &bot.Word{Usage: "<check>", Summary: "the same as show", Role: bot.Anyone, Run: func(ctx context.Context, r bot.Request) (bot.Reply, error) {
		if _, err := p.Health.Rules().Check(r.Words[0]); err == nil {
			return p.healthShown(ctx, r)
		}
		var valid []string
		for _, w := range words {
			valid = append(valid, w.Name)
		}
		return bot.Reply{}, chat.Unknown("word or check", r.Words[0], append(valid, p.Health.Rules().Names()...))
	}}
	return c
}

// rank is how bad a check stands; the worst is the least.
type rank int

const (
	isDown rank = iota
	isAffected
	isUnknown
	isQuiet // muted or under maintenance
	wavers
	isUp
)

// rankWords count the checks of a rank.
var rankWords = [...]string{isDown: "down", isAffected: "down because of others", isUnknown: "unknown", isQuiet: "muted or in maintenance", wavers: "wavering", isUp: "up"}

// ward is how all checks stand at a moment.
type ward struct {
	now     time.Time
	rules   health.Rules
	stand   map[string]health.Standing
	because map[string]string
	alerts  map[string]health.Alert
	tallies map[string]health.Tally
}

func (p Parts) ward(ctx context.Context) (ward, error) {
	w := ward{now: p.Now(), rules: p.Health.Rules(), alerts: map[string]health.Alert{}}
	var err error
	if w.stand, err = p.Health.Standings(ctx); err != nil {
		return w, err
	}
	if w.tallies, err = p.Health.Tallies(ctx, w.now.Add(-24*time.Hour)); err != nil {
		return w, err
	}
	open, err := p.Health.Alerts(ctx)
	if err != nil {
		return w, err
	}
	for _, one := range open {
		w.alerts[one.Check] = one
	}
	w.because = w.rules.Affected(w.stand)
	return w, nil
}

// maintained says until when a check is under maintenance now; zero if it is not.
func (w ward) maintained(check string) time.Time {
	if from, to, found := w.rules.Maintenance(check, w.now); found && !from.After(w.now) {
		return to
	}
	return time.Time{}
}

func (w ward) rank(name string) rank {
	s := w.stand[name]
	switch {
	case s.Mute.Holds(w.now) || !w.maintained(name).IsZero():
		return isQuiet
	case w.because[name] != "":
		return isAffected
	case s.Status == health.Down:
		return isDown
	case s.Status != health.Up:
		return isUnknown
	case s.Wavers():
		return wavers
	}
	return isUp
}

// byRank sorts the checks into their ranks, the worst first: what is down for long, then what was up least.
func (w ward) byRank() [isUp + 1][]string {
	var all [isUp + 1][]string
	for _, c := range w.rules.Checks {
		r := w.rank(c.Name)
		all[r] = append(all[r], c.Name)
	}
	for _, names := range all {
		slices.SortStableFunc(names, func(a, b string) int {
			x, y := w.stand[a], w.stand[b]
			if x.Status == health.Down || y.Status == health.Down {
				return cmp.Or(cmp.Compare(downLast(x), downLast(y)), x.Since.Compare(y.Since))
			}
			return cmp.Compare(w.share(a), w.share(b))
		})
	}
	return all
}

func downLast(s health.Standing) int {
	if s.Status == health.Down {
		return 0
	}
	return 1
}

// share is the uptime of the last 24 hours; what is not known does not count as bad.
func (w ward) share(name string) float64 {
	if share, ok := w.tallies[name].Uptime(); ok {
		return share
	}
	return 1
}

func (w ward) sign(name string) string {
	switch w.rank(name) {
	case isDown:
		return "🔴"
	case isAffected:
		return "🟠"
	case isUnknown:
		return "⚪"
	case isQuiet:
		if w.stand[name].Mute.Holds(w.now) {
			return "🔕"
		}
		return "🔧"
	case wavers:
		return "🟡"
	}
	return "🟢"
}

// state says how a check stands: "down for 35 min", "up for 3 d".
func (w ward) state(name string) string {
	s := w.stand[name]
	if s.Status == health.Unseen || s.Since.IsZero() {
		return "not looked at yet"
	}
	return fmt.Sprintf("%s for %s", s.Status, chat.Span(w.now.Sub(s.Since)))
}

// mostSaid is how many characters of the newest answer stand in a list.
const mostSaid = 60

// line is a check in a line of mrkdwn.
func (w ward) line(name string) string {
	s := w.stand[name]
	said := []string{fmt.Sprintf("%s *%s* %s", w.sign(name), chat.Escape(name), w.state(name))}
	if by := w.because[name]; by != "" {
		said[0] += " because of " + chat.Literal(by)
	}
	if s.Mute.Holds(w.now) {
		said = append(said, fmt.Sprintf("muted until %s by %s", chat.Time(s.Mute.Until), s.Mute.By.Mention()))
	} else if until := w.maintained(name); !until.IsZero() {
		said = append(said, "in maintenance until "+chat.Time(until))
	}
	if newest, ok := s.Newest(); ok {
		said = append(said, chat.Escape(shorten(strings.TrimSuffix(unmarked(newest.Say), "."), mostSaid)), chat.Span(newest.Took))
	}
	if up := w.tallies[name].Percent(); up != "" {
		said = append(said, up)
	}
	if one, open := w.alerts[name]; open && one.CausedBy == "" {
		said = append(said, attended(one))
	}
	return strings.Join(said, " · ")
}

// attended says who is at it.
func attended(one health.Alert) string {
	var said []string
	if !one.Acked.At.IsZero() {
		said = append(said, "👀 "+one.Acked.By.Mention())
	}
	if one.Incident > 0 {
		said = append(said, fmt.Sprintf("🚨 #%d", one.Incident))
	}
	if len(said) == 0 {
		said = append(said, "*nobody is at it*")
	}
	if one.Link != "" {
		said = append(said, "<"+one.Link+"|alert>")
	}
	return strings.Join(said, " · ")
}

// mostOfRank is how many checks of a rank are listed one by one. More are counted and stand in a file, and if more than
// that are up, those are only counted.
var mostOfRank = [...]int{isDown: 12, isAffected: 4, isUnknown: 5, isQuiet: 5, wavers: 5, isUp: 20}

// healthPanel lists all checks, the worst first.
func (p Parts) healthPanel(ctx context.Context, r bot.Request) (bot.Reply, error) {
	w, err := p.ward(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(w.rules.Checks) == 0 {
		return private("No health check is configured yet. They stand under `health: {checks: …}` in the configuration."), nil
	}
	all := w.byRank()
	title := w.title(all)
	m := &chat.Message{Summary: title, Private: true, Parts: []chat.Part{chat.Header(title)}}
	lists, left := w.lists(all)
	if left {
		sheet, err := w.sheet(all)
		if err != nil {
			return bot.Reply{}, err
		}
		m.Parts = append(m.Parts, sheet)
	}
	m.Parts = append(m.Parts, lists...)
	m.Parts = append(m.Parts, w.buttons(all), chat.Note("Each line: the newest answer, how long it took, and the share of looks of the last 24 h that went well. "+
		chat.Literal("/health show <check>")+" shows more."))
	if r.Action == "health.list" {
		return bot.Reply{Update: m}, nil
	}
	return bot.Reply{Message: m}, nil
}

// lists are the checks of each rank, and whether some are only counted.
func (w ward) lists(all [isUp + 1][]string) (lists []chat.Part, left bool) {
	for r, names := range all {
		most := mostOfRank[r]
		if rank(r) == isUp && len(names) > most {
			lists, left = append(lists, chat.Text(fmt.Sprintf("🟢 %d are up", len(names)))), true
			continue
		}
		lines := []string{}
		for _, name := range names[:min(len(names), most)] {
			lines = append(lines, w.line(name))
		}
		if more := len(names) - len(lines); more > 0 {
			lines, left = append(lines, fmt.Sprintf("… and %d more that are %s", more, rankWords[r])), true
		}
		if len(lines) > 0 {
			lists = append(lists, chat.Text(strings.Join(lines, "\n")))
		}
	}
	return lists, left
}

// title is how things stand in a line of plain text.
func (w ward) title(all [isUp + 1][]string) string {
	var said []string
	for r, names := range all {
		if len(names) > 0 && rank(r) != isUp {
			said = append(said, fmt.Sprintf("%d %s", len(names), rankWords[r]))
		}
	}
	up := len(all[isUp])
	switch {
	case up == len(w.rules.Checks) && up == 1:
		return "🟢 The check is up"
	case up == len(w.rules.Checks):
		return fmt.Sprintf("🟢 All %d checks are up", up)
	}
	sign := "🔴 "
	if len(all[isDown])+len(all[isAffected]) == 0 {
		sign = "🟡 "
	}
	return sign + strings.Join(append(said, fmt.Sprintf("%d up", up)), ", ")
}

// sheet counts the checks of each rank; all of them are in its file.
func (w ward) sheet(all [isUp + 1][]string) (chat.Sheet, error) {
	var counts []string
	var file bytes.Buffer // which takes everything, and Flush would say so
	t := tabwriter.NewWriter(&file, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "CHECK\tSTANDS\tLOOKED AT (UTC)\tTOOK\t24 H\tNEWEST ANSWER")
	for r, names := range all {
		if len(names) > 0 {
			counts = append(counts, fmt.Sprintf("%5d %s", len(names), rankWords[r]))
		}
		for _, name := range names {
			newest, _ := w.stand[name].Newest()
			at, took := "–", "–"
			if !newest.At.IsZero() {
				at, took = newest.At.UTC().Format(time.DateTime), chat.Span(newest.Took)
			}
			stands := w.state(name)
			if rank(r) != isUp {
				stands += " (" + rankWords[r] + ")"
			}
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", name, stands, at, took, cmp.Or(w.tallies[name].Percent(), "–"), unmarked(newest.Say))
		}
	}
	if err := t.Flush(); err != nil {
		return chat.Sheet{}, fmt.Errorf("commands: list the checks: %w", err)
	}
	return chat.Sheet{Name: "health.txt", Shown: strings.Join(counts, "\n"), Whole: file.String()}, nil
}

// unmarked takes the marks out of a line of mrkdwn.
func unmarked(s string) string { return strings.NewReplacer("`", "", "*", "").Replace(plainText(s)) }

const (
	// mostAcks is how many alerts can be acknowledged in the list of all checks, mostShown how many checks its menu offers.
	mostAcks  = 3
	mostShown = 25
)

// buttons are for the worst checks.
func (w ward) buttons(all [isUp + 1][]string) chat.Actions {
	var buttons chat.Actions
	for _, name := range all[isDown] {
		if one, open := w.alerts[name]; open && one.Acked.At.IsZero() && len(buttons) < mostAcks {
			buttons = append(buttons, chat.Button{Action: "health.ack", Value: one.ID, Label: shorten("Acknowledge "+name, 60), Style: chat.Primary})
		}
	}
	worst := slices.Concat(all[:]...)
	buttons = append(buttons, chooseCheck("health.show", "Show…", worst[:min(len(worst), mostShown)]))
	return append(buttons, chat.Button{Action: "health.list", Label: "Look again"})
}

// mostChoices is how many checks a menu offers.
const mostChoices = 100

func chooseCheck(action, label string, names []string) chat.Button {
	pick := chat.Pick{Kind: chat.Select}
	for _, name := range names[:min(len(names), mostChoices)] {
		pick.Options = append(pick.Options, chat.Option{Value: name, Label: shorten(name, 74)})
	}
	return chat.Button{Action: action, Label: label, Pick: &pick}
}

// checkOf finds the check that is meant: chosen from a menu, carried by a button, or named by the first word. Without
// one it answers what to ask back.
func (p Parts) checkOf(r bot.Request, word string) (c health.Check, rest []string, ask *bot.Reply, err error) {
	name := first(r.Picked)
	switch {
	case name != "":
	case r.Value != "":
		name = r.Value
	case len(r.Words) > 0:
		name, rest = r.Words[0], r.Words[1:]
	default:
		text := fmt.Sprintf("Which check? Or say it at once: `/health %s %s`.", word, first(p.Health.Rules().Names()))
		return c, nil, &bot.Reply{Message: &chat.Message{Summary: text, Private: true, Parts: []chat.Part{chat.Text(text),
			chat.Actions{chooseCheck("health."+word, "Check", p.Health.Rules().Names())}}}}, nil
	}
	c, err = p.Health.Rules().Check(name)
	return c, rest, nil, err
}

// healthAct is the decision that a request carries.
func healthAct(r bot.Request) health.Act { return health.Act{Request: r.ID, By: r.User, At: r.At} }
