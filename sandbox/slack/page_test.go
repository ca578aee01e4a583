package slack_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	client "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/peers"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// browse opens the page in a headless browser.
func (w *workspace) browse(wide, high int) *tab {
	w.t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(peers.Find(w.t, "chromium")),
		chromedp.NoSandbox, chromedp.WindowSize(wide, high))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	w.t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocated)
	w.t.Cleanup(closeTab)
	require.NoError(w.t, chromedp.Do(ctx, chromedp.Navigate(w.URL())))
	bounded, cancel := context.WithTimeout(ctx, 40*time.Second)
	w.t.Cleanup(cancel)
	b := &tab{w.t, bounded}
	b.see("#bar h2")
	return b
}

// tab is a page in the browser; its methods wait until the element is there.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

func (b *tab) see(selector string)   { b.t.Helper(); b.do(chromedp.WaitVisible(chromedp.CSS(selector))) }
func (b *tab) click(selector string) { b.t.Helper(); b.do(chromedp.Click(chromedp.CSS(selector))) }
func (b *tab) keys(selector, keys string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), keys))
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	require.NoError(b.t, err)
	return text
}

// restoreBot answers /restore with a card whose button opens a form, and says what was sent with it.
func (w *workspace) restoreBot() {
	w.listen(func(sm *socketmode.Client, e socketmode.Event) {
		switch data := e.Data.(type) {
		case client.SlashCommand:
			require.NoError(w.t, sm.Ack(*e.Request))
			_, err := w.api.PostEphemeral(w.ops, data.UserID, client.MsgOptionText("card", false), client.MsgOptionBlocks(
				section("*Restore* `orders` of <!date^1700000000^{date_short} at {time}|then> :white_check_mark:"),
				client.NewActionBlock("", button("open", "b1", "Choose a backup"))))
			require.NoError(w.t, err)
		case client.InteractionCallback:
			if data.Type == client.InteractionTypeBlockActions {
				require.NoError(w.t, sm.Ack(*e.Request))
				_, err := w.api.OpenView(data.TriggerID, modal("Restore", form("Where to?")...))
				require.NoError(w.t, err)
				return
			}
			name := data.View.State.Values["name"]["value"].Value
			if name == "orders" {
				require.NoError(w.t, sm.Ack(*e.Request, client.NewErrorsViewSubmissionResponse(map[string]string{"name": "orders exists already"})))
				return
			}
			require.NoError(w.t, sm.Ack(*e.Request))
			_, _, err := w.api.PostMessage(w.ops, client.MsgOptionText("restored into "+name+", "+data.View.State.Values["kind"]["value"].SelectedOption.Value, false))
			require.NoError(w.t, err)
		default:
			require.NoError(w.t, sm.Ack(*e.Request))
		}
	})
}

func TestAPersonWorksOnThePage(t *testing.T) {
	w := open(t, slack.Options{})
	w.AddCommands(slack.Command{Name: "/restore", Hint: "[backup]", Description: "bring a backup back"})
	w.restoreBot()
	page := w.browse(1200, 800)
	page.keys("#line", "/res")
	require.Contains(t, page.text("#offers li"), "bring a backup back")
	page.keys("#line", kb.Tab)
	page.keys("#line", kb.Enter)
	page.see(".message.ephemeral .button")
	card := page.text(".message.ephemeral")
	require.Contains(t, card, "Only visible to you")
	require.Contains(t, card, "Restore orders of Nov 14, 2023")
	require.Contains(t, card, "✅")

	page.click(".message.ephemeral .button")
	page.keys("#modal input[type=text]", "orders")
	page.click("#modal button[type=submit]")
	require.Equal(t, "orders exists already", page.text("#modal .problem"))
	page.keys("#modal input[type=text]", "_2")
	page.click("#modal .boxes label")
	page.click("#modal button[type=submit]")
	page.do(chromedp.WaitNotVisible(chromedp.CSS("#modal")))
	_, err := w.WaitMessage(w.ctx, w.ops, func(m slack.Message) bool { return m.Text == "restored into orders_2, some" })
	require.NoError(t, err)
	page.see(".message:not(.ephemeral)")

	page.do(chromedp.SetValue(chromedp.CSS("#me"), w.eli),
		chromedp.Evaluate[chromedp.Void](`document.getElementById("me").dispatchEvent(new Event("change"))`),
		chromedp.WaitNotPresent(chromedp.CSS(".message.ephemeral")))
	page.keys("#line", "hello @dana <b>&"+kb.Enter)
	page.see(".mention")
	require.Contains(t, page.text("#messages article:last-child"), "hello @dana <b>&")
	messages := w.Messages(w.ops)
	require.Equal(t, "hello <@"+w.dana+"> &lt;b&gt;&amp;", messages[len(messages)-1].Text)
	require.Equal(t, w.eli, messages[len(messages)-1].User)
}

func TestThePageShowsErrorsOfTheApp(t *testing.T) {
	w := open(t, slack.Options{})
	page := w.browse(700, 700)
	page.keys("#line", "/backup"+kb.Enter)
	page.see("#notice:not(:empty)")
	require.Contains(t, page.text("#notice"), "dispatch_failed")
}

func TestThePageIsForItsOwnBrowserOnly(t *testing.T) {
	w := open(t, slack.Options{})
	ask := func(method, path, host, origin, kind string) int {
		req, err := http.NewRequest(method, w.URL()+path, strings.NewReader(`{"as":"`+w.dana+`","do":"say","channel":"`+w.ops+`","text":"x"}`))
		require.NoError(t, err)
		req.Header.Set("Origin", origin)
		req.Header.Set("Content-Type", kind)
		if host != "" {
			req.Host = host
		}
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.Equal(t, http.StatusForbidden, ask("POST", "/page/act", "", "https://evil.example", "application/json"))
	require.Equal(t, http.StatusForbidden, ask("GET", "/page/state", "evil.example", "", ""))
	require.Equal(t, http.StatusUnsupportedMediaType, ask("POST", "/page/act", "", w.URL(), "text/plain"))
	require.Empty(t, w.Messages(w.ops))
	require.Equal(t, http.StatusOK, ask("POST", "/page/act", "", w.URL(), "application/json"))
	require.Len(t, w.Messages(w.ops), 1)
}
