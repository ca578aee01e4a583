// Package chat holds what opsbot says and to whom: messages, buttons, forms, people and problems, without knowing
// how a chat service draws them. It is a leaf: it imports only the standard library.
package chat

import (
	"crypto/rand"
	"regexp"
	"strings"
	"time"
)

// Message is one thing said in a channel or to one person.
type Message struct {
	// Summary is the one line that notifications and screen readers get; it must make sense alone.
	Summary string
	// Parts are drawn in order. A message without parts shows its Summary.
	Parts []Part
	// Private says that only the person who asked shall see it.
	Private bool
	// Key names the thing that the message is about ("run/r-4k7q2"). Posting the same key in the same channel twice
	// answers with the first message, also after a crash; empty means that every post is a new message.
	Key string
	// Thread is the timestamp of the message to answer in a thread; empty means the channel itself.
	Thread string
	// Uncut is the command of the command line that shows all of a message which may have to be cut
	// ("opsbot jobs show r-4k7q2"), "" if there is none.
	Uncut string
}

// Part is one piece of a message: Header, Text, Item, Fields, Code, Sheet, Note, Divider or Actions.
type Part interface{ part() }

// Header is a title line in plain text, at most 150 characters.
type Header string

// Text is a paragraph in Slack's mrkdwn. Words that come from people or servers go through Escape first.
type Text string

// Item is a paragraph in mrkdwn, at most 3,000 characters, with one element beside it.
type Item struct {
	Text   string
	Beside Button
}

// Note is small print below or between other parts, in mrkdwn.
type Note string

// Code is preformatted text; what is too long for a message goes into a file beside it.
type Code string

// Sheet is preformatted text that a message shows a part of. If Whole is more than Shown, it is in the file Name beside
// the message.
type Sheet struct{ Name, Shown, Whole string }

// Divider is a line between parts.
type Divider struct{}

// Fields are label and value pairs, drawn in two columns.
type Fields []Field

// Field is one label with its value; both are mrkdwn.
type Field struct{ Label, Value string }

// Actions is a row of elements that a person can press, at most 25.
type Actions []Button

// Button asks for something when it is pressed.
type Button struct {
	// Action names the handler in the router ("run.cancel"); Value is what it gets, at most 2,000 characters.
	Action, Value string
	Label         string
	Style         Style
	// Confirm, when set, is asked before the press is sent.
	Confirm *Confirm
	// URL makes the button a link.
	URL string
	// Pick makes it something to choose from: Label then says what for, and Value is at most 200 characters.
	Pick *Pick
}

// Pick is what can be chosen, and what is chosen already. Lines, areas, numbers and addresses are for forms only, a
// choice of several from a list or of several people and channels stands beside an Item or in a form.
type Pick struct {
	Kind InputKind
	// Options are for Select, MultiSelect, Checkboxes, Radio and Menu; Initial is as in Input.
	Options []Option
	Initial []string
}

// Style is how much a button stands out.
type Style string

// The styles of a button.
const (
	Plain   Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// Confirm is the question put before a button's press is sent.
type Confirm struct{ Title, Text, Yes, No string }

func (Header) part()  {}
func (Text) part()    {}
func (Item) part()    {}
func (Note) part()    {}
func (Code) part()    {}
func (Sheet) part()   {}
func (Divider) part() {}
func (Fields) part()  {}
func (Actions) part() {}

// Ref is where a message stands.
type Ref struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// IsZero says that there is no message yet.
func (r Ref) IsZero() bool { return r == Ref{} }

// User is a person. The ID is the identity; the name is for reading only.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Team is the workspace that the person belongs to.
	Team string `json:"team,omitempty"`
}

// Mention names the person so that the chat service shows and notifies them. People without a chat identity
// (the command line, the schedule) are shown by name.
func (u User) Mention() string {
	switch {
	case chatID.MatchString(u.ID):
		return "<@" + u.ID + ">"
	case u.Name != "":
		return Escape(u.Name)
	}
	return Escape(u.ID)
}

// Mentions names users (U…, W…) and user groups (S…) so that the chat service shows and notifies them.
// https://docs.slack.dev/messaging/formatting-message-text
func Mentions(ids []string) []string {
	var all []string
	for _, id := range ids {
		if strings.HasPrefix(id, "S") {
			all = append(all, "<!subteam^"+id+">")
		} else {
			all = append(all, User{ID: id}.Mention())
		}
	}
	return all
}

// chatID is the form of a Slack user id. https://docs.slack.dev/reference/objects/user-object
var chatID = regexp.MustCompile(`^[UW][0-9A-Z]+$`)

// Form is a dialog that a person fills in.
type Form struct {
	// ID names the handler of its submission ("restore.plan").
	ID string
	// Title and Submit are at most 24 characters.
	Title, Submit string
	Inputs        []Input
	// Meta comes back with the submission, at most 3,000 characters.
	Meta string
	// Error stands at the top of a form that is shown again.
	Error string
	// Intro is drawn before the inputs.
	Intro []Part
}

// Input is one question of a form.
type Input struct {
	ID, Label, Hint string
	Kind            InputKind
	Options         []Option
	// Initial is the text, or the values of what is chosen.
	Initial     []string
	Placeholder string
	Optional    bool
	// Reload asks for the form anew (handler "form:<form ID>") whenever this input changes.
	Reload bool
}

// InputKind is how an input is asked for.
type InputKind string

// The kinds of input.
const (
	TextLine    InputKind = "line"
	TextArea    InputKind = "area"
	Select      InputKind = "select"
	MultiSelect InputKind = "multiselect"
	Checkboxes  InputKind = "checkboxes"
	Radio       InputKind = "radio"
	// Menu is a small menu behind three dots, of at most 5 options; only in messages.
	Menu InputKind = "menu"
	// Number is a whole number, Email and Link are addresses.
	Number InputKind = "number"
	Email  InputKind = "email"
	Link   InputKind = "link"
	// Date is as 2006-01-02, Clock24 as 15:04, both as the person reads them; Instant is in seconds since 1970.
	Date    InputKind = "date"
	Clock24 InputKind = "clock"
	Instant InputKind = "instant"
	// Person and People are user IDs, Channel and Channels are IDs of public and private channels.
	Person   InputKind = "person"
	People   InputKind = "people"
	Channel  InputKind = "channel"
	Channels InputKind = "channels"
)

// Option is one choice. Label and Hint are plain text of at most 75 characters, Value at most 150.
type Option struct{ Value, Label, Hint string }

// Problem is an error with two readers: Say and Try are for the person, Err is for the log.
type Problem struct {
	// Say is one sentence: what is wrong, naming the input.
	Say string
	// Try is the next step, or the nearest valid input.
	Try string
	// Err is the cause; nil when the input alone was at fault.
	Err error
	// Fields say what is wrong with single inputs of the form that was submitted, by their IDs, and stand there beside
	// Say, which has to make sense alone.
	Fields map[string]string
	// Follow are offered with the problem, such as the run that is in the way.
	Follow []Button
}

func (p *Problem) Error() string {
	switch {
	case p.Err != nil:
		return strings.TrimRight(p.Say, ".!?") + ": " + p.Err.Error()
	case p.Try != "":
		return p.Say + " " + p.Try
	}
	return p.Say
}

func (p *Problem) Unwrap() error { return p.Err }

// NewReference answers a short name, such as E-7K2Q9, under which a fault stands in the log and on the message about it.
func NewReference() string { return "E-" + rand.Text()[:5] }

// Time writes an instant so that each reader sees it in their own time zone; those who cannot see it in UTC.
func Time(t time.Time) string {
	return dateToken(t, "{date_short_pretty} at {time}", "2006-01-02 15:04 UTC")
}

// Clock is Time without the date, for instants of today.
func Clock(t time.Time) string { return dateToken(t, "{time_secs}", "15:04:05 UTC") }
