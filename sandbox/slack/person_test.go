package slack_test

import (
	"errors"
	"strings"
	"testing"

	client "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

func TestSlashCommandReachesTheRealClientAndItsAnswerIsShown(t *testing.T) {
	w := open(t, slack.Options{})
	got := make(chan client.SlashCommand, 1)
	w.listen(func(sm *socketmode.Client, e socketmode.Event) {
		if e.Type == socketmode.EventTypeSlashCommand {
			got <- e.Data.(client.SlashCommand)
			require.NoError(t, sm.Ack(*e.Request, map[string]any{"text": "working on it"}))
		}
	})
	d, err := w.asDana.Slash(w.ops, "/backup now  @eli <orders>")
	require.NoError(t, err)
	require.NotEmpty(t, d.EnvelopeID)
	require.JSONEq(t, `{"text":"working on it"}`, string(d.AckPayload))
	command := <-got
	require.Equal(t, "/backup", command.Command)
	require.Equal(t, "now  <@"+w.eli+"> &lt;orders&gt;", command.Text)
	require.Equal(t, w.dana, command.UserID)
	require.Equal(t, "ops", command.ChannelName)
	require.Equal(t, w.TeamID(), command.TeamID)

	messages := w.Messages(w.ops)
	require.Len(t, messages, 1)
	require.Equal(t, "working on it", messages[0].Plain())
	require.True(t, messages[0].Ephemeral)
	require.Equal(t, w.dana, messages[0].EphemeralTo)

	require.NoError(t, client.PostWebhookContext(w.ctx, command.ResponseURL, &client.WebhookMessage{Text: "done", ResponseType: "in_channel"}))
	m, err := w.WaitMessage(w.ctx, w.ops, func(m slack.Message) bool { return m.Text == "done" })
	require.NoError(t, err)
	require.False(t, m.Ephemeral)
}

func TestSlashCommandWithoutAppOrAckFailsForThePerson(t *testing.T) {
	w := open(t, slack.Options{AckTimeout: 50e6})
	_, err := w.asDana.Slash(w.ops, "/backup")
	var refusal *slack.Refusal
	require.True(t, errors.As(err, &refusal))
	require.Equal(t, "dispatch_failed", refusal.Code)

	w.dial()
	_, err = w.asDana.Slash(w.ops, "/backup")
	require.True(t, errors.As(err, &refusal))
	require.Equal(t, "operation_timeout", refusal.Code)

	w.AddCommands(slack.Command{Name: "/restore"})
	_, err = w.asDana.Slash(w.ops, "/backup")
	require.ErrorContains(t, err, "/backup is not a valid command")
	_, err = w.asDana.SayInThread(w.ops, "1.000001", "/restore")
	require.ErrorContains(t, err, "not supported in threads")
}

// formBot opens a form for the button "open", reloads it when its kind changes, and refuses the first submission.
func (w *workspace) formBot() {
	submissions := 0
	w.listen(func(sm *socketmode.Client, e socketmode.Event) {
		i, ok := e.Data.(client.InteractionCallback)
		if !ok || i.Type == client.InteractionTypeBlockActions {
			require.NoError(w.t, sm.Ack(*e.Request))
		}
		switch {
		case i.Type == client.InteractionTypeViewSubmission:
			if submissions++; submissions == 1 {
				require.NoError(w.t, sm.Ack(*e.Request, client.NewErrorsViewSubmissionResponse(map[string]string{"name": "taken"})))
				return
			}
			held := i.View.State.Values
			require.Equal(w.t, "orders_2", held["name"]["value"].Value)
			require.Equal(w.t, "full", held["kind"]["value"].SelectedOption.Value)
			require.Len(w.t, held["parts"]["value"].SelectedOptions, 2)
			require.NoError(w.t, sm.Ack(*e.Request))
		case ok && i.ActionCallback.BlockActions[0].ActionID == "open":
			require.Equal(w.t, "b1", i.ActionCallback.BlockActions[0].Value)
			require.Equal(w.t, w.ops, i.Channel.ID)
			require.Equal(w.t, i.Container.MessageTs, i.Message.Timestamp)
			_, err := w.api.OpenView(i.TriggerID, modal("Restore", form("first")...))
			require.NoError(w.t, err)
		case ok:
			require.Equal(w.t, "kind", i.ActionCallback.BlockActions[0].BlockID)
			require.Equal(w.t, "full", i.ActionCallback.BlockActions[0].SelectedOption.Value)
			_, err := w.api.UpdateView(modal("Restore", form("changed")...), "", i.View.Hash, i.View.ID)
			require.NoError(w.t, err)
		}
	})
}

func TestButtonsFormsAndTheirErrors(t *testing.T) {
	w := open(t, slack.Options{})
	w.formBot()
	_, ts, err := w.api.PostMessageContext(w.ctx, w.ops, client.MsgOptionText("card", false), client.MsgOptionBlocks(
		section("*Backup* of <@"+w.eli+">"), client.NewActionBlock("", button("open", "b1", "Restore"), button("other", "b2", "Other"))))
	require.NoError(t, err)
	require.Equal(t, "*Backup* of @eli\n[Restore] [Other]", w.Messages(w.ops)[0].Plain())

	require.ErrorContains(t, w.asDana.Click(w.ops, ts, "Nothing"), `0 elements are named "Nothing"; there are: Restore`)
	require.NoError(t, w.asDana.Click(w.ops, ts, "restore"))
	v, err := w.WaitView(w.ctx, w.dana, func(v slack.View) bool { return v.Title == "Restore" })
	require.NoError(t, err)
	require.Contains(t, v.Plain(), "first")
	require.Equal(t, []string{"some"}, v.Value("Kind"))

	var wrong *slack.FormError
	require.ErrorAs(t, w.asDana.Submit(), &wrong)
	require.Equal(t, map[string]string{"name": "Please complete this required field."}, wrong.Fields)
	require.ErrorContains(t, w.asDana.Fill(map[string]any{"nothing": "x"}), `no input "nothing"`)
	require.ErrorContains(t, w.asDana.Fill(map[string]any{"kind": "half"}), "does not offer")

	require.NoError(t, w.asDana.Fill(map[string]any{"Name": "orders_2", "kind": "All of it", "parts": []string{"a", "b"}}))
	v, err = w.WaitView(w.ctx, w.dana, func(v slack.View) bool { return strings.Contains(v.Plain(), "changed") })
	require.NoError(t, err)
	require.Equal(t, []string{"orders_2"}, v.Value("name"), "what was entered survives an update")

	require.ErrorAs(t, w.asDana.Submit(), &wrong)
	require.Equal(t, map[string]string{"name": "taken"}, wrong.Fields)
	v, isOpen := w.asDana.View()
	require.True(t, isOpen)
	require.Contains(t, v.Plain(), "! taken")
	require.NoError(t, w.asDana.Submit())
	_, isOpen = w.asDana.View()
	require.False(t, isOpen)
}

func form(intro string) []client.Block {
	choice := func(value, label string) *client.OptionBlockObject {
		return client.NewOptionBlockObject(value, plain(label), nil)
	}
	name := client.NewInputBlock("name", plain("Name"), nil, client.NewPlainTextInputBlockElement(nil, "value"))
	kinds := client.NewOptionsSelectBlockElement(client.OptTypeStatic, nil, "value", choice("some", "Some"), choice("full", "All of it"))
	kinds.InitialOption = choice("some", "Some")
	kind := client.NewInputBlock("kind", plain("Kind"), nil, kinds).WithDispatchAction(true)
	parts := client.NewInputBlock("parts", plain("Parts"), nil,
		client.NewCheckboxGroupsBlockElement("value", choice("a", "A"), choice("b", "B"))).WithOptional(true)
	return []client.Block{section(intro), name, kind, parts}
}

func TestEventsReachTheRealClient(t *testing.T) {
	w := open(t, slack.Options{})
	events := make(chan any, 20)
	w.listen(func(sm *socketmode.Client, e socketmode.Event) {
		require.NoError(t, sm.Ack(*e.Request))
		events <- e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data
	})
	ts, err := w.asDana.Say(w.ops, "<@"+w.BotUserID()+"> help & thanks")
	require.NoError(t, err)
	said := (<-events).(*slackevents.MessageEvent)
	require.Equal(t, "<@"+w.BotUserID()+"> help &amp; thanks", said.Text)
	require.Equal(t, "channel", said.ChannelType)
	mention := (<-events).(*slackevents.AppMentionEvent)
	require.Equal(t, ts, mention.TimeStamp)
	require.Equal(t, w.dana, mention.User)

	require.NoError(t, w.asDana.React(w.ops, ts, "eyes"))
	require.Equal(t, "eyes", (<-events).(*slackevents.ReactionAddedEvent).Reaction)
	require.NoError(t, w.asDana.Unreact(w.ops, ts, "eyes"))
	require.Equal(t, "eyes", (<-events).(*slackevents.ReactionRemovedEvent).Reaction)

	require.NoError(t, w.asDana.Edit(w.ops, ts, "never mind"))
	changed := (<-events).(*slackevents.MessageEvent)
	require.Equal(t, "message_changed", changed.SubType)
	require.Equal(t, "never mind", changed.Message.Text)
	require.NoError(t, w.asDana.Delete(w.ops, ts))
	require.Equal(t, "message_deleted", (<-events).(*slackevents.MessageEvent).SubType)
	require.True(t, w.Messages(w.ops)[0].Deleted)

	require.NoError(t, w.asDana.OpenHome())
	opened := (<-events).(*slackevents.AppHomeOpenedEvent)
	require.Equal(t, w.dana, opened.User)
	_, err = w.api.PublishViewContext(w.ctx, client.PublishViewContextRequest{UserID: w.dana,
		View: client.HomeTabViewRequest{Type: client.VTHomeTab, Blocks: client.Blocks{BlockSet: []client.Block{section("at home")}}}})
	require.NoError(t, err)
	home, ok := w.asDana.Home()
	require.True(t, ok)
	require.Equal(t, "at home", home.Plain())

	answer, err := w.asDana.Say(w.asDana.DM(), "hello")
	require.NoError(t, err)
	direct := (<-events).(*slackevents.MessageEvent)
	require.Equal(t, "im", direct.ChannelType)
	require.Equal(t, answer, direct.TimeStamp)
}

func TestShortcutsAndClosings(t *testing.T) {
	w := open(t, slack.Options{})
	seen := make(chan client.InteractionCallback, 5)
	w.listen(func(sm *socketmode.Client, e socketmode.Event) {
		require.NoError(t, sm.Ack(*e.Request))
		if i, ok := e.Data.(client.InteractionCallback); ok {
			seen <- i
		}
	})
	require.NoError(t, w.asDana.Shortcut("declare"))
	i := <-seen
	require.Equal(t, client.InteractionTypeShortcut, i.Type)
	require.Equal(t, "declare", i.CallbackID)
	view := modal("Declare", section("x"))
	view.NotifyOnClose, view.Submit = true, nil
	_, err := w.api.OpenView(i.TriggerID, view)
	require.NoError(t, err)
	require.ErrorContains(t, w.asDana.Submit(), "cannot be submitted")
	require.NoError(t, w.asDana.Cancel())
	i = <-seen
	require.Equal(t, client.InteractionTypeViewClosed, i.Type)
	require.Equal(t, "form", i.View.CallbackID)
	require.ErrorContains(t, w.asDana.Cancel(), "no form open")

	ts, err := w.asDana.Say(w.ops, "something happened")
	require.NoError(t, err)
	require.NoError(t, w.asDana.MessageShortcut(w.ops, ts, "note"))
	i = <-seen
	require.Equal(t, client.InteractionTypeMessageAction, i.Type)
	require.Equal(t, "something happened", i.Message.Text)
}

func TestMenusInMessagesAndHome(t *testing.T) {
	w := open(t, slack.Options{})
	used := make(chan client.InteractionCallback, 5)
	w.listen(func(sm *socketmode.Client, e socketmode.Event) {
		require.NoError(t, sm.Ack(*e.Request))
		if i, ok := e.Data.(client.InteractionCallback); ok {
			used <- i
		}
	})
	option := client.NewOptionBlockObject("a", plain("Export"), nil)
	menu := client.NewOptionsSelectBlockElement(client.OptTypeStatic, plain("More"), "pick", option, client.NewOptionBlockObject("b", plain("Other"), nil))
	blocks := []client.Block{client.NewActionBlock("row", menu, button("same", "1", "Go"), button("same2", "2", "Go"))}
	_, ts, err := w.api.PostMessage(w.ops, client.MsgOptionBlocks(blocks...))
	require.NoError(t, err)
	require.NoError(t, w.asDana.Choose(w.ops, ts, "More", "Export"))
	require.Equal(t, "a", (<-used).ActionCallback.BlockActions[0].SelectedOption.Value)
	require.ErrorContains(t, w.asDana.Click(w.ops, ts, "Go"), "2 elements are named")
	require.NoError(t, w.asDana.ClickValue(w.ops, ts, "Go", "2"))
	i := <-used
	require.Equal(t, "same2", i.ActionCallback.BlockActions[0].ActionID)
	require.Equal(t, "a", i.BlockActionState.Values["row"]["pick"].SelectedOption.Value, "the choice stays in the message's state")

	_, err = w.api.PublishViewContext(w.ctx, client.PublishViewContextRequest{UserID: w.dana,
		View: client.HomeTabViewRequest{Type: client.VTHomeTab, Blocks: client.Blocks{BlockSet: blocks}}})
	require.NoError(t, err)
	require.NoError(t, w.asDana.ClickHome("same"))
	i = <-used
	require.Equal(t, client.VTHomeTab, i.View.Type)
	require.Equal(t, w.dana, i.User.ID)
	require.Error(t, w.As(w.eli).ClickHome("same"))
}

func TestPeopleOfOtherWorkspacesAreMarked(t *testing.T) {
	w := open(t, slack.Options{})
	sam := w.AddUser("sam", slack.OtherTeam())
	r := w.line()
	done := make(chan error, 1)
	go func() { _, err := w.As(sam).Slash(w.AddChannel("shared", sam), "/x"); done <- err }()
	e := r.next()
	r.ack(e, nil)
	require.NoError(t, <-done)
	require.NotEqual(t, w.TeamID(), e["payload"].(map[string]any)["team_id"])

	_, err := w.As(sam).Say(w.Channel("shared"), "<@"+w.BotUserID()+"> hello")
	require.NoError(t, err)
	for range 2 { // message and app_mention
		e = r.next()
		r.ack(e, nil)
		payload := e["payload"].(map[string]any)
		require.Equal(t, w.TeamID(), payload["team_id"])
		require.Equal(t, true, payload["is_ext_shared_channel"])
		require.NotEqual(t, w.TeamID(), payload["event"].(map[string]any)["user_team"])
		require.NotEmpty(t, payload["event"].(map[string]any)["user_team"])
	}
}

func TestAppsAreApart(t *testing.T) {
	w := open(t, slack.Options{})
	other := w.AddApp("deploybot")
	_, ts, err := w.api.PostMessage(w.ops, client.MsgOptionText("mine", false))
	require.NoError(t, err)
	theirs := client.New(other.BotToken, client.OptionAPIURL(w.APIURL()))
	_, _, err = theirs.PostMessage(w.ops, client.MsgOptionText("x", false))
	require.EqualError(t, err, "not_in_channel")
	_, _, _, err = theirs.JoinConversation(w.ops)
	require.NoError(t, err)
	_, _, _, err = theirs.UpdateMessage(w.ops, ts, client.MsgOptionText("x", false))
	require.EqualError(t, err, "cant_update_message")
	_, err = theirs.OpenView(w.trigger(), modal("x", section("x")))
	require.EqualError(t, err, "invalid_trigger_id")
}
