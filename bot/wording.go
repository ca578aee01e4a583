package bot

import (
	"regexp"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// wording draws commands as the workspace has them. Texts anywhere in the program write a command in code style and
// without the prefix, as `/backup now orders`; only here is it put in. Slack's own commands (`/invite`) and paths stay
// as they are. The zero value changes nothing.
type wording struct {
	prefix string
	named  *regexp.Regexp // a command in code style, with what follows its name
}

func newWording(prefix string, commands []string) wording {
	if prefix == "" || len(commands) == 0 {
		return wording{}
	}
	quoted := make([]string, len(commands))
	for i, name := range commands {
		quoted[i] = regexp.QuoteMeta(name)
	}
	return wording{prefix: strings.ReplaceAll(prefix, "$", "$$"), named: regexp.MustCompile("`/(" + strings.Join(quoted, "|") + ")([ `])")}
}

// text words mrkdwn.
func (w wording) text(s string) string {
	if w.named == nil {
		return s
	}
	return w.named.ReplaceAllString(s, "`/"+w.prefix+"$1$2")
}

// inCode is a command in code style.
var inCode = regexp.MustCompile("`(/[^`]*)`")

// label words plain text, which knows no code style.
func (w wording) label(s string) string { return inCode.ReplaceAllString(w.text(s), "$1") }

func (w wording) message(m chat.Message) chat.Message {
	m.Summary = w.text(m.Summary)
	m.Parts = w.parts(m.Parts)
	return m
}

// parts words all but Code and Sheet, which show things as they are.
func (w wording) parts(all []chat.Part) []chat.Part {
	worded := make([]chat.Part, len(all))
	for i, part := range all {
		switch p := part.(type) {
		case chat.Header:
			part = chat.Header(w.label(string(p)))
		case chat.Text:
			part = chat.Text(w.text(string(p)))
		case chat.Note:
			part = chat.Note(w.text(string(p)))
		case chat.Fields:
			fields := make(chat.Fields, len(p))
			for i, f := range p {
				fields[i] = chat.Field{Label: w.text(f.Label), Value: w.text(f.Value)}
			}
			part = fields
		case chat.Item:
			part = chat.Item{Text: w.text(p.Text), Beside: w.button(p.Beside)}
		case chat.Actions:
			part = w.actions(p)
		}
		worded[i] = part
	}
	return worded
}

func (w wording) actions(all chat.Actions) chat.Actions {
	worded := make(chat.Actions, len(all))
	for i, b := range all {
		worded[i] = w.button(b)
	}
	return worded
}

func (w wording) button(b chat.Button) chat.Button {
	b.Label = w.label(b.Label)
	if c := b.Confirm; c != nil {
		b.Confirm = &chat.Confirm{Title: w.label(c.Title), Text: w.text(c.Text), Yes: w.label(c.Yes), No: w.label(c.No)}
	}
	return b
}

func (w wording) form(f chat.Form) chat.Form {
	f.Title, f.Submit, f.Error, f.Intro = w.label(f.Title), w.label(f.Submit), w.text(f.Error), w.parts(f.Intro)
	inputs := make([]chat.Input, len(f.Inputs))
	for i, in := range f.Inputs {
		in.Label, in.Hint, in.Placeholder = w.label(in.Label), w.label(in.Hint), w.label(in.Placeholder)
		inputs[i] = in
	}
	f.Inputs = inputs
	return f
}

// words says how commands are drawn from now on.
func (s *Slack) words(w wording) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.worded = w
}

func (s *Slack) wording() wording {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.worded
}
