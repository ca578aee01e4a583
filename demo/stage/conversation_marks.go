package stage

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

// What people do to messages: each method finds the newest message that matches a pattern.

// Marks does one thing to a message: "reacts" and "unreacts" with an emoji, "edits" it to other words, "answers" it in
// its thread, "deletes" it; or "picks" a value from its menu of that action.
func (c *Conversation) Marks(user, verb, pattern string, rest ...string) error {
	return c.act(fmt.Sprintf("\n%s %s %q %s", c.Name(user), verb, pattern, strings.Join(rest, " ")), func() error {
		person := c.Slack.As(user)
		if verb == "picks" {
			return c.picks(user, pattern, rest[0], rest[1])
		}
		if err := c.Follow(pattern); err != nil {
			return err
		}
		switch verb {
		case "reacts":
			return person.React(c.Ops, c.card, rest[0])
		case "unreacts":
			return person.Unreact(c.Ops, c.card, rest[0])
		case "edits":
			return person.Edit(c.Ops, c.card, rest[0])
		case "deletes":
			return person.Delete(c.Ops, c.card)
		case "answers":
			_, err := person.SayInThread(c.Ops, c.card, rest[0])
			return err
		}
		return fmt.Errorf("nobody knows how to %q", verb)
	})
}

// picks chooses from a menu of the newest message that the person sees and that matches.
func (c *Conversation) picks(user, pattern, action, value string) error {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(c.Slack.Messages(c.Ops)) {
		if (!m.Ephemeral || m.EphemeralTo == user) && wanted.MatchString(m.Plain()) {
			id := regexp.MustCompile(`"action_id":"(` + regexp.QuoteMeta(action) + `(?:#[^"]*)?)"`).FindSubmatch(m.Blocks) // what it is about stands behind its name
			if id == nil {
				return fmt.Errorf("there is no menu %s", action)
			}
			return c.Slack.As(user).Choose(c.Ops, m.TS, string(id[1]), value)
		}
	}
	return fmt.Errorf("no message to %s matches %q", c.Name(user), pattern)
}

// Shares posts a file with words.
func (c *Conversation) Shares(user, text, name string, content []byte) error {
	return c.act(fmt.Sprintf("\n%s shares %s: %s", c.Name(user), name, text), func() error {
		_, err := c.Slack.As(user).Share(c.Ops, "", text, name, content)
		return err
	})
}

// Marked waits until the bot's reaction is on the newest message that matches, or is not.
func (c *Conversation) Marked(pattern, emoji string, on bool) error {
	if err := c.Follow(pattern); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), c.Patience)
	defer stop()
	self := c.Slack.BotUserID()
	_, err := c.Slack.WaitMessage(ctx, c.Ops, func(m slacksandbox.Message) bool {
		return m.TS == c.card && on == slices.ContainsFunc(m.Reactions, func(r slacksandbox.Reaction) bool {
			return r.Name == emoji && slices.Contains(r.Users, self)
		})
	})
	if err != nil {
		return fmt.Errorf("waiting for :%s: on %q to be %t: %w", emoji, pattern, on, err)
	}
	return nil
}

// Lacks says that the newest message that only the person sees does not match.
func (c *Conversation) Lacks(user, pattern string) error {
	unwanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(c.Slack.Messages(c.Ops)) {
		if m.Ephemeral && m.EphemeralTo == user {
			if unwanted.MatchString(m.Plain()) {
				return fmt.Errorf("%q is in\n%s", pattern, indent(m.Plain()))
			}
			return nil
		}
	}
	return fmt.Errorf("%s sees no message", c.Name(user))
}
