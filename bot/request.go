package bot

import (
	"context"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Role is what a person must hold to ask for something. Roles are given to users and user groups in the
// configuration; whoever cannot be shown to hold a role does not.
type Role string

// The roles. An Admin may do all that the others may; nobody else holds a role that was not given.
const (
	// Anyone is every full member of the workspace itself: no bots, no guests, no people of other workspaces.
	Anyone Role = "anyone"
	// Involved is whoever is an Operator or an Approver; it is not given by itself.
	Involved Role = "operator or approver"
	Operator Role = "operator"
	Approver Role = "approver"
	Admin    Role = "admin"
)

// Request is one thing that a person asked for, however they asked: a slash command, a mention, a button, a form, a
// shortcut, a message or a reaction. It is rebuilt from the stored envelope, so it is the same after a restart.
type Request struct {
	// ID is the key of the stored envelope: unique for each thing asked, the same for each repeat of it. Whatever a
	// handler makes carries it as its idempotency key.
	ID   string
	At   time.Time
	User chat.User
	// Channel and Thread are where it was asked; both are empty in App Home.
	Channel, Thread string
	// Words are what follows the command (and its known word), split at white space, quotes kept together.
	Words []string
	// Action is what was asked for: "backup now", a button's action, "form:" and a form's ID, "close:" and the ID of a
	// form that was dismissed, "shortcut:" and a shortcut's callback ID, an event's type.
	Action string
	// Value is the pressed button's value; Picked is what was chosen, when it was no button: nothing if all was taken
	// back.
	Value  string
	Picked []string
	// Values holds a submitted form by input ID; Meta is the form's. Changed is the ID of the input (one with Reload)
	// whose change asks for the form anew; it is empty when the form was submitted.
	Values  map[string][]string
	Meta    string
	Changed string
	// Message is the message whose button was pressed, or to which a shortcut, reaction or event belongs; Author is the
	// user ID of who wrote that, for shortcuts, reactions and events.
	Message chat.Ref
	Author  string
	// Text and Files are those of the message of an event or a shortcut, as it stands after an edit and as it stood
	// before it was deleted. Of a renamed channel Text is the new name.
	Text  string
	Files []File
	// Reaction is the name of a reaction without colons.
	Reaction string

	origin origin
	may    func(ctx context.Context, userID string, role Role) error
}

// May answers nil if the person who asks holds a role beyond the one that the request needed, or the *chat.Problem that
// says why not.
func (r Request) May(ctx context.Context, role Role) error { return r.may(ctx, r.User.ID, role) }

// Handler does what a request asks and says what the person gets to see. An error that is a *chat.Problem is shown as
// it is; any other is logged under a short reference and shown as an internal fault with that reference.
type Handler func(ctx context.Context, r Request) (Reply, error)

// Reply is what the person who asked gets to see; the zero value shows nothing.
type Reply struct {
	// Message is posted where it was asked, or shown to the person alone if it is Private.
	Message *chat.Message
	// Update replaces the message whose button was pressed.
	Update *chat.Message
	// Form is opened, or replaces the form that was submitted or in which something was pressed.
	Form *chat.Form
	// Stack opens Form, or what Load makes, on top of the form in which something was pressed instead. When it is
	// closed the other one is seen again, as it was. Slack shows three at most on top of each other.
	Stack bool
	// Load makes the form when that takes longer than a trigger lives: a loading view is opened at once and replaced
	// by what Load returns.
	Load func(ctx context.Context) (chat.Form, error)
}

// Command is one slash command, as the router, the help and the manifest need it.
type Command struct {
	// Name is without slash and prefix: "backup".
	Name string
	// Summary says in one line what it is for; Usage is the hint behind the command while typing.
	Summary, Usage string
	// Examples are whole lines that a person could type, without slash and prefix: "backup now orders".
	Examples []string
	// Role is needed for the command without words.
	Role Role
	// Run answers the command without words: a panel or a form.
	Run Handler
	// Words are the known first words.
	Words []Word
	// Else takes the request when the first word is not a known one (all words are then in Request.Words). Without
	// it an unknown word is answered with the nearest known one.
	Else *Word
	// Overview says that the command is the way in: the list of all commands stands below its answer, its help is that
	// list, and a mention alone asks for it.
	Overview bool
	// Actions are the buttons and forms that belong to the command, Shortcuts the entries of Slack's menus.
	Actions   []Action
	Shortcuts []Shortcut
	// On are the events that the command listens to, Uses what else of Slack its handlers work with: both bring the
	// scopes that they take to the manifest.
	On   []Event
	Uses []Use
}

// Shortcut is an entry of Slack's shortcut menus: of the global one, where a Request has neither Channel nor Message, or
// of that of each message, where it has both, with the Thread and Author, Text and Files of the message.
// https://docs.slack.dev/interactivity/implementing-shortcuts
type Shortcut struct {
	// ID names it: the Request's Action is "shortcut:" and the ID.
	ID string
	// Label is what the menu shows, at most 24 characters; Summary says what it does, in at most 150.
	Label, Summary string
	OnMessage      bool
	Role           Role
	Run            Handler
}

// Word is a command's first word with its own role: "now" in "/backup now orders".
type Word struct {
	Name, Usage, Summary string
	Role                 Role
	Run                  Handler
}

// Action is a button ("run.cancel"), a form ("form:restore.plan"), a form's dismissal ("close:restore.plan", only sent
// when there is such an action) or a shortcut ("shortcut:…").
type Action struct {
	Name string
	Role Role
	Run  Handler

	command string // that it belongs to
}

// Event is something that happens without being asked of the bot, in the channels that it is in. Every handler of the
// type is called, with no role needed: a handler asks Request.May. What the bot itself has done is not told.
//
// The types are "app_home_opened"; "message", "message_changed" (its User is the author), "message_deleted" (the same);
// "reaction_added", "reaction_removed"; "member_joined_channel" (its User is who joined); "channel_archive",
// "channel_unarchive", and "channel_rename", which does not say who did it.
type Event struct {
	Type string
	// Why says for the manifest and the check what it is listened to for: "adding messages to the timeline".
	Why string
	// Optional says that the bot works without the event's scope, but not as well.
	Optional bool
	Run      Handler
}
