package slack_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	client "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/browser"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// browse opens the page in a headless browser.
func (w *workspace) browse(wide, high int) *browser.Tab {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // a browser takes longer than other tests
	w.t.Cleanup(cancel)
	w.ctx = ctx
	b := browser.Open(w.t, w.URL(), wide, high)
	b.See("#bar h2", "")
	return b
}

// become makes the page somebody else's.
func become(b *browser.Tab, name string) {
	b.Click("#me .me-button", "")
	b.Click("[role=menuitemradio]", name)
	b.See("#me .me-button", name)
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
	page.Type("#line", "/res")
	page.See("#line-offers [role=option]", "bring a backup back")
	page.Press(kb.Tab + kb.Enter)
	page.See(".message.ephemeral .button", "Choose a backup")
	card := page.Text(".message.ephemeral")
	require.Contains(t, card, "Only visible to you")
	require.Contains(t, card, "Restore orders of Nov 14, 2023")
	require.Contains(t, card, "✅")

	page.Click(".message.ephemeral .button", "")
	page.Type(`#modal [data-key="name/value"]`, "orders")
	page.Click("#modal button[type=submit]", "")
	page.See("#modal .problem", "orders exists already")
	require.Contains(t, page.Focused(), "name/value", "the focus goes to what is wrong")
	page.Press("_2")
	page.Click("#modal .boxes label", "A")
	page.Click("#modal button[type=submit]", "")
	page.Gone("#modal", "")
	_, err := w.WaitMessage(w.ctx, w.ops, func(m slack.Message) bool { return m.Text == "restored into orders_2, some" })
	require.NoError(t, err)
	page.See(".message:not(.ephemeral)", "restored into orders_2")

	become(page, "eli")
	page.Gone(".message.ephemeral", "")
	page.Type("#line", "hello @dana <b>&"+kb.Escape+kb.Enter)
	page.See(".mention", "@dana")
	require.Contains(t, page.Text("#messages article:last-child"), "hello @dana <b>&")
	messages := w.Messages(w.ops)
	require.Equal(t, "hello <@"+w.dana+"> &lt;b&gt;&amp;", messages[len(messages)-1].Text)
	require.Equal(t, w.eli, messages[len(messages)-1].User)
	require.Empty(t, browser.Eval[string](page, `document.querySelector("#line").value`))
}

func TestThePageShowsErrorsOfTheApp(t *testing.T) {
	w := open(t, slack.Options{})
	page := w.browse(700, 700)
	page.Type("#line", "/backup"+kb.Enter)
	page.See("#composer .notice", "dispatch_failed")
	require.Equal(t, "/backup", browser.Eval[string](page, `document.querySelector("#line").value`), "what was not sent stays")
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
	require.Equal(t, http.StatusForbidden, ask("GET", "/page/traffic", "evil.example", "", ""))
	require.Equal(t, http.StatusUnsupportedMediaType, ask("POST", "/page/act", "", w.URL(), "text/plain"))
	require.Equal(t, http.StatusForbidden, ask("POST", "/page/upload?as="+w.dana, "", w.URL(), "multipart/form-data; boundary=x"))
	require.Empty(t, w.Messages(w.ops))
	require.Equal(t, http.StatusOK, ask("POST", "/page/act", "", w.URL(), "application/json"))
	require.Len(t, w.Messages(w.ops), 1)
}
