package slack_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
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

func TestThePageFillsInEveryInput(t *testing.T) {
	w := open(t, slack.Options{})
	heard := w.record()
	w.AddShortcuts(slack.Shortcut{CallbackID: "new", Name: "New restore"})
	page := w.browse(1200, 900)
	page.Click(`#composer [aria-label^="Add a file"]`, "")
	page.Click("[role=menuitem]", "New restore")
	opened := w.next(heard)
	require.Equal(t, "new", opened.CallbackID)
	w.show("views.open", opened.TriggerID, fixture(t, "form.json"))
	page.See("#modal h2", "Every input")
	require.Contains(t, page.Focused(), "name/v", "the first input has the focus")

	page.Press(kb.Tab + kb.Tab + "x") // to "How many", past "Why"
	page.Click("#modal button[type=submit]", "")
	page.See("#modal .problem", "Please complete this required field.")
	require.Equal(t, 3, browser.Eval[int](page, `document.querySelectorAll("#modal .problem").length`), "name, count and mode are wrong")
	require.Contains(t, page.Focused(), "name/v")

	page.Type(`#modal [data-key="name/v"]`, "orders_look")
	page.See("#modal .counter", "11/20")
	page.Type(`#modal [data-key="count/v"]`, kb.Backspace+"12")
	page.Type(`#modal [data-key="mail/v"]`, "a@b.example")
	page.Type(`#modal [data-key="base/v"]`, kb.ArrowDown+kb.ArrowUp+kb.Enter)
	require.Equal(t, "orders", w.next(heard).ActionCallback.BlockActions[0].SelectedOption.Value, "dispatch_action tells at once")
	page.Until(`document.querySelector('#modal [data-key="count/v"]').value === "12"`)
	page.Type(`#modal [data-key="people/v"]`, "el"+kb.Enter+kb.Escape)
	page.See("#modal .chip", "eli")
	page.Type(`#modal [data-key="room/v"]`, "ops"+kb.Enter)
	page.Click("#modal .boxes label", "In place")
	page.Click("#modal .boxes label", "Announce")
	page.Type(`#modal [data-key="note/v"]`, "ask @dana")
	log := filepath.Join(t.TempDir(), "run.log")
	require.NoError(t, os.WriteFile(log, []byte("all well\n"), 0o600))
	page.Do("choose a file", chromedp.SetUploadFiles(chromedp.CSS(`#modal input[type=file]`), []string{log}))
	page.See("#modal .attached", "run.log")
	page.Click("#modal button[type=submit]", "")
	page.See("#modal .problem", "at most 9")
	page.Type(`#modal [data-key="count/v"]`, kb.Backspace)
	page.Press(kb.Enter)
	page.Gone("#modal", "")

	sent := w.next(heard)
	require.Equal(t, client.InteractionTypeViewSubmission, sent.Type)
	values := sent.View.State.Values
	require.Equal(t, "orders_look", values["name"]["v"].Value)
	require.Equal(t, "Because.", values["why"]["v"].Value)
	require.Equal(t, "1", values["count"]["v"].Value)
	require.Equal(t, "a@b.example", values["mail"]["v"].Value)
	require.Equal(t, []string{w.eli}, values["people"]["v"].SelectedUsers)
	require.Equal(t, w.ops, values["room"]["v"].SelectedChannel)
	require.EqualValues(t, 1767225600, values["at"]["v"].SelectedDateTime)
	require.Equal(t, "place", values["mode"]["v"].SelectedOption.Value)
	require.Equal(t, "announce", values["also"]["v"].SelectedOptions[0].Value)
	require.Equal(t, "run.log", values["log"]["v"].Files[0].Name)
	require.Len(t, values["note"]["v"].RichTextValue.Elements, 1)
}

// A form that is drawn anew while somebody chooses leaves them what they have typed, and the menu open.
func TestAFormDrawnAnewKeepsAnOpenMenu(t *testing.T) {
	w := open(t, slack.Options{})
	w.AddShortcuts(slack.Shortcut{Name: "New restore", CallbackID: "new"})
	heard := w.record()
	page := w.browse(1200, 900)
	page.Click(`#composer [aria-label^="Add a file"]`, "")
	page.Click("[role=menuitem]", "New restore")
	w.show("views.open", w.next(heard).TriggerID, fixture(t, "form.json"))
	page.See("#modal h2", "Every input")
	page.Click("#modal button[type=submit]", "")
	page.See("#modal .problem", "")
	page.Type(`#modal [data-key="people/v"]`, "el")
	browser.Eval[any](page, `window.before = document.querySelector("#modal .block")`)
	require.NoError(t, w.As(w.dana).Fill(map[string]any{"name": "orders_look"})) // what was wrong is not any more
	page.Until(`window.before !== document.querySelector("#modal .block")`)
	page.See("[role=option]", "eli")
	page.Press(kb.Enter)
	page.See("#modal .chip", "eli")
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
