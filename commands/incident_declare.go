package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/jobs"
)

func (p Parts) incidentDeclare() incidentPart {
	return incidentPart{
		actions: []bot.Action{
			{Name: "incident.declare", Role: bot.Anyone, Run: p.declareOpen},
			{Name: "form:incident.declare", Role: bot.Anyone, Run: p.declareSubmitted},
		},
		shortcuts: []bot.Shortcut{
			{ID: "incident.declare", Label: "Declare an incident", Summary: "Make a channel, call people, keep the timeline", Role: bot.Anyone, Run: p.declareOpen},
			{ID: "incident.declare.message", Label: "Declare an incident", Summary: "For what this message says", OnMessage: true,
				Role: bot.Anyone, Run: p.declareForMessage},
		},
	}
}

// DeclareButtons offer to declare an incident for a run that went wrong.
func DeclareButtons(run jobs.Run) []chat.Button {
	if run.Status != jobs.Failed && run.Status != jobs.Interrupted {
		return nil
	}
	return []chat.Button{{Action: "incident.declare", Value: "run " + run.ID, Label: "Declare an incident"}}
}

// declaring is what is known before somebody fills in the form, and what goes with it unseen.
type declaring struct {
	From   chat.Ref  `json:"from,omitzero"`
	Run    string    `json:"run,omitempty"`
	Alert  string    `json:"alert,omitempty"`
	Began  time.Time `json:"began,omitzero"`
	Source string    `json:"source,omitempty"`

	title, seen, severity string
	services, flags       []string
}

// mostFilled is how many characters are filled in as what is seen, and mostTitle as the title.
const (
	mostFilled = 2500
	mostTitle  = 120
)

// declareOpen asks what is wrong; a button may name the run that failed, "run r-4k7q2", or the alert: "alert " and its ID.
func (p Parts) declareOpen(_ context.Context, r bot.Request) (bot.Reply, error) {
	return bot.Reply{Load: func(ctx context.Context) (chat.Form, error) {
		known := declaring{From: chat.Ref{Channel: r.Channel}}
		if id, ok := strings.CutPrefix(r.Value, "run "); ok {
			run, err := p.Runner.Get(ctx, id)
			if err != nil {
				return chat.Form{}, err
			}
			known = p.forRun(run)
			known.From = r.Message
		}
		if id, ok := strings.CutPrefix(r.Value, "alert "); ok {
			var err error
			if known, err = p.forAlert(ctx, id); err != nil {
				return chat.Form{}, err
			}
		}
		return p.declareForm(ctx, r, known)
	}}, nil
}

// forRun is what is known about a run that failed.
func (p Parts) forRun(run jobs.Run) declaring {
	title := strings.NewReplacer("`", "", "*", "").Replace(run.Title)
	d := declaring{Run: run.ID, Began: run.Finished, Source: "the run " + chat.Literal(run.ID) + ", which " + string(run.Status),
		title: shorten(fmt.Sprintf("%s %s", plainText(title), run.Status), mostTitle), seen: shorten(plainText(run.Reason), mostFilled)}
	if run.Status == jobs.Interrupted {
		d.Source = "the run " + chat.Literal(run.ID) + ", which was interrupted"
	}
	for _, target := range run.Targets {
		_, name, _ := strings.Cut(target, "/")
		if slices.Contains(p.Desk.Rules().Services, name) && !slices.Contains(d.services, name) {
			d.services = append(d.services, name)
		}
	}
	return d
}

// declareForMessage fills in what a message says.
func (p Parts) declareForMessage(_ context.Context, r bot.Request) (bot.Reply, error) {
	return bot.Reply{Load: func(ctx context.Context) (chat.Form, error) {
		text := plainText(r.Text)
		first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
		known := declaring{From: r.Message, Began: bot.When(r.Message.TS), Source: "the message that it was declared for",
			title: shorten(first, mostTitle), seen: shorten(text, mostFilled)}
		return p.declareForm(ctx, r, known)
	}}, nil
}

// plainText is a message as a person would type it: mentions stay, links are their addresses.
func plainText(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(linked.ReplaceAllString(s, "$1"))
}

var linked = regexp.MustCompile(`<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>`)

// declareForm asks for what is not known, below the incidents that it may be about.
func (p Parts) declareForm(ctx context.Context, r bot.Request, known declaring) (chat.Form, error) {
	meta, err := json.Marshal(known)
	if err != nil {
		return chat.Form{}, fmt.Errorf("commands: declare: %w", err)
	}
	form := chat.Form{ID: "incident.declare", Title: "Declare an incident", Submit: "Declare", Meta: string(meta)}
	if form.Intro, err = p.othersFirst(ctx, r); err != nil {
		return form, err
	}
	down, err := p.downNow(ctx, known.Alert)
	if err != nil {
		return form, err
	}
	form.Intro = append(form.Intro, down...)
	if !known.Began.IsZero() {
		form.Intro = append(form.Intro, chat.Note("It began "+chat.Time(known.Began)+", by "+known.Source+"."))
	}
	severities := []chat.Option{}
	for _, s := range p.Desk.Rules().Severities {
		severities = append(severities, chat.Option{Value: s.Name, Label: strings.ToUpper(s.Name), Hint: s.When})
	}
	form.Inputs = []chat.Input{
		{ID: "title", Label: "What is wrong", Kind: chat.TextLine, Placeholder: "Payments failing", Initial: textOf(known.title)},
		{ID: "severity", Label: "Severity", Kind: chat.Radio, Options: severities, Initial: textOf(known.severity)},
	}
	if services := p.Desk.Rules().Services; len(services) > 0 {
		options := []chat.Option{}
		for _, s := range services {
			options = append(options, chat.Option{Value: s, Label: s})
		}
		form.Inputs = append(form.Inputs, chat.Input{ID: "services", Label: "Affected services", Kind: chat.MultiSelect, Options: options,
			Initial: known.services, Optional: true})
	}
	form.Inputs = append(form.Inputs,
		chat.Input{ID: "seen", Label: "What is seen", Kind: chat.TextArea, Optional: true, Initial: textOf(known.seen),
			Hint: "Errors, who is affected, since when."},
		chat.Input{ID: "flags", Label: "Also", Kind: chat.Checkboxes, Optional: true, Initial: known.flags, Options: []chat.Option{
			{Value: "private", Label: "Private", Hint: "A private channel, and no word of it elsewhere"},
			{Value: "drill", Label: "Drill", Hint: "The same in every way, outside the statistics"},
		}})
	return form, nil
}

// othersFirst are the open and the newest incidents, so that nobody opens a second one for the same trouble.
func (p Parts) othersFirst(ctx context.Context, r bot.Request) ([]chat.Part, error) {
	open, err := p.Desk.Open(ctx)
	if err != nil {
		return nil, err
	}
	recent, err := p.Desk.Since(ctx, p.Now().Add(-24*time.Hour), 20)
	if err != nil {
		return nil, err
	}
	closed := slices.DeleteFunc(recent, func(i incidents.Incident) bool { return i.Status != incidents.Closed })
	if len(open)+len(closed) == 0 {
		return []chat.Part{chat.Note("No incident is open, and none was closed today.")}, nil
	}
	const most = 8
	parts := []chat.Part{}
	if len(open) > 0 {
		text := "*Is it one of these?* Then go to its channel.\n" + p.incidentLines(ctx, r, open[:min(len(open), most)])
		if len(open) > most {
			text += fmt.Sprintf("\nand %d more: `/incident list`", len(open)-most)
		}
		parts = append(parts, chat.Text(text))
	}
	if len(closed) > 0 {
		parts = append(parts, chat.Text("*Closed lately* (reopen it if the trouble is back)\n"+p.incidentLines(ctx, r, closed[:min(len(closed), 3)])))
	}
	return parts, nil
}

func (p Parts) declareSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	var known declaring
	if err := json.Unmarshal([]byte(r.Meta), &known); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: declare: %w", err)
	}
	if known.Alert != "" {
		if _, err := p.declarable(ctx, known.Alert, r.ID); err != nil {
			return bot.Reply{}, err
		}
	}
	flags := r.Values["flags"]
	return p.declare(ctx, r, known.Alert, incidents.Declaration{
		Title: first(r.Values["title"]), Severity: first(r.Values["severity"]), Services: r.Values["services"], Seen: first(r.Values["seen"]),
		Private: slices.Contains(flags, "private"), Drill: slices.Contains(flags, "drill"),
		From: known.From, Run: known.Run, Began: known.Began, Source: known.Source,
	})
}

// incidentWords declares at once: "[drill] [private] <severity> <title>". Without a severity the form asks for it.
func (p Parts) incidentWords(ctx context.Context, r bot.Request, known []bot.Word) (bot.Reply, error) {
	what := incidents.Declaration{From: chat.Ref{Channel: r.Channel}}
	words := r.Words
	for ; len(words) > 0; words = words[1:] {
		switch strings.ToLower(words[0]) {
		case "drill":
			what.Drill = true
			continue
		case "private":
			what.Private = true
			continue
		}
		break
	}
	if len(words) > 0 {
		what.Severity = strings.ToLower(words[0])
	}
	severity, err := p.Desk.Rules().Severity(what.Severity)
	if err != nil {
		return p.declareUnsure(r, what, words, known)
	}
	what.Severity, what.Title = severity.Name, strings.Join(words[1:], " ")
	here, inOne, err := p.Desk.In(ctx, r.Channel)
	if err != nil {
		return bot.Reply{}, err
	}
	if inOne && here.Status != incidents.Closed {
		return bot.Reply{}, &chat.Problem{Say: "This is the channel of " + here.Name() + ", so I have declared nothing.",
			Try:    fmt.Sprintf("To change its severity: `/incident severity %s …` with the reason. Another incident is declared here with the button.", severity.Name),
			Follow: []chat.Button{{Action: "incident.declare", Label: "Declare another"}}}
	}
	return p.declare(ctx, r, "", what)
}

// declareUnsure answers words without a severity: the nearest word, if one was meant, or else the form with the title.
func (p Parts) declareUnsure(r bot.Request, what incidents.Declaration, words []string, known []bot.Word) (bot.Reply, error) {
	valid := []string{}
	for _, s := range p.Desk.Rules().Severities {
		valid = append(valid, s.Name)
	}
	severities := len(valid)
	for _, w := range known {
		valid = append(valid, w.Name)
	}
	if len(words) > 0 {
		if near := chat.Nearest(words[0], valid); slices.Contains(valid[:severities], near) || isLikeSeverity.MatchString(words[0]) {
			return bot.Reply{}, chat.Unknown("severity", words[0], valid[:severities])
		} else if near != "" && near != words[0] {
			return bot.Reply{}, chat.Unknown("word", words[0], valid)
		}
	}
	return bot.Reply{Load: func(ctx context.Context) (chat.Form, error) {
		known := declaring{From: what.From, title: shorten(strings.Join(words, " "), mostTitle)}
		for flag, set := range map[string]bool{"private": what.Private, "drill": what.Drill} {
			if set {
				known.flags = append(known.flags, flag)
			}
		}
		return p.declareForm(ctx, r, known)
	}}, nil
}

// isLikeSeverity is a word that was meant as a severity, such as sev7 or P1.
var isLikeSeverity = regexp.MustCompile(`(?i)^(?:sev|p)-?[0-9]+$`)

// declare stores the incident, for an alert unless that is "", and says that it is noted; where it is run is told once its
// channel is there.
func (p Parts) declare(ctx context.Context, r bot.Request, alert string, what incidents.Declaration) (bot.Reply, error) {
	others, err := p.Desk.Open(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	i, err := p.Desk.Declare(ctx, act(r), what)
	if err != nil {
		return bot.Reply{}, err
	}
	if alert != "" {
		if err := p.declaredFor(ctx, r, alert, i.Number); err != nil {
			return bot.Reply{}, err
		}
	}
	text := fmt.Sprintf("%s is noted as *%s*: %s\nIts channel is being made; I send you its link.", i.Called(), i.Severity, chat.Escape(i.Title))
	if i.Place.Channel != "" { // the request came again
		text = fmt.Sprintf("%s is run in <#%s>.", i.Called(), i.Place.Channel)
	}
	may := p.reader(ctx, r)
	others = slices.DeleteFunc(others, func(o incidents.Incident) bool {
		return o.Number == i.Number || o.Drill != i.Drill || !may(o)
	})
	slices.SortFunc(others, func(a, b incidents.Incident) int { return cmp.Compare(b.Number, a.Number) })
	if len(others) > 0 {
		text += "\nAlso open: " + p.incidentLine(others[0])
	}
	return private(text), nil
}
