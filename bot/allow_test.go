package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/sandbox/slack"
)

func TestRoles(t *testing.T) {
	s := newStage(t)
	erin := s.server.As(s.server.AddUser("erin")) // an approver by group
	guest := s.server.As(s.server.AddUser("guest", slack.Guest()))
	stranger := s.server.As(s.server.AddUser("stranger", slack.OtherTeam()))
	group := s.server.AddUserGroup("approvers", erin.ID(), guest.ID(), stranger.ID())
	s.options.Roles[bot.Approver] = append(s.options.Roles[bot.Approver], group)
	// A stranger or guest who was given a role by name does not hold it either.
	s.options.Roles[bot.Admin] = append(s.options.Roles[bot.Admin], guest.ID(), stranger.ID())

	c := bot.Command{Name: "do", Role: bot.Anyone, Run: says("did anyone")}
	for _, role := range []bot.Role{bot.Anyone, bot.Operator, bot.Approver, bot.Admin} {
		c.Words = append(c.Words, bot.Word{Name: string(role), Role: role, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
			return bot.Reply{Message: &chat.Message{Summary: "did " + string(role) + " for " + r.User.ID}}, nil
		}})
	}
	b, _ := s.listen(c)
	may := map[*slack.Person]string{
		s.alice: "anyone operator", s.bob: "anyone approver", s.carol: "anyone operator approver admin", s.dave: "anyone",
		erin: "anyone approver", guest: "", stranger: "",
	}
	for person, roles := range may {
		for _, role := range []string{"anyone", "operator", "approver", "admin"} {
			s.slash(person, "/do "+role)
			allowed := strings.Contains(roles, role)
			require.Equal(t, allowed, b.May(t.Context(), person.ID(), bot.Role(role)) == nil, "%s %s", person.ID(), role)
			if allowed {
				s.message(s.ops, "did "+role+" for "+person.ID())
			}
		}
	}
	for person, why := range map[*slack.Person]string{s.dave: "You need the role admin", guest: "Guests can't ask", stranger: "other workspaces can't"} {
		m, err := s.server.WaitMessage(s.soon(), s.ops, func(m slack.Message) bool {
			return m.EphemeralTo == person.ID() && strings.Contains(strings.ReplaceAll(m.Plain(), "`", ""), why)
		})
		require.NoError(t, err, why)
		require.NotEmpty(t, m.TS)
	}
	for person, want := range map[*slack.Person]bool{s.alice: true, s.bob: true, s.carol: true, erin: true, s.dave: false, guest: false} {
		require.Equal(t, want, b.May(t.Context(), person.ID(), bot.Involved) == nil)
	}
	require.Error(t, b.May(t.Context(), s.server.BotUserID(), bot.Anyone), "the bot itself")
	require.Error(t, b.May(t.Context(), s.server.AddUser("robot", slack.BotUser()), bot.Anyone))
	require.Error(t, b.May(t.Context(), "U0NOBODY", bot.Anyone))
	require.Error(t, b.May(t.Context(), "", bot.Anyone))

	recorded := func(what string) []events.Event {
		all, err := s.events.Query(t.Context(), events.Filter{What: what})
		require.NoError(t, err)
		return all
	}
	require.Eventually(t, func() bool { return len(recorded("command")) == 28 }, s.wait(), tick)
	refused := recorded("command.refused")
	require.Len(t, refused, 2+2+0+3+2+4+4)
	require.Equal(t, events.Refused, refused[0].Outcome)
	require.Equal(t, s.ops, refused[0].Detail["channel"])
}

// TestFailClosed holds that nobody is let in when Slack cannot say who they are.
func TestFailClosed(t *testing.T) {
	s := newStage(t)
	group := s.server.AddUserGroup("operators", s.dave.ID())
	s.options.Roles[bot.Operator] = []string{group, s.alice.ID()}
	n := &tally{}
	c := counting(n)
	c.Else.Role = bot.Operator
	s.listen(c)
	s.server.Faults().MissingScope("usergroups.users.list")
	s.slash(s.dave, "/count group")
	require.Equal(t, s.dave.ID(), s.message(s.ops, "could not check whether you may").EphemeralTo)
	s.slash(s.alice, "/count direct")
	s.message(s.ops, "counted direct")
	s.server.Faults().APIError("users.info", -1, "user_not_found")
	s.slash(s.bob, "/count nobody")
	_, err := s.server.WaitMessage(s.soon(), s.ops, func(m slack.Message) bool { return m.EphemeralTo == s.bob.ID() })
	require.NoError(t, err)
	s.server.Faults().Reset()
	s.slash(s.dave, "/count group")
	s.message(s.ops, "counted group")
	require.Equal(t, map[string]int{"direct": 1, "group": 1}, n.get())
}

func TestNewRefusesWhatIsWrong(t *testing.T) {
	ok := bot.Command{Name: "ok", Role: bot.Anyone, Run: says("ok")}
	with := func(change func(*bot.Command)) bot.Command { c := ok; change(&c); return c }
	for want, o := range map[string]bot.Options{
		`the command "ok" is there twice`: {Commands: []bot.Command{ok, ok}},
		`the command "Big"`:               {Commands: []bot.Command{with(func(c *bot.Command) { c.Name = "Big" })}},
		`the role ""`:                     {Commands: []bot.Command{with(func(c *bot.Command) { c.Role = "" })}},
		`/ok has no handler`:              {Commands: []bot.Command{with(func(c *bot.Command) { c.Run = nil })}},
		`/ok now is there twice`: {Commands: []bot.Command{with(func(c *bot.Command) {
			c.Words = []bot.Word{{Name: "now", Role: bot.Anyone, Run: says("x")}, {Name: "now", Role: bot.Anyone, Run: says("x")}}
		})}},
		`the action "a" is there twice`: {Actions: []bot.Action{{Name: "a", Role: bot.Anyone, Run: says("x")}, {Name: "a", Role: bot.Anyone, Run: says("x")}}},
		`the role "boss"`:               {Roles: map[bot.Role][]string{"boss": {"U1"}}},
	} {
		_, err := bot.New(o)
		require.ErrorContains(t, err, want, want)
	}
	_, err := bot.New(bot.Options{Commands: []bot.Command{ok}})
	require.NoError(t, err)
}

func TestErrorsHaveTwoReaders(t *testing.T) {
	s := newStage(t)
	s.listen(bot.Command{Name: "fail", Role: bot.Anyone, Run: says("x"), Words: []bot.Word{
		{Name: "problem", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{}, fmt.Errorf("wrapped: %w", &chat.Problem{Say: "There is no `ordrs`.", Try: "Did you mean `orders`?",
				Err: errors.New("the inner cause"), Follow: []chat.Button{{Action: "follow", Label: "Follow"}}})
		}},
		{Name: "error", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{}, errors.New("the inner cause")
		}},
		{Name: "unshowable", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{Message: &chat.Message{Summary: "s", Parts: []chat.Part{chat.Actions{{Label: "no action"}}}}}, nil
		}},
		{Name: "panic", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) { panic("the inner cause") }},
	}})
	s.slash(s.alice, "/fail problem")
	m := s.message(s.ops, "There is no")
	require.Equal(t, s.alice.ID(), m.EphemeralTo)
	require.Contains(t, m.Plain(), "Did you mean")
	require.Contains(t, m.Plain(), "[Follow]")
	for i, word := range []string{"error", "panic", "unshowable"} {
		s.slash(s.alice, "/fail "+word)
		require.Eventually(t, func() bool { return s.count(s.ops, "Something went wrong inside opsbot (reference E-") == i+1 }, s.wait(), tick)
	}
	require.Zero(t, s.count(s.ops, "inner cause"))
	s.slash(s.alice, "/fail")
	s.message(s.ops, "x")
}
