package slack_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/browser"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// said is the newest message of #ops.
func (w *workspace) said() slack.Message {
	all := w.Messages(w.ops)
	return all[len(all)-1]
}

// sees waits until #ops holds a message like this.
func (w *workspace) sees(match func(slack.Message) bool) slack.Message {
	w.t.Helper()
	m, err := w.WaitMessage(w.ctx, w.ops, match)
	require.NoError(w.t, err)
	return m
}

func TestPeopleReactReplyPinEditAndDeleteOnThePage(t *testing.T) {
	w := open(t, slack.Options{})
	page := w.browse(1300, 900)
	page.Type("#line", "look at this"+kb.Enter)
	page.Hover(".message", "look at this")
	page.Click(`.toolbar [aria-label="React with eyes"]`, "")
	page.See(".reactions .mine", "1")
	become(page, "eli")
	page.Click(".reactions button", "1")
	page.See(".reactions .mine", "2")
	page.Click(".reactions .mine", "2") // takes one's own away again
	page.See(".reactions button:not(.mine)", "1")
	page.Hover(".message", "look at this")
	page.Click(`.reactions [aria-label="Add a reaction"]`, "")
	page.Press("tada" + kb.Enter)
	w.sees(func(m slack.Message) bool { return len(m.Reactions) == 2 && m.Reactions[1].Name == "tada" })

	page.Hover(".message", "look at this")
	page.Click(`.toolbar [aria-label="Reply in thread"]`, "")
	page.Press("I did" + kb.Enter)
	page.See("#thread .message", "I did")
	page.See("#messages .replies", "1 reply")
	require.Equal(t, 1, browser.Eval[int](page, `document.querySelectorAll("#messages article").length`), "answers stand in the thread only")
	page.Press("/backup now" + kb.Enter)
	page.See("#thread .notice", "not supported in threads")
	page.Press(kb.Escape)
	page.Gone("#thread", "")

	page.Type("#messages article", "p") // keys work on the message that has the focus
	page.See(".message .why", "Pinned by you")
	page.Click(`[data-key="pins"]`, "")
	page.See(".menu", "look at this")
	page.Press(kb.Escape)

	become(page, "dana")
	page.Type("#messages article", "e")
	page.See("#confirm textarea", "")
	browser.Eval[any](page, `document.querySelector("#confirm textarea").select()`)
	page.Press("look at this again")
	page.Click("#confirm button", "Save")
	page.See(".message", "look at this again")
	page.See(".message .edited", "(edited)")
	page.Hover(".message", "look at this")
	page.Click(`.toolbar [aria-label="More actions"]`, "")
	page.Click("[role=menuitem]", "Delete message")
	page.Click("#confirm button", "Delete")
	w.sees(func(m slack.Message) bool { return m.Deleted })
	page.Gone("#messages .message", "look at this")
}

func TestThePageShowsWhatIsUnread(t *testing.T) {
	w := open(t, slack.Options{})
	other := w.AddChannel("random", w.dana, w.eli)
	page := w.browse(1200, 800)
	asEli := w.As(w.eli)
	for i := range 3 {
		_, err := asEli.Say(other, fmt.Sprintf("news %d", i))
		require.NoError(t, err)
	}
	page.See(".place.unread", "random")
	require.Equal(t, 0, browser.Eval[int](page, `document.querySelectorAll(".place .count").length`))
	_, err := asEli.Say(other, "@dana please")
	require.NoError(t, err)
	page.See(".place.unread .count", "1")
	page.Until(`document.title.startsWith("(1)")`)
	page.Click(".place", "random")
	page.See(".mention.me", "@dana")
	page.Gone(".place.unread", "")
	_, err = asEli.Say(w.ops, "while away")
	require.NoError(t, err)
	page.See(".place.unread", "ops")
	page.Click(`.place[href="#`+w.ops+`"]`, "")
	page.See(".message", "while away")
	page.Gone(".place.unread", "")

	_, err = w.asDana.Say(w.ops, "<@"+w.eli+"> your turn") // the one to switch to is marked
	require.NoError(t, err)
	page.See("#me .count", "1")
	become(page, "eli")
	page.Gone("#me .count", "")
}

func TestFilesOnThePage(t *testing.T) {
	w := open(t, slack.Options{})
	var long string
	for i := range 400 {
		long += fmt.Sprintf("line %d of the log\n", i)
	}
	_, err := w.asDana.Share(w.ops, "", "the log", "backup.log", []byte(long))
	require.NoError(t, err)
	page := w.browse(1200, 800)
	page.See(".file pre", "line 3 of the log")
	page.Gone(".file pre", "line 30 of the log")
	page.Click(".file .plain-link", "Show all")
	page.See(".file pre", "line 399 of the log")
	require.Contains(t, browser.Eval[string](page, `document.querySelector('.file [download]').href`), "?download=1")
}

func TestTheComposerRemembersAndCompletes(t *testing.T) {
	w := open(t, slack.Options{})
	w.AddCommands(slack.Command{Name: "/backup", Hint: "now [database…] | list [database]", Description: "backups"}, slack.Command{Name: "/restore", Hint: "[<backup> [to <name>]] | drop [name]"})
	page := w.browse(1200, 800)
	value := func() string { return browser.Eval[string](page, `document.querySelector("#line").value`) }
	page.Type("#line", "/b"+kb.Tab+"li"+kb.Enter)
	require.Equal(t, "/backup list ", value())
	page.See("#line-offers", "[database]")
	page.Press(kb.Escape)
	browser.Eval[any](page, `document.querySelector("#line").select()`)
	page.Press("/restore ")
	page.See("#line-offers [role=option]", "drop[name]")
	browser.Eval[any](page, `document.querySelector("#line").select()`)
	page.Press("hi @el" + kb.Enter + ":tad" + kb.Enter)
	require.Equal(t, "hi @eli :tada: ", value())
	page.Press(kb.Enter)
	page.See(".message .mention", "@eli")
	page.Type("#line", "second"+kb.Enter)
	page.See(".message", "second")
	page.Press(kb.ArrowUp)
	require.Equal(t, "second", value())
	page.Press(kb.ArrowUp)
	require.Equal(t, "hi @eli :tada:", value())
	page.Press(kb.ArrowDown + kb.ArrowDown)
	require.Empty(t, value())
}

func TestTheInspectorShowsTheTrafficWithoutSecrets(t *testing.T) {
	w := open(t, slack.Options{})
	w.restoreBot()
	page := w.browse(1300, 900)
	page.Click(`[data-key="inspector"]`, "")
	page.Type("#line", "/restore now"+kb.Enter)
	page.See("#inspector .rows button", "/restore")
	page.See("#inspector .rows .took", "ack ")
	page.Click("#inspector .rows button", "/restore")
	page.See("#inspector .details", "Acknowledged after")
	page.See("#inspector .details pre", `"command": "/restore"`)
	page.Click("#inspector .rows button", "chat.postEphemeral")
	page.See("#inspector .details", "Answered after")
	page.Click(".segments button", "Envelopes")
	page.Gone("#inspector .rows button", "chat.postEphemeral")
	page.Click(".segments button", "All")
	page.Type(`#inspector > header input`, "choose a backup")
	page.See("#inspector .rows button", "chat.postEphemeral")
	page.Gone("#inspector .rows button", "/restore")
	res, err := http.Get(w.URL() + "/page/traffic")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, errors.Join(err, res.Body.Close()))
	everything := string(body)
	for _, secret := range []string{w.BotToken(), w.AppToken()} {
		require.NotContains(t, everything, secret)
		require.NotContains(t, everything, secret[len(secret)-20:])
	}
	require.Contains(t, everything, "apps.connections.open")
	require.NotRegexp(t, `ticket=\w|"trigger_id":"\d|/response/\w`, everything)
}

func TestTheGuideChecksItself(t *testing.T) {
	w := open(t, slack.Options{})
	require.NoError(t, w.SetGuide(slack.Guide{Title: "Welcome", Text: "Try *this*.",
		People: []slack.GuidePerson{{UserID: w.dana, About: "first"}, {UserID: w.eli, About: "second"}},
		Steps: []slack.GuideStep{
			{Title: "Say hello", About: "To everyone", As: w.eli, Channel: w.ops, Line: "hello all"},
			{Title: "Be answered", About: "It comes", Done: `^and to you`},
			{Title: "Go home", About: "A tab", Home: true},
		}}))
	require.ErrorContains(t, w.SetGuide(slack.Guide{Steps: []slack.GuideStep{{Title: "x", Done: "("}}}), "missing closing")
	require.ErrorContains(t, w.SetGuide(slack.Guide{Steps: []slack.GuideStep{{Title: "x", As: "UNOBODY"}}}), "nobody has")
	page := w.browse(1400, 900)
	page.See(".guide-button", "0/3")
	page.Click(".steps button", "Say hello")
	page.See("#me .me-button", "eli")
	page.Until(`document.querySelector("#line").value === "hello all" && document.activeElement.id === "line"`)
	page.Press(kb.Enter)
	page.See(".guide-button", "1/3")
	_, err := w.asDana.Say(w.ops, "and to you")
	require.NoError(t, err)
	page.See(".guide-button", "2/3")
	page.Click(".steps button", "Go home")
	page.See("#home", "has put nothing here yet")
	page.See(".guide-button", "3/3")
	page.See("#guide", "That was all of it")
	page.Click(`#guide [aria-label="Close the guide"]`, "")
	page.Gone("#guide", "")
	page.Click(".guide-button", "")
	page.See("#guide", "Say hello")
}

func TestThemesAndNarrowWindows(t *testing.T) {
	w := open(t, slack.Options{})
	page := w.browse(360, 740)
	paper := func() string { return browser.Eval[string](page, `getComputedStyle(document.body).backgroundColor`) }
	page.Dark(false)
	require.Equal(t, "rgb(255, 255, 255)", paper())
	page.Dark(true)
	require.Equal(t, "rgb(26, 29, 33)", paper())
	require.False(t, browser.Eval[bool](page, `document.querySelector("#channels a").checkVisibility({visibilityProperty: true})`))
	page.Click("#open-nav", "")
	page.See("#channels a", "ops")
	page.Click(`[data-key="theme"]`, "")
	page.Click("[role=menuitemradio]", "Light")
	require.Equal(t, "rgb(255, 255, 255)", paper(), "what one has chosen goes before what the system has")
	page.Press(kb.Escape)
	page.Gone("#channels a", "")
	page.Click("#bar .me-button", "")
	page.Click("[role=menuitemradio]", "eli")
	page.Until(`document.querySelector("#bar .me-button").getAttribute("aria-label").includes("eli")`)
}

func TestWhatIsPressedIsNotDrawnAnew(t *testing.T) {
	w := open(t, slack.Options{})
	page := w.browse(1200, 800)
	page.Hover("#me .me-button", "")
	at := browser.Eval[[]float64](page, `(() => { const r = document.querySelector("#me .me-button").getBoundingClientRect(); return [r.x + 9, r.y + 9]; })()`)
	mouse := func(what input.DispatchMouseEventType) {
		page.Do(string(what), chromedp.MouseEvent(what, at[0], at[1], chromedp.Button("left"), chromedp.ClickCount(1)))
	}
	const asked = `performance.getEntriesByType("resource").filter((e) => e.name.includes("/page/state")).length`
	before := browser.Eval[int](page, asked)
	mouse(chromedp.MousePressed)
	_, err := w.As(w.eli).Say(w.ops, "in between")
	require.NoError(t, err)
	page.Until(fmt.Sprintf("%s > %d", asked, before))
	mouse(chromedp.MouseReleased)
	page.See("[role=menuitemradio]", "eli")
	page.See("#messages", "in between")
}
