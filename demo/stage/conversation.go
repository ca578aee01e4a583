package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

// Conversation speaks as people do, waits for what the bot says, and writes all of it down. A pattern is a regular
// expression over a message as a person reads it; several must all match the same message.
type Conversation struct {
	*Stage
	Out io.Writer
	// Patience bounds each wait.
	Patience time.Duration

	before map[string]bool // messages that were there when somebody last spoke
	card   string          // timestamp of the message that is being followed
}

// Name is the person's name by their user ID.
func (c *Conversation) Name(user string) string {
	return map[string]string{c.Anna: "anna", c.Ben: "ben", c.Chitra: "chitra", c.Drew: "drew"}[user]
}

// Says types a line into #ops: a slash command, or words.
func (c *Conversation) Says(user, line string) error {
	return c.act(fmt.Sprintf("\n%s> %s", c.Name(user), line), func() error {
		var err error
		if strings.HasPrefix(line, "/") {
			_, err = c.Slack.As(user).Slash(c.Ops, line)
		} else {
			_, err = c.Slack.As(user).Say(c.Ops, line)
		}
		return err
	})
}

// SaysInLounge types a line into the channel that the bot is not in.
func (c *Conversation) SaysInLounge(user, line string) error {
	return c.act(fmt.Sprintf("\n%s (#lounge)> %s", c.Name(user), line), func() error {
		_, err := c.Slack.As(user).Slash(c.Lounge, line)
		return err
	})
}

// IsTold waits for a direct message of the bot to the person.
func (c *Conversation) IsTold(user string, patterns ...string) error {
	_, err := c.waitIn(c.Slack.As(user).DM(), patterns, func(slacksandbox.Message) bool { return true }, fmt.Sprintf("opsbot (to %s directly)>", c.Name(user)))
	return err
}

// Uses an entry of the global shortcut menu, or, with a pattern, of that of the newest message that matches.
func (c *Conversation) Uses(user, id, pattern string) error {
	return c.act(fmt.Sprintf("\n%s uses the shortcut %s", c.Name(user), id), func() error {
		if pattern == "" {
			return c.Slack.As(user).Shortcut(id)
		}
		if err := c.Follow(pattern); err != nil {
			return err
		}
		return c.Slack.As(user).MessageShortcut(c.Ops, c.card, id)
	})
}

// OpensHome opens the bot's App Home.
func (c *Conversation) OpensHome(user string) error {
	return c.act(fmt.Sprintf("\n%s opens App Home", c.Name(user)), c.Slack.As(user).OpenHome)
}

// PressesHome presses a button on App Home.
func (c *Conversation) PressesHome(user, label string) error {
	return c.act(fmt.Sprintf("\n%s presses [%s] on App Home", c.Name(user), label), func() error { return c.Slack.As(user).ClickHome(label) })
}

// HomeShows waits until the person's App Home matches all patterns; those that begin with "not " must not match.
func (c *Conversation) HomeShows(user string, patterns ...string) error {
	ctx, stop := context.WithTimeout(context.Background(), c.Patience)
	defer stop()
	last := ""
	_, err := c.Slack.WaitView(ctx, user, func(v slacksandbox.View) bool {
		if v.Type != "home" {
			return false
		}
		last = v.Plain()
		for _, p := range patterns {
			pattern, not := strings.CutPrefix(p, "not ")
			if regexp.MustCompile(pattern).MatchString(last) == not {
				return false
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("no App Home matching %q: %w; the last one was:\n%s", patterns, err, indent(last))
	}
	fmt.Fprintf(c.Out, "App Home of %s\n%s\n", c.Name(user), indent(last))
	return nil
}

// Presses a button of the newest message that the person sees and that has it, behind any form that is still open.
func (c *Conversation) Presses(user, label string) error {
	return c.act(fmt.Sprintf("\n%s presses [%s]", c.Name(user), label), func() error {
		if _, open := c.Slack.As(user).View(); open { // one that was sent stays with the last words, until the person closes it
			if err := c.Slack.As(user).CancelAll(); err != nil {
				return err
			}
		}
		all := c.Slack.Messages(c.Ops)
		for i := len(all) - 1; i >= 0; i-- {
			m := all[i]
			if (!m.Ephemeral || m.EphemeralTo == user) && strings.Contains(m.Plain(), "["+label+"]") {
				return c.Slack.As(user).Click(c.Ops, m.TS, label)
			}
		}
		return fmt.Errorf("no message has a button %q", label)
	})
}

// Fills puts values into the person's open form, by input.
func (c *Conversation) Fills(user string, values map[string]any) error {
	return c.act(fmt.Sprintf("\n%s fills in %v", c.Name(user), values), func() error {
		ctx, stop := context.WithTimeout(context.Background(), c.Patience)
		defer stop()
		_, err := c.Slack.WaitView(ctx, user, func(v slacksandbox.View) bool {
			for name := range values {
				if !strings.Contains(string(v.Blocks), `"`+name+`"`) {
					return false
				}
			}
			return true
		})
		if err != nil {
			return err
		}
		return c.Slack.As(user).Fill(values)
	})
}

// Submits the person's open form.
func (c *Conversation) Submits(user string) error {
	return c.act(fmt.Sprintf("\n%s submits the form", c.Name(user)), c.Slack.As(user).Submit)
}

// GoesTo makes the channel whose name begins so the one in which all is said and seen from now on, once it is there: an
// incident's is with its card, for only then the bot knows what is said in it. Nothing that stands there is past.
func (c *Conversation) GoesTo(name string) error {
	ctx, stop := context.WithTimeout(context.Background(), c.Patience)
	defer stop()
	for {
		if id := c.Slack.ChannelNamed(name); id != "" && (!strings.HasPrefix(name, "inc-") || c.isSpokenIn(id)) {
			fmt.Fprintf(c.Out, "\nin #%s…\n", name)
			c.Ops, c.before = id, map[string]bool{}
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("there is no channel %q", name)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// isSpokenIn is whether the bot has said something to everybody in the channel.
func (c *Conversation) isSpokenIn(channel string) bool {
	return slices.ContainsFunc(c.Slack.Messages(channel), func(m slacksandbox.Message) bool {
		return m.BotID != "" && m.Subtype == "" && !m.Ephemeral
	})
}

// NewTurn makes what was posted so far the past, as whenever somebody speaks: only what comes from now on is new.
func (c *Conversation) NewTurn() {
	c.before = map[string]bool{}
	for _, m := range c.Slack.Messages(c.Ops) {
		c.before[m.TS] = true
	}
}

func (c *Conversation) act(shown string, do func() error) error {
	fmt.Fprintln(c.Out, shown)
	c.NewTurn()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", strings.TrimSpace(shown), err)
	}
	return nil
}

// Since answers the messages that everybody sees and that were posted since somebody last spoke.
func (c *Conversation) Since() []slacksandbox.Message {
	found := []slacksandbox.Message{}
	for _, m := range c.Slack.Messages(c.Ops) {
		if !c.before[m.TS] && !m.Ephemeral {
			found = append(found, m)
		}
	}
	return found
}

// Hears waits for a new message that only the person sees.
func (c *Conversation) Hears(user string, patterns ...string) error {
	_, err := c.wait(patterns, func(m slacksandbox.Message) bool {
		return !c.before[m.TS] && m.Ephemeral && m.EphemeralTo == user
	}, fmt.Sprintf("opsbot (only to %s)>", c.Name(user)))
	return err
}

// HearsAgain waits until any message that only the person sees matches, one that has changed too.
func (c *Conversation) HearsAgain(user string, patterns ...string) error {
	_, err := c.wait(patterns, func(m slacksandbox.Message) bool { return m.Ephemeral && m.EphemeralTo == user },
		fmt.Sprintf("opsbot (only to %s, in place)>", c.Name(user)))
	return err
}

// Sees waits for a new message in #ops, and follows it.
func (c *Conversation) Sees(patterns ...string) error {
	m, err := c.wait(patterns, func(m slacksandbox.Message) bool { return !c.before[m.TS] && !m.Ephemeral }, "opsbot>")
	c.card = m.TS
	return err
}

// Follow waits until a message in the channel matches, and follows the newest one that does.
func (c *Conversation) Follow(pattern string) error {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	matches := func(m slacksandbox.Message) bool { return !m.Ephemeral && wanted.MatchString(m.Plain()) }
	ctx, stop := context.WithTimeout(context.Background(), c.Patience)
	defer stop()
	if _, err := c.Slack.WaitMessage(ctx, c.Ops, matches); err != nil {
		return fmt.Errorf("no message matches %q: %w", pattern, err)
	}
	for _, m := range slices.Backward(c.Slack.Messages(c.Ops)) {
		if matches(m) {
			c.card = m.TS
			return nil
		}
	}
	return fmt.Errorf("what matched %q is gone", pattern)
}

// Becomes waits until the followed message has changed into one that matches, and writes down how it gets there.
func (c *Conversation) Becomes(patterns ...string) error {
	shown := ""
	_, err := c.wait(patterns, func(m slacksandbox.Message) bool {
		if m.TS != c.card {
			return false
		}
		if bars := progressLines(m.Plain()); bars != "" && bars != shown {
			shown = bars
			fmt.Fprintln(c.Out, bars)
		}
		return true
	}, "opsbot (the same message, edited)>")
	return err
}

// FormShows waits until the person's open form matches.
func (c *Conversation) FormShows(user string, pattern string) error {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), c.Patience)
	defer stop()
	_, err = c.Slack.WaitView(ctx, user, func(v slacksandbox.View) bool { return wanted.Match(v.Blocks) || wanted.MatchString(v.Title) })
	return err
}

var bar = regexp.MustCompile(`(?m)^.*[▓░]{10}.*$`)

func progressLines(text string) string {
	return indent(strings.Join(bar.FindAllString(text, -1), "\n"))
}

func (c *Conversation) wait(patterns []string, match func(slacksandbox.Message) bool, label string) (slacksandbox.Message, error) {
	return c.waitIn(c.Ops, patterns, match, label)
}

func (c *Conversation) waitIn(channel string, patterns []string, match func(slacksandbox.Message) bool, label string) (slacksandbox.Message, error) {
	wanted := make([]*regexp.Regexp, len(patterns))
	for i, p := range patterns {
		var err error
		if wanted[i], err = regexp.Compile(p); err != nil {
			return slacksandbox.Message{}, err
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), c.Patience)
	defer stop()
	last := "(nothing)"
	m, err := c.Slack.WaitMessage(ctx, channel, func(m slacksandbox.Message) bool {
		if !match(m) {
			return false
		}
		last = m.Plain()
		for _, w := range wanted {
			if !w.MatchString(last) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return m, fmt.Errorf("no message matching %q: %w; the last one was:\n%s", patterns, errors.Join(err), indent(last))
	}
	fmt.Fprintf(c.Out, "%s\n%s\n", label, indent(m.Plain()))
	return m, nil
}

func indent(s string) string {
	if s == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(s, "\n", "\n    ")
}

// Pictures counts the files of the channel that are described by words that match.
func (c *Conversation) Pictures(words *regexp.Regexp) int {
	n := 0
	for _, m := range c.Slack.Messages(c.Ops) {
		for _, f := range m.Files {
			if words.MatchString(f.Alt) {
				n++
			}
		}
	}
	return n
}

// Card is the followed message as a person reads it now.
func (c *Conversation) Card() string {
	for _, m := range c.Slack.Messages(c.Ops) {
		if m.TS == c.card {
			return m.Plain()
		}
	}
	return ""
}
