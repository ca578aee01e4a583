package bot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// Scope is a permission of the bot token.
type Scope struct {
	// Name is Slack's, Why what opsbot does with it.
	Name, Why string
	// Optional ones are worked without: what they are for is left out, and that is said once.
	Optional bool
}

// Scopes are the permissions that the bot needs for exactly these commands, events and roles. What each method asks for:
// https://docs.slack.dev/reference/methods
func Scopes(o Options) []Scope {
	groups, messages := false, o.on("message", "message_changed", "message_deleted")
	for _, members := range o.Roles {
		groups = groups || slices.ContainsFunc(members, func(id string) bool { return strings.HasPrefix(id, "S") })
	}
	var all []Scope
	add := func(wanted bool, s Scope) {
		if wanted {
			all = append(all, s)
		}
	}
	// Beside each row: who calls what. A command arrives as an envelope; see router.go for the events.
	add(true, Scope{Name: "commands", Why: "slash commands and shortcuts"})
	add(true, Scope{Name: "chat:write", Why: "cards and answers"})                                        // post.go: chat.*
	add(true, Scope{Name: "app_mentions:read", Why: "`@opsbot backup now`, also in threads"})             // app_mention
	add(true, Scope{Name: "im:history", Why: "words sent to the bot directly"})                           // message.im
	add(true, Scope{Name: "im:write", Why: "telling you directly that a run you follow has ended"})       // post.go: conversations.open
	add(true, Scope{Name: "users:read", Why: "who may do what: guests and people of other workspaces"})   // slack.go: users.info
	add(groups, Scope{Name: "usergroups:read", Why: "who may do what: members of user groups"})           // slack.go: usergroups.users.list
	add(true, Scope{Name: "channels:read", Why: "finding the ops channel, and whether the bot is in it"}) // post.go, inspect.go: conversations.list, .info
	add(true, Scope{Name: "groups:read", Why: "the same when it is private", Optional: true})             // the same
	add(o.on("reaction_added", "reaction_removed"), Scope{Name: "reactions:read", Why: "reactions"})      // reaction_*
	const again = "finding a card that was posted just before a crash, instead of posting it twice"
	add(true, Scope{Name: "channels:history", Why: again, Optional: !messages})                                  // post.go: conversations.history, .replies
	add(true, Scope{Name: "groups:history", Why: "the same in private channels", Optional: !messages})           // the same
	add(true, Scope{Name: "files:write", Why: "what is too long for a message comes as a file", Optional: true}) // post.go: files.*
	return all
}

// on says that one of the types of events is listened to.
func (o Options) on(types ...string) bool {
	return slices.ContainsFunc(o.On, func(e Event) bool { return slices.Contains(types, e.Type) })
}

// String is the name with the reason.
func (s Scope) String() string { return fmt.Sprintf("%s (%s)", chat.Literal(s.Name), s.Why) }
