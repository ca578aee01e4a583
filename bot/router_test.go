package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/sandbox/slack"
)

const tick = time.Millisecond

func (s *stage) wait() time.Duration { return 10 * time.Second }

// echo answers with what a request says, in the channel.
func echo(_ context.Context, r bot.Request) (bot.Reply, error) {
	return bot.Reply{Message: &chat.Message{Summary: fmt.Sprintf("%s %q", r.Action, r.Words)}}, nil
}

func backup() bot.Command {
	return bot.Command{Name: "backup", Summary: "back databases up", Usage: "[now|list]", Role: bot.Anyone, Run: echo,
		Examples: []string{"backup now orders"},
		Words: []bot.Word{
			{Name: "now", Usage: "[database…]", Summary: "take a backup", Role: bot.Operator, Run: echo},
			{Name: "list", Summary: "show the backups", Role: bot.Anyone, Run: echo}}}
}

func TestCommands(t *testing.T) {
	s := newStage(t)
	s.options.Prefix = "k-"
	restore := bot.Command{Name: "restore", Role: bot.Anyone, Run: echo, Else: &bot.Word{Role: bot.Anyone, Run: echo}}
	s.listen(backup(), restore)
	for line, want := range map[string]string{
		"/k-backup":                       `backup []`,
		"/k-backup now orders “my users”": `backup now ["orders" "my users"]`,
		"/k-backup NOW":                   `backup now []`,
		"/k-backup lst":                   `I don't know the word lst.`,
		"/k-restore b-1 users":            `restore ["b-1" "users"]`,
		"/backup list":                    `backup list []`,
		"/k-deploy":                       `I don't know the command deploy.`,
		"/k-restor":                       `Did you mean restore?`,
		"/k-backup lits":                  `Did you mean list?`,
	} {
		s.slash(s.alice, line)
		_, err := s.server.WaitMessage(s.soon(), s.ops, func(m slack.Message) bool {
			return strings.Contains(strings.ReplaceAll(m.Plain(), "`", ""), want)
		})
		require.NoError(t, err, line)
	}
	require.Eventually(t, func() bool { // what came of it is recorded after the answer
		all, err := s.events.Query(t.Context(), events.Filter{What: "command", Who: s.alice.ID()})
		return err == nil && len(all) == 9
	}, s.wait(), tick, "also what was not understood")
}

func TestMentions(t *testing.T) {
	s := newStage(t)
	s.listen(backup())
	me := "<@" + s.server.BotUserID() + ">"
	say := func(channel, thread, text string) {
		_, err := s.alice.SayInThread(channel, thread, text)
		require.NoError(t, err)
	}
	say(s.ops, "", me+" backup now orders")
	require.Empty(t, s.message(s.ops, `backup now ["orders"]`).ThreadTS)
	say(s.ops, "", "hey "+me)
	require.Equal(t, s.alice.ID(), s.message(s.ops, "What I can do").EphemeralTo)
	say(s.ops, "", me+" backp")
	require.Equal(t, s.alice.ID(), s.message(s.ops, "I don't know the command").EphemeralTo)

	root, err := s.bob.Say(s.ops, "a thread")
	require.NoError(t, err)
	say(s.ops, root, me+" /backup list")
	require.Equal(t, root, s.message(s.ops, "backup list").ThreadTS)
	say(s.ops, root, me+" backup lits")
	m := s.message(s.ops, "Did you mean `list`")
	require.Equal(t, root, m.ThreadTS)
	require.Equal(t, s.alice.ID(), m.EphemeralTo)

	dm := s.alice.DM()
	say(dm, "", "backup now users")
	require.False(t, s.message(dm, `backup now ["users"]`).Ephemeral)
	say(dm, "", "nonsense")
	s.message(dm, "I don't know the command")
	require.Equal(t, 1, s.count(dm, `backup now`)-1, "the bot answered itself")
}

func TestHelpShowsWhatOneMayUse(t *testing.T) {
	s := newStage(t)
	s.listen(backup())
	s.slash(s.alice, "/backup help")
	m := s.message(s.ops, "take a backup")
	require.Equal(t, s.alice.ID(), m.EphemeralTo)
	for _, want := range []string{"/backup now [database…]", "/backup list", "/backup now orders", "back databases up"} {
		require.Contains(t, m.Plain(), want)
	}
	s.slash(s.dave, "/backup help")
	help, err := s.server.WaitMessage(s.soon(), s.ops, func(m slack.Message) bool { return m.EphemeralTo == s.dave.ID() })
	require.NoError(t, err)
	require.Contains(t, help.Plain(), "/backup list")
	require.NotContains(t, help.Plain(), "take a backup")
}

func TestActions(t *testing.T) {
	s := newStage(t)
	c := backup()
	c.Run = func(context.Context, bot.Request) (bot.Reply, error) {
		return bot.Reply{Message: &chat.Message{Summary: "card", Parts: []chat.Part{chat.Text("the card"), chat.Actions{
			{Action: "run.show", Value: "r-1", Label: "One"}, {Action: "run.show", Value: "r-2", Label: "Two"},
			{Action: "run.hide", Label: "Hide"}, {Action: "gone", Label: "Gone"}, {URL: "https://example.com", Label: "Docs"},
			{Action: "run.secret", Label: "Secret"}}}}}, nil
	}
	show := func(_ context.Context, r bot.Request) (bot.Reply, error) {
		return bot.Reply{Message: &chat.Message{Summary: "pressed " + r.Value + " by " + r.User.ID, Private: true}}, nil
	}
	c.Actions = []bot.Action{{Name: "run.show", Role: bot.Anyone, Run: show},
		{Name: "run.secret", Role: bot.Admin, Run: show},
		{Name: "run.hide", Role: bot.Anyone, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
			return bot.Reply{Update: &chat.Message{Summary: "hidden by " + r.User.ID}}, nil
		}},
		{Name: "shortcut:note", Role: bot.Anyone, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
			return bot.Reply{Message: &chat.Message{Summary: fmt.Sprint("noted ", r.Text, " ", r.Message.TS), Private: true}}, nil
		}}}
	s.listen(c)
	s.slash(s.alice, "/backup")
	card := s.message(s.ops, "the card")
	require.NoError(t, s.bob.ClickValue(s.ops, card.TS, "One", "r-1"))
	require.Equal(t, s.bob.ID(), s.message(s.ops, "pressed r-1 by "+s.bob.ID()).EphemeralTo)
	require.NoError(t, s.bob.ClickValue(s.ops, card.TS, "Two", "r-2"))
	s.message(s.ops, "pressed r-2")
	require.NoError(t, s.bob.Click(s.ops, card.TS, "Gone"))
	s.message(s.ops, "from an older version")
	require.NoError(t, s.bob.Click(s.ops, card.TS, "Docs"))
	require.NoError(t, s.bob.Click(s.ops, card.TS, "Secret"))
	s.message(s.ops, "You need the role")
	require.NoError(t, s.bob.Click(s.ops, card.TS, "Hide"))
	hidden := s.message(s.ops, "hidden by "+s.bob.ID())
	require.Equal(t, card.TS, hidden.TS)

	ts, err := s.bob.Say(s.ops, "remember this")
	require.NoError(t, err)
	require.NoError(t, s.alice.MessageShortcut(s.ops, ts, "note"))
	require.Equal(t, s.alice.ID(), s.message(s.ops, "noted remember this "+ts).EphemeralTo)
	require.NoError(t, s.alice.Shortcut("note"))
	s.message(s.alice.DM(), "noted")
}

func TestEvents(t *testing.T) {
	s := newStage(t)
	heard := make(chan string, 100)
	for _, name := range []string{"app_home_opened", "message", "message_changed", "message_deleted", "reaction_added", "reaction_removed"} {
		s.options.On = append(s.options.On, bot.Event{Type: name, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
			heard <- fmt.Sprintf("%s %s %s %s", r.Action, r.User.ID, r.Text, r.Reaction)
			return bot.Reply{}, nil
		}})
	}
	b, _ := s.listen(backup())
	_ = b
	next := func(want string) {
		t.Helper()
		select {
		case got := <-heard:
			require.Equal(t, want, got)
		case <-time.After(10 * time.Second):
			require.Fail(t, "nothing was heard", want)
		}
	}
	a := s.alice
	ts, err := a.Say(s.ops, "hello")
	require.NoError(t, err)
	next("message " + a.ID() + " hello ")
	require.NoError(t, a.Edit(s.ops, ts, "hello there"))
	next("message_changed " + a.ID() + " hello there ")
	require.NoError(t, a.React(s.ops, ts, "eyes"))
	next("reaction_added " + a.ID() + "  eyes")
	require.NoError(t, a.Unreact(s.ops, ts, "eyes"))
	next("reaction_removed " + a.ID() + "  eyes")
	require.NoError(t, a.Delete(s.ops, ts))
	next("message_deleted " + a.ID() + " hello there ")
	require.NoError(t, a.OpenHome())
	next("app_home_opened " + a.ID() + "  ")

	// The bot's own messages and edits are not heard.
	s.slash(a, "/backup list")
	s.message(s.ops, "backup list")
	_, err = a.Say(s.ops, "end")
	require.NoError(t, err)
	next("message " + a.ID() + " end ")
}
