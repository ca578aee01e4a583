package slack_test

import (
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	client "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/browser"
	"github.com/kampyn/opsbot/sandbox/slack"
)

func fixture(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(data)
}

// post posts blocks as the bot.
func (w *workspace) post(text, blocks string) {
	w.t.Helper()
	answer, _ := w.call(w.BotToken(), "chat.postMessage", url.Values{"channel": {w.ops}, "text": {text}, "blocks": {blocks}})
	require.Equal(w.t, true, answer["ok"], "%v", answer)
}

// record acknowledges everything and hands on what people did.
func (w *workspace) record() <-chan client.InteractionCallback {
	heard := make(chan client.InteractionCallback, 20)
	w.listen(func(sm *socketmode.Client, e socketmode.Event) {
		require.NoError(w.t, sm.Ack(*e.Request))
		if data, ok := e.Data.(client.InteractionCallback); ok {
			heard <- data
		}
	})
	return heard
}

func (w *workspace) next(heard <-chan client.InteractionCallback) client.InteractionCallback {
	w.t.Helper()
	select {
	case one := <-heard:
		return one
	case <-time.After(30 * time.Second):
		w.t.Fatal("the app heard nothing")
	}
	return client.InteractionCallback{}
}

func TestThePageDrawsAndUsesEveryBlock(t *testing.T) {
	w := open(t, slack.Options{})
	heard := w.record()
	action := func() *client.BlockAction {
		t.Helper()
		return w.next(heard).ActionCallback.BlockActions[0]
	}
	page := w.browse(1200, 900)
	w.post("all", fixture(t, "blocks.json"))
	page.See(".message h3", "Every kind of block 🚀")
	text := page.Text(".message .content")
	for _, shown := range []string{"Bold, italic, struck, code, a link, 🎉 and Nov 14, 2023 at", "total 0", "plain *stays* plain", "payments", "first",
		"deeper", "said before", `{"ok": true}`, "read only"} {
		require.Contains(t, text, shown)
	}
	require.Equal(t, "https://example.com/a?b=1&c=2", browser.Eval[string](page, `document.querySelector(".section a").href`), "links are unescaped")

	page.Click(".actions .button", "Approve")
	require.Equal(t, "go", action().ActionID)

	page.Click(".actions .button", "Delete")
	page.See("#confirm", "This cannot be undone.")
	page.Press(kb.Escape)
	page.Gone("#confirm", "")
	require.Contains(t, page.Focused(), "Delete", "the focus returns")
	page.Click(".actions .button", "Delete")
	page.Click("#confirm button", "Delete it")
	require.Equal(t, "stop", action().ActionID)

	page.Click(`.message [aria-label="Which one"]`, "")
	page.See(".options .menu-title", "Older")
	page.Press("morn" + kb.Enter)
	require.Equal(t, "morning", action().SelectedOption.Value)

	page.Click(`.message [aria-label="Up to two"]`, "")
	page.Click(".options [role=option]", "carts")
	require.Len(t, action().SelectedOptions, 2)
	page.Click(".options [role=option]", "orders") // one too many
	page.Press(kb.Escape)
	page.Gone(".options", "")
	page.Click(`.chip [aria-label="Remove payments"]`, "")
	left := action().SelectedOptions
	require.Len(t, left, 1)
	require.Equal(t, "carts", left[0].Value)

	page.Click(`.message [aria-label="More options"]`, "")
	page.Press("f" + kb.Enter)
	require.Equal(t, "forget", action().SelectedOption.Value)

	page.Click(`.message [aria-label="A person"]`, "")
	page.Click(".options [role=option]", "eli")
	require.Equal(t, w.eli, action().SelectedUser)
	page.Click(`.message [aria-label="A conversation"]`, "")
	page.Click(".options [role=option]", "ops")
	require.Equal(t, w.ops, action().SelectedConversation)

	browser.Eval[any](page, `(() => { const d = document.querySelector('.message input[type="date"]'); d.value = "2026-04-02"; d.dispatchEvent(new Event("change")); })()`)
	require.Equal(t, "2026-04-02", action().SelectedDate)
	page.Click(".message .boxes label", "Tell everyone")
	require.Equal(t, "tell", action().SelectedOptions[0].Value)
	page.Click(".message .boxes label", "In place")
	require.Equal(t, "place", action().SelectedOption.Value)
}

func TestThePageShowsHostileWordsAsWords(t *testing.T) {
	w := open(t, slack.Options{Team: `<img src=x onerror="window.hit=1">`})
	w.AddCommands(slack.Command{Name: "/x", Hint: `<b onclick="hit=1">`, Description: `<script>hit=1</script>`})
	evil := `<img src=x onerror="window.hit=1"><script>window.hit=1</script>`
	w.AddUser(evil)
	_, err := w.asDana.Say(w.ops, evil+" javascript:hit=1")
	require.NoError(t, err)
	_, err = w.asDana.Share(w.ops, "", evil, `a"><img src=x onerror=hit=1>.html`, []byte("<script>window.hit=1</script>"))
	require.NoError(t, err)
	w.post(evil, `[{"type":"section","text":{"type":"mrkdwn","text":"&lt;img src=x onerror=hit=1&gt; <javascript:hit=1|press> <https://a.example\"onmouseover=hit=1|x>"}},
		{"type":"header","text":{"type":"plain_text","text":"<img src=x onerror=hit=1>"}}]`)
	answer, _ := w.call(w.BotToken(), "chat.postMessage", url.Values{"channel": {w.ops}, "text": {"t"},
		"attachments": {`[{"title":"titled","title_link":"javascript:hit=1","text":"<javascript:hit=1|x>","color":"red;background:url(x)"}]`}})
	require.Equal(t, true, answer["ok"], "%v", answer)
	page := w.browse(1200, 800)
	page.See(".message", "titled")
	page.Type("#line", "/")
	page.See("#line-offers", "<script>")
	page.Click(`[data-key="inspector"]`, "")
	page.See("#inspector .rows", "chat.postMessage")
	page.Click("#inspector .rows button", "chat.postMessage")
	page.See("#inspector .details", "javascript:hit=1")
	require.Equal(t, 0, browser.Eval[int](page, `document.querySelectorAll('img[src="x"], main script, [onerror], [onclick], a[href^="javascript"]').length`))
	require.True(t, browser.Eval[bool](page, `window.hit === undefined`))
}

// TestThePageFitsEveryWidth looks for what sticks out at the side, and for what a screen reader could not name.
func TestThePageFitsEveryWidth(t *testing.T) {
	w := open(t, slack.Options{})
	w.record()
	w.AddShortcuts(slack.Shortcut{CallbackID: "s", Name: "A shortcut", OnMessage: true})
	require.NoError(t, w.SetGuide(slack.Guide{Title: "Welcome", Text: "Try *it*.", People: []slack.GuidePerson{{UserID: w.dana, About: "You"}},
		Steps: []slack.GuideStep{{Title: "Say it", About: "Any words", Line: "/x"}}}))
	w.post("all", fixture(t, "blocks.json"))
	_, err := w.asDana.Share(w.ops, "", "the log", "backup.log", []byte("one\ntwo\n"))
	require.NoError(t, err)
	messages := w.Messages(w.ops)
	require.NoError(t, w.asDana.React(w.ops, messages[len(messages)-1].TS, "eyes"))
	require.NoError(t, w.asDana.Pin(w.ops, messages[len(messages)-1].TS))
	page := w.browse(1600, 900)
	page.See(".message h3", "Every kind")
	page.Click(`[data-key="inspector"]`, "")
	page.See("#inspector .rows", "chat.postMessage")
	for _, wide := range []int{1600, 1120, 1000, 760, 500, 360} {
		page.Size(wide, 800)
		page.Until(fmt.Sprintf(`innerWidth === %d`, wide))
		require.Empty(t, browser.Eval[[]string](page, tooWide), "%d pixels", wide)
		require.Empty(t, browser.Eval[[]string](page, unnamed), "%d pixels", wide)
	}
}

// tooWide lists visible elements that begin or end outside the window without a place that scrolls around them.
const tooWide = `[...document.querySelectorAll("body *")].filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest(".unseen, pre, .table, #sidebar, .rows")).filter((e) => {
	const r = e.getBoundingClientRect(); return r.width && (r.right > innerWidth + 1 || r.left < -1); }).map((e) => e.outerHTML.slice(0, 120))`

// unnamed lists controls without a name, and pictures without a word for them.
const unnamed = `[...document.querySelectorAll("button, a, input, textarea, select, [role=combobox], img")].filter((e) => e.type !== "file" && e.checkVisibility()).filter((e) =>
	e.tagName === "IMG" ? e.getAttribute("alt") === null : !(e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.labels?.length || e.textContent.trim() || e.title)).map((e) => e.outerHTML.slice(0, 160))`
