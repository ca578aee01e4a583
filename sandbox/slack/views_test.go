package slack_test

import (
	"testing"
	"time"

	client "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

// trigger lets dana send a command and answers its trigger.
func (w *workspace) trigger() string {
	w.t.Helper()
	return w.command()["trigger_id"].(string)
}

// command answers the payload of a slash command of dana's.
func (w *workspace) command() map[string]any {
	w.t.Helper()
	r := w.line()
	done := make(chan error, 1)
	go func() { _, err := w.asDana.Slash(w.ops, "/x"); done <- err }()
	e := r.next()
	for r.ack(e, nil); e["type"] != "slash_commands"; r.ack(e, nil) {
		e = r.next()
	}
	require.NoError(w.t, <-done)
	return e["payload"].(map[string]any)
}

func TestTriggersAreForOneViewAndThreeSeconds(t *testing.T) {
	clock := time.Unix(1_700_000_000, 0)
	w := open(t, slack.Options{Now: func() time.Time { return clock }})
	view := modal("A", section("x"))
	_, err := w.api.OpenView("12.34.ab", view)
	require.EqualError(t, err, "expired_trigger_id")
	_, err = w.api.OpenView("nonsense", view)
	require.EqualError(t, err, "invalid_arguments")
	trigger := w.trigger()
	opened, err := w.api.OpenView(trigger, view)
	require.NoError(t, err)
	require.Equal(t, opened.ID, opened.RootViewID)
	_, err = w.api.OpenView(trigger, view)
	require.EqualError(t, err, "exchanged_trigger_id")
	late := w.trigger()
	clock = clock.Add(3*time.Second + time.Millisecond)
	_, err = w.api.OpenView(late, view)
	require.EqualError(t, err, "expired_trigger_id")
}

func TestViewsStackAndHashes(t *testing.T) {
	w := open(t, slack.Options{})
	first, err := w.api.OpenView(w.trigger(), modal("first", section("x")))
	require.NoError(t, err)
	second, err := w.api.PushView(w.trigger(), modal("second", section("x")))
	require.NoError(t, err)
	require.Equal(t, first.ID, second.PreviousViewID)
	_, err = w.api.PushView(w.trigger(), modal("third", section("x")))
	require.NoError(t, err)
	_, err = w.api.PushView(w.trigger(), modal("fourth", section("x")))
	require.EqualError(t, err, "push_limit_reached")
	require.NoError(t, w.asDana.Cancel())
	v, ok := w.asDana.View()
	require.True(t, ok)
	require.Equal(t, "second", v.Title)
	require.Equal(t, 2, v.Depth)

	_, err = w.api.UpdateView(modal("second again", section("x")), "", second.Hash, second.ID)
	require.NoError(t, err)
	_, err = w.api.UpdateView(modal("too late", section("x")), "", second.Hash, second.ID)
	require.EqualError(t, err, "hash_conflict")
	_, err = w.api.UpdateView(modal("nowhere", section("x")), "", "", "V1")
	require.EqualError(t, err, "not_found")

	named := modal("named", section("x"))
	named.ExternalID = "mine"
	_, err = w.api.OpenView(w.trigger(), named)
	require.NoError(t, err)
	_, err = w.api.PushView(w.trigger(), named)
	require.EqualError(t, err, "duplicate_external_id")
	_, err = w.api.UpdateView(modal("by name", section("x")), "mine", "", "")
	require.NoError(t, err)
}

func TestAnswersToSubmissions(t *testing.T) {
	w := open(t, slack.Options{})
	answer := func(payload any) error {
		_, err := w.api.OpenView(w.trigger(), modal("form", form("x")...))
		require.NoError(t, err)
		require.NoError(t, w.asDana.Fill(map[string]any{"name": "n"}))
		r := w.line()
		done := make(chan error, 1)
		go func() { done <- w.asDana.Submit() }()
		r.ack(r.next(), payload)
		return <-done
	}
	title := func() string {
		v, _ := w.asDana.View()
		return v.Title
	}
	require.NoError(t, answer(nil))
	require.Equal(t, "", title())
	update := modal("updated", section("x"))
	require.NoError(t, answer(client.NewUpdateViewSubmissionResponse(&update)))
	require.Equal(t, "updated", title())
	require.NoError(t, answer(client.NewPushViewSubmissionResponse(&update)))
	v, _ := w.asDana.View()
	require.Equal(t, 2, v.Depth)
	require.NoError(t, answer(client.NewClearViewSubmissionResponse()))
	require.Equal(t, "", title())
	for _, broken := range []any{
		map[string]any{"response_action": "dance"},
		client.NewErrorsViewSubmissionResponse(map[string]string{"no such block": "x"}),
		map[string]any{"response_action": "update", "view": map[string]any{"type": "modal"}},
	} {
		require.ErrorContains(t, answer(broken), "trouble connecting")
		require.Equal(t, "form", title())
	}
}

func TestResponseURLsAreForFiveUsesAndHalfAnHour(t *testing.T) {
	clock := time.Unix(1_700_000_000, 0)
	w := open(t, slack.Options{Now: func() time.Time { return clock }})
	address := w.command()["response_url"].(string)
	post := func(m *client.WebhookMessage) error { return client.PostWebhook(address, m) }
	for range 5 {
		require.NoError(t, post(&client.WebhookMessage{Text: "x"}))
	}
	require.Error(t, post(&client.WebhookMessage{Text: "x"}))
	require.Len(t, w.Messages(w.ops), 5)
	require.True(t, w.Messages(w.ops)[0].Ephemeral)
	address = w.command()["response_url"].(string)
	clock = clock.Add(31 * time.Minute)
	require.Error(t, post(&client.WebhookMessage{Text: "x"}))
	calls := w.Calls()
	require.Equal(t, "expired_url", calls[len(calls)-1].Error)
}

func TestResponseURLsReplaceAndDelete(t *testing.T) {
	w := open(t, slack.Options{})
	_, err := w.api.PostEphemeral(w.ops, w.dana, client.MsgOptionBlocks(client.NewActionBlock("", button("a", "1", "Do"))))
	require.NoError(t, err)
	r := w.line()
	press := func() string {
		done := make(chan error, 1)
		go func() { done <- w.asDana.Click(w.ops, w.Messages(w.ops)[0].TS, "a") }()
		e := r.next()
		r.ack(e, nil)
		require.NoError(t, <-done)
		payload := e["payload"].(map[string]any)
		require.Equal(t, true, payload["container"].(map[string]any)["is_ephemeral"])
		require.NotContains(t, payload, "message")
		return payload["response_url"].(string)
	}
	require.ErrorContains(t, w.As(w.eli).Click(w.ops, w.Messages(w.ops)[0].TS, "a"), "sees no message")
	require.NoError(t, client.PostWebhook(press(), &client.WebhookMessage{ReplaceOriginal: true, Text: "done",
		Blocks: &client.Blocks{BlockSet: []client.Block{client.NewActionBlock("", button("a", "1", "Again"))}}}))
	require.Equal(t, "[Again]", w.Messages(w.ops)[0].Plain())
	require.NoError(t, client.PostWebhook(press(), &client.WebhookMessage{DeleteOriginal: true}))
	require.True(t, w.Messages(w.ops)[0].Deleted)
	require.Len(t, w.Messages(w.ops), 1)
}
