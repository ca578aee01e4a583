package bot

import (
	"context"
	"slices"
	"strings"

	slackgo "github.com/slack-go/slack"
)

// Grant is who a bot token speaks as, and the scopes that were granted to it.
type Grant struct {
	Identity
	// Scopes are sorted. They are empty when the server does not tell them.
	Scopes []string
}

// Grant asks Slack anew what the bot token is good for.
// https://docs.slack.dev/apis/web-api/#responses for the header
func (s *Slack) Grant(ctx context.Context) (Grant, error) {
	var g Grant
	err := s.call(ctx, "auth.test", "", func(ctx context.Context) error {
		r, err := s.api.AuthTestContext(ctx)
		if err != nil {
			return err
		}
		if r.UserID == "" {
			return errEmptyAnswer
		}
		g.Identity = Identity{Team: r.TeamID, TeamName: r.Team, Enterprise: r.EnterpriseID, User: r.UserID, Bot: r.BotID, Name: r.User, URL: r.URL}
		for scope := range strings.SplitSeq(r.Header.Get("X-OAuth-Scopes"), ",") {
			if scope = strings.TrimSpace(scope); scope != "" {
				g.Scopes = append(g.Scopes, scope)
			}
		}
		return nil
	})
	slices.Sort(g.Scopes)
	return g, explain("", err)
}

// TryApp asks for the address of a Socket Mode connection with the app token, and does not connect. Slack takes no
// notice of an address that is not used.
// https://docs.slack.dev/reference/methods/apps.connections.open
func (s *Slack) TryApp(ctx context.Context) error {
	err := s.call(ctx, "apps.connections.open", "", func(ctx context.Context) error {
		_, address, err := s.api.StartSocketModeContext(ctx)
		if err == nil && address == "" {
			err = errEmptyAnswer
		}
		return err
	})
	return explain("", err)
}

// Channels answers the channels of the given names or IDs by what they were asked for with. What the bot cannot see is
// left out. Names are all the names that it can see.
func (s *Slack) Channels(ctx context.Context, wanted []string) (found map[string]Channel, names []string, err error) {
	found = map[string]Channel{}
	var byName []string
	for _, want := range wanted {
		if !channelID.MatchString(want) {
			byName = append(byName, want)
			continue
		}
		c, err := s.ChannelInfo(ctx, want)
		if Code(err) == "channel_not_found" {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		found[want] = c
	}
	if len(byName) == 0 {
		return found, nil, nil
	}
	all, err := s.everyChannel(ctx, false)
	if err != nil {
		return nil, nil, explain("", err)
	}
	for _, c := range all {
		// An archived channel keeps its name until another one takes it.
		if old, taken := found[c.Name]; slices.Contains(byName, c.Name) && (!taken || old.Archived) {
			found[c.Name] = channelOf(c)
		}
		if !c.IsArchived {
			names = append(names, c.Name)
		}
	}
	return found, names, nil
}

// everyChannel lists the channels that the bot sees: public and, where the scope allows it, private ones.
func (s *Slack) everyChannel(ctx context.Context, openOnly bool) ([]slackgo.Channel, error) {
	return s.listed(ctx, "conversations.list", func(ctx context.Context, types []string, cursor string) ([]slackgo.Channel, string, error) {
		return s.api.GetConversationsContext(ctx, &slackgo.GetConversationsParameters{Cursor: cursor, ExcludeArchived: openOnly,
			Limit: 500, Types: types})
	})
}

// joinedChannels lists the channels that the bot is a member of, which are few also where there are thousands.
func (s *Slack) joinedChannels(ctx context.Context) ([]slackgo.Channel, error) {
	return s.listed(ctx, "users.conversations", func(ctx context.Context, types []string, cursor string) ([]slackgo.Channel, string, error) {
		return s.api.GetConversationsForUserContext(ctx, &slackgo.GetConversationsForUserParameters{Cursor: cursor, Limit: 500, Types: types})
	})
}

// listed asks for all pages of a list of channels; without the scope for private ones only for public ones.
func (s *Slack) listed(ctx context.Context, method string, ask func(ctx context.Context, types []string, cursor string) ([]slackgo.Channel, string, error)) ([]slackgo.Channel, error) {
	types := []string{"public_channel", "private_channel"}
	var all []slackgo.Channel
	for cursor := ""; ; {
		var page []slackgo.Channel
		next := ""
		err := s.call(ctx, method, "", func(ctx context.Context) (err error) {
			page, next, err = ask(ctx, types, cursor)
			return err
		})
		if Code(err) == "missing_scope" && len(types) == 2 {
			s.Try(ctx, "see private channels", err)
			types = types[:1]
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			return all, nil
		}
	}
}

// Group is a user group.
type Group struct {
	ID, Handle string
	Members    []string
	Disabled   bool
}

// Groups lists the user groups of the workspace by their IDs, also those that are disabled.
func (s *Slack) Groups(ctx context.Context) (map[string]Group, error) {
	groups := map[string]Group{}
	err := s.call(ctx, "usergroups.list", "", func(ctx context.Context) error {
		all, err := s.api.GetUserGroupsContext(ctx, slackgo.GetUserGroupsOptionIncludeUsers(true), slackgo.GetUserGroupsOptionIncludeDisabled(true))
		for _, g := range all {
			groups[g.ID] = Group{ID: g.ID, Handle: g.Handle, Members: g.Users, Disabled: g.DateDelete != 0}
		}
		return err
	})
	return groups, explain("", err)
}

// Unfit says why a person may ask the bot for nothing, whatever role was given; "" for a full member of the workspace.
func (p Person) Unfit(self Identity) string {
	switch {
	case p.Gone:
		return "is deactivated"
	case p.ID == self.User:
		return "is opsbot itself"
	case p.Bot:
		return "is a bot"
	case !belongs(p, self):
		return "belongs to another workspace"
	case p.Guest:
		return "is a guest"
	}
	return ""
}

// UnknownUser is the code by which Slack says that there is nobody with a user ID.
const UnknownUser = "user_not_found"
