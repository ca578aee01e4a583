package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/sandbox/browser"
)

// onStage opens the demo and runs its bot until the test is over.
func onStage(t *testing.T, scale float64, latency time.Duration) *stage.Stage {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	p, err := open(ctx, stage.Options{Dir: t.TempDir(), Scale: scale, Latency: latency, Approvals: 1, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- p.app.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		err := <-ended
		require.NoError(t, errors.Join(err, p.close()))
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatalf("the bot ended: %v", err)
	}
	return p.stage
}

// tab opens the page as somebody.
func tab(t *testing.T, s *stage.Stage, user, name string) *browser.Tab {
	t.Helper()
	b := browser.Open(t, s.Slack.URL()+"/?as="+user, 1400, 900)
	b.See("#me .me-button", name)
	b.See("#guide", "What to try")
	return b
}

// TestTheRestoreStory is told on the page by two people, each before a browser of their own.
func TestTheRestoreStory(t *testing.T) {
	s := onStage(t, 0.05, 0)
	anna, ben := tab(t, s, s.Anna, "anna"), tab(t, s, s.Ben, "ben")
	anna.Click(".steps button", "Back up everything")
	anna.Until(`document.querySelector("#line").value === "/backup now"`)
	anna.Press(kb.Enter)
	ben.See(".message", "✅ Backup of")
	anna.See(".steps .done", "Back up everything")

	anna.Type("#line", "/restore"+kb.Enter)
	anna.See("#modal .label", "Database")
	anna.Click("#modal .block:first-child [role=combobox]", "")
	anna.Click("[role=option]", "orders")
	anna.Until(`document.querySelector("#modal input:not([role])")?.placeholder.includes("orders")`) // the form has followed
	anna.Type("#modal input:not([role])", "bad/name")
	anna.Click("#modal button[type=submit]", "")
	anna.See("#modal .block", "bad/name")
	browser.Eval[any](anna, `document.querySelector("#modal input:not([role])").select()`)
	anna.Type("#modal input:not([role])", "story_restored")
	anna.Click("#modal button[type=submit]", "")
	anna.See(".message h3", "Restore of orders")
	closeForm(anna)

	anna.Click(".message .button", "Approve")
	anna.See("#confirm", "Approve this plan?")
	anna.Click("#confirm button", "Approve")
	anna.See(".message.ephemeral", "somebody else has to approve")
	ben.Gone(".message", "somebody else has to approve")
	ben.See(".message", "story_restored")
	ben.Click(".message .button", "Approve")
	ben.Click("#confirm button", "Approve")
	for _, page := range []*browser.Tab{anna, ben} {
		page.See(".message", "Proven equal")
		page.Gone(".message .button", "Approve")
	}
	anna.See(".guide-button", "4/") // all but Home and what follows
}

// closeForm closes the form that says that all is done, if the bot had to show one because its answer took a while.
func closeForm(page *browser.Tab) {
	page.Until(`!document.querySelector("#modal").open || document.querySelector("#modal").textContent.includes("Done")`)
	if browser.Eval[bool](page, `document.querySelector("#modal").open`) {
		page.Press(kb.Escape)
	}
	page.Gone("#modal", "")
}
