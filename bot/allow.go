package bot

import (
	"context"
	"errors"
	"slices"

	"github.com/kampyn/opsbot/chat"
)

// May answers nil if the user may do what the role is for, or the *chat.Problem that says why not. Whoever cannot be
// shown to hold the role does not.
func (b *Bot) May(ctx context.Context, userID string, role Role) error {
	return b.may(ctx, userID, "", role)
}

// may also holds the workspace that Slack named with the request against the bot's own.
func (b *Bot) may(ctx context.Context, userID, team string, role Role) error {
	if userID == "" {
		return &chat.Problem{Say: "I can't tell who asks, so I won't do it.", Err: errors.New("a request without a user")}
	}
	self, err := b.slack.Identity(ctx)
	if err != nil {
		return unchecked(err)
	}
	p, err := b.slack.User(ctx, userID)
	if err != nil {
		return unchecked(err)
	}
	switch {
	case p.ID != userID || p.Gone:
		return &chat.Problem{Say: "Your account is not active here, so I won't do that."}
	case p.Bot || p.ID == self.User:
		return &chat.Problem{Say: "Other bots can't ask me for anything."}
	case !belongs(p, self) || team != "" && !sameTeam(team, p, self):
		return &chat.Problem{Say: "Only members of this workspace can ask me for anything; people of other workspaces can't.",
			Try: "Ask a colleague here to do it."}
	case p.Guest:
		return &chat.Problem{Say: "Guests can't ask me for anything.", Try: "Ask a full member of the workspace to do it."}
	}
	held, err := b.holds(ctx, userID, role)
	if err != nil {
		return unchecked(err)
	}
	if !held {
		return &chat.Problem{Say: "You need the role " + chat.Literal(string(role)) + " for that.",
			Try: "Ask somebody who has it, or have an administrator add you in the configuration."}
	}
	return nil
}

func unchecked(err error) error {
	return &chat.Problem{Say: "I could not check whether you may do that, so I did not do it.", Try: "Please try again in a moment.", Err: err}
}

// belongs says that a person is a member of the bot's own workspace. In an Enterprise Grid organisation people carry
// the workspaces that they belong to; an org-wide installation serves the whole organisation.
// https://docs.slack.dev/reference/objects/user-object
func belongs(p Person, self Identity) bool {
	if p.Stranger || self.Team == "" {
		return false
	}
	return p.Team == self.Team || slices.Contains(p.Teams, self.Team) || p.Enterprise != "" && p.Enterprise == self.Team
}

// sameTeam says that a team that came with a request is one that a member's requests come from.
func sameTeam(team string, p Person, self Identity) bool {
	return team == self.Team || self.Enterprise != "" && team == self.Enterprise || team == p.Team || slices.Contains(p.Teams, team)
}

// holds says whether a member was given the role, or the Admin's, directly or by a user group. Every member holds
// Anyone. An error means that a user group could not be read and nothing else gives the role.
func (b *Bot) holds(ctx context.Context, userID string, role Role) (bool, error) {
	if role == Anyone {
		return true, nil
	}
	givers := slices.Concat(b.o.Roles[role], b.o.Roles[Admin])
	if role == Involved {
		givers = slices.Concat(b.o.Roles[Operator], b.o.Roles[Approver], givers)
	}
	if slices.Contains(givers, userID) {
		return true, nil
	}
	var faults []error
	for _, id := range givers {
		if id == "" || id[0] != 'S' {
			continue
		}
		members, err := b.slack.UserGroupMembers(ctx, id)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if slices.Contains(members, userID) {
			return true, nil
		}
	}
	return false, errors.Join(faults...)
}
