package slack_test

import (
	"net/url"
	"testing"

	"github.com/chromedp/chromedp/kb"
	client "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/browser"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// show opens a view for the person who acted last.
func (w *workspace) show(method, trigger, view string) map[string]any {
	w.t.Helper()
	answer, _ := w.call(w.BotToken(), method, url.Values{"trigger_id": {trigger}, "view": {view}})
	require.Equal(w.t, true, answer["ok"], "%v", answer)
	return answer
}

func TestFormsStackOnThePage(t *testing.T) {
	w := open(t, slack.Options{})
	heard := w.record()
	w.AddShortcuts(slack.Shortcut{CallbackID: "look", Name: "Look closer", OnMessage: true})
	_, err := w.asDana.Say(w.ops, "something happened")
	require.NoError(t, err)
	page := w.browse(1200, 900)
	page.Hover(".message", "something happened")
	page.Click(`.toolbar [aria-label="More actions"]`, "")
	page.Click("[role=menuitem]", "Look closer")
	opened := w.next(heard)
	require.Equal(t, client.InteractionTypeMessageAction, opened.Type)
	require.Equal(t, "something happened", opened.Message.Text)
	w.show("views.open", opened.TriggerID, fixture(t, "form.json"))
	page.Type(`#modal [data-key="name/v"]`, "kept")
	page.Click("#modal .button", "One deeper")
	deeper := `{"type":"modal","notify_on_close":true,"title":{"type":"plain_text","text":"Level %"},"blocks":[{"type":"actions","block_id":"next","elements":[{"type":"button","action_id":"deeper","text":{"type":"plain_text","text":"One deeper"}}]}]}`
	w.show("views.push", w.next(heard).TriggerID, deeper)
	page.See("#modal h2", "Level %")
	page.Click("#modal .button", "One deeper")
	w.show("views.push", w.next(heard).TriggerID, deeper)
	page.Until(`document.querySelector("#modal").dataset.depth === "3"`)
	page.Click("#modal .button", "One deeper")
	answer, _ := w.call(w.BotToken(), "views.push", url.Values{"trigger_id": {w.next(heard).TriggerID}, "view": {deeper}})
	require.Equal(t, "push_limit_reached", answer["error"])

	page.Press(kb.Escape)
	closed := w.next(heard)
	require.Equal(t, client.InteractionTypeViewClosed, closed.Type)
	require.False(t, closed.IsCleared)
	page.Until(`document.querySelector("#modal").dataset.depth === "2"`)
	page.Click(`#modal [aria-label="Back"]`, "")
	w.next(heard)
	page.See("#modal h2", "Every input")
	require.Equal(t, "kept", browser.Eval[string](page, `document.querySelector('#modal [data-key="name/v"]').value`))
	page.Click(`#modal [aria-label="Close"]`, "")
	require.True(t, w.next(heard).IsCleared, "the cross closes all of them")
	page.Gone("#modal", "")
}

// The keyboard reaches everything, stays inside what is open, and returns to where it was.
func TestTheFocusStaysInsideForms(t *testing.T) {
	w := open(t, slack.Options{})
	heard := w.record()
	w.post("card", `[{"type":"actions","elements":[{"type":"button","action_id":"open","text":{"type":"plain_text","text":"Open"}}]}]`)
	page := w.browse(1200, 900)
	page.Type(".message .button", kb.Enter)
	w.show("views.open", w.next(heard).TriggerID, fixture(t, "form.json"))
	page.See("#modal h2", "Every input")
	for range 30 { // more than there are stops
		page.Press(kb.Tab)
		require.True(t, browser.Eval[bool](page, `document.activeElement === document.body || document.querySelector("#modal").contains(document.activeElement)`), page.Focused())
	}
	page.Type(`#modal [data-key="base/v"]`, kb.ArrowDown)
	page.See(".options", "orders")
	page.Press(kb.Escape) // closes the list only
	page.Gone(".options", "")
	page.See("#modal h2", "Every input")
	page.Press(kb.Escape)
	page.Gone("#modal", "")
	page.Until(`document.activeElement.textContent === "Open"`)
}
