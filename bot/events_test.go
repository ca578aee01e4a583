package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// hearing is a command that passes on what it hears.
func hearing(heard chan<- bot.Request, types ...string) bot.Command {
	c := bot.Command{Name: "incident", Role: bot.Anyone, Run: says("incidents")}
	for _, name := range types {
		c.On = append(c.On, bot.Event{Type: name, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
			heard <- r
			return bot.Reply{}, nil
		}})
	}
	return c
}

func next(t *testing.T, heard <-chan bot.Request, action string) bot.Request {
	t.Helper()
	select {
	case r := <-heard:
		require.Equal(t, action, r.Action)
		return r
	case <-time.After(15 * time.Second):
		require.Fail(t, "nothing was heard", action)
	}
	return bot.Request{}
}

func TestEventsOfACommand(t *testing.T) {
	s := newStage(t)
	heard := make(chan bot.Request, 100)
	s.listen(hearing(heard, "message_changed", "message_deleted", "reaction_added", "reaction_removed"))
	ts, err := s.alice.Share(s.ops, "", "look", "graph.png", []byte("png"))
	require.NoError(t, err)
	reply, err := s.bob.SayInThread(s.ops, ts, "hello")
	require.NoError(t, err)
	require.NoError(t, s.bob.React(s.ops, reply, "pushpin"))
	r := next(t, heard, "reaction_added")
	require.Equal(t, chat.Ref{Channel: s.ops, TS: reply}, r.Message)
	require.Equal(t, s.ops, r.Channel)
	require.Equal(t, "pushpin", r.Reaction)
	require.Equal(t, s.bob.ID(), r.Author)
	require.NoError(t, s.alice.React(s.ops, ts, "pushpin"))
	next(t, heard, "reaction_added")
	require.NoError(t, s.alice.Unreact(s.ops, ts, "pushpin"))
	next(t, heard, "reaction_removed")
	require.NoError(t, s.bob.Edit(s.ops, reply, "hello there"))
	r = next(t, heard, "message_changed")
	require.Equal(t, []string{"hello there", s.bob.ID(), ts, reply}, []string{r.Text, r.Author, r.Thread, r.Message.TS})
	require.NoError(t, s.alice.Edit(s.ops, ts, "look here"))
	r = next(t, heard, "message_changed")
	require.Equal(t, "graph.png", r.Files[0].Name)
	require.NoError(t, s.bob.Delete(s.ops, reply))
	r = next(t, heard, "message_deleted")
	require.Equal(t, []string{"hello there", s.bob.ID(), reply}, []string{r.Text, r.Author, r.Message.TS})
	require.NoError(t, s.alice.Delete(s.ops, ts))
	r = next(t, heard, "message_deleted")
	require.Equal(t, ts, r.Message.TS)
}

func TestEventsOfChannels(t *testing.T) {
	s := newStage(t)
	heard := make(chan bot.Request, 100)
	s.listen(hearing(heard, "member_joined_channel", "channel_archive", "channel_unarchive", "channel_rename"))
	speaker, _ := s.speak()
	for _, private := range []bool{false, true} {
		made, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: fmt.Sprint("inc-", private), Private: private})
		require.NoError(t, err)
		_, err = speaker.Invite(t.Context(), made.ID, []string{s.alice.ID()})
		require.NoError(t, err)
		r := next(t, heard, "member_joined_channel")
		require.Equal(t, []string{made.ID, s.alice.ID(), ""}, []string{r.Channel, r.User.ID, r.Message.TS})
		require.NoError(t, speaker.Rename(t.Context(), made.ID, fmt.Sprint("done-", private)))
		r = next(t, heard, "channel_rename")
		require.Equal(t, []string{made.ID, fmt.Sprint("done-", private)}, []string{r.Channel, r.Text})
	}
	s.server.SetArchived(s.ops, true)
	r := next(t, heard, "channel_archive")
	require.Equal(t, []string{s.ops, s.alice.ID()}, []string{r.Channel, r.User.ID})
	s.server.SetArchived(s.ops, false)
	next(t, heard, "channel_unarchive")
}

// TestEventsSurviveACrash holds that an event that was acknowledged is told after a restart, and told once.
func TestEventsSurviveACrash(t *testing.T) {
	s := newStage(t)
	heard := make(chan bot.Request, 100)
	began := make(chan bool, 10)
	stuck := bot.Command{Name: "incident", Role: bot.Anyone, Run: says("x"), On: []bot.Event{{Type: "reaction_added", Run: func(ctx context.Context, _ bot.Request) (bot.Reply, error) {
		began <- true
		<-ctx.Done()
		return bot.Reply{}, ctx.Err()
	}}}}
	_, stop := s.listen(stuck)
	ts, err := s.alice.Say(s.ops, "hello")
	require.NoError(t, err)
	s.server.Faults().RepeatEnvelopes(1)
	require.NoError(t, s.alice.React(s.ops, ts, "pushpin"))
	<-began
	stop()
	require.Empty(t, began)
	s.listen(hearing(heard, "reaction_added"))
	require.Equal(t, ts, next(t, heard, "reaction_added").Message.TS)
	require.NoError(t, s.alice.React(s.ops, ts, "eyes"))
	require.Equal(t, "eyes", next(t, heard, "reaction_added").Reaction)
}

func TestShortcuts(t *testing.T) {
	s := newStage(t)
	form := func(_ context.Context, r bot.Request) (bot.Reply, error) {
		return bot.Reply{Form: &chat.Form{ID: "note", Title: "Note", Meta: r.Message.TS,
			Inputs: []chat.Input{{ID: "text", Label: "Text", Kind: chat.TextArea, Initial: []string{r.Text}, Hint: "What was seen"}}}}, nil
	}
	c := bot.Command{Name: "incident", Summary: "Incidents", Role: bot.Anyone, Run: says("x"),
		Shortcuts: []bot.Shortcut{{ID: "note", Label: "Note", Summary: "Note it", OnMessage: true, Role: bot.Anyone, Run: form},
			{ID: "declare", Label: "Declare", Summary: "Declare it", Role: bot.Operator, Run: form},
			{ID: "who", Label: "Who", Summary: "Say who", OnMessage: true, Role: bot.Anyone, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
				return bot.Reply{Message: &chat.Message{Summary: fmt.Sprintf("%s wrote %q with %s in %s", r.Author, r.Text, r.Files[0].Name, r.Thread)}}, nil
			}}},
		Actions: []bot.Action{{Name: "form:note", Role: bot.Anyone, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
			return bot.Reply{Message: &chat.Message{Summary: fmt.Sprintf("noted %q of %s in %s", r.Values["text"], r.Meta, r.Channel)}}, nil
		}}}}
	m, err := bot.NewManifest(bot.Options{Commands: []bot.Command{c}})
	require.NoError(t, err)
	installed, err := json.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, s.server.Install(installed))
	s.listen(c)
	require.ErrorContains(t, s.alice.Shortcut("note"), "has no shortcut", "it is one of messages")
	ts, err := s.bob.Say(s.ops, "it is slow")
	require.NoError(t, err)
	require.NoError(t, s.alice.MessageShortcut(s.ops, ts, "note"))
	require.Equal(t, []string{"it is slow"}, s.view(s.alice, "Note").Value("text"))
	require.NoError(t, s.alice.Submit())
	s.message(s.ops, fmt.Sprintf("noted [%q] of %s in %s", "it is slow", ts, s.ops))
	require.NoError(t, s.alice.Cancel())

	file, err := s.bob.Share(s.ops, ts, "see", "graph.png", []byte("png"))
	require.NoError(t, err)
	require.NoError(t, s.alice.MessageShortcut(s.ops, file, "who"))
	answer := s.message(s.ops, fmt.Sprintf("%s wrote %q with graph.png in %s", s.bob.ID(), "see", ts))
	require.Equal(t, ts, answer.ThreadTS)

	require.NoError(t, s.alice.Shortcut("declare"))
	s.view(s.alice, "Note")
	require.NoError(t, s.alice.Fill(map[string]any{"text": "from nowhere"}))
	require.NoError(t, s.alice.Submit())
	s.message(s.alice.DM(), fmt.Sprintf("noted [%q] of  in", "from nowhere"))
	require.NoError(t, s.dave.Shortcut("declare"))
	s.message(s.dave.DM(), "You need the role `operator`")
}

// TestStackedForms holds that a form can be opened on top of another, which is there again afterwards, and that what is
// wrong with an input is shown at it.
func TestStackedForms(t *testing.T) {
	s := newStage(t)
	open := func(_ context.Context, r bot.Request) (bot.Reply, error) {
		return bot.Reply{Stack: true, Form: &chat.Form{ID: "first", Title: "First", Inputs: []chat.Input{{ID: "title", Label: "Title", Optional: true}},
			Intro: []chat.Part{chat.Actions{{Action: "more", Label: "More"}, {Action: "load", Label: "Load"}}}}}, nil
	}
	second := chat.Form{ID: "second", Title: "Second", Inputs: []chat.Input{{ID: "when", Label: "When", Kind: chat.Clock24},
		{ID: "what", Label: "What", Kind: chat.Select, Options: []chat.Option{{Value: "a", Label: "A", Hint: "the first"}}}}}
	s.listen(bot.Command{Name: "incident", Role: bot.Anyone, Run: open, Actions: []bot.Action{
		{Name: "more", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{Stack: true, Form: &second}, nil
		}},
		{Name: "load", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{Stack: true, Load: func(context.Context) (chat.Form, error) { return second, nil }}, nil
		}},
		{Name: "form:first", Role: bot.Anyone, Run: says("first sent")},
		{Name: "form:second", Role: bot.Anyone, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
			if r.Values["when"][0] > "12:00" {
				return bot.Reply{}, &chat.Problem{Say: "The time is in the future.", Fields: map[string]string{"when": "Not after 12:00.", "what": "Or *this*, by `/incident`."}}
			}
			return bot.Reply{Message: &chat.Message{Summary: "second sent " + r.Values["when"][0]}}, nil
		}},
	}})
	for _, button := range []string{"More", "Load"} {
		s.slash(s.alice, "/incident")
		require.Equal(t, 1, s.view(s.alice, "More").Depth, "there is nothing to stack upon")
		require.NoError(t, s.alice.Fill(map[string]any{"title": "kept"}))
		require.NoError(t, s.alice.ClickView(button))
		require.Equal(t, 2, s.view(s.alice, "When").Depth)
		require.NoError(t, s.alice.Fill(map[string]any{"when": "13:00", "what": "a"}))
		require.NoError(t, s.alice.Submit())
		v := s.view(s.alice, "Not after 12:00.")
		require.Contains(t, v.Plain(), "The time is in the future.")
		require.Contains(t, v.Plain(), "Or *this*, by `/incident`.")
		require.Equal(t, []string{"13:00"}, v.Value("when"))
		require.NoError(t, s.alice.Fill(map[string]any{"when": "11:00"}))
		require.NoError(t, s.alice.Submit())
		s.view(s.alice, "second sent 11:00")
		require.NoError(t, s.alice.Cancel())
		v = s.view(s.alice, "More")
		require.Equal(t, 1, v.Depth)
		require.Equal(t, []string{"kept"}, v.Value("title"))
		require.NoError(t, s.alice.Cancel())
	}
	require.Equal(t, 2, s.count(s.ops, "second sent"))
}
