package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/sandbox/browser"
)

// TestScreenshots takes pictures of the page in both themes, narrow and wide. It runs when it is told where to:
//
//	OPSBOT_SCREENSHOTS=/tmp/pictures go test ./demo -run TestScreenshots
//
// The pictures in docs/images are the light, wide ones among them, without their number and size.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("OPSBOT_SCREENSHOTS")
	if folder == "" {
		t.Skip("OPSBOT_SCREENSHOTS names no folder")
	}
	s := onStage(t, 1, 40*time.Millisecond)
	page := &photographer{Tab: browser.Open(t, s.Slack.URL(), 1360, 850), folder: folder}
	line := func(words string) { page.Type("#line", words+kb.Enter) }
	page.See("#guide", "What to try")
	page.all("welcome")
	page.Type("#line", "/")
	page.See("#line-offers", "/restore")
	page.all("completion")
	page.Press(kb.Escape)
	page.Eval(`document.querySelector("#line").select()`)
	line("/backup now")
	page.See(".message", "Backup of")
	page.all("backup-running")
	page.See(".message", "✅ Backup of")
	page.all("backup-done")
	line("/backup list")
	page.See(".message.ephemeral", "orders-")
	page.all("backup-list")
	line("/restore")
	page.See("#modal", "Database")
	page.all("restore-form")
	page.Click("#modal .block:first-child [role=combobox]", "")
	page.See("[role=option]", "orders")
	page.all("restore-form-menu")
	page.Click("[role=option]", "orders")
	page.Until(`[...document.querySelectorAll("#modal [role=combobox]")][1].value !== ""`)
	page.Until(`document.querySelectorAll("#modal [role=combobox]")[0].value === "orders"`)
	page.all("restore-form-filled")
	page.Click("#modal button[type=submit]", "")
	page.Click("#modal footer button", "Close")
	page.See(".message button", "Approve")
	page.all("restore-plan")
	page.Click(".message button", "Approve")
	page.See("#confirm", "Approve this plan?")
	page.all("restore-confirm")
	page.Click("#confirm button", "Approve")
	page.See(".message.ephemeral", "somebody else")
	page.all("restore-refused")
	page.be("ben")
	page.Click(".message button", "Approve")
	page.Click("#confirm button", "Approve")
	page.See(".message", "Proven equal")
	page.all("restore-proven")
	line("/ops help")
	page.See(".message.ephemeral", "/backup")
	page.all("help")
	line("/jobs")
	page.See(".message.ephemeral", "Coming up")
	page.all("jobs")
	page.Click(`[data-key="inspector"]`, "")
	page.See("#inspector .rows", "chat.postMessage")
	page.Click("#inspector .rows button", "/restore")
	page.See("#inspector .details", "Acknowledged")
	page.all("traffic")
	page.Click(`#inspector > header [aria-label="Close the traffic"]`, "")
	line("/incident sev2 Payments fail at the counter")
	page.See(".message.ephemeral", "is noted")
	page.Click(`.place`, "inc-1-")
	page.See(".message", "What changed in the")
	page.all("incident")
	page.Click(`.place`, "opsbot")
	page.Click(`.tabs a`, "Home")
	page.See("#home h3", "Backups")
	page.all("home")
	page.Click(`.place`, "ops")
	line("/incident")
	page.See("#modal", "What is wrong")
	page.all("incident-form")
}

// TestScreenshotsOfGitHub does the same for GitHub's pages.
func TestScreenshotsOfGitHub(t *testing.T) {
	folder := os.Getenv("OPSBOT_SCREENSHOTS")
	if folder == "" {
		t.Skip("OPSBOT_SCREENSHOTS names no folder")
	}
	s := onStage(t, 0.02, 0)
	body := `{"title": "Post-mortem: orders were slow", "labels": ["post-mortem"], "body": "## What happened\n\n- [ ] add an index\n` +
		`- [x] tell **everybody**\n\n` + "```" + `\nfind orders COLLSCAN\n` + "```" + `\nSee ` + "`v2.14`" + `."}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.GitHub.APIURL()+"repos/"+stage.Repository+"/issues", strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+s.GitHubToken)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	at := s.GitHub.URL() + "/" + stage.Repository
	for i, name := range []string{"", "/issues", "/issues/1", "/actions", "/security/dependabot", "/blob/main/docs/on-call.md", "/nothing"} {
		page := &photographer{Tab: browser.Open(t, at+name, 1360, 850), folder: folder, taken: i}
		page.all("github" + strings.ReplaceAll(name, "/", "-"))
	}
}

// photographer takes each picture in both themes and two sizes.
type photographer struct {
	*browser.Tab
	folder string
	taken  int
}

func (p *photographer) Eval(expression string) { browser.Eval[any](p.Tab, expression) }

func (p *photographer) all(name string) {
	p.taken++
	for _, size := range [][2]int{{1360, 850}, {360, 740}} {
		p.Size(size[0], size[1])
		for _, dark := range []bool{false, true} {
			p.Dark(dark)
			theme := map[bool]string{true: "dark", false: "light"}[dark]
			p.Picture(filepath.Join(p.folder, fmt.Sprintf("%02d-%s-%d-%s.png", p.taken, name, size[0], theme)))
		}
	}
	p.Size(1360, 850)
	p.Dark(false)
}

// be makes the page somebody else's.
func (p *photographer) be(name string) {
	p.Click("#me .me-button", "")
	p.Click("[role=menuitemradio]", name)
	p.See("#me .me-button", name)
}
