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

// Use is something of Slack, beside messages and events, that the handlers of a command work with.
type Use string

// What can be used. Only UseChannels is needed where it is named; the others are worked without.
const (
	UseChannels        Use = "channels"         // CreateChannel, Invite, SetTopic, SetPurpose, Rename, Archive
	UsePrivateChannels Use = "private channels" // the same for private ones
	UsePins            Use = "pins"             // Pin, Unpin
	UseReactions       Use = "reactions"        // React, Unreact
	UseBookmarks       Use = "bookmarks"        // Bookmarks, AddBookmark, EditBookmark, RemoveBookmark
	UseUserGroups      Use = "user groups"      // UserGroupMembers, Groups
	UseDownloads       Use = "downloads"        // Download
)

// scopes are what the use takes; nothing for an unknown one.
func (u Use) scopes() []Scope {
	switch u {
	case UseChannels:
		return []Scope{{Name: "channels:manage", Why: "making channels and archiving them, their topics, inviting people"}}
	case UsePrivateChannels:
		return []Scope{{Name: "groups:write", Why: "the same for private channels", Optional: true}}
	case UsePins:
		return []Scope{{Name: "pins:write", Why: "pinning the message that sums a channel up", Optional: true}}
	case UseReactions:
		return []Scope{{Name: "reactions:write", Why: "marking the messages that were taken note of", Optional: true}}
	case UseBookmarks:
		const why = "links at the top of a channel"
		return []Scope{{Name: "bookmarks:read", Why: why, Optional: true}, {Name: "bookmarks:write", Why: why, Optional: true}}
	case UseUserGroups:
		return []Scope{{Name: "usergroups:read", Why: "inviting and asking the members of user groups", Optional: true}}
	case UseDownloads:
		return []Scope{{Name: "files:read", Why: "keeping the files that people have shared", Optional: true}}
	}
	return nil
}

// scopes are what being told of the event takes.
// https://docs.slack.dev/reference/events
func (e Event) scopes() []Scope {
	scope := func(name, otherwise string) Scope {
		return Scope{Name: name, Why: orElse(e.Why, otherwise), Optional: e.Optional}
	}
	switch {
	case slices.Contains(messageEvents, e.Type):
		const why = "messages in the channels that the bot is in"
		return []Scope{scope("channels:history", why), scope("groups:history", why)}
	case e.Type == "reaction_added" || e.Type == "reaction_removed":
		return []Scope{scope("reactions:read", "reactions")}
	}
	return nil // those of channels take channels:read and groups:read, which are always there
}

// messageEvents are the types of events that come as messages.
var messageEvents = []string{"message", "message_changed", "message_deleted"}

// Scopes are the permissions that the bot needs for exactly these commands, events and roles. What each method asks for:
// https://docs.slack.dev/reference/methods
func Scopes(o Options) []Scope {
	groups := false
	for _, members := range o.Roles {
		groups = groups || slices.ContainsFunc(members, func(id string) bool { return strings.HasPrefix(id, "S") })
	}
	var all scopes
	// Beside each row: who calls what. A command arrives as an envelope; see router.go for the events.
	all.add(Scope{Name: "commands", Why: "slash commands and shortcuts"})
	all.add(Scope{Name: "chat:write", Why: "cards and answers"})                                      // post.go: chat.*
	all.add(Scope{Name: "app_mentions:read", Why: "`@opsbot backup now`, also in threads"})           // app_mention
	all.add(Scope{Name: "im:history", Why: "words sent to the bot directly"})                         // message.im
	all.add(Scope{Name: "im:write", Why: "telling you directly that a run you follow has ended"})     // post.go: conversations.open
	all.add(Scope{Name: "users:read", Why: "who may do what: guests and people of other workspaces"}) // slack.go: users.info
	if groups {
		all.add(Scope{Name: "usergroups:read", Why: "who may do what: members of user groups"}) // slack.go: usergroups.users.list
	}
	all.add(Scope{Name: "channels:read", Why: "finding the ops channel, and whether the bot is in it"}) // post.go, channels.go: conversations.list, .info
	all.add(Scope{Name: "groups:read", Why: "the same when it is private", Optional: true})             // the same
	const again = "finding a card that was posted just before a crash, instead of posting it twice"
	all.add(Scope{Name: "channels:history", Why: again, Optional: true})                                       // post.go: conversations.history, .replies
	all.add(Scope{Name: "groups:history", Why: "the same in private channels", Optional: true})                // the same
	all.add(Scope{Name: "files:write", Why: "what is too long for a message comes as a file", Optional: true}) // files.go: files.*
	for _, e := range o.events() {
		all.add(e.scopes()...)
	}
	for _, c := range o.Commands {
		for _, u := range c.Uses {
			all.add(u.scopes()...)
		}
	}
	return all
}

type scopes []Scope

// add puts in what is not there yet. A scope that is there gets the new reason too, and is optional only if it is so
// for both.
func (all *scopes) add(more ...Scope) {
	for _, s := range more {
		at := slices.IndexFunc(*all, func(known Scope) bool { return known.Name == s.Name })
		if at < 0 {
			*all = append(*all, s)
			continue
		}
		known := &(*all)[at]
		known.Optional = known.Optional && s.Optional
		if !strings.Contains(known.Why, s.Why) {
			known.Why += "; " + s.Why
		}
	}
}

// events are all that is listened to, for the bot itself and for its commands.
func (o Options) events() []Event {
	all := slices.Clone(o.On)
	for _, c := range o.Commands {
		all = append(all, c.On...)
	}
	return all
}

// on says that an event of the type is listened to.
func (o Options) on(kind string) bool {
	return slices.ContainsFunc(o.events(), func(e Event) bool { return e.Type == kind })
}

// String is the name with the reason.
func (s Scope) String() string { return fmt.Sprintf("%s (%s)", chat.Literal(s.Name), s.Why) }
