package main

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/kampyn/opsbot/sandbox/browser"
)

// TestScreenshotsOfChecklists does the same for checklists: ticked, overridden, done, unfinished, and the forms.
func TestScreenshotsOfChecklists(t *testing.T) {
	folder := os.Getenv("OPSBOT_SCREENSHOTS")
	if folder == "" {
		t.Skip("OPSBOT_SCREENSHOTS names no folder")
	}
	s := onStage(t, 0.02, 0)
	page := &photographer{Tab: browser.Open(t, s.Slack.URL(), 1360, 850), folder: folder}
	line := func(words string) { page.Type("#line", words+kb.Enter) }
	page.See("#guide", "What to try")
	line("/checklist")
	page.See(".message.ephemeral", "None is open")
	page.all("checklist-panel")
	line("/checklist start daily")
	page.See(".message", "no verified backup")
	page.all("checklist-daily")
	page.Click(".message button", "Override…")
	page.See("#modal", "It stays on the list")
	page.all("checklist-override-form")
	page.Press(kb.Escape)
	line("/checklist override backups \"The store moves today, looked at by hand.\"")
	page.See(".message", "overridden")
	line("/checklist tick logs")
	page.See(".message.ephemeral", "ticked")
	line("/checklist note healthy \"two slow queries, see the dashboard\"")
	page.See(".message.ephemeral", "wrote to")
	page.all("checklist-overridden")
	line("/checklist start deployment v1.4.2")
	page.See(".message", "Staging matches production")
	line("/checklist tick deployment 2 3 4 5")
	page.See(".message", "Nothing required is left")
	page.all("checklist-deployment")
	page.Click(".message button", "Ready to deploy")
	page.See(".message", "Ready to deploy v1.4.2")
	line("/checklist")
	page.See(".message.ephemeral", "due today")
	page.all("checklist-panel-open")
	line("/checklist report")
	page.See(".message.ephemeral", "Show in channel")
	page.Click(".message button", "Show in channel")
	page.See(".message.ephemeral", "Shown in the channel")
	page.all("checklist-report")
	line("/checklist history")
	page.See(".message.ephemeral", "Checklists so far")
	page.all("checklist-history")
	line("/checklist tick daily coffee")
	page.See(".message.ephemeral", "has no item")
	page.all("checklist-wrong")
}
