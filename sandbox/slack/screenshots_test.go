package slack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/browser"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// TestScreenshots takes pictures of what the page can draw, in both themes, narrow and wide. It runs when it is told
// where to:
//
//	OPSBOT_SCREENSHOTS=/tmp/pictures go test ./sandbox/slack -run TestScreenshots
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("OPSBOT_SCREENSHOTS")
	if folder == "" {
		t.Skip("OPSBOT_SCREENSHOTS names no folder")
	}
	w := open(t, slack.Options{})
	heard := w.record()
	w.AddShortcuts(slack.Shortcut{CallbackID: "new", Name: "New restore"}, slack.Shortcut{CallbackID: "look", Name: "Add to an incident", OnMessage: true})
	w.AddChannel("random", w.dana, w.eli)
	page := w.browse(1360, 900)
	taken := 0
	all := func(name string) {
		taken++
		for _, size := range [][2]int{{1360, 900}, {360, 740}} {
			page.Size(size[0], size[1])
			for _, dark := range []bool{false, true} {
				page.Dark(dark)
				theme := map[bool]string{true: "dark", false: "light"}[dark]
				page.Picture(filepath.Join(folder, fmt.Sprintf("page-%02d-%s-%d-%s.png", taken, name, size[0], theme)))
			}
		}
		page.Size(1360, 900)
		page.Dark(false)
	}
	all("empty")
	_, err := w.asDana.Say(w.ops, "The API answers slowly since lunch. Has anything been deployed?")
	require.NoError(t, err)
	root := w.said().TS
	_, err = w.As(w.eli).Say(w.ops, "Yes, `v2.14` at 13:40. @dana see <https://example.com/deploys|the list> :eyes:")
	require.NoError(t, err)
	_, err = w.As(w.eli).SayInThread(w.ops, root, "I look at the database first.")
	require.NoError(t, err)
	_, err = w.asDana.SayInThread(w.ops, root, "Thanks. I take the load balancer.")
	require.NoError(t, err)
	for _, r := range []string{"eyes", "raised_hands"} {
		require.NoError(t, w.As(w.eli).React(w.ops, root, r))
	}
	require.NoError(t, w.asDana.React(w.ops, root, "eyes"))
	require.NoError(t, w.asDana.Pin(w.ops, root))
	_, err = w.As(w.eli).Share(w.ops, "", "What the database said", "slow-queries.log", []byte("13:41:02 find orders {status: 1} COLLSCAN 812 ms\n13:41:07 find orders {status: 1} COLLSCAN 790 ms\n13:41:09 aggregate payments 1.2 s\n"))
	require.NoError(t, err)
	_, err = w.As(w.eli).Say(w.Channel("random"), "@dana lunch?")
	require.NoError(t, err)
	page.See(".message", "What the database said")
	all("chat")
	page.Hover(".message", "The API answers")
	page.Click(`.toolbar [aria-label="More actions"]`, "")
	page.See(".menu", "Add to an incident")
	all("message-menu")
	page.Press(kb.Escape)
	page.Click(".replies", "")
	page.See("#thread", "load balancer")
	all("thread")
	page.Press(kb.Escape)
	page.Click("#me .me-button", "")
	all("people")
	page.Press(kb.Escape)
	w.post("all", fixture(t, "blocks.json"))
	page.See(".message h3", "Every kind")
	all("blocks")
	browser.Eval[any](page, `[...document.querySelectorAll("#messages h3")].at(-1).scrollIntoView()`)
	all("blocks-top")
	page.Click(".actions .button", "Delete")
	all("confirm")
	page.Press(kb.Escape)
	page.Click(".actions .button", "Approve")
	w.show("views.open", w.next(heard).TriggerID, fixture(t, "form.json"))
	page.See("#modal h2", "Every input")
	all("form")
	page.Click("#modal button[type=submit]", "")
	page.See("#modal .problem", "")
	all("form-wrong")
	browser.Eval[any](page, `document.querySelector("#modal .body").scrollTop = 1e6`)
	all("form-end")
	page.Press(kb.Escape)
	page.Gone("#modal", "")
	page.Type("#messages article", "r")
	page.See(".emoji-picker", "")
	all("emoji")
}
