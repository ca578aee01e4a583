package main

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/sandbox/backend"
	"github.com/kampyn/opsbot/sandbox/browser"
)

// TestScreenshotsOfHealth does the same for what the demo shows of health: the greeting, the daily checklist with its
// evidence, an alert and its end, and the page that lets the API fail.
func TestScreenshotsOfHealth(t *testing.T) {
	folder := os.Getenv("OPSBOT_SCREENSHOTS")
	if folder == "" {
		t.Skip("OPSBOT_SCREENSHOTS names no folder")
	}
	s := onStageWith(t, stage.Options{Scale: 0.02, LookEvery: 5 * time.Second, All: true})
	page := &photographer{Tab: browser.Open(t, s.Slack.URL(), 1360, 850), folder: folder}
	line := func(words string) { page.Type("#line", words+kb.Enter) }
	page.See("#guide", "What to try")
	page.all("health-welcome")
	line("/backup now")
	page.See(".message", "Succeeded")
	line("/checklist start daily")
	page.See(".message", "green on")
	page.See(".message", "4 of 6")
	page.all("checklist-evidence")
	s.Backend.Set(backend.Fault{Status: http.StatusServiceUnavailable, Delay: 300 * time.Millisecond})
	page.See(".message", "api is down")
	page.See(".message", "Also down because of it")
	page.Click(".message button", "Acknowledge")
	page.See(".message", "is at it since")
	page.all("health-alert")
	line("/health")
	page.See(".message.ephemeral", "because of")
	page.all("health-panel")
	s.Backend.Set(backend.Fault{})
	page.See(".message", "api is well again")
	page.all("health-recovered")
	s.Backend.Set(backend.Fault{Status: http.StatusServiceUnavailable})
	api := &photographer{Tab: browser.Open(t, s.Backend.URL(), 1360, 850), folder: folder, taken: page.taken}
	api.See("button[aria-pressed=true]", "Answer 503")
	api.all("health-api")
}
