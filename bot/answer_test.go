package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// asking is a command whose form is answered by submit.
func asking(submit bot.Handler) bot.Command {
	form := func(_ context.Context, r bot.Request) (bot.Reply, error) {
		f := chat.Form{ID: "ask", Title: "Ask", Meta: "meta|data", Inputs: []chat.Input{
			{ID: "database", Label: "Database", Kind: chat.Select, Reload: true, Options: []chat.Option{{Value: "orders", Label: "Orders"}, {Value: "users", Label: "Users"}}},
			{ID: "reason", Label: "Reason", Kind: chat.TextLine}}}
		if r.Changed != "" {
			f.Inputs[0].Initial = r.Values["database"]
			f.Intro = []chat.Part{chat.Text("chosen: " + strings.Join(r.Values["database"], ","))}
		}
		return bot.Reply{Form: &f}, nil
	}
	return bot.Command{Name: "ask", Role: bot.Anyone, Run: form, Actions: []bot.Action{
		{Name: "form:ask", Role: bot.Anyone, Run: func(ctx context.Context, r bot.Request) (bot.Reply, error) {
			if r.Changed != "" {
				return form(ctx, r)
			}
			return submit(ctx, r)
		}},
		{Name: "close:ask", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{Message: &chat.Message{Summary: "never mind", Private: true}}, nil
		}},
	}}
}

func TestForm(t *testing.T) {
	s := newStage(t)
	s.listen(asking(func(_ context.Context, r bot.Request) (bot.Reply, error) {
		if r.Values["reason"][0] == "bad" {
			return bot.Reply{}, &chat.Problem{Say: "That is no reason.", Try: "Give a better one."}
		}
		if r.Values["reason"][0] == "worse" {
			return bot.Reply{}, errors.New("boom")
		}
		return bot.Reply{Message: &chat.Message{Summary: fmt.Sprint("asked for ", r.Values["database"], " because ", r.Values["reason"], " with ", r.Meta)}}, nil
	}))
	s.slash(s.alice, "/ask")
	s.view(s.alice, "Ask")
	require.NoError(t, s.alice.Fill(map[string]any{"database": "users"}))
	v := s.view(s.alice, "chosen: users")
	require.Equal(t, []string{"users"}, v.Value("database"))
	require.NoError(t, s.alice.Fill(map[string]any{"reason": "bad"}))
	require.NoError(t, s.alice.Submit())
	v = s.view(s.alice, "That is no reason. Give a better one.")
	require.Equal(t, []string{"users"}, v.Value("database"), "what was entered is kept")
	require.Equal(t, []string{"bad"}, v.Value("reason"))
	require.NoError(t, s.alice.Fill(map[string]any{"reason": "worse"}))
	require.NoError(t, s.alice.Submit())
	s.view(s.alice, "Something went wrong inside opsbot (reference E-")
	require.NoError(t, s.alice.Fill(map[string]any{"reason": "audit"}))
	require.NoError(t, s.alice.Submit())
	m := s.message(s.ops, "asked for [users] because [audit] with meta|data")
	require.False(t, m.Ephemeral)
	s.view(s.alice, "asked for")
	require.NoError(t, s.alice.Cancel())

	s.slash(s.alice, "/ask")
	s.view(s.alice, "Reason")
	require.NoError(t, s.alice.Cancel())
	require.Equal(t, s.alice.ID(), s.message(s.ops, "never mind").EphemeralTo)
}

// TestFormWithoutTrigger holds that a form can be had where Slack gives no trigger, or an old one.
func TestFormWithoutTrigger(t *testing.T) {
	s := newStage(t)
	var asked atomic.Int64
	c := asking(says("thanks"))
	form := c.Run
	c.Run = func(ctx context.Context, r bot.Request) (bot.Reply, error) { asked.Add(1); return form(ctx, r) }
	_, stop := s.listen(c)
	open := func(channel string) {
		t.Helper()
		button := s.message(channel, "Your form is ready")
		require.NoError(t, s.alice.Click(channel, button.TS, "Open the form"))
		s.view(s.alice, "Reason")
		require.Eventually(t, func() bool { return s.count(channel, "Your form is ready") == 0 }, s.wait(), tick, "the button is taken away")
		require.NoError(t, s.alice.Cancel())
	}
	_, err := s.alice.Say(s.ops, "<@"+s.server.BotUserID()+"> ask")
	require.NoError(t, err)
	open(s.ops)
	s.server.Faults().APIError("views.open", 1, "expired_trigger_id")
	s.slash(s.alice, "/ask")
	open(s.ops)
	require.EqualValues(t, 4, asked.Load())
	s.server.Faults().LoseAnswers("views.open", 1)
	s.slash(s.alice, "/ask")
	s.view(s.alice, "Reason")
	require.Zero(t, s.count(s.ops, "Your form is ready"), "the form was open although the answer was lost")
	require.NoError(t, s.alice.Cancel())

	_, err = s.alice.Say(s.ops, "<@"+s.server.BotUserID()+"> ask")
	require.NoError(t, err)
	button := s.message(s.ops, "Your form is ready")
	stop()
	s.listen(c)
	require.NoError(t, s.alice.Click(s.ops, button.TS, "Open the form"), "after a restart")
	s.view(s.alice, "Reason")
}

func TestLoadedForm(t *testing.T) {
	s := newStage(t)
	release := make(chan error, 1)
	load := func(context.Context, bot.Request) (bot.Reply, error) {
		return bot.Reply{Load: func(ctx context.Context) (chat.Form, error) {
			return chat.Form{ID: "big", Title: "Big", Inputs: []chat.Input{{ID: "x", Label: "Loaded input", Kind: chat.TextLine}}}, <-release
		}}, nil
	}
	s.listen(bot.Command{Name: "big", Role: bot.Anyone, Run: load, Actions: []bot.Action{{Name: "form:big", Role: bot.Anyone, Run: load}}})
	s.slash(s.alice, "/big")
	s.view(s.alice, "Loading…")
	release <- nil
	s.view(s.alice, "Loaded input")
	require.NoError(t, s.alice.Fill(map[string]any{"x": "y"}))
	require.NoError(t, s.alice.Submit())
	release <- &chat.Problem{Say: "The database is away."}
	s.view(s.alice, "The database is away.")
}

// TestPrivateAnswers holds that the person hears of it wherever they asked.
func TestPrivateAnswers(t *testing.T) {
	s := newStage(t)
	far := s.server.AddPrivateChannel("far", s.alice.ID())
	var days atomic.Int64
	s.options.Now = func() time.Time { return time.Now().Add(time.Duration(days.Load()) * 24 * time.Hour) }
	s.listen(bot.Command{Name: "tell", Role: bot.Anyone, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
		return bot.Reply{Message: &chat.Message{Summary: "private to you", Private: true}}, nil
	}, Words: []bot.Word{{Name: "all", Role: bot.Anyone, Run: says("public for all")},
		{Name: "late", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			days.Add(1)
			return bot.Reply{Message: &chat.Message{Summary: "late to you", Private: true}}, nil
		}}}})
	_, err := s.alice.Slash(far, "/tell") // the bot is not there: by the response URL
	require.NoError(t, err)
	require.Equal(t, s.alice.ID(), s.message(far, "private to you").EphemeralTo)
	_, err = s.alice.Slash(far, "/tell all")
	require.NoError(t, err)
	require.False(t, s.message(far, "public for all").Ephemeral)
	_, err = s.alice.Slash(far, "/tell late") // that is too old by now: by a direct message
	require.NoError(t, err)
	s.message(s.alice.DM(), "late to you")
	_, err = s.alice.Slash(s.alice.DM(), "/tell")
	require.NoError(t, err)
	require.False(t, s.message(s.alice.DM(), "private to you").Ephemeral)
}

func TestHomeButtons(t *testing.T) {
	s := newStage(t)
	s.options.Home = bot.Home{Sections: []bot.Section{{Name: "all", Draw: func(context.Context, bot.Viewer) ([]chat.Part, error) {
		return []chat.Part{chat.Text("Welcome"), chat.Actions{{Action: "ask.open", Label: "Ask"}, {Action: "ask.say", Label: "Say"}}}, nil
	}}}}
	c := asking(says("answered from home"))
	c.Actions = append(c.Actions, bot.Action{Name: "ask.open", Role: bot.Anyone, Run: c.Run}, bot.Action{Name: "ask.say", Role: bot.Anyone, Run: echo})
	s.listen(c)
	require.NoError(t, s.alice.OpenHome())
	s.view(s.alice, "Welcome")
	require.NoError(t, s.alice.ClickHome("Say"))
	s.message(s.alice.DM(), "ask.say")
	require.NoError(t, s.alice.ClickHome("Ask"))
	s.view(s.alice, "Reason")
	require.NoError(t, s.alice.Fill(map[string]any{"database": "users", "reason": "x"}))
	require.NoError(t, s.alice.Submit())
	s.message(s.alice.DM(), "answered from home")
}

func TestUpdateOfAPrivateMessage(t *testing.T) {
	s := newStage(t)
	s.listen(bot.Command{Name: "panel", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
		return bot.Reply{Message: &chat.Message{Summary: "panel", Private: true, Parts: []chat.Part{chat.Text("a panel"), chat.Actions{{Action: "panel.next", Label: "Next"}}}}}, nil
	}, Actions: []bot.Action{{Name: "panel.next", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
		return bot.Reply{Update: &chat.Message{Summary: "page two"}}, nil
	}}}})
	s.slash(s.alice, "/panel")
	panel := s.message(s.ops, "a panel")
	require.NoError(t, s.alice.Click(s.ops, panel.TS, "Next"))
	m := s.message(s.ops, "page two")
	require.Equal(t, panel.TS, m.TS)
	require.Equal(t, s.alice.ID(), m.EphemeralTo)
}
